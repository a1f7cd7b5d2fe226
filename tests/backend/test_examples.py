"""The example forecast: shown without rows, and copied to the forecasts of a user."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.signal import find_peaks

from backend.examples import forecast
from backend.kit.settings import Settings
from backend.observing.layouts import COMPACT, POWDER
from backend.potentials import catalogue
from scattering.core.partials import Partials
from tests.conftest import ROOT

from .conftest import Client
from .test_figures import array

PARTIALS_SHA256 = "57e937cbcbc26eae2fb2064b4c2f193ee84914025583b1839ab4305a20d48106"
"""Of the file in the package: whoever makes it anew also changes this line, knowingly."""
MAX_BYTES = 1_500_000
TOSCA = {"instrument": "TOSCA"}


def draw(client: Client, *views: dict[str, Any], **style: Any) -> dict[str, Any]:
    response = client.post("/examples/forecast/figures", json={"views": views, **style})
    assert response.status_code == 200, response.text
    return dict(response.json())


def totals(figure: dict[str, Any]) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(array(one["x"]), array(one["y"])) for one in figure["data"] if one["meta"]["role"] == "total"]


def test_the_files_are_those_that_were_made() -> None:
    path, example = forecast.FOLDER / forecast.PARTIALS, forecast.shipped()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == PARTIALS_SHA256 == example.partials_sha256
    assert path.stat().st_size < MAX_BYTES
    assert example.potential_sha256 == catalogue.default().sha256 == example.provenance["model_sha256"]
    structure = ROOT / f"backend/structures/examples/{example.structure}.cif"
    assert hashlib.sha256(structure.read_bytes()).hexdigest() == example.structure_sha256


def test_the_partials_are_complete() -> None:
    partials = COMPACT.read(forecast.FOLDER / forecast.PARTIALS)
    assert partials.species == ("C", "H")
    assert (partials.temperature, partials.statistics) == (10.0, "quantum")
    assert partials.harmonic_crystal is not None
    assert partials.harmonic_crystal.n_atoms == 48
    assert len(partials.self_over_q) == forecast.shipped().options["n_orders"]


def test_the_record_states_what_was_simulated(client: Client) -> None:
    found = client.get("/examples/forecast").json()
    assert (found["structure"]["formula"], found["structure"]["n_atoms"]) == ("C6H6", 48)
    assert found["structure"]["space_group"] == "Pbca"
    assert (found["method"], found["temperature_k"], found["instruments"]) == ("harmonic", 10.0, ["TOSCA"])
    assert found["potential"] == "NEP89"
    assert found["provenance"]["versions"]["phonopy"]
    assert found["provenance"]["findings"]["n_displacements"] > 0
    # A forecast with doubts says so
    assert "large_relaxation_shift" in [notice["code"] for notice in found["notices"]]
    assert len(found["warnings"]) == len(found["notices"])
    assert client.get("/predictions").json()["total"] == client.get("/structures").json()["total"] == 0


def test_the_figure_has_the_peaks_of_benzene(client: Client) -> None:
    ((energy, intensity),) = totals(draw(client, TOSCA))
    at, _ = find_peaks(intensity, prominence=0.2 * intensity.max())
    # Bending modes of the ring and the C-H bends, which scatter most on TOSCA
    for expected in (36.5, 40.5, 57.2, 74.3, 108.1, 138.2):
        assert np.abs(energy[at] - expected).min() < 0.5
    assert not draw(client, TOSCA)["layout"].get("title", {}).get("text")


def test_instruments_isotopes_and_maps_are_drawn(client: Client) -> None:
    views = [TOSCA, {"instrument": "MAPS", "settings": {"e_init": 250}}, {**TOSCA, "isotopes": {"H": "2H"}}]
    curves = totals(draw(client, *views))
    assert len(curves) == 3
    # Hydrogen scatters ten times as much as deuterium
    assert curves[0][1][50:].max() > 3 * curves[2][1][50:].max()
    kinds = {trace["type"] for trace in draw(client, views[1], kind="map", theme="dark")["data"]}
    assert kinds == {"heatmap", "scatter"}
    named = draw(client, {**TOSCA, "label": "benzene"}, energy_unit="cm-1")
    assert [trace["name"] for trace in named["data"] if trace["meta"]["role"] == "total"] == ["benzene"]


@pytest.mark.parametrize(
    ("body", "loc", "code"),
    [
        ({"views": []}, "views", "too_short"),
        ({"views": [{"instrument": "TOSKA"}]}, "instrument", "unknown_instrument"),
        ({"kind": "map", "views": [TOSCA, TOSCA]}, "views", "several_views_of_map"),
        ({"kind": "zones", "views": [TOSCA]}, "kind", "zones_of_powder"),
        ({"views": [{**TOSCA, "path": {}}]}, "path", "path_of_powder"),
        ({"views": [TOSCA], "dataset_ids": []}, "dataset_ids", "extra_forbidden"),
        ({"views": [{"prediction_id": "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c"}]}, "views.0.prediction_id", None),
    ],
)
def test_figures_that_cannot_be_drawn(client: Client, body: dict[str, Any], loc: str, code: str | None) -> None:
    response = client.post("/examples/forecast/figures", json=body)
    assert response.status_code == 422
    assert (loc, code or "extra_forbidden") in [(one["loc"], one["code"]) for one in response.json()["errors"]]


def test_a_copy_is_a_prediction_like_any(client: Client, settings: Settings, tmp_path: Path) -> None:
    response = client.post("/examples/forecast")
    assert response.status_code == 201, response.text
    copy = response.json()
    assert (copy["status"], copy["progress"], copy["error"]) == ("succeeded", 1.0, None)
    assert (copy["method"], copy["temperature_k"], copy["potential"]) == ("harmonic", 10.0, "NEP89")
    origin = copy["provenance"]["example_forecast"]
    assert origin["partials_sha256"] == PARTIALS_SHA256
    # Timings of another machine would enter the estimates of this one
    assert "timings" not in copy["provenance"]
    structure = client.get(f"/structures/{copy['structure_id']}").json()
    assert (structure["example"], structure["formula"]) == ("benzene", "C6H6")

    spectrum = client.post(f"/predictions/{copy['id']}/spectrum", json=TOSCA).json()
    ((_, drawn),) = totals(draw(client, TOSCA))
    np.testing.assert_allclose(spectrum["intensity"], drawn, rtol=1e-5)
    first = client.post(f"/predictions/{copy['id']}/spectrum", json={**TOSCA, "order": 1}).json()
    assert max(first["intensity"][50:]) > 0.3 * max(spectrum["intensity"][50:])
    trust = client.get(f"/predictions/{copy['id']}/trust").json()
    assert {point["topic"] for point in trust["points"]} >= {"potential", "stability", "run"}

    path = tmp_path / "partials.h5"
    path.write_bytes(client.get(f"/predictions/{copy['id']}/partials").content)
    partials = POWDER.read(path)
    assert isinstance(partials, Partials)
    assert partials.harmonic_crystal is not None
    # No marker of an unfinished folder is left
    assert [one.name for one in settings.prediction_dir(copy["id"]).iterdir()] == ["partials.h5"]
    assert client.delete(f"/predictions/{copy['id']}").status_code == 204


def test_there_is_one_copy_at_a_time(client: Client) -> None:
    key = {"Idempotency-Key": "once"}
    first = client.post("/examples/forecast", headers=key)
    assert first.status_code == 201
    for again in (client.post("/examples/forecast", headers=key), client.post("/examples/forecast")):
        assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert client.get("/predictions").json()["total"] == client.get("/structures").json()["total"] == 1
    client.delete(f"/predictions/{first.json()['id']}")
    anew = client.post("/examples/forecast")
    assert anew.status_code == 201
    assert anew.json()["id"] != first.json()["id"]
    # The structure is used again
    assert anew.json()["structure_id"] == first.json()["structure_id"]


def test_a_full_disk_leaves_no_rows(client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(POWDER), "write", fails)
    assert client.post("/examples/forecast").status_code == 507
    monkeypatch.undo()
    assert client.get("/predictions").json()["total"] == client.get("/structures").json()["total"] == 0
    assert not list(settings.predictions_dir.glob("*"))


def test_the_name_of_the_route_is_no_structure(client: Client) -> None:
    assert "forecast" not in {example["name"] for example in client.get("/examples").json()}
