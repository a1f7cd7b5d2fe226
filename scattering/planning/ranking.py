"""Rank settings by their merit, and find the Pareto front of resolution and hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scattering.planning.evaluation import Evaluation
from scattering.planning.tally import tally

BASES = {"absolute": 0, "calibrated": 0, "relative": 1}


@dataclass(frozen=True, eq=False)
class Ranking:
    """All settings that measure a feature.

    Attributes
    ----------
    ranked
        The best first.
    pareto_front
        Indices into `ranked`: the Pareto front of resolution and hours, among the settings of the same basis that
        measure most features.
    best
        Indices into `ranked`: the best of the three best instruments.
    """

    ranked: tuple[Evaluation, ...]
    pareto_front: frozenset[int]
    best: tuple[int, ...]


def rank(evaluated: Sequence[Evaluation], *, beam_time_h: float | None = None) -> Ranking:
    """Rank settings by measured features, by resolved pairs, by whether they fit the beam time, and by merit.

    The merit is hours × FWHM². A chopper loses neutrons as the square of the width that it leaves, so along one
    instrument's Pareto front it hardly varies, and it shows which instrument makes the most of its source. Settings
    whose hours are relative come last, ordered by resolution.
    """

    def order(one: Evaluation) -> tuple[float, ...]:
        known, counted = BASES[one.basis], tally(one)
        worst = one.resolution_percent or float("inf")
        beyond = not known and beam_time_h is not None and one.hours > beam_time_h
        return (
            -counted.n_measured,
            -counted.n_resolved,
            beyond,
            known,
            worst if known else one.hours * worst**2,
            one.hours,
        )

    ranked = tuple(sorted((one for one in evaluated if one.measured), key=order))
    return Ranking(ranked, _pareto_front(ranked), _best(ranked))


def _pareto_front(ranked: Sequence[Evaluation]) -> frozenset[int]:
    """Pareto front of those that measure most features; by instrument where hours are relative."""
    if not ranked:
        return frozenset()
    groups: dict[str, list[int]] = {}
    for index, one in enumerate(ranked):
        groups.setdefault("" if not BASES[one.basis] else one.instrument.name, []).append(index)
    front: set[int] = set()
    for indices in groups.values():
        most, sharpest = max(tally(ranked[index]).n_measured for index in indices), float("inf")
        full = [index for index in indices if tally(ranked[index]).n_measured == most]
        for index in sorted(full, key=lambda at: (ranked[at].hours, ranked[at].resolution_percent or 0.0)):
            width = ranked[index].resolution_percent or float("inf")
            if width < sharpest:
                sharpest = width
                front.add(index)
    return frozenset(front)


def _best(ranked: Sequence[Evaluation]) -> tuple[int, ...]:
    """The first of each of the three best instruments: three choppers of one are one answer."""
    first: dict[str, int] = {}
    for index, one in enumerate(ranked):
        first.setdefault(one.instrument.name, index)
    return tuple(first.values())[:3]
