"""Whether forces are those of the displacement that they stand beside: outputs are easily exchanged.

The limits were chosen on nine calculations of phonopy's examples (NaCl, SnO2, ZnO, Al2O3, CaTiO3, MgB2, SiO2, MgO,
TiO2). Forces in their places break the symmetry by at most 1.7 %, and the displaced atom has at least 1.09 times the
force of any other. With two outputs exchanged it is 42 to 100 %, and at most 0.39 times.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backend.sources.formats.reading import Refused, UploadedFile
from scattering.core.notices import Notice

MAX_BROKEN: Final = 0.05
"""Part of forces that the symmetry of the crystal does not allow, over the largest force: above, they are doubtful."""
BROKEN_FOR_CERTAIN: Final = 0.2
"""The same above which the forces are of another displacement, if the displaced atom has a small force too."""
MIN_OWN_FORCE: Final = 0.5
"""Force on the displaced atom over the largest one on another atom, at least."""


def check_forces(
    file: UploadedFile, dataset: Mapping[str, Any], constants: NDArray[np.float64], rows: NDArray[np.int64]
) -> list[Notice]:
    """Return doubts about forces in supercells with one displaced atom each.

    Parameters
    ----------
    dataset
        Displacements and forces as phonopy has them.
    constants
        Shape (n_atoms, n_supercell_atoms, 3, 3): force constants that phonopy fits to the forces and their images by
        symmetry, before they are made symmetric.
    rows
        Atoms of the supercell to which the rows of the constants belong.

    Raises
    ------
    Refused
        Forces belong to another displacement: they break the symmetry, and the displaced atom is hardly pushed back.
    """
    row_of = {int(atom): row for row, atom in enumerate(rows)}
    doubts, broken_most = [], 0.0
    for number, one in enumerate(dataset.get("first_atoms", ()), start=1):
        atom, forces = one["number"], np.asarray(one["forces"])
        sizes = np.linalg.norm(forces, axis=1)
        largest = int(np.argmax(sizes))
        if atom not in row_of or sizes[largest] == 0:
            continue
        fitted = -np.einsum("jab,a->jb", constants[row_of[atom]], one["displacement"])
        broken = float(np.abs(forces - fitted).max() / np.abs(forces).max())
        is_elsewhere = sizes[atom] < MIN_OWN_FORCE * sizes[largest]
        if is_elsewhere:
            place = {"file": file.name, "number": number, "atom": atom + 1, "largest_on": largest + 1}
            if broken > BROKEN_FOR_CERTAIN:
                raise Refused(Notice("forces_of_another_displacement", place))
            doubts.append(Notice("force_elsewhere", place))
        broken_most = max(broken_most, broken)
    if broken_most > MAX_BROKEN:
        doubts.append(Notice("forces_break_symmetry", {"file": file.name, "percent": round(100 * broken_most, 1)}))
    return doubts
