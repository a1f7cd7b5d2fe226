"""What labels a training, as its request names it: a check for each kind of reference."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from backend.engines import catalogue as engines
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Conflict, NotFound, Unprocessable, not_found_at
from backend.label_sets import service as label_sets
from backend.label_sets.tables import LabelSet
from backend.potentials.tables import Potential
from backend.predictions import service as predictions
from backend.predictions.partials_files import read_force_constants
from backend.predictions.tables import SOURCE, Prediction
from backend.structures.isotopes import name_sites
from backend.structures.service import load_structure
from backend.structures.tables import Structure
from backend.trainings.offers import atoms_of_labels, find_offer
from backend.trainings.recipes import Recipe
from backend.trainings.references import GPAW, REFERENCES
from backend.trainings.schemas import ReferenceIn
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.isotopes import species_masses
from scattering.core.notices import Notice

MIN_LABELS: Final = 5
RELAXATION_STEPS: Final = 30
DISPLACEMENTS_PER_SITE: Final = 4
"""Structures with a single displaced atom, for each crystallographic site: three directions, some in both senses."""
DEFAULT_COST_S_PER_ATOM: Final = 0.02
"""Of a potential whose time was not measured: that of graph networks on one core."""


@dataclass(frozen=True)
class Material:
    """What a training is for: the structure, the potential to start from, and the recipe."""

    structure: Structure
    base: Potential
    recipe: Recipe


@dataclass(frozen=True)
class Requested:
    """The labels of a request.

    Attributes
    ----------
    facts
        What the row of the training states about them, besides their kind.
    atoms_per_label
        Mean number of atoms of a labelled structure.
    label_set
        Uploaded labels; None if a worker makes them.
    phonons
        Force constants of the reference, with the masses of nature, if they are known.
    engine, queue
        What a worker needs that labels structures in a job of its own; None: there is no such job.
    seconds
        Of making the labels, on one core.
    """

    facts: dict[str, Any]
    atoms_per_label: float
    label_set: LabelSet | None = None
    phonons: HarmonicCrystal | None = None
    engine: str | None = None
    queue: str = "cpu"
    seconds: float = 0.0

    @property
    def gives_force_constants(self) -> bool:
        """Whether those of the reference are known before the fit: GPAW labels cells of several shapes instead."""
        return self.phonons is not None or self.engine not in {None, GPAW}


def check(scope: Scope, reference: ReferenceIn, material: Material) -> Requested:
    """Check what labels a training.

    Raises
    ------
    Unprocessable
        A field is wrong, or this version cannot label by it.
    """
    return CHECKS[reference.kind](scope, reference, material)


def _of_file(scope: Scope, reference: ReferenceIn, material: Material) -> Requested:
    loc, structure = "reference.label_set_id", material.structure
    if reference.label_set_id is None:
        raise Unprocessable.at(loc, Notice("label_set_needed"))
    with not_found_at(loc):
        labels = scope.get(LabelSet, reference.label_set_id, "label_set")
    if set(labels.elements) != set(structure.elements):
        params = {"labels": labels.elements, "structure": structure.elements}
        raise Unprocessable.at(loc, Notice("labels_of_other_elements", params))
    if labels.n_structures < MIN_LABELS:
        few = Notice("labels_few", {"n_structures": labels.n_structures, "minimum": MIN_LABELS})
        raise Unprocessable.at(loc, few)
    facts = {
        "label_set_id": str(labels.id),
        "name": labels.name,
        "level_of_theory": labels.level_of_theory,
        "n_structures": labels.n_structures,
        "file_sha256": labels.sha256,
    }
    named, phonons = material.recipe.reference_prediction_id, None
    if named is not None:
        phonons = _phonons(scope, named, structure, "options.reference_prediction_id")[1]
    return Requested(facts, labels.n_atoms / labels.n_structures, labels, phonons)


def _of_phonons(scope: Scope, reference: ReferenceIn, material: Material) -> Requested:
    loc = "reference.prediction_id"
    if reference.prediction_id is None:
        raise Unprocessable.at(loc, Notice("reference_prediction_needed"))
    row, phonons = _phonons(scope, reference.prediction_id, material.structure, loc)
    if row.potential_id == material.base.id:
        raise Unprocessable.at(loc, Notice("reference_is_base", {"potential": material.base.name}))
    program = row.provenance.get(SOURCE, {}).get("program", {})
    facts = {"prediction_id": str(row.id), "name": row.basis, "level_of_theory": program.get("functional", "")}
    return Requested(facts, atoms_of_labels(scope, material.structure, REFERENCES["phonons"]), phonons=phonons)


def _of_engine(scope: Scope, reference: ReferenceIn, material: Material) -> Requested:
    loc, structure = "reference.engine", material.structure
    if reference.engine is None:
        raise Unprocessable.at(loc, Notice("reference_engine_needed"))
    offer = find_offer(scope, reference.engine, structure, material.base.name)
    if offer is None:
        raise Unprocessable.at(loc, Notice("unknown_reference", {"name": reference.engine}))
    if obstacle := offer.unfit or offer.missing:
        raise Unprocessable.at(loc, obstacle)
    known = offer.reference
    facts: dict[str, Any] = {"engine": known.id, "title": known.title}
    if known.level_of_theory:
        facts["level_of_theory"] = known.level_of_theory
    if offer.potential is not None:
        facts |= {"potential_id": str(offer.potential.id), "file_sha256": offer.potential.sha256}
    engine = engines.get(offer.potential.engine) if offer.potential is not None else None
    n_atoms = atoms_of_labels(scope, structure, known)
    cost = DEFAULT_COST_S_PER_ATOM if known.cost_s_per_atom is None else known.cost_s_per_atom
    n_displaced = DISPLACEMENTS_PER_SITE * len(set(name_sites(load_structure(scope.settings, structure.id))))
    atoms_evaluated = RELAXATION_STEPS * structure.n_atoms + (n_displaced + material.recipe.n_structures) * n_atoms
    return Requested(
        facts,
        n_atoms,
        engine=known.id if engine is None else engine.name,
        queue="cpu" if engine is None else engine.queue,
        seconds=cost * atoms_evaluated,
    )


def _phonons(
    scope: Scope, prediction_id: uuid.UUID, structure: Structure, loc: str
) -> tuple[Prediction, HarmonicCrystal]:
    """Return a harmonic forecast of a structure, and its force constants."""
    try:
        row = predictions.get_succeeded(scope, prediction_id)
    except (NotFound, Conflict) as error:
        raise Unprocessable.at(loc, error.notice) from error
    crystal = read_force_constants(scope.settings, row) if row.method == "harmonic" else None
    if crystal is None or set(crystal.symbols) != set(structure.elements):
        raise Unprocessable.at(loc, Notice("reference_without_phonons", {"elements": ", ".join(structure.elements)}))
    return row, replace(crystal, masses=species_masses(crystal.symbols, {}))


def has_exact_stress(reference: ReferenceIn) -> bool:
    """Tell whether the stresses of the labels are those of a potential."""
    return reference.kind == "phonons" or (reference.kind == "engine" and reference.engine not in REFERENCES)


def labels_text(scope: Scope, requested: Requested) -> str | None:
    """Return the uploaded labels; None if a worker makes them."""
    return None if requested.label_set is None else label_sets.labels_text(scope.settings, requested.label_set)


CHECKS: Final[Mapping[str, Callable[[Scope, ReferenceIn, Material], Requested]]] = {
    "engine": _of_engine,
    "file": _of_file,
    "phonons": _of_phonons,
}
