"""Sentences about label sets that are accepted with doubts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backend.wording import Words

WORDS: Final[Mapping[str, Words]] = {
    "labels_few": "There are only {n_structures} labelled structures. A training needs at least {minimum}, better "
    "15 or more.",
    "labels_net_force": "Frame {frame} has a mean force of {force_ev_per_angstrom:.2g} eV/Å on its atoms, which "
    "should be zero: its calculation is not converged.",
    "labels_not_compared": "Units, signs and levels of theory are not checked yet: this server does not have the "
    "potential NEP89 for these elements. The training checks them first.",
    "labels_stress_partly": "Only {n_with} of {n_structures} frames have a stress. Stresses are not trained.",
}
