"""Readers of phonons against the packages whose files they read, and hostile files."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import yaml
from euphonic import ForceConstants
from phonopy import Phonopy
from phonopy.file_IO import write_FORCE_SETS

from backend.sources.checks import find_doubts
from backend.sources.encoding import decode, encode
from backend.sources.formats import recognise
from backend.sources.formats.reading import NeedsFields, Reading, Refused, UploadedFile
from scattering.simulate.force_constants import to_force_constants
from scattering.simulate.interpolation import energies_at

from .source_files import NACL, displaced, nacl_phonopy, phonopy_energies, write_files

Q = np.array([[0.1, 0.2, 0.3], [0.5, 0.5, 0.5], [0.5, 0.0, 0.5], [0.37, 0.11, -0.25]])
CUBE = {"supercell": [[2, 0, 0], [0, 2, 0], [0, 0, 2]]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("phonopy")
    write_files(made)
    (made / "phonopy.yaml").write_bytes(NACL.read_bytes())
    return made


def read(folder: Path, *names: str, **statements: Any) -> Reading:
    requested = statements.pop("format", None)
    found = recognise([UploadedFile(name, folder / name) for name in names], requested)
    return found.read(statements)


def format_of(folder: Path, *names: str) -> str:
    return recognise([UploadedFile(name, folder / name) for name in names], None).format.name


def energies(reading: Reading) -> np.ndarray:
    assert reading.crystal is not None
    return np.sort(energies_at(to_force_constants(reading.crystal), Q), axis=1)


def refusal(folder: Path, *names: str, **statements: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        read(folder, *names, **statements)
    return caught.value


def write(folder: Path, name: str, content: str | bytes) -> str:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return name


@pytest.mark.parametrize(
    "names",
    [
        ("phonopy.yaml",),
        ("phonopy_disp.yaml", "FORCE_CONSTANTS", "BORN"),
        ("force_constants.hdf5", "BORN", "phonopy_disp.yaml"),
    ],
)
def test_force_constants_give_the_energies_of_euphonic(folder: Path, names: tuple[str, ...]) -> None:
    reading = read(folder, *names)
    expected = energies_at(ForceConstants.from_phonopy(path=folder, summary_name="phonopy.yaml"), Q)
    np.testing.assert_allclose(energies(reading), expected, atol=1e-6 if names == ("phonopy.yaml",) else 1e-4)
    assert reading.crystal is not None
    assert reading.crystal.dipoles is not None
    assert format_of(folder, *names) == "phonopy-yaml"


@pytest.mark.parametrize(
    ("names", "statements"),
    [
        (("phonopy_disp.yaml", "FORCE_SETS"), {}),
        (("POSCAR", "FORCE_SETS"), CUBE),
        (("POSCAR", "FORCE_SETS"), {**CUBE, "primitive": [[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]}),
    ],
)
def test_forces_give_the_energies_of_phonopy(folder: Path, names: tuple[str, ...], statements: Any) -> None:
    reading = read(folder, *names, **statements)
    assert reading.crystal is not None
    assert reading.crystal.n_atoms == 2
    assert reading.crystal.dipoles is None
    made = displaced()
    nac = made.nac_params
    made.nac_params = None
    made.produce_force_constants()
    made.symmetrize_force_constants()
    expected = phonopy_energies(made, Q)
    made.nac_params = nac
    # phonopy and Euphonic interpolate in other ways between the wave vectors that fit the supercell
    fitting = [1, 2]
    np.testing.assert_allclose(energies(reading)[fitting], expected[fitting], atol=1e-6)
    np.testing.assert_allclose(energies(reading), expected, atol=0.02)


def test_forces_in_the_yaml_and_modes_without_primitive_cell(folder: Path) -> None:
    inside = read(folder, "phonopy_params.yaml")
    # These are made symmetric
    np.testing.assert_allclose(energies(inside), energies(read(folder, "phonopy.yaml")), atol=0.01)
    whole = read(folder, "POSCAR", "FORCE_SETS", **CUBE, primitive="none")
    assert whole.crystal is not None
    assert whole.crystal.n_atoms == 8


def test_born_charges_have_the_displacement_first(folder: Path) -> None:
    text = (folder / "phonopy.yaml").read_text()
    old = "1.087030000000000,     0.000000000000000,"
    assert text.count(old) >= 0
    reading = read(folder, "phonopy.yaml")
    assert reading.crystal is not None
    assert reading.crystal.dipoles is not None
    expected = nacl_phonopy().nac_params["born"].transpose(0, 2, 1)
    np.testing.assert_allclose(reading.crystal.dipoles.born_charges, expected)
    np.testing.assert_allclose(reading.crystal.dipoles.dielectric, nacl_phonopy().nac_params["dielectric"], rtol=1e-4)


def test_the_cell_of_the_user_and_the_program_are_kept(folder: Path) -> None:
    reading = read(folder, "phonopy.yaml")
    assert reading.crystal is not None
    assert reading.crystal.n_repeats == 4
    np.testing.assert_allclose(reading.crystal.uploaded_cell, 5.5559 * np.eye(3), atol=1e-9)
    assert reading.unit_cell.symbols == ("Na",) * 4 + ("Cl",) * 4
    assert reading.program.to_json() == {"name": "phonopy", "version": "2.19.1", "calculator": "castep"}


@pytest.mark.parametrize("shift", [(-0.1, 0.2, 0.3), (2.3, -1.1, 0.7), (5.0, 5.0, -3.0)])
def test_the_place_of_the_origin_changes_no_energy(folder: Path, shift: tuple[float, float, float]) -> None:
    content = yaml.safe_load((folder / "phonopy.yaml").read_text())
    for name in ("primitive_cell", "unit_cell", "supercell"):
        cell = content[name]
        moved = np.array(shift) @ np.linalg.inv(cell["lattice"])
        for point in cell["points"]:
            point["coordinates"] = (np.array(point["coordinates"]) + moved).tolist()
    reading = read(folder, write(folder, "moved.yaml", yaml.safe_dump(content)))
    assert reading.crystal is not None
    assert not reading.crystal.cell_origins[0].any()
    np.testing.assert_allclose(energies(reading), energies(read(folder, "phonopy.yaml")), atol=1e-6)


@pytest.mark.filterwarnings("ignore:Warning. Point group symmetries")
def test_a_supercell_that_is_not_symmetric(folder: Path) -> None:
    """Rows and columns of the matrix differ, and atoms lie in several cells."""
    made = displaced()
    rows = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 2]]) * 2
    whole = Phonopy(made.unitcell, rows.T, primitive_matrix=made.primitive_matrix, log_level=0)
    whole.generate_displacements(distance=0.01)
    whole.forces = np.array([_spring_forces(whole, one.positions) for one in whole.supercells_with_displacements])
    write_FORCE_SETS(whole.dataset, filename=folder / "FORCE_SETS_skew")
    reading = read(folder, "POSCAR", "FORCE_SETS_skew", supercell=rows.tolist())
    assert reading.crystal is not None
    whole.produce_force_constants()
    whole.symmetrize_force_constants()
    np.testing.assert_allclose(energies(reading), phonopy_energies(whole, Q), atol=1e-4)


def _spring_forces(made: Phonopy, positions: np.ndarray) -> np.ndarray:
    """Return the forces of springs between nearest neighbours, eV/Å."""
    cell, rest = made.supercell.cell, made.supercell.positions
    moved = positions - rest
    moved -= np.rint(moved @ np.linalg.inv(cell)) @ cell
    forces = np.zeros_like(rest)
    for atom in range(len(rest)):
        bonds = rest - rest[atom]
        bonds -= np.rint(bonds @ np.linalg.inv(cell)) @ cell
        lengths = np.linalg.norm(bonds, axis=1)
        for other in np.flatnonzero((lengths > 0.1) & (lengths < 4.1)):
            along = bonds[other] / lengths[other]
            strength = 2.0 if lengths[other] < 3 else 0.5
            forces[atom] += strength * along * (along @ (moved[other] - moved[atom]))
    return forces


def test_units_of_older_files(folder: Path) -> None:
    text = (folder / "phonopy.yaml").read_text()
    capital = text.replace('length: "angstrom"', 'length: "Angstrom"').replace("eV/angstrom^2", "eV/Angstrom^2")
    name = write(folder, "capital.yaml", capital)
    np.testing.assert_allclose(energies(read(folder, name)), energies(read(folder, "phonopy.yaml")), atol=1e-9)
    other = write(folder, "unit.yaml", text.replace('length: "angstrom"', 'length: "furlong"'))
    assert refusal(folder, other).notice.params["unit"] == "furlong"


def test_a_supercell_is_asked_for(folder: Path) -> None:
    found = refusal(folder, "POSCAR", "FORCE_SETS")
    assert isinstance(found, NeedsFields)
    assert (found.loc, found.notice.code) == ("supercell", "needs_field")


@pytest.mark.parametrize(
    ("names", "statements", "code", "params"),
    [
        (
            ("POSCAR", "FORCE_SETS"),
            {"supercell": np.diag([2, 2, 1])},
            "does_not_fit",
            {"n_found": 64, "n_expected": 32},
        ),
        (("phonopy_disp.yaml",), {}, "no_forces", {}),
        (("FORCE_SETS",), {}, "incomplete_file", {"missing": "unit_cell"}),
        (("phonopy.yaml", "phonopy_disp.yaml"), {}, "does_not_fit", {"quantity": "file"}),
        (("POSCAR", "FORCE_SETS"), {"supercell": np.diag([2000] * 3)}, "too_large", {"quantity": "supercell_atoms"}),
        (("phonopy.yaml",), {"format": "xtc"}, "incomplete_file", {}),
    ],
)
def test_files_that_do_not_suffice(
    folder: Path, names: tuple[str, ...], statements: Any, code: str, params: Any
) -> None:
    notice = refusal(folder, *names, **statements).notice
    assert notice.code == code
    assert params.items() <= notice.params.items()


def test_born_charges_of_another_cell(folder: Path) -> None:
    lines = (folder / "BORN").read_text().splitlines()
    more = write(folder, "BORN_more", "\n".join([*lines, lines[-1]]))
    notice = refusal(folder, "phonopy.yaml", more).notice
    assert (notice.code, notice.params["n_found"], notice.params["n_expected"]) == ("does_not_fit", 3, 2)


def with_forces(folder: Path, change: Callable[[np.ndarray], np.ndarray], name: str) -> str:
    """A FORCE_SETS with other forces; those of all displacements are changed together, shape (2, 64, 3)."""
    made = displaced()
    forces = change(np.array([one["forces"] for one in made.dataset["first_atoms"]]))
    sets = [{**one, "forces": rows} for one, rows in zip(made.dataset["first_atoms"], forces, strict=True)]
    write_FORCE_SETS({**made.dataset, "first_atoms": sets}, filename=folder / name)
    return name


def test_forces_in_their_places_raise_no_doubt(folder: Path) -> None:
    # Ten times the noise of a converged calculation; forces add up to 0
    noise = np.random.default_rng(5).normal(scale=1e-4, size=(2, 64, 3))
    noise -= noise.mean(axis=1, keepdims=True)
    noisy = with_forces(folder, lambda forces: forces + noise, "FORCE_SETS_noisy")
    for name in ("FORCE_SETS", noisy):
        good = read(folder, "phonopy_disp.yaml", name, "BORN")
        assert good.crystal is not None
        assert [*good.notices, *find_doubts(good.crystal, unsymmetrised=good.unsymmetrised)] == []


def test_exchanged_forces_are_refused(folder: Path) -> None:
    exchanged = with_forces(folder, lambda forces: forces[::-1], "FORCE_SETS_exchanged")
    notice = refusal(folder, "phonopy_disp.yaml", exchanged).notice
    assert (notice.code, notice.params["number"], notice.params["atom"]) == ("forces_of_another_displacement", 1, 1)
    # The atom that the other output displaces
    assert notice.params["largest_on"] == 33


def test_forces_in_another_order_of_the_atoms_are_refused(folder: Path) -> None:
    order = np.random.default_rng(3).permutation(64)
    shuffled = with_forces(folder, lambda forces: forces[:, order], "FORCE_SETS_shuffled")
    assert refusal(folder, "phonopy_disp.yaml", shuffled).notice.code == "forces_of_another_displacement"


def test_doubts_about_forces_that_may_be_wrong(folder: Path) -> None:
    def push(forces: np.ndarray) -> np.ndarray:
        """A tenth of the largest force on one far atom."""
        pushed = forces.copy()
        pushed[0, 20] += [0, 0.1 * np.abs(forces[0]).max(), 0]
        return pushed

    def weaken(forces: np.ndarray) -> np.ndarray:
        """A displaced atom that is hardly pushed back, as in a soft mode."""
        weak = forces.copy()
        weak[0, 0] *= 0.1
        return weak

    broken = read(folder, "phonopy_disp.yaml", with_forces(folder, push, "FORCE_SETS_pushed"))
    assert [one.code for one in broken.notices] == ["forces_break_symmetry"]
    elsewhere = read(folder, "phonopy_disp.yaml", with_forces(folder, weaken, "FORCE_SETS_weak"))
    assert [one.code for one in elsewhere.notices] == ["force_elsewhere"]


def test_other_displacements_are_told(folder: Path) -> None:
    text = (folder / "FORCE_SETS").read_text()
    lines = [line for line in text.splitlines() if line.strip()]
    lines[3] = "0.02 0.0 0.0"
    reading = read(folder, "phonopy_disp.yaml", write(folder, "FORCE_SETS_long", "\n".join(lines)))
    assert [one.code for one in reading.notices] == ["displacements_differ"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("phonopy: !!python/object/apply:os.system ['true']\n", "unsafe_yaml"),
        ("phonopy: !!python/name:os.system\n", "unsafe_yaml"),
        ("phonopy: &a [1]\nb: [*a, *a]\n", "unsafe_yaml"),
        ("phonopy:\n  a: " + "[" * 50_000, "nested_too_deep"),
        ("phonopy:\n  a: " + "{a: " * 50_000, "nested_too_deep"),
        ("phonopy: [1, 2\n", "incomplete_file"),
        ("phonopy: {[1]: 2}\n", "incomplete_file"),
        ("phonopy: 1\n", "incomplete_file"),
        ("phonopy: {}\nunit_cell: {lattice: [1, 2], points: 3}\n", "incomplete_file"),
        ("phonopy: {}\nforce_constants: {format: full, shape: [10, 100000000], elements: []}\n", "too_large"),
        ("phonopy: {}\nforce_constants: {format: full, shape: [100, 1000], elements: []}\n", "incomplete_file"),
        (
            "phonopy: {}\nunit_cell:\n  points: [{symbol: Si}]\nsupercell_matrix: [[3e3,0,0],[0,1,0],[0,0,1e300]]\n",
            "too_large",
        ),
    ],
)
def test_hostile_yaml(tmp_path: Path, content: str, code: str) -> None:
    assert refusal(tmp_path, write(tmp_path, "phonopy.yaml", content)).notice.code == code


def test_files_that_end_early(folder: Path) -> None:
    for name, others in (
        ("phonopy.yaml", ()),
        ("FORCE_CONSTANTS", ("phonopy_disp.yaml",)),
        ("FORCE_SETS", ("phonopy_disp.yaml",)),
        ("force_constants.hdf5", ("phonopy_disp.yaml",)),
        ("phonopy_params.yaml", ()),
    ):
        content = (folder / name).read_bytes()
        for part in (0.5, 0.9):
            short = write(folder, f"short_{name}", content[: int(part * len(content))])
            code = refusal(folder, short, *others).notice.code
            # HDF5 files that are cut are not recognised
            assert code in ("incomplete_file", "no_forces", "unknown_format")


@pytest.mark.parametrize(
    "name", ["BORN", "FORCE_SETS", "a.castep_bin", "a.phonon", "a.fc", "vasprun.xml", "phonopy.yaml"]
)
def test_a_damaged_file_is_what_its_name_says(folder: Path, name: str) -> None:
    others = {"BORN": ("phonopy_disp.yaml", "FORCE_CONSTANTS"), "FORCE_SETS": ("phonopy_disp.yaml",)}.get(name, ())
    damaged = folder / "damaged"
    damaged.mkdir(exist_ok=True)
    for other in others:
        write(damaged, other, (folder / other).read_bytes())
    assert (
        refusal(damaged, write(damaged, name, b"\x01\x02 damaged \n\x03" * 40), *others).notice.code
        == "incomplete_file"
    )
    assert refusal(damaged, write(damaged, "other.dat", b"\x01\x02 \n")).notice.code == "unknown_format"


def test_flipped_bits_end_in_a_refusal_or_other_numbers(folder: Path) -> None:
    rng = np.random.default_rng(1)
    for name, others in (
        ("phonopy.yaml", ()),
        ("FORCE_SETS", ("phonopy_disp.yaml",)),
        ("force_constants.hdf5", ("phonopy_disp.yaml",)),
    ):
        content = bytearray((folder / name).read_bytes())
        for _ in range(20):
            flipped = bytearray(content)
            for place in rng.integers(0, len(content), 10):
                flipped[place] ^= 1 << int(rng.integers(8))
            flipped_name = write(folder, f"flipped_{name}", bytes(flipped))
            # Any other error would end the reader
            with suppress(Refused):
                read(folder, flipped_name, *others)


def external_link(path: str) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file[path] = h5py.ExternalLink("/etc/other.h5", "/force_constants")
    return content.getvalue()


def external_storage() -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.create_dataset("force_constants", (2, 64, 3, 3), "f8", external=[("/etc/passwd", 0, 9216)])
    return content.getvalue()


@pytest.mark.parametrize("content", [external_link("force_constants"), external_storage()])
def test_hdf5_that_refers_to_other_files(folder: Path, content: bytes) -> None:
    name = write(folder, "outside.hdf5", content)
    assert refusal(folder, "phonopy_disp.yaml", name).notice.code == "external_link"


def test_phonons_survive_the_answer_of_the_reader(folder: Path) -> None:
    crystal = read(folder, "phonopy.yaml").crystal
    assert crystal is not None
    back = decode(encode(crystal))
    for name, value in vars(crystal).items():
        if name == "dipoles":
            value, other = vars(value), vars(back.dipoles)  # type: ignore[union-attr]
            assert all(np.array_equal(value[key], other[key]) for key in value)
        else:
            assert np.array_equal(value, getattr(back, name))
