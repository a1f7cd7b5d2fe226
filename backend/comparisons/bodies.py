"""Comparisons as JSON, in the form of `schemas`.

The JSON is made from the arrays, because a pydantic model of 100 000 numbers takes seconds. NaN becomes null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from pydantic_core import to_json

from backend import wording
from backend.comparisons.peaks import MatchedPeaks, Shares
from backend.comparisons.service import Comparison, ComparisonOfMaps, Ranking, Refinement
from backend.kit.http.notices import NoticeOut
from backend.observing.schemas import ViewIn
from scattering.core.notices import Notice
from scattering.measured.comparison.fit import PARAMETERS, FitResult
from scattering.measured.comparison.maps import MapComparison
from scattering.measured.comparison.peaks import Peak
from scattering.measured.data import MeasuredSpectrum, centres
from scattering.observe.view import View

NEUTRAL_VALUES: Mapping[str, float] = {
    "shift_mev": 0.0,
    "stretch": 1.0,
    "background_slope_per_mev": 0.0,
    "extra_fwhm_mev": 0.0,
}
"""Values of the parameters that are not fitted to maps."""


def comparison(found: Comparison | ComparisonOfMaps) -> bytes:
    """Return the body of `ComparisonOut`."""
    common = {"view": _view(found.forecast.view), **_notices(found.notices)}
    if isinstance(found, ComparisonOfMaps):
        return _json({**_map_numbers(found.compared), **_map(found.compared), **common})
    fitted = found.fitted
    return _json(
        {
            **_numbers(fitted),
            "curve": _curve(found.measured, fitted),
            "residual": fitted.residual.tolist(),
            "in_fit": fitted.used.tolist(),
            "map": None,
            **common,
        }
    )


def ranking(found: Ranking) -> bytes:
    """Return the body of `RankingOut`."""
    ranked = [
        {
            **_numbers(one.place.fitted),
            "prediction_id": one.forecast.prediction.id,
            "label": one.label,
            "rank": rank,
            "worse_by": one.place.worse_by,
            "probability_worse": one.place.probability_worse,
            "view": _view(one.forecast.view),
        }
        for rank, one in enumerate(found.ranked, 1)
    ]
    caution = {
        "caution": " ".join(wording.messages(found.cautions)) or None,
        "caution_notices": _bodies(found.cautions),
    }
    return _json({"ranked": ranked, "measure": found.measure, **caution, **_notices(found.notices)})


def refinement(found: Refinement) -> bytes:
    """Return the body of `RefinementOut`."""
    stages = [
        {
            "name": one.stage.name,
            "title": wording.message(one.stage.title),
            "title_notice": NoticeOut.of(one.stage.title).model_dump(),
            "words": wording.message(one.stage.effect),
            "words_notice": NoticeOut.of(one.stage.effect).model_dump(),
            "view": _view(one.forecast.view),
            **_numbers(one.fitted),
            "curve": _curve(found.measured, one.fitted),
        }
        for one in found.stages
    ]
    return _json({"stages": stages, **_notices(found.notices)})


def peaks(found: MatchedPeaks) -> bytes:
    """Return the body of `PeaksOut`."""
    values = found.fitted.values

    def forecast(peak: Peak) -> dict[str, Any]:
        return {
            "forecast_mev": peak.energy,
            "forecast_fitted_mev": values["stretch"] * peak.energy + values["shift_mev"],
            "forecast_fwhm_mev": peak.fwhm,
            "forecast_height": values["scale"] * peak.height,
            **_shares(found.shares[peak]),
        }

    pairs = [
        {**_measured(pair.measured), **forecast(pair.forecast), "difference_mev": pair.difference}
        for pair in found.matches.pairs
    ]
    return _json(
        {
            "pairs": pairs,
            "only_measured": [_measured(peak) for peak in found.matches.only_measured],
            "only_forecast": [forecast(peak) for peak in found.matches.only_forecast],
            "tolerance_mev": found.matches.tolerance_mev,
            "range_mev": found.fitted.range_mev,
            "orders_from": found.orders_from,
            "view": _view(found.forecast.view),
            **_notices(found.notices),
        }
    )


def _json(body: Mapping[str, Any]) -> bytes:
    return to_json(body, inf_nan_mode="null")


def _notices(notices: Sequence[Notice]) -> dict[str, Any]:
    """Return notices as sentences and with their codes."""
    return {"warnings": wording.messages(notices), "notices": _bodies(notices)}


def _bodies(notices: Sequence[Notice]) -> list[dict[str, Any]]:
    return [one.model_dump() for one in NoticeOut.of_all(notices)]


def _view(view: View) -> dict[str, Any]:
    return ViewIn.of(view).model_dump(mode="json")


def _numbers(fitted: FitResult) -> dict[str, Any]:
    """Return the fields of `FitNumbersOut`."""
    return {
        **{name: fitted.values[name] for name in PARAMETERS},
        "standard_errors": dict(fitted.standard_errors),
        "correlations": {"parameters": fitted.names, "matrix": fitted.correlations.tolist()},
        **asdict(fitted.goodness),
        "everywhere": asdict(fitted.everywhere),
        "range_mev": fitted.range_mev,
    }


def _curve(measured: MeasuredSpectrum, fitted: FitResult) -> dict[str, Any]:
    return {
        "energy_mev": measured.energy.tolist(),
        "measured": measured.intensity.tolist(),
        "standard_error": None if measured.error is None else measured.error.tolist(),
        "forecast": fitted.model.tolist(),
        "background": fitted.background.tolist(),
    }


def _map_numbers(compared: MapComparison) -> dict[str, Any]:
    """Return the fields of `FitNumbersOut`."""
    names = list(compared.standard_errors)
    matrix = np.eye(len(names))
    if compared.correlation is not None:
        matrix[[0, 1], [1, 0]] = compared.correlation
    return {
        **NEUTRAL_VALUES,
        "scale": compared.scale,
        "background": compared.background,
        "standard_errors": dict(compared.standard_errors),
        "correlations": {"parameters": names, "matrix": matrix.tolist()},
        **asdict(compared.goodness),
        "everywhere": asdict(compared.everywhere),
        "range_mev": compared.range_mev,
    }


def _map(compared: MapComparison) -> dict[str, Any]:
    return {
        "curve": None,
        "residual": None,
        "in_fit": None,
        "map": {
            "q_inv_angstrom": centres(compared.q).tolist(),
            "energy_mev": centres(compared.energy).tolist(),
            "measured": compared.measured.tolist(),
            "forecast": compared.forecast.tolist(),
            "difference": compared.difference.tolist(),
        },
    }


def _measured(peak: Peak) -> dict[str, Any]:
    return {
        "measured_mev": peak.energy,
        "measured_error_mev": peak.standard_error,
        "measured_fwhm_mev": peak.fwhm,
        "measured_height": peak.height,
    }


def _shares(shares: Shares) -> dict[str, Any]:
    return {"elements": dict(shares.elements), "orders": None if shares.orders is None else dict(shares.orders)}
