"""Meaning of the names of columns, in the languages of those who write them.

Languages: English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Czech, Swedish, Danish, Russian,
Chinese and Japanese.
"""

from __future__ import annotations

import re
from typing import Literal

from backend.datasets.formats import units

_ERROR = re.compile(
    r"(?:^|[\s_.(\[-])(?:(?:standard|std|stat\w*|y)?[\s_.-]*(?:error|err)(?:or)?s?(?:\s*bars?)?|uncertaint(?:y|ies)"
    r"|sigma|σ|std(?:ev)?|s\.?d\.?|e\.?s\.?d\.?|dy|ds|di|±|\+/-"
    # In other languages
    r"|\w*fehler\w*|\w*unsicherheit\w*|standardabweichung(?:en)?|erreurs?|incertitudes?|[eé]carts?[\s_-]*types?"
    r"|errore(?:s|i)?|errori|incertidumbres?|desviaci[oó]n(?:\s+(?:est[aá]ndar|t[ií]pica))?|incertezz[ae]"
    r"|deviazione(?:\s+standard)?|scarto(?:\s+tipo)?|erros?|incertezas?|desvio(?:[\s-]+padr[aã]o)?|fout(?:en)?"
    r"|onzekerhe(?:id|den)|standaardafwijking|b[lł][aą]d|niepewno[sś][cć]|odchylenie(?:\s+standardowe)?|chyba"
    r"|nejistota|fel|os[aä]kerhet|fejl|usikkerhed|ошибк[аи]|погрешност[ьи]|误差|誤差|不确定度|不確かさ|標準偏差|标准差"
    r")(?:$|[\s_.)\]\d([])|^e\d*$|^yerr\d*$|errors?\d*$"
)
_X_ERROR = re.compile(r"^(?:dx|x[\s_-]?err(?:or)?|de|d_?energy|e_?err)$")
_INTENSITY = re.compile(
    r"\bintensit|\bcounts?\b|\bsignal\b|^s\s*\(|\bs\s*\(\s*q|^y\d*\b|^i\b|^i\s*\(|\bdata\b|\bsqw\b|\bspectrum\b|\bdos\b|^s$"
    r"|\bz[aä]hlrate|\bz[aä]hlungen|\bcoups\b|\bcuentas\b|\bconteggi|\bcontagens|\bintensid|\bintensyw|интенсивност"
    r"|强度|強度|计数|計数"
)
_INDEX = re.compile(r"^(?:index|idx|no\.?|nr\.?|n|#|pt\.?|points?|row|bin|channel|ch)$")
_Q = re.compile(
    r"(?:^|[\s(\[])\|?q\|?(?:$|[\s,;(\[/])|\bmomentum\s*transfer\b|\bwave\s*-?\s*vector\b|\bimpuls[uü]bertrag"
)
_Q_UNITS: dict[str, re.Pattern[str]] = {
    # Å⁻¹ as NFKC and lower case leave it
    "angstrom": re.compile(
        r"(?<![a-zåµ])(?:å|a|aa|ang(?:s|stroms?)?)\s*(?:\^|\*\*)?\s*\(?-\s*1|\b1\s*\.?/\s*(?:å|a|aa|ang(?:stroms?)?)(?![a-z])"
        r"|\b(?:inverse|reciprocal|per)\s+(?:å|ang)"
    ),
    "nm": re.compile(r"(?<![a-z])nm\s*(?:\^|\*\*)?\s*\(?-\s*1|\b1\s*/\s*nm\b"),
}
_ANY_UNIT = re.compile(r"[(\[][^()\[\]]+[)\]]|/\s*\w")
_ANGLE = re.compile(r"\b2\s*-?\s*theta\b|\b2\s*θ|\btwo\s*-?\s*theta\b|\bscattering\s+angle\b|\bstreuwinkel\b|^angle\b")
_AXIS_LETTER = re.compile(r"^x(?:[\s_-]*\d+)?$|\(x\d*\)$|^x\s*[(\[]")
"""X of WebPlotDigitizer and spreadsheets, A(X) of Origin."""


def is_error(name: str) -> bool:
    """Whether a name is that of standard errors of intensities."""
    return bool(_ERROR.search(units.plain(name)))


def is_energy_error(name: str) -> bool:
    """Whether a name is that of errors of the energies."""
    return bool(_X_ERROR.match(units.plain(name)))


def is_intensity(name: str) -> bool:
    """Whether a name is that of an intensity."""
    return bool(_INTENSITY.search(units.plain(name)))


def is_index(name: str) -> bool:
    """Whether a name is that of a column that counts its rows."""
    return bool(_INDEX.match(units.plain(name)))


def is_axis(name: str) -> bool:
    """Whether a name is that of energies, or of the abscissa of a curve."""
    text = units.plain(name)
    return units.is_axis(name) or bool(_AXIS_LETTER.search(text))


def are_same_axis(one: str, other: str) -> bool:
    """Whether two names are those of the same axis of two curves: alike but for units, numbers and letters."""
    texts = [units.plain(name) for name in (one, other)]
    if all(_AXIS_LETTER.search(text) for text in texts):
        return True
    bare = [re.sub(r"[\W\d_]+", "", re.sub(r"[(\[][^()\[\]]*[)\]]|/.*$", "", text)) for text in texts]
    return bare[0] == bare[1]


def without_error(name: str) -> str:
    """A name but for “error” and what joins words."""
    return re.sub(r"[\s_.()\[\]-]+", " ", _ERROR.sub(" ", units.plain(name))).strip()


def across(name: str) -> tuple[Literal["q", "angle"], float] | None:
    """Whether a name is that of |q| or of scattering angles, with the factor to Å⁻¹ or degrees; None of others.

    Without a unit, |q| is in Å⁻¹: all spectrometers' programs write it so.
    """
    text = units.plain(name)
    if _ANGLE.search(text):
        return None if re.search(r"\brad", text) else ("angle", 1.0)
    if not _Q.search(text) or is_intensity(name):
        return None
    if _Q_UNITS["nm"].search(text):
        return "q", 0.1
    if _Q_UNITS["angstrom"].search(text) or not _ANY_UNIT.search(text):
        return "q", 1.0
    return None
