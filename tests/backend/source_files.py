"""Files of phonons of sodium chloride in the formats of phonopy, made of one set of force constants."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import phonopy
from phonopy import Phonopy
from phonopy.file_IO import get_BORN_lines, write_FORCE_CONSTANTS, write_force_constants_to_hdf5, write_FORCE_SETS
from phonopy.interface.vasp import write_vasp

from tests.phonons.crystals import FOLDER

NACL = FOLDER / "nacl_phonopy.yaml"
MEV_PER_THZ = 4.135667696923859
DISPLACEMENT = 0.01
"""Å."""


@cache
def nacl_phonopy() -> Phonopy:
    """Sodium chloride as phonopy reads it: our own file may be read without precautions."""
    return phonopy.load(NACL, log_level=0, produce_fc=False)


def phonopy_energies(made: Phonopy, q: np.ndarray) -> np.ndarray:
    """Return the energies of phonopy in meV, shape (n_q, n_modes)."""
    return np.asarray(made.run_qpoints(q).frequencies) * MEV_PER_THZ


@cache
def displaced() -> Phonopy:
    """The same crystal with displacements and the forces that its force constants give."""
    source = nacl_phonopy()
    made = Phonopy(source.unitcell, source.supercell_matrix, primitive_matrix=source.primitive_matrix, log_level=0)
    made.generate_displacements(distance=DISPLACEMENT)
    made.nac_params = source.nac_params
    constants = full_constants()
    made.forces = np.array([-np.einsum("ijab,jb->ia", constants, one) for one in _displacements(made)])
    return made


def _displacements(made: Phonopy) -> list[np.ndarray]:
    moved = [one.positions - made.supercell.positions for one in made.supercells_with_displacements]
    return [np.where(np.abs(one) < 1e-9, 0, one) for one in moved]


@cache
def full_constants() -> np.ndarray:
    """Force constants between all atoms of the supercell, shape (64, 64, 3, 3), eV/Å²."""
    source = nacl_phonopy()
    compact = source.force_constants
    if len(compact) == len(source.supercell):
        return np.array(compact)
    made = Phonopy(source.unitcell, source.supercell_matrix, primitive_matrix=source.primitive_matrix, log_level=0)
    made.force_constants = compact
    from phonopy.harmonic.force_constants import compact_fc_to_full_fc

    return np.array(compact_fc_to_full_fc(made.primitive, compact))


def write_files(folder: Path) -> None:
    """Write files of all kinds: FORCE_SETS, FORCE_CONSTANTS, force_constants.hdf5, BORN, POSCAR and phonopy's YAML."""
    made, source = displaced(), nacl_phonopy()
    write_FORCE_SETS(made.dataset, filename=folder / "FORCE_SETS")
    write_FORCE_CONSTANTS(source.force_constants, folder / "FORCE_CONSTANTS", p2s_map=source.primitive.p2s_map)
    write_force_constants_to_hdf5(
        source.force_constants, folder / "force_constants.hdf5", p2s_map=source.primitive.p2s_map
    )
    nac = source.nac_params
    lines = get_BORN_lines(source.unitcell, nac["born"][[0, 1]].repeat(4, axis=0), nac["dielectric"])
    (folder / "BORN").write_text("\n".join([str(nac["factor"]), *lines[1:], ""]))
    write_vasp(folder / "POSCAR", source.unitcell)
    made.save(folder / "phonopy_params.yaml", settings={"force_sets": True, "born_effective_charge": True})
    bare = {"force_sets": False, "born_effective_charge": False, "dielectric_constant": False}
    made.save(folder / "phonopy_disp.yaml", settings={**bare, "displacements": True})
    made.save(folder / "phonopy.yaml", settings={**bare, "force_sets": True})
