"""The points of a reliability assessment in one short line each; `backend.wording.trust` has them in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from backend import wording
from backend.wording.formatting import SPACE, counted, listed, percent, signed_percent
from backend.wording.trust import name_group
from scattering.core.notices import Notice


def _phonons_compared(
    *,
    n_lines: int,
    n_collapsed: int,
    material: str,
    median_ratio: float,
    lowest_ratio: float,
    highest_ratio: float,
    **_: Any,
) -> str:
    measured = counted(n_lines, "phonon energy", "phonon energies")
    low, high = f"{lowest_ratio:.2f}", f"{highest_ratio:.2f}"
    ratios = low if low == high else f"{low} to {high}, median {median_ratio:.2f}"
    collapsed = f"; {n_collapsed} of them are imaginary or close to zero" if n_collapsed else ""
    return f"Compared with {measured} measured in {material}: computed over measured is {ratios}{collapsed}."


def _potential_documented(
    *,
    potential: str,
    is_unstable: bool,
    n_calibration: int,
    relative_error: float,
    relative_error_95: float,
    **other: Any,
) -> str:
    group = (
        f"{n_calibration} {name_group(other['class'], is_unstable)}" if n_calibration else "crystals of other classes"
    )
    return (
        f"In {group}, two of three energies of {potential} are "
        f"within {percent(relative_error)}, 19 of 20 within {percent(relative_error_95)}."
    )


def _anharmonicity_unknown(*, missing_method: str) -> str:
    lacking = "molecular dynamics" if missing_method == "md" else "harmonic"
    return f"The effect of anharmonicity is not known: there is no {lacking} forecast at the same temperature."


def _anharmonic_shift(outcome: str, *, relative_shift: Mapping[str, float], **_: Any) -> str:
    shifts = listed(f"{signed_percent(shift)} for {species}" for species, shift in relative_shift.items())
    return f"Anharmonicity changes mean energies by {shifts}: {outcome}."


def _zero_point_motion_included(*, method: str, **_: Any) -> str:
    return f"Nuclei have zero-point motion ({'harmonic oscillators' if method == 'harmonic' else 'path integrals'})."


def _zero_point_motion_missing(*, temperature_k: float, missing_energy: Mapping[str, float], **_: Any) -> str:
    if not missing_energy:
        return f"Nuclei move classically at {temperature_k:g}{SPACE}K, without zero-point motion."
    species, fraction = max(missing_energy.items(), key=lambda item: item[1])
    return (
        f"Nuclei move classically at {temperature_k:g}{SPACE}K: {percent(fraction)} of the vibrational energy of "
        f"{species} is missing."
    )


def _run_with_warnings(*, warnings: Sequence[Mapping[str, Any]]) -> str:
    first = wording.message(Notice.from_json(warnings[0]))
    others = len(warnings) - 1
    return f"{first} ({counted(others, 'more warning')}.)" if others else first


WORDS: Final[Mapping[str, wording.Words]] = {
    "brief_potential_documented": _potential_documented,
    "brief_potential_uncalibrated": lambda *, potential, elements, **_: (
        f"{potential} was not calibrated with enough crystals like this one: its accuracy is not known."
    ),
    "brief_potential_undocumented": lambda *, potential, elements, **_: (
        f"The accuracy of {potential} for {listed(elements)} is not known."
    ),
    "brief_phonons_given": lambda *, source, **_: f"The accuracy of the uploaded phonons “{source}” is not known.",
    "brief_trajectory_given": lambda *, source, **_: (
        f"The accuracy of the uploaded trajectory “{source}” is not known."
    ),
    "brief_training_range_unknown": "It is not known whether the training set of {potential} has structures like this "
    "one.",
    "brief_training_range_exceeded": "The environments of the atoms lie outside the training set of {potential}.",
    "brief_training_range_undecided": "It is not known whether the most crowded environment of an atom was in the "
    "training set of {potential}.",
    "brief_training_range_kept": "No atom has a more crowded or more asymmetric environment than the training set of "
    "{potential}.",
    "brief_phonons_not_tabulated": "Not compared with measured phonons: Beamcast has none of this crystal.",
    "brief_phonons_not_computed": "Not yet compared with the measured phonons of {material}: this needs a harmonic "
    "forecast of the structure.",
    "brief_all_phonon_lines_collapsed": "Every phonon line measured in {material} is imaginary or close to zero in "
    "{potential}.",
    "brief_phonons_compared": _phonons_compared,
    "brief_lo_modes_included": "Longitudinal optical modes are included (LO–TO splitting).",
    "brief_lo_modes_missing": lambda **_: (
        "The LO modes of this polar crystal are missing: the forces have no Born charges."
    ),
    "brief_stability_unknown": "The number of imaginary modes is not known: there is no harmonic forecast.",
    "brief_all_modes_real": "All harmonic modes are real: the structure is stable in the potential.",
    "brief_structure_unstable": lambda *, imaginary_fraction, **_: (
        f"{percent(imaginary_fraction)} of the harmonic modes are imaginary: at 0{SPACE}K the potential prefers "
        "another structure."
    ),
    "brief_atoms_displaced_by_relaxation": "The relaxation moved atoms far from their measured positions.",
    "brief_anharmonicity_unknown": _anharmonicity_unknown,
    "brief_anharmonicity_small": partial(_anharmonic_shift, "a small shift"),
    "brief_anharmonicity_within_noise": partial(_anharmonic_shift, "no more than the noise of the dynamics"),
    "brief_anharmonicity_omitted": partial(_anharmonic_shift, "this forecast omits that"),
    "brief_anharmonicity_included": partial(_anharmonic_shift, "this forecast includes that"),
    "brief_zero_point_motion_included": _zero_point_motion_included,
    "brief_zero_point_motion_missing": _zero_point_motion_missing,
    "brief_no_statistical_error": "Harmonic phonons have no statistical error.",
    "brief_statistical_error_unknown": "The statistical error is not known: there is only one run.",
    "brief_statistical_error": lambda *, relative_error: (
        f"The statistical error is {percent(relative_error)} of the intensity (median)."
    ),
    "brief_method_harmonic": "The harmonic approximation has no anharmonic shift or broadening; multiphonon scattering "
    "is approximate.",
    "brief_method_md": "Molecular dynamics includes anharmonicity, at the amplitudes of classical nuclei.",
    "brief_method_trpmd": "Path integrals are approximate in time (TRPMD): stiff modes are too broad, overtones too "
    "weak.",
    "brief_method_with_reference": lambda *, basis, **_: (
        f"The harmonic part is that of “{basis}”, the anharmonicity that of the potential."
    ),
    "brief_magnetic_scattering_omitted": lambda *, elements: (
        f"Magnetic scattering is left out: {listed(elements)} may have moments."
    ),
    "brief_structure_not_crystalline": lambda *, state, **_: (
        f"The structure looks like a {state}; the potential was calibrated with crystals."
    ),
    "brief_thermal_expansion_omitted": lambda *, cell_temperature_k, temperature_k: (
        f"Thermal expansion is left out: the cell is that of {cell_temperature_k:g}{SPACE}K, the forecast of "
        f"{temperature_k:g}{SPACE}K."
    ),
    "brief_run_without_warnings": "The run gave no warnings.",
    "brief_run_with_warnings": _run_with_warnings,
}
