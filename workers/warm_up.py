"""Import what workflows need while a new process waits for its first job, so that a preview does not wait for it."""

from __future__ import annotations

import importlib
import threading

MODULES = ("workers.harmonic", "workers.molecular_dynamics", "nep_adapters.ase")


def warm_up() -> None:
    """Import in a thread: the process says at once that it is up, and a job that comes early waits no longer."""
    threading.Thread(target=_import, name="warm-up", daemon=True).start()


def _import() -> None:
    for name in MODULES:
        importlib.import_module(name)
