"""The workflows of a single crystal along a path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.calculators.calculator import Calculator

from workers.outcome import Outcome
from workers.progress import Progress


def run(
    atoms: Atoms,
    calculator: Calculator,
    *,
    method: str,
    options: Mapping[str, Any],
    temperature: float,
    folder: Path,
    progress: Progress,
) -> Outcome:
    """Make a single crystal's partials with a method; each imports what the other may not need.

    Parameters
    ----------
    atoms
        The uploaded cell.
    calculator
        The potential.
    method
        "harmonic" or "md".
    options
        As `scattering.crystal_protocol.fill_options` returns them.
    temperature
        Kelvin.
    folder
        Where a trajectory goes while it is needed.

    Raises
    ------
    CannotPredict
        The potential does not hold the structure.
    """
    if method == "harmonic":
        from workers import crystal_harmonic

        return crystal_harmonic.run(atoms, calculator, options=options, temperature=temperature, progress=progress)
    from workers import crystal_dynamics

    return crystal_dynamics.run(
        atoms, calculator, options=options, temperature=temperature, folder=folder, progress=progress
    )
