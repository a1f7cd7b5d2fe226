"""Sentences about refused actions on predictions, and the warnings of an estimate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backend import wording
from scattering.core.notices import Notice


def _elements_not_covered(*, potential: str, structure: str, missing: Sequence[str], elements: Sequence[str]) -> str:
    return (
        f"{potential} does not cover {', '.join(missing)}, which {structure} contains: choose a potential that covers "
        f"{', '.join(elements)}."
    )


def _long_simulation(*, duration_s: float) -> str:
    return f"This simulation would take about {duration_s / 3600:.0f} hours on this machine."


def _prediction_failed(*, error: Mapping[str, Any] | None) -> str:
    reason = "" if error is None else f" {wording.message(Notice.from_json(error))}"
    return f"This prediction has failed, so it has no result.{reason}"


def _prediction_not_finished(*, status: str, stage: Mapping[str, Any] | None, progress: float) -> str:
    doing = "" if stage is None else f" ({wording.message(Notice.from_json(stage))}, {progress:.0%})"
    return f"This prediction is {status}{doing} and has no result yet: wait until it has succeeded."


WORDS: Final[Mapping[str, wording.Words]] = {
    "cell_of_harmonic_reference": "With the harmonic part of another forecast, the cell is that of this forecast: it "
    "is neither relaxed nor free (ensemble nvt).",
    "crystal_without_molecules": "This crystal has no molecules: choose all modes.",
    "elements_not_covered": _elements_not_covered,
    "harmonic_reference_not_harmonic": "The harmonic part must come from a harmonic forecast that has succeeded.",
    "harmonic_reference_of_dynamics": "Only dynamics with a potential can have the harmonic part of another forecast: "
    "choose “md” or “trpmd”, and a potential.",
    "harmonic_reference_of_other_structure": "The harmonic part must come from a forecast of the same structure.",
    "long_simulation": _long_simulation,
    "duration_measured": "This range comes from {n_runs} similar predictions on this server.",
    "duration_not_measured": "This server has run too few similar predictions to give a narrower range: the duration "
    "may differ from the estimate by a factor of {factor:g}.",
    "harmonic_source": "Phonons give harmonic forecasts only, not the method “{method}”: choose “harmonic”.",
    "isotopes_of_trajectory": "The atoms of the trajectory moved with their masses, which cannot change. Leave the "
    "isotopes out, or upload the trajectory with them (species).",
    "trajectory_source": "This trajectory does not give forecasts of the method “{method}”: choose “{choice}” (“trpmd” "
    "for ring polymers, “md” for all others).",
    "isotopes_of_modes": "The source has modes without force constants: their masses cannot change. Leave the isotopes "
    "out, or upload force constants.",
    "isotopes_of_harmonic_only": "Only harmonic forecasts keep force constants, and this forecast is of the method "
    "“{method}”: request a new prediction with these isotopes.",
    "path_of_modes": "The source has modes at some wave vectors only. A path needs force constants: upload them, or "
    "choose a powder.",
    "prediction_has_ended": "This prediction has already ended ({status}), so it cannot be cancelled.",
    "prediction_failed": _prediction_failed,
    "prediction_cancelled": "This prediction was cancelled, so it has no result.",
    "prediction_not_finished": _prediction_not_finished,
    "structure_or_source": "State either a structure, with a potential, or a source of phonons (source_id), without "
    "both.",
    "unknown_potential": "There is no potential “{name}”: GET /potentials lists the potentials.",
}
