"""A package of a site with potentials, as docs/operations.md describes it: effective-medium theory as a plug-in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backend.engines import catalogue as engines
from backend.families import catalogue as families
from backend.potentials import catalogue as potentials
from workers.simulations import provenance

MODULE = """
RECORD = {
    "title": "Effective-medium theory",
    "licence": "LGPL-2.1-or-later",
    "citation": "K. W. Jacobsen, P. Stoltze and J. K. Norskov, Surf. Sci. 366, 394 (1996)",
    "potentials": [
        {
            "name": "EMT of this site",
            "format": "emt",
            "elements": ["Al", "Cu", "Ag", "Au", "Ni", "Pd", "Pt"],
            "cutoff_angstrom": 5.7,
            "functional": "LDA",
            "call_seconds": [[100, 0.5]],
        }
    ],
}


def calculator(potential):
    from ase.calculators.emt import EMT

    assert potential == "emt"
    return EMT()
"""
BROKEN = "raise ImportError('a library of the site is missing')"


def with_calculate(name: str, statement: str) -> str:
    """Return a module whose potential, `NAME of this site`, runs a statement when it is evaluated."""
    calculate = f"""
    class Changed(EMT):
        def calculate(self, *arguments, **named):
            import ctypes, os, sys
            {statement}

    return Changed()
"""
    return MODULE.replace("EMT of this site", f"{name} of this site").replace("\n    return EMT()\n", calculate)


def write(folder: Path, **modules: str) -> None:
    """Write a package with these modules, each with an entry point of its name."""
    info = folder / "site_potentials-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: site-potentials\nVersion: 1.0\n")
    points = "".join(f"{name} = site_potentials_{name}\n" for name in modules)
    (info / "entry_points.txt").write_text(f"[beamcast.calculators]\n{points}")
    for name, text in modules.items():
        (folder / f"site_potentials_{name}.py").write_text(text)


@contextmanager
def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, **modules: str) -> Iterator[None]:
    """Have a package with these modules, each with an entry point of its name, on the search path for a while."""
    write(folder, **modules)
    monkeypatch.syspath_prepend(str(folder))
    read_anew()
    try:
        yield
    finally:
        monkeypatch.undo()
        for name in modules:
            sys.modules.pop(f"site_potentials_{name}", None)
        read_anew()


def read_anew() -> None:
    """Forget the records, so that they are read again."""
    for cached in (families.families, engines.engines, potentials.pretrained, provenance.versions):
        cached.cache_clear()
