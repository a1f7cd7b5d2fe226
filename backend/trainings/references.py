"""What can supply labels: a record for each reference that is no potential. A new way to labels is a record here.

Its code is a module of `workers.training`, named in `workers.training.ways`. Potentials of other projects are
references too (`backend.trainings.offers`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Reference:
    """A way to labels.

    Attributes
    ----------
    id
        Name in requests.
    kind
        Kind of the reference in requests.
    exists
        Whether this version can use it; others are listed with the reason why they are not available.
    elements
        Symbols that it can label; None: all.
    cost_s_per_atom
        CPU time of a label over its number of atoms; None: unknown, 0: the user brings the labels.
    min_height_angstrom
        Smallest height of the cells that are labelled.
    """

    id: str
    kind: str
    title: str
    exists: bool = True
    licence: str = ""
    elements: tuple[str, ...] | None = None
    cost_s_per_atom: float | None = None
    min_height_angstrom: float = 0.0


MIN_HEIGHT_OF_POTENTIALS_ANGSTROM: Final = 6.5
"""Smallest height of cells that a potential labels. The harmonic forces of a cell are exact for its own waves, so it
may be small."""
REFERENCES: Final[Mapping[str, Reference]] = {
    one.id: one
    for one in (
        Reference("file", "file", "Labels of a file", cost_s_per_atom=0.0),
        # Beyond the range of most force constants. The base labels the structures: 64 atoms of silicon take 5 ms
        Reference("phonons", "phonons", "Force constants of a forecast", cost_s_per_atom=1e-4, min_height_angstrom=9.0),
        Reference("dft-gpaw", "engine", "DFT by GPAW", exists=False, licence="GPL-3.0-or-later"),
    )
}
