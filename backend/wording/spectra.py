"""Sentences about forecast spectra and maps, of powders and of single crystals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend.wording import Words
from backend.wording.formatting import listed


def _isotopes_in_scattering_only(*, substitutions: Mapping[str, str]) -> str:
    names = ", ".join(f"{species} replaced by {isotope}" for species, isotope in substitutions.items())
    return f"{names}: the scattering is that of the isotope, the frequencies are those of the simulated mass."


def _diffusing(*, species: Sequence[str]) -> str:
    diffuse = "diffuses: part of its" if len(species) == 1 else "diffuse: part of their"
    return f"{', '.join(species)} {diffuse} elastic line is quasi-elastic. Select the elastic line to show it."


def _no_zone_in_window(*, instrument: str | None) -> str:
    reached = "the chosen range of |q|" if instrument is None else f"the window of {instrument}"
    return f"No simulated Brillouin zone lies in {reached}."


def _difference_of_units(*, units: Sequence[str]) -> str:
    return (
        f"Curves in {listed(units)} have no difference: normalise them to the maximum or to the area. Cuts of single "
        "crystals have the unit of powders if they are not divided by |q|²."
    )


WORDS: Final[Mapping[str, Words]] = {
    "zones_of_powder": "A powder has no Brillouin zones: choose a map or a spectrum.",
    "difference_of_units": _difference_of_units,
    "data_beside_path": (
        "Measured data can be drawn only beside predictions for powders, and here are only single crystals: leave the "
        "data out, or add the prediction for a powder."
    ),
    "path_of_powder": "This prediction is for a powder, which has no path: leave out the field “path”.",
    "powders_beside_path": (
        "This prediction is for a single crystal along a path: leave predictions for powders out of the request."
    ),
    "reach_beyond_simulated_q": (
        "{instrument} reaches {reached_q_inv_angstrom:.1f} Å⁻¹ with these settings; the simulation was analysed up to "
        "{simulated_q_inv_angstrom:.1f} Å⁻¹. The average covers only that part."
    ),
    "nothing_in_window": "With these settings, no part of the simulated range lies in the window of {instrument}.",
    "simulation_coarser_than_resolution": (
        "The simulation resolves {simulated_fwhm_mev:.1f} meV, and {instrument} resolves {instrument_fwhm_mev:.1f} "
        "meV: lines are broader here than in a measurement."
    ),
    "bins_coarser_than_resolution": (
        "Between {from_mev:.3g} and {to_mev:.3g} meV the energy bins of the simulation are too wide for {instrument}: "
        "sharp lines are up to {peak_loss_fraction:.0%} too low (bins of {bin_mev:.2g} meV, resolution {fwhm_mev:.2g} "
        "meV)."
    ),
    "cut_at_known_end": (
        "The spectrum ends at {end_mev:.4g} meV. Between there and the end of the simulation or the incident energy, "
        "{known_mev:.4g} meV, the intensities would be too low: scattering from beyond that end is missing."
    ),
    "intensity_incomplete": (
        "Intensities are complete between {from_mev:.4g} and {to_mev:.4g} meV only: outside this range, some "
        "neutrons are not simulated or not measured."
    ),
    "isotopes_in_scattering_only": _isotopes_in_scattering_only,
    "diffusing_species": _diffusing,
    "no_bragg_peaks": (
        "The coherent elastic line has no Bragg peaks of the powder: harmonic predictions leave Bragg scattering out. "
        "Molecular dynamics has it only at the q points that fit the supercell."
    ),
    "no_zone_in_window": _no_zone_in_window,
    "zones_along_lines": (
        "{instrument} measures along lines in (|q|, ω): a zone is included if a line passes within "
        "{tolerance_inv_angstrom:.2f} Å⁻¹ of it."
    ),
    "debye_waller_divided": (
        "In the farthest zones a Debye–Waller factor as small as {smallest_factor:.2g} is divided out, which also "
        "magnifies multiphonon scattering. Choose a smaller range of |q|."
    ),
}
