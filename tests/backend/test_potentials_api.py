"""Potentials over HTTP: the catalogue, uploads that are tried out in a confined process, deletion."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import Any

import pytest

from backend.kit.db import database
from backend.kit.files import confined
from backend.kit.http.errors import Unprocessable
from backend.kit.settings import Settings
from backend.potentials import catalogue, service, trial
from backend.potentials.service import PotentialUnavailable
from backend.potentials.tables import Potential
from scattering.core.notices import Notice

from .conftest import Client
from .nep_texts import nep_text

SILICON = nep_text().encode()


@pytest.fixture
def unconfined(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Try potentials out in this process: the same trial, without a second for each process."""

    def run(_: str, __: list[str], content: bytes, **___: object) -> str:
        path = tmp_path / "input"
        path.write_bytes(content)
        return trial.as_json(str(path))

    monkeypatch.setattr(confined, "run", run)


def upload(client: Client, content: bytes = SILICON, file_name: str = "nep.txt", **form: str) -> Any:
    return client.post("/potentials", files={"file": (file_name, content)}, data={"name": "Mine", **form})


def stored(settings: Settings, model_id: str) -> Potential:
    with database.transaction(settings, reading=True) as session:
        row = session.get(Potential, uuid.UUID(model_id))
        assert row is not None
        return row


def test_pretrained_potential_is_always_in_the_catalogue(client: Client) -> None:
    page = client.get("/potentials").json()
    assert page["total"] == len(catalogue.pretrained())
    nep89 = page["items"][0]
    assert nep89["name"] == "NEP89"
    assert nep89["kind"] == "pretrained"
    assert nep89["family"] == "nep"
    assert len(nep89["elements"]) == 89
    assert {"H", "O", "Si", "Pu"} <= set(nep89["elements"])
    assert not {"Po", "At", "Rn", "Fr", "Ra"} & set(nep89["elements"])
    assert nep89["sha256"] == "75168ece02e840e4a32644f982b78d43cba697f5b64b4c8134ab66c7a8c28be1"
    assert nep89["size_bytes"] == 15_622_195
    assert nep89["licence"] == "GPL-3.0-or-later"
    assert "arXiv:2504.21286" in nep89["citation"]
    assert nep89["engine"] == "nep-adapters"
    assert nep89["installed"] is False
    assert client.get(f"/potentials/{nep89['id']}").json() == nep89
    refused = client.delete(f"/potentials/{nep89['id']}")
    assert refused.status_code == 409
    assert refused.json()["code"] == "pretrained_potential_kept"


@pytest.mark.usefixtures("unconfined")
def test_models_is_another_name_of_potentials(client: Client, structure: dict[str, Any]) -> None:
    made = client.post("/models", files={"file": ("nep.txt", SILICON)}, data={"name": "Mine"}).json()
    assert client.get("/models").json() == client.get("/potentials").json()
    assert client.get(f"/models/{made['id']}").json() == client.get(f"/potentials/{made['id']}").json() == made
    body = {"structure_id": structure["id"], "instruments": ["TOSCA"]}
    by_name, by_other_name = (
        client.post("/predictions", json={**body, name: "Mine"}).json() for name in ("potential", "model")
    )
    assert by_name["potential_id"] == by_other_name["potential_id"] == made["id"]
    document = client.get("http://127.0.0.1:8000/openapi.json").json()
    alias, name = document["paths"]["/api/v1/models"], document["paths"]["/api/v1/potentials"]
    assert alias.keys() == name.keys()
    assert all(route["deprecated"] for route in alias.values())
    assert not any(route.get("deprecated") for route in name.values())


def test_pretrained_potential_is_installed_once_its_file_is_there(settings: Settings, tmp_path: Path) -> None:
    # A file with the right size and sum, without the 15 MB: the catalogue's entry is replaced by a small one.
    entry = catalogue.default()
    small = {entry.sha256: entry.__class__(**{**entry.__dict__, "size_bytes": 3, "sha256": entry.sha256})}
    row = stored(settings, str(entry.id))
    row.size_bytes = 3
    assert not service.is_installed(settings, row)
    (settings.potentials_dir).mkdir(parents=True)
    (settings.potentials_dir / "dropped").write_bytes(b"abc")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "pretrained", lambda: small)
        patch.setattr("backend.potentials.fetch.sha256_of", lambda _: entry.sha256)
        assert service.is_installed(settings, row)
        assert service.potential_file(settings, row) == settings.potentials_dir / "dropped"


def test_registering_twice_keeps_one_row(settings: Settings) -> None:
    for _ in range(2):
        with database.transaction(settings) as session:
            catalogue.register(session, settings)
    assert stored(settings, str(catalogue.default().id)).kind == "pretrained"


def test_uploaded_potential_is_kept_and_found(client: Client, settings: Settings) -> None:
    response = upload(client, licence="CC-BY-4.0", citation="A. Author (2026)")
    assert response.status_code == 201, response.text
    model = response.json()
    assert model["name"] == "Mine"
    assert model["kind"] == "uploaded"
    assert model["elements"] == ["Si"]
    assert model["family"] == "nep"
    assert model["format"] == "nep4"
    assert model["engine"] == "nep-adapters"
    assert model["cutoff_angstrom"] == 6.0
    assert model["sha256"] == hashlib.sha256(SILICON).hexdigest()
    assert (model["licence"], model["citation"]) == ("CC-BY-4.0", "A. Author (2026)")
    assert model["installed"] is True
    assert [item["name"] for item in client.get("/potentials").json()["items"]][:2] == ["Mine", "NEP89"]
    path = service.potential_file(settings, stored(settings, model["id"]))
    assert path == settings.data_dir / "models" / model["id"] / "nep.txt"
    assert path.read_bytes() == SILICON


@pytest.mark.usefixtures("unconfined")
def test_coverage_is_what_the_potential_lacks(client: Client, settings: Settings) -> None:
    row = stored(settings, upload(client).json()["id"])
    assert service.missing_elements(row, ["Si"]) == []
    assert service.missing_elements(row, ["O", "Si", "H"]) == ["O", "H"]


def test_potential_beyond_nep_adapters_runs_on_calorine(client: Client) -> None:
    # Angular n_max above 8, as in published models of silicon.
    content = nep_text(n_max=(10, 10), basis=(10, 10), l_max="l_max 4 0 0").encode()
    response = upload(client, content)
    assert response.status_code == 201, response.text
    assert response.json()["engine"] == "calorine"


@pytest.mark.usefixtures("unconfined")
@pytest.mark.parametrize(
    ("content", "form", "status", "code", "field"),
    [
        (b"", {}, 422, "empty_file", "file"),
        (b"not a potential", {}, 422, "not_a_nep", "file"),
        (SILICON[:2000], {}, 422, "too_few_parameters", "file"),
        (SILICON[:-16], {}, 422, "too_few_parameters", "file"),
        (SILICON.replace(b"nep4 1 Si", b"nep4_dipole 1 Si"), {}, 422, "unsupported_nep", "file"),
        (SILICON[:-15] + b"nan\n", {}, 422, "not_one_finite_number", "file"),
        (SILICON.replace(SILICON.split(b"\n")[6 + 30 * 5 + 5], b"1e300"), {}, 422, "no_engine_runs_file", "file"),
        (bytes(range(256)) * 10, {}, 422, "not_plain_text", "file"),
        (SILICON, {"name": "nep89"}, 422, "name_of_pretrained_potential", "name"),
        (SILICON, {"name": "75168ece-02e8-40e4-a326-44f982b78d43"}, 422, "name_like_id", "name"),
    ],
)
def test_bad_uploads_are_refused_and_leave_nothing(
    client: Client, settings: Settings, content: bytes, form: dict[str, str], status: int, code: str, field: str
) -> None:
    response = upload(client, content, **form)
    assert response.status_code == status, response.text
    problem = response.json()
    assert problem["code"] == code
    assert problem["errors"][0]["loc"] == field
    assert client.get("/potentials").json()["total"] == len(catalogue.pretrained())
    folder = settings.data_dir / "models"
    assert not folder.exists() or not list(folder.iterdir())


@pytest.mark.usefixtures("unconfined")
def test_same_key_makes_one_potential(client: Client) -> None:
    arguments: dict[str, Any] = {"files": {"file": ("nep.txt", SILICON)}, "headers": {"Idempotency-Key": "k"}}
    first, second = (client.post("/potentials", **arguments).json() for _ in range(2))
    assert first["id"] == second["id"]
    assert first["name"] == "nep"


@pytest.mark.usefixtures("unconfined")
def test_deleted_potential_is_gone_with_its_file(client: Client, settings: Settings) -> None:
    model = upload(client).json()
    assert client.delete(f"/potentials/{model['id']}").status_code == 204
    assert client.get(f"/potentials/{model['id']}").status_code == 404
    assert not settings.potential_dir(model["id"]).exists()


@pytest.mark.usefixtures("unconfined")
def test_potential_with_predictions_stays(client: Client, structure: dict[str, Any]) -> None:
    model = upload(client).json()
    body = {"structure_id": structure["id"], "instruments": ["TOSCA"], "model": model["id"]}
    assert client.post("/predictions", json=body).status_code == 202
    response = client.delete(f"/potentials/{model['id']}")
    assert response.status_code == 409
    assert (response.json()["code"], response.json()["params"]) == ("potential_in_use", {"name": "Mine"})


@pytest.mark.usefixtures("unconfined")
def test_lost_or_changed_file_is_told(client: Client, settings: Settings) -> None:
    row = stored(settings, upload(client).json()["id"])
    path = service.potential_file(settings, row)
    for change in (lambda: path.write_bytes(SILICON + b"0.1\n"), path.unlink):
        change()
        with pytest.raises(PotentialUnavailable) as problem:
            service.potential_file(settings, row)
        assert problem.value.notice == Notice("potential_file_lost", {"name": row.name})


def test_crash_of_an_engine_is_unprocessable(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> str:
        raise confined.Exceeded("it crashed")

    monkeypatch.setattr(confined, "run", crash)
    with pytest.raises(Unprocessable) as problem:
        service.inspect(SILICON)
    assert problem.value.notice == Notice("potential_not_tried", {"reason": "it crashed"})
