"""The class of a stored structure: what holds it together."""

from __future__ import annotations

import uuid
from functools import lru_cache

from backend.kit.http.errors import Gone
from backend.kit.settings import Settings
from backend.structures.geometry import StructureData, bonds
from backend.structures.service import load_structure
from backend.structures.tables import Structure
from scattering.core.networks import Network, find_networks
from scattering.trust.chemistry import MaterialClass, classify

MAX_ATOMS = 5000
"""In larger cells no bonds are searched for."""


def class_of(settings: Settings, structure: Structure) -> MaterialClass:
    """Return the class of a stored structure; of its elements alone where its atoms are lost."""
    if structure.n_atoms > MAX_ATOMS:
        return classify(structure.elements)
    try:
        return classify(structure.elements, _networks(settings, structure.id))
    except Gone:
        return classify(structure.elements)


def class_of_atoms(structure: StructureData) -> MaterialClass:
    """Return the class of a structure."""
    return classify(structure.elements, networks_of(structure))


def networks_of(structure: StructureData) -> list[Network]:
    """Return the networks of bonds of a structure."""
    bonded = bonds(structure)
    return find_networks(len(structure.numbers), bonded.first, bonded.second, bonded.shift)


@lru_cache(maxsize=256)
def _networks(settings: Settings, structure_id: uuid.UUID) -> list[Network]:
    # The atoms of a stored structure never change
    return networks_of(load_structure(settings, structure_id))
