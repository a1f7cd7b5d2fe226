"""The page of a structure in a browser: the form that starts a forecast."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from .browsing import PHONE, WIDE, Open, delete, overflow, violations
from .conftest import Site, run

pytestmark = pytest.mark.e2e

NOT_FADED = "() => getComputedStyle(document.querySelector('.method-time')).opacity === '1'"
"""Estimates fade while the form is busy, and come back within moments."""


def open_form(visit: Open, site: Site, size: tuple[int, int] = WIDE, query: str = "", **options: bool) -> Page:
    page = visit(f"/structures/{site.structure_id}{query}", size, **options)
    page.wait_for_function("() => !document.querySelector('form[aria-busy=true]')")
    return page


def settle(page: Page) -> None:
    """Wait until the form shows the answer to what stands in it."""
    page.keyboard.press("Tab")
    page.wait_for_function("() => !document.querySelector('form[aria-busy=true]')")


def customise(page: Page) -> None:
    page.get_by_text("Customise").click()
    page.get_by_text("Advanced options", exact=True).click()


def started(page: Page, address: str) -> list[dict[str, object]]:
    """Press Start, and return the predictions, which are deleted again."""
    page.get_by_role("button", name="Start forecast").click()
    page.wait_for_url("**/forecast/**")
    ids = parse_qs(urlsplit(page.url).query)["predictions"][0].split(",")
    answers = [page.request.get(f"{address}/api/v1/predictions/{one}").json() for one in ids]
    delete(page, *(f"/predictions/{one}" for one in ids))
    return answers


@pytest.mark.parametrize("dark", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["1440", "390"])
def test_start_is_in_view_and_the_page_is_accessible(
    visit: Open, site: Site, size: tuple[int, int], dark: bool
) -> None:
    page = open_form(visit, site, size, dark=dark)

    place = page.get_by_role("button", name="Start forecast").bounding_box()
    assert place is not None
    assert place["y"] + place["height"] <= size[1]
    assert overflow(page) <= 0
    page.wait_for_function(NOT_FADED)
    assert violations(page) == []
    customise(page)
    page.get_by_text("Single crystal", exact=True).click()
    settle(page)
    assert overflow(page) <= 0
    page.wait_for_function(NOT_FADED)
    assert violations(page) == []


def test_the_suggestion_follows_the_instruments_until_something_is_typed(visit: Open, site: Site) -> None:
    page = open_form(visit, site)
    temperature, dynamics = page.get_by_label("Temperature"), page.get_by_role("checkbox", name="Molecular dynamics")
    expect(temperature).to_have_value("10")
    expect(dynamics).not_to_be_checked()

    page.get_by_label("TOSCA").uncheck(force=True)
    page.get_by_label("MAPS").check(force=True)
    expect(temperature).to_have_value("300")
    expect(dynamics).to_be_checked()
    page.wait_for_url("**?instruments=MAPS")

    temperature.fill("50")
    settle(page)
    page.get_by_label("TOSCA").check(force=True)
    settle(page)
    expect(temperature).to_have_value("50")
    expect(dynamics).not_to_be_checked()

    # The address brings it all back
    page.reload()
    page.wait_for_function("() => !document.querySelector('form[aria-busy=true]')")
    expect(temperature).to_have_value("50")
    expect(page.get_by_label("TOSCA")).to_be_checked()


def test_impossible_values_of_the_address_are_left_out_and_said_in_one_line(visit: Open, site: Site) -> None:
    page = visit(f"/structures/{site.structure_id}?temperature_k=-4&methods=foo&instruments=BAR,MAPS")
    said = page.get_by_role("status").filter(has_text="defaults are used instead")
    for words in ("Instruments “BAR”", "Temperature “-4”", "Method “foo”"):
        expect(said).to_contain_text(words)
    expect(page.get_by_role("spinbutton", name="Temperature")).not_to_have_value("0")
    expect(page.get_by_role("checkbox", name="Harmonic phonons")).to_be_checked()
    expect(page.get_by_role("checkbox", name="MAPS")).to_be_checked()
    expect(page.get_by_role("checkbox", name="TOSCA")).not_to_be_checked()


def test_a_form_that_cannot_work_says_why_and_keeps_what_was_typed(visit: Open, site: Site) -> None:
    page = open_form(visit, site, refused=True)
    temperature = page.get_by_label("Temperature")

    temperature.fill("9000")
    settle(page)
    expect(temperature).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Start forecast").click()
    alert = page.get_by_role("alert").filter(visible=True)
    expect(alert).to_be_visible()
    expect(alert.get_by_role("paragraph")).not_to_be_empty()
    expect(temperature).to_have_value("9000")

    temperature.fill("")
    settle(page)
    expect(temperature).to_have_attribute("aria-invalid", "true")

    temperature.fill("300")
    settle(page)
    expect(temperature).not_to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert").filter(visible=True)).to_have_count(0)


def test_what_is_typed_last_counts_even_when_start_is_clicked_at_once(visit: Open, site: Site, address: str) -> None:
    page = open_form(visit, site)
    page.get_by_role("checkbox", name="Molecular dynamics").check()
    page.get_by_label("Temperature").fill("77")

    predictions = started(page, address)

    assert [one["method"] for one in predictions] == ["harmonic", "md"]
    assert {one["temperature_k"] for one in predictions} == {77}


def test_all_or_nothing_is_started(visit: Open, site: Site, address: str) -> None:
    page = open_form(visit, site, refused=True)
    page.get_by_role("checkbox", name="Molecular dynamics").check()
    settle(page)
    made: list[str] = []

    def start(route: Route) -> None:
        if json.loads(route.request.post_data or "{}").get("method") == "md":
            route.fulfill(status=422, json={"title": "Not valid", "status": 422, "detail": "no", "errors": []})
            return
        answer = route.fetch()
        made.append(answer.json()["id"])
        route.fulfill(response=answer)

    page.route("**/api/v1/predictions", start)
    page.get_by_role("button", name="Start forecast").click()
    expect(page.get_by_role("alert").filter(visible=True)).to_be_visible()

    assert len(made) == 1
    assert page.request.get(f"{address}/api/v1/predictions/{made[0]}").json()["status"] == "cancelled"
    run(site.api.call("DELETE", f"/predictions/{made[0]}"))


def test_only_the_newest_answer_is_shown(visit: Open, site: Site) -> None:
    page = open_form(visit, site)
    held: list[Route] = []

    def estimate(route: Route) -> None:
        body = json.loads(route.request.post_data or "{}")
        if body["temperature_k"] == 20:
            held.append(route)
            return
        route.continue_()

    page.route("**/api/v1/predictions/estimate", estimate)
    page.get_by_label("Temperature").fill("20")
    with page.expect_request(lambda request: "temperature_k=20" in request.url):
        page.keyboard.press("Tab")
    page.get_by_label("Temperature").fill("30")
    settle(page)

    assert all(route.request.failure is not None for route in held)
    expect(page.get_by_label("Temperature")).to_have_value("30")


def test_the_form_shows_what_the_chosen_methods_take(visit: Open, site: Site) -> None:
    page = open_form(visit, site)
    customise(page)
    beads, pressure, engine = page.get_by_label("Beads"), page.get_by_label("Pressure"), page.get_by_label("Engine")
    expect(beads).to_be_hidden()
    expect(page.get_by_label("Displacement")).to_be_visible()

    page.get_by_role("checkbox", name="Path integrals (TRPMD)").check()
    expect(beads).to_be_visible()
    expect(beads).to_have_attribute("placeholder", re.compile(r"\d+ \("))
    expect(pressure).to_be_hidden()
    page.get_by_label("Equilibration ensemble").select_option("npt")
    expect(pressure).to_be_visible()
    # i-PI does path integrals alone: with them it goes
    engine.select_option("i-pi")
    settle(page)
    page.get_by_role("checkbox", name="Path integrals (TRPMD)").uncheck()
    expect(engine).to_have_value("")


def test_a_single_crystal_is_asked_for(visit: Open, site: Site, address: str) -> None:
    page = open_form(visit, site, refused=True)
    path = page.get_by_label("Path", exact=True)
    expect(path).to_be_hidden()
    customise(page)
    page.get_by_text("Single crystal", exact=True).click()
    expect(path).to_have_attribute("placeholder", "Γ-X-U|K-Γ-L-W-X (automatic)")

    path.fill("Γ-Q")
    settle(page)
    expect(path).to_have_attribute("aria-invalid", "true")
    path.fill("Γ-X")
    settle(page)
    expect(path).not_to_have_attribute("aria-invalid", "true")
    page.get_by_label("Brillouin zones").select_option("chosen")
    settle(page)
    expect(page.get_by_label("Brillouin zones")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("h k l of the zones").fill("1 1 1; 2 0 0")
    settle(page)

    (made,) = started(page, address)

    assert (made["sampling"], made["options"]["zones"]) == ("path", [[1, 1, 1], [2, 0, 0]])  # type: ignore[index]


def test_a_potential_is_uploaded_or_refused_in_words(visit: Open, site: Site) -> None:
    page = open_form(visit, site, refused=True)
    page.get_by_text("Customise").click()
    chosen = page.get_by_label("Interatomic potential").input_value()

    page.get_by_label("Upload your own nep.txt").set_input_files(
        {"name": "nep.txt", "mimeType": "text/plain", "buffer": b"nonsense"}
    )

    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("nep.txt")
    expect(page.get_by_label("Interatomic potential")).to_have_value(chosen)


def test_a_structure_is_deleted_after_a_question(visit: Open, site: Site, address: str) -> None:
    structure = run(site.api.open_example("copper"))["id"]
    page = visit(f"/structures/{structure}")

    page.get_by_role("button", name="Delete Copper").click()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("button", name="Delete Copper").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    page.wait_for_url(f"{address}/")
    assert page.request.get(f"{address}/api/v1/structures/{structure}").status == 404


def test_terms_explain_themselves_to_the_keyboard(visit: Open, site: Site) -> None:
    page = open_form(visit, site)
    page.get_by_label("TOSCA").focus()
    page.keyboard.press("Tab")
    box = page.locator(".term-box")
    while not page.evaluate("() => document.activeElement.name === 'temperature_k'"):
        page.keyboard.press("Tab")
    expect(box).to_be_visible()
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()


def test_the_structure_is_drawn_in_the_theme(visit: Open, site: Site) -> None:
    page = open_form(visit, site)
    page.get_by_role("figure").scroll_into_view_if_needed()
    page.locator(".js-plotly-plot canvas").first.wait_for(state="attached")

    with page.expect_response(lambda answer: "figure?theme=dark" in answer.url):
        page.get_by_role("button", name="Switch between light and dark").click()
