"""The modes behind a peak in a real browser: found by a click or by energy, listed, and animated."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from tests.scattering.test_modes import silicon

from .browsing import PHONE, Open, overflow, violations
from .conftest import SILICON, ZONES, CrystalSite, Site, flat_branch, forecast, one_mode, run

pytestmark = pytest.mark.e2e

PEAK_MEV = 37.0
"""Among the optical modes of `silicon`."""
GRAPH = "document.querySelector('#spectrum .graph')"
MOTION = "document.querySelector('#motion .graph')"


@pytest.fixture(scope="module")
def peak(site: Site) -> str:
    """Address of a harmonic forecast with force constants."""
    structure_id = run(site.api.upload_structure("modes.vasp", SILICON.replace(b"Silicon", b"Modes")))["id"]
    body = {
        "structure_id": structure_id,
        "method": "harmonic",
        "quality": "preview",
        "instruments": ["TOSCA", "MAPS"],
        "options": {"n_orders": 2},
    }
    prediction_id = run(site.api.start(body, idempotency_key="modes-harmonic"))["id"]
    partials = one_mode(PEAK_MEV, n_orders=2)
    # Mean-square displacements of 0.03 Å², without which nothing would scatter
    debye_waller = np.exp(-(partials.q**2) * 0.01)[None]
    known = replace(partials, incoherent_elastic=debye_waller, harmonic_crystal=silicon())
    forecast(site.settings, prediction_id, known)
    return f"/forecast/{structure_id}?predictions={prediction_id}&instruments=TOSCA,MAPS"


def click_energy(page: Page, energy_mev: float, curve: str) -> None:
    """Click the spectrum at an energy, at the height of a curve."""
    page.locator("#spectrum .scatterlayer .trace").first.wait_for(state="attached")
    x, y = page.evaluate(
        f"""([energy, name]) => {{
            const {{xaxis, yaxis}} = {GRAPH}._fullLayout;
            const curve = {GRAPH}._fullData.find((trace) => trace.name.startsWith(name));
            const nearest = Array.from(curve.x).findIndex((value) => value >= energy);
            return [xaxis.d2p(energy), Math.max(yaxis.d2p(curve.y[nearest]), 2)];
        }}""",
        [energy_mev, curve],
    )
    # Waits until the page above has all its parts, and nothing moves
    expect(page.locator("#trust-badges button").first).to_be_visible()
    area = page.locator("#spectrum .nsewdrag").first
    area.hover(position={"x": x, "y": y})
    page.locator("#spectrum .hoverlayer .legend, #spectrum .hoverlayer .hovertext").first.wait_for()
    area.click(position={"x": x, "y": y})


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def trace(page: Page, name: str) -> str:
    """The expression of a trace of the animation."""
    return f"{MOTION}.data.find((trace) => trace.name === '{name}')"


def shown_mode(page: Page) -> str:
    button = page.locator("[aria-pressed=true]")
    expect(button).to_have_count(1)
    return str(button.get_attribute("data-mode"))


def test_a_click_opens_the_modes_of_the_peak(visit: Open, peak: str) -> None:
    page = visit(peak)
    click_energy(page, PEAK_MEV + 0.4, "TOSCA, harmonic")
    modes = page.get_by_role("region", name="Modes behind a peak")
    buttons = modes.get_by_role("button", name="meV")
    expect(buttons.first).to_be_visible()
    # The top of the peak, not the pixel
    assert float(query(page)["peak"][0]) == pytest.approx(PEAK_MEV, abs=0.3)
    expect(modes.get_by_label("Energy")).to_have_value(query(page)["peak"][0])
    expect(modes.get_by_role("table")).to_contain_text("Si\u00a0100\u00a0%")
    # The atoms move; along which axes is chance, where energies are degenerate
    page.wait_for_function(f"() => {MOTION}?.data?.length")
    places = f"['x', 'y', 'z'].flatMap((axis) => Array.from({trace(page, 'Si')}[axis]))"
    first = page.evaluate(f"() => {places}")
    page.wait_for_function(f"(first) => {places}.some((place, at) => place !== first[at])", arg=first)
    modes.get_by_role("button", name="Pause").click()
    page.wait_for_function(f"() => {trace(page, 'arrows')}.visible")
    modes.get_by_role("button", name="Play").click()
    page.wait_for_function(f"() => !{trace(page, 'arrows')}.visible")
    # A copied link opens the same peak and the same mode
    again = visit(page.url.removeprefix(str(page.evaluate("() => location.origin"))))
    assert shown_mode(again) == shown_mode(page)
    assert again.evaluate(f"() => {GRAPH}.layout?.shapes?.length ?? 0") in (0, 1)
    page.get_by_role("button", name="Close").click()
    expect(buttons.first).to_be_hidden()
    assert "peak" not in query(page)
    page.go_back()
    expect(buttons.first).to_be_visible()


def test_modes_are_found_without_a_mouse(visit: Open, peak: str) -> None:
    page = visit(peak)
    page.emulate_media(reduced_motion="reduce")
    modes = page.get_by_role("region", name="Modes behind a peak")
    energy = modes.get_by_label("Energy")
    energy.focus()
    expect(modes.get_by_label("Curve")).to_be_visible()
    page.keyboard.type("36.8")
    page.keyboard.press("Enter")
    first = modes.get_by_role("table").get_by_role("button").first
    expect(first).to_be_visible()
    assert query(page)["peak"] == ["36.8"]
    # At rest, with arrows
    expect(modes.get_by_role("button", name="Play")).to_be_visible()
    page.wait_for_function(f"() => {MOTION}?.data?.length && {trace(page, 'arrows')}.visible")
    modes.get_by_label("Curve").select_option("TOSCA")
    expect(page.locator("#modes-summary")).to_contain_text("TOSCA")
    assert query(page)["peak_of"] == ["TOSCA"]
    # Far above all phonons there is nothing to animate
    energy.fill("200")
    energy.press("Enter")
    expect(modes.get_by_role("table")).to_be_hidden()


def test_phonons_have_a_tab(visit: Open, peak: str) -> None:
    page = visit(f"{peak}&tab=phonons&peak={PEAK_MEV}", PHONE, dark=True)
    page.locator("#phonons .scatterlayer .trace").first.wait_for(state="attached")
    roles = page.evaluate("() => document.querySelector('#phonons .graph').data.map((trace) => trace.meta.role)")
    assert set(roles) == {"dispersion", "density"}
    page.wait_for_function(f"() => {MOTION}?.data?.length")
    assert overflow(page) <= 0
    assert violations(page) == []


def test_phonons_of_other_forecasts_are_overlaid(visit: Open, site: Site, peak: str) -> None:
    structure_id = urlsplit(peak).path.rsplit("/", 1)[-1]
    body = {"structure_id": structure_id, "method": "harmonic", "temperature_k": 77, "instruments": ["TOSCA"]}
    other_id = run(site.api.start(body, idempotency_key="modes-overlaid"))["id"]
    crystal = silicon()
    softer = replace(crystal, force_constants=0.8 * crystal.force_constants)
    forecast(site.settings, other_id, replace(one_mode(PEAK_MEV), harmonic_crystal=softer))
    page = visit(f"{peak}&tab=phonons", PHONE, dark=True)
    page.locator("#phonons .scatterlayer .trace").first.wait_for(state="attached")
    chips = page.get_by_role("group", name="Overlay").get_by_role("checkbox")
    # All but the forecast itself
    expect(chips).to_have_count(1)
    chips.first.focus()
    page.keyboard.press("Space")
    traces = "Array.from(document.querySelector('#phonons .graph')?.data ?? [])"
    page.wait_for_function(f"() => {traces}.length === 4")
    assert query(page)["phonons_of"] == [other_id]
    page.get_by_role("radio", name="Neutron-weighted").check(force=True)
    title = "document.querySelector('#phonons .graph').layout.xaxis2.title.text"
    page.wait_for_function(f"() => {title}.startsWith('Neutron-weighted')")
    names = page.evaluate(f"() => {traces}.filter((one) => one.meta.role === 'dispersion').map((one) => one.name)")
    assert len(set(names)) == 2
    assert overflow(page) <= 0
    assert violations(page) == []
    # A copied link shows the same, and a click on the other forecast opens no modes of this one
    again = visit(page.url.removeprefix(str(page.evaluate("() => location.origin"))))
    again.wait_for_function(f"() => {traces}.length === 4")
    again.evaluate(
        "() => document.querySelector('#phonons .graph').emit('plotly_click', "
        "{points: [{y: 60, pointNumber: 3, data: document.querySelector('#phonons .graph').data[2]}]})"
    )
    assert "peak" not in query(again)


def test_the_file_of_the_phonon_website_is_saved(visit: Open, site: Site, peak: str) -> None:
    page = visit(f"{peak}&tab=files", PHONE, dark=True)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Modes for the phonon website").click()
    assert saved.value.suggested_filename.endswith("phonon-website.json")
    written = json.loads(Path(saved.value.path()).read_text(encoding="utf-8"))
    assert (written["natoms"], written["highsym_qpts"][0]) == (2, [0, "Γ"])
    assert overflow(page) <= 0
    # Of forecasts without force constants the answer says why there is none
    old = visit(f"/forecast/{site.structure_id}?predictions={site.harmonic_id}&tab=files", refused=True)
    old.get_by_role("button", name="Modes for the phonon website").click()
    expect(old.locator("#download-message")).to_be_visible()


def names_of_inputs(page: Page) -> list[str]:
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download inputs").click()
    with zipfile.ZipFile(saved.value.path()) as archive:
        return archive.namelist()


def test_displaced_supercells_of_a_forecast_and_of_a_structure(visit: Open, site: Site, peak: str) -> None:
    page = visit(f"{peak}&tab=files", PHONE, dark=True)
    page.get_by_text("Displaced supercells for DFT").click()
    page.get_by_label("Code").select_option("castep")
    page.get_by_label("Repeat cell").fill("2")
    assert overflow(page) <= 0
    assert violations(page) == []
    names = names_of_inputs(page)
    assert {"README.txt", "phonopy_disp.yaml", "perfect/supercell.cell", "disp-001/supercell.param"} <= set(names)
    structure = visit(f"/structures/{site.structure_id}", PHONE, refused=True)
    structure.get_by_text("Displaced supercells for DFT").click()
    structure.get_by_label("Repeat cell").fill("20 20 20")
    structure.get_by_role("button", name="Download inputs").click()
    expect(structure.locator("#displaced-message")).to_contain_text("512")
    structure.get_by_label("Repeat cell").fill("1 1 2")
    assert "disp-001/POSCAR" in names_of_inputs(structure)
    assert overflow(structure) <= 0
    assert violations(structure) == []


def test_a_forecast_without_force_constants_offers_to_run_again(visit: Open, site: Site) -> None:
    path = f"/forecast/{site.structure_id}?predictions={site.harmonic_id},{site.md_id}&instruments=TOSCA"
    page = visit(f"{path}&peak=60", refused=True)
    again = page.get_by_role("link", name="Run the forecast again")
    expect(again).to_have_attribute("href", f"/structures/{site.structure_id}?from={site.harmonic_id}")
    page.get_by_role("radio", name="Phonons").check(force=True)
    expect(page.locator("#phonons").get_by_role("link", name="Run the forecast again")).to_be_visible()


def test_dynamics_have_no_modes(visit: Open, site: Site) -> None:
    page = visit(f"/forecast/{site.structure_id}?predictions={site.harmonic_id},{site.md_id}&instruments=TOSCA")
    click_energy(page, 57.8, "TOSCA, MD")
    expect(page.locator("#modes-hint")).to_contain_text("molecular dynamics")
    assert "peak" not in query(page)
    page = visit(f"/forecast/{site.structure_id}?predictions={site.md_id}&instruments=TOSCA")
    expect(page.get_by_role("radio", name="Phonons")).to_have_count(0)
    click_energy(page, 57.8, "TOSCA, MD")
    expect(page.get_by_role("link", name="start a harmonic forecast")).to_be_visible()


def test_a_cut_through_a_crystal_is_asked_for_its_wave_vector(visit: Open, crystal: CrystalSite) -> None:
    page = visit(
        f"/forecast/{crystal.structure_id}?predictions={crystal.harmonic_id}&instruments=ARCS&point=X", refused=True
    )
    with page.expect_request(lambda request: request.url.endswith("/modes")) as asked:
        click_energy(page, 60.0, "ARCS")
    body = asked.value.post_data_json
    assert body["path"]["point"] == "X"
    assert body["energy_mev"] == pytest.approx(60.0, abs=0.5)
    # Understood, but this forecast kept no force constants
    response = asked.value.response()
    assert response is not None
    assert response.status == 409


@pytest.fixture(scope="module")
def crystal_peak(site: Site) -> str:
    """Address of a harmonic forecast of a single crystal with force constants, at 37 meV along Γ–X–W."""
    structure_id = run(site.api.upload_structure("path.vasp", SILICON.replace(b"Silicon", b"Path")))["id"]
    body = {
        "structure_id": structure_id,
        "method": "harmonic",
        "sampling": "path",
        "quality": "preview",
        "instruments": ["ARCS"],
        "options": {"path": "Γ-X-W", "zones": ZONES},
    }
    prediction_id = run(site.api.start(body, idempotency_key="modes-crystal"))["id"]
    forecast(site.settings, prediction_id, replace(flat_branch(PEAK_MEV), harmonic_crystal=silicon()))
    return f"/forecast/{structure_id}?predictions={prediction_id}&instruments=ARCS"


def test_a_click_on_a_map_asks_for_the_modes_at_its_wave_vector(visit: Open, crystal_peak: str) -> None:
    page = visit(f"{crystal_peak}&tab=map")
    page.locator("#map .heatmaplayer image").wait_for(state="attached")
    expect(page.locator("#trust-badges button").first).to_be_visible()
    x, y = page.evaluate(
        """energy => {
            const {xaxis, yaxis} = document.querySelector('#map .graph')._fullLayout;
            return [0.4 * xaxis.d2p(xaxis.tickvals[1]), yaxis.d2p(energy)];
        }""",
        PEAK_MEV + 0.4,
    )
    area = page.locator("#map .nsewdrag").first
    area.hover(position={"x": x, "y": y})
    page.locator("#map .hoverlayer .hovertext").first.wait_for()
    with page.expect_request(lambda request: request.url.endswith("/modes")) as asked:
        area.click(position={"x": x, "y": y})
    body = asked.value.post_data_json
    # The third of six wave vectors from Γ to X, and the top of the branch
    assert body["path"]["point"] == 2
    assert body["energy_mev"] == pytest.approx(PEAK_MEV, abs=0.3)
    modes = page.get_by_role("region", name="Modes behind a peak")
    expect(modes.get_by_label("Wave vector")).to_have_value("0,0,0.4")
    expect(page.locator("#modes-summary")).to_contain_text("At (0 0 0.4)")
    assert query(page)["point"] == ["0,0,0.4"]
    # The circle on the map
    page.wait_for_function(
        "() => document.querySelector('#map .graph').layout.shapes.some(({ type }) => type === 'circle')"
    )
    assert violations(page) == []


def test_an_energy_typed_before_the_modes_are_loaded_is_kept(visit: Open, peak: str) -> None:
    page = visit(peak)
    held: list[Route] = []
    page.route("**/forecast/modes.js*", lambda route: held.append(route))
    energy = page.get_by_role("region", name="Modes behind a peak").get_by_label("Energy")
    with page.expect_request("**/forecast/modes.js*"):
        energy.focus()
    page.keyboard.type(str(PEAK_MEV))
    with page.expect_response("**/forecast/modes.js*"):
        held.pop().continue_()
    expect(energy).to_have_value(str(PEAK_MEV))
    with page.expect_request(lambda request: request.url.endswith("/modes")):
        page.keyboard.press("Enter")
    page.wait_for_url(f"**peak={PEAK_MEV:g}*")


def test_a_wave_vector_and_an_energy_are_chosen_without_a_mouse(visit: Open, crystal_peak: str) -> None:
    page = visit(f"{crystal_peak}&point=0,0,0.4", PHONE)
    modes = page.get_by_role("region", name="Modes behind a peak")
    place = modes.get_by_label("Wave vector")
    expect(place).to_have_value("0,0,0.4")
    place.select_option("W")
    page.wait_for_url("**point=W*")
    energy = modes.get_by_label("Energy")
    energy.focus()
    page.keyboard.type(str(PEAK_MEV))
    with page.expect_request(lambda request: request.url.endswith("/modes")) as asked:
        page.keyboard.press("Enter")
    assert asked.value.post_data_json["path"]["point"] == "W"
    expect(page.locator("#modes-summary")).to_contain_text("At W")
    assert overflow(page) <= 0
    assert violations(page) == []
