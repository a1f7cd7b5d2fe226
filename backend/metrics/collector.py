"""Metrics from the database. They are read at each request, so every server process gives the same."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, TypeVar

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from backend.health import heartbeats
from backend.kit.db.database import clock, transaction
from backend.kit.queue.celery_settings import QUEUES
from backend.kit.settings import Settings
from backend.kit.version import VERSION
from backend.operations import disk, tallies
from backend.operations.service import LANES, broker_is_up

logger = logging.getLogger(__name__)

NO_ENGINE: Final = "none"

Key = TypeVar("Key", bound=tuple[str, ...])


class StateCollector(Collector):
    """Collect metrics of jobs, predictions, workers, disk, database and broker."""

    def __init__(self, settings: Settings, predictions_size: disk.FolderSize) -> None:
        self._settings = settings
        self._predictions_size = predictions_size

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics; if the database does not answer, those that need no database."""
        try:
            with transaction(self._settings, reading=True) as session:
                counted = [*_jobs(session, now := clock(session)), *_workers(session, now)]
        except SQLAlchemyError:
            logger.warning("metrics: the database does not answer", exc_info=True)
            counted = []
        yield _gauge("database_up", "Whether the database answers.", bool(counted))
        yield _gauge("broker_up", "Whether the broker accepts messages.", broker_is_up(self._settings))
        yield from counted
        yield from self._disk()
        yield _labelled_gauge("info", "Version of the server.", ("version",), {(VERSION,): 1})

    def _disk(self) -> Iterator[Metric]:
        if (space := disk.measure_space(self._settings.data_dir)) is not None:
            yield _gauge("disk_free_bytes", "Free space on the disk of the data folder.", space.free)
            yield _gauge("disk_total_bytes", "Size of the disk of the data folder.", space.total)
        if (size := self._predictions_size.bytes) is not None:
            yield _gauge("predictions_bytes", "Size of all predictions, counted every five minutes.", size)


def _gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"beamcast_{name}", what, value=float(value))


def _labelled_gauge(name: str, what: str, labels: tuple[str, ...], values: Mapping[Key, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"beamcast_{name}", what, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, float(value))
    return family


def _jobs(session: Session, now: datetime) -> Iterator[Metric]:
    counts = tallies.count_jobs(session)
    yield _labelled_gauge(
        "jobs",
        "Jobs in the database.",
        ("status", "queue", "lane", "kind"),
        {(one.status, one.queue, one.lane, one.kind): one.n for one in counts},
    )
    yield _gauge("jobs_retried", "Jobs with more than one attempt.", sum(one.n_retried for one in counts))
    oldest = {(queue, lane): 0.0 for queue in QUEUES for lane in LANES} | tallies.oldest_queued_s(session, now)
    yield _labelled_gauge(
        "oldest_queued_job_age_seconds", "Age of the oldest queued job; 0 if there is none.", ("queue", "lane"), oldest
    )
    running = Counter({(engine or NO_ENGINE,): n for engine, n in tallies.count_running_by_engine(session).items()})
    yield _labelled_gauge("running_jobs", "Running jobs, by their engine.", ("engine",), running)
    failed = {(reason,): float(n) for reason, n in tallies.count_failures(session).items()}
    yield _labelled_gauge("failed_jobs", "Failed jobs in the database, by reason.", ("reason",), failed)
    predictions = tallies.count_predictions(session)
    yield _labelled_gauge("predictions", "Predictions in the database.", ("status", "method"), predictions)


def _workers(session: Session, now: datetime) -> Iterator[Metric]:
    workers = heartbeats.living_workers(session, now)
    busy = tallies.count_running_by_worker(session)
    n_workers, slots, free, long = (Counter[tuple[str, ...]]({(queue,): 0 for queue in QUEUES}) for _ in range(4))
    missing = tallies.jobs_out_of_reach(session, workers)
    engines = Counter[tuple[str, ...]]({(one.engine,): 0 for one in missing if one.engine})
    for worker in workers:
        engines.update((name,) for name in worker.engines)
        for queue in worker.queues:
            n_workers[queue,] += 1
            slots[queue,] += worker.slots
            free[queue,] += max(0, worker.slots - busy[worker.name])
            long[queue,] += worker.long_slots
    yield _labelled_gauge("workers", "Living workers; a worker with two queues counts in both.", ("queue",), n_workers)
    yield _labelled_gauge("slots", "Jobs that living workers can run at the same time.", ("queue",), slots)
    yield _labelled_gauge("slots_free", "Slots that run no job.", ("queue",), free)
    yield _labelled_gauge("slots_long", "Slots that may run long jobs.", ("queue",), long)
    yield _labelled_gauge("workers_with_engine", "Living workers that have an engine.", ("engine",), engines)
    nothing = {(queue, NO_ENGINE): 0.0 for queue in QUEUES}
    out_of_reach = {(one.queue, one.engine or NO_ENGINE): float(one.n) for one in missing}
    yield _labelled_gauge(
        "jobs_out_of_reach", "Queued jobs that no living worker can do.", ("queue", "engine"), nothing | out_of_reach
    )
