"""Sentences about files of phonons and trajectories that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend.wording import Words
from backend.wording.formatting import listed

DIPOLE_MISFITS: Final = {
    "born_symmetry": "The Born charges break the symmetry of the crystal by {percent} % of the largest charge",
    "born_sum": "The Born charges do not add up to 0, but to {percent} % of the sum of their absolute values",
    "dielectric_symmetry": "The dielectric tensor breaks the symmetry of the crystal by {percent} % of its largest "
    "element",
}
"""Rule → how Born charges or the dielectric tensor break it."""
MISFITS: Final = {
    "born_charges": "{file} has {n_found} Born charges, but the cell has {n_expected} inequivalent atoms",
    "cells_of_supercell": "The supercell does not consist of whole primitive cells",
    "displaced_atom": "{file} displaces atom {n_found}, but the supercell has {n_expected} atoms",
    "file": "{file} does not belong to the other files, which are read as {other}",
    "forces": "{file} has {n_found} forces in each supercell, but the supercell has {n_expected} atoms",
    "primitive_atoms": "{file} has force constants of {n_found} atoms, but the primitive cell has {n_expected}",
    "primitive_cell": "{file} is for another primitive cell than that of {other}",
    "steps": "{file} has other steps or atoms than {other}",
    "supercell_atoms": "{file} has force constants between {n_found} atoms, but the supercell has {n_expected}",
    "topology_atoms": "{file} has {n_found} atoms, but {other} has {n_expected}",
    "supercell_order": "{file} has the atoms of the supercell in another order than phonopy",
}
"""How files do not belong together."""
SIZES: Final = {
    "atom_frames": "The trajectory has {n_found} atoms times frames; at most {maximum} are read.",
    "trajectory_atoms": "The trajectory has {n_found} atoms; at most {maximum} are read.",
    "trajectory_mib": "The trajectory is larger than {maximum} MiB, the maximum that this server accepts. Write fewer "
    "frames, or fewer columns.",
    "eigenvector_mib": "The eigenvectors take {n_found} MiB; at most {maximum} MiB are read.",
    "force_constant_mib": "The force constants take {n_found} MiB; at most {maximum} MiB are read.",
    "supercell_atoms": "The supercell has {n_found} atoms; at most {maximum} are read.",
    "upload_mib": "The files are larger than {maximum} MiB together, the maximum that this server accepts.",
}
KINDS: Final = {
    "cif": "a crystal structure (CIF): upload it as a structure",
    "dcd": "a DCD trajectory",
    "dcd_velocities": "velocities as DCD, which are not used: upload positions",
    "hdf5": "an HDF5 file without phonons that are known here",
    "extxyz": "an extended XYZ file",
    "gpumd_xyz": "an XYZ file of GPUMD",
    "lammps_dump": "a LAMMPS trajectory",
    "xdatcar": "a VASP trajectory (XDATCAR)",
    "xml": "an XML file that is not known here",
    "amber_netcdf": "an AMBER trajectory (NetCDF)",
    "gro": "a GROMACS structure (GRO): a topology, to be uploaded with its trajectory",
    "lammps_data": "a LAMMPS data file: a topology, to be uploaded with its trajectory",
    "mdcrd": "an AMBER trajectory (mdcrd)",
    "pdb": "a PDB: a topology, to be uploaded with its trajectory",
    "prmtop": "an AMBER topology, to be uploaded with its trajectory",
    "psf": "a PSF: a topology, to be uploaded with its trajectory",
    "tpr": "a GROMACS run input: a topology, to be uploaded with its trajectory",
    "trr": "a TRR trajectory",
    "xtc": "an XTC trajectory",
    "i_pi_xyz": "an XYZ file of i-PI",
    "xyz": "a structure or trajectory in XYZ",
    "castep_md": "a .md of CASTEP",
    "cp2k_cell": "cells of CP2K: upload positions too (-pos-1.xyz)",
    "cp2k_forces": "forces of CP2K, which are not used: upload positions (-pos-1.xyz)",
    "cp2k_velocities": "velocities of CP2K: upload positions too (-pos-1.xyz)",
    "cp2k_xyz": "positions of CP2K",
    "dlpoly_history": "a HISTORY of DL_POLY",
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
    "topology": "it does not name its atoms. Add the topology: GRO, PDB, PSF, prmtop, TPR, a LAMMPS data file, or XYZ.",
}
"""What an upload lacks."""
NEEDED: Final = {
    "temperature_k": "The trajectory {file} has no velocities: enter its temperature in K (temperature_k).",
    "cell_angstrom": "{file} does not state the cell: enter its vectors in Å (cell_angstrom).",
    "frame_interval_fs": "{file} does not state the time between its frames: enter it in fs (frame_interval_fs).",
    "time_step_fs": "{file} numbers its frames by steps of the simulation: enter its time step in fs (time_step_fs).",
    "supercell": "{file} does not state the supercell of the calculation: enter it in units of the cell (supercell).",
    "nuclei": "There are several trajectories. If they are the beads of ring polymers (path integrals), enter "
    "ring_polymer (nuclei); otherwise upload one trajectory.",
    "species": "{file} does not prove the element of {types}: enter it, or X for a site that is no atom (species).",
}


def _unknown_format(*, file: str, looks_like: str, formats: Sequence[str]) -> str:
    looks = f" It looks like {KINDS[looks_like]}." if looks_like in KINDS else ""
    read = f"These formats are read: {'; '.join(formats)}."
    return f"“{file}” is not in a format of phonons or trajectories that is read here.{looks} {read}"


def _does_not_fit(*, quantity: str, n_found: int | None, n_expected: int | None, file: str, other: str) -> str:
    misfit = MISFITS[quantity].format(n_found=n_found, n_expected=n_expected, file=file, other=other)
    if quantity in ("steps", "topology_atoms"):
        return f"{misfit}. Check that the files are of the same simulation."
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


def _frames_too_sparse(*, frame_interval_fs: float, species: Sequence[str]) -> str:
    return (
        f"The frames are {frame_interval_fs:g} fs apart, too sparse for the vibrations of {listed(species)}, whose "
        "energies these frames do not resolve. Write frames more often."
    )


def _not_read(*, status: str, progress: float) -> str:
    if status == "failed":
        return "The files of this source could not be read: GET /sources/{id} has the reason."
    done = f"{100 * progress:.0f} %"
    return f"The files of this source are still being read ({done} done): wait until its status is “ready”."


BEAD_QUANTITIES: Final = {
    "atoms": "has other atoms",
    "cells": "has another cell",
    "frames": "has no such frame",
    "times": "has another time",
}


def _beads_differ(*, file: str, other: str, quantity: str, frame: int) -> str:
    return (
        f"Frame {frame} of {other} {BEAD_QUANTITIES[quantity]}, compared with {file}. The beads of ring polymers must "
        "have the same atoms, cells and times: upload the files of one simulation, or enter the last frame that "
        "all have (last_frame)."
    )


def _beads_missing(*, file: str, found: Sequence[int]) -> str:
    return (
        f"The files have the beads {listed([str(number) for number in found])} of ring polymers. All must be "
        f"there, numbered from 0, each once. Upload the others beside {file}."
    )


WORDS: Final[Mapping[str, Words]] = {
    "beads_differ": _beads_differ,
    "beads_missing": _beads_missing,
    "centroid_among_beads": "{file} or another file has the centroids of ring polymers: upload only the beads.",
    "several_trajectories": "There are {n_files} trajectories, but those of classical nuclei are one file. Upload one "
    "of them.",
    "atoms_change": "{file}: frame {frame} has other atoms than the first frame, or another order ({n_found} atoms; "
    "the first frame has {n_expected}). All frames must have the same atoms.",
    "cell_varies": "The cell varies by {percent:.1f} %, at most {maximum_percent:g} % are possible: wave vectors need "
    "a fixed cell. Simulate at constant volume (NVE or NVT).",
    "forces_of_another_displacement": "The forces of displacement {number} in {file} are those of another one: they "
    "break the symmetry of the crystal, and the largest is on atom {largest_on} instead of the displaced atom {atom}. "
    "Check which output belongs to which displacement.",
    "frames_too_sparse": _frames_too_sparse,
    "frames_uneven": "The frames are {shortest_fs:g} to {longest_fs:g} fs apart. They must have equal intervals: "
    "select such frames, or enter the interval (frame_interval_fs).",
    "one_frame": "The file has only one frame. A spectrum needs a trajectory: many frames, with equal intervals.",
    "too_few_frames": "The trajectory has {n_frames} frames; at least {minimum} are necessary.",
    "united_atoms": lambda *, types: (
        f"{listed(types)}: these types are groups of a carbon with its hydrogens (united atoms). The motion of the "
        "hydrogens, which scatter most, is not in the trajectory. Simulate with a force field of all atoms."
    ),
    "unknown_nucleus": "“{nucleus}” is not an element or an isotope: enter such as Na or 2H.",
    "unreadable_trajectory_cell": "Enter 3 lengths in Å, such as [5.64, 5.64, 5.64], or 3 vectors, each number at most "
    "{maximum_angstrom}.",
    "does_not_fit": _does_not_fit,
    "external_entity": "{file} declares a document type of XML, which can read other files of the server. Files of "
    "VASP have none.",
    "born_charges_of_elements": lambda *, elements: f"Give a Born charge for {listed(elements)} too.",
    "dipoles_do_not_fit": lambda *, quantity, percent: (
        f"{DIPOLE_MISFITS[quantity].format(percent=percent)}. Born charges and dielectric tensor are those of another "
        "crystal, or of atoms in another order: check that they were calculated for this cell."
    ),
    "dipoles_incomplete": lambda *, missing: (
        "Give the Born charges too." if missing == "born_charges" else "Give the dielectric constant too."
    ),
    "dipoles_of_modes": "The files have modes without force constants, which Born charges cannot change.",
    "impossible_dielectric": "A dielectric tensor is symmetric, and its principal values are positive: 1 or more.",
    "unreadable_dielectric": "Enter a number such as 2.4, or 3 numbers, or 3 × 3 numbers in brackets.",
    "external_link": "{file} refers to other files ({path}), which are not read. Copy their data into the file.",
    "incomplete_file": _incomplete_file,
    "needs_field": _needs_field,
    "nested_too_deep": "{file} is nested more than {max_depth} levels deep, which no file of phonons is.",
    "no_eigenvectors": "{file} has energies without eigenvectors, from which no intensity follows. Write them too.",
    "no_forces": "{file} has neither forces nor force constants. Add FORCE_SETS, FORCE_CONSTANTS or "
    "force_constants.hdf5.",
    "number_of_files": "Send at least one file, or the id of a finished upload, and at most {maximum} together.",
    "source_not_read": _not_read,
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
