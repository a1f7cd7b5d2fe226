"""A training: its progress while it runs, then the evidence about the potential that it made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from frontend.client import ApiClient, ApiProblem, JsonObject, settled
from frontend.contexts.page import Context, Page, Query, required
from frontend.text import percent, significant

SMALL_MEV: Final = 0.05
"""Energies that are 0 within the precision of force constants."""
MAX_OPEN_ROWS: Final = 14
"""A longer table of modes is folded."""
HELD_OUT: Final = (
    ("force_ev_per_angstrom", "Force error", "eV/Å"),
    ("energy_mev_per_atom", "Energy error", "meV per atom"),
    ("stress_gpa", "Stress error", "GPa"),
)
DASH: Final = "—"


@dataclass(frozen=True)
class Check:
    """A line of the evidence.

    Attributes
    ----------
    term
        Key of its explanation; "" without one.
    verdict
        "good": passed; "poor": not passed; "unknown": not checked; "": it does not decide.
    """

    title: str
    term: str
    before: str
    after: str
    verdict: str


async def context(api: ApiClient, path: Query, query: Query) -> Context:
    """Return a training with its structure, its potential and what can be drawn."""
    training = await api.get(f"/trainings/{path['training_id']}")
    potential_id, label_set_id = training["potential_id"], training["label_set_id"]
    structure, potential, labels = await settled(
        api.structure(training["structure_id"]),
        api.get(f"/potentials/{potential_id}") if potential_id else api.health(),
        api.get(f"/label-sets/{label_set_id}") if label_set_id else api.health(),
    )
    required(structure)
    evidence = training["evidence"] if training["status"] == "succeeded" else None
    modes = [] if evidence is None else mode_rows(evidence["phonons"]["points"])
    return {
        "training": training,
        "structure": structure,
        "title": structure["name"] or structure["formula"],
        "potential": potential if potential_id and not isinstance(potential, ApiProblem) else None,
        "labels": labels if label_set_id and not isinstance(labels, ApiProblem) else None,
        "evidence": evidence,
        "checks": [] if evidence is None else checks(training),
        "modes": modes,
        "has_reference": any(row["reference"] != DASH for row in modes),
        "modes_open": len(modes) <= MAX_OPEN_ROWS,
        "data": {"training": training | {"evidence": {}}, "has_loss": bool(training["evidence"].get("loss"))},
    }


def checks(training: Mapping[str, Any]) -> list[Check]:
    """Return the evidence of a training that has ended: what the gate compared, and whether it passed."""
    evidence, phonons = training["evidence"], training["evidence"]["phonons"]
    codes = {notice["code"] for notice in training["notices"]}
    before, after = phonons["before"], phonons["after"]

    def verdict(code: str) -> str:
        return "poor" if code in codes else "good"

    held_out = [
        Check(f"{title}, {unit}", "held_out", *_sides(evidence["held_out"], name), verdict="")
        for name, title, unit in HELD_OUT
        if evidence["held_out"]["after"].get(name) is not None
    ]
    forces = [
        Check(one.title, one.term, one.before, one.after, verdict("trained_errors_not_lower")) for one in held_out[:1]
    ]
    compared = phonons["mean_error_after"] is not None
    shown = {side: percent(phonons[f"mean_error_{side}"]) if compared else DASH for side in ("before", "after")}
    imaginary = verdict("trained_imaginary_modes")
    wanted = training["options"]["dynamics_ps"]
    return [
        *forces,
        *held_out[1:],
        Check(
            "Mean error of phonons against the reference",
            "reference_phonons",
            shown["before"],
            shown["after"],
            verdict("trained_phonons_worse") if compared else "unknown",
        ),
        *(
            Check(f"Lowest mode {where}, meV", "lowest_mode", _energy(before[name]), _energy(after[name]), imaginary)
            for name, where in (("lowest_unmoved_mev", "at the positions of the file"), ("lowest_mev", "relaxed"))
        ),
        Check(
            "Largest shift of an atom by relaxation, Å",
            "",
            f"{before['drift_angstrom']:.3f}",
            f"{after['drift_angstrom']:.3f}",
            verdict("trained_geometry_moved"),
        ),
        Check(
            f"Intact dynamics at {training['temperature_k']:g} K, ps",
            "",
            DASH,
            f"{significant(evidence['stable_md_ps'])} of {significant(wanted)}",
            verdict("trained_dynamics_broke"),
        ),
    ]


def _sides(held_out: Mapping[str, Any], name: str) -> tuple[str, str]:
    before, after = (significant(held_out[side].get(name)) for side in ("before", "after"))
    return before, after


def mode_rows(points: Mapping[str, Mapping[str, Sequence[float] | None]]) -> list[JsonObject]:
    """Return a row for each energy at the special points, with the number of its modes.

    Modes of one energy on all sides share a row.
    """
    rows = []
    for point, sides in points.items():
        shown = {side: [_energy(one) for one in sorted(energies)] for side, energies in sides.items() if energies}
        length = max((len(one) for one in shown.values()), default=0)
        columns = [shown.get(side) or [DASH] * length for side in ("reference", "before", "after")]
        if len({len(one) for one in columns}) > 1:
            continue
        for number, (values, group) in enumerate(groupby(zip(*columns, strict=True))):
            reference, before, after = values
            rows.append(
                {
                    "point": point.replace("_", ""),
                    "is_first": number == 0,
                    "n_modes": len(list(group)),
                    "reference": reference,
                    "before": before,
                    "after": after,
                }
            )
    return rows


def _energy(mev: float) -> str:
    return "0" if abs(mev) < SMALL_MEV else f"{mev:.1f}".replace("-", "−")


PAGE: Final = Page("/trainings/{training_id}", "training.html", context)
