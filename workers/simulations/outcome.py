"""What a workflow hands back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.crystal.partials import CrystalPartials


@dataclass(frozen=True)
class Outcome:
    """Partials, and what was found and measured on the way."""

    partials: Partials | CrystalPartials
    warnings: tuple[Notice, ...]
    timings: dict[str, float]
    findings: dict[str, Any]
