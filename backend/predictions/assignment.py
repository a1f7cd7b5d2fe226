"""The facts about a prediction that a worker needs to simulate it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from backend.kit.db.database import transaction
from backend.kit.settings import Settings
from backend.potentials.tables import Potential
from backend.predictions.tables import SOURCE, Prediction
from scattering.core.isotopes import Isotopes
from scattering.core.notices import Notice
from scattering.options.base import Options

FORCE_CONSTANTS_OF: Final = "force_constants_of"
"""Entry of the provenance of a prediction that uses the force constants of another one: the id of the latter."""


@dataclass(frozen=True)
class Assignment:
    """The request of a prediction, complete.

    Attributes
    ----------
    isotopes
        Isotopes of the simulation, by element or site.
    potential
        None if the phonons come from a source.
    source
        Facts about this source, for the provenance; None if there is none.
    harmonic_reference
        Facts about the prediction whose force constants, in a file in the folder of the jobs, replace the harmonic part
        of the potential; None if there is none.
    force_constants_of
        Id of the prediction whose force constants are used, in a file in the folder of the jobs; None: new ones.
    warnings, findings
        Of this prediction, as far as they belong to the force constants.
    """

    prediction_id: uuid.UUID
    structure_id: uuid.UUID
    potential: Potential | None
    method: str
    sampling: str
    temperature_k: float
    options: Options
    isotopes: Isotopes
    source: Mapping[str, Any] | None
    harmonic_reference: Mapping[str, Any] | None
    force_constants_of: str | None
    warnings: tuple[Notice, ...]
    findings: Mapping[str, Any]


def read_assignment(settings: Settings, prediction_id: uuid.UUID) -> Assignment | None:
    """Return the request of a prediction, or None if the prediction was deleted."""
    with transaction(settings, reading=True) as session:
        row = session.get(Prediction, prediction_id)
        if row is None:
            return None
        return Assignment(
            prediction_id=row.id,
            structure_id=row.structure_id,
            potential=None if row.potential_id is None else session.get_one(Potential, row.potential_id),
            method=row.method,
            sampling=row.sampling,
            temperature_k=row.temperature_k,
            options=row.typed_options(),
            isotopes=row.isotopes,
            source=row.provenance.get(SOURCE),
            harmonic_reference=row.harmonic_reference,
            force_constants_of=row.provenance.get(FORCE_CONSTANTS_OF),
            warnings=tuple(row.warnings),
            findings=row.provenance.get("findings", {}),
        )
