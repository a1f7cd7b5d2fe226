"""Tables of columns: CSV, TSV, white space; energy, intensity, error, or many intensities beside one energy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from backend.datasets.formats import column_names as named_as
from backend.datasets.formats import units
from backend.datasets.formats.column_roles import Curve, curves_of
from backend.datasets.formats.numbers import number
from backend.datasets.formats.point_lists import ListColumns, list_columns, map_of_spectra, on_grid, q_in_words
from backend.datasets.formats.reading import MAX_SPECTRA, Raw, RawMap, RawSpectrum, Stated, XUnit
from backend.datasets.formats.table import NoTable, Table, cells, read_table, uncommented
from backend.datasets.formats.text import decoded, quoted
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

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


def read(data: bytes) -> list[Raw]:
    """The spectra in a table of columns, or the maps in a list of points.

    Raises
    ------
    Unreadable
        There is no such table, or its columns may be more than one thing.
    """
    return contents_of(read_table(decoded(data)))


def contents_of(table: Table) -> list[Raw]:
    """The spectra or maps in a table: each column that is no axis and no error is one."""
    named = column_names(table)
    names = tuple(named.names[column] for column in table.kept) if named else ()
    notices: list[Notice] = []
    lists = list_columns(names)
    curves = curves_of(table.values, names, notices) if lists is None else _curves_of_list(lists, names, notices)
    if not curves:
        raise Unreadable(Notice("table_without_intensities"))
    own_axes = len({curve.x for curve in curves}) > 1
    blocks = [slice(0, len(table.values))] if own_axes or lists else _blocks(table, curves[0].x)
    if len(blocks) > 1:
        notices.append(Notice("energies_restart", {"n_blocks": len(blocks)}))
    if own_axes:
        notices.append(Notice("curves_with_own_energies", {"n_curves": len({curve.x for curve in curves})}))
    n_spectra = len(curves) * len(blocks)
    if n_spectra > MAX_SPECTRA:
        raise Unreadable(Notice("too_many_spectra_in_file", {"n_spectra": n_spectra, "max_spectra": MAX_SPECTRA}))
    titles = _titles(table, named, names, curves)
    found: list[Raw] = []
    for title, curve in zip(titles, curves, strict=True):
        spectra = [_spectrum(table, named, names, curve, block, title, notices) for block in blocks]
        listed = None if lists is None else _from_list(table, lists, spectra[0])
        if listed is not None:
            found.append(listed)
        elif lists is not None:
            ignored = Notice("momentum_column_ignored", {"column": names[lists.across]})
            found += [replace(one, notices=(*one.notices, ignored)) for one in spectra]
        else:
            found += _of_blocks(table, blocks, spectra)
    return [*_of_headed_columns(names, curves, found), *found]


def _of_headed_columns(names: Sequence[str], curves: Sequence[Curve], found: Sequence[Raw]) -> list[RawMap]:
    """Return the map of intensities whose names state |q| (“Q = 0.5”), if all do."""
    q = [q_in_words(names[curve.y]) for curve in curves] if names else []
    spectra = [one for one in found if isinstance(one, RawSpectrum)]
    if None in q or not len(q) == len(spectra) == len(found) > 1:
        return []
    known = [value for value in q if value is not None]
    joined = map_of_spectra(spectra, known, "q", Notice("map_of_blocks", {"kind": "q"}))
    return [replace(joined, stated=replace(joined.stated, title=joined.stated.heading))] if joined else []


def _curves_of_list(lists: ListColumns, names: Sequence[str], notices: list[Notice]) -> list[Curve]:
    others = [column for column in range(len(names)) if column not in (lists.across, lists.x)]
    inner = [names[lists.x], *(names[column] for column in others)]
    places = [lists.x, *others]
    return [
        Curve(lists.x, places[curve.y], None if curve.error is None else places[curve.error])
        for curve in curves_of(np.empty((0, len(inner))), inner, notices)
    ]


def _spectrum(
    table: Table,
    named: _Names | None,
    names: Sequence[str],
    curve: Curve,
    rows: slice,
    title: str,
    notices: Sequence[Notice],
) -> RawSpectrum:
    """Return one curve, without the empty rows below it where another curve is longer."""
    x, y = table.values[rows, curve.x], table.values[rows, curve.y]
    error = None if curve.error is None else table.values[rows, curve.error]
    if error is None and table.uncertainties is not None:
        stated = table.uncertainties[rows, curve.y]
        error = stated if np.isfinite(stated).any() else None
    there = np.flatnonzero(np.isfinite(x) | np.isfinite(y))
    end = int(there[-1]) + 1 if len(there) else 0
    unit, recognised_by, about_unit = _unit(table, named, names[curve.x] if names else None)
    return RawSpectrum(
        x=x[:end],
        y=y[:end],
        error=None if error is None else error[:end],
        x_unit=unit,
        recognised_by=recognised_by,
        y_unit=_y_unit(names[curve.y]) if names else "",
        stated=Stated(title=title, heading=_title(table, named)),
        notices=(*table.notices, *about_unit, *notices),
    )


def _from_list(table: Table, lists: ListColumns, points: RawSpectrum) -> RawMap | None:
    """Return the map that a list of points makes; None if all have the same |q|."""
    across = lists.factor * table.values[: len(points.x), lists.across]
    columns = [points.y] if points.error is None else [points.y, points.error]
    grid = on_grid(across, points.x, *columns)
    if grid is None:
        return None
    rows, energies, (y, *error) = grid
    return RawMap(
        kind=lists.kind,
        across=rows,
        width=None,
        x=energies,
        y=y,
        error=error[0] if error else None,
        x_unit=points.x_unit,
        recognised_by=points.recognised_by,
        y_unit=points.y_unit,
        stated=points.stated,
        notices=(*points.notices, Notice("map_of_points", {"kind": lists.kind, "n_points": len(points.x)})),
    )


def _of_blocks(table: Table, blocks: Sequence[slice], spectra: Sequence[RawSpectrum]) -> list[Raw]:
    """Return spectra that stand below each other: a map if each is headed by its |q|, else one by one."""
    if len(blocks) == 1:
        return list(spectra)
    above = dict(zip(table.breaks, table.remarks, strict=False))
    headings = [
        above.get(block.start, "") or (uncommented(table.header[-1]) if table.header else "") for block in blocks
    ]
    q = [q_in_words(heading) for heading in headings]
    known = [value for value in q if value is not None]
    if len(known) == len(q) and (joined := map_of_spectra(spectra, known, "q", Notice("map_of_blocks", {"kind": "q"}))):
        return [joined]
    return [
        replace(
            one, stated=replace(one.stated, title=", ".join(filter(None, [one.stated.title, f"block {index + 1}"])))
        )
        for index, one in enumerate(spectra)
    ]


def _titles(table: Table, named: _Names | None, names: Sequence[str], curves: Sequence[Curve]) -> list[str]:
    if len(curves) == 1:
        return [_title(table, named)]
    if not names:
        return [f"column {table.kept[curve.y] + 1}" for curve in curves]
    above = _curve_names(table, named)
    return [above.get(table.kept[curve.x]) or names[curve.y] for curve in curves]


def _curve_names(table: Table, named: _Names | None) -> dict[int, str]:
    """Names of the curves in the line above the names of the columns, as WebPlotDigitizer writes them."""
    lines = [uncommented(line) for line in table.header]
    if named is None or named.lines[0] not in lines or not (place := lines.index(named.lines[0])):
        return {}
    found = cells(table.header[place - 1], table.delimiter)
    axes = [column for column, name in enumerate(named.names) if named_as.is_axis(name)]
    if len(axes) < 2 or len(found) < len(named.names) or not all(found[column] for column in axes):
        return {}
    # The name of a curve stands above its energies, and perhaps again above its intensities
    owner = {column: max(axis for axis in axes if axis <= column) for column in range(axes[0], len(found))}
    if any(found[column] not in ("", found[axis]) for column, axis in owner.items()):
        return {}
    return {column: found[column][:200] for column in axes}


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
    axis = bool(units.is_axis(found[0]) or units.unit_of(found[0]).unit or named_as.across(found[0]))
    others = any(named_as.is_error(name) or named_as.is_intensity(name) for name in found[1:])
    with_unit = units.is_axis(found[0]) and units.unit_of(found[0]).unit and re.search(r"[\[(/_]", found[0])
    return bool((axis and others) or with_unit)


def _are_units(found: Sequence[str]) -> bool:
    """Whether a line names units alone: meV, arb. units, ..."""
    bare = re.fullmatch(r"[\[(]?[^\s\[\]()]{1,10}[\])]?", found[0])
    return bool(bare and units.unit_of(found[0]).unit) and not units.is_axis(found[0])


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
        if (
            re.search(r"[^\W\d]{2}", words)
            and not words.startswith("sep=")
            and not (named and words in named.lines)
            and not units.is_axis(words)
        ):
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
