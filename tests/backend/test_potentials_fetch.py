"""Fetching a pretrained potential from a server of our own on loopback, with what a user has set for pip."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from backend.kit.settings import Settings
from backend.potentials import catalogue, download, fetch, service
from backend.potentials.fetch import FetchFailed
from backend.potentials.record import Distribution, Pretrained
from backend.potentials.service import PotentialUnavailable
from backend.potentials.tables import Potential

CONTENT = np.random.default_rng(0).bytes(600_000)
MEMBER = "project-1.0/data/potential.txt"
FILE = "project-1.0.tar.gz"


def _archive() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in (("project-1.0/setup.py", b"raise SystemExit('was run')"), (MEMBER, CONTENT)):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


ARCHIVE = _archive()
ENTRY = Pretrained(
    name="Test",
    family="nep",
    file="potential.txt",
    size_bytes=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    format="nep4",
    engine="nep-adapters",
    cutoff_angstrom=5.0,
    licence="",
    citation="",
    source="",
    elements=("Si",),
    distribution=Distribution("project", FILE, len(ARCHIVE), hashlib.sha256(ARCHIVE).hexdigest(), MEMBER),
)


@dataclass
class Server:
    """What a package index does, and what can go wrong with it."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=lambda: {FILE: ARCHIVE, "potential.txt": CONTENT})
    requests: list[tuple[str, str]] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)
    sums: list[str] = field(default_factory=lambda: [ENTRY.distribution.sha256])
    ranges: bool = True
    cut_after: list[int] = field(default_factory=list)

    @property
    def starts(self) -> list[str]:
        """Where each download of a file began."""
        return [range_ or "bytes=0-" for path, range_ in self.requests if not path.endswith("/")]


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            range_ = self.headers.get("Range", "")
            state.requests.append((self.path, range_))
            state.credentials.append(self.headers.get("Authorization", ""))
            name = self.path.rsplit("/", 1)[-1]
            if self.path == "/simple/project/":
                links = (
                    f'<a href="../../files/{n}/{FILE}#sha256={sha256}">{FILE}</a>'
                    for n, sha256 in enumerate(state.sums)
                )
                self._answer(200, "".join(links).encode(), "text/html")
            elif name not in state.files:
                self._answer(404, b"", "text/plain")
            else:
                self._file(state.files[name], int(range_[6:-1]) if range_ and state.ranges else 0)

        def _file(self, content: bytes, start: int) -> None:
            rest = content[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(rest)))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            cut = state.cut_after.pop(0) if state.cut_after else len(rest)
            self.wfile.write(rest[:cut])
            self.close_connection = True

        def _answer(self, status: int, content: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.block_on_close = False
        state.address = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield state
        http.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def lonely_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip without this machine's configuration and proxies."""
    for name in [name for name in os.environ if name.startswith("PIP_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")


@pytest.fixture
def settings(tmp_path: Path, server: Server) -> Settings:
    """Those of a data folder that is told the archive's address."""
    return Settings(data_dir=tmp_path, nep89_url=f"{server.address}/files/{FILE}")


def leftovers(settings: Settings) -> list[str]:
    return sorted(path.name for path in fetch.folder(settings).iterdir() if not path.name.endswith(".lock"))


def test_only_the_wanted_member_is_kept(settings: Settings, server: Server) -> None:
    told: list[tuple[int, int]] = []
    path = fetch.fetch(settings, ENTRY, lambda done, total: told.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert leftovers(settings) == ["potential.txt"]
    assert told == sorted(told)
    assert told[-1] == (len(ARCHIVE), len(ARCHIVE))
    assert fetch.fetch(settings, ENTRY) == path
    assert len(server.starts) == 1


def test_a_file_of_its_own_can_be_the_address(settings: Settings, server: Server) -> None:
    direct = settings.model_copy(update={"nep89_url": f"{server.address}/potential.txt"})
    assert fetch.fetch(direct, ENTRY).read_bytes() == CONTENT
    assert leftovers(settings) == ["potential.txt"]


def test_index_of_pips_configuration_is_asked(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.address}/simple/")
    # What somebody prefers for installing must not hide the source distribution.
    monkeypatch.setenv("PIP_ONLY_BINARY", ":all:")
    path = fetch.fetch(settings.model_copy(update={"nep89_url": ""}), ENTRY)
    assert path.read_bytes() == CONTENT
    assert [name for name, _ in server.requests] == ["/simple/project/", f"/files/0/{FILE}"]


def test_file_with_the_right_sum_is_preferred(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.address}/simple")
    server.sums.insert(0, "0" * 64)
    assert fetch.fetch(settings.model_copy(update={"nep89_url": ""}), ENTRY).read_bytes() == CONTENT
    assert server.requests[-1][0] == f"/files/1/{FILE}"


def test_indexes_that_are_away_are_passed_over_and_credentials_sent(
    settings: Settings, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with_password = server.address.replace("://", "://user:pass%20word@")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{server.address}/other {with_password}/simple")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "missing"))
    assert fetch.fetch(settings.model_copy(update={"nep89_url": ""}), ENTRY).read_bytes() == CONTENT
    assert [name for name, _ in server.requests] == ["/other/project/", "/simple/project/", f"/files/0/{FILE}"]
    assert server.credentials == ["", *["Basic dXNlcjpwYXNzIHdvcmQ="] * 2]


def test_options_of_pip_download_come_before_global_ones(
    settings: Settings, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = http://127.0.0.1:9/simple\ntimeout = 5\n"
        f"[download]\nindex-url = {server.address}/simple\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    assert fetch.fetch(settings.model_copy(update={"nep89_url": ""}), ENTRY).read_bytes() == CONTENT


def test_index_may_be_a_folder(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "simple" / "project" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<a href="../../{FILE}">{FILE}</a>')
    (tmp_path / FILE).write_bytes(ARCHIVE)
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "simple").as_uri())
    assert fetch.fetch(settings.model_copy(update={"nep89_url": ""}), ENTRY).read_bytes() == CONTENT


def test_without_settings_it_is_pips_own_index() -> None:
    options = download.read_pip_options()
    assert options["index-url"].startswith("https://")
    assert [*download._places(options, "project")] == [f"{options['index-url']}/project/"]


def test_folder_of_pips_configuration_is_asked(
    settings: Settings, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / FILE).write_bytes(ARCHIVE)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    assert fetch.fetch(settings.model_copy(update={"nep89_url": ""}), ENTRY).read_bytes() == CONTENT
    assert server.requests == []


def test_broken_connection_is_taken_up_where_it_broke(settings: Settings, server: Server) -> None:
    server.cut_after = [200_000, 100_000]
    assert fetch.fetch(settings, ENTRY).read_bytes() == CONTENT
    assert server.starts == ["bytes=0-", "bytes=200000-", "bytes=300000-"]


def test_interrupted_fetch_goes_on_another_day(settings: Settings, server: Server) -> None:
    class Stopped(Exception):
        pass

    def stop(done: int, _: int) -> None:
        if done >= 250_000:
            raise Stopped

    server.cut_after = [250_000, 0, 0, 0]
    with pytest.raises(Stopped):
        fetch.fetch(settings, ENTRY, stop)
    (part,) = leftovers(settings)
    assert part.endswith(".part")
    server.cut_after = []
    before = len(server.starts)
    assert fetch.fetch(settings, ENTRY).read_bytes() == CONTENT
    assert server.starts[before:] == ["bytes=250000-"]
    assert leftovers(settings) == ["potential.txt"]


def test_server_without_ranges_starts_over(settings: Settings, server: Server) -> None:
    server.ranges = False
    server.cut_after = [200_000]
    assert fetch.fetch(settings, ENTRY).read_bytes() == CONTENT
    assert len(server.starts) == 2


def test_what_is_not_the_file_is_removed(settings: Settings, server: Server) -> None:
    server.files[FILE] = bytes(len(ARCHIVE))
    with pytest.raises(FetchFailed, match="was removed"):
        fetch.fetch(settings, ENTRY)
    assert leftovers(settings) == []
    server.files[FILE] = ARCHIVE
    assert fetch.fetch(settings, ENTRY).read_bytes() == CONTENT


def test_archive_with_another_file_in_it_is_removed(settings: Settings) -> None:
    other = replace(ENTRY, sha256="0" * 64, size_bytes=1)
    with pytest.raises(FetchFailed, match="was removed"):
        fetch.fetch(settings, other)
    assert not [name for name in leftovers(settings) if name.endswith(".txt")]


def test_of_several_that_want_it_one_fetches(settings: Settings, server: Server) -> None:
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: fetch.fetch(settings, ENTRY), range(4)))
    assert len(set(paths)) == 1
    assert paths[0].read_bytes() == CONTENT
    assert server.starts == ["bytes=0-"]


def test_dropped_in_file_of_any_name_needs_no_network(settings: Settings, server: Server, tmp_path: Path) -> None:
    drop_in = tmp_path / "shared potentials"
    drop_in.mkdir()
    (drop_in / "same size.txt").write_bytes(bytes(len(CONTENT)))
    (drop_in / "whatever").write_bytes(CONTENT)
    there = settings.model_copy(update={"potentials_dir": drop_in})
    assert fetch.find(there, ENTRY) == drop_in / "whatever"
    assert server.requests == []


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/x.tar.gz", "{server}/files/missing.tar.gz", "{server}/nothing.txt"]
)
def test_without_a_network_it_is_said_what_to_do(settings: Settings, server: Server, address: str) -> None:
    away = settings.model_copy(update={"nep89_url": address.format(server=server.address)})
    entry = catalogue.default()
    row = Potential(
        id=entry.id,
        name=entry.name,
        kind="pretrained",
        family="nep",
        elements=list(entry.elements),
        sha256=entry.sha256,
        size_bytes=entry.size_bytes,
        format=entry.format,
        engine=entry.engine,
        cutoff_angstrom=entry.cutoff_angstrom,
    )
    with pytest.raises(PotentialUnavailable) as problem:
        service.potential_file(away, row)
    stated = problem.value.notice.params
    assert problem.value.notice.code == "potential_not_fetched"
    assert (stated["folder"], stated["size_bytes"]) == (str(away.potentials_dir), 15622195)
    assert stated["sha256"] == "75168ece02e840e4a32644f982b78d43cba697f5b64b4c8134ab66c7a8c28be1"
    assert all(str(value) in problem.value.detail for value in stated.values())
    assert not [name for name in leftovers(settings) if name.endswith(".txt")]


def test_index_without_the_project_is_said(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(FetchFailed, match="out of reach, or does not have project's"):
        fetch.fetch(settings.model_copy(update={"nep89_url": ""}), ENTRY)
