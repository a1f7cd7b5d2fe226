"""The fields of a family's record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator


class UnusablePotential(Unreadable):
    """The file is not a usable potential; `notice` states the error and its place."""


@dataclass(frozen=True)
class PotentialFile:
    """The facts that the file of a potential states.

    Parameters
    ----------
    format
        Format within the family, such as `nep4_zbl`.
    elements
        Symbols, in the order of the file.
    cutoff_angstrom
        Largest distance of interacting atoms, in Å.
    """

    format: str
    elements: tuple[str, ...]
    cutoff_angstrom: float


@dataclass(frozen=True)
class UploadedFiles:
    """How the files of a family that users upload are recognised, checked and tried.

    Parameters
    ----------
    recognises
        Tells by the content of a file whether it belongs to this family.
    read
        Checks a whole file, and raises `UnusablePotential`. It must not trust the content.
    loaders
        Engine → function that loads a file on a CPU, for the trial of an upload. The first engine that gives finite
        forces becomes the default of the potential. The functions run in a confined process.
    """

    recognises: Callable[[bytes], bool]
    read: Callable[[bytes], PotentialFile]
    loaders: Mapping[str, Callable[[str], Calculator]]


@dataclass(frozen=True)
class Family:
    """A family of potentials. The module `workers.potentials.NAME`, if there is one, has what only workers need.

    Parameters
    ----------
    name
        Name in the records of engines and in the rows of potentials.
    title
        Name in sentences.
    file_name
        Name of a stored or downloaded file; empty for a family without files.
    uploads
        Files that users may upload; None if only the operator may add files, because they run code when they are
        loaded, or if there are none.
    takes_checkpoints
        Whether files in a folder with the name of the family, in the operator's drop-in folder, are its potentials.
    engines
        Records of engines, as in `backend/engines/records/`, if no other engine loads the files of this family.
    potentials
        Records of potentials, as in `backend/potentials/pretrained/`, of a family that another package brings.
    refuse
        Return the reason why potentials of this family cannot describe a cell with these atomic numbers, or None.
    """

    name: str
    title: str
    file_name: str = ""
    uploads: UploadedFiles | None = None
    takes_checkpoints: bool = False
    engines: tuple[Mapping[str, Any], ...] = ()
    potentials: tuple[Mapping[str, Any], ...] = ()
    refuse: Callable[[Sequence[int]], Notice | None] = lambda numbers: None
