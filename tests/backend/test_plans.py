"""Plans over the API: ranked settings, features, isotopes, simulated measurements, calibrations, figures, refusals."""

from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI

from backend.examples import forecast as examples
from backend.kit.settings import Settings
from backend.observing.layouts import COMPACT, POWDER
from backend.observing.partials_cache import PartialsCache
from backend.plans.schemas import DeuterationOut, MeasurementOut, PlannedFeaturesOut, PlanOut
from scattering.core.compact import expand
from scattering.observe.view import View
from scattering.planning.features import find_features

from .comparing import hydride_partials, predicted
from .conftest import Client
from .predicting import succeeded

MAPS = {"instrument": "MAPS", "settings": {"e_init": 120.0, "chopper_package": "S", "chopper_frequency": 300}}
MERLIN = {"instrument": "merlin", "settings": {"e_init": 120.0, "chopper_package": "G", "chopper_frequency": 300}}
TOSCA = {"instrument": "TOSCA"}


@pytest.fixture
def prediction_id(client: Client, settings: Settings, structure: dict[str, Any]) -> str:
    """One mode of silicon at 60 meV."""
    return succeeded(client, settings, structure)


def planned(client: Client, prediction_id: str, **more: Any) -> dict[str, Any]:
    response = client.post("/plans", json={"prediction_id": prediction_id, **more})
    assert response.status_code == 200, response.text
    return dict(response.json())


def refused(client: Client, path: str, loc: str, **body: Any) -> tuple[str, dict[str, Any]]:
    """Code and parameters of what is wrong with a field, which the refusal must name."""
    response = client.post(path, json=body)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    errors = {error["loc"]: error for error in response.json()["errors"]}
    assert loc in errors, errors
    return errors[loc]["code"], errors[loc]["params"]


def codes(notices: list[dict[str, Any]]) -> list[str]:
    return [notice["code"] for notice in notices]


def test_a_scan_ranks_settings_of_all_instruments(client: Client, prediction_id: str) -> None:
    found = planned(client, prediction_id, constraints={"beam_time_h": 48}, all_tried=True)
    assert PlanOut.model_validate(found).features[0].energy_mev == pytest.approx(60.0, abs=0.3)
    assert found["n_settings"] > 1000
    assert [one["rank"] for one in found["ranked"]] == sorted(one["rank"] for one in found["ranked"])
    explained = [one for one in found["ranked"] if one["explanation"]]
    assert len({one["instrument"] for one in explained}) == len(explained) == 3
    assert {"MAPS", "MERLIN", "ARCS", "TOSCA", "VISION"} <= {one["instrument"] for one in found["tried"]}
    for one in found["ranked"]:
        assert one["rests_on"] == [notice["message"] for notice in one["rests_on_notices"]]
        assert one["rests_on_notices"][-1]["code"].startswith("resolution_")
        assert (one["explanation"] or "") == " ".join(notice["message"] for notice in one["explanation_notices"])
        if one["hours"] is not None:
            # The flux is known within a factor of 2, the detectors within 20 %; what the room counts is not theirs
            assert one["hours_high"] / one["hours"] == pytest.approx(one["hours"] / one["hours_low"], rel=0.01)
            assert 2.0 < one["hours_high"] / one["hours"] < 2.2
            assert one["within_beam_time"] == (one["hours"] <= 48)


def test_the_answer_is_that_of_the_best_setting(client: Client, prediction_id: str) -> None:
    found = planned(client, prediction_id, settings=[MAPS, MERLIN], constraints={"beam_time_h": 1e-9})
    best, params = found["ranked"][0], found["answer"]["params"]
    assert found["answer"]["code"] == "answer_hours_beyond"
    for name in ("instrument", "settings", "basis", "hours", "hours_low", "hours_high"):
        assert params[name] == best[name]
    assert params["mass_g"] == found["sample"]["mass_g"]
    assert params["thickness_mm"] == found["sample"]["thickness_mm"]
    assert {one["params"]["instrument"] for one in params["limits"]} == {
        one["instrument"] for one in found["ranked"][1:]
    }
    alone = planned(client, prediction_id, settings=[TOSCA])
    assert alone["answer"]["code"] == "answer_relative"
    assert alone["answer"]["params"]["with_hours"] is None
    unreached = planned(client, prediction_id, settings=[MAPS], features_mev=[119.0])
    assert unreached["answer"]["code"] == "answer_nothing_reached"


def test_all_counts_of_features_and_pairs_agree(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    """Fields, the lists that they count, the sentence of each setting and its explanation."""
    prediction_id = predicted(client, settings, structure, hydride_partials())
    scarce = {"settings": [MAPS, MERLIN, TOSCA], "sample": {"mass_g": 1e-4, "container": {"material": "none"}}}
    maps = next(one for one in planned(client, prediction_id, **scarce)["ranked"] if one["instrument"] == "MAPS")
    # One feature of MAPS within 1000 h, and one beyond
    first, second = (at["hours"] for at in maps["features"] if at["hours"] is not None)
    between = 20 * np.sqrt(1000 / np.sqrt(first * second))
    found = planned(client, prediction_id, **scarce, target={"signal_to_noise": between})
    assert any(one["n_measured"] < one["n_reachable"] for one in found["ranked"])
    for one in found["ranked"]:
        measured = [at for at in one["features"] if at["hours"] is not None or at["relative_time"] is not None]
        resolved = [pair for pair in one["pairs"] if pair["verdict"] in ("resolved", "likely")]
        counts = {
            "n_features": len(found["features"]),
            "n_reachable": sum(at["reachable"] for at in one["features"]),
            "n_measured": len(measured),
            "n_pairs": len(found["pairs"]),
            "n_resolved": len(resolved),
        }
        assert {name: one[name] for name in counts} == counts
        assert (one["tally"]["code"], one["tally"]["params"]) == ("setting_tally", counts)
        energies = {at["energy_mev"] for at in measured}
        assert all({pair["low_mev"], pair["high_mev"]} <= energies for pair in resolved)
        for notice in one["explanation_notices"]:
            told = {name: value for name, value in notice["params"].items() if name in counts}
            assert told == {name: counts[name] for name in told}
        assert all(pair["verdict_notice"]["code"] != "pair_not_measured" for pair in resolved)


def test_hours_scale_as_they_must(client: Client, prediction_id: str) -> None:
    def hours(**more: Any) -> float:
        body = {"sample": {"mass_g": 0.01, "container": {"material": "none"}}, "target": {"background": 0}, **more}
        (one,) = planned(client, prediction_id, settings=[MAPS], features_mev=[60.0], **body)["ranked"]
        return float(one["hours"])

    one = hours()
    assert hours(target={"background": 0, "source_power": 0.5}) == pytest.approx(2 * one)
    assert hours(target={"background": 0, "beam_current": 80}) == pytest.approx(2 * one)  # of 160 µA
    assert hours(target={"background": 0, "signal_to_noise": 40}) == pytest.approx(4 * one)
    assert hours(target={"background": 0, "q_slices": 1}) == pytest.approx(one / 40)
    twice = {"mass_g": 0.02, "container": {"material": "none"}}
    assert hours(sample=twice) == pytest.approx(one / 2, rel=1e-3)
    assert hours(target={}) > one  # the room counts, too


def test_the_same_request_gives_the_same_answer(client: Client, app: FastAPI, prediction_id: str) -> None:
    """Whether it was kept or is made again: with new partials nothing that was kept of the old ones counts."""
    first, kept = (planned(client, prediction_id, settings=[MAPS, MERLIN, TOSCA]) for _ in range(2))
    assert first == kept
    app.state.partials_cache = PartialsCache(10**9)
    again = planned(client, prediction_id, settings=[MAPS, MERLIN, TOSCA])
    assert again.pop("seconds") != first.pop("seconds")
    assert first == again
    assert {one["instrument"] for one in first["ranked"]} == {"MAPS", "MERLIN", "TOSCA"}


def test_hours_are_relative_where_nobody_gives_a_flux(client: Client, prediction_id: str) -> None:
    (tosca,) = planned(client, prediction_id, settings=[TOSCA], features_mev=[60.0, 30.0])["ranked"]
    assert (tosca["basis"], tosca["hours"]) == ("relative", None)
    assert min(one["relative_time"] for one in tosca["features"] if one["relative_time"]) == 1.0
    explained = tosca["explanation_notices"]
    assert codes(explained) == ["features_measured", "features_out_of_reach", "hours_relative_only"]
    why = tosca["features"][0]["why_notice"]
    assert why["code"] == "no_intensity_in_window"
    assert explained[1]["params"]["reason"] == {"code": why["code"], "params": why["params"]}
    assert tosca["features"][1]["why_notice"] is None
    assert codes(tosca["rests_on_notices"]) == ["no_published_flux", "resolution_not_validated"]
    assert not tosca["rests_on_notices"][0]["params"]["calibration_holds_for_its_settings"]


def test_constraints(client: Client, prediction_id: str) -> None:
    found = planned(client, prediction_id, constraints={"facilities": ["ILL"]})
    assert {one["facility"] for one in found["ranked"]} == {"ILL, Grenoble"}
    crystal = planned(client, prediction_id, sample={"form": "single crystal"}, constraints={"facilities": ["ISIS"]})
    assert not {"TOSCA", "MARI"} & {one["instrument"] for one in crystal["ranked"]}
    none = planned(client, prediction_id, constraints={"instruments": ["LET"]})
    assert none["ranked"] == []
    assert codes(none["notices"]) == ["no_instrument_left"]
    assert none["warnings"] == [none["notices"][0]["message"]]
    assert "powder_average_hours" in codes(crystal["notices"])


def test_an_energy_scale_that_undoes_a_bias_moves_features(client: Client, prediction_id: str) -> None:
    scaled = client.post("/plans/features", json={"prediction_id": prediction_id, "energy_scale": 1.1}).json()
    assert PlannedFeaturesOut.model_validate(scaled).features[0].energy_mev == pytest.approx(66.0, abs=0.3)


def test_pairs(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    prediction_id = predicted(client, settings, structure, hydride_partials())
    found = planned(client, prediction_id, settings=[MAPS], features_mev=[35.0, 62.0], pairs_mev=[[62.0, 35.0]])
    (pair,) = found["pairs"]
    assert (pair["low_mev"], pair["high_mev"], pair["separation_mev"]) == (35.0, 62.0, 27.0)
    (at,) = found["ranked"][0]["pairs"]
    assert at["verdict"] == "resolved"
    assert at["verdict_notice"]["code"] == "pair_resolved"
    assert at["verdict_notice"]["params"]["probability"] == at["probability"]
    assert at["separation_over_fwhm"] > 3


def test_isotopes_instead(client: Client, prediction_id: str) -> None:
    response = client.post(
        "/plans/deuteration",
        json={"prediction_id": prediction_id, "settings": [MERLIN], "instead": {"Si": "29Si"}},
    )
    assert response.status_code == 200, response.text
    found = response.json()
    assert DeuterationOut.model_validate(found)
    one, other = found["as_planned"], found["instead"]
    assert other["sample"]["formula"] == "²⁹Si"
    assert [f["energy_mev"] for f in one["features"]] == [f["energy_mev"] for f in other["features"]]
    assert one["sample"]["thickness_mm"] != other["sample"]["thickness_mm"]
    assert found["intensity"] != found["intensity_instead"]
    assert "natural_mass_frequencies" in codes(other["notices"])
    assert "natural_mass_frequencies" not in codes(one["notices"])


def test_an_isotope_of_what_the_sample_lacks_is_refused_where_it_was_asked_for(
    client: Client, prediction_id: str
) -> None:
    body = {"prediction_id": prediction_id, "settings": [MERLIN]}
    assert refused(client, "/plans/deuteration", "instead.H", **body)[0] == "species_not_in_sample"


def measured(client: Client, prediction_id: str, **more: Any) -> dict[str, Any]:
    response = client.post("/plans/measurement", json={"prediction_id": prediction_id, "hours": 2.0, **more})
    assert response.status_code == 200, response.text
    assert MeasurementOut.model_validate(response.json())
    return dict(response.json())


def test_a_simulated_measurement(client: Client, prediction_id: str) -> None:
    one = measured(client, prediction_id, setting=MERLIN, seed=4)
    again, other = (measured(client, prediction_id, setting=MERLIN, seed=seed) for seed in (4, 5))
    assert one["counts"] == again["counts"] != other["counts"]
    deviations = (np.array(one["counts"]) - one["expected"]) / np.sqrt(np.maximum(one["expected"], 1e-9))
    chi2, n = float((deviations**2).sum()), len(deviations)
    assert chi2 / n == pytest.approx(1.0, abs=5 * np.sqrt(2 / n))
    longer = measured(client, prediction_id, setting=MERLIN, hours=4.0)
    np.testing.assert_allclose(longer["expected"], 2 * np.array(one["expected"]))


def test_a_plan_s_counts_are_those_of_its_measurement(client: Client, prediction_id: str) -> None:
    """All counts within the feature's width, of signal and background, in both."""
    plan = planned(client, prediction_id, settings=[MERLIN], features_mev=[60.0], target={"q_slices": 1})
    (at,) = plan["ranked"][0]["features"]
    made = measured(client, prediction_id, setting=MERLIN, hours=1.0, bin_mev=0.1)
    width = np.hypot(at["fwhm_mev"], plan["features"][0]["fwhm_mev"])
    energy = np.array(made["energy_mev"])
    inside = np.abs(energy - energy[np.argmax(made["expected"])]) <= width / 2
    total = np.array(made["expected"])[inside].sum()
    assert total == pytest.approx(at["signal_per_hour"] + at["background_per_hour"], rel=0.05)


def calibration(client: Client, prediction_id: str, *, counts_per_s: float = 4e5, **conditions: Any) -> str:
    """A dataset of TOSCA: the forecast as it would be counted, with noise. Its id."""
    grid = {"min": 20.0, "max": 100.0, "step": 0.5}
    view = {"instrument": "TOSCA", "energy_mev": grid}
    forecast = client.post(f"/predictions/{prediction_id}/spectrum", json=view).json()
    return dataset_of(
        client, forecast["energy_mev"], counts_per_s * np.array(forecast["intensity"]) + 30.0, **conditions
    )


def dataset_of(client: Client, energy: list[float], mean: Any, **conditions: Any) -> str:
    """A dataset of TOSCA, or of another instrument, that counts so much on average. Its id."""
    counts = np.random.default_rng(8).poisson(mean)
    rows = zip(energy, 0.01 * counts, 0.01 * np.sqrt(np.maximum(counts, 1)), strict=True)
    text = "energy (meV),intensity,error\n" + "\n".join(f"{x},{y},{e}" for x, y, e in rows)
    form = {"instrument": "TOSCA", **{name: str(value) for name, value in conditions.items()}}
    response = client.post("/datasets", files={"file": ("tosca.csv", text.encode())}, data=form)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def test_a_dataset_of_known_exposure_makes_tosca_absolute(client: Client, prediction_id: str) -> None:
    """320 µA h are two hours: as long, and of as much, the same counts are expected as were counted."""
    dataset_id = calibration(client, prediction_id, exposure_uah=320, mass_g=3.0)
    with_data = {"calibrations": [{"dataset_id": dataset_id}]}
    (tosca,) = planned(client, prediction_id, settings=[TOSCA], features_mev=[60.0], **with_data)["ranked"]
    assert tosca["basis"] == "calibrated"
    assert 1.1 < tosca["hours_high"] / tosca["hours"] < 1.4
    assert tosca["rests_on_notices"][0]["code"] == "calibrated_by_dataset"
    assert tosca["rests_on_notices"][0]["params"] == {
        "dataset": "tosca",
        "mass_g": 3.0,
        "exposure_uah": 320.0,
        "relative_uncertainty": 0.2,
    }
    again = measured(
        client,
        prediction_id,
        setting=TOSCA,
        bin_mev=0.5,
        sample={"mass_g": 3.0, "container": {"material": "none"}},
        **with_data,
    )
    energy, expected = np.array(again["energy_mev"]), np.array(again["expected"])
    inside = (energy > 55) & (energy < 65)
    counted = client.get(f"/datasets/{dataset_id}/data").json()
    there = (np.array(counted["energy_mev"]) > 55) & (np.array(counted["energy_mev"]) < 65)
    total = 100 * np.array(counted["intensity"])[there].sum()
    # The bins' edges differ, and the data's sample is taken to be in a can
    assert expected[inside].sum() == pytest.approx(total, rel=0.06)
    background = np.array(again["background"])[inside]
    assert background == pytest.approx(np.full(inside.sum(), 30.0), rel=0.35)


def test_data_that_count_what_is_computed_correct_nothing(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    """Of a sample in the beam of CNCS, 15 mm × 50 mm."""
    prediction_id = predicted(client, settings, structure, hydride_partials())
    setting = {"instrument": "CNCS", "settings": {"e_init": 24.0}}
    plan = {"sample": {"mass_g": 3.0, "width_mm": 15, "height_mm": 50}, "energy_scale": 0.5}
    made = measured(client, prediction_id, setting=setting, bin_mev=0.25, **plan)
    signal = np.array(made["expected"]) - np.array(made["background"])
    dataset_id = dataset_of(
        client,
        made["energy_mev"],
        signal,
        instrument="CNCS",
        settings=json.dumps(setting["settings"]),
        exposure_h="2",
        mass_g="3",
    )
    with_data = {"settings": [setting], "features_mev": [17.5], "calibrations": [{"dataset_id": dataset_id}]}
    (found,) = planned(client, prediction_id, **plan, **with_data)["ranked"]
    assert found["basis"] == "calibrated"
    # The fit's S lacks k_f/k_i and efficiency, which vary over the line
    assert found["rests_on_notices"][1]["code"] == "calibration_factor"
    assert found["rests_on_notices"][1]["params"]["measured_over_computed"] == pytest.approx(1.0, abs=0.1)


def test_data_without_the_forecast_s_peaks_calibrate_nothing(client: Client, prediction_id: str) -> None:
    """A scale fits noise, too; within 20 % it must be known for rates to be."""
    dataset_id = dataset_of(
        client, np.arange(20.0, 100.0, 0.5).tolist(), np.full(160, 50.0), instrument="TOSCA", exposure_h="2", mass_g="3"
    )
    refused(
        client,
        "/plans",
        "calibrations.0",
        prediction_id=prediction_id,
        settings=[TOSCA],
        calibrations=[{"dataset_id": dataset_id}],
    )


def test_what_a_dataset_is_said_to_be_of_changes_a_plan_that_was_asked_for_before(
    client: Client, prediction_id: str
) -> None:
    """3 g of ³⁰Si scatter 14 % more than of silicon (2.64 b and 2.17 b): as much less the instrument has counted."""
    dataset_id = calibration(client, prediction_id, exposure_uah=320, mass_g=3.0)
    with_data = {"settings": [TOSCA], "features_mev": [60.0], "calibrations": [{"dataset_id": dataset_id}]}
    (before,) = planned(client, prediction_id, **with_data)["ranked"]
    assert client.request("PATCH", f"/datasets/{dataset_id}", json={"isotopes": {"Si": "30Si"}}).status_code == 200
    (after,) = planned(client, prediction_id, **with_data)["ranked"]
    assert after["rests_on"] == before["rests_on"]
    assert after["hours"] / before["hours"] == pytest.approx(2.64 / 2.17 * 28.09 / 29.97, rel=0.02)


def test_plans_go_when_their_partials_go(client: Client, app: FastAPI, settings: Settings, prediction_id: str) -> None:
    planned(client, prediction_id, settings=[TOSCA])
    read = app.state.partials_cache.read(settings.partials_path(prediction_id), POWDER.read)
    partials = weakref.ref(read)
    del read
    assert partials() is not None
    app.state.partials_cache = PartialsCache(0)
    gc.collect()
    assert partials() is None


def test_what_a_calibration_lacks_is_said(client: Client, prediction_id: str) -> None:
    dataset_id = calibration(client, prediction_id)
    code, stated = refused(
        client,
        "/plans",
        "calibrations.0.dataset_id",
        prediction_id=prediction_id,
        settings=[TOSCA],
        calibrations=[{"dataset_id": dataset_id}],
    )
    assert (code, stated["missing"]) == ("calibration_lacks_facts", ["mass", "exposure"])


def test_refusals_name_the_field(client: Client, prediction_id: str) -> None:
    body = {"prediction_id": prediction_id}
    wrong = {"instrument": "MAPS", "settings": {"e_init": -5}}
    opaque = {"instrument": "MAPS", "settings": {"e_init": 15, "chopper_package": "A", "chopper_frequency": 600}}
    crystal = {"sample": {"form": "single crystal"}, "constraints": {"instruments": ["TOSCA"]}}
    for loc, code, asked in (
        ("features_mev.0", "beyond_forecast", {"features_mev": [4000]}),
        ("pairs_mev.0", "no_feature_at_energy", {"features_mev": [60], "pairs_mev": [[60, 90]]}),
        ("settings.1.instrument", "unknown_instrument", {"settings": [MAPS, {"instrument": "nonesuch"}]}),
        ("settings.0.settings.e_init", "out_of_range", {"settings": [wrong]}),
        ("settings.0.settings.chopper_frequency", "no_transmission", {"settings": [opaque]}),
        ("constraints.facilities", "no_instrument_for_sample", crystal),
        ("isotopes.H", "species_not_in_sample", {"isotopes": {"H": "2H"}}),
        ("constraints.instruments", "unknown_instrument", {"constraints": {"instruments": ["nonesuch"]}}),
    ):
        assert refused(client, "/plans", loc, **body, **asked)[0] == code
    for loc, code, asked in (
        ("setting.instrument", "count_rate_not_known", {"setting": TOSCA}),
        ("bin_mev", "too_many_bins", {"setting": MERLIN, "bin_mev": 0.001}),
    ):
        assert refused(client, "/plans/measurement", loc, **body, hours=1, **asked)[0] == code
    response = client.post("/plans", json={**body, "settings": [MERLIN], "target": {"source_power": 1e-300}})
    assert response.json()["ranked"] == [], response.text
    for odd in ({"features_mev": []}, {"target": {"signal_to_noise": 0}}, {"most": 0}, {"sample": {"mass_g": -1}}):
        response = client.post("/plans", json={**body, **odd})
        assert response.status_code == 422, odd


def test_no_such_prediction(client: Client) -> None:
    missing = "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c"
    for path, more in (("", {}), ("/features", {}), ("/measurement", {"setting": MAPS, "hours": 1})):
        assert client.post(f"/plans{path}", json={"prediction_id": missing, **more}).status_code == 404


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("features", {}),
        ("front", {"settings": [MAPS, MERLIN]}),
        ("measurement", {"setting": MERLIN, "hours": 3}),
        ("deuteration", {"settings": [MERLIN], "instead": {"Si": "29Si"}}),
        ("sheet", {"features_mev": [60.0]}),
    ],
)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures(client: Client, prediction_id: str, kind: str, more: dict[str, Any], theme: str) -> None:
    body = {"prediction_id": prediction_id, "kind": kind, "theme": theme, "energy_unit": "cm-1", **more}
    response = client.post("/plans/figure", json=body)
    assert response.status_code == 200, response.text
    figure = response.json()
    assert figure["data"]
    if kind == "sheet":
        titles = [note["text"] for note in figure["layout"]["annotations"]]
        assert sum(title.startswith(("MAPS", "TOSCA", "ARCS", "Lagrange")) for title in titles) == 4
    if kind == "measurement":
        assert "MERLIN" in figure["layout"]["title"]["text"]


def test_benzene_has_its_two_lines_near_forty_mev() -> None:
    """TOSCA shows peaks at 36.5 and 40.4 meV in the example forecast; a broad search had one at 38.0."""
    partials = expand(COMPACT.read(Path(examples.__file__).parent / examples.PARTIALS))
    found = find_features(partials, View(), given=None, pairs=None, energy_relative_uncertainty=0.05)
    energies = [one.energy for one in found.features if 30 < one.energy < 50]
    # FWHM 0.44 and 0.49 meV: a tenth of it
    assert energies == pytest.approx([36.48, 40.42], abs=0.05)
    # Acoustic branches are steep, and at 5 and 7 meV the mesh of the forecast made peaks of them
    lattice = [one.energy for one in found.features if one.energy < 30]
    assert lattice == pytest.approx([8.98, 12.93, 19.34], abs=0.1)
