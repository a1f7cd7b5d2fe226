"""Partials that were read lately, kept in memory: a slider that moves costs no reading."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from scattering.partials import Partials

Key = tuple[str, int]


class PartialsCache:
    """The least recently used partials give way when `max_bytes` are held. Safe to use from many threads."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held: OrderedDict[Key, Partials] = OrderedDict()
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    def read(self, path: Path) -> Partials:
        """The partials in a file; a file that was written anew is read anew."""
        key = (str(path), path.stat().st_mtime_ns)
        if (held := self._get(key)) is not None:
            return held
        # One reads, the others wait for it rather than read the same again.
        with self._reading:
            if (held := self._get(key)) is not None:
                return held
            from backend.predictions.partials_file import read_partials

            partials = read_partials(path)
            self._put(key, partials)
            return partials

    def _get(self, key: Key) -> Partials | None:
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def _put(self, key: Key, partials: Partials) -> None:
        with self._lock:
            self._held[key] = partials
            while len(self._held) > 1 and sum(map(_size, self._held.values())) > self._max_bytes:
                self._held.popitem(last=False)


def _size(partials: Partials) -> int:
    large = partials.coherent, partials.incoherent, partials.orders, partials.coherent_runs, partials.incoherent_runs
    return sum(array.nbytes for array in large if array is not None)
