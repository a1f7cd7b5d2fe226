"""Long tables of numbers in YAML, which are read at once: a parser makes an event of each number.

phonopy writes forces as rows of three numbers, and force constants as blocks of three rows, each after a comment.
"""

from __future__ import annotations

import re
import secrets
from typing import Final

import numpy as np
from numpy.typing import NDArray

MIN_ROWS: Final = 64
"""Shorter tables stay as they are."""
_FIRST: Final = re.compile(rb":[ ]*\n( *)- (?:\[|#[^\n]*\n( *)- \[)")
_NUMBER: Final = rb" *+-?\d++\.\d++(?:[eE][-+]?\d++)?+ *+"
_ROW: Final = rb"- \[" + rb",".join([_NUMBER] * 3) + rb"\] *+(?:\n|\Z)"
_COMMENT: Final = re.compile(rb"- #[^\n]*")
_TO_BLANKS: Final = bytes.maketrans(b"[],\n", b"    ")

Tables = dict[str, NDArray[np.float64]]
"""Word in the text → the table in its place."""


def take_tables(data: bytes) -> tuple[bytes, Tables]:
    """Return a YAML text with a word in the place of each long table, and the tables by their words.

    Rows become an array of shape (n_rows, 3), blocks one of shape (n_blocks, 3, 3). No line of the text moves. What is
    not surely a table stays in the text.
    """
    tables: Tables = {}
    parts: list[bytes] = []
    # No file can hold the word on purpose
    nonce, place = secrets.token_hex(8), 0
    while (first := _FIRST.search(data, place)) is not None:
        start = first.start(1)
        run = _run_pattern(first).match(data, start)
        if run is None or run[0].count(b"[") < MIN_ROWS or _goes_on(data, run.end(), first[1]):
            end = first.end() if run is None else run.end() - 1
            parts.append(data[place:end])
        else:
            end, word = run.end(), f"table-{nonce}-{len(tables)}"
            tables[word] = _read(run[0], in_blocks=first[2] is not None)
            # Deeper than the key before it, as a value must be
            parts += [data[place:start], first[1] + b"  " + word.encode(), b"\n" * run[0].count(b"\n")]
        place = end
    parts.append(data[place:])
    return b"".join(parts), tables


def _run_pattern(first: re.Match[bytes]) -> re.Pattern[bytes]:
    """Return a pattern of lines with the indentations of the first ones."""
    if first[2] is None:
        return re.compile(rb"(?:" + first[1] + _ROW + rb")++")
    return re.compile(rb"(?:" + first[1] + rb"- #[^\n]*\n(?:" + first[2] + _ROW + rb"){3})++")


def _goes_on(data: bytes, end: int, indentation: bytes) -> bool:
    """Return whether the sequence has further items, of another form."""
    return re.compile(rb"(?: *+\n)*+" + indentation + rb" *+[-#\[]").match(data, end) is not None


def _read(text: bytes, *, in_blocks: bool) -> NDArray[np.float64]:
    plain = _COMMENT.sub(b"", text) if in_blocks else text
    numbers = np.array(plain.replace(b"- [", b" ").translate(_TO_BLANKS).split(), dtype=np.float64)
    return numbers.reshape((-1, 3, 3) if in_blocks else (-1, 3))
