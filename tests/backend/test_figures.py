"""Figures as Plotly JSON."""

from __future__ import annotations

import base64
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from backend.figures.annotations import GAP_PX, box_at, plot_sizes, text_size
from backend.figures.structure import structure_figure
from backend.kit.settings import Settings
from backend.structures.geometry import StructureData

from .conftest import Client
from .predicting import succeeded


@pytest.fixture
def prediction_id(client: Client, settings: Settings, structure: dict[str, Any]) -> str:
    return succeeded(client, settings, structure)


def array(encoded: dict[str, Any]) -> np.ndarray[Any, Any]:
    values = np.frombuffer(base64.b64decode(encoded["bdata"]), dtype=encoded["dtype"])
    return values.reshape([int(n) for n in encoded["shape"].split(",")]) if "shape" in encoded else values


def traces(figure: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [trace for trace in figure["data"] if trace["type"] == kind]


@pytest.mark.parametrize(("unit", "peak", "word"), [("meV", 60.0, "meV"), ("cm-1", 483.9, "cm⁻¹")])
def test_spectra_of_several_instruments_share_axes(
    client: Client, prediction_id: str, unit: str, peak: float, word: str
) -> None:
    views: list[dict[str, Any]] = [
        {"prediction_id": prediction_id, "instrument": "TOSCA"},
        {"prediction_id": prediction_id, "instrument": "MAPS", "settings": {"e_init": 100}},
    ]
    response = client.post("/figures", json={"kind": "spectrum", "views": views, "energy_unit": unit})
    assert response.status_code == 200, response.text
    figure = response.json()
    totals = [trace for trace in figure["data"] if trace["meta"]["role"] == "total"]
    assert [trace["name"] for trace in totals] == [
        "TOSCA",
        "MAPS · E<sub>i</sub> 100 meV",
    ]
    assert totals[0]["line"]["color"] != totals[1]["line"]["color"]
    for trace in totals:
        x, y = array(trace["x"]), array(trace["y"])
        assert x.dtype == y.dtype == np.float32
        assert x[np.argmax(y)] == pytest.approx(peak, rel=0.05)
    assert figure["layout"]["xaxis"]["title"]["text"] == f"Energy transfer ({word})"
    assert "barn" in figure["layout"]["yaxis"]["title"]["text"]


def test_banks_and_elements_are_there_to_be_shown(client: Client, prediction_id: str) -> None:
    view = {"prediction_id": prediction_id, "instrument": "TOSCA"}
    for shown in (False, True):
        body = {"views": [view], "banks": shown, "per_element": shown}
        figure = client.post("/figures", json=body).json()
        parts = [trace for trace in figure["data"] if trace["meta"]["role"] != "total"]
        assert [trace["meta"]["role"] for trace in parts] == ["bank", "bank", "element"]
        assert [trace["visible"] for trace in parts] == [shown] * 3


def test_one_instrument_two_methods_differ_by_dash(
    client: Client, settings: Settings, structure: dict[str, Any], prediction_id: str
) -> None:
    other = succeeded(client, settings, structure, method="md", quality="preview")
    views = [{"prediction_id": one, "instrument": "TOSCA"} for one in (prediction_id, other)]
    figure = client.post("/figures", json={"views": views}).json()
    lines = [trace["line"] for trace in figure["data"] if trace["meta"]["role"] == "total"]
    assert lines[0]["color"] == lines[1]["color"]
    assert [line["dash"] for line in lines] == ["dash", "solid"]


def test_map_shows_the_window_and_greys_the_rest(client: Client, prediction_id: str) -> None:
    body = {"kind": "map", "instrument": "MAPS", "settings": {"e_init": 100}, "theme": "dark"}
    figure = client.post(f"/predictions/{prediction_id}/figure", json=body).json()
    (heat,) = traces(figure, "heatmap")
    values = array(heat["z"])
    assert values.dtype == np.float32
    assert values.shape == (len(array(heat["y"])), len(array(heat["x"])))
    outside, *edges = traces(figure, "scatter")
    assert outside["fill"] == "toself"
    assert outside["fillpattern"]["shape"]
    # Each edge has a rim, which is drawn first
    assert [edge["name"].endswith("rim") for edge in edges] == [True, False] * 2
    edges = edges[1::2]
    # Elastic line of 100 meV neutrons between 3° and 59.8°: q = 2k sin θ with k = 6.95 Å⁻¹
    assert array(edges[0]["x"])[0] == pytest.approx(2 * 6.947 * np.sin(np.radians(1.5)), rel=1e-2)
    assert array(edges[1]["x"])[0] == pytest.approx(2 * 6.947 * np.sin(np.radians(29.9)), rel=1e-2)
    assert figure["layout"]["xaxis"]["title"]["text"] == "|q| (Å⁻¹)"


def test_map_of_lines_names_the_banks(client: Client, prediction_id: str) -> None:
    figure = client.post(
        f"/predictions/{prediction_id}/figure", json={"kind": "map", "instrument": "TOSCA", "scale": "log"}
    ).json()
    assert {note["text"] for note in figure["layout"]["annotations"]} == {"Forward", "Backward"}


@pytest.mark.parametrize("instrument", ["TOSCA", "VISION", "TFXA"])
@pytest.mark.parametrize("energy_mev", [None, {"min": 0, "max": 20}, {"min": 0, "max": 500}])
def test_labels_of_banks_are_apart_in_energy_so_that_no_width_makes_them_collide(
    client: Client, prediction_id: str, instrument: str, energy_mev: dict[str, float] | None
) -> None:
    body = {"kind": "map", "instrument": instrument, "energy_mev": energy_mev}
    layout = client.post(f"/predictions/{prediction_id}/figure", json=body).json()["layout"]
    low, high = layout["yaxis"]["range"]
    for width, height in plot_sizes(layout["margin"]):
        boxes = []
        for note in layout["annotations"]:
            label = text_size(note["text"], note["font"]["size"])
            point = (fraction(note["x"], layout["xaxis"]["range"]), (note["y"] - low) / (high - low))
            side = 1 if note["xanchor"] == "left" else -1
            offset = (note["xshift"] + side * label[0] / 2, 0.0)
            boxes.append(box_at(point, offset, label, (width, height)))
        assert all(box.is_inside(width, height) for box in boxes)
        assert not any(one.overlaps(other, GAP_PX) for one, other in combinations(boxes, 2))


def fraction(value: float, ends: list[float]) -> float:
    return (value - ends[0]) / (ends[1] - ends[0])


def test_map_of_the_sample_has_no_window(client: Client, prediction_id: str) -> None:
    figure = client.post(f"/predictions/{prediction_id}/figure", json={"kind": "map"}).json()
    assert traces(figure, "scatter") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "pie"},
        {"theme": "pink"},
        {"energy_unit": "eV"},
        {"dataset_ids": ["last year's"]},
        {"offset": -1},
    ],
)
def test_figures_that_cannot_be_drawn(client: Client, prediction_id: str, wrong: dict[str, Any]) -> None:
    assert client.post(f"/predictions/{prediction_id}/figure", json=wrong).status_code == 422


def test_map_takes_one_view(client: Client, prediction_id: str) -> None:
    views = [{"prediction_id": prediction_id}] * 2
    response = client.post("/figures", json={"kind": "map", "views": views})
    assert response.status_code == 422
    assert [error["code"] for error in response.json()["errors"]] == ["several_views_of_map"]
    assert client.post("/figures", json={"views": []}).status_code == 422


def test_structure_is_drawn_with_bonds_and_cell(client: Client, structure: dict[str, Any]) -> None:
    figure = client.get(f"/structures/{structure['id']}/figure", params={"theme": "dark"}).json()
    drawn = traces(figure, "scatter3d")
    (atoms,) = [trace for trace in drawn if trace["mode"] == "markers"]
    assert atoms["name"] == "Si"
    # Eight corners and the atom inside at least
    assert len(array(atoms["x"])) >= 9
    (cell,) = [trace for trace in drawn if trace.get("name") == "cell"]
    assert np.isnan(array(cell["x"])).sum() == 12
    bonds = [trace for trace in drawn if trace["mode"] == "lines" and "name" not in trace]
    assert len(bonds) == 1
    assert client.get(f"/structures/{structure['id']}/figure", params={"theme": "x"}).status_code == 422
    assert client.get("/structures/6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c/figure").status_code == 404


def test_molecules_across_faces_are_put_together() -> None:
    # H2 along x with its bond across the face at x = 0, and a second one inside
    cell = np.diag([6.0, 6.0, 6.0])
    positions = np.array([[0.3, 1, 1], [5.6, 1, 1], [2.0, 4, 4], [2.7, 4, 4]])
    hydrogen = StructureData(np.array([1, 1, 1, 1]), positions, cell, np.array([True] * 3))
    figure = structure_figure(hydrogen, "light")
    (atoms,) = [trace for trace in figure.data if trace.mode == "markers"]
    assert len(atoms.x) == 4
    assert sorted(np.round(atoms.x, 3)) == pytest.approx([2.0, 2.7, 5.6, 6.3])
    (bonds,) = [trace for trace in figure.data if trace.mode == "lines" and trace.name is None]
    halves = np.stack([bonds.x, bonds.y, bonds.z], axis=1).reshape(-1, 3, 3)[:, :2]
    assert np.linalg.norm(halves[:, 1] - halves[:, 0], axis=1) == pytest.approx(0.35, abs=1e-6)
