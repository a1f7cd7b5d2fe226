"""The file of the partials of a prediction, and the force constants in it."""

from __future__ import annotations

import uuid

import h5py

from backend.kit.files.lost import reading_stored
from backend.kit.settings import Settings
from backend.phonon_files import harmonic_crystal_file
from backend.predictions.tables import Prediction
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.notices import Notice


def lost_partials(prediction_id: uuid.UUID) -> Notice:
    """Return the notice that the file of partials is lost."""
    return Notice("partials_lost", {"id": str(prediction_id)})


def read_force_constants(settings: Settings, prediction: Prediction) -> HarmonicCrystal | None:
    """Return the force constants of a succeeded prediction; None if it has none.

    Raises
    ------
    Gone
        The file is missing or damaged.
    """
    with reading_stored(lost_partials(prediction.id)), h5py.File(settings.partials_path(prediction.id), "r") as file:
        return harmonic_crystal_file.read(file)
