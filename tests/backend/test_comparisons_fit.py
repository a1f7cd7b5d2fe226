"""A forecast fitted to measured data, over the API."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.comparisons.schemas import ComparisonOut
from backend.kit.settings import Settings
from scattering.measured.data import MeasuredMap
from scattering.observe import spectrum as observe

from .comparing import as_csv, compared, hydride_partials, measured_of, predicted, stored
from .conftest import Client


@pytest.fixture
def prediction_id(client: Client, settings: Settings, structure: dict[str, Any]) -> str:
    return predicted(client, settings, structure, hydride_partials())


@pytest.fixture
def dataset_id(client: Client, settings: Settings, tmp_path: Path, prediction_id: str) -> str:
    return stored(settings, tmp_path, measured_of(client, prediction_id, scale=3.0))


def test_an_uploaded_spectrum_gives_its_scale_back(client: Client, prediction_id: str) -> None:
    measured = measured_of(client, prediction_id, scale=3.0)
    form = {"instrument": "tosca", "temperature_k": "300"}
    uploaded = client.post("/datasets", files={"file": ("run.csv", as_csv(measured))}, data=form)
    assert uploaded.status_code == 201, uploaded.text
    found = compared(client, prediction_id, uploaded.json()["id"])
    assert abs(found["scale"] - 3.0) < 3 * found["standard_errors"]["scale"] < 0.1
    # χ²ᵣ of some 230 points scatters by √(2/230) = 0.09
    assert found["chi2_reduced"] == pytest.approx(1.0, abs=0.3)
    assert found["correlation"] > 0.99
    assert found["n_parameters"] == 1
    assert found["view"]["instrument"] == "TOSCA"
    assert found["warnings"] == []


def test_the_answer_is_as_documented(client: Client, prediction_id: str, dataset_id: str) -> None:
    found = compared(client, prediction_id, dataset_id, fit={"shift": True, "background": "linear"})
    assert set(found) == set(ComparisonOut.model_fields)
    assert ComparisonOut.model_validate(found).map is None
    n = len(found["curve"]["energy_mev"])
    assert {len(values) for values in found["curve"].values()} == {n} == {len(found["residual"]), len(found["in_fit"])}
    names = found["correlations"]["parameters"]
    assert names == ["scale", "shift_mev", "background", "background_slope_per_mev"] == list(found["standard_errors"])
    assert np.diag(found["correlations"]["matrix"]) == pytest.approx(1.0)
    assert (found["stretch"], found["extra_fwhm_mev"]) == (1.0, 0.0)
    assert sum(found["in_fit"]) == found["n_points"]


def test_what_is_wrong_with_the_energies_is_found(
    client: Client, settings: Settings, structure: dict[str, Any], tmp_path: Path, dataset_id: str
) -> None:
    softer = predicted(client, settings, structure, hydride_partials(factor=0.9))
    found = compared(client, softer, dataset_id, fit={"shift": True, "stretch": True})
    assert abs(found["stretch"] - 1 / 0.9) < 0.01
    assert found["correlation"] > 0.98
    assert found["r_factor"] < 0.3
    assert compared(client, softer, dataset_id)["r_factor"] > 0.8


def test_the_forecast_is_what_the_view_used_gives(client: Client, prediction_id: str, dataset_id: str) -> None:
    found = compared(client, prediction_id, dataset_id, view={"energy_mev": {"min": 0, "max": 1, "step": 0.5}})
    grid = found["view"]["energy_mev"]
    assert grid["min"] < 20
    assert grid["max"] > 250
    spectrum = client.post(f"/predictions/{prediction_id}/spectrum", json=found["view"]).json()
    energy = np.array(found["curve"]["energy_mev"])
    forecast = found["scale"] * np.interp(energy, spectrum["energy_mev"], spectrum["intensity"])
    # Between points a quarter of the resolution apart, and over bins of 1 meV
    assert found["curve"]["forecast"] == pytest.approx(forecast, abs=0.03 * forecast.max())


def test_data_beyond_the_forecast_are_told_and_null(
    client: Client, settings: Settings, tmp_path: Path, prediction_id: str
) -> None:
    measured = measured_of(client, prediction_id)
    farther = replace(
        measured, energy=measured.energy + 100, low=measured.low + 100, high=measured.high + 100
    )  # to 350 meV; the simulation has 300
    found = compared(client, prediction_id, stored(settings, tmp_path, farther))
    energy, forecast = np.array(found["curve"]["energy_mev"]), np.array(found["curve"]["forecast"], dtype=float)
    assert np.isnan(forecast[energy > 301]).all()
    assert np.isfinite(forecast[energy < 299]).all()
    assert found["range_mev"][1] <= 300.5
    assert found["warnings"] == [notice["message"] for notice in found["notices"]]
    (beyond,) = [notice for notice in found["notices"] if notice["code"] == "data_beyond_forecast"]
    assert [round(end) for end in beyond["params"]["ranges_mev"][-1]] == [300, 350]
    residual = [value for value, at in zip(found["residual"], energy, strict=True) if at > 301]
    assert residual
    assert set(residual) == {None}


def test_unknown_errors_are_null(client: Client, settings: Settings, tmp_path: Path, prediction_id: str) -> None:
    measured = measured_of(client, prediction_id)
    error = measured.error
    assert error is not None
    some = stored(settings, tmp_path, replace(measured, error=np.where(measured.energy > 100, error, np.nan)))
    errors = compared(client, prediction_id, some)["curve"]["standard_error"]
    assert [value is None for value in errors] == (measured.energy <= 100).tolist()
    none = compared(client, prediction_id, stored(settings, tmp_path, replace(measured, error=None)))
    assert (none["curve"]["standard_error"], none["chi2_reduced"], none["r_weighted"]) == (None, None, None)
    assert none["standard_errors"]["scale"] > 0


def test_the_view_follows_the_dataset_unless_it_says_otherwise(
    client: Client, settings: Settings, tmp_path: Path, prediction_id: str
) -> None:
    maps = {"instrument": "MAPS", "settings": {"e_init": 400, "chopper_frequency": 400}}
    measured = measured_of(client, prediction_id, view=maps)
    dataset_id = stored(settings, tmp_path, measured, isotopes={"H": "2H", "O": "18O"}, temperature_k=302.0, **maps)

    def view(**more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        found = compared(client, prediction_id, dataset_id, **more)
        return found["view"], {notice["code"]: notice["params"] for notice in found["notices"]}

    used, notices = view()
    assert (used["instrument"], used["settings"]) == ("MAPS", maps["settings"])
    assert used["isotopes"] == {"H": "2H"}  # the sample has no oxygen
    assert not {"settings_differ", "instruments_differ", "forecast_without_instrument"} & set(notices)

    used, notices = view(view={"instrument": "maps", "settings": {"e_init": 500}, "isotopes": {"H": "1H"}})
    assert (used["settings"], used["isotopes"]) == ({"e_init": 500}, {"H": "1H"})
    assert notices["settings_differ"]["settings"]["e_init"] == {"measured": 400, "forecast": 500}

    used, notices = view(view={"instrument": "TOSCA"})
    assert (used["instrument"], used["settings"]) == ("TOSCA", {})
    assert notices["instruments_differ"] == {"measured": "MAPS", "forecast": "TOSCA"}

    used, notices = view(follow_dataset=False)
    assert (used["instrument"], used["isotopes"]) == (None, {})
    assert notices["forecast_without_instrument"] == {"instrument": "MAPS"}

    assert view(view={"fwhm_mev": 3})[0]["instrument"] is None


@pytest.mark.parametrize(("temperature_k", "told"), [(None, False), (304.0, False), (290.0, False), (20.0, True)])
def test_another_temperature_is_told(
    client: Client,
    settings: Settings,
    tmp_path: Path,
    prediction_id: str,
    temperature_k: float | None,
    told: bool,
) -> None:
    dataset_id = stored(settings, tmp_path, measured_of(client, prediction_id), temperature_k=temperature_k)
    notices = {one["code"]: one["params"] for one in compared(client, prediction_id, dataset_id)["notices"]}
    assert notices.get("temperatures_differ") == ({"measured_k": 20.0, "simulated_k": 300.0} if told else None)


def test_a_map_is_compared_in_its_own_bins(
    client: Client, settings: Settings, tmp_path: Path, prediction_id: str
) -> None:
    maps = {"instrument": "MAPS", "settings": {"e_init": 400}}
    image = client.post(
        f"/predictions/{prediction_id}/spectrum",
        json={**maps, "energy_mev": {"min": 20, "max": 250, "step": 2}},
    ).json()["map"]
    q, energy = np.array(image["q_inv_angstrom"]), np.array(image["energy_mev"])
    intensity = 5 * np.array(image["intensity"], dtype=float)
    seen = np.isfinite(intensity)
    measured = MeasuredMap(
        np.append(q, q[-1] + 0.3) - 0.15, np.append(energy, energy[-1] + 2) - 1, intensity, np.where(seen, 0.1, np.nan)
    )
    dataset_id = stored(settings, tmp_path, measured, **maps)
    found = compared(client, prediction_id, dataset_id, fit={"background": "constant"})
    assert set(found) == set(ComparisonOut.model_fields)
    ComparisonOut.model_validate(found)
    assert found["scale"] == pytest.approx(5.0, rel=0.02)
    assert found["correlation"] > 0.99
    shown = found["map"]
    assert (len(shown["q_inv_angstrom"]), len(shown["energy_mev"])) == intensity.shape == np.shape(shown["difference"])
    assert (found["curve"], found["residual"], found["in_fit"]) == (None, None, None)
    assert found["correlations"]["parameters"] == ["scale", "background"] == list(found["standard_errors"])
    (one, other), (same, _) = found["correlations"]["matrix"]
    assert (one, other) == (1.0, same)
    assert [value is None for row in shown["measured"] for value in row] == (~seen).ravel().tolist()
    notices = compared(client, prediction_id, dataset_id, fit={"shift": True, "background": "linear"})["notices"]
    left_out = {"parameters": ["shift_mev", "background_slope_per_mev"]}
    assert ("parameters_not_fitted_to_maps", left_out) in [(one["code"], one["params"]) for one in notices]
    for path in ("/peaks", "/refinement"):
        body = {"prediction_id": prediction_id, "dataset_id": dataset_id}
        refused = client.post(f"/comparisons{path}", json=body)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["loc"] == "dataset_id"
    body = {"candidates": [{"prediction_id": prediction_id}], "dataset_id": dataset_id}
    assert client.post("/comparisons/ranking", json=body).status_code == 422


def test_a_slider_waits_for_no_other_forecast(
    client: Client, prediction_id: str, dataset_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared(client, prediction_id, dataset_id)
    observed = []
    monkeypatch.setattr(observe, "observe", lambda *asked: observed.append(asked))
    for low in (25.0, 30.0, 35.0):
        for more in ({"shift": True}, {"stretch": True}, {"extra_width": True, "background": "linear"}):
            compared(client, prediction_id, dataset_id, fit={"range_mev": [low, 200], **more})
    assert observed == []
