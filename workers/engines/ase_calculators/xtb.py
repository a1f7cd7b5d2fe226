"""Extended tight binding by tblite: GFN1-xTB and GFN2-xTB, neutral and with closed shells.

tblite samples the electrons only at Γ of the cell that it is given. So small cells are repeated (`repeated`).
"""

from __future__ import annotations

from typing import Final

from ase.calculators.calculator import Calculator

from workers.engines import machine
from workers.engines.ase_calculators.repeated import RepeatedCell
from workers.engines.interface import Potential

version: Final = machine.package_version

MIN_HEIGHT_ANGSTROM: Final = 6.5
"""Smallest height of a cell that is not repeated. In benzene (heights 6.8 to 9.4 Å) a doubled cell changes forces by
0.003 eV/Å (root mean square, GFN1 and GFN2), a tenth of the force of a displacement of 0.01 Å."""
ACCURACY: Final = 0.1
"""tblite's factor on its thresholds: the default of 1 leaves noise in forces that small displacements show."""


def calculator(potential: Potential) -> Calculator:
    """Return the calculator of a parametrisation, named by the format of the potential."""
    from tblite.ase import TBLite

    loaded = TBLite(method=potential.format, accuracy=ACCURACY, verbosity=0)
    return RepeatedCell(loaded, min_height_angstrom=MIN_HEIGHT_ANGSTROM)
