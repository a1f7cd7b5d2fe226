"""Classify a crystal by what holds it together, because the accuracy of a potential depends on it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, Literal, get_args

from scattering.core.networks import Network
from scattering.core.polarity import ELECTRONEGATIVITY, NON_METALS

MaterialClass = Literal["metal", "covalent", "ionic", "layered", "molecular", "hydride", "hydrogenous", "magnetic"]
"""Classes of crystals:

- molecular: finite molecules;
- hydride: hydrogen and a metal without another non-metal, or only with boron: hydrides, alanates, borohydrides;
- hydrogenous: any other hydrogen in a framework: hydroxides, hydrates, ammines, organic salts;
- metal: no non-metal;
- magnetic: a non-metal and an element with an open 3d shell;
- layered: sheets or chains without bonds between them;
- ionic: electronegativities that differ by at least `MIN_IONIC_DIFFERENCE`, or an alkali or alkaline-earth metal;
- covalent: the rest.

A crystal is of the first that fits, in this order.
"""
CLASSES: Final[tuple[MaterialClass, ...]] = get_args(MaterialClass)
METAL_FREE: Final = NON_METALS | {"He", "Ne", "Ar", "Kr", "Xe", "Rn"}
ALKALI_AND_ALKALINE_EARTH: Final = frozenset(("Li", "Na", "K", "Rb", "Cs", "Fr", "Be", "Mg", "Ca", "Sr", "Ba", "Ra"))
OPEN_3D: Final = frozenset(("V", "Cr", "Mn", "Fe", "Co", "Ni"))
"""Elements whose compounds with non-metals usually have moments of 3d electrons, which couple to the bonds. Copper's
compounds mostly have none (Cu⁺), and moments of 4f electrons hardly touch the bonds."""
WITH_MOMENTS: Final = OPEN_3D | {
    "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "U", "Np", "Pu", "Am", "Cm",
}  # fmt: skip
"""Elements whose crystals may have magnetic moments, and scatter neutrons by them: open 3d, 4f and 5f shells. Ions with
closed shells (V⁵⁺, Cr⁶⁺, Ce⁴⁺, Yb²⁺, U⁶⁺), and metals without moments (V), are not told apart."""
MIN_IONIC_DIFFERENCE: Final = 1.7
"""Difference of Pauling's electronegativities at which a bond is half ionic (L. Pauling, The Nature of the Chemical
Bond)."""


def classify(elements: Collection[str], networks: Sequence[Network] = ()) -> MaterialClass:
    """Return the class of a crystal.

    Parameters
    ----------
    elements
        Symbols; D and T count as H.
    networks
        Of its bonds; empty where they are not known, and then no crystal is molecular or layered.
    """
    present = {"H" if one in ("D", "T") else one for one in elements}
    if networks and _is_molecular(present, networks):
        return "molecular"
    if "H" in present:
        return "hydride" if present & METAL_FREE <= {"H", "B"} else "hydrogenous"
    if not present & METAL_FREE:
        return "metal"
    if present & OPEN_3D:
        return "magnetic"
    if networks and all(one.dimension in (1, 2) for one in networks):
        return "layered"
    values = [ELECTRONEGATIVITY[one] for one in present if one in ELECTRONEGATIVITY]
    is_half_ionic = bool(values) and max(values) - min(values) >= MIN_IONIC_DIFFERENCE
    has_light_cation = bool(present & ALKALI_AND_ALKALINE_EARTH)
    return "ionic" if is_half_ionic or has_light_cation else "covalent"


def _is_molecular(present: Collection[str], networks: Sequence[Network]) -> bool:
    """Return whether all bonds end: molecules of non-metals, atoms of noble gases, or molecules such as UF6."""
    if any(one.dimension for one in networks):
        return False
    return set(present) <= METAL_FREE or all(one.n_atoms > 1 for one in networks)


def elements_with_moments(elements: Collection[str]) -> list[str]:
    """Return the elements whose atoms may have magnetic moments, in the given order."""
    return [one for one in elements if one in WITH_MOMENTS]
