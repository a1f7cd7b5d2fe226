"""Reports for tests, opened by another program: poppler."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from backend.kit.settings import Settings
from scattering.core.partials import Partials

from .comparing import hydride_partials, predicted
from .conftest import Client

SCALE = 3e-4
"""Makes the made-up lines about as bright as a real sample's."""


def partials(**more: Any) -> Partials:
    """Lines of silicon and hydrogen, about as bright as real ones."""
    made = hydride_partials(**more)
    assert made.orders is not None
    return dataclasses.replace(
        made, coherent=made.coherent * SCALE, incoherent=made.incoherent * SCALE, orders=made.orders * SCALE
    )


def prediction(client: Client, settings: Settings, structure: dict[str, Any], **more: Any) -> str:
    """Id of a succeeded prediction with such lines."""
    return predicted(client, settings, structure, partials(), **more)


def poppler(program: str) -> str:
    """Where one of poppler's programs is."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"there is no {program} on this machine (Debian and Ubuntu: apt-get install poppler-utils)")
    return found


def text_of(content: bytes) -> tuple[int, str]:
    """Pages and text of a PDF, as poppler reads it; soft breaks and line ends taken out."""
    done = subprocess.run([poppler("pdftotext"), "-layout", "-", "-"], input=content, capture_output=True, check=True)
    text = done.stdout.decode()
    return text.count("\f"), " ".join(text.replace("\u200b", "").split())


def grey(content: bytes, folder: Path) -> list[tuple[int, int, bytes]]:
    """Width, height and grey levels of a PDF's pages, printed at 70 % of 150 dots an inch."""
    command = [poppler("pdftoppm"), "-r", "105", "-gray", "-", str(folder / "page")]
    subprocess.run(command, input=content, check=True, capture_output=True)
    pages = []
    for path in sorted(folder.glob("page*.pgm")):
        header, size, _, levels = path.read_bytes().split(b"\n", 3)
        assert header == b"P5"
        width, height = map(int, size.split())
        pages.append((width, height, levels))
    return pages
