"""Measured data over HTTP: previews, uploads in a confined process, changes, downloads, deletion."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from anyio.from_thread import BlockingPortal
from fastapi import FastAPI

from backend.app import create_app
from backend.datasets import parse, service
from backend.datasets.data_file import as_hdf5
from backend.kit.db import database
from backend.kit.db.owners import LOCAL_USER, Scope, current_owner
from backend.kit.files import confined
from backend.kit.http.errors import Conflict, Unprocessable
from backend.kit.settings import Settings
from scattering.measured.data import MeasuredMap, MeasuredSpectrum

from .conftest import Client

CM_PER_MEV = 8.065544


def table(header: bytes, n: int = 40) -> bytes:
    return header + b"".join(b"%d,%d,0.5\n" % (10 * i, i % 7) for i in range(1, n))


CSV = table(b"energy (cm-1),intensity,error\n")
NAMELESS = table(b"")
Q, ENERGY = np.linspace(0, 5, 301), np.linspace(-10, 50, 451)
MAP = MeasuredMap(
    q=Q,
    energy=ENERGY,
    intensity=np.where((Q[:-1, None] < 1) & (ENERGY[:-1] < 20), np.nan, np.arange(450.0)),
    error=None,
)


@pytest.fixture
def unconfined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read uploads in this process: the same reading, without a second for each process."""

    def run(_: str, arguments: Sequence[str], content: Path, **__: object) -> str:
        options = dict(zip(arguments[::2], arguments[1::2], strict=True))
        return parse.as_json(content.read_bytes(), json.loads(options["--request"]))

    monkeypatch.setattr(confined, "run", run)


def upload(client: Client, content: bytes = CSV, file_name: str = "run7.csv", **form: Any) -> Any:
    return client.post("/datasets", files={"file": (file_name, content)}, data=form)


def preview(client: Client, content: bytes = CSV, file_name: str = "run7.csv", **form: Any) -> Any:
    return client.post("/datasets/preview", files={"file": (file_name, content)}, data=form)


def made(client: Client, content: bytes = CSV, **form: Any) -> dict[str, Any]:
    response = upload(client, content, **form)
    assert response.status_code == 201, response.text
    return dict(response.json())


def patch(client: Client, dataset: dict[str, Any], **body: Any) -> Any:
    return client.request("PATCH", f"/datasets/{dataset['id']}", json=body)


def data(client: Client, dataset: dict[str, Any]) -> dict[str, Any]:
    return dict(client.get(f"/datasets/{dataset['id']}/data").json())


def files(settings: Settings) -> list[str]:
    folder = settings.data_dir / "datasets"
    return sorted(path.name for path in folder.rglob("*") if path.is_file()) if folder.exists() else []


def loc(response: Any) -> str:
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["errors"][0]["loc"])


def test_uploaded_spectrum_is_described_listed_and_read_back(client: Client, settings: Settings) -> None:
    response = upload(client, instrument="tosca", temperature_k="20", mass_g="3.2", isotopes='{"H": "2H"}', name="")
    assert response.status_code == 201, response.text
    dataset = response.json()
    expected = {
        "name": "run7",
        "kind": "1d",
        "format": "columns",
        "filename": "run7.csv",
        "spectrum": 0,
        "x_unit": "cm-1",
        "n_points": 39,
        "q_range_inv_angstrom": None,
        "has_errors": True,
        "instrument": "TOSCA",
        "settings": {},
        "fixed_energy_mev": None,
        "temperature_k": 20,
        "exposure_uah": None,
        "exposure_h": None,
        "mass_g": 3.2,
        "isotopes": {"H": "2H"},
        "structure_id": None,
        "warnings": [],
        "notices": [],
    }
    assert expected.items() <= dataset.items()
    assert dataset["energy_range_mev"] == pytest.approx([10 / CM_PER_MEV, 390 / CM_PER_MEV], rel=1e-6)
    assert client.get(f"/datasets/{dataset['id']}").json() == dataset
    assert client.get("/datasets").json() == {"items": [dataset], "total": 1}
    with database.transaction(settings) as session:
        scope = Scope(session, LOCAL_USER)
        row = service.get(scope, uuid.UUID(dataset["id"]))
        measured = service.measured(scope, row)
        assert isinstance(measured, MeasuredSpectrum)
        np.testing.assert_array_equal(measured.intensity, np.arange(1, 40) % 7)
        # Many figures ask for the same
        assert service.measured(scope, row) is measured


@pytest.mark.usefixtures("unconfined")
@pytest.mark.parametrize(
    ("content", "form", "expected"),
    [
        (CSV, {"name": " Ice,\t5\0 K "}, "Ice, 5 K"),
        (CSV, {}, "run7"),
        (as_hdf5(MAP, {"title": "MAPS 12345"}), {}, "MAPS 12345"),
        (table(b"energy (meV),10 K,300 K\n"), {"spectrum": "1"}, "300 K"),
    ],
)
def test_name_of_a_dataset(client: Client, content: bytes, form: dict[str, str], expected: str) -> None:
    response = upload(client, content, **form)
    assert response.status_code == 201, response.text
    assert response.json()["name"] == expected


@pytest.mark.usefixtures("unconfined")
@pytest.mark.parametrize(
    ("content", "form", "field"),
    [
        (b"", {}, "file"),
        (b"\x7fELF" + bytes(1000), {}, "file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(1000), {}, "file"),
        (CSV, {"format": "pickle"}, "format"),
        (CSV, {"spectrum": "1"}, "spectrum"),
        (CSV, {"spectrum": "-1"}, "spectrum"),
        (NAMELESS, {}, "x_unit"),
        (NAMELESS, {"x_unit": "furlongs"}, "x_unit"),
        (NAMELESS, {"x_unit": "angstrom", "instrument": "MAPS"}, "fixed_energy_mev"),
        (CSV, {"instrument": "Hubble"}, "instrument"),
        (CSV, {"instrument": "MAPS", "settings": '{"e_init": 99999}'}, "settings.e_init"),
        (CSV, {"settings": "{"}, "settings"),
        (CSV, {"instrument": "MAPS", "settings": json.dumps({"a": "x" * 100_000})}, "settings"),
        (CSV, {"fixed_energy_mev": "0"}, "fixed_energy_mev"),
        (CSV, {"fixed_energy_mev": "nan"}, "fixed_energy_mev"),
        (CSV, {"temperature_k": "-3"}, "temperature_k"),
        (CSV, {"exposure_uah": "inf"}, "exposure_uah"),
        (CSV, {"exposure_h": "0"}, "exposure_h"),
        (CSV, {"mass_g": "-1"}, "mass_g"),
        (CSV, {"isotopes": '{"H": {"2H": NaN}}'}, "isotopes"),
        (CSV, {"isotopes": "2H"}, "isotopes"),
        (CSV, {"isotopes": '{"H": "\\ud800"}'}, "isotopes"),
        (CSV, {"structure_id": "7b0d8b1e-0000-4000-8000-000000000000"}, "structure_id"),
        (CSV, {"x_units": "meV"}, "x_units"),
    ],
)
def test_bad_uploads_are_refused_and_leave_nothing(
    client: Client, settings: Settings, content: bytes, form: dict[str, str], field: str
) -> None:
    found = loc(upload(client, content, **form))
    assert found.split(".")[0] == field.split(".")[0]
    assert client.get("/datasets").json()["total"] == 0
    assert files(settings) == []


def test_missing_file_is_named(client: Client) -> None:
    for path in ("/datasets", "/datasets/preview"):
        assert loc(client.post(path, data={"name": "x"})) == "file"


@pytest.mark.usefixtures("unconfined")
def test_preview_draws_what_an_upload_would_keep(client: Client, settings: Settings) -> None:
    response = preview(client, instrument="tosca")
    assert response.status_code == 200, response.text
    seen = response.json()
    dataset = made(client, instrument="tosca")
    (content,) = seen["contents"]
    shared = content.keys() & dataset.keys()
    assert {"energy_range_mev", "instrument", "n_points", "warnings"} <= shared
    assert {key: content[key] for key in shared} == {key: dataset[key] for key in shared}
    assert (seen["format"], seen["title"]) == (dataset["format"], dataset["name"])
    kept = data(client, dataset)
    assert content["curve"] == {key: kept[key] for key in ("energy_mev", "intensity", "standard_error")}
    assert content["map"] is None
    assert content["problems"] == []


@pytest.mark.usefixtures("unconfined")
def test_preview_says_what_must_be_said_and_keeps_nothing(client: Client, settings: Settings) -> None:
    (content,) = preview(client, NAMELESS).json()["contents"]
    assert (content["x_unit"], content["x_unit_recognised"], content["curve"]) == (None, False, None)
    assert [problem["loc"] for problem in content["problems"]] == ["x_unit"]
    (content,) = preview(client, NAMELESS, x_unit="meV").json()["contents"]
    assert content["problems"] == []
    assert len(content["curve"]["energy_mev"]) == 39
    assert loc(preview(client, b"nothing of the kind")) == "file"
    assert client.get("/datasets").json()["total"] == 0
    assert files(settings) == []


@pytest.mark.usefixtures("unconfined")
def test_preview_lists_all_spectra_and_draws_one(client: Client) -> None:
    contents = preview(client, table(b"energy (meV),10 K,300 K\n"), spectrum="1").json()["contents"]
    assert [content["title"] for content in contents] == ["10 K", "300 K"]
    assert contents[0]["curve"] is None
    assert set(contents[1]["curve"]["intensity"]) == {0.5}


@pytest.mark.usefixtures("unconfined")
def test_preview_of_many_points_keeps_the_peaks(client: Client) -> None:
    energy = np.arange(1, 50_001) / 100
    intensity = np.ones(50_000)
    intensity[12_345] = 9.0
    rows = b"".join(b"%g,%g\n" % pair for pair in zip(energy, intensity, strict=True))
    (content,) = preview(client, b"energy (meV),intensity\n" + rows).json()["contents"]
    curve = content["curve"]
    assert content["n_points"] == 50_000
    assert 1000 < len(curve["energy_mev"]) <= 2000
    assert np.all(np.diff(curve["energy_mev"]) > 0)
    assert curve["energy_mev"][int(np.argmax(curve["intensity"]))] == pytest.approx(energy[12_345])
    assert max(curve["intensity"]) == 9.0


@pytest.mark.usefixtures("unconfined")
def test_a_map_is_drawn_thinned_and_kept_whole(client: Client) -> None:
    content = as_hdf5(MAP, {"instrument": "MAPS", "settings": {"e_init": 60.0}})
    (seen, *_) = preview(client, content, "map.h5").json()["contents"]
    drawn = seen["map"]
    # 300 × 450 bins, 2 × 3 of them averaged in each
    assert np.shape(drawn["intensity"]) == (len(drawn["q_inv_angstrom"]), len(drawn["energy_mev"])) == (150, 150)
    # In one corner is nothing; beyond, the index along energy, averaged
    assert drawn["intensity"][0][0] is None
    np.testing.assert_allclose(drawn["intensity"][-1], np.arange(450).reshape(150, 3).mean(axis=1))
    assert drawn["energy_mev"][0] == pytest.approx(-10 + 1.5 * (60 / 450))
    dataset = made(client, content)
    assert (dataset["kind"], dataset["instrument"], dataset["settings"]) == ("2d", "MAPS", {"e_init": 60.0})
    assert dataset["q_range_inv_angstrom"] == [0, 5]
    assert dataset["n_points"] == 300 * 450 - 60 * 225
    kept = data(client, dataset)
    np.testing.assert_array_equal(np.array(kept["intensity"], dtype=float), MAP.intensity)
    assert (kept["q_inv_angstrom"], kept["energy_mev"]) == (Q.tolist(), ENERGY.tolist())
    assert kept["standard_error"] is None
    rows = client.get(f"/datasets/{dataset['id']}/data", headers={"Accept": "text/csv"}).text.splitlines()
    assert "q_inv_angstrom,energy_mev,intensity" in rows
    assert sum(not row.startswith(("#", "q")) for row in rows) == dataset["n_points"]
    again = upload(client, "\r\n".join(rows).encode(), "map.csv")
    assert loc(again) == "file"
    assert "read from HDF5" in again.json()["detail"]


@pytest.mark.usefixtures("unconfined")
@pytest.mark.parametrize(("accept", "ending"), [("text/csv", "csv"), ("application/x-hdf5", "h5")])
def test_downloads_can_be_uploaded_again(client: Client, accept: str, ending: str) -> None:
    run = {"temperature_k": "5", "exposure_uah": "912.5", "exposure_h": "6", "mass_g": "2.25"}
    first = made(client, CSV, instrument="TOSCA", name="Ice / 5 K", **run)
    file = client.get(f"/datasets/{first['id']}/data", headers={"Accept": accept})
    assert file.headers["content-type"].startswith(accept)
    assert file.headers["content-disposition"] == f'attachment; filename="Ice___5_K.{ending}"'
    again = upload(client, file.content, f"again.{ending}")
    assert again.status_code == 201, again.text
    before, after = data(client, first), data(client, again.json())
    np.testing.assert_array_equal(after["intensity"], before["intensity"])
    np.testing.assert_array_equal(after["standard_error"], before["standard_error"])
    # Energies in HDF5 come from the edges of the bins, which round once more
    np.testing.assert_allclose(after["energy_mev"], before["energy_mev"], rtol=1e-14)
    known = ("name", "instrument", "settings", "fixed_energy_mev", "has_errors", *run)
    assert {name: again.json()[name] for name in known} == {name: first[name] for name in known}


@pytest.mark.usefixtures("unconfined")
def test_hdf5_holds_the_units(client: Client) -> None:
    dataset = made(client, instrument="TOSCA")
    file = client.get(f"/datasets/{dataset['id']}/data", headers={"Accept": "application/x-hdf5"})
    with h5py.File(io.BytesIO(file.content)) as opened:
        assert opened["entry/data/energy"].attrs["units"] == "meV"
        assert json.loads(opened["entry/about"].asstr()[()])["instrument"] == "TOSCA"
    assert client.get(f"/datasets/{dataset['id']}/data", headers={"Accept": "image/png"}).status_code == 406


@pytest.mark.usefixtures("unconfined")
def test_unknown_errors_are_null(client: Client) -> None:
    content = CSV.replace(b"10,1,0.5", b"10,1,0")
    kept = data(client, made(client, content))
    assert kept["standard_error"][:2] == [None, 0.5]
    assert set(kept) == {"energy_mev", "low_mev", "high_mev", "intensity", "standard_error"}
    assert kept["low_mev"][1:] == kept["high_mev"][:-1]


@pytest.mark.usefixtures("unconfined")
def test_original_comes_back_to_the_byte_as_an_attachment(client: Client) -> None:
    content = CSV + b"\r\n"
    response = upload(client, content, '../../etc/<script>"x\r\n.csv')
    assert response.status_code == 201, response.text
    assert "/" not in response.json()["filename"]
    file = client.get(f"/datasets/{response.json()['id']}/file")
    assert file.content == content
    assert file.headers["content-type"] == "application/octet-stream"
    assert file.headers["x-content-type-options"] == "nosniff"
    disposition = file.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="')
    assert not set(disposition[22:-1]) & set('<>"/\r\n')


@pytest.mark.usefixtures("unconfined")
def test_changed_unit_is_worked_out_anew_from_the_original(client: Client, settings: Settings) -> None:
    dataset = made(client, name="Ice")
    before = data(client, dataset)
    changed = patch(client, dataset, x_unit="meV").json()
    assert (changed["x_unit"], changed["energy_range_mev"], changed["name"]) == ("meV", [10, 390], "Ice")
    overridden = {one["code"]: one["params"] for one in changed["notices"]}["unit_overridden"]
    assert (overridden["stated"], overridden["used"]) == ("cm-1", "meV")
    np.testing.assert_allclose(data(client, dataset)["energy_mev"], np.array(before["energy_mev"]) * CM_PER_MEV, 1e-6)
    # Null leaves it to the file again
    assert patch(client, dataset, x_unit=None).json() == {**dataset, "id": dataset["id"]}
    assert data(client, dataset) == before
    assert files(settings) == ["data-2.h5", "original"]


@pytest.mark.usefixtures("unconfined")
def test_change_that_cannot_be_leaves_all_as_it_was(client: Client, settings: Settings) -> None:
    dataset = made(client, instrument="TOSCA", x_unit="angstrom")
    before = data(client, dataset)
    assert loc(patch(client, dataset, instrument=None)) == "instrument"
    assert loc(patch(client, dataset, instrument="MAPS")) == "fixed_energy_mev"
    assert loc(patch(client, dataset, instrument="Hubble")) == "instrument"
    assert loc(patch(client, dataset, settings={"e_init": 1})) == "settings.e_init"
    assert loc(patch(client, dataset, name=None)) == "name"
    assert loc(patch(client, dataset, name="\0")) == "name"
    assert loc(patch(client, dataset, colour="red")) == "colour"
    assert client.get(f"/datasets/{dataset['id']}").json() == dataset
    assert data(client, dataset) == before
    assert files(settings) == ["data-0.h5", "original"]


@pytest.mark.usefixtures("unconfined")
def test_fixed_energy_and_its_setting_go_together(client: Client) -> None:
    dataset = made(client, x_unit="angstrom", instrument="MAPS", fixed_energy_mev="250")
    assert dataset["settings"] == {"e_init": 250}
    first = dataset["energy_range_mev"]
    changed = patch(client, dataset, fixed_energy_mev=260).json()
    assert changed["settings"] == {"e_init": 260}
    assert changed["energy_range_mev"] == pytest.approx([end + 10 for end in first])
    changed = patch(client, dataset, settings={"e_init": 270}).json()
    assert (changed["fixed_energy_mev"], changed["settings"]) == (None, {"e_init": 270})
    assert changed["energy_range_mev"] == pytest.approx([end + 20 for end in first])
    # A setting of one instrument is none of another's
    changed = patch(client, dataset, instrument="TOSCA").json()
    assert (changed["instrument"], changed["settings"]) == ("TOSCA", {})


def test_what_the_numbers_do_not_rest_on_needs_no_reading(
    client: Client, structure: dict[str, Any], unconfined: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = made(client, temperature_k="5")

    def refuse(*_: object, **__: object) -> str:
        raise AssertionError("read again")

    monkeypatch.setattr(confined, "run", refuse)
    exposed = {"exposure_uah": 900.0, "exposure_h": 6.0, "mass_g": 3.0}
    body = {
        "name": "Ice",
        "temperature_k": None,
        **exposed,
        "structure_id": structure["id"],
        "isotopes": {"H": {"2H": 1.0}},
    }
    changed = patch(client, dataset, **body)
    assert changed.json() == {**dataset, **body}
    assert patch(client, dataset, mass_g=None).json()["mass_g"] is None
    assert patch(client, dataset, isotopes=None).json()["isotopes"] == {}
    assert loc(patch(client, dataset, structure_id="7b0d8b1e-0000-4000-8000-000000000000")) == "structure_id"


@pytest.mark.usefixtures("unconfined")
def test_two_who_change_the_numbers_at_once(client: Client, settings: Settings) -> None:
    dataset = made(client)
    body = service.DatasetPatch(x_unit="meV")
    slower = service.rework(settings, LOCAL_USER, uuid.UUID(dataset["id"]), body)
    assert patch(client, dataset, x_unit="THz").status_code == 200
    with pytest.raises(Conflict) as refused, database.transaction(settings) as session:
        service.change(Scope(session, LOCAL_USER), uuid.UUID(dataset["id"]), body, slower)
    assert refused.value.notice.code == "dataset_changed"
    assert client.get(f"/datasets/{dataset['id']}").json()["x_unit"] == "THz"
    assert files(settings) == ["data-1.h5", "original"]


@pytest.mark.usefixtures("unconfined")
def test_change_that_is_rolled_back_leaves_the_old_numbers(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = made(client)
    before = data(client, dataset)

    def refuse(*_: object) -> None:
        raise Unprocessable("after the files were written")

    with monkeypatch.context() as failing:
        failing.setattr("backend.kit.db.owners.Scope.add", refuse)
        assert patch(client, dataset, x_unit="meV").status_code == 422
        assert upload(client).status_code == 422
    assert client.get(f"/datasets/{dataset['id']}").json() == dataset
    assert data(client, dataset) == before
    assert files(settings) == ["data-0.h5", "original"]


@pytest.mark.usefixtures("unconfined")
def test_numbers_that_vanish_between_row_and_file_are_a_conflict(client: Client, settings: Settings) -> None:
    dataset = made(client)
    numbers = settings.dataset_dir(dataset["id"]) / "data-0.h5"
    numbers.rename(numbers.with_name("data-1.h5"))
    response = client.get(f"/datasets/{dataset['id']}/data")
    assert response.status_code == 409
    assert response.json()["code"] == "dataset_being_changed"


@pytest.mark.usefixtures("unconfined")
def test_deleted_structure_is_forgotten(client: Client, structure: dict[str, Any]) -> None:
    dataset = made(client, structure_id=structure["id"])
    other = made(client)
    assert dataset["structure_id"] == structure["id"]
    listed = client.get("/datasets", params={"structure_id": structure["id"]}).json()
    assert listed == {"items": [dataset], "total": 1}
    assert [item["id"] for item in client.get("/datasets").json()["items"]] == [other["id"], dataset["id"]]
    assert client.delete(f"/structures/{structure['id']}").status_code == 204
    assert client.get(f"/datasets/{dataset['id']}").json() == {**dataset, "structure_id": None}


@pytest.mark.usefixtures("unconfined")
def test_deleted_dataset_is_gone_with_its_files(client: Client, settings: Settings) -> None:
    dataset = made(client)
    assert client.delete(f"/datasets/{dataset['id']}").status_code == 204
    assert files(settings) == []
    assert not settings.dataset_dir(dataset["id"]).exists()
    for method, path in (("GET", ""), ("GET", "/data"), ("GET", "/file"), ("DELETE", "")):
        assert client.request(method, f"/datasets/{dataset['id']}{path}").status_code == 404
    assert patch(client, dataset, name="x").status_code == 404
    assert patch(client, dataset, x_unit="meV").status_code == 404


@pytest.mark.usefixtures("unconfined")
def test_nobody_else_sees_them(client: Client, app: FastAPI, structure: dict[str, Any]) -> None:
    dataset = made(client)
    app.dependency_overrides[current_owner] = lambda: "somebody else"
    assert client.get("/datasets").json() == {"items": [], "total": 0}
    for method, path in (("GET", ""), ("GET", "/data"), ("GET", "/file"), ("DELETE", "")):
        assert client.request(method, f"/datasets/{dataset['id']}{path}").status_code == 404
    assert patch(client, dataset, name="mine").status_code == 404
    assert patch(client, dataset, x_unit="meV").status_code == 404
    assert loc(upload(client, structure_id=structure["id"])) == "structure_id"
    app.dependency_overrides.clear()
    assert client.get(f"/datasets/{dataset['id']}").json() == dataset


@pytest.mark.usefixtures("unconfined")
def test_same_key_makes_one_dataset(client: Client, settings: Settings) -> None:
    arguments: dict[str, Any] = {"files": {"file": ("a.csv", CSV)}, "headers": {"Idempotency-Key": "k"}}
    first, second = (client.post("/datasets", data={"x_unit": "meV"}, **arguments).json() for _ in range(2))
    assert first == second
    assert files(settings) == ["data-0.h5", "original"]
    assert client.post("/datasets", data={"x_unit": "THz"}, **arguments).status_code == 422


def test_larger_files_are_taken_here_and_only_here(
    portal: BlockingPortal, settings: Settings, unconfined: None
) -> None:
    small = settings.model_copy(update={"max_upload_bytes": 10_000, "max_dataset_bytes": 400_000})
    client = Client(portal, create_app(small))
    padded = CSV + b"#" * 300_000 + b"\n"
    assert upload(client, padded).status_code == 201
    assert preview(client, padded).status_code == 200
    assert client.post("/structures", files={"file": ("a.cif", padded)}).status_code == 413
    too_large = upload(client, b"#" * 410_000)
    assert too_large.status_code == 413
    assert "0 MiB" in too_large.json()["detail"]
    assert upload(client, b"#" * 1_000_000).status_code == 413
    assert len(files(small)) == 2


def test_reader_that_fails_is_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def exceed(*_: object, **__: object) -> str:
        raise confined.Exceeded("it took too long")

    monkeypatch.setattr(confined, "run", exceed)
    refused = upload(client).json()
    assert (refused["code"], refused["params"]) == ("data_not_read", {"reason": "it took too long"})
    assert loc(preview(client)) == "file"
