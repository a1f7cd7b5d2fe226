"""The catalogue of families of potentials: a module or folder for each in `records/`, and those of other packages."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Final

from backend.families import plugins, records
from backend.families.record import Family, PotentialFile, UnusablePotential
from scattering.core.notices import Notice

PICKLED: Final = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"\x1f\x8b")
"""First bytes of files that may hold pickled Python objects: zip archives (as PyTorch writes), pickles, gzip."""


@cache
def families() -> dict[str, Family]:
    """Return all families by name, sorted by name."""
    modules = sorted(module.name for module in pkgutil.iter_modules(records.__path__))
    built_in = [importlib.import_module(f"{records.__name__}.{name}").FAMILY for name in modules]
    taken = {family.name: family for family in built_in}
    return dict(sorted((taken | plugins.find_families(taken)).items()))


def identify(content: bytes) -> tuple[Family, PotentialFile]:
    """Find the family of an uploaded file, and check it.

    Raises
    ------
    UnusablePotential
        No family recognises the file, it may run code when it is loaded, or it is incomplete; its notice states the
        reason.
    """
    if content.startswith(PICKLED):
        raise UnusablePotential(Notice("checkpoint_not_uploadable"))
    reasons = []
    readers = [(family, family.uploads) for family in families().values() if family.uploads is not None]
    for family, uploads in [pair for pair in readers if pair[1].recognises(content)][:1] or readers:
        try:
            return family, uploads.read(content)
        except UnusablePotential as error:
            reasons.append(error.notice)
    if len(reasons) == 1:
        raise UnusablePotential(reasons[0])
    raise UnusablePotential(Notice("no_family_reads_file", {"reasons": [reason.to_json() for reason in reasons]}))
