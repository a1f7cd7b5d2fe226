"""Isotopes of a structure: by element and site, as requests name them, and as a notice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from backend.structures.chemistry import MAX_ATOMS_FOR_SYMMETRY
from backend.structures.geometry import StructureData
from scattering.core.isotopes import Substitution, simplify
from scattering.core.notices import Notice
from scattering.core.sites import site_labels


def name_sites(structure: StructureData) -> list[str]:
    """Return the name of the site of each atom: atoms with different isotopes in the file are on different sites."""
    return site_labels(
        cell=structure.cell, positions=structure.positions, numbers=structure.numbers, kinds=structure.kinds
    )


def find_isotopes(structure: StructureData) -> dict[str, Substitution]:
    """Return the isotopes that the file names: of an element, or of its sites where they differ.

    In a cell of many atoms the isotopes of an element are a mixture, since its sites are not determined.
    """
    if not structure.isotopes:
        return {}
    of_element: dict[str, list[Substitution]] = {}
    for symbol, isotope in zip(structure.symbols, structure.isotopes, strict=True):
        of_element.setdefault(symbol, []).append(isotope or symbol)
    uniform = {symbol: found[0] for symbol, found in of_element.items() if all(one == found[0] for one in found)}
    if len(uniform) == len(of_element):
        return simplify(uniform)
    if len(structure.numbers) > MAX_ATOMS_FOR_SYMMETRY:
        return simplify({symbol: _mean(found) for symbol, found in of_element.items()})
    sites = dict(zip(name_sites(structure), structure.isotopes, strict=True))
    return simplify(uniform | {site: isotope for site, isotope in sites.items() if isotope and site not in uniform})


def _mean(isotopes: list[Substitution]) -> Substitution:
    """Return the mixture of the isotopes of several atoms."""
    shares: Counter[str] = Counter()
    for isotope in isotopes:
        of_atom: Mapping[str, float] = {isotope: 1.0} if isinstance(isotope, str) else isotope
        for label, share in of_atom.items():
            shares[label] += share / len(isotopes)  # type: ignore[assignment]
    return dict(shares)


def isotopes_notice(structure: StructureData) -> Notice:
    """Return the notice of the isotopes that the file names, with the numbers of their atoms."""
    counted: dict[str, dict[str, Any]] = {}
    for symbol, isotope in zip(structure.symbols, structure.isotopes, strict=True):
        if isotope:
            entry = counted.setdefault(
                f"{symbol} {isotope}", {"element": symbol, "nucleus": isotope, "n_atoms": 0, "n_of_element": 0}
            )
            entry["n_atoms"] += 1
    totals = Counter(structure.symbols)
    for entry in counted.values():
        entry["n_of_element"] = totals[entry["element"]]
    is_mean = len(structure.numbers) > MAX_ATOMS_FOR_SYMMETRY and any(
        entry["n_atoms"] < entry["n_of_element"] for entry in counted.values()
    )
    return Notice("isotopes_in_file", {"nuclei": list(counted.values()), "is_mean": is_mean})
