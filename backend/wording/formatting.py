"""Numbers and lists as they stand in sentences; spaces before units do not break."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

SPACE: Final = "\u00a0"


def percent(fraction: float) -> str:
    """Return a fraction as a percentage of two digits at most: 3.4 %, 12 %, 2 %."""
    value = abs(100 * fraction)
    digits = f"{value:.0f}" if value >= 9.95 else f"{value:.1f}".removesuffix(".0")
    return f"{'−' if fraction < 0 and digits != '0' else ''}{digits}{SPACE}%"


def signed_percent(fraction: float) -> str:
    """Return the same with its sign: −5 %, +3.4 %."""
    stated = percent(fraction)
    return stated if stated.startswith("−") else f"+{stated}"


def listed(words: Iterable[str]) -> str:
    """Return words as a list in a sentence: "Γ, X and L"."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: "1 peak", "3 peaks", "2 energies"."""
    return f"{n} {noun if n == 1 else plural or noun + 's'}"
