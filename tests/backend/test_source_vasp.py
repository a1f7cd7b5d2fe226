"""Readers of VASP's files against Euphonic and phonopy, and hostile files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from euphonic import ForceConstants
from phonopy.interface.vasp import parse_force_constants

from backend.sources.formats import recognise
from backend.sources.formats.reading import NeedsFields, Reading, Refused, UploadedFile
from scattering.simulate.force_constants import to_force_constants
from scattering.simulate.interpolation import energies_at

from .source_files import NACL, full_constants, write_files
from .vasp_files import vaspout, vasprun

Q = np.array([[0.1, 0.2, 0.3], [0.5, 0.5, 0.5], [0.5, 0.0, 0.5], [0.37, 0.11, -0.25]])
SUPERCELL = [[2, 0, 0], [0, 2, 0], [0, 0, 2]]
BOMB = '<!DOCTYPE modeling [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE modeling [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("vasp")
    write_files(made)
    (made / "vaspout.h5").write_bytes(vaspout())
    (made / "vasprun.xml").write_text(vasprun())
    return made


def read(folder: Path, *names: str, **statements: Any) -> Reading:
    found = recognise([UploadedFile(name, folder / name) for name in names], None)
    return found.read(statements)


def refusal(folder: Path, *names: str, **statements: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        read(folder, *names, **statements)
    return caught.value


def write(folder: Path, name: str, content: str | bytes) -> str:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return name


def energies(reading: Reading) -> np.ndarray:
    assert reading.crystal is not None
    return energies_at(to_force_constants(reading.crystal), Q)


def expected() -> np.ndarray:
    return energies_at(ForceConstants.from_phonopy(path=NACL.parent, summary_name=NACL.name), Q)


def test_vaspout_gives_the_energies_of_euphonic(folder: Path) -> None:
    reading = read(folder, "vaspout.h5")
    found = energies(reading)
    np.testing.assert_allclose(found, energies_at(ForceConstants.from_vasp(folder / "vaspout.h5"), Q), atol=1e-6)
    np.testing.assert_allclose(found, expected(), atol=2e-2)
    assert reading.program.to_json() == {"name": "VASP", "version": "6.5.0", "functional": "PBE"}
    assert reading.notices == []


def test_the_primitive_cell_of_a_vaspout_is_found_or_stated(folder: Path) -> None:
    name = write(folder, "vaspout_super.h5", vaspout(primitive=False))
    reference = energies(read(folder, "vaspout.h5"))
    for statements in ({}, {"supercell": SUPERCELL}):
        reading = read(folder, name, **statements)
        np.testing.assert_allclose(energies(reading), reference, atol=1e-6)
    reading = read(folder, name, supercell=SUPERCELL)
    assert reading.unit_cell.symbols == ("Na",) * 4 + ("Cl",) * 4
    whole = read(folder, name, supercell=SUPERCELL, primitive="none")
    assert whole.crystal is not None
    assert whole.crystal.n_atoms == 8


def test_masses_and_born_charges_that_are_not_in_a_vaspout(folder: Path) -> None:
    reading = read(folder, write(folder, "vaspout_bare.h5", vaspout(masses=False, born=False)))
    assert [one.code for one in reading.notices] == ["masses_not_stated"]
    assert reading.crystal is not None
    assert reading.crystal.dipoles is None
    np.testing.assert_allclose(reading.crystal.masses, [22.98976928, 35.45])
    with_born = read(folder, write(folder, "vaspout_b.h5", vaspout(born=False)), "BORN")
    np.testing.assert_allclose(energies(with_born), energies(read(folder, "vaspout.h5")), atol=1e-4)


def modes(file: h5py.File) -> None:
    del file["results/linear_response"]
    file["results/phonons/frequencies"] = np.array([[1.0, 2, 3, 4, 5, 6]] * 2)
    file["results/phonons/qpoint_coords"] = np.array([[0, 0, 0.25], [0, 0, 0.5]])
    file["results/phonons/qpoints_symmetry_weight"] = np.array([0.75, 0.75])
    vectors = np.zeros((2, 6, 2, 3, 2))
    vectors[..., 0] = np.eye(6).reshape(6, 2, 3)
    file["results/phonons/eigenvectors"] = vectors


def changed(content: bytes, change: Any) -> bytes:
    stored = io.BytesIO(content)
    with h5py.File(stored, "r+") as file:
        change(file)
    return stored.getvalue()


def test_modes_of_a_vaspout(folder: Path) -> None:
    reading = read(folder, write(folder, "vaspout_modes.h5", changed(vaspout(), modes)))
    found = reading.modes
    assert found is not None
    np.testing.assert_allclose(found.energies_mev[0], 4.135667696 * np.arange(1, 7), rtol=1e-9)
    np.testing.assert_allclose(found.weights, 0.5)
    assert found.symbols == ("Na", "Cl")


def external(path: str) -> Any:
    def change(file: h5py.File) -> None:
        del file[path]
        file[path] = h5py.ExternalLink("/etc/other.h5", "/x")

    return change


def virtual(file: h5py.File) -> None:
    del file["results/linear_response/born_charges"]
    layout = h5py.VirtualLayout((64, 3, 3), "f8")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "x", (64, 3, 3))
    file.create_virtual_dataset("results/linear_response/born_charges", layout)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (external("results/linear_response/force_constants"), "external_link"),
        (external("input/poscar"), "external_link"),
        (external("input/potcar/content"), "external_link"),
        (virtual, "external_link"),
        (lambda file: file.pop("results/linear_response/force_constants"), "no_forces"),
        (lambda file: file.pop("input/poscar/lattice_vectors"), "incomplete_file"),
        (lambda file: file["input/poscar/number_ion_types"].write_direct(np.array([32, 10**6])), "too_large"),
        (lambda file: file["input/poscar/number_ion_types"].write_direct(np.array([32, 31])), "incomplete_file"),
        (lambda file: file["input/poscar/ion_types"].write_direct(np.array(["Na", "Xx"], "S20")), "incomplete_file"),
    ],
)
def test_hostile_vaspouts(folder: Path, change: Any, code: str) -> None:
    name = write(folder, "hostile.h5", changed(vaspout(), change))
    assert refusal(folder, name).notice.code == code


def test_truncated_files(folder: Path) -> None:
    for name in ("vaspout.h5", "vasprun.xml"):
        content = (folder / name).read_bytes()
        for part in (0.3, 0.9):
            short = write(folder, f"short_{name}", content[: int(part * len(content))])
            assert refusal(folder, short, supercell=SUPERCELL).notice.code in ("incomplete_file", "unknown_format")


@pytest.mark.parametrize("thz", [False, True])
def test_vasprun_gives_the_force_constants_of_phonopy(folder: Path, thz: bool) -> None:
    name = write(folder, "vasprun_a.xml", vasprun(thz=thz))
    constants, symbols = parse_force_constants(folder / name)
    np.testing.assert_allclose(constants, full_constants(), atol=1e-6)
    assert list(symbols) == ["Na", "Cl"]
    reference = energies(read(folder, "vaspout.h5"))
    for others, statements in (((), {"supercell": SUPERCELL}), (("POSCAR",), {}), (("POSCAR", "BORN"), {})):
        reading = read(folder, name, *others, **statements)
        np.testing.assert_allclose(energies(reading), reference, atol=1e-4 if "BORN" in others else 1e-5)
        assert reading.unit_cell.symbols == ("Na",) * 4 + ("Cl",) * 4
    assert reading.program.to_json() == {"name": "VASP", "version": "6.3.0", "functional": "PBEsol"}


def test_the_supercell_of_a_vasprun_is_asked_for(folder: Path) -> None:
    found = refusal(folder, "vasprun.xml")
    assert isinstance(found, NeedsFields)
    assert (found.loc, found.notice.code) == ("supercell", "needs_field")
    assert refusal(folder, "vasprun.xml", supercell=np.diag([3, 1, 1])).notice.code == "does_not_fit"
    wrong = (folder / "POSCAR").read_text().replace("5.5559", "4.1000")
    assert refusal(folder, "vasprun.xml", write(folder, "POSCAR_other", wrong)).notice.code == "does_not_fit"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (vasprun(doctype=BOMB), "external_entity"),
        (vasprun(doctype=OUTSIDE), "external_entity"),
        (vasprun(doctype='<!DOCTYPE modeling SYSTEM "http://example.org/a.dtd">'), "external_entity"),
        (vasprun(hessian=False), "no_forces"),
        (vasprun().replace("</dynmat>", ""), "incomplete_file"),
        (vasprun().replace("<v>", "<v>x", 1), "incomplete_file"),
        (vasprun().replace("<c>32</c>", "<c>3200000</c>"), "too_large"),
        (vasprun().replace("<incar>", "<incar>" + "<i>" * 100), "nested_too_deep"),
        (vasprun().replace("vasp ", "&undefined;"), "incomplete_file"),
    ],
)
def test_hostile_vaspruns(folder: Path, content: str, code: str) -> None:
    assert refusal(folder, write(folder, "hostile.xml", content), supercell=SUPERCELL).notice.code == code
