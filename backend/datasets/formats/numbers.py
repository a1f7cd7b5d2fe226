"""Numbers as text files write them: Fortran's exponents, decimal commas, marks between thousands, uncertainties."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from backend.datasets.formats.text import quoted
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

MISSING = frozenset({"", "-", "--", "?", "n/a", "na", "null", "none", "nan", "+nan", "-nan", "1.#qnan", "-1.#ind"})
"""Words in place of a number, lower case; also stars, Fortran's number that is too long for its field."""
_NUMBER = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eEdD][+-]?\d+)?")
"""Also with a decimal comma."""
_NO_LETTER = re.compile(r"([+-]?(?:\d+\.\d*|\.\d+))([+-]\d{3})")
"""Fortran leaves the E out where the exponent has three digits: 0.123-100."""
_UNCERTAIN = re.compile(
    r"([+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+))(?:\((\d+(?:[.,]\d+)?)\)|\s*(?:±|\+/-)\s*(\d+(?:[.,]\d*)?))([eEdD][+-]?\d+)?"
)
"""A value with its standard uncertainty: 1.00(12), 1.00±0.12."""
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:(?P<mark>[,.' ])\d{3})(?:(?P=mark)\d{3})*(?:(?!(?P=mark))[.,]\d*)?")
"""Digits in groups of three."""

_START, _END = r"(?:^|(?<=[\s;|\"]))", r"(?=$|[\s;|\"])"
"""Where a cell begins and ends, whatever the delimiter; between commas, cells with commas are in quotation marks."""


def _cell(pattern: str) -> re.Pattern[str]:
    return re.compile(f"{_START}[+-]?(?:{pattern}){_END}", re.MULTILINE)


_COMMA_GROUPS = _cell(r"\d{1,3}(?:,\d{3})+\.\d*|\d{1,3}(?:,\d{3}){2,}")
_POINT_GROUPS = _cell(r"\d{1,3}(?:\.\d{3})+,\d*|\d{1,3}(?:\.\d{3}){2,}")
_OTHER_GROUPS = _cell(r"\d{1,3}(?:'\d{3})+(?:[.,]\d*)?")
_SPACE_GROUPS = re.compile(r"(?:^|(?<=[;|\t])) *[+-]?\d{1,3}(?: \d{3})+(?:[.,]\d*)? *(?=$|[;|\t])", re.MULTILINE)
_DECIMAL_COMMA, _DECIMAL_POINT = (
    # No group of three digits behind it, none of one to three before it, or an exponent
    _cell(
        rf"0*{mark}\d*(?:[eEdD][+-]?\d+)?|0\d*{mark}\d*|\d{{4,}}{mark}\d*|\d+{mark}(?:\d{{0,2}}|\d{{4,}})|\d+{mark}\d*[eEdD][+-]?\d+"
    )
    for mark in (",", r"\.")
)
_EITHER = _cell(r"[1-9]\d{0,2},\d{3}")
"""1,234: a thousand, or a little more than one."""
_UNGROUPED = _cell(r"\d{4,}(?:[.,]\d*)?")
_POINT = re.compile(r"\.")
_AFTER_POINT, _AFTER_COMMA = re.compile(r"\.\d{3}[.,]"), re.compile(r",\d{3}[.,]")
_WITHIN = re.compile(r"(?<=\d)[,.' ](?=\d{3}(?!\d))")
_QUOTED = re.compile(r'"[^"\n]*"')


@dataclass(frozen=True)
class Marks:
    """Marks in the numbers of a table; `thousands` is None without marks between thousands."""

    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", "'", " "] | None = None

    def plain(self, rows: list[str], delimiter: str | None) -> list[str]:
        """Return the rows without marks between thousands."""
        mark = self.thousands
        if mark is None:
            return rows

        def ungrouped(found: re.Match[str]) -> str:
            return _WITHIN.sub(lambda one: "" if one[0] == mark else one[0], found[0])

        cells = _QUOTED if delimiter == "," else re.compile(".*")
        return [cells.sub(ungrouped, row) for row in rows]


def number(cell: str) -> float | None:
    """The number in a cell, NaN where it says that there is none, or None: neither."""
    try:
        # Python's own underscores between digits are nobody's numbers.
        return float(cell) if "_" not in cell else None
    except ValueError:
        pass
    if _NUMBER.fullmatch(cell):
        # Fortran writes 1.5D+02.
        return float(cell.replace(",", ".").lower().replace("d", "e"))
    if match := _NO_LETTER.fullmatch(cell):
        return float(f"{match[1]}e{match[2]}")
    if match := _UNCERTAIN.fullmatch(cell):
        return number(match[1] + (match[4] or ""))
    if match := _GROUPED.fullmatch(cell):
        return float(cell.replace(match["mark"], "").replace(",", "."))
    if cell.lower() in MISSING or not cell.strip("*"):
        return float("nan")
    return None


def uncertainty(cell: str) -> float | None:
    """The standard uncertainty in a cell such as 1.00(12) or 1.00±0.12: 0.12. None if it has none."""
    match = _UNCERTAIN.fullmatch(cell)
    if match is None:
        return None
    value, last, absolute, exponent = match.groups()
    power = number(f"1{exponent}") if exponent else 1.0
    if power is None:
        return None
    if absolute is not None:
        return float(absolute.replace(",", ".")) * power
    digits = len(value.replace(",", ".").partition(".")[2])
    # 1.5(1.2) states the uncertainty itself, 1.50(12) its last digits.
    scale = 1.0 if re.search(r"[.,]", last) else 10.0**-digits
    return float(last.replace(",", ".")) * scale * power


def marks_of(rows: Sequence[str], numbers: Sequence[int], delimiter: str | None) -> Marks:
    """Find the decimal mark of a table and the mark between thousands.

    Parameters
    ----------
    rows, numbers
        Lines of the table and their numbers in the file.
    delimiter
        None: white space.

    Raises
    ------
    Unreadable
        The marks contradict each other, or 1,234 may be a thousand as well as a decimal fraction.
    """
    text = "\n".join(rows)
    if delimiter == ",":
        if '"' not in text:
            return Marks()
        # Commas outside quotation marks divide columns
        text = "\n".join(" ".join(_QUOTED.findall(row)) for row in rows)
    # The quick questions first: a table may have a million rows
    if delimiter in (";", "\t", "|") and " " in text and _SPACE_GROUPS.search(text):
        return Marks("," if "," in text else ".", " ")
    if "'" in text and _OTHER_GROUPS.search(text):
        return Marks("," if "," in text else ".", "'")
    if _AFTER_POINT.search(text) and (match := _POINT_GROUPS.search(text)):
        _refuse_mixture(rows, numbers, match, _COMMA_GROUPS.search(text) or _DECIMAL_POINT.search(text))
        return Marks(",", ".")
    if "," not in text:
        return Marks()
    decimal = _DECIMAL_COMMA.search(text)
    if _AFTER_COMMA.search(text) and (match := _COMMA_GROUPS.search(text)):
        _refuse_mixture(rows, numbers, match, decimal)
        return Marks(".", ",")
    doubtful = _EITHER.search(text)
    if decimal:
        _refuse_mixture(rows, numbers, decimal, _POINT.search(text))
        return Marks(",")
    if doubtful is None:
        return Marks()
    if _DECIMAL_POINT.search(text):
        return Marks(".", ",")
    if _UNGROUPED.search(text) and "." not in text:
        return Marks(",")
    place = _place(rows, numbers, doubtful)
    raise Unreadable(Notice("thousands_or_decimals", {"number": doubtful[0].strip(), **place}))


def _refuse_mixture(
    rows: Sequence[str], numbers: Sequence[int], one: re.Match[str], other: re.Match[str] | None
) -> None:
    if other is None:
        return
    places = [_place(rows, numbers, match) for match in (one, other)]
    point, comma = places if "." in other.string[one.start() : one.end()] else places[::-1]
    raise Unreadable(Notice("decimal_marks_mixed", {"point": point, "comma": comma}))


def _place(rows: Sequence[str], numbers: Sequence[int], match: re.Match[str]) -> dict[str, int | str]:
    index = match.string.count("\n", 0, match.start())
    return {"line": numbers[index], "found": quoted(rows[index])}
