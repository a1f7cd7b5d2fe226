"""How much room there is, and how much of it the predictions take."""

from __future__ import annotations

import os
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path

COUNT_EVERY_S = 300.0


@dataclass(frozen=True)
class Room:
    """Of the disk that a folder is on, in bytes."""

    free: int
    total: int


def room(folder: Path) -> Room | None:
    """How full the folder's disk is; None where the folder cannot be asked."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return Room(free=usage.free, total=usage.total)


class FolderSize:
    """Bytes of the files in a folder.

    Ten thousand folders take a second to look through, so a thread does it now and then, and only if somebody asks.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._counted_at = float("-inf")
        self._bytes: int | None = None

    @property
    def bytes(self) -> int | None:
        """As counted last; None before the first count has ended."""
        now = time.monotonic()
        with self._lock:
            if now - self._counted_at > COUNT_EVERY_S:
                self._counted_at = now
                threading.Thread(target=self.count, name="folder size", daemon=True).start()
            return self._bytes

    def count(self) -> int:
        """Look through the folder now."""
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
            # Removed while we looked: predictions come and go
            continue
    return sizes
