"""Memory cache of the arrays in recently read files."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

Key = tuple[str, int]
ContentT = TypeVar("ContentT")


class ReadCache:
    """A cache of at most `max_bytes` that drops the least recently used content. It is thread-safe."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held: OrderedDict[Key, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    def read(self, path: Path, reader: Callable[[Path], ContentT]) -> ContentT:
        """Return the content that the reader makes of a file; a changed file is read again."""
        key = (str(path), path.stat().st_mtime_ns)
        if (held := self._get(key)) is not None:
            return cast(ContentT, held)
        # One thread reads; the others wait instead of reading the same file
        with self._reading:
            if (held := self._get(key)) is not None:
                return cast(ContentT, held)
            content = reader(path)
            self._put(key, content)
            return content

    def _get(self, key: Key) -> Any:
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def _put(self, key: Key, content: object) -> None:
        with self._lock:
            self._held[key] = content
            while len(self._held) > 1 and sum(map(_size, self._held.values())) > self._max_bytes:
                self._held.popitem(last=False)


def _size(content: object) -> int:
    return sum(int(getattr(value, "nbytes", 0)) for value in vars(content).values())
