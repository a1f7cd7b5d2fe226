"""phonopy.yaml and its kin, as checked dicts of `safe_yaml`: cells, matrices, units, force constants, Born charges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ase.data import atomic_masses, atomic_numbers
from numpy.typing import NDArray
from phonopy.interface.phonopy_yaml import load_phonopy_yaml

from backend.sources.formats import safe_yaml
from backend.sources.formats.phonopy.units import Units, units_of
from backend.sources.formats.reading import (
    Program,
    UnitCell,
    UploadedFile,
    check_constants,
    check_supercell,
    incomplete,
    refusing_damage,
)
from backend.sources.formats.supercells import Supercell

UNITS: Final = "physical_unit"
"""phonopy refuses units that differ from those of this version of the calculator; `units_of` reads them."""


@dataclass(frozen=True, eq=False)
class PhonopyYaml:
    """Contents of a file; lengths and force constants in Å and eV/Å², other numbers in the units of the file.

    Attributes
    ----------
    unit_cell, primitive
        Cells; `primitive` is None if the file has none.
    supercell
        The supercell with its primitive cell, as the file numbers them; None if the file does not relate them.
    supercell_matrix, primitive_matrix
        As phonopy has them; None if they are not in the file.
    dataset
        Displacements, and forces if the file has them, as phonopy has them; None if it has no displacements.
    constants
        Shape (n_rows, n_supercell_atoms, 3, 3), or None.
    nac
        `born`, `dielectric`, `factor` of phonopy, or nothing.
    """

    file: UploadedFile
    units: Units
    program: Program
    unit_cell: UnitCell
    primitive: UnitCell | None
    supercell: Supercell | None
    supercell_matrix: NDArray[np.int64] | None
    primitive_matrix: NDArray[np.float64] | None
    dataset: dict[str, Any] | None
    constants: NDArray[np.float64] | None
    nac: dict[str, Any]

    @property
    def has_forces(self) -> bool:
        """Whether all displacements have forces."""
        if self.dataset is None:
            return False
        if "first_atoms" in self.dataset:
            return all("forces" in one for one in self.dataset["first_atoms"])
        return "forces" in self.dataset


def read(file: UploadedFile) -> PhonopyYaml:
    """Read a file.

    Raises
    ------
    Refused
        It is not safe, too large, or has no cell.
    """
    content = safe_yaml.load(file.data, file.name)
    with refusing_damage(file):
        if not isinstance(content, dict):
            raise incomplete(file)
        _check_sizes(content)
        header = content.get("phonopy") or {}
        calculator = header.get("calculator")
        units = units_of(content.pop(UNITS, None) or {}, calculator)
        data = load_phonopy_yaml(content)
        cells = {name: _cell(content[name], units) for name in ("unit_cell", "primitive_cell") if name in content}
        unit_cell = cells.get("unit_cell") or cells.get("primitive_cell") or _cell(content, units)
        constants = data.force_constants
        return PhonopyYaml(
            file=file,
            units=units,
            program=Program("phonopy", str(header.get("version", "")), calculator=str(calculator or "")),
            unit_cell=unit_cell,
            primitive=cells.get("primitive_cell"),
            supercell=_supercell(content, units),
            supercell_matrix=data.supercell_matrix,
            primitive_matrix=data.primitive_matrix,
            dataset=None if data.dataset is None else dict(data.dataset),
            constants=None if constants is None else constants * units.constants,
            nac=dict(data.nac_params or {}),
        )


def _check_sizes(content: Mapping[str, Any]) -> None:
    """Refuse a file by the sizes that its header states."""
    unit_cell = content.get("unit_cell") or content.get("primitive_cell") or content
    n_atoms = len(_points(unit_cell))
    check_supercell(n_atoms)
    if "supercell_matrix" in content:
        matrix = np.array(content["supercell_matrix"], dtype=np.float64)
        check_supercell(n_atoms * abs(np.linalg.det(matrix.reshape(3, 3))))
    if "supercell" in content:
        check_supercell(len(_points(content["supercell"])))
    if "force_constants" in content:
        n_rows, n_columns = content["force_constants"]["shape"]
        check_supercell(n_columns)
        check_constants(1, n_columns)
        if len(content["force_constants"]["elements"]) != n_rows * n_columns:
            # numpy would make the whole array of the shape first
            raise ValueError("force_constants has other elements than its shape")


def _points(cell: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return cell.get("points") or cell.get("atoms") or []


def _cell(cell: Mapping[str, Any], units: Units) -> UnitCell:
    lattice = np.array(cell["lattice"], dtype=np.float64).reshape(3, 3) * units.length
    points = _points(cell)
    fractional = np.array([one.get("coordinates", one.get("position")) for one in points], dtype=np.float64)
    symbols = tuple(str(one["symbol"]).rstrip("0123456789") for one in points)
    usual = [atomic_masses[atomic_numbers[symbol]] for symbol in symbols]
    masses = [float(one.get("mass", mass)) for one, mass in zip(points, usual, strict=True)]
    return UnitCell(lattice, fractional.reshape(-1, 3) @ lattice, symbols, np.array(masses))


def _supercell(content: Mapping[str, Any], units: Units) -> Supercell | None:
    """Return the supercell, if its atoms name the atoms of the primitive cell that they repeat."""
    points = _points(content.get("supercell") or {})
    if "primitive_cell" not in content or not points or "reduced_to" not in points[0]:
        return None
    primitive, supercell = _cell(content["primitive_cell"], units), _cell(content["supercell"], units)
    rows, unit_atom = np.unique([int(one["reduced_to"]) - 1 for one in points], return_inverse=True)
    if len(rows) != len(primitive.masses):
        return None
    at_rows = UnitCell(primitive.cell, supercell.positions[rows], primitive.symbols, primitive.masses)
    return Supercell(at_rows, supercell.cell, supercell.positions, unit_atom, rows)
