"""Proposals to look at."""

from __future__ import annotations

from typing import Any

from .conftest import Site, run

Proposal = dict[str, Any]


def create(site: Site, **fields: Any) -> Proposal:
    """Make a proposal."""
    return run(site.api.call("POST", "/proposals", json={"name": "Optical phonons", **fields}))


def add(site: Site, proposal: Proposal, *paths: str) -> None:
    """Add items, such as `predictions/ID`."""
    for path in paths:
        run(site.api.call("PUT", f"/proposals/{proposal['id']}/{path}"))


def stored(site: Site, proposal: Proposal) -> Proposal:
    """Return a proposal as it is now."""
    return run(site.api.call("GET", f"/proposals/{proposal['id']}"))


def share(site: Site, proposal: Proposal, **expiry: Any) -> str:
    """Share a proposal, and return the path of the page."""
    return str(run(site.api.call("POST", f"/proposals/{proposal['id']}/share", json=expiry))["path"])
