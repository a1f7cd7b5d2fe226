"""Trainings over HTTP: requests, refusals, leases, results, figures, files and deletion. A worker's part is played."""

from __future__ import annotations

import io
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write
from sqlmodel import select

from backend.jobs import leases, sweep
from backend.kit.db.database import transaction
from backend.kit.settings import Settings
from backend.observing.layouts import POWDER
from backend.phonon_files import harmonic_crystal_file
from backend.potentials.tables import Potential
from backend.predictions.tables import Prediction
from backend.trainings import files
from backend.trainings.assignment import read_assignment
from scattering.core.notices import Notice
from tests.scattering.crystals import silicon

from .conftest import Client
from .label_files import copper, text_of
from .nep_texts import nep_text
from .predicting import ask, silicon_partials
from .predicting import finish as finish_prediction
from .trained import EVIDENCE, TRAINER, finish, start_trainer, train


@pytest.fixture
def trainer(settings: Settings) -> str:
    return start_trainer()


@pytest.fixture
def copper_id(client: Client) -> str:
    text = io.StringIO()
    write(text, bulk("Cu", "fcc", a=3.6, cubic=True), format="extxyz")
    answer = client.post("/structures", files={"file": ("cu.extxyz", text.getvalue())}, data={"name": "Copper"})
    assert answer.status_code == 201, answer.text
    identity: str = answer.json()["id"]
    return identity


@pytest.fixture
def labels_id(client: Client) -> str:
    answer = client.post(
        "/label-sets", files={"file": ("cu.xyz", text_of(copper()[0]))}, data={"level_of_theory": "EMT"}
    )
    identity: str = answer.json()["id"]
    return identity


@pytest.fixture
def request_body(copper_id: str, labels_id: str) -> dict[str, Any]:
    return {"structure_id": copper_id, "reference": {"kind": "file", "label_set_id": labels_id}, "effort": "quick"}


def take() -> leases.Lease:
    lease = leases.claim(TRAINER, 1)
    assert lease is not None
    return lease


def test_references_and_why_they_are_not_available(client: Client, trainer: str) -> None:
    found = {one["id"]: one for one in client.get("/references").json()}
    assert found["file"]["available"] is True
    assert found["phonons"]["available"] is True
    assert {name for name, one in found.items() if not one["available"]} >= {"gfn1-xtb", "dft-gpaw"}
    assert found["gfn1-xtb"]["why_not_notice"]["code"] == "engine_not_installed"
    assert found["dft-gpaw"]["why_not_notice"]["code"] == "no_labelling_program"
    assert (found["gfn1-xtb"]["kind"], found["file"]["kind"]) == ("engine", "file")
    assert found["gfn1-xtb"]["cost_s_per_atom"] == pytest.approx(0.48 / 48, rel=0.5)
    (told,) = found["gfn1-xtb"]["evidence"]
    assert (told["params"]["material_class"], told["params"]["than_default"]) == ("molecular", "better")
    # NEPs are trained, and do not label
    assert "nep89" not in found


def test_a_reference_that_is_worse_than_the_base_is_never_offered(client: Client, structure: dict[str, Any]) -> None:
    start_trainer(TRAINER, "tblite", "chgnet", "sevennet")

    def listed(**params: str) -> dict[str, Any]:
        return {one["id"]: one for one in client.get("/references", params=params).json()}

    everywhere, here = listed(), listed(structure_id=structure["id"])
    assert everywhere["sevennet-0"]["available"] is True
    for worse in ("sevennet-0", "chgnet-0.3.0"):
        assert here[worse]["available"] is False
        assert here[worse]["why_not_notice"]["code"] == "reference_worse_than_base"
        assert here[worse]["why_not_notice"]["params"]["mean_error"] > 0.2
    # Nothing is known of it in silicon
    assert here["gfn1-xtb"]["available"] is True
    # Beside another base nothing was compared
    assert listed(structure_id=structure["id"], base="mine")["sevennet-0"]["available"] is True
    body = {"structure_id": structure["id"], "reference": {"kind": "engine", "engine": "SevenNet-0"}}
    (refused,) = client.post("/trainings", json=body).json()["errors"]
    assert (refused["loc"], refused["code"]) == ("reference.engine", "reference_worse_than_base")
    assert client.get("/references", params={"structure_id": str(uuid.UUID(int=9))}).status_code == 404


def test_dft_labels_small_cells_without_moments(
    client: Client, settings: Settings, structure: dict[str, Any], copper_id: str
) -> None:
    start_trainer(TRAINER, "dft-gpaw")

    def stored(atoms: Atoms) -> str:
        text = io.StringIO()
        write(text, atoms, format="extxyz")
        answer = client.post("/structures", files={"file": ("it.extxyz", text.getvalue())})
        identity: str = answer.json()["id"]
        return identity

    iron, large = stored(bulk("Fe", "bcc", 2.87)), stored(bulk("Si", "diamond", 5.43, cubic=True).repeat((2, 2, 2)))
    for identity, code in (
        (structure["id"], None),
        (copper_id, None),
        (iron, "reference_without_moments"),
        (large, "reference_for_small_cells"),
    ):
        listed = {one["id"]: one for one in client.get("/references", params={"structure_id": identity}).json()}
        told = listed["dft-gpaw"]["why_not_notice"]
        assert (told and told["code"]) == code
    body = {"structure_id": structure["id"], "reference": {"kind": "engine", "engine": "dft-gpaw"}}
    made = client.post("/trainings", json=body).json()
    assert made["reference"]["level_of_theory"] == "PBE"
    # Its stresses miss what a basis of plane waves lacks
    assert made["options"]["virial_scale_ev"] == 0.3
    label = take()
    assert label.kind == "label"
    assignment = read_assignment(settings, label.work.id)
    assert assignment is not None
    assert (assignment.engine, assignment.teacher) == ("dft-gpaw", None)


def test_another_potential_labels_in_a_job_of_its_own(
    client: Client, settings: Settings, structure: dict[str, Any], tmp_path: Path
) -> None:
    start_trainer(TRAINER, "tblite")
    start_trainer("trains@there")
    body = {"structure_id": structure["id"], "reference": {"kind": "engine", "engine": "gfn1-xtb"}, "effort": "quick"}
    answer = client.post("/trainings", json=body)
    assert answer.status_code == 202, answer.text
    made = answer.json()
    assert {name: made["reference"][name] for name in ("kind", "engine", "title")} == {
        "kind": "engine",
        "engine": "gfn1-xtb",
        "title": "GFN1-xTB",
    }
    # Only a worker with tblite can label
    assert leases.claim("trains@there", 1) is None
    label = take()
    assert (label.kind, label.work.kind) == ("label", "training")
    assignment = read_assignment(settings, label.work.id)
    assert assignment is not None
    assert assignment.teacher is not None
    assert (assignment.kind, assignment.engine, assignment.teacher.format) == ("engine", "gfn1-xtb", "GFN1-xTB")
    leases.report(label, Notice("label_structures", {"label": 2, "labels": 10}), 0.5)
    running = client.get(f"/trainings/{made['id']}").json()
    assert running["stage_notice"]["params"]["label"] == 2
    assert 0 < running["progress"] < 0.5
    leases.succeed(label, lambda: None)
    assert client.get(f"/trainings/{made['id']}").json()["status"] in ("queued", "running")
    train_job = leases.claim("trains@there", 1)
    assert train_job is not None
    assert train_job.kind == "train"
    finish(settings, train_job, accepted=True, folder=tmp_path / "made", element="Si")
    done = client.get(f"/trainings/{made['id']}").json()
    assert (done["status"], done["progress"]) == ("succeeded", 1.0)


def test_without_a_trainer_nothing_is_available(client: Client) -> None:
    (file,) = [one for one in client.get("/references").json() if one["id"] == "file"]
    assert (file["available"], file["why_not_notice"]["code"]) == (False, "no_trainer")


def test_a_request_is_completed_queued_and_done(
    client: Client, settings: Settings, trainer: str, request_body: dict[str, Any], tmp_path: Path
) -> None:
    answer = client.post("/trainings", json=request_body | {"options": {"seed": 5}})
    assert answer.status_code == 202
    body = answer.json()
    assert (body["status"], body["base"], body["effort"]) == ("queued", "NEP89", "quick")
    assert (body["options"]["steps"], body["options"]["seed"]) == (1000, 5)
    assert body["reference"]["level_of_theory"] == "EMT"
    low, high = body["estimate_s"]
    assert 0 < low < high
    lease = take()
    assert (lease.kind, lease.work.kind, lease.prediction_id) == ("train", "training", None)
    assignment = read_assignment(settings, lease.work.id)
    assert assignment is not None
    assert (assignment.elements, assignment.recipe.steps) == (("Cu",), 1000)
    work = settings.training_dir(body["id"]) / "work"
    assert (work / files.LABELS).read_bytes() == text_of(copper()[0])
    leases.report(lease, Notice("train_potential", {"step": 6, "steps": 1000, "loss": 4.0}), 0.3)
    (work / files.LOSS).write_text("[[6, 4.0, 5.0]]")
    running = client.get(f"/trainings/{body['id']}").json()
    assert (running["status"], running["progress"]) == ("running", pytest.approx(0.3))
    assert running["stage_notice"]["params"]["step"] == 6
    assert running["evidence"]["loss"] == [[6, 4.0, 5.0]]
    assert client.post(f"/trainings/{body['id']}/figure", json={"kind": "loss"}).status_code == 200
    assert client.post(f"/trainings/{body['id']}/figure", json={"kind": "parity"}).status_code == 409
    finish(settings, lease, accepted=True, folder=tmp_path / "made")
    done = client.get(f"/trainings/{body['id']}").json()
    assert (done["status"], done["accepted"], done["progress"]) == ("succeeded", True, 1.0)
    assert done["evidence"]["loss"] == EVIDENCE["loss"]
    potential = client.get(f"/potentials/{done['potential_id']}").json()
    assert (potential["kind"], potential["elements"], potential["format"]) == ("trained", ["Cu"], "nep4")
    assert (potential["structure_id"], potential["installed"]) == (request_body["structure_id"], True)
    assert (potential["name"], potential["licence"]) == ("Copper · EMT · trained", "GPL-3.0-or-later")
    file = client.get(f"/potentials/{done['potential_id']}/file")
    assert file.text == nep_text(name="nep4", elements=("Cu",))
    assert "cdcdcdcdcdcd" in file.headers["beamcast-source"]
    assert client.get(f"/trainings/{body['id']}/labels").content == text_of(copper()[0])
    figure = client.post(f"/trainings/{body['id']}/figure", json={"kind": "parity", "theme": "dark"}).json()
    assert {trace["name"] for trace in figure["data"] if "name" in trace} == {"Before", "After"}
    assert not (settings.training_dir(body["id"]) / "work").exists()
    sweep.remove_orphans()
    assert files.result_folder(settings, body["id"]).is_dir()
    events = client.get(f"/trainings/{body['id']}/events").text
    assert "event: training" in events
    # The potential stays when its training is deleted
    assert client.delete(f"/trainings/{body['id']}").status_code == 204
    assert not settings.training_dir(body["id"]).exists()
    assert client.get(f"/potentials/{done['potential_id']}").status_code == 200
    assert client.delete(f"/potentials/{done['potential_id']}").status_code == 204


def test_a_potential_that_fails_the_gate_is_kept_as_evidence_only(
    client: Client, settings: Settings, trainer: str, request_body: dict[str, Any], tmp_path: Path
) -> None:
    made = client.post("/trainings", json=request_body).json()
    finish(settings, take(), accepted=False, folder=tmp_path / "made")
    done = client.get(f"/trainings/{made['id']}").json()
    assert (done["status"], done["accepted"], done["potential_id"]) == ("succeeded", False, None)
    assert [notice["code"] for notice in done["notices"]] == ["trained_errors_not_lower"]
    assert {one["kind"] for one in client.get("/potentials").json()["items"]} == {"pretrained"}


def test_a_worker_that_died_is_followed_by_another_attempt(
    client: Client, settings: Settings, trainer: str, request_body: dict[str, Any]
) -> None:
    made = client.post("/trainings", json=request_body).json()
    first = take()
    checkpoint = settings.training_dir(made["id"]) / "work" / "train-0"
    checkpoint.mkdir()
    assert sweep.take_back_from_dead(TRAINER, set) == 1
    sweep.remove_orphans()
    assert checkpoint.is_dir()
    second = take()
    assert (second.work, second.attempt) == (first.work, 2)
    with pytest.raises(leases.LeaseLost):
        leases.report(first, Notice("check_labels"), 0.5)


def test_a_queued_and_a_running_training_are_cancelled(
    client: Client, settings: Settings, trainer: str, request_body: dict[str, Any]
) -> None:
    queued = client.post("/trainings", json=request_body).json()
    assert client.post(f"/trainings/{queued['id']}/cancel").json()["status"] == "cancelled"
    assert not settings.training_dir(queued["id"]).exists()
    running = client.post("/trainings", json=request_body).json()
    lease = take()
    assert client.post(f"/trainings/{running['id']}/cancel").json()["cancel_requested"] is True
    with pytest.raises(leases.Cancelled):
        leases.report(lease, Notice("check_labels"), 0.1)
    leases.end_cancelled(lease)
    assert client.get(f"/trainings/{running['id']}").json()["status"] == "cancelled"
    assert client.get("/trainings").json()["total"] == 2


def test_an_ended_training_is_not_cancelled(client: Client, trainer: str, request_body: dict[str, Any]) -> None:
    made = client.post("/trainings", json=request_body).json()
    leases.fail(take(), Notice("base_deleted"))
    failed = client.get(f"/trainings/{made['id']}").json()
    assert (failed["status"], failed["error_notice"]["code"]) == ("failed", "base_deleted")
    answer = client.post(f"/trainings/{made['id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "training_has_ended")


@pytest.mark.parametrize(
    ("change", "loc", "code"),
    [
        ({"structure_id": str(uuid.UUID(int=1))}, "structure_id", "not_found"),
        ({"base": None}, "base", "training_from_scratch"),
        ({"base": "no such potential"}, "base", "unknown_potential"),
        ({"active_learning": True}, "active_learning", "active_learning_needs_engine"),
        ({"reference": {"kind": "engine"}}, "reference.engine", "reference_engine_needed"),
        ({"reference": {"kind": "engine", "engine": "gfn1-xtb"}}, "reference.engine", "engine_not_installed"),
        ({"reference": {"kind": "engine", "engine": "no such"}}, "reference.engine", "unknown_reference"),
        ({"reference": {"kind": "engine", "engine": "dft-gpaw"}}, "reference.engine", "no_labelling_program"),
        ({"reference": {"kind": "phonons"}}, "reference.prediction_id", "reference_prediction_needed"),
        (
            {"reference": {"kind": "phonons", "prediction_id": str(uuid.UUID(int=3))}},
            "reference.prediction_id",
            "not_found",
        ),
        ({"reference": {"kind": "file"}}, "reference.label_set_id", "label_set_needed"),
        ({"options": {"steps": 0}}, "options.steps", "greater_than_equal"),
        ({"options": {"epochs": 3}}, "options.epochs", "extra_forbidden"),
        (
            {"options": {"reference_prediction_id": str(uuid.UUID(int=2))}},
            "options.reference_prediction_id",
            "not_found",
        ),
        ({"temperature_k": 1e9}, "temperature_k", "less_than_equal"),
        ({"options": {"mode_steps": 1}}, "options.mode_steps", "mode_fit_without_molecules"),
        ({"options": {"harmonic_modes": "internal"}}, "options.harmonic_modes", "crystal_without_molecules"),
    ],
)
def test_what_a_request_must_not_say(
    client: Client, settings: Settings, request_body: dict[str, Any], change: dict[str, Any], loc: str, code: str
) -> None:
    answer = client.post("/trainings", json=request_body | change)
    assert answer.status_code == 422
    assert [(error["loc"], error["code"]) for error in answer.json()["errors"]] == [(loc, code)]
    assert client.get("/trainings").json()["total"] == 0
    assert not settings.trainings_dir.exists() or not list(settings.trainings_dir.iterdir())


def test_force_constants_of_a_forecast_are_the_reference(
    client: Client, settings: Settings, trainer: str, structure: dict[str, Any]
) -> None:
    prediction = str(ask(client, structure, method="harmonic")["id"])
    body = {
        "structure_id": structure["id"],
        "reference": {"kind": "phonons", "prediction_id": prediction},
        "effort": "quick",
    }
    (early,) = client.post("/trainings", json=body).json()["errors"]
    assert (early["loc"], early["code"]) == ("reference.prediction_id", "prediction_not_finished")
    crystal = replace(silicon(), masses=np.array([30.0, 30.0]))
    partials = replace(silicon_partials(), harmonic_crystal=crystal)
    finish_prediction(
        prediction, lambda path: POWDER.write(path, partials), settings.partials_path(prediction), provenance={}
    )
    (own,) = client.post("/trainings", json=body).json()["errors"]
    assert (own["loc"], own["code"]) == ("reference.prediction_id", "reference_is_base")
    with transaction(settings) as session:
        # As a forecast from uploaded force constants
        row = session.get_one(Prediction, uuid.UUID(prediction))
        row.potential_id, row.provenance = None, {"source": {"name": "si", "program": {"functional": "PBEsol"}}}
    answer = client.post("/trainings", json=body)
    assert answer.status_code == 202, answer.text
    made = answer.json()
    assert (made["label_set_id"], made["reference"]["prediction_id"]) == (None, prediction)
    assert made["reference"]["level_of_theory"] == "PBEsol"
    assert (made["options"]["n_structures"], made["options"]["virial_scale_ev"]) == (10, 0.05)
    work = settings.training_dir(made["id"]) / "work"
    kept = harmonic_crystal_file.load(work / files.REFERENCE)
    np.testing.assert_allclose(kept.force_constants, crystal.force_constants)
    # Masses are those of nature, as in the check of the trained potential
    np.testing.assert_allclose(kept.masses, 28.085, rtol=1e-3)
    labels = client.get(f"/trainings/{made['id']}/labels")
    assert (labels.status_code, labels.json()["code"]) == (409, "labels_not_made")
    assignment = read_assignment(settings, take().work.id)
    assert assignment is not None
    assert assignment.kind == "phonons"
    (work / files.LABELS).write_bytes(text_of(copper()[0]))
    assert client.get(f"/trainings/{made['id']}/labels").content == text_of(copper()[0])


def test_labels_of_other_elements_or_too_few(
    client: Client, structure: dict[str, Any], request_body: dict[str, Any]
) -> None:
    answer = client.post("/trainings", json=request_body | {"structure_id": structure["id"]})
    assert answer.json()["code"] == "labels_of_other_elements"
    few = client.post("/label-sets", files={"file": ("few.xyz", text_of(copper(3)[0]))}).json()
    body = request_body | {"reference": {"kind": "file", "label_set_id": few["id"]}}
    assert client.post("/trainings", json=body).json()["code"] == "labels_few"


def test_a_structure_goes_with_its_trainings_and_leaves_its_potential(
    client: Client, settings: Settings, trainer: str, request_body: dict[str, Any], tmp_path: Path
) -> None:
    client.post("/trainings", json=request_body)
    finish(settings, take(), accepted=True, folder=tmp_path / "made")
    path = f"/structures/{request_body['structure_id']}"
    assert client.delete(path).status_code == 409
    assert client.delete(f"{path}?with_predictions=true").status_code == 204
    assert client.get("/trainings").json()["total"] == 0
    with transaction(settings, reading=True) as session:
        (potential,) = session.exec(select(Potential).where(Potential.kind == "trained")).all()
    assert potential.structure_id is None


def test_labels_that_were_deleted_are_still_those_of_the_training(
    client: Client, trainer: str, request_body: dict[str, Any], labels_id: str
) -> None:
    made = client.post("/trainings", json=request_body).json()
    assert client.delete(f"/label-sets/{labels_id}").status_code == 204
    now = client.get(f"/trainings/{made['id']}").json()
    assert (now["label_set_id"], now["reference"]["label_set_id"]) == (None, labels_id)
    assert client.get(f"/trainings/{made['id']}/labels").content == text_of(copper()[0])


def test_the_operators_page_lists_jobs_of_trainings(client: Client, trainer: str, request_body: dict[str, Any]) -> None:
    made = client.post("/trainings", json=request_body).json()
    take()
    (worker,) = client.get("/operations").json()["workers"]
    (job,) = worker["running"]
    assert (job["prediction_id"], job["training_id"], job["method"]) == (None, made["id"], "training")


def test_the_loss_before_the_fit_begins(client: Client, trainer: str, request_body: dict[str, Any]) -> None:
    made = client.post("/trainings", json=request_body).json()
    answer = client.post(f"/trainings/{made['id']}/figure", json={"kind": "loss"})
    assert (answer.status_code, answer.json()["code"]) == (409, "training_not_begun")
    assert np.isfinite(made["eta_s"])


def test_an_estimate_checks_the_request_and_queues_nothing(
    client: Client, trainer: str, request_body: dict[str, Any]
) -> None:
    quick = client.post("/trainings/estimate", json=request_body).json()
    thorough = client.post("/trainings/estimate", json=request_body | {"effort": "thorough"}).json()
    assert (quick["options"]["steps"], thorough["options"]["steps"]) == (1000, 10_000)
    assert 0 < quick["estimate_s"][0] < quick["estimate_s"][1] < thorough["estimate_s"][1]
    refused = client.post("/trainings/estimate", json=request_body | {"options": {"steps": 0}})
    assert [error["loc"] for error in refused.json()["errors"]] == ["options.steps"]
    assert client.get("/trainings").json()["total"] == 0
    assert client.post("/trainings", json=request_body).json()["estimate_s"] == quick["estimate_s"]


def test_every_option_has_a_title(client: Client, request_body: dict[str, Any]) -> None:
    schema = client.get("/training-options").json()["properties"]
    assert set(schema) == set(client.post("/trainings/estimate", json=request_body).json()["options"])
    assert schema["dynamics_ps"]["unit"] == "ps"
    # Without a title of its own, an option has the words of its name
    untitled = {name for name, one in schema.items() if one["title"] == name.replace("_", " ").title()}
    assert untitled <= {"steps", "seed"}


def test_the_training_of_a_potential_is_found(
    client: Client, settings: Settings, structure: dict[str, Any], tmp_path: Path
) -> None:
    made = train(client, settings, structure["id"], tmp_path / "first")
    train(client, settings, structure["id"], tmp_path / "second", accepted=False)
    found = client.get("/trainings", params={"potential_id": made["potential_id"]}).json()
    assert [one["id"] for one in found["items"]] == [made["id"]]
    figure = client.post(f"/trainings/{made['id']}/figure", json={"kind": "dos"}).json()
    assert [trace["name"] for trace in figure["data"]] == ["Reference", "Before", "After"]
