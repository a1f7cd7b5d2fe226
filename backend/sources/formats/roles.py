"""What a file of an upload is: told by its first bytes, and by its name where several kinds look the same."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from backend.kit.files import hdf5_guard
from backend.kit.files.unreadable import Unreadable
from backend.sources.formats.reading import UploadedFile

DISP_YAML: Final = "phonopy_disp.yaml"
MAX_MEMBERS: Final = 20_000
"""Names in a zip that are looked at."""
_XYZ_KEYS: Final = re.compile(rb"\b(Lattice|Properties)\s*=", re.IGNORECASE)


@dataclass(frozen=True)
class Role:
    """A kind of file.

    Attributes
    ----------
    name
        Word for programs.
    names
        Pattern of lower-case file names that only this kind has.
    fits
        Whether a file can be of this kind by its content.
    """

    name: str
    names: re.Pattern[str]
    fits: Callable[[UploadedFile], bool]


def _words(file: UploadedFile, n_lines: int = 12) -> list[list[str]]:
    """Return the words of the first lines that are not blank; of whole lines only."""
    text = file.head.decode("latin-1").replace("\r\n", "\n")
    lines = [line.split() for line in text.split("\n") if line.strip()]
    return lines[:n_lines]


def _are_numbers(words: list[str], count: int) -> bool:
    return len(words) == count and all(map(_is_number, words))


def _is_number(word: str) -> bool:
    try:
        float(word.lower().replace("d", "e"))
    except ValueError:
        return False
    return True


def _are_whole(words: list[str], count: int) -> bool:
    return len(words) == count and all(word.isdecimal() for word in words)


def _is_text(file: UploadedFile) -> bool:
    return b"\0" not in file.head


def _is_yaml(file: UploadedFile) -> bool:
    keys = rb"^(phonopy|supercell_matrix|primitive_cell|unit_cell|physical_unit|lattice)\s*:"
    return _is_text(file) and re.search(keys, file.head, re.MULTILINE) is not None


def _is_force_constants(file: UploadedFile) -> bool:
    lines = _words(file, 5)
    return (
        len(lines) == 5
        and (_are_whole(lines[0], 1) or _are_whole(lines[0], 2))
        and _are_whole(lines[1], 2)
        and all(_are_numbers(line, 3) for line in lines[2:])
    )


def _is_force_sets(file: UploadedFile) -> bool:
    lines = _words(file, 5)
    single = len(lines) == 5 and all(_are_whole(line, 1) for line in lines[:3]) and _are_numbers(lines[3], 3)
    return single or (len(lines) > 1 and all(_are_numbers(line, 6) for line in lines))


def _is_born(file: UploadedFile) -> bool:
    lines = [line for line in _words(file) if not line[0].startswith("#")]
    return len(lines) > 1 and all(_are_numbers(line, 9) for line in lines[-2:]) and len(lines[0]) != 6


def _is_q2r(file: UploadedFile) -> bool:
    lines = _words(file, 1)
    return bool(lines) and _are_numbers(lines[0], 9) and all(re.fullmatch(r"-?\d+", word) for word in lines[0][:3])


def _is_poscar(file: UploadedFile) -> bool:
    lines = file.head.decode("latin-1").split("\n")[1:5]
    words = [line.split() for line in lines]
    return (
        len(words) == 4
        and (_are_numbers(words[0], 1) or _are_numbers(words[0], 3))
        and all(len(line) >= 3 and all(map(_is_number, line[:3])) for line in words[1:])
    )


def _is_hdf5_with(*paths: str) -> Callable[[UploadedFile], bool]:
    def fits(file: UploadedFile) -> bool:
        if not hdf5_guard.is_hdf5(file.head):
            return False
        try:
            with hdf5_guard.open_hdf5(file.data) as root:
                return any(path in hdf5_guard.names(root) for path in paths)
        except Unreadable:
            return False

    return fits


def _starts(*beginnings: bytes) -> Callable[[UploadedFile], bool]:
    return lambda file: file.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(beginnings)


def _holds(pattern: bytes) -> Callable[[UploadedFile], bool]:
    return lambda file: re.search(pattern, file.head, re.MULTILINE) is not None


def _is_xyz(file: UploadedFile) -> bool:
    lines = file.head.decode("latin-1").split("\n")[:3]
    if len(lines) < 3 or not _are_whole(lines[0].split(), 1):
        return False
    words = lines[2].split()
    plain = len(words) >= 4 and not _is_number(words[0]) and all(map(_is_number, words[1:4]))
    return plain or _XYZ_KEYS.search(_xyz_comment(file)) is not None


def _xyz_comment(file: UploadedFile) -> bytes:
    lines = file.head.split(b"\n", 2)
    return lines[1] if len(lines) > 1 else b""


def _is_extended_xyz(file: UploadedFile) -> bool:
    return _is_xyz(file) and _XYZ_KEYS.search(_xyz_comment(file)) is not None


def _is_gpumd_xyz(file: UploadedFile) -> bool:
    return _is_extended_xyz(file) and re.search(rb"\bTime=", _xyz_comment(file)) is not None


def _is_i_pi_xyz(file: UploadedFile) -> bool:
    return _is_xyz(file) and re.match(rb"#\s*CELL[({\[](abcABC|H|GENH)[)}\]]:", _xyz_comment(file)) is not None


_CP2K_COMMENT: Final = re.compile(rb"\s*i\s*=\s*\d+,\s*time\s*=")


def _is_cp2k_xyz(file: UploadedFile) -> bool:
    return _is_xyz(file) and _CP2K_COMMENT.match(_xyz_comment(file)) is not None


def _is_cp2k_of(quantity: str) -> Callable[[UploadedFile], bool]:
    """Return a test of XYZ files of CP2K, which are alike whatever vectors they hold: their names tell."""
    return lambda file: _is_cp2k_xyz(file) and f"-{quantity}-" in file.name.lower()


def _is_dlpoly_history(file: UploadedFile) -> bool:
    lines = file.head.decode("latin-1").split("\n")[1:3]
    words = [line.split() for line in lines]
    return len(words) == 2 and _are_whole(words[0][:3], 3) and words[1][:1] == ["timestep"]


XTC_MAGIC: Final = (b"\x00\x00\x07\xcb", b"\x00\x00\x07\xe7")


def _is_mdcrd(file: UploadedFile) -> bool:
    """Return whether the second line has ten numbers with three decimals in eight columns each."""
    lines = file.head.split(b"\n", 2)
    return len(lines) > 1 and re.fullmatch(rb"(?=.{80}\r?$)([ \-\d]{4}\.\d{3}){10}\r?", lines[1]) is not None


def _is_lammps_data(file: UploadedFile) -> bool:
    return all(re.search(rb"^\s*\d+\s+%s" % words, file.head, re.MULTILINE) for words in (b"atoms", b"atom types"))


def _is_gro(file: UploadedFile) -> bool:
    lines = file.head.decode("latin-1").split("\n")[1:3]
    row = r"[ \d]{5}.{10}[ \d]{5}(\s*-?\d+\.\d+){3}.*"
    return len(lines) == 2 and _are_whole(lines[0].split(), 1) and re.fullmatch(row, lines[1].rstrip()) is not None


def _is_xdatcar(file: UploadedFile) -> bool:
    separated = re.search(rb"^\s*(Direct configuration|Konfig)\s*=", file.head, re.MULTILINE) is not None
    return separated or ("xdatcar" in file.name.lower() and _is_poscar(file))


def _named(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


def _is_displaced_zip(file: UploadedFile) -> bool:
    """Return whether a file is a zip with a phonopy_disp.yaml."""
    if not file.head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(file.path) as archive:
            return any(PurePosixPath(name).name == DISP_YAML for name in archive.namelist()[:MAX_MEMBERS])
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


PHONONS: Final = (
    Role("vaspout", _named(r".*vaspout.*"), _is_hdf5_with("results", "intermediate")),
    Role("vasprun", _named(r".*vasprun.*"), _holds(rb"<modeling>")),
    Role("castep_bin", _named(r".*\.(castep_bin|check)"), lambda file: file.head[4:].startswith(b"CASTEP_BIN")),
    Role("castep_phonon", _named(r".*\.phonon"), _starts(b"BEGIN header")),
    Role("displaced_zip", _named(r".*\.zip"), _is_displaced_zip),
    Role("phonopy_yaml", _named(r".*phonopy.*\.ya?ml"), _is_yaml),
    Role("q2r", _named(r".*\.fc"), _is_q2r),
    Role("force_constants_hdf5", _named(r".*force_constants.*\.(hdf5|h5)"), _is_hdf5_with("force_constants", "fc2")),
    Role("force_constants", _named(r".*force_constants.*"), _is_force_constants),
    Role("force_sets", _named(r".*force_sets.*"), _is_force_sets),
    Role("born", _named(r".*born.*"), _is_born),
    Role("poscar", _named(r".*(poscar|contcar).*", r".*\.vasp"), _is_poscar),
)
"""Kinds of phonons that are read."""
TRAJECTORIES: Final = (
    Role("lammps_dump", _named(r".*\.(lammpstrj|dump)"), _holds(rb"^ITEM: TIMESTEP")),
    Role("dcd", _named(r".*\.dcd"), lambda file: file.head[4:8] == b"CORD"),
    Role("xtc", _named(r".*\.xtc"), lambda file: file.head[:4] in XTC_MAGIC),
    Role("trr", _named(r".*\.trr"), lambda file: file.head[12:24] == b"GMX_trn_file"),
    Role("amber_netcdf", _named(r".*\.(nc|ncdf)"), lambda file: file.head[:3] == b"CDF" and b"AMBER" in file.head),
    Role("mdcrd", _named(r".*\.(mdcrd|crd|trj)"), _is_mdcrd),
    Role("castep_md", _named(r".*\.md"), lambda file: _starts(b"BEGIN header")(file) and b"<-- h" in file.head),
    Role("dlpoly_history", _named(r".*history.*"), _is_dlpoly_history),
    Role("cp2k_velocities", _named(r".*-vel-.*\.xyz"), _is_cp2k_of("vel")),
    Role("cp2k_forces", _named(r".*-frc-.*\.xyz"), _is_cp2k_of("frc")),
    Role("cp2k_xyz", _named(r".*-pos-.*\.xyz"), _is_cp2k_xyz),
    Role("cp2k_cell", _named(r".*\.cell"), _holds(rb"^#\s*Step\s+Time \[fs\]\s+Ax \[Angstrom\]")),
    Role("xdatcar", _named(r".*xdatcar.*"), _is_xdatcar),
    Role("i_pi_xyz", _named(r".*\.(pos|xc)_?\d*\.xyz"), _is_i_pi_xyz),
    Role("gpumd_xyz", _named(r".*\.xyz"), _is_gpumd_xyz),
    Role("extxyz", _named(r".*\.(ext)?xyz"), _is_extended_xyz),
    Role("xyz", _named(r".*\.(ext)?xyz"), _is_xyz),
)
"""Kinds of trajectories that are read; before phonons, because a POSCAR may be the beginning of an XDATCAR."""
TOPOLOGIES: Final = (
    Role("tpr", _named(r".*\.tpr"), lambda file: b"VERSION" in file.head[:16]),
    Role("prmtop", _named(r".*\.(prmtop|parm7|top)"), _starts(b"%VERSION")),
    Role("psf", _named(r".*\.psf"), _starts(b"PSF")),
    Role("lammps_data", _named(r".*data.*", r".*\.lmp"), _is_lammps_data),
    Role("pdb", _named(r".*\.(pdb|ent)"), _holds(rb"^(ATOM  |HETATM)[ \d]{5}")),
    Role("gro", _named(r".*\.gro"), _is_gro),
)
"""Kinds of files that state the atoms of a trajectory."""
OTHERS: Final = (
    Role("dcd_velocities", _named(r".*\.dcd"), lambda file: file.head[4:8] == b"VEL "),
    Role("hdf5", _named(r".*\.(hdf5|h5)"), lambda file: hdf5_guard.is_hdf5(file.head)),
    Role("xml", _named(r".*\.xml"), _starts(b"<?xml", b"<")),
    Role("cif", _named(r".*\.cif"), _holds(rb"^data_\S*")),
    Role("zip", _named(r".*\.(zip|gz|xz|7z|bz2)"), _starts(b"PK\x03\x04", b"\x1f\x8b", b"\xfd7zXZ", b"BZh")),
)
"""Kinds that are not read, for a refusal that says what a file looks like."""
CONTAINERS: Final = frozenset(("", "hdf5", "xml"))
"""Kinds of these that a damaged file of a kind that is read can look like."""


def role_of(file: UploadedFile) -> str | None:
    """Return the kind of a file that is read, by its content, or by its name if it is damaged; None of another file."""
    fitting = [role for role in (*TRAJECTORIES, *PHONONS, *TOPOLOGIES) if role.fits(file)]
    both = [role for role in fitting if role.names.fullmatch(file.name.lower())]
    by_name: list[Role] = []
    if not fitting and other_kind_of(file) in CONTAINERS:
        by_name = [role for role in PHONONS if role.names.fullmatch(file.name.lower())]
    return next((role.name for role in (*both, *fitting, *by_name)), None)


def other_kind_of(file: UploadedFile) -> str:
    """Return the kind of a file that is not read, a key of `KINDS` in the words; "" if it is not known."""
    return next((role.name for role in OTHERS if role.fits(file)), "")
