"""Expansion of an asymmetric unit to all atoms of the cell, by the operations of a space group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats.reading import TooManyAtoms
from backend.structures.formats.symmetry import Operations
from scattering.core.isotopes import Substitution
from scattering.core.notices import Notice

MERGE_ANGSTROM = 0.1
"""Images of one site nearer than this are one atom on a symmetry element whose coordinates were rounded."""

SPLIT_ANGSTROM = 0.5
"""Images of one site nearer than this, but not the same, are halves of a disordered atom: no bond is so short."""


@dataclass(frozen=True)
class Site:
    """An atom of the asymmetric unit: name in the file, atomic number, fractional position (3,), and isotope or ""."""

    label: str
    number: int
    position: NDArray[np.float64]
    isotope: Substitution = ""


def distances(fractional: NDArray[np.float64], cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Å between points a fractional offset apart, to the nearest image (exact when it is well under half a cell)."""
    wrapped = fractional - np.rint(fractional)
    return np.asarray(np.linalg.norm(wrapped @ cell, axis=-1))


def expand(
    sites: list[Site],
    operations: Operations,
    cell: NDArray[np.float64],
    max_atoms: int,
    notices: list[Notice],
) -> tuple[list[int], NDArray[np.float64], list[Substitution]]:
    """All atoms of the cell: atomic numbers, fractional positions in [0, 1), shape (n_atoms, 3), and isotopes.

    A site's images within `MERGE_ANGSTROM` of it are itself: it lies on a symmetry element and is put exactly there.
    """
    placed, images_per_site, n_atoms, split = [], [], 0, []
    for site in sites:
        images = operations.images(site.position)
        offsets = images - site.position
        offsets -= np.rint(offsets)
        distance = np.linalg.norm(offsets @ cell, axis=1)
        stabiliser = distance < MERGE_ANGSTROM
        nearest = distance[~stabiliser].min(initial=np.inf)
        if nearest < SPLIT_ANGSTROM:
            split.append((site.label, nearest))
        placed.append(site.position + offsets[stabiliser].mean(axis=0))
        images_per_site.append(len(operations) // int(stabiliser.sum()))
        n_atoms += images_per_site[-1]
    if n_atoms > max_atoms:
        raise TooManyAtoms(n_atoms, max_atoms)
    if split:
        label, nearest = split[0]
        raise Unreadable(Notice("site_near_own_image", {"site": label[:20], "distance_angstrom": float(nearest)}))

    numbers: list[int] = []
    points: list[NDArray[np.float64]] = []
    owners: list[int] = []
    for index, (site, position, expected) in enumerate(zip(sites, placed, images_per_site, strict=True)):
        orbit = _distinct(operations.images(position), cell)
        if len(orbit) != expected:
            found = {"site": site.label[:20], "n_images": len(orbit), "n_expected": expected}
            notices.append(Notice("unexpected_images", found))
        numbers += [site.number] * len(orbit)
        points.append(orbit)
        owners += [index] * len(orbit)
    repeated = _repeats(numbers, np.concatenate(points) % 1.0, owners, sites, cell)
    if repeated and len(operations) == 1:
        raise Unreadable(Notice("atoms_listed_twice", {"n_atoms": len(repeated)}))
    if repeated:
        notices.append(Notice("atoms_repeated_by_symmetry", {"n_atoms": len(repeated)}))
    kept = [index for index in range(len(numbers)) if index not in repeated]
    isotopes = [sites[owners[index]].isotope for index in kept]
    return [numbers[index] for index in kept], (np.concatenate(points) % 1.0)[kept], isotopes


def _distinct(points: NDArray[np.float64], cell: NDArray[np.float64]) -> NDArray[np.float64]:
    kept: list[int] = []
    remaining = np.arange(len(points))
    while remaining.size:
        kept.append(int(remaining[0]))
        remaining = remaining[distances(points[remaining] - points[remaining[0]], cell) >= MERGE_ANGSTROM]
    return points[kept]


def _repeats(
    numbers: list[int],
    points: NDArray[np.float64],
    owners: list[int],
    sites: list[Site],
    cell: NDArray[np.float64],
) -> set[int]:
    """Atoms that lie where an earlier one of the same element and isotope does; others on one spot are refused."""
    # Sorted along the longest axis, only atoms within the merge distance along it need be compared.
    axis = int(np.argmax(np.linalg.norm(cell, axis=1)))
    order = np.argsort(points[:, axis], kind="stable")
    height = abs(np.linalg.det(cell)) / np.linalg.norm(np.cross(cell[(axis + 1) % 3], cell[(axis + 2) % 3]))
    window = MERGE_ANGSTROM / height
    repeated: set[int] = set()
    sorted_axis = points[order, axis]
    for rank, atom in enumerate(order):
        if int(atom) in repeated:
            continue
        ahead = np.searchsorted(sorted_axis, sorted_axis[rank] + window, side="right")
        wrapped = np.searchsorted(sorted_axis, sorted_axis[rank] + window - 1.0, side="right")
        candidates = np.concatenate([order[rank + 1 : ahead], order[: min(wrapped, rank)]])
        close = candidates[distances(points[candidates] - points[atom], cell) < MERGE_ANGSTROM]
        for other in map(int, close):
            first, second = sorted((int(atom), other))
            pair = [sites[owners[index]] for index in (first, second)]
            if len({(site.number, str(site.isotope)) for site in pair}) > 1:
                raise Unreadable(Notice("overlapping_sites", {"sites": [site.label[:20] for site in pair]}))
            repeated.add(second)
    return repeated
