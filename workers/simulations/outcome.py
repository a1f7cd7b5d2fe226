"""The result of a workflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.crystal.partials import CrystalPartials


@dataclass(frozen=True)
class Outcome:
    """Partials with warnings, timings (s) and findings."""

    partials: Partials | CrystalPartials
    warnings: tuple[Notice, ...]
    timings: dict[str, float]
    findings: dict[str, Any]
