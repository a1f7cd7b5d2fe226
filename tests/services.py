"""A private PostgreSQL and a private Redis, real ones, on free ports of 127.0.0.1, that end with the tests.

`postgres_server` and `redis_server` are started once in a session. `postgres_url` is an empty database in the first,
`migrated_postgres_url` one with our tables, `redis_url` the second one emptied. Tests may stop, kill, fill and empty
them: the next test finds them running again.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import psycopg
import pytest
import redis

from backend.kit.db import database
from backend.kit.settings import Settings
from backend.startup import prepare

PATIENCE_S = 60
LOOK_EVERY_S = 0.02
PR_SET_PDEATHSIG = 1
USER = "beamcast"


def find_program(name: str) -> str:
    """Where the program is; Debian keeps PostgreSQL's outside the path. Skips the test when it is not installed."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -float(folder.parent.name))
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, versions)))
    if found is None:
        pytest.skip(f"{name} is not on this machine (Debian and Ubuntu: apt-get install postgresql redis-server)")
    return found


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(
    condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S, look_every_s: float = LOOK_EVERY_S
) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {patience_s} s")
        time.sleep(look_every_s)


def _end_with_parent() -> None:
    # SIGQUIT ends PostgreSQL at once with all that it has started.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


class Service:
    """A server as a child process with a folder of its own, which goes with it."""

    def __init__(self, prefix: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=prefix))
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, unless it runs, and wait until it answers."""
        if self.running:
            return
        self._launch()
        wait_for(self._answers, f"{type(self).__name__} answers")

    def stop(self) -> None:
        """End it in order; who is connected is cut off."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(PATIENCE_S)

    def kill(self) -> None:
        """End it with all that it has started, as a power cut would."""
        if self._process is not None and self.running:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(PATIENCE_S)

    def restart(self) -> None:
        """Stop and start it; it keeps its port."""
        self.stop()
        self.start()

    def log(self) -> str:
        """What it has said."""
        return (self.folder / "log").read_text(errors="replace")

    def _launch(self) -> None:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError

    def _run(self, command: list[str], user: str | None = None) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=_end_with_parent,
                user=user,
                group=user and pwd.getpwnam(user).pw_gid,
                extra_groups=None if user is None else [],
            )


class PostgreSQL(Service):
    """A PostgreSQL with a superuser; `database` makes databases in it."""

    def __init__(self) -> None:
        programs = Path(find_program("initdb")).parent
        super().__init__("beamcast-postgresql-")
        self._postgres = str(programs / "postgres")
        # It refuses to run as root.
        self._user = _ordinary_user() if os.getuid() == 0 else None
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        secret = self.folder / "password"
        secret.write_text(self.password)
        subprocess.run(
            [
                *(str(programs / "initdb"), "--pgdata", str(self.folder / "data"), "--username", USER),
                *("--pwfile", str(secret), "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8"),
                "--no-sync",
            ],
            check=True,
            capture_output=True,
            cwd=self.folder,
            user=self._user,
        )

    def url(self, database: str = "postgres") -> str:
        """SQLAlchemy address of a database."""
        return f"postgresql+psycopg://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection past SQLAlchemy, in autocommit."""
        return psycopg.connect(
            f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}", autocommit=True, connect_timeout=5
        )

    def create_database(self, template: str | None = None) -> str:
        """Address of a new database: empty, or a copy of the one at the address `template`, which nobody may use."""
        name = f"test_{uuid.uuid4().hex}"
        copied = "" if template is None else f" TEMPLATE {template.rpartition('/')[2]}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}{copied}".encode())
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove it, whoever is connected."""
        with self.connect() as connection:
            connection.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)".encode())

    def _launch(self) -> None:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.folder,
            # What a power cut of the machine would lose is of no interest here.
            "fsync": "off",
            "max_connections": 200,
        }
        given = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._run([self._postgres, "-D", str(self.folder / "data"), *given], self._user)

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), self.connect():
            return True
        if not self.running:
            # After a kill its children may hold the shared memory for a moment.
            self._launch()
        return False


class Redis(Service):
    """A Redis with a password that refuses to forget when it is full, as docker-compose.yml sets it up."""

    def __init__(self, *, persistent: bool = True) -> None:
        self._program = find_program("redis-server")
        super().__init__("beamcast-redis-")
        self._appendonly = "yes" if persistent else "no"

    @property
    def url(self) -> str:
        """Address for Celery."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        """A client; its calls raise when Redis is away."""
        return redis.Redis.from_url(self.url, socket_timeout=5, socket_connect_timeout=1, decode_responses=True)

    def flush(self) -> None:
        """Make it forget everything."""
        with self.client() as client:
            client.flushall()

    def fill(self) -> None:
        """Make it refuse every write: its memory is full."""
        with self.client() as client:
            client.config_set("maxmemory", 1)

    def relieve(self) -> None:
        """Undo `fill`."""
        with self.client() as client:
            client.config_set("maxmemory", 0)

    def _launch(self) -> None:
        options = {
            "bind": "127.0.0.1",
            "port": self.port,
            "requirepass": self.password,
            "dir": self.folder,
            "appendonly": self._appendonly,
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        self._run([self._program, *(part for name, value in options.items() for part in (f"--{name}", str(value)))])

    def _answers(self) -> bool:
        with contextlib.suppress(redis.ConnectionError, redis.BusyLoadingError), self.client() as client:
            return bool(client.ping())
        return False


def _ordinary_user() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests of the backend run on another database."""
    parser.addoption("--postgresql", action="store_true", help="tests of backend and workers on PostgreSQL, not SQLite")


@pytest.fixture(scope="session")
def _postgres_server() -> Iterator[PostgreSQL]:
    with PostgreSQL() as server:
        yield server


@pytest.fixture(scope="session")
def _redis_server() -> Iterator[Redis]:
    with Redis() as server:
        yield server


@pytest.fixture
def postgres_server(_postgres_server: PostgreSQL) -> PostgreSQL:
    """The session's PostgreSQL; running, whatever the last test has done to it."""
    _postgres_server.start()
    return _postgres_server


@pytest.fixture
def postgres_url(postgres_server: PostgreSQL) -> Iterator[str]:
    """Address of an empty database, which goes with the test."""
    url = postgres_server.create_database()
    yield url
    postgres_server.start()
    postgres_server.drop_database(url)


@pytest.fixture(scope="session")
def _migrated_postgres_url(_postgres_server: PostgreSQL) -> str:
    settings = Settings(database_url=_postgres_server.create_database())
    prepare(settings)
    database.engine(settings).dispose()
    return settings.database_url


@pytest.fixture
def migrated_postgres_url(postgres_server: PostgreSQL, _migrated_postgres_url: str) -> Iterator[str]:
    """Address of a database at the newest revision, which goes with the test; migrating takes longer than copying."""
    url = postgres_server.create_database(_migrated_postgres_url)
    yield url
    postgres_server.start()
    postgres_server.drop_database(url)


@pytest.fixture
def redis_server(_redis_server: Redis) -> Redis:
    """The session's Redis; running, empty, with room, whatever the last test has done to it."""
    _redis_server.start()
    _redis_server.relieve()
    _redis_server.flush()
    return _redis_server


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    """Address of the session's Redis, which is empty."""
    return redis_server.url
