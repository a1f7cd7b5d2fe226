"""Looking at a prediction through instruments, in all formats."""

from __future__ import annotations

import csv
import io
import os
import time
from typing import Any

import h5py
import numpy as np
import pytest

from backend.jobs import leases
from backend.kit.settings import Settings
from backend.observing.layouts import POWDER
from backend.observing.partials_cache import PartialsCache
from scattering.core.notices import Notice
from workers import stages

from .conftest import Client
from .predicting import ask, claim, silicon_partials, succeeded


@pytest.fixture
def prediction_id(client: Client, settings: Settings, structure: dict[str, Any]) -> str:
    return succeeded(client, settings, structure)


def test_spectrum_peaks_where_the_mode_is(client: Client, prediction_id: str) -> None:
    body = {"instrument": "tosca", "energy_mev": {"min": 10, "max": 100, "step": 0.5}}
    response = client.post(f"/predictions/{prediction_id}/spectrum", json=body)
    assert response.status_code == 200
    spectrum = response.json()
    assert spectrum["energy_mev"] == pytest.approx(np.arange(10, 100.25, 0.5))
    assert len(spectrum["intensity"]) == len(spectrum["energy_mev"])
    assert spectrum["energy_mev"][int(np.argmax(spectrum["intensity"]))] == pytest.approx(60.0, abs=0.5)
    assert set(spectrum["banks"]) == {"Forward", "Backward"}
    assert spectrum["per_element"]["Si"] == pytest.approx(spectrum["intensity"], rel=1e-4)
    assert "barn" in spectrum["unit"]


def test_map_is_null_outside_the_window(client: Client, prediction_id: str) -> None:
    body = {"instrument": "MAPS", "settings": {"e_init": 100}}
    image = client.post(f"/predictions/{prediction_id}/spectrum", json=body).json()["map"]
    values = image["intensity"]
    assert (len(values), len(values[0])) == (len(image["q_inv_angstrom"]), len(image["energy_mev"]))
    assert any(value is None for row in values for value in row)
    assert any(value for row in values for value in row)


def test_csv_holds_the_same_numbers(client: Client, prediction_id: str) -> None:
    body = {"instrument": "TOSCA", "energy_mev": {"min": 10, "max": 100, "step": 1}}
    path = f"/predictions/{prediction_id}/spectrum"
    spectrum = client.post(path, json=body).json()
    response = client.post(path, json=body, headers={"Accept": "text/csv"})
    assert response.headers["content-type"].startswith("text/csv")
    assert "attachment" in response.headers["content-disposition"]
    lines = response.text.splitlines()
    assert lines[0].startswith("# intensity in ")
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert [float(row["energy_mev"]) for row in rows] == pytest.approx(spectrum["energy_mev"])
    assert [float(row["intensity"]) for row in rows] == pytest.approx(spectrum["intensity"], rel=1e-6)
    assert [float(row["bank_Forward"]) for row in rows] == pytest.approx(spectrum["banks"]["Forward"], rel=1e-6)


def test_hdf5_names_axes_and_units(client: Client, prediction_id: str) -> None:
    body = {"instrument": "MAPS", "settings": {"e_init": 100}}
    path = f"/predictions/{prediction_id}/spectrum"
    spectrum = client.post(path, json=body).json()
    response = client.post(path, json=body, headers={"Accept": "application/x-hdf5"})
    assert response.headers["content-type"] == "application/x-hdf5"
    with h5py.File(io.BytesIO(response.content)) as file:
        line, image = file["entry/spectrum"], file["entry/map"]
        assert list(image.attrs["axes"]) == ["q", "energy"]
        assert image["q"].attrs["units"] == "1/angstrom"
        assert line["energy"].attrs["units"] == "meV"
        assert line["intensity"][:] == pytest.approx(spectrum["intensity"])
        empty = np.array([[value is None for value in row] for row in spectrum["map"]["intensity"]])
        assert np.array_equal(np.isnan(image["intensity"][:]), empty)


def test_other_formats_are_not_acceptable(client: Client, prediction_id: str) -> None:
    response = client.post(f"/predictions/{prediction_id}/spectrum", json={}, headers={"Accept": "image/png"})
    assert response.status_code == 406
    assert response.json()["code"] == "formats_available"
    assert "text/csv" in response.json()["params"]["formats"]


def test_browsers_accept_header_gets_json(client: Client, prediction_id: str) -> None:
    headers = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    response = client.post(f"/predictions/{prediction_id}/spectrum", json={}, headers=headers)
    assert response.headers["content-type"] == "application/json"


def test_sample_itself_has_no_window(client: Client, prediction_id: str) -> None:
    spectrum = client.post(f"/predictions/{prediction_id}/spectrum", json={"instrument": None}).json()
    assert all(value is not None for row in spectrum["map"]["intensity"] for value in row)
    assert spectrum["banks"] == {}


@pytest.mark.parametrize(
    ("wrong", "loc"),
    [
        ({"instrument": "TOSKA"}, "instrument"),
        ({"instrument": "MAPS", "settings": {"e_init": 1e6}}, "settings.e_init"),
        ({"instrument": "MAPS", "settings": {"e_initial": 100}}, "settings.e_initial"),
        ({"settings": {"e_init": 100}}, "settings"),
        ({"isotopes": {"Si": "2H"}}, "isotopes.Si"),
        ({"energy_scale": 0}, "energy_scale"),
        ({"energy_mev": {"min": 0, "max": 100, "step": 0}}, "energy_mev.step"),
        ({"energy_mev": {"min": 0, "max": 5000, "step": 1}}, "energy_mev.step"),
        ({"energy_mev": {"min": 0, "max": 1e9}}, "energy_mev.max"),
        ({"energy_mev": {"min": -1e9, "max": 0}}, "energy_mev.min"),
        ({"energy_mev": {"min": 0, "max": 0.0001}}, "energy_mev.max"),
        ({"energy_scale": 5}, "energy_scale"),
        ({"fwhm_mev": 1e9}, "fwhm_mev"),
        ({"q_inv_angstrom": {"min": 0, "max": 1e9}}, "q_inv_angstrom.max"),
        ({"energy_mev": {"min": 9, "max": -5, "step": 1}}, "energy_mev"),
        ({"q_inv_angstrom": {"min": 5, "max": 4}}, "q_inv_angstrom"),
        ({"isotopes": {"Si": {"28Si": 0.5, "29Si": 0.6}}}, "isotopes.Si"),
        ({"quantum_correction": "bader"}, "quantum_correction"),
        ({"instrument": "TOSCA", "probe": "x-ray"}, "probe"),
        ({"kf_over_ki": True}, "kf_over_ki"),
        ({"contribution": "most"}, "contribution"),
        ({"order": 2}, "order"),
    ],
)
def test_views_that_cannot_be_are_refused(client: Client, prediction_id: str, wrong: dict[str, Any], loc: str) -> None:
    for path in ("spectrum", "figure"):
        response = client.post(f"/predictions/{prediction_id}/{path}", json=wrong)
        assert response.status_code == 422, response.text
        assert response.json()["errors"][0]["loc"] == loc


def test_unfinished_predictions_say_how_they_stand(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    made = ask(client, structure)
    paths = [("POST", "spectrum"), ("POST", "figure"), ("GET", "partials")]

    def refusals() -> list[tuple[str, dict[str, Any]]]:
        answers = []
        for method, path in paths:
            body = {"json": {}} if method == "POST" else {}
            response = client.request(method, f"/predictions/{made['id']}/{path}", **body)
            assert response.status_code == 409
            problem = response.json()
            answers.append((problem["code"], problem["params"]))
        return answers

    waiting = {"code": "waiting_for_worker", "params": {}}
    wanted = ("prediction_not_finished", {"status": "queued", "stage": waiting, "progress": 0})
    assert refusals() == [wanted] * len(paths)
    lease = claim(made["id"])
    assert lease is not None
    leases.report(lease, stages.DISPLACE_ATOMS, 0.5)
    displacing = stages.DISPLACE_ATOMS.to_json()
    wanted = ("prediction_not_finished", {"status": "running", "stage": displacing, "progress": 0.5})
    assert refusals() == [wanted] * len(paths)
    error = Notice("unstable_cell")
    leases.fail(lease, error)
    assert refusals() == [("prediction_failed", {"error": error.to_json()})] * len(paths)


def test_partials_come_as_they_were_written(
    client: Client, prediction_id: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    response = client.get(f"/predictions/{prediction_id}/partials")
    assert response.headers["content-type"] == "application/x-hdf5"
    path = tmp_path_factory.mktemp("download") / "partials.h5"
    path.write_bytes(response.content)
    assert np.array_equal(POWDER.read(path).coherent, silicon_partials().coherent)


def test_cache_reads_once_and_notices_a_new_file(tmp_path: Any) -> None:
    cache = PartialsCache(max_bytes=1)
    first, second = tmp_path / "a.h5", tmp_path / "b.h5"
    for path in (first, second):
        POWDER.write(path, silicon_partials())
    held = cache.read(first, POWDER.read)
    assert cache.read(first, POWDER.read) is held
    cache.read(second, POWDER.read)  # more than fits: the first gives way
    assert cache.read(first, POWDER.read) is not held
    held = cache.read(first, POWDER.read)
    POWDER.write(first, silicon_partials())

    os.utime(first, ns=(time.time_ns(), time.time_ns() + 1))
    assert cache.read(first, POWDER.read) is not held
