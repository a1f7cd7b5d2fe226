"""A flag that the worker's parent raises and its children see: stop, and hand the work back."""

from __future__ import annotations

from typing import Any

from billiard import Event
from celery.signals import worker_shutting_down

# Made before the children fork, and so shared with them
shutting_down = Event()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _raise_flag(**_: Any) -> None:
    shutting_down.set()
