"""Files that hold no measured spectrum but are dropped here all the same: what they look like, in a word."""

from __future__ import annotations

import re

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF: export the spectrum's numbers as a table instead"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls): save the sheet as CSV"),
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"BZh", "a bzip2 archive: unpack it first"),
    (b"\xfd7zXZ", "an xz archive: unpack it first"),
    (b"7z\xbc\xaf", "a 7-zip archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"\x89PNG", "a picture (PNG): the numbers behind it are needed"),
    (b"\xff\xd8\xff", "a picture (JPEG): the numbers behind it are needed"),
    (b"GIF8", "a picture (GIF): the numbers behind it are needed"),
    (b"II*\0", "a picture (TIFF): the numbers behind it are needed"),
    (b"MM\0*", "a picture (TIFF): the numbers behind it are needed"),
    (b"\x0e\x03\x13\x01", "an HDF4 file: save it as NeXus in HDF5"),
    (b"CDF\x01", "a netCDF file: save the spectrum as text or NXSPE"),
    (b"CDF\x02", "a netCDF file: save the spectrum as text or NXSPE"),
    (b"SQLite format 3", "a database (SQLite)"),
    (b"\x93NUMPY", "a NumPy array: save energies and intensities with numpy.savetxt"),
    (b"CPYA", "an Origin project: export the worksheet as text"),
    (b"{\\rtf", "a document (RTF): save it as plain text"),
    (b"\x80\x04\x95", "a Python pickle, which is never opened: save it as text"),
)
_HTML = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_CIF = re.compile(rb"^(?:data_\S+|_cell_length_a\b|loop_)", re.MULTILINE | re.IGNORECASE)
_POSCAR = re.compile(
    rb"[^\n]*\n\s*-?\d+\.?\d*\s*\n(?:\s*-?\d+\.\d+\s+-?\d+\.\d+\s+-?\d+\.\d+\s*\n){3}(?:\s*[A-Z][a-z]?(?:\s+[A-Z][a-z]?)*\s*\n)?\s*\d+(?:\s+\d+)*\s*\n"
)


def looks_like(head: bytes) -> str | None:
    """What a file's first bytes say it is, if that is no measured spectrum: “a PDF: export …”.

    Parameters
    ----------
    head
        The first kilobytes, or the whole file.
    """
    head = head[:65536].removeprefix(b"\xef\xbb\xbf")
    if head.startswith(b"PK\x03\x04"):
        if b"xl/" in head or b"[Content_Types].xml" in head:
            return "an Excel workbook or another Office document: save the sheet as CSV"
        return "a ZIP archive: unpack it first"
    for magic, words in _MAGIC:
        if head.startswith(magic):
            return words
    start = head.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if _HTML.match(start[:4096]):
        return "a web page (HTML), perhaps a log-in page in place of the file: download it anew"
    text = start.lstrip()
    for matches, words in (
        (text.startswith((b"<?xml", b"<svg")), "XML"),
        (text.startswith(b"{") and b'"' in text[:200], "JSON: save energies and intensities as CSV"),
        (bool(_CIF.search(text)) and b"_cell_" in text, "a crystal structure (CIF): add it under Structures"),
        (bool(_POSCAR.match(start[:2048])), "a crystal structure (POSCAR): add it under Structures"),
        (b'Lattice="' in text[:4096], "a crystal structure (extended XYZ): add it under Structures"),
        (text.startswith(b"CRYST1"), "a structure (PDB)"),
        (b"### Phi Grid" in text[:4096], "an .spe file, which says no angles: save it as NXSPE"),
    ):
        if matches:
            return words
    return None
