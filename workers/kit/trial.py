"""The time of the first evaluations of forces, which tells early whether a job can end within its time limit."""

from __future__ import annotations

import math
import time
from typing import Final

from backend.kit.settings import current
from scattering.core.notices import Notice
from workers.kit.failures import CannotPredict

TRIAL_CALLS: Final = 5
"""Evaluations before the judgement, which the fastest of them decides: another one may compile, or wait for a busy
machine. The first one is left out."""


class Trial:
    """Counts the evaluations of a job, and judges after the first few.

    Parameters
    ----------
    n_calls
        Evaluations that remain for the job.
    n_atoms
        Number of evaluated atoms.
    """

    def __init__(self, n_calls: int, *, n_atoms: int) -> None:
        self._n_calls, self._n_atoms, self._done = n_calls, n_atoms, 0
        self._last, self._fastest_s = time.perf_counter(), math.inf

    def count(self) -> None:
        """Count one evaluation.

        Raises
        ------
        CannotPredict
            The remaining evaluations need more time than a job may take.
        """
        self._done += 1
        if self._done > TRIAL_CALLS:
            return
        now = time.perf_counter()
        if self._done > 1:
            self._fastest_s = min(self._fastest_s, now - self._last)
        self._last = now
        limit_h = current().job_time_limit_h
        if self._done == TRIAL_CALLS and self._fastest_s * self._n_calls > 3600 * limit_h:
            params = {"call_s": self._fastest_s, "n_calls": self._n_calls, "n_atoms": self._n_atoms, "limit_h": limit_h}
            raise CannotPredict(Notice("too_slow_for_limit", params))
