"""Sentences about uploaded phonons and trajectories: doubts about their numbers and their files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backend.wording import Words
from backend.wording.formatting import listed


def _no_nac(*, of_potential: bool = False, highest_gamma_mev: float | None = None) -> str:
    lacking = "A potential gives" if of_potential else "There are"
    at_gamma = "" if highest_gamma_mev is None else f", at most {highest_gamma_mev:.1f} meV"
    remedy = "" if of_potential else " Add BORN, or enter both."
    return (
        f"{lacking} no Born charges and no dielectric tensor. If the crystal is an insulator, its LO modes are "
        f"missing: they have the energies of TO modes next to Γ{at_gamma}, and should lie above them.{remedy}"
    )


WORDS: Final[Mapping[str, Words]] = {
    "acoustic_sum_rule": "A shift of the whole crystal has forces ({percent:g} % of those on a single shifted atom): "
    "the calculation is not converged, or the files do not belong together. Acoustic modes next to Γ are corrected.",
    "born_charge_sum": "The Born charges of the cell add up to {charge_e:g} e instead of 0: the calculation is not "
    "quite converged. All charges are changed by as much, so that their sum is 0.",
    "born_charges_replaced": "The Born charges and the dielectric tensor of the files are replaced by those entered.",
    "centroid_only": "The file has the centroids of ring polymers, without their beads. One-phonon scattering has "
    "the right energies, but the zero-point spread of the beads is missing: the Debye–Waller factor is too large, and "
    "with it all intensities at large |q|, most of all of hydrogen. Upload a file for each bead, if you have them.",
    "constants_not_symmetric": "Force constants that must be the same differ by up to {percent:g} %: the calculation "
    "is not converged, or the files do not belong together.",
    "cut_trajectory": "{file} ends within a frame: the file is cut. Its {n_frames} whole frames are used.",
    "dipoles_not_symmetric": "Born charges and dielectric tensor break the symmetry of the crystal by {percent:g} %: "
    "the calculation is not quite converged. Their averages over the symmetry are used.",
    "displacements_differ": "{file} has other displacements than {other}: check that they are of the same calculation. "
    "Those of {file} are used.",
    "force_elsewhere": "In displacement {number} of {file} the largest force is on atom {largest_on}, more than twice "
    "that on the displaced atom {atom}: check that the forces are of this displacement.",
    "forces_break_symmetry": "Forces of {file} break the symmetry of the crystal by {percent:g} % of the largest "
    "force: the calculation is not converged, or forces are of another displacement.",
    "frame_interval_differs": "The file states {file_fs:g} fs between its frames, but {frame_interval_fs:g} fs were "
    "entered. The entered value is used.",
    "gamma_only": "The file has modes at Γ only. They give a forecast in the incoherent approximation, without the "
    "dispersion of the modes.",
    "masses_not_stated": "The file does not state the masses of its atoms: those of natural elements are used.",
    "no_nac": _no_nac,
    "other_masses": lambda *, masses: (
        f"The simulation gave atoms other masses than those of their nuclei ({listed(masses)}). The vibrations are "
        "those of the masses of the simulation."
    ),
    "rigid_bonds": lambda *, species: (
        f"Bonds of {listed(species)} keep their length: the simulation held them rigid (SHAKE, LINCS, rigid water). "
        "Their stretching modes, and those of rigid angles, are missing."
    ),
    "rounded_positions": "The file rounds positions to {rounding_angstrom:g} Å. Above {above_mev:.3g} meV this "
    "rounding outweighs the motion of the atoms, and weak peaks are lost in its background. Write the trajectory with "
    "more digits.",
    "short_trajectory": "The trajectory is only {length_ps:.3g} ps long: lines are at least "
    "{energy_resolution_mev:.2g} meV wide (FWHM).",
    "sites_left_out": lambda *, types, n_sites: (
        f"{n_sites} sites ({listed(types)}) are no atoms, and are left out: virtual sites, shells or Drude particles."
    ),
    "small_drift": "The centre of mass drifts by {drift_angstrom:.2g} Å over the trajectory. This motion is removed.",
    "weights_do_not_sum": "The weights of the wave vectors add up to {weight_sum:g} instead of 1. They are scaled.",
}
