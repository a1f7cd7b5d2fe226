"""Report the progress of a job from a thread, so that its lease is renewed also during a long native call."""

from __future__ import annotations

import logging
import os
import threading
import time
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from backend.jobs import leases
from backend.kit.settings import current
from scattering.core.notices import Notice
from workers.kit.shutdown import Flag
from workers.kit.workplace import Report

logger = logging.getLogger(__name__)

REPORT_INTERVAL_S = 1.0
MAX_REPORT_INTERVAL_S = 3.0
"""Interval of the reports of a job that has run for minutes: many replicas write to the row of their prediction."""
MAX_STOP_S = 5.0
"""Time for a job to stop before its process ends."""


class ShuttingDown(Exception):
    """The worker is stopping: hand the job back."""


class TimeLimitExceeded(Exception):
    """The job has run longer than the server allows."""


class Progress:
    """Progress of a job. As a context, it renews the lease.

    Parameters
    ----------
    lease
        Lease of the job.
    shutting_down
        Set when the worker is stopping.
    alone
        Whether this process runs nothing else, so that it may exit when a native call does not stop.
    """

    def __init__(self, lease: leases.Lease, shutting_down: Flag, *, alone: bool = False) -> None:
        self._lease, self._shutting_down, self._alone = lease, shutting_down, alone
        self._stage, self._done, self._from, self._to = leases.START, 0.0, 0.0, 0.0
        self._began = time.monotonic()
        self._stopped = threading.Event()
        self._interruption: Exception | None = None
        self._thread = threading.Thread(target=self._keep_reporting, name="progress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def stage(self, stage: Notice, *, until: float) -> None:
        """Begin a stage that ends when the fraction `until` of the job is done."""
        self._stage, self._from, self._to = stage, self._to, until
        self.update(0.0)

    def update(self, share: float) -> None:
        """Set the fraction of the stage that is done.

        Raises
        ------
        Cancelled, LeaseLost, ShuttingDown, TimeLimitExceeded
            The job must stop now.
        """
        self._done = self._from + (self._to - self._from) * min(max(share, 0.0), 1.0)
        self.check()

    def check(self) -> None:
        """Raise if the job must stop now, as `update` does."""
        if self._interruption is not None:
            raise self._interruption
        if self._shutting_down.is_set():
            raise ShuttingDown
        # The exception of Celery's own limit can occur anywhere, and libraries catch it
        if time.monotonic() - self._began > current().job_time_limit_h * 3600:
            raise TimeLimitExceeded

    def report_until(self, until: float) -> Report:
        """Return a function by which an engine reports its stages, until the fraction `until` of the job is done."""
        self._from, self._to = self._to, until

        def report(stage: Notice, share: float) -> None:
            self._stage = stage
            self.update(share)

        return report

    def _keep_reporting(self) -> None:
        while True:
            try:
                leases.report(self._lease, self._stage, self._done)
            except (leases.Cancelled, leases.LeaseLost) as interruption:
                self._interruption = interruption
                self._exit_if_stuck()
                return
            except SQLAlchemyError:
                # The database may be back before the lease expires
                logger.warning("the database does not answer; this job continues", exc_info=True)
            if self._shutting_down.is_set():
                self._exit_if_stuck()
                return
            age = time.monotonic() - self._began
            if self._stopped.wait(min(max(REPORT_INTERVAL_S, age / 60), MAX_REPORT_INTERVAL_S)):
                return

    def _exit_if_stuck(self) -> None:
        """End the process if the job does not stop in time. The sweep takes the job back."""
        if not self._alone or self._stopped.wait(MAX_STOP_S):
            return
        logger.warning("the stage %s does not stop: the process ends", self._stage.code)
        try:
            if isinstance(self._interruption, leases.Cancelled):
                leases.end_cancelled(self._lease)
            elif self._interruption is None:
                leases.release(self._lease)
        except (leases.LeaseLost, SQLAlchemyError):
            logger.warning("the sweep will take the job back", exc_info=True)
        os._exit(0)
