"""A zip of finished calculations of displaced supercells: phonopy_disp.yaml, and an output of VASP, CASTEP, Quantum
ESPRESSO or FHI-aims in each folder disp-001, disp-002 and so on.

Nothing is unpacked. The forces are found line by line, and given to the reader of phonopy's files as FORCE_SETS.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backend.sources.formats.phonopy import reader as phonopy
from backend.sources.formats.phonopy import yaml_file as phonopy_yaml
from backend.sources.formats.phonopy.units import BOHR_ANGSTROM, HARTREE_EV
from backend.sources.formats.reading import Files, Reading, Refused, Statements, UploadedFile, does_not_fit, incomplete
from backend.sources.formats.roles import DISP_YAML, MAX_MEMBERS
from scattering.core.notices import Notice

MAX_TEXT_BYTES: Final = 32 * 1024**2
"""Size of a small file, unpacked."""
MAX_LINE_BYTES: Final = 4096
_FOLDER: Final = re.compile(r"(?:disp|supercell)-(\d{1,6})")
_NUMBER: Final = rb"\s+(-?\d+\.\d*(?:[Ee][-+]?\d+)?)"
_THREE: Final = _NUMBER * 3


@dataclass(frozen=True)
class Output:
    """How the forces of a code stand in its output.

    Attributes
    ----------
    names
        Pattern of file names.
    begins
        Beginning of a list of forces. The last list counts, or the first (`first_list`).
    row
        Line with the forces on an atom.
    first_list
        Whether further lists are parts or versions of the forces in the same form.
    unit
        eV/Å.
    """

    names: re.Pattern[str]
    begins: bytes
    row: re.Pattern[bytes]
    unit: float = 1.0
    first_list: bool = False


OUTPUTS: Final = (
    Output(re.compile(r"vasprun\.xml"), b'<varray name="forces"', re.compile(rb"\s*<v>" + _THREE + rb"\s*</v>")),
    Output(
        re.compile(r".*\.castep"),
        b"Cartesian components (eV/A)",
        re.compile(rb"\s*\*\s+[A-Z]\S*\s+\d+" + _THREE + rb"\s+\*"),
        first_list=True,
    ),
    Output(
        re.compile(r".*\.(?:out|pwo|log)"),
        b"Forces acting on atoms",
        re.compile(rb"\s*atom\s+\d+\s+type\s+\d+\s+force =" + _THREE),
        unit=HARTREE_EV / 2 / BOHR_ANGSTROM,
        first_list=True,
    ),
    # The files of both have any name that a user chooses
    Output(
        re.compile(r".*\.(?:out|log)"),
        b"Total atomic forces (unitary forces cleaned) [eV/Ang]",
        re.compile(rb"\s*\|\s+\d+" + _THREE + rb"\s*$"),
    ),
)


@dataclass(frozen=True)
class _Member(UploadedFile):
    """A small file of the archive, in memory."""

    content: bytes = b""

    @property
    def head(self) -> bytes:
        """All bytes."""
        return self.content

    @property
    def data(self) -> bytes:
        """All bytes."""
        return self.content


def read(files: Files, statements: Statements) -> Reading:
    """Read an archive, and BORN in it or beside it.

    The forces of an output in the folder `perfect` are subtracted: residual forces of a cell that is not relaxed.

    Raises
    ------
    Refused
        A folder has no output, an output has no forces, or they do not fit the supercell.
    """
    file = files["displaced_zip"]
    with zipfile.ZipFile(file.path) as archive:
        members = _members(archive, file)
        root = next(place.parent for place in members if place.name == DISP_YAML)
        disp_file = _small(archive, file, members, root / DISP_YAML)
        yaml = phonopy_yaml.read(disp_file)
        displaced = (yaml.dataset or {}).get("first_atoms")
        if not displaced or yaml.supercell_matrix is None:
            raise Refused(Notice("no_forces", {"file": DISP_YAML}))
        n_atoms = round(len(yaml.unit_cell.masses) * abs(float(np.linalg.det(yaml.supercell_matrix))))
        folders = {
            int(found[1]): place for place in _folders(members, root) if (found := _FOLDER.fullmatch(place.name))
        }
        unit = yaml.units.constants * yaml.units.length
        residual = _residual(archive, file, members, root / "perfect", n_atoms)
        lines = [str(n_atoms), str(len(displaced))]
        for number, one in enumerate(displaced, start=1):
            if number not in folders:
                raise incomplete(file, f"no folder disp-{number:03}")
            forces = (_forces(archive, file, members, folders[number], n_atoms) - residual) / unit
            lines += ["", str(one["number"] + 1), _row(one["displacement"]), *map(_row, forces)]
        sets = _Member("FORCE_SETS", file.path, "\n".join(lines).encode())
        beside = {role: given for role, given in files.items() if role != "displaced_zip"}
        if "born" not in beside and root / "BORN" in members:
            beside["born"] = _small(archive, file, members, root / "BORN")
    return phonopy.read({"phonopy_yaml": disp_file, "force_sets": sets, **beside}, statements)


Members = Mapping[PurePosixPath, zipfile.ZipInfo]


def _members(archive: zipfile.ZipFile, file: UploadedFile) -> Members:
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS:
        raise incomplete(file, f"more than {MAX_MEMBERS} files")
    return {PurePosixPath(info.filename): info for info in infos if not info.is_dir()}


def _folders(members: Members, root: PurePosixPath) -> Iterator[PurePosixPath]:
    return (place for place in dict.fromkeys(member.parent for member in members) if place.parent == root)


def _small(archive: zipfile.ZipFile, file: UploadedFile, members: Members, place: PurePosixPath) -> _Member:
    with archive.open(members[place]) as content:
        data = content.read(MAX_TEXT_BYTES + 1)
    if len(data) > MAX_TEXT_BYTES:
        raise incomplete(file, f"{place.name} is too large")
    return _Member(place.name, file.path, data)


def _residual(
    archive: zipfile.ZipFile, file: UploadedFile, members: Members, folder: PurePosixPath, n_atoms: int
) -> NDArray[np.float64]:
    """Return the forces of the supercell without a displacement; 0 if it was not calculated."""
    if not any(place.parent == folder and _outputs_of(place) for place in members):
        return np.zeros((n_atoms, 3))
    return _forces(archive, file, members, folder, n_atoms)


def _outputs_of(place: PurePosixPath) -> list[Output]:
    return [output for output in OUTPUTS if output.names.fullmatch(place.name)]


def _forces(
    archive: zipfile.ZipFile, file: UploadedFile, members: Members, folder: PurePosixPath, n_atoms: int
) -> NDArray[np.float64]:
    """Return the forces of the output in a folder, eV/Å, without their mean, which is numerical noise.

    Raises
    ------
    Refused
    """
    found = ((place, info, output) for place, info in members.items() for output in _outputs_of(place))
    for place, info, output in found:
        if place.parent != folder:
            continue
        with archive.open(info) as content:
            rows = _last_list(iter(lambda: content.readline(MAX_LINE_BYTES), b""), output, n_atoms)
        if not rows:
            continue
        forces = np.array(rows, dtype=np.float64) * output.unit
        if len(forces) != n_atoms:
            fits = {"found": len(forces), "expected": n_atoms}
            raise does_not_fit("forces", **fits, file=f"{folder.name}/{place.name}", other=DISP_YAML)
        return np.asarray(forces - forces.mean(axis=0))
    raise incomplete(file, f"no forces in {folder.name}")


def _last_list(lines: Iterator[bytes], output: Output, n_atoms: int) -> list[tuple[bytes, ...]]:
    """Return the numbers of the list of forces that counts; at most one more than there are atoms."""
    rows: list[tuple[bytes, ...]] = []
    inside = False
    for line in lines:
        if output.begins in line:
            rows, inside = [], True
        elif inside and (found := output.row.match(line)):
            if len(rows) <= n_atoms:
                rows.append(found.groups())
        elif inside and rows and line.strip(b" *\r\n"):
            if output.first_list:
                break
            inside = False
    return rows


def _row(values: NDArray[np.float64]) -> str:
    return " ".join(f"{value:.16g}" for value in values)
