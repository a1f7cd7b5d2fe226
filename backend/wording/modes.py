"""Sentences about phonon modes and their motion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backend.wording import Words
from backend.wording.formatting import SPACE, counted, number, percent


def _modes_behind_peak(*, element: str, fraction: float, n_bands: int, from_mev: float, to_mev: float) -> str:
    low, high = number(from_mev, 4), number(to_mev, 4)
    where = f"at {low}{SPACE}meV" if low == high else f"between {low} and {high}{SPACE}meV"
    return f"{percent(fraction)} of the intensity is from {element}; {counted(n_bands, 'band', 'bands')} {where}."


def _mostly_several_phonons(*, one_phonon_fraction: float) -> str:
    return (
        f"Mostly several phonons at once, {percent(1 - one_phonon_fraction)} of the intensity: overtones and "
        "combinations, which no single mode explains."
    )


def _mostly_other_wave_vectors(*, one_phonon_fraction: float) -> str:
    return (
        f"Only {percent(one_phonon_fraction)} of the intensity is coherent scattering by one phonon of this wave "
        "vector. The rest is incoherent, or of several phonons."
    )


WORDS: Final[Mapping[str, Words]] = {
    "modes_behind_peak": _modes_behind_peak,
    "mostly_several_phonons": _mostly_several_phonons,
    "mostly_other_wave_vectors": _mostly_other_wave_vectors,
    "no_modes_at_energy": "No mode lies between {from_mev:.4g} and {to_mev:.4g} meV.",
    "wave_longer_than_cell": "The wave does not fit the shown cell: the motion differs from cell to cell.",
    "modes_of_harmonic_only": "Only harmonic forecasts have modes, and this forecast is of the method “{method}”: "
    "start a harmonic forecast of the same structure.",
    "force_constants_not_given": "The source of this forecast has modes at some wave vectors and no force constants: "
    "upload the phonons with force constants.",
    "force_constants_not_kept": "An older version made this forecast and did not keep its force constants: run it "
    "again to see its modes.",
    "too_many_atoms_for_modes": "The primitive cell has {n_atoms} atoms, and modes are shown for at most {maximum}.",
    "too_many_atoms_for_website": "The primitive cell has {n_atoms} atoms: a file with the displacements of all of its "
    "modes is too large for the phonon website.",
    "overlay_of_other_structure": "Prediction {id} is of another structure: only dispersions of one structure are "
    "overlaid.",
    "no_such_mode": "There is no mode {branch} at wave vector {q_index}: this prediction has {n_wave_vectors} wave "
    "vectors with {n_branches} modes each, counted from 0.",
}
