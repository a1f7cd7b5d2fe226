"""A NEP restricted to some of its elements."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from backend.families.record import UnusablePotential
from scattering.core.notices import Notice

MAX_REASON_LENGTH = 300


def restrict(file: Path, elements: Collection[str], to: Path) -> None:
    """Write a NEP for some of its elements, in its own order of them.

    Every element has its own network, and every pair of elements its own coefficients of the descriptor. So a potential
    without the others gives the same energies and forces.

    Raises
    ------
    UnusablePotential
        The NEP does not have these elements, or is of a kind that cannot be restricted.
    """
    from calorine.nep import read_model

    model = read_model(str(file))
    kept = [symbol for symbol in model.types if symbol in set(elements)]
    if len(kept) < len(set(elements)):
        raise UnusablePotential(Notice("elements_not_in_potential"))
    try:
        model.keep_species(kept).write(str(to))
    except (ValueError, NotImplementedError) as error:
        raise UnusablePotential(Notice("base_not_restricted", {"reason": str(error)[:MAX_REASON_LENGTH]})) from error
