"""NEP models as ASE calculators, with DFT-D3 dispersion where it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from workers.engines.interface import Potential
from workers.simulations.outcome import CannotPredict

DISPERSION_CUTOFF: Final = 12.0
"""Å. Pairs further apart are left out, which have 1 % of benzene's dispersion energy. As in GPUMD's manual."""
COORDINATION_CUTOFF: Final = 6.0
"""Å. Neighbours that count for an atom's coordination number, which its C6 coefficients depend on."""


class DispersiveNep(Calculator):
    """A NEP and DFT-D3(BJ) dispersion together, by nep-adapters.

    Parameters
    ----------
    model
        File of a NEP model.
    functional
        Whose damping parameters are taken, such as "pbe".
    backend
        Of nep-adapters: "cpu" or "cuda".

    References
    ----------
    S. Grimme, J. Antony, S. Ehrlich and H. Krieg, J. Chem. Phys. 132 (2010) 154104; S. Grimme, S. Ehrlich and
    L. Goerigk, J. Comput. Chem. 32 (2011) 1456 (the damping).
    P. Ying and Z. Fan, J. Phys.: Condens. Matter 36 (2024) 125901 (with a NEP).
    """

    def __init__(self, model: Path, functional: str, *, backend: str) -> None:
        from nep_adapters import NEPCalculator

        super().__init__()  # type: ignore[no-untyped-call]
        self.implemented_properties = ["energy", "forces", "stress"]
        self._functional, self._nep = functional, NEPCalculator(model, backend=backend)

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Evaluate energy (eV), forces (eV/Å) and stress (eV/Å³, tension positive)."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        found = self._nep.predict_with_dftd3_structures(
            [atoms], self._functional, DISPERSION_CUTOFF, COORDINATION_CUTOFF
        )
        stress = -np.sum(found.virials, axis=0).reshape(3, 3) / atoms.get_volume()
        self.results = {
            "energy": float(found.energy[0]),
            "forces": found.forces,
            "stress": full_3x3_to_voigt_6_stress(stress),
        }


def nep_adapters(potential: Potential, *, backend: str = "cpu") -> Calculator:
    """Load a model into nep-adapters: the faster engine, for the models that it takes (angular n_max up to 8)."""
    from nep_adapters import NepAdaptersError
    from nep_adapters.ase import NepAseCalculator

    try:
        if potential.dispersion is not None:
            return DispersiveNep(potential.model, potential.dispersion, backend=backend)
        calculator: Calculator = NepAseCalculator(str(potential.model), backend=backend)
        return calculator
    except NepAdaptersError as error:
        raise CannotPredict(f"The engine refuses this potential: {error}") from error


def nep_adapters_cuda(potential: Potential) -> Calculator:
    """Load a model into nep-adapters, on the first graphics card that this process sees."""
    return nep_adapters(potential, backend="cuda")


def calorine(potential: Potential) -> Calculator:
    """Load a model into calorine's CPUNEP, which takes any."""
    from calorine.calculators import CPUNEP  # takes seconds to import

    dispersion = potential.dispersion and {
        "functional": potential.dispersion,
        "potential_cutoff": DISPERSION_CUTOFF,
        "coordination_number_cutoff": COORDINATION_CUTOFF,
    }
    try:
        calculator: Calculator = CPUNEP(str(potential.model), dftd3=dispersion)
        return calculator
    except ValueError as error:
        raise CannotPredict(f"The engine refuses this potential: {error}") from error
