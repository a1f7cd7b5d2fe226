"""Names of species in partials: elements, or their inequivalent sites."""

from __future__ import annotations

from ase import Atoms

from scattering.core.sites import site_labels


def species_labels(atoms: Atoms, *, resolve_sites: bool) -> list[str]:
    """Return the chemical symbols of the atoms, or their crystallographic sites."""
    if resolve_sites:
        return site_labels(cell=atoms.cell.array, positions=atoms.positions, numbers=atoms.numbers)
    return [str(symbol) for symbol in atoms.get_chemical_symbols()]
