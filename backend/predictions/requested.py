"""Requests of predictions: checked, with all options."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from backend.families.catalogue import families
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Unprocessable, not_found_at, unprocessable
from backend.potentials import service as potentials
from backend.potentials.catalogue import pretrained
from backend.potentials.service import missing_elements
from backend.potentials.tables import Potential
from backend.predictions import given, harmonic_reference
from backend.predictions.durations import Duration, estimate_duration
from backend.predictions.options import fill_options
from backend.predictions.schemas import PredictionIn
from backend.predictions.tables import Prediction
from backend.sources.tables import Source
from backend.structures.geometry import StructureData
from backend.structures.isotopes import name_sites
from backend.structures.service import load_structure
from backend.structures.tables import Structure
from scattering import instruments
from scattering.core.errors import ScatteringError, UnknownInstrument
from scattering.core.isotopes import Isotopes, Substitution, names_sites, override, simplify
from scattering.core.notices import Notice
from scattering.observe import weights
from scattering.options.base import Options
from scattering.options.names import HarmonicModes
from scattering.options.registry import find_kind


@dataclass(frozen=True)
class CheckedRequest:
    """A valid request for a prediction, with all options; it has a potential or a source."""

    structure: Structure
    data: StructureData
    potential: Potential | None
    source: Source | None
    reference: Prediction | None
    reference_modes: HarmonicModes
    temperature_k: float
    instruments: list[str]
    isotopes: dict[str, Substitution]
    options: Options
    duration: Duration


def check(scope: Scope, body: PredictionIn) -> CheckedRequest:
    """Check the request of a prediction, and complete its options.

    Raises
    ------
    Unprocessable
        A field is invalid; the problem names it.
    """
    source = given.find_source(scope, body)
    if source is not None:
        structure, potential = scope.get(Structure, source.structure_id, "structure"), None
    else:
        structure = _structure(scope, body.structure_id)
        potential = _covering_potential(scope, body, structure)
    reference = harmonic_reference.find_reference(scope, body, structure)
    names, temperature = _instruments(body.instruments), given.temperature_of(source, body)
    data = load_structure(scope.settings, structure.id)
    try:
        isotopes = check_isotopes(data, override(structure.isotopes, body.isotopes or {}))
        options = fill_options(
            find_kind(body.method, body.sampling, given=source is not None),
            body.options,
            data,
            quality=body.quality,
            temperature_k=temperature,
            instruments=names,
            family=None if potential is None else potential.family,
            preferred_engine=None if potential is None else potential.engine,
            isotopes=isotopes,
            source=given.facts_for_options(source),
            takes_forces=reference is not None,
        )
    except ScatteringError as error:
        raise unprocessable(error) from error
    if source is not None:
        given.check_isotopes(source, structure.isotopes, isotopes)
    if reference is not None:
        harmonic_reference.check_options(options)
        harmonic_reference.check_modes(body.harmonic_modes, data)
    entry = None if potential is None else pretrained().get(potential.sha256)
    duration = estimate_duration(scope.session, options, n_atoms_cell=len(data.numbers), potential=entry)
    return CheckedRequest(
        structure,
        data,
        potential,
        source,
        reference,
        body.harmonic_modes,
        temperature,
        names,
        isotopes,
        options,
        duration,
    )


def check_isotopes(data: StructureData, isotopes: Isotopes) -> dict[str, Substitution]:
    """Return isotopes of elements or sites of a structure, in their usual form.

    Raises
    ------
    InvalidView
        The structure has no such element or site, or the element no such isotope; the error names the field.
    """
    weights.scatterers(tuple(name_sites(data) if names_sites(isotopes) else data.elements), isotopes)
    return simplify(isotopes)


def _structure(scope: Scope, structure_id: uuid.UUID | None) -> Structure:
    assert structure_id is not None
    with not_found_at("structure_id"):
        return scope.get(Structure, structure_id, "structure")


def _covering_potential(scope: Scope, body: PredictionIn, structure: Structure) -> Potential:
    """Return the potential of a request, which covers the elements of a structure."""
    potential = _potential(scope, body)
    missing = missing_elements(potential, structure.elements)
    if missing:
        stated = {"potential": potential.name, "structure": structure.name, "missing": missing}
        notice = Notice("elements_not_covered", {**stated, "elements": structure.elements})
        raise Unprocessable.at(body.potential_field, notice)
    family = families().get(potential.family)
    numbers = load_structure(scope.settings, structure.id).numbers
    if family is not None and (refusal := family.refuse(numbers.tolist())) is not None:
        raise Unprocessable.at(body.potential_field, refusal)
    return potential


def _potential(scope: Scope, body: PredictionIn) -> Potential:
    """Return the potential with an id, or the newest one with a name."""
    name_or_id = body.chosen_potential
    row = potentials.find(scope, name_or_id)
    if row is None:
        raise Unprocessable.at(body.potential_field, Notice("unknown_potential", {"name": name_or_id}))
    return row


def _instruments(names: list[str]) -> list[str]:
    """Return the exact names of the catalogue, without repetitions."""
    spelt: dict[str, None] = {}
    for index, name in enumerate(names):
        try:
            spelt[instruments.get(name).name] = None
        except UnknownInstrument as error:
            raise Unprocessable.at(f"instruments.{index}", error.notice) from error
    return list(spelt)
