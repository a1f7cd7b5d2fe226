"""The text and HDF5 files beside a phonopy.yaml: FORCE_SETS, FORCE_CONSTANTS, force_constants.hdf5 and BORN."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from phonopy.file_IO import parse_BORN_from_strings
from phonopy.structure.atoms import PhonopyAtoms
from phonopy.structure.symmetry import Symmetry

from backend.kit.files import hdf5_guard
from backend.sources.formats.reading import (
    MAX_HDF5_VALUES,
    UploadedFile,
    check_constants,
    check_supercell,
    does_not_fit,
    incomplete,
    open_hdf5,
    refusing_damage,
)

FLOATS: Final = 9
"""Numbers of a tensor."""
CONSTANTS_PATHS: Final = ("force_constants", "fc2")
SYMMETRY_TOLERANCE_ANGSTROM: Final = 1e-5

Dataset = dict[str, Any]
"""Displacements and forces as phonopy has them."""


def read_force_sets(file: UploadedFile, n_atoms: int, supercell: str) -> Dataset:
    """Return displacements and forces in the supercells, in the units of the file.

    Parameters
    ----------
    n_atoms
        Atoms of the supercell.
    supercell
        Name of the file that states the supercell, for a refusal.

    Raises
    ------
    Refused
        The file is for another number of atoms, or ends early.
    """
    lines = file.text.split("\n")
    first = next((line.split() for line in lines if line.strip()), [])
    with refusing_damage(file):
        numbers = np.array(" ".join(lines).split(), dtype=np.float64)
    if len(first) == 1:
        return _single_displacements(file, numbers, n_atoms, supercell)
    if len(first) == 6 and len(numbers) and len(numbers) % (6 * n_atoms) == 0:
        both = numbers.reshape(-1, n_atoms, 6)
        return {"displacements": both[:, :, :3].copy(), "forces": both[:, :, 3:].copy()}
    if len(first) == 6 and len(numbers) % 6 == 0:
        raise does_not_fit("forces", found=len(numbers) // 6, expected=n_atoms, file=file.name, other=supercell)
    raise incomplete(file)


def _single_displacements(file: UploadedFile, numbers: NDArray[np.float64], n_atoms: int, supercell: str) -> Dataset:
    if len(numbers) < 2:
        raise incomplete(file)
    stated, n_sets = (int(min(number, 1e9)) for number in numbers[:2])
    if stated != n_atoms:
        raise does_not_fit("forces", found=stated, expected=n_atoms, file=file.name, other=supercell)
    if n_sets < 1 or len(numbers) != 2 + n_sets * (4 + 3 * n_atoms):
        raise incomplete(file, f"{len(numbers)} numbers instead of {2 + n_sets * (4 + 3 * n_atoms)}")
    sets = numbers[2:].reshape(n_sets, -1)
    atoms = sets[:, 0].astype(int) - 1
    if atoms.min() < 0 or atoms.max() >= n_atoms:
        raise does_not_fit("displaced_atom", found=int(atoms.max()) + 1, expected=n_atoms, file=file.name, other="")
    displaced = [
        {"number": int(atom), "displacement": one[1:4].copy(), "forces": one[4:].reshape(n_atoms, 3).copy()}
        for atom, one in zip(atoms, sets, strict=True)
    ]
    return {"natom": n_atoms, "first_atoms": displaced}


def read_force_constants(file: UploadedFile) -> tuple[NDArray[np.float64], NDArray[np.int64] | None]:
    """Return the force constants of a text file and the numbers, from 0, of the atoms of their rows.

    Returns
    -------
    Shape (n_rows, n_supercell_atoms, 3, 3) in the unit of the calculation; shape (n_rows,).

    Raises
    ------
    Refused
        The file is too large, or ends early.
    """
    with refusing_damage(file):
        header, _, rest = file.text.partition("\n")
        stated = [int(word) for word in header.split()]
        n_rows, n_atoms = stated if len(stated) == 2 else (stated[0], stated[0])
        if n_rows < 1 or n_atoms < 1:
            raise incomplete(file)
        check_supercell(n_atoms)
        check_constants(1, n_atoms)
        numbers = np.array(rest.split(), dtype=np.float64)
    if len(numbers) != n_rows * n_atoms * (2 + FLOATS):
        raise incomplete(file, f"{len(numbers)} numbers instead of {n_rows * n_atoms * (2 + FLOATS)}")
    blocks = numbers.reshape(n_rows, n_atoms, 2 + FLOATS)
    return blocks[:, :, 2:].reshape(n_rows, n_atoms, 3, 3).copy(), blocks[:, 0, 0].astype(np.int64) - 1


def read_force_constants_hdf5(file: UploadedFile) -> tuple[NDArray[np.float64], NDArray[np.int64] | None]:
    """Return the force constants of an HDF5 file as `read_force_constants`; None for rows that it does not number."""
    with open_hdf5(file) as root:
        for path in CONSTANTS_PATHS:
            shape = hdf5_guard.shape_of(root, path)
            if shape is None:
                continue
            if len(shape) != 4 or shape[2:] != (3, 3):
                raise incomplete(file, f"{path} has shape {shape}")
            check_supercell(shape[1])
            constants = hdf5_guard.number_array(root, path, max_values=MAX_HDF5_VALUES)
            rows = hdf5_guard.number_array(root, "p2s_map")
            assert constants is not None
            return constants, None if rows is None else np.rint(rows).astype(np.int64)
    raise incomplete(file, "no force_constants")


def read_born(file: UploadedFile, primitive: PhonopyAtoms) -> dict[str, Any]:
    """Return `born`, `dielectric` and, if it is stated, `factor` of phonopy's BORN for all atoms of a primitive cell.

    The file lists atoms that symmetry does not relate, or all atoms.

    Raises
    ------
    Refused
        It has Born charges of another number of atoms.
    """
    first, *lines = [line.strip() for line in file.text.split("\n")]
    rows = [line for line in lines if line and not line.startswith("#")]
    with refusing_damage(file):
        tensors = np.array([row.split() for row in rows], dtype=np.float64).reshape(len(rows), 3, 3)
        independent = Symmetry(primitive, symprec=SYMMETRY_TOLERANCE_ANGSTROM).get_independent_atoms()
        n_charges = len(tensors) - 1
        if n_charges < 1:
            raise incomplete(file)
        if n_charges not in (len(independent), len(primitive)):
            expected = {"found": n_charges, "expected": len(independent)}
            raise does_not_fit("born_charges", **expected, file=file.name, other="")
        if n_charges == len(independent):
            text = "\n".join([first or "default", *rows, ""])
            nac = dict(parse_BORN_from_strings(text, primitive, symprec=SYMMETRY_TOLERANCE_ANGSTROM))
        else:
            nac = {"born": tensors[1:], "dielectric": tensors[0]}
            words = first.split()
            if words and words[0].replace(".", "", 1).isdigit():
                nac["factor"] = float(words[0])
    return nac
