"""Files of pretrained potentials: dropped in by hand, or fetched on first use.

A file is known by its sum, so a folder with files of any names will do. Fetching is resumable (`.part` stays when it
breaks), and of several processes that want the same file one fetches while the others wait.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import select
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from backend.kit.files.confined import ROOT
from backend.kit.files.storage import replace_file
from backend.kit.settings import Settings
from backend.potentials.catalogue import Distribution, Pretrained

Progress = Callable[[int, int], None]
"""Called with the bytes that are here and the bytes that there will be; what it raises ends the fetching."""

FETCHED = "potentials"
ARCHIVE_ENDINGS = (".tar.gz", ".tgz")
SILENCE_S = 120.0
"""A download that says nothing for so long is given up."""
PULSE_S = 2.0
"""How often the progress is told while nothing moves: workers renew their lease with it."""

_sums: dict[tuple[str, int, int, int], str] = {}


class FetchFailed(Exception):
    """The file could not be had; the text says why."""


def folder(settings: Settings) -> Path:
    """Where fetched potentials are kept."""
    return settings.data_dir / FETCHED


def find(settings: Settings, entry: Pretrained) -> Path | None:
    """The potential's file, if it lies in the drop-in folder or was fetched before."""
    for place in dict.fromkeys((settings.potentials_dir, folder(settings))):
        with contextlib.suppress(OSError):
            for path in sorted(place.iterdir()):
                if path.name[0] == "." or not path.is_file():
                    continue
                # The size is asked first: adding up every file in the folder could take long.
                if path.stat().st_size == entry.size_bytes and sha256_of(path) == entry.sha256:
                    return path
    return None


def sha256_of(path: Path) -> str:
    """Sum of a file, remembered while the file stays as it is."""
    status = path.stat()
    key = (str(path), status.st_ino, status.st_size, status.st_mtime_ns)
    if key not in _sums:
        with path.open("rb") as file:
            _sums[key] = hashlib.file_digest(file, "sha256").hexdigest()
    return _sums[key]


def fetch(settings: Settings, entry: Pretrained, progress: Progress | None = None) -> Path:
    """The potential's file, fetched if it is not here.

    Raises
    ------
    FetchFailed
        It cannot be had, or what came is not it.
    """
    tell = progress or (lambda done, total: None)
    place = folder(settings)
    place.mkdir(parents=True, exist_ok=True)
    source = _source(settings, entry)
    part = place / f".{source.file}.{source.sha256[:12]}.part"
    with _only_one(place / f".{entry.file}.lock", lambda: tell(_size(part), source.size_bytes)) as lock:
        found = find(settings, entry)
        if found is not None:
            return found
        _download(settings, source, part, lock, tell)
        _check(part, source.sha256)
        target = place / entry.file
        with replace_file(target) as temporary:
            if source.member:
                _unpack(part, source.member, temporary)
            else:
                part.replace(temporary)
            _check(temporary, entry.sha256)
        part.unlink(missing_ok=True)
        return target


def _source(settings: Settings, entry: Pretrained) -> Distribution:
    """What to download: the source distribution, or the file itself where the settings say an address of it."""
    if settings.nep89_url and not settings.nep89_url.endswith(ARCHIVE_ENDINGS):
        return Distribution(entry.distribution.project, entry.file, entry.size_bytes, entry.sha256, member="")
    return entry.distribution


@contextmanager
def _only_one(path: Path, pulse: Callable[[], None]) -> Iterator[int]:
    """Hold a lock that ends with the processes that hold it, however they end."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        told = 0.0
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() - told > PULSE_S:
                    pulse()
                    told = time.monotonic()
                time.sleep(0.1)
        yield descriptor
    finally:
        os.close(descriptor)


def _download(settings: Settings, source: Distribution, part: Path, lock: int, tell: Progress) -> None:
    command = [sys.executable, "-m", "backend.potentials.download"]
    command += ["--project", source.project, "--file", source.file, "--sha256", source.sha256]
    command += ["--size", str(source.size_bytes), "--part", str(part), "--url", settings.nep89_url]
    python_path = filter(None, [os.environ.get("PYTHONPATH")])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *python_path])}
    # The download holds the lock too: should this process be killed, nobody else writes into the part file meanwhile.
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, pass_fds=[lock], text=True
    )
    with process:
        try:
            assert process.stdout is not None
            error = _follow(process.stdout, part, source.size_bytes, tell)
        finally:
            process.kill()
    if error or _size(part) != source.size_bytes:
        raise FetchFailed(error or "the download ended early")


def _follow(output: IO[str], part: Path, total: int, tell: Progress) -> str:
    """Tell how far the download is until it ends; return its error, if it says one."""
    tell(_size(part), total)
    silent_since = time.monotonic()
    while True:
        ready, _, _ = select.select([output], [], [], PULSE_S)
        if ready:
            line = output.readline()
            if not line:
                return ""
            message = json.loads(line)
            if "error" in message:
                return str(message["error"])
            silent_since = time.monotonic()
        elif time.monotonic() - silent_since > SILENCE_S:
            return f"nothing came for {SILENCE_S:.0f} s"
        tell(_size(part), total)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _check(path: Path, sha256: str) -> None:
    found = sha256_of(path)
    if found != sha256:
        path.unlink()
        raise FetchFailed(f"what came has the sum {found} instead of {sha256}, and was removed")


def _unpack(archive: Path, member: str, target: Path) -> None:
    # The archive's sum was checked: it is the one that this program was written for.
    with tarfile.open(archive, "r:gz") as tar, target.open("wb") as out:
        content = tar.extractfile(member)
        assert content is not None
        while chunk := content.read(1 << 20):
            out.write(chunk)
