"""Sentences about comparisons of a forecast with measured data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backend.wording import Words, message
from backend.wording.formatting import SPACE, counted, listed, number, percent
from scattering.core.notices import Notice

PARAMETERS: Final = {
    "scale": "scale",
    "shift_mev": "shift",
    "stretch": "stretch",
    "background": "background",
    "background_slope_per_mev": "slope of the background",
    "extra_fwhm_mev": "extra width",
}
CORRECTIONS: Final = {
    "harmonic": "the harmonic correction",
    "standard": "the standard correction",
    "schofield": "Schofield's correction",
    "mixed": "the mixed correction",
}
UNITS: Final = {"shift_mev": " meV", "extra_fwhm_mev": " meV"}


def _range(low: float, high: float) -> str:
    return f"{number(low, 4)} to {number(high, 4)} meV"


def _names(parameters: Sequence[str]) -> str:
    return listed(PARAMETERS.get(name, name) for name in parameters)


def _parameter_at_bound(*, parameter: str, bound: float) -> str:
    name, unit = PARAMETERS.get(parameter, parameter), UNITS.get(parameter, "")
    return f"The {name} ended at its bound, {number(bound, 3)}{unit}: the best value may lie beyond it."


def _parameters_correlated(*, parameters: Sequence[str], correlation: float) -> str:
    return f"The data hardly distinguish {_names(parameters)}: their correlation is {correlation:.3f}."


def _residuals_exceed_errors(*, chi2_reduced: float) -> str:
    return (
        f"χ²ᵣ is {number(chi2_reduced, 3)}: forecast and data differ by more than the errors of the data. The standard "
        f"errors are multiplied by {number(chi2_reduced**0.5, 2)}."
    )


FAILURES: Final = {
    "data_unexplained": "the curve leaves nearly all of the data unexplained",
    "forecast_negligible": "the scaled forecast is negligible beside the data",
    "parameter_at_bound": "a parameter ended at its bound",
}


def _fit_failed(*, reasons: Sequence[str], parameters: Sequence[str]) -> str:
    stuck = f" ({_names(parameters)})" if parameters else ""
    return (
        f"The fit failed: {listed(FAILURES[reason] for reason in reasons)}{stuck}. Do not use its numbers. Check unit, "
        "range and settings, or fit fewer parameters."
    )


def _stretch_against_peaks(*, stretch: float, of_peaks: float, n_pairs: int) -> str:
    return (
        f"The fitted stretch of {stretch:.3f} disagrees with {counted(n_pairs, 'matched pair')} of peaks, whose "
        f"energies ask for {of_peaks:.3f}. The fit may have found a wrong minimum: check it on the figure before you "
        "apply it."
    )


def _bins_moved_beyond_forecast(*, n_bins: int) -> str:
    bins = counted(n_bins, "bin of the range is", "bins of the range are")
    outside = "it lies" if n_bins == 1 else "they lie"
    return f"{bins} excluded from the fit: {outside} outside the shifted and stretched forecast."


def _range_beyond_forecast(*, n_bins: int, start_mev: float, end_mev: float) -> str:
    bins = counted(n_bins, "bin of the range lies", "bins of the range lie")
    excluded = "is" if n_bins == 1 else "are"
    return f"The forecast covers {_range(start_mev, end_mev)}: {bins} outside and {excluded} excluded from the fit."


def _data_beyond_forecast(
    *, ranges_mev: Sequence[Sequence[float]], start_mev: float, end_mev: float, instrument: str | None
) -> str:
    parts = listed(_range(low, high) for low, high in ranges_mev)
    by = "the simulation covers"
    if instrument is not None:
        by = f"{instrument} with these settings and the simulation cover"
    return f"Data at {parts} are not compared: {by} {_range(start_mev, end_mev)}."


def _bins_not_compared(*, n_left_out: int, n_bins: int) -> str:
    return f"{n_left_out} of {counted(n_bins, 'bin')} are not compared: not all of the forecasts reach them."


def _forecasts_not_resolved(*, best: str, others: Sequence[Mapping[str, Any]], resolved_probability: float) -> str:
    named = listed(f"{one['name']} ({100 * one['probability_worse']:.0f}{SPACE}%)" for one in others)
    return (
        f"The data do not distinguish {best} from {named}. The percentage is the probability that a forecast is worse "
        f"than {best}; a ranking needs {number(100 * resolved_probability, 3)}{SPACE}%."
    )


def _fitted_curves_equal(*, max_difference: float) -> str:
    return (
        f"After the fit, both curves differ by at most {percent(max_difference)}. Compare them in another range or "
        "with fewer parameters."
    )


def _data_not_described(*, n_forecasts: int, correlation: float | None) -> str:
    stated = ""
    if correlation is not None:
        subject = "The correlation of the best forecast" if n_forecasts > 1 else "Its correlation"
        stated = f" {subject} with the data is {correlation:.2f}."
    subject = "None of the forecasts describes" if n_forecasts > 1 else "The forecast does not describe"
    return f"{subject} the data.{stated}"


def _notice_of_forecast(*, label: str, notice: Mapping[str, Any]) -> str:
    return f"{label}: {message(Notice.from_json(notice))}"


def _notice_of_stage(*, title: Mapping[str, Any], notice: Mapping[str, Any]) -> str:
    return f"{message(Notice.from_json(title))}: {message(Notice.from_json(notice))}"


def _scattering_lengths_alone(*, statistics: str) -> str:
    nuclei = {
        "classical": "The nuclei are classical.",
        "kubo": "The nuclei are quantum particles; their correlations are Kubo-transformed.",
        "quantum": "The vibrations already have the occupation of quantum oscillators.",
    }
    return f"Only scattering lengths, averaged over all simulated |q|. {nuclei[statistics]}"


def _window_and_resolution(*, instrument: str, statistics: str) -> str:
    added = f"Applies the window of {instrument} in (|q|, ω), and its resolution."
    if statistics != "quantum":
        return added
    return (
        f"{added} There is no third stage: a quantum correction is for classical nuclei, and this prediction is "
        "harmonic."
    )


def _quantum_correction(*, statistics: str, correction: str, by_default: bool) -> str:
    if statistics == "kubo":
        effect = "the Kubo transform is undone, which the harmonic correction does exactly"
    else:
        effect = f"{CORRECTIONS[correction]} gives the classical nuclei detailed balance"
    chosen = " The view has no correction, so the harmonic one is used." if by_default else ""
    return f"Adds quantum statistics: {effect}.{chosen}"


def _settings_differ(*, settings: Mapping[str, Mapping[str, Any]]) -> str:
    listing = ", ".join(
        f"{name} {values['measured']} instead of {values['forecast']}" for name, values in settings.items()
    )
    return f"The settings of the data differ from those of the forecast: {listing}."


def _parameters_not_fitted_to_maps(*, parameters: Sequence[str]) -> str:
    return f"For a map, only a scale and a constant background are fitted. Not fitted here: {_names(parameters)}."


WORDS: Final[Mapping[str, Words]] = {
    # Fits
    "elastic_line_left_out": "The elastic line, up to {reach_mev:.3g} meV on each side, is excluded from the fit.",
    "tiny_errors_raised": "{n_bins} bins have far smaller errors than all others. The median error, {usual:.2g}, "
    "replaces theirs, so that they do not decide the fit alone.",
    "fit_failed": _fit_failed,
    "stretch_against_peaks": _stretch_against_peaks,
    "scale_is_zero": "The best scale is 0: adding the forecast does not improve the fit.",
    "no_extra_width_needed": "The forecast is as broad as the data or broader: no extra width is needed.",
    "parameter_at_bound": _parameter_at_bound,
    "parameters_undetermined": lambda *, parameters: f"The data do not determine these: {_names(parameters)}.",
    "parameters_correlated": _parameters_correlated,
    "residuals_exceed_errors": _residuals_exceed_errors,
    "bins_moved_beyond_forecast": _bins_moved_beyond_forecast,
    "range_beyond_forecast": _range_beyond_forecast,
    "data_beyond_forecast": _data_beyond_forecast,
    "errors_ignored": "{n_unknown} of {n_bins} bins have no known error, so all bins have the same weight.",
    "errors_interpolated": "{n_unknown} of {n_bins} bins have no known error. Their errors are interpolated from the "
    "neighbouring bins.",
    "errors_of_nearest_bins": "{n_unknown} of {n_bins} bins have no known error. They have the error of the nearest "
    "bin.",
    "parameters_not_fitted_to_maps": _parameters_not_fitted_to_maps,
    # Rankings
    "bins_not_compared": _bins_not_compared,
    "forecasts_not_resolved": _forecasts_not_resolved,
    "fitted_curves_equal": _fitted_curves_equal,
    "longer_counting_resolves": "Counting {time_factor} times longer would help, above all around {energy_mev:.3g} "
    "meV, where the forecasts differ most.",
    "longer_counting_insufficient": "Longer counting would hardly help, because both forecasts differ from the data by "
    "more than noise. The forecasts differ most around {energy_mev:.3g} meV: measure there with a better resolution, "
    "or in a wider range.",
    "probabilities_rough": "The residuals are correlated over a large part of the range, so the probabilities are "
    "only rough.",
    "data_not_described": _data_not_described,
    "notice_of_forecast": _notice_of_forecast,
    # Effect of each correction
    "stage_raw": "Uncorrected",
    "stage_instrument": "+ {instrument}: window and resolution",
    "stage_quantum": "+ quantum correction",
    "scattering_lengths_alone": _scattering_lengths_alone,
    "window_and_resolution": _window_and_resolution,
    "quantum_correction": _quantum_correction,
    "notice_of_stage": _notice_of_stage,
    # Experiments that differ
    "temperatures_differ": "The data were taken at {measured_k:g} K; the prediction is for {simulated_k:g} K.",
    "forecast_without_instrument": "The data were taken on {instrument}; the forecast is the ideal S(q, ω), with no "
    "instrument.",
    "instruments_differ": "The data were taken on {measured}; the forecast is for {forecast}.",
    "settings_differ": _settings_differ,
    # Peaks
    "view_of_single_order": "The view shows a single phonon order, so the contributions of the orders to each peak "
    "are not given.",
    "orders_of_other_prediction": "This prediction does not separate the phonon orders. The orders are "
    "those of the harmonic prediction {prediction_id} ({temperature_k:g} K) at the same energies.",
}
