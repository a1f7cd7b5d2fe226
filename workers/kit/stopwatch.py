"""Measure the time of each part of a workflow."""

from __future__ import annotations

import time


class Stopwatch:
    """Times of successive parts; `seconds` maps "part_s" to seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began = time.perf_counter()

    def lap(self, part: str) -> None:
        """End a part, and begin the next one."""
        now = time.perf_counter()
        self.seconds[f"{part}_s"], self._began = now - self._began, now
