"""Common parts of the readers of all formats: an upload, statements of the user, results, and refusals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from backend.kit.files import hdf5_guard, parsed_notices
from backend.kit.files.unreadable import Unreadable
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.notices import Notice
from scattering.core.phonon_modes import PhononModes

MAX_SUPERCELL_ATOMS: Final = 20_000
MAX_CONSTANT_BYTES: Final = 40 * 1024**2
"""Size of force constants: as text, they must fit the answer of a confined reader."""
MAX_HDF5_VALUES: Final = 2 * 10**7
"""Numbers of one array."""
EXTERNAL: Final = frozenset({"hdf5_link_to_other_file", "hdf5_values_in_other_file", "hdf5_virtual_dataset"})
"""Codes of `hdf5_guard` for values that are in other files."""
HEAD_BYTES: Final = 65_536
"""Bytes of the beginning of a file that tell its kind."""


class Refused(Unreadable):
    """The upload cannot be used; `loc` is the field of the form that is wrong."""

    def __init__(self, wrong: Notice, loc: str = "files") -> None:
        super().__init__(wrong)
        self.loc = loc


@dataclass(frozen=True)
class Need:
    """A field that the user must fill in, why, and the choices that the file leaves (type → facts about it)."""

    field: str
    why: Notice
    choices: Mapping[str, Any] = dataclass_field(default_factory=dict)


class NeedsFields(Refused):
    """The files do not state everything."""

    def __init__(self, *needs: Need) -> None:
        super().__init__(needs[0].why, needs[0].field)
        self.needs = needs


class Statements(TypedDict, total=False):
    """Facts that the user states about the files."""

    supercell: list[list[int]]
    primitive: str | list[list[float]]
    species: dict[str, str]
    born_charges: dict[str, list[list[float]]]
    dielectric: list[list[float]]
    time_step_fs: float
    frame_interval_fs: float
    cell_angstrom: list[list[float]]
    first_frame: int
    last_frame: int
    every: int
    nuclei: Literal["classical", "ring_polymer"]


@dataclass(frozen=True)
class UploadedFile:
    """An uploaded file, in the working folder of this process."""

    name: str
    path: Path

    @cached_property
    def head(self) -> bytes:
        """The first bytes."""
        with self.path.open("rb") as file:
            return file.read(HEAD_BYTES)

    def open(self) -> BinaryIO:
        """Open the file; `share_read` then follows its position."""
        stream = self.path.open("rb")
        self.__dict__["_stream"] = stream
        return stream

    @property
    def share_read(self) -> float:
        """The fraction of the file that is read, while it is open; 0 if that is not known."""
        stream: BinaryIO | None = self.__dict__.get("_stream")
        return 0.0 if stream is None or stream.closed else stream.tell() / max(self.path.stat().st_size, 1)

    @property
    def data(self) -> bytes:
        """All bytes."""
        return self.path.read_bytes()

    @property
    def text(self) -> str:
        """The text of the file; numbers and symbols are ASCII in every encoding."""
        return self.data.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")


Files = Mapping[str, UploadedFile]
"""Role → file."""


@dataclass(frozen=True)
class Program:
    """The program that calculated the phonons, as far as the files say.

    Attributes
    ----------
    name, version
        Such as "CASTEP" and "25.1".
    functional
        Exchange–correlation functional.
    calculator
        The program that calculated forces, where another one made force constants of them.
    """

    name: str = ""
    version: str = ""
    functional: str = ""
    calculator: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the known facts."""
        return {name: parsed_notices.printable(text, 100) for name, text in vars(self).items() if text}


@dataclass(frozen=True, eq=False)
class Reading:
    """Result of a reader.

    Attributes
    ----------
    crystal
        Force constants; None if the files have modes only.
    modes
        Modes at wave vectors; None if the files have force constants.
    unit_cell
        The cell that the user knows the crystal by.
    program
        The program that made the files.
    notices
        Assumptions of the reader, and doubts about the files.
    unsymmetrised
        The force constants before they were made symmetric, for checks; None if nothing was done to them.
    """

    crystal: HarmonicCrystal | None
    modes: PhononModes | None
    unit_cell: UnitCell
    program: Program = Program()
    notices: Sequence[Notice] = ()
    unsymmetrised: HarmonicCrystal | None = None


@dataclass(frozen=True, eq=False)
class UnitCell:
    """Atoms of a cell.

    Attributes
    ----------
    cell
        Shape (3, 3), Å, vectors as rows.
    positions
        Shape (n_atoms, 3), Å.
    symbols
        Chemical symbols.
    masses
        Shape (n_atoms,), u.
    """

    cell: NDArray[np.float64]
    positions: NDArray[np.float64]
    symbols: tuple[str, ...]
    masses: NDArray[np.float64]


@contextmanager
def refusing_damage(file: UploadedFile) -> Iterator[None]:
    """Refuse a file as incomplete if a reader fails, in whatever way it does: readers of other packages trust files."""
    try:
        yield
    except (Unreadable, MemoryError):
        raise
    except Exception as error:
        raise incomplete(file, f"{type(error).__name__}: {error}") from error


@contextmanager
def open_hdf5(file: UploadedFile) -> Iterator[hdf5_guard.Group]:
    """Yield the root group of an HDF5 file.

    Raises
    ------
    Refused
        The file refers to other files, or is damaged.
    """
    try:
        with hdf5_guard.open_hdf5(file.data) as root:
            yield root
    except Refused:
        raise
    except Unreadable as error:
        path = str(error.notice.params.get("path", ""))
        if error.notice.code in EXTERNAL:
            raise Refused(Notice("external_link", {"file": file.name, "path": path})) from error
        raise incomplete(file, f"HDF5: {path}") from error


def incomplete(file: UploadedFile, reason: str = "") -> Refused:
    """Return the refusal of a file that ends early or has other values than its format requires."""
    return Refused(Notice("incomplete_file", {"file": file.name, "reason": parsed_notices.printable(reason, 200)}))


def does_not_fit(
    quantity: str, *, file: str = "", other: str = "", found: int | None = None, expected: int | None = None
) -> Refused:
    """Return the refusal of files that do not belong together; `quantity` is a key of `MISFITS` in the words."""
    params = {"quantity": quantity, "n_found": found, "n_expected": expected, "file": file, "other": other}
    return Refused(Notice("does_not_fit", params))


def check_supercell(n_atoms: float) -> None:
    """Refuse a supercell by its number of atoms, before anything of its size is made.

    Raises
    ------
    Refused
    """
    if not n_atoms <= MAX_SUPERCELL_ATOMS:
        params = {"quantity": "supercell_atoms", "n_found": round(min(n_atoms, 1e15)), "maximum": MAX_SUPERCELL_ATOMS}
        raise Refused(Notice("too_large", params))


def check_constants(n_atoms: int, n_supercell_atoms: int) -> None:
    """Refuse force constants by their size, before they are made.

    Raises
    ------
    Refused
    """
    n_bytes = 72 * n_atoms * n_supercell_atoms
    if n_bytes > MAX_CONSTANT_BYTES:
        sizes = {"n_found": round(n_bytes / 2**20), "maximum": MAX_CONSTANT_BYTES // 2**20}
        raise Refused(Notice("too_large", {"quantity": "force_constant_mib", **sizes}))
