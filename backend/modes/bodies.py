"""Bodies of answers about modes and phonons."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from ase.data import atomic_numbers, covalent_radii
from numpy.typing import NDArray

from backend.figures.structure import atom_colour
from backend.figures.theme import THEMES
from backend.kit.http.notices import NoticeOut
from backend.modes.schemas import (
    AtomsOut,
    BandsOut,
    DensityOut,
    ElementLookOut,
    ModeOut,
    ModesOut,
    MotionOut,
    PhononsOut,
    SharesOut,
    Vector,
)
from backend.modes.service import FoundPeak, MovingMode, Phonons
from backend.observing.schemas import TickOut
from scattering.core.notices import Notice

DECIMALS = 4
"""Of positions in Å, displacements and wave vectors."""
SHARE_DECIMALS = 6


def modes(found: FoundPeak) -> ModesOut:
    """Return the body of the modes behind a peak."""
    peak = found.peak
    return ModesOut(
        energy_mev=peak.energy_mev,
        range_mev=peak.range_mev,
        summary=NoticeOut.of(peak.summary),
        n_bands=peak.n_bands,
        one_phonon_fraction=peak.one_phonon_fraction,
        intensity_barn_per_sr=peak.intensity,
        scattering=_shares(peak.scattering_by_element, peak.scattering_by_site),
        modes=[
            ModeOut(
                q_index=mode.q_index,
                branch=mode.branch,
                point=point or None,
                wave_vector=_vector(mode.q_rlu),
                wave_vector_primitive=_vector(mode.q),
                energy_mev=mode.energy_mev,
                band_mev=mode.band_mev,
                weight=mode.weight,
                participation_ratio=mode.participation_ratio,
                motion=_shares(mode.motion_by_element, mode.motion_by_site),
                scattering=_shares(mode.scattering_by_element, mode.scattering_by_site),
            )
            for mode, point in zip(peak.modes, found.points, strict=True)
        ],
    )


def motion(mode: MovingMode, *, q_index: int, branch: int, theme_name: str) -> MotionOut:
    """Return the body of a mode in motion."""
    shown, crystal, theme = mode.scene.motion, mode.crystal, THEMES[theme_name]
    notices = [] if shown.whole_period else [Notice("wave_longer_than_cell")]
    return MotionOut(
        q_index=q_index,
        branch=branch,
        energy_mev=mode.energy_mev,
        wave_vector=_vector(mode.q_rlu),
        lattice_angstrom=(_vector(shown.lattice[0]), _vector(shown.lattice[1]), _vector(shown.lattice[2])),
        repeats=shown.repeats,
        whole_period=shown.whole_period,
        elements={
            symbol: ElementLookOut(
                colour=atom_colour(atomic_numbers[symbol], theme),
                size_px=round(size, 1),
                radius_angstrom=float(covalent_radii[atomic_numbers[symbol]]),
            )
            for symbol, size in mode.scene.sizes_px.items()
        },
        atoms=AtomsOut(
            element=[crystal.symbols[atom] for atom in shown.atoms],
            site=[crystal.sites[atom] for atom in shown.atoms],
            position_angstrom=_vectors(shown.positions),
            displacement_re=_vectors(shown.displacements.real),
            displacement_im=_vectors(shown.displacements.imag),
            inside=mode.scene.inside.tolist(),
        ),
        bonds=[(int(one), int(other)) for one, other in mode.scene.bonds],
        notices=NoticeOut.of_all(notices),
    )


def phonons(found: Phonons) -> PhononsOut:
    """Return the body of dispersion and density of states."""
    lines, density = found.dispersion, found.density
    return PhononsOut(
        dispersion=BandsOut(
            distance_inv_angstrom=_rounded(lines.distance),
            wave_vector=None if lines.q_rlu is None else _vectors(lines.q_rlu),
            energy_mev=_rounded(lines.energies),
            ticks=[TickOut(label=name, distance_inv_angstrom=place) for place, name in lines.ticks],
        ),
        density=None
        if density is None
        else DensityOut(
            energy_mev=_rounded(density.energies),
            total=density.total.tolist(),
            by_element={name: values.tolist() for name, values in density.by_element.items()},
            fwhm_mev=density.fwhm_mev,
        ),
    )


def dispersion_csv(found: Phonons) -> str:
    """Return CSV of the dispersion: distance, wave vector and the energy of each branch."""
    lines, content = found.dispersion, io.StringIO()
    columns: dict[str, NDArray[np.float64]] = {"distance_inv_angstrom": lines.distance}
    if lines.q_rlu is not None:
        columns |= dict(zip(("h", "k", "l"), lines.q_rlu.T, strict=True))
    columns |= {f"mode_{number}_mev": energies for number, energies in enumerate(lines.energies.T, start=1)}
    writer = csv.writer(content)
    writer.writerow(columns)
    writer.writerows(np.stack(list(columns.values()), axis=1).round(DECIMALS).tolist())
    return content.getvalue()


def _shares(by_element: Mapping[str, float], by_site: Mapping[str, float]) -> SharesOut:
    return SharesOut(by_element=_rounded_shares(by_element), by_site=_rounded_shares(by_site))


def _rounded_shares(shares: Mapping[str, float]) -> dict[str, float]:
    return {name: round(share, SHARE_DECIMALS) for name, share in shares.items()}


def _rounded(values: NDArray[np.float64]) -> Any:
    # Without −0
    return (values.round(DECIMALS) + 0.0).tolist()


def _vector(values: NDArray[np.float64]) -> Vector:
    first, second, third = _rounded(values)
    return first, second, third


def _vectors(values: NDArray[np.float64]) -> list[Vector]:
    return [(first, second, third) for first, second, third in _rounded(values)]
