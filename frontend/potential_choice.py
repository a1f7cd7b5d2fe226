"""The potentials that a form offers: their order, their labels, and the one that is chosen if the user says nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from frontend.client import JsonObject
from frontend.text import ago


def potential_choices(
    potentials: Sequence[JsonObject], elements: Sequence[str], structure_id: str, trainings: Sequence[JsonObject] = ()
) -> list[tuple[str, str, bool]]:
    """Return (id, label, whether it covers the structure and can run) of each potential, those for this one first.

    Parameters
    ----------
    trainings
        Those of the structure. They order the potentials that they made, see `training_errors`.
    """
    by_potential = _by_potential(trainings)
    ordered = sorted(
        potentials, key=lambda one: (not _is_made_for(one, structure_id), training_errors(by_potential.get(one["id"])))
    )
    return [
        (
            one["id"],
            _label(one, elements, structure_id, by_potential.get(one["id"])),
            not (_missing(one, elements) or one["unavailable"]),
        )
        for one in ordered
    ]


def default_potential(
    potentials: Sequence[JsonObject], elements: Sequence[str], structure_id: str, trainings: Sequence[JsonObject] = ()
) -> str:
    """Return the id of a potential that covers the structure and can run.

    The one trained for it with the smallest errors; else a pretrained one; else any.
    """
    by_potential = _by_potential(trainings)

    def rank(potential: JsonObject) -> tuple[int, tuple[float, float]]:
        errors = training_errors(by_potential.get(potential["id"]))
        if _is_made_for(potential, structure_id):
            return 0, errors
        return (1 if potential["kind"] == "pretrained" else 2), errors

    usable = [one for one in potentials if not (_missing(one, elements) or one["unavailable"])]
    return min(usable, key=rank)["id"] if usable else ""


def training_errors(training: JsonObject | None) -> tuple[float, float]:
    """Return what orders trained potentials: the error of phonons, then of held-out forces; infinite where unknown.

    Phonons come first because forecasts are made of them. A potential without the comparison is behind all that have
    it. The newer one of two equal potentials is first, as the lists of the API are.
    """
    evidence = {} if training is None else training["evidence"]
    phonons = evidence.get("phonons", {}).get("mean_error_after")
    forces = evidence.get("held_out", {}).get("after", {}).get("force_ev_per_angstrom")
    return (math.inf if phonons is None else phonons, math.inf if forces is None else forces)


def _by_potential(trainings: Sequence[JsonObject]) -> dict[str, JsonObject]:
    return {one["potential_id"]: one for one in trainings if one["potential_id"]}


def _is_made_for(potential: JsonObject, structure_id: str) -> bool:
    return bool(potential["kind"] == "trained" and potential["structure_id"] == structure_id)


def _label(potential: JsonObject, elements: Sequence[str], structure_id: str, training: JsonObject | None) -> str:
    count = len(potential["elements"])
    known = f"{count} elements" if count > 3 else ", ".join(potential["elements"]) or "elements not stated"
    if potential["kind"] == "trained":
        known = "for this structure" if _is_made_for(potential, structure_id) else f"for another structure of {known}"
        error, _ = training_errors(training)
        if math.isfinite(error):
            known = f"{known}, phonons {100 * error:.1f} % off its reference"
        known = f"{known}, {ago(potential['created_at'])}"
    label = f"{potential['name']} · {known}"
    if missing := _missing(potential, elements):
        return f"{label} · lacks {', '.join(missing)}"
    if potential["unavailable"]:
        return f"{label} · not installed"
    return label if potential["installed"] else f"{label} · fetched at first use"


def _missing(potential: JsonObject, elements: Sequence[str]) -> list[str]:
    known = potential["elements"]
    return [element for element in elements if known and element not in known]
