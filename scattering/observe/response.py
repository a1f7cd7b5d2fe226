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
from scattering.instruments.broadening import Broadening, broadening
from scattering.observe.view import View, Viewed

MAX_MAP_COLUMNS = 400
"""Columns of a map. More columns than a screen shows would only slow a slider down."""
MAX_CACHED_RESPONSES = 16
"""The largest responses, for fits to many bins, take 40 MB each."""
TAIL_SIGMAS = 8.0
"""Reach of the resolution; beyond it contributes nothing."""


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
        Resolution without an instrument, meV.
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
    fwhm: float = 0.0
    q_range: tuple[float, float] | None = None

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

    def any(self) -> bool:
        """Return whether the bank sees anything."""
        return bool(self.gain.any() or self.loss.any())


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
    rows: slice
    map_energy: NDArray[np.float64]
    map_broadening: Broadening
    inside: NDArray[np.bool_]
    reach: tuple[float, float]


def _restrict_q(
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
    """Return the response of an instrument with checked settings, or of none, to partials within a range of |q|."""
    return response(
        Axes(
            instrument.name if instrument is not None else None,
            tuple(sorted(settings.items())),
            len(partials.q),
            float(partials.q[0]),
            partials.q_step,
            Bins.of(partials.energy * view.energy_scale),
            recorded,
            view.fwhm_mev,
            q_range,
        )
    )


@lru_cache(maxsize=MAX_CACHED_RESPONSES)
def response(axes: Axes) -> Response:
    """Return the window and the resolution of an instrument on given axes."""
    instrument = instruments.get(axes.instrument) if axes.instrument else None
    settings = dict(axes.settings)
    q, edges = axes.q, axes.recorded.edges

    def sigma(energy: NDArray[np.float64]) -> NDArray[np.float64]:
        if instrument is None:
            return np.full_like(energy, axes.fwhm / FWHM_PER_SIGMA)
        return resolution.sigma(instrument, settings, energy)

    reaching = TAIL_SIGMAS * float(sigma(np.zeros(1))[0]) - edges[0]
    loss = axes.loss.centres
    n_gain = int(np.clip(np.searchsorted(axes.loss.edges, reaching), 0, len(loss) - 1))
    energy = np.concatenate([-loss[n_gain:0:-1], loss])
    source, width = bin_edges(energy), sigma(energy)
    n_recorded = len(edges) - 1
    coarsen = -(-n_recorded // MAX_MAP_COLUMNS)
    n_map = n_recorded // coarsen
    map_edges = edges[: n_map * coarsen + 1 : coarsen]
    map_energy = (map_edges[1:] + map_edges[:-1]) / 2
    if instrument is None:
        # The weight of |q| is the radius of its sphere, as for the solid angle of a detector
        shares = {"": np.repeat((q / q.sum())[:, None], len(energy), axis=1)}
        k_ratio = np.ones_like(energy)
        inside, rows = np.ones((len(q), n_map), dtype=bool), slice(0, len(q))
        reach = (float(q[0]), float(q[-1]))
    else:
        shares = kinematics.coverage(kinematics.window(instrument, settings, energy), q)
        k_ratio = kinematics.k_ratio(instrument, settings, energy)
        seen = kinematics.window(instrument, settings, map_energy)
        inside = np.any([share > 0 for share in kinematics.coverage(seen, q).values()], axis=0)
        # All requested bins may lie outside the measured range
        measured = np.isfinite(seen.q_min)
        reach = (float(seen.q_min[measured].min()), float(seen.q_max[measured].max())) if measured.any() else (0.0, 0.0)
        shown = np.flatnonzero((q >= reach[0] - 0.5) & (q <= reach[1] + 0.5)) if measured.any() else np.empty(0)
        rows = slice(int(shown[0]), int(shown[-1]) + 1) if len(shown) > 1 else slice(0, len(q))
    return Response(
        n_gain=n_gain,
        energy=energy,
        shares={
            label: Share(np.ascontiguousarray(share[:, :n_gain][:, ::-1]), np.ascontiguousarray(share[:, n_gain:]))
            for label, share in _restrict_q(shares, q, axes.q_range).items()
        },
        broadening=broadening(source, width, edges),
        k_ratio=np.nan_to_num(k_ratio),
        rows=rows,
        map_energy=map_energy,
        map_broadening=broadening(source, width, map_edges),
        inside=inside[rows],
        reach=reach,
    )
