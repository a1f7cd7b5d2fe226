"""`python -m backend.potentials.download`: download a file from the Python package index into a `.part` file.

It uses the user's settings of pip (`pip config list`): index, mirrors, proxy, certificates, credentials in addresses
and in .netrc, --find-links. It builds, installs and runs nothing. It resumes a partial file. It writes its progress to
standard output, a JSON object in each line.

References
----------
PEP 503, the simple repository API.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import url2pathname

import httpx

CHUNK_BYTES = 256 * 1024
MAX_TRIES_WITHOUT_PROGRESS = 3
PAUSE_S = 0.5
TIMEOUT_S = 15.0
"""Default of pip."""

UNREACHABLE = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError)
"""Errors of httpx for servers, addresses, certificates and proxies that do not work."""

PipOptions = Mapping[str, str]
"""Options of pip by their long names, without the dashes."""


class DownloadFailed(Exception):
    """The download failed; the text states the reason."""


def main(arguments: list[str] | None = None) -> None:
    """Download the file that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="", help="address of the file; left out: the package index knows it")
    parser.add_argument("--project", required=True)
    parser.add_argument("--file", required=True)
    parser.add_argument("--sha256", required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--part", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        try:
            pip = read_pip_options()
        except DownloadFailed:
            if not options.url:
                raise
            pip = {}
        url = options.url or find_file(pip, options.project, options.file, options.sha256)
        fetch(pip, url, options.part, options.size)
    except DownloadFailed as error:
        _report(error=str(error))
        sys.exit(1)


def _report(**message: object) -> None:
    print(json.dumps(message), flush=True)


def read_pip_options() -> PipOptions:
    """Return the options of `pip download` in the files of pip and in the environment.

    Raises
    ------
    DownloadFailed
        There is no pip.
    """
    values: dict[str, dict[str, str]] = {}
    for line in _run_pip("config", "list").splitlines():
        name, separator, value = line.partition("=")
        section, _, option = name.rpartition(".")
        if separator:
            values.setdefault(section, {})[option] = str(ast.literal_eval(value))
    options = {**values.get("global", {}), **values.get("download", {}), **values.get(":env:", {})}
    if "index-url" not in options:
        # pip states its default index only in its help
        stated = re.search(r"--index-url <url>.*?\(default\s+(\S+?)\)", _run_pip("download", "--help"), re.DOTALL)
        options["index-url"] = stated[1] if stated else ""
    return options


def _run_pip(*arguments: str) -> str:
    # A wide terminal, because pip wraps its help
    environment = os.environ | {"COLUMNS": "1000"}
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    finished = subprocess.run(command, capture_output=True, text=True, env=environment)
    if finished.returncode:
        said = finished.stderr.strip().splitlines()
        raise DownloadFailed(
            f"pip, which knows the package index, does not run in this Python environment: {said[-1] if said else ''} "
            "(python -m ensurepip brings pip)"
        )
    return finished.stdout


def find_file(pip: PipOptions, project: str, file: str, sha256: str) -> str:
    """Return the address of the file with this sum, or else of any file with this name.

    Raises
    ------
    DownloadFailed
        No index and no folder has it.
    """
    others: list[str] = []
    reason = ""
    for place in _places(pip, project):
        try:
            links = [link for link in _links(pip, place) if unquote(urlsplit(link).path).endswith(f"/{file}")]
        except UNREACHABLE as error:
            reason = f" ({_words(error)})"
            continue
        # An index may state another sum or none; the downloaded file is always checked
        others += links
        for link in links:
            if sha256 in urlsplit(link).fragment:
                return link
    if others:
        return others[0]
    raise DownloadFailed(f"the package index is out of reach, or does not have {project}'s {file}{reason}")


def _places(pip: PipOptions, project: str) -> Iterator[str]:
    """Yield the addresses of folders and pages that may link to the files of a project."""
    for place in pip.get("find-links", "").split():
        yield place if "://" in place else Path(place).expanduser().absolute().as_uri()
    if pip.get("no-index", "").lower() not in ("1", "true", "t", "yes", "y", "on"):
        for index in (pip.get("index-url", ""), *pip.get("extra-index-url", "").split()):
            if index:
                address = index if "://" in index else Path(index).expanduser().absolute().as_uri()
                yield f"{address.rstrip('/')}/{project}/"


def _links(pip: PipOptions, place: str) -> list[str]:
    """Return the addresses of the files on a page or in a folder."""
    path = _local_path(place)
    if path is None:
        with _answer(pip, place, {"Accept": "application/vnd.pypi.simple.v1+html, text/html;q=0.9"}) as response:
            response.raise_for_status()
            response.read()
            return _links_of_page(response.text, str(response.url), place)
    if path.is_file() or (path / "index.html").is_file():
        page = path if path.is_file() else path / "index.html"
        return _links_of_page(page.read_text(errors="replace"), page.absolute().as_uri(), place)
    return [child.absolute().as_uri() for child in path.iterdir()]


def _links_of_page(text: str, address: str, requested: str) -> list[str]:
    links: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            href = dict(attributes).get("href")
            if tag == "a" and href:
                links.append(_with_credentials(urljoin(address, href), requested))

    Links().feed(text)
    return links


def _with_credentials(link: str, page: str) -> str:
    """Add the user name and the password in the address of a page to a link on the same host."""
    to, of = urlsplit(link), urlsplit(page)
    if (
        "@" in of.netloc
        and "@" not in to.netloc
        and (to.scheme, to.netloc) == (of.scheme, of.netloc.rpartition("@")[2])
    ):
        return to._replace(netloc=of.netloc).geturl()
    return link


def _local_path(address: str) -> Path | None:
    parts = urlsplit(address)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


@contextmanager
def _answer(pip: PipOptions, url: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
    """Make a GET request as pip does, and yield the response before its body is read."""
    auth = None
    with suppress(OSError, SyntaxError):
        # A user name and a password in the address take precedence
        auth = None if "@" in urlsplit(url).netloc else httpx.NetRCAuth()
    client = httpx.Client(
        verify=_certificates(pip, url),
        auth=auth,
        proxy=pip.get("proxy") or None,
        timeout=float(pip.get("timeout") or pip.get("default-timeout") or TIMEOUT_S),
        follow_redirects=True,
    )
    with client, client.stream("GET", url, headers=headers) as response:
        yield response


def _certificates(pip: PipOptions, url: str) -> ssl.SSLContext | bool:
    """Return the trusted certificates: of certifi, of the system and of the user; all for trusted hosts of pip."""
    parts = urlsplit(url)
    if parts.scheme != "https" or {parts.hostname, parts.netloc} & set(pip.get("trusted-host", "").split()):
        return False
    context = httpx.create_ssl_context()
    context.load_default_certs()
    if pip.get("cert"):
        context.load_verify_locations(pip["cert"])
    if pip.get("client-cert"):
        context.load_cert_chain(pip["client-cert"])
    return context


def fetch(pip: PipOptions, url: str, part: Path, size: int) -> None:
    """Append to the part file until it is complete. After a lost connection, resume.

    Raises
    ------
    DownloadFailed
        The server refuses, or several tries brought no data.
    """
    idle, reason = 0, ""
    while (done := part.stat().st_size if part.exists() else 0) < size:
        if idle == MAX_TRIES_WITHOUT_PROGRESS:
            raise DownloadFailed(f"the download stopped after {done} of {size} bytes: {reason}")
        if idle:
            time.sleep(PAUSE_S * 2 ** (idle - 1))
        try:
            _append(pip, url, part, done, size)
            reason = "the connection was closed"
        except UNREACHABLE as error:
            reason = _words(error)
        idle = 0 if part.exists() and part.stat().st_size > done else idle + 1
    _report(done=size)


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def _append(pip: PipOptions, url: str, part: Path, done: int, size: int) -> None:
    path = _local_path(url)
    if path is not None:
        with path.open("rb") as file:
            file.seek(done)
            _write(part, iter(lambda: file.read(CHUNK_BYTES), b""), done, size)
        return
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with _answer(pip, url, headers) as response:
        if response.status_code == 416 or (done and response.status_code == 200):
            # The server does not support ranges, or the partial file does not belong to its file
            done = 0
            part.unlink(missing_ok=True)
        if response.status_code == 416:
            return
        if response.status_code == 206 and not response.headers.get("Content-Range", "").startswith(f"bytes {done}-"):
            raise DownloadFailed("the server answered with another part of the file than was asked for")
        if response.status_code not in (200, 206):
            raise DownloadFailed(f"the server answered {response.status_code} {response.reason_phrase}")
        # Raw bytes, so that an archive with a label of compression stays compressed
        _write(part, response.iter_raw(), done, size)


def _write(part: Path, chunks: Iterator[bytes], done: int, size: int) -> None:
    with part.open("ab") as file:
        for chunk in chunks:
            file.write(chunk[: size - done])
            file.flush()
            done += len(chunk)
            _report(done=min(done, size))
            if done >= size:
                return


if __name__ == "__main__":
    main()
