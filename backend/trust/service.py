"""Assess how far a prediction can be trusted, from its potential, its structure and its run."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlmodel import col

from backend.kit.db.owners import Scope
from backend.observing.partials_cache import PartialsCache
from backend.potentials.catalogue import pretrained
from backend.potentials.service import PRETRAINED
from backend.potentials.tables import Potential
from backend.predictions.tables import Prediction
from backend.structures.tables import Structure
from backend.trust import points, summary
from backend.trust.points import Point
from scattering.core.notices import Notice
from scattering.trust.grade import Evidence, Grade, grade
from scattering.trust.measured_phonons import Material, compare, find_material

MAX_OTHERS = 20
"""The newest predictions of a structure among which another method is looked for."""
MAX_SHIFT_ANGSTROM = 0.3
"""An atom that relaxes farther than its thermal motion at room temperature is not where it was measured."""


@dataclass(frozen=True)
class Assessment:
    """Accuracy of a prediction's energies, from database rows alone: no partials are read.

    Attributes
    ----------
    harmonic
        The harmonic prediction that phonons and imaginary modes are of, itself or another one; None without one.
    material
        The same crystal with measured phonons; None where none is tabulated.
    others
        Predictions beside this one, the newest first.
    """

    potential: Potential
    elements: tuple[str, ...]
    material: Material | None
    evidence: Evidence
    grade: Grade
    harmonic: Prediction | None
    others: tuple[Prediction, ...]

    @property
    def headline(self) -> Notice:
        """Accuracy of the energies."""
        return summary.headline(self.grade, self.evidence, self.potential.name)


@dataclass(frozen=True)
class Trust:
    """How far a prediction can be trusted, and the points that this rests on."""

    prediction_id: uuid.UUID
    assessment: Assessment
    points: tuple[Point, ...]


def assess(scope: Scope, prediction: Prediction) -> Assessment:
    """Grade a prediction's energies, whatever its state, from the findings of its run and of those beside it."""
    potential = scope.get(Potential, prediction.potential_id, "potential")
    structure = scope.get(Structure, prediction.structure_id, "structure")
    others = tuple(_others(scope, prediction))
    harmonic = next((row for row in (prediction, *others) if "imaginary_fraction" in _findings(row)), None)
    findings = _findings(harmonic) if harmonic is not None else {}
    material = find_material(formula(structure.formula_cell), structure.space_group_number, _volume_per_atom(structure))
    evidence = Evidence(
        standing="documented" if potential.kind == PRETRAINED and potential.sha256 in pretrained() else "unknown",
        comparison=compare(material, findings.get("special_phonons_mev", {})) if material else None,
        imaginary_fraction=findings.get("imaginary_fraction"),
        outside_training=_findings(prediction).get("training_range", {}).get("spread", 0.0) > 1,
        displaced=_findings(prediction).get("largest_shift_angstrom", 0.0) > MAX_SHIFT_ANGSTROM,
    )
    return Assessment(potential, tuple(structure.elements), material, evidence, grade(evidence), harmonic, others)


def trust(scope: Scope, cache: PartialsCache, prediction: Prediction) -> Trust:
    """Return everything that is known about a prediction's errors. Nothing is simulated."""
    # These take a second to import, and an assessment does without
    from backend.trust.observed import observe

    assessed = assess(scope, prediction)
    seen = observe(scope, cache, prediction, assessed.others)
    name, method = assessed.potential.name, prediction.method
    made = (
        points.potential_point(name, len(assessed.potential.elements), assessed.elements, assessed.evidence),
        points.training_point(name, _findings(prediction)),
        points.phonons_point(name, assessed.material, assessed.evidence, assessed.grade),
        points.stability_point(_findings(assessed.harmonic) if assessed.harmonic else None),
        points.anharmonicity_point(method, seen),
        points.quantum_point(method, prediction.temperature_k, seen),
        points.statistics_point(method, seen),
        points.method_point(method),
        points.run_point(prediction.warnings),
    )
    return Trust(prediction.id, assessed, made)


def formula(written: str) -> dict[str, int]:
    """Return the elements of a formula such as Na4Cl4, and how many atoms of each."""
    found = Counter[str]()
    for element, number in re.findall(r"([A-Z][a-z]?)(\d*)", written):
        found[element] += int(number or 1)
    return dict(found)


def _volume_per_atom(structure: Structure) -> float:
    return structure.volume_angstrom3 / structure.n_atoms


def _findings(prediction: Prediction) -> dict[str, Any]:
    found: dict[str, Any] = (prediction.provenance or {}).get("findings", {})
    return found


def _others(scope: Scope, prediction: Prediction) -> Iterator[Prediction]:
    """Succeeded predictions of the same structure, in the same cell, with the same forces; the newest first."""
    statement = (
        scope.select(Prediction)
        .where(
            col(Prediction.structure_id) == prediction.structure_id,
            col(Prediction.potential_id) == prediction.potential_id,
            col(Prediction.status) == "succeeded",
            col(Prediction.id) != prediction.id,
        )
        .order_by(col(Prediction.finished_at).desc(), col(Prediction.id))
        .limit(MAX_OTHERS)
    )
    own = prediction.typed_options()
    for row in scope.session.exec(statement):
        options = row.typed_options()
        if (options.dispersion, options.relax_cell) == (own.dispersion, own.relax_cell):
            yield row
