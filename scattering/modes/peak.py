"""The few modes behind a peak: bands within its width, with one mode that stands for each, and the atoms that move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.notices import Notice
from scattering.modes.intensity import SeenModes
from scattering.modes.motion import wave_repeats

MAX_MODES: Final = 12
"""Largest number of bands that are listed."""
MIN_WEIGHT: Final = 0.01
"""Smallest weight of a band that is listed and counted."""
REPRESENTATIVE_INTENSITY: Final = 0.5
"""Intensity of the mode that stands for a band, at least, over the largest intensity of a mode of the band."""
MIN_ONE_PHONON_FRACTION: Final = 0.5
"""Fraction of one-phonon scattering below which a peak is not explained by single modes."""


@dataclass(frozen=True, eq=False)
class PeakMode:
    """A band behind a peak, and the mode that stands for it.

    Attributes
    ----------
    q_index, branch
        Index of the wave vector, and of the mode in the order of energies, from 0.
    q
        Shape (3,). Wave vector in reciprocal vectors of the primitive cell.
    q_rlu
        Shape (3,). The same wave vector in those of the uploaded cell.
    energy_mev
        Energy of the mode, with the energy scale.
    band_mev
        Lowest and highest energy of the modes of the band within the range.
    weight
        Share of the band in the one-phonon intensity within the range.
    participation_ratio
        (Σ_i |e_i|²)² / (N Σ_i |e_i|⁴): 1 if all N atoms move alike, 1/N if one of them moves.
    motion_by_element, motion_by_site
        Share of |e|², the kinetic energy.
    scattering_by_element, scattering_by_site
        Share of the intensity, without interference between atoms.
    """

    q_index: int
    branch: int
    q: NDArray[np.float64]
    q_rlu: NDArray[np.float64]
    energy_mev: float
    band_mev: tuple[float, float]
    weight: float
    participation_ratio: float
    motion_by_element: Mapping[str, float]
    motion_by_site: Mapping[str, float]
    scattering_by_element: Mapping[str, float]
    scattering_by_site: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Peak:
    """The modes behind a peak.

    Attributes
    ----------
    energy_mev, range_mev
        Energy of the peak and the range around it, with the energy scale.
    modes
        The strongest first; their weights sum to 1 less the weight of the bands that are left out.
    n_bands
        Number of bands with at least `MIN_WEIGHT`.
    intensity
        One-phonon intensity within the range, barn/sr per atom; for a crystal averaged over its zones.
    scattering_by_element, scattering_by_site
        Share of the intensity of all modes within the range, without interference; empty if there are none.
    one_phonon_fraction
        Fraction of the intensity of the sample within the range; None if nothing scatters there.
    summary
        One line about the peak.
    """

    energy_mev: float
    range_mev: tuple[float, float]
    modes: tuple[PeakMode, ...]
    n_bands: int
    intensity: float
    scattering_by_element: Mapping[str, float]
    scattering_by_site: Mapping[str, float]
    one_phonon_fraction: float | None
    summary: Notice


def describe_peak(
    crystal: HarmonicCrystal,
    seen: SeenModes,
    *,
    energy: float,
    width: float,
    energy_scale: float,
    one_phonon_fraction: float | None,
    unexplained: Notice,
) -> Peak:
    """Divide modes within a range into bands, and choose the mode that stands for each.

    A band is the modes of one branch. Of the modes that scatter at least half as strongly as the strongest mode of the
    band, the one whose wave fits the smallest supercell stands for it.

    Parameters
    ----------
    crystal
        The crystal.
    seen
        The modes within the range.
    energy, width
        Energy of the peak and width of the range, meV, with the energy scale.
    energy_scale
        Factor on the energies of the modes.
    one_phonon_fraction
        Fraction of one-phonon scattering.
    unexplained
        The summary if this fraction is below `MIN_ONE_PHONON_FRACTION`.
    """
    branches, of_branch = np.unique(seen.branch, return_inverse=True)
    strengths = np.maximum(np.bincount(of_branch, weights=seen.intensity, minlength=len(branches)), 0.0)
    total = float(strengths.sum())
    listed: list[PeakMode] = []
    if total > 0:
        chosen = [number for number in np.argsort(-strengths, kind="stable") if strengths[number] >= MIN_WEIGHT * total]
        listed = [
            _mode(crystal, seen, np.flatnonzero(of_branch == number), float(strengths[number] / total), energy_scale)
            for number in chosen
        ]
    by_atom = np.asarray(seen.by_atom.sum(axis=0))
    peak_range = energy - width / 2, energy + width / 2
    elements = _shares(by_atom, crystal.symbols)
    return Peak(
        energy_mev=energy,
        range_mev=peak_range,
        modes=tuple(listed[:MAX_MODES]),
        n_bands=len(listed),
        intensity=total,
        scattering_by_element=elements,
        scattering_by_site=_shares(by_atom, crystal.sites),
        one_phonon_fraction=one_phonon_fraction,
        summary=(
            unexplained
            if one_phonon_fraction is not None and one_phonon_fraction < MIN_ONE_PHONON_FRACTION
            else _summary(listed, peak_range, elements)
        ),
    )


def _summary(listed: Sequence[PeakMode], peak_range: tuple[float, float], elements: Mapping[str, float]) -> Notice:
    if not listed:
        return Notice("no_modes_at_energy", {"from_mev": peak_range[0], "to_mev": peak_range[1]})
    main = next(iter(elements))
    return Notice(
        "modes_behind_peak",
        {
            "element": main,
            "fraction": elements[main],
            "n_bands": len(listed),
            "from_mev": min(one.band_mev[0] for one in listed),
            "to_mev": max(one.band_mev[1] for one in listed),
        },
    )


def _mode(
    crystal: HarmonicCrystal, seen: SeenModes, band: NDArray[np.int64], weight: float, energy_scale: float
) -> PeakMode:
    """Return the band that some of the modes are."""
    # Without the noise of the interference, and of a single wave vector
    strength = seen.by_atom[band].sum(axis=1)
    strong = band[strength >= REPRESENTATIVE_INTENSITY * strength.max()]
    sizes = [_supercell_size(crystal, seen.q[one]) for one in strong]
    smallest = strong[np.array(sizes) == min(sizes)]
    shown = int(smallest[np.argmax(seen.by_atom[smallest].sum(axis=1))])
    kinetic = (np.abs(seen.eigenvectors[shown]) ** 2).sum(axis=1)
    energies = seen.energies[band] * energy_scale
    return PeakMode(
        q_index=int(seen.q_index[shown]),
        branch=int(seen.branch[shown]),
        q=seen.q[shown],
        q_rlu=crystal.repeats @ seen.q[shown],
        energy_mev=float(seen.energies[shown] * energy_scale),
        band_mev=(float(energies.min()), float(energies.max())),
        weight=weight,
        participation_ratio=float(kinetic.sum() ** 2 / (len(kinetic) * (kinetic**2).sum())),
        motion_by_element=_shares(kinetic, crystal.symbols),
        motion_by_site=_shares(kinetic, crystal.sites),
        scattering_by_element=_shares(seen.by_atom[shown], crystal.symbols),
        scattering_by_site=_shares(seen.by_atom[shown], crystal.sites),
    )


def _supercell_size(crystal: HarmonicCrystal, q: NDArray[np.float64]) -> float:
    """Return the number of uploaded cells in which a wave fits; infinite if no supercell holds it."""
    repeats = wave_repeats(crystal, q)
    return float("inf") if repeats is None else float(np.prod(repeats))


def _shares(of_atoms: NDArray[np.float64], labels: Sequence[str]) -> dict[str, float]:
    """Return the share of each label in a sum over atoms, the largest first; empty if the sum is 0."""
    total = float(of_atoms.sum())
    if total <= 0:
        return {}
    sums = dict.fromkeys(sorted(set(labels)), 0.0)
    for label, value in zip(labels, of_atoms.tolist(), strict=True):
        sums[label] += value / total
    return dict(sorted(sums.items(), key=lambda item: -item[1]))
