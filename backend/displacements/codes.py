"""Inputs of DFT codes for the forces of one supercell: structures, most by ASE's writers, and settings."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import ase.io
import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from phonopy.interface.castep import get_castep_structure
from phonopy.structure.atoms import PhonopyAtoms

from backend.displacements.schemas import Code

Texts = dict[str, str]
"""Name of a file → its content."""
CUTOFF_EV: Final = 600
CUTOFF_RY: Final = 60
DENSITY_CUTOFF_RY: Final = 480
SMEARING_EV: Final = 0.05
RY_EV: Final = 13.605693


@dataclass(frozen=True)
class DftCode:
    """A code that calculates forces.

    Attributes
    ----------
    title
        Name for users.
    calculator
        phonopy's name of the code; None if phonopy does not read its output.
    inputs
        Function of a supercell and a mesh of k points: the files in its folder.
    common
        Function of the same: further files for all supercells.
    run
        Command in the folder of a supercell, for the instructions; "" if one command runs all.
    output
        Name of the file that phonopy reads, in the folder of a supercell.
    """

    title: str
    calculator: str | None
    inputs: Callable[[Atoms, tuple[int, int, int]], Texts]
    run: str
    output: str
    common: Callable[[Atoms, tuple[int, int, int]], Texts] = lambda _atoms, _mesh: {}


def k_mesh(cell: NDArray[np.float64], spacing: float) -> tuple[int, int, int]:
    """Return the divisions of a mesh of k points.

    Parameters
    ----------
    cell
        Shape (3, 3), Å.
    spacing
        Largest distance of neighbouring points, Å⁻¹, with 2π.
    """
    lengths = 2 * np.pi * np.linalg.norm(np.linalg.inv(cell), axis=0)
    first, second, third = np.maximum(1, np.ceil(lengths / spacing - 1e-6)).astype(int).tolist()
    return first, second, third


def _vasp(atoms: Atoms, mesh: tuple[int, int, int]) -> Texts:
    incar = f"""# Forces of one supercell: nothing moves.
SYSTEM = displaced supercell
PREC   = Accurate
# ENCUT = 1.3 times the largest ENMAX of your POTCAR
EDIFF  = 1E-8
IBRION = -1
NSW    = 0
# Suits insulators and most metals
ISMEAR = 0
SIGMA  = {SMEARING_EV}
LREAL  = .FALSE.
ADDGRID = .TRUE.
LWAVE  = .FALSE.
LCHARG = .FALSE.
"""
    kpoints = f"Gamma-centred mesh\n0\nGamma\n{mesh[0]} {mesh[1]} {mesh[2]}\n0 0 0\n"
    return {"POSCAR": poscar(atoms), "INCAR": incar, "KPOINTS": kpoints}


def poscar(atoms: Atoms) -> str:
    """Return a structure as a POSCAR with the order of its atoms."""
    return _written(atoms, "vasp", direct=True, sort=False)


def _castep(atoms: Atoms, mesh: tuple[int, int, int]) -> Texts:
    # ASE's writer of this format runs CASTEP for a list of its keywords
    structure = PhonopyAtoms(
        numbers=atoms.numbers, cell=atoms.cell.array, scaled_positions=atoms.get_scaled_positions(wrap=False)
    )
    cell = f"""{get_castep_structure(structure)}KPOINT_MP_GRID {mesh[0]} {mesh[1]} {mesh[2]}
"""
    param = f"""# Forces of one supercell: nothing moves.
task            : SinglePoint
# Replace by the functional and the cut-off of your relaxation
xc_functional   : PBE
cut_off_energy  : {CUTOFF_EV} eV
finite_basis_corr : none
grid_scale      : 2.0
fine_grid_scale : 3.0
elec_energy_tol : 1e-10 eV
# For an insulator you may set fix_occupancy : true instead
smearing_width  : {SMEARING_EV} eV
iprint          : 1
write_checkpoint : none
"""
    return {"supercell.cell": cell, "supercell.param": param}


def _espresso(atoms: Atoms, mesh: tuple[int, int, int]) -> Texts:
    settings = {
        "control": {
            "calculation": "scf",
            "tprnfor": True,
            "prefix": "supercell",
            "outdir": "./out",
            "pseudo_dir": "../pseudo",
            "disk_io": "nowf",
        },
        "system": {
            "ecutwfc": CUTOFF_RY,
            "ecutrho": DENSITY_CUTOFF_RY,
            "occupations": "smearing",
            "smearing": "gaussian",
            "degauss": round(SMEARING_EV / RY_EV, 6),
        },
        "electrons": {"conv_thr": 1e-10},
    }
    names = {symbol: f"{symbol}.UPF" for symbol in dict.fromkeys(atoms.get_chemical_symbols())}
    text = _written(
        atoms, "espresso-in", input_data=settings, pseudopotentials=names, kpts=mesh, crystal_coordinates=True
    )
    return {"pw.in": text}


def _aims(atoms: Atoms, mesh: tuple[int, int, int]) -> Texts:
    # ASE's writer of this format is about to leave ASE
    cell = ["lattice_vector {:.12f} {:.12f} {:.12f}".format(*vector) for vector in atoms.cell.array]
    places = zip(atoms.positions, atoms.get_chemical_symbols(), strict=True)
    sites = ["atom {:.12f} {:.12f} {:.12f} {}".format(*place, symbol) for place, symbol in places]
    control = f"""# Forces of one supercell: nothing moves.
# Replace by the functional and the settings of your relaxation
xc                    pbe
relativistic          atomic_zora scalar
spin                  none
k_grid                {mesh[0]} {mesh[1]} {mesh[2]}
# Suits insulators and most metals
occupation_type       gaussian {SMEARING_EV}
sc_accuracy_rho       1E-6
compute_forces        .true.
final_forces_cleaned  .true.
# The basis sets of the elements follow here: see README.txt
"""
    return {"geometry.in": "\n".join([*cell, *sites, ""]), "control.in": control}


def _gpaw(atoms: Atoms, _mesh: tuple[int, int, int]) -> Texts:
    return {"POSCAR": poscar(atoms)}


def _gpaw_script(_atoms: Atoms, mesh: tuple[int, int, int]) -> Texts:
    script = f'''"""Calculate the forces of all displaced supercells with GPAW, and write FORCE_SETS.

Run it in this folder: `gpaw -P 16 python forces.py`, or `mpiexec gpaw python forces.py`. Supercells whose forces are
already there (forces.txt in their folders) are not calculated again.
"""

from pathlib import Path

import numpy as np
from ase.io import read
from ase.parallel import parprint, world
from gpaw import GPAW, PW, FermiDirac

# Replace by the settings of your relaxation
SETTINGS = dict(
    mode=PW({CUTOFF_EV}),
    xc="PBE",
    kpts={{"size": {mesh}, "gamma": True}},
    occupations=FermiDirac({SMEARING_EV}),
    convergence={{"density": 1e-7}},
)

folders = sorted(Path().glob("disp-*"))
perfect = read("perfect/POSCAR")
lines = [str(len(perfect)), str(len(folders))]
for folder in folders:
    done = folder / "forces.txt"
    atoms = read(folder / "POSCAR")
    if not done.exists():
        atoms.calc = GPAW(txt=str(folder / "gpaw.txt"), **SETTINGS)
        forces = atoms.get_forces()
        # The sum of all forces is zero but for the grid
        forces -= forces.mean(axis=0)
        if world.rank == 0:
            np.savetxt(done, forces, fmt="%.12f")
        parprint(folder, "done")
    world.barrier()
    forces = np.loadtxt(done)
    shift = atoms.get_scaled_positions(wrap=False) - perfect.get_scaled_positions(wrap=False)
    shift = (shift - np.rint(shift)) @ atoms.cell.array
    moved = int(np.argmax(np.linalg.norm(shift, axis=1)))
    lines += ["", str(moved + 1), " ".join(f"{{x:.16f}}" for x in shift[moved])]
    lines += [" ".join(f"{{x:.12f}}" for x in one) for one in forces]
if world.rank == 0:
    Path("FORCE_SETS").write_text("\\n".join(lines) + "\\n")
'''
    return {"forces.py": script}


def _written(atoms: Atoms, fmt: str, **options: Any) -> str:
    text = io.StringIO()
    ase.io.write(text, atoms, format=fmt, **options)
    return text.getvalue()


CODES: Final[Mapping[Code, DftCode]] = {
    "vasp": DftCode("VASP", "vasp", _vasp, "mpiexec vasp_std", "vasprun.xml"),
    "castep": DftCode("CASTEP", "castep", _castep, "mpiexec castep.mpi supercell", "supercell.castep"),
    "quantum-espresso": DftCode("Quantum ESPRESSO", "qe", _espresso, "mpiexec pw.x -in pw.in > pw.out", "pw.out"),
    "fhi-aims": DftCode("FHI-aims", "aims", _aims, "mpiexec aims.x > aims.out", "aims.out"),
    "gpaw": DftCode("GPAW", None, _gpaw, "", "", _gpaw_script),
}
