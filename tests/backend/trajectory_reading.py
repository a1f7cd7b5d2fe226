"""Reading of trajectories as a source is read, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.sources.formats import recognise
from backend.sources.formats.reading import NeedsFields, Refused, UploadedFile
from backend.sources.formats.trajectories.survey import TrajectoryReading

from .trajectory_files import SYMBOLS

Paths = Path | Sequence[Path]


def uploaded(paths: Paths) -> list[UploadedFile]:
    return [UploadedFile(path.name, path) for path in ([paths] if isinstance(paths, Path) else paths)]


def survey(paths: Paths, *, keep: bool = True, **statements: Any) -> TrajectoryReading:
    found = recognise(uploaded(paths), statements.pop("format", None))
    reading = found.read(statements, keep=keep)
    assert isinstance(reading, TrajectoryReading)
    return reading


def format_of(paths: Paths) -> str:
    return recognise(uploaded(paths), None).format.name


def refusal(paths: Paths, **statements: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Refused) as caught:
        survey(paths, **statements)
    return caught.value.notice.code, dict(caught.value.notice.params)


def needed(paths: Paths, **statements: Any) -> list[str]:
    with pytest.raises(NeedsFields) as caught:
        survey(paths, **statements)
    return [need.field for need in caught.value.needs]


def moved(reading: TrajectoryReading) -> np.ndarray:
    """Return displacements from their mean, shape (n_frames, n_atoms, 3), atoms sorted by species."""
    assert reading.trajectory is not None
    found = np.moveaxis(reading.trajectory.displacements.astype(float), 2, 0)
    order = np.argsort(reading.trajectory.symbols, kind="stable")
    return (found - found.mean(axis=0))[:, order]


def expected(moves: np.ndarray) -> np.ndarray:
    return (moves - moves.mean(axis=0))[:, np.argsort(SYMBOLS, kind="stable")]
