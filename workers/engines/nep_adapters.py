"""nep-adapters: neuroevolution potentials (NEP) for ASE, with or without DFT-D3 dispersion."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from workers.engines import machine
from workers.engines.interface import Potential
from workers.kit.failures import potential_refused
from workers.potentials.nep import COORDINATION_CUTOFF, DISPERSION_CUTOFF

version: Final = machine.package_version


class DispersiveNep(Calculator):
    """A NEP with DFT-D3(BJ) dispersion.

    Parameters
    ----------
    file
        File of the NEP.
    functional
        Functional of the damping parameters, such as "pbe".
    backend
        Backend of nep-adapters: "cpu" or "cuda".

    References
    ----------
    S. Grimme, J. Antony, S. Ehrlich and H. Krieg, J. Chem. Phys. 132 (2010) 154104; S. Grimme, S. Ehrlich and
    L. Goerigk, J. Comput. Chem. 32 (2011) 1456 (the damping).
    P. Ying and Z. Fan, J. Phys.: Condens. Matter 36 (2024) 125901 (with a NEP).
    """

    def __init__(self, file: Path, functional: str, *, backend: str) -> None:
        from nep_adapters import NEPCalculator

        super().__init__()  # type: ignore[no-untyped-call]
        self.implemented_properties = ["energy", "forces", "stress"]
        self._functional, self._nep = functional, NEPCalculator(file, backend=backend)

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Evaluate energy (eV), forces (eV/Å) and stress (eV/Å³, tension positive)."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        prediction = self._nep.predict_with_dftd3_structures(
            [atoms], self._functional, DISPERSION_CUTOFF, COORDINATION_CUTOFF
        )
        stress = -np.sum(prediction.virials, axis=0).reshape(3, 3) / atoms.get_volume()
        self.results = {
            "energy": float(prediction.energy[0]),
            "forces": prediction.forces,
            "stress": full_3x3_to_voigt_6_stress(stress),
        }


def load(potential: Potential, *, backend: str) -> Calculator:
    """Load a potential. nep-adapters accepts an angular n_max up to 8.

    Raises
    ------
    CannotPredict
        nep-adapters refuses the file.
    """
    from nep_adapters import NepAdaptersError
    from nep_adapters.ase import NepAseCalculator

    try:
        if potential.dispersion is not None:
            return DispersiveNep(potential.file, potential.dispersion, backend=backend)
        calculator: Calculator = NepAseCalculator(str(potential.file), backend=backend)
        return calculator
    except NepAdaptersError as error:
        raise potential_refused("nep-adapters", str(error)) from error


def calculator(potential: Potential) -> Calculator:
    """Load a potential on a CPU; see `load`."""
    return load(potential, backend="cpu")
