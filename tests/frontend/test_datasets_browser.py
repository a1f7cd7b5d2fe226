"""Measured data in a real browser: a line at 60 meV, as it comes from a file, laid over the forecast of one mode."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import FilePayload, Locator, Page, Route, expect
from sqlmodel import select

from backend.datasets import deletion
from backend.datasets.tables import Dataset
from backend.kit.db import database
from backend.kit.db.owners import LOCAL_USER, Scope

from .browsing import PHONE, WIDE, Open, overflow, violations
from .conftest import Site

pytestmark = pytest.mark.e2e

CM_PER_MEV = 8.065544


def measured(name: str = "run.csv", *, head: str = "Energy transfer (cm-1),Intensity,Error") -> FilePayload:
    """A spectrum as somebody may have saved it: in cm⁻¹, with errors."""
    energy = np.arange(10.0, 110.1, 0.5)
    intensity = 500 * np.exp(-(((energy - 60.0) / 1.5) ** 2)) + 20
    rows = [f"{e * CM_PER_MEV:.3f},{y:.3f},{y**0.5:.3f}" for e, y in zip(energy, intensity, strict=True)]
    return {"name": name, "mimeType": "text/csv", "buffer": "\n".join([head, *rows, ""]).encode()}


@pytest.fixture(autouse=True)
def tidied(site: Site) -> Iterator[None]:
    """Datasets of one test are not in the next one's list."""
    yield
    with database.transaction(site.settings) as session:
        scope = Scope(session, LOCAL_USER)
        for one in session.exec(select(Dataset)).all():
            deletion.delete(scope, one.id)


def opened(visit: Open, site: Site, more: str = "&tab=data", **how: Any) -> Page:
    page = visit(f"/forecast/{site.structure_id}?predictions={site.harmonic_id}&instruments=MAPS{more}", **how)
    expect(legend(page)).to_contain_text("MAPS")
    return page


def legend(page: Page) -> Locator:
    return page.get_by_role("figure", name="Forecast spectrum").locator(".legend")


def put(page: Page, file: FilePayload) -> Locator:
    """Choose a file; return its card."""
    page.get_by_label("File of measured data").set_input_files(file)
    return card(page)


def card(page: Page) -> Locator:
    return page.get_by_role("dialog")


def own(page: Page) -> Locator:
    return page.get_by_role("list", name="Measured data of Silicon")


def save(page: Page, **fields: str) -> None:
    """Fill in the card and save it."""
    for label, text in fields.items():
        field = card(page).get_by_label(label.replace("_", " "))
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(text)
        else:
            field.fill(text)
    card(page).get_by_role("button", name="Save").click()
    expect(card(page)).to_be_hidden()


def asked_of_figures(page: Page) -> list[dict[str, Any]]:
    """The bodies that figures are asked for with, from now on."""
    bodies: list[dict[str, Any]] = []
    page.on("request", lambda r: bodies.append(json.loads(r.post_data or "{}")) if r.url.endswith("/figures") else None)
    return bodies


@pytest.mark.parametrize("dark", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["light", "dark"])
@pytest.mark.parametrize("size", [pytest.param(WIDE, marks=pytest.mark.slow), PHONE], ids=["1440", "390"])
def test_card_and_fit_fit_the_screen_and_are_accessible(
    visit: Open, site: Site, size: tuple[int, int], dark: bool
) -> None:
    page = opened(visit, site, size=size, dark=dark)
    put(page, measured())
    expect(card(page).locator(".scatterlayer .trace").first).to_be_attached()
    card(page).get_by_label("Measured on").select_option("MAPS")
    expect(card(page).get_by_label("Incident energy in meV")).to_be_visible()
    assert (overflow(page), violations(page)) == (0, [])

    save(page)

    expect(results(page)).to_contain_text("R-factor")
    expect(own(page)).to_contain_text("201 points")
    expect(page.locator("#fit [aria-busy=true]")).to_have_count(0)
    assert (overflow(page), violations(page)) == (0, [])


def test_what_numbers_and_title_nearly_prove_is_stated_with_one_click_each(visit: Open, site: Site) -> None:
    page = opened(visit, site)
    rows = "\n".join(f"{x} {1 + x % 7}" for x in range(20, 2001, 20))
    put(page, {"name": "run.dat", "mimeType": "text/plain", "buffer": f"# Silicon 20 K TOSCA\n{rows}\n".encode()})
    offered = card(page).get_by_role("list", name="Suggestions")
    expect(offered.get_by_role("listitem")).to_have_count(3)
    expect(offered).to_contain_text("20 to 2000, look like cm⁻¹")
    assert (overflow(page), violations(page)) == (0, [])

    offered.get_by_role("button", name="Use cm⁻¹").click()
    expect(card(page).locator(".scatterlayer .trace").first).to_be_attached()
    offered.get_by_role("button", name="Use TOSCA").click()
    expect(offered.get_by_role("listitem")).to_have_count(1)
    offered.get_by_role("button", name="Use 20 K").click()
    expect(offered).to_be_hidden()
    save(page)

    expect(own(page)).to_contain_text("TOSCA")
    expect(own(page)).to_contain_text("file in cm⁻¹")
    expect(own(page)).to_contain_text("20 K")


def results(page: Page) -> Locator:
    return page.get_by_role("region", name="Results of the comparison")


def test_a_file_is_looked_at_saved_and_laid_over_the_forecast(visit: Open, site: Site) -> None:
    page = opened(visit, site)
    bodies = asked_of_figures(page)
    put(page, measured())
    expect(card(page)).to_contain_text("cm⁻¹ (")
    expect(card(page)).to_contain_text("201, with errors")
    expect(card(page)).to_contain_text("10 to 110 meV")
    expect(card(page).get_by_label("Name")).to_have_value("run")
    save(page, Name="Last year", Measured_on="TOSCA")
    box = page.get_by_role("checkbox", name="Last year")
    expect(box).to_be_checked()
    expect(own(page)).to_contain_text("TOSCA · 10 to 110 meV (file in cm⁻¹) · 201 points with errors")
    expect(legend(page)).to_contain_text("Last year")
    made = parse_qs(urlsplit(page.url).query)["datasets"][0]
    assert bodies[-1]["dataset_ids"] == [made]
    assert (bodies[-1]["offset"], bodies[-1]["dataset_scale"]) == (0, "fit")
    # The instrument that it was measured on has come along, and goes again
    expect(legend(page)).to_contain_text("TOSCA, harmonic")
    page.get_by_role("button", name="Undo").click()
    expect(legend(page)).not_to_contain_text("TOSCA, harmonic")
    expect(legend(page)).to_contain_text("Last year")
    # The address is all that is needed to see it again, with the Data tab closed
    again = visit(page.url.removeprefix(str(page.evaluate("() => location.origin"))).replace("&tab=data", ""))
    expect(legend(again)).to_contain_text("Last year")
    again.get_by_role("radio", name="Data").check()
    again.get_by_role("checkbox", name="Last year").uncheck()
    expect(legend(again)).not_to_contain_text("Last year")
    expect(again.get_by_role("slider", name="Offset between curves")).to_be_hidden()
    again.go_back()
    expect(legend(again)).to_contain_text("Last year")


@pytest.mark.slow
def test_an_instrument_comes_along_with_the_settings_that_the_data_have(visit: Open, site: Site) -> None:
    page = opened(visit, site)
    put(page, measured())
    card(page).get_by_label("Measured on").select_option("ARCS")
    save(page, Incident_energy_in_meV="130")
    page.wait_for_url("**ARCS.e_init=130*")
    expect(page.get_by_role("spinbutton", name="ARCS: Incident energy in meV")).to_have_value("130")
    expect(page.get_by_text("ARCS with Eᵢ = 130 meV is shown, too")).to_be_visible()


def drop(page: Page, *files: FilePayload) -> None:
    """Let files fall onto the title of the page, far from the place that asks for one."""
    transfer = page.evaluate_handle(
        """(files) => {
            const transfer = new DataTransfer();
            for (const [name, text] of files) transfer.items.add(new File([text], name));
            return transfer;
        }""",
        [[file["name"], file["buffer"].decode()] for file in files],
    )
    for event in ("dragover", "drop"):
        page.dispatch_event("h1", event, {"dataTransfer": transfer})


def test_refused_files_and_units_that_are_not_stated_are_explained_and_nothing_is_lost(visit: Open, site: Site) -> None:
    page = opened(visit, site, "", refused=True)
    # On another tab: the file opens the data
    drop(page, {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"bring more vanadium\n"})
    expect(page.get_by_role("radio", name="Data")).to_be_checked()
    expect(page.get_by_role("alert").filter(has_text="notes.txt")).to_be_visible()
    expect(card(page)).to_have_count(0)
    drop(page, measured(head="x,y,e"), measured("second.csv"))
    unit = card(page).get_by_label("Unit of the energy axis")
    expect(unit).to_have_attribute("aria-invalid", "true")
    # What is on the card is not lost to another file
    drop(page, measured("another.csv"))
    expect(card(page).get_by_role("alert")).to_contain_text("another.csv")
    expect(card(page).get_by_role("heading")).to_have_text("run.csv")
    card(page).get_by_role("button", name="Save").click()
    expect(card(page).locator(".field-error").filter(has_text="unit")).to_be_visible()
    # What was typed stays when the file is read anew
    card(page).get_by_label("Name").fill("My run")
    card(page).get_by_label("Temperature").fill("77")
    unit.select_option("cm-1")
    expect(card(page)).to_contain_text("10 to 110 meV")
    expect(card(page)).to_contain_text("cm⁻¹ (selected)")
    save(page)
    expect(page.get_by_role("checkbox", name="My run")).to_be_checked()
    expect(own(page)).to_contain_text("77 K")


@pytest.mark.slow
def test_exposure_and_mass_are_kept(visit: Open, site: Site) -> None:
    page = opened(visit, site)
    put(page, measured())
    save(page, Measured_on="TOSCA", Mass_of_the_sample="3.2", Proton_charge="900")
    expect(own(page)).to_contain_text("3.2 g · 900 µA h")
    page.get_by_role("button", name="Edit run").click()
    expect(card(page).get_by_label("Proton charge")).to_have_value("900")
    save(page, Measuring_time="6", Mass_of_the_sample="")
    expect(own(page)).to_contain_text("900 µA h · 6 h")
    expect(own(page)).not_to_contain_text(" g ·")


@pytest.mark.slow
def test_a_late_answer_to_an_older_question_is_dropped(visit: Open, site: Site) -> None:
    page = opened(visit, site)
    put(page, measured())
    unit = card(page).get_by_label("Unit of the energy axis")
    expect(unit).to_have_value("cm-1")
    held: list[Route] = []

    def hold(route: Route) -> None:
        if b"\r\n\r\nTHz\r\n" in (route.request.post_data_buffer or b""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/datasets/preview", hold)
    with page.expect_request("**/datasets/preview"):
        unit.select_option("THz")
    # It is told to stop, and so its answer cannot come any more
    with page.expect_event("requestfailed", lambda request: request == held[0].request):
        unit.select_option("eV")
    expect(card(page)).to_contain_text("eV (selected)")


def test_data_are_renamed_downloaded_and_deleted_after_a_question(visit: Open, site: Site) -> None:
    page = opened(visit, site, refused=True)
    put(page, measured())
    save(page)
    page.get_by_role("button", name="Edit run").click()
    expect(card(page).locator(".scatterlayer .trace").first).to_be_attached()
    save(page, Name="Better name", Unit_of_the_energy_axis="meV")
    # Another unit: other energies, under the same id, which the forecast does not reach
    expect(own(page)).to_contain_text("80.7 to 887 meV")
    expect(page.locator("#comparison .is-problem")).to_be_visible()
    expect(legend(page)).to_contain_text("Better name")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Better name as CSV").click()
    assert saving.value.suggested_filename == "beamcast-better-name.csv"
    assert "energy_mev,intensity,standard_error" in saving.value.path().read_text()
    with page.expect_download() as original:
        page.get_by_role("link", name="Original file of Better name").click()
    assert original.value.suggested_filename == "run.csv"
    page.get_by_role("button", name="Delete Better name").click()
    page.get_by_role("dialog", name="Better name").get_by_role("button", name="Delete").click()
    expect(own(page).get_by_role("listitem")).to_have_count(0)
    expect(legend(page)).not_to_contain_text("Better name")
