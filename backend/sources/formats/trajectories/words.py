"""Words of a block of lines, and their numbers, by operations on all of them at once.

A Python loop over the words of a trajectory takes several times as long. Numbers are those of `float`, to the last bit:
the digits make an integer below 2⁵³, which is divided by a power of ten and so rounded once (W. D. Clinger, PLDI 1990).
Eight digits are added up in one 64-bit word (D. Lemire, Softw. Pract. Exper. 51, 1700 (2021)). Words that need more,
such as exponents, are left to numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SPACE: Final = 32
"""This and all smaller bytes separate words."""
DOT, MINUS, PLUS = b".-+"
EIGHT: Final = 8
MAX_EXACT: Final = float(2**53)
_ONES: Final = np.uint64(0x0101010101010101)
_HIGH: Final = np.uint64(0x8080808080808080)
_ZEROS: Final = _ONES * np.uint64(ord("0"))
_DOTS: Final = _ONES * np.uint64(DOT)
_ABOVE_NINE: Final = _ONES * np.uint64(0x7F - 9)

POWERS: Final = 10.0 ** np.arange(2 * EIGHT + 1)
FEW: Final = 100
"""Words that numpy parses in less time."""

Text = NDArray[np.uint8]
Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Words:
    """Words of lines with equal numbers of words, as a table.

    Attributes
    ----------
    text
        Bytes of the lines, with at least 8 bytes before the first word and after the last one.
    starts, lengths
        Places of the words in it, shape (n_rows, n_columns).
    """

    text: Text
    starts: Places
    lengths: Places

    @property
    def shape(self) -> tuple[int, ...]:
        """Numbers of rows and columns."""
        return self.starts.shape

    def __getitem__(self, index: Any) -> Any:
        """Return rows and columns of the table as another table; a single column, row or word as bytes."""
        starts, lengths = self.starts[index], self.lengths[index]
        return Words(self.text, starts, lengths) if starts.ndim == 2 else _letters(self.text, starts, lengths)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.bytes_]:
        """Return the words as an array of bytes."""
        return _letters(self.text, self.starts, self.lengths)

    def tolist(self) -> list[list[bytes]]:
        """Return the words row by row."""
        rows: list[list[bytes]] = _letters(self.text, self.starts, self.lengths).tolist()
        return rows

    def numbers(self) -> NDArray[np.float64]:
        """Return the words as numbers, with the shape of the table.

        Raises
        ------
        ValueError
            A word is no number.
        """
        return _numbers(self.text, self.starts.reshape(-1), self.lengths.reshape(-1)).reshape(self.shape)


@dataclass(frozen=True, eq=False)
class LineWords:
    """Words of lines that may have different numbers of words.

    Attributes
    ----------
    text
        As of `Words`.
    starts, lengths
        Places of all words in it, shape (n_words,).
    counts
        Number of words of each line, shape (n_lines,).
    """

    text: Text
    starts: Places
    lengths: Places
    counts: Places

    def columns(self, lines: Places, begin: int, end: int) -> Words:
        """Return words of some lines, from a number to another one, as a table. Each line needs as many words."""
        first = (np.cumsum(self.counts) - self.counts)[lines]
        chosen = first[:, None] + np.arange(begin, end)
        return Words(self.text, self.starts[chosen], self.lengths[chosen])

    def last(self, place: int) -> NDArray[np.bytes_]:
        """Return the last word of each line (place 1), the last but one (2) …; b"" where a line has fewer words."""
        chosen = np.cumsum(self.counts) - place
        has_word = self.counts >= place
        chosen[~has_word] = 0
        if not len(self.starts):
            return np.zeros(len(chosen), dtype="S1")
        return _letters(self.text, self.starts[chosen], np.where(has_word, self.lengths[chosen], 0))


def split_words(block: bytes, line_ends: Places) -> tuple[Words | None, NDArray[np.int64]]:
    """Return the words of lines, and the numbers of words in each line; no words if these numbers differ.

    Parameters
    ----------
    block
        The lines. The last one, too, ends with a newline.
    line_ends
        Places of the newlines.
    """
    text, starts, lengths = _find_words(block)
    n_lines, ends = len(line_ends), line_ends + EIGHT
    n_columns = len(starts) // n_lines
    if n_columns and len(starts) == n_columns * n_lines:
        table = starts.reshape(n_lines, n_columns)
        if (table[1:, 0] > ends[:-1]).all() and (table[:, -1] < ends).all():
            return Words(text, table, lengths.reshape(n_lines, n_columns)), np.full(n_lines, n_columns)
    return None, np.diff(np.searchsorted(starts, ends), prepend=0)


def split_lines(block: bytes, line_ends: Places) -> LineWords:
    """Return the words of lines, which may have different numbers; block and places of newlines as of `split_words`."""
    text, starts, lengths = _find_words(block)
    return LineWords(text, starts, lengths, np.diff(np.searchsorted(starts, line_ends + EIGHT), prepend=0))


def _find_words(block: bytes) -> tuple[Text, Places, Places]:
    """Return the text of `Words`, and the places and lengths of all words in it."""
    text = np.zeros(len(block) + 2 * EIGHT, dtype=np.uint8)
    text[EIGHT:-EIGHT] = np.frombuffer(block, dtype=np.uint8)
    is_word = text > SPACE
    # Words begin and end in turns
    edges = np.flatnonzero(is_word[1:] != is_word[:-1]) + 1
    return text, edges[::2], edges[1::2] - edges[::2]


def parse_numbers(words: NDArray[np.bytes_]) -> NDArray[np.float64]:
    """Return an array of words as numbers.

    Raises
    ------
    ValueError
        A word is no number.
    """
    if words.size < FEW:
        return words.astype(np.float64)
    flat = np.ascontiguousarray(words).reshape(-1)
    width = flat.dtype.itemsize
    text = np.zeros(flat.nbytes + 2 * EIGHT, dtype=np.uint8)
    text[EIGHT:-EIGHT] = flat.view(np.uint8)
    lengths = np.strings.str_len(flat).astype(np.int64)
    return _numbers(text, EIGHT + width * np.arange(flat.size), lengths).reshape(words.shape)


def _letters(text: Text, starts: Places, lengths: Places) -> NDArray[np.bytes_]:
    width = int(lengths.max(initial=1))
    # All runs of so many bytes, of which those at the starts of words are copied
    padded = np.concatenate([text, np.zeros(width, dtype=np.uint8)])
    words = np.ndarray((len(text),), dtype=f"S{width}", buffer=padded, strides=(1,))[starts]
    letters = np.ascontiguousarray(words).view(np.uint8).reshape(*starts.shape, width)
    letters *= np.arange(width) < lengths[..., np.newaxis]
    return letters.view(f"S{width}")[..., 0]


def _numbers(text: Text, starts: Places, lengths: Places) -> NDArray[np.float64]:
    """Return the numbers of words."""
    eights: NDArray[np.uint64] = np.ndarray((len(text) - EIGHT + 1,), dtype="<u8", buffer=text, strides=(1,))
    signs = text[starts]
    is_negative = signs == MINUS
    begins = starts + (is_negative | (signs == PLUS))
    ends = starts + lengths
    dots = begins + _whole_digits(eights[begins])
    np.minimum(dots, ends, out=dots)
    n_whole, n_decimals = dots - begins, np.maximum(ends - dots - 1, 0)
    whole, is_whole = _add_digits(eights[dots - EIGHT], n_whole, at_end=True)
    first = np.minimum(n_decimals, EIGHT)
    # A number without decimals may end with the text
    decimals, is_plain = _add_digits(eights[np.minimum(dots + 1, len(eights) - 1)], first, at_end=False)
    digits, is_plain = whole * POWERS[first] + decimals, is_plain & is_whole
    if (n_decimals > EIGHT).any():
        second = np.clip(n_decimals - EIGHT, 0, EIGHT)
        decimals, is_rest = _add_digits(eights[np.minimum(dots + 1 + EIGHT, len(eights) - 1)], second, at_end=False)
        digits, is_plain = digits * POWERS[second] + decimals, is_plain & is_rest
    numbers: NDArray[np.float64] = digits / POWERS[np.minimum(n_decimals, len(POWERS) - 1)]
    np.negative(numbers, out=numbers, where=is_negative)
    # More than 8 digits may be before the dot
    is_plain &= (dots == ends) | (text[dots] == DOT)
    is_plain &= (digits < MAX_EXACT) & (n_decimals <= 2 * EIGHT) & (n_whole + n_decimals > 0)
    others = np.flatnonzero(~is_plain)
    if others.size:
        numbers[others] = _letters(text, starts[others], lengths[others]).astype(np.float64)
    return numbers


def _whole_digits(first: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the number of bytes before the first dot of 8 bytes; 8 if there is none."""
    same = first ^ _DOTS
    found = (same - _ONES) & ~same & _HIGH
    before = (found & (~found + np.uint64(1))) - np.uint64(1)
    return (np.bitwise_count(before) >> 3).astype(np.int64)


def _add_digits(
    eights: NDArray[np.uint64], count: NDArray[np.int64], *, at_end: bool
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the numbers of the first or last digits of 8 bytes, at most 8, and whether these are all digits.

    The first byte is the lowest of its 64-bit word.
    """
    unused = (8 * (EIGHT - count)).astype(np.uint64)
    digits = eights ^ _ZEROS
    if at_end:
        digits >>= np.minimum(unused, np.uint64(63))
    digits <<= np.minimum(unused, np.uint64(63))
    digits *= count > 0
    are_digits = ((digits + _ABOVE_NINE) | digits) & _HIGH == 0
    digits = digits * np.uint64(10) + (digits >> np.uint64(8))
    digits &= np.uint64(0x00FF00FF00FF00FF)
    digits = digits * np.uint64(100) + (digits >> np.uint64(16))
    digits &= np.uint64(0x0000FFFF0000FFFF)
    digits = digits * np.uint64(10_000) + (digits >> np.uint64(32))
    digits &= np.uint64(0xFFFFFFFF)
    return digits.astype(np.float64), are_digits
