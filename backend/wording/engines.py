"""Sentences about engines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backend.wording import Words

WORDS: Final[Mapping[str, Words]] = {
    "engine_lacks_dispersion": "{engine} has no dispersion correction for {functional}: leave the correction out, or "
    "choose another engine.",
    "engine_lacks_constant_pressure": "{engine} cannot run at constant pressure: keep the cell fixed, or choose "
    "another engine.",
}
