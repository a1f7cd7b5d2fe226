"""Trainings for tests: asked for over the API, done by a worker that is played here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from backend.health import heartbeats
from backend.health.tables import WorkerHeartbeat
from backend.jobs import leases
from backend.kit.settings import Settings
from backend.label_sets import extxyz
from backend.phonon_files import harmonic_crystal_file
from backend.trainings import files
from backend.trainings.results import record
from scattering.core.notices import Notice
from tests.scattering.crystals import silicon

from .conftest import Client
from .label_files import copper
from .nep_texts import nep_text

TRAINER = "cpu@here"
REFUSAL = Notice("trained_errors_not_lower", {"before": 0.2, "after": 0.3})
POINTS = {
    "Γ": {"reference": [0.0] * 3 + [64.0] * 3, "before": [0.0] * 3 + [56.0] * 3, "after": [0.0] * 3 + [63.0] * 3},
    "X": {"reference": [17.0] * 2 + [51.0] * 2, "before": [17.0] * 2 + [42.0] * 2, "after": [19.0] * 2 + [51.0] * 2},
}
SIDE = {"lowest_mev": 1.4, "lowest_unmoved_mev": 1.3, "drift_angstrom": 0.0}
EVIDENCE: dict[str, Any] = {
    "n_labels": 12,
    "n_held_out": 2,
    "loss": [[6, 4.0, 5.0], [12, 2.0, 3.0]],
    "seconds_labelling": 0.0,
    "seconds_training": 43.2,
    "seconds_total": 204.4,
    "held_out": {
        "before": {"energy_mev_per_atom": 9.4, "force_ev_per_angstrom": 0.133, "stress_gpa": 3.2},
        "after": {"energy_mev_per_atom": 6.9, "force_ev_per_angstrom": 0.0121, "stress_gpa": 0.21},
    },
    "phonons": {
        "points": POINTS,
        "mean_error_before": 0.1,
        "mean_error_after": 0.02,
        "imaginary_before": False,
        "imaginary_after": False,
        "before": SIDE,
        "after": SIDE,
    },
    "stable_md_ps": 20.0,
    "refusals": [],
}
WITHOUT_REFERENCE: dict[str, Any] = EVIDENCE | {
    "phonons": EVIDENCE["phonons"]
    | {
        "points": {name: sides | {"reference": None} for name, sides in POINTS.items()},
        "mean_error_before": None,
        "mean_error_after": None,
    }
}
"""Without force constants of the reference."""


def start_trainer(name: str = TRAINER, *others: str) -> str:
    """Announce a worker that trains, and has other engines; return its name."""
    engines = {"neppo": "neppo 1.0", **dict.fromkeys(others, "1")}
    heartbeats.record(
        WorkerHeartbeat(name=name, slots=2, long_slots=1, queues=["cpu"], engines=engines, host="here", cores=2)
    )
    return name


def labels_of(element: int) -> bytes:
    """Return labels as a file: copper's, of another element."""
    labels = copper()[0]
    return extxyz.write([replace(one, numbers=np.full_like(one.numbers, element)) for one in labels]).encode()


def finish(
    settings: Settings,
    lease: leases.Lease,
    *,
    accepted: bool,
    folder: Path,
    element: str = "Cu",
    labels: bytes | None = None,
    evidence: dict[str, Any] = EVIDENCE,
) -> None:
    """Do what a worker does at the end of a training."""
    folder.mkdir()
    (folder / files.POTENTIAL).write_text(nep_text(name="nep4", elements=(element,)))
    (folder / files.LABELS).write_bytes(extxyz.write(copper()[0]).encode() if labels is None else labels)
    pairs = [[1.0, 2.0], [1.1, 1.9]]
    side = {"energies": pairs, "forces": pairs, "stresses": None}
    (folder / files.PARITY).write_text(json.dumps({"before": side, "after": side}))
    crystal = silicon()
    for name, stiffness in (("reference", 1.3), ("before", 1.0), ("after", 1.25)):
        stiffer = replace(crystal, force_constants=stiffness * crystal.force_constants)
        harmonic_crystal_file.save(folder / files.PHONONS.format(side=name), stiffer)
    leases.succeed(
        lease,
        lambda: folder.rename(files.result_folder(settings, lease.work.id)),
        provenance={
            "potential_sha256": "ab" * 32,
            "labels_sha256": "cd" * 32,
            "base_sha256": "ef" * 32,
            "engine": "nep-adapters",
            "versions": {"neppo": "1.0"},
        },
        warnings=[] if accepted else [REFUSAL],
        record=lambda session, row: record(
            session,
            row,
            accepted=accepted,
            evidence=evidence | {"refusals": [] if accepted else [REFUSAL.to_json()]},
        ),
    )


def train(
    client: Client, settings: Settings, structure_id: str, folder: Path, *, accepted: bool = True, **more: Any
) -> dict[str, Any]:
    """Return a training for a structure of silicon that has ended, with labels of PBE."""
    labels = labels_of(14)
    form = {"name": "Silicon, PBE", "level_of_theory": "PBE, 300 eV"}
    label_set = client.post("/label-sets", files={"file": ("si.xyz", labels)}, data=form).json()
    reference = {"kind": "file", "label_set_id": label_set["id"]}
    asked = client.post("/trainings", json={"structure_id": structure_id, "reference": reference, "effort": "quick"})
    assert asked.status_code == 202, asked.text
    lease = leases.claim(start_trainer(), 1)
    assert lease is not None
    finish(settings, lease, accepted=accepted, folder=folder, element="Si", labels=labels, **more)
    heartbeats.remove(TRAINER)
    done: dict[str, Any] = client.get(f"/trainings/{asked.json()['id']}").json()
    return done
