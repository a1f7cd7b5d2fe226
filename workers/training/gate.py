"""The gate: whether a trained potential may be used for its material. Pure functions of the evidence.

Errors of forces say little about phonons: those of benzene fell by 40 % while its phonons became no better. So a
potential passes if its phonons are no worse, its crystal stays where it is, and its errors on held-out labels fell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from scattering.core.notices import Notice
from scattering.simulate.phonons import MAX_IMAGINARY_MEV
from workers.training.errors import Errors
from workers.training.phonons import CheckedPhonons
from workers.training.stability import Stability

MAX_DRIFT_ANGSTROM: Final = 0.05
"""Largest shift of an atom by relaxation: a tenth of a thermal displacement at room temperature of light atoms. Where
the file is not at the minimum of the reference, the shift must be no larger than before the training."""
MIN_COMPARED_MEV: Final = 2.0
"""Energies of the reference below which a relative error says nothing, such as those of acoustic modes at Γ."""
MAX_FORCE_RATIO: Final = 1.0
"""Held-out force error after, over that before, that must not be reached."""
MAX_FORCE_RATIO_ALONE: Final = 0.5
"""The same where no phonons of a reference are known: forces alone say little, so they must tell of a real fit."""

Points = Mapping[str, Sequence[float]]


@dataclass(frozen=True, eq=False)
class Side:
    """The evidence of a potential, before or after its training."""

    errors: Errors
    phonons: CheckedPhonons


@dataclass(frozen=True)
class Verdict:
    """Whether a potential passes.

    Attributes
    ----------
    refusals
        Why it does not, and what to try; empty if it passes.
    remarks
        What could not be checked.
    """

    refusals: tuple[Notice, ...]
    remarks: tuple[Notice, ...]

    @property
    def accepted(self) -> bool:
        """Whether it passes."""
        return not self.refusals


def judge(before: Side, after: Side, stability: Stability, reference: Points | None) -> Verdict:
    """Compare a potential before and after its training.

    Parameters
    ----------
    stability
        Of the trained potential.
    reference
        Phonons of the reference at special points, meV; None if they are not known.
    """
    errors = None if reference is None else errors_of_points(reference, before.phonons.points, after.phonons.points)
    max_ratio = MAX_FORCE_RATIO_ALONE if errors is None else MAX_FORCE_RATIO
    refusals = [*_held_out(before, after, max_ratio), *_imaginary(before, after), *_drift(before, after)]
    remarks = []
    if errors is None:
        remarks.append(Notice("phonons_not_compared"))
    elif errors[1] >= errors[0]:
        refusals.append(Notice("trained_phonons_worse", {"before": errors[0], "after": errors[1]}))
    if not stability.is_whole:
        refusals.append(
            Notice("trained_dynamics_broke", {"stable_ps": stability.stable_ps, "wanted_ps": stability.wanted_ps})
        )
    return Verdict(tuple(refusals), tuple(remarks))


def errors_of_points(reference: Points, *others: Points) -> list[float] | None:
    """Return the mean relative errors of energies at the special points that all have; None if there are none."""
    common = [
        name
        for name, energies in reference.items()
        if all(len(other.get(name, ())) == len(energies) for other in others)
    ]
    wanted = np.concatenate([np.sort(reference[name]) for name in common]) if common else np.zeros(0)
    compared = wanted > MIN_COMPARED_MEV
    if not compared.any():
        return None
    found = [np.concatenate([np.sort(other[name]) for name in common]) for other in others]
    return [float(np.mean(np.abs(one - wanted)[compared] / wanted[compared])) for one in found]


def _held_out(before: Side, after: Side, max_ratio: float) -> list[Notice]:
    was, now = before.errors.force_ev_per_angstrom, after.errors.force_ev_per_angstrom
    if now < max_ratio * was:
        return []
    return [Notice("trained_errors_not_lower", {"before": was, "after": now, "maximum": max_ratio * was})]


def _imaginary(before: Side, after: Side) -> list[Notice]:
    """Return new imaginary modes, at the positions of the file first: a structure that has moved may hide them."""
    for geometry, was, now in (
        ("file", before.phonons.lowest_unmoved_mev, after.phonons.lowest_unmoved_mev),
        ("relaxed", before.phonons.lowest_mev, after.phonons.lowest_mev),
    ):
        if now < MAX_IMAGINARY_MEV and now < was:
            return [Notice("trained_imaginary_modes", {"geometry": geometry, "before_mev": was, "after_mev": now})]
    return []


def _drift(before: Side, after: Side) -> list[Notice]:
    was, now = before.phonons.drift_angstrom, after.phonons.drift_angstrom
    if now < MAX_DRIFT_ANGSTROM or now <= was:
        return []
    return [Notice("trained_geometry_moved", {"shift_angstrom": now, "maximum_angstrom": MAX_DRIFT_ANGSTROM})]
