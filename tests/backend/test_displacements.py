"""Displaced supercells for DFT codes: another calculator takes the place of the code, and its outputs come back."""

from __future__ import annotations

import io
import runpy
import subprocess
import sys
import types
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.calculators.emt import EMT
from numpy.typing import NDArray
from phonopy import Phonopy
from phonopy.interface.castep import read_castep
from phonopy.physical_units import get_calculator_physical_units
from phonopy.structure.atoms import PhonopyAtoms

from backend.displacements import codes, service
from backend.displacements.supercells import UnitCell, displace
from backend.kit.db import database
from backend.kit.db.owners import LOCAL_USER, Scope
from backend.kit.settings import Settings
from backend.observing.layouts import POWDER
from backend.sources import service as sources
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.partials import Partials
from scattering.simulate import harmonic, phonons
from scattering.simulate.force_constants import to_force_constants
from scattering.simulate.interpolation import energies_at
from tests.scattering.test_harmonic_crystal import hydride

from .conftest import Client
from .predicting import ask, finish, silicon_partials

NICKEL_ALUMINIDE = b"""NiAl, elements in turn
1.0
5.8 0.0 0.0
0.0 2.95 0.0
0.0 0.0 2.9
Ni Al Ni Al
1 1 1 1
Direct
0.0 0.0 0.0
0.25 0.5 0.5
0.5 0.0 0.0
0.75 0.5 0.5
"""
"""An orthorhombic cell, whose primitive cell has two atoms."""
REPEATS = (2, 4, 4)
POINTS = np.array([[0.0, 0.0, 0.25], [0.5, 0.25, 0.0], [0.5, 0.5, 0.5], [1.0, 0.5, 0.25]])
"""Wave vectors that fit the supercell, r.l.u."""
RY_PER_BOHR = get_calculator_physical_units("qe").force_to_eVperA


@pytest.fixture
def structure_id(client: Client) -> str:
    response = client.post("/structures", files={"file": ("NiAl.vasp", NICKEL_ALUMINIDE)})
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def export(client: Client, path: str, folder: Path, **body: Any) -> Path:
    response = client.post(f"{path}/displacements", json=body)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        archive.extractall(folder)
    return folder


def emt_forces(atoms: Atoms) -> NDArray[np.float64]:
    atoms.calc = EMT()
    return np.asarray(atoms.get_forces())


def direct() -> Phonopy:
    """The same crystal, displaced and calculated without files."""
    atoms = ase.io.read(io.StringIO(NICKEL_ALUMINIDE.decode()), format="vasp")
    made = Phonopy(
        PhonopyAtoms(
            symbols=atoms.get_chemical_symbols(), cell=atoms.cell.array, scaled_positions=atoms.get_scaled_positions()
        ),
        supercell_matrix=np.diag(REPEATS),
        primitive_matrix=np.diag([0.5, 1, 1]),
        log_level=0,
    )
    made.generate_displacements(distance=0.01)
    made.forces = [
        emt_forces(Atoms(numbers=one.numbers, cell=one.cell, scaled_positions=one.scaled_positions, pbc=True))
        for one in made.supercells_with_displacements
    ]
    made.produce_force_constants()
    made.symmetrize_force_constants()
    return made


def read_vasp(folder: Path) -> Atoms:
    assert {one.name for one in folder.iterdir()} >= {"POSCAR", "INCAR", "KPOINTS"}
    return ase.io.read(folder / "POSCAR")


def write_vasp(folder: Path, forces: NDArray[np.float64]) -> None:
    atoms = read_vasp(folder)

    def varray(name: str, rows: NDArray[np.float64]) -> str:
        lines = "\n".join("<v> {:.10f} {:.10f} {:.10f} </v>".format(*row) for row in rows)
        return f'<varray name="{name}" >\n{lines}\n</varray>\n'

    crystal = f"<crystal>\n{varray('basis', atoms.cell.array)}</crystal>\n"
    structure = f"<structure>\n{crystal}{varray('positions', atoms.get_scaled_positions())}</structure>\n"
    energies = "".join(f'<i name="{name}"> -1.0 </i>\n' for name in ("e_fr_energy", "e_wo_entrp", "e_0_energy"))
    (folder / "vasprun.xml").write_text(
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<modeling>\n'
        '<generator>\n<i name="version" type="string">6.4.2 </i>\n</generator>\n'
        f"<calculation>\n{structure}{varray('forces', forces)}"
        f"<energy>\n{energies}</energy>\n</calculation>\n</modeling>\n"
    )


def read_cell(folder: Path) -> Atoms:
    cell = read_castep(folder / "supercell.cell")
    assert "KPOINT_MP_GRID" in (folder / "supercell.cell").read_text()
    assert "SinglePoint" in (folder / "supercell.param").read_text()
    return Atoms(numbers=cell.numbers, cell=cell.cell, scaled_positions=cell.scaled_positions, pbc=True)


def write_castep(folder: Path, forces: NDArray[np.float64]) -> None:
    symbols = read_cell(folder).get_chemical_symbols()
    # CASTEP numbers the atoms of each element
    lines = [
        f" * {symbol:>2} {symbols[: at + 1].count(symbol):>13} {one[0]:>18.10f} {one[1]:>18.10f} {one[2]:>18.10f} *"
        for at, (symbol, one) in enumerate(zip(symbols, forces, strict=True))
    ]
    head = [" ***************** Forces *****************", " *                Cartesian components (eV/A) *"]
    rule = [" * -----------------------------------------*", " *                x      y      z            *", " *   *"]
    (folder / "supercell.castep").write_text("\n".join([*head, *rule, *lines, " ***********", ""]))


def read_espresso(folder: Path) -> Atoms:
    text = (folder / "pw.in").read_text()
    assert "tprnfor" in text
    assert "Ni.UPF" in text
    return ase.io.read(folder / "pw.in", format="espresso-in")


def write_espresso(folder: Path, forces: NDArray[np.float64]) -> None:
    lines = [
        f"     atom {at:>4} type  1   force = {one[0]:>16.10f} {one[1]:>16.10f} {one[2]:>16.10f}"
        for at, one in enumerate(forces / RY_PER_BOHR, start=1)
    ]
    # With verbosity = 'high' parts of the forces follow in the same form
    head = "     Forces acting on atoms (cartesian axes, Ry/au):"
    text = "\n".join([head, "", *lines, "     The non-local contrib.  to forces", *lines[::-1], ""])
    (folder / "pw.out").write_text(text)


def read_geometry(folder: Path) -> Atoms:
    lines = [line.split() for line in (folder / "geometry.in").read_text().splitlines()]
    cell = np.array([line[1:] for line in lines if line[0] == "lattice_vector"], dtype=float)
    places = np.array([line[1:4] for line in lines if line[0] == "atom"], dtype=float)
    symbols = [line[4] for line in lines if line[0] == "atom"]
    control = (folder / "control.in").read_text()
    assert {"compute_forces        .true.", "final_forces_cleaned  .true."} <= set(control.splitlines())
    return Atoms(symbols, positions=places, cell=cell, pbc=True)


def write_aims(folder: Path, forces: NDArray[np.float64]) -> None:
    """The lines of an output of FHI-aims that phonopy reads, with other forces before."""
    atoms = read_geometry(folder)

    def rows(of: NDArray[np.float64]) -> list[str]:
        return [f"  |{at:>5}" + "".join(f"{value:>31.15E}" for value in one) for at, one in enumerate(of, start=1)]

    places = enumerate(zip(atoms.get_chemical_symbols(), atoms.positions, strict=True), start=1)
    structure = ["  |{:>5}: Species {} {:.8f} {:.8f} {:.8f}".format(at, one, *place) for at, (one, place) in places]
    cell = ["  | {:.8f} {:.8f} {:.8f}".format(*vector) for vector in atoms.cell.array]
    head = [f"  | Number of atoms                   : {len(atoms):>8}", "  | Unit cell:", *cell]
    total = "  Total atomic forces (unitary forces cleaned) [eV/Ang]:"
    steps = [total, *rows(-forces), "", "  Energy and forces in a compact form:", total, *rows(forces), ""]
    parts = [*head, "  | Atomic structure:", "  |", *structure, *steps]
    (folder / "aims.out").write_text("\n".join(parts))


Outputs = tuple[Callable[[Path], Atoms], Callable[[Path, NDArray[np.float64]], None], str]
OUTPUTS: dict[str, Outputs] = {
    "vasp": (read_vasp, write_vasp, "vasprun.xml"),
    "castep": (read_cell, write_castep, "supercell.castep"),
    "quantum-espresso": (read_espresso, write_espresso, "pw.out"),
    "fhi-aims": (read_geometry, write_aims, "aims.out"),
}


def uploaded(client: Client, settings: Settings, files: dict[str, bytes], fmt: str) -> HarmonicCrystal:
    response = client.post("/sources", files=[("files", one) for one in files.items()])
    assert response.status_code == 201, response.text
    assert response.json()["format"] == fmt
    with database.transaction(settings) as session:
        row = sources.get(Scope(session, LOCAL_USER), uuid.UUID(response.json()["id"]))
        phonons = sources.load_phonons(settings, row)
    assert isinstance(phonons, HarmonicCrystal)
    return phonons


def force_sets(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("phonopy_disp.yaml", "FORCE_SETS")}


def zipped(folder: Path, *, within: str = "run/", leave_out: str = "FORCE_SETS") -> bytes:
    """A zip of the folder, as a file manager makes it: the folder itself is in it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for place in sorted(folder.rglob("*")):
            if place.is_file() and place.name != leave_out:
                archive.write(place, f"{within}{place.relative_to(folder)}")
    return content.getvalue()


def check_phonons(crystal: HarmonicCrystal) -> None:
    """Compare the phonons of an upload with those of the direct calculation."""
    expected = direct()
    # In r.l.u. of the uploaded cell, whose atoms have another order than in the file
    primitive = POINTS @ np.linalg.inv(crystal.repeats).T
    found = energies_at(to_force_constants(crystal), primitive)
    expected.run_qpoints(POINTS @ np.diag([0.5, 1, 1]))
    thz = expected.qpoints.frequencies
    np.testing.assert_allclose(found, np.sort(thz, axis=1) * 4.135667696, atol=2e-3)


@pytest.mark.parametrize("code", sorted(OUTPUTS))
def test_forces_of_a_code_come_back_as_its_phonons(
    client: Client, settings: Settings, structure_id: str, tmp_path: Path, code: str
) -> None:
    folder = export(client, f"/structures/{structure_id}", tmp_path, code=code, supercell=REPEATS)
    read, write, output = OUTPUTS[code]
    displaced = sorted(folder.glob("disp-*"))
    for one in (*displaced, folder / "perfect"):
        write(one, emt_forces(read(one)))
    perfect = read(folder / "perfect")
    assert len(perfect) == 128
    # Atoms of an element are behind each other, as POTCAR has them
    assert perfect.get_chemical_symbols() == ["Ni"] * 64 + ["Al"] * 64
    for one in displaced:
        moved = (read(one).positions - perfect.positions + 1) % perfect.cell.lengths() - 1
        lengths = np.linalg.norm(moved, axis=1)
        assert sorted(lengths)[-1] == pytest.approx(0.01, abs=1e-8)
        assert sorted(lengths)[-2] == pytest.approx(0, abs=1e-8)
    # phonopy collects the outputs, as the instructions say
    assert f"disp-*/{output}" in (folder / "README.txt").read_text()
    program = Path(sys.executable).with_name("phonopy-collect")
    names = [str(one.relative_to(folder) / output) for one in displaced]
    subprocess.run([program, *names], cwd=folder, check=True, capture_output=True, timeout=120)
    check_phonons(uploaded(client, settings, force_sets(folder), "phonopy-force-sets"))
    # Or the finished folder is uploaded as it is
    check_phonons(uploaded(client, settings, {"run.zip": zipped(folder)}, "displaced-supercells"))


def test_the_forces_of_the_perfect_supercell_are_subtracted(
    client: Client, settings: Settings, structure_id: str, tmp_path: Path
) -> None:
    folder = export(client, f"/structures/{structure_id}", tmp_path, code="castep", supercell=REPEATS)
    residual = np.random.default_rng(1).normal(scale=0.05, size=(128, 3))
    residual -= residual.mean(axis=0)
    write_castep(folder / "perfect", residual)
    for one in folder.glob("disp-*"):
        write_castep(one, emt_forces(read_cell(one)) + residual)
    check_phonons(uploaded(client, settings, {"run.zip": zipped(folder, within="")}, "displaced-supercells"))


def test_damaged_archives_of_outputs_are_refused(client: Client, structure_id: str, tmp_path: Path) -> None:
    folder = export(client, f"/structures/{structure_id}", tmp_path, code="quantum-espresso", supercell=(1, 1, 1))

    def refusal(content: bytes) -> tuple[int, str]:
        for route in ("/sources/preview", "/sources"):
            response = client.post(route, files=[("files", ("run.zip", content))])
        return response.status_code, response.json()["code"]

    assert refusal(zipped(folder)) == (422, "incomplete_file")
    first, second = sorted(folder.glob("disp-*"))
    write_espresso(first, np.zeros((4, 3)))
    assert refusal(zipped(folder)) == (422, "incomplete_file")
    write_espresso(second, np.zeros((5, 3)))
    assert refusal(zipped(folder)) == (422, "does_not_fit")
    (second / "pw.out").write_text("     Forces acting on atoms (cartesian axes, Ry/au):\n\n" + "a" * 50_000_000)
    assert refusal(zipped(folder)) == (422, "incomplete_file")
    write_espresso(second, np.zeros((4, 3)))
    whole = zipped(folder)
    for damaged in (whole[: len(whole) // 2], whole.replace(b"disp-002", b"disp-00x")):
        assert refusal(damaged)[0] in (415, 422)
    assert refusal(zipped(folder, leave_out="phonopy_disp.yaml")) == (415, "unknown_format")


def test_the_script_of_gpaw_writes_force_sets(
    client: Client, settings: Settings, structure_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = export(client, f"/structures/{structure_id}", tmp_path, code="gpaw", supercell=REPEATS)
    stand_in = types.ModuleType("gpaw")
    stand_in.GPAW = lambda **settings: EMT()  # type: ignore[attr-defined]
    stand_in.PW = stand_in.FermiDirac = float  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gpaw", stand_in)
    monkeypatch.chdir(folder)
    for _ in range(2):
        # A second run finds the forces of the first
        runpy.run_path(str(folder / "forces.py"))
    check_phonons(uploaded(client, settings, force_sets(folder), "phonopy-force-sets"))


def test_the_relaxed_cell_of_a_forecast_is_displaced(
    client: Client, settings: Settings, structure: dict[str, Any], tmp_path: Path
) -> None:
    def store(partials: Partials) -> str:
        asked = ask(client, structure)
        path = settings.partials_path(asked["id"])
        finish(asked["id"], lambda place: POWDER.write(place, partials), path, provenance={}, warnings=[])
        return str(asked["id"])

    crystal = hydride()
    heavy = replace(crystal, masses=np.array([crystal.masses[0], 2.014]))
    axes = {"q": np.arange(1.0, 5.0), "energy": np.arange(0.0, 400.0, 2.0)}
    zone = phonons.sample_zone(to_force_constants(heavy), n_points=200)
    found = harmonic.predict(zone, labels=heavy.species, temperature=100.0, n_orders=1, n_directions=10, **axes)
    prediction_id = store(replace(found.partials, harmonic_crystal=heavy))
    folder = export(client, f"/predictions/{prediction_id}", tmp_path, code="vasp")
    perfect = read_vasp(folder / "perfect")
    # The height of 10 Å needs three cells of 4 Å
    assert perfect.cell.lengths() == pytest.approx(np.full(3, 3 * crystal.uploaded_cell[0, 0]))
    assert len(list(folder.glob("disp-*"))) == 2
    written = (folder / "phonopy_disp.yaml").read_text()
    assert "mass: 2.014" in written
    old = client.post(f"/predictions/{store(silicon_partials())}/displacements", json={"code": "vasp"})
    assert (old.status_code, old.json()["code"]) == (409, "force_constants_not_kept")


def test_atoms_of_isotopes_are_not_made_equal() -> None:
    unit = UnitCell.of(np.diag([6.0, 3, 3]), np.array([[0.0, 0, 0], [3, 0, 0]]), ["H", "H"], np.array([1.008, 2.014]))
    same = UnitCell.of(unit.cell, unit.positions, ["H", "H"], np.array([1.008, 1.008]))
    for one, n_atoms in ((unit, 2), (same, 1)):
        text = displace(one, (1, 2, 2), distance=0.01, calculator=None).disp_yaml
        primitive = text.split("primitive_cell:")[1].split("unit_cell:")[0]
        assert primitive.count("symbol:") == n_atoms


@pytest.mark.parametrize(
    ("body", "code", "loc"),
    [
        ({"code": "vasp", "supercell": [12, 12, 12]}, "displaced_supercells_too_large", "supercell"),
        ({"code": "abinit"}, None, "code"),
        ({"code": "vasp", "supercell": [0, 1, 1]}, None, "supercell.0"),
        ({"code": "vasp", "distance_angstrom": 2}, None, "distance_angstrom"),
        ({"code": "vasp", "k_spacing_inv_angstrom": 0}, None, "k_spacing_inv_angstrom"),
    ],
)
def test_impossible_supercells_are_refused(
    client: Client, structure_id: str, body: dict[str, Any], code: str | None, loc: str
) -> None:
    response = client.post(f"/structures/{structure_id}/displacements", json=body)
    assert response.status_code == 422, response.text
    assert response.json()["errors"][0]["loc"] == loc
    assert code is None or response.json()["code"] == code


def test_many_displacements_are_refused(client: Client, structure_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_WRITTEN_ATOMS", 100)
    response = client.post(f"/structures/{structure_id}/displacements", json={"code": "gpaw", "supercell": REPEATS})
    assert (response.status_code, response.json()["code"]) == (422, "displaced_supercells_too_large")
    missing = client.post(f"/structures/{uuid.uuid4()}/displacements", json={"code": "gpaw"})
    assert missing.status_code == 404


def test_a_mesh_of_k_points_is_as_fine_as_stated() -> None:
    cell = np.diag([10.0, 5.0, 2 * np.pi])
    assert codes.k_mesh(cell, 0.25) == (3, 6, 4)
