"""The folder of a job, and the function by which an engine reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scattering.core.notices import Notice

Report = Callable[[Notice, float], None]
"""Function of a stage (one of `workers.stages`) and the finished fraction of the call. It raises to stop the engine."""


@dataclass(frozen=True)
class Workplace:
    """The folder of a job, in which an engine writes its files and checkpoints.

    Attributes
    ----------
    folder
        Folder of the job. It outlives the worker, and every attempt uses the same one.
    attempt
        Name of this attempt, in the names of its files. A slow worker that has lost the job may still be writing. So an
        attempt writes only its own files, and only reads those of others.
    checkpoint_s
        Seconds of work that may be lost.
    """

    folder: Path
    attempt: str
    checkpoint_s: float = 30.0
