"""Sentences about data and forecasts that cannot be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend.wording import Words
from backend.wording.formatting import number


def _no_shared_energies(*, data_mev: Sequence[float], forecast_mev: Sequence[float]) -> str:
    data, forecast = (f"{number(start, 4)} to {number(end, 4)} meV" for start, end in (data_mev, forecast_mev))
    return f"The data cover {data} and the forecast covers {forecast}: they have no energy in common."


WORDS: Final[Mapping[str, Words]] = {
    "comparison_with_path": "This prediction is for a single crystal along a path: compare data with a prediction for "
    "a powder.",
    "few_shared_energies": "Data and forecast have only {start_mev:.4g} to {end_mev:.4g} meV in common, too little for "
    "a comparison.",
    "forecast_zero_in_range": "The forecast is zero in this range: choose another range.",
    "invalid_forecast": "The energies of the forecast must ascend, and its intensities must be finite.",
    "invalid_forecast_errors": "The errors of the forecast must be finite and not negative.",
    "map_where_spectrum_is_needed": "“{dataset}” is a map over |q| and energy transfer: rankings, peaks and refinement "
    "need a spectrum. POST /comparisons compares a map.",
    "no_energies_shared_by_all": "These forecasts and the data have no energy in common.",
    "no_forecasts_to_rank": "Choose forecasts to rank.",
    "no_measured_bins": "The data have no bin with a measured intensity.",
    "no_shared_bins": "Data and forecast have no bin of (|q|, ω) in common from {start_mev:.4g} to {end_mev:.4g} meV: "
    "choose another range, or the settings of the measurement.",
    "no_shared_energies": _no_shared_energies,
    "range_outside_shared_energies": "Data and forecast are both known from {start_mev:.4g} to {end_mev:.4g} meV: "
    "choose a range there.",
    "refinement_without_instrument": "The effect of each correction needs an instrument: choose an instrument for the "
    "view or for the dataset.",
    "too_few_bins_to_fit": "The range has {n_bins} bins of the data, too few to fit {n_parameters} parameters: choose "
    "a wider range or fewer parameters.",
    "too_many_points": "“{dataset}” has {n_points} points, and at most {maximum} are compared: use wider bins.",
    "uneven_forecast": "The forecast must have at least {min_energies} equally spaced energies.",
}
