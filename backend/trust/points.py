"""The points that trust rests on, one function each, in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from backend.trust.observed import Observed
from backend.trust.schemas import Topic, Verdict
from backend.trust.words import percent, signed
from scattering.trust.grade import DOCUMENTED, Evidence, Grade
from scattering.trust.measured_phonons import Material

FAINT: Final = 0.03
PLAIN: Final = 0.10
"""Up to these shares a deviation is good, and fair."""
CLEAN: Final = 0.05
NOISY: Final = 0.15
"""The same of a spectrum's statistical error: 5 % can hardly be seen in a figure."""

METHODS: Final[Mapping[str, str]] = {
    "harmonic": "The harmonic approximation has no anharmonic shift or broadening. Scattering by one phonon is "
    "computed with the phase between the atoms; overtones and combinations, up to ten phonons at once, in the "
    "incoherent approximation: at small q and in coherent scatterers their dependence on q is not to be trusted.",
    "md": "Molecular dynamics has the anharmonicity of the potential, at the amplitudes that classical nuclei have.",
    "trpmd": "Path integrals give the nuclei their zero-point motion; how they move in time is approximate (TRPMD): "
    "the thermostat on the beads broadens stiff modes, overtones come out too weak, and too few beads leave part of "
    "the zero-point motion out.",
}


@dataclass(frozen=True)
class Point:
    """One thing that the trust rests on."""

    topic: Topic
    verdict: Verdict
    text: str
    numbers: dict[str, Any] = field(default_factory=dict)


def potential(name: str, n_elements: int, elements: Sequence[str], evidence: Evidence) -> Point:
    """What the potential was made for."""
    numbers: dict[str, Any] = {"elements": list(elements), "n_elements_trained": n_elements}
    if evidence.standing == "documented":
        return Point(
            "potential",
            "fair",
            f"{name} is a general potential for {n_elements} elements, among them {_list(elements)}: phonon energies "
            "are within 5–15 % of experiment for most inorganic crystals, and much worse for some.",
            {**numbers, "relative_error": DOCUMENTED},
        )
    return Point(
        "potential",
        "unknown",
        f"{name} is an uploaded potential for {_list(elements)}: its accuracy is not known here, and it holds for "
        "structures like those it was trained on.",
        numbers,
    )


def training(name: str, findings: Mapping[str, Any]) -> Point:
    """Whether the structure lies within what the potential was trained on."""
    found = findings.get("training_range")
    if not found:
        return Point(
            "training",
            "unknown",
            f"Whether the structure is like those that {name} was trained on is not known: its file does not tell, or "
            "the prediction was made before Beamcast looked.",
        )
    largest, spread = found["largest"], found["spread"]
    numbers = {"largest_over_range": largest, "spread_over_range": spread}
    blind = "Elements are not told apart in this: whether these were trained side by side is not known."
    if spread > 1:
        text = f"Surroundings of the atoms differ by {spread:.1f} times the whole range that {name} was trained on."
        return Point("training", "poor", f"{text} {blind}", numbers)
    if largest > 1:
        text = (
            f"The most crowded surroundings of an atom are {largest:.1f} times the range that {name} was trained on; "
            "where that range begins its file does not tell, so that they may lie inside or not."
        )
        return Point("training", "unknown", f"{text} {blind}", numbers)
    text = (
        f"No atom has more crowded or lopsided surroundings than {name} was trained on: the largest are at "
        f"{100 * largest:.0f} % of the range of its training set."
    )
    return Point("training", "good", f"{text} {blind}", numbers)


def phonons(name: str, material: Material | None, evidence: Evidence, grade: Grade) -> Point:
    """Phonons beside measured ones."""
    comparison = evidence.comparison
    if comparison is None:
        text = (
            "No phonons that were measured in this crystal are tabulated here: compare with a known line of your "
            "sample, and use the energy scale."
            if material is None
            else f"Phonons of {material.name} were measured, but no harmonic prediction of this structure and "
            "potential is here to compare with them: a preview takes seconds."
        )
        return Point("phonons", "unknown", text)
    if not comparison.ratios:
        return Point(
            "phonons",
            "poor",
            f"All {len(comparison.lines)} phonon lines of {comparison.material.name} that were measured "
            f"({comparison.material.source}) are imaginary in {name}, or next to that.",
            {"lines": [asdict(line) for line in comparison.lines]},
        )
    points = list(dict.fromkeys(line.point for line in comparison.lines))
    lowest, highest = comparison.ratios[0], comparison.ratios[-1]
    text = (
        f"Of {len(comparison.lines)} phonon energies of {comparison.material.name} at {_list(points)}, measured at "
        f"{comparison.material.temperature_k:g} K ({comparison.material.source}), {name} has a median of "
        f"{comparison.median:.2f}, from {lowest:.2f} to {highest:.2f} of the measured value."
    )
    if comparison.n_collapsed:
        text += f" {comparison.n_collapsed} of them are imaginary or next to that."
    if len(comparison.material.formula) > 1 and "Γ" in points:
        text += " At Γ the transverse optical modes are compared: without charges, the potential has no others."
    verdict: Verdict = "good" if grade.badge == "agrees" else "fair"
    if comparison.n_collapsed or comparison.rms > 2 * DOCUMENTED:
        verdict = "poor"
    return Point(
        "phonons",
        verdict,
        text,
        {
            "material": comparison.material.name,
            "temperature_k": comparison.material.temperature_k,
            "source": comparison.material.source,
            "median_ratio": comparison.median,
            "lowest_ratio": lowest,
            "highest_ratio": highest,
            "rms_log_ratio": comparison.rms,
            "lines": [asdict(line) for line in comparison.lines],
        },
    )


def stability(findings: Mapping[str, Any] | None) -> Point:
    """Imaginary modes of the harmonic prediction."""
    if findings is None:
        return Point("stability", "unknown", "Imaginary modes are not known of: there is no harmonic prediction.")
    fraction, lowest = findings["imaginary_fraction"], findings["lowest_energy_mev"]
    numbers = {"imaginary_fraction": fraction, "lowest_energy_mev": lowest}
    if fraction == 0:
        return Point("stability", "good", "All harmonic modes are real: the potential holds the structure.", numbers)
    return Point(
        "stability",
        "fair" if fraction < 0.01 else "poor",
        f"{percent(fraction)} of the harmonic modes are imaginary, down to {abs(lowest):.1f}i meV: at rest the "
        "potential prefers another structure.",
        numbers,
    )


def anharmonicity(method: str, seen: Observed) -> Point:
    """Harmonic against dynamics."""
    if seen.energies is None or not seen.energies.shifts:
        missing = "molecular dynamics" if method == "harmonic" else "harmonic prediction"
        return Point(
            "anharmonicity",
            "unknown",
            f"How anharmonic the crystal is cannot be told: there is no {missing} of the same structure with the same "
            "potential and temperature.",
        )
    energies, shifts = seen.energies, seen.energies.shifts
    told = _list([f"{signed(shift)} for {species}" for species, shift in shifts.items()])
    largest = max(map(abs, shifts.values()))
    text = f"From harmonic phonons to dynamics the mean vibrational energy moves by {told}"
    noise = 0.0
    if energies.error is not None:
        noise = max(energies.error[one] / energies.dynamics[one] for one in shifts)
        text += f" (±\u00a0{percent(noise)})"
    verdict: Verdict
    if largest <= max(FAINT, 2 * noise):
        verdict = "good" if noise <= FAINT else "unknown"
        text += ": little." if verdict == "good" else ": no more than the noise of the dynamics."
    elif method == "harmonic":
        verdict = "fair" if largest <= PLAIN else "poor"
        text += ": this forecast lacks that."
    else:
        verdict = "good"
        text += ", which this forecast has."
    return Point(
        "anharmonicity",
        verdict,
        text,
        {
            "mean_energy_harmonic_mev": energies.harmonic,
            "mean_energy_dynamics_mev": energies.dynamics,
            "standard_error_mev": energies.error,
            "relative_shift": shifts,
        },
    )


def quantum(method: str, temperature_k: float, seen: Observed) -> Point:
    """Classical against quantum nuclei."""
    numbers: dict[str, Any] = {"highest_mev": seen.highest_mev, "reduced_highest": seen.reduced_highest}
    reach = f"modes reach {seen.highest_mev:.0f} meV, {seen.reduced_highest:.1f} times the thermal energy"
    if method != "md":
        how = "harmonic oscillators" if method == "harmonic" else "path integrals"
        text = f"Nuclei have their zero-point motion, by {how}: {reach}."
        return Point("quantum", "good", text, numbers)
    numbers["missing_energy"] = seen.missing
    worst = max(seen.missing.values(), default=0.0)
    shares = _list([f"{percent(share)} for {species}" for species, share in seen.missing.items()])
    text = (
        f"Nuclei move classically, while {reach} at {temperature_k:g} K: of the vibrational energy they lack {shares}, "
        "which is zero-point motion. Correcting the spectrum for detailed balance mends intensities, not energies: "
        "stiff modes, those of hydrogen above all, tend to come out too high and narrow."
    )
    return Point("quantum", "good" if worst < CLEAN else "fair" if worst < 0.5 else "poor", text, numbers)


def statistics(method: str, seen: Observed) -> Point:
    """Noise."""
    if method == "harmonic":
        return Point("statistics", "good", "Harmonic phonons have no statistical error.", {"relative_error": 0.0})
    error = seen.statistical_error
    if error is None:
        text = "One run has no standard error; ask for several independent runs to get one."
        return Point("statistics", "unknown", text)
    return Point(
        "statistics",
        "good" if error < CLEAN else "fair" if error < NOISY else "poor",
        f"The statistical error is {percent(error)} of the intensity (median): it tells how well the average of "
        "independent runs is known, not how good the potential is.",
        {"relative_error": error},
    )


def method(name: str) -> Point:
    """What the method itself leaves out."""
    return Point("method", "fair", METHODS[name])


def run(warnings: Sequence[str]) -> Point:
    """What the run itself warned of."""
    if not warnings:
        return Point("run", "good", "The run gave no warnings.", {"n_warnings": 0})
    return Point("run", "fair", " ".join(warnings), {"n_warnings": len(warnings)})


def _list(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
