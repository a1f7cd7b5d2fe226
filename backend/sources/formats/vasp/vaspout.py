"""VASP's vaspout.h5: second derivatives of a supercell with Born charges, or modes at wave vectors."""

from __future__ import annotations

import math
import re
from typing import Any, Final

import h5py
import numpy as np
from ase.data import atomic_masses, atomic_numbers
from numpy.typing import NDArray
from phonopy.structure.atoms import PhonopyAtoms
from phonopy.structure.cells import guess_primitive_matrix

from backend.kit.files import hdf5_guard
from backend.sources.formats.reading import (
    MAX_HDF5_VALUES,
    Files,
    Program,
    Reading,
    Refused,
    Statements,
    UnitCell,
    UploadedFile,
    check_supercell,
    incomplete,
    open_hdf5,
    refusing_damage,
)
from backend.sources.formats.vasp.hessian import FUNCTIONALS, Hessian, reading_of, stated_unit_cell
from scattering.core.notices import Notice
from scattering.core.phonon_modes import PhononModes

CONSTANTS: Final = ("results/linear_response/force_constants", "results/linear_response/hessian")
PRIMITIVE: Final = "results/phonons/primitive"
MEV_PER_THZ: Final = 4.135667696923859
MAX_POTCAR_BYTES: Final = 32 * 1024**2
_MASS: Final = re.compile(r"POMASS\s*=\s*([0-9.]+)")
_NUMBERS: Final = re.compile(r"[0-9]+\.?[0-9]*")


def read(files: Files, statements: Statements) -> Reading:
    """Read a file.

    Raises
    ------
    Refused
        It is damaged, refers to other files, or has no phonons.
    """
    file = files["vaspout"]
    with open_hdf5(file) as root, refusing_damage(file):
        program = _program(root)
        path = next((one for one in CONSTANTS if hdf5_guard.shape_of(root, one) is not None), None)
        if path is None:
            return _read_modes(root, file, program)
        cell, notices = _cell(root, "input/poscar", file)
        n_atoms = len(cell.masses)
        check_supercell(n_atoms)
        second = hdf5_guard.number_array(root, path, max_values=MAX_HDF5_VALUES)
        if second is None or second.shape != (3 * n_atoms, 3 * n_atoms):
            raise incomplete(file)
        hessian = Hessian(
            cell,
            # VASP writes derivatives of the forces
            -second.reshape(n_atoms, 3, n_atoms, 3).transpose(0, 2, 1, 3),
            hdf5_guard.number_array(root, "results/linear_response/born_charges"),
            hdf5_guard.number_array(root, "results/linear_response/electron_dielectric_tensor"),
        )
        primitive = hdf5_guard.number_array(root, f"{PRIMITIVE}/lattice_vectors")
    lattice = stated_unit_cell(files, statements, cell)
    if lattice is None:
        lattice = _smallest(cell, file) if primitive is None else primitive
    return reading_of(hessian, file, files, statements, unit_lattice=lattice, program=program, notices=notices)


def _smallest(cell: UnitCell, file: UploadedFile) -> NDArray[np.float64]:
    """Return the vectors of the primitive cell of a supercell of unknown unit cell."""
    atoms = PhonopyAtoms(cell=cell.cell, positions=cell.positions, symbols=list(cell.symbols), masses=cell.masses)
    with refusing_damage(file):
        return np.asarray(guess_primitive_matrix(atoms).T @ cell.cell)


def _read_modes(root: hdf5_guard.Group, file: UploadedFile, program: Program) -> Reading:
    if hdf5_guard.shape_of(root, "results/phonons/frequencies") is None:
        raise Refused(Notice("no_forces", {"file": file.name}))
    has_primitive = hdf5_guard.group_at(root, PRIMITIVE) is not None
    cell, notices = _cell(root, PRIMITIVE if has_primitive else "input/poscar", file)
    energies = _array(root, "results/phonons/frequencies", file) * MEV_PER_THZ
    vectors = hdf5_guard.number_array(root, "results/phonons/eigenvectors", max_values=MAX_HDF5_VALUES)
    if vectors is None:
        raise Refused(Notice("no_eigenvectors", {"file": file.name}))
    weights = _array(root, "results/phonons/qpoints_symmetry_weight", file)
    modes = PhononModes(
        cell=cell.cell,
        positions=cell.positions,
        symbols=cell.symbols,
        masses=cell.masses,
        wave_vectors=_array(root, "results/phonons/qpoint_coords", file),
        weights=weights / weights.sum(),
        energies_mev=energies,
        eigenvectors=vectors[..., 0] + 1j * vectors[..., 1],
    )
    return Reading(None, modes, cell, program, notices)


def _cell(root: hdf5_guard.Group, group: str, file: UploadedFile) -> tuple[UnitCell, list[Notice]]:
    scale = hdf5_guard.number(root, f"{group}/scale") or 1.0
    lattice = _array(root, f"{group}/lattice_vectors", file) * scale
    fractional = _array(root, f"{group}/position_ions", file)
    counts = _array(root, f"{group}/number_ion_types", file).astype(int)
    check_supercell(float(counts.sum()))
    names = [name.split("_")[0].split("/")[0] for name in _texts(root, f"{group}/ion_types", file)]
    if len(names) != len(counts) or (counts < 1).any() or fractional.shape != (counts.sum(), 3):
        raise incomplete(file)
    masses, notices = _masses(root, names)
    symbols = tuple(np.repeat(names, counts).tolist())
    return UnitCell(lattice.reshape(3, 3), fractional @ lattice, symbols, np.repeat(masses, counts)), notices


def _masses(root: hdf5_guard.Group, names: list[str]) -> tuple[list[float], list[Notice]]:
    """Return the masses of the types: those of INCAR, or else of POTCAR, or else natural ones, which are told."""
    stated = hdf5_guard.text(root, "input/incar/POMASS")
    incar = re.search(r"POMASS\s*=\s*([0-9.\s,]+)", hdf5_guard.text(root, "original/incar/content") or "")
    potcar = hdf5_guard.text(root, "input/potcar/content", max_bytes=MAX_POTCAR_BYTES)
    for found in (
        _NUMBERS.findall(stated or ""),
        _NUMBERS.findall(incar[1] if incar else ""),
        _MASS.findall(potcar or ""),
    ):
        if len(found) == len(names):
            return [float(mass) for mass in found], []
    return [float(atomic_masses[atomic_numbers[name]]) for name in names], [Notice("masses_not_stated")]


def _program(root: hdf5_guard.Group) -> Program:
    parts = [hdf5_guard.number(root, f"version/{part}") for part in ("major", "minor", "patch")]
    version = ".".join(f"{part:.0f}" for part in parts if part is not None)
    functional = hdf5_guard.text(root, "input/incar/METAGGA") or hdf5_guard.text(root, "input/incar/GGA") or ""
    return Program("VASP", version, functional=FUNCTIONALS.get(functional.upper(), functional))


def _array(root: hdf5_guard.Group, path: str, file: UploadedFile) -> NDArray[np.float64]:
    found = hdf5_guard.number_array(root, path)
    if found is None:
        raise incomplete(file, path)
    return found


def _texts(root: hdf5_guard.Group, path: str, file: UploadedFile) -> list[str]:
    shape = hdf5_guard.shape_of(root, path)
    stored: Any = hdf5_guard.checked_storage(root, path)
    if shape is None or math.prod(shape) > 200 or stored.get_type().get_size() > 1000:
        raise incomplete(file, path)
    values = np.atleast_1d(h5py.Dataset(stored).asstr()[()])
    return [str(value).strip() for value in values]
