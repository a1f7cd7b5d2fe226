"""Calibrations by the counts of a standard: entered, listed, used in plans by their id, deleted."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest

from backend.calibrations.schemas import CalibrationRecordOut
from backend.kit.settings import Settings

from .conftest import Client
from .predicting import succeeded

TOSCA = {"instrument": "TOSCA"}
SAMPLE = {"mass_g": 5.0, "container": {"material": "none"}}
VANADIUM = {
    "standard": "vanadium",
    "temperature_k": 20,
    "mass_g": 25,
    "bands": [{"from_mev": 12, "to_mev": 36, "counts_per_hour": 41000}],
    "source": "run 31415, 25 g of vanadium",
    "entered_by": "A. Scientist",
    "measured_on": "2026-03-14",
}


@pytest.fixture
def prediction_id(client: Client, settings: Settings, structure: dict[str, Any]) -> str:
    """One mode of silicon at 60 meV."""
    return succeeded(client, settings, structure)


def entered(client: Client, instrument: str = "tosca", **more: Any) -> dict[str, Any]:
    response = client.post(f"/instruments/{instrument}/calibrations", json={**VANADIUM, **more})
    assert response.status_code == 201, response.text
    return dict(CalibrationRecordOut.model_validate(response.json()).model_dump(mode="json"))


def planned(client: Client, prediction_id: str, *calibrations: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"prediction_id": prediction_id, "settings": [TOSCA], "features_mev": [60.0], "sample": SAMPLE}
    response = client.post("/plans", json={**body, "calibrations": list(calibrations), **more})
    assert response.status_code == 200, response.text
    (found,) = response.json()["ranked"]
    return dict(found)


def refused(client: Client, path: str, body: dict[str, Any]) -> dict[str, str]:
    response = client.post(path, json=body)
    assert response.status_code == 422, response.text
    return {error["loc"]: error["code"] for error in response.json()["errors"]}


def test_counts_of_vanadium_give_tosca_hours(client: Client, prediction_id: str) -> None:
    """Twice the counts, half the hours; the plan says whose counts they are."""
    made = entered(client)
    assert (made["instrument"], made["settings"], made["relative_uncertainty"]) == ("TOSCA", {}, 0.2)
    assert made["bands"] == [{"from_mev": 12.0, "to_mev": 36.0, "counts_per_hour": 41000.0, "background_per_hour": 0.0}]
    assert planned(client, prediction_id)["basis"] == "relative"
    once = planned(client, prediction_id, {"calibration_id": made["id"]})
    assert once["basis"] == "calibrated"
    assert once["rests_on_notices"][0]["code"] == made["summary"]["code"] == "calibrated_by_standard"
    assert once["rests_on_notices"][0]["params"] == {
        "standard": "vanadium",
        "mass_g": 25.0,
        "from_mev": 12.0,
        "to_mev": 36.0,
        "relative_uncertainty": 0.2,
        "source": "run 31415, 25 g of vanadium",
        "entered_by": "A. Scientist",
        "measured_on": "2026-03-14",
    }
    twice = entered(client, bands=[{**VANADIUM["bands"][0], "counts_per_hour": 82000}])  # type: ignore[index, dict-item]
    assert once["hours"] / planned(client, prediction_id, {"calibration_id": twice["id"]})["hours"] == pytest.approx(2)


def test_a_wide_uncertainty_widens_the_band(client: Client, prediction_id: str) -> None:
    made = entered(client, relative_uncertainty=1.0)
    found = planned(client, prediction_id, {"calibration_id": made["id"]})
    assert found["hours_high"] / found["hours"] == pytest.approx(2.0, rel=0.02)


def test_counts_of_a_forecast_sample_are_given_back(client: Client, prediction_id: str) -> None:
    """The standard itself, simulated for an hour, counts what was entered."""
    made = entered(
        client,
        standard="forecast",
        prediction_id=prediction_id,
        mass_g=3.0,
        bands=[{"from_mev": 40, "to_mev": 80, "counts_per_hour": 5e6, "background_per_hour": 4000}],
    )
    body = {
        "prediction_id": prediction_id,
        "setting": TOSCA,
        "hours": 1,
        "bin_mev": 0.5,
        "sample": {"mass_g": 3.0, "container": {"material": "none"}},
        "calibrations": [{"calibration_id": made["id"]}],
    }
    response = client.post("/plans/measurement", json=body)
    assert response.status_code == 200, response.text
    energy, expected, background = (
        np.array(response.json()[name]) for name in ("energy_mev", "expected", "background")
    )
    inside = (energy > 40) & (energy < 80)
    assert (expected - background)[inside].sum() == pytest.approx(5e6, rel=0.03)
    assert background[inside] == pytest.approx(np.full(inside.sum(), 50.0), rel=1e-6)


def test_they_are_listed_and_deleted(client: Client, prediction_id: str) -> None:
    tosca, vision = entered(client), entered(client, "VISION")
    assert [one["id"] for one in client.get("/instruments/Tosca/calibrations").json()["items"]] == [tosca["id"]]
    everything = client.get("/calibrations").json()
    assert {one["id"] for one in everything["items"]} == {tosca["id"], vision["id"]}
    assert everything["total"] == 2
    address = f"/instruments/TOSCA/calibrations/{tosca['id']}"
    assert client.delete(f"/instruments/MAPS/calibrations/{tosca['id']}").status_code == 404
    assert client.delete(address).status_code == 204
    assert client.delete(address).status_code == 404
    asked = {"prediction_id": prediction_id, "settings": [TOSCA], "calibrations": [{"calibration_id": tosca["id"]}]}
    assert refused(client, "/plans", asked) == {"calibrations.0.calibration_id": "not_found"}


def test_a_repeated_request_stores_one(client: Client) -> None:
    headers = {"Idempotency-Key": "one"}
    first, second = (
        client.post("/instruments/TOSCA/calibrations", json=VANADIUM, headers=headers).json()["id"] for _ in range(2)
    )
    assert first == second
    assert client.get("/calibrations").json()["total"] == 1


def test_without_its_forecast_a_calibration_is_refused(
    client: Client, settings: Settings, structure: dict[str, Any], prediction_id: str
) -> None:
    standard = succeeded(client, settings, structure)
    made = entered(
        client,
        standard="forecast",
        prediction_id=standard,
        bands=[{"from_mev": 40, "to_mev": 80, "counts_per_hour": 5e4}],
    )
    assert client.delete(f"/predictions/{standard}").status_code == 204
    asked = {"prediction_id": prediction_id, "settings": [TOSCA], "calibrations": [{"calibration_id": made["id"]}]}
    assert refused(client, "/plans", asked) == {"calibrations.0.calibration_id": "standard_without_forecast"}
    (listed,) = client.get("/instruments/TOSCA/calibrations").json()["items"]
    assert listed["prediction_id"] is None


def test_an_instrument_with_a_flux_gets_a_factor(client: Client, prediction_id: str) -> None:
    setting = {"e_init": 120.0, "chopper_package": "A", "chopper_frequency": 400}
    made = entered(client, "MAPS", settings=setting)
    found = planned(
        client,
        prediction_id,
        {"calibration_id": made["id"]},
        settings=[{"instrument": "MAPS", "settings": setting}],
    )
    assert [one["code"] for one in found["rests_on_notices"]][:2] == ["calibrated_by_standard", "calibration_factor"]


@pytest.mark.parametrize(
    ("instrument", "more", "loc", "code"),
    [
        ("TOSCA", {"bands": [{"from_mev": -1, "to_mev": 1, "counts_per_hour": 1}]}, "bands.0", None),
        ("TOSCA", {"bands": [{"from_mev": 30, "to_mev": 400, "counts_per_hour": 1}]}, "bands.0", "band_out_of_range"),
        ("MAPS", {"settings": {"e_init": -5}}, "settings.e_init", "out_of_range"),
        ("TOSCA", {"standard": "forecast"}, "prediction_id", "prediction_of_standard"),
        (
            "TOSCA",
            {"standard": "forecast", "prediction_id": str(uuid.UUID(int=1))},
            "prediction_id",
            "not_found",
        ),
        ("TOSCA", {"mass_g": 0}, "mass_g", None),
        ("TOSCA", {"source": "  "}, "source", None),
    ],
)
def test_refusals_name_the_field(
    client: Client, instrument: str, more: dict[str, Any], loc: str, code: str | None
) -> None:
    found = refused(client, f"/instruments/{instrument}/calibrations", {**VANADIUM, **more})
    assert loc in found, found
    assert code in (None, found[loc])
    assert client.get("/calibrations").json()["total"] == 0


def test_a_calibration_of_a_plan_has_one_source(client: Client, prediction_id: str) -> None:
    some = str(uuid.UUID(int=1))
    for one, code in (
        ({}, "calibration_source"),
        ({"dataset_id": some, "calibration_id": some}, "calibration_source"),
        ({"prediction_id": some, "calibration_id": some}, "prediction_beside_calibration"),
    ):
        assert refused(client, "/plans", {"prediction_id": prediction_id, "calibrations": [one]}) == {
            "calibrations.0": code
        }


def test_no_such_instrument(client: Client) -> None:
    assert client.post("/instruments/nonesuch/calibrations", json=VANADIUM).status_code == 404
    assert client.get("/instruments/nonesuch/calibrations").status_code == 404
