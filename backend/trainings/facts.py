"""What a training says about the potential that it made, for those who use the potential."""

from __future__ import annotations

from typing import Any

from backend.trainings.tables import Training


def level_of_theory(row: Training) -> str:
    """Return the level of theory of the reference, as far as it is stated."""
    return str(row.reference.get("level_of_theory") or "")


def basis(row: Training) -> str:
    """Return the name of the reference: its level of theory, or else the name of its labels."""
    return level_of_theory(row) or str(row.reference.get("title") or row.reference.get("name") or row.reference["kind"])


def points(row: Training, side: str) -> dict[str, list[float]]:
    """Return the phonons at special points, meV, of one side (`reference`, `before`, `after`); empty if unknown."""
    compared: dict[str, dict[str, list[float] | None]] = row.evidence.get("phonons", {}).get("points", {})
    return {name: energies for name, sides in compared.items() if (energies := sides.get(side)) is not None}


def summary(row: Training) -> dict[str, Any]:
    """Return the evidence in numbers, as parameters of notices; None for what is not known."""
    evidence = row.evidence
    held_out, phonons = evidence.get("held_out", {}), evidence.get("phonons", {})
    return {
        "base": row.base,
        "reference": basis(row),
        "temperature_k": row.temperature_k,
        "n_labels": evidence.get("n_labels"),
        "n_held_out": evidence.get("n_held_out"),
        "force_error_before": held_out.get("before", {}).get("force_ev_per_angstrom"),
        "force_error_after": held_out.get("after", {}).get("force_ev_per_angstrom"),
        "phonon_error_before": phonons.get("mean_error_before"),
        "phonon_error_after": phonons.get("mean_error_after"),
        "stable_ps": evidence.get("stable_md_ps"),
    }
