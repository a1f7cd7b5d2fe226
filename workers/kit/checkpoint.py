"""Checkpoints: arrays and a state in one file, from which another attempt resumes a run."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from backend.kit.files.storage import replace_file
from workers.kit.workplace import Workplace

logger = logging.getLogger(__name__)

SUFFIX: Final = ".checkpoint"
FORMAT: Final = 1


def fingerprint(sites: Atoms, *of: object) -> str:
    """Return a digest of a run, so that no other run resumes from its checkpoints.

    Parameters
    ----------
    sites
        Atoms, compared to the last bit.
    of
        Other inputs, such as a `Run`. Their `repr` must state all about them.
    """
    digest = hashlib.sha256()
    for array in (sites.numbers, sites.get_masses(), sites.positions, sites.cell.array):
        digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(repr(of).encode())
    return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """An intact checkpoint.

    Attributes
    ----------
    attempt
        Name of the attempt that wrote it.
    step
        Progress; a later checkpoint has a larger number.
    arrays
        Arrays by name.
    state
        Other values, of JSON types.
    """

    attempt: str
    step: int
    arrays: dict[str, NDArray[Any]]
    state: dict[str, Any]


class Checkpoints:
    """Checkpoints of one part of a job, by all attempts.

    A file is one line of SHA-256, one line of JSON, and NumPy's archive of the arrays. The digest covers all that
    follows it, and pickles are refused. So an incomplete or foreign file is skipped.

    Parameters
    ----------
    workplace
        Where the files are. This attempt replaces its own file, and only reads the files of other attempts.
    work
        Name of the part of the job, such as "run".
    fingerprint
        Digest of the run. Checkpoints with another one are skipped.
    """

    def __init__(self, workplace: Workplace, work: str, *, fingerprint: str = "") -> None:
        self._workplace, self._work, self._fingerprint = workplace, work, fingerprint
        self._path = workplace.folder / f"{work}-{workplace.attempt}{SUFFIX}"
        self._saved_at = time.monotonic()

    def is_due(self) -> bool:
        """Tell whether the unsaved work is as much as may be lost."""
        return time.monotonic() - self._saved_at >= self._workplace.checkpoint_s

    def save(self, step: int, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
        """Replace the checkpoint of this attempt. If writing fails, the earlier one remains.

        Raises
        ------
        OSError
            The file could not be written.
        """
        body = io.BytesIO()
        said = {
            "format": FORMAT,
            "work": self._work,
            "fingerprint": self._fingerprint,
            "attempt": self._workplace.attempt,
            "step": step,
            "state": dict(state),
        }
        body.write(json.dumps(said).encode() + b"\n")
        np.savez(body, allow_pickle=False, **arrays)
        # Also before a failure, so that a full disk is not tried again at every step
        self._saved_at = time.monotonic()
        with replace_file(self._path) as temporary, temporary.open("wb") as file:
            file.write(hashlib.sha256(body.getbuffer()).hexdigest().encode() + b"\n")
            file.write(body.getbuffer())

    def try_save(self, step: int, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> bool:
        """Save a checkpoint, or log the failure: the run continues without it."""
        try:
            self.save(step, arrays, state)
        except OSError as error:
            logger.warning("the checkpoint at step %d of %s could not be written: %s", step, self._path.name, error)
            return False
        return True

    def read_intact(self) -> Iterator[Checkpoint]:
        """Yield the intact checkpoints of all attempts, the one with the most progress first."""
        files = []
        for path in self._workplace.folder.glob(f"{self._work}-*{SUFFIX}"):
            try:
                with path.open("rb") as file:
                    file.readline()
                    files.append((int(json.loads(file.readline())["step"]), path))
            except (OSError, ValueError, TypeError, KeyError, OverflowError):
                continue
        for _, path in sorted(files, reverse=True):
            if (checkpoint := self._read(path)) is not None:
                yield checkpoint

    def resume(self, restore: Callable[[Checkpoint], object]) -> None:
        """Restore the best checkpoint whose other files are intact. Without one, do nothing.

        Parameters
        ----------
        restore
            Restores a checkpoint. It raises OSError or ValueError if files that the checkpoint needs are missing or
            damaged.
        """
        for checkpoint in self.read_intact():
            try:
                restore(checkpoint)
                return
            except (OSError, ValueError):
                continue

    def load(self) -> Checkpoint | None:
        """Return the intact checkpoint with the most progress, or None."""
        return next(self.read_intact(), None)

    def _read(self, path: Path) -> Checkpoint | None:
        try:
            digest, _, body = path.read_bytes().partition(b"\n")
        except OSError:
            return None
        if digest != hashlib.sha256(body).hexdigest().encode():
            logger.warning("%s is damaged and is skipped", path.name)
            return None
        header, _, archive = body.partition(b"\n")
        said = json.loads(header)
        if (said.get("format"), said.get("work"), said.get("fingerprint")) != (FORMAT, self._work, self._fingerprint):
            return None
        with np.load(io.BytesIO(archive), allow_pickle=False) as arrays:
            return Checkpoint(said["attempt"], said["step"], dict(arrays), said["state"])
