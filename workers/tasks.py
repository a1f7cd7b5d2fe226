"""The task: claim a prediction, run its workflow, write its partials, say how it ended."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import tempfile
import time
import uuid
from pathlib import Path

from ase import Atoms
from ase.calculators.calculator import Calculator
from celery import shared_task

from backend.models.service import ModelUnavailable, model_file
from backend.predictions import runs
from backend.predictions.partials_file import write_partials
from backend.queue import RUN_PREDICTION
from backend.settings import Settings, current
from backend.structures.service import load_structure
from scattering.crystal.partials import CrystalPartials
from scattering.partials import Partials
from workers import engines
from workers.outcome import CannotPredict, Outcome
from workers.progress import Progress, ShuttingDown
from workers.provenance import provenance
from workers.shutdown import shutting_down

logger = logging.getLogger(__name__)

MD_NICENESS = 10
"""A preview that somebody waits for goes first."""


@shared_task(name=RUN_PREDICTION, ignore_result=True)  # type: ignore[untyped-decorator]
def run_prediction(prediction_id: str) -> None:
    """Run a prediction that is queued; do nothing about one that is not."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    job = runs.claim(uuid.UUID(prediction_id), worker)
    if job is None:
        return
    logger.info("prediction %s: %s, attempt %d", job.id, job.method, job.attempt)
    try:
        with Progress(job.id, worker, shutting_down) as progress:
            outcome, made_with = _run(job, progress)
            path = current().partials_path(job.id)
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, outcome.partials)
        runs.succeed(job.id, worker, made_with, list(outcome.warnings))
    except runs.Cancelled:
        _forget(job.id)
        runs.cancelled(job.id, worker)
    except ShuttingDown:
        runs.release(job.id, worker)
    except runs.LeaseLost:
        logger.warning("prediction %s is not ours any more", job.id)
        if not runs.exists(job.id):
            _forget(job.id)
    except (CannotPredict, ModelUnavailable) as error:
        _forget(job.id)
        runs.fail(job.id, worker, str(error))
    except Exception:
        logger.exception("prediction %s failed", job.id)
        _forget(job.id)
        runs.fail(
            job.id,
            worker,
            f"Something unforeseen went wrong in this prediction. The server's log has the details under {job.id}.",
        )


def _write(path: Path, partials: Partials | CrystalPartials) -> None:
    if isinstance(partials, Partials):
        write_partials(path, partials)
    else:
        from backend.predictions.crystal_file import write_crystal_partials

        write_crystal_partials(path, partials)


def _forget(prediction_id: uuid.UUID) -> None:
    shutil.rmtree(current().prediction_dir(prediction_id), ignore_errors=True)


def _run(job: runs.Job, progress: Progress) -> tuple[Outcome, dict[str, object]]:
    settings = current()
    began = time.perf_counter()
    progress.stage("fetching the potential", until=0.0)
    model = model_file(settings, job.model, lambda done, total: progress.update(done / max(total, 1)))
    structure = load_structure(settings, job.structure_id)
    atoms = Atoms(numbers=structure.numbers, positions=structure.positions, cell=structure.cell, pbc=True)
    calculator = engines.calculator(job.model.engine, model)
    loaded = time.perf_counter() - began
    outcome = _simulate(job, atoms, calculator, settings, progress)
    timings = {"load_s": loaded, **outcome.timings, "total_s": time.perf_counter() - began}
    return outcome, provenance(
        sha256=job.model.sha256,
        model=job.model.name,
        engine=job.model.engine,
        seed=job.options["seed"],
        timings=timings,
        species=list(outcome.partials.species),
        findings=outcome.findings,
    )


def _simulate(job: runs.Job, atoms: Atoms, calculator: Calculator, settings: Settings, progress: Progress) -> Outcome:
    """Run the workflow for the method and the sampling; each imports what the others may not need."""
    if job.method == "harmonic" and job.sampling == "powder":
        from workers import harmonic

        return harmonic.run(atoms, calculator, options=job.options, temperature=job.temperature_k, progress=progress)
    if job.method == "md":
        os.nice(MD_NICENESS)
    settings.scratch_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{job.method}-", dir=settings.scratch_dir) as folder:
        if job.sampling == "path":
            from workers.crystal import workflow

            return workflow.run(
                atoms,
                calculator,
                method=job.method,
                options=job.options,
                temperature=job.temperature_k,
                folder=Path(folder),
                progress=progress,
            )
        from workers import molecular_dynamics

        return molecular_dynamics.run(
            atoms,
            calculator,
            options=job.options,
            temperature=job.temperature_k,
            folder=Path(folder),
            progress=progress,
        )
