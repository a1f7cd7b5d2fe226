"""The numbers in JCAMP-DX's data lines: plain (AFFN) and ASCII squeezed difference form (PAC, SQZ, DIF, DUP).

A letter is the first digit of a number and says what it means: squeezed (SQZ: @, A–I, a–i), a difference to the value
before (DIF: %, J–R, j–r), or how often the last one stands there (DUP: S–Z, s). After a line that ends with a
difference, the next one begins with the same value again, as a check.

References
----------
R. S. McDonald and P. A. Wilks, Appl. Spectrosc. 42, 151 (1988), Sec. 5, Tables VII and VIII.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.datasets.formats.reading import MAX_POINTS
from backend.datasets.formats.text import quoted
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

Lines = Sequence[tuple[int, str]]
"""Lines with their numbers in the file, from 1."""

_AFFN = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]\d{1,4})?"
_TOKEN = re.compile(
    rf"(?P<affn>{_AFFN})|(?P<squeezed>[@A-Ia-i]\d*\.?\d*)|(?P<difference>[%J-Rj-r]\d*\.?\d*)|(?P<duplicate>[S-Zs]\d*)"
    r"|(?P<missing>\?+)|(?P<space>[\s,;]+)"
)
_FIRST_DIGIT = {
    **{letter: f"{digit}" for digit, letter in enumerate("@ABCDEFGHI")},
    **{letter: f"-{digit}" for digit, letter in enumerate("abcdefghi", 1)},
    **{letter: f"{digit}" for digit, letter in enumerate("%JKLMNOPQR")},
    **{letter: f"-{digit}" for digit, letter in enumerate("jklmnopqr", 1)},
    **{letter: f"{digit}" for digit, letter in enumerate("STUVWXYZs", 1)},
}
# Plain numbers with blanks between them: nothing else, no sign within, no E that could be a squeezed 5.
_NOT_PLAIN = re.compile(r"[^\d.+\-\seE]|[\d.][+-]|[eE](?![+-]\d)")


@dataclass(frozen=True, eq=False)
class Ordinates:
    """Contents of lines (X++(Y..Y)): ordinates; number, X and index of the first ordinate of each line."""

    y: NDArray[np.float64]
    line: NDArray[np.int64]
    x: NDArray[np.float64]
    index: NDArray[np.int64]


def ordinates(lines: Lines) -> Ordinates:
    """Read the lines of (X++(Y..Y)), not scaled by any factor; missing ordinates are NaN.

    Raises
    ------
    Unreadable
        A line has something else, or its check does not hold.
    """
    numbers: list[int] = []
    abscissas, y = array("d"), array("d")
    indices: list[int] = []
    checked = False
    for number, line in lines:
        if not line.strip():
            continue
        x, values, ends_with_difference = _plain(line) or _decoded(number, line)
        if checked and not values:
            raise Unreadable(Notice("abscissa_only", {"line": number, "found": quoted(line)}))
        numbers.append(number)
        abscissas.append(x)
        if checked:
            if values[0] != y[-1]:
                raise Unreadable(Notice("difference_check_failed", {"line": number, "first": values[0], "last": y[-1]}))
            del values[0]
        indices.append(len(y) - checked)
        y.extend(values)
        checked = ends_with_difference
        if len(y) > MAX_POINTS:
            raise Unreadable(Notice("too_many_data_points", {"max_points": MAX_POINTS}))
    return Ordinates(
        np.array(y), np.array(numbers, dtype=np.int64), np.array(abscissas), np.array(indices, dtype=np.int64)
    )


def pairs(lines: Lines) -> NDArray[np.float64]:
    """Read the lines of (XY..XY), shape (n, 2), not scaled by any factor; NaN where an ordinate is missing.

    Raises
    ------
    Unreadable
        A line has something else than pairs of plain numbers.
    """
    found = array("d")
    for number, line in lines:
        position = count = 0
        while position < len(line):
            match = _TOKEN.match(line, position)
            if match is None or match.lastgroup in {"squeezed", "difference", "duplicate"}:
                raise _no_number(number, line, position)
            if match.lastgroup != "space":
                found.append(float(match[0]) if match.lastgroup == "affn" else float("nan"))
                count += 1
            position = match.end()
        if count % 2:
            raise Unreadable(Notice("no_pairs_of_numbers", {"line": number, "found": quoted(line)}))
        if len(found) > 2 * MAX_POINTS:
            raise Unreadable(Notice("too_many_data_points", {"max_points": MAX_POINTS}))
    return np.array(found).reshape(-1, 2)


def _plain(line: str) -> tuple[float, list[float], bool] | None:
    if _NOT_PLAIN.search(line):
        return None
    try:
        x, *values = map(float, line.split())
    except ValueError:
        return None
    return x, values, False


def _decoded(number: int, line: str) -> tuple[float, list[float], bool]:
    """X, the ordinates, and whether the last of them came as a difference."""
    values: list[float] = []
    difference: float | None = None
    last = ""
    position = 0
    while position < len(line):
        match = _TOKEN.match(line, position)
        if match is None:
            raise _no_number(number, line, position)
        if len(values) > MAX_POINTS:
            raise Unreadable(Notice("too_many_data_points", {"max_points": MAX_POINTS}))
        kind, token = match.lastgroup, match[0]
        if kind == "affn":
            values.append(float(token))
        elif kind == "missing":
            values.append(float("nan"))
        elif kind == "space":
            position = match.end()
            continue
        else:
            rest = _FIRST_DIGIT[token[0]] + token[1:]
            # The first number of a line is X, an absolute ordinate comes next: nothing to add to or to repeat.
            if kind != "squeezed" and len(values) < 2:
                raise _no_number(number, line, position)
            if kind == "squeezed":
                values.append(float(rest))
            elif kind == "difference":
                difference = float(rest)
                values.append(values[-1] + difference)
            else:
                times = int(rest) - 1
                if last == "duplicate" or len(values) + times > MAX_POINTS:
                    raise _no_number(number, line, position)
                if last == "difference" and difference is not None:
                    start = values[-1]
                    values.extend(start + difference * step for step in range(1, times + 1))
                else:
                    values.extend([values[-1]] * times)
        if kind != "duplicate":
            last = kind or ""
        elif last != "difference":
            last = "duplicate"
        position = match.end()
    if not values:
        raise Unreadable(Notice("line_without_numbers", {"line": number, "found": quoted(line)}))
    return values[0], values[1:], last == "difference"


def _no_number(number: int, line: str, position: int) -> Unreadable:
    return Unreadable(
        Notice("unreadable_jcamp_number", {"line": number, "found": quoted(line[position : position + 20], 20)})
    )
