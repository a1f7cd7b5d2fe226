"""What a run leaves for whoever has to go on with it: arrays and a state, in one file that is whole or is not."""

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
    """Name what is run, so that nobody goes on with another run's checkpoint.

    Parameters
    ----------
    sites
        The atoms, to the last bit.
    of
        What else it depends on, such as a `Run`: anything whose `repr` says all about it.
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
        Whose it is.
    step
        How far the work was; a later checkpoint has more.
    arrays
        By name.
    state
        Of JSON's types.
    """

    attempt: str
    step: int
    arrays: dict[str, NDArray[Any]]
    state: dict[str, Any]


class Checkpoints:
    """One attempt's checkpoints of one piece of work, and what other attempts have left of it.

    A file is one line of SHA-256, one line of JSON, and NumPy's archive of the arrays. The digest is of all that
    follows it, and no pickles are read: a file that was cut short, or was put there by something else, is passed over.

    Parameters
    ----------
    workplace
        Where. This attempt writes one file there and replaces it; those of others are only read.
    work
        Tells pieces of work in one workplace apart, such as "run".
    fingerprint
        Of what is run; checkpoints with another are passed over.
    """

    def __init__(self, workplace: Workplace, work: str, *, fingerprint: str = "") -> None:
        self._workplace, self._work, self._fingerprint = workplace, work, fingerprint
        self._path = workplace.folder / f"{work}-{workplace.attempt}{SUFFIX}"
        self._saved_at = time.monotonic()

    def due(self) -> bool:
        """Is as much work unsaved as may be lost?"""
        return time.monotonic() - self._saved_at >= self._workplace.checkpoint_s

    def save(self, step: int, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
        """Replace this attempt's checkpoint; one that cannot be written leaves the earlier one as it was.

        Raises
        ------
        OSError
            It could not be written.
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
        # Also where it fails: a full disk is not to be asked again at every step
        self._saved_at = time.monotonic()
        with replace_file(self._path) as temporary, temporary.open("wb") as file:
            file.write(hashlib.sha256(body.getbuffer()).hexdigest().encode() + b"\n")
            file.write(body.getbuffer())

    def keep(self, step: int, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> bool:
        """Save, or log that it was not possible: a run does not stop because it could not be gone on with."""
        try:
            self.save(step, arrays, state)
        except OSError as error:
            logger.warning("the checkpoint at step %d of %s could not be written: %s", step, self._path.name, error)
            return False
        return True

    def intact(self) -> Iterator[Checkpoint]:
        """Every intact checkpoint of this work that any attempt has left, the one with the most progress first."""
        found = []
        for path in self._workplace.folder.glob(f"{self._work}-*{SUFFIX}"):
            try:
                with path.open("rb") as file:
                    file.readline()
                    found.append((int(json.loads(file.readline())["step"]), path))
            except (OSError, ValueError, TypeError, KeyError, OverflowError):
                continue
        for _, path in sorted(found, reverse=True):
            if (checkpoint := self._read(path)) is not None:
                yield checkpoint

    def go_on(self, take_over: Callable[[Checkpoint], object]) -> None:
        """Take over the best checkpoint whose frames are there; where there is none, nothing happens.

        Parameters
        ----------
        take_over
            Raises OSError or ValueError where what the checkpoint speaks of is missing or damaged.
        """
        for checkpoint in self.intact():
            try:
                take_over(checkpoint)
                return
            except (OSError, ValueError):
                continue

    def load(self) -> Checkpoint | None:
        """The intact checkpoint with the most progress."""
        return next(self.intact(), None)

    def _read(self, path: Path) -> Checkpoint | None:
        try:
            digest, _, body = path.read_bytes().partition(b"\n")
        except OSError:
            return None
        if digest != hashlib.sha256(body).hexdigest().encode():
            logger.warning("%s is damaged and is passed over", path.name)
            return None
        header, _, archive = body.partition(b"\n")
        said = json.loads(header)
        if (said.get("format"), said.get("work"), said.get("fingerprint")) != (FORMAT, self._work, self._fingerprint):
            return None
        with np.load(io.BytesIO(archive), allow_pickle=False) as arrays:
            return Checkpoint(said["attempt"], said["step"], dict(arrays), said["state"])
