"""Tables of columns: CSV, TSV, white space; energy, intensity, error, or many intensities beside one energy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.datasets.formats import units
from backend.datasets.formats.reading import MAX_SPECTRA, RawSpectrum, Stated, XUnit
from backend.datasets.formats.table import NoTable, Table, cells, number, read_table, uncommented
from backend.datasets.formats.text import decoded, quoted
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

_ERROR = re.compile(
    r"(?:^|[\s_.(\[-])(?:(?:standard|std|stat\w*|y)?[\s_.-]*(?:error|err)(?:or)?s?(?:\s*bars?)?|uncertaint(?:y|ies)"
    r"|sigma|σ|std(?:ev)?|s\.?d\.?|e\.?s\.?d\.?|dy|ds|di|±|\+/-)(?:$|[\s_.)\]\d])|^e\d*$|^yerr\d*$|errors?\d*$"
)
_X_ERROR = re.compile(r"^(?:dx|x[\s_-]?err(?:or)?|de|d_?energy|e_?err)$")
_INTENSITY = re.compile(
    r"\bintensit|\bcounts?\b|\bsignal\b|^s\s*\(|\bs\s*\(\s*q|^y\d*\b|^i\b|^i\s*\(|\bdata\b|\bsqw\b|\bspectrum\b|\bdos\b|^s$"
)
_INDEX = re.compile(r"^(?:index|idx|no\.?|nr\.?|n|#|pt\.?|points?|row|bin|channel|ch)$")
_IN_HEADER = re.compile(
    r"[\[(]([^\[\]()]{1,40})[\])]\s*$|\bin\s+(\S{1,20})\s*$|[=:]\s*(\S{1,40})\s*$|\s/\s(\S{1,20})\s*$"
)
_SNIFFED = 65536
HEADER_LINES = 50
"""Lines above a table in which the names and the unit are looked for."""


@dataclass(frozen=True)
class _Names:
    """Names of the columns, and the lines of the header with these names."""

    names: tuple[str, ...]
    lines: tuple[str, ...]


def sniffs(head: bytes) -> bool:
    """Whether there is a table of numbers near the beginning."""
    try:
        text = decoded(head[:_SNIFFED])
    except Unreadable:
        return False
    # The last line may be cut off.
    whole = text.rpartition("\n")[0] if len(head) >= _SNIFFED else text
    try:
        read_table(whole)
    except NoTable:
        return False
    except Unreadable:
        # A table with a fault: its reader says which.
        pass
    return True


def read(data: bytes) -> list[RawSpectrum]:
    """The spectra in a table of columns.

    Raises
    ------
    Unreadable
        There is no such table.
    """
    return spectra_of(read_table(decoded(data)))


def spectra_of(table: Table) -> list[RawSpectrum]:
    """The spectra in a table: each column that is no axis and no error is one."""
    named = column_names(table)
    names = tuple(named.names[column] for column in table.kept) if named else ()
    x, notices = _x_column(names)
    unit, recognised_by, about_unit = _unit(table, named, names[x] if names else None)
    found = list(_columns(table, names, x, notices))
    if not found:
        raise Unreadable(Notice("table_without_intensities"))
    if len(found) > MAX_SPECTRA:
        raise Unreadable(Notice("too_many_spectra_in_file", {"n_spectra": len(found), "max_spectra": MAX_SPECTRA}))
    titles = [names[y] if names else f"column {table.kept[y] + 1}" for y, _ in found]
    if len(found) == 1:
        titles = [_title(table, named)]
    blocks = _blocks(table, x)
    if len(blocks) > 1:
        notices.append(Notice("energies_restart", {"n_blocks": len(blocks)}))
    if len(found) * len(blocks) > MAX_SPECTRA:
        raise Unreadable(
            Notice("too_many_spectra_in_file", {"n_spectra": len(found) * len(blocks), "max_spectra": MAX_SPECTRA})
        )
    return [
        RawSpectrum(
            x=table.values[block, x],
            y=table.values[block, y],
            error=None if error is None else table.values[block, error],
            x_unit=unit,
            recognised_by=recognised_by,
            y_unit=_y_unit(names[y]) if names else "",
            stated=Stated(title=", ".join(filter(None, [title, f"block {index + 1}" if len(blocks) > 1 else ""]))),
            notices=(*table.notices, *about_unit, *notices),
        )
        for title, (y, error) in zip(titles, found, strict=True)
        for index, block in enumerate(blocks)
    ]


def column_names(table: Table) -> _Names | None:
    """The names of all the file's columns, if the header has them."""
    lines = [uncommented(line) for line in table.header[-HEADER_LINES:] if uncommented(line)]
    unit_row: list[str] | None = None
    for back, line in enumerate(reversed(lines[-5:])):
        for found, as_rows in _splittings(line, table):
            if back == 0 and _are_units(found):
                # Spreadsheets and Origin write the units in a row of their own.
                unit_row = found
                break
            directly_above = back == (0 if unit_row is None else 1)
            if not _are_names(found, sure=directly_above and as_rows):
                continue
            if unit_row is not None:
                found = [f"{name} ({unit})" if unit else name for name, unit in zip(found, unit_row, strict=True)]
            return _Names(tuple(found), (line, lines[-1]) if unit_row is not None else (line,))
    if unit_row is not None:
        return _Names(tuple(unit_row), (lines[-1],))
    return None


def _splittings(line: str, table: Table) -> Iterator[tuple[list[str], bool]]:
    """Ways to divide a header's line into as many cells as the table has columns, likeliest first.

    With each: whether it is divided by the mark that divides the rows, and that is not white space.
    """
    for delimiter in dict.fromkeys((table.delimiter, "\t", ";", ",", None)):
        if delimiter is None:
            # Names with single blanks in them, then words.
            ways = [re.split(r"\s{2,}|\t", line), line.split()]
        else:
            ways = [cells(line, delimiter)]
            if len(line) < 2000:
                ways = [cells(line, delimiter)]
            if len(line) < 2000:
                # S(Q,ω) is one name.
                ways.append([cell.strip() for cell in re.split(rf"{re.escape(delimiter)}(?![^(\[]*[)\]])", line)])
        yield from (
            (way, delimiter is not None and delimiter == table.delimiter) for way in ways if len(way) == table.width
        )


def _are_names(found: Sequence[str], *, sure: bool) -> bool:
    if any(number(cell) is not None for cell in found if cell) or not any(found):
        return False
    if sure:
        return True
    # Three words of a title above three columns are no names.
    axis = bool(units.is_axis(found[0]) or units.unit_of(found[0]).unit)
    others = any(_ERROR.search(text) or _INTENSITY.search(text) for text in map(units.plain, found[1:]))
    with_unit = units.is_axis(found[0]) and units.unit_of(found[0]).unit and re.search(r"[\[(/_]", found[0])
    return bool((axis and others) or with_unit)


def _are_units(found: Sequence[str]) -> bool:
    """Whether a line names units alone: meV, arb. units, ..."""
    bare = re.fullmatch(r"[\[(]?[^\s\[\]()]{1,10}[\])]?", found[0])
    return bool(bare and units.unit_of(found[0]).unit) and not units.is_axis(found[0])


def _x_column(names: Sequence[str]) -> tuple[int, list[Notice]]:
    """Return the index of the column of the axis, and notices about it."""
    if not names or not _INDEX.match(units.plain(names[0])):
        return 0, []
    later = next((column for column, name in enumerate(names) if column and units.is_axis(name)), None)
    if later is None:
        return 0, []
    return later, [Notice("axis_column", {"column": names[later], "ignored": names[0]})]


def _columns(table: Table, names: Sequence[str], x: int, notices: list[Notice]) -> Iterator[tuple[int, int | None]]:
    """Columns of intensities, each with that of its errors."""
    width = table.values.shape[1]
    if not names:
        yield from _unnamed(table.values, notices)
        return
    plain = [units.plain(name) for name in names]
    bare = [_bare(name) for name in plain]
    errors: dict[int, int] = {}
    intensities: list[int] = []
    for column in range(x + 1, width):
        name = plain[column]
        if _X_ERROR.match(name):
            notices.append(Notice("energy_errors_ignored", {"column": names[column]}))
        elif _ERROR.search(name):
            owner = _owner(bare[column], bare, intensities, errors)
            if owner is None:
                notices.append(Notice("error_column_ignored", {"column": names[column]}))
            else:
                errors[owner] = column
        elif units.unit_of(names[column]).unit and units.is_axis(names[column]):
            notices.append(Notice("second_axis_ignored", {"column": names[column]}))
        else:
            intensities.append(column)
    for owner, column in errors.items():
        by_place = bare[column] != bare[owner]
        if by_place and any(other < owner and other not in errors for other in intensities):
            notices.append(Notice("error_column_assumed", {"column": names[column], "intensity": names[owner]}))
    yield from ((column, errors.get(column)) for column in intensities)


def _owner(name: str, bare: Sequence[str], intensities: Sequence[int], taken: dict[int, int]) -> int | None:
    """Whose errors a column are: of the column with the same name but for “error”, or else of the one before it."""
    for column in intensities:
        if name and bare[column] == name and column not in taken:
            return column
    last = intensities[-1] if intensities else None
    return None if last is None or last in taken else last


def _bare(name: str) -> str:
    """A column's name but for “error” and what joins words."""
    return re.sub(r"[\s_.()\[\]-]+", " ", _ERROR.sub(" ", name)).strip()


def _unnamed(values: NDArray[np.float64], notices: list[Notice]) -> Iterator[tuple[int, int | None]]:
    width = values.shape[1]
    if width == 3 and not (values[:, 2] < 0).any():
        notices.append(Notice("unnamed_columns_with_error"))
        yield 1, 2
        return
    if width > 2:
        notices.append(Notice("third_column_negative") if width == 3 else Notice("unnamed_columns"))
    yield from ((column, None) for column in range(1, width))


def _unit(table: Table, named: _Names | None, name: str | None) -> tuple[XUnit | None, str, tuple[Notice, ...]]:
    """Unit of the axis, the words that state it, and notices about it."""
    if name is not None:
        found = units.unit_of(name)
        if found.unit:
            return found.unit, f"the column's name “{name}”", (found.notice,) if found.notice else ()
        if found.notice:
            return None, "", (found.notice,)
    told: dict[XUnit, tuple[str, Notice | None]] = {}
    for line in table.header[-HEADER_LINES:]:
        words = uncommented(line)
        if named and words in named.lines:
            continue
        if len(words) < 200 and (match := _IN_HEADER.search(words)) and units.is_axis(words):
            found = units.unit_of(next(group for group in match.groups() if group))
            whole = units.unit_of(words)
            if found.unit and whole.unit == found.unit:
                told[found.unit] = (f"the header's {quoted(words)}", found.notice)
    if len(told) != 1:
        return None, "", ()
    ((unit, (words, notice)),) = told.items()
    return unit, words, (notice,) if notice else ()


def _y_unit(name: str) -> str:
    match = re.search(r"\[([^\[\]]{1,60})\]\s*$|\s\(([^()]{1,60})\)\s*$", name)
    return (match[1] or match[2]).strip() if match else ""


def _title(table: Table, named: _Names | None) -> str:
    """The first words of the header that are not the columns' names."""
    for line in table.header[:HEADER_LINES]:
        words = uncommented(line)
        if re.search(r"[^\W\d]{2}", words) and not (named and words in named.lines) and not units.is_axis(words):
            return " ".join(words.strip(",;\t").split())[:200]
    return ""


def _blocks(table: Table, x: int) -> list[slice]:
    """Rows of each spectrum: the table is divided at a break behind which the energies begin anew."""
    energies = table.values[:, x]
    rows = len(energies)
    inner = [row for row in table.breaks if 0 < row < rows]
    starts = [0]
    for row in inner:
        begin, before = energies[starts[-1]], energies[row - 1]
        step, direction = energies[row] - before, before - begin
        if row - starts[-1] > 1 and step * direction < 0:
            starts.append(row)
    return [slice(start, end) for start, end in zip(starts, [*starts[1:], rows], strict=True)]
