"""Search of structures by name, formula and space group."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, func
from sqlmodel import and_, col, or_

from backend.kit.db.search import contains, split_words
from backend.structures.formulas import spellings
from backend.structures.tables import Structure

MIN_BEGINNING: Final = 3
"""Fewest characters that find a space group by its beginning: "Pb" is lead rather than Pbca."""


def match_structure(text: str) -> ColumnElement[bool]:
    """Return the condition that a structure matches each word of a search."""
    return and_(True, *(match_word(word) for word in split_words(text)))


def match_word(word: str) -> ColumnElement[bool]:
    """Return the condition that the name, the formula or the space group of a structure matches a word.

    A formula with numbers matches as a whole, in any order: "H6C6" finds C6H6, and "H2O" does not find CH2O2. Space
    groups are found with and without underscores: P21/c.
    """
    conditions = [contains(col(Structure.name), word)]
    formulas = spellings(word)
    if formulas:
        conditions += [col(Structure.formula).in_(formulas), col(Structure.formula_cell).in_(formulas)]
    if not formulas or word.isalpha():
        conditions.append(contains(col(Structure.formula), word))
    if group := word.replace("_", ""):
        space_group = func.replace(col(Structure.space_group), "_", "")
        conditions.append(func.lower(space_group) == group.lower())
        if len(group) >= MIN_BEGINNING:
            conditions.append(space_group.istartswith(group, autoescape=True))
    return or_(*conditions)
