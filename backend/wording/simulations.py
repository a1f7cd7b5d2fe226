"""Warnings of simulations, and reasons why a simulation cannot run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend.wording import Words
from backend.wording.formatting import listed, number


def _potential_refused(*, engine: str, title: str, reason: str) -> str:
    return f"{title} refuses this potential: {reason or 'it gives no reason'}"


def _disk_too_small(*, size_bytes: int) -> str:
    return (
        f"The server's disk is too small for the {number(size_bytes / 1e9, 3)} GB of displacements that this run "
        "records: choose a shorter run, a smaller supercell, or a longer time between frames."
    )


def _relaxation_not_converged(*, force_ev_per_angstrom: float) -> str:
    return f"The relaxation did not converge: a force of {force_ev_per_angstrom:.3f} eV/Å is left on an atom."


def _cell_under_pressure(*, pressure_gpa: float) -> str:
    change = "expand" if pressure_gpa > 0 else "shrink"
    return (
        f"In this potential, the uploaded cell has a pressure of {pressure_gpa:+.1f} GPa. A free cell would {change}, "
        "and frequencies depend on the volume."
    )


def _imaginary_modes(*, fraction: float, lowest_energy_mev: float, uploaded: bool = False) -> str:
    modes = (
        f"{number(100 * fraction, 2)} % of the phonon modes are imaginary (down to {abs(lowest_energy_mev):.1f}i meV)"
    )
    if uploaded:
        return (
            f"{modes}. The structure is unstable at 0 K or was not relaxed, the supercell is too small, or the files "
            "do not belong together. Forecasts leave these modes out."
        )
    return (
        f"{modes} and left out: in this potential the structure is unstable at 0 K, or the supercell is too small. "
        "Molecular dynamics includes these modes."
    )


def _reference_has_imaginary_modes(*, lowest_energy_mev: float) -> str:
    return (
        f"The forecast of the harmonic part has imaginary modes (down to {abs(lowest_energy_mev):.1f}i meV) on the "
        "supercell: atoms would leave their sites. Choose another forecast, or the potential alone."
    )


def _higher_orders_missing(
    *, n_orders: int, max_n_orders: int, fraction: float, from_q_inv_angstrom: Mapping[str, float]
) -> str:
    included = "one-phonon scattering only" if n_orders == 1 else f"multiphonon orders up to {n_orders}"
    limits = ", ".join(f"{species} beyond {q:.0f} Å⁻¹" for species, q in from_q_inv_angstrom.items())
    remedy = "" if n_orders == max_n_orders else " Choose more orders to include it."
    return (
        f"The prediction includes {included}. For {limits}, more than {100 * fraction:.0f} % of the scattering is of "
        f"higher orders: a broad background, which is missing there.{remedy}"
    )


def _large_volume_change(*, relative_change: float) -> str:
    return (
        f"The free cell changed its volume by {relative_change:+.1%}. Thermal expansion of most crystals is smaller: "
        "the potential prefers another density, and frequencies depend on the density."
    )


def _energy_drift(*, energy_drift_mev_per_atom: float) -> str:
    return f"The energy drifted by {energy_drift_mev_per_atom:.1f} meV per atom: choose a shorter time step."


def _run_off_temperature(*, temperature_k: float, requested_temperature_k: float) -> str:
    return (
        f"The mean temperature of the run is {temperature_k:.0f} K instead of {requested_temperature_k:.0f} K: choose "
        "a longer equilibration, or a larger supercell."
    )


def _species_left_sites(*, species: Sequence[str], energy_resolution_mev: float) -> str:
    return (
        f"{_leaves(species)} the lattice sites within the run: the elastic line has become quasi-elastic. Lines "
        f"narrower than {number(energy_resolution_mev, 2)} meV, the resolution of the correlation time, count as "
        "elastic."
    )


def _no_debye_waller_factor(*, species: Sequence[str]) -> str:
    return (
        f"{_leaves(species)} the lattice sites: the crystal melts, or atoms diffuse, and there is no Debye–Waller "
        "factor to divide by. Leave that correction out, choose a powder, or choose a lower temperature."
    )


def _leaves(species: Sequence[str]) -> str:
    return f"{listed(species)} {'leaves' if len(species) == 1 else 'leave'}"


def _segments_with_few_waves(*, segments: Sequence[str]) -> str:
    return (
        f"The supercell has fewer than two wave vectors on {listed(segments)}: choose a longer supercell along "
        f"{'it' if len(segments) == 1 else 'them'}."
    )


def _too_few_beads(
    *,
    n_beads: int,
    fraction: float,
    energy_mev: float,
    temperature_k: float,
    n_beads_needed: int | None,
    max_n_beads: int,
) -> str:
    if n_beads_needed is None:
        remedy = f"More than {max_n_beads} beads would be needed: choose a higher temperature"
    else:
        remedy = f"Choose {n_beads_needed} beads"
    return (
        f"With {n_beads} beads, {100 * fraction:.0f} % of the mean-square displacement of vibrations at "
        f"{energy_mev:.0f} meV and {temperature_k:g} K is missing; their lines are too weak by the same fraction. "
        f"{remedy}, or use only the vibrations of lower energy."
    )


WORDS: Final[Mapping[str, Words]] = {
    "beads_too_far_apart": "The mean square distance of the beads from their centroids is {ratio:.2g} times that of "
    "free particles at {temperature_k:g} K, and forces only make it smaller. Check the temperature, and that the files "
    "are the beads of one simulation.",
    "forces_not_finite": (
        "The potential gives forces that are not finite for this structure: check whether two atoms are at the same "
        "place."
    ),
    "unstable_cell": "With a free cell the structure falls apart in this potential: keep the cell fixed.",
    "unstable_cell_at_temperature": (
        "With a free cell the crystal falls apart in this potential at this temperature and pressure: keep the cell "
        "fixed (NVT)."
    ),
    "incoherent_approximation": "The source has modes at {n_wave_vectors} wave vectors, and no force constants. The "
    "forecast uses these modes in the incoherent approximation: interference between atoms is missing.",
    "no_real_phonons": (
        "All phonons of this structure are imaginary in this potential: check the structure, or choose another "
        "potential."
    ),
    "atoms_left_sites": "{element} is {distance_angstrom:.2f} Å from its site: atoms that leave their sites cannot "
    "have the harmonic part of another forecast. Choose a lower temperature, the modes inside molecules only, or the "
    "potential alone.",
    "reference_has_imaginary_modes": _reference_has_imaginary_modes,
    "reference_of_other_crystal": "The forecast of the harmonic part has other atoms than this structure, or they have "
    "moved far: choose another forecast.",
    "atoms_flew_apart": ("The atoms flew apart: choose a shorter time step, or a potential trained for this material."),
    "cell_run_too_short": "The cell needs time to reach its mean: choose a longer equilibration.",
    "n_beads_not_accepted": (
        "{title} takes even numbers of beads up to {max_n_beads}, not {n_beads}: choose another number of beads."
    ),
    "thermostat_of_ring_polymers": (
        "Ring-polymer dynamics uses only the thermostat of TRPMD: choose the ensemble “nve” for the production."
    ),
    "beads_not_equilibrated": "{title} creates the beads during the equilibration: choose an equilibration longer than "
    "0.",
    "no_path_integrals": "This engine cannot run path integrals: choose an engine that can.",
    "gpu_out_of_memory": (
        "The memory of the GPU is too small for this number of atoms: choose a smaller supercell, or fewer beads."
    ),
    "elements_not_in_potential": (
        "The potential does not cover every element of this structure: choose another potential."
    ),
    "supercell_too_thin": "The supercell is too thin for {title}: choose a supercell with more equal edges.",
    "potential_not_supported": "{title} cannot use potentials of this kind: choose another engine or potential.",
    "potential_refused": _potential_refused,
    "disk_too_small": _disk_too_small,
    "potential_file_lost": "The file of the potential “{name}” is lost or was changed: upload it again.",
    "potential_not_in_catalogue": (
        "This version of Beamcast does not have the potential {name} (sha256 {sha256}): choose another potential."
    ),
    "checkpoint_missing": (
        "The file of the potential “{name}” is missing, and is never downloaded: the operator puts it, under any name, "
        "into the folder {folder} of the server and of the workers ({size_bytes} bytes, sha256 {sha256}; {source})."
    ),
    "potential_not_fetched": (
        "{name} could not be downloaded: {reason}. Try again later (the downloaded part is kept), or put its file, "
        "under any name, into the folder {folder}: {size_bytes} bytes, sha256 {sha256} ({source}). It is in "
        "{archive} as {member}."
    ),
    "relaxation_not_converged": _relaxation_not_converged,
    "large_relaxation_shift": (
        "An atom moved by {shift_angstrom:.2f} Å in the relaxation: the potential prefers another structure."
    ),
    "cell_under_pressure": _cell_under_pressure,
    "imaginary_modes": _imaginary_modes,
    "higher_orders_missing": _higher_orders_missing,
    "large_volume_change": _large_volume_change,
    "energy_drift": _energy_drift,
    "run_off_temperature": _run_off_temperature,
    "species_left_sites": _species_left_sites,
    "no_debye_waller_factor": _no_debye_waller_factor,
    "segments_with_few_waves": _segments_with_few_waves,
    "too_few_beads": _too_few_beads,
    "error_of_one_run": (
        "One run of this length has no statistical error: choose two replicas or more, or a longer run."
    ),
    "error_of_segments": (
        "The statistical error comes from {n_segments} segments of one run. It is too small, since the energy of a "
        "vibration hardly changes within a run: choose two replicas or more."
    ),
    "imported_prediction": (
        "This prediction was imported with a proposal: Beamcast has not checked that it was simulated as the archive "
        "states."
    ),
}
