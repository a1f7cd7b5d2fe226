"""The data blocks of a CIF. gemmi reads them; a slip of the grammar is passed over where nothing is read from.

Many programs write an author's name without its quotation marks, or a loop of citations with a value too many. gemmi
stops there. The item with the slip is then emptied and the file read again, unless the item is one that is needed.

References
----------
S. R. Hall, F. H. Allen, I. D. Brown, Acta Cryst. A 47, 655 (1991); International Tables for Crystallography G, 2.2.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from dataclasses import dataclass, field

import gemmi

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats.reading import unexpected
from scattering.core.notices import Notice

MAX_SLIPS = 50
"""Items with a slip that are passed over; each costs one more reading of the file."""

BLANK = re.compile(r"[^\S\n]|[\x0e-\x1f\x7f]")
"""Separators of words in real files: also no-break spaces and Ctrl-Z, where CIF allows only spaces and tabs."""

ERROR = re.compile(r"string:(\d+):(\d+)\(\d+\): (.*)", re.DOTALL)
ITEM = re.compile(r"\s*(_|(loop|data|save|global)_)", re.IGNORECASE)
LOOP = re.compile(r"\s*loop_", re.IGNORECASE)
NAMES_ONLY = re.compile(r"\s*(?:_\S+(?:\s+|$))+(?:#.*)?")
NAME = re.compile(r"(?:^|\s)(_\S+)")
FREE_TEXT = ("_chemical_name_", "_atom_type_", "_beamcast_")
"""Read when they can be, but a slip in them does no harm."""


@dataclass
class Block:
    """A data block: every tag in lower case, with '.' written '_' as in old names, and its values.

    A value that the file leaves open (? or .) is an empty string.
    """

    name: str
    values: dict[str, list[str]] = field(default_factory=dict)

    def first(self, *tags: str) -> str:
        """Value of the first of these tags that has one, or an empty string."""
        for tag in tags:
            values = self.values.get(tag)
            if values and values[0]:
                return values[0]
        return ""

    def column(self, *tags: str) -> list[str] | None:
        """All values of the first of these tags that the block has."""
        return next((self.values[tag] for tag in tags if tag in self.values), None)


def read_blocks(text: str, prefixes: tuple[str, ...]) -> list[Block]:
    """Return the data blocks of a CIF, with those of their tags that begin with one of the prefixes.

    Raises
    ------
    Unreadable
        The text breaks the grammar at one of the tags that are asked for; the error names the line.
    """
    # gemmi takes other letters than ASCII's in quotation marks only; files have them in labels and headings too.
    lines = BLANK.sub(" ", text).encode("ascii", "xmlcharrefreplace").decode().split("\n")
    for _ in range(MAX_SLIPS):
        try:
            document = gemmi.cif.read_string("\n".join(lines), 0)
        except ValueError as error:
            _pass_over(lines, str(error), prefixes)
        else:
            return [_block(block, prefixes) for block in document]
    raise Unreadable(Notice("too_many_cif_errors", {"maximum": MAX_SLIPS}))


def _block(block: gemmi.cif.Block, prefixes: tuple[str, ...]) -> Block:
    values: dict[str, list[str]] = {}
    for item in block:
        if isinstance(item.pair, tuple):
            name, value = item.pair
            if not value and _is_needed(name, prefixes):
                raise Unreadable(Notice("value_missing", {"line": item.line_number, "name": name[:60]}))
            if _tag(name).startswith(prefixes):
                values[_tag(name)] = [_value(value)]
        elif item.loop is not None:
            tags = [_tag(name) for name in item.loop.tags]
            wanted = [column for column, tag in enumerate(tags) if tag.startswith(prefixes)]
            raw = item.loop.values if wanted else []
            values |= {tags[column]: [_value(value) for value in raw[column :: len(tags)]] for column in wanted}
    return Block(html.unescape(block.name).strip(), values)


def _value(raw: str) -> str:
    return html.unescape(gemmi.cif.as_string(raw)).strip()


def _tag(name: str) -> str:
    return name.lower().replace(".", "_")


def _is_needed(name: str, prefixes: tuple[str, ...]) -> bool:
    return _tag(name).startswith(prefixes) and not _tag(name).startswith(FREE_TEXT)


def _pass_over(lines: list[str], message: str, prefixes: tuple[str, ...]) -> None:
    """Empty the item that gemmi could not read.

    Raises
    ------
    Unreadable
        The item is needed, or the slip is not in an item.
    """
    match = ERROR.match(message)
    if match is None:
        raise Unreadable(Notice("not_a_file_of", {"format": "CIF", "reason": message[:200]}))
    line, column, reason = int(match[1]) - 1, int(match[2]), match[3]
    marks = [index for index, text in enumerate(lines) if text.startswith(";")]
    # Semicolons at the beginning of a line open and close text fields in turn; one too many opens nothing.
    unclosed = marks.pop() if len(marks) % 2 else None
    if unclosed is not None and reason.startswith("unterminated text"):
        line, column = unclosed, 0
    in_text = {i for opening, closing in zip(marks[::2], marks[1::2], strict=True) for i in range(opening, closing + 1)}
    word = html.unescape(next(iter(lines[line][column:].split()), "")) if line < len(lines) else ""
    if reason.startswith("expected block header"):
        raise unexpected(line + 1, "data_block", word[:30])

    first, end = _item_at(lines, line, in_text)
    names = [name for i in range(first, end) if i not in in_text for name in NAME.findall(lines[i].split(" #")[0])]
    if LOOP.match(lines[first]) and not names:
        raise unexpected(first + 1, "loop_names")
    if names and not any(_is_needed(name, prefixes) for name in names):
        lines[first:end] = [""] * (end - first)
        return
    if reason.startswith("Wrong number of values"):
        raise Unreadable(Notice("incomplete_loop", {"line": first + 1, "n_columns": len(names)}))
    if reason.startswith("unterminated"):
        raise Unreadable(Notice("unclosed_text", {"line": line + 1}))
    raise unexpected(line + 1, "name", word[:30])


def _item_at(lines: list[str], line: int, in_text: set[int]) -> tuple[int, int]:
    """First line of the name and value or of the loop that holds a line, and the first line after it."""
    starts = [i for i, text in enumerate(lines) if ITEM.match(text) and i not in in_text]

    def continues_names(place: int) -> bool:
        """Whether this line goes on with the names of a loop."""
        between = lines[starts[place - 1] + 1 : starts[place]]
        return NAMES_ONLY.fullmatch(lines[starts[place]]) is not None and not any(
            text.strip() and not text.lstrip().startswith("#") for text in between
        )

    place = max(bisect_right(starts, line) - 1, 0)
    top = place
    while top > 0 and continues_names(top):
        top -= 1
    after = place + 1
    if LOOP.match(lines[starts[top]]):
        while after < len(starts) and continues_names(after):
            after += 1
    else:
        top = place
    return starts[top], starts[after] if after < len(starts) else len(lines)
