"""Rankings, peaks and stages of refinement, over the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.comparisons.schemas import (
    ForecastPeakOut,
    MeasuredPeakOut,
    PeakPairOut,
    PeaksOut,
    RankedOut,
    RankingOut,
    RefinementOut,
    StageOut,
)
from backend.kit.settings import Settings
from scattering.core import quantum

from .comparing import (
    HYDROGEN_LINE,
    OVERTONE,
    SILICON_LINES,
    compared,
    hydride_partials,
    measured_of,
    predicted,
    stored,
)
from .conftest import Client


@pytest.fixture
def truth(client: Client, settings: Settings, structure: dict[str, Any]) -> str:
    """The prediction that the data are made from."""
    return predicted(client, settings, structure, hydride_partials())


@pytest.fixture
def softer(client: Client, settings: Settings, structure: dict[str, Any]) -> str:
    """The same, with all energies a tenth too low."""
    return predicted(client, settings, structure, hydride_partials(factor=0.9))


@pytest.fixture
def dataset_id(client: Client, settings: Settings, tmp_path: Path, truth: str) -> str:
    return stored(settings, tmp_path, measured_of(client, truth, scale=2.0))


def ranked(client: Client, dataset_id: str, *candidates: dict[str, Any], **more: Any) -> dict[str, Any]:
    response = client.post("/comparisons/ranking", json={"dataset_id": dataset_id, "candidates": candidates, **more})
    assert response.status_code == 200, response.text
    return dict(response.json())


def test_the_truth_is_ranked_first(client: Client, dataset_id: str, truth: str, softer: str) -> None:
    found = ranked(client, dataset_id, {"prediction_id": softer, "label": "softer"}, {"prediction_id": truth})
    assert set(found) == set(RankingOut.model_fields)
    RankingOut.model_validate(found)
    best, worse = found["ranked"]
    assert set(best) == set(RankedOut.model_fields)
    assert [best["prediction_id"], worse["prediction_id"]] == [truth, softer]
    assert (best["rank"], worse["rank"], worse["label"]) == (1, 2, "softer")
    assert best["label"] == "Silicon · NEP89 · harmonic 300 K"
    assert best["chi2_reduced"] == pytest.approx(1.0, abs=0.3)
    assert (best["worse_by"], best["probability_worse"], found["measure"]) == (0.0, None, "chi2")
    assert worse["worse_by"] > 1000
    assert worse["probability_worse"] > 0.99
    assert (found["caution"], found["caution_notices"]) == (None, [])
    assert best["view"]["instrument"] == worse["view"]["instrument"] == "TOSCA"
    assert best["n_points"] == worse["n_points"]


def test_twins_are_not_told_apart(client: Client, dataset_id: str, truth: str) -> None:
    twins = [{"prediction_id": truth, "label": label} for label in ("cubic", "hexagonal")]
    found = ranked(client, dataset_id, *twins)
    assert [one["code"] for one in found["caution_notices"]] == ["forecasts_not_resolved", "fitted_curves_equal"]
    assert found["caution"] == " ".join(one["message"] for one in found["caution_notices"])
    assert found["ranked"][1]["worse_by"] == 0.0


def test_candidates_have_views_of_their_own(client: Client, dataset_id: str, truth: str) -> None:
    deuterated = {"prediction_id": truth, "label": "D", "view": {"isotopes": {"H": "2H"}}}
    found = ranked(client, dataset_id, deuterated, {"prediction_id": truth, "label": "H"}, fit={"shift": True})
    assert [one["label"] for one in found["ranked"]] == ["H", "D"]
    assert found["ranked"][1]["view"]["isotopes"] == {"H": "2H"}
    assert [(one["code"], one["params"]["label"]) for one in found["notices"]] == [("notice_of_forecast", "D")]


def test_a_redshift_is_seen_at_a_glance(client: Client, dataset_id: str, truth: str, softer: str) -> None:
    found = compared(client, softer, dataset_id, path="/peaks", fit={"stretch": True})
    assert set(found) == set(PeaksOut.model_fields)
    PeaksOut.model_validate(found)
    assert all(set(pair) == set(PeakPairOut.model_fields) for pair in found["pairs"])
    true = np.array([*SILICON_LINES, HYDROGEN_LINE, OVERTONE])
    assert [pair["measured_mev"] for pair in found["pairs"]] == pytest.approx(true, abs=1.0)
    # A tenth too low, to a fraction of the data's bins of 1 meV
    assert [pair["difference_mev"] for pair in found["pairs"]] == pytest.approx(-0.1 * true, abs=1.0)
    assert [pair["forecast_fitted_mev"] for pair in found["pairs"]] == pytest.approx(true, abs=1.0)
    hydrogen = found["pairs"][2]
    assert hydrogen["elements"]["H"] > 0.95
    assert hydrogen["forecast_height"] == pytest.approx(hydrogen["measured_height"], rel=0.2)
    assert found["pairs"][0]["elements"]["Si"] > 0.95
    assert found["orders_from"] == softer
    assert [max(pair["orders"], key=pair["orders"].get) for pair in found["pairs"]] == ["1", "1", "1", "2"]
    assert found["only_measured"] == found["only_forecast"] == []


def test_peaks_without_a_partner(client: Client, dataset_id: str, softer: str) -> None:
    found = compared(client, softer, dataset_id, path="/peaks", tolerance_mev=8, fit={"range_mev": [45, 160]})
    assert [pair["measured_mev"] for pair in found["pairs"]] == pytest.approx([SILICON_LINES[1]], abs=1.0)
    (measured,), (forecast,) = found["only_measured"], found["only_forecast"]
    assert measured["measured_mev"] == pytest.approx(HYDROGEN_LINE, abs=1.0)
    assert forecast["forecast_mev"] == pytest.approx(0.9 * HYDROGEN_LINE, abs=1.0)
    assert (set(measured), set(forecast)) == (set(MeasuredPeakOut.model_fields), set(ForecastPeakOut.model_fields))
    assert (found["tolerance_mev"], found["range_mev"]) == (8, [45, 160])


def test_phonon_orders_come_from_the_harmonic_prediction(
    client: Client, settings: Settings, structure: dict[str, Any], tmp_path: Path
) -> None:
    simulated = hydride_partials(statistics="classical", orders=False)
    md = predicted(client, settings, structure, simulated, method="md")
    dataset_id = stored(settings, tmp_path, measured_of(client, md))
    alone = compared(client, md, dataset_id, path="/peaks")
    assert alone["orders_from"] is None
    assert {pair["orders"] for pair in alone["pairs"]} == {None}
    harmonic = predicted(client, settings, structure, hydride_partials())
    found = compared(client, md, dataset_id, path="/peaks")
    assert found["orders_from"] == harmonic
    (source,) = [one["params"] for one in found["notices"] if one["code"] == "orders_of_other_prediction"]
    assert source["prediction_id"] == harmonic
    assert found["pairs"][-1]["orders"]["2"] > 0.9
    single = compared(client, harmonic, dataset_id, path="/peaks", view={"order": 1})
    assert single["orders_from"] is None


def test_each_stage_of_refinement_is_nearer_to_the_data(
    client: Client, settings: Settings, structure: dict[str, Any], tmp_path: Path
) -> None:
    simulated = hydride_partials(statistics="classical", orders=False)
    md = predicted(client, settings, structure, simulated, method="md")
    dataset_id = stored(settings, tmp_path, measured_of(client, md))
    found = compared(client, md, dataset_id, path="/refinement")
    # Notices of a fit name the stage: three values of χ²ᵣ in a row say nothing
    titles = [stage["title_notice"]["code"] for stage in found["stages"]]
    assert titles == ["stage_raw", "stage_instrument", "stage_quantum"]
    of_fits = [one["params"] for one in found["notices"] if one["code"] == "notice_of_stage"]
    assert "residuals_exceed_errors" in [one["notice"]["code"] for one in of_fits]
    assert {one["title"]["code"] for one in of_fits} <= set(titles)
    assert set(found) == set(RefinementOut.model_fields)
    RefinementOut.model_validate(found)
    stages = found["stages"]
    assert [stage["name"] for stage in stages] == ["raw", "instrument", "quantum"]
    assert all(set(stage) == set(StageOut.model_fields) for stage in stages)
    factors = [stage["r_factor"] for stage in stages]
    assert factors[0] > factors[1] > factors[2]
    assert stages[2]["chi2_reduced"] == pytest.approx(1.0, abs=0.3)
    assert len({tuple(stage["range_mev"]) for stage in stages}) == 1
    assert [stage["view"]["instrument"] for stage in stages] == [None, "TOSCA", "TOSCA"]
    # What the classical forecast lacks at the highest peak, where the fit of the lower ones says little
    energy = np.array(stages[0]["curve"]["energy_mev"])
    at = int(np.argmin(np.abs(energy - OVERTONE)))
    correction = quantum.correction("harmonic", energy, 300.0)
    classical, corrected = (np.array(stage["curve"]["forecast"]) / stage["scale"] for stage in stages[1:])
    assert corrected[at] / classical[at] == pytest.approx(correction[at], rel=0.02)


def test_harmonic_predictions_have_two_stages(client: Client, truth: str, dataset_id: str) -> None:
    stages = compared(client, truth, dataset_id, path="/refinement")["stages"]
    assert [stage["name"] for stage in stages] == ["raw", "instrument"]
    assert stages[0]["r_factor"] > stages[1]["r_factor"]
    body = {"prediction_id": truth, "dataset_id": dataset_id, "follow_dataset": False}
    refused = client.post("/comparisons/refinement", json=body)
    assert refused.status_code == 422
    assert "instrument" in refused.json()["errors"][0]["loc"]
