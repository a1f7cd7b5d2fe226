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
    elements
        Symbols that it can label; None: all.
    cost_s_per_atom
        CPU time of a label over its number of atoms; None: unknown, 0: the user brings the labels.
    min_height_angstrom
        Smallest height of the cells that are labelled.
    max_atoms
        Largest number of atoms of such a cell; None: no limit.
    is_worker_program
        Whether a worker must announce its id, as it announces engines.
    level_of_theory
        Level of theory of its labels; empty if it follows from the request.
    """

    id: str
    kind: str
    title: str
    licence: str = ""
    elements: tuple[str, ...] | None = None
    cost_s_per_atom: float | None = None
    min_height_angstrom: float = 0.0
    max_atoms: int | None = None
    is_worker_program: bool = False
    level_of_theory: str = ""


MIN_HEIGHT_OF_POTENTIALS_ANGSTROM: Final = 6.5
"""Smallest height of cells that a potential labels. The harmonic forces of a cell are exact for its own waves, so it
may be small."""
GPAW: Final = "dft-gpaw"
REFERENCES: Final[Mapping[str, Reference]] = {
    one.id: one
    for one in (
        Reference("file", "file", "Labels of a file", cost_s_per_atom=0.0),
        # Beyond the range of most force constants. The base labels the structures: 64 atoms of silicon take 5 ms
        Reference("phonons", "phonons", "Force constants of a forecast", cost_s_per_atom=1e-4, min_height_angstrom=9.0),
        # Without spins: offers.py refuses elements with moments. A cell of 8 atoms of silicon takes 12 s on one core of
        # 2024 at 300 eV and 2 × 2 × 2 wave vectors; the time grows with the cube of the number of atoms
        Reference(
            GPAW,
            "engine",
            "DFT by GPAW (PBE)",
            licence="GPL-3.0-or-later",
            cost_s_per_atom=2.0,
            min_height_angstrom=5.0,
            max_atoms=32,
            is_worker_program=True,
            level_of_theory="PBE",
        ),
    )
}
