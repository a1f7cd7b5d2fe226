"""About: what Beamcast is made of, with citations and licences."""

from __future__ import annotations

from typing import Final

from frontend.client import ApiClient, settled
from frontend.contexts.page import Context, Page, Query, required

PROGRAMS: Final = (
    ("dynasor", "form factors of electrons; reference for our correlations of trajectories"),
    ("Euphonic", "phonons and one-phonon scattering from force constants"),
    ("phonopy", "force constants from finite displacements"),
    ("ResINS", "resolution functions of the instruments"),
    ("periodictable", "neutron scattering lengths and cross sections"),
    ("ASE, spglib, gemmi, seekpath", "structures, their symmetry, and paths in their Brillouin zones"),
)


async def context(api: ApiClient, path: Query, query: Query) -> Context:
    """Return instruments, potentials, engines, programs and the version."""
    instruments, potentials, engines, health = await settled(
        api.instruments(), api.items("/potentials"), api.get("/engines"), api.health()
    )
    required(instruments, potentials, engines)
    return {
        "instruments": instruments,
        "potentials": potentials,
        "engines": engines,
        "programs": PROGRAMS,
        "version": health.get("version") if isinstance(health, dict) else None,
    }


PAGE: Final = Page("/about", "about.html", context)
