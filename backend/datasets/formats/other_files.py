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
    (b"SR\0\4", "idl"),
    (b"SR\0\6", "idl"),
    (b"MATLAB ", "matlab"),
    (b"\x0a\x0a\xfe\xfe", "opus"),
    (b"IGOR\r", "igor"),
    (b"IGOR\n", "igor"),
    (b"RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR", "ill-raw"),
)
_HORACE = re.compile(rb"[\0-\xff]{4}horace")
"""The name of the program that wrote the file, after its length."""
_HTML = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_CIF = re.compile(rb"^(?:data_\S+|_cell_length_a\b|loop_)", re.MULTILINE | re.IGNORECASE)
_MAGNETIC = re.compile(rb"^_(?:space_group_magn|atom_site_moment|parent_propagation)", re.MULTILINE | re.IGNORECASE)
_SHELX = re.compile(rb"^CELL\s+[\d.]+(?:\s+[\d.]+){6}\s*$", re.MULTILINE)
_PDB = re.compile(rb"(?:CRYST1|HEADER|COMPND|REMARK|ATOM  |HETATM)[ \d]", re.MULTILINE)
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
    if _HORACE.match(head):
        return "horace"
    start = head.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    # LAMP's header is an HTML page beside a second file with the numbers
    if b"LAMP_FORMAT" in start[:300]:
        return "lamp"
    if _HTML.match(start[:4096]):
        return "html"
    text = start.lstrip()
    for matches, kind in (
        (text.startswith((b"<?xml", b"<svg")), "xml"),
        (text.startswith(b"{") and b'"' in text[:200], "json"),
        (bool(_MAGNETIC.search(text)) and bool(_CIF.search(text)), "mcif"),
        (bool(_CIF.search(text)) and b"_cell_" in text, "cif"),
        (bool(_SHELX.search(text)) and b"SFAC" in text, "shelx"),
        (b"@<TRIPOS>MOLECULE" in text[:4096], "mol2"),
        (bool(re.search(rb"V[23]000\s*$", text[:600], re.MULTILINE)), "mol"),
        (text.startswith(b"phonopy:") or b"\nnqpoint:" in text[:4096], "phonopy"),
        (text.startswith(b"BEGIN header") and b"Number of branches" in text[:4096], "castep-phonon"),
        (text.startswith(b"#F ") and b"\n#S " in text, "spec"),
        (b"McStas simulation description file" in text[:200], "mcstas-sim"),
        (b"Sqw data file for Isotropic_Sqw" in text[:8192], "mcstas-sqw"),
        (bool(_POSCAR.match(start[:2048])), "poscar"),
        (b'Lattice="' in text[:4096], "extxyz"),
        (bool(_PDB.match(text)), "pdb"),
        (b"### Phi Grid" in text[:4096], "spe"),
    ):
        if matches:
            return kind
    return None


_BY_NAME: dict[str, str] = {
    "sqw": "horace",
    "d1d": "horace",
    "d2d": "horace",
    "res": "shelx",
    "ins": "shelx",
    "pdb": "pdb",
    "ent": "pdb",
    "mol2": "mol2",
    "mol": "mol",
    "sdf": "mol",
    "mcif": "mcif",
    "dave": "idl",
    "sav": "idl",
    "mat": "matlab",
    "lmp": "lamp",
    "spc": "galactic",
    "spe": "spe",
    "pxp": "igor",
    "itx": "igor",
    "opj": "origin",
    "opju": "origin",
    "phonon": "castep-phonon",
    "raw": "isis-raw",
    "sim": "mcstas-sim",
}
"""Ending of a file's name → kind, for files whose first bytes say nothing."""


def recognise_by_name(file_name: str) -> str | None:
    """Return the kind that the ending of a file's name means; None if it means no such kind."""
    return _BY_NAME.get(file_name.rpartition(".")[2].casefold()) if "." in file_name else None
