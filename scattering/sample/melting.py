"""Melting and boiling points of known compounds: whether a sample is a crystal at a temperature."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from scattering.core.notices import Notice

_SYMBOL = re.compile(r"([A-Z][a-z]?)([0-9]*)")


@dataclass(frozen=True)
class Compound:
    """A compound or an element whose melting point is known.

    Attributes
    ----------
    name
        Common name.
    formula
        Formula of one molecule, or the reduced formula of a network.
    melting_k
        Melting point at atmospheric pressure, K; of a substance that sublimes, the triple point.
    boiling_k
        Boiling point at atmospheric pressure, K; None if the table has none.
    """

    name: str
    formula: str
    melting_k: float
    boiling_k: float | None = None

    @property
    def has_isomers(self) -> bool:
        """Whether other compounds have this formula: usual for compounds of carbon and hydrogen."""
        return {"C", "H"} <= composition(self.formula).keys()


def composition(formula: str) -> Mapping[str, int]:
    """Return element → number of atoms of a formula without brackets: "C6H6"."""
    counts = Counter[str]()
    for symbol, number in _SYMBOL.findall(formula):
        counts[symbol] += int(number or 1)
    return counts


def find_compounds(formula: str) -> tuple[Compound, ...]:
    """Return the known compounds of a formula, by rising melting point.

    Parameters
    ----------
    formula
        Formula of one molecule, or the reduced formula of a network, with its elements in any order.
    """
    return _table().get(_key(formula), ())


def find_melted(formula: str, temperature_k: float) -> list[Notice]:
    """Return a notice for each compound of a formula that is not solid at a temperature and atmospheric pressure.

    The parameter `certain` is false if the formula does not identify the compound.
    """
    compounds = find_compounds(formula)
    notices = []
    for compound in compounds:
        certain = len(compounds) == 1 and not compound.has_isomers
        if compound.boiling_k is not None and temperature_k > compound.boiling_k:
            notices.append(
                Notice(
                    "above_boiling_point",
                    {
                        "compound": compound.name,
                        "formula": formula,
                        "boiling_k": compound.boiling_k,
                        "temperature_k": temperature_k,
                        "certain": certain,
                    },
                )
            )
        elif temperature_k > compound.melting_k:
            notices.append(
                Notice(
                    "above_melting_point",
                    {
                        "compound": compound.name,
                        "formula": formula,
                        "melting_k": compound.melting_k,
                        "temperature_k": temperature_k,
                        "certain": certain,
                    },
                )
            )
    return notices


def _key(formula: str) -> frozenset[tuple[str, int]]:
    return frozenset(composition(formula).items())


@cache
def _table() -> Mapping[frozenset[tuple[str, int]], tuple[Compound, ...]]:
    text = (resources.files("scattering.sample") / "data" / "melting_points.toml").read_text("utf-8")
    compounds: dict[frozenset[tuple[str, int]], list[Compound]] = {}
    for entry in tomllib.loads(text)["compound"]:
        compound = Compound(entry["name"], entry["formula"], entry["melting_k"], entry.get("boiling_k"))
        compounds.setdefault(_key(compound.formula), []).append(compound)
    return {key: tuple(sorted(found, key=lambda one: one.melting_k)) for key, found in compounds.items()}
