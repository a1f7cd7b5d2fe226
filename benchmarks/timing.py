"""Time two things in turn, so that a machine whose speed drifts is fair to both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Paired:
    """Seconds of each, and their ratio pair by pair: medians, with the smallest and largest ratio."""

    ours: float
    theirs: float
    ratio: float
    ratio_range: tuple[float, float]


def paired(ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int) -> Paired:
    """Run A B A B …, after one of each that does not count."""

    def seconds(function: Callable[[], object]) -> float:
        began = time.perf_counter()
        function()
        return time.perf_counter() - began

    ours(), theirs()
    times = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    ratios = [theirs_s / ours_s for ours_s, theirs_s in times]
    return Paired(
        statistics.median(ours_s for ours_s, _ in times),
        statistics.median(theirs_s for _, theirs_s in times),
        statistics.median(ratios),
        (min(ratios), max(ratios)),
    )
