"""How long each part of a workflow took."""

from __future__ import annotations

import time


class Stopwatch:
    """Times of parts that follow one another; `seconds` holds "part_s" → seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began = time.perf_counter()

    def lap(self, part: str) -> None:
        """End a part; the next one begins."""
        now = time.perf_counter()
        self.seconds[f"{part}_s"], self._began = now - self._began, now
