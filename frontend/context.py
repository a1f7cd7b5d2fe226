"""What each template shows, fetched through the API as any client does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from frontend.client import ApiClient, ApiProblem, settled

Context = dict[str, Any]

PROGRAMS: Final = (
    ("dynasor", "form factors of electrons; reference for our correlations of trajectories"),
    ("Euphonic", "phonons and one-phonon scattering from force constants"),
    ("phonopy", "force constants from finite displacements"),
    ("ResINS", "resolution functions of the instruments"),
    ("periodictable", "neutron scattering lengths and cross sections"),
    ("ASE, spglib, gemmi, seekpath", "structures, their symmetry, and paths in their Brillouin zones"),
)


async def about(api: ApiClient, path: Mapping[str, str], query: Mapping[str, str]) -> Context:
    """Return instruments, potentials, engines, programs and the version."""
    instruments, potentials, engines, health = await settled(
        api.instruments(), api.models(), api.engines(), api.health()
    )
    for answer in (instruments, potentials, engines):
        if isinstance(answer, ApiProblem):
            raise answer
    return {
        "instruments": instruments,
        "potentials": potentials,
        "engines": engines,
        "programs": PROGRAMS,
        "version": health.get("version") if isinstance(health, dict) else None,
    }


def not_found(path: str) -> Context:
    """Return the message for an address without a page."""
    return {
        "code": "404",
        "title": "Page not found",
        "heading": "This page does not exist",
        "text": f"Beamcast has no page at {path}. The address may contain an error, or the page has moved.",
    }


def refused(problem: ApiProblem) -> Context:
    """Return the message for a refusal of the API."""
    code = str(problem.status) if problem.status else "offline"
    return {"code": code, "title": problem.title, "heading": problem.title, "text": problem.detail}


def broken() -> Context:
    """Return the message for an error of ours."""
    return {
        "code": "Error",
        "title": "Something went wrong",
        "heading": "This page could not be shown",
        "text": "Something went wrong on the server. Its log has the reason. Reload the page to try again.",
    }
