"""Sentences about plans: the features that a setting measures, its hours, and the sources of its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backend import wording
from backend.wording.formatting import (
    SPACE,
    band,
    counted,
    duration,
    feature_energy,
    listed_energies,
    number,
    percent,
    scientific,
    setting_label,
    signed_percent,
)
from scattering import instruments
from scattering.core.notices import Notice

VERDICTS: Final = {
    "resolved": "resolved",
    "likely": "probably resolved",
    "unlikely": "probably not resolved",
    "not resolved": "not resolved",
}


def _both(low_mev: float, high_mev: float) -> str:
    return listed_energies([low_mev, high_mev])


def _pair(verdict: str, *, low_mev: float, high_mev: float, separation_over_fwhm: float, probability: float) -> str:
    certainty = "over 99" if probability > 0.995 else "under 1" if probability < 0.005 else f"{100 * probability:.0f}"
    return (
        f"{_both(low_mev, high_mev)} are {verdict}: {separation_over_fwhm:.1f} widths apart, with a probability "
        f"of {certainty}{SPACE}% of being resolved."
    )


def _pair_resolved(**stated: float) -> str:
    return _pair(VERDICTS["resolved"], **stated)


def _pair_likely_resolved(**stated: float) -> str:
    return _pair(VERDICTS["likely"], **stated)


def _pair_unlikely_resolved(**stated: float) -> str:
    return _pair(VERDICTS["unlikely"], **stated)


def _pair_not_resolved(**stated: float) -> str:
    return _pair(VERDICTS["not resolved"], **stated)


def _above_incident_fraction(*, end_mev: float, incident_fraction: float) -> str:
    return f"above {end_mev:.0f} meV, {percent(incident_fraction)} of the incident energy"


def _q_beyond_simulation(*, energy_mev: float, unsimulated_fraction: float, q_end_inv_angstrom: float) -> str:
    return (
        f"At {feature_energy(energy_mev)} meV, {percent(unsimulated_fraction)} of the detectors measure q beyond "
        f"{q_end_inv_angstrom:.0f} Å⁻¹, the end of the simulation. These detectors are assumed to have the average "
        "count rate of the others."
    )


def _calibrated_by_dataset(
    *,
    dataset: str,
    mass_g: float,
    relative_uncertainty: float,
    exposure_h: float | None = None,
    exposure_uah: float | None = None,
) -> str:
    exposure = f"{exposure_h:g} h" if exposure_h is not None else f"{exposure_uah:g} µA h"
    return (
        f"Calibrated by “{dataset}”: {mass_g:g} g measured for {exposure}. Count rates are assumed to be right within "
        f"{percent(relative_uncertainty)}."
    )


def _calibrated_by_standard(
    *,
    standard: str,
    mass_g: float,
    from_mev: float,
    to_mev: float,
    relative_uncertainty: float,
    source: str,
    entered_by: str,
    measured_on: str | None,
) -> str:
    name = "vanadium" if standard == "vanadium" else "a standard"
    known = [source, *([f"measured on {measured_on}"] if measured_on else [])]
    known += [f"entered by {entered_by}"] if entered_by else []
    return (
        f"Calibrated by the counts of {mass_g:g} g of {name} between {from_mev:g} and {to_mev:g} meV "
        f"({'; '.join(known)}). Count rates are assumed to be right within {percent(relative_uncertainty)}."
    )


def _published_flux(
    *,
    flux_n_cm2_s: float,
    source: str,
    flux_factor: float,
    solid_angle_sr: float,
    detector_relative_uncertainty: float,
    ambient_background_per_m_h: float,
) -> str:
    return (
        f"Flux {scientific(flux_n_cm2_s)} n/(cm² s) at {source}, calculated with PyChop, known within a factor of "
        f"{flux_factor:g}. Detectors of {solid_angle_sr:g} sr, known within {percent(detector_relative_uncertainty)}. "
        f"Ambient background as on MARI: {ambient_background_per_m_h:g} counts an hour per metre of tube."
    )


def _no_published_flux(*, calibration_holds_for_its_settings: bool) -> str:
    where = ", measured with these settings" if calibration_holds_for_its_settings else ""
    return (
        f"No published absolute flux. To get hours, calibrate with a dataset of your own{where}, or with the counts of "
        "a standard."
    )


def _resolution_validated(*, relative_uncertainty: float) -> str:
    return f"Resolution known within {percent(relative_uncertainty)}."


def _resolution_not_validated(*, relative_uncertainty: float) -> str:
    return (
        f"Resolution model not validated: it was never compared with data. Assumed to be right within "
        f"{percent(relative_uncertainty)}."
    )


def _features_measured(*, n_measured: int, n_features: int) -> str:
    if n_features == 1:
        return "Measures the target feature." if n_measured else "Does not measure the target feature."
    if n_measured == n_features:
        return f"Measures all {n_features} target features."
    return f"Measures {n_measured} of {n_features} target features."


def _setting_tally(*, n_features: int, n_reachable: int, n_measured: int, n_pairs: int, n_resolved: int) -> str:
    reach = f" ({n_reachable} in reach)" if n_measured < n_reachable else ""
    features = f"{n_measured} of {counted(n_features, 'feature')} measured{reach}"
    return f"{features}, {n_resolved} of {counted(n_pairs, 'pair')} resolved" if n_pairs else features


def _pair_not_measured(*, low_mev: float, high_mev: float, unmeasured_mev: Sequence[float]) -> str:
    return f"{_both(low_mev, high_mev)} are not resolved: no peak is measured at {listed_energies(unmeasured_mev)}."


def _features_out_of_reach(*, energies_mev: Sequence[float], reason: Mapping[str, Any] | None = None) -> str:
    why = "" if reason is None else f": {wording.message(Notice.from_json(reason))}"
    return f"Does not reach {listed_energies(energies_mev)}{why}."


def _features_washed_out(*, energies_mev: Sequence[float]) -> str:
    return f"At this resolution, the target features at {listed_energies(energies_mev)} are not visible as peaks."


def _features_too_slow(*, energies_mev: Sequence[float], limit_h: float) -> str:
    return f"Needs more than {duration(limit_h)} for {listed_energies(energies_mev)}."


def _pairs_resolved(
    *,
    n_resolved: int,
    n_pairs: int,
    closest_low_mev: float,
    closest_high_mev: float,
    closest_separation_over_fwhm: float,
    closest_verdict: str,
) -> str:
    closest = (
        f"{_both(closest_low_mev, closest_high_mev)}, {closest_separation_over_fwhm:.1f} widths apart: "
        f"{VERDICTS[closest_verdict]}"
    )
    if n_pairs == 1:
        return f"{'Resolves' if n_resolved else 'Does not resolve'} the pair ({closest})."
    if n_resolved == n_pairs:
        return f"Resolves all {n_pairs} pairs (closest: {closest})."
    if n_resolved == 0:
        return f"Resolves none of the {n_pairs} pairs (closest: {closest})."
    return f"Resolves {n_resolved} of {n_pairs} pairs (closest: {closest})."


def _hours_estimated(*, hours: float, hours_low: float, hours_high: float, slowest_mev: float) -> str:
    return f"Takes {band(hours, hours_low, hours_high)}; the slowest feature is {feature_energy(slowest_mev)} meV."


def _alternative(
    *,
    instrument: str,
    settings: Mapping[str, Any],
    resolution_percent: float,
    other_resolution_percent: float,
    time_ratio: float,
) -> str:
    _, _, named = setting_label(instruments.get(instrument), settings).partition(", ")
    hours = "the same hours" if number(time_ratio) == "1" else f"{number(time_ratio)} times the hours"
    return (
        f"{named} (resolution {other_resolution_percent:.1f}{SPACE}% instead of {resolution_percent:.1f}{SPACE}%, "
        f"{hours})."
    )


def _sharper_setting(**compared: Any) -> str:
    return f"Finer resolution: {_alternative(**compared)}"


def _faster_setting(**compared: Any) -> str:
    return f"Faster: {_alternative(**compared)}"


def _known_energy_bias(*, bias: float, energy_scale: float) -> str:
    return (
        f"Compared with measured phonons, the energies are off by {signed_percent(bias)}: an energy scale of "
        f"{energy_scale:.2f} corrects that."
    )


def _no_peak_at_features(*, energies_mev: Sequence[float]) -> str:
    return f"The forecast has no peak at {listed_energies(energies_mev)}: all intensity there counts as signal."


def _no_feature_measured(*, limit_h: float) -> str:
    return f"None of the tried settings measures a feature within {duration(limit_h)}."


def counts_unit(bin_mev: float, hours: float) -> str:
    """Return the unit of the counts of a simulated measurement: "counts per 0.5 meV in 12 h"."""
    return f"counts per {bin_mev:g} meV in {duration(hours)}"


WORDS: Final[Mapping[str, wording.Words]] = {
    "pair_resolved": _pair_resolved,
    "pair_likely_resolved": _pair_likely_resolved,
    "pair_unlikely_resolved": _pair_unlikely_resolved,
    "pair_not_resolved": _pair_not_resolved,
    "pair_not_reachable": lambda *, low_mev, high_mev: (
        f"{_both(low_mev, high_mev)} cannot be resolved: the instrument does not reach both."
    ),
    # Why a feature is not reached: these stand after a colon, or alone in a table
    "above_incident_fraction": _above_incident_fraction,
    "above_range": "above {end_mev:.0f} meV, the end of the range",
    "perhaps_above_range": "perhaps above {end_mev:.0f} meV, the end of the range: its energy is uncertain by "
    "{energy_uncertainty_mev:.1f} meV",
    "under_elastic_line": "under the elastic line, which is {fwhm_mev:.1f} meV wide",
    "below_range": "below {start_mev:.1f} meV, the start of the range",
    "no_intensity_in_window": "no intensity at the momentum transfers that are both reached and simulated",
    "q_beyond_simulation": _q_beyond_simulation,
    "calibrated_by_dataset": _calibrated_by_dataset,
    "calibrated_by_standard": _calibrated_by_standard,
    "calibration_factor": "The measured counts are {measured_over_computed:.2g} times the calculated counts.",
    "published_flux": _published_flux,
    "no_published_flux": _no_published_flux,
    "resolution_validated": _resolution_validated,
    "resolution_not_validated": _resolution_not_validated,
    "pair_not_measured": _pair_not_measured,
    "setting_tally": _setting_tally,
    "features_measured": _features_measured,
    "features_out_of_reach": _features_out_of_reach,
    "features_washed_out": _features_washed_out,
    "features_too_slow": _features_too_slow,
    "pairs_resolved": _pairs_resolved,
    "hours_relative_only": lambda *, slowest_mev: (
        "Hours are relative only: there is no published absolute flux. The slowest feature is "
        f"{feature_energy(slowest_mev)} meV. Calibrate with a dataset of your own, or with the counts of a standard, "
        "to get hours."
    ),
    "hours_estimated": _hours_estimated,
    "beam_time_exceeded": "These hours exceed the {limit_h:g} h of available beam time.",
    "beam_time_perhaps_exceeded": "If the count rates are at the low end of their band, the {limit_h:g} h of beam time "
    "available are not enough.",
    "sharper_setting": _sharper_setting,
    "faster_setting": _faster_setting,
    "known_energy_bias": _known_energy_bias,
    "natural_mass_frequencies": "Frequencies are those of the simulated masses: these isotopes change only the "
    "scattering.",
    "no_peak_at_features": _no_peak_at_features,
    "powder_average_hours": "The hours are estimated for the powder average of the crystal, all orientations together. "
    "A map of one zone takes longer, because it uses a smaller part of the solid angle of the detectors.",
    "nothing_simulated_in_window": "no part of the simulated range is reached",
    "no_instrument_left": "No instrument within the constraints reaches any of the features: loosen the constraints.",
    "no_feature_measured": _no_feature_measured,
}
