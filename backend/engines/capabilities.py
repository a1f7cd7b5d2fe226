"""Check the options of a request against the capabilities of an engine."""

from __future__ import annotations

from typing import Protocol

from backend.engines.record import Engine
from scattering.core.notices import Notice


class Request(Protocol):
    """Options that need a capability."""

    @property
    def dispersion(self) -> str | None:
        """Functional of the dispersion correction; None without correction."""

    @property
    def cell_is_simulated(self) -> bool:
        """Whether the cell relaxes at a pressure."""


def find_lacks(engine: Engine, request: Request) -> dict[str, Notice]:
    """Return option → reason why the engine cannot apply it; empty if it can apply all."""
    lacks = {}
    if request.dispersion is not None and request.dispersion not in engine.dispersion:
        lacks["dispersion"] = Notice(
            "engine_lacks_dispersion", {"engine": engine.title, "functional": request.dispersion}
        )
    if request.cell_is_simulated and not engine.constant_pressure:
        lacks["ensemble"] = Notice("engine_lacks_constant_pressure", {"engine": engine.title})
    return lacks
