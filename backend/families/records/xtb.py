"""Extended tight binding (GFN1-xTB, GFN2-xTB), as tblite computes it: parameters for elements, without a file."""

from __future__ import annotations

from collections.abc import Sequence

from backend.families.record import Family
from scattering.core.notices import Notice

LANTHANIDES = range(57, 72)
"""Their 4f electrons are in the core: each has three valence electrons."""


def _refuse(numbers: Sequence[int]) -> Notice | None:
    # Cores have even numbers of electrons, except those of lanthanides
    n_electrons = sum(3 if number in LANTHANIDES else number for number in numbers)
    return Notice("odd_number_of_electrons", {"title": FAMILY.title}) if n_electrons % 2 else None


FAMILY = Family(
    name="xtb",
    title="Extended tight binding (xTB)",
    engines=(
        {
            "name": "tblite",
            "title": "tblite",
            "role": "calculator",
            "queue": "cpu",
            "methods": ("harmonic", "md"),
            "constant_pressure": True,
            "package": "tblite",
            "extra": "xtb",
            "module": "workers.engines.ase_calculators.xtb",
            "licence": "LGPL-3.0-or-later",
            "citation": "tblite, https://github.com/tblite/tblite",
        },
    ),
    refuse=_refuse,
)
