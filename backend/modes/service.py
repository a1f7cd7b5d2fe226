"""Phonon modes of predictions: behind a peak, in motion, along a path, and their densities of states."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backend.figures.labels import facts
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Conflict, NotFound, Unprocessable
from backend.modes.phonon_website import n_numbers, website_document
from backend.modes.scene import Scene, scene
from backend.observing.partials_cache import PartialsCache
from backend.observing.samplings import complete_path
from backend.observing.spectra import read_partials
from backend.observing.spectra_cache import SpectraCache
from backend.predictions import service as predictions
from backend.predictions.given import without_force_constants
from backend.structures import service as structures
from backend.wording.curves import curve_labels
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.crystal.partials import CrystalPartials
from scattering.crystal.path import GAMMA
from scattering.modes.bands import calculate_bands, disperse_along, special_places
from scattering.modes.dispersion import (
    DensityOfStates,
    Dispersion,
    dense_grid,
    density_of_states,
    disperse,
    stored_dispersion,
)
from scattering.modes.grid import ModeGrid, sample_grid
from scattering.modes.intensity import neutron_weights
from scattering.modes.motion import motion
from scattering.modes.path import behind_path_peak, modes_on_path, reduced_wave_vector
from scattering.modes.peak import Peak
from scattering.modes.powder import behind_powder_peak
from scattering.observe.view import View

MAX_ATOMS: Final = 400
"""Largest primitive cell; the modes of one wave vector take seconds in a larger one."""

MAX_WEBSITE_NUMBERS: Final = 4_000_000
"""Numbers in a file for the phonon website: 46 MB of text."""

_cache = SpectraCache(max_views=4)
"""Modes on a grid and phonons along a path, for the partials that are in memory."""


@dataclass(frozen=True, eq=False)
class FoundPeak:
    """The modes behind a peak, and the names of their wave vectors: one for each mode, "" without a name."""

    peak: Peak
    points: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class MovingMode:
    """One mode with its motion.

    Attributes
    ----------
    q_rlu
        Shape (3,), reciprocal lattice units of the uploaded cell.
    energy_mev
        Without an energy scale.
    """

    crystal: HarmonicCrystal
    scene: Scene
    q_rlu: NDArray[np.float64]
    energy_mev: float


@dataclass(frozen=True, eq=False)
class Phonons:
    """Dispersion and density of states; the latter is None if the prediction has no force constants."""

    dispersion: Dispersion
    density: DensityOfStates | None


@dataclass(frozen=True, eq=False)
class LabelledPhonons:
    """Phonons of one of the predictions of a figure; the label is empty for a single prediction."""

    phonons: Phonons
    label: str


def find_modes(
    scope: Scope,
    cache: PartialsCache,
    prediction_id: uuid.UUID,
    view: View,
    *,
    energy_mev: float,
    width_mev: float | None,
) -> FoundPeak:
    """Return the modes behind a peak of a prediction.

    Raises
    ------
    NotFound, Conflict, Unprocessable, ScatteringError
        There is no such prediction, it has no modes, or the view is impossible.
    """
    partials = _harmonic_partials(scope, cache, prediction_id)
    crystal = _crystal(partials)
    if isinstance(partials, Partials):
        if view.path is not None:
            raise Unprocessable.at("path", Notice("path_of_powder"))
        peak = behind_powder_peak(partials, _grid(partials, crystal), view, energy_mev, width_mev)
        return FoundPeak(peak, tuple(GAMMA if np.allclose(mode.q, 0) else "" for mode in peak.modes))
    complete = replace(view, path=complete_path(partials, view.path))
    fc = _grid(partials, crystal).force_constants
    peak = behind_path_peak(partials, crystal, fc, complete, energy_mev, width_mev)
    return FoundPeak(peak, tuple(partials.labels[mode.q_index] for mode in peak.modes))


def animate(scope: Scope, cache: PartialsCache, prediction_id: uuid.UUID, *, q_index: int, branch: int) -> MovingMode:
    """Return a mode in motion, by the indices that `find_modes` gives.

    Raises
    ------
    NotFound, Conflict
        There is no such prediction or mode, or it has no modes.
    """
    partials = _harmonic_partials(scope, cache, prediction_id)
    crystal = _crystal(partials)
    grid = _grid(partials, crystal)
    n_q = len(grid.q) if isinstance(partials, Partials) else len(partials.distance)
    n_modes = 3 * crystal.n_atoms
    if q_index >= n_q or branch >= n_modes:
        raise NotFound(
            Notice(
                "no_such_mode",
                {"q_index": q_index, "branch": branch, "n_wave_vectors": n_q, "n_branches": n_modes},
            )
        )
    if isinstance(partials, Partials):
        q, energies, vectors = grid.q[q_index], grid.energies[q_index], grid.eigenvectors[q_index]
    else:
        q = reduced_wave_vector(partials, crystal, q_index)
        (energies,), (vectors,) = modes_on_path(partials, crystal, grid.force_constants, q_index)
    return MovingMode(
        crystal=crystal,
        scene=scene(crystal, motion(crystal, q, vectors[branch])),
        q_rlu=crystal.repeats @ q,
        energy_mev=float(energies[branch]),
    )


def phonons(scope: Scope, cache: PartialsCache, prediction_id: uuid.UUID) -> Phonons:
    """Return the dispersion and the densities of states of a prediction.

    A prediction of a single crystal without force constants has the dispersion along its own path.

    Raises
    ------
    NotFound, Conflict, ScatteringError
        There is no such prediction, it has no modes, or the symmetry of the structure was not found.
    """
    partials = _harmonic_partials(scope, cache, prediction_id)
    if isinstance(partials, CrystalPartials) and partials.harmonic_crystal is None and partials.dispersion.size:
        return Phonons(
            stored_dispersion(partials.dispersion_distance, partials.dispersion, partials.ticks), density=None
        )
    grid = _grid(partials, _crystal(partials))
    found: Phonons = _cache.get(
        partials, "phonons", lambda: Phonons(disperse(grid), density_of_states(dense_grid(grid)))
    )
    return found


def overlaid_phonons(
    scope: Scope, cache: PartialsCache, prediction_id: uuid.UUID, others: Sequence[uuid.UUID], *, neutron_weighted: bool
) -> list[LabelledPhonons]:
    """Return the phonons of a prediction, and those of others of the same structure at its wave vectors.

    Parameters
    ----------
    prediction_id
        The prediction whose usual path is taken.
    others
        Further predictions; repeated ones are left out.
    neutron_weighted
        Whether densities have the weights σ/M of the isotopes of their own prediction.

    Raises
    ------
    NotFound, Conflict, Unprocessable, ScatteringError
        As `phonons`, for each prediction; or another one is of another structure.
    """
    first, *further = (predictions.get_succeeded(scope, one) for one in dict.fromkeys([prediction_id, *others]))
    for row in further:
        if row.structure_id != first.structure_id:
            raise Unprocessable.at("overlay", Notice("overlay_of_other_structure", {"id": str(row.id)}))
    main = phonons(scope, cache, first.id)
    found = [main, *(_phonons_along(scope, cache, row.id, first.id, main.dispersion) for row in further)]
    if neutron_weighted:
        found = [
            replace(one, density=_weighted(_harmonic_partials(scope, cache, row.id), one.density))
            for row, one in zip([first, *further], found, strict=True)
        ]
    labels = curve_labels([facts(View(), row) for row in (first, *further)]).labels if further else [""]
    return [LabelledPhonons(one, label) for one, label in zip(found, labels, strict=True)]


def _phonons_along(
    scope: Scope, cache: PartialsCache, prediction_id: uuid.UUID, along: uuid.UUID, path: Dispersion
) -> Phonons:
    """Return the phonons of a prediction at the wave vectors of the dispersion of another one."""
    partials = _harmonic_partials(scope, cache, prediction_id)
    crystal = _crystal(partials)
    if path.q_rlu is None:
        raise Conflict(without_force_constants(partials.metadata))
    grid = _grid(partials, crystal)
    lines: Dispersion = _cache.get(partials, f"along {along}", lambda: disperse_along(grid, path))
    return Phonons(lines, phonons(scope, cache, prediction_id).density)


def _weighted(partials: Partials | CrystalPartials, density: DensityOfStates | None) -> DensityOfStates | None:
    return None if density is None else density.weighted(neutron_weights(_crystal(partials), partials.isotopes))


def phonon_website(scope: Scope, cache: PartialsCache, prediction_id: uuid.UUID) -> dict[str, Any]:
    """Return the modes of a prediction along the usual path, as the phonon website reads them.

    A large crystal has fewer wave vectors between the special points.

    Raises
    ------
    NotFound, Conflict, ScatteringError
        As `phonons`; or the prediction has no force constants, or too many atoms for such a file.
    """
    row = predictions.get_succeeded(scope, prediction_id)
    partials = _harmonic_partials(scope, cache, prediction_id)
    crystal = _crystal(partials)
    lines = phonons(scope, cache, prediction_id).dispersion
    max_points = MAX_WEBSITE_NUMBERS // n_numbers(crystal.n_atoms)
    if special_places(lines).sum() > max_points:
        raise Conflict(Notice("too_many_atoms_for_website", {"n_atoms": crystal.n_atoms}))
    bands = calculate_bands(_grid(partials, crystal), lines, max_points)
    return website_document(crystal, bands, structures.get(scope, row.structure_id).name)


def _harmonic_partials(scope: Scope, cache: PartialsCache, prediction_id: uuid.UUID) -> Partials | CrystalPartials:
    row = predictions.get_succeeded(scope, prediction_id)
    if row.method != "harmonic":
        raise Conflict(Notice("modes_of_harmonic_only", {"method": row.method}))
    return read_partials(scope.settings, cache, row)


def _crystal(partials: Partials | CrystalPartials) -> HarmonicCrystal:
    crystal = partials.harmonic_crystal
    if crystal is None:
        raise Conflict(without_force_constants(partials.metadata))
    if crystal.n_atoms > MAX_ATOMS:
        raise Conflict(Notice("too_many_atoms_for_modes", {"n_atoms": crystal.n_atoms, "maximum": MAX_ATOMS}))
    return crystal


def _grid(partials: Partials | CrystalPartials, crystal: HarmonicCrystal) -> ModeGrid:
    # It must not refer to the partials, whose end is that of the cached grid
    grid: ModeGrid = _cache.get(partials, "grid", lambda: sample_grid(crystal))
    return grid
