"""The file of a resumable upload: parts are appended by one writer at a time, and survive a crash.

The length of the file is the offset. A part that ends early keeps the bytes that have arrived. A part with a checksum
is kept whole or not at all.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from backend.kit.http.errors import BadRequest, Conflict, NotFound, Problem, TooLarge
from scattering.core.notices import Notice

ALGORITHMS: Final = ("sha1", "sha256", "md5")
"""Checksums of parts."""


class Locked(Problem):
    """Another request is writing to the upload."""

    status = 423
    title = "Locked"


class ChecksumMismatch(Problem):
    """The part of the file that has arrived is not the one that was sent."""

    # Of the protocol
    status = 460
    title = "Checksum mismatch"


class Checksum:
    """The checksum that a client states of a part, as `algorithm base64`."""

    def __init__(self, stated: str | None) -> None:
        self._expected = b""
        self._digest: Any = None
        if stated is None:
            return
        algorithm, _, encoded = stated.partition(" ")
        if algorithm not in ALGORITHMS:
            raise BadRequest(Notice("unknown_checksum", {"algorithms": list(ALGORITHMS)}))
        self._digest = hashlib.new(algorithm, usedforsecurity=False)
        try:
            self._expected = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise BadRequest(Notice("unknown_checksum", {"algorithms": list(ALGORITHMS)})) from None

    @property
    def is_stated(self) -> bool:
        """Whether there is one."""
        return self._digest is not None

    def add(self, part: bytes) -> None:
        """Add bytes."""
        if self._digest is not None:
            self._digest.update(part)

    @property
    def fits(self) -> bool:
        """Whether the bytes have the checksum."""
        return self._digest is None or self._digest.digest() == self._expected


def offset_of(path: Path, upload_id: object) -> int:
    """Return the number of bytes that have arrived.

    Raises
    ------
    NotFound
        The file is gone.
    """
    try:
        return path.stat().st_size
    except FileNotFoundError:
        raise _gone(upload_id) from None


def _gone(upload_id: object) -> NotFound:
    return NotFound(Notice("not_found", {"kind": "upload", "id": str(upload_id)}))


class Writer:
    """The only writer of an upload, as long as it is open.

    Parameters
    ----------
    path
        File of the upload.
    offset
        Where the client wants to continue.
    n_bytes
        Length of the whole file.
    checksum
        Checksum of the part.
    """

    def __init__(self, path: Path, upload_id: object, offset: int, n_bytes: int, checksum: Checksum) -> None:
        try:
            self._file = path.open("r+b", buffering=0)
        except FileNotFoundError:
            raise _gone(upload_id) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found = os.fstat(self._file.fileno()).st_size
            if found != offset:
                raise Conflict(Notice("wrong_offset", {"offset": found, "stated": offset}))
            self._file.seek(offset)
        except BlockingIOError:
            self._file.close()
            raise Locked(Notice("upload_locked")) from None
        except BaseException:
            self._file.close()
            raise
        self._begin = self.offset = offset
        self._n_bytes, self._checksum = n_bytes, checksum

    def write(self, part: bytes) -> None:
        """Append bytes.

        Raises
        ------
        TooLarge
            They are more than the whole file has; none of the part is kept.
        OSError
            The disk is full.
        """
        if self.offset + len(part) > self._n_bytes:
            self._file.truncate(self._begin)
            self.offset = self._begin
            raise TooLarge(Notice("more_than_length", {"n_bytes": self._n_bytes}))
        view = memoryview(part)
        while view:
            written = self._file.write(view)
            self.offset += written
            view = view[written:]
        self._checksum.add(part)

    def close(self, *, is_whole: bool) -> None:
        """Wait until the bytes are on the disk, and let other writers in.

        Parameters
        ----------
        is_whole
            Whether the whole part has arrived.

        Raises
        ------
        ChecksumMismatch
            The part has another checksum; it is not kept.
        """
        with self._file:
            is_right = self._checksum.fits
            if self._checksum.is_stated and not (is_whole and is_right):
                self._file.truncate(self._begin)
                self.offset = self._begin
            os.fsync(self._file.fileno())
        if is_whole and not is_right:
            raise ChecksumMismatch(Notice("checksum_mismatch"))


@contextmanager
def new_file(path: Path) -> Iterator[None]:
    """Make the empty file of an upload, which is removed if the block fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(exist_ok=False)
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise
