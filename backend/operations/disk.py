"""Free space on the disk, and the size of all predictions."""

from __future__ import annotations

import os
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path

COUNT_INTERVAL_S = 300.0


@dataclass(frozen=True)
class DiskSpace:
    """Space on a disk, in bytes."""

    free: int
    total: int


def measure_space(folder: Path) -> DiskSpace | None:
    """Return the space on the disk of a folder, or None if the folder cannot be read."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return DiskSpace(free=usage.free, total=usage.total)


class FolderSize:
    """Size of the files in a folder, in bytes.

    Ten thousand folders take a second to read. So a thread counts them, on demand and at most once in
    `COUNT_INTERVAL_S`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._counted_at = float("-inf")
        self._bytes: int | None = None

    @property
    def bytes(self) -> int | None:
        """The last count; None before the first count has ended."""
        now = time.monotonic()
        with self._lock:
            if now - self._counted_at > COUNT_INTERVAL_S:
                self._counted_at = now
                threading.Thread(target=self.count, name="folder size", daemon=True).start()
            return self._bytes

    def count(self) -> int:
        """Count the bytes now and return them."""
        self._bytes = sum(_sizes(self._folder))
        return self._bytes


def _sizes(folder: Path) -> list[int]:
    sizes, left = [], [str(folder)]
    while left:
        try:
            with os.scandir(left.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        left.append(entry.path)
                    else:
                        sizes.append(entry.stat(follow_symlinks=False).st_size)
        except OSError:
            # A prediction was deleted during the count
            continue
    return sizes
