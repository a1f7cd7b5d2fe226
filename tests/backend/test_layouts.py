"""A single crystal's partials come back from their file as they were."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import h5py
import numpy as np
import pytest

from backend.observing.array_file import UnreadablePartials
from backend.observing.layouts import PATH, POWDER

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
