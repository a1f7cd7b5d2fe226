"""Rebinning of intensities from scattering angles, over (2θ, ω), to momentum transfer, over (|q|, ω)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from scattering.core.errors import ScatteringError
from scattering.core.notices import Notice
from scattering.instruments import Geometry
from scattering.instruments.kinematics import momentum_transfer
from scattering.measured.data import MeasuredMap

NICE_Q_STEPS: Final = (0.01, 0.02, 0.025, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0)
"""Å⁻¹. Widths of default bins."""
MAX_Q_BINS: Final = 400
MAX_GROUPS: Final = 2000
"""Groups of detectors at most."""
GROUP_WIDTH_FRACTION: Final = 0.1
"""Width of a group of detectors over the width of a detector: detectors at closer angles are averaged."""
MIN_PIXEL_FRACTION: Final = 1e-9
"""Fraction of a pixel below which the pixel does not reach a bin."""
MAX_ASSUMED_WIDTH_DEG: Final = 3.0
"""Largest width of a detector that is assumed where the file states none, however far its neighbours are."""


class CannotRebin(ScatteringError):
    """No pixel can be rebinned with these angles, energies and fixed energy."""


def rebin_angles(
    *,
    two_theta: NDArray[np.float64],
    width: NDArray[np.float64] | None,
    energy: NDArray[np.float64],
    intensity: NDArray[np.float64],
    error: NDArray[np.float64] | None,
    geometry: Geometry,
    fixed_energy: float,
    q: NDArray[np.float64] | None = None,
) -> MeasuredMap:
    """Average the intensities of detectors over bins of |q|, weighted by the area that a pixel shares with a bin.

    A pixel is one detector in one bin of energy. In (|q|, ω) it is a curved quadrangle: at each ω it extends over the
    |q| of its angles, and it moves along |q| as ω goes through the bin. It is replaced by the parallelogram with the
    same mean |q|, extent and slant, whose overlap with each bin of |q| has a closed form. The intensity of a bin is
    the mean of its pixels weighted by shared area, Σ a_i y_i / Σ a_i: the mean of S over the measured part of the bin.
    Summed over the bins, (Σ a_i) S is Σ a_i y_i over the pixels: intensity is conserved.

    Parameters
    ----------
    two_theta
        Shape (n_detectors,), degrees, any order; several may be equal. Both sides of the beam are equivalent.
    width
        Shape (n_detectors,), degrees: extent in 2θ. None: detectors touch their neighbours, up to 3°.
    energy
        Shape (n_energy + 1,), meV, ascending: edges of the bins, which the map keeps.
    intensity
        Shape (n_detectors, n_energy): S or another density; NaN where masked.
    error
        Shape (n_detectors, n_energy), standard deviations; or None.
    geometry, fixed_energy
        "direct" and E_i, or "indirect" and E_f, meV.
    q
        Shape (n_q + 1,), Å⁻¹, ascending: edges. Default: equal bins as wide as the distance of detectors in |q|.

    Returns
    -------
    Bins that no pixel reaches are NaN. The error of a bin is √(Σ a_i² e_i²)/Σ a_i. Neighbours in |q| share pixels, so
    their errors are correlated, more so the finer the bins are; this correlation is not kept. The error of a bin is
    NaN if that of one of its pixels is NaN, or if all are 0.

    Raises
    ------
    CannotRebin
        No angle, energy or pixel can be used; the notice states the reason.

    Notes
    -----
    Detectors whose angles differ by less than a tenth of their width (or 1/2000 of the range of angles) are averaged
    first. This reduces tens of thousands of pixels of a position-sensitive detector to some hundred angles.
    """
    if not (np.isfinite(fixed_energy) and fixed_energy > 0):
        raise CannotRebin(Notice("fixed_energy_not_positive"))
    if len(energy) < 2 or not (np.isfinite(energy).all() and (np.diff(energy) > 0).all()):
        raise CannotRebin(Notice("edges_not_monotonic", {"axis": "energy"}))
    if q is not None and (len(q) < 2 or not (np.isfinite(q).all() and (np.diff(q) > 0).all())):
        raise CannotRebin(Notice("edges_not_monotonic", {"axis": "q"}))
    counts = (np.abs(two_theta) <= 180) & np.isfinite(intensity).any(axis=1)
    if width is not None:
        counts &= np.isfinite(width) & (width > 0)
    if not counts.any():
        raise CannotRebin(Notice("no_usable_detector"))
    angles = np.abs(two_theta[counts])
    widths = _assumed_width(angles) if width is None else width[counts]
    centre, extent, values, variance, number = _group_detectors(
        angles, widths, intensity[counts], None if error is None else error[counts]
    )
    middle, across, slant = _pixels(centre, extent, energy, geometry, fixed_energy)
    # No neutron has E_i < 0 or E_f < 0, whatever a file states
    used = (number > 0) & np.isfinite(middle)
    if not used.any():
        raise CannotRebin(Notice("no_reachable_energy"))
    edges = _default_bins(centre, middle, across, slant, used) if q is None else np.asarray(q, dtype=float)
    shape = (len(edges) - 1, len(energy) - 1)
    size = shape[0] * shape[1]
    area, total, squares = np.zeros(size), np.zeros(size), np.zeros(size)
    columns = np.broadcast_to(np.arange(shape[1]), used.shape)[used]
    pixel_area, pixel_value = (number * across)[used], values[used]
    pixel_variance = variance[used] if variance is not None else None
    for pixel, row, share in _overlaps(middle[used], across[used], slant[used], edges):
        weight = share * pixel_area[pixel]
        index = row * shape[1] + columns[pixel]
        area += np.bincount(index, weight, size)
        total += np.bincount(index, weight * pixel_value[pixel], size)
        if pixel_variance is not None:
            squares += np.bincount(index, weight**2 * pixel_variance[pixel], size)
    reached = area > 0
    divisor = np.where(reached, area, 1.0)
    mean = np.where(reached, total / divisor, np.nan).reshape(shape)
    if error is None:
        return MeasuredMap(edges, energy, mean, None)
    deviation = np.where(squares > 0, np.sqrt(squares) / divisor, np.nan).reshape(shape)
    return MeasuredMap(edges, energy, mean, deviation)


def _assumed_width(two_theta: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the widths in degrees with which detectors touch their neighbours, at most `MAX_ASSUMED_WIDTH_DEG`."""
    distinct = np.unique(two_theta)
    if len(distinct) > 1:
        gaps = np.minimum(np.diff(distinct), MAX_ASSUMED_WIDTH_DEG)
    else:
        gaps = np.array([MAX_ASSUMED_WIDTH_DEG])
    # The outermost detectors have the width of their inner side
    widths = (np.append(gaps[0], gaps) + np.append(gaps, gaps[-1])) / 2 if len(distinct) > 1 else gaps
    return np.asarray(widths[np.searchsorted(distinct, two_theta)])


def _group_detectors(
    two_theta: NDArray[np.float64],
    width: NDArray[np.float64],
    intensity: NDArray[np.float64],
    error: NDArray[np.float64] | None,
) -> tuple[
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64] | None,
    NDArray[np.float64],
]:
    """Average detectors of nearly the same angle.

    Returns
    -------
    Angle and width, shape (n_groups,); mean intensity, its variance, and number of detectors that count, shape
    (n_groups, n_energy).
    """
    cell = max(GROUP_WIDTH_FRACTION * float(np.median(width)), float(np.ptp(two_theta)) / MAX_GROUPS)
    _, group = np.unique(np.floor(two_theta / cell), return_inverse=True)
    n_groups = int(group.max()) + 1
    members = sparse.csr_array((np.ones(len(group)), (group, np.arange(len(group)))), shape=(n_groups, len(group)))
    size = np.bincount(group)
    known = np.isfinite(intensity)
    number = np.asarray(members @ known.astype(np.float32), dtype=float)
    divisor = np.maximum(number, 1.0)
    mean = np.asarray(members @ np.where(known, intensity, 0.0)) / divisor
    variance = None
    if error is not None:
        variance = np.asarray(members @ np.where(known, error, 0.0) ** 2) / divisor**2
    return np.bincount(group, two_theta) / size, np.bincount(group, width) / size, mean, variance, number


def _pixels(
    two_theta: NDArray[np.float64],
    width: NDArray[np.float64],
    energy: NDArray[np.float64],
    geometry: Geometry,
    fixed_energy: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return mean |q|, extent along |q|, and change of |q| across the energy bin, Å⁻¹: shape (n_angles, n_energy).

    NaN if no neutron reaches the middle of the energy bin.
    """
    # The varying energy: a bin that contains 0 counts above 0 only
    varying = fixed_energy - energy if geometry == "direct" else fixed_energy + energy
    centre = (varying[1:] + varying[:-1]) / 2
    initial, final = (fixed_energy, varying) if geometry == "direct" else (varying, fixed_energy)

    def edge(angle: NDArray[np.float64]) -> NDArray[np.float64]:
        return momentum_transfer(
            incident_energy=np.maximum(initial, 0.0),
            final_energy=np.maximum(final, 0.0),
            two_theta=np.clip(angle, 0.0, 180.0)[:, None],
        )

    low, high = edge(two_theta - width / 2), edge(two_theta + width / 2)
    along = (low + high) / 2
    middle = np.where(centre > 0, (along[:, 1:] + along[:, :-1]) / 2, np.nan)
    across = ((high - low)[:, 1:] + (high - low)[:, :-1]) / 2
    return middle, across, np.abs(np.diff(along, axis=1))


def _default_bins(
    two_theta: NDArray[np.float64],
    middle: NDArray[np.float64],
    across: NDArray[np.float64],
    slant: NDArray[np.float64],
    used: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return edges of equal bins over the reached |q|, Å⁻¹, as wide as detectors, or as their distance if that is more.

    Distances of more than three widths are gaps between banks, and do not count.
    """
    reach = (across + slant) / 2
    low, high = float((middle - reach)[used].min()), float((middle + reach)[used].max())
    step = float(np.median(across[used]))
    if len(two_theta) > 1:
        apart = np.diff(middle, axis=0)[used[1:] & used[:-1]]
        apart = apart[apart < 3 * step]
        step = max(step, float(np.median(apart))) if len(apart) else step
    step = max(step, (high - low) / MAX_Q_BINS)
    step = next((nice for nice in NICE_Q_STEPS if nice >= 0.999 * step), NICE_Q_STEPS[-1])
    first = int(np.floor(max(low, 0.0) / step + 1e-6))
    last = max(int(np.ceil(high / step - 1e-6)), first + 1)
    return np.asarray(step * np.arange(first, last + 1))


def _overlaps(
    middle: NDArray[np.float64], across: NDArray[np.float64], slant: NDArray[np.float64], edges: NDArray[np.float64]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]]:
    """Yield (pixel, bin, fraction of the pixel in the bin): first the lowest bin of each pixel, then the bins above.

    Projected on |q|, a parallelogram is the sum of two uniform distributions, as wide as `across` and `slant`.
    """
    # A rectangle is treated as a parallelogram with a negligible slant
    tiny = 1e-6 * (across + slant) + 1e-12
    a, b = np.maximum(across, tiny), np.maximum(slant, tiny)

    def below(pixel: NDArray[np.intp], at: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the fraction of pixels below given |q|: the second integral of four steps."""
        broad, narrow = np.maximum(a, b)[pixel], np.minimum(a, b)[pixel]
        # Computed from the nearer end, by symmetry, which avoids the subtraction of large numbers
        x = at - middle[pixel]
        from_end = np.maximum((broad + narrow) / 2 - np.abs(x), 0.0)
        beyond = np.maximum(from_end - narrow, 0.0)
        tail = np.minimum((from_end - beyond) * (from_end + beyond) / (2 * broad * narrow), 0.5)
        return np.asarray(np.where(x < 0, tail, 1 - tail))

    reach = (a + b) / 2
    row = np.searchsorted(edges, middle - reach, side="right") - 1
    pixel = np.flatnonzero((row < len(edges) - 1) & (middle + reach > edges[0]))
    row = np.maximum(row[pixel], 0)
    lower = below(pixel, edges[row])
    while len(pixel):
        upper = below(pixel, edges[row + 1])
        touched = upper - lower > MIN_PIXEL_FRACTION
        yield pixel[touched], row[touched], (upper - lower)[touched]
        unfinished = (upper < 1.0) & (row + 2 < len(edges))
        pixel, row, lower = pixel[unfinished], row[unfinished] + 1, upper[unfinished]
