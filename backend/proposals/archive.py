"""Uploaded archives: read files of a zip by name, with a limit on their size.

Nothing is unpacked to a path from the archive. Errors have the location `file`.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from backend.kit.files.storage import CHUNK_BYTES, write_through
from backend.kit.http.errors import Unprocessable, is_full_disk
from scattering.core.notices import Notice

MAX_MEMBERS = 2000
MAX_DIRECTORY_BYTES = 1024**2
_END_RECORD = struct.Struct("<4s4H2LH")
_END_SIGNATURE = b"PK\x05\x06"
_LOCATOR_SIGNATURE, _LOCATOR_BYTES = b"PK\x06\x07", 20
_MAX_COMMENT_BYTES = 2**16
ENCRYPTED_FLAG = 0x1


def refusal(notice: Notice) -> Unprocessable:
    """Return the error for an archive that cannot be used."""
    return Unprocessable.at("file", notice)


class Archive:
    """An open archive. All reads together give at most `max_bytes`, even if a file is read several times."""

    def __init__(self, file: zipfile.ZipFile, max_bytes: int) -> None:
        self._file = file
        self._max_bytes = max_bytes
        self._left = max_bytes
        self._members = {info.filename: info for info in file.infolist()}

    def read(self, name: str, max_bytes: int) -> bytes:
        """Return the content of a file.

        Raises
        ------
        Unprocessable
            The file is missing, too large, or damaged.
        """
        return b"".join(self._chunks(name, max_bytes))

    def copy(self, name: str, to: Path, max_bytes: int) -> None:
        """Copy a file of the archive to a path; it raises as `read` does."""
        with to.open("wb") as file:
            file.writelines(self._chunks(name, max_bytes))
        write_through(to)

    def _chunks(self, name: str, max_bytes: int) -> Iterator[bytes]:
        info = self._members.get(name)
        if info is None:
            raise refusal(Notice("file_not_in_archive", {"file": name[:80]}))
        if info.file_size > max_bytes:
            stated = {"file": name[:80], "maximum_mib": max_bytes / 2**20}
            raise refusal(Notice("large_file_in_archive", stated))
        try:
            with self._file.open(info) as member:
                yield from self._limited(member, name, max_bytes)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            ValueError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            if is_full_disk(error):
                raise
            stated = {"file": name[:80], "reason": str(error)[:200]}
            raise refusal(Notice("damaged_file_in_archive", stated)) from error

    def _limited(self, member: IO[bytes], name: str, max_bytes: int) -> Iterator[bytes]:
        left = max_bytes
        while chunk := member.read(CHUNK_BYTES):
            left -= len(chunk)
            if left < 0:
                raise ValueError("it is larger than the archive states")
            self._left -= len(chunk)
            if self._left < 0:
                raise refusal(Notice("large_archive", {"maximum_mib": self._max_bytes / 2**20}))
            yield chunk


@contextmanager
def open_archive(path: Path, max_bytes: int) -> Iterator[Archive]:
    """Open an archive whose unpacked files have at most `max_bytes` together.

    Raises
    ------
    Unprocessable
        The file is not such an archive.
    """
    _check_directory(path)
    try:
        file = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError) as error:
        raise refusal(Notice("not_a_zip_archive")) from error
    with file:
        members = file.infolist()
        if len({info.filename for info in members}) < len(members):
            raise refusal(Notice("repeated_names_in_archive"))
        for info in members:
            if info.flag_bits & ENCRYPTED_FLAG:
                raise refusal(Notice("encrypted_archive"))
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise refusal(Notice("unknown_compression_of_archive"))
        if sum(info.file_size for info in members) > max_bytes:
            raise refusal(Notice("large_archive", {"maximum_mib": max_bytes / 2**20}))
        yield Archive(file, max_bytes)


def _check_directory(path: Path) -> None:
    """Refuse a directory with too many files before it is read into memory."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _END_RECORD.size - _MAX_COMMENT_BYTES - _LOCATOR_BYTES))
        tail = file.read()
    at = tail.rfind(_END_SIGNATURE)
    if at < 0 or at + _END_RECORD.size > len(tail):
        raise refusal(Notice("not_a_zip_archive"))
    _, _, _, _, members, directory_bytes, _, _ = _END_RECORD.unpack_from(tail, at)
    long = tail[max(0, at - _LOCATOR_BYTES) : at].startswith(_LOCATOR_SIGNATURE)
    if long or members > MAX_MEMBERS or directory_bytes > MAX_DIRECTORY_BYTES:
        raise refusal(Notice("many_files_in_archive", {"maximum": MAX_MEMBERS}))
