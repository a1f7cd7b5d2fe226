"""The nuclei of the atoms of a trajectory, by their labels and masses, and by what the user states of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ase.data import atomic_masses, atomic_numbers, chemical_symbols
from numpy.typing import NDArray

from backend.kit.files import parsed_notices
from backend.sources.formats.reading import Need, Refused, UploadedFile
from backend.sources.formats.trajectories.frames import Frame
from backend.structures.formats.masses import isotope_of_mass
from scattering.core.isotopes import nuclide_mass, parts
from scattering.core.notices import Notice

HYDROGEN: Final = {"D": "2H", "T": "3H"}
NO_ATOM: Final = "X"
"""What the user states of a site that is no atom, such as the fourth site of TIP4P."""
MAX_SITE_MASS_U: Final = 0.9
"""Sites lighter than hydrogen are no nuclei: virtual sites, shells, Drude particles."""
MASS_TOLERANCE_U: Final = 0.02
MASS_TOLERANCE: Final = 0.002
"""Relative part; masses of force fields are rounded."""
MASS_ROUNDING_U: Final = 0.005
UNITED_MASSES_U: Final = {"CH": 13.019, "CH2": 14.027, "CH3": 15.035, "CH4": 16.043}
UNITED_TOLERANCE_U: Final = 0.006
SITE_NAMES: Final = re.compile(r"(MW|EPW?|LP|OM|LA|M|DUM|VS)\d*")
"""Names of sites that are no atoms in common water models, offered as an answer."""
TWO_LETTERS: Final = frozenset(
    {"CL", "BR", "NA", "MG", "ZN", "SI", "LI", "FE", "CU", "AL", "TI", "ZR", "RB", "SE", "MN"}
)
"""Names that mean such an element more often than carbon or another one of its first letter."""


@dataclass(frozen=True)
class Species:
    """The nuclei of the atoms of a trajectory.

    Attributes
    ----------
    nuclei
        Element or isotope of each atom, such as "Na" or "2H"; "X" of a site that is no atom.
    """

    nuclei: tuple[str, ...]

    @property
    def symbols(self) -> tuple[str, ...]:
        """Chemical symbols."""
        return tuple(parts(nucleus)[1] for nucleus in self.nuclei)

    @property
    def masses(self) -> list[float]:
        """Masses in u."""
        known = {nucleus: nuclide_mass(nucleus) for nucleus in set(self.nuclei)}
        return [known[nucleus] for nucleus in self.nuclei]

    @property
    def counts(self) -> dict[str, int]:
        """Nucleus → number of atoms, in the order of the file."""
        return dict(Counter(self.nuclei))

    @property
    def are_atoms(self) -> NDArray[np.bool_]:
        """Shape (n_sites,): whether a site is an atom."""
        return np.array([nucleus != NO_ATOM for nucleus in self.nuclei])

    def of_atoms(self) -> Species:
        """Return the same without sites that are no atoms."""
        return Species(tuple(nucleus for nucleus in self.nuclei if nucleus != NO_ATOM))


def missing_species(file: UploadedFile, frame: Frame, stated: Mapping[str, str]) -> Need | None:
    """Return the need of the elements of labels that name none; None if all are known.

    Raises
    ------
    Refused
        A type is a group of atoms.
    """
    _refuse_united(frame)
    missing = [label for label in _labels(frame) if _nucleus(label, _mass(frame, label), frame, stated) is None]
    if not missing:
        return None
    choices = {}
    for label in missing:
        mass = _mass(frame, label)
        facts: dict[str, Any] = {"n_atoms": int(_has(frame, label).sum()), "mass_u": mass and round(mass, 4)}
        if suggested := _suggestion(label, mass, frame):
            facts["suggested"] = suggested
        choices[parsed_notices.printable(label, 40)] = facts
    params = {"field": "species", "file": file.name, "types": list(choices)}
    return Need("species", Notice("needs_field", params), choices)


def species_of(frame: Frame, stated: Mapping[str, str]) -> Species:
    """Return the nuclei of the atoms of a frame, whose labels are all known.

    Raises
    ------
    Refused
        A stated isotope does not exist.
    """
    known = {}
    for label in _labels(frame):
        mass = _mass(frame, label)
        nucleus = _nucleus(label, mass, frame, stated)
        assert nucleus is not None
        try:
            if nucleus != NO_ATOM:
                nuclide_mass(nucleus)
        except (KeyError, ValueError):
            raise Refused(Notice("unknown_nucleus", {"nucleus": nucleus}), "species") from None
        known[label.encode("latin-1")] = nucleus
    return Species(tuple(known[label] for label in frame.labels.tolist()))


def doubts_about_masses(frame: Frame, species: Species) -> list[Notice]:
    """Return doubts about sites that are no atoms, and about masses of the simulation that are not those of nuclei."""
    notices = []
    out = ~species.are_atoms
    if out.any():
        labels = [label.decode("latin-1") for label in np.unique(frame.labels[out]).tolist()]
        notices.append(Notice("sites_left_out", {"types": labels[:8], "n_sites": int(out.sum())}))
    if frame.masses is not None:
        differing = {}
        for nucleus in dict.fromkeys(species.of_atoms().nuclei):
            masses = frame.masses[np.array(species.nuclei) == nucleus]
            expected = nuclide_mass(nucleus)
            worst = masses[np.argmax(np.abs(masses - expected))]
            if not _agree(float(worst), expected):
                differing[nucleus] = f"{nucleus} {worst:.4g} u"
        if differing:
            notices.append(Notice("other_masses", {"masses": list(differing.values())[:8]}))
    return notices


def _labels(frame: Frame) -> list[str]:
    """Return the different labels in the order of the file."""
    unique, first = np.unique(frame.labels, return_index=True)
    return [label.decode("latin-1") for label in unique[np.argsort(first)].tolist()]


def _has(frame: Frame, label: str) -> NDArray[np.bool_]:
    return np.asarray(frame.labels == label.encode("latin-1"))


def _mass(frame: Frame, label: str) -> float | None:
    return None if frame.masses is None else float(frame.masses[_has(frame, label)].mean())


def _nucleus(label: str, mass: float | None, frame: Frame, stated: Mapping[str, str]) -> str | None:
    """Return the nucleus of a label; None if it names none."""
    if label in stated:
        return HYDROGEN.get(stated[label], stated[label])
    if mass is not None and mass < MAX_SITE_MASS_U:
        return NO_ATOM
    symbol = label[:1].upper() + label[1:].lower() if label.isalpha() else label
    symbol = HYDROGEN.get(symbol, symbol)
    if symbol not in HYDROGEN.values() and (symbol not in atomic_numbers or symbol == "X"):
        return None
    if mass is None:
        # The name of a type proves nothing: CA may be calcium or carbon
        return None if frame.has_type_names else symbol
    return _with_mass(symbol, mass, is_proof=not frame.has_type_names)


def _with_mass(symbol: str, mass: float, *, is_proof: bool) -> str | None:
    """Return the isotope of an element that has a mass; None if the mass is another one and the name no proof."""
    if symbol in atomic_numbers:
        isotope = isotope_of_mass(atomic_numbers[symbol], mass, MASS_ROUNDING_U)
        if isinstance(isotope, str) and isotope:
            return isotope
    return symbol if is_proof or _agree(mass, nuclide_mass(symbol)) else None


def _agree(mass: float, expected: float) -> bool:
    return abs(mass - expected) <= MASS_TOLERANCE_U + MASS_TOLERANCE * expected


def _refuse_united(frame: Frame) -> None:
    """Refuse types that are CH, CH2, CH3 or CH4 by their mass: the positions of their hydrogen are not known."""
    united = [(label, group) for label in _labels(frame) if (group := _united_group(_mass(frame, label)))]
    if united:
        raise Refused(Notice("united_atoms", {"types": [f"{label} ({group})" for label, group in united[:8]]}))


def _united_group(mass: float | None) -> str | None:
    if mass is None:
        return None
    return next((name for name, its in UNITED_MASSES_U.items() if abs(mass - its) < UNITED_TOLERANCE_U), None)


def _suggestion(label: str, mass: float | None, frame: Frame) -> str | None:
    """Return what a label probably means, for the user to confirm."""
    if mass is not None and mass > 0:
        if _agree(mass, nuclide_mass("2H")):
            return "2H"
        nearest = int(np.nanargmin(np.abs(atomic_masses[1:] - mass))) + 1
        agrees = _agree(mass, float(atomic_masses[nearest])) and not _united_group(mass)
        return chemical_symbols[nearest] if agrees else None
    if not frame.has_type_names:
        return None
    name = re.sub(r"[^A-Z]", "", label.upper())
    if SITE_NAMES.fullmatch(label.upper()):
        return NO_ATOM
    if name[:2] in TWO_LETTERS:
        return name[:2].capitalize()
    return name[:1] if name[:1] in atomic_numbers else None
