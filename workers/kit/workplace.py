"""Where a job works, and how it tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scattering.core.notices import Notice

Report = Callable[[Notice, float], None]
"""Told what is being done (of `workers.stages`), and which share of the call is done. It raises to stop the engine."""


@dataclass(frozen=True)
class Workplace:
    """Where an engine works, and what is left there for whoever has to go on with it.

    Attributes
    ----------
    folder
        The job's own. It outlives the worker, and whoever takes the job over gets the same one.
    attempt
        Names this attempt's files. Another attempt's worker may still be writing to its own: it is slow, has lost
        the job, and does not know yet. So an attempt reads what the others have left, and writes only its own.
    checkpoint_s
        Seconds of work that may be lost.
    """

    folder: Path
    attempt: str
    checkpoint_s: float = 30.0
