"""Proposals in a real browser: written, changed, shared, exported and imported."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .browsing import PHONE, WIDE, Open, overflow, violations
from .conftest import Site, run
from .proposing import Proposal, add, create, share, stored

pytestmark = pytest.mark.e2e

DATA = b"# meV counts\n" + b"".join(b"%d %d\n" % (mev, 100 + mev) for mev in range(10, 90))
LONG_NAME = "A name that is long enough to need several lines on a phone, " * 2


@pytest.fixture
def proposal(site: Site) -> Proposal:
    made = create(site, settings=[{"instrument": "MAPS", "settings": {"e_init": 120}}])
    add(site, made, f"predictions/{site.harmonic_id}")
    return made


def opened(visit: Open, proposal: Proposal, **options: Any) -> Page:
    return visit(f"/proposals/{proposal['id']}", **options)


def notes(page: Page) -> Any:
    return page.get_by_role("textbox", name="Notes")


def state(page: Page) -> Any:
    return page.get_by_role("region", name="Notes").get_by_role("status")


def test_texts_are_saved_as_they_are_typed(visit: Open, site: Site, proposal: Proposal) -> None:
    page = opened(visit, proposal)
    name = page.get_by_label("Name of the proposal")

    notes(page).fill("Two days on MAPS.")
    expect(state(page)).to_have_text("Saved")
    name.fill("Mine <b>")
    expect(page).to_have_title("Mine <b> · Beamcast")
    name.press("Enter")
    expect(state(page)).to_have_text("Saved")
    assert (stored(site, proposal)["notes"], stored(site, proposal)["name"]) == ("Two days on MAPS.", "Mine <b>")
    name.fill(" ")
    expect(state(page)).to_contain_text("needs a name")
    name.blur()
    assert stored(site, proposal)["name"] == "Mine <b>"


def test_words_typed_just_before_leaving_are_saved(visit: Open, site: Site, proposal: Proposal) -> None:
    page = opened(visit, proposal)

    notes(page).fill("In a hurry")
    page.get_by_role("main").get_by_role("link", name="Proposals").click()

    page.wait_for_url("**/proposals")
    page.wait_for_function(
        "async (id) => (await (await fetch('/api/v1/proposals/' + id)).json()).notes === 'In a hurry'",
        arg=proposal["id"],
    )


def test_words_are_saved_once_the_server_is_back(visit: Open, site: Site, proposal: Proposal) -> None:
    page = opened(visit, proposal)
    # As if nobody answered; a connection that is cut in earnest would be noted on the console
    page.evaluate(
        """() => {
            window.there = window.fetch;
            window.fetch = (path, asked) => asked?.method === 'PATCH'
                ? Promise.reject(new TypeError('gone')) : window.there(path, asked);
        }"""
    )

    notes(page).fill("Å" * 50_000)
    expect(state(page)).to_contain_text("Not saved")
    assert stored(site, proposal)["notes"] == ""
    page.evaluate("() => { window.fetch = window.there; }")

    expect(state(page)).to_have_text("Saved")
    assert stored(site, proposal)["notes"] == "Å" * 50_000


def test_a_link_is_shared_with_an_end_and_revoked(visit: Open, site: Site, proposal: Proposal) -> None:
    page = opened(visit, proposal)

    page.get_by_label("The link works for").select_option("1 month")
    page.get_by_role("button", name="Share").click()

    expect(page.get_by_label("Link to share")).to_have_value(re.compile(r"^http://127\.0\.0\.1:\d+/shared/\S{60,}$"))
    link = stored(site, proposal)["share"]
    assert link["expires_at"] is not None
    page.get_by_label("Expires in").select_option("no limit")
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_text("does not expire")).to_be_visible()
    assert stored(site, proposal)["share"] == {**link, "expires_at": None}
    page.get_by_role("button", name="Revoke the link").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke the link").click()
    expect(page.get_by_label("Link to share")).to_have_count(0)
    assert stored(site, proposal)["share"] is None


def test_buttons_change_the_proposal_and_keep_what_is_typed(visit: Open, site: Site, proposal: Proposal) -> None:
    page = opened(visit, proposal)
    main = page.get_by_role("main")
    notes(page).fill("not to be lost")

    page.get_by_role("button", name="Remove MAPS").click()
    expect(page.get_by_role("button", name="Remove MAPS")).to_have_count(0)
    # The keyboard's place is not lost with the button
    expect(page.locator(":focus")).to_contain_text("Chosen settings")
    page.get_by_role("button", name="Archive").click()
    expect(main.get_by_text("Archived")).to_be_visible()
    page.get_by_role("button", name="Restore").click()
    expect(main.get_by_text("Archived")).to_have_count(0)
    expect(notes(page)).to_have_value("not to be lost")
    page.get_by_role("button", name="Remove Harmonic preview at 300 K").click()
    page.get_by_role("button", name="Remove Silicon").click()
    expect(page.get_by_role("button", name=re.compile("^Remove"))).to_have_count(0)
    page.get_by_role("button", name="Duplicate").click()
    expect(page.get_by_label("Name of the proposal")).to_have_value("Optical phonons (copy)")
    now = stored(site, proposal)
    assert (now["notes"], now["settings"], now["structure_ids"]) == ("not to be lost", [], [])


@pytest.mark.slow
def test_a_report_is_made_and_deleted(visit: Open, site: Site, proposal: Proposal) -> None:
    page = opened(visit, proposal)

    page.get_by_label("Title of the report").fill("As sent in")
    page.get_by_role("button", name="Make a report").click()
    expect(page.get_by_role("link", name="As sent in, PDF")).to_be_visible()
    page.get_by_role("button", name="Delete the report As sent in").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(page.get_by_role("link", name="As sent in, PDF")).to_have_count(0)
    assert stored(site, proposal)["reports"] == []


@pytest.mark.slow
def test_a_proposal_is_exported_imported_and_deleted(visit: Open, site: Site, proposal: Proposal) -> None:
    page = opened(visit, proposal)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    page.goto(page.url.removesuffix(f"/{proposal['id']}"))

    page.get_by_label("Import").set_input_files(download.value.path())
    page.wait_for_url("**/proposals/*")

    imported = page.url.rsplit("/", 1)[-1]
    assert imported != proposal["id"]
    expect(page.get_by_label("Name of the proposal")).to_have_value(proposal["name"])
    ids = stored(site, {"id": imported})
    page.get_by_role("button", name="Delete the proposal").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/proposals")
    assert page.locator(f"a[href$='{imported}']").count() == 0
    # The prediction that came along is its own, and stays
    for path in (f"predictions/{ids['prediction_ids'][0]}", f"structures/{ids['structure_ids'][0]}"):
        run(site.api.call("DELETE", f"/{path}"))


def test_a_proposal_is_made_and_what_is_no_archive_is_refused(visit: Open, site: Site) -> None:
    page = visit("/proposals", refused=True)

    page.get_by_label("Import").set_input_files({"name": "x.zip", "mimeType": "application/zip", "buffer": b"nothing"})
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("zip")
    page.get_by_label("Name of a new proposal").fill("Phonons of ice")
    page.keyboard.press("Enter")

    page.wait_for_url("**/proposals/*")
    expect(page.get_by_label("Name of the proposal")).to_have_value("Phonons of ice")


@pytest.mark.parametrize("dark", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["light", "dark"])
@pytest.mark.parametrize("size", [pytest.param(WIDE, marks=pytest.mark.slow), PHONE], ids=["1440", "390"])
def test_pages_fit_the_screen_and_are_accessible(
    visit: Open, site: Site, proposal: Proposal, size: tuple[int, int], dark: bool
) -> None:
    run(site.api.call("PATCH", f"/proposals/{proposal['id']}", json={"name": LONG_NAME}))
    form = {"name": "Silicon, 20 K, in a can", "instrument": "MAPS"}
    data = run(site.api.call("POST", "/datasets", files={"file": ("run.csv", DATA)}, data=form))
    add(site, proposal, f"datasets/{data['id']}")
    share(site, proposal, days=30)
    for path in ("/proposals", f"/proposals/{proposal['id']}"):
        page = visit(path, size, dark=dark)
        assert overflow(page) <= 0
        assert violations(page) == []
    run(site.api.call("DELETE", f"/datasets/{data['id']}?in_proposals=remove"))


def test_a_forecast_is_added_to_a_new_proposal(visit: Open, site: Site) -> None:
    page = visit(f"/forecast/{site.structure_id}?predictions={site.harmonic_id},{site.md_id}")

    page.get_by_label("Add to a proposal").select_option("A new proposal")
    page.get_by_role("link", name="Beam time for Silicon").click()

    page.wait_for_url("**/proposals/*")
    made = stored(site, {"id": page.url.rsplit("/", 1)[-1]})
    assert set(made["prediction_ids"]) == {site.harmonic_id, site.md_id}


def test_deleting_what_a_proposal_uses_asks_what_becomes_of_it_there(visit: Open, site: Site) -> None:
    structure = run(
        site.api.upload_structure("used.vasp", b"Used\n5.431\n0 .5 .5\n.5 0 .5\n.5 .5 0\nSi\n1\nDirect\n0 0 0\n")
    )
    made = create(site, name="Uses it")
    add(site, made, f"structures/{structure['id']}")
    # Any button with `data-remove` asks in the same way
    page = visit(f"/proposals/{made['id']}", refused=True)
    page.get_by_role("button", name="Delete the proposal").evaluate(
        "(button, path) => Object.assign(button.dataset, {remove: path, then: ''})", f"/structures/{structure['id']}"
    )

    page.get_by_role("button", name="Delete the proposal").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="A proposal uses it")
    expect(dialog.get_by_role("link", name="Uses it")).to_have_attribute("href", f"/proposals/{made['id']}")
    assert violations(page) == []
    dialog.get_by_role("button", name="Keep in the proposal").click()
    expect(page.get_by_role("dialog")).to_have_count(0)

    assert run(site.api.structure(structure["id"]))["hidden_at"] is not None
    assert stored(site, made)["structure_ids"] == [structure["id"]]
    run(site.api.call("DELETE", f"/proposals/{made['id']}"))
