"""Dynamics with the harmonic part of a reference, a harmonic prediction of the same structure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backend.kit.db.owners import Scope
from backend.kit.http.errors import Conflict, Unprocessable, not_found_at
from backend.predictions.partials_files import read_force_constants
from backend.predictions.schemas import PredictionIn
from backend.predictions.tables import HARMONIC_REFERENCE, Prediction
from backend.structures.geometry import StructureData, bonds
from backend.structures.molecules import find_molecules
from backend.structures.tables import Structure
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.notices import Notice
from scattering.options.base import Options
from scattering.options.names import HarmonicModes

FIELD: Final = "harmonic_reference_id"
FIXED_OPTIONS: Final[Mapping[str, object]] = {"relax_cell": False, "ensemble": "nvt"}
"""Options of such dynamics: their cell is that of the reference."""


def find_reference(scope: Scope, body: PredictionIn, structure: Structure) -> Prediction | None:
    """Return the reference of a request; None if it has none.

    Raises
    ------
    Unprocessable
        It is no harmonic prediction of the structure that has succeeded, or the request is not of dynamics.
    """
    if body.harmonic_reference_id is None:
        return None
    if body.method == "harmonic" or body.source_id is not None:
        raise Unprocessable.at(FIELD, Notice("harmonic_reference_of_dynamics"))
    with not_found_at(FIELD):
        row = scope.get(Prediction, body.harmonic_reference_id, "prediction")
    if row.structure_id != structure.id:
        raise Unprocessable.at(FIELD, Notice("harmonic_reference_of_other_structure"))
    if row.method != "harmonic" or row.status != "succeeded":
        raise Unprocessable.at(FIELD, Notice("harmonic_reference_not_harmonic"))
    return row


def check_modes(modes: HarmonicModes, structure: StructureData, loc: str = "harmonic_modes") -> None:
    """Check that the structure has the modes that a reference gives; `loc` is the field that names them.

    Raises
    ------
    Unprocessable
        There are no molecules.
    """
    if modes == "internal" and find_molecules(len(structure.numbers), bonds(structure)) is None:
        raise Unprocessable.at(loc, Notice("crystal_without_molecules"))


def check_options(options: Options) -> None:
    """Check that the options let a reference give the harmonic part.

    Raises
    ------
    Unprocessable
    """
    for name, value in FIXED_OPTIONS.items():
        if getattr(options, name) != value:
            raise Unprocessable.at(f"options.{name}", Notice("cell_of_harmonic_reference"))


def read_crystal(scope: Scope, reference: Prediction) -> HarmonicCrystal:
    """Return the force constants of a reference.

    Raises
    ------
    Gone, Conflict
        Its file is lost, or has none: it is of an older version, or of phonon modes without force constants.
    """
    crystal = read_force_constants(scope.settings, reference)
    if crystal is None:
        raise Conflict(Notice("force_constants_not_kept"))
    return crystal


def provenance_of(reference: Prediction, modes: HarmonicModes) -> dict[str, Any]:
    """Return the entry of the provenance of dynamics with this reference. Older entries have no modes: all."""
    return {HARMONIC_REFERENCE: {"id": str(reference.id), "basis": reference.basis, "modes": modes}}
