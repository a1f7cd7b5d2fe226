"""Sentences about engines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backend.wording import Words

WORDS: Final[Mapping[str, Words]] = {
    "engine_lacks_dispersion": "{engine} adds no dispersion of {functional}: leave it out, or choose another engine.",
    "engine_lacks_constant_pressure": "{engine} cannot let the cell find its size: keep the cell, or choose another "
    "engine.",
}
