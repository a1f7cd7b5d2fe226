"""Tell the prediction's row how far the work is, from a thread, so that a long native call does not look like death."""

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

REPORT_EVERY_S = 1.0
SELDOM_S = 3.0
"""Between the reports of a job that has run for minutes: many replicas write to their prediction's row."""
STUCK_AFTER_S = 5.0
"""A native call that takes longer is not waited for when the job is to stop."""


class ShuttingDown(Exception):
    """The worker was asked to stop: hand the prediction back."""


class TookTooLong(Exception):
    """The job has run longer than the server allows."""


class Progress:
    """The state of one job's work; a context within which its lease is kept alive.

    Parameters
    ----------
    lease
        The right to work on it.
    shutting_down
        Set when the worker is asked to stop.
    alone
        Whether this process runs nothing else, so that it may end itself when it is stuck in a native call.
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
        """Begin a stage that ends where `until` of the job is done."""
        self._stage, self._from, self._to = stage, self._to, until
        self.update(0.0)

    def update(self, share: float) -> None:
        """Say which share of the stage is done.

        Raises
        ------
        Cancelled, LeaseLost, ShuttingDown, TookTooLong
            Stop now.
        """
        self._done = self._from + (self._to - self._from) * min(max(share, 0.0), 1.0)
        if self._interruption is not None:
            raise self._interruption
        if self._shutting_down.is_set():
            raise ShuttingDown
        # Celery's own limit comes as an exception in the middle of anything, and libraries swallow it
        if time.monotonic() - self._began > current().job_time_limit_h * 3600:
            raise TookTooLong

    def within(self, until: float) -> Report:
        """What an engine is given to report to, which names its own stages, until `until` of the job is done."""
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
                self._see_to_it_that_it_stops()
                return
            except SQLAlchemyError:
                # The lease lasts a while; the database may be back before it ends
                logger.warning("the database does not answer; this job goes on", exc_info=True)
            if self._shutting_down.is_set():
                self._see_to_it_that_it_stops()
                return
            age = time.monotonic() - self._began
            if self._stopped.wait(min(max(REPORT_EVERY_S, age / 60), SELDOM_S)):
                return

    def _see_to_it_that_it_stops(self) -> None:
        """End the process when the work does not come to an end: the sweep mends what that leaves behind."""
        if not self._alone or self._stopped.wait(STUCK_AFTER_S):
            return
        logger.warning("stuck in %s though it was to stop: the process ends", self._stage.code)
        try:
            if isinstance(self._interruption, leases.Cancelled):
                leases.cancelled(self._lease)
            elif self._interruption is None:
                leases.release(self._lease)
        except (leases.LeaseLost, SQLAlchemyError):
            logger.warning("its row is somebody else's to mend", exc_info=True)
        os._exit(0)
