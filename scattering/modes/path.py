"""The modes behind a peak at one wave vector of a single crystal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from euphonic import ForceConstants
from numpy.typing import NDArray

from scattering.core.constants import RECOIL_MEV_A2_AMU
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.isotopes import override
from scattering.core.notices import Notice
from scattering.crystal.observe import in_window, path_weights, weighted_sum
from scattering.crystal.partials import CrystalPartials
from scattering.crystal.path import approach_directions, reciprocal
from scattering.crystal.view import check_path
from scattering.modes.grid import calculate_modes
from scattering.modes.intensity import Nuclei, SeenModes, nuclei_of
from scattering.modes.peak import Peak, describe_peak
from scattering.modes.powder import checked_instrument, overlap, peak_width, sample_range
from scattering.observe.view import PathView, View
from scattering.simulate.phonons import MIN_PHONON_MEV, occupation


def reduced_wave_vector(partials: CrystalPartials, crystal: HarmonicCrystal, at: int) -> NDArray[np.float64]:
    """Return a wave vector of the path in reciprocal vectors of the primitive cell, shape (3,)."""
    return np.asarray(partials.wave_vectors[at] @ reciprocal(partials.cell) @ crystal.cell.T / (2 * np.pi))


def modes_on_path(
    partials: CrystalPartials, crystal: HarmonicCrystal, fc: ForceConstants, at: int
) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    """Return the modes at a wave vector of the path, as `calculate_modes` for one: Γ is approached along the path."""
    direction = approach_directions(partials.wave_vectors, partials.distance, partials.cell)[at]
    to_own = reciprocal(partials.cell) @ crystal.cell.T / (2 * np.pi)
    return calculate_modes(fc, reduced_wave_vector(partials, crystal, at)[None], (direction @ to_own)[None])


def behind_path_peak(
    partials: CrystalPartials,
    crystal: HarmonicCrystal,
    fc: ForceConstants,
    view: View,
    energy: float,
    width: float | None,
) -> Peak:
    """Return the modes behind a peak at one wave vector.

    The intensity of a mode is its coherent one-phonon scattering, averaged over the Brillouin zones that the instrument
    reaches, without a division by Debye–Waller factors. For the incoherent contribution it is that of the self part.

    Parameters
    ----------
    partials
        Harmonic partials.
    crystal, fc
        Their force constants, and the same for Euphonic.
    view
        As for a powder; `path.point` is the wave vector, and `path.zone` a single zone.
    energy, width
        Energy of the peak and width of the range, meV, on the axis of the spectrum. Default width: `peak_width`.

    Raises
    ------
    UnknownInstrument, InvalidSettings, InvalidView
        The view is impossible, or the instrument does not measure at this energy.
    """
    path = replace(view.path or PathView(), divide_debye_waller=False)
    at = check_path(partials, view, path)
    if at is None:
        raise ValueError("the view has no wave vector")
    instrument, settings = checked_instrument(partials, view, energy)
    width = width or peak_width(view, instrument, settings, energy)
    low, high = sample_range(view, energy, width)
    chosen = slice(None) if path.zone is None else slice(path.zone, path.zone + 1)
    vectors = partials.vectors[chosen, at]
    lengths = np.linalg.norm(vectors, axis=-1)
    q_low, q_high = view.q_range or (0.0, np.inf)
    reached = in_window(instrument, settings, lengths, np.array([energy]), partials.q_step / 2)[:, 0]
    reached = reached & (lengths >= q_low) & (lengths <= q_high)
    zones = reached / max(1, int(reached.sum()))
    if path.divide_q_squared:
        zones = zones / np.where(reached, lengths, 1.0) ** 2
    seen = _modes_at(
        crystal,
        modes_on_path(partials, crystal, fc, at),
        (low, high),
        at=at,
        q=reduced_wave_vector(partials, crystal, at),
        nuclei=_coherent(nuclei_of(crystal, override(partials.isotopes, view.isotopes), view.contribution)),
        displacements=np.array([partials.displacements[partials.species.index(one)] for one in crystal.species]),
        vectors=vectors,
        zones=zones,
        temperature=partials.temperature,
    )
    inside = np.flatnonzero(overlap(partials.energy, low, high))
    multipliers = path_weights(partials, view, path, vectors[:, None])
    total = weighted_sum(
        partials,
        partials.coherent[:, chosen, at : at + 1, inside],
        partials.incoherent[..., inside],
        multipliers,
        lengths[:, None],
    )
    counted = reached / max(1, int(reached.sum()))
    everything = float(np.einsum("zke,z,e->", total, counted, partials.energy_widths[inside]))
    fraction = None
    if everything > 0 and view.contribution != "incoherent":
        fraction = float(np.clip(seen.intensity.sum() / everything, 0.0, 1.0))
    return describe_peak(
        crystal,
        seen,
        energy=energy,
        width=width,
        energy_scale=view.energy_scale,
        one_phonon_fraction=fraction,
        unexplained=Notice("mostly_other_wave_vectors", {"one_phonon_fraction": fraction}),
    )


def _coherent(nuclei: Nuclei) -> Nuclei:
    """Return the nuclei without incoherent scattering, which comes from all wave vectors, unless it is all there is."""
    return Nuclei(nuclei.lengths, np.abs(nuclei.lengths) ** 2) if nuclei.lengths.any() else nuclei


def _modes_at(
    crystal: HarmonicCrystal,
    modes: tuple[NDArray[np.float64], NDArray[np.complex128]],
    energies: tuple[float, float],
    *,
    at: int,
    q: NDArray[np.float64],
    nuclei: Nuclei,
    displacements: NDArray[np.float64],
    vectors: NDArray[np.float64],
    zones: NDArray[np.float64],
    temperature: float,
) -> SeenModes:
    """Return the modes of one wave vector within a range of energy; `zones` are the weights of the vectors."""
    found = modes[0][0]
    branch = np.flatnonzero((found >= max(energies[0], MIN_PHONON_MEV)) & (found <= energies[1]))
    energy, moved = found[branch], modes[1][0, branch]
    strength = RECOIL_MEV_A2_AMU / energy * (occupation(energy, temperature) + 1) / crystal.n_atoms
    damping = np.exp(-np.einsum("za,iab,zb->zi", vectors, displacements, vectors, optimize=True) / 2)
    phased = damping * np.exp(-1j * vectors @ crystal.positions.T) / np.sqrt(crystal.masses)
    # Amplitude of each atom, without its scattering length: (zones, modes, atoms)
    single = phased[:, None] * np.einsum("za,mia->zmi", vectors, moved)
    squares = np.abs(single) ** 2
    by_atom = strength[:, None] * np.einsum("z,zmi,i->mi", zones, squares, nuclei.selves)
    interference = np.abs(single @ nuclei.lengths) ** 2 - squares @ np.abs(nuclei.lengths) ** 2
    return SeenModes(
        q_index=np.full(len(branch), at),
        branch=branch,
        q=np.repeat(q[None], len(branch), axis=0),
        energies=energy,
        eigenvectors=moved,
        intensity=by_atom.sum(axis=1) + strength * (zones @ interference),
        by_atom=by_atom,
    )
