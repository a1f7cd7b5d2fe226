"""Load a potential in a thread before a job needs it, while the child of a worker waits for work."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ase.calculators.calculator import Calculator

from workers.engines.interface import Potential

logger = logging.getLogger(__name__)


class Preloader:
    """A calculator that a thread loads. The first job that needs it takes it."""

    def __init__(self) -> None:
        self._key: tuple[str, Potential] | None = None
        self._calculator: Calculator | None = None
        self._thread: threading.Thread | None = None

    def start(self, engine: str, potential: Potential, load: Callable[[str, Potential], Calculator]) -> None:
        """Start loading a potential into an engine."""

        def run() -> None:
            try:
                self._calculator = load(engine, potential)
            except Exception:
                # A job that needs this potential meets the error again, and reports it
                logger.warning("%s could not be loaded in advance", potential.file.name, exc_info=True)

        self._key = engine, potential
        self._thread = threading.Thread(target=run, name="preloader", daemon=True)
        self._thread.start()

    def take(self, engine: str, potential: Potential) -> Calculator | None:
        """Return the calculator if it belongs to this potential and was not taken before."""
        if self._thread is None or self._key != (engine, potential):
            return None
        self._thread.join()
        calculator, self._calculator = self._calculator, None
        return calculator
