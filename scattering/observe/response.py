"""Response of an instrument on given axes: the (|q|, ω) that each bank sees, and the resolution; cached for sliders.

The axes cover both sides of the elastic line: the gain side as far as the recorded bins and the resolution need it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scattering import instruments
from scattering.core.bins import Bins, bin_edges
from scattering.core.constants import FWHM_PER_SIGMA
from scattering.instruments import Instrument, kinematics, resolution
from scattering.instruments.broadening import REACH_SIGMAS, Broadening, broadening
from scattering.observe.view import View, Viewed

MAX_MAP_COLUMNS = 400
"""Columns of a map. More columns than a screen shows would only slow a slider down."""
MIN_COMPLETENESS = 0.97
"""Intensity of a flat spectrum in a recorded bin from which on the bin counts as complete; a resolution whose width
changes makes it differ by 2 % by itself."""
MIN_SMOOTH_SIGMA = 0.5
"""Smallest σ for spectra that are smooth over their bins, in bins: less than 1 % is left of the steps between them."""
MAX_CACHED_RESPONSES = 16
"""The largest responses, for fits to many bins, take 40 MB each."""


@dataclass(frozen=True)
class Axes:
    """Hashable arguments of window and resolution.

    Attributes
    ----------
    instrument, settings
        Name, or None for the ideal S(q, ω), and checked settings.
    n_q, q_first, q_step
        Bins of |q|, Å⁻¹.
    loss
        Bins of the energy loss, the first at 0, meV.
    recorded
        Recorded energy bins, meV.
    fwhm
        Resolution without an instrument: FWHM at the elastic line, meV, and the part that grows with energy, over it.
    smooth
        Whether the spectra are smooth over their bins, as those of runs are.
    q_range
        Range of |q| that counts, Å⁻¹.
    """

    instrument: str | None
    settings: tuple[tuple[str, Any], ...]
    n_q: int
    q_first: float
    q_step: float
    loss: Bins
    recorded: Bins
    fwhm: tuple[float, float] = (0.0, 0.0)
    q_range: tuple[float, float] | None = None
    smooth: bool = False

    @property
    def q(self) -> NDArray[np.float64]:
        """Centres of the bins of |q|, shape (n_q,), Å⁻¹."""
        return np.asarray(self.q_first + self.q_step * np.arange(self.n_q))


class Share(NamedTuple):
    """Fraction of a bank's solid angle in each bin of |q|.

    Attributes
    ----------
    gain
        Shape (n_q, n_gain), from the bin next to 0 on.
    loss
        Shape (n_q, n_energy), from 0 on.
    """

    gain: NDArray[np.float32]
    loss: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Response:
    """Response of an instrument on given axes.

    Attributes
    ----------
    n_gain
        Number of bins of energy gain before the n_energy bins of loss.
    energy
        Shape (n_gain + n_energy,), meV, ascending; 0 at index n_gain.
    shares
        Of each bank, from `kinematics.coverage`.
    broadening
        Resolution, from n_gain + n_energy to n_recorded bins.
    k_ratio
        Shape (n_gain + n_energy,): k_f/k_i, 1 without an instrument.
    measured
        Shape (n_recorded,): whether a recorded bin lies within the measured range.
    complete
        Shape (n_recorded,): whether it is measured, and all that the resolution brings into it was simulated.
    sees_simulated
        Whether the instrument reaches anything that was simulated.
    rows
        Bins of |q| that a map shows.
    map_energy, map_broadening
        Recorded bins of the map, meV, and its resolution.
    inside
        Shape (n_rows, n_map): whether the instrument reaches a bin of the map.
    reach
        Smallest and largest |q| that the instrument reaches, Å⁻¹.
    """

    n_gain: int
    energy: NDArray[np.float64]
    shares: Mapping[str, Share]
    broadening: Broadening
    k_ratio: NDArray[np.float64]
    measured: NDArray[np.bool_]
    complete: NDArray[np.bool_]
    sees_simulated: bool
    rows: slice
    map_energy: NDArray[np.float64]
    map_broadening: Broadening
    inside: NDArray[np.bool_]
    reach: tuple[float, float]


def restrict_q(
    shares: Mapping[str, NDArray[np.float64]], q: NDArray[np.float64], q_range: tuple[float, float] | None
) -> dict[str, NDArray[np.float32]]:
    """Return the shares of the bins with centres in a range of |q|, or of the nearest bin if there is none."""
    if q_range is None:
        return {label: share.astype(np.float32) for label, share in shares.items()}
    chosen = (q >= q_range[0]) & (q <= q_range[1])
    if not chosen.any():
        chosen[np.argmin(np.abs(q - sum(q_range) / 2))] = True
    found = {}
    for label, share in shares.items():
        part = np.where(chosen[:, None], share, 0.0)
        total = part.sum(axis=0)
        found[label] = (part / np.where(total > 0, total, 1.0)).astype(np.float32)
    return found


def response_to(
    partials: Viewed,
    view: View,
    instrument: Instrument | None,
    settings: Mapping[str, Any],
    recorded: Bins,
    q_range: tuple[float, float] | None,
) -> Response:
    """Return the response to partials within a range of |q|, of an instrument with checked settings or of none."""
    return response(
        Axes(
            instrument.name if instrument is not None else None,
            tuple(sorted(settings.items())),
            len(partials.q),
            float(partials.q[0]),
            partials.q_step,
            Bins.of(partials.energy * view.energy_scale),
            recorded,
            (view.fwhm_mev, view.relative_fwhm),
            q_range,
            partials.statistics != "quantum",
        )
    )


@dataclass(frozen=True, eq=False)
class _Seen:
    """Window of an instrument, or of none, on given axes. Fields as in `Response`; shares for all |q| and energies."""

    shares: Mapping[str, NDArray[np.float64]]
    k_ratio: NDArray[np.float64]
    measured: NDArray[np.bool_]
    inside: NDArray[np.bool_]
    rows: slice
    reach: tuple[float, float]


@lru_cache(maxsize=MAX_CACHED_RESPONSES)
def response(axes: Axes) -> Response:
    """Return the window and the resolution of an instrument on given axes."""
    instrument = instruments.get(axes.instrument) if axes.instrument else None
    settings = dict(axes.settings)
    edges = axes.recorded.edges

    def sigma(energy: NDArray[np.float64]) -> NDArray[np.float64]:
        if instrument is None:
            elastic, relative = axes.fwhm
            return resolution.quadrature(energy, elastic_fwhm=elastic, relative_fwhm=relative) / FWHM_PER_SIGMA
        return resolution.sigma(instrument, settings, energy)

    reaching = REACH_SIGMAS * float(sigma(edges[:1])[0]) - edges[0]
    loss = axes.loss.centres
    n_gain = int(np.clip(np.searchsorted(axes.loss.edges, reaching), 0, len(loss) - 1))
    energy = np.concatenate([-loss[n_gain:0:-1], loss])
    source, width = bin_edges(energy), sigma(energy)
    if axes.smooth and instrument is not None:
        # The steps from bin to bin are not there: a narrower resolution must not show them
        width = np.maximum(width, MIN_SMOOTH_SIGMA * np.diff(source))
    coarsen = -(-(len(edges) - 1) // MAX_MAP_COLUMNS)
    n_map = (len(edges) - 1) // coarsen
    map_edges = edges[: n_map * coarsen + 1 : coarsen]
    map_energy = (map_edges[1:] + map_edges[:-1]) / 2
    if instrument is None:
        ends = np.array([-np.inf, np.inf])
        seen = _everything(axes, energy, n_map)
    else:
        ends = np.array(instrument.measured_range(settings))
        seen = _window(axes, instrument, energy, map_energy, ends, REACH_SIGMAS * float(sigma(ends).max()))
    blur = broadening(source, width, edges)
    covered = np.all([share.any(axis=0) for share in seen.shares.values()], axis=0).astype(float)
    return Response(
        n_gain=n_gain,
        energy=energy,
        shares={
            label: Share(np.ascontiguousarray(share[:, :n_gain][:, ::-1]), np.ascontiguousarray(share[:, n_gain:]))
            for label, share in restrict_q(seen.shares, axes.q, axes.q_range).items()
        },
        broadening=blur,
        k_ratio=seen.k_ratio,
        measured=seen.measured,
        complete=seen.measured & (blur.apply(covered) >= MIN_COMPLETENESS),
        sees_simulated=bool(covered[(energy >= ends[0]) & (energy <= ends[1])].any()),
        rows=seen.rows,
        map_energy=map_energy,
        map_broadening=broadening(source, width, map_edges),
        inside=seen.inside[seen.rows],
        reach=seen.reach,
    )


def _everything(axes: Axes, energy: NDArray[np.float64], n_map: int) -> _Seen:
    """Return what the ideal S(q, ω) shows: all |q|, at all energies."""
    q = axes.q
    return _Seen(
        # The weight of |q| is the radius of its sphere, as for the solid angle of a detector
        shares={"": np.repeat((q / q.sum())[:, None], len(energy), axis=1)},
        k_ratio=np.ones_like(energy),
        measured=np.ones(len(axes.recorded.centres), dtype=bool),
        inside=np.ones((len(q), n_map), dtype=bool),
        rows=slice(0, len(q)),
        reach=(float(q[0]), float(q[-1])),
    )


def _window(
    axes: Axes,
    instrument: Instrument,
    energy: NDArray[np.float64],
    map_energy: NDArray[np.float64],
    ends: NDArray[np.float64],
    beyond: float,
) -> _Seen:
    """Return what an instrument sees within the ends of its range, and from how far beyond it takes neutrons."""
    q, settings, centres = axes.q, dict(axes.settings), axes.recorded.centres
    image = kinematics.window(instrument, settings, map_energy)
    # All requested bins may lie outside the measured range
    known = np.isfinite(image.q_min)
    reach = (float(image.q_min[known].min()), float(image.q_max[known].max())) if known.any() else (0.0, 0.0)
    shown = np.flatnonzero((q >= reach[0] - 0.5) & (q <= reach[1] + 0.5)) if known.any() else np.empty(0)
    return _Seen(
        shares=kinematics.coverage(kinematics.window(instrument, settings, energy, beyond=beyond), q),
        k_ratio=np.nan_to_num(kinematics.k_ratio(instrument, settings, energy)),
        measured=(centres >= ends[0]) & (centres <= ends[1]),
        inside=np.any([share > 0 for share in kinematics.coverage(image, q).values()], axis=0),
        rows=slice(int(shown[0]), int(shown[-1]) + 1) if len(shown) > 1 else slice(0, len(q)),
        reach=reach,
    )
