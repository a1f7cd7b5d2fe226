"""Proposals in a real browser: from a forecast into a proposal, out of it by link and as an archive."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from frontend import proposals_client

from .browsing import PHONE, WIDE, Open
from .conftest import Site, run
from .test_browser import drawn, forecast_path
from .test_datasets_browser import measured

pytestmark = pytest.mark.e2e

SAVED = re.compile(r"^Saved$")


def created(site: Site, **more: Any) -> str:
    body = {"name": "Optical phonons", "settings": [{"instrument": "MAPS", "settings": {"e_init": 120}}], **more}
    made = run(proposals_client.create(site.api, body))
    run(site.api.call("PUT", f"/proposals/{made['id']}/predictions/{site.harmonic_id}"))
    return made["id"]


def stored(site: Site, proposal_id: str) -> proposals_client.Proposal:
    return run(proposals_client.proposal(site.api, proposal_id))


def button(page: Page, what: str) -> Any:
    return page.locator(f'button[id*=\'"what":"{what}"\']')


def test_a_forecast_is_added_to_a_new_proposal_which_is_written_shared_and_read(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    drawn(page)
    page.locator("#add-to-proposal").click()
    page.get_by_role("option", name="A new proposal").click()
    page.locator("#add-to-proposal-message a", has_text="Beam time for Silicon").click()
    page.locator("#proposal-page").wait_for()
    proposal_id = page.url.rsplit("/", 1)[-1]
    assert set(stored(site, proposal_id)["prediction_ids"]) == {site.harmonic_id, site.md_id}
    # Typed words are saved by themselves
    page.locator("#proposal-notes").fill("Two days on MAPS.")
    expect(page.locator("#proposal-saved")).to_have_text(SAVED)
    page.locator("#proposal-name").fill("Mine <b>")
    expect(page.locator("#proposal-saved")).to_have_text(SAVED)
    expect(page).to_have_title("Mine <b> · Beamcast")
    assert (stored(site, proposal_id)["notes"], stored(site, proposal_id)["name"]) == ("Two days on MAPS.", "Mine <b>")
    page.locator("#proposal-name").fill(" ")
    expect(page.locator("#proposal-saved")).to_have_text("Not saved: give it a name.")
    button(page, "share").click()
    expect(page.locator("#share-link")).to_have_value(re.compile(r"^http://127\.0\.0\.1:\d+/shared/\S{60,}$"))
    path = stored(site, proposal_id)["share_path"]
    assert path is not None
    # Somebody else, who has only the link
    reader = visit(path)
    reader.locator("#spectrum-graph .scatterlayer .trace").first.wait_for(state="attached")
    reader.locator("#map-graph .heatmaplayer image").first.wait_for(state="attached")
    expect(reader.locator("#shared-page")).to_contain_text("Two days on MAPS.")
    assert reader.locator("#shared-page button:not([class*=modebar])").count() == 0
    button(page, "revoke").click()
    expect(page.locator("#share-link")).to_have_count(0)
    assert stored(site, proposal_id)["share_path"] is None


def test_words_typed_just_before_leaving_are_saved(visit: Open, site: Site) -> None:
    proposal_id = created(site)
    page = visit(f"/proposals/{proposal_id}")
    page.locator("#proposal-notes").fill("In a hurry")
    page.locator(".crumbs a").click()
    page.locator("#proposals-page").wait_for()
    # What it says is no longer on the page: ask until it is there
    page.wait_for_function(
        """async (id) => (await (await fetch('/api/v1/proposals/' + id)).json()).notes === 'In a hurry'""",
        arg=proposal_id,
    )


@pytest.mark.slow
def test_words_are_saved_once_the_server_is_back(visit: Open, site: Site) -> None:
    proposal_id = created(site)
    page = visit(f"/proposals/{proposal_id}")
    page.locator("#proposal-page").wait_for()
    # As if nobody answered; a connection that is cut in earnest would be noted on the console
    page.evaluate(
        """() => {
            window.there = window.fetch;
            window.fetch = (path, asked) => asked?.method === 'PATCH'
                ? Promise.reject(new TypeError('gone')) : window.there(path, asked);
        }"""
    )
    page.locator("#proposal-notes").fill("Å" * 50_000)
    expect(page.locator("#proposal-saved")).to_contain_text("Not saved: The server does not answer")
    assert stored(site, proposal_id)["notes"] == ""
    page.evaluate("() => { window.fetch = window.there; }")
    expect(page.locator("#proposal-saved")).to_have_text(SAVED)
    assert stored(site, proposal_id)["notes"] == "Å" * 50_000


@pytest.mark.slow
def test_a_proposal_is_exported_imported_and_deleted(visit: Open, site: Site) -> None:
    proposal_id = created(site, name="To and fro")
    page = visit(f"/proposals/{proposal_id}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    archive = download.value.path()
    page.goto(page.url.replace(f"/{proposal_id}", ""))
    page.locator("#import-proposal").wait_for()
    page.locator("#import-file").set_input_files(archive)
    page.locator("#proposal-page").wait_for()
    imported = page.url.rsplit("/", 1)[-1]
    assert imported != proposal_id
    assert stored(site, imported)["name"] == "To and fro"
    page.locator("button[aria-label='Delete the proposal To and fro']").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.locator("#proposals-page").wait_for()
    assert imported not in [one["id"] for one in run(proposals_client.proposals(site.api))[0]]
    # The prediction that came along is its own, and stays
    for one in run(site.api.predictions()):
        if one["id"] not in (site.harmonic_id, site.md_id) and "imported_from" in (one["provenance"] or {}):
            structure = one["structure_id"]
            run(site.api.call("DELETE", f"/predictions/{one['id']}"))
            run(site.api.call("DELETE", f"/structures/{structure}"))


@pytest.mark.slow
def test_what_is_no_archive_is_refused_in_words(visit: Open, site: Site) -> None:
    page = visit("/proposals", refused=True)
    page.locator("#import-proposal").wait_for()
    page.locator("#import-file").set_input_files({"name": "x.zip", "mimeType": "application/zip", "buffer": b"nothing"})
    expect(page.locator("#proposals-message")).to_contain_text("not a zip archive")


@pytest.mark.slow
def test_buttons_of_a_proposal_do_what_they_say(visit: Open, site: Site) -> None:
    proposal_id = created(site, name="Buttons")
    page = visit(f"/proposals/{proposal_id}")
    page.locator("#proposal-notes").fill("not to be lost")
    button(page, "settings").click()
    expect(page.locator("#proposal-left")).to_contain_text("None is chosen yet")
    expect(page.locator("#proposal-notes")).to_have_value("not to be lost")
    button(page, "archive").click()
    expect(page.locator("#proposal-archived")).to_contain_text("Archived")
    button(page, "restore").click()
    expect(page.locator("#proposal-archived")).to_be_empty()
    page.locator("#report-title").fill("As sent in")
    page.locator("#make-report").click()
    expect(page.locator("#proposal-right")).to_contain_text("As sent in")
    page.locator("button[aria-label='Delete the report As sent in']").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("button[aria-label='Delete the report As sent in']")).to_have_count(0)
    button(page, "predictions").click()
    expect(page.locator("#proposal-left")).not_to_contain_text("harmonic 300 K")
    button(page, "structures").click()
    expect(page.locator("#proposal-left")).to_contain_text("Nothing yet")
    button(page, "duplicate").click()
    expect(page.locator("#proposal-name")).to_have_value("Buttons (copy)")
    assert stored(site, proposal_id)["notes"] == "not to be lost"


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["1440", "390"])
def test_pages_fit_the_screen(visit: Open, site: Site, size: tuple[int, int], dark: bool) -> None:
    proposal_id = created(site, name="A name that is long enough to need several lines on a phone, " * 2)
    form = {"name": "Silicon, 20 K, in a can", "instrument": "MAPS"}
    data = run(site.api.call("POST", "/datasets", files={"file": ("run.csv", measured()["buffer"])}, data=form))
    run(site.api.call("PUT", f"/proposals/{proposal_id}/datasets/{data['id']}"))
    path = run(proposals_client.act(site.api, proposal_id, "share"))["path"]
    pages = (("/proposals", "#proposals-page"), (f"/proposals/{proposal_id}", "#proposal-page"), (path, "#shared-page"))
    for where, landmark in (*pages, (forecast_path(site), "#forecast-page")):
        page = visit(where, size, dark=dark)
        page.locator(landmark).wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], where
        nav = page.locator("#theme-toggle").bounding_box()
        assert nav is not None
        assert nav["x"] + nav["width"] <= size[0], where
    run(site.api.call("DELETE", f"/datasets/{data['id']}?in_proposals=remove"))
