"""Phonons of phonopy: force constants, or forces in displaced supercells, with Born charges."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms
from phonopy.structure.cells import guess_primitive_matrix

from backend.sources.formats.phonopy import files as phonopy_files
from backend.sources.formats.phonopy import yaml_file as phonopy_yaml
from backend.sources.formats.phonopy.force_checks import check_forces
from backend.sources.formats.phonopy.units import Units, units_of
from backend.sources.formats.phonopy.yaml_file import PhonopyYaml
from backend.sources.formats.reading import (
    Files,
    Need,
    NeedsFields,
    Program,
    Reading,
    Refused,
    Statements,
    UnitCell,
    UploadedFile,
    check_constants,
    check_supercell,
    does_not_fit,
    refusing_damage,
)
from backend.sources.formats.supercells import Supercell, to_crystal
from backend.structures.formats import poscar
from scattering.core.dipole_response import DipoleResponse
from scattering.core.notices import Notice

DISPLACEMENT_TOLERANCE: Final = 1e-3
"""Largest difference between the displacements in two files, in the unit of the files."""


@dataclass(frozen=True, eq=False)
class _Case:
    """What the files and the user state: a cell, its supercell, and the file that states them."""

    file: UploadedFile
    unit_cell: UnitCell
    units: Units
    program: Program
    yaml: PhonopyYaml | None
    supercell_matrix: NDArray[np.int64]
    primitive_matrix: Any


def read(files: Files, statements: Statements) -> Reading:
    """Read a phonopy.yaml or a POSCAR with the files beside it.

    Raises
    ------
    Refused
        The files are damaged or do not fit together, or there are neither forces nor force constants.
    """
    case = _from_yaml(files, statements) if "phonopy_yaml" in files else _from_poscar(files, statements)
    constants = _stated_constants(case, files)
    if constants is None:
        return _from_forces(case, files)
    file, values, rows = constants
    supercell = case.yaml.supercell if case.yaml is not None else None
    if supercell is None:
        supercell = _supercell_of(_phonopy(case), case.units)
    _check_shape(file, case, values, rows, supercell)
    return _reading(case, files, supercell, values, values)


def _from_yaml(files: Files, statements: Statements) -> _Case:
    yaml = phonopy_yaml.read(files["phonopy_yaml"])
    matrix = yaml.supercell_matrix
    if matrix is None:
        matrix = _stated_supercell(statements, yaml.file)
    primitive = _stated_primitive(statements) if "primitive" in statements else yaml.primitive_matrix
    return _Case(
        yaml.file, yaml.unit_cell, yaml.units, yaml.program, yaml, matrix, "auto" if primitive is None else primitive
    )


def _from_poscar(files: Files, statements: Statements) -> _Case:
    file = files["poscar"]
    structure = poscar.read(file.text, 20_000).structure
    atoms = PhonopyAtoms(cell=structure.cell, positions=structure.positions, symbols=structure.symbols)
    # phonopy's own masses, where the file names no isotopes: those of the user's other results
    masses = structure.masses if structure.isotopes else atoms.masses
    unit_cell = UnitCell(structure.cell, structure.positions, tuple(structure.symbols), np.array(masses))
    matrix = _stated_supercell(statements, file)
    return _Case(file, unit_cell, units_of({}, None), Program("phonopy"), None, matrix, _stated_primitive(statements))


def _stated_supercell(statements: Statements, file: UploadedFile) -> NDArray[np.int64]:
    if "supercell" not in statements:
        raise NeedsFields(Need("supercell", Notice("needs_field", {"field": "supercell", "file": file.name})))
    # The columns of phonopy's matrix are the rows of ours
    return np.array(statements["supercell"], dtype=np.int64).T


def _stated_primitive(statements: Statements) -> Any:
    """Return the primitive matrix as phonopy has it: its columns are the vectors in units of the cell."""
    stated = statements.get("primitive", "auto")
    if isinstance(stated, str):
        return "auto" if stated == "auto" else np.eye(3)
    return np.array(stated, dtype=np.float64).T


def _stated_constants(
    case: _Case, files: Files
) -> tuple[UploadedFile, NDArray[np.float64], NDArray[np.int64] | None] | None:
    """Return the force constants beside the cell or with it, in eV/Å², and their file; None if there are none."""
    for role, read_file in (
        ("force_constants", phonopy_files.read_force_constants),
        ("force_constants_hdf5", phonopy_files.read_force_constants_hdf5),
    ):
        if role in files:
            values, rows = read_file(files[role])
            return files[role], values * case.units.constants, rows
    if case.yaml is not None and case.yaml.constants is not None and "force_sets" not in files:
        return case.file, case.yaml.constants, None
    return None


def _check_shape(
    file: UploadedFile,
    case: _Case,
    values: NDArray[np.float64],
    rows: NDArray[np.int64] | None,
    supercell: Supercell,
) -> None:
    n_atoms, n_all = len(supercell.rows), len(supercell.positions)
    if values.shape[1] != n_all:
        fits = {"found": values.shape[1], "expected": n_all}
        raise does_not_fit("supercell_atoms", **fits, file=file.name, other=case.file.name)
    if len(values) not in (n_atoms, n_all):
        fits = {"found": len(values), "expected": n_atoms}
        raise does_not_fit("primitive_atoms", **fits, file=file.name, other=case.file.name)
    if rows is not None and len(values) == n_atoms and not np.array_equal(rows, supercell.rows):
        raise does_not_fit("primitive_cell", file=file.name, other=case.file.name)


def _phonopy(case: _Case) -> Phonopy:
    """Return phonopy's supercell of a cell, after a check of its size."""
    cell = case.unit_cell
    check_supercell(len(cell.masses) * abs(np.linalg.det(case.supercell_matrix)))
    length = case.units.length
    atoms = PhonopyAtoms(
        cell=cell.cell / length, positions=cell.positions / length, symbols=list(cell.symbols), masses=cell.masses
    )
    with refusing_damage(case.file):
        primitive = case.primitive_matrix
        if isinstance(primitive, str):
            primitive = guess_primitive_matrix(atoms)
        made = Phonopy(atoms, supercell_matrix=case.supercell_matrix, primitive_matrix=primitive)
    check_constants(len(made.primitive), len(made.supercell))
    return made


def _supercell_of(made: Phonopy, units: Units) -> Supercell:
    rows = np.array(made.primitive.p2s_map, dtype=np.int64)
    unit_atom = np.array([made.primitive.p2p_map[atom] for atom in made.primitive.s2p_map], dtype=np.int64)
    positions = made.supercell.positions * units.length
    primitive = UnitCell(
        made.primitive.cell * units.length,
        positions[rows],
        tuple(made.primitive.symbols),
        np.array(made.primitive.masses),
    )
    return Supercell(primitive, made.supercell.cell * units.length, positions, unit_atom, rows)


def _from_forces(case: _Case, files: Files) -> Reading:
    """Calculate force constants from forces in displaced supercells."""
    file, dataset = _dataset(case, files)
    made = _phonopy(case)
    yaml = case.yaml
    if yaml is not None and yaml.supercell is not None:
        _check_supercell(yaml.supercell, made, case)
    with refusing_damage(file):
        before, constants = _fit(made, dataset)
        doubts = check_forces(file, dataset, before, made.primitive.p2s_map)
    units = case.units
    supercell = _supercell_of(made, units)
    reading = _reading(case, files, supercell, constants * units.constants, before * units.constants)
    stated = yaml.dataset if yaml is not None and "force_sets" in files else None
    if stated is not None and _differ(stated, dataset):
        doubts.append(Notice("displacements_differ", {"file": file.name, "other": case.file.name}))
    return replace(reading, notices=[*reading.notices, *doubts])


def _fit(made: Phonopy, dataset: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return force constants, and those made symmetric, of forces: as phonopy's own `load` makes them."""
    made.dataset = dataset
    # One atom at a time by differences; all atoms at once by a fit, which is symmetric
    single = "first_atoms" in dataset
    made.produce_force_constants(
        calculate_full_force_constants=False, fc_calculator="traditional" if single else "symfc", show_drift=False
    )
    before = np.array(made.force_constants)
    if single:
        made.symmetrize_force_constants(show_drift=False)
    return before, np.array(made.force_constants)


def _dataset(case: _Case, files: Files) -> tuple[UploadedFile, dict[str, Any]]:
    """Return displacements with forces, and the file that has them.

    Raises
    ------
    Refused
        There are no forces.
    """
    n_atoms = round(len(case.unit_cell.masses) * abs(np.linalg.det(case.supercell_matrix)))
    check_supercell(n_atoms)
    if "force_sets" in files:
        return files["force_sets"], phonopy_files.read_force_sets(files["force_sets"], n_atoms, case.file.name)
    yaml = case.yaml
    if yaml is None or yaml.dataset is None or not yaml.has_forces:
        raise Refused(Notice("no_forces", {"file": case.file.name}))
    dataset = yaml.dataset
    sets = [one["forces"] for one in dataset["first_atoms"]] if "first_atoms" in dataset else dataset["forces"]
    for forces in sets:
        if forces.shape != (n_atoms, 3):
            fits = {"found": len(forces), "expected": n_atoms}
            raise does_not_fit("forces", **fits, file=yaml.file.name, other=yaml.file.name)
    return yaml.file, dict(dataset)


def _check_supercell(stated: Supercell, made: Phonopy, case: _Case) -> None:
    """Refuse a file whose atoms of the supercell are in another order than phonopy's, by which it numbers them."""
    ours = made.supercell.positions * case.units.length
    if len(ours) != len(stated.positions):
        fits = {"found": len(stated.positions), "expected": len(ours)}
        raise does_not_fit("supercell_atoms", **fits, file=case.file.name, other=case.file.name)
    away = (ours - stated.positions) @ np.linalg.inv(stated.lattice)
    if np.linalg.norm((away - np.rint(away)) @ stated.lattice, axis=1).max() > 1e-2:
        raise does_not_fit("supercell_order", file=case.file.name)


def _differ(stated: dict[str, Any], used: dict[str, Any]) -> bool:
    """Return whether two files have other displacements."""
    if ("first_atoms" in stated) != ("first_atoms" in used):
        return True
    if "first_atoms" not in stated:
        one, other = np.asarray(stated["displacements"]), np.asarray(used["displacements"])
        return one.shape != other.shape or bool(np.abs(one - other).max() > DISPLACEMENT_TOLERANCE)
    if len(stated["first_atoms"]) != len(used["first_atoms"]):
        return True
    return any(
        one["number"] != other["number"]
        or np.abs(np.asarray(one["displacement"]) - other["displacement"]).max() > DISPLACEMENT_TOLERANCE
        for one, other in zip(stated["first_atoms"], used["first_atoms"], strict=True)
    )


def _reading(
    case: _Case,
    files: Files,
    supercell: Supercell,
    constants: NDArray[np.float64],
    before: NDArray[np.float64],
) -> Reading:
    dipoles = _dipoles(case, files, supercell)
    cell = case.unit_cell
    crystal = to_crystal(supercell, constants, unit_cell=cell.cell, dipoles=dipoles)
    unsymmetrised = crystal if before is constants else to_crystal(supercell, before, unit_cell=cell.cell, dipoles=None)
    return Reading(crystal, None, cell, case.program, unsymmetrised=unsymmetrised)


def _dipoles(case: _Case, files: Files, supercell: Supercell) -> DipoleResponse | None:
    """Return the Born charges of BORN, or else those of the phonopy.yaml."""
    primitive, length = supercell.primitive, case.units.length
    file = files.get("born")
    if file is not None:
        atoms = PhonopyAtoms(
            cell=primitive.cell / length,
            positions=primitive.positions / length,
            symbols=list(primitive.symbols),
            masses=primitive.masses,
        )
        nac = phonopy_files.read_born(file, atoms)
    elif case.yaml is not None and "born" in case.yaml.nac:
        file, nac = case.yaml.file, case.yaml.nac
    else:
        return None
    born = np.asarray(nac["born"], dtype=np.float64)
    if born.shape != (len(primitive.masses), 3, 3):
        fits = {"found": len(born), "expected": len(primitive.masses)}
        raise does_not_fit("born_charges", **fits, file=file.name, other=case.file.name)
    with refusing_damage(file):
        # The first axis of phonopy's charges is that of the field
        return DipoleResponse(
            born.transpose(0, 2, 1).copy(),
            np.asarray(nac["dielectric"]) * case.units.relative_dielectric(nac.get("factor")),
        )
