"""Predictions from uploaded phonons over the API, to their partials, spectra, reliability, reports and bundles."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from euphonic.util import mp_grid

from backend.kit.db import database
from backend.kit.db.owners import LOCAL_USER, Scope
from backend.kit.settings import Settings
from backend.observing.layouts import PATH, POWDER
from backend.phonon_files import modes_file
from backend.sources.tables import Source
from scattering.core.isotopes import nuclide_mass
from tests.backend.conftest import Client
from tests.backend.test_figures import array
from tests.phonons.crystals import FOLDER, nacl

from . import sources
from .sources import succeeded
from .test_given_phonons import given_modes

QUICK = {"q_max_inv_angstrom": 6.0, "n_orders": 2}
FILE = FOLDER / "nacl_phonopy.yaml"


@pytest.fixture
def source(client: Client) -> dict[str, Any]:
    response = client.post("/sources", files=[("files", ("phonopy.yaml", FILE.read_bytes()))], data={"name": "Salt"})
    assert response.status_code == 201, response.text
    return dict(response.json())


@pytest.fixture
def modes_only(settings: Settings, source: dict[str, Any]) -> dict[str, Any]:
    """The same source as if its file had only modes at wave vectors."""
    q = mp_grid((3, 3, 3))
    with database.transaction(settings) as session:
        row = Scope(session, LOCAL_USER).get(Source, uuid.UUID(source["id"]), "source")
        row.phonons = {**row.phonons, "has_force_constants": False, "has_nac": False, "n_q_points": len(q)}
        session.add(row)
    modes_file.save(settings.source_dir(source["id"]) / "modes.h5", given_modes(q, np.full(len(q), 1 / len(q))))
    return source


def ask(client: Client, source: dict[str, Any], status: int = 202, **body: Any) -> dict[str, Any]:
    return sources.ask(client, source, {"temperature_k": 10, "options": QUICK}, status, **body)


def test_a_powder_from_force_constants(client: Client, settings: Settings, source: dict[str, Any]) -> None:
    asked = ask(client, source)
    assert (asked["potential"], asked["potential_id"], asked["model"], asked["model_id"]) == (None,) * 4
    assert (asked["source_id"], asked["structure_id"]) == (source["id"], source["structure_id"])
    assert asked["options"].keys() == {*QUICK, "seed", "resolve_sites", "energy_max_mev", "nac"}
    assert asked["options"]["nac"]
    row = succeeded(client, asked)
    assert row["notices"] == []
    made = row["provenance"]
    assert made["model"] is None
    assert made["source"] == {
        "id": source["id"],
        "name": "Salt",
        "format": "phonopy-yaml",
        "files": [{"name": "phonopy.yaml", "sha256": source["sha256"]["phonopy.yaml"]}],
        "program": {name: text for name, text in source["program"].items() if text},
        "typed": {},
    }
    assert made["findings"]["gamma_lo_mev"]["[1,0,0]"] == pytest.approx(32.40, abs=2e-3)
    assert made["findings"]["special_phonons_mev"]["Γ"][-1] == pytest.approx(20.88, abs=2e-3)
    partials = POWDER.read(settings.partials_path(asked["id"]))
    assert partials.harmonic_crystal is not None
    np.testing.assert_allclose(partials.harmonic_crystal.masses, nacl().masses)
    assert partials.harmonic_crystal.dipoles is not None
    assert not settings.work_dir(uuid.UUID(asked["id"])).exists()

    dispersion = client.get(f"/predictions/{asked['id']}/phonons/values").json()["dispersion"]
    assert np.max(dispersion["energy_mev"]) == pytest.approx(32.40, abs=2e-3)
    view = {"instrument": "TOSCA", "energy_mev": 30.0, "contribution": "incoherent"}
    peak = client.post(f"/predictions/{asked['id']}/modes", json=view)
    assert peak.status_code == 200, peak.text
    assert {mode["branch"] for mode in peak.json()["modes"]} == {5}
    trust = client.get(f"/predictions/{asked['id']}/trust").json()
    points = {point["topic"]: point for point in trust["points"]}
    assert points["potential"]["text_notice"]["code"] == "phonons_given"
    assert points["lo_modes"]["text_notice"]["code"] == "lo_modes_included"
    assert "training" not in points
    assert trust["energy_relative_uncertainty"] == pytest.approx(0.15) or trust["badge"] in ("agrees", "biased")


def test_born_charges_can_be_left_out(client: Client, source: dict[str, Any]) -> None:
    row = succeeded(client, ask(client, source, options={**QUICK, "nac": False}))
    assert [one["code"] for one in row["notices"]] == ["no_nac"]
    assert row["notices"][0]["params"]["of_potential"] is False
    assert row["provenance"]["findings"]["highest_energy_mev"] == pytest.approx(27.05, abs=0.2)
    trust = client.get(f"/predictions/{row['id']}/trust").json()
    assert "lo_modes_missing" in [point["text_notice"]["code"] for point in trust["points"]]


def test_phonons_of_a_source_are_overlaid_exported_and_displaced(client: Client, source: dict[str, Any]) -> None:
    split = succeeded(client, ask(client, source))["id"]
    whole = succeeded(client, ask(client, source, options={**QUICK, "nac": False}))["id"]
    first, _, second, _ = client.get(f"/predictions/{whole}/phonons", params={"overlay": split}).json()["data"]
    assert first["name"] != second["name"]
    tops = [np.nanmax(array(trace["y"])) for trace in (first, second)]
    assert tops == pytest.approx([27.05, 32.40], abs=0.05)
    written = client.get(f"/predictions/{split}/phonon-website.json").json()
    gamma = next(index for index, name in written["highsym_qpts"] if name == "Γ")
    assert max(written["eigenvalues"][gamma]) == pytest.approx(32.40 * 8.06554, abs=0.05)
    answer = client.post(f"/predictions/{split}/displacements", json={"code": "castep", "supercell": [1, 1, 1]})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert "Salt" in archive.read("README.txt").decode()
        assert archive.read("perfect/supercell.cell").decode().count("Na ") == 4


def test_a_path_from_force_constants(client: Client, settings: Settings, source: dict[str, Any]) -> None:
    options = {"path": "X-Γ-L", "n_zones": 2, "n_orders": 1, "q_max_inv_angstrom": 6.0}
    row = succeeded(client, ask(client, source, sampling="path", options=options))
    partials = PATH.read(settings.partials_path(row["id"]))
    assert [label for label in partials.labels if label] == ["X", "Γ", "Γ", "L"]
    assert partials.dispersion.max() == pytest.approx(32.40, abs=2e-3)
    seen = client.post(f"/predictions/{row['id']}/spectrum", json={"instrument": None, "path": {"point": "Γ"}})
    assert seen.status_code == 200, seen.text


def test_isotopes_change_the_masses_that_they_name(client: Client, settings: Settings, source: dict[str, Any]) -> None:
    heavy = succeeded(client, ask(client, source, isotopes={"Cl": "37Cl"}))
    again = client.post(f"/predictions/{heavy['id']}/isotopes", json={"isotopes": {"Cl": "35Cl"}})
    assert again.status_code == 202, again.text
    light = succeeded(client, again.json())
    assert light["provenance"]["source"] == heavy["provenance"]["source"]
    assert light["source_id"] == source["id"]
    for row, label in ((heavy, "37Cl"), (light, "35Cl")):
        crystal = POWDER.read(settings.partials_path(row["id"])).harmonic_crystal
        assert crystal.masses[1] == pytest.approx(nuclide_mass(label))
        assert crystal.masses[0] == pytest.approx(nacl().masses[0], rel=1e-6)
    lo = [row["provenance"]["findings"]["gamma_lo_mev"]["[1,0,0]"] for row in (heavy, light)]
    reduced = [1 / 22.98976928 + 1 / nuclide_mass(label) for label in ("37Cl", "35Cl")]
    assert lo[0] / lo[1] == pytest.approx(np.sqrt(reduced[0] / reduced[1]), rel=1e-4)


def test_modes_without_force_constants(client: Client, settings: Settings, modes_only: dict[str, Any]) -> None:
    row = succeeded(client, ask(client, modes_only))
    assert [one["code"] for one in row["notices"]] == ["incoherent_approximation"]
    assert POWDER.read(settings.partials_path(row["id"])).harmonic_crystal is None
    address = f"/predictions/{row['id']}/spectrum"
    assert client.post(address, json={"instrument": "TOSCA"}).status_code == 200
    refused = client.post(address, json={"instrument": "TOSCA", "contribution": "coherent"})
    assert refused.status_code == 409
    assert (refused.json()["code"], refused.json()["errors"][0]["loc"]) == ("no_interference", "contribution")
    behind = client.post(f"/predictions/{row['id']}/modes", json={"energy_mev": 20.0})
    assert (behind.status_code, behind.json()["code"]) == (409, "force_constants_not_given")
    problem = ask(client, modes_only, 422, sampling="path", options={})
    assert (problem["code"], problem["errors"][0]["loc"]) == ("path_of_modes", "sampling")
    problem = ask(client, modes_only, 422, isotopes={"Cl": "37Cl"})
    assert (problem["code"], problem["errors"][0]["loc"]) == ("isotopes_of_modes", "isotopes")
    problem = ask(client, modes_only, 422, options={"nac": True})
    assert (problem["errors"][0]["loc"], problem["errors"][0]["code"]) == ("options.nac", "no_born_charges")


@pytest.mark.parametrize(
    ("body", "loc", "code"),
    [
        ({"source_id": None}, "structure_id", "structure_or_source"),
        ({"potential": "NEP89"}, "potential", "structure_or_source"),
        ({"model": "NEP89"}, "model", "structure_or_source"),
        ({"structure_id": str(uuid.uuid4())}, "structure_id", "structure_or_source"),
        ({"source_id": str(uuid.uuid4())}, "source_id", "not_found"),
        ({"method": "md"}, "method", "harmonic_source"),
        ({"options": {"relax_cell": True}}, "options.relax_cell", "unknown_option"),
    ],
)
def test_impossible_requests_are_refused(
    client: Client, settings: Settings, source: dict[str, Any], body: dict[str, Any], loc: str, code: str
) -> None:
    problem = ask(client, source, 422, **body)
    assert [(one["loc"], one["code"]) for one in problem["errors"]] == [(loc, code)]
    assert client.get("/predictions").json()["total"] == 0
    assert not list((settings.data_dir / "predictions").glob("*"))


def test_an_estimate_needs_no_forces(client: Client, source: dict[str, Any]) -> None:
    answer = client.post("/predictions/estimate", json={"source_id": source["id"], "instruments": ["TOSCA"]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["q_resolution_inv_angstrom"] is None
    assert answer.json()["options"]["nac"] is True
    assert answer.json()["estimate_s"] < 60


def test_a_source_with_predictions_is_deleted_with_them(client: Client, source: dict[str, Any]) -> None:
    row = succeeded(client, ask(client, source))
    refused = client.delete(f"/sources/{source['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "source_has_predictions")
    gone = client.delete(f"/sources/{source['id']}", params={"with_predictions": True})
    assert gone.status_code == 204, gone.text
    assert client.get(f"/predictions/{row['id']}").status_code == 404


def test_a_queued_prediction_has_its_own_copy(client: Client, settings: Settings, source: dict[str, Any]) -> None:
    asked = ask(client, source)
    (settings.source_dir(source["id"]) / "force_constants.h5").unlink()
    assert succeeded(client, asked)["status"] == "succeeded"
    lost = client.post("/predictions", json={"source_id": source["id"]})
    assert (lost.status_code, lost.json()["code"]) == (410, "source_file_lost")


def test_report_bundle_and_proposal(client: Client, source: dict[str, Any]) -> None:
    row = succeeded(client, ask(client, source))
    body = {"prediction_id": row["id"], "views": [{"instrument": "TOSCA"}]}
    report = client.post("/reports", json=body, headers={"Accept": "text/html"})
    assert report.status_code == 200, report.text
    assert source["sha256"]["phonopy.yaml"][:16] in report.text
    bundle = client.post("/reports/bundle", json=body)
    assert bundle.status_code == 200, bundle.text
    with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
        requests = json.loads(archive.read("requests.json"))
        (kept,) = requests["sources"]
        assert requests["potentials"] == []
        assert requests["predictions"][0]["body"]["source_id"] == kept["id"] == source["id"]
        assert archive.read(kept["files"][0]["file"]) == FILE.read_bytes()
    proposal = client.post("/proposals", json={"name": "Salt"}).json()
    added = client.request("PUT", f"/proposals/{proposal['id']}/predictions/{row['id']}")
    assert added.status_code in (200, 201, 204), added.text
    exported = client.get(f"/proposals/{proposal['id']}/export")
    assert exported.status_code == 200, exported.text
    imported = client.post("/proposals/import", files={"file": ("salt.zip", exported.content)})
    assert imported.status_code == 201, imported.text
    other = [one for one in client.get("/predictions").json()["items"] if one["id"] != row["id"]]
    assert [(one["potential"], one["source_id"], one["provenance"]["source"]["id"]) for one in other] == [
        (None, None, source["id"])
    ]
    again = client.post(f"/predictions/{other[0]['id']}/spectrum", json={"instrument": "TOSCA"})
    assert again.status_code == 200, again.text


def test_a_bundle_uploads_its_source_again(
    client: Client, source: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = succeeded(client, ask(client, source))
    ids, _ = sources.run_bundle_again(client, row, tmp_path, monkeypatch)
    again = succeeded(client, {"id": ids[row["id"]]})
    assert again["source_id"] == ids[source["id"]] != source["id"]
    assert again["options"] == row["options"]
    assert again["provenance"]["findings"]["gamma_lo_mev"] == row["provenance"]["findings"]["gamma_lo_mev"]
