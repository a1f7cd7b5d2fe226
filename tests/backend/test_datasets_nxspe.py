"""NXSPE: what SaveNXSPE and its elders write comes back; what does not fit together is refused."""

from __future__ import annotations

import io
from typing import Any

import h5py
import numpy as np
import pytest

from backend.datasets.cleaning_map import clean_map
from backend.datasets.formats import nxspe as reader
from backend.datasets.formats.reading import MAX_POINTS, RawMap
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

from . import datasets_hdf5 as files

POLAR = np.array([30.0, 5.0, 60.5, 100.25])
ENERGY = np.linspace(-20.0, 90.0, 23)


def read(content: bytes) -> RawMap:
    (found,) = reader.read(content)
    assert isinstance(found, RawMap)
    return found


@pytest.fixture
def data() -> np.ndarray:
    return np.random.default_rng(4).normal(3.0, 1.0, (len(POLAR), len(ENERGY) - 1))


def test_what_was_written_comes_back(data: np.ndarray) -> None:
    found = read(files.nxspe(POLAR, ENERGY, data, np.abs(data), fixed_energy=100.0, width=0.7))
    assert found.kind == "angle"
    assert found.geometry == "direct"
    assert found.x_unit == "meV"
    np.testing.assert_array_equal(found.across, POLAR)
    np.testing.assert_array_equal(found.width, np.full(4, 0.7))
    np.testing.assert_array_equal(found.x, ENERGY)
    np.testing.assert_array_equal(found.y, data)
    np.testing.assert_array_equal(found.error, np.abs(data))
    assert found.stated.instrument == "MAPS"
    assert found.stated.fixed_energy_mev == 100.0
    assert found.stated.settings == {"e_init": 100.0}
    assert found.notices == ()


@pytest.mark.parametrize(
    ("stored", "dtype", "rtol"),
    [
        ({"compression": "gzip", "chunks": (1, 22), "shuffle": True}, "<f8", 0),
        ({"compression": "lzf", "fletcher32": True, "chunks": (2, 5)}, ">f8", 0),
        # 24 bits of mantissa
        ({}, ">f4", 1e-6),
    ],
)
def test_packed_and_other_byte_orders(data: np.ndarray, stored: dict[str, object], dtype: str, rtol: float) -> None:
    found = read(files.nxspe(POLAR, ENERGY, data, data**2, stored=stored, dtype=dtype))
    np.testing.assert_allclose(found.y, data, rtol=rtol)
    np.testing.assert_allclose(found.error, data**2, rtol=rtol)


@pytest.mark.parametrize(("definition", "version"), [("NXSPE", "1.1"), ("NXSPE", "1.2"), ("NXspe", "1.3")])
def test_versions(data: np.ndarray, definition: str, version: str) -> None:
    content = files.nxspe(POLAR, ENERGY, data, data, definition=definition, version=version)
    assert reader.sniffs(content[:65536])
    np.testing.assert_array_equal(read(content).y, data)


@pytest.mark.parametrize("statements", [False, np.int8(0)])
def test_truth_values_as_horace_writes_them(data: np.ndarray, statements: object) -> None:
    def build(root: Any) -> None:
        with h5py.File(io.BytesIO(files.nxspe(POLAR, ENERGY, data, data)), "r") as good:
            good.copy("reduced", root)
        del root["reduced/NXSPE_info/ki_over_kf_scaling"]
        root["reduced/NXSPE_info/ki_over_kf_scaling"] = statements

    assert read(files.file_of(build)).notices[0] == Notice("ki_over_kf_not_applied")


@pytest.mark.parametrize(("statements", "unit"), [("MeV", "meV"), ("cm^-1", "cm-1"), ("furlong", None)])
def test_units_that_are_said(data: np.ndarray, statements: str, unit: str | None) -> None:
    def build(root: Any) -> None:
        with h5py.File(io.BytesIO(files.nxspe(POLAR, ENERGY, data, data)), "r") as good:
            good.copy("reduced", root)
        root["reduced/data/energy"].attrs["units"] = np.bytes_(statements)

    assert read(files.file_of(build)).x_unit == unit


def test_energies_may_be_points(data: np.ndarray) -> None:
    middle = (ENERGY[1:] + ENERGY[:-1]) / 2
    np.testing.assert_array_equal(read(files.nxspe(POLAR, middle, data, data)).x, middle)


def test_masks_of_every_age_are_nan(data: np.ndarray) -> None:
    data[0], data[1], data[2, 3] = np.nan, -1e30, -1e30
    error = np.ones_like(data)
    data[3], error[3] = 0.0, 0.0
    found = read(files.nxspe(POLAR, ENERGY, data, error))
    assert np.isnan(found.y[[0, 1, 3]]).all()
    assert np.isnan(found.y[2]).sum() == 1
    assert found.error is not None
    assert np.isnan(found.error[0]).all()
    assert found.notices[0] == Notice("detectors_left_out", {"n_left_out": 3, "n_detectors": 4})


def test_zeros_between_counts_are_counts(data: np.ndarray) -> None:
    data[1, 5] = 0.0
    assert read(files.nxspe(POLAR, ENERGY, data, data)).y[1, 5] == 0.0


def test_unknown_widths_are_as_the_others(data: np.ndarray) -> None:
    found = read(files.nxspe(POLAR, ENERGY, data, data, width=np.array([1.0, 0.0, 1.0, np.nan])))
    np.testing.assert_array_equal(found.width, np.ones(4))
    assert read(files.nxspe(POLAR, ENERGY, data, data, width=0.0)).width is None
    assert read(files.nxspe(POLAR, ENERGY, data, data, width=None)).width is None


@pytest.mark.parametrize(
    ("instrument", "fermi", "fixed_energy", "expected"),
    [
        ("TOSCA", True, 4.0, "indirect"),
        ("NOBODY", False, np.array([3.95, 3.96, 3.95, 3.96]), "indirect"),
        # 90 meV cannot be lost out of 4
        ("NOBODY", True, 4.0, "indirect"),
        ("NOBODY", True, 100.0, "direct"),
        ("NOBODY", False, 100.0, None),
    ],
)
def test_geometry(
    data: np.ndarray, instrument: str, fermi: bool, fixed_energy: float | np.ndarray, expected: str | None
) -> None:
    content = files.nxspe(POLAR, ENERGY, data, data, instrument=instrument, fermi=fermi, fixed_energy=fixed_energy)
    found = read(content)
    assert found.geometry == expected
    assert found.stated.fixed_energy_mev == pytest.approx(np.mean(fixed_energy))
    assert bool(found.stated.settings) == (expected == "direct")


def test_a_crystal_and_unscaled_intensities_are_told(data: np.ndarray) -> None:
    notices = read(files.nxspe(POLAR, ENERGY, data, data, psi=12.5, scaled=False)).notices
    assert notices == (Notice("orientation_averaged", {"psi_deg": 12.5}), Notice("ki_over_kf_not_applied"))


def test_no_fixed_energy_is_told(data: np.ndarray) -> None:
    found = read(files.nxspe(POLAR, ENERGY, data, data, fixed_energy=np.nan))
    assert found.stated.fixed_energy_mev is None
    assert found.notices[0] == Notice("no_fixed_energy_stated")


def test_different_analysers_are_refused(data: np.ndarray) -> None:
    with pytest.raises(Unreadable, match="several_fixed_energies"):
        reader.read(files.nxspe(POLAR, ENERGY, data, data, fixed_energy=[1.8, 1.8, 4.2, 4.2]))


def test_sizes_that_do_not_fit_are_refused(data: np.ndarray) -> None:
    for content in (
        files.nxspe(POLAR[:3], ENERGY, data, data),
        files.nxspe(POLAR, ENERGY[:-2], data, data),
        files.nxspe(POLAR, ENERGY, data, data[:, :3]),
        files.nxspe(POLAR, ENERGY, data.ravel(), data),
    ):
        with pytest.raises(Unreadable, match="sizes_differ"):
            reader.read(content)


def test_several_entries(data: np.ndarray) -> None:
    with h5py.File(io.BytesIO(files.nxspe(POLAR, ENERGY, data, data)), "r") as one:

        def build(root: Any) -> None:
            for name in ("a", "b"):
                one.copy("reduced", root, name)

        content = files.file_of(build)
    assert [found.stated.title for found in reader.read(content)] == ["a", "b"]


def test_a_spectrometer_with_as_many_detectors_as_maps_is_read() -> None:
    """More values than a map may have, for they come to fewer bins."""
    polar, energy = np.linspace(3.0, 60.0, 20_000), np.linspace(-20.0, 90.0, 121)
    data = np.ones((len(polar), len(energy) - 1), dtype="f4")
    assert data.size > MAX_POINTS
    found = read(files.nxspe(polar, energy, data, 0.1 * data, dtype="<f4", width=0.2))
    measured, _ = clean_map(found, "meV", fixed_energy_mev=100.0, geometry="direct")
    assert measured.intensity.size < MAX_POINTS / 10
    np.testing.assert_allclose(measured.intensity[np.isfinite(measured.intensity)], 1.0, rtol=1e-6)
