"""Measured data come back from their file as they were, to the bit."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from backend.datasets.data_file import DamagedData, read_measured, write_measured
from scattering.measured.data import MeasuredMap, MeasuredSpectrum

ENERGY = np.array([-1.0, 0.1, 2.0 / 3.0, 7.0])
SPECTRUM = MeasuredSpectrum(
    energy=ENERGY,
    intensity=np.array([1e-300, 0.1, -2.0, 1e18]),
    error=np.array([0.1, np.nan, 0.3, 1.0]),
    low=ENERGY - 0.05,
    high=ENERGY + 0.05,
)
MAP = MeasuredMap(
    q=np.array([0.5, 1.0, 2.0]),
    energy=np.array([-5.0, 0.0, 5.0, 12.5]),
    intensity=np.array([[1.0, np.nan, 3.0], [np.nan, 5.0, 1 / 3]]),
    error=None,
)


@pytest.mark.parametrize(
    "measured",
    [SPECTRUM, MeasuredSpectrum(ENERGY, ENERGY**2, None, ENERGY - 1, ENERGY + 1), MAP],
    ids=["spectrum", "no errors", "map"],
)
def test_what_was_written_is_read(tmp_path: Path, measured: MeasuredSpectrum | MeasuredMap) -> None:
    path = tmp_path / "new" / "data.h5"
    write_measured(path, measured)
    read = read_measured(path)
    assert type(read) is type(measured)
    for name, values in vars(measured).items():
        found = getattr(read, name)
        if values is None:
            assert found is None
            continue
        np.testing.assert_array_equal(found, values)
        with pytest.raises(ValueError, match="read-only"):
            found[...] = 0
    assert [entry.name for entry in path.parent.iterdir()] == ["data.h5"]


def test_other_programs_find_axes_and_units(tmp_path: Path) -> None:
    write_measured(tmp_path / "data.h5", MAP, {"title": "MAPS run", "y_unit": "mb/sr"})
    with h5py.File(tmp_path / "data.h5") as file:
        data = file[file.attrs["default"]][file["entry"].attrs["default"]]
        assert data.attrs["NX_class"] == "NXdata"
        assert list(data.attrs["axes"]) == ["q", "energy"]
        assert data[data.attrs["signal"]].attrs["units"] == "mb/sr"
        assert [data[axis].attrs["units"] for axis in data.attrs["axes"]] == ["1/angstrom", "meV"]
        assert file["entry/title"].asstr()[()] == "MAPS run"


def test_damaged_and_foreign_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "data.h5"
    write_measured(path, SPECTRUM)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedData):
        read_measured(path)
    path.write_bytes(whole)
    with h5py.File(path, "r+") as file:
        del file["entry/data/energy_low"]
    with pytest.raises(DamagedData):
        read_measured(path)
    with h5py.File(path, "w") as file:
        file["entry/data/energy"] = ENERGY
    with pytest.raises(DamagedData, match="not a file of measured data"):
        read_measured(path)
    with pytest.raises(FileNotFoundError):
        read_measured(tmp_path / "nothing.h5")
