"""The task: claim a job, do it, move its result to its place, and report the end."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from ase import Atoms
from billiard.common import terminate_handler_fired
from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from backend.engines import catalogue
from backend.jobs import leases
from backend.jobs.work import READING, TRAINING, Work, work_tables
from backend.kit.logs import about
from backend.kit.queue.wake_up import WORK
from backend.kit.settings import Settings, current
from backend.observing.samplings import observation
from backend.phonon_files import harmonic_crystal_file, modes_file, trajectory_file
from backend.phonon_files.stored import FORCE_CONSTANTS_FILE, MODES_FILE, TRAJECTORY_FILE
from backend.potentials.service import PotentialUnavailable, potential_file
from backend.predictions.assignment import (
    FORCE_CONSTANTS_OF,
    Assignment,
    read_assignment,
)
from backend.predictions.tables import HARMONIC_REFERENCE, SOURCE
from backend.structures.geometry import StructureData
from backend.structures.isotopes import name_sites
from backend.structures.service import load_structure
from backend.trainings import assignment as trainings
from backend.trainings.files import LABELLED, result_folder
from backend.trainings.results import record
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.isotopes import names_sites, species_masses
from scattering.core.notices import Notice
from scattering.core.phonon_modes import PhononModes
from scattering.core.trajectory import Trajectory
from scattering.options.base import Options
from workers import stages
from workers.engines.interface import Potential
from workers.kit.failures import CannotPredict
from workers.kit.progress import Progress, ShuttingDown, TimeLimitExceeded
from workers.kit.shutdown import Flag, shutting_down
from workers.kit.workplace import Workplace
from workers.readings import ReadSource, find_reading, read_source
from workers.simulations import registry, results
from workers.simulations.outcome import Outcome
from workers.simulations.provenance import provenance
from workers.simulations.simulation import KeptForces, Simulation
from workers.simulations.steps.preparation import Prepared
from workers.simulations.training_range import training_range
from workers.training import task as training
from workers.training.teachers import label_structures

logger = logging.getLogger(__name__)

T = TypeVar("T")

LONG_JOB_NICENESS = 10
"""Niceness of long jobs, so that previews run first."""
DISK_FULL_WAIT_S = 60.0
MAX_DATABASE_WAIT_S = 60.0
RETRY_INTERVAL_S = 1.0


@dataclass(frozen=True)
class _Result:
    """A file under a name of this lease, and its place if the lease still holds."""

    written: Path
    place: Path
    provenance: dict[str, Any] | None = None
    warnings: list[Notice] | None = None
    record: Callable[[Session, Work], None] | None = None

    def publish(self) -> None:
        """Move the file or the folder to its place. A repetition, after a lost transaction, does nothing."""
        if self.written.exists() or not self.place.exists():
            self.written.replace(self.place)


@shared_task(name=WORK, ignore_result=True, bind=True)  # type: ignore[untyped-decorator]
def work(self: Any) -> None:
    """Do the best job for this worker, or nothing if there is none."""
    lease = None if shutting_down.is_set() else leases.claim(self.request.hostname, os.getpid())
    if lease is None:
        return
    with about(everywhere=True, **{lease.work.kind: lease.work.id}, job=lease.job_id, attempt=lease.attempt):
        perform(lease, shutting_down, alone=True)


def perform(lease: leases.Lease, stop: Flag, *, alone: bool = False) -> None:
    """Do a job, and report its end: success, failure, cancellation or hand-back.

    Parameters
    ----------
    lease
        Lease of the job.
    stop
        Set when the job must be handed back.
    alone
        Whether this process does nothing else.
    """
    logger.info("%s %d, attempt %d", lease.kind, lease.number, lease.attempt)
    folder = _folder(lease)
    try:
        with Progress(lease, stop, alone=alone) as progress:
            result = _do(lease, folder, progress)
            _retry_database(
                lambda: leases.succeed(
                    lease,
                    result.publish,
                    provenance=result.provenance,
                    warnings=result.warnings,
                    record=result.record,
                )
            )
        shutil.rmtree(folder, ignore_errors=True)
    except leases.Cancelled:
        _report_end(lambda: leases.end_cancelled(lease))
    except ShuttingDown:
        _report_end(lambda: leases.release(lease))
    except leases.LeaseLost:
        logger.warning("this worker has lost the job")
    except DBAPIError:
        # The lease expires, or the worker notices that this process has ended: another attempt resumes the job
        logger.exception("the database does not answer; another attempt will resume the job")
    except (CannotPredict, PotentialUnavailable) as error:
        _fail(lease, error.notice)
    except (TimeLimitExceeded, SoftTimeLimitExceeded):
        _fail(lease, Notice("time_limit", {"work": lease.work.kind, "limit_h": current().job_time_limit_h}))
    except SystemExit:
        if terminate_handler_fired():
            # Celery ends this process: another attempt resumes the job
            raise
        # A library of the job has called for it
        _unforeseen(lease)
    except Exception as error:
        if not _is_out_of_space(error):
            _unforeseen(lease)
            return
        logger.exception("no space on the disk")
        reason = Notice("waiting_for_disk_space")
        _report_end(lambda: leases.release(lease, wait_s=DISK_FULL_WAIT_S, waiting_for=reason))


def _is_out_of_space(error: BaseException | None) -> bool:
    """Tell whether an error comes from a full disk. HDF5 raises another error when it closes an incomplete file."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False


def _unforeseen(lease: leases.Lease) -> None:
    logger.exception("failed")
    _fail(lease, Notice("unforeseen", {"prediction_id": str(lease.work.id)}))


def _fail(lease: leases.Lease, error: Notice) -> None:
    logger.info("failed: %s %s", error.code, dict(error.params))
    _report_end(lambda: leases.fail(lease, error))


def _report_end(report: Callable[[], None]) -> None:
    """Write the end of a job, unless the lease is lost."""
    try:
        _retry_database(report)
    except leases.LeaseLost:
        logger.warning("this worker has lost the job")


def _retry_database(call: Callable[[], T]) -> T:
    """Read from or write to the database; if it does not answer, retry for `MAX_DATABASE_WAIT_S`."""
    deadline = time.monotonic() + MAX_DATABASE_WAIT_S
    while True:
        try:
            return call()
        except DBAPIError:
            if time.monotonic() > deadline:
                raise
            logger.warning("the database does not answer; retrying", exc_info=True)
            time.sleep(RETRY_INTERVAL_S)


def _folder(lease: leases.Lease) -> Path:
    """Return the folder of a job, with the files for later attempts."""
    return work_tables()[lease.work.kind].work_folder(current(), lease.work.id) / f"{lease.kind}-{lease.number}"


def _do(lease: leases.Lease, folder: Path, progress: Progress) -> _Result | ReadSource:
    if lease.work.kind == TRAINING:
        return _label(lease, folder, progress) if lease.kind == "label" else _train(lease, folder, progress)
    settings = current()
    if lease.work.kind == READING:
        return _read(lease, folder, settings, progress)
    assignment = _retry_database(lambda: read_assignment(settings, lease.work.id))
    if assignment is None:
        raise leases.LeaseLost(f"{lease.work} was deleted")
    folder.mkdir(parents=True, exist_ok=True)
    if lease.kind == "replica" or assignment.options.cell_is_simulated:
        os.nice(LONG_JOB_NICENESS)
    began = time.perf_counter()
    simulation = _simulation(assignment, settings, progress)
    load_s = time.perf_counter() - began
    workplace = Workplace(folder, f"{lease.attempt}-{lease.token}", settings.checkpoint_s)
    shared, own = settings.work_dir(lease.work.id), folder / f"result-{lease.token}"
    if lease.kind == "whole":
        outcome = _workflow_of_one(assignment, simulation).run(simulation, progress=progress)
        return _write_partials(assignment, simulation, own, outcome, {"load_s": load_s})
    workflow = registry.replicated_workflow(assignment.method, assignment.sampling)
    if lease.kind == "prepare":
        results.save(own, workflow.prepare(simulation, workplace=workplace, progress=progress))
        return _Result(own, shared / "prepared.npz")
    prepared = Prepared.of(results.load(shared / "prepared.npz"))
    if lease.kind == "replica":
        replica = workflow.replica(simulation, prepared, lease.number, workplace=workplace, progress=progress)
        results.save(own, replica)
        return _Result(own, shared / f"replica-{lease.number}.npz")
    progress.stage(stages.AVERAGE_REPLICAS, until=1.0)
    replicas = [
        workflow.read_replica(results.load(shared / f"replica-{number}.npz"))
        for number in range(assignment.options.n_replicas)
    ]
    outcome = workflow.combine(simulation, prepared, replicas)
    return _write_partials(assignment, simulation, own, outcome, {"combine_s": time.perf_counter() - began})


def _label(lease: leases.Lease, folder: Path, progress: Progress) -> _Result:
    """Label the structures of a training, and return the folder of the labels."""
    settings = current()
    assignment = _retry_database(lambda: trainings.read_assignment(settings, lease.work.id))
    if assignment is None:
        raise leases.LeaseLost(f"{lease.work} was deleted")
    folder.mkdir(parents=True, exist_ok=True)
    os.nice(LONG_JOB_NICENESS)
    made = label_structures(
        assignment,
        _bare_atoms(load_structure(settings, assignment.structure_id)),
        settings=settings,
        workplace=Workplace(folder, f"{lease.attempt}-{lease.token}", settings.checkpoint_s),
        progress=progress,
    )
    return _Result(made, folder.parent / LABELLED)


def _train(lease: leases.Lease, folder: Path, progress: Progress) -> _Result:
    """Train a potential, and return its files with what its row keeps."""
    settings = current()
    assignment = _retry_database(lambda: trainings.read_assignment(settings, lease.work.id))
    if assignment is None:
        raise leases.LeaseLost(f"{lease.work} was deleted")
    base = assignment.base
    if base is None:
        raise CannotPredict(Notice("base_deleted"))
    folder.mkdir(parents=True, exist_ok=True)
    os.nice(LONG_JOB_NICENESS)
    made = training.run(
        assignment,
        _bare_atoms(load_structure(settings, assignment.structure_id)),
        base_file=lambda: potential_file(settings, base, lambda done, total: progress.update(done / max(total, 1))),
        workplace=Workplace(folder, f"{lease.attempt}-{lease.token}", settings.checkpoint_s),
        shared=folder.parent,
        progress=progress,
    )
    return _Result(
        made.folder,
        result_folder(settings, lease.work.id),
        made.provenance,
        made.warnings,
        lambda session, row: record(session, row, accepted=made.accepted, evidence=made.evidence),
    )


def _read(lease: leases.Lease, folder: Path, settings: Settings, progress: Progress) -> ReadSource:
    row = _retry_database(lambda: find_reading(settings, lease))
    if row is None:
        raise leases.LeaseLost(f"source {lease.work.id} was deleted")
    own = folder / str(lease.token)
    own.mkdir(parents=True)
    return read_source(row, own, settings, progress)


def _workflow_of_one(assignment: Assignment, simulation: Simulation[Options]) -> registry.Workflow:
    """Return the workflow of a simulation in one job."""
    if simulation.trajectory is not None:
        return registry.workflow_of_trajectory(assignment.sampling)
    if simulation.modes is not None:
        return registry.workflow_of_modes(assignment.sampling)
    return registry.workflow(assignment.method, assignment.sampling)


def _simulation(assignment: Assignment, settings: Settings, progress: Progress) -> Simulation[Options]:
    potential, loader = _potential(assignment, settings, progress)
    return Simulation(
        _atoms(assignment, settings),
        assignment.options,
        assignment.temperature_k,
        potential,
        loader,
        isotopes=assignment.isotopes,
        kept=_kept_forces(assignment, settings),
        modes=_given_modes(assignment, settings),
        trajectory=_given_trajectory(assignment, settings),
        reference=_reference(assignment, settings),
        reference_modes=(assignment.harmonic_reference or {}).get("modes", "all"),
    )


def _potential(assignment: Assignment, settings: Settings, progress: Progress) -> tuple[Potential | None, str]:
    """Return the potential, fetched if forces will be calculated, and the engine that loads it; None of a source."""
    row, engine, file = assignment.potential, assignment.options.engine, Path()
    if row is None:
        return None, ""
    if assignment.force_constants_of is None:
        progress.stage(stages.FETCH_POTENTIAL, until=0.0)
        file = potential_file(settings, row, lambda done, total: progress.update(done / max(total, 1)))
    # An engine without forces takes those of the engine that loaded the potential
    loader = engine if catalogue.get(engine).gives_forces else row.engine
    return Potential(file, assignment.options.dispersion, row.family, row.format), loader


def _atoms(assignment: Assignment, settings: Settings) -> Atoms:
    """Return the uploaded cell, with the masses of its isotopes, and tags that distinguish those of the file."""
    structure = load_structure(settings, assignment.structure_id)
    atoms = _bare_atoms(structure)
    if assignment.isotopes:
        names = name_sites(structure) if names_sites(assignment.isotopes) else structure.symbols
        atoms.set_masses(species_masses(names, assignment.isotopes))
    return atoms


def _bare_atoms(structure: StructureData) -> Atoms:
    """Return the uploaded cell with natural masses, and tags that distinguish the isotopes of the file."""
    return Atoms(
        numbers=structure.numbers, positions=structure.positions, cell=structure.cell, pbc=True, tags=structure.kinds
    )


def _kept_forces(assignment: Assignment, settings: Settings) -> KeptForces | None:
    """Return the force constants of another prediction or of a source that this prediction uses, if it does."""
    path = settings.work_dir(assignment.prediction_id) / FORCE_CONSTANTS_FILE
    if assignment.force_constants_of is not None:
        return KeptForces(harmonic_crystal_file.load(path), assignment.warnings, assignment.findings)
    if assignment.source is not None and path.exists():
        return KeptForces(harmonic_crystal_file.load(path), has_masses=True)
    return None


def _given_modes(assignment: Assignment, settings: Settings) -> PhononModes | None:
    """Return the modes of a source without force constants."""
    path = settings.work_dir(assignment.prediction_id) / MODES_FILE
    return modes_file.load(path) if assignment.source is not None and path.exists() else None


def _given_trajectory(assignment: Assignment, settings: Settings) -> Trajectory | None:
    """Return the trajectory of a source."""
    path = settings.work_dir(assignment.prediction_id) / TRAJECTORY_FILE
    return trajectory_file.load(path) if assignment.source is not None and path.exists() else None


def _reference(assignment: Assignment, settings: Settings) -> HarmonicCrystal | None:
    """Return the crystal whose force constants replace the harmonic part of the potential."""
    if assignment.harmonic_reference is None:
        return None
    return harmonic_crystal_file.load(settings.work_dir(assignment.prediction_id) / FORCE_CONSTANTS_FILE)


def _write_partials(
    assignment: Assignment, simulation: Simulation[Options], path: Path, outcome: Outcome, timings: dict[str, float]
) -> _Result:
    """Write the partials of a prediction, and return them with their provenance."""
    partials = outcome.partials
    origin: dict[str, Any] = {}
    if assignment.isotopes:
        partials = replace(partials, metadata={**partials.metadata, "isotopes": assignment.isotopes})
        origin["isotopes"] = assignment.isotopes
        origin["masses_u"] = dict(
            zip(partials.species, species_masses(partials.species, assignment.isotopes).tolist(), strict=True)
        )
    if assignment.force_constants_of is not None:
        origin[FORCE_CONSTANTS_OF] = assignment.force_constants_of
    if assignment.source is not None:
        origin[SOURCE] = dict(assignment.source)
    if assignment.harmonic_reference is not None:
        origin[HARMONIC_REFERENCE] = dict(assignment.harmonic_reference)
    potential = assignment.potential
    observation(assignment.sampling).layout.write(path, partials)
    timings = {**outcome.timings, **timings}
    has_new_forces = simulation.kept is None and potential is not None
    made_with = provenance(
        sha256=None if potential is None else potential.sha256,
        model=None if potential is None else potential.name,
        engine=assignment.options.engine,
        seed=assignment.options.seed,
        timings={**timings, "total_s": sum(value for name, value in timings.items() if name.endswith("_s"))},
        species=list(partials.species),
        findings={**outcome.findings, **(training_range(simulation) if has_new_forces else {})},
        **origin,
    )
    return _Result(
        path,
        current().partials_path(assignment.prediction_id),
        made_with,
        list(outcome.warnings),
    )
