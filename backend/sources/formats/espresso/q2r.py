"""Force constants that Quantum ESPRESSO's `q2r.x` writes (.fc).

With Born charges, the smooth part of the forces between dipoles is subtracted from them. It is added back here.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import constants

from backend.sources.formats.espresso.lattices import lattice_of
from backend.sources.formats.phonopy.units import BOHR_ANGSTROM, HARTREE_EV
from backend.sources.formats.reading import (
    Files,
    Program,
    Reading,
    Statements,
    UnitCell,
    UploadedFile,
    check_constants,
    check_supercell,
    incomplete,
    refusing_damage,
)
from backend.sources.formats.species import Type, elements_of
from backend.sources.formats.supercells import sites_of
from scattering.core.dipole_response import DipoleResponse
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.simulate.dipoles import add_rigid_ion_part

RYDBERG_EV: Final = HARTREE_EV / 2
RYDBERG_MASS_U: Final[float] = 2 * constants.m_e / constants.atomic_mass
"""Unit of the masses: 2 mₑ."""
DEFAULT_ALPHA: Final = 1.0
"""Parameter of the Ewald sum of older versions, which do not write it."""
_SPECIES: Final = re.compile(r"\s*\d+\s+'([^']*)'\s+(\S+)\s*")


@dataclass(frozen=True, eq=False)
class _Header:
    """What stands before the force constants.

    Attributes
    ----------
    unit
        celldm(1) in Å.
    cell
        Shape (3, 3), Å.
    types
        Types of atoms.
    type_of, positions
        Type, from 0, and position in Å of each atom.
    dipoles, alpha
        Born charges and dielectric tensor, and the parameter of the Ewald sum in the unit (2π/celldm(1))²; or None.
    grid
        Number of cells along each vector.
    body
        Number of the first line of the force constants.
    """

    unit: float
    cell: NDArray[np.float64]
    types: list[Type]
    type_of: list[int]
    positions: NDArray[np.float64]
    dipoles: DipoleResponse | None
    alpha: float
    grid: tuple[int, int, int]
    body: int


def read(files: Files, statements: Statements) -> Reading:
    """Read a file.

    Raises
    ------
    Refused
        It is damaged, or too large; or the user must state the elements.
    """
    file = files["q2r"]
    lines = file.text.split("\n")
    with refusing_damage(file):
        header = _read_header(file, lines)
    symbols, masses = elements_of(header.types, statements, file)
    with refusing_damage(file):
        cell = UnitCell(
            header.cell,
            header.positions,
            tuple(symbols[one] for one in header.type_of),
            np.array([masses[one] for one in header.type_of]),
        )
        n_modes = 3 * len(header.type_of)
        origins = np.stack(np.meshgrid(*map(np.arange, header.grid), indexing="ij"), axis=-1).reshape(-1, 3)
        crystal = HarmonicCrystal(
            cell=cell.cell,
            uploaded_cell=cell.cell,
            positions=cell.positions,
            masses=cell.masses,
            species=cell.symbols,
            sites=sites_of(cell),
            supercell_matrix=np.diag(header.grid).astype(np.int64),
            cell_origins=origins,
            force_constants=_read_constants(file, lines[header.body :], header.grid, n_modes),
            dipoles=header.dipoles,
        )
        if header.dipoles is not None:
            crystal = add_rigid_ion_part(crystal, header.alpha * (2 * np.pi / header.unit) ** 2)
    return Reading(crystal, None, cell, Program("Quantum ESPRESSO"))


def _read_header(file: UploadedFile, lines: list[str]) -> _Header:
    place = iter(range(len(lines)))

    def words() -> list[str]:
        return lines[next(place)].split()

    def tensor(n_first: int = 0) -> NDArray[np.float64]:
        return np.array([words()[n_first:] for _ in range(3)], dtype=np.float64).reshape(3, 3)

    first = words()
    n_types, n_atoms, lattice = map(int, first[:3])
    celldm = [float(word) for word in first[3:9]]
    unit = celldm[0] * BOHR_ANGSTROM
    if not 1 <= n_types <= n_atoms or not unit > 0:
        raise incomplete(file)
    check_supercell(n_atoms)
    vectors = tensor() if lattice == 0 else lattice_of(lattice, celldm)
    named = []
    for _ in range(n_types):
        found = _SPECIES.fullmatch(lines[next(place)])
        if found is None:
            raise incomplete(file)
        named.append((found[1].strip(), float(found[2].lower().replace("d", "e")) * RYDBERG_MASS_U))
    atoms = [words() for _ in range(n_atoms)]
    type_of = [int(atom[1]) - 1 for atom in atoms]
    counts = Counter(type_of)
    if min(type_of) < 0 or max(type_of) >= n_types:
        raise incomplete(file)
    flag = words()
    dipoles, alpha = None, DEFAULT_ALPHA
    if flag[0].upper() == "T":
        alpha = float(flag[1]) if len(flag) > 1 else DEFAULT_ALPHA
        dielectric, charges = tensor(), []
        for _ in range(n_atoms):
            next(place)
            # The first axis of the file is that of the field
            charges.append(tensor().T)
        dipoles = DipoleResponse(np.array(charges), dielectric)
    grid = words()
    n1, n2, n3 = map(int, grid)
    check_supercell(float(n_atoms) * n1 * n2 * n3)
    if min(n1, n2, n3) < 1 or not 0 < alpha < 1e4:
        raise incomplete(file)
    check_constants(n_atoms, n_atoms * n1 * n2 * n3)
    return _Header(
        unit=unit,
        cell=vectors * unit,
        types=[Type(index + 1, label, mass, counts[index]) for index, (label, mass) in enumerate(named)],
        type_of=type_of,
        positions=np.array([atom[2:5] for atom in atoms], dtype=np.float64) * unit,
        dipoles=dipoles,
        alpha=alpha,
        grid=(n1, n2, n3),
        body=next(place),
    )


def _read_constants(
    file: UploadedFile, lines: list[str], grid: tuple[int, int, int], n_modes: int
) -> NDArray[np.float64]:
    """Return the force constants as `HarmonicCrystal.force_constants`."""
    n_cells = int(np.prod(grid))
    numbers = np.array(" ".join(lines).split(), dtype=np.float64)
    if len(numbers) != n_modes**2 * (4 + 4 * n_cells):
        raise incomplete(file, f"{len(numbers)} numbers instead of {n_modes**2 * (4 + 4 * n_cells)}")
    blocks = numbers.reshape(n_modes**2, 4 + 4 * n_cells)
    i, j, a, b = blocks[:, :4].astype(np.int64).T - 1
    values = blocks[:, 4:].reshape(n_modes**2, n_cells, 4)
    cells = values[:, :, :3].astype(np.int64) - 1
    index = np.ravel_multi_index(tuple(cells.transpose(2, 0, 1)), grid)
    if (np.sort(index, axis=1) != np.arange(n_cells)).any():
        raise incomplete(file)
    # ∂²E/∂u(a in cell R)∂u(b in cell 0)
    rows, columns = 3 * b + j, 3 * a + i
    stored = np.full((n_cells, n_modes, n_modes), np.nan)
    stored[index, rows[:, None], columns[:, None]] = values[:, :, 3]
    return stored * RYDBERG_EV / BOHR_ANGSTROM**2
