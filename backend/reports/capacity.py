"""How much of a report's long parts fits on its pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Capacity:
    """How many features, pairs, … are shown; of notes, a line and trust, how many characters."""

    features: int
    pairs: int
    settings: int
    notes: int
    sentences: int
    references: int
    line: int = 300
    trust: int = 20_000


UNLIMITED: Final = Capacity(features=24, pairs=24, settings=40, notes=20_000, sentences=24, references=40)
"""Of HTML, where pages do not end."""
PAPER: Final = (
    Capacity(features=8, pairs=6, settings=6, notes=900, sentences=3, references=16),
    Capacity(features=8, pairs=4, settings=4, notes=900, sentences=3, references=14),
    Capacity(features=6, pairs=3, settings=3, notes=600, sentences=3, references=12),
    Capacity(features=6, pairs=3, settings=3, notes=300, sentences=1, references=10),
    Capacity(features=4, pairs=2, settings=3, notes=0, sentences=0, references=6, line=100, trust=300),
)
"""On paper: the first with which the report takes two pages is chosen."""
