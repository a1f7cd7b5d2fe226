"""Static files with immutable addresses, compressed once, in the background.

The address of a file contains a hash of all our static files and of the pictures of the documentation,
`/static/HASH/js/forecast/page.js`: a browser keeps it for ever, and modules import each other by relative paths.
plotly.js comes from the package `plotly`; its address contains the hash of that file. Brotli needs half a
second for our files and six for plotly.js, which is kept in the data folder for the next start. What is not compressed
yet is sent with gzip, or as it is.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import os
import posixpath
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import brotli
import plotly
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse

from frontend import documentation

FOLDER: Final = Path(__file__).parent / "static"
PLOTLY: Final = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
PREFIX: Final = "/static"
HASH_LENGTH: Final = 12
BROTLI_QUALITY: Final = 11
GZIP_LEVEL: Final = 6
MIN_COMPRESSED_BYTES: Final = 1000
"""Smaller files are sent as they are."""
STYLES: Final = ("tokens", "base", "controls")
"""Style sheets that come first, in this order; those of pages follow, and `print` is the last."""
IMPORT: Final = re.compile(r'^(?:import|export|\}) .*?from "(\.[^"]+)";|^import "(\.[^"]+)";', re.MULTILINE)
"""A static import of one of our modules, in one line or with names over several."""
FOREVER: Final = "public, max-age=31536000, immutable"
COMPRESSIBLE: Final = ("text/", "application/javascript", "application/json", "image/svg+xml")

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/javascript", ".mjs")


@dataclass
class StaticFile:
    """A file with its compressed forms.

    Attributes
    ----------
    content
        The file.
    media_type
        Its type, with the character set of texts.
    encoded
        Content encoding → compressed content.
    """

    content: bytes
    media_type: str
    encoded: dict[str, bytes] = field(default_factory=dict)

    def choose(self, accepted: str) -> tuple[str | None, bytes]:
        """Return the best encoding that a client accepts, or None, and the content in it."""
        names = {part.partition(";")[0].strip() for part in accepted.split(",")}
        for encoding in ("br", "gzip"):
            if encoding in names and encoding in self.encoded:
                return encoding, self.encoded[encoding]
        return None, self.content


class StaticFiles:
    """All static files by address.

    Parameters
    ----------
    cache
        Folder of the compressed library, kept between starts; None: it is sent with gzip.
    folder
        Our own files.
    """

    def __init__(self, cache: Path | None = None, folder: Path = FOLDER) -> None:
        files = {path.relative_to(folder).as_posix(): _read(path) for path in _paths(folder)}
        for name in documentation.IMAGES:
            pictures = _paths(documentation.DOCS / name, "*.png")
            files |= {f"docs/{path.relative_to(documentation.DOCS).as_posix()}": _read(path) for path in pictures}
        self.version = _hash(*(part for name, file in files.items() for part in (name.encode(), file.content)))
        self.prefix = f"{PREFIX}/{self.version}/"
        self._cache = cache
        self._files = {self.prefix + name: file for name, file in files.items()}
        styles = StaticFile(_styles(folder / "css"), "text/css; charset=utf-8")
        self._files[f"{self.prefix}css/all.css"] = styles
        library = _read(PLOTLY)
        self.plotly = f"{PREFIX}/plotly-{_hash(library.content)}/plotly.min.js"
        self._files[self.plotly] = library

    def url(self, path: str) -> str:
        """Return the address of one of our files, such as `css/base.css`.

        Raises
        ------
        KeyError
            The file does not exist.
        """
        address = self.prefix + path
        if address not in self._files:
            raise KeyError(f"there is no static file {path}")
        return address

    def modules(self, *scripts: str) -> list[str]:
        """Return scripts and all modules that they import statically, such as `forecast/page.js`."""
        found = list(scripts)
        for name in found:
            source = self._files[self.url(f"js/{name}")].content.decode()
            paths = (first or second for first, second in IMPORT.findall(source))
            imported = (posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) for path in paths)
            found += [one for one in dict.fromkeys(imported) if one not in found]
        return found

    def get(self, address: str) -> StaticFile | None:
        """Return the file at an address."""
        return self._files.get(address)

    def compress(self) -> threading.Thread:
        """Compress the files in a thread of its own: plotly.js last, with brotli if there is a cache for it."""
        thread = threading.Thread(target=self._compress_all, daemon=True)
        thread.start()
        return thread

    def _compress_all(self) -> None:
        library = self._files[self.plotly]
        for file in self._files.values():
            if len(file.content) < MIN_COMPRESSED_BYTES or not file.media_type.startswith(COMPRESSIBLE):
                continue
            file.encoded["gzip"] = gzip.compress(file.content, GZIP_LEVEL, mtime=0)
            if file is not library:
                file.encoded["br"] = brotli.compress(file.content, quality=BROTLI_QUALITY)
        if self._cache is not None:
            library.encoded["br"] = _compress_once(library.content, self._cache / f"{_hash(library.content)}.br")


def mount(app: FastAPI, files: StaticFiles) -> None:
    """Serve the static files."""

    async def static(request: Request) -> Response:
        file = files.get(request.url.path)
        if file is None:
            return PlainTextResponse("Not found", status_code=404)
        encoding, content = file.choose(request.headers.get("accept-encoding", ""))
        headers: dict[str, str] = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
        if encoding is not None:
            headers["Content-Encoding"] = encoding
        return Response(content, media_type=file.media_type, headers=headers)

    app.add_api_route(f"{PREFIX}/{{path:path}}", static, methods=["GET", "HEAD"], include_in_schema=False)


def _compress_once(content: bytes, cached: Path) -> bytes:
    """Return content compressed with brotli, from its file if there is one."""
    if cached.is_file():
        return cached.read_bytes()
    compressed: bytes = brotli.compress(content, quality=BROTLI_QUALITY)
    cached.parent.mkdir(parents=True, exist_ok=True)
    partial = cached.with_suffix(f".{os.getpid()}")
    partial.write_bytes(compressed)
    partial.replace(cached)
    return compressed


def _paths(folder: Path, pattern: str = "*") -> list[Path]:
    return sorted(path for path in folder.rglob(pattern) if path.is_file() and not path.name.startswith("."))


def _styles(folder: Path) -> bytes:
    """Return all style sheets as one, which saves requests."""
    names = {path.stem for path in folder.glob("*.css")}
    first = [name for name in STYLES if name in names]
    rest = sorted(names - {*first, "print"})
    return b"\n".join((folder / f"{name}.css").read_bytes() for name in [*first, *rest, "print"] if name in names)


def _read(path: Path) -> StaticFile:
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    return StaticFile(path.read_bytes(), media_type)


def _hash(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:HASH_LENGTH]
