"""What is downloaded from here as HDF5 can be given back: forecasts, and datasets to the bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from backend.datasets.cleaning import clean_spectrum
from backend.datasets.cleaning_map import clean_map
from backend.datasets.data_file import as_hdf5
from backend.datasets.formats import FORMATS, HEAD_BYTES, format_of
from backend.datasets.formats import beamcast_hdf5 as reader
from backend.datasets.formats.reading import RawMap, RawSpectrum
from backend.kit.files.unreadable import Unreadable
from backend.observing import powder_formats as formats
from scattering.measured.data import MeasuredMap, MeasuredSpectrum
from scattering.observe.spectrum import Map, Spectrum

from . import datasets_fuzz
from . import datasets_hdf5 as files

RNG = np.random.default_rng(8)
ABOUT = {
    "prediction": "0f7c2d4e-0000-4000-8000-000000000000",
    "method": "md",
    "temperature_k": 20.0,
    "view": {"instrument": "MARI", "settings": {"e_init": 250.0}},
}


@pytest.fixture
def forecast() -> Spectrum:
    energy = np.linspace(0.0, 200.0, 41)
    intensity = RNG.uniform(1.0, 2.0, 41)
    image = Map(
        q=np.linspace(0.5, 9.5, 10),
        energy=energy,
        intensity=RNG.uniform(1.0, 2.0, (10, 41)).astype(np.float32),
        inside=RNG.random((10, 41)) < 0.8,
    )
    return Spectrum(
        energy=energy,
        intensity=intensity,
        error=0.1 * intensity,
        unit="barn/meV/sr",
        per_element={"H": 0.9 * intensity, "Zr": 0.1 * intensity},
        banks={"forward": intensity},
        per_order={1: 0.7 * intensity, 2: 0.3 * intensity},
        map=image,
    )


def test_a_forecast_with_its_map_and_parts(forecast: Spectrum) -> None:
    whole, image, *parts = reader.read(formats.as_hdf5(forecast, ABOUT))
    assert isinstance(whole, RawSpectrum)
    np.testing.assert_array_equal(whole.x, forecast.energy)
    np.testing.assert_array_equal(whole.y, forecast.intensity)
    np.testing.assert_array_equal(whole.error, forecast.error)
    assert whole.x_unit == "meV"
    assert whole.y_unit == "barn/meV/sr"
    assert whole.stated.instrument == "MARI"
    assert whole.stated.settings == {"e_init": 250.0}
    assert whole.stated.run.temperature_k == 20.0

    assert isinstance(image, RawMap)
    assert image.geometry == "direct"
    np.testing.assert_array_equal(image.across, forecast.map.q)
    np.testing.assert_array_equal(image.y, np.where(forecast.map.inside, forecast.map.intensity, np.nan))

    assert [part.stated.title for part in parts] == [
        f"forecast 0f7c2d4e, {part}" for part in ("bank forward", "of H", "of Zr", "1 phonons", "2 phonons")
    ]
    np.testing.assert_array_equal(parts[1].y, 0.9 * forecast.intensity)


def test_a_dataset_comes_back_to_the_bit_with_its_gap() -> None:
    low = np.array([0.0, 1.0, 2.0, 7.0, 8.5])
    high = np.array([1.0, 2.0, 3.5, 8.5, 9.0])
    error = np.array([0.1, np.nan, 0.3, 0.4, 0.5])
    kept = MeasuredSpectrum((low + high) / 2, RNG.normal(size=5), error, low, high)
    about = {"title": "a run", "instrument": "TOSCA", "temperature_k": 12.0, "y_unit": "counts"}
    content = as_hdf5(kept, about)
    assert format_of("download.h5", content[:HEAD_BYTES]).name == "beamcast-hdf5"
    (raw,) = reader.read(content)
    assert isinstance(raw, RawSpectrum)
    assert raw.y_unit == "counts"
    assert raw.stated.title == "a run"
    again, _ = clean_spectrum(raw, "meV")
    for name in ("energy", "intensity", "error", "low", "high"):
        np.testing.assert_array_equal(getattr(again, name), getattr(kept, name), err_msg=name)


def test_a_map_comes_back_to_the_bit() -> None:
    intensity = RNG.normal(size=(4, 6))
    intensity[1, 2] = np.nan
    kept = MeasuredMap(np.linspace(0.5, 2.5, 5), np.linspace(-3.0, 9.0, 7), intensity, np.abs(intensity))
    (raw,) = reader.read(as_hdf5(kept, {"title": "a map", "fixed_energy_mev": 25.0}))
    assert isinstance(raw, RawMap)
    assert raw.stated.fixed_energy_mev == 25.0
    again, notices = clean_map(raw, "meV")
    for name in ("q", "energy", "intensity", "error"):
        np.testing.assert_array_equal(getattr(again, name), getattr(kept, name), err_msg=name)
    assert notices == []


def test_along_a_path_there_is_no_map_over_q() -> None:
    def build(root: Any) -> None:
        entry = files.new_group(root, "entry", "NXentry")
        entry["about"] = "{}"
        for name, axis in (("map", "distance"), ("spectrum", "energy")):
            group = entry.create_group(name)
            group.attrs["signal"] = "intensity"
            group[axis] = np.arange(5.0)
            group["intensity"] = np.ones(5)

    (found,) = reader.read(files.file_of(build))
    assert isinstance(found, RawSpectrum)


@pytest.mark.parametrize(
    "about",
    [
        "no JSON",
        "[1]",
        "[" * 100_000,
        '{"view": 3, "settings": 4, "instrument": ["MARI"], "temperature_k": "warm", "fixed_energy_mev": true}',
        '{"temperature_k": 1e999, "fixed_energy_mev": 1' + 300 * "0" + "}",
        '{"temperature_k": NaN, "fixed_energy_mev": -4}',
    ],
    ids=["words", "list", "deep", "types", "huge", "nan"],
)
def test_nonsense_about_it_is_left(about: str) -> None:
    def build(root: Any) -> None:
        entry = files.new_group(root, "entry", "NXentry")
        entry["about"] = about
        group = entry.create_group("data")
        group.attrs["signal"] = "intensity"
        group["energy"], group["intensity"] = np.arange(5.0), np.ones(5)

    (found,) = reader.read(files.file_of(build))
    stated = found.stated
    assert (stated.instrument, dict(stated.settings)) == (None, {})
    assert (stated.run.temperature_k, stated.fixed_energy_mev) == (None, None)


@pytest.mark.parametrize(
    "change",
    [
        lambda group: group.pop("energy"),
        lambda group: group.__delitem__("intensity") or group.__setitem__("intensity", np.ones(3)),
        lambda group: group.__delitem__("energy_low") or group.__setitem__("energy_low", np.ones(3)),
    ],
    ids=["no energies", "fewer intensities", "fewer edges"],
)
def test_what_was_changed_by_hand_is_refused(change: Callable[[Any], object]) -> None:
    def build(root: Any) -> None:
        entry = files.new_group(root, "entry", "NXentry")
        entry["about"] = "{}"
        group = entry.create_group("data")
        group.attrs["signal"] = "intensity"
        for name in ("energy", "energy_low", "energy_high", "intensity"):
            group[name] = np.arange(5.0)
        change(group)

    with pytest.raises(Unreadable, match=r"beamcast_array_missing|sizes_differ"):
        reader.read(files.file_of(build))


def test_where_the_bytes_show_nothing_the_name_decides() -> None:
    head = b"\x89HDF\r\n\x1a\n" + bytes(1000)
    assert [format_of(name, head).name for name in ("a.nxspe", "b.nxs", "c.h5", "d")] == [
        "nxspe",
        "mantid-nexus",
        "beamcast-hdf5",
        "beamcast-hdf5",
    ]


def test_every_hdf5_format_is_told_by_its_bytes_whatever_its_name() -> None:
    """One of the three and no other, so that the name decides nothing."""
    for (_, content), name in zip(datasets_fuzz.sound(), ("nxspe", "mantid-nexus", "beamcast-hdf5"), strict=True):
        for file_name in ("a.nxspe", "b.nxs", "c.h5", "d", "e.dat"):
            assert format_of(file_name, content[:HEAD_BYTES]).name == name
        with pytest.raises(Unreadable, match=f"other_hdf5_format .*'found': '{name}'"):
            FORMATS["nxspe" if name != "nxspe" else "beamcast-hdf5"].read(content)
