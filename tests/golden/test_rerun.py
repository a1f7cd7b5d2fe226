"""Simulated again from the same row, a prediction has the partials that version 2cfd2fe wrote.

With one thread (`OMP_NUM_THREADS=1`), as the archive was made, reruns of the same code are equal to the last bit,
molecular dynamics too. With two threads sums come in another order, and harmonic partials differ by 3e-8 of the largest
number of each array. Molecular dynamics is chaotic, but these runs are short enough for `TOLERANCE`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from scattering.core.bins import bin_widths
from tests.golden.opening import Server, do_all_jobs, opened, simulate_again, unpack
from tests.golden.queries import UNFINISHED

TOLERANCE = 1e-6
"""Of the largest number of each array."""
MOMENTS_TOLERANCE = 5e-3
"""The same where the bins of a harmonic powder have changed: of areas and first moments over energy. The ends of the
axes differ by less than a bin."""
SAMPLED = ("silicon-harmonic", "lithium-hydride-harmonic")
"""Powders of small cells, whose coherent scattering has ten times as many scattering vectors for each |q| now."""
SAMPLING_TOLERANCE = 4e-2
"""Of their coherent scattering: the noise of the 300 vectors of 2cfd2fe."""
NAMES = (
    "silicon-harmonic",
    "lithium-hydride-harmonic",
    "silicon-path-harmonic",
    "magnesium-oxide-path-harmonic",
    "aluminium-md",
    "silicon-path-md",
    "aluminium-trpmd",
    "silicon-path-trpmd",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, nep89: Path) -> Iterator[Server]:
    """The server on the old data folder, with nothing in its queue."""
    with opened(unpack(tmp_path_factory.mktemp("rerun")), nep89.parent) as running:
        for name in UNFINISHED:
            running.request("POST", f"predictions/{running.ids[name]}/cancel")
        yield running


CORRECTED = ("silicon-path-harmonic",)
"""Both atoms of silicon are on one site. 2cfd2fe counted them as one atom in the self part, and so in the orders from
two on, which are a part of the coherent scattering of like pairs."""


def arrays(path: Path) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[()]}) if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiu" else None
            )
        )
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", NAMES)
def test_partials(server: Server, name: str) -> None:
    old = arrays(server.folder / "predictions" / server.ids[name] / "partials.h5")
    new = arrays(simulate_again(server, name))
    assert {"coherent", "energy"} <= set(old) <= set(new)
    if name in CORRECTED:
        old["incoherent"] *= 2
        assert (
            (old["coherent"] - TOLERANCE <= new["coherent"]) & (new["coherent"] <= 2 * old["coherent"] + TOLERANCE)
        ).all()
        del old["coherent"]
    other_bins = len(new["energy"]) != len(old["energy"])
    if other_bins:
        old, new = in_moments(old), in_moments(new)
    for array, values in old.items():
        tolerance = MOMENTS_TOLERANCE if other_bins else TOLERANCE
        if name in SAMPLED and array == "coherent":
            tolerance = SAMPLING_TOLERANCE
        scale = np.nanmax(np.abs(values), initial=1e-300)
        np.testing.assert_allclose(new[array], values, rtol=0, atol=tolerance * scale, err_msg=array)


def in_moments(held: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Area and first moment over energy of every array that has that axis, for bins that are others now."""
    energy = held.pop("energy")
    widths = bin_widths(energy)
    moments = np.stack([widths, widths * energy], axis=1)
    return {name: array @ moments if array.shape[-1:] == energy.shape else array for name, array in held.items()}


GOES_ON = ("replicas-in-flight", "prepared", "preparing", "path-in-flight", "disk-full")
CHECKPOINT_STEP = 492
"""Of the replica that was in flight."""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_the_old_workers_left_is_gone_on_with(tmp_path: Path, nep89: Path) -> None:
    """A run that was prepared, one replica of which is done and the other has a checkpoint, among others."""
    with opened(unpack(tmp_path), nep89.parent) as server:
        for name in set(UNFINISHED) - set(GOES_ON):
            server.request("POST", f"predictions/{server.ids[name]}/cancel")
        prepared = server.request("GET", f"predictions/{server.ids['replicas-in-flight']}/jobs").json()
        assert do_all_jobs() == [CHECKPOINT_STEP]
        for name in GOES_ON:
            row = server.request("GET", f"predictions/{server.ids[name]}").json()
            assert (name, row["status"], row["error"]) == (name, "succeeded", None)
            view = {"energy_mev": {"min": 0, "max": 50, "step": 1}}
            answer = server.request("POST", f"predictions/{server.ids[name]}/spectrum", json=view)
            assert max(intensity or 0.0 for intensity in answer.json()["intensity"]) > 0
        after = server.request("GET", f"predictions/{server.ids['replicas-in-flight']}/jobs").json()
        # Nothing that was done is done again
        assert [job["attempt"] for job in prepared] == [1, 1, 1, 0]
        assert [job["attempt"] for job in after] == [1, 1, 2, 1]
