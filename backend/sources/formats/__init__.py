"""The formats of phonons and trajectories that are read: an allow-list, each chosen by the kinds of files of an upload.

Files of CASTEP are read by Euphonic after a check of their sizes. Others become plain arrays here, which phonopy and
Euphonic take: neither package opens an untrusted YAML, XML or HDF5 file by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final, Literal

from backend.sources.formats.reading import (
    Files,
    Reading,
    Refused,
    Statements,
    UploadedFile,
    does_not_fit,
    refusing_damage,
)
from backend.sources.formats.roles import PHONONS, TRAJECTORIES, other_kind_of, role_of
from backend.sources.formats.trajectories import formats as trajectories
from backend.sources.formats.trajectories.survey import FrameSink, TrajectoryReading
from backend.sources.formats.trajectories.with_topology.topologies import READERS
from scattering.core.notices import Notice
from scattering.simulate.path_integral import MAX_BEADS

__all__ = ["FORMATS", "MAX_FILES", "Format", "Kind", "Recognised", "recognise"]

MAX_FILES: Final = MAX_BEADS + 1
"""Of ring polymers: a file for each bead, and a topology."""
Kind = Literal["phonons", "trajectory"]
STRUCTURES: Final = frozenset({"poscar", "cp2k_cell"})
"""Kinds of files with names that structures have too."""


@dataclass(frozen=True)
class Format:
    """One readable format.

    Attributes
    ----------
    name
        Value of the form field `format`.
    title
        Name for users.
    main
        Kinds of files, one of which an upload of this format has.
    beside
        Kinds of files that may be beside it.
    needs
        Of these kinds there must be one as well, if there are any.
    module
        Module of this package whose `read` takes the files by kind and the statements of the user; empty for a
        trajectory. It is imported by `reader`: Euphonic and phonopy take a second, and the server reads no file itself.
    survey
        The same function for a trajectory, with whether its displacements are kept; None for phonons.
    """

    name: str
    title: str
    main: tuple[str, ...]
    beside: tuple[str, ...] = ()
    module: str = ""
    needs: tuple[str, ...] = ()
    survey: trajectories.Survey | None = None

    @property
    def file_names(self) -> list[str]:
        """Regular expressions of lower-case names that tell files of this format from structures."""
        roles = {role.name: role for role in (*TRAJECTORIES, *PHONONS)}
        beside = () if self.needs == TOPOLOGIES else (*self.needs, *self.beside)
        names = [name for name in (*self.main, *beside) if name not in STRUCTURES]
        return [roles[name].names.pattern for name in dict.fromkeys(names)]

    @property
    def kind(self) -> Kind:
        """What the files describe."""
        return "phonons" if self.survey is None else "trajectory"

    def reader(self) -> Callable[[Files, Statements], Reading]:
        """Import and return the function that reads phonons."""
        read: Callable[[Files, Statements], Reading] = import_module(f"{__name__}.{self.module}").read
        return read

    def fits(self, roles: Sequence[str]) -> bool:
        """Return whether files of these kinds are an upload of this format."""
        return any(role in self.main for role in roles) and (
            not self.needs or any(role in self.needs for role in roles)
        )


TOPOLOGIES: Final = tuple(READERS)


def _with_topology(name: str, title: str, role: str, survey: trajectories.Survey) -> Format:
    """Return a format of trajectories that has a topology beside it."""
    return Format(name, f"{title}, with a topology", (role,), TOPOLOGIES, survey=survey, needs=TOPOLOGIES)


FORMATS: Final[Mapping[str, Format]] = {
    one.name: one
    for one in (
        Format("vaspout", "VASP vaspout.h5", ("vaspout",), ("born", "poscar"), "vasp.vaspout"),
        Format("vasprun", "VASP vasprun.xml of IBRION 5 to 8", ("vasprun",), ("born", "poscar"), "vasp.vasprun"),
        Format(
            "displaced-supercells",
            "zip of phonopy_disp.yaml and the outputs of displaced supercells (VASP, CASTEP, Quantum ESPRESSO, "
            "FHI-aims)",
            ("displaced_zip",),
            ("born",),
            "phonopy.displaced_outputs",
        ),
        Format(
            "phonopy-force-sets",
            "phonopy FORCE_SETS with phonopy_disp.yaml or POSCAR",
            ("phonopy_yaml", "poscar"),
            ("force_sets", "born", "poscar"),
            "phonopy.reader",
            needs=("force_sets",),
        ),
        Format(
            "phonopy-yaml",
            "phonopy.yaml with force constants or forces",
            ("phonopy_yaml", "poscar"),
            ("force_constants", "force_constants_hdf5", "born", "poscar"),
            "phonopy.reader",
        ),
        Format("castep-bin", "CASTEP .castep_bin or .check", ("castep_bin",), (), "castep.binary"),
        Format("quantum-espresso-q2r", "Quantum ESPRESSO q2r (.fc)", ("q2r",), (), "espresso.q2r"),
        Format("castep-phonon", "CASTEP .phonon", ("castep_phonon",), (), "castep.phonon"),
        _with_topology("xtc", "GROMACS XTC", "xtc", trajectories.read_xtc),
        _with_topology("trr", "GROMACS TRR", "trr", trajectories.read_trr),
        _with_topology("dcd", "DCD of NAMD, CHARMM, LAMMPS, CP2K …", "dcd", trajectories.read_dcd),
        _with_topology("amber-netcdf", "AMBER NetCDF", "amber_netcdf", trajectories.read_netcdf),
        _with_topology("amber-mdcrd", "AMBER mdcrd", "mdcrd", trajectories.read_mdcrd),
        Format("castep-md", "CASTEP .md", ("castep_md",), survey=trajectories.read_castep),
        Format("dlpoly-history", "DL_POLY HISTORY", ("dlpoly_history",), survey=trajectories.read_dlpoly),
        Format(
            "cp2k-xyz",
            "CP2K XYZ (-pos-1.xyz, -vel-1.xyz, -1.cell)",
            ("cp2k_xyz",),
            ("cp2k_velocities", "cp2k_cell"),
            survey=trajectories.read_cp2k,
        ),
        Format("i-pi-xyz", "XYZ of i-PI, one file for each bead", ("i_pi_xyz",), survey=trajectories.read_i_pi),
        Format("extxyz", "extended XYZ", ("extxyz",), survey=trajectories.read_xyz),
        Format("gpumd-xyz", "GPUMD movie.xyz or dump.xyz", ("gpumd_xyz",), survey=trajectories.read_gpumd),
        Format("xyz", "XYZ", ("xyz",), survey=trajectories.read_xyz),
        Format("lammps-dump", "LAMMPS text dump", ("lammps_dump",), survey=trajectories.read_lammps),
        Format("xdatcar", "VASP XDATCAR", ("xdatcar",), survey=trajectories.read_xdatcar),
    )
}
"""Name → format; the first that fits is taken."""


def load_readers() -> None:
    """Import all readers, for a process that forks a child for each file."""
    for fmt in FORMATS.values():
        if fmt.module:
            fmt.reader()


@dataclass(frozen=True)
class Recognised:
    """An upload of a known format.

    Attributes
    ----------
    format
        Its format.
    files
        Its files by kind.
    beads
        Of ring polymers: the files of the second bead and the following ones, of the kind of the main file.
    """

    format: Format
    files: Files
    beads: tuple[UploadedFile, ...] = ()

    def read(self, statements: Statements, *, keep: bool | FrameSink = False) -> Reading | TrajectoryReading:
        """Return the phonons or the trajectory.

        Parameters
        ----------
        keep
            Whether the displacements of a trajectory are kept in memory, or a function that takes them.

        Raises
        ------
        Refused
            The files cannot be used, or the user must state something first.
        """
        with refusing_damage(self.main):
            if self.format.survey is not None:
                return self.format.survey(self.files, statements, beads=self.beads, keep=keep)
            return self.format.reader()(self.files, statements)

    @property
    def main(self) -> UploadedFile:
        """The file to which the others belong."""
        return self.files[self._main_role]

    @property
    def _main_role(self) -> str:
        return next(role for role in self.files if role in self.format.main)

    def to_json(self) -> list[dict[str, str]]:
        """Return the file names with their kinds."""
        of_beads = [(self._main_role, file) for file in self.beads]
        return [{"file": file.name, "role": role} for role, file in (*self.files.items(), *of_beads)]


def recognise(files: Sequence[UploadedFile], requested: str | None) -> Recognised:
    """Return the format of an upload, and the kind of each of its files.

    Parameters
    ----------
    requested
        Name of the format that the user selects; a file of unknown kind, or the only file, is then its main file.

    Raises
    ------
    Refused
        The format is not known, or a file does not belong to it.
    """
    if requested is not None and requested not in FORMATS:
        raise unknown_format(requested, "", loc="format")
    roles = [role_of(file) for file in files]
    if requested is not None and (None in roles or len(roles) == 1):
        chosen, index = FORMATS[requested], roles.index(None) if None in roles else 0
        if roles[index] not in chosen.main:
            roles[index] = chosen.main[0]
    for file, role in zip(files, roles, strict=True):
        if role is None:
            raise unknown_format(file.name, other_kind_of(file))
    known = [role for role in roles if role is not None]
    fitting = [fmt for fmt in FORMATS.values() if fmt.fits(known) and requested in (None, fmt.name)]
    if not fitting:
        raise _missing_main(files, known, requested)
    fmt = fitting[0]
    by_role, beads = dict[str, UploadedFile](), list[UploadedFile]()
    for file, role in sorted(zip(files, known, strict=True), key=lambda pair: _number_in(pair[0].name)):
        if role in by_role and role in fmt.main and fmt.kind == "trajectory":
            beads.append(file)
        elif role in by_role or role not in (*fmt.main, *fmt.beside):
            raise does_not_fit("file", file=file.name, other=fmt.title)
        else:
            by_role[role] = file
    return Recognised(fmt, by_role, tuple(beads))


def _number_in(name: str) -> int:
    """Return the last number in the name of a file, which counts beads; 0 without one."""
    numbers = re.findall(r"\d{1,9}", name)
    return int(numbers[-1]) if numbers else 0


def unknown_format(file_name: str, looks_like: str, *, loc: str = "files") -> Refused:
    """Return the refusal of a file or a format that is not read."""
    titles = [fmt.title for fmt in FORMATS.values()]
    return Refused(Notice("unknown_format", {"file": file_name[:80], "looks_like": looks_like, "formats": titles}), loc)


def _missing_main(files: Sequence[UploadedFile], roles: Sequence[str], requested: str | None) -> Refused:
    """Return the refusal of files that are each known, without the one that they belong to."""
    if requested is None and set(roles) <= {"force_sets", "force_constants", "force_constants_hdf5", "born"}:
        return Refused(Notice("incomplete_file", {"file": files[0].name, "missing": "unit_cell"}))
    if any(set(fmt.main) & set(roles) for fmt in FORMATS.values() if fmt.needs == TOPOLOGIES):
        return Refused(Notice("incomplete_file", {"file": files[0].name, "missing": "topology"}))
    return unknown_format(requested or files[0].name, roles[0])
