"""Predictions from given phonons: the source of the request, and its phonons in the folder of the jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from backend.kit.db.owners import Scope
from backend.kit.http.errors import NotFound, Unprocessable
from backend.phonon_files import harmonic_crystal_file, modes_file
from backend.predictions.assignment import FORCE_CONSTANTS_FILE, MODES_FILE
from backend.predictions.schemas import PredictionIn
from backend.sources import service as sources
from backend.sources.tables import Source
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.isotopes import Isotopes, nucleus_of, species_masses
from scattering.core.notices import Notice
from scattering.core.partials import lacks_interference
from scattering.core.phonon_modes import PhononModes
from scattering.options.registry import GIVEN_KINDS


def find_source(scope: Scope, body: PredictionIn) -> Source | None:
    """Return the source of a request; None if it begins with a structure and a potential.

    Raises
    ------
    Unprocessable
        The request has both or neither, or asks for what its source cannot give.
    """
    if body.source_id is None:
        if body.structure_id is None:
            raise Unprocessable.at("structure_id", Notice("structure_or_source"))
        return None
    if body.wrong_beside_source is not None:
        raise Unprocessable.at(body.wrong_beside_source, Notice("structure_or_source"))
    try:
        row = sources.get(scope, body.source_id)
    except NotFound as error:
        raise Unprocessable.at("source_id", error.notice) from error
    if (body.method, body.sampling) not in GIVEN_KINDS:
        raise Unprocessable.at("method", Notice("harmonic_source", {"method": body.method}))
    if body.sampling != "powder" and not row.phonons["has_force_constants"]:
        raise Unprocessable.at("sampling", Notice("path_of_modes"))
    return row


def check_isotopes_of_modes(source: Source, of_structure: Isotopes, isotopes: Isotopes) -> None:
    """Check that modes without force constants have the masses with which they were calculated.

    Raises
    ------
    Unprocessable
    """
    if not source.phonons["has_force_constants"] and dict(isotopes) != dict(of_structure):
        raise Unprocessable.at("isotopes", Notice("isotopes_of_modes"))


def provenance_of(source: Source) -> dict[str, Any]:
    """Return the facts about a source that the provenance of its predictions keeps."""
    return {
        "id": str(source.id),
        "name": source.name,
        "format": source.format,
        "files": [{"name": one["name"], "sha256": one["sha256"]} for one in source.files],
        "program": dict(source.program),
        "typed": dict(source.stated),
    }


def write_phonons(
    folder: Path, phonons: HarmonicCrystal | PhononModes, of_structure: Isotopes, isotopes: Isotopes
) -> None:
    """Write the phonons of a source to the folder of the jobs of a prediction, with the masses of its isotopes.

    Parameters
    ----------
    folder
        Folder of the jobs.
    phonons
        Phonons of the source.
    of_structure, isotopes
        Isotopes of the structure, whose masses the phonons have, and of the prediction.
    """
    if isinstance(phonons, PhononModes):
        modes_file.save(folder / MODES_FILE, phonons)
        return
    sites = phonons.sites
    others = [nucleus_of(site, isotopes) != nucleus_of(site, of_structure) for site in sites]
    masses = np.where(others, species_masses(sites, isotopes), phonons.masses)
    harmonic_crystal_file.save(folder / FORCE_CONSTANTS_FILE, replace(phonons, masses=masses))


def born_charges(source: Source | None) -> bool | None:
    """Return whether the phonons of a source have Born charges; None without a source."""
    return None if source is None else bool(source.phonons["has_nac"])


def without_force_constants(metadata: Mapping[str, Any]) -> Notice:
    """Return why partials with these metadata have no force constants: an older version, or a source without them."""
    if lacks_interference(metadata):
        return Notice("force_constants_not_given")
    return Notice("force_constants_not_kept")
