"""The CSV that this program writes for a spectrum, forecast (the total, then banks, elements, phonons) or measured.

`#` lines say the unit, what it is (JSON), and remarks; the columns are energy_mev, intensity, standard_error, ...
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from backend.datasets.formats import columns
from backend.datasets.formats.reading import RawSpectrum, Stated
from backend.datasets.formats.table import read_table, uncommented
from backend.datasets.formats.text import decoded
from backend.datasets.run import RunConditions
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

_START = re.compile(rb"\s*#\s*intensity in [^\r\n]{1,200}[\r\n]+\s*#\s*\{")
NO_UNIT = "a unit of its own"
"""Unit in the file for data without a stated unit."""
_PARTS = {"bank": "bank", "element": "element", "order": "number of phonons", "zone": "zone"}


def sniffs(head: bytes) -> bool:
    """Whether it begins with “# intensity in …” and a line of JSON."""
    return _START.match(head[:4096].removeprefix(b"\xef\xbb\xbf")) is not None


def read(data: bytes) -> list[RawSpectrum]:
    """The total intensity, then the other columns.

    Raises
    ------
    Unreadable
        It is damaged, or another table.
    """
    table = read_table(decoded(data))
    names = columns.column_names(table)
    if names is not None and names.names[:3] == ("q_inv_angstrom", "energy_mev", "intensity"):
        raise Unreadable(Notice("map_as_csv"))
    if names is None or names.names[:2] != ("energy_mev", "intensity"):
        raise Unreadable(Notice("beamcast_columns_missing"))
    lines = [uncommented(line) for line in table.header if line.lstrip().startswith("#")]
    unit = next((line.removeprefix("intensity in ") for line in lines if line.startswith("intensity in ")), "")
    unit = "" if unit == NO_UNIT else unit
    about = next(filter(None, map(_object, lines)), {})
    remarks = tuple(
        Notice("remark_in_file", {"remark": line[:300]})
        for line in lines
        if not line.startswith(("intensity in ", "{")) and line
    )
    measured = "dataset" in about
    stated = _stated(about)
    found = [one for one in columns.contents_of(table) if isinstance(one, RawSpectrum)]
    several = len(found) > 1
    return [
        replace(
            spectrum,
            y_unit=unit[:60],
            stated=stated
            if measured
            else replace(stated, title=_title(spectrum.stated.title if several else "intensity", stated.title)),
            notices=(*spectrum.notices, *remarks),
        )
        for spectrum in found
    ]


def _title(column: str, method: str) -> str:
    prefix, _, rest = column.partition("_")
    if column == "intensity":
        return ", ".join(filter(None, ["forecast", method]))
    return f"{_PARTS[prefix]} {rest}" if prefix in _PARTS and rest else column


def _object(line: str) -> dict[str, Any] | None:
    """The JSON object in a line, or None."""
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _stated(about: Mapping[str, Any]) -> Stated:
    view = about.get("view")
    source = view if isinstance(view, dict) else about
    instrument = source.get("instrument")
    given = source.get("settings")
    settings = {
        str(name): value
        for name, value in (given.items() if isinstance(given, dict) else ())
        if isinstance(value, str | int | float | bool)
    }
    title = about.get("title" if "dataset" in about else "method")
    return Stated(
        title=title[:400] if isinstance(title, str) else "",
        instrument=instrument[:100] if isinstance(instrument, str) else None,
        settings=settings,
        fixed_energy_mev=_positive(about.get("fixed_energy_mev")) or _positive(settings.get("e_init")),
        run=RunConditions.plausible(about),
    )


def _positive(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
        return None
    return float(value)
