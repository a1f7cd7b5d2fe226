"""The unit of an energy axis, from the words that files put beside it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from backend.datasets.formats.reading import XUnit
from scattering.core.notices import Notice


@dataclass(frozen=True)
class Recognised:
    """Unit in the label of an axis, or None, and a notice about it."""

    unit: XUnit | None
    notice: Notice | None = None


NOTICES: dict[XUnit, Notice] = {"THz": Notice("frequency_in_thz"), "ps-1": Notice("angular_frequency_in_inverse_ps")}
"""Notices about units that are ambiguous."""

_NOT_ALONE = r"(?<![a-z0-9/*^.-])(?<!/ )"
"""Before a unit: neither a letter nor what makes a part of a longer unit of it, as in mbarn/sr/meV."""
_ENDS = r"(?![a-z0-9^*])(?!\s*-\s*1)(?!\s*/)"
"""After a unit that is no inverse."""
_INVERSE = r"\s*(?:\^|\*\*)?\s*[({$]*\s*-\s*1\b"

_PATTERNS: tuple[tuple[XUnit, re.Pattern[str]], ...] = (
    (
        "cm-1",
        re.compile(
            rf"(?<![a-z/])cm\$?{_INVERSE}|(?<![a-z])1\s*/\s*cm\b|\b(?:inverse|reciprocal|per)\s+(?:cm|centimet(?:re|er)s?)\b"
            r"|\bwave\s*-?\s*numbers?\b|\bkaysers?\b|\bwellenzahl(?:en)?\b|\bnombres?\s+d\s*['’]?\s*ondes?\b"
            r"|\bn[uú]meros?\s+(?:de\s+onda|d\s*['’]\s*onda)\b|\bgolfgetal(?:len)?\b|волнов\w+\s+числ|波数"
        ),
    ),
    ("ueV", re.compile(rf"{_NOT_ALONE}(?:u|micro\s*-?)ev{_ENDS}|\bmicro\s*-?electron\s*-?volts?\b")),
    ("meV", re.compile(rf"{_NOT_ALONE}(?:m|milli\s*-?)ev{_ENDS}|\bmilli\s*-?electron\s*-?volts?\b")),
    ("eV", re.compile(rf"{_NOT_ALONE}(?<!micro )(?<!milli )ev{_ENDS}|(?<![a-z-])electron\s*-?volts?\b")),
    ("THz", re.compile(rf"{_NOT_ALONE}thz{_ENDS}|\btera\s*-?\s*(?:hertz|hz)\b")),
    ("ps-1", re.compile(rf"(?<![a-z/])ps\$?{_INVERSE}|(?<![a-z])(?:1|rad)\s*/\s*ps\b|\bps\s*\^\s*-\s*1\b")),
    ("angstrom", re.compile(rf"{_NOT_ALONE}(?:å|a|ang(?:stroms?)?|aangstroms?|ångstr[öo]ms?){_ENDS}")),
)
_SLASHED = re.compile(r"(?P<quantity>[^/()\[\]]*)(?<!rad)(?<!1)\s*/\s*(?P<unit>[^/()\[\]]+)")
"""Quantity calculus: “E / meV” is E in meV."""
_ANGULAR = re.compile(r"\brad\b|\bangular\b|\bomega\b|ω|\bhw\b|\bw\b|ħ")
_WAVELENGTH = re.compile(
    r"\bwave\s*-?length\b|\blambda|λ|\bwellenl[aä]nge|\blongueurs?\s+d\s*['’]\s*onde|\blongitud\s+de\s+onda|\blunghezza\s+d"
)
_OTHER_QUANTITY = re.compile(
    r"\bd\s*-?\s*spacing\b|\btime\s*-?of\s*-?flight\b|\btof\b|2\s*-?theta\b|\b2θ|\btwo\s*-?theta\b|\bmomentum\b|\|q\||^q\b|^temperature\b"
)
_AXIS = re.compile(
    r"\b[eé]nerg(?:y|ie|[ií]a)|\be\s*(?:$|[\[(/,])|^x\b|\ben\b|\bwave\s*-?(?:number|length)|\bomega|ω|\bhw\b|\bhbar|ħ|\bfreq|\bdelta\s*_?-?e|\bdeltae|δ\s*e\b"
    r"|\bwellen(?:zahl|l)|\bfr[eé]q|\bfrec|\bnombres?\s+d\s*['’]?\s*ondes?\b|\bn[uú]meros?\s+d\w*\s*['’]?\s*onda\b|\bgolf(?:getal|l)"
    r"|\blongueur|\blongitud\s+de\s+onda|\blunghezza|\benergie|энерги|частот|волнов|能量|エネルギー|波数|频率|周波数"
    r"|^de\b|\btransfer\b|^ω|^λ|\blambda|^ν|^nu\b|\bneutron\s+loss\b|\braman\s+shift\b|^w\b"
)
_NOT_AXIS = re.compile(
    r"\b(?:intensity|counts?|signal|s\s*\(|error|err|sigma|dos|density)|incident|fixed|final|\bei\b|\bef\b"
)


_LONGEST = 300
"""Characters of a label; nothing that follows would be one."""


def plain(words: str) -> str:
    """Lower case; superscripts, micro signs, dashes and TeX's dollars as ASCII writes them."""
    text = unicodedata.normalize("NFKC", words[:_LONGEST]).lower()
    for character, replacement in (
        *((dash, "-") for dash in "−–—‐‑‒"),
        *((micro, "u") for micro in "μµ"),
        ("ℏ", "ħ"),
        ("$", ""),
        ("\\", ""),
        ("{", ""),
        ("}", ""),
        ("_", " "),
    ):
        text = text.replace(character, replacement)
    return text.strip()


def is_axis(label: str) -> bool:
    """Whether words name an axis of energy transfer, frequency or wavelength."""
    text = plain(label)
    return bool(_AXIS.search(text)) and not _NOT_AXIS.search(text)


def unit_of(label: str) -> Recognised:
    """The unit in the label of an abscissa, such as “Energy transfer (cm^-1)”, “hw [meV]”, “1/CM”."""
    text = plain(label)
    if (match := _SLASHED.fullmatch(text)) and is_axis(match["quantity"]):
        text = f"{match['quantity']} in {match['unit']}"
    found = {unit for unit, pattern in _PATTERNS if pattern.search(text)}
    if "angstrom" in found and not _WAVELENGTH.search(text):
        # A length, or d, or an article. Å⁻¹ is not found at all.
        found.discard("angstrom")
    if other := _OTHER_QUANTITY.search(text):
        return Recognised(None, Notice("axis_not_energy", {"label": label.strip(), "quantity": other.group().strip()}))
    if len(found) > 1:
        return Recognised(None, Notice("several_units", {"label": label.strip()}))
    if not found:
        return Recognised(None)
    unit = found.pop()
    if unit == "ps-1" and not _ANGULAR.search(text):
        return Recognised(None, Notice("frequency_ambiguous", {"label": label.strip()}))
    return Recognised(unit, NOTICES.get(unit))
