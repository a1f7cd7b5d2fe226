"""Load one potential before a job asks for it, as imports are done before: a worker's child then waits with it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ase.calculators.calculator import Calculator

from workers.engines.interface import Potential

logger = logging.getLogger(__name__)


class Ahead:
    """A calculator that a thread makes; whoever wants just this one first takes it."""

    def __init__(self) -> None:
        self._wanted: tuple[str, Potential] | None = None
        self._made: Calculator | None = None
        self._thread: threading.Thread | None = None

    def begin(self, engine: str, potential: Potential, load: Callable[[str, Potential], Calculator]) -> None:
        """Begin to load a potential into an engine."""

        def make() -> None:
            try:
                self._made = load(engine, potential)
            except Exception:
                # A job that wants it meets the error again, and can say so
                logger.warning("%s could not be loaded ahead", potential.file.name, exc_info=True)

        self._wanted = engine, potential
        self._thread = threading.Thread(target=make, name="ahead", daemon=True)
        self._thread.start()

    def take(self, engine: str, potential: Potential) -> Calculator | None:
        """Return the calculator if it is of this potential, and was not taken before."""
        if self._thread is None or self._wanted != (engine, potential):
            return None
        self._thread.join()
        made, self._made = self._made, None
        return made
