"""The reader of Quantum ESPRESSO's force constants, its lattices, and hostile files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spglib

from backend.sources.formats import recognise
from backend.sources.formats.espresso.lattices import lattice_of
from backend.sources.formats.reading import NeedsFields, Reading, Refused, UploadedFile
from backend.structures.geometry import lengths_and_angles
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.simulate.force_constants import to_force_constants
from scattering.simulate.interpolation import energies_at, modes_at
from tests.phonons.crystals import BOHR, FOLDER, RYDBERG, nacl_q2r

FILE = FOLDER / "nacl_q2r.fc"
PH_X_MEV = 4.562975 * 4.135667696
"""ph.x: the optic modes at Γ of the calculation that `q2r` read."""
Q = np.array([[0.1, 0.2, 0.3], [0.5, 0.5, 0.5], [0.5, 0.0, 0.5], [0.37, 0.11, -0.25]])


def read(folder: Path, text: str, **statements: Any) -> Reading:
    (folder / "salt.fc").write_text(text)
    found = recognise([UploadedFile("salt.fc", folder / "salt.fc")], None)
    assert found.format.name == "quantum-espresso-q2r"
    return found.read(statements)


def refusal(folder: Path, text: str, **statements: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        read(folder, text, **statements)
    return caught.value


def energies(crystal: HarmonicCrystal | None, q: np.ndarray = Q) -> np.ndarray:
    assert crystal is not None
    return energies_at(to_force_constants(crystal), q)


def without_dipoles(crystal: HarmonicCrystal) -> str:
    """Return the file of total force constants, with the flag F."""
    grid = np.diag(crystal.supercell_matrix)
    unit = 10.0
    lines = [f"  2    2   0  {unit:.7f}" + "  0.0000000" * 5]
    lines += ["".join(f"{value:20.14f}" for value in row / (unit * BOHR)) for row in crystal.cell]
    lines += FILE.read_text().split("\n")[4:6]
    places = crystal.positions / (unit * BOHR)
    lines += [f"{n + 1:5d}{n + 1:5d}" + "".join(f"{value:20.14f}" for value in one) for n, one in enumerate(places)]
    lines += [" F", "".join(f"{n:4d}" for n in grid)]
    values = crystal.force_constants.reshape(*grid, 2, 3, 2, 3) / (RYDBERG / BOHR**2)
    for i, j, a, b in np.ndindex(3, 3, 2, 2):
        lines.append(f"{i + 1:4d}{j + 1:4d}{a + 1:4d}{b + 1:4d}")
        for z, y, x in np.ndindex(*grid[::-1]):
            lines.append(f"{x + 1:4d}{y + 1:4d}{z + 1:4d}  {values[x, y, z, b, j, a, i]:.14E}")
    return "\n".join([*lines, ""])


def test_the_part_of_the_dipoles_is_added_back(tmp_path: Path) -> None:
    reading = read(tmp_path, FILE.read_text())
    np.testing.assert_allclose(energies(reading.crystal), energies(nacl_q2r()), atol=1e-6)
    assert reading.crystal is not None
    fc = to_force_constants(reading.crystal)
    # Before the acoustic sum rule
    at_gamma = modes_at(fc, np.zeros((1, 3)), sum_rule=False).frequencies.to("meV").magnitude
    assert at_gamma[0, 3:] == pytest.approx([PH_X_MEV] * 3, abs=1e-4)
    lo = energies_at(fc, np.zeros((1, 3)), directions=np.array([[0.0, 1.0, 1.0]]))
    assert lo.max() == pytest.approx(30.54, abs=0.05)
    assert reading.program.to_json() == {"name": "Quantum ESPRESSO"}


def test_total_force_constants_are_read_as_they_are(tmp_path: Path) -> None:
    crystal = read(tmp_path, without_dipoles(nacl_q2r())).crystal
    assert crystal is not None
    assert crystal.dipoles is None
    np.testing.assert_allclose(crystal.force_constants, nacl_q2r().force_constants, atol=1e-9)
    np.testing.assert_allclose(crystal.positions, nacl_q2r().positions, atol=1e-9)


def test_a_type_without_a_name_is_asked_for(tmp_path: Path) -> None:
    text = FILE.read_text().replace("'Na    '", "'      '").replace("'Cl    '", "'anion '")
    found = refusal(tmp_path, text)
    assert isinstance(found, NeedsFields)
    assert (found.loc, found.notice.params["types"]) == ("species", ["1", "2"])
    assert found.needs[0].choices["1"] == {"n_atoms": 1, "mass_u": pytest.approx(22.99, abs=0.01)}
    for names in ({"1": "Na", "2": "Cl"}, {"1": "Na", "anion": "Cl"}):
        crystal = read(tmp_path, text, species=names).crystal
        assert crystal is not None
        assert crystal.symbols == ("Na", "Cl")
    heavy = read(tmp_path, text, species={"1": "Na", "2": "37Cl"}).crystal
    assert heavy is not None
    assert heavy.masses[1] == pytest.approx(36.966, abs=1e-3)
    assert heavy.symbols == ("Na", "Cl")


@pytest.mark.parametrize("label", ["Na1", "na", "Na_pbe"])
def test_elements_of_labels(tmp_path: Path, label: str) -> None:
    crystal = read(tmp_path, FILE.read_text().replace("'Na    '", f"'{label}'")).crystal
    assert crystal is not None
    assert crystal.symbols == ("Na", "Cl")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("   4   4   4\n", "  2000 2000 2000\n", "too_large"),
        ("   4   4   4\n", "   4   4   5\n", "incomplete_file"),
        ("   4   4   4\n", "   0   4   4\n", "incomplete_file"),
        ("  2    2   0  7.6035980", "  2 99999   0  7.6035980", "too_large"),
        ("  2    2   0  7.6035980", "  2    2  99  7.6035980", "incomplete_file"),
        ("  2    2   0  7.6035980", "  2    2   0  0.0000000", "incomplete_file"),
        ("   3   4   4  ", "   3   4   3  ", "incomplete_file"),
        ("          2.474410240741", "         -2.474410240741", "incomplete_file"),
        ("E-02", "E-0x", "incomplete_file"),
        (" T   1.46", " T   -1.46", "incomplete_file"),
    ],
)
def test_broken_files(tmp_path: Path, old: str, new: str, code: str) -> None:
    text = FILE.read_text()
    assert old in text
    assert refusal(tmp_path, text.replace(old, new, 1)).notice.code == code


def test_a_file_that_ends_early(tmp_path: Path) -> None:
    text = FILE.read_text()
    for part in (0.005, 0.01, 0.5, 0.99):
        assert refusal(tmp_path, text[: int(part * len(text))]).notice.code == "incomplete_file"


CELLDM = (1.0, 1.2, 1.5, 0.1, 0.2, 0.3)


@pytest.mark.parametrize(
    ("number", "lengths", "angles"),
    [
        (1, (1, 1, 1), (0, 0, 0)),
        (4, (1, 1, 1.5), (0, 0, -0.5)),
        (5, (1, 1, 1), (0.1, 0.1, 0.1)),
        (-5, (1, 1, 1), (0.1, 0.1, 0.1)),
        (6, (1, 1, 1.5), (0, 0, 0)),
        (8, (1, 1.2, 1.5), (0, 0, 0)),
        (12, (1, 1.2, 1.5), (0, 0, 0.1)),
        (-12, (1, 1.2, 1.5), (0, 0.2, 0)),
        (14, (1, 1.2, 1.5), (0.1, 0.2, 0.3)),
    ],
)
def test_primitive_lattices(number: int, lengths: Any, angles: Any) -> None:
    found, degrees = lengths_and_angles(lattice_of(number, CELLDM))
    np.testing.assert_allclose(found, lengths, atol=1e-12)
    np.testing.assert_allclose(np.cos(np.radians(degrees)), angles, atol=1e-12)


@pytest.mark.parametrize(
    ("number", "space_group", "volume"),
    [
        (2, 225, 1 / 4),
        (3, 229, 1 / 2),
        (-3, 229, 1 / 2),
        (7, 139, 1.5 / 2),
        (9, 65, 1.8 / 2),
        (-9, 65, 1.8 / 2),
        (91, 65, 1.8 / 2),
        (10, 69, 1.8 / 4),
        (11, 71, 1.8 / 2),
        (13, 12, 1.8 * np.sqrt(1 - 0.1**2) / 2),
        (-13, 12, 1.8 * np.sqrt(1 - 0.2**2) / 2),
    ],
)
def test_centred_lattices(number: int, space_group: int, volume: float) -> None:
    lattice = lattice_of(number, CELLDM)
    assert abs(np.linalg.det(lattice)) == pytest.approx(volume)
    dataset = spglib.get_symmetry_dataset((5 * lattice, [[0, 0, 0]], [1]), symprec=1e-6)
    assert dataset.number == space_group
