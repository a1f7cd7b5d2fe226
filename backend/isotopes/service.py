"""Predictions with other isotopes, from the force constants of a harmonic prediction."""

from __future__ import annotations

import uuid

from backend.isotopes.schemas import OtherIsotopesIn
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Conflict, unprocessable
from backend.observing.partials_cache import PartialsCache
from backend.observing.spectra import read_partials
from backend.phonon_files import stored
from backend.predictions import requested
from backend.predictions import service as predictions
from backend.predictions.given import without_force_constants
from backend.predictions.options import separate_sites
from backend.predictions.tables import Prediction
from backend.structures.service import load_structure
from scattering.core.errors import ScatteringError
from scattering.core.isotopes import names_sites, override
from scattering.core.notices import Notice


def create_with_isotopes(
    scope: Scope, cache: PartialsCache, prediction_id: uuid.UUID, body: OtherIsotopesIn
) -> Prediction:
    """Write a prediction with other isotopes, whose job calculates phonons from the force constants of a prediction.

    Raises
    ------
    NotFound, Conflict, Unprocessable
        There is no such prediction, it has no force constants, or the isotopes do not fit its structure.
    """
    source = predictions.get_succeeded(scope, prediction_id)
    if source.method != "harmonic":
        raise Conflict(Notice("isotopes_of_harmonic_only", {"method": source.method}))
    data, options = load_structure(scope.settings, source.structure_id), source.typed_options()
    try:
        isotopes = requested.check_isotopes(data, override(source.isotopes, body.isotopes))
        if names_sites(isotopes) and not options.resolve_sites:
            options = separate_sites(options, data, source.temperature_k)
    except ScatteringError as error:
        raise unprocessable(error) from error
    partials = read_partials(scope.settings, cache, source)
    crystal = partials.harmonic_crystal
    if crystal is None:
        raise Conflict(without_force_constants(partials.metadata))
    row = predictions.create_like(scope, source, isotopes, options, len(data.numbers))
    stored.save(predictions.new_work_folder(scope, row), crystal)
    return row
