"""Sound HDF5 with one thing that is not as it should be: data or a refusal come of it, whatever it is."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import h5py
import numpy as np
import pytest

from backend.datasets.cleaning import clean_spectrum
from backend.datasets.cleaning_map import clean_map
from backend.datasets.formats import beamcast_hdf5, mantid_nexus, nxspe
from backend.datasets.formats.reading import Raw, RawMap
from backend.kit.files.unreadable import Unreadable
from scattering.measured.units import FixedEnergyMissing

from . import datasets_fuzz
from . import datasets_hdf5 as files

ODD: dict[str, Callable[[np.ndarray], Any]] = {
    "nothing": lambda _: None,
    "a group": lambda _: {},
    "words": lambda _: "words",
    "a scalar": lambda _: 3.0,
    "NaN": lambda old: np.full(old.shape, np.nan),
    "infinity": lambda old: np.full(old.shape, -np.inf),
    "zeros": np.zeros_like,
    "huge": lambda old: np.full(old.shape, 9.3e18),
    "tiny": lambda old: np.full(old.shape, -5e-324),
    "negative": lambda old: -1 - np.arange(old.size, dtype=float).reshape(old.shape),
    "longest whole numbers": lambda old: np.full(old.shape, 2**63 - 1),
    "none at all": lambda _: np.empty(0),
    "one": lambda _: np.ones(1),
    "one more dimension": lambda old: np.ones((*old.shape, 2)),
    "one less": lambda old: np.ones(old.shape[:1]),
    "one more": lambda old: np.ones(tuple(length + 1 for length in old.shape)),
    "backwards": lambda old: old[::-1],
    "the same twice": lambda old: np.sort(np.where(np.arange(old.size).reshape(old.shape) % 2, old, old.flat[0])),
}


def with_detectors() -> bytes:
    """A workspace of spectra with every part that the reader looks for."""
    values = np.random.default_rng(1).normal(3.0, 1.0, (14, 8))
    more = {"masked_spectra": [[2, 0], [5, 2]], "masked_bins": [0, 1, 7], "frac_area": np.ones((14, 8))}
    return files.mantid(
        values,
        np.abs(values),
        np.geomspace(1.0, 80.0, 9),
        np.arange(14.0),
        two_theta=np.linspace(5.0, 130.0, 14),
        parameters="LET;string;deltaE-mode;direct",
        logs={"Ei": (100.0, "meV"), "sample_temp": ([5.0, 6.0], "K")},
        distribution="0",
        more=more,
    )


SOUND = [*datasets_fuzz.sound(), (mantid_nexus.read, with_detectors())]


NOT_READ = ("azimuthal", "azimuthal_width", "distance", "program_name", "run_number", "warnings", "workspace_name")


def datasets_of(content: bytes) -> list[str]:
    """Paths of the datasets that readers look at."""
    found: list[str] = []
    with h5py.File(io.BytesIO(content), "r") as file:
        file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    return [path for path in found if path.rsplit("/", 1)[-1] not in NOT_READ]


def changed(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The file with each of its datasets replaced by each odd one."""
    for path in datasets_of(content):
        for name, make in ODD.items():
            copy = io.BytesIO(content)
            with h5py.File(copy, "r+") as file:
                old, noted = file[path][()], dict(file[path].attrs)
                old = old if isinstance(old, np.ndarray) and old.dtype.kind in "fiu" else np.ones(3)
                new = make(old)
                del file[path]
                if isinstance(new, dict):
                    file.create_group(path)
                elif new is not None:
                    file[path] = new
                    file[path].attrs.update(noted)
            yield f"{path}: {name}", copy.getvalue()


def used(raw: Raw) -> None:
    """Clean what was read, as the server does next."""
    try:
        if isinstance(raw, RawMap):
            measured, _ = clean_map(raw, raw.x_unit or "meV", fixed_energy_mev=raw.stated.fixed_energy_mev)
            assert (np.diff(measured.q) > 0).all()
            assert measured.intensity.shape == (len(measured.q) - 1, len(measured.energy) - 1)
        else:
            measured, _ = clean_spectrum(raw, raw.x_unit or "meV")
        assert (np.diff(measured.energy) > 0).all()
        assert measured.error is None or (measured.error[np.isfinite(measured.error)] > 0).all()
    except (Unreadable, FixedEnergyMissing):
        pass


@pytest.mark.parametrize("which", range(len(SOUND)), ids=["nxspe", "mantid map", "beamcast", "mantid spectra"])
def test_one_odd_dataset(which: int) -> None:
    read, content = SOUND[which]
    for raw in read(content):
        used(raw)
    outcomes = {"read": 0, "refused": 0}
    for what, odd in changed(content):
        try:
            # The process that reads files ignores warnings, as of numbers too large for their type
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                used(read(odd)[0])
        except Unreadable:
            outcomes["refused"] += 1
        except Exception as error:
            error.add_note(what)
            raise
        else:
            outcomes["read"] += 1
    assert min(outcomes.values()) > 20


@pytest.mark.parametrize("value", [3, [1, 2], "", "a", b"\xff\xfe", ["a", "b"], np.nan, h5py.Empty("f")])
def test_odd_attributes(value: Any) -> None:
    for read, content in SOUND:
        copy = io.BytesIO(content)
        with h5py.File(copy, "r+") as file:
            items: list[Any] = []
            file.visititems(lambda _, item: items.append(item))  # noqa: B023
            for item in items:
                for name in list(item.attrs):
                    item.attrs[name] = value
        try:
            assert read(copy.getvalue())
        except Unreadable:
            continue


@pytest.mark.parametrize("reader", [nxspe, mantid_nexus, beamcast_hdf5])
def test_an_empty_file(reader: Any) -> None:
    with pytest.raises(Unreadable, match="unknown_hdf5"):
        reader.read(files.file_of(lambda root: None))
