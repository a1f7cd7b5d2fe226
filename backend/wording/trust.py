"""Sentences about the reliability of a prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from backend import wording
from backend.wording.formatting import SPACE, counted, listed, percent, signed_percent
from scattering.core.notices import Notice

TOPICS: Final[Mapping[str, str]] = {
    "potential": "Potential",
    "training": "Training range",
    "phonons": "Measured phonons",
    "stability": "Stability",
    "lo_modes": "LO modes",
    "anharmonicity": "Anharmonicity",
    "quantum": "Quantum effects",
    "statistics": "Statistics",
    "method": "Method",
    "run": "Warnings of the run",
    "magnetism": "Magnetic scattering",
    "state": "State of matter",
    "expansion": "Thermal expansion",
}
"""Titles of the topics."""
ELEMENTS_IGNORED: Final = (
    "This test ignores which elements the atoms are, so it does not show whether these elements were trained together."
)


def _error(relative: float) -> str:
    return f"±{SPACE}{percent(relative)}"


def _badge_biased(*, bias: float, scaled_uncertainty: float) -> str:
    side = "low" if bias < 0 else "high"
    return f"Energies {percent(abs(bias))} too {side}, {_error(scaled_uncertainty)} after scaling"


def _badge_biased_once(*, bias: float, relative_uncertainty: float) -> str:
    side = "low" if bias < 0 else "high"
    return f"Energies too {side} by {percent(abs(bias))} at one measured line, {_error(relative_uncertainty)}"


def _accuracy(relative_uncertainty: float, is_lower_bound: bool) -> str:
    if is_lower_bound:
        return f"Confidence is low: energies are uncertain by at least {percent(relative_uncertainty)}."
    return f"Expect energies to be right within {_error(relative_uncertainty)}."


def _energies_not_compared(
    *, potential: str, relative_uncertainty: float, is_lower_bound: bool, accuracy_documented: bool
) -> str:
    # The lines below it state that nothing was compared, and the accuracy of the potential in general
    return _accuracy(relative_uncertainty, is_lower_bound)


def _energies_compared(
    *, potential: str, relative_uncertainty: float, is_lower_bound: bool, material: str, n_lines: int, bias: float
) -> str:
    side = "below" if bias < 0 else "above"
    lines = counted(n_lines, "phonon energy", "phonon energies")
    return (
        f"{potential} was compared with {lines} measured in {material}. Its energies are {percent(abs(bias))} {side} "
        f"the measured ones (median). {_accuracy(relative_uncertainty, is_lower_bound)}"
    )


def _energies_biased(*, energy_scale: float, scaled_uncertainty: float, **compared: object) -> str:
    return (
        f"{_energies_compared(**compared)} "  # type: ignore[arg-type]
        f"An energy scale of {energy_scale:.2f} improves that to {_error(scaled_uncertainty)}."
    )


CLASSES: Final[Mapping[str, str]] = {
    "metal": "metals",
    "covalent": "covalent crystals",
    "ionic": "ionic crystals",
    "layered": "layered crystals",
    "molecular": "molecular crystals",
    "hydride": "hydrides",
    "hydrogenous": "crystals with hydroxide, water or other bound hydrogen",
    "magnetic": "compounds of magnetic 3d metals",
}


def name_group(material_class: str, is_unstable: bool) -> str:
    """Return the plural of the crystals that a calibration compares with."""
    return "crystals that are unstable in it" if is_unstable else CLASSES[material_class]


def counted_group(n_calibration: int, group: str) -> str:
    """Return the number and the name of the crystals of a calibration."""
    return f"{n_calibration} {group}" if n_calibration else f"crystals of other classes, as no {group} are stable in it"


def _potential_documented(
    *,
    potential: str,
    elements: Sequence[str],
    n_elements_trained: int,
    is_unstable: bool,
    n_calibration: int,
    relative_error: float,
    relative_error_95: float,
    **other: Any,
) -> str:
    group = name_group(other["class"], is_unstable)
    calibrated = f"calibrated with {counted_group(n_calibration, group)}"
    return (
        f"{potential} is a general potential for {n_elements_trained} elements, including {listed(elements)}. It was "
        f"{calibrated}: expect two of three phonon energies within {_error(relative_error)}, and 19 of 20 within "
        f"{_error(relative_error_95)}."
    )


def _potential_undocumented(*, potential: str, elements: Sequence[str], n_elements_trained: int) -> str:
    return (
        f"{potential} is an uploaded potential. Its accuracy for {listed(elements)} is not known; it is valid for "
        "structures similar to its training set."
    )


def _potential_uncalibrated(*, potential: str, elements: Sequence[str], n_elements_trained: int) -> str:
    return (
        f"{potential} was not calibrated with enough crystals like this one, so its accuracy for {listed(elements)} is "
        "not known."
    )


def _training_range_exceeded(*, potential: str, spread_over_range: float, largest_over_range: float) -> str:
    return (
        f"The environments of the atoms differ by {spread_over_range:.1f} times the whole range in the training set "
        f"of {potential}. {ELEMENTS_IGNORED}"
    )


def _training_range_undecided(*, potential: str, spread_over_range: float, largest_over_range: float) -> str:
    return (
        f"The most crowded environment of an atom reaches {largest_over_range:.1f} times the range in the training set "
        f"of {potential}. The file of the potential does not state where that range begins. It is not known whether "
        f"this environment was in the training set. {ELEMENTS_IGNORED}"
    )


def _training_range_kept(*, potential: str, spread_over_range: float, largest_over_range: float) -> str:
    return (
        f"No atom has a more crowded or more asymmetric environment than the training set of {potential}: the largest "
        f"descriptor reaches {percent(largest_over_range)} of the trained range. {ELEMENTS_IGNORED}"
    )


def _phonons_compared(
    *,
    potential: str,
    material: str,
    n_lines: int,
    n_collapsed: int,
    source: str,
    temperature_k: float,
    median_ratio: float,
    lowest_ratio: float,
    highest_ratio: float,
    special_points: Sequence[str],
    transverse_only_at_gamma: bool,
) -> str:
    lines = f"{counted(n_lines, 'phonon energy', 'phonon energies')} of {material} at {listed(special_points)}"
    ratio = f"{median_ratio:.2f}"
    if n_lines > 1:
        ratio = f"between {lowest_ratio:.2f} and {highest_ratio:.2f}, with a median of {median_ratio:.2f}"
    sentences = [
        f"{potential} was compared with {lines}, measured at {temperature_k:g} K ({source}). The ratio of "
        f"computed to measured energy is {ratio}."
    ]
    if n_collapsed:
        sentences.append(f"Imaginary or close to zero: {n_collapsed} of them.")
    if transverse_only_at_gamma:
        sentences.append(
            "At Γ only transverse optical modes are compared: the potential has no charges, and so no LO–TO splitting."
        )
    return " ".join(sentences)


def _structure_unstable(*, imaginary_fraction: float, lowest_energy_mev: float) -> str:
    return (
        f"{percent(imaginary_fraction)} of the harmonic modes are imaginary, down to {abs(lowest_energy_mev):.1f}i "
        "meV: at 0 K the potential prefers another structure."
    )


def _phonons_given(*, source: str, name: str, version: str, functional: str) -> str:
    program = f" by {' '.join(filter(None, (name, version)))}" if name else ""
    with_functional = f" ({functional})" if functional else ""
    return (
        f"The phonons were uploaded as “{source}”, calculated{program}{with_functional}. Their accuracy is that of "
        "this calculation, which is not known here."
    )


def _trajectory_given(*, source: str, name: str, version: str, functional: str) -> str:
    program = f" by {' '.join(filter(None, (name, version)))}" if name else ""
    with_functional = f" ({functional})" if functional else ""
    return (
        f"The trajectory was uploaded as “{source}”, simulated{program}{with_functional}. Its accuracy is that of this "
        "simulation, which is not known here."
    )


def _lo_modes_missing(*, highest_gamma_mev: float | None) -> str:
    above = "" if highest_gamma_mev is None else f", of which the highest lies at {highest_gamma_mev:.1f} meV"
    return (
        "The crystal is polar, and the forces have no Born charges. If it is an insulator, its longitudinal optical "
        f"modes next to Γ are missing. They lie above the transverse ones{above}: by a fifth in ZnS, and by more than "
        "half in NaCl and MgO."
    )


def _anharmonicity_unknown(*, missing_method: str) -> str:
    lacking = "molecular dynamics" if missing_method == "md" else "harmonic"
    return (
        f"The anharmonicity of the crystal is not known: there is no {lacking} prediction of the same structure with "
        "the same potential at the same temperature."
    )


def _anharmonic_shift(outcome: str, *, relative_shift: Mapping[str, float], relative_error: float | None) -> str:
    shifts = listed(f"{signed_percent(shift)} for {species}" for species, shift in relative_shift.items())
    noise = "" if relative_error is None else f" ({_error(relative_error)})"
    return f"Dynamics change the mean vibrational energy of harmonic phonons by {shifts}{noise}. {outcome}"


def _zero_point_motion_included(*, method: str, highest_mev: float, reduced_highest: float) -> str:
    how = "harmonic oscillators" if method == "harmonic" else "path integrals"
    return f"Nuclei have zero-point motion (by {how}). {_highest(highest_mev, reduced_highest)}."


def _zero_point_motion_missing(
    *, temperature_k: float, highest_mev: float, reduced_highest: float, missing_energy: Mapping[str, float]
) -> str:
    # A spectrum without weight says nothing of its atoms
    shares = [f"{percent(fraction)} for {species}" for species, fraction in missing_energy.items()]
    lacking = f"missing: {listed(shares)}" if shares else "missing"
    return (
        f"Nuclei move classically. {_highest(highest_mev, reduced_highest)} at {temperature_k:g} K. Without zero-point "
        f"motion, part of the vibrational energy is {lacking}. The correction for detailed balance "
        "corrects intensities, not energies: stiff modes, especially those of hydrogen, tend to be too high and too "
        "narrow."
    )


def _highest(highest_mev: float, reduced_highest: float) -> str:
    return f"Modes reach {highest_mev:.0f} meV, {reduced_highest:.1f} times the thermal energy"


def _statistical_error(*, relative_error: float) -> str:
    return (
        f"The statistical error is {percent(relative_error)} of the intensity (median). It is the error of the average "
        "over independent runs, not the error of the potential."
    )


def _run_with_warnings(*, warnings: Sequence[Mapping[str, Any]]) -> str:
    return " ".join(wording.message(Notice.from_json(one)) for one in warnings)


def _structure_not_crystalline(*, state: str, method: str) -> str:
    harmonic = f" Harmonic phonons do not describe a {state} that flows." if state == "liquid" else ""
    return (
        f"The structure looks like a {state}, and the potential was calibrated with crystals."
        f"{harmonic if method == 'harmonic' else ''}"
    )


def _thermal_expansion_omitted(*, cell_temperature_k: float, temperature_k: float) -> str:
    cell = f"measured at {cell_temperature_k:g} K" if cell_temperature_k else "relaxed at 0 K"
    return (
        f"The cell was {cell}, and the forecast is for {temperature_k:g} K: thermal expansion, which softens most "
        "modes, is left out."
    )


def _method_with_reference(*, method: str, basis: str, modes: str, difference: float | None) -> str:
    nuclei = "classical nuclei" if method == "md" else "quantum nuclei (TRPMD)"
    alone = "" if difference is None else f" Its own phonons differ by {percent(difference)} (rms)."
    part, rest = (
        ("motion inside molecules", "its motion of whole molecules")
        if modes == "internal"
        else ("harmonic part", "only its anharmonicity")
    )
    return f"The dynamics of {nuclei} have the {part} of “{basis}”, and of the potential {rest}.{alone}"


WORDS: Final[Mapping[str, wording.Words]] = {
    "badge_agrees": lambda *, relative_uncertainty: f"Agrees with measured phonons, {_error(relative_uncertainty)}",
    "badge_biased": _badge_biased,
    "badge_biased_once": _badge_biased_once,
    "badge_unchecked": lambda *, relative_uncertainty: f"Not checked, {_error(relative_uncertainty)}",
    "badge_doubtful": lambda *, relative_uncertainty: (
        f"Low confidence: energies uncertain by at least {percent(relative_uncertainty)}"
    ),
    "energies_not_compared": _energies_not_compared,
    "energies_compared": _energies_compared,
    "energies_biased": _energies_biased,
    "phonon_lines_collapsed": "{n_collapsed} of {n_lines} measured phonon lines are imaginary or close to zero in the "
    "potential.",
    "phonon_ratios_scattered": "Phonon energies lie between {lowest_ratio:.2f} and {highest_ratio:.2f} of the measured "
    "ones: no single energy scale corrects that.",
    "many_imaginary_modes": lambda *, imaginary_fraction: (
        f"{percent(imaginary_fraction)} of the harmonic modes are imaginary."
    ),
    "structure_outside_training": "The structure lies outside the training set of the potential.",
    "atoms_displaced_by_relaxation": "When the potential relaxed the structure, atoms moved far from their measured "
    "positions.",
    "potential_documented": _potential_documented,
    "potential_undocumented": _potential_undocumented,
    "potential_uncalibrated": _potential_uncalibrated,
    "phonons_given": _phonons_given,
    "trajectory_given": _trajectory_given,
    "training_range_unknown": "It is not known whether the training set of {potential} has structures like this one: "
    "the file of the potential does not state it, or the prediction is older than this test.",
    "training_range_exceeded": _training_range_exceeded,
    "training_range_undecided": _training_range_undecided,
    "training_range_kept": _training_range_kept,
    "phonons_not_tabulated": "Beamcast has no measured phonons of this crystal. Compare the forecast with a known "
    "line of your sample, and correct it with the energy scale.",
    "phonons_not_computed": "Phonons of {material} were measured. To compare with them, start a harmonic prediction of "
    "this structure with this potential: a preview takes seconds.",
    "all_phonon_lines_collapsed": "In {potential}, every phonon line measured in {material} ({source}) is imaginary or "
    "close to zero.",
    "phonons_compared": _phonons_compared,
    "lo_modes_included": lambda *, gamma_lo_mev: (
        f"LO modes are included: they reach {max(gamma_lo_mev.values()):.1f} meV at Γ."
    ),
    "lo_modes_missing": _lo_modes_missing,
    "stability_unknown": "The number of imaginary modes is not known: there is no harmonic prediction.",
    "all_modes_real": "All harmonic modes are real: the structure is stable in the potential.",
    "structure_unstable": _structure_unstable,
    "anharmonicity_unknown": _anharmonicity_unknown,
    "anharmonicity_small": partial(_anharmonic_shift, "This shift is small."),
    "anharmonicity_within_noise": partial(_anharmonic_shift, "This shift is within the noise of the dynamics."),
    "anharmonicity_omitted": partial(_anharmonic_shift, "This forecast omits that shift."),
    "anharmonicity_included": partial(_anharmonic_shift, "This forecast includes that shift."),
    "zero_point_motion_included": _zero_point_motion_included,
    "zero_point_motion_missing": _zero_point_motion_missing,
    "no_statistical_error": "Harmonic phonons have no statistical error.",
    "statistical_error_unknown": "One run has no standard error. Start several independent runs to get one.",
    "statistical_error": _statistical_error,
    "method_harmonic": "The harmonic approximation has no anharmonic shift or broadening. One-phonon scattering is "
    "calculated with the phase between the atoms. Multiphonon scattering (overtones and combinations, up to ten "
    "phonons) uses the incoherent approximation: at small q and in coherent scatterers its dependence on q is not "
    "reliable.",
    "method_md": "Molecular dynamics includes the anharmonicity of the potential, at the amplitudes of classical "
    "nuclei.",
    "method_trpmd": "Path integrals give the nuclei zero-point motion; their motion in time is approximate (TRPMD). "
    "The thermostat of the beads broadens stiff modes, overtones are too weak, and too few beads omit part of the "
    "zero-point motion.",
    "method_with_reference": _method_with_reference,
    "run_without_warnings": "The run gave no warnings.",
    "magnetic_scattering_omitted": lambda *, elements: (
        f"Magnetic scattering is left out: {listed(elements)} may have magnetic moments, whose elastic, "
        "paramagnetic and spin-wave scattering adds to that of the nuclei, most at small q."
    ),
    "structure_not_crystalline": _structure_not_crystalline,
    "thermal_expansion_omitted": _thermal_expansion_omitted,
    "run_with_warnings": _run_with_warnings,
}
