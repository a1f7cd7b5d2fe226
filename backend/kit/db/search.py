"""Search of rows by words: case-insensitive, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Query
from sqlalchemy import ColumnElement

MAX_SEARCH_LENGTH: Final = 200
MAX_WORDS: Final = 12
"""Each word is several comparisons with every row."""


def split_words(text: str) -> list[str]:
    """Return the first words of a search; a row is found if it matches each of them."""
    # PostgreSQL refuses texts with the character 0
    return text.replace("\0", " ").split()[:MAX_WORDS]


def contains(column: Any, word: str) -> ColumnElement[bool]:
    """Return the condition that a column contains a word, in any case; % and _ have no special meaning."""
    condition: ColumnElement[bool] = column.icontains(word, autoescape=True)
    return condition


SearchParam = Annotated[
    str,
    Query(max_length=MAX_SEARCH_LENGTH, description="words that each item must match, in any case; empty: all items"),
]
