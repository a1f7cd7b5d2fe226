"""Decoding of text files."""

from __future__ import annotations

import codecs
import re

from backend.datasets.formats.other_files import recognise_other
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

_BINARY = re.compile("[\0-\x08\x0e-\x1a\x1c-\x1f]")
_ODD = str.maketrans({"−": "-", "\xa0": " ", "\u202f": " ", "\u2009": " ", "\ufeff": None, "\f": "\n", "\v": "\n"})
"""Characters that word processors and web pages use instead of minus signs and spaces."""
MAX_LINE = 500_000
"""Characters; the widest table that is read, 2000 spectra with errors, has lines of about 100 000."""


def decoded(data: bytes) -> str:
    """The text of a file, its lines ending in \\n.

    Raises
    ------
    Unreadable
        It is empty, no text, or text of another kind.
    """
    if not data.strip():
        raise Unreadable(Notice("blank_file"))
    if kind := recognise_other(data):
        raise Unreadable(Notice("other_kind_of_file", {"kind": kind}))
    # Old DOS programs end a text with Ctrl-Z.
    text = _text(data.rstrip(b"\x1a"))
    if _BINARY.search(text):
        raise Unreadable(Notice("binary_file"))
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = text.translate(_ODD)
    return text


def _text(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    # UTF-16 without its mark: every second byte of plain English is 0.
    start = data[:512]
    if len(start) >= 4 and start.count(0) * 3 > len(start):
        return data.decode("utf-16-le" if start[1] == 0 else "utf-16-be", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Names and units in files from before UTF-8; numbers are ASCII in every encoding.
        return data.decode("latin-1")


def quoted(line: str, limit: int = 60) -> str:
    """A line for a message: short, in quotation marks."""
    line = " ".join(line[: 4 * limit].split())
    return f"“{line[:limit]}…”" if len(line) > limit else f"“{line}”"
