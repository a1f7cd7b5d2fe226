"""What simulations find, and why they cannot be made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backend.wording import Words


def _potential_refused(*, engine: str, reason: str) -> str:
    return f"{engine} refuses this potential: {reason or 'it gives no reason'}"


def _potential_not_supported(*, engine: str) -> str:
    return f"{engine} does not take potentials of this kind: choose another engine or potential."


def _n_beads_not_accepted(*, engine: str, n_beads: int, max_n_beads: int) -> str:
    return f"{engine} takes even numbers of beads up to {max_n_beads}, not {n_beads}: choose another number of beads."


def _beads_not_equilibrated(*, engine: str) -> str:
    return f"{engine} makes the beads while it equilibrates: choose an equilibration longer than 0."


def _supercell_too_thin(*, engine: str) -> str:
    return f"The supercell is too thin for {engine}: choose a supercell with more equal edges."


def _disk_too_small(*, size_bytes: int) -> str:
    return (
        f"The server's disk is too small for the {size_bytes / 1e9:.3g} GB of displacements that this run records: "
        "choose a shorter run, a smaller supercell, or a longer time between frames."
    )


WORDS: Final[Mapping[str, Words]] = {
    "forces_not_finite": (
        "The potential gives forces that are not finite for this structure: check whether two atoms are at one place."
    ),
    "unstable_cell": "With a free cell the structure falls apart in this potential: keep the cell fixed.",
    "unstable_cell_at_temperature": (
        "With a free cell the crystal falls apart in this potential at this temperature and pressure: keep the cell "
        "fixed (NVT)."
    ),
    "no_real_phonons": (
        "All phonons of this structure are imaginary in this potential: check the structure, or choose another "
        "potential."
    ),
    "atoms_flew_apart": ("The atoms flew apart: choose a shorter time step, or a potential that knows this material."),
    "cell_run_too_short": "The cell needs time to reach its mean: choose a longer equilibration.",
    "n_beads_not_accepted": _n_beads_not_accepted,
    "thermostat_of_ring_polymers": (
        "Ring polymers are recorded with the thermostat of TRPMD alone: choose the ensemble “nve” for the production."
    ),
    "beads_not_equilibrated": _beads_not_equilibrated,
    "no_path_integrals": "This engine has no path integrals: choose an engine that has.",
    "gpu_out_of_memory": (
        "The memory of the GPU is too small for so many atoms: choose a smaller supercell, or fewer beads."
    ),
    "elements_not_in_potential": (
        "The potential does not know every element of this structure: choose another potential."
    ),
    "supercell_too_thin": _supercell_too_thin,
    "potential_not_supported": _potential_not_supported,
    "potential_refused": _potential_refused,
    "disk_too_small": _disk_too_small,
    "potential_file_lost": "The file of the potential “{name}” is lost or was changed: upload it again.",
    "potential_not_in_catalogue": (
        "This version of Beamcast does not have the potential {name} (sha256 {sha256}): choose another potential."
    ),
    "potential_not_fetched": (
        "{name} could not be fetched: {reason}. Try again later (the part that has arrived is kept), or put its file, "
        "under any name, into the folder {folder}: {size_bytes} bytes, sha256 {sha256} ({source}). It is in "
        "{archive} as {member}."
    ),
    "imported_prediction": (
        "This prediction was imported with a proposal: the archive says that it was simulated so; Beamcast has not "
        "checked it."
    ),
}
