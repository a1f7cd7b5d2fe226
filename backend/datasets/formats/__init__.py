"""The file formats of measured data: an allow-list; which one a file has is told by its first bytes, then by its name.

Left out, and why: formats that unpickle or run code; spreadsheets (a workbook is a program of its own: CSV says the
same); pictures of spectra.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend.datasets.formats import (
    beamcast_csv,
    beamcast_hdf5,
    columns,
    dave,
    inx,
    isis_dat,
    jcamp,
    mantid_ascii,
    mantid_nexus,
    mcstas,
    nxspe,
    sns_histogram,
)
from backend.datasets.formats.other_files import recognise_by_name, recognise_other
from backend.datasets.formats.reading import Raw
from backend.datasets.formats.text import decoded
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

__all__ = ["FORMATS", "HEAD_BYTES", "Format", "format_of"]

HEAD_BYTES = 65536
"""Bytes of the beginning of a file that `format_of` needs."""


@dataclass(frozen=True)
class Format:
    """One readable format.

    Attributes
    ----------
    name
        What the form field `format` says.
    title
        What people call it.
    file_names
        Pattern of the file names, lower case, that this format often has.
    read
        The file's bytes to what it holds; raises `Unreadable`.
    sniffs
        Whether the first bytes (`HEAD_BYTES` of them, or more) can only, or very likely, be of this format.
    """

    name: str
    title: str
    file_names: re.Pattern[str]
    read: Callable[[bytes], Sequence[Raw]]
    sniffs: Callable[[bytes], bool]


def _ending(*endings: str) -> re.Pattern[str]:
    return re.compile(rf".*\.(?:{'|'.join(endings)})")


FORMATS: dict[str, Format] = {
    fmt.name: fmt
    for fmt in (
        Format("beamcast-hdf5", "Beamcast HDF5", _ending("h5", "hdf5?"), beamcast_hdf5.read, beamcast_hdf5.sniffs),
        Format("nxspe", "NXSPE", _ending("nxspe"), nxspe.read, nxspe.sniffs),
        Format("mantid-nexus", "Mantid processed NeXus", _ending("nxs", "nx5"), mantid_nexus.read, mantid_nexus.sniffs),
        Format("sns-histogram", "SNS histogram HDF5", _ending("h5", "hdf5?"), sns_histogram.read, sns_histogram.sniffs),
        Format("jcamp-dx", "JCAMP-DX", _ending("jdx", "dx", "jcamp", "jcm"), jcamp.read, jcamp.sniffs),
        Format("beamcast-csv", "Beamcast CSV", _ending("csv"), beamcast_csv.read, beamcast_csv.sniffs),
        Format(
            "mantid-ascii", "Mantid ASCII", _ending("dat", "txt", "csv", "xye"), mantid_ascii.read, mantid_ascii.sniffs
        ),
        Format("isis-dat", "ISIS INS database .DAT", _ending("dat"), isis_dat.read, isis_dat.sniffs),
        Format("dave-grp", "DAVE grouped ASCII", _ending("grp", "sqe", "txt", "dat"), dave.read, dave.sniffs),
        Format("inx", "ILL INX", _ending("inx", "ino", "dat", "txt"), inx.read, inx.sniffs),
        Format("mcstas", "McStas monitor", _ending("dat", "e", "sqw", "psd", "th"), mcstas.read, mcstas.sniffs),
        # Last: a table of columns is what most of the texts above look like, too.
        Format(
            "columns",
            "table of columns (CSV, TSV, text)",
            _ending("csv", "tsv", "txt", "dat", "asc", "xye?"),
            columns.read,
            columns.sniffs,
        ),
    )
}


def format_of(file_name: str, head: bytes) -> Format:
    """Return the format of a file, from its first bytes. If several formats fit, the name of the file decides.

    Parameters
    ----------
    file_name
        Name of the file; folders in it are ignored.
    head
        The first `HEAD_BYTES` bytes or more.

    Raises
    ------
    Unreadable
        None of the formats; the text says what it looks like, and what can be read.
    """
    base = file_name.replace("\\", "/").rsplit("/", 1)[-1].strip().lower()
    if not head.strip():
        raise Unreadable(Notice("blank_file"))
    titles = [fmt.title for fmt in FORMATS.values()]
    if kind := recognise_other(head):
        raise Unreadable(Notice("other_kind_of_file", {"kind": kind, "formats": titles}))
    sniffed = [fmt for fmt in FORMATS.values() if fmt.sniffs(head)]
    named = [fmt for fmt in FORMATS.values() if fmt.file_names.fullmatch(base)]
    if sniffed:
        return next((fmt for fmt in sniffed if fmt in named and fmt.name != "columns"), sniffed[0])
    if kind := recognise_by_name(base):
        raise Unreadable(Notice("other_kind_of_file", {"kind": kind, "formats": titles}))
    if named and _is_text(head):
        # A header longer than the head: its reader will see.
        return named[-1]
    raise Unreadable(Notice("unrecognised_data_format", {"formats": titles}))


def _is_text(head: bytes) -> bool:
    try:
        decoded(head)
    except Unreadable:
        return False
    return True
