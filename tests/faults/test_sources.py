"""Large trajectories: their worker is killed while it reads them, their server while they arrive."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from backend.phonon_files import trajectory_file
from backend.phonon_files.stored import TRAJECTORY_FILE
from backend.uploads.routes import WRITE_BYTES
from tests.backend.trajectory_files import write_large_extxyz
from tests.faults import large_files
from tests.faults.conftest import Figure
from tests.faults.large_files import append, begin, final, offset_of, read, send, sum_of
from tests.faults.stack import MAX_ATTEMPTS, Stack, until

pytestmark = pytest.mark.slow

MIB = 2**20


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trajectory that only a job reads: more than 32 MiB."""
    return write_large_extxyz(tmp_path_factory.mktemp("movie") / "movie.xyz", 33)


@pytest.fixture(scope="module")
def short_movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trajectory that is read at once."""
    return write_large_extxyz(tmp_path_factory.mktemp("movie") / "short.xyz", 16)


def frames_of(stack: Stack, source: str) -> np.ndarray:
    return np.asarray(trajectory_file.load(stack.settings.source_dir(source) / TRAJECTORY_FILE).displacements)


def test_a_worker_is_killed_while_it_reads_and_another_reads_again(stack: Stack, movie: Path, figure: Figure) -> None:
    undisturbed = final(stack, read(stack, send(stack, movie))["id"])
    with stack.holding("read_frames", share=0.3):
        source = read(stack, send(stack, movie))["id"]
        job = stack.until_held(source)
        assert large_files.left(stack)
        began = time.monotonic()
        if stack.embedded:
            stack.send(job, signal.SIGKILL)
        else:
            stack.kill("one")
            stack.start_worker("two")
        until(lambda: (again := stack.busy(source)) is not None and again.attempt == 2, "it is taken again")
        figure("worker killed while it reads a source: read again", time.monotonic() - began)
    row = final(stack, source)
    assert (row["status"], row["error"]) == ("ready", None)
    assert row["sha256"] == {"file": sum_of(movie)} == undisturbed["sha256"]
    assert row["trajectory"] == undisturbed["trajectory"]
    np.testing.assert_array_equal(frames_of(stack, source), frames_of(stack, undisturbed["id"]))
    assert large_files.left(stack) == []
    if not stack.embedded:
        assert stack.stop("two") == 0


def test_a_source_that_kills_its_worker_every_time_fails_in_words(stack: Stack, movie: Path, figure: Figure) -> None:
    upload = send(stack, movie)
    with stack.holding("read_frames", share=0.2, how="crash"):
        source = read(stack, upload)["id"]
        began = time.monotonic()
        row = final(stack, source)
        figure(f"a source that kills its worker {MAX_ATTEMPTS} times: failed", time.monotonic() - began)
    assert (row["status"], row["error"]["code"]) == ("failed", "worker_died")
    assert row["error"]["params"] == {
        "work": "reading",
        "attempts": MAX_ATTEMPTS,
        "stage": {"code": "read_frames", "params": {}},
        "ended_by": "SIGKILL",
    }
    # The upload stays for another try, nothing else
    until(lambda: not stack.strays(), lambda: f"strays: {stack.strays()}")
    assert large_files.left(stack) == [stack.settings.upload_path(upload)]
    assert final(stack, read(stack, upload)["id"])["status"] == "ready"
    stack.client.delete(f"/sources/{source}").raise_for_status()
    assert large_files.left(stack) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_an_upload_goes_on_after_its_server_was_restarted(
    stack: Stack, short_movie: Path, figure: Figure, number: signal.Signals
) -> None:
    content = short_movie.read_bytes()
    upload = begin(stack, short_movie)
    place = stack.settings.upload_path(upload)

    def interrupted() -> Iterator[bytes]:
        yield content[: 2 * WRITE_BYTES + MIB]
        # The server collects parts: some bytes have arrived that are not on the disk
        until(lambda: place.stat().st_size >= 2 * WRITE_BYTES, "bytes arrive")
        began = time.monotonic()
        if number is signal.SIGKILL:
            stack.kill("server")
        else:
            assert stack.stop("server", number) == 0
            figure("server stopped during an upload: ended", time.monotonic() - began)
        yield content[2 * WRITE_BYTES + MIB :]

    with contextlib.suppress(httpx.TransportError):
        answer = append(stack, upload, 0, interrupted())
        assert number is signal.SIGTERM
        assert (answer.status_code, answer.json()["code"]) == (503, "server_stops")
    on_disk = place.read_bytes()
    assert 2 * WRITE_BYTES <= len(on_disk) < len(content)
    assert content.startswith(on_disk)
    if number is signal.SIGTERM:
        # In order: all that the server had taken is kept, whether it filled a part or not
        assert len(on_disk) <= 2 * WRITE_BYTES + MIB
    stack.ready()

    assert offset_of(stack, upload) == len(on_disk)
    assert append(stack, upload, len(on_disk) + 1, b"x").status_code == 409
    assert append(stack, upload, len(on_disk), content[len(on_disk) :]).status_code == 204
    assert sum_of(place) == sum_of(short_movie)
    source = read(stack, upload)
    assert (source["status"], source["sha256"]) == ("ready", {"file": sum_of(short_movie)})
    assert large_files.left(stack) == []
