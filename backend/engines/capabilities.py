"""What an engine cannot do of what is asked of it."""

from __future__ import annotations

from typing import Protocol

from backend.engines.record import Engine
from scattering.core.notices import Notice


class Request(Protocol):
    """The options that engines differ in."""

    @property
    def dispersion(self) -> str | None:
        """Functional whose dispersion is added; None for none."""

    @property
    def cell_is_simulated(self) -> bool:
        """Whether the cell relaxes at a pressure."""


def find_lacks(engine: Engine, request: Request) -> dict[str, Notice]:
    """Return option → why the engine cannot do what it says; empty where it can do everything."""
    lacks = {}
    if request.dispersion is not None and request.dispersion not in engine.dispersion:
        lacks["dispersion"] = Notice(
            "engine_lacks_dispersion", {"engine": engine.title, "functional": request.dispersion}
        )
    if request.cell_is_simulated and not engine.constant_pressure:
        lacks["ensemble"] = Notice("engine_lacks_constant_pressure", {"engine": engine.title})
    return lacks
