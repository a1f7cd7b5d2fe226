"""Bundles: read back as RO-Crates, and run again on another server."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
import socket
import subprocess
import sys
import threading
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import uvicorn

from backend.app import create_app
from backend.kit.db import database
from backend.kit.db.owners import LOCAL_USER, Scope
from backend.kit.settings import SQLITE_FILE, Settings
from backend.observing.layouts import POWDER
from backend.potentials import service as models
from backend.potentials.tables import Potential

from .conftest import DISORDERED, SILICON, Client
from .nep_texts import nep_text
from .predicting import finish
from .reporting import partials, prediction, text_of
from .trained import labels_of, train


@pytest.fixture
def prediction_id(client: Client, settings: Settings, structure: dict[str, Any]) -> str:
    return prediction(client, settings, structure, options={"seed": 271828, "supercell": [3, 3, 3]}, quality="preview")


@pytest.fixture
def dataset_id(client: Client) -> str:
    lines = "\n".join(f"{energy} {100 / (1 + (energy - 62) ** 2):.4f} 1.5" for energy in range(10, 200))
    form = {"name": "../../a run, 2 h", "x_unit": "meV", "instrument": "TOSCA", "temperature_k": "20"}
    response = client.post("/datasets", files={"file": ("../../etc/run.dat", lines.encode())}, data=form)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def unpacked(client: Client, settings: Settings, folder: Path, **body: Any) -> Path:
    response = client.post("/reports/bundle", json=body)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        assert all(not Path(name).is_absolute() and ".." not in Path(name).parts for name in archive.namelist())
        archive.extractall(folder)
    # Nothing of it stays on the server
    assert not list(settings.scratch_dir.glob("*"))
    return folder


def test_it_is_a_crate_with_everything_in_it(
    client: Client, settings: Settings, prediction_id: str, dataset_id: str, tmp_path: Path
) -> None:
    from rocrate.rocrate import ROCrate

    asked = {"features_mev": [35.0, 62.0], "settings": [{"instrument": "MAPS", "settings": {"e_init": 220}}]}
    folder = unpacked(
        client,
        settings,
        tmp_path / "bundle",
        prediction_id=prediction_id,
        dataset_ids=[dataset_id],
        plan={"prediction_id": prediction_id, **asked},
        title="A crate",
        proposer="A. Physicist",
    )
    crate = ROCrate(folder)
    assert crate.name == "A crate"
    listed = {entity.id for entity in crate.data_entities}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert listed == there - {"ro-crate-metadata.json"}
    assert {
        "README.md",
        "rerun.py",
        "requests.json",
        "provenance.json",
        "plan.json",
        "measurement.json",
        "report.pdf",
        "report.html",
        "inputs/structure-1.cif",
        "inputs/potential-1.json",
        "predictions/1/partials.h5",
        "spectra/A-MAPS.csv",
        "spectra/A-MAPS.h5",
        "spectra/B-TOSCA.csv",
        "figures/spectra.svg",
        "figures/map.svg",
        "figures/measurement.svg",
        "datasets/1.dat",
    } <= there
    (original,) = folder.glob("inputs/structure-1-original*")
    assert original.read_bytes() == SILICON
    assert crate.root_dataset["author"]["name"] == "A. Physicist"
    run = crate.root_dataset["mentions"]
    assert run["instrument"]["softwareVersion"] == json.loads((folder / "requests.json").read_text())["beamcast"]
    assert {"inputs/structure-1.cif", "requests.json"} <= {one.id for one in run["object"]}
    assert text_of((folder / "report.pdf").read_bytes())[0] <= 2


def test_the_disordered_file_of_an_ordered_cell_is_in_it(client: Client, settings: Settings, tmp_path: Path) -> None:
    cell = client.post("/structures", files={"file": ("split.cif", DISORDERED)}, data={"ordered_cell": "1"}).json()
    folder = unpacked(client, settings, tmp_path / "bundle", prediction_id=prediction(client, settings, cell))
    assert (folder / "inputs/structure-1-disordered.cif").read_bytes() == DISORDERED
    assert b"_beamcast_ordered_cell_rank 1\n" in (folder / "inputs/structure-1-original.cif").read_bytes()


def test_numbers_are_those_of_the_server(
    client: Client, settings: Settings, prediction_id: str, tmp_path: Path
) -> None:
    view = {"instrument": "MAPS", "settings": {"e_init": 220}}
    folder = unpacked(client, settings, tmp_path / "bundle", prediction_id=prediction_id, views=[view])
    spectrum = client.post(f"/predictions/{prediction_id}/spectrum", json=view).json()
    lines = [line for line in (folder / "spectra/A-MAPS.csv").read_text().splitlines() if not line.startswith("#")]
    table = np.array([line.split(",")[:2] for line in lines[1:]], dtype=float)
    np.testing.assert_allclose(table, np.transpose([spectrum["energy_mev"], spectrum["intensity"]]), rtol=1e-6)
    with h5py.File(folder / "spectra/A-MAPS.h5") as file:
        image = file["entry/map/intensity"][()]
        expected = np.array(spectrum["map"]["intensity"], dtype=float)
        np.testing.assert_allclose(image, expected, rtol=1e-6)
    partials = folder / "predictions/1/partials.h5"
    provenance = json.loads((folder / "provenance.json").read_text())
    assert hashlib.sha256(partials.read_bytes()).hexdigest() == provenance["predictions"][0]["partials_sha256"]
    kept = POWDER.read(settings.partials_path(prediction_id))
    np.testing.assert_array_equal(POWDER.read(partials).coherent, kept.coherent)


@contextlib.contextmanager
def served(settings: Settings) -> Iterator[str]:
    """The address of a server that lives as long as this lasts."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture
def elsewhere(tmp_path: Path, migrated_database: Path) -> Iterator[tuple[str, Settings]]:
    """Another Beamcast with nothing in it, at an address."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    shutil.copy(migrated_database, folder / SQLITE_FILE)
    settings = Settings(data_dir=folder, database_url="")
    with served(settings) as address:
        yield address, settings
    database.engine(settings).dispose()


def test_it_is_run_again_elsewhere_with_the_same_options(
    client: Client,
    settings: Settings,
    prediction_id: str,
    dataset_id: str,
    tmp_path: Path,
    elsewhere: tuple[str, Settings],
    portal: Any,
) -> None:
    address, other = elsewhere
    body = {"prediction_id": prediction_id, "dataset_ids": [dataset_id]}
    folder = unpacked(client, settings, tmp_path / "bundle", **body)
    done = subprocess.run(
        [sys.executable, "-I", str(folder / "rerun.py"), address, "--no-wait"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    there = Client(portal, create_app(other))
    (again,) = there.get("/predictions").json()["items"]
    before = client.get(f"/predictions/{prediction_id}").json()
    assert again["id"] in done.stdout
    names = ("method", "temperature_k", "sampling", "quality", "instruments", "options", "model")
    assert {name: again[name] for name in names} == {name: before[name] for name in names}
    assert again["options"]["seed"] == 271828
    kept = ("name", "formula", "cell", "space_group", "format")
    structures = [
        one.get(f"/structures/{row['structure_id']}").json() for one, row in ((client, before), (there, again))
    ]
    assert [structures[1][name] for name in kept] == [structures[0][name] for name in kept]
    (dataset,) = there.get("/datasets").json()["items"]
    original = client.get(f"/datasets/{dataset_id}").json()
    kept = ("name", "x_unit", "instrument", "temperature_k", "energy_range_mev", "n_points", "settings")
    assert {name: dataset[name] for name in kept} == {name: original[name] for name in kept}


def test_the_recipe_waits_and_fetches_partials_and_report(
    client: Client, settings: Settings, prediction_id: str, tmp_path: Path
) -> None:
    view = {"instrument": "MAPS", "settings": {"e_init": 220}}
    folder = unpacked(client, settings, tmp_path / "bundle", prediction_id=prediction_id, views=[view], title="Again")
    with served(settings) as address:
        command = [sys.executable, "-I", str(folder / "rerun.py"), address]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            again = running.stdout.readline().partition(": ")[2].strip()
            path = settings.partials_path(again)
            finish(again, lambda where: POWDER.write(where, partials()), path, provenance={}, warnings=[])
            said = running.communicate(timeout=60)[0]
    assert running.returncode == 0
    assert f"{again}: succeeded" in said
    np.testing.assert_array_equal(POWDER.read(folder / "rerun-1-partials.h5").coherent, partials().coherent)
    text = text_of((folder / "rerun-report.pdf").read_bytes())[1]
    assert "Again" in text
    assert again in text


def test_an_uploaded_potential_goes_along(
    client: Client, settings: Settings, structure: dict[str, Any], tmp_path: Path
) -> None:
    content = nep_text(elements=("Si",)).encode()
    found = {"family": "nep", "elements": ["Si"], "format": "nep4", "engine": "nep-adapters", "cutoff_angstrom": 5.0}
    with database.transaction(settings) as session:
        scope = Scope(session, LOCAL_USER)
        row = models.add(scope, found, content=content, name="Mine", licence="CC0", citation="{0} me")
        model_id = str(row.id)
    made = prediction(client, settings, structure, model=model_id)
    folder = unpacked(client, settings, tmp_path / "bundle", prediction_id=made)
    assert (folder / "inputs/potential-1.nep.txt").read_bytes() == content
    asked = json.loads((folder / "requests.json").read_text())
    assert asked["potentials"][0]["sha256"] == hashlib.sha256(content).hexdigest()
    assert asked["predictions"][0]["body"]["potential"] == model_id
    assert "{0} me" in (folder / "report.html").read_text()


def test_a_full_disk_is_said_and_nothing_left(
    client: Client, settings: Settings, prediction_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(settings.data_dir)
    monkeypatch.setattr("backend.reports.bundle.shutil.disk_usage", lambda _: usage._replace(free=1000))
    response = client.get(f"/predictions/{prediction_id}/bundle.zip")
    assert response.status_code == 503
    assert response.json()["code"] == "disk_full"
    assert not list(settings.scratch_dir.glob("*"))


def test_a_bundle_of_nothing(client: Client) -> None:
    assert client.post("/reports/bundle", json={"prediction_id": str(uuid.uuid4())}).status_code == 404


def test_a_trained_potential_brings_its_labels_and_its_evidence(
    client: Client, settings: Settings, structure: dict[str, Any], tmp_path: Path
) -> None:
    trained = train(client, settings, structure["id"], tmp_path / "made")
    potential_id = trained["potential_id"]
    made = prediction(client, settings, structure, potential=potential_id)
    _, paper = text_of(client.post("/reports", json={"prediction_id": made}).content)
    page = client.post("/reports", json={"prediction_id": made}, headers={"Accept": "text/html"}).text
    evidence = ("12 labels", "PBE, 300 eV", "0.13 eV/Å", "0.012 eV/Å", "20 ps", trained["id"], "cd" * 8, "ab" * 8)
    for text in (paper, page):
        assert [one for one in evidence if one not in text] == []
    # The file of the potential in this test is not the one that the sum belongs to
    with database.transaction(settings) as session:
        row = session.get_one(Potential, uuid.UUID(potential_id))
        row.sha256 = hashlib.sha256(models.uploaded_file(settings, row).read_bytes()).hexdigest()
    folder = unpacked(client, settings, tmp_path / "bundle", prediction_id=made)
    assert (folder / "inputs/potential-1-labels.xyz").read_bytes() == labels_of(14)
    record = json.loads((folder / "inputs/potential-1-training.json").read_text())
    assert (record["id"], record["evidence"]["n_labels"]) == (trained["id"], 12)
    requests = json.loads((folder / "requests.json").read_text())
    assert requests["potentials"][0]["training"] == "inputs/potential-1-training.json"
    described = json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]
    assert "inputs/potential-1-labels.xyz" in {one["@id"] for one in described}
