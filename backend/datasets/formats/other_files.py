"""Recognise files of other kinds, which users upload by mistake."""

from __future__ import annotations

import re

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "pdf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"7z\xbc\xaf", "7-zip"),
    (b"Rar!", "rar"),
    (b"\x89PNG", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"\x0e\x03\x13\x01", "hdf4"),
    (b"CDF\x01", "netcdf"),
    (b"CDF\x02", "netcdf"),
    (b"SQLite format 3", "sqlite"),
    (b"\x93NUMPY", "numpy"),
    (b"CPYA", "origin"),
    (b"{\\rtf", "rtf"),
    (b"\x80\x04\x95", "pickle"),
)
_HTML = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_CIF = re.compile(rb"^(?:data_\S+|_cell_length_a\b|loop_)", re.MULTILINE | re.IGNORECASE)
_POSCAR = re.compile(
    rb"[^\n]*\n\s*-?\d+\.?\d*\s*\n(?:\s*-?\d+\.\d+\s+-?\d+\.\d+\s+-?\d+\.\d+\s*\n){3}(?:\s*[A-Z][a-z]?(?:\s+[A-Z][a-z]?)*\s*\n)?\s*\d+(?:\s+\d+)*\s*\n"
)


def recognise_other(head: bytes) -> str | None:
    """Return the kind of a file that cannot be measured data, such as "pdf"; None if its first bytes show no such kind.

    Parameters
    ----------
    head
        The first kilobytes, or the whole file.
    """
    head = head[:65536].removeprefix(b"\xef\xbb\xbf")
    if head.startswith(b"PK\x03\x04"):
        if b"xl/" in head or b"[Content_Types].xml" in head:
            return "office"
        return "zip"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    start = head.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if _HTML.match(start[:4096]):
        return "html"
    text = start.lstrip()
    for matches, kind in (
        (text.startswith((b"<?xml", b"<svg")), "xml"),
        (text.startswith(b"{") and b'"' in text[:200], "json"),
        (bool(_CIF.search(text)) and b"_cell_" in text, "cif"),
        (bool(_POSCAR.match(start[:2048])), "poscar"),
        (b'Lattice="' in text[:4096], "extxyz"),
        (text.startswith(b"CRYST1"), "pdb"),
        (b"### Phi Grid" in text[:4096], "spe"),
    ):
        if matches:
            return kind
    return None
