"""Quantities as plain text: durations, ages, sizes, numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

METHODS: Final = {"harmonic": "Harmonic preview", "md": "Molecular dynamics", "trpmd": "Quantum dynamics (TRPMD)"}
RAISED: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
SHORT_METHODS: Final = {"harmonic": "harmonic", "md": "MD", "trpmd": "TRPMD"}


def count(n: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: "1 atom", "8 atoms"."""
    return f"{n} {noun if n == 1 else plural or noun + 's'}"


def method(name: str) -> str:
    """Return the title of a method by its name in the API."""
    return METHODS.get(name, name)


def short_method(name: str) -> str:
    """Return the short name of a method, as it stands within a sentence."""
    return SHORT_METHODS.get(name, name)


def isotope(name: str) -> str:
    """Return an isotope with its mass number raised, such as ²H."""
    symbol = name.lstrip("0123456789")
    return name[: len(name) - len(symbol)].translate(RAISED) + symbol


def isotopes_text(isotopes: Mapping[str, str | Mapping[str, float]]) -> str:
    """Return isotopes of a simulation: "²H", "98 % ²H + 2 % ¹H", "²H on H1"; "" if all are natural."""
    texts = []
    for site, nucleus in isotopes.items():
        shares = {nucleus: 1.0} if isinstance(nucleus, str) else nucleus
        parts = [(f"{100 * share:g} % " if share < 1 else "") + isotope(name) for name, share in shares.items()]
        text = " + ".join(parts)
        texts.append(f"{text} on {site}" if site[-1:].isdigit() else text)
    return ", ".join(texts)


def capital(words: str) -> str:
    """Return words with a capital letter; the other letters stay."""
    return words[:1].upper() + words[1:]


def duration(seconds: float | None) -> str:
    """Return a duration in suitable units: 40 s, 4 min, 2 h 30 min."""
    if seconds is None:
        return "—"
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours / 24:.0f} days"
    rest = 10 * round(rest / 10)
    if rest == 60:
        hours, rest = hours + 1, 0
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def ago(timestamp: str | None, now: datetime | None = None) -> str:
    """Return how long ago a time in UTC (ISO 8601) was; empty without a readable time."""
    try:
        moment = datetime.fromisoformat((timestamp or "").replace("Z", "+00:00"))
    except ValueError:
        return ""
    seconds = ((now or datetime.now(UTC)) - moment.replace(tzinfo=moment.tzinfo or UTC)).total_seconds()
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{count(int(seconds // size), name)} ago"
    return "just now"


def day(timestamp: str) -> str:
    """Return the day of a time (ISO 8601): 3 December 2026."""
    moment = datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
    return f"{moment.day} {moment:%B %Y}"


def significant(value: float | None, digits: int = 3) -> str:
    """Return a number with a number of significant digits, without exponent if possible."""
    if value is None:
        return "—"
    if value == 0:
        return "0"
    rounded = f"{value:.{digits}g}"
    return f"{float(rounded):,.0f}".replace(",", "\u202f") if "e" in rounded and abs(value) < 1e9 else rounded


def file_size(n_bytes: float | None) -> str:
    """Return a number of bytes in suitable units: 3.2 GB."""
    if n_bytes is None:
        return "—"
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}" if unit == "B" or n_bytes >= 99.5 else f"{n_bytes:.2g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"


def percent(fraction: float) -> str:
    """Return a fraction as a percentage of two significant digits: 3.4 %, 12 %."""
    return f"{significant(100 * fraction, 2)} %"
