"""Instruments over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest

from .conftest import Client


def test_catalogue_has_the_first_four(client: Client) -> None:
    instruments = {item["name"]: item for item in client.get("/instruments").json()}
    assert {"TOSCA", "MAPS", "ARCS", "Lagrange"} <= set(instruments)
    maps = instruments["MAPS"]
    assert maps["geometry"] == "direct"
    assert set(maps["defaults"]) == set(maps["settings_schema"]["properties"])
    low, high = maps["energy_range_mev"]
    assert 0 == low < high < maps["defaults"]["e_init"]


def test_window_closes_outside_what_is_measured(client: Client) -> None:
    window = client.post("/instruments/maps/window", json={"settings": {"e_init": 100}}).json()
    assert len(window["energy_mev"]) == len(window["q_min_inv_angstrom"]) == len(window["q_max_inv_angstrom"])
    assert window["q_min_inv_angstrom"][0] < window["q_max_inv_angstrom"][0]
    assert window["lines"] == []


def test_window_of_tosca_is_two_lines(client: Client) -> None:
    window = client.post("/instruments/TOSCA/window", json={}).json()
    assert [line["label"] for line in window["lines"]] == ["Forward", "Backward"]


def test_resolution_is_a_gaussians(client: Client) -> None:
    body = {"settings": {}, "energy_mev": [10, 100, 200]}
    resolution = client.post("/instruments/TOSCA/resolution", json=body).json()
    ratio = np.array(resolution["fwhm_mev"]) / np.array(resolution["sigma_mev"])
    assert ratio == pytest.approx(2.3548, rel=1e-4)
    assert np.all(np.diff(resolution["sigma_mev"]) > 0)


@pytest.mark.parametrize("route", ["window", "resolution"])
def test_unknown_instrument_is_not_found(client: Client, route: str) -> None:
    response = client.post(f"/instruments/TOSKA/{route}", json={"energy_mev": [1]} if route == "resolution" else {})
    assert response.status_code == 404
    assert "TOSCA" in response.json()["detail"]


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"settings": {"e_init": 1e6}}, "settings.e_init"),
        ({"settings": {"e_init": "fast"}}, "settings.e_init"),
        ({"settings": {"speed": 1}}, "settings.speed"),
        ({"settings": []}, "settings"),
        ({"setting": {}}, "setting"),
    ],
)
def test_settings_out_of_range_are_refused(client: Client, body: dict[str, Any], loc: str) -> None:
    response = client.post("/instruments/MAPS/window", json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == loc
    response = client.post("/instruments/MAPS/resolution", json={"energy_mev": [1], **body})
    assert response.status_code == 422


@pytest.mark.parametrize("energies", [[], [1e9], ["a"], [None]])
def test_energies_must_be_energies(client: Client, energies: list[Any]) -> None:
    assert client.post("/instruments/MAPS/resolution", json={"energy_mev": energies}).status_code == 422


def test_defaults_suit_a_structure(client: Client, structure: dict[str, Any]) -> None:
    general = {row["name"]: row for row in client.get("/instruments").json()}
    suited = {row["name"]: row for row in client.get("/instruments", params={"structure_id": structure["id"]}).json()}
    # Silicon vibrates up to 64 meV
    assert 64 < suited["MAPS"]["defaults"]["e_init"] < general["MAPS"]["defaults"]["e_init"]
    assert suited["TOSCA"] == general["TOSCA"]
    assert client.get("/instruments", params={"structure_id": str(uuid.uuid4())}).status_code == 404
