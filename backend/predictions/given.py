"""Predictions from given phonons or a trajectory: the source of a request, and its data in the folder of the jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from backend.kit.db.owners import Scope
from backend.kit.http.errors import Conflict, Unprocessable, not_found_at
from backend.phonon_files import stored
from backend.phonon_files.stored import Phonons
from backend.predictions.options import GivenFacts
from backend.predictions.schemas import PredictionIn
from backend.sources import service as sources
from backend.sources.tables import Source, SourceReading
from scattering.core.constants import MAX_TEMPERATURE_K, MIN_TEMPERATURE_K
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.isotopes import Isotopes, nucleus_of, species_masses
from scattering.core.notices import Notice
from scattering.core.partials import lacks_interference


def find_source(scope: Scope, body: PredictionIn) -> Source | None:
    """Return the source of a request; None if it begins with a structure and a potential.

    Raises
    ------
    Unprocessable
        The request has both or neither, or asks for what its source cannot give.
    Conflict
        A job is still reading the source, or could not read it.
    """
    if body.source_id is None:
        if body.structure_id is None:
            raise Unprocessable.at("structure_id", Notice("structure_or_source"))
        return None
    if body.wrong_beside_source is not None:
        raise Unprocessable.at(body.wrong_beside_source, Notice("structure_or_source"))
    with not_found_at("source_id"):
        row = sources.get_any(scope, body.source_id)
    if isinstance(row, SourceReading):
        raise Conflict(Notice("source_not_read", {"status": row.status, "progress": row.progress}))
    _check_method(row, body)
    return row


def _check_method(row: Source, body: PredictionIn) -> None:
    """Check that a source can give a kind of forecast: harmonic ones of phonons, and dynamics of a trajectory."""
    if row.phonons is None:
        method = "trpmd" if _are_ring_polymers(row) else "md"
        if body.method != method:
            raise Unprocessable.at("method", Notice("trajectory_source", {"method": body.method, "choice": method}))
        return
    if body.method != "harmonic":
        raise Unprocessable.at("method", Notice("harmonic_source", {"method": body.method}))
    if body.sampling != "powder" and not row.phonons["has_force_constants"]:
        raise Unprocessable.at("sampling", Notice("path_of_modes"))


def _are_ring_polymers(row: Source) -> bool:
    return row.trajectory is not None and row.trajectory.get("nuclei") == "ring_polymer"


def temperature_of(source: Source | None, body: PredictionIn) -> float:
    """Return the temperature of a request in K: that of the velocities of a trajectory, where none is stated.

    Raises
    ------
    Unprocessable
        The trajectory has no velocities, and the request states no temperature.
    """
    if source is None or source.trajectory is None or "temperature_k" in body.model_fields_set:
        return body.temperature_k
    mean: float | None = source.trajectory["mean_temperature_k"]
    if mean is None or not MIN_TEMPERATURE_K <= mean <= MAX_TEMPERATURE_K:
        raise Unprocessable.at("temperature_k", Notice("needs_field", {"field": "temperature_k", "file": source.name}))
    return mean


def check_isotopes(source: Source, of_structure: Isotopes, isotopes: Isotopes) -> None:
    """Check that the atoms of modes and trajectories have the masses with which they were calculated.

    Raises
    ------
    Unprocessable
    """
    if dict(isotopes) == dict(of_structure):
        return
    if source.phonons is None:
        raise Unprocessable.at("isotopes", Notice("isotopes_of_trajectory"))
    if not source.phonons["has_force_constants"]:
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


def write_phonons(folder: Path, phonons: Phonons, of_structure: Isotopes, isotopes: Isotopes) -> None:
    """Write the data of a source to the folder of the jobs of a prediction, with the masses of its isotopes.

    Parameters
    ----------
    folder
        Folder of the jobs.
    phonons
        Phonons or trajectory of the source.
    of_structure, isotopes
        Isotopes of the structure, whose masses the phonons have, and of the prediction.
    """
    if isinstance(phonons, HarmonicCrystal):
        sites = phonons.sites
        others = [nucleus_of(site, isotopes) != nucleus_of(site, of_structure) for site in sites]
        phonons = replace(phonons, masses=np.where(others, species_masses(sites, isotopes), phonons.masses))
    stored.save(folder, phonons)


def facts_for_options(source: Source | None) -> GivenFacts | None:
    """Return the facts about a source on which options depend; None without a source."""
    if source is None:
        return None
    if source.trajectory is not None:
        facts = source.trajectory
        return GivenFacts(
            frames=(facts["n_frames"], facts["frame_interval_fs"]),
            # Sources of older versions are classical
            n_beads=facts.get("n_beads", 1),
        )
    assert source.phonons is not None
    return GivenFacts(has_born_charges=bool(source.phonons["has_nac"]))


def without_force_constants(metadata: Mapping[str, Any]) -> Notice:
    """Return why partials with these metadata have no force constants: an older version, or a source without them."""
    if lacks_interference(metadata):
        return Notice("force_constants_not_given")
    return Notice("force_constants_not_kept")
