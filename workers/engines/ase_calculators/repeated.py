"""A calculator that evaluates small periodic cells as repeated ones, for methods that sample electrons only at Γ."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase.calculators.calculator import Calculator, all_changes

from scattering.simulate.protocol import cell_heights


class RepeatedCell(Calculator):
    """A calculator of a cell, by another calculator of as many repetitions as a smallest height needs.

    Parameters
    ----------
    calculator
        Calculator of the repeated cell.
    min_height_angstrom
        Å. Cells with smaller heights are repeated. The repetitions of a cell stay when it is strained, so that energies
        of a relaxation are those of one supercell.
    """

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012  # ASE's own way

    def __init__(self, calculator: Calculator, *, min_height_angstrom: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._calculator, self._min_height = calculator, min_height_angstrom
        self._numbers: tuple[int, ...] = ()
        self._repeats: tuple[int, ...] = (1, 1, 1)

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Evaluate energy (eV), forces (eV/Å) and stress (eV/Å³, tension positive) of the cell that is not repeated."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        numbers = tuple(atoms.numbers)
        if numbers != self._numbers:
            heights = cell_heights(atoms.cell.array)
            self._numbers = numbers
            self._repeats = tuple(int(np.ceil(self._min_height / height)) for height in heights)
        n_cells = int(np.prod(self._repeats))
        repeated = atoms.repeat(self._repeats)
        repeated.calc = self._calculator
        forces = repeated.get_forces().reshape(n_cells, len(atoms), 3)
        self.results = {
            "energy": repeated.get_potential_energy() / n_cells,
            "free_energy": repeated.get_potential_energy() / n_cells,
            "forces": forces.mean(axis=0),
            "stress": repeated.get_stress(),
        }
