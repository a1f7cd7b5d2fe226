"""Instruments over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest

from .conftest import Client


def test_catalogue_says_what_each_instrument_reaches(client: Client) -> None:
    instruments = {item["name"]: item for item in client.get("/instruments").json()}
    assert len(instruments) == 15
    maps, tosca = instruments["MAPS"], instruments["TOSCA"]
    assert maps["geometry"] == "direct"
    assert set(maps["defaults"]) == set(maps["settings_schema"]["properties"])
    low, high = maps["energy_range_mev"]
    assert 0 == low < high < maps["defaults"]["e_init"]
    assert maps["measured_range_mev"] == [-maps["defaults"]["e_init"], high]
    assert maps["two_theta_deg"] == [3.0, 59.8]
    assert maps["lines_deg"] == {}
    assert maps["final_energy_mev"] is None
    assert maps["flux_known"]
    assert maps["relative_uncertainty"] is None
    assert instruments["ARCS"]["relative_uncertainty"] == pytest.approx(0.116, abs=0.001)
    assert tosca["two_theta_deg"] is None
    assert tosca["lines_deg"]["Forward"] == 45.0
    assert tosca["final_energy_mev"] == pytest.approx(3.97, abs=0.01)
    assert not tosca["flux_known"]
    for instrument in instruments.values():
        assert instrument["notes"]


def test_let_measures_several_energies_at_once(client: Client) -> None:
    body = {"settings": {"e_init": 3.7}}
    found = client.post("/instruments/let/repetitions", json=body).json()
    assert found["choppers_known"]
    energies = [rep["e_init_mev"] for rep in found["repetitions"]]
    assert 3.7 in energies
    assert energies == sorted(energies, reverse=True)
    # PyChop (mducle/pychop e63b203); it averages over the moderator's pulse
    assert energies[:4] == pytest.approx([22.779, 7.5215, 3.7021, 2.1959], rel=2e-3)
    fluxes = {rep["e_init_mev"]: rep["flux"] for rep in found["repetitions"]}
    assert fluxes[3.7]["n_per_cm2_s"] == pytest.approx(4.544e4, rel=1e-6)
    assert fluxes[3.7]["power"] == "160 µA"
    assert fluxes[energies[-1]] is None  # the table ends at 2 meV


@pytest.mark.parametrize(
    ("name", "energies", "flux"), [("ARCS", [200.0], True), ("HYSPEC", [30.0], False), ("TOSCA", [], False)]
)
def test_where_choppers_are_not_known_the_chosen_energy_stands_alone(
    client: Client, name: str, energies: list[float], flux: bool
) -> None:
    found = client.post(f"/instruments/{name}/repetitions", json={}).json()
    assert not found["choppers_known"]
    assert [rep["e_init_mev"] for rep in found["repetitions"]] == energies
    for rep in found["repetitions"]:
        assert rep["transmission"] is None
        assert (rep["flux"] is not None) == flux


def test_no_allowed_settings_break_anything(client: Client) -> None:
    """The ends of every range and every choice, of every instrument."""
    for instrument in client.get("/instruments").json():
        properties = instrument["settings_schema"]["properties"]
        variants = [
            {name: value}
            for name, schema in properties.items()
            for value in schema.get("enum", [schema.get("minimum"), schema.get("maximum")])
        ]
        low, high = instrument["measured_range_mev"]
        for settings in [{}, *variants]:
            for route, more in (("window", {}), ("repetitions", {}), ("resolution", {"energy_mev": [low, 0, high]})):
                response = client.post(
                    f"/instruments/{instrument['name']}/{route}", json={"settings": settings, **more}
                )
                # 422 where the choppers let nothing through, or two settings contradict each other
                assert response.status_code in {200, 422}, (instrument["name"], route, settings, response.text)
                if response.status_code == 422:
                    assert response.json()["errors"][0]["loc"].startswith("settings")


def test_resolution_of_a_generic_instrument_has_the_users_uncertainty(client: Client) -> None:
    body = {"settings": {"resolution_uncertainty": 25}, "energy_mev": [0]}
    resolution = client.post("/instruments/generic-direct/resolution", json=body).json()
    assert resolution["relative_uncertainty"] == pytest.approx(0.25)
    assert resolution["fwhm_mev"] == [pytest.approx(4.0)]  # 4 % of 100 meV


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


@pytest.mark.parametrize("route", ["window", "resolution", "repetitions"])
def test_unknown_instrument_is_not_found(client: Client, route: str) -> None:
    response = client.post(f"/instruments/TOSKA/{route}", json={"energy_mev": [1]} if route == "resolution" else {})
    assert response.status_code == 404
    assert response.json()["code"] == "unknown_instrument"
    assert "TOSCA" in response.json()["params"]["known"]


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"settings": {"e_init": 1e6}}, "settings.e_init"),
        ({"settings": {"e_init": "fast"}}, "settings.e_init"),
        ({"settings": {"speed": 1}}, "settings.speed"),
        ({"settings": {"chopper_frequency": 425}}, "settings.chopper_frequency"),
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


def test_resolution_says_how_the_width_compares_with_vanadium(client: Client) -> None:
    settings = {"e_init": 250, "chopper_package": "ARCS-100-1.5-AST", "chopper_frequency": 180}
    body = {"settings": settings, "energy_mev": [0]}
    resolution = client.post("/instruments/ARCS/resolution", json=body).json()
    assert [one["code"] for one in resolution["notices"]] == ["width_model_fails", "slits_miss_energy"]
    assert resolution["relative_uncertainty"] == resolution["notices"][0]["params"]["relative_uncertainty"]
