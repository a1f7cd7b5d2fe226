"""The points of a reliability assessment, one function each: a verdict, a notice and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from backend.trust.observed import Observed
from backend.trust.schemas import Topic, Verdict
from scattering.core.notices import Notice
from scattering.trust.calibration import MAX_IMAGINARY_FRACTION
from scattering.trust.grade import MAX_UNIFORM_SCATTER, Evidence, Grade
from scattering.trust.measured_phonons import Comparison, Material
from scattering.trust.trained import TrainedErrors

MAX_SMALL_SHIFT: Final = 0.03
MAX_MODERATE_SHIFT: Final = 0.10
"""Relative anharmonic shifts below these are good and fair."""
MAX_LOW_NOISE: Final = 0.05
MAX_MODERATE_NOISE: Final = 0.15
"""Relative statistical errors of a spectrum below these are good and fair. 5 % is hardly visible in a figure."""
MAX_FAIR_ERROR: Final = 2 * MAX_UNIFORM_SCATTER
"""Relative error of energies from which on it is poor."""
MIN_TEMPERATURE_DIFFERENCE_K: Final = 100.0
"""Between the cell and the forecast: most crystals are 0.1-1 % longer at the end of it, and modes a few per cent
softer."""
MAX_SMALL_MISSING_ENERGY: Final = 0.05
MAX_MODERATE_MISSING_ENERGY: Final = 0.5
"""Fractions of the vibrational energy that classical nuclei lack: below these they are good and fair."""

OF_OTHER_POINTS: Final = frozenset({"no_nac"})
"""Warnings that a point of their own states."""

METHODS: Final[Mapping[str, Notice]] = {
    "harmonic": Notice("method_harmonic"),
    "md": Notice("method_md"),
    "trpmd": Notice("method_trpmd"),
}


@dataclass(frozen=True)
class Point:
    """One point of a reliability assessment.

    Attributes
    ----------
    notice
        The finding; `backend.wording.trust` has its sentences.
    numbers
        Numbers behind the verdict, with units in the names.
    """

    topic: Topic
    verdict: Verdict
    notice: Notice
    numbers: Mapping[str, Any] = field(default_factory=dict)


def potential_point(
    name: str, n_elements: int, elements: Sequence[str], evidence: Evidence, *, is_uploaded: bool
) -> Point:
    """Return the point on the documented accuracy of the potential."""
    numbers = {"elements": list(elements), "n_elements_trained": n_elements}
    params = {"potential": name, **numbers}
    if (spread := evidence.spread) is not None:
        calibrated = {
            "class": spread.material_class,
            "is_unstable": spread.is_unstable,
            "n_calibration": spread.n_crystals,
            "relative_error": spread.relative,
            "relative_error_95": spread.relative_95,
        }
        verdict: Verdict = "fair" if spread.relative <= MAX_FAIR_ERROR else "poor"
        documented = Notice("potential_documented", {**params, **calibrated})
        return Point("potential", verdict, documented, {**numbers, **calibrated})
    unknown = Notice("potential_undocumented", params) if is_uploaded else Notice("potential_uncalibrated", params)
    return Point("potential", "unknown", unknown, numbers)


def trained_point(
    name: str, training: Mapping[str, Any] | None, training_id: str | None, errors: TrainedErrors | None
) -> Point:
    """Return the point on a potential that was trained here, with the evidence of its training.

    Parameters
    ----------
    training
        `backend.trainings.facts.summary`; None if the potential was made for another structure, or its training was
        deleted.
    errors
        None if its phonons were not compared with those of the reference.
    """
    if training is None:
        return Point("potential", "unknown", Notice("potential_trained_elsewhere", {"potential": name}))
    stated = {
        "own_error": None if errors is None else errors.own,
        "reference_error": None if errors is None else errors.reference,
        "relative_error": None if errors is None else errors.relative,
    }
    verdict: Verdict = "unknown"
    if errors is not None:
        verdict = "fair" if errors.relative <= MAX_FAIR_ERROR else "poor"
    notice = Notice("potential_trained", {"potential": name, **stated, "training": dict(training)})
    return Point("potential", verdict, notice, {**stated, **training, "training_id": training_id})


def source_point(source: Mapping[str, Any], *, is_trajectory: bool) -> Point:
    """Return the point on phonons or a trajectory that the user has calculated elsewhere."""
    program = source.get("program", {})
    numbers = {name: program.get(name, "") for name in ("name", "version", "functional")}
    params = {"source": source.get("name", ""), **numbers}
    made = Notice("trajectory_given", params) if is_trajectory else Notice("phonons_given", params)
    return Point("potential", "unknown", made, numbers)


def training_point(name: str, findings: Mapping[str, Any]) -> Point:
    """Return the point on the training set: whether the structure lies within it."""
    span = findings.get("training_range")
    if not span:
        return Point("training", "unknown", Notice("training_range_unknown", {"potential": name}))
    numbers = {"largest_over_range": span["largest"], "spread_over_range": span["spread"]}
    params = {"potential": name, **numbers}
    if numbers["spread_over_range"] > 1:
        return Point("training", "poor", Notice("training_range_exceeded", params), numbers)
    if numbers["largest_over_range"] > 1:
        return Point("training", "unknown", Notice("training_range_undecided", params), numbers)
    return Point("training", "good", Notice("training_range_kept", params), numbers)


def phonons_point(name: str, material: Material | None, evidence: Evidence, grade: Grade) -> Point:
    """Return the point on the comparison of phonons with measured ones."""
    comparison = evidence.comparison
    if comparison is not None:
        return _compared_phonons_point(name, comparison, grade)
    if material is None:
        return Point("phonons", "unknown", Notice("phonons_not_tabulated"))
    return Point("phonons", "unknown", Notice("phonons_not_computed", {"material": material.name}))


def _compared_phonons_point(name: str, comparison: Comparison, grade: Grade) -> Point:
    material, lines = comparison.material, [asdict(line) for line in comparison.lines]
    params = {"potential": name, "material": material.name, "n_lines": len(lines), "source": material.source}
    if not comparison.ratios:
        return Point("phonons", "poor", Notice("all_phonon_lines_collapsed", params), {"lines": lines})
    special_points = list(dict.fromkeys(line.point for line in comparison.lines))
    numbers = {
        "material": material.name,
        "temperature_k": material.temperature_k,
        "source": material.source,
        "median_ratio": comparison.median,
        "lowest_ratio": comparison.ratios[0],
        "highest_ratio": comparison.ratios[-1],
    }
    compared = Notice(
        "phonons_compared",
        {
            **params,
            **numbers,
            "special_points": special_points,
            "n_collapsed": comparison.n_collapsed,
            "transverse_only_at_gamma": len(material.formula) > 1 and "Γ" in special_points,
        },
    )
    verdict: Verdict = "good" if grade.badge == "agrees" else "fair"
    if comparison.n_collapsed or comparison.rms > MAX_FAIR_ERROR:
        verdict = "poor"
    return Point("phonons", verdict, compared, {**numbers, "rms_log_ratio": comparison.rms, "lines": lines})


def stability_point(findings: Mapping[str, Any] | None) -> Point:
    """Return the point on the fraction of imaginary modes of the harmonic prediction."""
    if findings is None:
        return Point("stability", "unknown", Notice("stability_unknown"))
    fraction, lowest = findings["imaginary_fraction"], findings["lowest_energy_mev"]
    numbers = {"imaginary_fraction": fraction, "lowest_energy_mev": lowest}
    if fraction == 0:
        return Point("stability", "good", Notice("all_modes_real"), numbers)
    verdict: Verdict = "fair" if fraction < MAX_IMAGINARY_FRACTION else "poor"
    return Point("stability", verdict, Notice("structure_unstable", numbers), numbers)


def lo_modes_point(evidence: Evidence, findings: Mapping[str, Any]) -> Point:
    """Return the point on the longitudinal optical modes of a polar crystal."""
    if not evidence.lacks_lo_modes:
        numbers = {"gamma_lo_mev": findings["gamma_lo_mev"]}
        return Point("lo_modes", "good", Notice("lo_modes_included", numbers), numbers)
    at_gamma = findings.get("special_phonons_mev", {}).get("Γ")
    numbers = {"highest_gamma_mev": at_gamma[-1] if at_gamma else None}
    return Point("lo_modes", "fair", Notice("lo_modes_missing", numbers), numbers)


def anharmonicity_point(method: str, seen: Observed) -> Point:
    """Return the point on the shift of mean energies between harmonic phonons and dynamics."""
    energies = seen.energies
    if energies is None or not energies.shifts:
        lacking = "md" if method == "harmonic" else "harmonic"
        return Point("anharmonicity", "unknown", Notice("anharmonicity_unknown", {"missing_method": lacking}))
    shifts, noise = energies.shifts, 0.0
    if energies.error is not None:
        noise = max(energies.error[one] / energies.dynamics[one] for one in shifts)
    params = {"relative_shift": shifts, "relative_error": None if energies.error is None else noise}
    largest = max(map(abs, shifts.values()))
    verdict: Verdict
    if largest <= max(MAX_SMALL_SHIFT, 2 * noise):
        known = noise <= MAX_SMALL_SHIFT
        verdict = "good" if known else "unknown"
        notice = Notice("anharmonicity_small", params) if known else Notice("anharmonicity_within_noise", params)
    elif method == "harmonic":
        verdict = "fair" if largest <= MAX_MODERATE_SHIFT else "poor"
        notice = Notice("anharmonicity_omitted", params)
    else:
        verdict, notice = "good", Notice("anharmonicity_included", params)
    numbers = {
        "mean_energy_harmonic_mev": energies.harmonic,
        "mean_energy_dynamics_mev": energies.dynamics,
        "standard_error_mev": energies.error,
        "relative_shift": shifts,
    }
    return Point("anharmonicity", verdict, notice, numbers)


def quantum_point(method: str, temperature_k: float, seen: Observed) -> Point:
    """Return the point on the vibrational energy that classical nuclei lack."""
    numbers: dict[str, Any] = {"highest_mev": seen.highest_mev, "reduced_highest": seen.reduced_highest}
    if method != "md":
        return Point("quantum", "good", Notice("zero_point_motion_included", {"method": method, **numbers}), numbers)
    numbers["missing_energy"] = seen.missing
    lacking = Notice("zero_point_motion_missing", {"temperature_k": temperature_k, **numbers})
    worst = max(seen.missing.values(), default=0.0)
    return Point(
        "quantum", _grade_value(worst, MAX_SMALL_MISSING_ENERGY, MAX_MODERATE_MISSING_ENERGY), lacking, numbers
    )


def statistics_point(method: str, seen: Observed) -> Point:
    """Return the point on the statistical error of the spectrum."""
    if method == "harmonic":
        return Point("statistics", "good", Notice("no_statistical_error"), {"relative_error": 0.0})
    error = seen.statistical_error
    if error is None:
        return Point("statistics", "unknown", Notice("statistical_error_unknown"))
    numbers = {"relative_error": error}
    verdict = _grade_value(error, MAX_LOW_NOISE, MAX_MODERATE_NOISE)
    return Point("statistics", verdict, Notice("statistical_error", numbers), numbers)


def method_point(method: str, reference: Mapping[str, Any] | None, findings: Mapping[str, Any]) -> Point:
    """Return the point on the approximations of the method, with the reference of the harmonic part if there is one."""
    if reference is None:
        return Point("method", "fair", METHODS[method])
    numbers = dict(findings.get("harmonic_correction", {}))
    params = {
        "method": method,
        "basis": reference["basis"],
        "modes": reference.get("modes", "all"),
        "difference": numbers.get("rms_relative_difference"),
    }
    return Point("method", "fair", Notice("method_with_reference", params), numbers)


def run_point(warnings: Sequence[Notice]) -> Point:
    """Return the point on the warnings of the run, without those of other points."""
    warnings = [one for one in warnings if one.code not in OF_OTHER_POINTS]
    numbers = {"n_warnings": len(warnings)}
    if not warnings:
        return Point("run", "good", Notice("run_without_warnings"), numbers)
    return Point("run", "fair", Notice("run_with_warnings", {"warnings": [one.to_json() for one in warnings]}), numbers)


def magnetism_point(elements: Sequence[str]) -> Point:
    """Return the point on the magnetic scattering of elements that may have moments."""
    params = {"elements": list(elements)}
    return Point("magnetism", "fair", Notice("magnetic_scattering_omitted", params), params)


def state_point(state: str, method: str) -> Point:
    """Return the point on a structure that is no crystal."""
    params = {"state": state, "method": method}
    verdict: Verdict = "poor" if method == "harmonic" and state == "liquid" else "fair"
    return Point("state", verdict, Notice("structure_not_crystalline", params), params)


def expansion_points(cell_temperature_k: float | None, temperature_k: float) -> list[Point]:
    """Return a point if the cell is that of another temperature; none if its temperature is not known.

    Parameters
    ----------
    cell_temperature_k
        Temperature of the measurement of the cell, 0 for a relaxed cell; None if unknown.
    temperature_k
        Temperature of the forecast.
    """
    if cell_temperature_k is None or abs(temperature_k - cell_temperature_k) < MIN_TEMPERATURE_DIFFERENCE_K:
        return []
    params = {"cell_temperature_k": cell_temperature_k, "temperature_k": temperature_k}
    return [Point("expansion", "fair", Notice("thermal_expansion_omitted", params), params)]


def _grade_value(value: float, small: float, moderate: float) -> Verdict:
    return "good" if value < small else "fair" if value < moderate else "poor"
