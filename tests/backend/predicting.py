"""Predictions for tests: asked for over the API, run by a worker that is played here."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np

from backend.predictions import runs
from backend.predictions.partials_file import write_partials
from backend.settings import Settings
from scattering.partials import Partials

from .conftest import Client

WORKER = "played:1"


def silicon_partials() -> Partials:
    """Partials of a single mode at 60 meV, on a coarse grid."""
    q, energy = np.arange(0.1, 12.0, 0.2), np.arange(0.0, 120.0, 0.5)
    line = np.exp(-(((energy - 60.0) / 1.5) ** 2)) / 4.0
    shape = (q[:, None] ** 2 * line)[None].astype(np.float32)
    return Partials(
        q=q,
        energy=energy,
        species=("Si",),
        concentration=np.array([1.0]),
        coherent=shape,
        incoherent=shape,
        coherent_elastic=np.zeros((1, len(q))),
        incoherent_elastic=np.zeros((1, len(q))),
        temperature=300.0,
        statistics="quantum",
        metadata={},
    )


def ask(client: Client, structure: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Ask for a prediction."""
    response = client.post("/predictions", json={"structure_id": structure["id"], "instruments": ["TOSCA"], **more})
    assert response.status_code == 202, response.text
    return dict(response.json())


def run(settings: Settings, prediction_id: str, provenance: dict[str, Any] | None = None) -> None:
    """Do what a worker does, but for the physics."""
    job = runs.claim(uuid.UUID(prediction_id), WORKER)
    assert job is not None
    folder = settings.prediction_dir(job.id)
    folder.mkdir(parents=True)
    write_partials(folder / "partials.h5", silicon_partials())
    runs.succeed(job.id, WORKER, provenance or {}, ["a coarse grid"])


def succeeded(client: Client, settings: Settings, structure: dict[str, Any], **more: Any) -> str:
    """Id of a prediction that has succeeded."""
    prediction_id = str(ask(client, structure, **more)["id"])
    run(settings, prediction_id)
    return prediction_id
