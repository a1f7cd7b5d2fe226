"""The element or isotope that a label of a trajectory means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from ase.data import atomic_numbers

from backend.kit.files import parsed_notices
from backend.sources.formats.reading import Need, Refused, UploadedFile
from backend.sources.formats.trajectories.frames import Frame
from scattering.core.isotopes import nuclide_mass, parts
from scattering.core.notices import Notice

HYDROGEN: Final = {"D": "2H", "T": "3H"}


@dataclass(frozen=True)
class Species:
    """The nuclei of the atoms of a trajectory.

    Attributes
    ----------
    nuclei
        Element or isotope of each atom, such as "Na" or "2H".
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


def missing_species(file: UploadedFile, frame: Frame, stated: Mapping[str, str]) -> Need | None:
    """Return the need of the elements of labels that name none; None if all are known."""
    missing = [label for label in _labels(frame) if _nucleus(label, stated) is None]
    if not missing:
        return None
    choices = {}
    for label in missing:
        atoms = frame.labels == label.encode("latin-1")
        mass = None if frame.masses is None else round(float(frame.masses[atoms].mean()), 4)
        choices[parsed_notices.printable(label, 40)] = {"n_atoms": int(atoms.sum()), "mass_u": mass}
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
        nucleus = _nucleus(label, stated)
        assert nucleus is not None
        try:
            nuclide_mass(nucleus)
        except (KeyError, ValueError):
            raise Refused(Notice("unknown_nucleus", {"nucleus": nucleus}), "species") from None
        known[label.encode("latin-1")] = nucleus
    return Species(tuple(known[label] for label in frame.labels.tolist()))


def _labels(frame: Frame) -> list[str]:
    """Return the different labels in the order of the file."""
    unique, first = np.unique(frame.labels, return_index=True)
    return [label.decode("latin-1") for label in unique[np.argsort(first)].tolist()]


def _nucleus(label: str, stated: Mapping[str, str]) -> str | None:
    if label in stated:
        return HYDROGEN.get(stated[label], stated[label])
    symbol = label[:1].upper() + label[1:].lower() if label.isalpha() else label
    if symbol in HYDROGEN:
        return HYDROGEN[symbol]
    return symbol if symbol in atomic_numbers and symbol != "X" else None
