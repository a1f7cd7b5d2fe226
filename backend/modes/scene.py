"""The atoms and bonds of an animated mode, chosen as in the figure of a structure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase.data import atomic_numbers
from numpy.typing import NDArray

from backend.figures.structure import FACE_TOLERANCE, drawn_bonds, images_on_faces, marker_size, whole_molecules
from backend.structures.geometry import StructureData
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.modes.motion import Motion


@dataclass(frozen=True, eq=False)
class Scene:
    """Atoms that are drawn, and their motion.

    Attributes
    ----------
    motion
        The motion of all drawn atoms, also of images outside the shown cell.
    inside
        Shape (n,): whether an atom is one of the shown cell, not a further image.
    bonds
        Shape (n_bonds, 2): indices of the atoms of each bond.
    sizes_px
        Element → size of its markers in pixels.
    """

    motion: Motion
    inside: NDArray[np.bool_]
    bonds: NDArray[np.int64]
    sizes_px: dict[str, float]


def scene(crystal: HarmonicCrystal, motion: Motion) -> Scene:
    """Return the atoms and bonds of a motion: whole molecules, atoms on faces twice, and bonded atoms outside."""
    numbers = np.array([atomic_numbers[crystal.symbols[atom]] for atom in motion.atoms])
    fractional = motion.positions @ np.linalg.inv(motion.lattice)
    wrapped = motion.moved(-np.floor(fractional + FACE_TOLERANCE).astype(np.int64))
    structure = StructureData(numbers, wrapped.positions, wrapped.lattice, np.ones(3, dtype=bool))
    first, second, shifts = drawn_bonds(structure)
    offsets, whole = whole_molecules(structure, first, second, shifts)
    shifts = shifts + offsets[first] - offsets[second]
    drawn = {(index, (0, 0, 0)): index for index in range(len(numbers))}

    def add(index: int, shift: tuple[int, ...]) -> None:
        drawn.setdefault((index, (shift[0], shift[1], shift[2])), len(drawn))

    for index, place in enumerate(structure.fractional):
        for image in images_on_faces(place, whole=bool(whole[index])):
            add(index, image)
    pairs = list(zip(first.tolist(), second.tolist(), map(tuple, shifts.tolist()), strict=True))
    for one, other, shift in pairs:
        if any(shift):
            add(other, shift)
            add(one, tuple(-step for step in shift))
    chosen = np.array([index for index, _ in drawn])
    images = np.array([image for _, image in drawn])
    moved = wrapped.images(chosen, offsets[chosen] + images)
    images_of: dict[int, list[tuple[tuple[int, int, int], int]]] = {}
    for (index, image), number in drawn.items():
        images_of.setdefault(index, []).append((image, number))
    bonded = []
    for one, other, shift in pairs:
        for image, number in images_of[one]:
            place = (image[0] + shift[0], image[1] + shift[1], image[2] + shift[2])
            if (other, place) in drawn:
                bonded.append((number, drawn[other, place]))
    return Scene(
        motion=moved,
        inside=np.arange(len(chosen)) < len(numbers),
        bonds=np.array(bonded, dtype=np.int64).reshape(-1, 2),
        sizes_px={symbol: marker_size(atomic_numbers[symbol], structure) for symbol in sorted(set(crystal.symbols))},
    )
