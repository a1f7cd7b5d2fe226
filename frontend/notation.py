"""How quantities are written on the page: formulas, symbols, units, durations."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from dash import html

from frontend.wiring import attributes

Inline = list[Any]

INVERSE_ANGSTROM = "Å⁻¹"
METHODS = {"harmonic": "Harmonic preview", "md": "Molecular dynamics", "trpmd": "Quantum dynamics (TRPMD)"}
SHORT_METHODS = {"harmonic": "harmonic", "md": "MD", "trpmd": "TRPMD"}


def s_of_q_omega() -> html.Span:
    """Return *S*(*q*, *ω*)."""
    return html.Span([html.I("S"), "(", html.I("q"), ", ", html.I("ω"), ")"], className="symbol")


def formula(text: str) -> html.Span:
    """Return a chemical formula with its counts as subscripts."""
    pieces: Inline = []
    for part in re.split(r"(\d+(?:\.\d+)?)", text):
        if re.fullmatch(r"\d+(?:\.\d+)?", part):
            pieces.append(html.Sub(part))
        elif part:
            pieces.append(part)
    return html.Span(pieces, className="formula")


def space_group(symbol: str | None, number: int | None = None) -> html.Span:
    """Return a Hermann–Mauguin symbol: letters in italics, bars over, screw axes as subscripts, number behind."""
    if not symbol:
        return html.Span("not found")
    pieces: Inline = []
    for token in re.findall(r"-\d|\d_\d|[A-Za-z]|.", symbol):
        if re.fullmatch(r"-\d", token):
            pieces.append(html.Span(token[1], className="overbar", **attributes(aria_label=f"{token[1]} bar")))
        elif re.fullmatch(r"\d_\d", token):
            pieces += [token[0], html.Sub(token[2])]
        elif token.isalpha():
            pieces.append(html.I(token))
        else:
            pieces.append(token)
    if number:
        pieces.append(html.Span(f" (No. {number})", className="quiet"))
    return html.Span(pieces, className="symbol")


def duration(seconds: float | None) -> str:
    """Return a length of time as a person would say it: 40 s, 4 min, 2 h 30 min."""
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
    if hours < 48:
        rest = 10 * round(rest / 10)
        if rest == 60:
            hours, rest = hours + 1, 0
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours / 24:.0f} days"


def ago(timestamp: str | None, *, now: datetime | None = None) -> str:
    """Return how long ago a UTC ISO 8601 time was, empty where there is none."""
    if not timestamp:
        return ""
    try:
        moment = datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
    except ValueError:
        return ""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if seconds < 60:
        return "just now"
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


def significant(value: float | None, digits: int = 3) -> str:
    """Return a number with so many significant digits and no exponent where it can be helped."""
    if value is None:
        return "—"
    if value == 0:
        return "0"
    text = f"{value:.{digits}g}"
    return f"{float(text):,.0f}".replace(",", " ") if "e" in text and abs(value) < 1e9 else text


def method_name(method: str) -> str:
    """Return a method's full name."""
    return METHODS.get(method, method)


def capital(text: str) -> str:
    """Return a text with its first letter as a capital, the others as they are."""
    return text[:1].upper() + text[1:]


def short_method(method: str) -> str:
    """Return a method's name as legends use it."""
    return SHORT_METHODS.get(method, method)
