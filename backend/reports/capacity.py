"""Capacity of the pages of a report for its long parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Capacity:
    """Largest number of features, pairs, … in a report; for `notes` and `line`, of characters."""

    features: int
    pairs: int
    settings: int
    notes: int
    sentences: int
    references: int
    line: int = 300


UNLIMITED: Final = Capacity(features=24, pairs=24, settings=40, notes=20_000, sentences=24, references=40)
"""Capacity of HTML, which has no pages."""
PAPER: Final = (
    Capacity(features=8, pairs=6, settings=6, notes=900, sentences=3, references=16),
    Capacity(features=8, pairs=4, settings=4, notes=900, sentences=3, references=14),
    Capacity(features=6, pairs=3, settings=3, notes=600, sentences=3, references=12),
    Capacity(features=6, pairs=3, settings=3, notes=300, sentences=1, references=10),
    Capacity(features=4, pairs=2, settings=3, notes=0, sentences=0, references=6, line=100),
)
"""Capacities of two pages of paper, in descending order; the report uses the first with which it fits."""
