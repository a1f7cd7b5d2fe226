"""Sentences about label sets that cannot be used. Frames are counted from 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend.wording import Words
from backend.wording.formatting import counted, listed

MISSING: Final = {
    "atoms": "has fewer lines than atoms",
    "cell": "has no cell (Lattice)",
    "elements": "has an unknown element",
    "energy": "has no energy",
    "forces": "has no forces",
    "numbers": "has a word where a number belongs",
    "periodicity": "is not periodic in all directions (pbc)",
    "positions": "has no positions",
}
QUANTITIES: Final = {
    "cell": "the cell",
    "energy": "the energy",
    "forces": "the forces",
    "positions": "the positions",
    "stress": "the stress",
}
UNITS: Final = {"energy": "eV", "forces": "eV/Å", "stress": "eV/Å³"}
NAMES: Final = {
    "bar": "bar",
    "gpa": "GPa",
    "hartree": "hartree",
    "hartree_per_bohr": "hartree/bohr",
    "kbar": "kbar",
    "kcal_per_mol": "kcal/mol",
    "kcal_per_mol_angstrom": "kcal/(mol Å)",
    "kj_per_mol": "kJ/mol",
    "kj_per_mol_angstrom": "kJ/(mol Å)",
    "mev": "meV",
    "mev_per_angstrom": "meV/Å",
    "rydberg": "rydberg",
    "rydberg_per_bohr": "rydberg/bohr",
}
SIGNS: Final = {
    "energy": "Lower energies must be more stable.",
    "forces": "A force is minus the gradient of the energy.",
    "stress": "The stress is positive under tension, as in ASE.",
}


def _incomplete(*, frame: int, missing: str) -> str:
    return f"Frame {frame} {MISSING[missing]}. Every frame needs a cell, positions, an energy and forces."


def _not_finite(*, frame: int, quantity: str) -> str:
    return f"Frame {frame}: {QUANTITIES[quantity]} must be finite numbers."


def _unit(*, frame: int, quantity: str, ratio: float, likely: str | None) -> str:
    seems = f" They are probably in {NAMES[likely]}." if likely else ""
    return (
        f"Frame {frame}: {QUANTITIES[quantity]} must be in {UNITS[quantity]}, but the numbers do not have this size "
        f"(factor {ratio:.3g}).{seems} Convert the file."
    )


def _sign(*, frame: int, quantity: str) -> str:
    return f"Frame {frame}: {QUANTITIES[quantity]} has the wrong sign. {SIGNS[quantity]}"


def _levels_differ(*, frame: int, level: str, first_level: str) -> str:
    return (
        f"Frame {frame} states “{level or 'nothing'}”, but the first frame states “{first_level or 'nothing'}”. All "
        "labels must have the same level of theory: upload those of one."
    )


def _levels_mixed(*, frame: int, gap_ev_per_atom: float, frames: Sequence[int], n_frames: int) -> str:
    more = f" and {n_frames - len(frames)} others" if n_frames > len(frames) else ""
    return (
        f"Frame {frame}: the energies of {counted(n_frames, 'frame')} ({listed([str(one) for one in frames])}{more}) "
        f"are {gap_ev_per_atom:.3g} eV per atom apart from the others. The set mixes levels of theory, or energies of "
        "different zero: upload those of one."
    )


WORDS: Final[Mapping[str, Words]] = {
    "label_energy_wrong": "Frame {frame}: the energy is {gap_ev_per_atom:.3g} eV per atom apart from those of the "
    "other frames, although its forces are not. Correct it, or remove the frame.",
    "label_force_too_large": "Frame {frame} has a force of {force_ev_per_angstrom:.3g} eV/Å: its atoms overlap, or its "
    "unit is not eV/Å.",
    "label_incomplete": _incomplete,
    "label_levels_differ": _levels_differ,
    "label_levels_mixed": _levels_mixed,
    "label_not_finite": _not_finite,
    "label_set_file_lost": "The file of these labels is missing or damaged on the server. Upload them again, or "
    "restore the folder label_sets/{id} from a backup.",
    "label_sign": _sign,
    "label_unit": _unit,
    "labels_missing": "The file has no frame of extended XYZ.",
    "labels_too_large": "At most {max_frames} frames and {max_atoms} atoms of all frames together are accepted.",
}
