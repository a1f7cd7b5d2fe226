"""The setting of a space group that a CIF names without its operations.

A monoclinic group has several settings in one cell, and some cubic groups have two origins. The wrong setting keeps the
atoms of a molecule together, but puts molecules, or atoms, too close to one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from ase.data import covalent_radii
from numpy.typing import NDArray

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats.expansion import MERGE_ANGSTROM, Site, distances, expand
from backend.structures.formats.symmetry import Operations
from scattering.core.notices import Notice

MAX_SITES: Final = 60
MIN_ADVANTAGE: Final = 0.05
"""Relative difference of the closest contacts of two settings from which the larger one decides."""


@dataclass(frozen=True)
class _Candidate:
    """A setting: its closest contact as a multiple of the sum of covalent radii and in Å."""

    name: str
    operations: Operations
    contact: float
    distance_angstrom: float


def choose_setting(
    settings: Sequence[tuple[str, Operations]], sites: list[Site], cell: NDArray[np.float64], max_atoms: int, group: str
) -> tuple[Operations, Notice]:
    """Choose the setting in which atoms that its own operations bring together are farthest apart.

    Operations that all settings share, such as the inversion, say nothing: a bond across it is the same in each.

    Parameters
    ----------
    settings
        Names and operations, the standard setting first.
    group
        The group as the file names it.
    """
    shared = set.intersection(*(set(operations.keys_modulo_lattice()) for _, operations in settings))
    candidates = [_assess(name, operations, shared, sites, cell, max_atoms) for name, operations in settings]
    best = max(candidates, key=lambda one: one.contact)
    # Settings with equal contacts are often the same crystal, shifted: the standard one stands for all
    equal = [one for one in candidates if one.contact >= best.contact * (1 - MIN_ADVANTAGE)]
    chosen = equal[0]
    stated = {"space_group": group, "n_settings": len(settings), "setting": chosen.name}
    distance = chosen.distance_angstrom if np.isfinite(chosen.distance_angstrom) else None
    alternatives = [one.name for one in equal[1:]]
    return chosen.operations, Notice(
        "space_group_setting_assumed", {**stated, "distance_angstrom": distance, "alternatives": alternatives}
    )


def _assess(
    name: str, operations: Operations, shared: set[bytes], sites: list[Site], cell: NDArray[np.float64], max_atoms: int
) -> _Candidate:
    try:
        expand(sites, operations, cell, max_atoms, [])
    except Unreadable:
        return _Candidate(name, operations, 0.0, 0.0)
    own = np.array([key not in shared for key in operations.keys_modulo_lattice()])
    some = sites[:MAX_SITES]
    positions = np.array([site.position for site in some])
    radii = covalent_radii[[site.number for site in some]]
    images = np.einsum("oij,sj->osi", operations.rotation[own], positions) + operations.translation[own][:, None, :]
    apart = distances(images[:, :, None, :] - positions, cell)
    in_radii = np.where(apart > MERGE_ANGSTROM, apart / (radii[:, None] + radii), np.inf)
    closest = np.unravel_index(int(np.argmin(in_radii)), in_radii.shape) if in_radii.size else None
    contact = float(in_radii[closest]) if closest else np.inf
    return _Candidate(name, operations, contact, float(apart[closest]) if closest else np.inf)
