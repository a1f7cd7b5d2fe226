"""Sentences about errors in the settings of an instrument, a sample, or a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend.wording import Words
from backend.wording.formatting import feature_energy, listed


def _unknown_setting(instrument: str, known: Sequence[str]) -> str:
    has = f"its settings are {', '.join(known)}" if known else "it has no settings"
    return f"{instrument} has no such setting; {has}."


def _setting_not_above(setting: str, lower: str, lower_value: float) -> str:
    return f"{setting} must be above {lower.lower()}, {lower_value:g}."


def _no_feature_at_energy(energy_mev: float, features_mev: Sequence[float]) -> str:
    named = ", ".join(map(feature_energy, features_mev))
    return f"There is no feature at {energy_mev:g} meV; the features are at {named} meV."


def _count_rate_not_known(instrument: str, of_these_settings: bool) -> str:
    settings = " with these settings" if of_these_settings else ""
    return (
        f"The count rate of {instrument}{settings} is not known, so a measurement cannot be simulated. Calibrate it "
        "with a dataset of yours whose exposure and mass are known, or with the counts of a standard."
    )


def _no_transmission(instrument: str, turns: str) -> str:
    if turns == "too_fast":
        why = "too fast for neutrons this slow. Choose a lower frequency, a higher incident energy or another package."
    else:
        why = (
            "too slowly for neutrons this fast. Choose a higher frequency, a lower incident energy or another package."
        )
    return f"{instrument} transmits no neutrons with these settings: its Fermi chopper turns {why}"


_FACTS: Final = {
    "instrument": "its instrument",
    "mass": "the mass of the sample",
    "exposure": "the exposure (in hours, or in µA h at ISIS)",
}


def _calibration_lacks_facts(dataset: str, missing: Sequence[str]) -> str:
    facts = listed(_FACTS.get(one, one) for one in missing)
    return f"“{dataset}” cannot be used for calibration yet: give {facts} on its card."


WORDS: Final[Mapping[str, Words]] = {
    "annulus_too_thick": "The wall of an annulus with an outer diameter of {diameter_mm:g} mm is at most "
    "{maximum_mm:g} mm thick.",
    "beyond_forecast": "The forecast ends at {end_mev:.0f} meV; choose a lower energy.",
    "band_out_of_range": "{instrument} measures, and the standard is known, from {start_mev:.3g} to {end_mev:.3g} meV; "
    "choose a band within this range.",
    "bands_overlap": "Two bands overlap at {at_mev:g} meV; end one where the next begins.",
    "calibration_source": "Give either a dataset or a stored calibration.",
    "calibration_unlike_forecast": "The forecast does not fit the dataset, so the dataset cannot be used for "
    "calibration.",
    "calibration_with_few_counts": "No part of the dataset has {minimum:.0f} counts or more, so the dataset cannot be "
    "used for calibration.",
    "calibration_without_errors": "The dataset has no errors, so its counts are not known and it cannot be used for "
    "calibration.",
    "calibration_without_errors_in_range": "No point of the dataset within the fitted range has an error, so the "
    "dataset cannot be used for calibration.",
    "elastic_band_of_forecast": "A band with the elastic line needs vanadium as its standard; begin the band above 0.",
    "elastic_band_of_white_beam": "The elastic line does not calibrate an instrument with indirect geometry: its "
    "incident energy is far below those of the spectrum. Give a band of energy transfers above 0.",
    "empty_band": "The band must end above its start.",
    "energy_unsuited_to_package": "The chopper package {package} works from {minimum_mev:g} to {maximum_mev:g} meV; "
    "choose an incident energy in this range, or another package.",
    "no_feature_at_energy": _no_feature_at_energy,
    "no_peaks_found": "The forecast has no clear peak; give the energies of the features.",
    "no_resolution_model": "{instrument} has no resolution model for these settings: {reason}",
    "no_standard_in_band": "The standard does not scatter between {from_mev:g} and {to_mev:g} meV; choose another "
    "band.",
    "no_transmission": _no_transmission,
    "pair_of_one_feature": "Both energies belong to the same feature; give two features.",
    "prediction_beside_calibration": "A stored calibration has its own standard; leave the prediction out.",
    "prediction_of_standard": "A standard that is a forecast needs a prediction, and vanadium has none.",
    "sample_does_not_fit": "{amount:g} {unit} do not fit into {width_mm:g} mm × {height_mm:g} mm, which "
    "contain {maximum_cm3:.3g} cm³; make the sample wider or higher.",
    "sample_too_thick": "For {amount:g} {unit} the sample must be {thickness_mm:.0f} mm thick, which is too much; make "
    "it wider or higher, or choose a smaller amount.",
    "scattering_out_of_reach": "This {geometry} scatters at most {maximum_percent:.2g} % of the beam, not "
    "{requested_percent:g} %; choose a smaller fraction, or give the thickness.",
    "setting_not_above": _setting_not_above,
    "standard_without_flux": "The flux of {instrument} with these settings is not known; choose other settings.",
    "standard_without_forecast": "The forecast of the standard was deleted, so the calibration cannot be used; enter "
    "it again with another forecast.",
    "unknown_setting": _unknown_setting,
    "calibration_lacks_facts": _calibration_lacks_facts,
    "calibration_without_flux": "The flux of {instrument} with the settings of “{dataset}” is not known, so the "
    "dataset cannot be used for calibration.",
    "count_rate_not_known": _count_rate_not_known,
    "no_instrument_for_sample": "No instrument of these facilities measures such a sample: choose other facilities or "
    "instruments.",
    "no_scattering_in_range": "With these settings the sample does not scatter between the elastic line and the end of "
    "the range; choose other settings.",
    "too_many_bins": "This measurement needs more than {maximum} bins; choose wider bins.",
    "too_many_settings": "This plan would try {n_settings} settings, more than the {maximum} allowed; choose fewer "
    "instruments.",
}
