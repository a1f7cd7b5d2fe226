"""Potentials of other projects: what is installed, checkpoints of the operator, plug-ins, refusals."""

from __future__ import annotations

import hashlib
import io
import pickle
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.engines import catalogue as engines
from backend.families import plugins
from backend.families.catalogue import families
from backend.health import heartbeats
from backend.kit.db import database
from backend.kit.settings import Settings
from backend.potentials import catalogue, evidence, fetch
from backend.potentials.record import Pretrained
from scattering.trust.calibration import MEASURED, rows_of
from tests import plugin_package

from .conftest import Client
from .predicting import ENGINES, worker

CHECKPOINT = pickle.dumps({"weights": [1.0, 2.0]})


class Runs:
    """An object whose pickle runs code."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return exec, ("raise SystemExit('was run')",)


def listed(client: Client) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in client.get("/potentials", params={"limit": 100}).json()["items"]}


def register(settings: Settings) -> None:
    with database.transaction(settings) as session:
        catalogue.register(session, settings)


def ask(client: Client, structure: dict[str, Any], **body: Any) -> Any:
    return client.post("/predictions", json={"structure_id": structure["id"], "instruments": ["TOSCA"], **body})


def test_every_optional_engine_has_an_extra_of_its_package(client: Client) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    optional = [engine for engine in engines.engines().values() if engine.extra]
    assert {engine.name for engine in optional} == {"chgnet", "mace", "nequix", "sevennet", "tblite"}
    for engine in optional:
        assert engine.package in extras[engine.extra]
    shown = {one["name"]: (one["extra"], one["package"]) for one in client.get("/engines").json()}
    assert shown["tblite"] == ("xtb", "tblite")


def test_a_potential_says_what_is_missing_until_a_worker_has_its_engine(client: Client) -> None:
    before = listed(client)
    assert before["NEP89"]["unavailable"] is None
    for name, extra in (("GFN2-xTB", "xtb"), ("CHGNet 0.3.0", "chgnet"), ("SevenNet-0", "sevennet")):
        assert not before[name]["installed"]
        assert before[name]["unavailable"]["code"] == "engine_not_installed"
        assert before[name]["unavailable"]["params"]["extra"] == extra
        assert f"deploy/extras/{extra}.lock" in before[name]["unavailable"]["message"]
    heartbeats.record(worker(engines=dict.fromkeys((*ENGINES, "tblite", "chgnet", "nequix"), "1")))
    after = listed(client)
    assert [after[name]["installed"] for name in ("GFN2-xTB", "CHGNet 0.3.0", "SevenNet-0")] == [True, True, False]
    # Its engine is there, its file is not
    assert after["nequix-mp-1-pft"]["unavailable"]["code"] == "checkpoint_missing"
    assert after["nequix-mp-1-pft"]["unavailable"]["params"]["size_bytes"] == 2842840


def test_records_of_potentials_state_what_a_user_must_know() -> None:
    for entry in catalogue.pretrained().values():
        assert entry.licence
        assert entry.citation
        assert entry.elements
        has_origin = entry.distribution is not None or entry.package_file or not entry.size_bytes
        assert has_origin or families()[entry.family].takes_checkpoints, entry.name


def zipped() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps(Runs()))
    return archive.getvalue()


@pytest.mark.parametrize(
    "content", [pickle.dumps(Runs()), pickle.dumps(Runs(), protocol=2), zipped(), b"\x1f\x8b" + bytes(20)]
)
def test_an_upload_that_may_run_code_is_refused_unread(client: Client, content: bytes) -> None:
    refused = client.post("/potentials", files={"file": ("checkpoint.pth", content)})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "checkpoint_not_uploadable"
    assert client.get("/potentials").json()["total"] == len(catalogue.pretrained())


def test_a_checkpoint_of_the_operator_is_a_potential(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    folder = settings.potentials_dir / "mace"
    folder.mkdir(parents=True)
    (folder / "in-house.model").write_bytes(CHECKPOINT)
    (folder / "stated.model").write_bytes(CHECKPOINT + b"2")
    (folder / "stated.model.toml").write_text(
        'name = "Ours"\nelements = ["Si"]\nlicence = "MIT"\ncitation = "A. Author"\ncutoff_angstrom = 5.0\n'
    )
    (folder / "wrong.model").write_bytes(CHECKPOINT + b"3")
    (folder / "wrong.model.toml").write_text('name = "NEP89"\n')
    register(settings)
    found = listed(client)
    assert found.keys() - {entry.name for entry in catalogue.pretrained().values()} == {"in-house", "Ours"}
    unknown, stated = found["in-house"], found["Ours"]
    assert (unknown["kind"], unknown["family"], unknown["engine"]) == ("site", "mace", "mace")
    assert unknown["sha256"] == hashlib.sha256(CHECKPOINT).hexdigest()
    assert (unknown["elements"], stated["elements"]) == ([], ["Si"])
    assert (stated["licence"], stated["citation"]) == ("MIT", "A. Author")
    assert unknown["unavailable"]["code"] == "engine_not_installed"
    heartbeats.record(worker(engines={"mace": "1"}))
    assert listed(client)["in-house"]["installed"]
    # Elements that nobody has stated do not stand in the way
    assert ask(client, structure, potential="in-house").json()["options"]["engine"] == "mace"
    assert client.delete(f"/potentials/{unknown['id']}").status_code == 409
    (folder / "in-house.model").unlink()
    assert listed(client)["in-house"]["unavailable"]["code"] == "checkpoint_missing"


def test_a_known_checkpoint_is_found_by_its_sum_and_never_downloaded(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = Pretrained.of(
        {
            "name": "Known",
            "family": "mace",
            "format": "checkpoint",
            "engine": "mace",
            "cutoff_angstrom": 5.0,
            "elements": ["Si"],
            "file": "known.model",
            "size_bytes": len(CHECKPOINT),
            "sha256": hashlib.sha256(CHECKPOINT).hexdigest(),
        }
    )
    monkeypatch.setattr(catalogue, "pretrained", lambda: {entry.sha256: entry})
    assert fetch.find(settings, entry) is None
    with pytest.raises(fetch.FetchFailed):
        fetch.fetch(settings, entry)
    for place in (settings.potentials_dir, settings.potentials_dir / "mace"):
        place.mkdir(parents=True, exist_ok=True)
        (place / "any name").write_bytes(CHECKPOINT)
        assert fetch.find(settings, entry) == place / "any name"
        assert list(catalogue.site_checkpoints(settings)) == []
        (place / "any name").write_bytes(CHECKPOINT[::-1])
        assert fetch.find(settings, entry) is None
        (place / "any name").unlink()


def test_a_file_in_a_package_is_found_without_an_import(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "packages" / "with_weights"
    (package / "inside").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('was imported')")
    (package / "inside" / "weights.pth").write_bytes(CHECKPOINT)
    monkeypatch.syspath_prepend(str(package.parent))
    entry = catalogue.default()
    wanted = type(entry)(
        **{**entry.__dict__, "size_bytes": len(CHECKPOINT), "sha256": hashlib.sha256(CHECKPOINT).hexdigest()}
    )
    assert fetch.find(settings, wanted, package_file="with_weights/inside/weights.pth") is not None
    assert fetch.find(settings, wanted, package_file="with_weights/inside/other.pth") is None
    assert fetch.find(settings, wanted, package_file="not_installed/weights.pth") is None


def test_cells_with_an_odd_number_of_electrons_are_refused(client: Client) -> None:
    def made(element: str) -> dict[str, Any]:
        poscar = f"{element}\n4.05\n0 0.5 0.5\n0.5 0 0.5\n0.5 0.5 0\n{element}\n1\nDirect\n0 0 0\n".encode()
        return dict(client.post("/structures", files={"file": ("POSCAR", poscar)}).json())

    for element in ("Al", "Ce"):
        (error,) = ask(client, made(element), potential="GFN1-xTB").json()["errors"]
        assert (error["loc"], error["code"]) == ("potential", "odd_number_of_electrons")
    assert ask(client, made("Si"), potential="GFN1-xTB").status_code == 202


@pytest.fixture
def plugged_in(tmp_path: Path) -> Iterator[None]:
    with (
        pytest.MonkeyPatch.context() as patch,
        plugin_package.installed(
            tmp_path / "site-packages",
            patch,
            emt="import os\nos.write(1, b'licence found')\n" + plugin_package.MODULE,
            broken=plugin_package.BROKEN,
            chgnet=plugin_package.MODULE,
            wrong="RECORD = {'title': 'x', 'potentials': []}",
            exits="import sys\nsys.exit(0)",
            crashes="import os\nos.abort()",
            unwritable="RECORD = {'title': object()}",
        ),
    ):
        yield


@pytest.mark.usefixtures("plugged_in")
def test_a_package_of_the_site_brings_a_family(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    # Packages that cannot be imported, end the process, have a name of ours or no right record are left out
    assert {"emt"} == families().keys() - {"chgnet", "mace", "nep", "nequix", "sevennet", "xtb"}
    register(settings)
    emt = listed(client)["EMT of this site"]
    assert (emt["family"], emt["format"], emt["engine"], emt["size_bytes"]) == ("emt", "emt", "plugin-emt", 0)
    assert (emt["functional"], emt["source"]) == ("LDA", "package site-potentials")
    assert emt["unavailable"]["code"] == "engine_not_installed"
    assert emt["unavailable"]["params"]["package"] == "site-potentials"
    heartbeats.record(worker(engines={"plugin-emt": "1"}))
    assert listed(client)["EMT of this site"]["installed"]
    (error,) = ask(client, structure, potential="EMT of this site").json()["errors"]
    assert error["code"] == "elements_not_covered"


def test_a_package_whose_import_does_not_end_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "MAX_IMPORT_S", 0.5)
    with pytest.MonkeyPatch.context() as patch:
        endless = {"endless": "import time\ntime.sleep(1000)"}
        with plugin_package.installed(tmp_path / "site-packages", patch, **endless):
            assert "endless" not in families()


@pytest.mark.parametrize(
    ("call_seconds", "n_atoms", "expected"),
    [
        ((), 10, None),
        (((100, 2.0),), 50, 1.0),
        (((100, 2.0), (200, 4.0)), 400, 8.0),
        (((200, 4.0), (100, 2.0)), 50, 1.0),
        (((10, 1.0), (20, 8.0), (40, 16.0)), 40, 16.0),
        (((10, 1.0), (20, 8.0), (40, 16.0)), 5, 0.125),
        (((10, 1.0), (20, 8.0), (40, 16.0)), 80, 32.0),
    ],
)
def test_time_of_forces_is_a_power_of_the_number_of_atoms(
    call_seconds: tuple[tuple[int, float], ...], n_atoms: int, expected: float | None
) -> None:
    entry = catalogue.default()
    measured = type(entry)(**{**entry.__dict__, "call_seconds": call_seconds})
    assert measured.seconds_per_call(n_atoms) == (None if expected is None else pytest.approx(expected))


def test_estimates_use_the_measured_time_of_forces(
    client: Client, structure: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def estimate() -> float:
        body = {"structure_id": structure["id"], "potential": "SevenNet-0", "instruments": ["TOSCA"], "method": "md"}
        return float(client.post("/predictions/estimate", json=body).json()["estimate_s"])

    entry = next(one for one in catalogue.pretrained().values() if one.name == "SevenNet-0")

    def with_speed(seconds: float) -> dict[str, Pretrained]:
        changed = type(entry)(**{**entry.__dict__, "call_seconds": ((100, seconds),)})
        return {changed.sha256: changed}

    estimates = []
    for seconds in (1.0, 10.0):
        known = with_speed(seconds)
        monkeypatch.setattr("backend.predictions.requested.pretrained", lambda known=known: known)
        estimates.append(estimate())
    assert estimates[1] / estimates[0] == pytest.approx(10, rel=0.01)


def test_evidence_follows_from_the_table_of_calibration() -> None:
    stated = {one.material_class: one for one in evidence.of_potential("NEP89")}
    assert stated["covalent"].crystals == ("silicon",)
    (silicon,) = [row for row in rows_of("NEP89") if (row.crystal, row.reference) == ("silicon", "measured")]
    assert stated["covalent"].mean_error == pytest.approx(np.abs(np.exp(silicon.log_ratios) - 1).mean(), abs=1e-3)
    assert {"hydride", "ionic", "molecular"} <= stated.keys()
    assert stated["covalent"].source == stated["ionic"].source == evidence.CALIBRATION
    # What a table of calibration has is stated by no file
    listed = tomllib.loads(evidence.FILE.read_text())["evidence"]
    assert not [
        one
        for one in listed
        if {row.crystal for row in rows_of(one["potential"]) if row.reference == MEASURED} >= set(one["crystals"])
    ]
    # No potential is stated twice for the same crystals
    places = [(one.potential, one.material_class, one.crystals) for one in evidence.all_evidence()]
    assert len(places) == len(set(places))


def test_evidence_is_compared_with_the_default_in_the_same_crystals(client: Client) -> None:
    shown = listed(client)
    names = {one.potential for one in evidence.all_evidence()}
    assert names <= shown.keys()
    standings = {
        name: {known["material_class"]: known["than_default"] for known in shown[name]["evidence"]} for name in names
    }
    assert set(standings["NEP89"].values()) == {None}
    assert standings["CHGNet 0.3.0"]["covalent"] == standings["SevenNet-0"]["covalent"] == "worse"
    # Unstable is worse, whatever the errors of others
    assert standings["CHGNet 0.3.0"]["hydride"] == "worse"
    assert standings["GFN1-xTB"] == {"molecular": "better"}
    assert standings["nequix-mp-1-pft"]["covalent"] == "better"
    assert all(shown[name]["call_seconds"] for name in names - {"NEP89"})
