"""What a file states about its own crystal, compared with its atoms: formula, volume of the cell, density."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from ase.data import atomic_numbers, chemical_symbols

from backend.structures.chemistry import write_formula
from backend.structures.formats.reading import Reading
from backend.structures.geometry import StructureData
from scattering.core.notices import Notice

VOLUME_TOLERANCE: Final = 0.01
"""Relative; volumes are rounded to some digits less than lengths."""
DENSITY_TOLERANCE: Final = 0.03
"""Relative; atomic masses and rounding change densities by less than 1 %."""


def find_contradictions(reading: Reading, structure: StructureData, density_g_cm3: float) -> list[Notice]:
    """Return a notice of each statement of a file that its atoms contradict.

    Parameters
    ----------
    structure
        The atoms of the reading, in right-handed axes.
    density_g_cm3
        Their density.
    """
    found = []
    stated_volume, stated_density = reading.volume_angstrom3, reading.density_g_cm3
    if stated_volume and abs(structure.volume / stated_volume - 1) > VOLUME_TOLERANCE:
        volumes = {"stated_angstrom3": stated_volume, "found_angstrom3": float(structure.volume)}
        found.append(Notice("volume_differs", volumes))
    difference = _formula_difference(Counter(structure.symbols), reading.formula) if reading.formula else None
    if difference:
        found.append(difference)
    # Another formula or volume has another density: that says no more
    if not found and stated_density and abs(density_g_cm3 / stated_density - 1) > DENSITY_TOLERANCE:
        densities = {"stated_g_cm3": stated_density, "found_g_cm3": density_g_cm3}
        found.append(Notice("density_differs", densities))
    return found


def _formula_difference(counts: Counter[str], stated: str) -> Notice | None:
    """Return a notice if the atoms have another composition than the formula that the file states."""
    words = re.findall(r"([A-Z][a-z]?)\s*([0-9]*\.?[0-9]*)", stated)
    expected: Counter[str] = Counter()
    for symbol, amount in words:
        symbol = "H" if symbol in ("D", "T") else symbol
        if symbol not in atomic_numbers:
            return None
        expected[symbol] += float(amount or 1)  # type: ignore[assignment]
    total_expected, total = sum(expected.values()), sum(counts.values())
    if not total_expected:
        return None
    symbols = sorted(counts.keys() | expected.keys(), key=chemical_symbols.index)
    off = [s for s in symbols if abs(counts[s] / total - expected[s] / total_expected) > 0.005]
    if not off:
        return None
    missing_hydrogen = expected["H"] > 0 and counts["H"] / total < expected["H"] / total_expected - 0.005
    formulas = {"stated": " ".join(stated.split())[:80], "found": write_formula(counts)}
    return Notice("formula_differs", {**formulas, "hydrogen_missing": missing_hydrogen})
