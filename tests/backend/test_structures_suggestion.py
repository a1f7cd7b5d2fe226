"""The suggested temperature and methods of a forecast, over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from backend.kit.db.database import transaction
from backend.kit.settings import Settings
from backend.structures import parse
from backend.structures.tables import Structure
from backend.structures.temperatures import find_temperature

from .conftest import SILICON, Client


def suggestion(client: Client, structure_id: str, **query: Any) -> dict[str, Any]:
    response = client.get(f"/structures/{structure_id}/suggestion", params=query)
    assert response.status_code == 200, response.text
    return dict(response.json())


def codes(notices: list[dict[str, Any]]) -> list[str]:
    return [notice["code"] for notice in notices]


@pytest.fixture
def benzene(client: Client) -> str:
    return str(client.post("/examples/benzene").json()["id"])


def test_silicon(client: Client, structure: dict[str, Any]) -> None:
    cold = suggestion(client, structure["id"], instruments="tosca, VISION")
    assert (cold["temperature_k"], cold["methods"], cold["warnings"]) == (10, ["harmonic"], [])
    assert cold["reasons"][0]["params"] == {"temperature_k": 10, "instruments": ["TOSCA", "VISION"]}
    assert all(reason["message"] for reason in cold["reasons"])
    warm = suggestion(client, structure["id"], instruments="MAPS")
    assert (warm["temperature_k"], warm["methods"]) == (300, ["harmonic", "md"])
    assert suggestion(client, structure["id"]) == warm
    hot = suggestion(client, structure["id"], temperature_k=1700)
    assert codes(hot["warnings"]) == ["above_melting_point"]
    assert hot["warnings"][0]["params"]["certain"] is True


def test_benzene_uses_the_temperature_of_its_file(client: Client, benzene: str) -> None:
    found = suggestion(client, benzene, instruments="TOSCA")
    assert (found["temperature_k"], found["methods"], found["warnings"]) == (138, ["harmonic"], [])
    assert codes(found["reasons"]) == ["temperature_stated", "instruments_usually_colder", "harmonic_for_instruments"]


def test_molten_benzene_is_warned_of(client: Client, benzene: str) -> None:
    found = suggestion(client, benzene, instruments="TOSCA", temperature_k=300)
    assert found["temperature_k"] == 300
    assert codes(found["warnings"]) == ["above_melting_point"]
    body = {"structure_id": benzene, "temperature_k": 300, "instruments": ["TOSCA"]}
    estimate = client.post("/predictions/estimate", json=body).json()
    assert found["warnings"][0] in estimate["notices"]
    assert found["warnings"][0]["message"] in estimate["warnings"]
    cold = client.post("/predictions/estimate", json={**body, "temperature_k": 138}).json()
    assert cold["notices"] == []


@pytest.mark.parametrize(
    ("change", "temperature_k", "place"),
    [
        ({"name": "Silicon at 100 K"}, 100, "name"),
        ({"filename": "silicon_20K.cif"}, 20, "name"),
        ({"name": "Silicon at 100 K", "temperature_k": 90.0}, 90, "file"),
    ],
)
def test_name_and_file_state_the_temperature(
    client: Client,
    settings: Settings,
    structure: dict[str, Any],
    change: dict[str, Any],
    temperature_k: float,
    place: str,
) -> None:
    with transaction(settings) as session:
        row = session.get_one(Structure, uuid.UUID(structure["id"]))
        for name, value in change.items():
            setattr(row, name, value)
    found = suggestion(client, structure["id"], instruments="MAPS")
    assert found["temperature_k"] == temperature_k
    assert found["reasons"][0]["params"] == {"temperature_k": temperature_k, "place": place}


def test_the_title_of_a_file_states_the_temperature() -> None:
    title = b"Silicon, 12.5 K"
    assert parse.parse(SILICON.replace(b"Silicon", title, 1), "poscar", 100)["temperature_k"] == 12.5
    assert parse.parse(SILICON, "poscar", 100)["temperature_k"] is None


@pytest.mark.parametrize(
    ("text", "temperature_k"),
    [
        ("benzene 123K", 123),
        ("at 100 K", 100),
        ("benzene_4.2K", 4.2),
        ("ice-XI-77K", 77),
        ("293(2) K, 293 K", 293),
        ("T = 10 kelvin", None),
        ("10 Kelvin", 10),
        ("between 10 K and 20 K", None),
        ("100k", None),
        ("5 kbar", None),
        ("Na5 K3", None),
        ("(NH4)2 K", None),
        ("Na 4 K 4", None),
        ("0.5 K", None),
        ("5000 K", None),
        ("KCl 2 KBr", None),
        ("", None),
    ],
)
def test_temperatures_in_names(text: str, temperature_k: float | None) -> None:
    assert find_temperature(text) == temperature_k


@pytest.mark.parametrize(
    ("query", "loc"),
    [
        ({"instruments": "TOSCA,TOSKA"}, "instruments"),
        ({"temperature_k": "0"}, "temperature_k"),
        ({"temperature_k": "nan"}, "temperature_k"),
        ({"temperature_k": "3001"}, "temperature_k"),
        ({"instruments": "x" * 1001}, "instruments"),
    ],
)
def test_wrong_fields_are_named(client: Client, structure: dict[str, Any], query: dict[str, str], loc: str) -> None:
    response = client.get(f"/structures/{structure['id']}/suggestion", params=query)
    assert response.status_code == 422
    assert [error["loc"] for error in response.json()["errors"]] == [f"query.{loc}"]


def test_unknown_structure_is_not_found(client: Client) -> None:
    assert client.get(f"/structures/{uuid.uuid4()}/suggestion").status_code == 404


def test_instruments_state_their_usual_temperature(client: Client) -> None:
    usual = {one["name"]: one["sample_temperature_k"] for one in client.get("/instruments").json()}
    assert (usual["TOSCA"], usual["MAPS"]) == (10, None)
