"""Sentences about files of phonons that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend.wording import Words

MISFITS: Final = {
    "born_charges": "{file} has {n_found} Born charges, but the cell has {n_expected} inequivalent atoms",
    "cells_of_supercell": "The supercell does not consist of whole primitive cells",
    "displaced_atom": "{file} displaces atom {n_found}, but the supercell has {n_expected} atoms",
    "file": "{file} does not belong to the other files, which are read as {other}",
    "forces": "{file} has {n_found} forces in each supercell, but the supercell has {n_expected} atoms",
    "primitive_atoms": "{file} has force constants of {n_found} atoms, but the primitive cell has {n_expected}",
    "primitive_cell": "{file} is for another primitive cell than that of {other}",
    "supercell_atoms": "{file} has force constants between {n_found} atoms, but the supercell has {n_expected}",
    "supercell_order": "{file} has the atoms of the supercell in another order than phonopy",
}
"""How files do not belong together."""
SIZES: Final = {
    "eigenvector_mib": "The eigenvectors take {n_found} MiB; at most {maximum} MiB are read.",
    "force_constant_mib": "The force constants take {n_found} MiB; at most {maximum} MiB are read.",
    "supercell_atoms": "The supercell has {n_found} atoms; at most {maximum} are read.",
    "upload_mib": "The files are larger than {maximum} MiB together, the maximum that this server accepts.",
}
KINDS: Final = {
    "cif": "a crystal structure (CIF): upload it as a structure",
    "dcd": "a DCD trajectory",
    "hdf5": "an HDF5 file without phonons that are known here",
    "lammps-dump": "a LAMMPS trajectory",
    "xdatcar": "a VASP trajectory (XDATCAR)",
    "xml": "an XML file that is not known here",
    "xtc": "an XTC trajectory",
    "xyz": "a structure or trajectory in XYZ",
    "zip": "a compressed file: unpack it first",
    "displaced_zip": "a zip of displaced supercells",
    "castep_bin": "a binary file of CASTEP",
    "castep_phonon": "a .phonon of CASTEP",
    "born": "a BORN file of phonopy",
    "force_constants": "a FORCE_CONSTANTS file of phonopy",
    "force_constants_hdf5": "a force_constants.hdf5 of phonopy",
    "force_sets": "a FORCE_SETS file of phonopy",
    "phonopy_yaml": "a YAML file of phonopy",
    "vaspout": "a vaspout.h5 of VASP",
    "vasprun": "a vasprun.xml of VASP",
    "q2r": "force constants of Quantum ESPRESSO (q2r)",
    "poscar": "a structure (POSCAR)",
}
"""What a file looks like."""
MISSING: Final = {
    "unit_cell": "it does not state the crystal. Add the phonopy.yaml, the phonopy_disp.yaml or the POSCAR of the "
    "calculation.",
}
"""What an upload lacks."""
TRAJECTORIES: Final = frozenset({"dcd", "lammps-dump", "xdatcar", "xtc", "xyz"})
NEEDED: Final = {
    "supercell": "{file} does not state the supercell of the calculation: enter it in units of the cell (supercell).",
    "species": "{file} does not name the element of type {types}: enter it (species).",
}


def _unknown_format(*, file: str, looks_like: str, formats: Sequence[str]) -> str:
    looks = f" It looks like {KINDS[looks_like]}." if looks_like in KINDS else ""
    later = " Trajectories are not read yet." if looks_like in TRAJECTORIES else ""
    read = f"Phonon files are read: {'; '.join(formats)}."
    return f"“{file}” is not in a format of phonons that is read here.{looks}{later} {read}"


def _does_not_fit(*, quantity: str, n_found: int | None, n_expected: int | None, file: str, other: str) -> str:
    misfit = MISFITS[quantity].format(n_found=n_found, n_expected=n_expected, file=file, other=other)
    return f"{misfit}. Check that the files, the supercell and the primitive cell are of the same calculation."


def _incomplete_file(*, file: str, reason: str = "", unit: str | None = None, missing: str | None = None) -> str:
    if missing is not None:
        return f"{file} is not enough: {MISSING[missing]}"
    if unit is not None:
        return f"The unit “{unit}” is not known."
    why = f" ({reason})" if reason else ""
    return f"{file or 'The file'} is not complete, or damaged: it cannot be read{why}. Upload the whole file."


def _too_large(*, quantity: str, n_found: int | None, maximum: int) -> str:
    return SIZES[quantity].format(n_found=n_found, maximum=maximum)


def _needs_field(*, field: str, file: str, types: Sequence[str] = ()) -> str:
    return NEEDED[field].format(file=file, types=" and ".join(types))


WORDS: Final[Mapping[str, Words]] = {
    "does_not_fit": _does_not_fit,
    "external_entity": "{file} declares a document type of XML, which can read other files of the server. Files of "
    "VASP have none.",
    "external_link": "{file} refers to other files ({path}), which are not read. Copy their data into the file.",
    "incomplete_file": _incomplete_file,
    "needs_field": _needs_field,
    "nested_too_deep": "{file} is nested more than {max_depth} levels deep, which no file of phonons is.",
    "no_eigenvectors": "{file} has energies without eigenvectors, from which no intensity follows. Write them too.",
    "no_forces": "{file} has neither forces nor force constants. Add FORCE_SETS, FORCE_CONSTANTS or "
    "force_constants.hdf5.",
    "reader_gave_up": "The files could not be read: {reason}. They are too large for this server, or damaged.",
    "source_has_predictions": "Predictions were made from “{name}”: delete them first, or with it "
    "(`with_predictions=true`).",
    "too_large": _too_large,
    "unknown_format": _unknown_format,
    "unreadable_primitive_cell": "Enter `auto`, `none`, or 3 vectors in units of the cell, such as "
    "[[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]].",
    "unreadable_supercell": "Enter 3 whole numbers, such as [2, 2, 2], or 3 vectors in units of the cell, such as "
    "[[2, 0, 0], [0, 2, 0], [0, 0, 2]], each at most {maximum}.",
    "unsafe_yaml": "{file}, line {line}: “{found}” is not plain YAML. A tag or an alias of YAML can make a program run "
    "code or fill the memory; files of phonopy have none.",
}
