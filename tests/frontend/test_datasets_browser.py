"""Measured data in a real browser: a line at 60 meV, as it comes from a file, laid over the forecast of one mode."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from .browsing import PHONE, WIDE, Open
from .conftest import Site
from .test_browser import drawn

# Into every corner; that it works at all is seen by tests/e2e and test_browser.py
pytestmark = [pytest.mark.e2e, pytest.mark.slow]

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
    from sqlmodel import select

    from backend.datasets import deletion
    from backend.datasets.tables import Dataset
    from backend.kit.db import database
    from backend.kit.db.owners import LOCAL_USER, Scope

    with database.transaction(site.settings) as session:
        scope = Scope(session, LOCAL_USER)
        for one in session.exec(select(Dataset)).all():
            deletion.delete(scope, one.id)


def opened(visit: Open, site: Site, more: str = "", **how: Any) -> Page:
    page = visit(f"/forecast/{site.structure_id}?predictions={site.harmonic_id}&instruments=MAPS{more}", **how)
    drawn(page)
    return page


def put(page: Page, file: FilePayload) -> None:
    page.locator("#data-file").set_input_files(file)


def choose(page: Page, id: str, option: str) -> None:
    page.locator(f"input#{id}").click()
    page.get_by_role("option", name=option, exact=True).click()


def asked_of_figures(page: Page) -> list[dict[str, Any]]:
    """The bodies that figures are asked for with, from now on."""
    bodies: list[dict[str, Any]] = []
    page.on("request", lambda r: bodies.append(json.loads(r.post_data or "{}")) if r.url.endswith("/figures") else None)
    return bodies


@pytest.mark.parametrize(("size", "dark"), [(WIDE, False), (PHONE, True)], ids=["1440", "390-dark"])
def test_the_card_fits_the_screen(visit: Open, site: Site, size: tuple[int, int], dark: bool) -> None:
    page = opened(visit, site, size=size, dark=dark)
    put(page, measured())
    page.locator("#data-preview .scatterlayer .trace").wait_for(state="attached")
    choose(page, "data-instrument", "MAPS")
    expect(page.get_by_label("Incident energy in meV").last).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size[0]


def test_a_file_is_looked_at_kept_and_laid_over_the_forecast(visit: Open, site: Site) -> None:
    page = opened(visit, site)
    bodies = asked_of_figures(page)
    put(page, measured())
    card = page.locator("#data-card")
    expect(card).to_contain_text("cm⁻¹, told by the column")
    expect(card).to_contain_text("201, with errors")
    expect(card).to_contain_text("10 to 110 meV")
    assert page.locator("#data-name").input_value() == "run"
    page.locator("#data-name").fill("Last year")
    choose(page, "data-instrument", "TOSCA")
    page.locator("#data-keep").click()
    expect(card).to_be_hidden()
    expect(page.get_by_role("checkbox", name="Last year")).to_be_checked()
    expect(page.locator("#data-list")).to_contain_text("TOSCA · 10 to 110 meV (file in cm⁻¹) · 201 points with errors")
    expect(page.locator("#spectrum-graph .legend")).to_contain_text("Last year")
    page.wait_for_url("**datasets=*")
    made = parse_qs(urlsplit(page.url).query)["datasets"][0]
    assert bodies[-1]["dataset_ids"] == [made]
    assert (bodies[-1]["offset"], bodies[-1]["dataset_scale"]) == (0, "fit")
    # The instrument that it was measured on has come along, and goes again
    expect(page.locator("#spectrum-graph .legend")).to_contain_text("TOSCA, harmonic")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#spectrum-graph .legend")).not_to_contain_text("TOSCA, harmonic")
    expect(page.locator("#spectrum-graph .legend")).to_contain_text("Last year")
    # The address is all that is needed to see it again
    again = visit(page.url.removeprefix(str(page.evaluate("() => location.origin"))))
    expect(again.locator("#spectrum-graph .legend")).to_contain_text("Last year")
    again.get_by_role("checkbox", name="Last year").uncheck()
    expect(again.locator("#spectrum-graph .legend")).not_to_contain_text("Last year")
    expect(again.locator("#data-tools")).to_be_hidden()


def test_an_instrument_comes_along_with_the_settings_that_the_data_have(visit: Open, site: Site) -> None:
    page = opened(visit, site, more="&instruments=TOSCA")
    put(page, measured())
    choose(page, "data-instrument", "ARCS")
    page.locator("#data-settings").get_by_label("Incident energy").last.fill("130")
    page.locator("#data-keep").click()
    page.wait_for_url("**ARCS.e_init=130*")
    expect(page.locator("#setting-ARCS-e_init .mantine-NumberInput-input")).to_have_value("130 meV")
    expect(page.locator("#data-followed")).to_contain_text("ARCS with Eᵢ = 130 meV is shown, too")


def drop(page: Page, file: FilePayload) -> None:
    """Let a file fall onto the map, far from the place that asks for one."""
    transfer = page.evaluate_handle(
        """([name, text]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], name));
            return transfer;
        }""",
        [file["name"], file["buffer"].decode()],
    )
    page.dispatch_event("#map", "dragover", {"dataTransfer": transfer})
    expect(page.locator("#data-drop")).to_have_class("data-drop is-over")
    page.dispatch_event("#map", "drop", {"dataTransfer": transfer})


def test_refused_files_and_units_that_nobody_tells_are_explained_and_nothing_is_lost(visit: Open, site: Site) -> None:
    page = opened(visit, site, refused=True)
    drop(page, {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"bring more vanadium\n"})
    expect(page.locator("#data-message")).to_contain_text("notes.txt could not be used.")
    expect(page.locator("#data-message")).to_contain_text("The file has no table of numbers")
    drop(page, measured(head="x,y,e"))
    expect(page.locator("#data-card")).to_contain_text("The file does not tell it: choose.")
    # What is on the card is not lost to another file
    put(page, measured("another.csv"))
    expect(page.locator("#data-message")).to_contain_text("Keep or discard")
    expect(page.locator("#data-card-title")).to_have_text("run.csv")
    page.locator("#data-keep").click()
    expect(page.locator("#data-card")).to_contain_text("Choose the unit of the energy axis.")
    # What was typed stays when the file is read anew
    page.locator("#data-name").fill("My run")
    page.locator("#data-temperature").fill("77")
    choose(page, "data-unit", "cm⁻¹")
    expect(page.locator("#data-facts")).to_contain_text("10 to 110 meV")
    expect(page.locator("#data-facts")).to_contain_text("cm⁻¹, as you say")
    page.locator("#data-keep").click()
    expect(page.get_by_role("checkbox", name="My run")).to_be_checked()
    expect(page.locator("#data-list")).to_contain_text("77 K")
    expect(page.locator("#data-drop")).to_be_visible()


def test_exposure_and_mass_are_kept_and_offered_to_calibrate_a_plan(visit: Open, site: Site) -> None:
    page = opened(visit, site)
    put(page, measured())
    choose(page, "data-instrument", "TOSCA")
    page.locator("#data-mass").fill("3.2")
    page.locator("#data-exposure-uah").fill("900")
    page.locator("#data-keep").click()
    expect(page.locator("#data-list")).to_contain_text("3.2 g · 900 µA h")
    page.get_by_role("button", name="Edit run").click()
    expect(page.locator("#data-exposure-uah")).to_have_value("900 µA h")
    page.locator("#data-exposure-h").fill("6")
    page.locator("#data-keep").click()
    expect(page.locator("#data-list")).to_contain_text("900 µA h · 6 h")
    planning = visit(f"/plan/{site.structure_id}", refused=True)
    planning.get_by_label("run · TOSCA, 900 µA h, 3.2 g").check(force=True)
    planning.wait_for_url("**calibrations=*")
    # They are made up, and nothing like the forecast that is planned with: it says so at their place
    expect(planning.get_by_text("The forecast does not fit the dataset")).to_be_visible()


def test_a_late_answer_to_an_older_question_is_dropped(visit: Open, site: Site) -> None:
    page = opened(visit, site)
    put(page, measured())
    expect(page.locator("#data-facts")).to_contain_text("10 to 110 meV")
    held: list[Route] = []

    def hold(route: Route) -> None:
        if b"\r\n\r\nTHz\r\n" in (route.request.post_data_buffer or b""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/datasets/preview", hold)
    with page.expect_request("**/datasets/preview"):
        choose(page, "data-unit", "THz (frequency ν)")
    # It is told to stop, and so its answer cannot come any more
    with page.expect_event("requestfailed", lambda request: request == held[0].request):
        choose(page, "data-unit", "eV")
    expect(page.locator("#data-facts")).to_contain_text("eV, as you say")
    expect(page.locator("#data-facts")).not_to_contain_text("THz")


def test_data_are_renamed_downloaded_and_deleted_after_a_question(visit: Open, site: Site) -> None:
    page = opened(visit, site, refused=True)
    put(page, measured())
    page.locator("#data-keep").click()
    page.get_by_role("button", name="Edit run").click()
    page.locator("#data-preview .scatterlayer .trace").wait_for(state="attached")
    page.locator("#data-name").fill("Better name")
    choose(page, "data-unit", "meV")
    page.get_by_role("button", name="Save").click()
    # Another unit: other energies, under the same id, which the forecast does not reach
    expect(page.locator("#data-list")).to_contain_text("80.7 to 887 meV")
    expect(page.locator("#comparison-problem")).to_contain_text("meV")
    expect(page.locator("#spectrum-graph .legend")).to_contain_text("Better name")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Better name as CSV").click()
    assert saving.value.suggested_filename == "beamcast-better-name.csv"
    assert "energy_mev,intensity,standard_error" in saving.value.path().read_text()
    with page.expect_download() as original:
        page.get_by_role("link", name="Original file of Better name").click()
    assert original.value.suggested_filename == "run.csv"
    page.get_by_role("button", name="Delete Better name").click()
    expect(page.locator(".mantine-Modal-content")).to_contain_text("Delete “Better name”?")
    page.locator("#confirm-yes").click()
    expect(page.locator("#data-list")).to_be_empty()
    expect(page.locator("#spectrum-graph .legend")).not_to_contain_text("Better name")
