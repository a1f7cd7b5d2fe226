"""Sentences about potentials that were trained here, for the reliability and the methods of a forecast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backend.wording import Words
from backend.wording.formatting import SPACE, counted, listed, number, percent


def evidence_text(
    *,
    base: str,
    reference: str,
    temperature_k: float,
    n_labels: int | None,
    n_held_out: int | None,
    force_error_before: float | None,
    force_error_after: float | None,
    phonon_error_before: float | None,
    phonon_error_after: float | None,
    stable_ps: float | None,
) -> str:
    """Return what a training found, from `backend.trainings.facts.summary`, as a sentence or two."""
    labels = "labels" if n_labels is None else counted(n_labels, "label")
    kept = "" if n_held_out is None else f", of which {n_held_out} were held out"
    found = []
    if force_error_before is not None and force_error_after is not None:
        errors = f"{number(force_error_before)} eV/Å before and {number(force_error_after)} eV/Å after"
        found.append(f"the force error on {'those' if kept else 'held-out labels'} is {errors}")
    if phonon_error_before is not None and phonon_error_after is not None:
        errors = f"{percent(phonon_error_before)} before and {percent(phonon_error_after)} after"
        found.append(f"the mean error of the phonons against the reference is {errors}")
    if stable_ps is not None:
        found.append(
            f"molecular dynamics at {number(temperature_k, 4)}{SPACE}K stayed intact for {number(stable_ps)} ps"
        )
    trained = f"trained from {base} on {labels} of the reference {reference}{kept}"
    return f"{trained}: {listed(found)}." if found else f"{trained}."


def _potential_trained(
    *,
    potential: str,
    own_error: float | None,
    reference_error: float | None,
    relative_error: float | None,
    training: Mapping[str, Any],
) -> str:
    said = f"{potential} was made for this structure: {evidence_text(**training)}"
    if own_error is None or reference_error is None or relative_error is None:
        return f"{said} Its phonons were not compared with those of the reference, so their accuracy is not known."
    return (
        f"{said} Expect energies to be right within ±{SPACE}{percent(relative_error)}: {percent(own_error)} against "
        f"the reference, and {percent(reference_error)} of the reference against measurements."
    )


def _brief_potential_trained(
    *, potential: str, own_error: float | None, reference_error: float | None, training: Mapping[str, Any], **_: Any
) -> str:
    if own_error is None or reference_error is None:
        return f"{potential} was trained for this structure; its phonons were not compared with the reference."
    return (
        f"{potential} was trained for this structure: {percent(own_error)} off its reference {training['reference']}, "
        f"which is off by {percent(reference_error)}."
    )


WORDS: Final[Mapping[str, Words]] = {
    "potential_trained": _potential_trained,
    "brief_potential_trained": _brief_potential_trained,
    "potential_trained_elsewhere": "{potential} was trained for another structure. How good it is in this one is not "
    "known.",
    "brief_potential_trained_elsewhere": "{potential} was trained for another structure: its accuracy in this one is "
    "not known.",
    "methods_trained": lambda **training: f"It was {evidence_text(**training)}",
}
