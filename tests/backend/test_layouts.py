"""A single crystal's partials come back from their file as they were."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from backend.observing import check
from backend.observing.array_file import UnreadablePartials
from backend.observing.layouts import PATH, POWDER
from backend.phonon_files import harmonic_crystal_file
from scattering.core.dipole_response import DipoleResponse
from scattering.core.harmonic_crystal import HarmonicCrystal

from .predicting import silicon_partials
from .test_crystal import crystal_partials


def test_a_file_holds_everything(tmp_path: Path) -> None:
    path, partials = tmp_path / "partials.h5", crystal_partials()
    PATH.write(path, partials)
    assert [entry.name for entry in tmp_path.iterdir()] == ["partials.h5"]
    again = PATH.read(path)
    for field in dataclasses.fields(partials):
        expected, found = getattr(partials, field.name), getattr(again, field.name)
        if isinstance(expected, np.ndarray):
            np.testing.assert_array_equal(found, expected)
            assert found.dtype == expected.dtype
        else:
            assert found == expected
    without = dataclasses.replace(partials, coherent_runs=None, incoherent_runs=None)
    PATH.write(path, without)
    assert PATH.read(path).coherent_runs is None


def test_a_file_explains_itself(tmp_path: Path) -> None:
    path = tmp_path / "partials.h5"
    PATH.write(path, crystal_partials())
    with h5py.File(path) as file:
        assert file["coherent"].attrs["units"] == "1/meV"
        assert list(file["coherent"].attrs["axes"]) == ["pair", "zone", "distance", "energy"]
        assert file["coherent"].dims[3]["energy"] == file["energy"]
        assert file["tick_label"].asstr()[()].tolist() == ["Γ", "X"]


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "partials.h5"
    PATH.write(path, crystal_partials())
    with pytest.raises(UnreadablePartials, match="not_expected_partials"):
        POWDER.read(path)
    with h5py.File(path, "a") as file:
        file.attrs["version"] = 99
    with pytest.raises(UnreadablePartials, match="not_expected_partials"):
        PATH.read(path)
    path.write_bytes(b"no HDF5")
    with pytest.raises(UnreadablePartials):
        PATH.read(path)
    with pytest.raises(FileNotFoundError):
        PATH.read(tmp_path / "nothing.h5")


def silicon_crystal() -> HarmonicCrystal:
    cell = 5.431 * (np.ones((3, 3)) - np.eye(3)) / 2
    return HarmonicCrystal(
        cell=cell,
        uploaded_cell=5.431 * np.eye(3),
        positions=np.array([[0.0, 0, 0], [5.431 / 4] * 3]),
        masses=np.full(2, 28.085),
        species=("Si", "Si"),
        sites=("Si", "Si"),
        supercell_matrix=np.eye(3, dtype=np.int64),
        cell_origins=np.zeros((1, 3), dtype=np.int64),
        force_constants=np.kron([[1.0, -1.0], [-1.0, 1.0]], np.eye(3))[None],
    )


@pytest.mark.parametrize(("layout", "partials"), [(POWDER, silicon_partials()), (PATH, crystal_partials())])
def test_force_constants_come_back_and_older_files_have_none(tmp_path: Path, layout: Any, partials: Any) -> None:
    path, crystal = tmp_path / "partials.h5", silicon_crystal()
    layout.write(path, dataclasses.replace(partials, harmonic_crystal=crystal))
    again = layout.read(path).harmonic_crystal
    for field in dataclasses.fields(crystal):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(crystal, field.name))
    with h5py.File(path, "a") as file:
        assert file["harmonic_crystal/force_constants"].attrs["units"] == "eV/angstrom**2"
        del file["harmonic_crystal"]
    assert layout.read(path).harmonic_crystal is None


def polar_crystal() -> HarmonicCrystal:
    charges = np.array([1.0, -1.0])[:, None, None] * (np.eye(3) + np.arange(9).reshape(3, 3) / 10)
    return dataclasses.replace(silicon_crystal(), dipoles=DipoleResponse(charges, np.diag([2.0, 3.0, 4.0])))


@pytest.mark.parametrize(("layout", "partials"), [(POWDER, silicon_partials()), (PATH, crystal_partials())])
def test_born_charges_come_back(tmp_path: Path, layout: Any, partials: Any) -> None:
    path, crystal = tmp_path / "partials.h5", polar_crystal()
    layout.write(path, dataclasses.replace(partials, harmonic_crystal=crystal))
    again = layout.read(path).harmonic_crystal.dipoles
    np.testing.assert_array_equal(again.born_charges, crystal.dipoles.born_charges)
    np.testing.assert_array_equal(again.dielectric, crystal.dipoles.dielectric)
    with h5py.File(path, "a") as file:
        del file["harmonic_crystal/dielectric"]
    with pytest.raises(UnreadablePartials):
        layout.read(path)


def test_force_constants_have_a_file_of_their_own(tmp_path: Path) -> None:
    path, crystal = tmp_path / "harmonic_crystal.h5", polar_crystal()
    harmonic_crystal_file.save(path, crystal)
    again = harmonic_crystal_file.load(path)
    np.testing.assert_array_equal(again.force_constants, crystal.force_constants)
    np.testing.assert_array_equal(again.dipoles.born_charges, crystal.dipoles.born_charges)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    with h5py.File(path, "w"):
        pass
    with pytest.raises(ValueError, match="no force constants"):
        harmonic_crystal_file.load(path)


def _lacking_charges(file: h5py.File) -> None:
    del file["harmonic_crystal/born_charges"]


def _negative_dielectric(file: h5py.File) -> None:
    file["harmonic_crystal/dielectric"][0, 0] = -1.0


def _other_element(file: h5py.File) -> None:
    for name in ("species", "sites"):
        del file[f"harmonic_crystal/{name}"]
        file[f"harmonic_crystal/{name}"] = ["Ge", "Ge"]


def _no_group(file: h5py.File) -> None:
    del file["harmonic_crystal"]
    file["harmonic_crystal"] = 1.0


def _lacking(file: h5py.File) -> None:
    del file["harmonic_crystal/masses"]


def _not_finite(file: h5py.File) -> None:
    file["harmonic_crystal/force_constants"][0, 0, 0] = np.nan


@pytest.mark.parametrize(
    "change", [_other_element, _no_group, _lacking, _not_finite, _lacking_charges, _negative_dielectric]
)
def test_damaged_force_constants_are_refused(tmp_path: Path, change: Callable[[h5py.File], None]) -> None:
    path = tmp_path / "partials.h5"
    POWDER.write(path, dataclasses.replace(silicon_partials(), harmonic_crystal=polar_crystal()))
    with h5py.File(path, "a") as file:
        change(file)
    with pytest.raises(UnreadablePartials):
        POWDER.read(path)
    assert json.loads(check.as_json(path, "powder"))["error"]["code"] == "invalid_partials"


def test_force_constants_of_an_upload_lie_in_its_own_file(tmp_path: Path) -> None:
    path = tmp_path / "partials.h5"
    POWDER.write(path, dataclasses.replace(silicon_partials(), harmonic_crystal=silicon_crystal()))
    assert json.loads(check.as_json(path, "powder"))["species"] == ["Si"]
    with h5py.File(path, "a") as file:
        del file["harmonic_crystal"]
        file["harmonic_crystal"] = h5py.ExternalLink("other.h5", "harmonic_crystal")
    assert json.loads(check.as_json(path, "powder"))["error"]["code"] == "hdf5_link_to_other_file"
