"""Sentences about trainings: why a potential was not accepted and what to try, and what could not be checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend.wording import Words
from backend.wording.formatting import listed, percent
from backend.wording.trust import CLASSES

GEOMETRIES: Final = {"file": "at the positions of the file", "relaxed": "at the relaxed positions"}


def _imaginary(*, geometry: str, before_mev: float, after_mev: float) -> str:
    was = "" if before_mev > -0.5 else f" ({before_mev:.1f} meV before)"
    return (
        f"The trained potential has a new imaginary mode of {after_mev:.1f} meV {GEOMETRIES[geometry]}{was}. Add "
        "labels with small displacements along soft modes, such as displaced supercells, and train again."
    )


def _errors_not_lower(*, before: float, after: float, maximum: float | None = None) -> str:
    # Older trainings have no maximum
    bound = "" if maximum is None else f"; below {maximum:.3g} is accepted"
    return (
        f"The force error on held-out labels fell too little ({before:.3g} eV/Å before, {after:.3g} after{bound}). "
        "Train with more steps (effort “thorough”), or with more labels."
    )


def _evidence(
    *,
    title: str,
    default: str,
    material_class: str,
    crystals: Sequence[str],
    mean_error: float | None,
    than_default: str | None,
) -> str:
    beside = "" if than_default is None else f", {than_default} than {default}"
    error = "unstable" if mean_error is None else f"{percent(mean_error)} off on average"
    return f"{CLASSES[material_class].capitalize()}: the phonons of {listed(crystals)} are {error} in {title}{beside}."


WORDS: Final[Mapping[str, Words]] = {
    "phonons_not_compared": "The phonons could not be compared with the reference, because its force constants are "
    "not known: only their stability was checked. A harmonic forecast from uploaded phonons of the same level of "
    "theory can be named as phonons of the reference.",
    "reference_evidence": _evidence,
    "trained_dynamics_broke": "Molecular dynamics with the trained potential stayed intact for {stable_ps:.3g} ps of "
    "{wanted_ps:.3g} ps. Add labels at thermal displacements of this temperature, and train again.",
    "trained_errors_not_lower": _errors_not_lower,
    "trained_geometry_moved": "An atom moves by {shift_angstrom:.2g} Å when the structure is relaxed with the trained "
    "potential; at most {maximum_angstrom:.2g} Å are accepted. Relax the structure with the reference first, and add "
    "labels near its minimum.",
    "trained_imaginary_modes": _imaginary,
    "trained_phonons_worse": "The phonons of the trained potential are no closer to the reference: {before:.1%} mean "
    "error before, {after:.1%} after. Add displaced supercells to the labels, and train again.",
}
