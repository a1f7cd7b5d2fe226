"""The task: take a job, do it, put its result where it belongs, say how it ended."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ase import Atoms
from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy.exc import DBAPIError

from backend.engines import catalogue
from backend.jobs import leases
from backend.kit.logs import about
from backend.kit.queue.wake_up import WORK
from backend.kit.settings import Settings, current
from backend.observing.samplings import observation
from backend.potentials.service import PotentialUnavailable, potential_file
from backend.predictions.assignment import Assignment, read_assignment
from backend.structures.service import load_structure
from scattering.core.notices import Notice
from scattering.options.base import Options
from workers import stages
from workers.engines.interface import Potential
from workers.kit.failures import CannotPredict
from workers.kit.progress import Progress, ShuttingDown, TookTooLong
from workers.kit.shutdown import Flag, shutting_down
from workers.kit.workplace import Workplace
from workers.simulations import registry, results
from workers.simulations.outcome import Outcome
from workers.simulations.provenance import provenance
from workers.simulations.simulation import Simulation
from workers.simulations.steps.preparation import Prepared
from workers.simulations.training_range import training_range

logger = logging.getLogger(__name__)

T = TypeVar("T")

LONG_NICENESS = 10
"""A preview that somebody waits for goes first."""
DISK_FULL_WAIT_S = 60.0
DATABASE_BACK_WITHIN_S = 60.0
TRY_AGAIN_S = 1.0


@dataclass(frozen=True)
class _Result:
    """A file that was written under a name of this lease's own, and where it belongs once the lease is seen to hold."""

    written: Path
    place: Path
    provenance: dict[str, Any] | None = None
    warnings: list[Notice] | None = None

    def publish(self) -> None:
        """Put it there. Once is enough: when the database is lost before the transaction ends, it is done again."""
        if self.written.exists() or not self.place.exists():
            self.written.replace(self.place)


@shared_task(name=WORK, ignore_result=True, bind=True)  # type: ignore[untyped-decorator]
def work(self: Any) -> None:
    """Do the best job that there is for this worker; nothing when there is none."""
    lease = None if shutting_down.is_set() else leases.claim(self.request.hostname, os.getpid())
    if lease is None:
        return
    with about(everywhere=True, prediction=lease.prediction_id, job=lease.job_id, attempt=lease.attempt):
        perform(lease, shutting_down, alone=True)


def perform(lease: leases.Lease, stop: Flag, *, alone: bool = False) -> None:
    """Do a job to the end, whichever that is.

    Parameters
    ----------
    lease
        The right to.
    stop
        Set when the job is to be handed back.
    alone
        Whether this process does nothing else.
    """
    logger.info("%s %d, attempt %d", lease.kind, lease.number, lease.attempt)
    folder = _folder(lease)
    try:
        with Progress(lease, stop, alone=alone) as progress:
            result = _do(lease, folder, progress)
            _patiently(
                lambda: leases.succeed(lease, result.publish, provenance=result.provenance, warnings=result.warnings)
            )
        shutil.rmtree(folder, ignore_errors=True)
    except leases.Cancelled:
        _say(lambda: leases.cancelled(lease))
    except ShuttingDown:
        _say(lambda: leases.release(lease))
    except leases.LeaseLost:
        logger.warning("the job is not ours any more")
    except DBAPIError:
        # The lease runs out, or the worker's parent sees that this process has ended: the job is taken up again
        logger.exception("the database does not answer; the job is left to whoever takes it up")
    except (CannotPredict, PotentialUnavailable) as error:
        _fail(lease, error.notice)
    except (TookTooLong, SoftTimeLimitExceeded):
        _fail(lease, Notice("time_limit", {"limit_h": current().job_time_limit_h}))
    except Exception as error:
        if not _is_out_of_space(error):
            _unforeseen(lease)
            return
        logger.exception("no space on the disk")
        reason = Notice("waiting_for_disk_space")
        _say(lambda: leases.release(lease, wait_s=DISK_FULL_WAIT_S, waiting_for=reason))


def _is_out_of_space(error: BaseException | None) -> bool:
    """Return whether an error comes of a full disk: HDF5 raises others when it closes what could not be written."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False


def _unforeseen(lease: leases.Lease) -> None:
    logger.exception("failed")
    _fail(lease, Notice("unforeseen", {"prediction_id": str(lease.prediction_id)}))


def _fail(lease: leases.Lease, error: Notice) -> None:
    logger.info("failed: %s %s", error.code, dict(error.params))
    _say(lambda: leases.fail(lease, error))


def _say(how_it_ended: Callable[[], None]) -> None:
    """Write how the job ended, if it is still ours to say."""
    try:
        _patiently(how_it_ended)
    except leases.LeaseLost:
        logger.warning("the job is another worker's by now")


def _patiently(say: Callable[[], T]) -> T:
    """Read from or write to the database, though it may have to come back first."""
    deadline = time.monotonic() + DATABASE_BACK_WITHIN_S
    while True:
        try:
            return say()
        except DBAPIError:
            if time.monotonic() > deadline:
                raise
            logger.warning("the database does not answer; trying again", exc_info=True)
            time.sleep(TRY_AGAIN_S)


def _folder(lease: leases.Lease) -> Path:
    """Where this job leaves what whoever takes it up needs."""
    return current().work_dir(lease.prediction_id) / f"{lease.kind}-{lease.number}"


def _do(lease: leases.Lease, folder: Path, progress: Progress) -> _Result:
    settings = current()
    asked = _patiently(lambda: read_assignment(settings, lease.prediction_id))
    if asked is None:
        raise leases.LeaseLost(f"prediction {lease.prediction_id} was deleted")
    folder.mkdir(parents=True, exist_ok=True)
    if lease.kind == "replica" or asked.options.cell_is_simulated:
        os.nice(LONG_NICENESS)
    began = time.perf_counter()
    simulation = _simulation(asked, settings, progress)
    loaded = time.perf_counter() - began
    workplace = Workplace(folder, f"{lease.attempt}-{lease.token}", settings.checkpoint_s)
    shared, mine = settings.work_dir(lease.prediction_id), folder / f"result-{lease.token}"
    if lease.kind == "whole":
        outcome = registry.workflow(asked.method, asked.sampling).run(simulation, progress=progress)
        return _partials(asked, simulation, mine, outcome, {"load_s": loaded})
    workflow = registry.replicated_workflow(asked.method, asked.sampling)
    if lease.kind == "prepare":
        results.save(mine, workflow.prepare(simulation, workplace=workplace, progress=progress))
        return _Result(mine, shared / "prepared.npz")
    prepared = Prepared.of(results.load(shared / "prepared.npz"))
    if lease.kind == "replica":
        made = workflow.replica(simulation, prepared, lease.number, workplace=workplace, progress=progress)
        results.save(mine, made)
        return _Result(mine, shared / f"replica-{lease.number}.npz")
    progress.stage(stages.AVERAGE_REPLICAS, until=1.0)
    replicas = [
        workflow.read_replica(results.load(shared / f"replica-{number}.npz"))
        for number in range(asked.options.n_replicas)
    ]
    outcome = workflow.combine(simulation, prepared, replicas)
    return _partials(asked, simulation, mine, outcome, {"combine_s": time.perf_counter() - began})


def _simulation(asked: Assignment, settings: Settings, progress: Progress) -> Simulation[Options]:
    progress.stage(stages.FETCH_POTENTIAL, until=0.0)
    file = potential_file(settings, asked.potential, lambda done, total: progress.update(done / max(total, 1)))
    structure = load_structure(settings, asked.structure_id)
    engine = asked.options.engine
    return Simulation(
        Atoms(numbers=structure.numbers, positions=structure.positions, cell=structure.cell, pbc=True),
        asked.options,
        asked.temperature_k,
        Potential(file, asked.options.dispersion, asked.potential.family),
        # Where the engine gives no forces, those of a few structures come from what the potential was found to load in
        loader=engine if catalogue.get(engine).gives_forces else asked.potential.engine,
    )


def _partials(
    asked: Assignment, simulation: Simulation[Options], written: Path, outcome: Outcome, timings: dict[str, float]
) -> _Result:
    """Write the prediction's partials, and what they were made with."""
    observation(asked.sampling).layout.write(written, outcome.partials)
    timings = {**outcome.timings, **timings}
    made_with = provenance(
        sha256=asked.potential.sha256,
        model=asked.potential.name,
        engine=asked.options.engine,
        seed=asked.options.seed,
        timings={**timings, "total_s": sum(value for name, value in timings.items() if name.endswith("_s"))},
        species=list(outcome.partials.species),
        findings={**outcome.findings, **training_range(simulation)},
    )
    return _Result(
        written,
        current().partials_path(asked.prediction_id),
        made_with,
        list(outcome.warnings),
    )
