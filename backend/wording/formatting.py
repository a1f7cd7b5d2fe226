"""Numbers, durations and lists as text for sentences, with no-break spaces before units."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from scattering.core.isotopes import Substitution
from scattering.instruments import Instrument

SPACE: Final = "\u00a0"
DASH: Final = "–"
"""Text of an unknown value."""
MAX_LISTED: Final = 4
"""Energies that a sentence names."""
HOURS_PER_YEAR: Final = 8766.0
_SUPERSCRIPTS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 2) -> str:
    """Return a number with `digits` significant digits without trailing zeros: 0.23, 9.7, 140, 140000.

    A number beyond all measure is a power of ten.
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    if not 1e-6 <= abs(value) < 1e9:
        return scientific(value)
    rounded = round(value, digits - 1 - math.floor(math.log10(abs(value))))
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    text = f"{rounded:.{decimals}f}"
    return (text.rstrip("0").rstrip(".") if decimals else text).replace("-", "−")


def significant(value: float | None, digits: int = 3) -> str:
    """Return a number with `digits` significant digits for a table: an exponent if far from 1, a dash for None."""
    if value is None or not math.isfinite(value):
        return DASH
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.{digits - 1}e}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:.{decimals}f}"


def scientific(value: float) -> str:
    """Return a very large or very small number as a power of ten: 2.5 × 10⁷."""
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits.removesuffix('.0')} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"


def percent(fraction: float) -> str:
    """Return a fraction as a percentage of two significant digits: 3.4 %, 12 %, 2 %."""
    return f"{number(100 * fraction)}{SPACE}%"


def signed_percent(fraction: float) -> str:
    """Return a fraction as a percentage with its sign: −5 %, +3.4 %."""
    stated = percent(fraction)
    return stated if stated.startswith("−") else f"+{stated}"


def listed(words: Iterable[str]) -> str:
    """Return words as a list in a sentence: "Γ, X and L"."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def feature_energy(energy: float, *, decimals: int = 1, in_column: bool = False) -> str:
    """Return the energy of a feature: three significant digits, but at least `decimals`.

    Zeros at the end are left out, but not in a column of numbers.

    It is 136.3, 36.5, 5.23, 40 in meV, and 1099 in cm⁻¹ with no decimals. Everything that names a feature uses this
    rule; `featureEnergy` of static/js/format.js is the same. Halves are rounded up, as there.
    """
    if not energy > 0 or not math.isfinite(energy):
        return f"{energy:g}"
    places = max(decimals, 2 - math.floor(math.log10(energy)))
    text = f"{Decimal(energy).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".") if "." in text and not in_column else text


def listed_energies(energies_mev: Sequence[float]) -> str:
    """Return energies with their unit, `MAX_LISTED` of them by name: "40, 44.5 and 50 meV"."""
    named = [feature_energy(energy) for energy in energies_mev[:MAX_LISTED]]
    rest = len(energies_mev) - MAX_LISTED
    return f"{listed([*named, f'{rest} more'] if rest > 0 else named)} meV"


def duration(hours: float | None) -> str:
    """Return hours as text: minutes below 1 h, days from 96 h, years from 2 years; a dash for None."""
    if hours is None:
        return DASH
    if hours < 1 / 60:
        return "under a minute"
    if hours < 1:
        return f"{60 * hours:.0f} min"
    if hours < 10:
        return f"{hours:.1f} h".replace(".0 h", " h")
    if hours < 96:
        return f"{hours:.0f} h"
    return f"{hours / 24:.0f} days" if hours < 2 * HOURS_PER_YEAR else f"{number(hours / HOURS_PER_YEAR)} years"


def band(hours: float | None, low: float | None, high: float | None) -> str:
    """Return hours with their uncertainty band: "12 h (8 to 20 h)"; a dash for None."""
    if low is None or high is None:
        return duration(hours)
    first, last = duration(low), duration(high)
    if first == last:
        return duration(hours)
    value, _, unit = first.rpartition(" ")
    return f"{duration(hours)} ({value if unit == last.rpartition(' ')[2] else first} to {last})"


def hours_range(low: float, high: float) -> str:
    """Return an uncertainty band of hours: "2–4 h", "30 min – 2 h", "up to 2 min"."""
    first, last = duration(low), duration(high)
    if first == last:
        return last
    value, _, unit = first.rpartition(" ")
    if low < 1 / 60:
        return f"up to {last}"
    return f"{value}{DASH}{last}" if unit == last.rpartition(" ")[2] else f"{first} {DASH} {last}"


def setting_label(instrument: Instrument, settings: Mapping[str, Any]) -> str:
    """Return an instrument with its settings: "MAPS, Eᵢ = 120 meV, A, 400 Hz"."""
    parts = [instrument.name]
    for setting in instrument.settings:
        value = settings.get(setting.name, setting.default)
        if setting.name == "e_init":
            parts.append(f"Eᵢ = {value:g} meV")
        elif setting.type == "string":
            parts.append(str(value))
        else:
            parts.append(f"{value:g} {setting.unit}" if setting.unit else f"{value:g}")
    return ", ".join(parts)


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun in singular or plural: "1 peak", "3 peaks", "2 energies"."""
    return f"{n} {noun if n == 1 else plural or noun + 's'}"


def nucleus_text(nucleus: Substitution) -> str:
    """Return an isotope or a mixture as text, such as "98 % 2H + 2 % 1H"."""
    if isinstance(nucleus, str):
        return nucleus
    return " + ".join(f"{100 * share:g} % {isotope}" for isotope, share in nucleus.items())
