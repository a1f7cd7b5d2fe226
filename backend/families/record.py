"""What the record of a family of potentials says: how a file is recognised, checked, tried out, and what runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator


class UnusablePotential(ValueError):
    """The file is not a potential that can be run; the text says what is wrong, and where."""


@dataclass(frozen=True)
class PotentialFile:
    """What a potential's file says of itself.

    Parameters
    ----------
    format
        The family's word for its kind, such as `nep4_zbl`.
    elements
        Symbols, in the file's order.
    cutoff_angstrom
        Largest distance at which atoms act on each other, in Å.
    """

    format: str
    elements: tuple[str, ...]
    cutoff_angstrom: float


@dataclass(frozen=True)
class Family:
    """A family of potentials; the module `workers.potentials.NAME` has what workers need to know of it.

    Parameters
    ----------
    name
        As engines' records and rows of potentials name it.
    title
        Its name in sentences.
    file_name
        Under which its files are stored and given out.
    recognises
        Tells from a file's content whether it claims to be of this family.
    read
        Checks a whole file, and raises `UnusablePotential`. It must not trust what it reads.
    loaders
        Engine → loads a file on a processor, for the trial of an upload. The first that gives finite forces is the one
        that the potential runs with where the user does not choose. Called in a confined process.
    engines
        Records of engines that come with the family, as `backend/engines/records/` would have them: for a family whose
        files no other engine loads.
    """

    name: str
    title: str
    file_name: str
    recognises: Callable[[bytes], bool]
    read: Callable[[bytes], PotentialFile]
    loaders: Mapping[str, Callable[[str], Calculator]]
    engines: tuple[Mapping[str, Any], ...] = ()
