"""HDF5 files that mean harm, or are broken: refused with a word, before anything is read that should not be."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from backend.datasets.formats import beamcast_hdf5, mantid_nexus, nxspe
from backend.datasets.formats.reading import MAX_POINTS
from backend.kit.files import confined, hdf5_guard
from backend.kit.files.hdf5_guard import attribute, names, number, number_array, open_hdf5, text
from backend.kit.files.unreadable import Unreadable

from . import datasets_fuzz
from . import datasets_hdf5 as files

ROOT = Path(__file__).parents[2]
SECRET = np.arange(6.0)


def numbers(build: Callable[[Any], object], path: str = "x") -> np.ndarray | None:
    """What the guard gives for a path of the file that `build(root)` fills."""
    with open_hdf5(files.file_of(build)) as root:
        return number_array(root, path)


def assert_harmful(content: bytes, path: Path) -> None:
    """h5py by itself would read what the file names: the test is of something."""
    path.write_bytes(content)
    with h5py.File(path, "r") as file:
        np.testing.assert_array_equal(file["x"][()], SECRET)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Another file, in HDF5, and its numbers alone."""
    path = tmp_path / "elsewhere.h5"
    with h5py.File(path, "w") as file:
        file["x"] = SECRET
    SECRET.tofile(tmp_path / "elsewhere.bin")
    return path


def test_numbers_and_words_come_as_they_are() -> None:
    def build(root: Any) -> None:
        root["a/b/x"] = np.arange(6, dtype=">i2").reshape(2, 3)
        root["a/fixed"] = np.array([b"words\0\0"])
        root["a/varying"] = "Größe"
        root["a/latin"] = np.bytes_("Größe".encode("latin-1"))
        root["a/characters"] = np.frombuffer(b"a list\nof \x07bytes", dtype="u1")
        root["a"].attrs["units"] = np.bytes_("meV")
        root["one"] = np.float32(2.5)
        root["true"] = True

    with open_hdf5(files.file_of(build)) as root:
        np.testing.assert_array_equal(number_array(root, "a/b/x"), np.arange(6.0).reshape(2, 3))
        assert [text(root, f"a/{name}") for name in ("fixed", "varying", "latin")] == ["words", "Größe", "Größe"]
        assert text(root, "a/characters") == "a list\nof bytes"
        assert attribute(root, "a", "units") == "meV"
        assert number(root, "one") == 2.5
        assert number(root, "true") == 1.0
        assert number(root, "a/varying") is None
        assert sorted(names(root)) == ["a", "one", "true"]
        assert number_array(root, "a/b/missing") is None
        assert number_array(root, "a/b/x/further") is None
        assert number_array(root, "a") is None
        assert text(root, "missing") is None
        assert attribute(root, "a", "missing") is None
        assert number(root, "a/b/x") is None


def test_links_to_other_files_are_not_followed(elsewhere: Path) -> None:
    def build(root: Any) -> None:
        root["x"] = h5py.ExternalLink(str(elsewhere), "/x")
        root["group"] = h5py.ExternalLink(str(elsewhere), "/")
        root["soft"] = h5py.SoftLink("/group/x")
        root["passwords"] = h5py.ExternalLink("/etc/passwd", "/")

    assert_harmful(files.file_of(build), elsewhere.with_name("harmful.h5"))
    for path in ("x", "group/x", "soft", "passwords"):
        with pytest.raises(Unreadable, match="hdf5_link_to_other_file"):
            numbers(build, path)


def test_values_in_other_files_are_not_read(elsewhere: Path) -> None:
    def build(root: Any) -> None:
        raw = elsewhere.with_suffix(".bin")
        root.create_dataset("x", (6,), dtype="f8", external=[(str(raw), 0, h5py.h5f.UNLIMITED)])

    assert_harmful(files.file_of(build), elsewhere.with_name("harmful.h5"))
    with pytest.raises(Unreadable, match="hdf5_values_in_other_file"):
        numbers(build)


def test_virtual_datasets_are_not_read(elsewhere: Path) -> None:
    def build(root: Any) -> None:
        layout = h5py.VirtualLayout((6,), "f8")
        layout[:] = h5py.VirtualSource(str(elsewhere), "x", (6,))
        root.create_virtual_dataset("x", layout)

    assert_harmful(files.file_of(build), elsewhere.with_name("harmful.h5"))
    with pytest.raises(Unreadable, match="hdf5_virtual_dataset"):
        numbers(build)


def test_no_reader_opens_a_file_that_is_named_in_its_file(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever part is a link to another file: the reader refuses it, and its values are not in what is statements."""
    asked: list[str] = []
    real = hdf5_guard.number_array

    def build(root: Any, part: str) -> None:
        with h5py.File(io.BytesIO(datasets_fuzz.sound()[0][1]), "r") as good:
            good.copy("reduced", root)
        del root[f"reduced/{part}"]
        root[f"reduced/{part}"] = h5py.ExternalLink(str(elsewhere), "/x")

    def watched(parent: Any, path: str, **more: Any) -> np.ndarray | None:
        asked.append(path)
        return real(parent, path, **more)

    monkeypatch.setattr(nxspe, "number_array", watched)
    for part in ("data/data", "data/polar", "data/energy", "data/error", "NXSPE_info/fixed_energy"):
        content = files.file_of(lambda root, part=part: build(root, part))
        with pytest.raises(Unreadable, match="hdf5_link_to_other_file"):
            nxspe.read(content)
    assert "polar" in asked


def test_soft_links_within_are_followed_but_not_in_circles() -> None:
    def build(root: Any) -> None:
        root["a/x"] = SECRET
        root["x"] = h5py.SoftLink("/a/y")
        root["a/y"] = h5py.SoftLink("x")
        root["around"] = h5py.SoftLink("/and")
        root["and"] = h5py.SoftLink("/around")
        root["nowhere"] = h5py.SoftLink("/not/there")
        root["a/up"] = root["/"]

    np.testing.assert_array_equal(numbers(build), SECRET)
    np.testing.assert_array_equal(numbers(build, "a/up/a/up/a/x"), SECRET)
    assert numbers(build, "nowhere") is None
    with pytest.raises(Unreadable, match="hdf5_link_cycle"):
        numbers(build, "around")


@pytest.mark.parametrize("chunks", [True, None], ids=["chunked", "contiguous"])
def test_ten_gigabytes_of_declared_zeros_are_refused_at_once(chunks: bool | None) -> None:
    n = 10 * 1024**3 // 8

    def build(root: Any) -> None:
        root.create_dataset("x", (n,), dtype="f8", chunks=chunks, compression="gzip" if chunks else None)
        files.workspace(root, [[1.0]], None, [0.0, 1.0], [1])
        del root["mantid_workspace_1/workspace/values"]
        root["mantid_workspace_1/workspace/values"] = root["x"]

    content = files.file_of(build)
    began = time.monotonic()
    with open_hdf5(content) as root, pytest.raises(Unreadable, match=r"too_many_hdf5_values.*'n_values': 1342177280"):
        number_array(root, "x")
    with pytest.raises(Unreadable, match=r"too_many_hdf5_values.*'n_values': 1342177280"):
        mantid_nexus.read(content)
    # Nothing is read: milliseconds, on a machine that others use too
    assert time.monotonic() - began < 1.0


def test_values_that_are_declared_and_not_there_are_refused() -> None:
    with pytest.raises(Unreadable, match="hdf5_without_values"):
        numbers(lambda root: root.create_dataset("x", (MAX_POINTS,), dtype="f8", chunks=(1000,)))


def test_a_few_values_in_a_chunk_of_gigabytes_are_refused() -> None:
    def build(root: Any) -> None:
        layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        layout.set_chunk((2**28,))
        layout.set_deflate(9)
        space = h5py.h5s.create_simple((10,), (h5py.h5s.UNLIMITED,))
        made = h5py.h5d.create(root.id, b"x", h5py.h5t.NATIVE_DOUBLE, space, layout)
        # A chunk that unpacks to nothing like its size; the refusal comes before
        made.write_direct_chunk((0,), b"x\x9c\x03\x00\x00\x00\x00\x01")

    with pytest.raises(Unreadable, match="hdf5_chunks_too_large"):
        numbers(build)


def test_a_chunk_that_unpacks_to_gigabytes_ends_within_its_limits() -> None:
    """HDF5 unpacks as much as there is, whatever size was declared: that ends with the memory that it may have."""
    packer = zlib.compressobj(9)
    packed = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)
    # From a full flush on the stream can go on with any other: 8 GiB of zeros
    bomb = packed + (512 - 1) * packed[2:]

    def build(root: Any) -> None:
        group = files.workspace(root, np.ones((1, 4)), None, np.arange(5.0), [1])
        del group["values"]
        group.create_dataset("values", (1, 4), dtype="f8", chunks=(1, 4), compression="gzip")
        group["values"].id.write_direct_chunk((0, 0), bomb)

    request = {"file_name": "bomb.nxs", "format": None, "spectrum": 0, "statements": {}}
    arguments = ["--request", json.dumps(request), "--cpu-s", "20"]
    try:
        answer = confined.run("backend.datasets.parse", arguments, files.file_of(build), timeout_s=120)
    except confined.Exceeded:
        return
    (refused,) = json.loads(answer)["errors"]
    assert refused["loc"] == "file"


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        (h5py.string_dtype(), ["a", "b"]),
        (h5py.vlen_dtype(np.float64), None),
        (h5py.ref_dtype, None),
        (h5py.regionref_dtype, None),
        (np.dtype([("a", "f8"), ("b", "i4")]), None),
        (np.dtype("S8"), [b"1.0", b"2.0"]),
        (np.dtype("f16"), [1.0, 2.0]),
        (np.dtype("c16"), [1.0, 2.0]),
        (np.dtype("?"), [True, False]),
    ],
)
def test_what_is_no_plain_number_is_refused(dtype: Any, values: list[Any] | None) -> None:
    with pytest.raises(Unreadable, match="hdf5_not_numbers"):
        numbers(lambda root: root.create_dataset("x", (2,), dtype=dtype, data=values))


def test_filters_of_others_are_not_looked_for() -> None:
    def build(root: Any) -> None:
        layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        layout.set_chunk((6,))
        # Blosc, optional, so that a file can be made without it
        layout.set_filter(32001, h5py.h5z.FLAG_OPTIONAL, (0, 0))
        space = h5py.h5s.create_simple((6,))
        h5py.h5d.create(root.id, b"x", h5py.h5t.NATIVE_DOUBLE, space, layout).write_direct_chunk((0,), bytes(48))

    with pytest.raises(Unreadable, match=r"hdf5_filter_not_read .*'filter': 32001"):
        numbers(build)
    assert h5py.h5pl.size() == 0


def test_words_that_are_too_long_or_too_many_are_left() -> None:
    def build(root: Any) -> None:
        root["long"] = np.bytes_(b"a" * 2_000_000)
        root["varying"] = "a" * 2_000_000
        root["many"] = np.array([b"a", b"b"])
        root["declared"] = np.zeros(1)
        root.create_dataset("gigabytes", (1,), dtype="S2000000000", chunks=(1,))
        root["long"].attrs["numbers"] = np.arange(3)

    with open_hdf5(files.file_of(build)) as root:
        for path in ("long", "varying", "many", "declared", "gigabytes"):
            assert text(root, path) is None
        assert attribute(root, "long", "numbers") is None


def test_groups_with_too_many_members_are_not_listed() -> None:
    def build(root: Any) -> None:
        for index in range(hdf5_guard.MAX_ENTRIES + 1):
            root.create_group(f"g{index}")

    for reader in (nxspe, mantid_nexus, beamcast_hdf5):
        with pytest.raises(Unreadable, match=r"too_many_hdf5_members .*2000"):
            reader.read(files.file_of(build))


def test_depth_does_not_matter_as_nobody_walks() -> None:
    def build(root: Any) -> None:
        group = root
        for _ in range(3000):
            group = group.create_group("g")

    with pytest.raises(Unreadable, match="unknown_hdf5"):
        nxspe.read(files.file_of(build))


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_files_that_are_cut_off(part: float) -> None:
    for read, content in datasets_fuzz.sound():
        with pytest.raises(Unreadable, match="damaged_hdf5"):
            read(content[: int(part * len(content))])


def test_no_bytes_lead_to_anything_but_data_or_a_refusal() -> None:
    """Except that HDF5 itself may crash or run in circles; every file is read by a process that may end."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.backend.datasets_fuzz", "0", "100"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    counts = json.loads(done.stdout)
    assert counts["raised"] == 0, done.stderr
    assert sum(counts.values()) == 300
    # Or the damage does not reach what is read
    assert counts["refused"] > 100
    assert counts["read"] > 50
    assert counts["ended"] <= 3, done.stderr
