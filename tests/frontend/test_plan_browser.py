"""A plan of beam time in a real browser; most answers are made up, one test asks the real API for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from .browsing import PHONE, WIDE, Open, overflow, violations, visit
from .conftest import Site
from .plan_answers import FakeApi

__all__ = ["visit"]

pytestmark = pytest.mark.e2e


def panel(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def best(page: Page) -> Locator:
    """The card of the best setting."""
    return page.get_by_role("article").first


def counts(page: Page) -> Locator:
    return panel(page, "Simulated measurement").get_by_text("counts in")


def chips(page: Page) -> Locator:
    return page.get_by_role("group", name="Features").locator("> *")


def planned(visit: Open, site: Site, more: str = "", **how: Any) -> tuple[Page, FakeApi]:
    """The page with its first answers."""
    page = visit("/about", **how)
    api = FakeApi(page)
    page.goto(page.url.removesuffix("/about") + f"/plan/{site.structure_id}?predictions={site.harmonic_id}{more}")
    expect(best(page)).to_be_visible()
    expect(counts(page)).to_contain_text("50 bins")
    return page, api


def test_from_the_answer_to_counts(visit: Open, site: Site) -> None:
    page, api = planned(visit, site, "&mass_g=5&amount=mass_g")
    assert page.get_by_role("spinbutton", name="Mass").input_value() == "5"
    answer = api.bodies("plans")[-1]
    assert answer["sample"]["mass_g"] == 5
    assert "scatterer_percent" not in answer["sample"]
    expect(best(page)).to_contain_text(re.compile(r"5\.4 h.*3\.2 h to 10 h.*2 of 2.*resolved"))
    expect(panel(page, "Sample in the beam")).to_contain_text("28 h")
    # The best setting is simulated, for as long as it needs
    body = api.bodies("measurement")[-1]
    assert (body["setting"]["instrument"], body["hours"], body["seed"]) == ("MAPS", 5.5, 1)
    page.get_by_role("button", name="Simulate ARCS, Eᵢ = 110 meV").click()
    expect(counts(page)).to_contain_text("ARCS, 42 min")
    page.get_by_role("button", name="New noise").click()
    expect(counts(page)).to_contain_text("5100 counts")
    # What the sample transmits is told over the range of that setting
    expect(page.get_by_role("heading", name="Transmission, ARCS")).to_be_visible()
    assert api.bodies("sample-advice")[-1]["instrument"] == "ARCS"
    # Back undoes; a reload brings all back
    page.go_back()
    expect(counts(page)).to_contain_text("5050 counts")
    page.reload()
    expect(counts(page)).to_contain_text("ARCS, 42 min: 5050 counts")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "dark"),
    [(WIDE, False), (WIDE, True), (PHONE, False), (PHONE, True)],
    ids=["1440", "1440-dark", "390", "390-dark"],
)
def test_the_page_fits_the_screen_and_is_accessible(visit: Open, site: Site, size: tuple[int, int], dark: bool) -> None:
    page, _ = planned(visit, site, "&what_if=1", size=size, dark=dark)
    expect(page.get_by_role("region", name="Both samples")).to_contain_text("3.1 mm")
    page.get_by_text("ranked settings, and resolution").click()
    page.get_by_role("button", name=re.compile(r"^▸?1\. MAPS")).click()
    sheet = panel(page, "The sample on all instruments")
    sheet.scroll_into_view_if_needed()
    sheet.locator(".scatterlayer .trace").first.wait_for(state="attached")
    if size == PHONE:
        page.get_by_role("button", name="Sample and beam time").click()
        expect(page.get_by_role("group", name="Shape of the sample")).to_be_visible()
    assert overflow(page) <= 0
    assert violations(page) == []


@pytest.mark.slow
def test_features_are_clicked_typed_removed_and_paired(visit: Open, site: Site) -> None:
    page, api = planned(visit, site)
    expect(chips(page)).to_have_text([re.compile("57 meV"), re.compile("62 meV")])
    page.get_by_role("button", name="Remove 62 meV").click()
    expect(chips(page)).to_have_count(1)
    # Near a peak, the peak is meant; the plot ends at 120 meV
    plot = panel(page, "Target features").locator(".nsewdrag").bounding_box()
    assert plot is not None
    page.mouse.click(plot["x"] + plot["width"] * (62.8 / 120), plot["y"] + plot["height"] / 2)
    expect(chips(page)).to_have_text([re.compile("57 meV"), re.compile("62 meV")])
    energy = page.get_by_label("Energy of a feature")
    energy.fill("nothing")
    energy.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Enter an energy")).to_be_visible()
    energy.fill("80")
    energy.press("Enter")
    expect(chips(page)).to_have_count(3)
    page.wait_for_url("**features=57,62,80*")
    pairs = page.get_by_role("group", name="Pairs")
    expect(pairs).to_contain_text("62 – 80 meV")
    # Of the neighbours one goes, and the outer two come
    page.get_by_role("button", name="Choose pairs").click()
    page.get_by_role("button", name="Remove the pair 57 – 62 meV").click()
    first = page.get_by_role("button", name="57 meV: one of a pair")
    first.click()
    expect(first).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="80 meV: one of a pair").click()
    page.wait_for_url("**pairs=57-80,62-80*")
    expect(best(page)).to_contain_text("57 – 80 meV")
    body = api.bodies("plans")[-1]
    assert (body["features_mev"], body["pairs_mev"]) == ([57, 62, 80], [[57, 80], [62, 80]])
    page.get_by_text("cm⁻¹", exact=True).first.click()
    expect(chips(page).last).to_contain_text("645 cm⁻¹")
    page.get_by_role("button", name="Find automatically").click()
    expect(chips(page)).to_have_count(2)
    page.wait_for_url(re.compile(r"^(?!.*features=).*energy_unit=cm-1"))


@pytest.mark.slow
def test_only_the_newest_ranking_is_shown(visit: Open, site: Site) -> None:
    page, api = planned(visit, site)
    waiting = page.get_by_role("progressbar", name="Trying all settings")
    beam_time = page.get_by_label("Beam time", exact=True)
    api.holding = "plans"
    with page.expect_request("**/api/v1/plans"):
        beam_time.fill("7")
    expect(waiting).to_be_visible()
    with page.expect_event("requestfailed", lambda request: request == api.held[0].request):
        api.holding = None
        beam_time.fill("20")
    expect(waiting).to_be_hidden()
    assert api.bodies("plans")[-1]["constraints"]["beam_time_h"] == 20
    expect(page.get_by_role("article").nth(2)).to_contain_text("Longer than the available beam time")


@pytest.mark.slow
def test_a_refusal_stands_at_its_field_and_goes(visit: Open, site: Site) -> None:
    page, api = planned(visit, site, refused=True)
    ranking = panel(page, "Instrument and setting")
    mass = page.get_by_role("spinbutton", name="Mass", exact=True)
    problem = {"title": "Unprocessable", "status": 422, "detail": "mass_g: too heavy"}
    errors = [{"loc": "body.sample.mass_g", "msg": "No cryostat carries this mass."}]
    api.refusals = {path: {**problem, "errors": errors} for path in ("plans", "sample-advice")}
    page.get_by_label("Define amount by").select_option("Mass")
    mass.fill("9000")
    expect(mass).to_have_attribute("aria-invalid", "true")
    expect(mass).to_have_accessible_description("No cryostat carries this mass.")
    expect(ranking.get_by_role("alert")).to_contain_text("marked in red")
    expect(best(page)).to_be_hidden()
    errors = [{"loc": "constraints", "msg": "No instrument is left."}]
    api.refusals = {"plans": {**problem, "errors": errors}}
    mass.fill("9")
    expect(ranking.get_by_role("alert")).to_have_text("No instrument is left.")
    expect(mass).not_to_have_attribute("aria-invalid", "true")
    api.refusals = {}
    mass.fill("8")
    expect(best(page)).to_be_visible()
    expect(ranking.get_by_role("alert")).to_have_count(0)


@pytest.mark.slow
def test_the_table_is_sorted_and_unfolded_by_keyboard(visit: Open, site: Site) -> None:
    page, _ = planned(visit, site)
    page.get_by_text("ranked settings, and resolution").press("Enter")
    table = page.get_by_role("table", name="Ranked settings")
    rows = table.get_by_role("rowheader")
    expect(rows).to_have_count(12)
    page.get_by_role("button", name="Show all 16").press("Enter")
    expect(rows).to_have_count(16)
    time = table.get_by_role("button", name="Beam time")
    time.press("Enter")
    expect(table.get_by_role("columnheader", name="Beam time")).to_have_attribute("aria-sort", "ascending")
    expect(rows.first).to_contain_text("2. ARCS")
    # What is not known in hours comes last
    expect(rows.last).to_contain_text("4. TOSCA")
    expect(time).to_be_focused()
    first = rows.first.get_by_role("button")
    first.press("Enter")
    expect(page.get_by_role("region", name="Features on ARCS, Eᵢ = 110 meV")).to_contain_text("12 100")
    expect(first).to_have_attribute("aria-expanded", "true")
    expect(first).to_be_focused()


@pytest.mark.slow
def test_staff_enter_a_calibration_that_the_plan_uses(visit: Open, site: Site) -> None:
    page, api = planned(visit, site, refused=True)
    page.get_by_text("Calibration", exact=True).click()
    page.get_by_role("button", name="Enter a calibration").click()
    dialog = page.get_by_role("dialog", name="Calibration of an instrument")
    dialog.get_by_label("Instrument").select_option("MAPS")
    energy = dialog.get_by_role("spinbutton", name="MAPS: Incident energy in meV")
    expect(energy).to_be_visible()
    energy.fill("100")
    for label, value in (("Mass", "25"), ("From", "12"), ("To", "6"), ("Counts", "41000"), ("Source", "run 31415")):
        dialog.get_by_label(label, exact=True).and_(page.locator(":enabled")).fill(value)
    assert violations(page) == []
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("To", exact=True).and_(page.locator(":enabled")).fill("36")
    with page.expect_request("**/api/v1/plans"):
        dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    chosen = page.get_by_role("checkbox", name=re.compile("MAPS, 25 g of vanadium"))
    expect(chosen).to_be_checked()
    (made,) = page.request.get(page.url.split("/plan/")[0] + "/api/v1/instruments/MAPS/calibrations").json()["items"]
    assert (made["settings"]["e_init"], made["bands"][0]["to_mev"]) == (100, 36)
    page.wait_for_url(f"**standards={made['id']}*")
    assert api.bodies("plans")[-1]["calibrations"] == [{"calibration_id": made["id"]}]
    page.get_by_role("button", name="Delete the calibration of MAPS").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(chosen).to_have_count(0)
    page.wait_for_url(re.compile(r"^(?!.*standards=)"))


@pytest.fixture
def dataset(site: Site, visit: Open) -> Iterator[str]:
    """A spectrum that was measured of the structure."""
    page = visit("/about")
    api = page.url.removesuffix("/about") + "/api/v1"
    rows = "\n".join(f"{energy},{1 + energy % 7},0.5" for energy in range(5, 80))
    file: FilePayload = {"name": "run.csv", "mimeType": "text/csv", "buffer": f"energy (meV),S,error\n{rows}".encode()}
    stated = {"name": "Last year", "instrument": "MAPS", "structure_id": site.structure_id}
    made = page.request.post(f"{api}/datasets", multipart={"file": file, **stated})
    assert made.status == 201, made.text()
    yield made.json()["id"]
    page.request.delete(f"{api}/datasets/{made.json()['id']}")


@pytest.mark.slow
def test_the_report_holds_the_plan_and_a_proposal_keeps_it(visit: Open, site: Site, dataset: str) -> None:
    page, _ = planned(visit, site, "&facilities=ISIS")
    bodies: list[dict[str, Any]] = []

    def report(route: Route) -> None:
        bodies.append(route.request.post_data_json)
        route.fulfill(body="%PDF-1.7")

    page.route("**/api/v1/reports", report)
    page.get_by_label("Title").fill("Two modes")
    page.get_by_text("Simulated setting").click()
    page.get_by_label("Last year").check()
    with page.expect_download() as saving:
        page.get_by_role("button", name="PDF").click()
    assert saving.value.suggested_filename == "beamcast-silicon-beam-time.pdf"
    (body,) = bodies
    assert (body["title"], body["hours"], body["dataset_ids"]) == ("Two modes", 5.5, [dataset])
    assert body["plan"]["constraints"]["facilities"] == ["ISIS"]
    assert [one["instrument"] for one in body["plan"]["settings"]] == ["MAPS"]
    page.get_by_role("button", name="Add to proposal").click()
    link = page.get_by_role("link", name="Two modes")
    expect(link).to_be_visible()
    proposal = page.request.get(page.url.split("/plan/")[0] + "/api/v1" + str(link.get_attribute("href"))).json()
    assert proposal["plan"]["prediction_id"] == site.harmonic_id
    assert proposal["prediction_ids"] == [site.harmonic_id]
    assert [one["instrument"] for one in proposal["settings"]] == ["MAPS", "MERLIN"]


@pytest.mark.slow
def test_from_the_address_to_the_report_with_the_real_api(visit: Open, site: Site) -> None:
    page = visit(f"/plan/{site.structure_id}?predictions={site.harmonic_id}&iso.Si=30Si")
    expect(chips(page).first).to_contain_text("60 meV")
    expect(best(page)).to_be_visible()
    expect(panel(page, "Sample in the beam")).to_contain_text("³⁰Si")
    expect(counts(page)).to_be_visible()
    page.get_by_text("ranked settings, and resolution").click()
    front = page.get_by_role("figure", name="Resolution against hours of all settings")
    front.locator(".scatterlayer .trace").first.wait_for(state="attached")
    sheet = panel(page, "The sample on all instruments")
    sheet.scroll_into_view_if_needed()
    sheet.locator(".scatterlayer .trace").first.wait_for(state="attached")
    with page.expect_download() as saving:
        page.get_by_role("button", name="PDF").click()
    assert saving.value.path().read_bytes().startswith(b"%PDF")
