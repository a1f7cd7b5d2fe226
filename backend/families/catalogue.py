"""The catalogue of families of potentials: a module or folder for each in `records/`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from backend.families import records
from backend.families.record import Family, PotentialFile, UnusablePotential
from scattering.core.notices import Notice


@cache
def families() -> dict[str, Family]:
    """Return all families by name, sorted by name."""
    modules = sorted(module.name for module in pkgutil.iter_modules(records.__path__))
    all_families = [importlib.import_module(f"{records.__name__}.{name}").FAMILY for name in modules]
    return {family.name: family for family in all_families}


def identify(content: bytes) -> tuple[Family, PotentialFile]:
    """Find the family of a file, and check it.

    Raises
    ------
    UnusablePotential
        No family recognises the file, or the file is incomplete; its notice states the reason.
    """
    reasons = []
    recognised = [family for family in families().values() if family.recognises(content)]
    for family in recognised[:1] or families().values():
        try:
            return family, family.read(content)
        except UnusablePotential as error:
            reasons.append(error.notice)
    if len(reasons) == 1:
        raise UnusablePotential(reasons[0])
    raise UnusablePotential(Notice("no_family_reads_file", {"reasons": [reason.to_json() for reason in reasons]}))
