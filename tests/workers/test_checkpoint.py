"""Checkpoints: whole or not there, whatever happens while they are written."""

from __future__ import annotations

import errno
import hashlib
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from workers.kit import checkpoint
from workers.kit.checkpoint import Checkpoints, fingerprint
from workers.kit.workplace import Workplace


def checkpoints(folder: Path, attempt: str = "1", *, of: str = "", checkpoint_s: float = 30.0) -> Checkpoints:
    return Checkpoints(Workplace(folder, attempt, checkpoint_s), "run", fingerprint=of)


def saved(folder: Path, attempt: str, step: int) -> Path:
    checkpoints(folder, attempt).save(step, {"positions": np.arange(3.0) + step}, {"stage": attempt})
    return folder / f"run-{attempt}.checkpoint"


def test_what_was_saved_comes_back_bit_for_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    arrays = {"positions": rng.standard_normal((5, 3)), "frames": np.float32(rng.standard_normal((5, 3, 0)))}
    state = {"generator": rng.bit_generator.state, "mean": 0.1 + 0.2, "missing": float("nan")}
    checkpoints(tmp_path, "first").save(7, arrays, state)
    found = checkpoints(tmp_path, "second").load()
    assert found is not None
    assert (found.attempt, found.step) == ("first", 7)
    assert found.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert found.arrays[name].dtype == array.dtype
    assert found.state["mean"] == state["mean"]
    assert np.isnan(found.state["missing"])
    again = np.random.default_rng()
    again.bit_generator.state = found.state["generator"]
    assert again.random() == rng.random()


def test_an_attempt_replaces_its_own_file_and_the_farthest_of_all_is_found(tmp_path: Path) -> None:
    assert checkpoints(tmp_path).load() is None
    saved(tmp_path, "1", 10)
    saved(tmp_path, "1", 30)
    saved(tmp_path, "2", 20)
    assert {path.name for path in tmp_path.iterdir()} == {"run-1.checkpoint", "run-2.checkpoint"}
    assert [one.step for one in checkpoints(tmp_path, "3").read_intact()] == [30, 20]


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.9, 0.999])
def test_a_file_that_was_cut_short_is_passed_over(tmp_path: Path, share: float) -> None:
    saved(tmp_path, "1", 10)
    torn = saved(tmp_path, "2", 20)
    content = torn.read_bytes()
    torn.write_bytes(content[: int(share * len(content))])
    found = checkpoints(tmp_path, "3").load()
    assert found is not None
    assert found.step == 10


def test_a_single_wrong_bit_is_noticed_wherever_it_is(tmp_path: Path) -> None:
    path = saved(tmp_path, "1", 10)
    content = path.read_bytes()
    for place in range(0, len(content), 37):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert checkpoints(tmp_path, "2").load() is None, place


def test_foreign_files_are_never_trusted(tmp_path: Path) -> None:
    saved(tmp_path, "1", 10)
    (tmp_path / "run-2.checkpoint").write_bytes(pickle.dumps({"step": 99}))
    (tmp_path / "run-3.checkpoint").mkdir()
    # Whole, by the digest, and not ours
    body = json.dumps({"step": 99}).encode() + b"\n"
    (tmp_path / "run-4.checkpoint").write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
    # Another piece of work in the same folder, whose name begins alike
    Checkpoints(Workplace(tmp_path, "1"), "run-cell").save(99, {}, {})
    assert [one.step for one in checkpoints(tmp_path, "5").read_intact()] == [10]


def test_objects_are_neither_written_nor_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        checkpoints(tmp_path).save(1, {"objects": np.array([{}], dtype=object)}, {})
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_of_another_run_is_passed_over(tmp_path: Path) -> None:
    copper = bulk("Cu")
    one, same = fingerprint(copper, 300.0), fingerprint(copper.copy(), 300.0)
    assert one == same
    moved = copper.copy()
    moved.positions += 1e-15
    others = {fingerprint(moved, 300.0), fingerprint(copper, 301.0), fingerprint(bulk("Cu", a=3.6), 300.0)}
    assert len(others | {one}) == 4
    checkpoints(tmp_path, of=one).save(1, {}, {})
    assert checkpoints(tmp_path, of=same).load() is not None
    assert all(checkpoints(tmp_path, of=other).load() is None for other in others)


def test_a_full_disk_leaves_the_earlier_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """/dev/full takes a file's opening and refuses what is written to it, as a full disk does."""
    saved(tmp_path, "1", 10)
    with monkeypatch.context() as full:
        full.setattr(checkpoint, "replace_file", _OnAFullDisk)
        with pytest.raises(OSError, match="No space left") as error:
            saved(tmp_path, "1", 20)
        assert error.value.errno == errno.ENOSPC
        mine = checkpoints(tmp_path, "1", checkpoint_s=0.0)
        assert not mine.try_save(30, {}, {})
        assert "No space left" in caplog.text
    found = checkpoints(tmp_path, "2").load()
    assert found is not None
    assert found.step == 10
    assert [path.name for path in tmp_path.iterdir()] == ["run-1.checkpoint"]


class _OnAFullDisk:
    def __init__(self, path: Path) -> None:
        pass

    def __enter__(self) -> Path:
        return Path("/dev/full")

    def __exit__(self, *error: object) -> None:
        pass


def test_one_is_due_when_time_has_passed_since_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: now)
    mine = checkpoints(tmp_path, checkpoint_s=30.0)
    assert not mine.is_due()
    now = 130.0
    assert mine.is_due()
    mine.save(1, {}, {})
    assert not mine.is_due()
    # A disk that was full once is not asked at every step
    now = 160.0
    monkeypatch.setattr(checkpoint, "replace_file", _OnAFullDisk)
    assert mine.is_due()
    assert not mine.try_save(2, {}, {})
    assert not mine.is_due()
