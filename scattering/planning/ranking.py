"""Settings in order of what they do for the features, and those than which nothing is better in both ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scattering.planning.evaluation import Evaluated

BASES = {"absolute": 0, "calibrated": 0, "relative": 1}


@dataclass(frozen=True, eq=False)
class Ranking:
    """All settings that reach something.

    Attributes
    ----------
    ranked
        The best first.
    front
        Indices into `ranked`: settings than which no other of the same basis measures as much, resolves better and
        is quicker.
    best
        Indices into `ranked`: the best of the three best instruments.
    """

    ranked: tuple[Evaluated, ...]
    front: frozenset[int]
    best: tuple[int, ...]


def rank(evaluated: Sequence[Evaluated], *, beam_time_h: float | None = None) -> Ranking:
    """Rank settings: by features that are counted at all, by pairs told apart, within the beam time, by merit.

    The merit is hours × FWHM². A chopper loses neutrons as the square of the width that it leaves, so along one
    instrument's frontier it hardly varies, and it tells which machine makes the most of its source. Hours that are
    relative come after those that are known, ordered by resolution.
    """

    def order(one: Evaluated) -> tuple[float, ...]:
        known = BASES[one.basis]
        worst = one.resolution_percent or float("inf")
        beyond = not known and beam_time_h is not None and one.hours > beam_time_h
        return (
            -len(one.measured),
            -one.n_resolved,
            beyond,
            known,
            worst if known else one.hours * worst**2,
            one.hours,
        )

    ranked = tuple(sorted((one for one in evaluated if one.measured), key=order))
    return Ranking(ranked, _front(ranked), _best(ranked))


def _front(ranked: Sequence[Evaluated]) -> frozenset[int]:
    """Of those that measure most: not beaten in both resolution and hours. Where hours are relative, by instrument."""
    if not ranked:
        return frozenset()
    groups: dict[str, list[int]] = {}
    for index, one in enumerate(ranked):
        groups.setdefault("" if not BASES[one.basis] else one.instrument.name, []).append(index)
    found: set[int] = set()
    for indices in groups.values():
        most, sharpest = max(len(ranked[index].measured) for index in indices), float("inf")
        full = [index for index in indices if len(ranked[index].measured) == most]
        for index in sorted(full, key=lambda at: (ranked[at].hours, ranked[at].resolution_percent or 0.0)):
            width = ranked[index].resolution_percent or float("inf")
            if width < sharpest:
                sharpest = width
                found.add(index)
    return frozenset(found)


def _best(ranked: Sequence[Evaluated]) -> tuple[int, ...]:
    """The first of each of the three best instruments: three choppers of one are one answer."""
    first: dict[str, int] = {}
    for index, one in enumerate(ranked):
        first.setdefault(one.instrument.name, index)
    return tuple(first.values())[:3]
