"""What an instrument would record from given partials: weights, statistics, window, resolution, projection.

A pure function in milliseconds: everything that depends only on the instrument's settings and the axes (window and
resolution) is kept in a small cache, so that a slider which changes something else costs two matrix products.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scattering import instruments, kinematics, quantum, resolution, weights
from scattering.constants import FWHM_PER_SIGMA, INVERSE_CM_MEV
from scattering.errors import FieldError, InvalidView
from scattering.instruments import Instrument
from scattering.partials import Partials

Contribution = Literal["total", "coherent", "incoherent"]

UNIT = "barn/(sr meV) per atom"
MAX_BINS = 4000
MAX_MAP_COLUMNS = 400
"""More columns than a screen shows only slow a slider down."""
DEFAULT_BINS = 1600
NICE_STEPS = (0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0)


@dataclass(frozen=True)
class EnergyGrid:
    """Equal energy bins, given by the centres of the first and (at most) the last one and their width, in meV."""

    min: float
    max: float
    step: float

    @property
    def centres(self) -> NDArray[np.float64]:
        """Shape (n,), meV."""
        return np.asarray(self.min + self.step * np.arange(int(np.floor((self.max - self.min) / self.step + 1e-9)) + 1))


@dataclass(frozen=True)
class View:
    """What to look at.

    Attributes
    ----------
    instrument
        Name, or None for the sample itself: no window, no resolution, all |q| averaged.
    settings
        Instrument settings; defaults where left out.
    isotopes
        Species → isotope, e.g. {"H": "2H"}. Changes the scattering only, not the dynamics.
    contribution
        Which part of the scattering.
    quantum_correction
        Give classical partials quantum occupation. Nothing happens to partials that have it already.
    energy_scale
        Multiplies every energy of the sample, as against a potential that is known to be too soft.
    energy_mev
        Bins of the result; chosen from the instrument's range and resolution by default.
    """

    instrument: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    isotopes: Mapping[str, str] = field(default_factory=dict)
    contribution: Contribution = "total"
    quantum_correction: bool = True
    energy_scale: float = 1.0
    energy_mev: EnergyGrid | None = None


@dataclass(frozen=True, eq=False)
class Map:
    """Intensity over (|q|, ω).

    Attributes
    ----------
    q
        Shape (n_q,), Å⁻¹.
    energy
        Shape (n_energy,), meV.
    intensity
        Shape (n_q, n_energy), in `UNIT`, everywhere, also where the instrument does not reach.
    inside
        Shape (n_q, n_energy): where the instrument reaches.
    """

    q: NDArray[np.float64]
    energy: NDArray[np.float64]
    intensity: NDArray[np.float32]
    inside: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Spectrum:
    """What would be recorded: intensity against energy transfer, and over (|q|, ω).

    Attributes
    ----------
    energy
        Shape (n,), meV. Bin centres.
    intensity
        Shape (n,), in `UNIT`: the double-differential cross-section less k_f/k_i, averaged over the solid angle
        of the detectors. The mean of the banks where there are several.
    per_element, banks
        Name → shape (n,). Elements add up to `intensity`; an unlike pair's interference is shared by halves.
    map
        The map of the same view.
    warnings
        What the reader of the figure should know.
    """

    energy: NDArray[np.float64]
    intensity: NDArray[np.float64]
    unit: str
    per_element: Mapping[str, NDArray[np.float64]]
    banks: Mapping[str, NDArray[np.float64]]
    map: Map
    warnings: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class _Axes:
    """Everything that window and resolution depend on, hashable."""

    instrument: str | None
    settings: tuple[tuple[str, Any], ...]
    n_q: int
    q_first: float
    q_step: float
    n_energy: int
    energy_step: float
    grid: EnergyGrid
    temperature: float

    @property
    def q(self) -> NDArray[np.float64]:
        return np.asarray(self.q_first + self.q_step * np.arange(self.n_q))

    @property
    def energy(self) -> NDArray[np.float64]:
        return np.asarray(self.energy_step * np.arange(self.n_energy))


@dataclass(frozen=True, eq=False)
class _Response:
    """An instrument on given axes: coverage of each bank, resolution, the map's part of both."""

    shares: Mapping[str, NDArray[np.float32]]
    matrix: NDArray[np.float32]
    rows: slice
    map_energy: NDArray[np.float64]
    map_matrix: NDArray[np.float32]
    inside: NDArray[np.bool_]
    reach: tuple[float, float]


def _sigma(instrument: Instrument | None, axes: _Axes, energy: NDArray[np.float64]) -> NDArray[np.float64]:
    if instrument is None:
        return np.zeros_like(energy)
    return resolution.sigma(instrument, dict(axes.settings), energy)


def _matrix(axes: _Axes, sigma: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Resolution of the stored half axis, with what detailed balance makes of it at ω < 0 and resolution mixes in."""
    matrix = resolution.resolution_matrix(axes.energy, edges, sigma, step=axes.energy_step)
    near = axes.energy - 8 * sigma < -edges[0]
    near[0] = False  # the bin at 0 covers both sides already
    if near.any():
        gain = quantum.detailed_balance(axes.energy[near], axes.temperature)[:, None]
        # The widths of the mirror image: a reversed axis, read backwards
        mirrored = resolution.resolution_matrix(axes.energy[near], -edges[::-1], sigma[near], step=axes.energy_step)[
            :, ::-1
        ]
        matrix[near] += gain * mirrored
    return matrix


@lru_cache(maxsize=32)
def _response(axes: _Axes) -> _Response:
    instrument = instruments.get(axes.instrument) if axes.instrument else None
    settings = dict(axes.settings)
    q, energy, centres, step = axes.q, axes.energy, axes.grid.centres, axes.grid.step
    edges = np.append(centres - step / 2, centres[-1] + step / 2)
    coarsen = -(-len(centres) // MAX_MAP_COLUMNS)
    map_edges = edges[: (len(centres) // coarsen) * coarsen + 1 : coarsen]
    map_energy = (map_edges[1:] + map_edges[:-1]) / 2
    sigma = _sigma(instrument, axes, energy)
    matrix = _matrix(axes, sigma, edges)
    n_map = len(map_energy)
    map_matrix = matrix[:, : n_map * coarsen].reshape(len(energy), n_map, coarsen).mean(axis=2)
    if instrument is None:
        share = np.repeat((q / q.sum())[:, None], len(energy), axis=1)
        return _Response(
            {"": share.astype(np.float32)},
            matrix.astype(np.float32),
            slice(0, len(q)),
            map_energy,
            map_matrix.astype(np.float32),
            np.ones((len(q), n_map), dtype=bool),
            (float(q[0]), float(q[-1])),
        )
    reached = kinematics.window(instrument, settings, energy)
    seen = kinematics.window(instrument, settings, map_energy)
    shares = kinematics.coverage(reached, q)
    inside = np.any([share > 0 for share in kinematics.coverage(seen, q).values()], axis=0)
    reach = (float(np.nanmin(seen.q_min)), float(np.nanmax(seen.q_max)))
    shown = np.flatnonzero((q >= reach[0] - 0.5) & (q <= reach[1] + 0.5))
    rows = slice(int(shown[0]), int(shown[-1]) + 1) if len(shown) > 1 else slice(0, len(q))
    return _Response(
        {label: share.astype(np.float32) for label, share in shares.items()},
        matrix.astype(np.float32),
        rows,
        map_energy,
        map_matrix.astype(np.float32),
        inside[rows],
        reach,
    )


def _grid(partials: Partials, view: View, instrument: Instrument | None, settings: Mapping[str, Any]) -> EnergyGrid:
    """Check the bins asked for, or choose some that resolve what the instrument resolves."""
    if view.energy_mev is not None:
        grid = view.energy_mev
        errors: list[FieldError] = []
        if not all(np.isfinite([grid.min, grid.max, grid.step])):
            errors.append({"loc": "energy_mev", "msg": "Give finite energies in meV."})
        elif grid.min < 0:
            errors.append({"loc": "energy_mev.min", "msg": "Only energy loss is forecast: choose 0 or more."})
        elif grid.step <= 0 or grid.max <= grid.min:
            errors.append({"loc": "energy_mev", "msg": "max must be above min, and step above 0."})
        elif not 2 <= (grid.max - grid.min) / grid.step + 1 <= MAX_BINS:
            errors.append({"loc": "energy_mev.step", "msg": f"Choose between 2 and {MAX_BINS} bins."})
        if errors:
            raise InvalidView(errors)
        return grid
    low, high = 0.0, float(partials.energy[-1]) * view.energy_scale
    finest = partials.energy_step
    if instrument is not None:
        low, reach = instrument.energy_range(settings)
        high = min(high, reach) if min(high, reach) > low else reach
        finest = float(resolution.sigma(instrument, settings, np.linspace(low, high, 50)).min())
    step = next(
        (nice for nice in NICE_STEPS if nice >= max(finest / 3, (high - low) / DEFAULT_BINS)),
        NICE_STEPS[-1],
    )
    low = step * np.ceil(low / step - 1e-9)
    return EnergyGrid(low, max(high, low + 2 * step), step)


def _components(partials: Partials, view: View) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights of the coherent pairs and of the incoherent species, barn/sr."""
    nuclei = weights.scatterers(partials.species, view.isotopes)
    coherent, incoherent = weights.coherent_weights(nuclei), weights.incoherent_weights(nuclei)
    return coherent * (view.contribution != "incoherent"), incoherent * (view.contribution != "coherent")


def _warnings(
    partials: Partials, view: View, instrument: Instrument | None, response: _Response, grid: EnergyGrid
) -> tuple[str, ...]:
    found = []
    if instrument is not None:
        if response.reach[1] > partials.q[-1] + partials.q_step:
            found.append(
                f"{instrument.name} reaches {response.reach[1]:.1f} Å⁻¹ with these settings; the simulation was "
                f"analysed up to {partials.q[-1]:.1f} Å⁻¹, and the average is over that part."
            )
        if not any(share.any() for share in response.shares.values()):
            found.append(f"Nothing that was simulated lies within what {instrument.name} reaches with these settings.")
        sigma = resolution.sigma(instrument, view.settings, np.array([grid.min, (grid.min + grid.max) / 2]))
        simulated = float(partials.metadata.get("energy_resolution_mev", 0.0))
        if simulated > FWHM_PER_SIGMA * sigma.max():
            found.append(
                f"The simulation resolves {simulated:.1f} meV, less well than {instrument.name} does "
                f"({FWHM_PER_SIGMA * sigma.max():.1f} meV): lines are broader here than they would be measured."
            )
    substituted = {old: new for old, new in view.isotopes.items() if new != old}
    if substituted:
        names = ", ".join(f"{old} by {new}" for old, new in substituted.items())
        found.append(f"{names}: the scattering is the isotope's, the frequencies are still those of the natural mass.")
    return tuple(found)


def observe(partials: Partials, view: View) -> Spectrum:
    """Forecast what an instrument records.

    The weighted partials are given quantum occupation, projected on ω within the window (each bank by the solid
    angle that it covers), and broadened by the resolution at their energy; the map is broadened along ω and marked
    where the instrument reaches. Projection and broadening commute, so the spectrum is the projection of what was
    masked before broadening, and the map's edge is not dimmed by what lies outside it.

    Parameters
    ----------
    partials
        From a simulation.
    view
        What to look at.

    Raises
    ------
    UnknownInstrument, InvalidSettings, InvalidView
        Something in `view` is not possible; the message says what and how to mend it.

    References
    ----------
    Lindgren et al. (2025), Eqs. 5 and 6 and Sect. II C.
    """
    instrument = instruments.get(view.instrument) if view.instrument is not None else None
    if instrument is None and view.settings:
        raise InvalidView([{"loc": "settings", "msg": "Settings belong to an instrument; none was chosen."}])
    if not 0.5 <= view.energy_scale <= 2.0:
        raise InvalidView([{"loc": "energy_scale", "msg": "Choose a factor between 0.5 and 2."}])
    settings = instrument.validate(view.settings) if instrument is not None else {}
    grid = _grid(partials, view, instrument, settings)
    coherent, incoherent = _components(partials, view)
    response = _response(
        _Axes(
            instrument.name if instrument is not None else None,
            tuple(sorted(settings.items())),
            len(partials.q),
            float(partials.q[0]),
            partials.q_step,
            len(partials.energy),
            partials.energy_step * view.energy_scale,
            grid,
            partials.temperature,
        )
    )
    energy = partials.energy * view.energy_scale
    per_energy = np.full(len(energy), 1 / view.energy_scale, dtype=np.float32)
    if view.quantum_correction and partials.statistics == "classical":
        per_energy *= quantum.harmonic_correction(energy, partials.temperature).astype(np.float32)

    def project(array: NDArray[np.float32], share: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(np.einsum("cqe,qe->ce", array, share) * per_energy @ response.matrix)

    banks: dict[str, NDArray[np.float64]] = {}
    parts = {symbol: np.zeros(len(grid.centres)) for symbol in partials.species}
    for label, share in response.shares.items():
        pairs = coherent[:, None] * project(partials.coherent, share)
        selves = incoherent[:, None] * project(partials.incoherent, share)
        banks[label] = pairs.sum(axis=0) + selves.sum(axis=0)
        for (first, second), values in zip(partials.pairs, pairs, strict=True):
            parts[first] += values / 2
            parts[second] += values / 2
        for symbol, values in zip(partials.species, selves, strict=True):
            parts[symbol] += values
    rows = response.rows
    weighted = np.tensordot(coherent.astype(np.float32), partials.coherent[:, rows], axes=1)
    weighted += np.tensordot(incoherent.astype(np.float32), partials.incoherent[:, rows], axes=1)
    intensity = np.asarray((weighted * per_energy) @ response.map_matrix, dtype=np.float32)
    return Spectrum(
        energy=grid.centres,
        intensity=np.mean(list(banks.values()), axis=0),
        unit=UNIT,
        per_element={symbol: values / len(banks) for symbol, values in parts.items()},
        banks=banks if len(banks) > 1 else {},
        map=Map(partials.q[rows], response.map_energy, intensity, response.inside),
        warnings=_warnings(partials, view, instrument, response, grid),
    )


def to_inverse_cm(energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert energies from meV to cm⁻¹."""
    return energy / INVERSE_CM_MEV
