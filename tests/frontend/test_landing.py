"""The landing page as the server makes it."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx
import pytest

from backend import wording
from backend.kit.db.database import transaction
from backend.kit.db.owners import LOCAL_USER
from backend.sources.tables import SourceReading
from backend.structures.formats import FORMATS
from frontend.contexts import landing
from scattering.core.notices import Notice

from .conftest import CrystalSite, Site, run


def rows(page: httpx.Response) -> list[str]:
    """Return the ids of the structures in a list of recent work or of results."""
    return re.findall(r'class="recent-name" href="/structures/([\w-]+)"', page.text)


def test_recent_work_stands_before_examples(site: Site) -> None:
    page = site.fetch("/")

    assert page.status_code == 200
    assert site.structure_id in rows(page)
    assert f"/forecast/{site.structure_id}?predictions={site.md_id}" in page.text
    assert page.text.index('class="recent"') < page.text.index('data-example="')
    examples = re.findall(r'data-example="([\w-]+)"', page.text)
    assert tuple(examples[:3]) == landing.FIRST_EXAMPLES


def test_all_formats_that_the_server_reads_are_named(site: Site) -> None:
    hint = re.search(r'id="drop-hint">(.*?)</span>', site.fetch("/").text, re.DOTALL)
    assert hint
    assert [one.title for one in FORMATS.values() if one.title not in hint[1]] == []
    assert run(site.api.get("/structure-formats")) == [
        {"name": one.name, "title": one.title} for one in FORMATS.values()
    ]


@pytest.mark.parametrize(("search", "found"), [("silicon", True), ("molecular", True), ("caesium", False)])
def test_a_search_finds_structures_and_those_of_forecasts(site: Site, search: str, found: bool) -> None:
    page = site.fetch(f"/?search={search}")

    assert (site.structure_id in rows(page)) is found
    assert f'value="{search}"' in page.text


def test_what_a_search_says_is_escaped_and_cut(site: Site) -> None:
    page = site.fetch("/?search=" + "%3Cs%3E" + 300 * "x")

    assert page.status_code == 200
    assert "<s>" not in page.text


def test_all_structures_are_a_click_away(site: Site, crystal: CrystalSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "MAX_RECENT", 1)

    assert len(rows(site.fetch("/"))) == 1
    assert 'href="/?all=1"' in site.fetch("/").text
    assert {site.structure_id, crystal.structure_id} <= set(rows(site.fetch("/?all=1")))


def test_newest_proposals_are_listed(site: Site) -> None:
    made = run(site.api.call("POST", "/proposals", json={"name": "Hydrogen in palladium"}))

    assert f'href="/proposals/{made["id"]}"' in site.fetch("/").text
    run(site.api.call("DELETE", f"/proposals/{made['id']}"))


def test_trajectories_that_are_not_read_are_listed_with_their_state(site: Site) -> None:
    preview = {
        "format": "extxyz", "kind": "trajectory", "recognised": [], "needs": [], "notices": [], "program": {},
        "structure": None, "facts": None, "trajectory": None,
    }  # fmt: skip
    files = [{"name": "movie.xyz", "n_bytes": 1, "sha256": None, "stored": "original-0"}]
    died = Notice("worker_died", {"work": "reading", "attempts": 3, "stage": None, "ended_by": "SIGSEGV"})
    states: list[dict[str, Any]] = [{"status": "running", "progress": 0.42}, {"status": "failed", "error": died}]
    with transaction(site.settings) as session:
        rows = [SourceReading(owner=LOCAL_USER, files=files, preview=preview, **state) for state in states]
        session.add_all(rows)
        ids = [str(row.id) for row in rows]
    page = site.fetch("/").text
    running, failed = (re.search(f'<li[^>]*data-source="{one}">(.*?)</li>', page, re.DOTALL) for one in ids)
    assert running
    assert re.search("badge-running.*42 %", running[1])
    assert failed
    assert "badge-failed" in failed[1]
    assert wording.message(died) in html.unescape(failed[1])
    for one in ids:
        run(site.api.call("DELETE", f"/sources/{one}"))
    assert "data-source=" not in site.fetch("/").text


def test_the_page_is_small_before_its_figure(site: Site) -> None:
    page = site.fetch("/", **{"Accept-Encoding": "br"})
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css|svg))"', page.text)

    fetched = {
        address: site.fetch(address, **{"Accept-Encoding": "br"}) for address in addresses if "plotly" not in address
    }

    assert (
        int(page.headers["content-length"]) + sum(int(one.headers["content-length"]) for one in fetched.values())
        < 100_000
    )
