"""What is known of the accuracy of pretrained potentials, by class of crystals: `evidence.toml`, and calibrations."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

import numpy as np

from backend.potentials import catalogue
from backend.potentials.catalogue import DEFAULT
from scattering.trust.calibration import MEASURED, rows_of
from scattering.trust.chemistry import CLASSES, MaterialClass

FILE = Path(__file__).parent / "evidence.toml"
CALIBRATION: Final = (
    "calibration with harmonic forecasts of Beamcast: measured values of scattering/trust/data/measured_phonons.toml"
)
"""Source of what follows from a table of calibration."""

Standing = Literal["better", "worse"]


@dataclass(frozen=True)
class Evidence:
    """The error of phonons in a class of crystals.

    Attributes
    ----------
    potential
        Name of the potential.
    material_class, crystals
        Class, and names of the compared crystals.
    mean_error
        Mean of |computed / reference - 1|; None: a crystal is unstable in the potential.
    source
        What was compared with what.
    """

    potential: str
    material_class: MaterialClass
    crystals: tuple[str, ...]
    source: str
    mean_error: float | None = None


@cache
def all_evidence() -> tuple[Evidence, ...]:
    """Return the entries of the file, and those of the same crystals that tables of calibration have."""
    entries = tomllib.loads(FILE.read_text())["evidence"]
    stated = [Evidence(**{**entry, "crystals": tuple(entry["crystals"])}) for entry in entries]
    compared = dict.fromkeys((one.material_class, one.crystals) for one in stated)
    known = {(one.potential, one.material_class, one.crystals) for one in stated}
    derived = [
        found
        for entry in catalogue.pretrained().values()
        for material_class, crystals in compared
        if (entry.name, material_class, crystals) not in known
        and (found := _calibrated(entry.name, material_class, crystals)) is not None
    ]
    return (*stated, *derived)


def _calibrated(potential: str, material_class: MaterialClass, crystals: tuple[str, ...]) -> Evidence | None:
    """Return the error against measured phonons in the table of a potential; None if it lacks a crystal."""
    rows = {
        row.crystal: row
        for row in rows_of(potential)
        if row.reference == MEASURED and row.material_class == material_class
    }
    if not rows.keys() >= set(crystals):
        return None
    used = [rows[crystal] for crystal in crystals]
    if any(row.is_unstable or row.n_collapsed for row in used):
        return Evidence(potential, material_class, crystals, CALIBRATION)
    ratios = np.concatenate([row.log_ratios for row in used])
    return Evidence(potential, material_class, crystals, CALIBRATION, round(float(np.abs(np.expm1(ratios)).mean()), 3))


def of_potential(name: str) -> list[Evidence]:
    """Return what is known of a pretrained potential, in the order of the classes."""
    known = [one for one in all_evidence() if one.potential == name]
    return sorted(known, key=lambda one: CLASSES.index(one.material_class))


def compare_with_default(one: Evidence) -> Standing | None:
    """Tell whether a potential is better or worse than the default one in the same crystals; None if it is not known.

    A potential in which a crystal is unstable is worse.
    """
    if one.potential == DEFAULT:
        return None
    for other in of_potential(DEFAULT):
        if (other.material_class, other.crystals) == (one.material_class, one.crystals) and other.mean_error:
            return "better" if one.mean_error is not None and one.mean_error < other.mean_error else "worse"
    return "worse" if one.mean_error is None else None
