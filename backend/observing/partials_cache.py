"""Partials that were read lately, kept in memory: a slider that moves costs no reading."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

Key = tuple[str, int]
PartialsT = TypeVar("PartialsT")


class PartialsCache:
    """The least recently used partials give way when `max_bytes` are held. Safe to use from many threads."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held: OrderedDict[Key, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    def read(self, path: Path, reader: Callable[[Path], PartialsT]) -> PartialsT:
        """The partials in a file, of a powder or a crystal as the reader knows; a file written anew is read anew."""
        key = (str(path), path.stat().st_mtime_ns)
        if (held := self._get(key)) is not None:
            return cast(PartialsT, held)
        # One reads, the others wait for it rather than read the same again.
        with self._reading:
            if (held := self._get(key)) is not None:
                return cast(PartialsT, held)
            partials = reader(path)
            self._put(key, partials)
            return partials

    def _get(self, key: Key) -> Any:
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def _put(self, key: Key, partials: object) -> None:
        with self._lock:
            self._held[key] = partials
            while len(self._held) > 1 and sum(map(_size, self._held.values())) > self._max_bytes:
                self._held.popitem(last=False)


def _size(partials: object) -> int:
    return sum(value.nbytes for value in vars(partials).values() if isinstance(value, np.ndarray))
