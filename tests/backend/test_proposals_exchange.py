"""Proposals that go out as an archive and come in again: whole, under new ids; and archives that mean harm."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import struct
import uuid
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from fastapi import FastAPI
from rocrate.rocrate import ROCrate
from sqlmodel import select

from backend.app import create_app
from backend.datasets import parse as dataset_parse
from backend.datasets import service as datasets
from backend.jobs import sweep
from backend.kit.db import database
from backend.kit.db.owners import LOCAL_USER, Scope, current_owner
from backend.kit.files import confined
from backend.kit.files.storage import ARRIVING, arriving_folder
from backend.kit.settings import Settings
from backend.observing import check
from backend.observing.layouts import PATH, POWDER
from backend.potentials import service as models
from backend.potentials.tables import Potential
from backend.predictions.tables import Prediction
from backend.proposals import archive, importing, manifest
from backend.structures import parse as structure_parse
from scattering.core.notices import Notice
from tests.frontend.conftest import ZONES, flat_branch

from .conftest import DISORDERED, SILICON, Client
from .predicting import COARSE_GRID, ask, finish, run, silicon_partials, succeeded
from .proposing import CSV, again, make, put, report, upload
from .trained import labels_of, train

Change = Callable[[dict[str, Any], dict[str, bytes]], None]


def export(client: Client, proposal: dict[str, Any]) -> bytes:
    response = client.get(f"/proposals/{proposal['id']}/export")
    assert response.status_code == 200, response.text
    assert response.headers["content-disposition"] == 'attachment; filename="Beam_time.zip"'
    return response.content


def bring(client: Client, content: bytes, **headers: str) -> Any:
    return client.post("/proposals/import", files={"file": ("proposal.zip", content)}, headers=headers)


def refused(client: Client, content: bytes) -> str:
    """Code and parameters of the refusal of an archive, as JSON."""
    response = bring(client, content)
    assert response.status_code == 422, response.text
    (error,) = response.json()["errors"]
    assert error["loc"] == "file"
    return json.dumps([error["code"], error["params"]])


def unpacked(content: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The manifest and all files of an archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        files = {name: file.read(name) for name in file.namelist()}
    return json.loads(files["beamcast.json"]), files


def packed(manifest: Any, files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in {**files, "beamcast.json": json.dumps(manifest).encode()}.items():
            file.writestr(name, data)
    return content.getvalue()


def counts(client: Client) -> list[int]:
    return [client.get(f"/{kind}").json()["total"] for kind in ("proposals", "structures", "predictions", "datasets")]


def kept(settings: Settings) -> list[str]:
    """All files of rows."""
    folders = ("structures", "predictions", "datasets", "models", "proposals")
    return sorted(str(path) for name in folders for path in (settings.data_dir / name).rglob("*") if path.is_file())


@pytest.fixture
def unconfined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read files in this process: the same reading, without a second for each process."""

    def run(module: str, arguments: Sequence[str], content: bytes | Path, **__: object) -> str:
        options = dict(zip(arguments[::2], arguments[1::2], strict=True))
        path = content if isinstance(content, Path) else None
        data = content if isinstance(content, bytes) else content.read_bytes()
        if module == "backend.structures.parse":
            return structure_parse.as_json(data, options["--format"], int(options["--max-atoms"]))
        if module == "backend.datasets.parse":
            return dataset_parse.as_json(data, json.loads(options["--request"]))
        assert module == "backend.observing.check"
        assert path is not None
        return check.as_json(path, options["--sampling"])

    monkeypatch.setattr(confined, "run", run)


@pytest.fixture
def full(client: Client, settings: Settings, structure: dict[str, Any]) -> dict[str, Any]:
    """A proposal with something of everything."""
    prediction = succeeded(client, settings, structure, temperature_k=300)
    dataset = upload(client, instrument="TOSCA", temperature_k="20", mass_g="3.2", structure_id=structure["id"])
    proposal = make(
        client,
        notes="Why: because.\nÅ⁻¹",
        sample={"geometry": "annulus", "mass_g": 3},
        settings=[{"instrument": "MAPS", "settings": {"e_init": 120}}],
        plan={"prediction_id": prediction, "features_mev": [60.0], "calibrations": [{"dataset_id": dataset}]},
    )
    put(client, proposal, "predictions", ask(client, structure, temperature_k=200)["id"])
    report(settings, proposal, title="As sent in")
    return again(client, proposal)


@pytest.fixture
def exported(client: Client, full: dict[str, Any]) -> bytes:
    return export(client, full)


def test_an_export_is_a_crate_that_others_read(exported: bytes, tmp_path: Path) -> None:
    path = tmp_path / "proposal.zip"
    path.write_bytes(exported)
    crate = ROCrate(path)
    assert crate.name == "Beam time"
    listed = {entity.id for entity in crate.data_entities}
    assert listed == set(unpacked(exported)[1]) - {"ro-crate-metadata.json"}
    assert {name.split("/")[0] for name in listed if "/" in name} == {
        "structures",
        "predictions",
        "datasets",
        "reports",
    }
    structure = crate.dereference("structures/001-Si.vasp")
    assert structure["sha256"] == hashlib.sha256(SILICON).hexdigest()
    assert int(structure["contentSize"]) == len(SILICON)


def test_what_comes_in_is_what_went_out(
    app: FastAPI, client: Client, settings: Settings, full: dict[str, Any], exported: bytes
) -> None:
    # Somebody who has nothing here yet
    app.dependency_overrides[current_owner] = lambda: "somebody else"
    response = bring(client, exported)
    assert response.status_code == 201, response.text
    new = response.json()
    assert counts(client) == [1, 1, 1, 1]
    for name in ("name", "notes", "sample", "settings"):
        assert new[name] == full[name]
    assert new["plan"]["prediction_id"] == new["prediction_ids"][0] != full["plan"]["prediction_id"]
    assert new["plan"]["calibrations"][0]["dataset_id"] == new["dataset_ids"][0]
    assert new["plan"]["features_mev"] == [60.0]
    structure = client.get(f"/structures/{new['structure_ids'][0]}").json()
    assert (structure["name"], structure["formula"], structure["filename"]) == ("Silicon", "Si", "Si.vasp")
    assert client.get(f"/structures/{structure['id']}/file?format=original").content == SILICON
    dataset = client.get(f"/datasets/{new['dataset_ids'][0]}").json()
    assert (dataset["instrument"], dataset["temperature_k"], dataset["mass_g"]) == ("TOSCA", 20, 3.2)
    assert dataset["structure_id"] == structure["id"]
    assert client.get(f"/datasets/{dataset['id']}/file").content == CSV
    made = new["reports"][0]
    assert made["title"] == "As sent in"
    assert made["created_at"] == full["reports"][0]["created_at"]
    assert client.get(f"/proposals/{new['id']}/reports/{made['id']}").content.startswith(b"%PDF")
    prediction = client.get(f"/predictions/{new['prediction_ids'][0]}").json()
    assert (prediction["status"], prediction["progress"]) == ("succeeded", 1)
    assert [notice["code"] for notice in prediction["notices"]] == [COARSE_GRID.code, manifest.IMPORTED.code]
    app.dependency_overrides.clear()
    # The one that has not succeeded stayed behind
    (done,) = [one for one in client.get("/predictions").json()["items"] if one["status"] == "succeeded"]
    for name in ("options", "method", "sampling", "quality", "model_id", "temperature_k", "instruments"):
        assert prediction[name] == done[name]
    origin = prediction["provenance"]["imported_from"]
    assert origin["id"] == done["id"]
    assert "timings" not in prediction["provenance"]
    app.dependency_overrides[current_owner] = lambda: "somebody else"
    # It can be looked at, and is there for good
    sweep.remove_orphans()
    spectra = [client.post(f"/predictions/{prediction['id']}/spectrum", json={"instrument": "TOSCA"})]
    assert not list(settings.predictions_dir.rglob(ARRIVING))
    app.dependency_overrides.clear()
    spectra.append(client.post(f"/predictions/{done['id']}/spectrum", json={"instrument": "TOSCA"}))
    assert spectra[0].json() == spectra[1].json()


@pytest.mark.usefixtures("unconfined")
def test_warnings_of_older_archives_are_sentences(client: Client, exported: bytes) -> None:
    contents, files = unpacked(exported)
    (entry,) = contents["predictions"]
    assert [one["code"] for one in entry.pop("notices")] == [COARSE_GRID.code]
    entry["warnings"].append(manifest.IMPORTED_SENTENCE)
    new = bring(client, packed(contents, files)).json()
    prediction = client.get(f"/predictions/{new['prediction_ids'][0]}").json()
    assert [Notice(one["code"], one["params"]) for one in prediction["notices"]] == [COARSE_GRID, manifest.IMPORTED]


@pytest.mark.usefixtures("unconfined")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_notices_of_nobody_are_shown_as_they_are(client: Client, exported: bytes) -> None:
    contents, files = unpacked(exported)
    made_up = [{"code": "worker_died", "params": {"attempts": {"a": [1]}}}, {"code": "of_tomorrow", "params": {"n": 3}}]
    contents["predictions"][0]["notices"] = made_up
    new = bring(client, packed(contents, files)).json()["prediction_ids"][0]
    assert client.get(f"/predictions/{new}").json()["warnings"][1] == "of_tomorrow (n = 3)"
    assert client.get(f"/predictions/{new}/trust").status_code == 200


@pytest.mark.usefixtures("unconfined")
def test_isotopes_come_through(client: Client, settings: Settings, exported: bytes) -> None:
    manifest, files = unpacked(exported)
    # Versions that know no isotopes refuse the field
    assert all("isotopes" not in one for one in manifest["predictions"])
    for change in (put_in("predictions", 0, "isotopes", value={"Si": "30Si"}), _partials(_heavier)):
        change(manifest, files)
    assert bring(client, packed(manifest, files)).status_code == 201
    newest = client.get("/predictions?limit=1").json()["items"][0]
    assert newest["isotopes"] == {"Si": "30Si"}
    assert POWDER.read(settings.partials_path(newest["id"])).isotopes == {"Si": "30Si"}


def test_an_ordered_cell_brings_its_disordered_file(client: Client) -> None:
    made = client.post("/structures", files={"file": ("split.cif", DISORDERED)}, data={"ordered_cell": "1"}).json()
    proposal = make(client)
    put(client, proposal, "structures", made["id"])
    content = export(client, proposal)
    manifest, files = unpacked(content)
    (entry,) = manifest["structures"]
    assert entry["disordered"]["file_name"] == "split.cif"
    assert files[entry["disordered"]["file"]] == DISORDERED
    (new,) = bring(client, content).json()["structure_ids"]
    brought = client.get(f"/structures/{new}").json()
    assert (brought["ordered_from"], brought["notices"][0]) == (made["ordered_from"], made["notices"][0])
    assert client.get(f"/structures/{new}/file?format=disordered").content == DISORDERED
    # What an archive lacks is refused by its name
    entry["disordered"]["file"] = "structures/none"
    assert "file_not_in_archive" in refused(client, packed(manifest, files))


def test_the_same_key_imports_once(client: Client, exported: bytes) -> None:
    key = {"Idempotency-Key": "one"}
    first, second = (bring(client, exported, **key).json()["id"] for _ in range(2))
    assert first == second
    assert counts(client)[0] == 2


@pytest.mark.usefixtures("unconfined")
@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("harmonic", {"n_orders": 2, "resolve_sites": True}),
        ("md", {"replicas": 3, "seed": 7}),
        ("trpmd", {"n_beads": 8}),
    ],
)
def test_options_come_through_unchanged(
    client: Client, settings: Settings, structure: dict[str, Any], method: str, options: dict[str, Any]
) -> None:
    prediction = succeeded(client, settings, structure, method=method, options=options, quality="preview")
    proposal = make(client)
    put(client, proposal, "predictions", prediction)
    response = bring(client, export(client, proposal))
    assert response.status_code == 201, response.text
    new = client.get(f"/predictions/{response.json()['prediction_ids'][0]}").json()
    assert new["options"] == client.get(f"/predictions/{prediction}").json()["options"]


def test_a_single_crystal_comes_through(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    options = {"path": "Γ-X-W", "zones": ZONES}
    prediction = ask(client, structure, sampling="path", options=options, instruments=["MAPS"])
    to = settings.partials_path(prediction["id"])
    finish(prediction["id"], lambda path: PATH.write(path, flat_branch(60.0)), to, provenance={})
    proposal = make(client)
    put(client, proposal, "predictions", prediction["id"])
    response = bring(client, export(client, proposal))
    assert response.status_code == 201, response.text
    new = response.json()["prediction_ids"][0]
    assert client.get(f"/predictions/{new}").json()["options"] == prediction["options"]
    assert client.post(f"/predictions/{new}/spectrum", json={"instrument": "MAPS"}).status_code == 200


@pytest.mark.usefixtures("unconfined")
def test_an_uploaded_potential_comes_along(
    app: FastAPI, client: Client, settings: Settings, structure: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"family": "nep", "elements": ["Si"], "format": "nep4", "engine": "nep-adapters", "cutoff_angstrom": 5.0}
    monkeypatch.setattr(models, "inspect", lambda content: found)
    content = b"nep4 1 Si\n"
    with database.transaction(settings) as session:
        scope = Scope(session, LOCAL_USER)
        models.add(scope, found, content=content, name="Mine", licence="CC0", citation="Me, 2026")
    prediction = succeeded(client, settings, structure, model="Mine")
    proposal = make(client)
    put(client, proposal, "predictions", prediction)
    sent = export(client, proposal)
    # Here it is known by its sum already
    assert bring(client, sent).status_code == 201
    app.dependency_overrides[current_owner] = lambda: "somebody else"
    assert bring(client, sent).status_code == 201
    app.dependency_overrides.clear()
    with database.transaction(settings, reading=True) as session:
        rows = session.exec(select(Potential).where(Potential.name == "Mine")).all()
        assert sorted(row.owner for row in rows) == [LOCAL_USER, "somebody else"]
        for row in rows:
            assert models.potential_file(settings, row).read_bytes() == content
            assert (row.licence, row.citation) == ("CC0", "Me, 2026")
    manifest, files = unpacked(sent)
    files[manifest["models"][0]["file"]] = b"nep4 1 Ge\n"
    assert "wrong_potential_in_archive" in refused(client, packed(manifest, files))


def test_a_trained_potential_comes_with_its_labels_and_its_evidence(
    client: Client, settings: Settings, structure: dict[str, Any], tmp_path: Path
) -> None:
    trained = train(client, settings, structure["id"], tmp_path / "made")
    with database.transaction(settings) as session:
        # The file of the potential in this test is not the one that the sum belongs to
        row = session.get_one(Potential, uuid.UUID(trained["potential_id"]))
        row.sha256 = hashlib.sha256(models.uploaded_file(settings, row).read_bytes()).hexdigest()
    prediction = succeeded(client, settings, structure, potential=trained["potential_id"])
    proposal = make(client)
    put(client, proposal, "predictions", prediction)
    sent = export(client, proposal)
    _, files = unpacked(sent)
    assert files["potentials/001-labels.xyz"] == labels_of(14)
    record = json.loads(files["potentials/001-training.json"])
    assert (record["id"], record["evidence"]["n_labels"]) == (trained["id"], 12)
    described = json.loads(files["ro-crate-metadata.json"])["@graph"]
    assert {"potentials/001-labels.xyz", "potentials/001-training.json"} <= {one["@id"] for one in described}
    assert bring(client, sent).status_code == 201


# Archives that mean harm


def first(manifest: dict[str, Any], kind: str) -> dict[str, Any]:
    entry: dict[str, Any] = manifest[kind][0]
    return entry


def _partials(change: Callable[[h5py.File], None]) -> Change:
    def apply(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        content = io.BytesIO(files[first(manifest, "predictions")["file"]])
        with h5py.File(content, "r+") as file:
            change(file)
        files[first(manifest, "predictions")["file"]] = content.getvalue()

    return apply


def _elsewhere(file: h5py.File) -> None:
    del file["coherent"]
    file["coherent"] = h5py.ExternalLink("/etc/hostname", "/coherent")


def _outside(file: h5py.File) -> None:
    shape, size = file["incoherent"].shape, file["incoherent"].size * 4
    del file["incoherent"]
    file.create_dataset("incoherent", shape, dtype="f4", external=[("/etc/passwd", 0, size)])


def _endless(file: h5py.File) -> None:
    del file["orders" if "orders" in file else "coherent"]
    file.create_dataset("coherent", (1, 40_000, 40_000), dtype="f4", chunks=(1, 100, 100), fillvalue=1.0)


def _not_finite(file: h5py.File) -> None:
    file["coherent"][0, 0, 0] = np.nan


def _germanium(file: h5py.File) -> None:
    del file["species"]
    file["species"] = ["Ge"]


def _colder(file: h5py.File) -> None:
    file.attrs["temperature_k"] = 200.0


def _heavier(file: h5py.File) -> None:
    file.attrs["metadata"] = json.dumps({"isotopes": {"Si": "30Si"}})


def _text(file: h5py.File) -> None:
    del file["species"]
    file["species"] = np.arange(3)


def put_in(*where: Any, value: Any) -> Change:
    """Something else in the manifest."""

    def apply(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        there: Any = manifest
        for step in where[:-1]:
            there = there[step]
        there[where[-1]] = value

    return apply


def lacking(kind: str) -> Change:
    def apply(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        del files[first(manifest, kind)["file"]]

    return apply


def with_file(kind: str, content: bytes) -> Change:
    def apply(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        files[first(manifest, kind)["file"]] = content

    return apply


DEEP: Any = 1
for _ in range(12):
    DEEP = {"a": DEEP}

HARM: dict[str, tuple[Change, str]] = {
    "another format": (put_in("format", value="something"), "format"),
    "another version": (put_in("version", value=2), "version"),
    "unknown words": (put_in("colour", value="blue"), "colour"),
    "no name": (put_in("proposal", "name", value=""), "name"),
    "two of an id": (lambda m, f: m["structures"].append(first(m, "structures")), "repeated_ids_in_archive"),
    "no structure": (
        put_in("predictions", 0, "structure_id", value=str(uuid.uuid4())),
        "incomplete_prediction",
    ),
    "no prediction": (
        put_in("proposal", "plan", "prediction_id", value=str(uuid.uuid4())),
        "incomplete_plan",
    ),
    "a file of two": (
        lambda m, f: m["datasets"].append({**first(m, "datasets"), "id": str(uuid.uuid4())}),
        "file_named_twice_in_archive",
    ),
    "a path": (put_in("structures", 0, "file", value="../../../../etc/passwd"), "file_not_in_archive"),
    "an absolute path": (put_in("datasets", 0, "file", value="/etc/passwd"), "file_not_in_archive"),
    "no partials": (lacking("predictions"), "file_not_in_archive"),
    "no data": (lacking("datasets"), "file_not_in_archive"),
    "structure of nothing": (with_file("structures", b"nothing"), "001-Si.vasp"),
    "structure of another format": (put_in("structures", 0, "format", value="exe"), "001-Si.vasp"),
    "data of nothing": (with_file("datasets", b"\x00\x01"), "001-run.csv"),
    "data with an odd instrument": (put_in("datasets", 0, "said", "instrument", value="X"), "001-run.csv"),
    "partials of nothing": (with_file("predictions", b"nothing"), "unreadable_partials"),
    "partials elsewhere": (_partials(_elsewhere), "unreadable_partials"),
    "partials outside": (_partials(_outside), "unreadable_partials"),
    "partials without end": (_partials(_endless), "unreadable_partials"),
    "partials not finite": (_partials(_not_finite), "unreadable_partials"),
    "partials of others": (_partials(_germanium), "partials_of_other_elements"),
    "partials of another temperature": (_partials(_colder), "partials_of_other_temperature"),
    "partials of other isotopes": (_partials(_heavier), "partials_of_other_isotopes"),
    "isotopes of another element": (put_in("predictions", 0, "isotopes", value={"Si": "2H"}), "unknown_isotope"),
    "partials of numbers": (_partials(_text), "unreadable_partials"),
    "options of another method": (put_in("predictions", 0, "options", "n_beads", value=4), "n_beads"),
    "options beyond all": (put_in("predictions", 0, "options", "n_orders", value=10**9), "n_orders"),
    "an unknown instrument": (put_in("predictions", 0, "instruments", value=["NOSUCH"]), "NOSUCH"),
    "provenance without end": (put_in("predictions", 0, "provenance", "x", value=DEEP), "nested"),
    "provenance of odd lists": (put_in("predictions", 0, "provenance", "x", value=[[1], 2]), "list"),
    "warnings without codes": (put_in("predictions", 0, "notices", value=[{"text": "x"}]), "code"),
    "warnings that are long": (
        put_in("predictions", 0, "notices", value=[{"code": "text", "params": {"text": 9000 * "x"}}]),
        "notices",
    ),
    "versions that are none": (put_in("predictions", 0, "provenance", "versions", value=5), "versions"),
    "timings that are none": (
        put_in("predictions", 0, "provenance", "timings", value={"production_s": "x"}),
        "timings",
    ),
    "findings that are none": (put_in("predictions", 0, "provenance", "findings", value="x"), "findings"),
    "half of a finding": (
        put_in("predictions", 0, "provenance", "findings", value={"imaginary_fraction": 0.1}),
        "lowest_energy_mev",
    ),
    "phonons that are none": (
        put_in("predictions", 0, "provenance", "findings", value={"special_phonons_mev": {"Γ": "x"}}),
        "special_phonons_mev",
    ),
    "a potential of nowhere": (put_in("models", 0, "sha256", value="0" * 64), "potential_not_in_archive"),
    "a report of nothing": (put_in("reports", 0, "files", value={"exe": "x"}), "files"),
}


@pytest.mark.usefixtures("unconfined")
@pytest.mark.parametrize("harm", HARM)
def test_what_cannot_be_used_is_refused_and_nothing_is_kept(
    client: Client, settings: Settings, exported: bytes, harm: str
) -> None:
    before, files_before = counts(client), kept(settings)
    manifest, files = unpacked(exported)
    change, said = HARM[harm]
    change(manifest, files)
    assert said in refused(client, packed(manifest, files))
    assert counts(client) == before
    assert kept(settings) == files_before


@pytest.mark.usefixtures("unconfined")
def test_what_is_no_archive_is_refused(client: Client, exported: bytes) -> None:
    for content in (b"nothing", b"PK\x05\x06", exported[: len(exported) // 2], b"PK\x05\x06" + bytes(17)):
        assert "not_a_zip_archive" in refused(client, content)
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w"):
        pass
    assert json.loads(refused(client, empty.getvalue())) == ["file_not_in_archive", {"file": "beamcast.json"}]
    assert bring(client, b"").json()["errors"][0]["loc"] == "file"


@pytest.mark.usefixtures("unconfined")
def test_bytes_that_were_damaged_are_found(client: Client, exported: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(exported)) as file:
        info = file.getinfo("beamcast.json")
    at = info.header_offset + 200
    assert "damaged_file_in_archive" in refused(client, exported[:at] + bytes(20) + exported[at + 20 :])


@contextmanager
def unusable(code: str, **params: Any) -> Iterator[None]:
    """Expect the refusal of an archive with a code, and these parameters among those of the code."""
    with pytest.raises(archive.Unprocessable) as refusal:
        yield
    assert refusal.value.notice.code == code
    assert {name: refusal.value.notice.params[name] for name in params} == params


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("beamcast.json", bytes(50 * 1024**2))
    assert path.stat().st_size < 100_000
    with unusable("large_archive", maximum_mib=1.0), archive.open_archive(path, 1024**2):
        pass
    stated = {"file": "beamcast.json", "maximum_mib": 8.0}
    with archive.open_archive(path, 1024**3) as opened, unusable("large_file_in_archive", **stated):
        opened.read("beamcast.json", 8 * 1024**2)


def test_all_reads_of_an_archive_have_one_limit(tmp_path: Path) -> None:
    path = tmp_path / "again.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a", bytes(400))
    with archive.open_archive(path, 1000) as opened:
        opened.read("a", 1000)
        opened.copy("a", tmp_path / "a", 1000)
        with unusable("large_archive", maximum_mib=1000 / 2**20):
            opened.read("a", 1000)


@pytest.mark.usefixtures("unconfined")
def test_files_of_an_import_are_written_before_its_transaction(
    client: Client, settings: Settings, exported: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy within the transaction would make all other writers wait."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a file is copied")

    add = importing.add

    def add_without_copying(*arguments: Any) -> Any:
        with monkeypatch.context() as patch:
            for module in (shutil, datasets.shutil):
                patch.setattr(module, "copyfile", refuse)
                patch.setattr(module, "copy2", refuse)
            patch.setattr(datasets, "write_measured", refuse)
            return add(*arguments)

    monkeypatch.setattr(importing, "add", add_without_copying)
    assert bring(client, exported).status_code == 201
    assert list(settings.staging_dir.iterdir()) == []


def test_what_a_dead_process_left_on_arrival_is_removed(settings: Settings) -> None:
    old, new = settings.staging_dir / "old", settings.staging_dir / "new"
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    sweep.remove_orphans()
    assert (old.exists(), new.exists()) == (False, True)


def test_a_file_that_is_larger_than_it_says_is_refused(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a", bytes(1024**2))
    # The directory says 10 bytes
    lied = content.getvalue().replace(struct.pack("<L", 1024**2), struct.pack("<L", 10))
    path = tmp_path / "lie.zip"
    path.write_bytes(lied)
    with archive.open_archive(path, 1024**3) as opened, unusable("damaged_file_in_archive"):
        opened.read("a", 1024**3)


def test_a_list_of_files_without_end_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as file:
        for number in range(archive.MAX_MEMBERS + 1):
            file.writestr(f"{number}", b"")
    with unusable("many_files_in_archive", maximum=archive.MAX_MEMBERS), archive.open_archive(path, 1024**3):
        pass
    # The long form of the end, which Python would believe before the short one
    locator = b"PK\x06\x07" + bytes(16)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, 0, 0, 0)
    path.write_bytes(bytes(200) + locator + end)
    with unusable("many_files_in_archive", maximum=archive.MAX_MEMBERS), archive.open_archive(path, 1024**3):
        pass


def test_two_files_of_a_name_and_odd_packings_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("a", b"2")
    with unusable("repeated_names_in_archive"), archive.open_archive(path, 1024**3):
        pass
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("a", b"1")
    with unusable("unknown_compression_of_archive"), archive.open_archive(path, 1024**3):
        pass


@pytest.mark.usefixtures("unconfined")
def test_an_archive_beyond_the_limit_is_not_received(settings: Settings, portal: Any, exported: bytes) -> None:
    small = settings.model_copy(update={"max_proposal_bytes": 50_000, "max_upload_bytes": 10_000})
    response = bring(Client(portal, create_app(small)), exported + bytes(200_000))
    assert response.status_code == 413


def test_partials_are_bounded_in_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    POWDER.write(tmp_path / "partials.h5", silicon_partials())
    assert json.loads(check.as_json(tmp_path / "partials.h5", "powder"))["species"] == ["Si"]
    monkeypatch.setattr(check, "MAX_ARRAY_BYTES", 1000)
    assert json.loads(check.as_json(tmp_path / "partials.h5", "powder"))["error"]["code"] == "partials_too_large"


def test_the_sweep_leaves_what_is_just_coming_in(settings: Settings) -> None:
    prediction_id = uuid.uuid4()
    folder = settings.prediction_dir(prediction_id)
    with contextlib.suppress(KeyError), database.transaction(settings) as session:
        arriving_folder(session, folder)
        sweep.remove_orphans()
        assert folder.exists()
        raise KeyError
    assert not folder.exists()
    with database.transaction(settings) as session:
        arriving_folder(session, folder)
    # Committed without a row, which nothing does: then it is a stray as any other
    sweep.remove_orphans()
    assert not folder.exists()


@pytest.mark.usefixtures("unconfined")
def test_what_a_simulation_found_comes_along_and_is_still_what_trust_rests_on(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    made = {
        "versions": {"euphonic": "1.4"},
        "model": "NEP89",
        "model_sha256": "0" * 64,
        "engine": "nep-adapters",
        "seed": 1,
        "cores": 2,
        "timings": {"production_s": 3.5, "atom_steps_per_second": 1e6},
        "species": ["Si"],
        "findings": {
            "largest_shift_angstrom": 0.0,
            "pressure_gpa": None,
            "force_constant_at_edge": 0.01,
            "zone_divisions": [12, 12, 12],
            "lowest_energy_mev": 0.0,
            "imaginary_fraction": 0.0,
            "special_phonons_mev": {"Γ": [0.0, 0.0, 0.0, 57.0, 57.0, 57.0]},
            "training_range": {"largest": 0.7, "spread": 0.2},
        },
    }
    prediction = ask(client, structure)["id"]
    run(settings, prediction, made)
    proposal = make(client)
    put(client, proposal, "predictions", prediction)
    new = bring(client, export(client, proposal)).json()["prediction_ids"][0]
    told = client.get(f"/predictions/{new}").json()["provenance"]
    assert told["findings"] == made["findings"]
    assert told["imported_from"]["timings"] == made["timings"]
    trusts = [client.get(f"/predictions/{one}/trust") for one in (prediction, new)]
    assert [one.status_code for one in trusts] == [200, 200]
    assert trusts[0].json()["badge"] == trusts[1].json()["badge"]


@pytest.mark.usefixtures("unconfined")
def test_data_without_a_name_get_that_of_their_file(client: Client, exported: bytes) -> None:
    manifest, files = unpacked(exported)
    del first(manifest, "datasets")["said"]["name"]
    new = bring(client, packed(manifest, files)).json()["dataset_ids"][0]
    assert client.get(f"/datasets/{new}").json()["name"] == "run"


@pytest.mark.usefixtures("unconfined")
def test_a_plan_that_rests_on_nothing_stays_behind(
    client: Client, settings: Settings, structure: dict[str, Any], full: dict[str, Any]
) -> None:
    client.delete(f"/proposals/{full['id']}/predictions/{full['plan']['prediction_id']}")
    manifest, _ = unpacked(export(client, full))
    assert manifest["predictions"] == []
    assert manifest["proposal"]["plan"] is None


@pytest.mark.usefixtures("unconfined")
def test_a_prediction_brings_its_structure_even_if_that_was_taken_out(client: Client, full: dict[str, Any]) -> None:
    client.delete(f"/proposals/{full['id']}/structures/{full['structure_ids'][0]}")
    manifest, _ = unpacked(export(client, full))
    assert [one["id"] for one in manifest["structures"]] == full["structure_ids"]


@pytest.mark.usefixtures("unconfined")
def test_a_file_that_is_gone_is_told(client: Client, settings: Settings, full: dict[str, Any]) -> None:
    with database.transaction(settings, reading=True) as session:
        done = session.exec(select(Prediction.id).where(Prediction.status == "succeeded")).one()
    settings.partials_path(done).unlink()
    response = client.get(f"/proposals/{full['id']}/export")
    assert (response.status_code, response.json()["code"]) == (410, "file_of_archive_lost")
