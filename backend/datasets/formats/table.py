"""A table of numbers in text: its delimiter, decimal mark, header and rows, found and never guessed past.

The table begins with the first three lines of numbers in a row that agree in delimiter and width. From there on each
line must be a row of it, blank or a comment; anything else is refused with its line's number, except words after the
last row. What stands before is the header.
"""

from __future__ import annotations

import csv
import itertools
import re
from array import array
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.datasets.formats.numbers import marks_of, number, uncertainty
from backend.datasets.formats.reading import MAX_POINTS, MAX_SPECTRA
from backend.datasets.formats.text import MAX_LINE, quoted
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

COMMENTS = "#%!;"
MIN_ROWS = 3
MAX_FALSE_STARTS = 100_000
"""Lines that begin as a row does but are none of the table; no header has so many."""
_DATE = re.compile(r"(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4})\b(?![.,])")
_FORTRAN = str.maketrans("dD", "eE")
_DECIMAL_COMMA = str.maketrans(",", ".")
_BEGINS = frozenset("0123456789+-.,\"'nN*?\t;|")
_DELIMITERS = ("\t", ";", "|", ",", None)


class NoTable(Unreadable):
    """There are no rows of numbers."""


@dataclass(frozen=True, eq=False)
class Table:
    """A table of numbers.

    Attributes
    ----------
    header
        The lines before it, as they stand there.
    delimiter
        None: white space.
    width
        Columns in the file.
    values
        Shape (rows, len(kept)); NaN where a cell is empty or says so.
    kept
        Which of the file's columns these are; those that hold nothing are left out.
    first_line
        Number of the first row's line in the file, from 1.
    breaks
        Rows before which a blank line or a comment stands.
    notices
        What the user should know of how it was read.
    uncertainties
        Shape of `values`: the standard uncertainties that cells state (1.00(12)), NaN elsewhere; None without any.
    remarks
        The last comment before each of the breaks, "" if there is none.
    """

    header: tuple[str, ...]
    delimiter: str | None
    width: int
    values: NDArray[np.float64]
    kept: tuple[int, ...]
    first_line: int
    breaks: tuple[int, ...]
    notices: tuple[Notice, ...]
    uncertainties: NDArray[np.float64] | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Rows:
    """Lines of a table's rows, their numbers in the file, the rows with a break before, and comments passed over."""

    lines: list[str]
    numbers: Sequence[int]
    breaks: tuple[int, ...] = ()
    comments: int = 0
    remarks: tuple[str, ...] = ()


def read_table(text: str) -> Table:
    """The table in a text.

    Raises
    ------
    Unreadable
        There is none, or a line in it is no row of it.
    """
    lines = text.split("\n")
    start, delimiter, width = _beginning(lines)
    end, footer = _end(lines, start)
    rows = _rows(lines, start, end, delimiter)
    if len(rows.lines) > MAX_POINTS:
        raise Unreadable(Notice("too_many_rows", {"n_rows": len(rows.lines), "max_rows": MAX_POINTS}))
    notices: list[Notice] = []
    marks = marks_of(rows.lines, rows.numbers, delimiter)
    if marks.decimal == ",":
        notices.append(Notice("decimal_comma"))
    if marks.thousands is not None:
        notices.append(Notice("thousands_marks", {"mark": marks.thousands}))
    plain = marks.plain(rows.lines, delimiter)
    values = values_of(plain, rows.numbers, delimiter, width)
    uncertainties = _uncertainties(plain, delimiter, width)
    if rows.comments:
        notices.append(Notice("comments_in_table", {"n_lines": rows.comments}))
    if footer:
        notices.append(Notice("text_after_table", {"text": quoted(" ".join(footer))}))
    # A delimiter at each line's end, or a column that a spreadsheet left empty.
    kept = np.flatnonzero(~np.isnan(values).all(axis=0))
    if len(kept) < 2:
        raise Unreadable(Notice("table_without_two_columns"))
    return Table(
        tuple(lines[:start]),
        delimiter,
        width,
        values[:, kept],
        tuple(kept.tolist()),
        start + 1,
        rows.breaks,
        tuple(notices),
        None if uncertainties is None else uncertainties[:, kept],
        rows.remarks,
    )


def values_of(rows: list[str], numbers: Sequence[int], delimiter: str | None, width: int) -> NDArray[np.float64]:
    """The numbers in rows, shape (rows, width); NaN where a cell says that there is none.

    Parameters
    ----------
    rows
        Lines, all of them rows.
    numbers
        Of these lines in the file, from 1.

    Raises
    ------
    Unreadable
        A line is no row of that width, with its number.
    """
    values = _fast(rows, delimiter, width)
    if values is None:
        marks = _FORTRAN if delimiter == "," else _FORTRAN | _DECIMAL_COMMA
        values = _fast("\n".join(rows).translate(marks).split("\n"), delimiter, width)
    return _slow(rows, numbers, delimiter, width) if values is None else values


def cells(line: str, delimiter: str | None) -> list[str]:
    """The cells of a line, without quotation marks and white space around them."""
    if delimiter is None:
        return [cell.strip("\"'") for cell in line.split()]
    parts = line.split(delimiter)
    if '"' in line:
        with suppress(csv.Error):  # a quotation that goes on for ever
            parts = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    return [part.strip() for part in parts]


def is_comment(line: str, delimiter: str | None = None) -> bool:
    """Whether a line begins with a comment mark; a semicolon that divides the columns is none."""
    begin = line.lstrip()[:1]
    return begin != "" and begin in COMMENTS and begin != delimiter


def uncommented(line: str) -> str:
    """A header's line without its comment marks."""
    return line.strip().lstrip(COMMENTS + "*/' \t").strip()


def _beginning(lines: Sequence[str]) -> tuple[int, str | None, int]:
    """Index of the table's first line, its delimiter and number of columns."""
    candidates = (index for index, line in enumerate(lines) if _may_be_row(line))
    for index in itertools.islice(candidates, MAX_FALSE_STARTS):
        line = lines[index]
        for delimiter in _DELIMITERS:
            width = _width(line, delimiter)
            if width and _goes_on(lines, index, delimiter, width):
                _nothing_lost(lines, index, delimiter, width)
                _commas_are_clear(lines[index : index + 20], delimiter)
                return index, delimiter, width
    raise NoTable(Notice("no_table", {"min_rows": MIN_ROWS}))


def _may_be_row(line: str) -> bool:
    begin = line.lstrip(" ")[:1]
    return begin != "" and begin in _BEGINS


def _goes_on(lines: Sequence[str], index: int, delimiter: str | None, width: int) -> bool:
    """Whether enough rows of a width follow each other, blank lines and comments aside."""
    found = 0
    for line in lines[index : index + 4 * MIN_ROWS]:
        if not line.strip() or is_comment(line, delimiter):
            continue
        if _width(line, delimiter, numbers=1) != width:
            return False
        found += 1
        if found == MIN_ROWS:
            return True
    return False


def _nothing_lost(lines: Sequence[str], start: int, delimiter: str | None, width: int) -> None:
    """Refuse a table whose first rows would be taken for its header because of a damaged line among them."""
    for index in range(max(0, start - 2 * MIN_ROWS), start):
        if _may_be_row(lines[index]) and _width(lines[index], delimiter) == width:
            wrong = next(
                later
                for later in range(index + 1, start)
                if lines[later].strip()
                and not is_comment(lines[later], delimiter)
                and _width(lines[later], delimiter) != width
            )
            raise Unreadable(
                Notice("no_row", {"line": wrong + 1, "first_line": index + 1, "found": quoted(lines[wrong])})
            )


def _width(line: str, delimiter: str | None, *, numbers: int = 2) -> int:
    """Cells in a row of numbers; 0 if it is none, has but one column, or fewer numbers: a line of dashes, say."""
    if len(line) > MAX_LINE or (delimiter is not None and delimiter not in line):
        return 0
    found = cells(line, delimiter)
    if not 2 <= len(found) <= 2 * MAX_SPECTRA + 2:
        return 0
    values = [number(cell) for cell in found]
    real = sum(value is not None and value == value for value in values)
    return len(found) if None not in values and (real >= numbers or (real and "nan" in line.lower())) else 0


def _commas_are_clear(lines: Sequence[str], delimiter: str | None) -> None:
    """Refuse commas that both divide columns and mark decimals: 1,05,2,70."""
    for line in lines if delimiter == "," else ():
        if '"' not in line and "." not in line and re.search(r"(?:^|,)0\d+(?:,|$)", line):
            raise Unreadable(Notice("commas_as_delimiter_and_decimal", {"found": quoted(line)}))


def _end(lines: Sequence[str], start: int) -> tuple[int, list[str]]:
    """Index past the last row, and the words after it."""
    end = len(lines)
    footer: list[str] = []
    while end > start:
        line = lines[end - 1]
        if line.strip() and not is_comment(line):
            if not _is_footer(line):
                break
            footer.append(line.strip())
        end -= 1
    return end, footer[::-1]


def _is_footer(line: str) -> bool:
    """Whether a line is words, a date, or a named number, and no damaged row."""
    text = line.strip()
    if len(text) > 1000:
        return False
    if _DATE.match(text):
        return True
    first = re.split(r"[\s,;|]", text, maxsplit=1)[0]
    if number(first) is not None:
        return False
    return bool(re.match(r"\W{0,3}[^\W\d_]{2,}|[^\W\d_]\s*[=:(]", text)) or not re.search(r"\d", text)


def _rows(lines: list[str], start: int, end: int, delimiter: str | None) -> _Rows:
    body = lines[start:end]
    marks = "".join(mark for mark in COMMENTS if mark != delimiter)
    if all((begin := line.lstrip()[:1]) and begin not in marks for line in body):
        return _Rows(body, range(start + 1, end + 1))
    rows: list[str] = []
    numbers: list[int] = []
    breaks: list[int] = []
    remarks: list[str] = []
    comments = 0
    for index, line in enumerate(body):
        commented = is_comment(line, delimiter)
        if commented or not line.strip():
            comments += commented
            if not breaks or breaks[-1] != len(rows):
                breaks.append(len(rows))
                remarks.append("")
            if commented:
                remarks[-1] = uncommented(line)
        else:
            rows.append(line)
            numbers.append(start + index + 1)
    return _Rows(rows, numbers, tuple(breaks), comments, tuple(remarks))


def _fast(rows: list[str], delimiter: str | None, width: int) -> NDArray[np.float64] | None:
    """All rows at once, where they hold nothing but plain numbers; else None."""
    try:
        values = np.loadtxt(rows, delimiter=delimiter, comments=None, ndmin=2, dtype=float)
    except ValueError:
        return None
    return values if values.shape == (len(rows), width) else None


def _uncertainties(rows: list[str], delimiter: str | None, width: int) -> NDArray[np.float64] | None:
    """The uncertainties in cells such as 1.00(12), shape (rows, width), NaN where there is none; None without any."""
    if not any("(" in row or "±" in row or "+/-" in row for row in rows):
        return None
    found = np.full((len(rows), width), np.nan)
    for index, row in enumerate(rows):
        for column, cell in enumerate(cells(row, delimiter)[:width]):
            value = uncertainty(cell)
            if value is not None:
                found[index, column] = value
    return found if np.isfinite(found).any() else None


def _slow(rows: list[str], numbers: Sequence[int], delimiter: str | None, width: int) -> NDArray[np.float64]:
    """Row by row: decimal commas, empty cells, quotation marks, Fortran's D; and the word for what is no number."""
    values = array("d")
    for line, row in zip(numbers, rows, strict=True):
        if "_" not in row:
            try:
                plain = [float(cell) for cell in row.split(delimiter)]
            except ValueError:
                plain = []
            if len(plain) == width:
                values.extend(plain)
                continue
        found = cells(row, delimiter)
        if len(found) != width:
            found = cells(re.split(r"\s[#!%]", row, maxsplit=1)[0], delimiter)
        if len(found) != width:
            columns = {"n_columns": len(found), "n_expected": width, "is_last": line == numbers[-1]}
            raise Unreadable(Notice("wrong_number_of_columns", {"line": line, **columns, "found": quoted(row)}))
        for cell in found:
            value = number(cell)
            if value is None:
                raise Unreadable(
                    Notice("unreadable_cell", {"line": line, "found": quoted(cell, 30), "row": quoted(row)})
                )
            values.append(value)
    return np.frombuffer(values, dtype=float).reshape(len(rows), width).copy()
