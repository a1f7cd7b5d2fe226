"""Files under a row that are missing or damaged: by a disk, an incomplete backup, or somebody's hand."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import h5py

from backend.kit.files.unreadable import Unreadable
from backend.kit.http.downloads import FileDownload
from backend.kit.http.errors import Gone
from scattering.core.notices import Notice

logger = logging.getLogger(__name__)

DAMAGE: Final = (OSError, Unreadable, RuntimeError, KeyError, ValueError, TypeError, IndexError, EOFError)
"""Errors of readers of our own files (HDF5, JSON) for a file that is not whole."""


@contextmanager
def reading_stored(lost: Notice) -> Iterator[None]:
    """Answer that a file is lost if it cannot be read.

    Parameters
    ----------
    lost
        What is lost, and what to do.

    Raises
    ------
    Gone
        The file is missing or damaged.
    """
    try:
        yield
    except DAMAGE as error:
        logger.error("lost: %s %s: %s", lost.code, dict(lost.params), error)
        raise Gone(lost) from error


def stored_file(path: Path, lost: Notice, *, media_type: str, headers: Mapping[str, str]) -> FileDownload:
    """Return the response with a file.

    Raises
    ------
    Gone
        The file is missing.
    """
    check_stored(path, lost)
    return FileDownload(path, media_type=media_type, headers=headers)


def check_whole(path: Path, lost: Notice) -> None:
    """Raise `Gone` if an HDF5 file is missing, or shorter than it says."""
    with reading_stored(lost), h5py.File(path, "r"):
        pass


def check_stored(path: Path, lost: Notice) -> None:
    """Raise `Gone` if a file is missing."""
    with reading_stored(lost):
        path.stat()
