"""Files of VASP with the second derivatives of a supercell of sodium chloride."""

from __future__ import annotations

import io
from collections.abc import Sequence

import h5py
import numpy as np

from .source_files import full_constants, nacl_phonopy

COUNTS = (32, 32)
NAMES = ("Na", "Cl")


def full_born() -> np.ndarray:
    """Return the Born charges of all atoms of the supercell, shape (64, 3, 3); the first axis is that of the field."""
    return np.repeat(nacl_phonopy().nac_params["born"], 32, axis=0)


def vaspout(
    *, primitive: bool = True, born: bool = True, masses: bool = True, hessian: np.ndarray | None = None
) -> bytes:
    """Return a vaspout.h5."""
    made = nacl_phonopy()
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        _cell(file, "input/poscar", made.supercell, COUNTS)
        if masses:
            file["input/potcar/content"] = np.bytes_(
                " PAW_PBE Na\n POMASS =   22.989769; ZVAL\n PAW_PBE Cl\n POMASS =   35.453; ZVAL\n"
            )
        file["input/incar/GGA"] = np.bytes_("PE")
        for part, number in (("major", 6), ("minor", 5), ("patch", 0)):
            file[f"version/{part}"] = number
        if hessian is None:
            hessian = -full_constants().transpose(0, 2, 1, 3).reshape(192, 192)
        file["results/linear_response/force_constants"] = hessian
        if born:
            file["results/linear_response/born_charges"] = full_born()
            file["results/linear_response/electron_dielectric_tensor"] = made.nac_params["dielectric"]
        if primitive:
            _cell(file, "results/phonons/primitive", made.primitive, (1, 1))
    return content.getvalue()


def _cell(file: h5py.File, group: str, atoms: object, counts: Sequence[int]) -> None:
    file[f"{group}/lattice_vectors"] = atoms.cell  # type: ignore[attr-defined]
    file[f"{group}/position_ions"] = atoms.scaled_positions  # type: ignore[attr-defined]
    file[f"{group}/number_ion_types"] = np.array(counts)
    file[f"{group}/ion_types"] = np.array([name.ljust(20) for name in NAMES], dtype="S20")
    file[f"{group}/scale"] = 1.0


def _rows(values: np.ndarray) -> str:
    return "\n".join("<v>" + " ".join(f"{one:.12e}" for one in row) + "</v>" for row in values)


def vasprun(*, thz: bool = False, born: bool = True, doctype: str = "", hessian: bool = True) -> str:
    """Return a vasprun.xml."""
    made = nacl_phonopy()
    atoms = made.supercell
    weights = np.sqrt(np.repeat(atoms.masses, 3))
    second = -full_constants().transpose(0, 2, 1, 3).reshape(192, 192) / np.outer(weights, weights)
    unit = '<i name="unit" type="string">THz^2</i>' if thz else ""
    if thz:
        second = second * 15.633302**2
    charges = "".join(f"<set>{_rows(one)}</set>" for one in full_born())
    nac = (
        f'<array name="born_charges"><dimension dim="1">ion</dimension>{charges}</array>'
        f'<varray name="epsilon">{_rows(made.nac_params["dielectric"])}</varray>'
    )
    dynmat = f'<dynmat>{unit}<varray name="hessian">{_rows(second)}</varray></dynmat>'
    types = "".join(
        f"<rc><c>{count}</c><c>{name}</c><c>{mass}</c><c>1</c><c>PAW</c></rc>"
        for count, name, mass in zip(COUNTS, NAMES, (22.989769, 35.453), strict=True)
    )
    return f"""<?xml version="1.0" encoding="ISO-8859-1"?>
{doctype}<modeling>
<generator><i name="program" type="string">vasp </i><i name="version" type="string">6.3.0  </i></generator>
<incar><i type="string" name="GGA">PS</i></incar>
<atominfo><array name="atomtypes"><set>{types}</set></array></atominfo>
<structure name="initialpos"><crystal><varray name="basis">{_rows(atoms.cell)}</varray></crystal>
<varray name="positions">{_rows(atoms.scaled_positions)}</varray></structure>
<calculation>{dynmat if hessian else ""}{nac if born else ""}</calculation>
</modeling>
"""
