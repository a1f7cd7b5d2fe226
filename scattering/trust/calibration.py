"""How far the phonon energies of a potential are off, by class of crystal, from a table of calibration.

The table of a potential (`data/calibration/POTENTIAL.csv`, made by `python -m benchmarks.calibration`) has a row for
each crystal and reference: ln(computed/reference) of every mode at Γ and at the zone boundary.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

from scattering.trust.chemistry import MaterialClass
from scattering.trust.measured_phonons import MIN_RATIO

FOLDER: Final = "data/calibration"
FIELDS: Final = (
    "crystal", "formula", "class", "reference", "weight", "held_out", "imaginary_fraction", "n_collapsed", "log_ratios",
)  # fmt: skip
MEASURED: Final = "measured"
"""Reference of a row that was measured; others are functionals."""
MIN_ENERGY_MEV: Final = 0.5
"""Reference energies below are of acoustic modes at Γ, or imaginary, and are not compared."""
COLLAPSED_LOG_RATIO: Final = -math.log(MIN_RATIO)
"""Deviation that a collapsed mode counts with: the largest of others."""
MAX_IMAGINARY_FRACTION: Final = 0.01
"""Fraction of imaginary modes from which on a crystal counts as unstable in a potential: more than acoustic modes near
Γ. A judgement."""
PRIOR_CRYSTALS: Final = 2.0
"""Number of crystals that the value of all classes counts for in the value of one class."""
FUNCTIONAL_RELATIVE_ERRORS: Final = {"PBEsol": 0.04, "PBE": 0.08}
"""Error of phonons that were calculated with a functional: root mean square of ln(calculated/measured) of the crystals
that have both (`reference_phonons.functional_error`): ten with PBEsol, and one, gallium arsenide, with PBE."""
MIN_CRYSTALS: Final = 10
"""Fewer crystals, stable ones or unstable ones, are no calibration of such crystals: in the tables of GFN1-xTB and
GFN2-xTB, which have fewer of each, leave-one-out finds only 85 and 87 % of the energies within the second band."""
MIN_CLASSES: Final = 3
"""Classes that a calibration has if it says something of classes without crystals: potentials that were calibrated with
molecular crystals alone say nothing of metals. A judgement."""
MIN_SPREAD: Final = 0.02
"""No potential is better than measurements: neutron energies of phonons are good to 1-2 %."""
MIN_FREEDOM: Final = 3.0
"""Smallest number of degrees of freedom: a class without crystals has the quantiles of all, moderately widened."""
ONE_SIGMA: Final = 2 * float(norm.cdf(1)) - 1
TWO_SIGMA: Final = 2 * float(norm.cdf(2)) - 1


@dataclass(frozen=True)
class Row:
    """A crystal in a potential.

    Attributes
    ----------
    crystal
        Name.
    formula
        Reduced formula: rows of one formula are left out together.
    material_class
        What holds it together.
    reference
        "measured", or the functional of a calculation.
    weight
        1, or less where numbers are unverified.
    held_out
        Whether it is kept out of the calibration, to check it.
    imaginary_fraction
        Of the computed modes.
    n_collapsed
        Number of modes that are imaginary, or close to zero, and are not so in the reference.
    log_ratios
        ln(computed/reference) of all other modes.
    """

    crystal: str
    formula: str
    material_class: MaterialClass
    reference: str
    weight: float
    held_out: bool
    imaginary_fraction: float
    n_collapsed: int
    log_ratios: tuple[float, ...]

    @property
    def is_unstable(self) -> bool:
        """Whether many modes are imaginary in the potential."""
        return self.imaginary_fraction >= MAX_IMAGINARY_FRACTION

    @property
    def deviations(self) -> tuple[float, ...]:
        """|ln(computed/reference)| of every mode, collapsed ones with `COLLAPSED_LOG_RATIO`.

        Of an unstable crystal those of its real modes: the imaginary ones are stated as such.
        """
        collapsed = 0 if self.is_unstable else self.n_collapsed
        return (*map(abs, self.log_ratios), *[COLLAPSED_LOG_RATIO] * collapsed)

    @property
    def median(self) -> float:
        """Median of ln(computed/reference); −∞ if all modes have collapsed."""
        return float(np.median(self.log_ratios)) if self.log_ratios else -math.inf

    @property
    def rms(self) -> float:
        """Root mean square of the deviations; ∞ if no mode is real."""
        return math.sqrt(float(np.mean(np.square(self.deviations)))) if self.deviations else math.inf

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> Row:
        """Make a row of the texts in a table."""
        return cls(
            crystal=fields["crystal"],
            formula=fields["formula"],
            material_class=cast(MaterialClass, fields["class"]),
            reference=fields["reference"],
            weight=float(fields["weight"]),
            held_out=fields["held_out"] == "True",
            imaginary_fraction=float(fields["imaginary_fraction"]),
            n_collapsed=int(fields["n_collapsed"]),
            log_ratios=tuple(map(float, fields["log_ratios"].split())),
        )

    def to_fields(self) -> dict[str, object]:
        """Return the texts of a table."""
        return {
            "crystal": self.crystal,
            "formula": self.formula,
            "class": self.material_class,
            "reference": self.reference,
            "weight": f"{self.weight:.3g}",
            "held_out": self.held_out,
            "imaginary_fraction": f"{self.imaginary_fraction:.4f}",
            "n_collapsed": self.n_collapsed,
            "log_ratios": " ".join(f"{one:.3f}" for one in self.log_ratios),
        }


def log_ratios(pairs: Iterable[tuple[float, float]]) -> tuple[list[float], int]:
    """Return ln(computed/reference) of pairs (reference, computed) in meV, and the number of those that collapsed."""
    ratios = [computed / reference for reference, computed in pairs if reference > MIN_ENERGY_MEV]
    return [math.log(one) for one in ratios if one > MIN_RATIO], sum(one <= MIN_RATIO for one in ratios)


@dataclass(frozen=True)
class Spread:
    """How far the energies of a potential are off in crystals of a class.

    Attributes
    ----------
    material_class
        The class.
    is_unstable
        Whether many modes are imaginary: then the crystals of all classes with imaginary modes count.
    relative
        One standard deviation of an energy, relative: 68 % of the energies are no further off.
    relative_95
        Relative deviation within which 95 % of the energies are.
    scatter
        One standard deviation of an energy about the median of its crystal, relative.
    n_crystals
        Number of crystals of the class that this follows from.
    """

    material_class: MaterialClass
    is_unstable: bool
    relative: float
    relative_95: float
    scatter: float
    n_crystals: int


@dataclass(frozen=True)
class Coverage:
    """Fractions of energies within one standard deviation and within the band of 95 %, each crystal with its weight."""

    one_sigma: float
    two_sigma: float
    n_crystals: int


@cache
def rows_of(potential: str) -> tuple[Row, ...]:
    """Return the table of a potential; empty if it was never calibrated."""
    place = resources.files("scattering.trust").joinpath(FOLDER).joinpath(f"{potential}.csv")
    if not re.fullmatch(r"\w[\w .+-]*", potential) or not place.is_file():
        return ()
    return tuple(Row.from_fields(fields) for fields in csv.DictReader(place.read_text(encoding="utf-8").splitlines()))


@cache
def spread_of(potential: str, material_class: MaterialClass, *, is_unstable: bool) -> Spread | None:
    """Return how far a potential is off in crystals of a class; None if it was never calibrated for them."""
    rows = [row for row in rows_of(potential) if not row.held_out]
    if not is_enough(rows, material_class, is_unstable=is_unstable):
        return None
    return find_spread(rows, material_class, is_unstable=is_unstable)


def is_enough(rows: Sequence[Row], material_class: MaterialClass, *, is_unstable: bool) -> bool:
    """Return whether a table says something of a class.

    The rule (docs/method/trust.md): it has `MIN_CRYSTALS` stable crystals, and some of the class, or of `MIN_CLASSES`
    others; for an unstable crystal the same of unstable ones.
    """
    alike = _alike(rows, is_unstable)
    classes = {row.material_class for row in alike}
    has_crystals = len({row.formula for row in alike}) >= MIN_CRYSTALS
    return has_crystals and (material_class in classes or len(classes) >= MIN_CLASSES)


def find_spread(rows: Sequence[Row], material_class: MaterialClass, *, is_unstable: bool) -> Spread:
    """Return the spread of a class.

    The rule (docs/method/trust.md): the deviations of all modes of a class, every crystal with the same weight, have
    quantiles. Those of a class are averaged in logarithm with those of all classes, which count for `PRIOR_CRYSTALS`
    crystals, and widened by Student's distribution for as many crystals, at least `MIN_FREEDOM` + 1.
    """
    alike = _alike(rows, is_unstable) or list(rows)
    own = alike if is_unstable else [row for row in alike if row.material_class == material_class]
    n = sum(_weights(own))
    freedom = max(MIN_FREEDOM, n + PRIOR_CRYSTALS - 1)
    widths = []
    for level, in_sigmas, deviations in (
        (ONE_SIGMA, 1.0, _deviations),
        (TWO_SIGMA, 2.0, _deviations),
        (ONE_SIGMA, 1.0, _scatters),
    ):
        every = _quantile(alike, level, deviations)
        mine = _quantile(own, level, deviations) if own else every
        mixed = math.exp((n * math.log(mine) + PRIOR_CRYSTALS * math.log(every)) / (n + PRIOR_CRYSTALS))
        widths.append(mixed * float(t.ppf((1 + level) / 2, freedom)) / in_sigmas)
    return Spread(material_class, is_unstable, widths[0], widths[1], widths[2], len({row.formula for row in own}))


def leave_one_out(rows: Sequence[Row], judged: Sequence[Row] | None = None) -> Coverage:
    """Return how many energies of each crystal are within the spread that all other crystals give.

    Parameters
    ----------
    rows
        A table, without the crystals that are held out.
    judged
        Rows of the table that are judged; None: all.
    """
    kept = [row for row in (rows if judged is None else judged) if row.deviations]
    return _coverage(kept, lambda row: [other for other in rows if other.formula != row.formula])


def check_held_out(rows: Sequence[Row]) -> Coverage:
    """Return how many energies of the crystals that are held out are within the spread that all others give."""
    known = [row for row in rows if not row.held_out]
    return _coverage([row for row in rows if row.held_out and row.deviations], lambda _: known)


def metals_only(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that are metals."""
    return [row for row in rows if row.material_class == "metal"]


def without_metals(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that are no metals."""
    return [row for row in rows if row.material_class != "metal"]


def covered(row: Row, spread: Spread) -> tuple[float, float]:
    """Return the fractions of a crystal's energies within one standard deviation, and within the band of 95 %."""
    deviations = _deviations(row)
    return float(np.mean(deviations <= spread.relative)), float(np.mean(deviations <= spread.relative_95))


def _coverage(rows: Sequence[Row], others: Callable[[Row], Sequence[Row]]) -> Coverage:
    found = [covered(row, find_spread(others(row), row.material_class, is_unstable=row.is_unstable)) for row in rows]
    one, two = np.average(found, axis=0, weights=_weights(rows))
    return Coverage(float(one), float(two), len({row.formula for row in rows}))


def _alike(rows: Sequence[Row], is_unstable: bool) -> list[Row]:
    """Return the rows of stable or unstable crystals, without those that have no mode to compare."""
    return [row for row in rows if row.is_unstable == is_unstable and row.deviations]


def _weights(rows: Sequence[Row]) -> list[float]:
    """Return the weight of each row: the rows of one formula together count for one crystal at most."""
    totals: dict[str, float] = {}
    for row in rows:
        totals[row.formula] = totals.get(row.formula, 0.0) + row.weight
    return [row.weight / max(1.0, totals[row.formula]) for row in rows]


def _deviations(row: Row) -> NDArray[np.float64]:
    """Return the deviations from measurement: those from a calculation with the error of its functional in squares."""
    error = 0.0 if row.reference == MEASURED else FUNCTIONAL_RELATIVE_ERRORS[row.reference]
    return np.hypot(row.deviations, error)


def _scatters(row: Row) -> NDArray[np.float64]:
    """Return the deviations from the median of the crystal."""
    return np.abs(np.array(row.log_ratios) - row.median) if row.log_ratios else np.zeros(0)


def _quantile(rows: Sequence[Row], level: float, deviations: Callable[[Row], NDArray[np.float64]]) -> float:
    """Return a quantile of the deviations of all modes, every crystal with its weight."""
    values = [deviations(row) for row in rows]
    shares = [np.full(len(own), weight / max(1, len(own))) for own, weight in zip(values, _weights(rows), strict=True)]
    every, share = np.concatenate(values), np.concatenate(shares)
    order = np.argsort(every, kind="stable")
    cumulated = np.cumsum(share[order])
    at = min(int(np.searchsorted(cumulated, level * cumulated[-1])), len(order) - 1)
    return max(MIN_SPREAD, float(every[order[at]]))
