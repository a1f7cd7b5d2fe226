"""What cannot be compared, and the word that is said about it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI

from backend.kit.db.owners import current_owner
from backend.kit.settings import Settings
from scattering.measured.data import MeasuredSpectrum

from .comparing import hydride_partials, measured_of, predicted, stored
from .conftest import Client
from .predicting import ask

ROUTES = ("", "/peaks", "/refinement", "/ranking")


@pytest.fixture
def prediction_id(client: Client, settings: Settings, structure: dict[str, Any]) -> str:
    return predicted(client, settings, structure, hydride_partials())


@pytest.fixture
def dataset_id(client: Client, settings: Settings, tmp_path: Path, prediction_id: str) -> str:
    return stored(settings, tmp_path, measured_of(client, prediction_id))


@pytest.fixture
def somebody_else(app: FastAPI) -> Iterator[None]:
    yield
    app.dependency_overrides.clear()


def asked(route: str, prediction_id: str, dataset_id: str, **more: Any) -> dict[str, Any]:
    """The body of a route for the same question."""
    if route != "/ranking":
        return {"prediction_id": prediction_id, "dataset_id": dataset_id, **more}
    view = {"view": more.pop("view")} if "view" in more else {}
    return {"candidates": [{"prediction_id": prediction_id, **view}], "dataset_id": dataset_id, **more}


def test_what_is_not_there(
    client: Client, app: FastAPI, somebody_else: None, structure: dict[str, Any], prediction_id: str, dataset_id: str
) -> None:
    def statuses(prediction: str, dataset: str) -> set[int]:
        found = [client.post(f"/comparisons{route}", json=asked(route, prediction, dataset)) for route in ROUTES]
        return {response.status_code for response in found}

    nothing = str(uuid.uuid4())
    queued = ask(client, structure)["id"]
    assert statuses(prediction_id, dataset_id) == {200}
    assert statuses(nothing, dataset_id) == statuses(prediction_id, nothing) == {404}
    assert statuses(queued, dataset_id) == {409}
    app.dependency_overrides[current_owner] = lambda: "somebody else"
    assert statuses(prediction_id, dataset_id) == {404}


def test_somebody_elses_dataset_is_not_found(
    client: Client, app: FastAPI, settings: Settings, somebody_else: None, structure: dict[str, Any], dataset_id: str
) -> None:
    app.dependency_overrides[current_owner] = lambda: "somebody else"
    example = client.get("/examples").json()
    name = (example if isinstance(example, list) else example["items"])[0]["name"]
    own = predicted(client, settings, client.post(f"/examples/{name}").json(), hydride_partials())
    for route in ROUTES:
        response = client.post(f"/comparisons{route}", json=asked(route, own, dataset_id))
        assert response.status_code == 404
        assert response.json()["params"]["kind"] == "dataset"


WISHES: list[tuple[dict[str, Any], str]] = [
    ({"fit": {"range_mev": [400, 500]}}, "fit.range_mev"),
    ({"fit": {"range_mev": [100, 50]}}, "fit.range_mev"),
    ({"fit": {"range_mev": [100, 101]}}, "fit.range_mev"),
    ({"fit": {"background": "cubic"}}, "fit.background"),
    ({"fit": {"shfit": True}}, "fit.shfit"),
    ({"view": {"instrument": "TOSKA"}}, "view.instrument"),
    ({"view": {"instrument": "MAPS", "settings": {"e_init": -1}}}, "view.settings.e_init"),
    ({"view": {"isotopes": {"O": "18O"}}}, "view.isotopes.O"),
    ({"view": {"order": 3}}, "view.order"),
]


def test_impossible_wishes_are_named(client: Client, prediction_id: str, dataset_id: str) -> None:
    for route in ROUTES:
        for more, loc in WISHES:
            response = client.post(f"/comparisons{route}", json=asked(route, prediction_id, dataset_id, **more))
            assert response.status_code == 422, (route, more, response.text)
            place = f"candidates.0.{loc}" if route == "/ranking" and loc.startswith("view") else loc
            assert place in [error["loc"] for error in response.json()["errors"]], (route, response.text)


def test_numbers_must_be_numbers(client: Client, prediction_id: str, dataset_id: str) -> None:
    for field in ('"fit": {"range_mev": [0, %s]}', '"tolerance_mev": %s', '"prominence": %s'):
        for number in ("NaN", "Infinity", "1e400", '"many"', "-1"):
            body = f'{{"prediction_id": "{prediction_id}", "dataset_id": "{dataset_id}", {field % number}}}'
            headers = {"Content-Type": "application/json"}
            response = client.post("/comparisons/peaks", content=body, headers=headers)
            assert response.status_code == 422, (field, number)


def test_data_that_the_forecast_does_not_reach(
    client: Client, settings: Settings, tmp_path: Path, structure: dict[str, Any], prediction_id: str
) -> None:
    far = measured_of(client, prediction_id, view={"instrument": None, "fwhm_mev": 5}, low=320, high=420)
    dataset_id = stored(settings, tmp_path, far)
    for route in ROUTES:
        response = client.post(f"/comparisons{route}", json=asked(route, prediction_id, dataset_id))
        assert response.status_code == 422
        assert response.json()["errors"][0]["loc"] == "dataset_id"
        assert "320 to 420 meV" in response.json()["detail"]
        assert ("Silicon" in response.json()["detail"]) == (route == "/ranking")


def test_more_points_than_anybody_waits_for(
    client: Client, settings: Settings, tmp_path: Path, prediction_id: str
) -> None:
    edges = np.linspace(20, 250, 60_001)
    centres = (edges[1:] + edges[:-1]) / 2
    dataset_id = stored(settings, tmp_path, MeasuredSpectrum(centres, centres, None, edges[:-1], edges[1:]))
    for route in ROUTES:
        response = client.post(f"/comparisons{route}", json=asked(route, prediction_id, dataset_id))
        assert response.status_code == 422
        (error,) = response.json()["errors"]
        assert (error["code"], error["params"]["n_points"]) == ("too_many_points", 60_000)


def test_a_crystal_is_not_compared(
    client: Client, settings: Settings, structure: dict[str, Any], dataset_id: str
) -> None:
    # Whatever its file holds: it is refused before anybody reads it
    along = predicted(client, settings, structure, hydride_partials(), sampling="path")
    for route in ROUTES:
        response = client.post(f"/comparisons{route}", json=asked(route, along, dataset_id))
        assert response.status_code == 422
        assert response.json()["errors"][0]["loc"].endswith("prediction_id")
        assert "comparison_with_path" in [error["code"] for error in response.json()["errors"]]


def test_a_ranking_is_of_some_forecasts(client: Client, prediction_id: str, dataset_id: str) -> None:
    for count in (0, 25):
        body = {"dataset_id": dataset_id, "candidates": [{"prediction_id": prediction_id}] * count}
        assert client.post("/comparisons/ranking", json=body).status_code == 422
