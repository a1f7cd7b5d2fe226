"""Search of structures and predictions. `pytest --postgresql` runs the same on PostgreSQL."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from backend.kit.db import database
from backend.kit.db.owners import LOCAL_USER, Scope
from backend.kit.settings import Settings
from backend.structures import service
from backend.structures.formulas import spellings

from .conftest import SILICON, Client
from .predicting import ask

ROWS: dict[str, dict[str, Any]] = {
    "benzene": {"name": "Benzene, phase I", "formula": "C6H6", "formula_cell": "C24H24", "space_group": "Pbca"},
    "magnesia": {"name": "Magnesium oxide", "formula": "MgO", "formula_cell": "Mg4O4", "space_group": "Fm-3m"},
    "ice": {"name": "ICE_100% Ih", "formula": "H2O", "formula_cell": "H8O4", "space_group": "Cmc2_1"},
    "formic": {"name": "Ameisensäure", "formula": "CH2O2", "formula_cell": "C4H8O8", "space_group": "P2_1/c"},
    "lead": {"name": "Galena", "formula": "PbS", "formula_cell": "Pb4S4", "space_group": "Fm-3m"},
    "cobalt": {"name": "Cobalt", "formula": "Co", "formula_cell": "Co2", "space_group": "P6_3/mmc"},
    "carbonyl": {"name": "Carbon monoxide", "formula": "CO", "formula_cell": "C4O4", "space_group": "P2_13"},
}


@pytest.fixture
def library(settings: Settings, silicon: dict[str, Any]) -> dict[str, str]:
    """Structures of `ROWS`, by their keys; their atoms are those of silicon."""
    ids = {}
    for key, values in ROWS.items():
        with database.transaction(settings) as session:
            row = service.add(
                Scope(session, LOCAL_USER), silicon, content=SILICON, fmt="poscar", file_name="Si.vasp", name=None
            )
            for name, value in values.items():
                setattr(row, name, value)
            ids[key] = str(row.id)
    return ids


def found(client: Client, library: dict[str, str], search: str) -> set[str]:
    page = client.get("/structures", params={"search": search})
    assert page.status_code == 200, page.text
    body = page.json()
    assert body["total"] == len(body["items"])
    keys = {structure_id: key for key, structure_id in library.items()}
    return {keys[item["id"]] for item in body["items"]}


@pytest.mark.parametrize(
    ("search", "keys"),
    [
        ("", set(ROWS)),
        ("   ", set(ROWS)),
        ("benzene", {"benzene"}),
        ("BENZ", {"benzene"}),
        ("oxide magnesium", {"magnesia"}),
        ("magnesium benzene", set()),
        ("ameisensÄure", {"formic"}),
        # Formulas: any order, any case, reduced or of the cell
        ("C6H6", {"benzene"}),
        ("h6c6", {"benzene"}),
        ("C6D6", {"benzene"}),
        ("H24C24", {"benzene"}),
        ("OMg", {"magnesia"}),
        ("Mg4O4", {"magnesia"}),
        ("mg8o8", {"magnesia"}),
        ("H2O", {"ice"}),
        ("C2H4O4", {"formic"}),
        ("Pb", {"lead"}),
        # Letters match in any case; with a number, their case decides if it is right
        ("Co", {"cobalt", "carbonyl"}),
        ("C4O4", {"carbonyl"}),
        ("Co2", {"cobalt"}),
        ("co2", {"cobalt"}),
        # Space groups
        ("pbca", {"benzene"}),
        ("Fm-3m", {"magnesia", "lead"}),
        ("fm-3m PbS", {"lead"}),
        ("P21/c", {"formic"}),
        ("P2_1/c", {"formic"}),
        ("cmc", {"ice"}),
        # Characters with a meaning in SQL
        ("100%", {"ice"}),
        ("%", {"ice"}),
        ("ICE_", {"ice"}),
        ("I_E", set()),
        ("Fm_3m", set()),
        ("/", set()),
        ("\\", set()),
        ("'; DROP TABLE structures; --", set()),
        ("\0benzene\0", {"benzene"}),
        ("C" * 200, set()),
        ("9" * 200, set()),
        ("C0", set()),
    ],
)
def test_structures_are_found(client: Client, library: dict[str, str], search: str, keys: set[str]) -> None:
    assert found(client, library, search) == keys


def test_a_search_is_paged_and_limited(client: Client, library: dict[str, str]) -> None:
    first = client.get("/structures", params={"search": "fm-3m", "limit": 1}).json()
    second = client.get("/structures", params={"search": "fm-3m", "limit": 1, "offset": 1}).json()
    assert [first["total"], second["total"]] == [2, 2]
    assert [item["id"] for item in first["items"] + second["items"]] == [library["lead"], library["magnesia"]]
    for path in ("/structures", "/predictions"):
        assert client.get(path, params={"search": "x" * 201}).status_code == 422


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("C6H6", ["C6H6", "CH"]),
        ("CO", ["CO"]),
        ("Co", ["Co"]),
        ("cos", ["CoS", "OsC", "CSO"]),
        ("H2O", ["H2O"]),
        ("benzene", []),
        ("C6 H6", []),
        ("C6H6.5", []),
        ("6C", []),
        ("C0", []),
        ("", []),
    ],
)
def test_spellings_of_a_formula(text: str, formulas: list[str]) -> None:
    assert spellings(text) == formulas


def test_readings_of_long_texts_are_few() -> None:
    assert 0 < len(spellings("cos" * 20)) <= 32
    assert spellings("cos" * 19 + "cxx") == []


@pytest.fixture
def forecasts(client: Client, settings: Settings, library: dict[str, str]) -> dict[str, str]:
    """Predictions by their keys."""
    wanted: dict[str, tuple[str, dict[str, Any]]] = {
        "benzene 10 K": ("benzene", {"temperature_k": 10}),
        "benzene 110 K": ("benzene", {"temperature_k": 110, "method": "md", "quality": "preview"}),
        "magnesia": ("magnesia", {"temperature_k": 300, "instruments": ["MAPS"]}),
        "magnesia trpmd": ("magnesia", {"temperature_k": 77.5, "method": "trpmd", "quality": "preview"}),
    }
    return {key: ask(client, {"id": library[name]}, **body)["id"] for key, (name, body) in wanted.items()}


@pytest.mark.parametrize(
    ("search", "keys"),
    [
        ("benzene", {"benzene 10 K", "benzene 110 K"}),
        ("H6C6", {"benzene 10 K", "benzene 110 K"}),
        ("pbca", {"benzene 10 K", "benzene 110 K"}),
        ("10 K", {"benzene 10 K"}),
        ("10K", {"benzene 10 K"}),
        ("10", {"benzene 10 K"}),
        ("77.5 k", {"magnesia trpmd"}),
        ("20 K", set()),
        ("harmonic", {"benzene 10 K", "magnesia"}),
        ("MD", {"benzene 110 K"}),
        ("molecular dynamics", {"benzene 110 K"}),
        ("trpmd", {"magnesia trpmd"}),
        ("benzene harmonic 10 K", {"benzene 10 K"}),
        ("benzene harmonic 110 K", set()),
        ("maps", {"magnesia"}),
        ("nep89 MgO", {"magnesia", "magnesia trpmd"}),
        ("%", set()),
        ("_", set()),
        ("999999999999 K", set()),
    ],
)
def test_predictions_are_found(client: Client, forecasts: dict[str, str], search: str, keys: set[str]) -> None:
    page = client.get("/predictions", params={"search": search}).json()
    names = {prediction_id: key for key, prediction_id in forecasts.items()}
    assert {names[item["id"]] for item in page["items"]} == keys
    assert page["total"] == len(keys)


def test_a_search_stays_within_a_structure(client: Client, library: dict[str, str], forecasts: dict[str, str]) -> None:
    query = {"structure_id": library["magnesia"], "search": "harmonic", "limit": 1}
    page = client.get("/predictions", params=query).json()
    assert (page["total"], [item["id"] for item in page["items"]]) == (1, [forecasts["magnesia"]])


def test_rows_of_others_are_not_found(client: Client, settings: Settings, library: dict[str, str]) -> None:
    with database.transaction(settings) as session:
        session.get_one(service.Structure, uuid.UUID(library["benzene"])).owner = "somebody else"
    assert found(client, library, "benzene") == set()
