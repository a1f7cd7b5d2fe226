"""Trainings in a browser: from the structure to labels, progress, evidence and a forecast. The worker is played."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from backend.jobs import leases
from backend.trainings import files
from scattering.core.notices import Notice
from tests.backend.trained import TRAINER, labels_of

from . import training as trainings
from .browsing import PHONE, WIDE, Open, curves, delete, overflow, violations
from .conftest import Site, run, working_in

pytestmark = pytest.mark.e2e

IDLE = "() => !document.querySelector('form[aria-busy=true]')"
LABELS = labels_of(14)
UPLOAD = "Upload labels, extended XYZ"


def open_form(visit: Open, structure_id: str, size: tuple[int, int] = WIDE, query: str = "", **options: bool) -> Page:
    page = visit(f"/train/{structure_id}{query}", size, **options)
    page.wait_for_function(IDLE)
    return page


def file_of(content: bytes, name: str = "si.xyz") -> Any:
    return {"name": name, "mimeType": "chemical/x-xyz", "buffer": content}


@pytest.mark.slow
def test_from_the_structure_to_a_forecast_with_the_trained_potential(
    visit: Open, site: Site, address: str, tmp_path: Path
) -> None:
    structure_id = trainings.structure(site)
    with trainings.trainer(site):
        page = visit(f"/structures/{structure_id}", refused=True)
        page.get_by_role("link", name="Improve the potential for this material").click()
        page.wait_for_function(IDLE)
        page.get_by_role("button", name="Start training").click()
        expect(page.get_by_label("Labels", exact=True)).to_have_attribute("aria-invalid", "true")

        # The third frame has no forces
        lines = LABELS.decode().splitlines(keepends=True)
        frame = int(lines[0]) + 2
        lines[2 * frame + 1] = lines[2 * frame + 1].replace("forces:R:3", "other:R:3")
        page.get_by_label(UPLOAD).set_input_files(file_of("".join(lines).encode(), "bad.xyz"))
        alert = page.locator("#labels-message").get_by_role("alert")
        expect(alert).to_contain_text("bad.xyz could not be used")
        expect(alert).to_contain_text("3")
        expect(page.get_by_label("Labels", exact=True)).to_have_value("")

        page.get_by_label("Level of theory of new labels").fill("PBE, 300 eV")
        page.get_by_label(UPLOAD).set_input_files(file_of(LABELS))
        expect(page.get_by_label("Labels", exact=True)).not_to_have_value("")
        expect(page.locator("#form-summary")).to_contain_text("Takes")
        page.get_by_role("radio", name="Quick").check()
        page.get_by_role("button", name="Start training").click()
        page.wait_for_url("**/trainings/**")
    training_id = page.url.rpartition("/")[2]
    expect(page.get_by_text("Waiting", exact=True)).to_be_visible()

    with working_in(site.settings), trainings.trainer(site):
        lease = leases.claim(TRAINER, 1)
        assert lease is not None
        (site.settings.training_dir(training_id) / "work" / files.LOSS).write_text("[[6, 4.0, 5.0], [12, 2.0, 3.0]]")
        leases.report(lease, Notice("train_potential", {"step": 12, "steps": 1000, "loss": 2.0}), 0.3)
        expect(page.get_by_text("Running", exact=True)).to_be_visible()
        assert set(curves(page, "Loss of the labels")) == {"Training labels", "Held-out labels"}
        leases.release(lease)
    trainings.complete(site, tmp_path / "made")

    expect(page.get_by_role("heading", name="Accepted")).to_be_visible()
    assert set(curves(page, "Phonons of")) == {"Reference", "Before", "After"}
    page.get_by_text("Density of states").click()
    page.wait_for_function(
        "() => document.querySelector('#phonons .graph').layout?.xaxis?.title?.text.includes('energy')"
    )
    page.get_by_role("figure", name="The potential over the reference").scroll_into_view_if_needed()
    assert set(curves(page, "The potential over the reference")) == {"Before", "After"}
    page.get_by_text("Options and checksums").click()
    expect(page.locator("#provenance")).to_contain_text("cd" * 32)

    page.get_by_role("link", name="Forecast with this potential").click()
    page.wait_for_function(IDLE)
    made = run(site.api.get(f"/trainings/{training_id}"))
    expect(page.locator("#potential-note")).to_contain_text("trained · for this structure")
    expect(page.locator("#potential")).to_have_value(made["potential_id"])
    page.goto("about:blank")
    trainings.remove(site, made)


def test_a_refused_option_is_said_at_its_field(visit: Open, site: Site) -> None:
    structure_id, labels = trainings.structure(site), trainings.upload_labels(site)
    with trainings.trainer(site):
        page = open_form(visit, structure_id, refused=True)
    page.get_by_text("More options").click()
    steps = page.get_by_label("Steps", exact=True)
    expect(steps).to_have_attribute("placeholder", "3000 (automatic)")
    rate = page.get_by_label("First learning rate")
    rate.fill("7")
    page.keyboard.press("Tab")
    expect(rate).to_have_attribute("aria-invalid", "true")
    rate.fill("")
    page.keyboard.press("Tab")
    expect(rate).not_to_have_attribute("aria-invalid", "true")
    # The address keeps what was chosen
    steps.fill("50")
    page.keyboard.press("Tab")
    page.wait_for_url("**steps=50**")
    page.reload()
    expect(page.get_by_label("Steps", exact=True)).to_have_value("50")
    delete(page, f"/structures/{structure_id}", f"/label-sets/{labels}")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["1440", "390"])
def test_a_potential_that_failed_is_told_with_why_and_deleted_after_a_question(
    visit: Open, site: Site, address: str, tmp_path: Path, size: tuple[int, int]
) -> None:
    refused = trainings.trained(site, tmp_path / "made", accepted=False)
    page = visit(f"/trainings/{refused['id']}", size, dark=size == PHONE)
    expect(page.get_by_role("heading", name="Not accepted")).to_be_visible()
    expect(page.get_by_text(re.compile("fell too little"))).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert violations(page) == []
    assert overflow(page) <= 0
    page.get_by_role("button", name="Delete this training").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url(f"{address}/potentials")
    expect(page.get_by_role("link", name=re.compile("Trained"))).to_have_count(0)
    page.goto("about:blank")
    trainings.remove(site, refused)


def test_a_queued_training_is_cancelled(visit: Open, site: Site) -> None:
    structure_id, labels = trainings.structure(site), trainings.upload_labels(site)
    asked = trainings.request(site, structure_id, labels)
    page = visit(f"/trainings/{asked['id']}")
    page.get_by_role("button", name="Cancel the training").click()
    expect(page.get_by_text("Cancelled.", exact=True)).to_be_visible()
    again = page.get_by_role("link", name="Change the settings and train again")
    expect(again).to_have_attribute("href", f"/train/{structure_id}?from={asked['id']}")
    page.goto("about:blank")
    run(site.api.call("DELETE", f"/structures/{structure_id}?with_predictions=true"))
    run(site.api.call("DELETE", f"/label-sets/{labels}"))
