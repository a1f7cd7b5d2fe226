"""The modes behind a peak in the spectrum of a powder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering import instruments
from scattering.core.bins import bin_edges
from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.errors import InvalidView
from scattering.core.isotopes import override
from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.instruments import Instrument, kinematics, resolution
from scattering.modes.grid import ModeGrid
from scattering.modes.intensity import displacement_tensors, modes_between, nuclei_of
from scattering.modes.peak import Peak, describe_peak
from scattering.observe.components import component_weights
from scattering.observe.response import restrict_q
from scattering.observe.view import View, Viewed, check

IDEAL_RELATIVE_WIDTH: Final = 0.02
MIN_IDEAL_WIDTH_MEV: Final = 0.5
"""Width of the range around a peak without an instrument: a part of its energy, but not less than this."""


def behind_powder_peak(partials: Partials, grid: ModeGrid, view: View, energy: float, width: float | None) -> Peak:
    """Return the modes behind a peak in the spectrum of a powder.

    Parameters
    ----------
    partials
        Harmonic partials.
    grid
        Modes of their force constants.
    view
        Instrument, isotopes, contribution, energy scale and range of |q|.
    energy, width
        Energy of the peak and width of the range, meV, on the axis of the spectrum. Default width: `peak_width`.

    Raises
    ------
    UnknownInstrument, InvalidSettings, InvalidView
        The view is impossible, or the instrument does not measure at this energy.
    """
    instrument, settings = checked_instrument(partials, view, energy)
    width = width or peak_width(view, instrument, settings, energy)
    share = _share(partials, view, instrument, settings, energy)
    low, high = sample_range(view, energy, width)
    known = dict(zip(partials.species, _mean_squares(partials), strict=True))
    seen = modes_between(
        grid,
        (low, high),
        nuclei=nuclei_of(grid.crystal, override(partials.isotopes, view.isotopes), view.contribution),
        displacements=displacement_tensors(
            grid,
            temperature=partials.temperature,
            mean_square=np.array([known[species] for species in grid.crystal.species]),
        ),
        q=partials.q,
        share=share,
        temperature=partials.temperature,
    )
    fraction = _one_phonon_fraction(partials, view, share, (low, high))
    return describe_peak(
        grid.crystal,
        seen,
        energy=energy,
        width=width,
        energy_scale=view.energy_scale,
        one_phonon_fraction=fraction,
        unexplained=Notice("mostly_several_phonons", {"one_phonon_fraction": fraction}),
    )


def checked_instrument(partials: Viewed, view: View, energy: float) -> tuple[Instrument | None, Mapping[str, Any]]:
    """Return the instrument of a view, which measures at an energy in meV, with its checked settings.

    Raises
    ------
    UnknownInstrument, InvalidSettings, InvalidView
    """
    check(partials, view)
    if view.instrument is None:
        return None, {}
    instrument = instruments.get(view.instrument)
    settings = instrument.validate(view.settings)
    low, high = instrument.measured_range(settings)
    if not low <= energy <= high:
        stated = {"minimum": low, "maximum": high, "unit": "meV", "value": energy}
        raise InvalidView.at("energy_mev", Notice("out_of_range", stated))
    return instrument, settings


def peak_width(view: View, instrument: Instrument | None, settings: Mapping[str, Any], energy: float) -> float:
    """Return the width in meV of the range around a peak: the FWHM of the resolution, or 2 % of its energy."""
    if instrument is not None:
        return FWHM_PER_SIGMA * float(resolution.sigma(instrument, settings, np.array([energy]))[0])
    return view.fwhm_mev or max(MIN_IDEAL_WIDTH_MEV, IDEAL_RELATIVE_WIDTH * abs(energy))


def sample_range(view: View, energy: float, width: float) -> tuple[float, float]:
    """Return the range of the energies of the sample's modes around a peak at an energy of either sign, meV."""
    return (abs(energy) - width / 2) / view.energy_scale, (abs(energy) + width / 2) / view.energy_scale


def overlap(energy: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Return the part of each bin that lies in a range, meV, from the centres of the bins, shape (n_energy,)."""
    edges = bin_edges(energy)
    return np.asarray(np.maximum(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0.0))


def _share(
    partials: Partials, view: View, instrument: Instrument | None, settings: Mapping[str, Any], energy: float
) -> NDArray[np.float64]:
    """Return the weight of each |q| in the spectrum at an energy, as in `observe.response`: shape (n_q,)."""
    q = partials.q
    banks = {"": (q / q.sum())[:, None]}
    if instrument is not None:
        banks = kinematics.coverage(kinematics.window(instrument, settings, np.array([energy])), q)
    chosen = restrict_q(banks, q, view.q_range)
    return np.asarray(np.mean([share[:, 0] for share in chosen.values()], axis=0), dtype=float)


def _mean_squares(partials: Partials) -> NDArray[np.float64]:
    """Return ⟨|u|²⟩ of each species, Å², from its Debye–Waller factor at the smallest |q|: 1 − q²⟨|u|²⟩/3."""
    at = int(np.flatnonzero(partials.q > 0)[0])
    factor = partials.incoherent_elastic[:, at] / partials.concentration
    return np.asarray(-3 * np.log(np.clip(factor, 1e-300, 1.0)) / partials.q[at] ** 2)


def _one_phonon_fraction(
    partials: Partials, view: View, share: NDArray[np.float64], energies: tuple[float, float]
) -> float | None:
    """Return the fraction of the orders' intensity that is of one phonon; None without intensity or orders."""
    inside = overlap(partials.energy, *energies)
    if partials.orders is None or not inside.any():
        return None
    first, last = np.flatnonzero(inside)[[0, -1]]
    at = slice(int(first), int(last) + 1)
    coherent, incoherent = (one * share for one in component_weights(partials, view))
    total = np.einsum("cq,cqe,e->", coherent, partials.coherent[..., at], inside[at], optimize=True)
    total += np.einsum("cq,cqe,e->", incoherent, partials.incoherent[..., at], inside[at], optimize=True)
    like = np.array([one == other for one, other in partials.pairs])
    selves = incoherent + coherent[like]
    higher = np.einsum("cq,mcqe,e->", selves, partials.orders[1:, ..., at], inside[at], optimize=True)
    return float(np.clip(1 - higher / total, 0.0, 1.0)) if total > 0 else None
