"""All ways to occupy the units of a supercell as often as their occupancies say, one of those that symmetry repeats."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backend.structures.ordering.crystal import Crystal
from backend.structures.ordering.supercells import Supercell

MAX_CONFIGURATIONS: Final = 20_000
"""Most arrangements of all supercells that are tried one by one; of more, some are drawn at random."""
MAX_SAMPLED: Final = 3000
MAX_DRAWING_WORK: Final = 1_000_000
"""Most comparisons of numbers in drawing arrangements of all supercells, about 2 s."""
MAX_OPTIONS: Final = 4096
"""Most arrangements of units that exclude each other, of one place."""
MAX_DISTINCT: Final = 1500
MAX_COUNTED: Final = 200_000
"""Most partial sums that are counted."""
SEED: Final = 1

Class = tuple[int, tuple[tuple[int, int], ...]]
"""Kind of units that is present in a given number: a family of orbits that exclude each other, and a composition."""
Counts = tuple[int, ...]


class TooComplex(Exception):
    """There are too many ways to occupy the units."""


@dataclass(frozen=True)
class Arrangement:
    """A way to occupy the units of a supercell.

    Attributes
    ----------
    present
        Whether a unit is present, shape (n_units,).
    n_equivalent
        Number of arrangements of the supercell that symmetry makes of this one, itself among them.
    """

    present: NDArray[np.bool_]
    n_equivalent: int


@dataclass(frozen=True)
class Found:
    """The distinct arrangements of a supercell, and whether all possible ones were tried."""

    arrangements: Sequence[Arrangement]
    n_configurations: int
    complete: bool


def unit_classes(crystal: Crystal) -> list[Class]:
    """Return the class of every unit of the primitive cell."""
    family = crystal.orbits()
    for first, second, _ in crystal.clashes:
        old, new = max(family[first], family[second]), min(family[first], family[second])
        if old != new:
            family = [new if one == old else one for one in family]
    return [(family[index], unit.composition) for index, unit in enumerate(crystal.units)]


def wanted_counts(crystal: Crystal, size: int) -> tuple[dict[Class, int], float]:
    """Return how many units of every class are present in a supercell, and the largest error of an occupancy."""
    total: dict[Class, float] = {}
    number: dict[Class, int] = {}
    for one, unit in zip(unit_classes(crystal), crystal.units, strict=True):
        total[one] = total.get(one, 0.0) + unit.occupancy
        number[one] = number.get(one, 0) + 1
    counts = {one: int(size * value + 1e-6) for one, value in total.items()}
    for family in {family for family, _ in total}:
        # Where alternatives fill a place, their rounded numbers fill it too
        members = [one for one in total if one[0] == family]
        missing = round(size * sum(total[one] for one in members) - 1e-6) - sum(counts[one] for one in members)
        members.sort(key=lambda one: counts[one] - size * total[one])
        for one in members[:missing]:
            counts[one] += 1
    errors = [abs(counts[one] / size - total[one]) / number[one] for one in total]
    return counts, max(errors, default=0.0)


def find_arrangements(
    supercell: Supercell, wanted: Mapping[Class, int], *, n_supercells: int, keep_repeats: bool
) -> Found:
    """Return the arrangements of a supercell that symmetry distinguishes.

    Parameters
    ----------
    supercell
        The supercell.
    wanted
        Number of present units of every class.
    n_supercells
        Number of supercells that share the time.
    keep_repeats
        Whether to keep arrangements that a smaller supercell has, too.

    Raises
    ------
    TooComplex
        The units cannot be arranged one place after the other.
    """
    places = _places(supercell, wanted)
    target = tuple(wanted.values())
    count = _counter(places, target)
    n_all = count(0, target)
    if n_all == 0:
        return Found([], 0, True)
    complete = n_all <= MAX_CONFIGURATIONS // n_supercells
    if complete:
        masks = list(_all(places, target, count))
    else:
        work = n_supercells * len(target) * sum(map(len, places))
        masks = _sample(supercell, places, target, count, min(MAX_SAMPLED, MAX_DRAWING_WORK // work))
    present = np.array([[mask >> unit & 1 for unit in range(supercell.n_units)] for mask in masks], dtype=bool)
    distinct = _distinct(present, supercell, keep_repeats)
    return Found(distinct, n_all, complete and len(distinct) < MAX_DISTINCT)


def _places(supercell: Supercell, wanted: Mapping[Class, int]) -> list[list[tuple[int, Counts]]]:
    """Return the options of every place: units that exclude each other. An option is a bit mask with its counts."""
    clashes = supercell.clashes()
    classes = unit_classes(supercell.crystal)
    order = list(wanted)
    n_origins = len(supercell.origins)
    column = [order.index(classes[unit // n_origins]) for unit in range(supercell.n_units)]
    places, seen = [], set[int]()
    for start in range(supercell.n_units):
        if start in seen:
            continue
        members, waiting = [], [start]
        seen.add(start)
        while waiting:
            unit = waiting.pop()
            members.append(unit)
            fresh = sorted(clashes[unit] - seen)
            seen.update(fresh)
            waiting += fresh
        places.append(_options(sorted(members), clashes, column, len(order)))
    return sorted(places, key=len, reverse=True)


def _options(
    members: Sequence[int], clashes: Sequence[set[int]], column: Sequence[int], n_classes: int
) -> list[tuple[int, Counts]]:
    """Return all sets of units of one place of which none excludes another."""
    options: list[tuple[int, set[int], Counts]] = [(0, set(), (0,) * n_classes)]
    for unit in members:
        if unit in clashes[unit]:
            continue
        added = [
            (mask | 1 << unit, excluded | clashes[unit], _plus(counts, column[unit]))
            for mask, excluded, counts in options
            if unit not in excluded
        ]
        options += added
        if len(options) > MAX_OPTIONS:
            raise TooComplex
    return [(mask, counts) for mask, _, counts in options]


def _plus(counts: Counts, column: int) -> Counts:
    return (*counts[:column], counts[column] + 1, *counts[column + 1 :])


def _rest(left: Counts, counts: Counts) -> Counts | None:
    rest = tuple(a - b for a, b in zip(left, counts, strict=True))
    return rest if min(rest, default=0) >= 0 else None


class _Counter:
    """Numbers of ways to occupy the places from one on, for given numbers of units that are still wanted."""

    def __init__(self, places: Sequence[Sequence[tuple[int, Counts]]]) -> None:
        # Options of equal counts are equal here
        self._kinds = [_tally([counts for _, counts in options]) for options in places]
        n_classes = len(places[0][0][1]) if places else 0
        self._most = [(0,) * n_classes]
        for kinds in reversed(self._kinds):
            most = tuple(max(values) for values in zip(*kinds, strict=True))
            self._most.insert(0, tuple(a + b for a, b in zip(most, self._most[0], strict=True)))
        self._known: dict[tuple[int, Counts], int] = {}

    def __call__(self, place: int, left: Counts) -> int:
        if any(a > b for a, b in zip(left, self._most[place], strict=True)):
            return 0
        if place == len(self._kinds):
            return 1
        key = place, left
        if key not in self._known:
            if len(self._known) > MAX_COUNTED:
                raise TooComplex
            rests = ((_rest(left, counts), number) for counts, number in self._kinds[place].items())
            self._known[key] = sum(number * self(place + 1, rest) for rest, number in rests if rest is not None)
        return self._known[key]


def _tally(counts: Sequence[Counts]) -> dict[Counts, int]:
    found: dict[Counts, int] = {}
    for one in counts:
        found[one] = found.get(one, 0) + 1
    return found


def _counter(places: Sequence[Sequence[tuple[int, Counts]]], target: Counts) -> _Counter:
    if len(places) > 400:
        raise TooComplex
    return _Counter(places)


def _all(places: Sequence[Sequence[tuple[int, Counts]]], target: Counts, count: _Counter) -> Iterator[int]:
    """Yield all arrangements as bit masks."""

    def go_on(place: int, left: Counts, mask: int) -> Iterator[int]:
        if place == len(places):
            yield mask
            return
        for option, counts in places[place]:
            rest = _rest(left, counts)
            if rest is not None and count(place + 1, rest):
                yield from go_on(place + 1, rest, mask | option)

    yield from go_on(0, target, 0)


def _sample(
    supercell: Supercell,
    places: Sequence[Sequence[tuple[int, Counts]]],
    target: Counts,
    count: _Counter,
    n_sampled: int,
) -> list[int]:
    """Return arrangements drawn at random, and those that prefer the same orbits in all places."""
    chance = random.Random(SEED)
    masks = dict.fromkeys(_preferred(supercell, places, target, count))
    for _ in range(n_sampled):
        mask, left = 0, target
        for place, options in enumerate(places):
            rests = [_rest(left, counts) for _, counts in options]
            weights = [0 if rest is None else count(place + 1, rest) for rest in rests]
            at = _draw(chance, weights)
            mask |= options[at][0]
            left = rests[at] or left
        masks.setdefault(mask)
    return list(masks)


def _draw(chance: random.Random, weights: Sequence[int]) -> int:
    at = chance.randrange(sum(weights))
    for index, weight in enumerate(weights):
        at -= weight
        if at < 0:
            return index
    raise AssertionError


def _preferred(
    supercell: Supercell, places: Sequence[Sequence[tuple[int, Counts]]], target: Counts, count: _Counter
) -> Iterator[int]:
    orbits = supercell.crystal.orbits()
    n_origins = len(supercell.origins)
    units = dict.fromkeys(orbits, 0)
    for unit, orbit in enumerate(orbits):
        units[orbit] |= ((1 << n_origins) - 1) << (unit * n_origins)
    for preference in list(permutations(units, min(len(units), 3)))[:24]:
        mask, left = 0, target
        for place, options in enumerate(places):
            feasible = [
                (option, rest)
                for option, counts in options
                if (rest := _rest(left, counts)) is not None and count(place + 1, rest)
            ]
            option, left = max(feasible, key=lambda one: [(one[0] & units[orbit]).bit_count() for orbit in preference])
            mask |= option
        yield mask


def _distinct(present: NDArray[np.bool_], supercell: Supercell, keep_repeats: bool) -> list[Arrangement]:
    """Return the first of those arrangements that symmetry maps on each other."""
    permuted = supercell.permutations()
    n_translations = len(supercell.origins)
    weights = np.random.default_rng(SEED).integers(0, 2**63, supercell.n_units, dtype=np.uint64)
    images = weights[permuted]
    # Sums of random weights, modulo 2⁶⁴, name the arrangements
    names = present.astype(np.uint64) @ weights
    seen: set[int] = set()
    found = []
    for row, name in zip(present, names.tolist(), strict=True):
        if name in seen:
            continue
        orbit = images[:, row].sum(axis=1, dtype=np.uint64)
        seen.update(orbit.tolist())
        if not keep_repeats and (orbit[1:n_translations] == orbit[0]).any():
            continue
        found.append(Arrangement(row, len(np.unique(orbit))))
        if len(found) == MAX_DISTINCT:
            break
    return found
