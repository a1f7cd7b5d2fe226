"""Forecast of the spectra of a single crystal along a path, and at constant wave vector.

The crystal may be turned freely, so only the length of a scattering vector k + G and the energy decide whether an
instrument reaches it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scattering import instruments
from scattering.core.bins import Bins
from scattering.core.notices import Notice
from scattering.core.partials import standard_error
from scattering.crystal.harmonic import interpolate
from scattering.crystal.partials import CrystalPartials
from scattering.crystal.view import Cut, PathMap, PathSpectrum, check_path
from scattering.instruments import Instrument, kinematics
from scattering.instruments.broadening import Broadening
from scattering.observe import weights
from scattering.observe.form_factors import UNITS, Probe, form_factors, pair_weights
from scattering.observe.response import response_to
from scattering.observe.spectrum import energy_factor, width_notices
from scattering.observe.view import PathView, View, recorded_bins

MAX_DEBYE_WALLER_EXPONENT = 3.0
"""Exponent 2W above which a warning appears: less than a twentieth of the one-phonon scattering is left, and the
division also magnifies all other scattering."""
MAX_DIVIDED_EXPONENT = 60.0
"""Largest exponent of a Debye–Waller factor that is divided out; single precision ends at 88."""
MIN_Q = 1e-6
"""Å⁻¹. Shorter vectors are the forward direction, which no instrument measures."""


def debye_waller_exponents(
    partials: CrystalPartials, vectors: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the exponents 2W of the Debye–Waller factors exp(−2W) of pairs and of self parts.

    A pair has ½ qᵀ(U_α + U_β)q. A self part, which is averaged over directions, has q² tr U_α / 3. For one isotropic
    species both are q²⟨u²⟩/3 (Lindgren et al., Sect. III A).

    Parameters
    ----------
    vectors
        Shape (..., 3), Å⁻¹.

    Returns
    -------
    Shapes (n_pairs, ...) and (n_species, ...).

    References
    ----------
    Squires (1978), Eqs. 3.120 and 3.137.
    """
    along = np.einsum("...a,sab,...b->s...", vectors, partials.displacements, vectors, optimize=True)
    index = {species: number for number, species in enumerate(partials.species)}
    pairs = np.array([(along[index[one]] + along[index[other]]) / 2 for one, other in partials.pairs])
    isotropic = np.trace(partials.displacements, axis1=1, axis2=2) / 3
    return pairs, np.multiply.outer(isotropic, (vectors**2).sum(axis=-1))


def path_weights(
    partials: CrystalPartials, view: View, path: PathView, vectors: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the factors of coherent pairs and self parts: shapes (n_pairs, n_z, n_k) and (n_species, n_z, n_k)."""
    lengths = np.linalg.norm(vectors, axis=-1)
    if view.probe == "neutron":
        nuclei = weights.scatterers_of(partials, view.isotopes)
        coherent = np.multiply.outer(weights.coherent_weights(nuclei), np.ones_like(lengths))
        incoherent = np.multiply.outer(weights.incoherent_weights(nuclei), np.ones_like(lengths))
    else:
        coherent = _cloud_weights(partials.species, lengths, view.probe)
        incoherent = np.zeros((len(partials.species), *lengths.shape))
    coherent *= view.contribution != "incoherent"
    incoherent *= view.contribution != "coherent"
    if path.divide_debye_waller:
        pairs, selves = debye_waller_exponents(partials, vectors)
        coherent *= np.exp(np.minimum(pairs, MAX_DIVIDED_EXPONENT))
        incoherent *= np.exp(np.minimum(selves, MAX_DIVIDED_EXPONENT))
    if path.divide_q_squared:
        inverse = 1 / np.maximum(lengths, MIN_Q) ** 2
        coherent *= inverse
        incoherent *= inverse
    forward = lengths < MIN_Q
    coherent[:, forward] = incoherent[:, forward] = 0.0
    return coherent.astype(np.float32), incoherent.astype(np.float32)


def _cloud_weights(species: tuple[str, ...], lengths: NDArray[np.float64], probe: Probe) -> NDArray[np.float64]:
    # Symmetry makes many lengths equal up to rounding
    distinct, place = np.unique(np.round(lengths, 6), return_inverse=True)
    return np.asarray(pair_weights(form_factors(species, distinct, probe))[:, place].reshape(-1, *lengths.shape))


def weighted_sum(
    partials: CrystalPartials,
    coherent: NDArray[np.float32],
    incoherent: NDArray[np.float32],
    weights: tuple[NDArray[np.float32], NDArray[np.float32]],
    lengths: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Return the weighted sum of partials (n_pairs, n_z, n_k, n_energy) and self parts (n_species, n_q, n_energy)."""
    total = np.zeros(coherent.shape[1:], dtype=np.float32)
    for weight, values in zip(weights[0], coherent, strict=True):
        if weight.any():
            total += weight[..., None] * values
    for weight, smooth in zip(weights[1], incoherent, strict=True):
        if weight.any():
            total += weight[..., None] * interpolate(smooth, partials.q, lengths)
    return total


def in_window(
    instrument: Instrument | None,
    settings: Mapping[str, Any],
    lengths: NDArray[np.float64],
    energy: NDArray[np.float64],
    tolerance: float,
) -> NDArray[np.bool_]:
    """Return whether scattering vectors lie within the window of an instrument.

    Parameters
    ----------
    instrument, settings
        An instrument and its checked settings, or None: everything except the forward direction.
    lengths
        Any shape, Å⁻¹.
    energy
        Shape (n_energy,), meV.
    tolerance
        Å⁻¹. Largest distance from the line of a bank that measures along a line.

    Returns
    -------
    Shape (*lengths.shape, n_energy).
    """
    q = lengths[..., None]
    somewhere = np.broadcast_to(q >= MIN_Q, (*lengths.shape, len(energy)))
    if instrument is None:
        return somewhere
    window = kinematics.window(instrument, settings, energy)
    if window.lines:
        near = [np.abs(q - line.q) <= tolerance for line in window.lines]
        return np.asarray(somewhere & np.any(near, axis=0))
    return np.asarray(somewhere & (q >= window.q_min) & (q <= window.q_max))


def _average(values: NDArray[Any], reached: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the average over the reached entries of the first axis (NaN if there are none), and their number."""
    count = reached.sum(axis=0)
    total = np.einsum("z...,z...->...", values, reached)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(values.dtype), count


def observe_path(partials: CrystalPartials, view: View, path: PathView | None = None) -> PathSpectrum:
    """Forecast the spectra that an instrument records of a single crystal along a path.

    In each Brillouin zone the partials are weighted, divided by the Debye–Waller factor and |q|², corrected for
    statistics, and broadened along ω. The zones that the instrument reaches at a wave vector and energy are then
    averaged.

    Parameters
    ----------
    partials
        Partials of a simulation.
    view
        Instrument, isotopes, corrections and bins, as for a powder. `q_range` selects the zones.
    path
        Average over zones, and wave vector of the cut.

    Raises
    ------
    UnknownInstrument, InvalidSettings, InvalidView
        `view` or `path` is impossible; the message names the field and the remedy.

    References
    ----------
    Lindgren et al. (2025), Sects. II C and III A.
    """
    path = path or PathView()
    instrument = instruments.get(view.instrument) if view.instrument is not None else None
    cut_at = check_path(partials, view, path)
    settings = instrument.validate(view.settings) if instrument is not None else {}
    recorded, notices = recorded_bins(partials, view, instrument, settings)
    seen = response_to(partials, view, instrument, settings, recorded, None)
    factor = energy_factor(partials, view, seen)
    chosen = slice(None) if path.zone is None else slice(path.zone, path.zone + 1)
    vectors = partials.vectors[chosen]
    lengths = np.linalg.norm(vectors, axis=-1)
    multipliers = path_weights(partials, view, path, vectors)
    low, high = view.q_range or (0.0, np.inf)
    counted = ((lengths >= low) & (lengths <= high))[..., None]

    to_map, to_cut = (one.scaled(factor).folded(seen.n_gain) for one in (seen.map_broadening, seen.broadening))
    # Higher energies do not contribute to any recorded bin
    end = max(1, to_map.end, to_cut.end)
    coherent, incoherent = partials.coherent[:, chosen, :, :end], partials.incoherent[..., :end]
    weighted = weighted_sum(partials, coherent, incoherent, multipliers, lengths)
    reached = counted & in_window(instrument, settings, lengths, seen.map_energy, partials.q_step / 2)
    intensity, n_zones = _average(to_map.apply(weighted), reached)
    unit = ("Å² " if path.divide_q_squared else "") + UNITS[view.probe]
    cut, cut_energy = None, recorded.centres
    if cut_at is not None:
        at = slice(cut_at, cut_at + 1)
        cut = _cut(
            partials, path, cut_at, chosen, lengths[:, cut_at], weighted[:, cut_at], to_cut, cut_energy,
            counted[:, cut_at] & in_window(instrument, settings, lengths[:, cut_at], cut_energy, partials.q_step / 2),
            (multipliers[0][:, :, at], multipliers[1][:, :, at]),
        )  # fmt: skip
    return PathSpectrum(
        map=PathMap(
            partials.wave_vectors,
            partials.distance,
            partials.distance_edges,
            seen.map_energy,
            intensity.astype(np.float32),
            n_zones,
            partials.ticks,
            partials.dispersion_distance,
            partials.dispersion * view.energy_scale,
        ),
        cut=cut,
        unit=unit,
        cut_unit=("meV² " if path.times_energy_squared else "") + unit,
        notices=(*notices, *_notices(partials, view, path, instrument, settings, recorded, vectors, reached)),
    )


def _cut(
    partials: CrystalPartials,
    path: PathView,
    at: int,
    chosen: slice,
    lengths: NDArray[np.float64],
    weighted: NDArray[np.float32],
    folded: Broadening,
    energy: NDArray[np.float64],
    reached: NDArray[np.bool_],
    multipliers: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> Cut:
    scale = energy**2 if path.times_energy_squared else np.ones_like(energy)

    def recorded(values: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.asarray(folded.apply(values) * scale, dtype=float)

    per_zone, n_energy = recorded(weighted), weighted.shape[-1]
    error = None
    if partials.coherent_runs is not None and partials.incoherent_runs is not None:
        runs = []
        for pairs, selves in zip(partials.coherent_runs, partials.incoherent_runs, strict=True):
            part = pairs[:, chosen, at : at + 1, :n_energy]
            one = weighted_sum(partials, part, selves[..., :n_energy], multipliers, lengths[:, None])
            runs.append(_average(recorded(one[:, 0]), reached)[0])
        error = standard_error(np.array(runs))
    order = np.argsort(lengths, kind="stable")
    spans = np.full((len(lengths), 2), np.nan)
    for span, within in zip(spans, reached[order], strict=True):
        if within.any():
            span[:] = energy[within].min(), energy[within].max()
    return Cut(
        label=partials.labels[at],
        wave_vector=partials.wave_vectors[at],
        energy=energy,
        intensity=_average(per_zone, reached)[0],
        error=error,
        zones=partials.zones[chosen][order],
        q=lengths[order],
        per_zone=np.where(reached, per_zone, np.nan)[order],
        reached=spans,
    )


def _notices(
    partials: CrystalPartials,
    view: View,
    path: PathView,
    instrument: Instrument | None,
    settings: Mapping[str, Any],
    recorded: Bins,
    vectors: NDArray[np.float64],
    reached: NDArray[np.bool_],
) -> tuple[Notice, ...]:
    found = []
    where = reached.any(axis=-1)
    if not where.any():
        found.append(Notice("no_zone_in_window", {"instrument": None if instrument is None else instrument.name}))
    if instrument is not None:
        name = {"instrument": instrument.name}
        if kinematics.window(instrument, settings, np.zeros(1)).lines:
            found.append(Notice("zones_along_lines", name | {"tolerance_inv_angstrom": partials.q_step / 2}))
        found += width_notices(partials, view, instrument, settings, recorded)
    if labels := weights.substituted(partials, view.isotopes):
        found.append(Notice("isotopes_in_scattering_only", {"substitutions": labels}))
    if path.divide_debye_waller and where.any():
        exponent = float(debye_waller_exponents(partials, vectors[where])[0].max())
        if exponent > MAX_DEBYE_WALLER_EXPONENT:
            found.append(Notice("debye_waller_divided", {"smallest_factor": float(np.exp(-exponent))}))
    return tuple(found)
