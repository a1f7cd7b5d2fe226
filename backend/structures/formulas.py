"""Formulas as people type them in a search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import reduce
from itertools import islice
from math import gcd
from typing import Final

from ase.data import chemical_symbols

from backend.structures.chemistry import write_formula

MAX_READINGS: Final = 16
"""Readings of a formula in lower case: "cos" is CoS, OsC or CSO."""
MAX_FORMULA_LENGTH: Final = 60
_ISOTOPES: Final = {"D": "H", "T": "H"}
_SYMBOLS: Final = {symbol.lower(): symbol for symbol in chemical_symbols[1:]} | {"d": "H", "t": "H"}


def spellings(text: str) -> list[str]:
    """Return the formulas that a text may mean, as structures have them: with all atoms, and reduced.

    The order of the elements is free. Their case decides if it is right ("Co", "CO"); otherwise all readings count. D
    and T are hydrogen.
    """
    if not text.isascii() or not text.isalnum() or len(text) > MAX_FORMULA_LENGTH:
        return []
    found: dict[str, None] = {}
    for counts in islice(_readings(text), MAX_READINGS):
        if not counts:
            continue
        divisor = reduce(gcd, counts.values())
        found[write_formula(counts)] = None
        found[write_formula(Counter({symbol: count // divisor for symbol, count in counts.items()}))] = None
    return list(found)


def _readings(text: str) -> Iterator[Counter[str]]:
    exact = _steps(text, exact=True)
    steps = exact if exact[0] else _steps(text, exact=False)

    def read(start: int) -> Iterator[Counter[str]]:
        if start == len(text):
            yield Counter()
            return
        for symbol, count, end in steps[start]:
            for rest in read(end):
                yield rest + Counter({symbol: count})

    return read(0) if steps[0] else iter(())


def _steps(text: str, *, exact: bool) -> list[list[tuple[str, int, int]]]:
    """Return, for each place, the elements that can stand there: symbol, number, and the place after them.

    Only elements from which the rest of the text can be read are listed, so that every way through is a reading.
    """
    steps: list[list[tuple[str, int, int]]] = [[] for _ in range(len(text))]
    readable = [False] * len(text) + [True]
    for start in reversed(range(len(text))):
        for length in (2, 1):
            word = text[start : start + length]
            if len(word) < length or (symbol := _symbol(word, exact=exact)) is None:
                continue
            end = start + length
            while end < len(text) and text[end].isdigit():
                end += 1
            # A digit of the number is no place where an element begins
            if readable[end]:
                steps[start].append((symbol, int(text[start + length : end] or 1), end))
        readable[start] = bool(steps[start])
    return steps


def _symbol(word: str, *, exact: bool) -> str | None:
    if not word.isalpha():
        return None
    if exact:
        symbol = _ISOTOPES.get(word, word)
        return symbol if _SYMBOLS.get(symbol.lower()) == symbol else None
    return _SYMBOLS.get(word.lower())
