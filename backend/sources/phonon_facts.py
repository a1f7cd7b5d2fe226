"""Facts that a preview tells of phonons: sizes, energies at special points, imaginary modes."""

from __future__ import annotations

from typing import Any

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.notices import Notice
from scattering.core.phonon_modes import PhononModes
from scattering.modes.special_points import summarise_phonons
from scattering.simulate.phonons import MAX_IMAGINARY_MEV


def facts_of_constants(crystal: HarmonicCrystal) -> tuple[dict[str, Any], list[Notice]]:
    """Return the facts about force constants, and doubts about their phonons."""
    summary = summarise_phonons(crystal)
    facts: dict[str, Any] = {
        "n_atoms_primitive": crystal.n_atoms,
        "supercell": crystal.supercell_matrix.tolist(),
        "has_force_constants": True,
        "has_eigenvectors": True,
        "n_q_points": None,
        "has_nac": crystal.dipoles is not None,
        "special_phonons_mev": dict(summary.special_phonons_mev),
        "gamma_lo_mev": dict(summary.gamma_lo_mev) if crystal.dipoles is not None else {},
        "highest_energy_mev": round(summary.highest_energy_mev, 3),
        "imaginary_fraction": summary.imaginary_fraction,
    }
    return facts, _imaginary(summary.imaginary_fraction, summary.lowest_energy_mev)


def facts_of_modes(modes: PhononModes) -> tuple[dict[str, Any], list[Notice]]:
    """Return the facts about modes at wave vectors, and doubts about them."""
    energies = modes.energies_mev
    imaginary = float(modes.weights @ (energies < MAX_IMAGINARY_MEV).mean(axis=1))
    facts: dict[str, Any] = {
        "n_atoms_primitive": len(modes.masses),
        "supercell": None,
        "has_force_constants": False,
        "has_eigenvectors": True,
        "n_q_points": len(modes.weights),
        # At Γ there are several sets of modes where they depend on the direction
        "has_nac": int(modes.at_gamma.sum()) > 1,
        "special_phonons_mev": {},
        "gamma_lo_mev": {},
        "highest_energy_mev": round(float(energies.max()), 3),
        "imaginary_fraction": imaginary,
    }
    doubts = _imaginary(imaginary, float(energies.min()))
    return facts, [*doubts, Notice("gamma_only")] if modes.is_gamma_only else doubts


def _imaginary(fraction: float, lowest_mev: float) -> list[Notice]:
    """Return the notice of imaginary modes, if there are some."""
    if fraction == 0:
        return []
    return [Notice("imaginary_modes", {"fraction": fraction, "lowest_energy_mev": lowest_mev, "uploaded": True})]
