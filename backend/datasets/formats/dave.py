"""DAVE's grouped ASCII (`.grp`): energies, then values of the groups, then intensity and error of each group.

References
----------
Mantid, SaveDaveGrp and LoadDaveGrp (Framework/DataHandling/src): a comment before each of the two numbers, the two axes
and the groups; the comment before an axis has its name and, in brackets, its unit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from backend.datasets.formats.column_names import across
from backend.datasets.formats.numbers import number
from backend.datasets.formats.point_lists import map_of_spectra
from backend.datasets.formats.reading import MAX_POINTS, MAX_SPECTRA, Raw, RawSpectrum, Stated
from backend.datasets.formats.table import values_of
from backend.datasets.formats.text import decoded, quoted
from backend.datasets.formats.units import unit_of
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

_VALUES = re.compile(r"\bvalues?\b\s*:?", re.IGNORECASE)


@dataclass
class _Lines:
    """Lines that are not blank, with their numbers in the file, and the place of the next one."""

    lines: Sequence[tuple[int, str]]
    at: int = 0

    def next_lines(self, count: int) -> tuple[list[int], list[str]]:
        """Return the next lines; refuses a file that ends before."""
        found = self.lines[self.at : self.at + count]
        if len(found) < count:
            raise Unreadable(Notice("dave_ends_early", {"n_lines": len(self.lines)}))
        self.at += count
        return [line for line, _ in found], [text for _, text in found]

    def comment(self) -> str:
        """Return the next line, which must be a comment, without its mark."""
        (line,), (text,) = self.next_lines(1)
        if not text.startswith("#"):
            raise Unreadable(Notice("dave_comment_missing", {"line": line, "found": quoted(text)}))
        return _VALUES.sub("", text.lstrip("# \t")).strip()

    def length(self, most: int) -> int:
        """Return the next line, which must be the number of something."""
        (line,), (text,) = self.next_lines(1)
        if not re.fullmatch(r"\d{1,9}", text) or not 0 < int(text) <= most:
            raise Unreadable(Notice("dave_length_wrong", {"line": line, "found": quoted(text), "most": most}))
        return int(text)

    def axis(self, count: int) -> NDArray[np.float64]:
        """Return the next lines, each one number."""
        places, texts = self.next_lines(count)
        values = [number(text) for text in texts]
        for line, text, value in zip(places, texts, values, strict=True):
            if value is None:
                raise Unreadable(
                    Notice("unreadable_cell", {"line": line, "found": quoted(text, 30), "row": quoted(text)})
                )
        return np.array(values, dtype=float)


def sniffs(head: bytes) -> bool:
    """Whether the first lines are comments and whole numbers in turn."""
    try:
        lines = [line.strip() for line in decoded(head[:4096]).split("\n") if line.strip()][:5]
    except Unreadable:
        return False
    return (
        len(lines) == 5
        and all(line.startswith("#") for line in lines[0::2])
        and all(re.fullmatch(r"\d+", line) for line in lines[1::2])
    )


def read(data: bytes) -> list[Raw]:
    """The map of the groups if they are at values of |q| or angles, else one spectrum for each group.

    Raises
    ------
    Unreadable
        It is damaged, or its axis is none of energy.
    """
    numbered = enumerate((line.strip() for line in decoded(data).split("\n")), 1)
    lines = _Lines([(number_, line) for number_, line in numbered if line])
    lines.comment()
    n_x = lines.length(MAX_POINTS)
    lines.comment()
    n_groups = lines.length(MAX_SPECTRA)
    if n_x * n_groups > MAX_POINTS:
        raise Unreadable(Notice("too_many_data_points", {"n_points": n_x * n_groups, "max_points": MAX_POINTS}))
    x_label = lines.comment()
    x = lines.axis(n_x)
    label = lines.comment()
    groups = lines.axis(n_groups)
    unit = unit_of(x_label)
    if unit.notice is not None and unit.unit is None:
        raise Unreadable(unit.notice)
    over = across(label)
    notices = [] if unit.notice is None else [unit.notice]
    if over is None:
        notices.append(Notice("dave_groups_unknown", {"label": label[:60]}))
    spectra = []
    for value in groups:
        lines.comment()
        places, rows = lines.next_lines(n_x)
        values = values_of(rows, places, None, 2)
        spectra.append(
            RawSpectrum(
                x=x,
                y=values[:, 0],
                error=values[:, 1],
                x_unit=unit.unit,
                recognised_by=f"the header's {quoted(x_label)}" if unit.unit else "",
                stated=Stated(title=f"{label} {value:g}"[:200]),
                notices=tuple(notices),
            )
        )
    if lines.at < len(lines.lines):
        line, text = lines.lines[lines.at]
        raise Unreadable(Notice("dave_line_left_over", {"line": line, "found": quoted(text)}))
    joined = None if over is None else map_of_spectra(spectra, (over[1] * groups).tolist(), over[0])
    return list(spectra) if joined is None else [replace(joined, stated=Stated())]
