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
        As `scattering.crystal.protocol.fill_options` returns them.
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
        from workers.crystal import harmonic

        return harmonic.run(atoms, calculator, options=options, temperature=temperature, progress=progress)
    from workers.crystal import dynamics

    return dynamics.run(atoms, calculator, options=options, temperature=temperature, folder=folder, progress=progress)
