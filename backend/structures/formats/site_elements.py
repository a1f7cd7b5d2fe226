"""Elements of the sites of a CIF, from type symbols or labels, and from the formula that the file states.

A label begins with the symbol of its element, says the CIF dictionary. Many do not: `Wat` is the oxygen of water, `NA1`
may be sodium or the nitrogen A1, `T1` is a tetrahedral site. Sites whose names begin with the same letters have the
same element. Of several readings, those count that agree with the formula: it has the element, and none of its elements
is left without a site. If not exactly one combination remains, the file is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Final

from ase.data import chemical_symbols

from backend.kit.files.unreadable import Unreadable
from scattering.core.isotopes import NAMED
from scattering.core.notices import Notice

HEAVIEST: Final = 94
"""Plutonium. No potential knows the elements beyond it, so a label is not read as one."""
ELEMENTS: Final = frozenset(chemical_symbols[1 : HEAVIEST + 1])
HEAVIER: Final = frozenset(chemical_symbols[HEAVIEST + 1 :])
GROUPS: Final = {
    **dict.fromkeys(("WAT", "WATER", "WA", "W", "OW", "H2O", "OH2"), ("O", 2)),
    **{"OH": ("O", 1), "H3O": ("O", 3)},
    **{"NH": ("N", 1), "NH2": ("N", 2), "NH3": ("N", 3), "NH4": ("N", 4)},
    **{"CH": ("C", 1), "CH2": ("C", 2), "CH3": ("C", 3), "CH4": ("C", 4), "ME": ("C", 3)},
}
"""Groups with one heavy atom: its symbol, and the number of hydrogen atoms."""
GROUPS_OF_SEVERAL: Final = {
    **{"CN": "C", "SCN": "C", "CO3": "C", "NO": "N", "NO2": "N", "NO3": "N"},
    **{"SO4": "S", "PO4": "P", "CLO4": "Cl", "SIO4": "Si"},
}
"""Groups with several heavy atoms, and their central one: it is meant only if the others have sites of their own."""
MAX_COMBINATIONS: Final = 4096
MAX_LISTED: Final = 8
"""Sites that a notice names."""
_SEVERAL_ELEMENTS = re.compile(r"\(?[A-Za-z]+[0-9.]*[/,&|][A-Za-z]")
_GROUP_WITH_NUMBER = re.compile(
    r"WAT|H2O|OH2|H3O|NH[234]|CH[234]|(?:NO[23]|CO3|SO4|PO4|CLO4|SIO4)(?![A-Z0-9])", re.IGNORECASE
)


@dataclass(frozen=True)
class SiteElement:
    """The element of a site: its symbol (D and T are isotopes), and the hydrogen atoms that the site stands for."""

    symbol: str
    n_hydrogen: int = 0


@dataclass(frozen=True)
class _Name:
    """What decides about the element in a type symbol or a label: its first two letters, or the group that it names.

    A type symbol of one or two letters is an element as a whole. A label such as Cm1 may spell an element that is too
    heavy: only a formula without it proves that carbon is meant.
    """

    letters: str
    group: str
    is_type: bool
    is_whole: bool
    is_too_heavy: bool

    @classmethod
    def of(cls, text: str, *, is_type: bool) -> _Name:
        letters = re.match(r"[A-Za-z]*", text)
        assert letters is not None
        is_symbol = len(letters[0]) == 2 and letters[0] in ELEMENTS
        # Co3 is the third cobalt, CO3 a carbonate
        if not is_symbol and (with_number := _GROUP_WITH_NUMBER.match(text)):
            group = with_number[0].upper()
        else:
            group = "" if letters[0] in ELEMENTS - {"W"} else letters[0].upper()
        known = group in GROUPS or group in GROUPS_OF_SEVERAL
        is_too_heavy = not is_type and not known and letters[0] in HEAVIER
        return cls(letters[0][:2], group if known else "", is_type, is_type and len(letters[0]) <= 2, is_too_heavy)

    @property
    def literal(self) -> list[str]:
        """The elements that the letters may spell: with two letters first."""
        spelled = (
            [self.letters.capitalize()] if self.is_whole else [self.letters.capitalize(), self.letters[:1].upper()]
        )
        # As type symbols No, Cn and Nh are groups too
        known = set(chemical_symbols) - {"X", "No", "Cn", "Nh"} if self.is_type else ELEMENTS
        return [symbol for symbol in dict.fromkeys(spelled) if symbol in known or symbol in NAMED]

    @property
    def is_in_capitals(self) -> bool:
        """Whether two capitals may be a symbol of two letters or of one."""
        return len(self.literal) == 2 and self.letters[1].isupper()

    def readings(self, stated: frozenset[str]) -> list[SiteElement]:
        """What the name can mean, the likeliest first; nothing if it names no element."""
        if self.group in GROUPS_OF_SEVERAL:
            return [SiteElement(GROUPS_OF_SEVERAL[self.group])]
        elements = [SiteElement(symbol) for symbol in self.literal]
        if self.group in GROUPS:
            group = SiteElement(*GROUPS[self.group])
            # W is tungsten too, and H2O may be the second hydrogen of an oxygen
            is_certain = self.group != "W" and (self.is_type or not self.group.startswith("H"))
            return [group] if is_certain else [*(one for one in elements if one.symbol != group.symbol), group]
        if self.literal == ["T"] and (not self.is_type or (stated and "H" not in stated)):
            # A tetrahedral site, not tritium
            return []
        return elements


def site_elements(
    names: Sequence[str], types: Sequence[str], labels: Sequence[str], formula: str, notices: list[Notice]
) -> list[SiteElement]:
    """Return the element of each site.

    Parameters
    ----------
    names
        Names of the sites for messages.
    types, labels
        Type symbols ('' if not stated) and labels, as long as `names`.
    formula
        The formula that the file states, or ''.
    notices
        Receives a notice if the formula decides against the letters.

    Raises
    ------
    Unreadable
        A name means no element, or several that nothing decides between.
    """
    keys = []
    for name, type_symbol, label in zip(names, types, labels, strict=True):
        if _SEVERAL_ELEMENTS.match(type_symbol or label):
            raise Unreadable(
                Notice("several_elements_on_site", {"site": name[:20], "found": (type_symbol or label)[:20]})
            )
        keys.append(_Name.of(type_symbol or label, is_type=bool(type_symbol)))
    first_site = dict(zip(reversed(keys), reversed(names), strict=True))
    stated = _elements_of(formula)
    options, guesses = _options(first_site, stated)
    chosen = _decide(options, guesses, stated, first_site)
    against = [
        (name[:20], chosen[key].symbol)
        for key, name in zip(keys, names, strict=True)
        if not key.is_in_capitals and not key.group and chosen[key].symbol not in key.literal[:1]
    ]
    if against:
        sites, elements = (list(column) for column in zip(*against[:MAX_LISTED], strict=True))
        notices.append(Notice("elements_from_formula", {"sites": sites, "elements": elements, "n_sites": len(against)}))
    return [chosen[key] for key in keys]


def _elements_of(formula: str) -> frozenset[str]:
    """The elements of a formula such as 'Ca S O6 H4' or 'C6H6', D and T as H; none if it is not one, or has others."""
    dense = re.sub(r"\s", "", formula)
    if not re.fullmatch(r"(?:[A-Z][a-z]?[0-9.]*)+", dense):
        return frozenset()
    symbols = {_element(symbol) for symbol in re.findall(r"[A-Z][a-z]?", dense)}
    return frozenset(symbols) if symbols <= ELEMENTS else frozenset()


def _element(symbol: str) -> str:
    return "H" if symbol in NAMED else symbol


def _options(first_site: dict[_Name, str], stated: frozenset[str]) -> tuple[dict[_Name, list[SiteElement]], set[_Name]]:
    """Return the readings of each name that agree with the formula and with the use of capitals in the file.

    For a name without such a reading, they are the elements of the formula that no other name can mean: the second
    result has these names. A type symbol is not guessed: that the formula lacks it is told later.
    """
    has_small_letters = any(key.letters[1:2].islower() and key.letters[:2] in ELEMENTS for key in first_site)
    named = {_element(one.symbol) for key in first_site for one in key.readings(stated)}
    missing = [SiteElement(symbol) for symbol in sorted(stated - {"H"} - named)]
    options, guesses = {}, set()
    for key, site in first_site.items():
        if key.is_too_heavy and not stated:
            raise Unreadable(Notice("unknown_element", {"symbol": key.letters, "site": site[:20]}))
        readings = key.readings(stated)
        agreeing = [one for one in readings if not stated or _element(one.symbol) in stated]
        if key.is_type:
            agreeing = agreeing or readings
        if key.is_in_capitals and has_small_letters:
            agreeing = [one for one in agreeing if len(one.symbol) == 1] or agreeing
        if not agreeing or key.group in GROUPS_OF_SEVERAL:
            guesses.add(key)
            agreeing = agreeing or missing
        if not agreeing and not readings:
            raise Unreadable(Notice("unknown_element", {"symbol": key.letters or "?", "site": site[:20]}))
        is_clear = bool(readings) and not key.is_in_capitals and agreeing[:1] == readings[:1]
        options[key] = agreeing[:1] if is_clear else agreeing or readings
    return options, guesses


def _decide(
    options: dict[_Name, list[SiteElement]], guesses: set[_Name], stated: frozenset[str], first_site: dict[_Name, str]
) -> dict[_Name, SiteElement]:
    """Return the only combination of readings that gives every heavy element of the formula a site.

    A guess must be needed for that, so without a formula none is possible.
    """
    combinations = list(islice(product(*options.values()), MAX_COMBINATIONS))
    complete = [some for some in combinations if stated - {"H"} <= {_element(one.symbol) for one in some}]
    possible = complete or combinations
    if guesses:
        possible = [some for some in complete if stated.issuperset(_element(one.symbol) for one in some)]
    if len(possible) == 1:
        return dict(zip(options, possible[0], strict=True))
    undecided = [
        key
        for index, key in enumerate(options)
        if (len({some[index] for some in possible}) > 1 if possible else key in guesses)
    ][:MAX_LISTED]
    raise Unreadable(
        Notice(
            "undecided_elements",
            {
                "sites": [first_site[key][:20] for key in undecided],
                "elements": [[one.symbol for one in options[key]][:MAX_LISTED] for key in undecided],
                "formula_stated": bool(stated),
            },
        )
    )
