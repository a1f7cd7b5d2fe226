"""Assess the reliability of a prediction from its potential, its structure and its run."""

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
from backend.potentials.catalogue import PRETRAINED, REGISTERED
from backend.potentials.tables import Potential
from backend.predictions.tables import SOURCE, Prediction, has_same_origin
from backend.structures.condition import state_of
from backend.structures.material_class import class_of
from backend.structures.tables import Structure
from backend.trainings import facts
from backend.trainings import service as trainings
from backend.trainings.results import TRAINED
from backend.trainings.tables import Training
from backend.trust import points, summary
from backend.trust.points import Point
from scattering.core.notices import Notice
from scattering.core.polarity import is_polar
from scattering.trust.calibration import MAX_IMAGINARY_FRACTION, Spread, spread_of
from scattering.trust.chemistry import MaterialClass, elements_with_moments
from scattering.trust.grade import Evidence, Grade, grade
from scattering.trust.measured_phonons import Material, compare, find_material
from scattering.trust.trained import TrainedErrors, own_error, reference_error

MAX_OTHERS = 20
"""Number of the newest predictions of a structure that are searched for another method."""
MAX_SHIFT_ANGSTROM = 0.3
"""Largest shift of an atom by relaxation without an objection: about its thermal motion at room temperature."""


@dataclass(frozen=True)
class Assessment:
    """Accuracy of the energies of a prediction, from database rows alone: no partials are read.

    Attributes
    ----------
    potential
        None for a forecast from given phonons.
    training
        Training that made the potential for this structure; None for other potentials, and if it was deleted.
    basis
        Name of the potential, or of the source of the phonons.
    material_class
        What holds the crystal together.
    harmonic
        The prediction, this one or another, that gives phonons and imaginary modes; None if there is none.
    material
        Measured phonons of this crystal; None if none are tabulated.
    others
        Other predictions with the same structure and forces, of any isotopes, the newest first.
    """

    potential: Potential | None
    training: Training | None
    basis: str
    elements: tuple[str, ...]
    material_class: MaterialClass
    structure: Structure
    material: Material | None
    evidence: Evidence
    grade: Grade
    harmonic: Prediction | None
    others: tuple[Prediction, ...]

    @property
    def headline(self) -> Notice:
        """Accuracy of the energies."""
        return summary.headline(self.grade, self.evidence, self.basis)


@dataclass(frozen=True)
class Trust:
    """Reliability of a prediction: the assessment and all points."""

    prediction_id: uuid.UUID
    assessment: Assessment
    points: tuple[Point, ...]


def assess(scope: Scope, prediction: Prediction) -> Assessment:
    """Grade the energies of a prediction in any state, from the findings of its run and of related runs."""
    structure = scope.get(Structure, prediction.structure_id, "structure")
    others = tuple(_others(scope, prediction))
    # The phonons of dynamics with a harmonic reference are those of the reference, which may have been deleted
    origin: Prediction | None = prediction
    if prediction.harmonic_reference is not None:
        origin = next((row for row in others if _is_reference(row, prediction)), None)
    potential = None
    if origin is not None and origin.potential_id is not None:
        potential = scope.get(Potential, origin.potential_id, "potential")
    harmonic = next((row for row in (prediction, *others) if "imaginary_fraction" in _findings(row)), None)
    findings = _findings(harmonic) if harmonic is not None else {}
    # Phonons were measured with natural masses
    natural = next((row for row in (prediction, *others) if _phonons(row) and not row.isotopes), None)
    material = find_material(
        parse_formula(structure.formula_cell), structure.space_group_number, _volume_per_atom(structure)
    )
    material_class = class_of(scope.settings, structure)
    imaginary_fraction = findings.get("imaginary_fraction")
    training = _training(scope, potential, structure)
    evidence = Evidence(
        trained=_trained_errors(training),
        spread=_spread(potential, material_class, imaginary_fraction),
        comparison=compare(material, _phonons(natural) if natural is not None else {}) if material else None,
        imaginary_fraction=imaginary_fraction,
        outside_training=_findings(prediction).get("training_range", {}).get("spread", 0.0) > 1,
        displaced=origin is not None and _findings(origin).get("largest_shift_angstrom", 0.0) > MAX_SHIFT_ANGSTROM,
        lacks_lo_modes=is_polar(structure.elements)
        and not prediction.has_given_trajectory
        and origin is not None
        and "gamma_lo_mev" not in _findings(origin),
        is_given=potential is None,
    )
    return Assessment(
        potential,
        training,
        (prediction.harmonic_reference or {}).get("basis") or prediction.basis,
        tuple(structure.elements),
        material_class,
        structure,
        material,
        evidence,
        grade(evidence),
        harmonic,
        others,
    )


def _spread(
    potential: Potential | None, material_class: MaterialClass, imaginary_fraction: float | None
) -> Spread | None:
    """Return how far a potential is off in crystals of a class; None for given phonons, and without a calibration."""
    if potential is None or potential.kind != PRETRAINED:
        return None
    is_unstable = (imaginary_fraction or 0.0) >= MAX_IMAGINARY_FRACTION
    return spread_of(potential.name, material_class, is_unstable=is_unstable)


def _training(scope: Scope, potential: Potential | None, structure: Structure) -> Training | None:
    """Return the training that made a potential for a structure."""
    if potential is None or potential.kind != TRAINED:
        return None
    training = trainings.trained(scope, potential.id)
    return training if training is not None and training.structure_id == structure.id else None


def _trained_errors(training: Training | None) -> TrainedErrors | None:
    """Return the errors of a trained potential; None if its phonons were not compared with those of its reference."""
    if training is None:
        return None
    own = own_error(facts.points(training, "reference"), facts.points(training, "after"))
    return None if own is None else TrainedErrors(own, reference_error(facts.level_of_theory(training)))


def assess_fully(scope: Scope, cache: PartialsCache, prediction: Prediction) -> Trust:
    """Assess a succeeded prediction, and return all points. Nothing is simulated."""
    # This takes a second to import, and `assess` does not need it
    from backend.trust.observed import observe

    assessed = assess(scope, prediction)
    counterparts = [row for row in assessed.others if row.isotopes == prediction.isotopes]
    seen = observe(scope, cache, prediction, counterparts)
    name, method = assessed.basis, prediction.method
    # The forces behind a given trajectory are not known
    polar = is_polar(assessed.elements) and not prediction.has_given_trajectory
    made = (
        *_origin_points(assessed, prediction),
        points.phonons_point(name, assessed.material, assessed.evidence, assessed.grade),
        points.stability_point(_phonon_findings(assessed) or None),
        points.anharmonicity_point(method, seen),
        points.quantum_point(method, prediction.temperature_k, seen),
        points.statistics_point(method, seen),
        points.method_point(method, prediction.harmonic_reference, _findings(prediction)),
        points.run_point(prediction.warnings),
        *([points.lo_modes_point(assessed.evidence, _phonon_findings(assessed))] if polar else []),
        *_scope_points(assessed, prediction),
    )
    return Trust(prediction.id, assessed, made)


def _origin_points(assessed: Assessment, prediction: Prediction) -> list[Point]:
    """Return the points on the potential and its training set, or on the source of the phonons."""
    potential = assessed.potential
    if potential is None:
        source = (assessed.harmonic or prediction).provenance.get(SOURCE, {"name": assessed.basis})
        return [points.source_point(source, is_trajectory=prediction.has_given_trajectory)]
    return [
        _trained_point(potential, assessed)
        if potential.kind == TRAINED
        else points.potential_point(
            potential.name,
            len(potential.elements),
            assessed.elements,
            assessed.evidence,
            is_uploaded=potential.kind not in REGISTERED,
        ),
        points.training_point(potential.name, _findings(prediction)),
    ]


def _trained_point(potential: Potential, assessed: Assessment) -> Point:
    training = assessed.training
    if training is None:
        return points.trained_point(potential.name, None, None, None)
    return points.trained_point(potential.name, facts.summary(training), str(training.id), assessed.evidence.trained)


def _scope_points(assessed: Assessment, prediction: Prediction) -> list[Point]:
    """Return the points on what no forecast, or not this one, describes in such a sample."""
    structure, made = assessed.structure, []
    if magnetic := elements_with_moments(assessed.elements):
        made.append(points.magnetism_point(magnetic))
    state = state_of(structure.warnings)
    if state in ("liquid", "glass"):
        made.append(points.state_point(state, prediction.method))
    if not prediction.has_given_trajectory:
        made.extend(points.expansion_points(_cell_temperature(structure, prediction), prediction.temperature_k))
    return made


def _cell_temperature(structure: Structure, prediction: Prediction) -> float | None:
    """Return the temperature of a forecast's cell; 0 if it is that of the smallest energy, None if it is not known."""
    options = prediction.typed_options()
    if options.cell_is_simulated:
        return prediction.temperature_k
    return 0.0 if options.relax_cell else structure.temperature_k


def parse_formula(formula: str) -> dict[str, int]:
    """Return the number of atoms of each element in a formula such as Na4Cl4."""
    counts = Counter[str]()
    for element, number in re.findall(r"([A-Z][a-z]?)(\d*)", formula):
        counts[element] += int(number or 1)
    return dict(counts)


def _volume_per_atom(structure: Structure) -> float:
    return structure.volume_angstrom3 / structure.n_atoms


def _phonon_findings(assessed: Assessment) -> dict[str, Any]:
    """Return the findings of the prediction that gives phonons; empty without one."""
    return _findings(assessed.harmonic) if assessed.harmonic is not None else {}


def _findings(prediction: Prediction) -> dict[str, Any]:
    findings: dict[str, Any] = (prediction.provenance or {}).get("findings", {})
    return findings


def _phonons(prediction: Prediction) -> dict[str, list[float]]:
    """Return the phonons at special points, meV; none of molecular dynamics."""
    phonons: dict[str, list[float]] = _findings(prediction).get("special_phonons_mev", {})
    return phonons


def _others(scope: Scope, prediction: Prediction) -> Iterator[Prediction]:
    """Yield the succeeded predictions of the same structure with the same cell and forces, the newest first."""
    statement = (
        scope.select(Prediction)
        .where(
            col(Prediction.structure_id) == prediction.structure_id,
            has_same_origin(prediction),
            col(Prediction.status) == "succeeded",
            col(Prediction.id) != prediction.id,
        )
        .order_by(col(Prediction.finished_at).desc(), col(Prediction.id))
        .limit(MAX_OTHERS)
    )
    own = prediction.typed_options()
    for row in scope.session.exec(statement):
        options = row.typed_options()
        if _is_reference(row, prediction) or (options.dispersion, options.relax_cell) == (
            own.dispersion,
            own.relax_cell,
        ):
            yield row


def _is_reference(row: Prediction, prediction: Prediction) -> bool:
    """Tell whether a prediction gives the harmonic part of another one."""
    return prediction.harmonic_reference is not None and prediction.harmonic_reference["id"] == str(row.id)
