"""The .DAT files of the ISIS INS database: a title line, a line of units, and energy, counts, error.

References
----------
ISIS INS database, “The Spectra Formats”: energies are in cm⁻¹ throughout, counts are proportional to S(Q, ω), errors
are the square roots of the counts.
"""

from __future__ import annotations

import re

from backend.datasets.formats.reading import RawSpectrum, Stated
from backend.datasets.formats.table import read_table
from backend.datasets.formats.text import decoded, quoted
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

_UNITS = re.compile(r"\S{0,12}\s*\(\s*CM\s*\^?-\s*1\s*\)[\s,]+COUNTS[\s,]+ERRORS?\s*$", re.IGNORECASE)
_HEADER_LINES = 5


def sniffs(head: bytes) -> bool:
    """Whether one of the first lines is “… (CM-1) COUNTS ERROR”."""
    try:
        lines = decoded(head[:8192]).split("\n")[:_HEADER_LINES]
    except Unreadable:
        return False
    return any(_UNITS.match(line.strip()) for line in lines)


def read(data: bytes) -> list[RawSpectrum]:
    """The one spectrum in a file of the ISIS INS database.

    Raises
    ------
    Unreadable
        It is damaged, or has not the header of these files.
    """
    table = read_table(decoded(data))
    header = [line.strip() for line in table.header if line.strip()]
    units = next((line for line in header[:_HEADER_LINES] if _UNITS.match(line)), None)
    if units is None:
        raise Unreadable(Notice("no_isis_dat_header"))
    if table.width != 3 or 1 not in table.kept:
        raise Unreadable(Notice("isis_dat_columns", {"n_columns": table.width}))
    return [
        RawSpectrum(
            x=table.values[:, 0],
            y=table.values[:, 1],
            error=table.values[:, 2] if 2 in table.kept else None,
            x_unit="cm-1",
            recognised_by=f"the header's {quoted(units)}",
            y_unit="counts",
            stated=Stated(title=" ".join(header[0].split())[:200] if header[0] != units else ""),
            notices=table.notices,
        )
    ]
