"""Sentences about errors in a view of a prediction: probe, isotopes, corrections, ranges, a point of a path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend.wording import Words


def _phonon_order_not_held(n_orders: int) -> str:
    if not n_orders:
        return "This prediction contains all phonon orders as one sum: only the harmonic method separates them."
    return f"This prediction contains the phonon orders 1 to {n_orders}: choose one of them."


def _species_not_in_sample(species: str, present: Sequence[str]) -> str:
    return f"The sample has no {species}; it has {', '.join(present)}."


def _unknown_point(point: str, known: Sequence[str]) -> str:
    example = next((name for name in known if name != "Γ"), "X")
    return f"This lattice has no point {point!r}; it has {', '.join(known)}. Write a path such as Γ-{example}."


def _no_wave_vector_at_point(point: str, available: Sequence[str], on_path: bool) -> str:
    why = f"The supercell has no wave vector at {point}" if on_path else f"The path does not pass {point}"
    if not available:
        return f"{why}, and no named point has a wave vector: choose a wave vector by its number."
    return f"{why}; choose one of {', '.join(available)}."


WORDS: Final[Mapping[str, Words]] = {
    "diverging_correction": "The correction {correction!r} grows exponentially with βħω, which reaches "
    "{reduced_energy:.0f} here; choose 'harmonic'.",
    "empty_energy_grid": "max must be above min, and step must be above 0.",
    "empty_path_segment": "The path goes from {point} to {point}: remove one of the two.",
    "empty_q_range": "min must be at least 0, and max must be above min.",
    "incoherent_without_neutrons": "X-rays and electrons scatter coherently from atoms; choose total or coherent.",
    "instrument_needed": "This needs an instrument: choose an instrument, or leave this out.",
    "isotope_fractions": "Give the fractions of the isotopes as numbers from 0 to 1 that sum to 1.",
    "isotopes_without_neutrons": "Only neutrons distinguish isotopes: leave the isotopes out, or choose neutrons.",
    "kubo_correction": "Path-integral dynamics is already quantum, except for its Kubo transform, which 'harmonic' "
    "undoes exactly. {correction!r} would count the quantum effects twice; choose 'harmonic' or 'none'.",
    "narrow_energy_range": "The range of energy must be at least {minimum_mev:g} meV wide.",
    "neutron_instrument": "The instruments are neutron spectrometers; leave the instrument out for another probe.",
    "no_elastic_line_along_path": "A forecast along a path has no elastic line; use a forecast for a powder.",
    "no_form_factor": "There is no {probe} form factor of {element} up to {q_max_inv_angstrom:.1f} Å⁻¹; choose another "
    "probe.",
    "no_interference": "The forecast was made of modes without force constants, in the incoherent approximation: it "
    "has no interference between atoms. Choose total or incoherent.",
    "no_neutron_data": "There is no neutron scattering length of {nuclide}; choose another isotope.",
    "no_wave_vector_at_point": _no_wave_vector_at_point,
    "not_a_zone_centre": "{vector_rlu} is not the centre of a Brillouin zone, because the cell is centred. The nearest "
    "centre is {nearest_rlu}.",
    "number_of_bins": "Choose a step that gives between {minimum} and {maximum} bins.",
    "phonon_order_not_held": _phonon_order_not_held,
    "q_range_not_simulated": "The simulation covers {minimum_inv_angstrom:.1f} to {maximum_inv_angstrom:.1f} Å⁻¹; "
    "choose a range that overlaps with it.",
    "species_not_in_sample": _species_not_in_sample,
    "symmetry_not_found": "The symmetry of the structure was not found. Check whether two atoms are on the same site.",
    "unknown_isotope": "{isotope!r} is not an isotope of {element}; write mass number and symbol, such as 2H.",
    "unknown_point": _unknown_point,
    "width_beside_instrument": "The instrument has its own resolution: leave the width out, or the instrument.",
    "map_beside_spectrum": "“{dataset}” is a map: choose a figure of kind 'map'.",
    "several_measured_maps": "A figure shows one measured map beside the forecast: make a figure for each map.",
    "spectrum_beside_map": "“{dataset}” is a spectrum: choose a figure of kind 'spectrum'.",
}
