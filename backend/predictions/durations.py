"""Durations of predictions, from the cost of the options and from what this server has measured."""

from __future__ import annotations

import math
import os
import statistics
import threading
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session, col, func, select

from backend.potentials.record import Pretrained
from backend.predictions.assignment import FORCE_CONSTANTS_OF
from backend.predictions.tables import Prediction
from backend.structures.tables import Structure
from scattering.core.notices import Notice
from scattering.options.base import Options

MAX_RECENT: Final = 40
"""Number of recent predictions of a method that give its speed and the range of its duration."""
MIN_MEASURED_S: Final = 20.0
"""Seconds of molecular dynamics from which on the measured speed replaces the default."""
MIN_RUNS: Final = 5
"""Fewest similar predictions whose durations give a range: fewer do not show how much durations scatter."""
SIMILAR_FACTOR: Final = 10.0
"""Ratio of the estimates of similar predictions. Short ones are mostly overhead, and tell nothing about long ones."""
DEFAULT_FACTOR: Final = 3.0
"""Range without such predictions, as a factor in both directions: our choice. The costs were fitted to runs of three
crystals on two cores (`Options.estimate_seconds`); other cores, potentials and symmetries, and other jobs on the
machine, change a duration by about this factor."""
MIN_FACTOR: Final = 1.2
"""Narrowest range, as a factor in both directions: our choice. Other jobs share the cores."""
MAX_FACTOR: Final = 10.0
"""Widest range, as a factor in both directions: our choice."""
WIDTH_SIGMA: Final = 1.645
"""Half the width of the range in standard deviations of the logarithm: nine of ten durations of a normal scatter."""
SIGMA_PER_DEVIATION: Final = 1.4826
"""Standard deviation over the median absolute deviation of a normal distribution. Medians ignore the few predictions
that waited for a worker to start again."""


@dataclass(frozen=True)
class Duration:
    """Estimated duration of a prediction.

    Attributes
    ----------
    seconds
        The estimate from the cost of the options and the measured speed.
    low, high
        Range in seconds, in which most durations of similar predictions lie.
    basis
        Notice about the source of the range.
    """

    seconds: float
    low: float
    high: float
    basis: Notice


@dataclass(frozen=True)
class _Run:
    """A finished prediction: its options, its molecular dynamics, and its duration in s (None if imported)."""

    options: Options
    n_atoms_cell: int
    dynamics_s: float
    atom_steps: float
    duration_s: float | None
    potential_id: uuid.UUID | None


_Stamp = tuple[int, datetime | None]
_cache: dict[tuple[str, str], tuple[_Stamp, tuple[_Run, ...]]] = {}
_lock = threading.Lock()
_MAX_CACHED: Final = 16


def estimate_duration(
    session: Session, options: Options, *, n_atoms_cell: int, potential: Pretrained | None = None
) -> Duration:
    """Estimate the duration of a prediction on this server.

    The range is the scatter of the durations of recent predictions with the same method, engine and dispersion, each
    over today's estimate for it: the median ratio, and the spread around it. The estimate itself can lie outside.

    Parameters
    ----------
    options
        Options of the prediction.
    n_atoms_cell
        Number of atoms in the cell of the structure.
    potential
        Record of the potential. If it states the measured time of forces, only runs with the same potential count.
    """
    call_s = potential and potential.seconds_per_call(options.n_atoms(n_atoms_cell))
    runs = [
        run
        for run in _recent_runs(session, options.METHOD)
        if (run.options.engine, run.options.dispersion) == (options.engine, options.dispersion)
        and (not call_s or potential is None or run.potential_id == potential.id)
    ]
    speed = _speed(runs, options, None if not call_s else options.n_atoms(n_atoms_cell) / call_s)
    seconds = options.estimate_seconds(n_atoms_cell=n_atoms_cell, atom_steps_per_second=speed)
    ratios = []
    for run in runs:
        if run.duration_s is None or run.duration_s <= 0:
            continue
        expected = run.options.estimate_seconds(n_atoms_cell=run.n_atoms_cell, atom_steps_per_second=speed)
        if 1 / SIMILAR_FACTOR <= expected / seconds <= SIMILAR_FACTOR:
            ratios.append(run.duration_s / expected)
    centre, factor = find_range(ratios)
    if len(ratios) < MIN_RUNS:
        basis = Notice("duration_not_measured", {"factor": DEFAULT_FACTOR, "n_runs": len(ratios), "min_runs": MIN_RUNS})
    else:
        basis = Notice("duration_measured", {"n_runs": len(ratios), "ratio": centre, "factor": factor})
    return Duration(seconds, seconds * centre / factor, seconds * centre * factor, basis)


def find_range(ratios: list[float]) -> tuple[float, float]:
    """Return the centre of durations over their estimates, and the factor that spans their range in both directions.

    Parameters
    ----------
    ratios
        Duration over estimate of similar predictions, all positive; with fewer than `MIN_RUNS` the default range.
    """
    if len(ratios) < MIN_RUNS:
        return 1.0, DEFAULT_FACTOR
    logarithms = [math.log(ratio) for ratio in ratios]
    centre = statistics.median(logarithms)
    sigma = SIGMA_PER_DEVIATION * statistics.median(abs(value - centre) for value in logarithms)
    # The centre of n values is uncertain itself
    half_width = WIDTH_SIGMA * sigma * math.sqrt(1 + 1 / len(ratios))
    return math.exp(centre), math.exp(min(max(half_width, math.log(MIN_FACTOR)), math.log(MAX_FACTOR)))


def _speed(runs: list[_Run], options: Options, speed_of_core: float | None) -> float:
    """Return atom-steps per second: the mean of the runs, or the recorded speed of one core, or the default."""
    # The sums of seconds and atom-steps give tiny runs, which are mostly overhead, a small weight
    seconds = sum(run.dynamics_s for run in runs)
    if seconds > MIN_MEASURED_S:
        return sum(run.atom_steps for run in runs) / seconds
    cores = len(os.sched_getaffinity(0))
    return options.expected_speed(cores) if speed_of_core is None else speed_of_core * cores


def _recent_runs(session: Session, method: str) -> tuple[_Run, ...]:
    """Return the last predictions of a method that succeeded, of all owners.

    They are read again only after another one has ended.
    """
    succeeded = (Prediction.status == "succeeded", Prediction.method == method)
    stamp = session.exec(select(func.count(), func.max(Prediction.finished_at)).where(*succeeded)).one()
    key = (session.info["settings"].database_url, method)
    with _lock:
        held = _cache.get(key)
    if held is not None and held[0] == stamp:
        return held[1]
    statement = (
        select(Prediction, Structure.n_atoms)
        .join(Structure, col(Prediction.structure_id) == col(Structure.id))
        .where(*succeeded)
        .order_by(col(Prediction.finished_at).desc())
        .limit(MAX_RECENT)
    )
    # A prediction from known force constants is far shorter than one that calculates them
    rows = [pair for pair in session.exec(statement) if FORCE_CONSTANTS_OF not in pair[0].provenance]
    runs = tuple(_run(row, n_atoms) for row, n_atoms in rows)
    with _lock:
        if len(_cache) >= _MAX_CACHED:
            _cache.clear()
        _cache[key] = stamp, runs
    return runs


def _run(row: Prediction, n_atoms_cell: int) -> _Run:
    timings = row.provenance.get("timings", {})
    dynamics_s = timings.get("equilibration_s", 0.0) + timings.get("production_s", 0.0)
    return _Run(
        options=row.typed_options(),
        n_atoms_cell=n_atoms_cell,
        dynamics_s=dynamics_s,
        atom_steps=dynamics_s * timings.get("atom_steps_per_second", 0.0),
        duration_s=_measured_duration(row),
        potential_id=row.potential_id,
    )


def _measured_duration(row: Prediction) -> float | None:
    """Return the seconds from the start to the end; None for imported predictions and those that were started again."""
    if row.started_at is None or row.finished_at is None or row.attempt > 1:
        return None
    return (row.finished_at - row.started_at).total_seconds()
