"""The phonons or the trajectory in a folder: of a source, or of the jobs of a prediction."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from backend.kit.files.storage import link_or_copy
from backend.phonon_files import harmonic_crystal_file, modes_file, trajectory_file
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.phonon_modes import PhononModes
from scattering.core.trajectory import Trajectory

Phonons = HarmonicCrystal | PhononModes | Trajectory
"""What a source stores: force constants, modes without force constants, or a trajectory."""

FORCE_CONSTANTS_FILE: Final = "force_constants.h5"
MODES_FILE: Final = "modes.h5"
TRAJECTORY_FILE: Final = "trajectory.h5"


def copy_trajectory(folder: Path, to: Path) -> None:
    """Give the trajectory in a folder to another folder."""
    link_or_copy(folder / TRAJECTORY_FILE, to / TRAJECTORY_FILE)


def save(folder: Path, phonons: Phonons) -> None:
    """Write phonons or a trajectory to the file of their kind in a folder."""
    if isinstance(phonons, HarmonicCrystal):
        harmonic_crystal_file.save(folder / FORCE_CONSTANTS_FILE, phonons)
    elif isinstance(phonons, Trajectory):
        trajectory_file.save(folder / TRAJECTORY_FILE, phonons)
    else:
        modes_file.save(folder / MODES_FILE, phonons)
