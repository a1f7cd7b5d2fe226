"""Neuroevolution potentials (NEP), as GPUMD trains them."""

from __future__ import annotations

from typing import Any

from backend.families.record import Family, PotentialFile, UploadedFiles


def _read(content: bytes) -> PotentialFile:
    from backend.families.records.nep import file

    found = file.read(content)
    return PotentialFile(found.format, found.elements, found.cutoff_radial)


def _nep_adapters(path: str) -> Any:
    from nep_adapters.ase import NepAseCalculator

    return NepAseCalculator(path, backend="cpu")


def _calorine(path: str) -> Any:
    from calorine.calculators import CPUNEP

    # Without `debug`, calorine redirects its output to a temporary file, which a confined process may not write
    return CPUNEP(path, debug=True)


FAMILY = Family(
    name="nep",
    title="Neuroevolution potential (NEP)",
    file_name="nep.txt",
    uploads=UploadedFiles(
        recognises=lambda content: content.startswith(b"nep"),
        read=_read,
        loaders={"nep-adapters": _nep_adapters, "calorine": _calorine},
    ),
)
