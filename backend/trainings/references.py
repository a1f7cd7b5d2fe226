"""What can supply labels: a record for each kind of reference. A new way to labels is a record here.

Its code is a module of `workers.training` that writes the labels of a training (`files.LABELS`) before they are fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session

from backend.health import heartbeats
from backend.kit.db.database import clock
from backend.trainings.trainers import TRAINERS
from scattering.core.notices import Notice


@dataclass(frozen=True)
class Reference:
    """A way to labels.

    Attributes
    ----------
    id
        Name in requests.
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
    title: str
    exists: bool
    licence: str = ""
    elements: tuple[str, ...] | None = None
    cost_s_per_atom: float | None = None
    min_height_angstrom: float = 0.0


REFERENCES: Final[Mapping[str, Reference]] = {
    one.id: one
    for one in (
        Reference("file", "Labels of a file", exists=True, cost_s_per_atom=0.0),
        # Beyond the range of most force constants. The base labels the structures: 64 atoms of silicon take 5 ms
        Reference(
            "phonons",
            "Force constants of a forecast",
            exists=True,
            cost_s_per_atom=1e-4,
            min_height_angstrom=9.0,
        ),
        Reference("gfn1-xtb", "GFN1-xTB", exists=False, licence="LGPL-3.0-or-later"),
        Reference("gfn2-xtb", "GFN2-xTB", exists=False, licence="LGPL-3.0-or-later"),
        Reference("dft-gpaw", "DFT by GPAW", exists=False, licence="GPL-3.0-or-later"),
    )
}


def why_not(session: Session, reference: Reference) -> Notice | None:
    """Return why a reference cannot be used on this server now; None if it can."""
    if not reference.exists:
        return Notice("reference_not_supported", {"title": reference.title})
    living = heartbeats.living_workers(session, clock(session))
    if not any(name in worker.engines for worker in living for name in TRAINERS):
        return Notice("no_trainer", {"trainers": sorted(TRAINERS)})
    return None
