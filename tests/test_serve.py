"""The server as a user starts it: one command, and nothing left behind when it stops."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import serve
from backend.kit.settings import Settings

ROOT = Path(__file__).parent.parent
READY = re.compile(r"Beamcast is ready at (http://127\.0\.0\.1:\d+)")
PATIENCE_S = 60


class Running:
    """A server in a process group of its own, as a terminal gives it one."""

    def __init__(self, data_dir: Path, start_in: Path = ROOT) -> None:
        self.data_dir = data_dir
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "serve.py")],
            env={**os.environ, "BEAMCAST_PORT": "0", "BEAMCAST_DATA_DIR": str(data_dir)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=start_in,
            start_new_session=True,
        )
        self.output: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line)
            if found := READY.search(line):
                self.url = found[1]
                return
        raise AssertionError(f"no server: {''.join(self.output)}")

    def stop(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal to the group, as Ctrl-C does; exit status and all that was said."""
        os.killpg(self.process.pid, number)
        rest, _ = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, "".join(self.output) + rest

    def descendants(self) -> set[int]:
        """Processes of this server, its worker's children among them."""
        return {pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if self._is_ours(pid)}

    def _is_ours(self, pid: int) -> bool:
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            return f"BEAMCAST_DATA_DIR={self.data_dir}".encode() in environment
        except OSError:
            return False


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / "data")
    yield running
    if running.process.poll() is None:
        os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait()
    if running.process.stdout is not None:
        running.process.stdout.close()


def gone(server: Running) -> bool:
    """Whether all processes of the server end; the kernel takes a moment to deliver the last signal."""
    deadline = time.monotonic() + 10
    while server.descendants() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not server.descendants()


def test_ctrl_c_leaves_nothing_behind(server: Running) -> None:
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        health = client.get("/api/v1/health")
        assert health.status_code == 200
        assert health.json()["workers"] == 2
        page = client.get("/")
        assert page.status_code == 200
        assert "text/html" in page.headers["content-type"]
        assert "unsafe-eval" not in page.headers["content-security-policy"]
        assert client.get("/api/v1/nothing").status_code == 404
    # The worker shows life before it forks its children
    deadline = time.monotonic() + PATIENCE_S
    while len(server.descendants()) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(server.descendants()) >= 4
    status, said = server.stop(signal.SIGINT)
    assert status == 0
    assert "Traceback" not in said
    assert [line for line in said.splitlines() if line] == [f"Beamcast is ready at {server.url}"]
    assert gone(server)
    left = sorted(path.name for path in server.data_dir.iterdir())
    assert left == ["beamcast.db", "broker", "server.lock"]
    assert not [path for path in (server.data_dir / "broker").rglob("*") if path.is_file()]


def test_killed_server_takes_its_worker_along_and_worker_is_replaced(server: Running) -> None:
    (worker,) = workers(server.process.pid)
    os.kill(worker, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_S
    while workers(server.process.pid) in ([], [worker]) and time.monotonic() < deadline:
        time.sleep(0.05)
    (successor,) = workers(server.process.pid)
    assert successor != worker
    server.process.kill()
    server.process.wait()
    assert gone(server)


def workers(pid: int) -> list[int]:
    """Living workers among the children of a process."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
            words = entry.with_name("cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z" and b"celery" in words:
            found.append(int(entry.parent.name))
    return found


@pytest.mark.parametrize(
    ("setting", "word"),
    [
        ({"BEAMCAST_PORT": "taken"}, "taken"),
        ({"BEAMCAST_PORT": "many"}, "BEAMCAST_PORT"),
        ({"BEAMCAST_DATA_DIR": "/proc/nowhere"}, "/proc/nowhere"),
        ({"BEAMCAST_HOST": "0.0.0.0"}, "BEAMCAST_AUTH"),
        ({"BEAMCAST_HOST": "::"}, "BEAMCAST_AUTH"),
        ({"BEAMCAST_AUTH": "ldap"}, "BEAMCAST_AUTH"),
        ({"BEAMCAST_AUTH": "oidc"}, "BEAMCAST_OIDC_ISSUER"),
    ],
)
def test_what_is_in_the_way_is_said_in_one_line(tmp_path: Path, setting: dict[str, str], word: str) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        if setting.get("BEAMCAST_PORT") == "taken":
            setting = {"BEAMCAST_PORT": str(busy.getsockname()[1])}
        else:
            setting = {"BEAMCAST_PORT": "0", **setting}
        ended = subprocess.run(
            [sys.executable, str(ROOT / "serve.py")],
            env={**os.environ, "BEAMCAST_DATA_DIR": str(tmp_path), **setting},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("Beamcast cannot start: ")
    assert word in line


@pytest.mark.parametrize(
    ("host", "auth", "warns"), [("0.0.0.0", "none", True), ("127.0.0.1", "none", False), ("127.0.0.1", None, False)]
)
def test_a_server_open_to_others_says_so(caplog: pytest.LogCaptureFixture, host: str, auth: Any, warns: bool) -> None:
    serve._warn_of_no_accounts(Settings(host=host, auth=auth))
    assert [(one.levelname, host in one.getMessage()) for one in caplog.records] == [("WARNING", True)] * warns


@pytest.mark.parametrize(
    ("revision", "word"), [("9999", "9999"), (None, "not a database")], ids=["of a newer Beamcast", "corrupt"]
)
def test_database_that_cannot_be_used_is_said_in_one_line(tmp_path: Path, revision: str | None, word: str) -> None:
    path = tmp_path / "beamcast.db"
    if revision is None:
        path.write_bytes(b"nothing that SQLite wrote" * 100)
    else:
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
    ended = subprocess.run(
        [sys.executable, str(ROOT / "serve.py")],
        env={**os.environ, "BEAMCAST_PORT": "0", "BEAMCAST_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert word in line


def test_started_from_another_folder_with_a_relative_one_for_its_data(tmp_path: Path) -> None:
    running = Running(Path("mine"), start_in=tmp_path)
    try:
        assert httpx.get(f"{running.url}/api/v1/health", trust_env=False).json()["workers"] == 2
    finally:
        status, said = running.stop(signal.SIGTERM)
    assert (status, "Traceback" in said) == (0, False)
    assert (tmp_path / "mine" / "beamcast.db").exists()


def test_small_answers_do_not_wait_for_acknowledgements() -> None:
    with serve._listening(Settings(host="127.0.0.1", port=0)) as listener:
        # asyncio sets TCP_NODELAY where the protocol is named, and nowhere else
        assert listener.proto == socket.IPPROTO_TCP


def test_two_servers_do_not_share_a_data_folder(server: Running) -> None:
    ended = subprocess.run(
        [sys.executable, str(ROOT / "serve.py")],
        env={**os.environ, "BEAMCAST_PORT": "0", "BEAMCAST_DATA_DIR": str(server.data_dir)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert ended.returncode == 2
    assert "another Beamcast" in ended.stderr
