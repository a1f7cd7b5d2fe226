"""Atoms of a topology: their names, and their masses where it has them.

Names of atoms and of types of a force field prove no element (CA may be calcium or carbon). Where a topology states
elements they are the labels.

References
----------
GRO: https://manual.gromacs.org/current/reference-manual/file-formats.html
PDB: https://www.wwpdb.org/documentation/file-format-content/format33/v3.3.html
PSF: https://www.ks.uiuc.edu/Training/Tutorials/namd/namd-tutorial-unix-html/node23.html
prmtop: https://ambermd.org/prmtop.pdf
LAMMPS: https://docs.lammps.org/read_data.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from ase.data import atomic_numbers, chemical_symbols
from numpy.typing import NDArray

from backend.sources.formats.reading import Files, does_not_fit
from backend.sources.formats.trajectories import xyz
from backend.sources.formats.trajectories.frames import Cut, Lines, check_atoms

UNKNOWN: Final = "name {}"
"""Label of an atom without an element in a topology that has elements."""
PRMTOP_MASS, PRMTOP_NUMBER, PRMTOP_TYPE = b"MASS", b"ATOMIC_NUMBER", b"AMBER_ATOM_TYPE"
TYPE_COLUMN: Final = {"atomic": 1, "charge": 1, "molecular": 2, "full": 2, "bond": 2, "angle": 2}
"""Style of atoms of LAMMPS → column of their type."""
MAX_HEADER_LINES: Final = 100_000


@dataclass(frozen=True, eq=False)
class Topology:
    """Atoms of a trajectory.

    Attributes
    ----------
    labels
        Shape (n_atoms,): elements, or names.
    masses
        Shape (n_atoms,), u; None if the file has none.
    has_type_names
        Whether labels are names that prove no element.
    angle
        Angle of the cell in degrees, of a prmtop; None if it states none.
    """

    labels: NDArray[np.bytes_]
    masses: NDArray[np.float64] | None = None
    has_type_names: bool = False
    angle: float | None = None


def read_topology(files: Files, n_atoms: int | None = None) -> Topology:
    """Return the atoms of the topology of an upload.

    Parameters
    ----------
    n_atoms
        Number of atoms of the trajectory; None if its file does not state it.

    Raises
    ------
    Refused
        It is damaged, or has another number of atoms.
    """
    role = next(role for role in READERS if role in files)
    file = files[role]
    with file.path.open("rb") as stream:
        lines = Lines(file, stream)
        try:
            topology = READERS[role](lines)
        except Cut:
            raise lines.refusal("it ends early") from None
    found = len(topology.labels)
    if not found:
        raise lines.refusal("there are no atoms")
    if n_atoms is not None and found != n_atoms:
        main = next(one for name, one in files.items() if name != role)
        raise does_not_fit("topology_atoms", file=main.name, other=file.name, found=n_atoms, expected=found)
    return topology


def _read_gro(lines: Lines) -> Topology:
    lines.required()
    n_atoms = lines.whole(lines.required().split())
    check_atoms(n_atoms)
    return Topology(np.array([lines.required()[10:15].strip() for _ in range(n_atoms)]), has_type_names=True)


def _read_pdb(lines: Lines) -> Topology:
    """Read the first model of a PDB."""
    names, elements = list[bytes](), list[bytes]()
    while (line := lines.read()) is not None and not line.startswith((b"ENDMDL", b"END ")):
        if line.startswith((b"ATOM  ", b"HETATM")):
            names.append(line[12:16].strip())
            elements.append(line[76:78].strip())
            check_atoms(len(names))
    return _of_elements(elements, names)


def _read_psf(lines: Lines) -> Topology:
    for line in islice(_all(lines), MAX_HEADER_LINES):
        words = line.split()
        if len(words) > 1 and words[1].startswith(b"!NATOM"):
            break
    else:
        raise lines.refusal("!NATOM is missing")
    n_atoms = lines.whole(words[:1])
    check_atoms(n_atoms)
    rows = [lines.required().split() for _ in range(n_atoms)]
    if any(len(row) < 8 for row in rows):
        raise lines.refusal("an atom has too few values")
    masses = lines.numbers([row[7] for row in rows])
    return Topology(np.array([row[5] for row in rows]), masses, has_type_names=True)


def _read_prmtop(lines: Lines) -> Topology:
    wanted = {PRMTOP_MASS, PRMTOP_NUMBER, PRMTOP_TYPE, b"ATOM_NAME", b"BOX_DIMENSIONS", b"POINTERS"}
    sections: dict[bytes, list[bytes]] = {}
    flag, width = b"", 0
    for line in _all(lines):
        if line.startswith(b"%FLAG"):
            flag = line[5:].strip()
        elif line.startswith(b"%FORMAT"):
            found = re.search(rb"\(\d*[aEIFG](\d+)", line, re.IGNORECASE)
            width = int(found[1]) if found else 0
        elif flag in wanted and width and not line.startswith(b"%"):
            cells = sections.setdefault(flag, [])
            cells += [line[at : at + width].strip() for at in range(0, len(line.rstrip()), width)]
            if flag == b"POINTERS" and len(cells) > 1:
                check_atoms(int(lines.numbers(cells[0])))
    n_atoms = int(lines.numbers(sections.get(b"POINTERS", [b""])[0]))
    names = sections.get(PRMTOP_TYPE, [])
    masses = lines.numbers(sections.get(PRMTOP_MASS, []))
    numbers = lines.numbers(sections.get(PRMTOP_NUMBER, [])).astype(int)
    if len(names) != n_atoms or len(masses) != n_atoms or len(numbers) not in (0, n_atoms):
        raise lines.refusal("it ends early")
    box = lines.numbers(sections.get(b"BOX_DIMENSIONS", []))
    angle = float(box[0]) if len(box) == 4 else None
    if not len(numbers):
        return Topology(np.array(names), masses, has_type_names=True, angle=angle)
    symbols = [chemical_symbols[one].encode() if 0 < one < len(chemical_symbols) else b"" for one in numbers]
    return Topology(_of_elements(symbols, names).labels, masses, angle=angle)


def _read_lammps(lines: Lines) -> Topology:
    """Read the types of the atoms of a LAMMPS data file, in the order of their numbers, and the masses of types."""
    n_atoms = n_types = 0
    masses: dict[bytes, bytes] = {}
    lines.required()
    for line in _all(lines):
        text, _, comment = line.partition(b"#")
        words = text.split()
        if words[1:] == [b"atoms"]:
            n_atoms = lines.whole(words[:1])
            check_atoms(n_atoms)
        elif words[1:] == [b"atom", b"types"]:
            n_types = lines.whole(words[:1])
            check_atoms(n_types)
        elif words == [b"Masses"]:
            masses = dict(row[:2] for row in _section(lines, n_types, 2))
        elif words == [b"Atoms"]:
            rows = _section(lines, n_atoms, 5)
            column = _type_column(lines, comment.strip().decode("latin-1"), rows)
            order = np.argsort(lines.numbers([row[0] for row in rows]), kind="stable")
            labels = np.array([rows[atom][column] for atom in order])
            found = lines.numbers([masses[label] for label in labels.tolist()]) if masses else None
            return Topology(labels, found, has_type_names=True)
    raise lines.refusal("the section Atoms is missing")


def _section(lines: Lines, n_rows: int, n_words: int) -> list[list[bytes]]:
    first = lines.filled()
    if first is None or not n_rows:
        raise lines.refusal("a section is empty")
    rows = [first, *(lines.required() for _ in range(n_rows - 1))]
    words = [row.partition(b"#")[0].split() for row in rows]
    if any(len(row) < n_words for row in words):
        raise lines.refusal("a line has too few values")
    return words


def _type_column(lines: Lines, style: str, rows: list[list[bytes]]) -> int:
    """Return the column of the types: that of the style in the file, or the only one that the columns leave."""
    if style:
        if style not in TYPE_COLUMN:
            raise lines.refusal(f"atom style {style[:20]} is not read")
        return TYPE_COLUMN[style]
    has_molecules = all(row[1].isdigit() and row[2].isdigit() for row in rows)
    return 2 if has_molecules and len(rows[0]) in (6, 7, 9, 10) else 1


def _read_xyz(lines: Lines) -> Topology:
    frame = next(xyz.read_frames(lines), None)
    if frame is None:
        raise lines.refusal("there are no atoms")
    return Topology(frame.labels, frame.masses)


def _read_tpr(lines: Lines) -> Topology:
    """Read a run input file of GROMACS by MDAnalysis, whose reader unpacks plain numbers and texts."""
    # Loaded where it is needed: it takes 0.8 s
    from MDAnalysis.topology.tpr import utils as tpr_utils
    from MDAnalysis.topology.TPRParser import TPRParser

    header = tpr_utils.read_tpxheader(tpr_utils.TPXUnpacker(lines.file.data))
    check_atoms(header.natoms)
    topology = TPRParser(str(lines.file.path)).parse()
    names = [name.encode() for name in topology.names.values]
    symbols = [str(one).capitalize().encode() for one in topology.elements.values]
    return Topology(_of_elements(symbols, names).labels, np.asarray(topology.masses.values, dtype=np.float64))


def _of_elements(symbols: list[bytes], names: list[bytes]) -> Topology:
    """Return atoms with elements, by name where an atom has none; all by name if no atom has an element."""
    known = [symbol.decode("latin-1").capitalize() for symbol in symbols]
    are_known = [(symbol in atomic_numbers and symbol != "X") or symbol == "D" for symbol in known]
    if not any(are_known):
        return Topology(np.array(names), has_type_names=True)
    labels = [
        symbol.encode() if is_known else UNKNOWN.format(name.decode("latin-1")).encode("latin-1")
        for symbol, is_known, name in zip(known, are_known, names, strict=True)
    ]
    return Topology(np.array(labels))


def _all(lines: Lines) -> Iterator[bytes]:
    while (line := lines.read()) is not None:
        yield line


READERS: Final[Mapping[str, Callable[[Lines], Topology]]] = {
    "tpr": _read_tpr,
    "prmtop": _read_prmtop,
    "psf": _read_psf,
    "lammps_data": _read_lammps,
    "pdb": _read_pdb,
    "gro": _read_gro,
    "extxyz": _read_xyz,
    "gpumd_xyz": _read_xyz,
    "cp2k_xyz": _read_xyz,
    "xyz": _read_xyz,
}
"""Kinds of files that state the atoms of a trajectory."""
