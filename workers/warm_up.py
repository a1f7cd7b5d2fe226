"""Import what workflows need while a new process waits for its first job, so that a preview does not wait for it."""

from __future__ import annotations

import importlib
import threading

MODULES = ("workers.harmonic", "workers.molecular_dynamics", "nep_adapters.ase")


_threads: list[threading.Thread] = []


def warm_up() -> None:
    """Import in a thread, so that the process says at once that it is up."""
    thread = threading.Thread(target=_import, name="warm-up", daemon=True)
    _threads.append(thread)
    thread.start()


def wait_until_warm() -> None:
    """Wait for the imports: two threads that import packages whose modules import each other meet half of them."""
    while _threads:
        _threads.pop().join()


def _import() -> None:
    for name in MODULES:
        importlib.import_module(name)
