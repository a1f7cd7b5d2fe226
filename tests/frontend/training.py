"""Trainings of the site, whose worker is played here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from backend.health import heartbeats
from backend.jobs import leases
from tests.backend.trained import TRAINER, finish, labels_of, start_trainer

from .conftest import SILICON, Site, run, working_in

LEFT_S = 3600.0
"""Time for which a job of another test stays where it is."""


def structure(site: Site, name: str = "Trained") -> str:
    """Id of a structure of its own, for which a trained potential may become the first choice."""
    files = SILICON.replace(b"Silicon", name.encode())
    return str(run(site.api.upload_structure(f"{name}.vasp", files))["id"])


@contextlib.contextmanager
def trainer(site: Site) -> Iterator[None]:
    """A worker that trains lives as long as this lasts."""
    with working_in(site.settings):
        start_trainer()
    try:
        yield
    finally:
        with working_in(site.settings):
            heartbeats.remove(TRAINER)


def upload_labels(site: Site, name: str = "Silicon, PBE") -> str:
    """Id of labels of silicon."""
    form = {"name": name, "level_of_theory": "PBE, 300 eV"}
    answer = run(site.api.call("POST", "/label-sets", files={"file": ("si.xyz", labels_of(14))}, data=form))
    return str(answer["id"])


def request(site: Site, structure_id: str, label_set_id: str, **more: Any) -> dict[str, Any]:
    """Ask for a training."""
    reference = {"kind": "file", "label_set_id": label_set_id}
    body = {"structure_id": structure_id, "reference": reference, "effort": "quick", **more}
    asked: dict[str, Any] = run(site.api.call("POST", "/trainings", json=body))
    return asked


def complete(site: Site, folder: Path, *, accepted: bool = True, **more: Any) -> None:
    """Do the one training that is queued. Jobs that other tests left there are put back."""
    with working_in(site.settings):
        worker = start_trainer()
        while (lease := leases.claim(worker, 1)) is not None and lease.work.kind != "training":
            leases.release(lease, wait_s=LEFT_S)
        assert lease is not None
        finish(site.settings, lease, accepted=accepted, folder=folder, element="Si", labels=labels_of(14), **more)
        heartbeats.remove(TRAINER)


def trained(site: Site, folder: Path, *, accepted: bool = True, **more: Any) -> dict[str, Any]:
    """A training of a structure of its own that has ended."""
    asked = request(site, structure(site), upload_labels(site))
    complete(site, folder, accepted=accepted, **more)
    done: dict[str, Any] = run(site.api.get(f"/trainings/{asked['id']}"))
    return done


def remove(site: Site, training: dict[str, Any]) -> None:
    """Remove a training with its structure, its labels and its potential."""
    run(site.api.call("DELETE", f"/structures/{training['structure_id']}?with_predictions=true"))
    run(site.api.call("DELETE", f"/label-sets/{training['reference']['label_set_id']}"))
    if training["potential_id"]:
        run(site.api.call("DELETE", f"/potentials/{training['potential_id']}"))
