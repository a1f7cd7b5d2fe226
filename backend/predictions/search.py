"""Search of predictions by structure, method, potential, instrument and temperature."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import ColumnElement, String, cast
from sqlmodel import and_, col, or_

from backend.kit.db.search import contains, split_words
from backend.predictions.tables import Prediction
from backend.structures.search import match_word as match_structure_word
from scattering.options.registry import METHOD_TITLES, SHORT_METHOD_TITLES

TEMPERATURE_TOLERANCE_K: Final = 0.005
_SPACED_TEMPERATURE: Final = re.compile(r"(?<!\S)([0-9]+(?:\.[0-9]+)?)\s+K(?!\S)", re.IGNORECASE)
_TEMPERATURE: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(K?)", re.IGNORECASE)


def match_prediction(text: str) -> ColumnElement[bool]:
    """Return the condition that a prediction, joined with its structure, matches each word of a search."""
    return and_(True, *(_match_word(word) for word in split_words(_SPACED_TEMPERATURE.sub(r"\1K", text))))


def _match_word(word: str) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = []
    if (stated := _TEMPERATURE.fullmatch(word)) is not None:
        temperature = float(stated[1])
        conditions.append(
            col(Prediction.temperature_k).between(
                temperature - TEMPERATURE_TOLERANCE_K, temperature + TEMPERATURE_TOLERANCE_K
            )
        )
        if stated[2]:
            # "10 K" is a temperature and no part of a name, such as "at 110 K"
            return or_(*conditions)
    if methods := _methods(word):
        conditions.append(col(Prediction.method).in_(methods))
    conditions += [
        match_structure_word(word),
        contains(col(Prediction.potential), word),
        contains(cast(col(Prediction.instruments), String), word),
    ]
    return or_(*conditions)


def _methods(word: str) -> list[str]:
    """Return the methods of which a word of their names begins with this word."""
    beginning = word.lower()
    return [
        method
        for method, title in METHOD_TITLES.items()
        for names in [f"{method} {title} {SHORT_METHOD_TITLES[method]}".lower()]
        if any(name.startswith(beginning) for name in re.findall(r"\w+", names))
    ]
