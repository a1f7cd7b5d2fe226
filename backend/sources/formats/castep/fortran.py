"""Unformatted records of Fortran: their places, from their lengths, before anything is read by them."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from backend.sources.formats.reading import UploadedFile, incomplete

MARK = struct.Struct(">i")
"""Length of a record in bytes, before and after it (big-endian)."""


def records(file: UploadedFile) -> Iterator[memoryview]:
    """Yield the contents of all records.

    Raises
    ------
    Refused
        A record is longer than the file, or its two lengths differ.
    """
    data = memoryview(file.data)
    place = 0
    while place < len(data):
        if place + MARK.size > len(data):
            raise incomplete(file)
        (length,) = MARK.unpack_from(data, place)
        start, end = place + MARK.size, place + MARK.size + length
        if length < 0 or end + MARK.size > len(data) or MARK.unpack_from(data, end)[0] != length:
            raise incomplete(file)
        yield data[start:end]
        place = end + MARK.size
