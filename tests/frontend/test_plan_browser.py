"""A plan of beam time in a real browser; most answers are made up, one test asks the real API for them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from .browsing import PHONE, WIDE, Open
from .conftest import Site
from .plan_answers import FakeApi

pytestmark = pytest.mark.e2e


def planned(visit: Open, site: Site, more: str = "", **how: Any) -> tuple[Page, FakeApi]:
    """The page with its first answers."""
    page = visit("/about", **how)
    api = FakeApi(page)
    page.goto(page.url.removesuffix("/about") + f"/plan/{site.structure_id}?predictions={site.harmonic_id}{more}")
    expect(page.locator("#plan-best article").first).to_be_visible()
    expect(page.locator("#plan-measurement-words")).to_contain_text("counts in 50 bins")
    return page, api


def chips(page: Page) -> list[str]:
    return [text.split("×")[0].strip() for text in page.locator("#plan-features-list .plan-chip").all_inner_texts()]


def asked_last(page: Page, api: FakeApi, path: str, kind: str | None = None) -> dict[str, Any]:
    """The newest question once nothing is being asked."""
    expect(page.locator("#plan-ranking-body")).to_have_attribute("aria-busy", "false")
    return api.bodies(path, kind)[-1]


def test_from_features_to_counts(visit: Open, site: Site) -> None:
    page, api = planned(visit, site, "&mass_g=5&amount=mass_g")
    best = page.locator("#plan-best article")
    expect(best.first).to_contain_text("MAPS, Eᵢ = 120 meV")
    expect(best.first).to_contain_text("5.4 h")
    expect(best.first).to_contain_text("3.2 h to 10 h")
    expect(best.first).to_contain_text("resolved")
    assert api.bodies("plans")[-1]["sample"]["mass_g"] == 5
    assert "scatterer_percent" not in api.bodies("plans")[-1]["sample"]
    expect(page.locator("#plan-sample-body")).to_contain_text("Cool-down after 24 h of irradiation: 28 h.")
    # The best setting is counted with, for as long as it needs
    body = api.bodies("measurement")[-1]
    assert (body["setting"]["instrument"], body["hours"], body["seed"]) == ("MAPS", 5.5, 1)
    page.get_by_role("button", name="Simulate ARCS, Eᵢ = 110 meV").click()
    expect(page.locator("#plan-measurement-words")).to_contain_text("ARCS, 42 min")
    page.get_by_role("button", name="New noise").click()
    expect(page.locator("#plan-seed")).to_have_text("Seed 2")
    expect(page.locator("#plan-measurement-words")).to_contain_text("5100 counts")
    # What goes through the sample is told over its band
    expect(page.locator("#plan-sample-body")).to_contain_text("Transmission, ARCS")
    assert api.bodies("sample-advice")[-1]["instrument"] == "ARCS"


@pytest.mark.slow
@pytest.mark.parametrize(("size", "dark"), [(WIDE, False), (PHONE, True)], ids=["1440", "390-dark"])
def test_the_page_fits_the_screen(visit: Open, site: Site, size: tuple[int, int], dark: bool) -> None:
    page, _ = planned(visit, site, size=size, dark=dark)
    page.locator("#plan-instead-on").check(force=True)
    expect(page.locator("#plan-deuteration-table")).to_contain_text("3.1 mm")
    page.locator(".plan-unfold").first.click()
    page.locator("#plan-sheet").scroll_into_view_if_needed()
    page.locator("#plan-sheet-graph .scatterlayer .trace").first.wait_for(state="attached")
    if size == PHONE:
        page.locator("#settings-toggle").click()
        expect(page.locator("#plan-geometry")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size[0]


@pytest.mark.slow
def test_features_are_clicked_typed_removed_and_paired(visit: Open, site: Site) -> None:
    page, api = planned(visit, site)
    assert chips(page) == ["57 meV", "62 meV"]
    # Near a peak, the peak is meant; the middle of the plot is 60 meV
    page.get_by_role("button", name="Remove 62 meV").click()
    expect(page.locator("#plan-features-list .plan-chip")).to_have_count(1)
    plot = page.locator("#plan-features-graph .nsewdrag").bounding_box()
    assert plot is not None
    page.mouse.click(plot["x"] + plot["width"] * (62.8 / 120), plot["y"] + plot["height"] / 2)
    expect(page.locator("#plan-features-list")).to_contain_text("62 meV")
    page.locator("#plan-feature-new").fill("80")
    page.locator("#plan-feature-new").press("Enter")
    expect(page.locator("#plan-features-list .plan-chip")).to_have_count(3)
    page.wait_for_url("**features=57,62,80*")
    expect(page.locator("#plan-pairs-list")).to_contain_text("62 – 80 meV")
    # Of the neighbours one goes, and the outer two come
    page.locator("#plan-pairs-mode").get_by_text("Chosen pairs").click()
    page.get_by_role("button", name="Remove the pair 57 – 62 meV").click()
    page.get_by_role("button", name="57 meV: one of a pair").click()
    expect(page.get_by_role("button", name="57 meV: one of a pair")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="80 meV: one of a pair").click()
    page.wait_for_url("**pairs=57-80,62-80*")
    expect(page.locator("#plan-best article").first).to_contain_text("57 – 80 meV")
    body = asked_last(page, api, "plans")
    assert (body["features_mev"], body["pairs_mev"]) == ([57, 62, 80], [[57, 80], [62, 80]])
    # In another unit, and from the address
    page.locator("#plan-energy_unit").get_by_text("cm⁻¹").click()
    expect(page.locator("#plan-features-list")).to_contain_text("645.2 cm⁻¹")
    page.locator("#plan-features-auto").click()
    expect(page.locator("#plan-features-list .plan-chip")).to_have_count(2)
    page.wait_for_url(re.compile(r"^(?!.*features=).*energy_unit=cm-1"))


@pytest.mark.slow
def test_only_the_newest_ranking_is_shown(visit: Open, site: Site) -> None:
    page, api = planned(visit, site)
    api.holding = "plans"
    with page.expect_request("**/api/v1/plans"):
        page.locator("#plan-beam_time_h").fill("7")
    expect(page.locator("#plan-progress")).to_contain_text("Every setting is being tried")
    with page.expect_event("requestfailed", lambda request: request == api.held[0].request):
        api.holding = None
        page.locator("#plan-beam_time_h").fill("20")
    expect(page.locator("#plan-progress")).to_be_empty()
    assert asked_last(page, api, "plans")["constraints"]["beam_time_h"] == 20
    expect(page.locator("#plan-best article").nth(2)).to_contain_text("Longer than the beam time")


@pytest.mark.slow
def test_a_refusal_stands_at_its_field_and_goes(visit: Open, site: Site) -> None:
    page, api = planned(visit, site, refused=True)
    problem = {"title": "Unprocessable", "status": 422, "detail": "mass_g: too heavy", "errors": []}
    errors = [{"loc": "body.sample.mass_g", "msg": "No cryostat carries so much."}]
    api.refusals = {path: {**problem, "errors": errors} for path in ("plans", "sample-advice")}
    page.locator("input#plan-amount").click()
    page.get_by_role("option", name="Mass", exact=True).click()
    page.locator("#plan-mass_g").fill("9000")
    expect(page.locator("#plan-mass_g-field")).to_contain_text("No cryostat carries so much.")
    expect(page.locator("#plan-ranking-problem")).to_contain_text("marked in red")
    expect(page.locator("#plan-ranking-body")).to_be_hidden()
    api.refusals = {
        "plans": {**problem, "errors": [{"loc": "constraints.facilities", "msg": "No instrument is left."}]}
    }
    page.locator("#plan-mass_g").fill("9")
    expect(page.locator("#plan-ranking-problem")).to_have_text("No instrument is left.")
    expect(page.locator("#plan-mass_g-field")).not_to_contain_text("No cryostat")
    api.refusals = {}
    page.locator("#plan-mass_g").fill("8")
    expect(page.locator("#plan-best article").first).to_be_visible()
    expect(page.locator("#plan-ranking-problem")).to_be_empty()


@pytest.mark.slow
def test_the_table_is_sorted_and_unfolded_by_keyboard(visit: Open, site: Site) -> None:
    page, _ = planned(visit, site)
    table = page.locator(".plan-settings-table")
    expect(table.locator("tbody > tr")).to_have_count(12)
    page.get_by_role("button", name="Show all 16").click()
    expect(table.locator("tbody > tr")).to_have_count(16)
    time = table.get_by_role("button", name="Beam time")
    time.focus()
    time.press("Enter")
    expect(table.locator("th[data-key=hours]")).to_have_attribute("aria-sort", "ascending")
    expect(table.locator("tbody th").first).to_contain_text("2. ARCS")
    # What is not known in hours comes last
    expect(table.locator("tbody th").last).to_contain_text("4. TOSCA")
    assert page.evaluate("() => document.activeElement.closest('th').dataset.key") == "hours"
    first = table.locator(".plan-unfold").first
    first.focus()
    first.press("Enter")
    expect(table.locator(".plan-detail")).to_contain_text("12 100")
    expect(table.locator(".plan-unfold").first).to_have_attribute("aria-expanded", "true")
    expect(table.locator(".plan-unfold").first).to_be_focused()


@pytest.mark.slow
def test_the_report_is_asked_for_with_the_plan_and_the_plan_kept(visit: Open, site: Site) -> None:
    page, _ = planned(visit, site, "&facilities=ISIS")
    bodies: list[dict[str, Any]] = []
    page.route(
        "**/api/v1/reports",
        lambda route: (bodies.append(route.request.post_data_json), route.fulfill(body="%PDF-1.7")),
    )
    page.locator("#plan-report-title").fill("Two modes")
    page.locator("#plan-report-mode").get_by_text("The one counted above").click()
    with page.expect_download() as saving:
        page.get_by_role("button", name="PDF").click()
    assert saving.value.suggested_filename == "beamcast-silicon-beam-time.pdf"
    (body,) = bodies
    assert (body["title"], body["hours"]) == ("Two modes", 5.5)
    assert body["plan"]["constraints"]["facilities"] == ["ISIS"]
    assert [one["instrument"] for one in body["plan"]["settings"]] == ["MAPS"]
    page.get_by_role("button", name="Add to proposal").click()
    link = page.locator("#plan-report-message a")
    expect(link).to_have_text("Two modes")
    proposal = page.request.get(page.url.split("/plan/")[0] + "/api/v1" + str(link.get_attribute("href"))).json()
    assert proposal["plan"]["prediction_id"] == site.harmonic_id
    assert proposal["prediction_ids"] == [site.harmonic_id]
    assert [one["instrument"] for one in proposal["settings"]] == ["MAPS", "MERLIN"]


@pytest.mark.slow
def test_measured_data_go_into_the_report(visit: Open, site: Site) -> None:
    page = visit("/about")
    api = page.url.removesuffix("/about") + "/api/v1"
    rows = "\n".join(f"{energy},{1 + energy % 7},0.5" for energy in range(5, 80))
    file: FilePayload = {"name": "run.csv", "mimeType": "text/csv", "buffer": f"energy (meV),S,error\n{rows}".encode()}
    said = {"name": "Last year", "instrument": "MAPS", "structure_id": site.structure_id}
    made = page.request.post(f"{api}/datasets", multipart={"file": file, **said})
    assert made.status == 201, made.text()
    dataset_id = made.json()["id"]
    try:
        page, _ = planned(visit, site)
        bodies: list[dict[str, Any]] = []
        page.route(
            "**/api/v1/reports",
            lambda route: (bodies.append(route.request.post_data_json), route.fulfill(body="%PDF-1.7")),
        )
        page.locator("#plan-report-data").click()
        page.get_by_role("option", name="Last year").click()
        with page.expect_download():
            page.get_by_role("button", name="PDF").click()
        assert bodies[0]["dataset_ids"] == [dataset_id]
    finally:
        page.request.delete(f"{api}/datasets/{dataset_id}")


@pytest.mark.slow
def test_from_the_forecast_to_the_report_with_the_real_api(visit: Open, site: Site) -> None:
    page = visit(f"/forecast/{site.structure_id}?predictions={site.harmonic_id}&instruments=MAPS&iso.Si=30Si")
    page.locator("#spectrum-graph .scatterlayer .trace").first.wait_for(state="attached")
    expect(page.locator("#plan-link")).to_have_attribute("href", re.compile(r"iso\.Si=30Si"))
    page.locator("#plan-link").click()
    expect(page.locator("#plan-features-list")).to_contain_text("60 meV")
    expect(page.locator("#plan-best article").first).to_be_visible()
    expect(page.locator("#plan-sample-body")).to_contain_text("³⁰Si")
    expect(page.locator("#plan-measurement-words")).to_contain_text("counts in")
    page.locator("#plan-front-graph .scatterlayer .trace").first.wait_for(state="attached")
    page.locator("#plan-sheet").scroll_into_view_if_needed()
    page.locator("#plan-sheet-graph .scatterlayer .trace").first.wait_for(state="attached")
    with page.expect_download() as saving:
        page.get_by_role("button", name="PDF").click()
    assert saving.value.path().read_bytes().startswith(b"%PDF")
