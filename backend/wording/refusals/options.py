"""Sentences about errors in the options of a simulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend.wording import Words


def _unknown_option(method: str, known: Sequence[str]) -> str:
    return f"There is no such option; the options of {method} are {', '.join(known)}."


WORDS: Final[Mapping[str, Words]] = {
    "few_correlation_frames": "The correlation time contains {n_frames:.0f} frames; choose at least {minimum} "
    "({minimum_ps:.3f} ps).",
    "fixed_by_trajectory": "The trajectory has {value:g} here, which cannot change: leave this option out.",
    "isotopes_of_sites": "The isotopes distinguish sites of an element: leave this option out, or choose one isotope "
    "for all sites of an element.",
    "large_supercell": "The supercell has {n_atoms} atoms, more than the {maximum} allowed; choose fewer repeats.",
    "unit_cell_not_repeated": lambda *, repeats: (
        f"The mean positions of the atoms do not repeat {' × '.join(map(str, repeats))} times: enter the unit cells "
        "along each vector of the trajectory's cell, or leave this option out."
    ),
    "long_correlation": "The correlation time, {correlation_ps:g} ps, must not be longer than the trajectory, "
    "{production_ps:g} ps.",
    "no_born_charges": "The source has no Born charges: leave this option out, or upload the phonons with Born charges "
    "and the dielectric tensor.",
    "no_wave_vector_on_path": "The supercell has no wave vector on this path: choose another path, or more repeats.",
    "no_zone_in_range": "No Brillouin zone lies completely between {minimum_inv_angstrom:.1f} and "
    "{maximum_inv_angstrom:.1f} Å⁻¹; choose a larger |q|, or other instruments.",
    "pressure_without_npt": "Only the ensemble npt uses a pressure: choose npt, or leave the pressure out.",
    "sites_exceed_memory": "{n_sites} sites and their pairs would take {size_mb:.0f} MB, more than the "
    "{maximum_mb:.0f} MB allowed: keep the sites of an element together, or choose a smaller range of q or energy, or "
    "fewer orders.",
    "too_many_zones": "Give at most {maximum} zones.",
    "unknown_option": _unknown_option,
    "unreadable_path": "Write the path as text: at least two points with a hyphen between them, such as Γ-X-U|K-Γ-L.",
    "unreadable_repeats": "Give three whole numbers from 1 to {maximum}, the repeats along each cell vector.",
    "unreadable_zones": 'Choose "first" or "random", or list reciprocal lattice vectors, such as [[0, 0, 4]].',
    "zones_exceed_memory": "{n_zones} zones of {n_wave_vectors} wave vectors take too much memory; choose at most "
    "{maximum} zones, or a shorter path.",
}
