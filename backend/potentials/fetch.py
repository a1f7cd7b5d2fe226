"""Find the files of pretrained potentials, or download them on first use.

A file is identified by its sum, so its name does not matter. A download can be resumed: an interrupted one leaves a
`.part` file. If several processes need the same file, one downloads it and the others wait.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
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
from typing import IO, Protocol

from backend.kit.files.confined import ROOT
from backend.kit.files.storage import replace_file
from backend.kit.settings import Settings
from backend.potentials.record import Distribution, Pretrained

Progress = Callable[[int, int], None]
"""Called with the present and the final number of bytes. If it raises, the download ends."""

FOLDER_NAME = "potentials"
ARCHIVE_ENDINGS = (".tar.gz", ".tgz")
MAX_SILENCE_S = 120.0
"""A download without a message for this time is abandoned."""
REPORT_EVERY_S = 2.0
"""Interval of reports while no bytes arrive: workers renew their leases with them."""

_sums: dict[tuple[str, int, int, int], str] = {}


class FetchFailed(Exception):
    """The download failed; the text states the reason."""


def folder(settings: Settings) -> Path:
    """Return the folder of downloaded potentials."""
    return settings.data_dir / FOLDER_NAME


class Wanted(Protocol):
    """A potential whose file is looked for: the entry of a catalogue, or a row."""

    @property
    def family(self) -> str:
        """Name of its family."""

    @property
    def size_bytes(self) -> int:
        """Size of the file."""

    @property
    def sha256(self) -> str:
        """Sum of the file."""


def find(settings: Settings, wanted: Wanted, *, package_file: str = "") -> Path | None:
    """Return the file of a potential, if it exists: in the drop-in folder or its folder of the family, downloaded
    before, or in an installed package.
    """
    folders = (settings.potentials_dir, settings.potentials_dir / wanted.family, folder(settings))
    in_folders = (path for place in dict.fromkeys(folders) for path in files_in(place))
    for path in (*filter(None, [_in_package(package_file)]), *in_folders):
        with contextlib.suppress(OSError):
            # Sizes are compared first, because the sums of all files could take long
            if path.stat().st_size == wanted.size_bytes and sha256_of(path) == wanted.sha256:
                return path
    return None


def files_in(place: Path) -> list[Path]:
    """Return the files of a folder, sorted by name, without hidden ones; none if there is no such folder."""
    with contextlib.suppress(OSError):
        return [path for path in sorted(place.iterdir()) if path.name[0] != "." and path.is_file()]
    return []


def _in_package(package_file: str) -> Path | None:
    """Return the path of a file in the folder of an installed package, which is not imported."""
    package, _, inside = package_file.partition("/")
    spec = importlib.util.find_spec(package) if package else None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / inside


def sha256_of(path: Path) -> str:
    """Return the sum of a file. It is cached while the file does not change."""
    status = path.stat()
    key = (str(path), status.st_ino, status.st_size, status.st_mtime_ns)
    if key not in _sums:
        with path.open("rb") as file:
            _sums[key] = hashlib.file_digest(file, "sha256").hexdigest()
    return _sums[key]


def fetch(settings: Settings, entry: Pretrained, progress: Progress | None = None) -> Path:
    """Return the file of a potential with a distribution; download it if it is missing.

    Raises
    ------
    FetchFailed
        The download failed, or the file has the wrong sum.
    """
    if entry.distribution is None:
        raise FetchFailed("it is never downloaded")
    report = progress or (lambda done, total: None)
    place = folder(settings)
    place.mkdir(parents=True, exist_ok=True)
    source = _source(settings, entry, entry.distribution)
    part = place / f".{source.file}.{source.sha256[:12]}.part"
    with _exclusive_lock(place / f".{entry.file}.lock", lambda: report(_size(part), source.size_bytes)) as lock:
        path = find(settings, entry)
        if path is not None:
            return path
        _download(settings, source, part, lock, report)
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


def _source(settings: Settings, entry: Pretrained, distribution: Distribution) -> Distribution:
    """Return the source distribution, or the file itself if the settings give its address."""
    if settings.nep89_url and not settings.nep89_url.endswith(ARCHIVE_ENDINGS):
        return Distribution(distribution.project, entry.file, entry.size_bytes, entry.sha256, member="")
    return distribution


@contextmanager
def _exclusive_lock(path: Path, report: Callable[[], None]) -> Iterator[int]:
    """Hold a lock that the kernel releases when all its holders have ended."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        reported_at = 0.0
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() - reported_at > REPORT_EVERY_S:
                    report()
                    reported_at = time.monotonic()
                time.sleep(0.1)
        yield descriptor
    finally:
        os.close(descriptor)


def _download(settings: Settings, source: Distribution, part: Path, lock: int, report: Progress) -> None:
    command = [sys.executable, "-m", "backend.potentials.download"]
    command += ["--project", source.project, "--file", source.file, "--sha256", source.sha256]
    command += ["--size", str(source.size_bytes), "--part", str(part), "--url", settings.nep89_url]
    python_path = filter(None, [os.environ.get("PYTHONPATH")])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *python_path])}
    # The child also holds the lock: if this process is killed, no other process writes into the part file
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, pass_fds=[lock], text=True
    )
    with process:
        try:
            assert process.stdout is not None
            error = _follow(process.stdout, part, source.size_bytes, report)
        finally:
            process.kill()
    if error or _size(part) != source.size_bytes:
        raise FetchFailed(error or "the download ended early")


def _follow(output: IO[str], part: Path, total: int, report: Progress) -> str:
    """Report the progress of a download until it ends, and return its error, or an empty text."""
    report(_size(part), total)
    silent_since = time.monotonic()
    while True:
        ready, _, _ = select.select([output], [], [], REPORT_EVERY_S)
        if ready:
            line = output.readline()
            if not line:
                return ""
            message = json.loads(line)
            if "error" in message:
                return str(message["error"])
            silent_since = time.monotonic()
        elif time.monotonic() - silent_since > MAX_SILENCE_S:
            return f"no data came for {MAX_SILENCE_S:.0f} s"
        report(_size(part), total)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _check(path: Path, sha256: str) -> None:
    actual = sha256_of(path)
    if actual != sha256:
        path.unlink()
        raise FetchFailed(f"the file has the sum {actual} instead of {sha256}, and was removed")


def _unpack(archive: Path, member: str, target: Path) -> None:
    # The sum of the archive has been checked, so the member exists
    with tarfile.open(archive, "r:gz") as tar, target.open("wb") as out:
        content = tar.extractfile(member)
        assert content is not None
        while chunk := content.read(1 << 20):
            out.write(chunk)
