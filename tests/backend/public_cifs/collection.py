"""The CIFs that public packages ship, fetched from their registry: nothing of them is kept in this repository."""

from __future__ import annotations

import os
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from .environment import pip, run_script

FILES: Final[Mapping[str, int]] = {
    "crystals==1.7.0": 90,
    "Dans-Diffraction==3.4.0": 28,
    "pyxtal==1.1.5": 77,
    "cif2cell==2.1.0": 101,
    "core-mof==2019.1": 361,
    "larixite==2026.1.0": 464,
}
"""Wheels without code that has to be built, and the number of CIFs that are read of each.

core-mof holds 4764 frameworks of the CoRE MOF database: every tenth file below `MAX_FRAMEWORK_BYTES` is read. larixite
holds 9275 minerals of the American Mineralogist Crystal Structure Database: every twentieth is read.
"""
FRAMEWORKS: Final = "CoRE_MOF/data/2014.tar.xz"
MAX_FRAMEWORK_BYTES: Final = 20_000
EVERY_FRAMEWORK: Final = 10
EVERY_MINERAL: Final = 20


def collect(folder: Path, python: Path) -> Path:
    """Return a folder with a folder of CIFs for each package.

    Parameters
    ----------
    folder
        An empty folder.
    python
        The environment in which larixite writes its CIFs.

    Raises
    ------
    IndexUnreachable, RuntimeError
        As of `environment.pip`.
    """
    wheels, found = folder / "wheels", folder / "cifs"
    options = ["--no-deps", "--only-binary", ":all:", "--dest", str(wheels)]
    pip(sys.executable, "download", *options, *FILES)
    for package in FILES:
        name = package.partition("==")[0]
        (wheel,) = wheels.glob(f"{name.lower().replace('-', '_')}-*.whl")
        own = found / name
        if name == "larixite":
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder / name)
            own.mkdir(parents=True)
            run_script(python, "write_minerals.py", folder / name, own, str(EVERY_MINERAL))
            continue
        members = dict(_frameworks(wheel) if name == "core-mof" else _members(wheel))
        for path, content in members.items():
            # Folders that all files share say nothing
            target = own / os.path.relpath(path, os.path.commonpath([os.path.dirname(one) for one in members]))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return found


def _members(wheel: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.lower().endswith(".cif"):
                yield name, archive.read(name)


def _frameworks(wheel: Path) -> Iterator[tuple[str, bytes]]:
    with (
        zipfile.ZipFile(wheel) as archive,
        archive.open(FRAMEWORKS) as packed,
        tarfile.open(fileobj=packed, mode="r:xz") as inner,
    ):
        small = sorted(one.name for one in inner.getmembers() if one.size < MAX_FRAMEWORK_BYTES)
        for name in [name for name in small if name.endswith(".cif")][::EVERY_FRAMEWORK]:
            content = inner.extractfile(name)
            assert content is not None
            yield name, content.read()
