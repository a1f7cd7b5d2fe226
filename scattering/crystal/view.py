"""Spectra of a single crystal: a map along the path, a cut at one wave vector, and the check of their view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scattering.core.errors import FieldError, InvalidView, field_error
from scattering.core.notices import Notice
from scattering.crystal.partials import CrystalPartials
from scattering.crystal.path import GAMMA
from scattering.observe.view import PathView, View, check


@dataclass(frozen=True, eq=False)
class PathMap:
    """Intensity over the path and ω.

    Attributes
    ----------
    wave_vectors
        Shape (n_k, 3), r.l.u.
    distance, edges
        Shapes (n_k,) and (n_k + 1,), Å⁻¹ along the path: the wave vectors, and the edges of their bins.
    energy
        Shape (n_energy,), meV.
    intensity
        Shape (n_k, n_energy): average over the zones that the instrument reaches; NaN if it reaches none.
    n_zones
        Shape (n_k, n_energy): number of these zones.
    ticks
        Distance along the path and name of the special points.
    dispersion_distance, dispersion
        Shapes (n_fine,) in Å⁻¹ and (n_fine, n_modes) in meV: the harmonic phonons, times the energy scale.
    """

    wave_vectors: NDArray[np.float64]
    distance: NDArray[np.float64]
    edges: NDArray[np.float64]
    energy: NDArray[np.float64]
    intensity: NDArray[np.float32]
    n_zones: NDArray[np.int64]
    ticks: tuple[tuple[float, str], ...]
    dispersion_distance: NDArray[np.float64]
    dispersion: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cut:
    """Intensity at one wave vector against ω.

    Attributes
    ----------
    label, wave_vector
        Name of the special point or "", and k, shape (3,), r.l.u.
    energy
        Shape (n,), meV.
    intensity
        Shape (n,): average over the zones that the instrument reaches; NaN if it reaches none.
    error
        Shape (n,): standard error of `intensity` from the scatter of independent runs, or None.
    zones, q
        Shapes (n_zones, 3), r.l.u., and (n_zones,), Å⁻¹: G and |k + G|, by rising |k + G|.
    per_zone
        Shape (n_zones, n): NaN where the instrument does not reach the zone.
    reached
        Shape (n_zones, 2), meV: lowest and highest energy at which the instrument reaches each zone; NaN if at none.
    """

    label: str
    wave_vector: NDArray[np.float64]
    energy: NDArray[np.float64]
    intensity: NDArray[np.float64]
    error: NDArray[np.float64] | None
    zones: NDArray[np.int64]
    q: NDArray[np.float64]
    per_zone: NDArray[np.float64]
    reached: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PathSpectrum:
    """Forecast of a measurement along a path.

    Attributes
    ----------
    map
        Intensity over the path and ω, in `unit`.
    cut
        Intensity at one wave vector, in `cut_unit`, or None if the view has no cut.
    notices
        Warnings and remarks about the figure.
    """

    map: PathMap
    cut: Cut | None
    unit: str
    cut_unit: str
    notices: tuple[Notice, ...] = ()


def check_path(partials: CrystalPartials, view: View, path: PathView) -> int | None:
    """Check that the partials can give a view, and return the index of the wave vector of the cut.

    Raises
    ------
    InvalidView
        Names every wrong field and its remedy.
    """
    check(partials, view)
    errors: list[FieldError] = []
    if view.elastic:
        errors.append(field_error("elastic", Notice("no_elastic_line_along_path")))
    if path.zone is not None and not 0 <= path.zone < len(partials.zones):
        stated = {"minimum": 0, "maximum": len(partials.zones) - 1, "unit": "", "value": path.zone}
        errors.append(field_error("path.zone", Notice("out_of_range", stated)))
    cut = None
    if isinstance(path.point, str):
        name = GAMMA if path.point.upper() in ("G", "GAMMA") and path.point not in partials.labels else path.point
        if name in partials.labels:
            cut = partials.labels.index(name)
        else:
            on_path = any(name in tick.split("|") for _, tick in partials.ticks)
            available = list(dict.fromkeys(label for label in partials.labels if label))
            stated = {"point": name, "available": available, "on_path": on_path}
            errors.append(field_error("path.point", Notice("no_wave_vector_at_point", stated)))
    elif path.point is not None:
        if 0 <= path.point < len(partials.distance):
            cut = path.point
        else:
            stated = {"minimum": 0, "maximum": len(partials.distance) - 1, "unit": "", "value": path.point}
            errors.append(field_error("path.point", Notice("out_of_range", stated)))
    if errors:
        raise InvalidView(errors)
    return cut
