"""A forecast in a real browser: one mode at 60 meV (58 in the dynamics)."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote

import httpx
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.scattering.test_modes import silicon

from .browsing import PHONE, WIDE, Open, curves, delete, position
from .conftest import Site, forecast, one_mode

pytestmark = pytest.mark.e2e


def forecast_path(site: Site, more: str = "") -> str:
    return f"/forecast/{site.structure_id}?predictions={site.harmonic_id},{site.md_id}&instruments=MAPS,TOSCA{more}"


def again(visit: Open, page: Page) -> Page:
    """Open the address of a page as somebody with the link does."""
    return visit(page.url.removeprefix(str(page.evaluate("() => location.origin"))))


def spectrum(page: Page) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return curves(page, "Forecast spectrum")


def wait_for_curve(page: Page, name: str, condition: str, argument: float) -> None:
    """Wait until a curve of the spectrum meets a condition on `trace` and `argument`."""
    page.wait_for_function(
        f"""([name, argument]) => document.querySelector('#spectrum .js-plotly-plot')?._fullData
            ?.some(trace => trace.name === name && {condition})""",
        arg=[name, argument],
    )


@pytest.mark.parametrize(("size", "dark"), [(WIDE, False), (PHONE, True)], ids=["1440", "390-dark"])
def test_it_fits_the_screen(visit: Open, site: Site, size: tuple[int, int], dark: bool) -> None:
    page = visit(forecast_path(site), size, dark=dark)
    spectrum(page)
    for tab in ("Map", "Data", "Reliability", "Files"):
        page.get_by_role("radio", name=tab).check(force=True)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= size[0]


def test_methods_share_their_axes_and_the_run_is_told(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    found = spectrum(page)
    assert set(found) == {"MAPS, harmonic", "TOSCA, harmonic", "MAPS, MD", "TOSCA, MD"}
    assert position(found["TOSCA, harmonic"]) == pytest.approx(60.0, abs=0.5)
    assert position(found["TOSCA, MD"]) == pytest.approx(58.0, abs=0.5)
    expect(page.get_by_role("region", name="Simulations")).to_contain_text("Ready")
    badge = page.locator("[data-badge]")
    expect(badge).to_have_attribute("data-badge", "unchecked")
    badge.click()
    expect(page.get_by_role("radio", name="Reliability")).to_be_checked()
    expect(page.get_by_role("region", name="Reliability")).to_contain_text("one mode is all there is")


def test_a_zoom_brings_finer_bins(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    energy = spectrum(page)["TOSCA, harmonic"][0]
    few = int(((energy > 55) & (energy < 65)).sum())
    graph = "document.querySelector('#spectrum .js-plotly-plot')"
    place = page.locator("#spectrum .nsewdrag").first.bounding_box()
    assert place is not None
    left, right = (
        place["x"] + page.evaluate(f"mev => {graph}._fullLayout.xaxis.d2p(mev)", mev) for mev in (50.0, 70.0)
    )
    height = place["y"] + place["height"] / 2
    page.mouse.move(left, height)
    page.mouse.down()
    page.mouse.move(right, height, steps=4)
    page.mouse.up()
    wait_for_curve(page, "TOSCA, harmonic", "trace.x.filter(mev => mev > 55 && mev < 65).length > argument", 5 * few)
    shown = page.evaluate(f"() => {graph}._fullLayout.xaxis.range")
    assert shown == pytest.approx([50, 70], abs=1)
    page.mouse.dblclick(left, height)
    page.wait_for_function(f"() => {graph}._fullLayout.xaxis.range[0] < 5")


def test_a_slider_redraws_the_address_keeps_it_and_back_undoes_it(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    reach = spectrum(page)["MAPS, harmonic"][0][-1]
    number = page.get_by_role("spinbutton", name="MAPS: Incident energy in meV")
    usual = number.input_value()
    slider = page.get_by_role("slider", name="MAPS: Incident energy")
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    # Less energy in, less can be lost
    wait_for_curve(page, "MAPS, harmonic", "trace.x[trace.x.length - 1] < argument", reach - 3)
    energy = number.input_value()
    assert float(energy) < float(usual)
    # Not the value before, of which this may be the beginning
    page.wait_for_url(re.compile(rf"MAPS\.e_init={re.escape(energy)}(&|$)"))
    other = again(visit, page)
    spectrum(other)
    expect(other.get_by_role("spinbutton", name="MAPS: Incident energy in meV")).to_have_value(energy)
    page.go_back()
    expect(number).to_have_value(usual)
    wait_for_curve(page, "MAPS, harmonic", "trace.x[trace.x.length - 1] > argument", reach - 1)


def test_figures_follow_the_theme(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    spectrum(page)
    title = page.locator("#spectrum .xtitle")
    light = title.evaluate("element => getComputedStyle(element).fill")
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(title).not_to_have_css("fill", light)
    assert page.evaluate("() => document.documentElement.dataset.theme") == "dark"


def test_controls_change_what_is_drawn(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    spectrum(page)
    page.get_by_role("radio", name="cm⁻¹").check(force=True)
    expect(page.locator("#spectrum .xtitle")).to_contain_text("cm⁻¹")
    page.get_by_role("switch", name="Detector banks").check()
    expect(page.locator("#spectrum .legend")).to_contain_text("Backward")
    page.get_by_role("checkbox", name="ARCS").check(force=True)
    expect(page.locator("#spectrum .legend")).to_contain_text("ARCS, MD")
    expect(page.get_by_role("spinbutton", name="ARCS: Incident energy in meV")).to_be_visible()
    page.get_by_role("radio", name="Files").check(force=True)
    expect(page.get_by_role("button", name="Spectrum on ARCS, MD, CSV")).to_be_visible()
    page.get_by_role("button", name="Reset these settings").click()
    expect(page.locator("#spectrum .xtitle")).to_contain_text("meV")
    assert "ARCS" not in page.url


def test_an_impossible_setting_is_explained_at_its_field_and_the_last_figure_is_said_to_be_old(
    visit: Open, site: Site
) -> None:
    page = visit(forecast_path(site, "&MAPS.e_init=60"), refused=True)
    before = spectrum(page)
    frequency = page.get_by_role("spinbutton", name="MAPS: Chopper frequency in Hz")
    # At 600 Hz MAPS's chopper stops neutrons this slow
    frequency.fill("600")
    figure_message = page.get_by_role("status").filter(has_text="The figure shows the settings before")
    expect(figure_message).to_be_visible()
    expect(frequency).to_have_attribute("aria-invalid", "true")
    setting = page.locator('[data-instrument="MAPS"] .setting').filter(has=frequency)
    expect(setting).to_contain_text("MAPS transmits no neutrons")
    assert spectrum(page).keys() == before.keys()
    frequency.fill("200")
    expect(figure_message).to_have_count(0)
    expect(setting).not_to_contain_text("MAPS transmits no neutrons")
    assert "MAPS, harmonic" in spectrum(page)


@pytest.mark.parametrize(
    ("group", "field", "value", "words"),
    [
        ("Ranges", "Energy range", "1e9", "Must be at most 10000."),
        ("Ranges", "Energy range", "0.0001", "at least 0.1 meV wide"),
        ("Corrections", "Energy scale factor", "5", "Must be at most 2."),
    ],
)
def test_a_number_out_of_its_bounds_is_said_and_the_figure_stays(
    visit: Open, site: Site, group: str, field: str, value: str, words: str
) -> None:
    page = visit(forecast_path(site), refused=True)
    before = spectrum(page)
    page.get_by_text(group, exact=True).click()
    within = page.get_by_role("group", name=field).get_by_label("To")
    number = within if group == "Ranges" else page.get_by_role("spinbutton", name=field)
    number.fill(value)
    field_of_number = number.locator("xpath=ancestor::*[@data-loc][1]")
    expect(field_of_number).to_contain_text(words)
    expect(number).to_have_attribute("aria-invalid", "true")
    for name, (energy, _) in spectrum(page).items():
        assert energy[-1] == before[name][0][-1]
    number.fill("")
    expect(field_of_number).not_to_contain_text(words)


def test_impossible_values_of_the_address_are_said_and_left_out(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site, "&energy_max=1e9&energy_scale=5&contribution=some&iso.Si=9Si"))
    said = page.get_by_role("status").filter(has_text="defaults are used instead")
    for words in ("Energy range, To “1e9”", "Energy scale factor “5”", "Contribution “some”", "Isotope of Si “9Si”"):
        expect(said).to_contain_text(words)
    assert "TOSCA, harmonic" in spectrum(page)
    expect(page.locator("[name=energy_scale]")).to_have_value("1")


def test_a_forecast_that_was_deleted_elsewhere_is_said_with_ways_on(visit: Open, site: Site, address: str) -> None:
    copy = httpx.post(f"{address}/api/v1/examples/forecast", timeout=60).json()
    page = visit(f"/forecast/{copy['structure_id']}?predictions={copy['id']}", refused=True)
    spectrum(page)
    httpx.delete(f"{address}/api/v1/predictions/{copy['id']}", timeout=60).raise_for_status()
    page.get_by_role("radio", name="Log", exact=True).first.check(force=True)
    said = page.get_by_role("alert").filter(has_text="This forecast was deleted.")
    expect(said).to_be_visible()
    expect(said.get_by_role("link", name="Open the structure")).to_have_attribute(
        "href", f"/structures/{copy['structure_id']}"
    )


def test_the_energy_range_is_what_is_computed(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site, "&energy_min=40&energy_max=80"))
    energy, _ = spectrum(page)["TOSCA, MD"]
    assert (energy[0], energy[-1]) == pytest.approx((40, 80), abs=0.2)
    page.locator("[data-loc='energy_mev.max'] input").fill("30")
    expect(page.locator("[data-loc='energy_mev.max'] .field-error")).not_to_be_empty()


def test_single_orders_come_from_the_harmonic_forecast(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site, "&order=2&map_prediction=" + site.md_id))
    found = spectrum(page)
    assert set(found) == {"MAPS, harmonic, 2 phonons", "TOSCA, harmonic, 2 phonons"}
    assert position(found["TOSCA, harmonic, 2 phonons"]) == pytest.approx(120.0, abs=0.5)
    expect(page.locator("#spectrum .graph-note")).to_contain_text("MD not shown")
    page.get_by_label("Multiphonon order").select_option("All orders")
    expect(page.locator("#spectrum .legend")).to_contain_text("TOSCA, MD")
    page.get_by_role("switch", name="Phonon orders").check()
    expect(page.locator("#spectrum .legend")).to_contain_text("2 phonons")
    page.wait_for_url("**per_order=1*")


def test_error_bands_can_be_hidden(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    spectrum(page)
    bands = """() => document.querySelector('#spectrum .js-plotly-plot').data
        .filter(trace => trace.meta.role === 'error').length"""
    # Below and above, of two instruments
    assert page.evaluate(bands) == 4
    expect(page.locator("#spectrum .graph-note")).to_contain_text("3 runs")
    page.get_by_role("switch", name="Error bands").uncheck()
    page.wait_for_function(f"() => ({bands})() === 0")


def test_the_ideal_spectrum_with_electrons_and_on_the_gain_side(visit: Open, site: Site) -> None:
    page = visit(
        f"/forecast/{site.structure_id}?predictions={site.harmonic_id}&instruments=Sample&energy_min=-80&fwhm_mev=2"
    )
    energy, intensity = spectrum(page)["Ideal, harmonic"]
    assert energy[0] == pytest.approx(-80)
    # exp(−60 meV / k_BT) at 300 K, of lines that are equally broad
    gain, loss = (float(intensity[np.argmin(np.abs(energy - at))]) for at in (-60.0, 60.0))
    assert gain / loss == pytest.approx(np.exp(-60.0 / (0.0861733 * 300)), rel=0.05)
    page.get_by_label("Probe").select_option("Electrons")
    expect(page.locator("#spectrum .legend")).to_contain_text("Ideal (electrons), harmonic")
    expect(page.locator("#spectrum .graph-note")).not_to_be_empty()
    page.get_by_role("radio", name="Incoherent").check(force=True)
    expect(page.locator("#spectrum .graph-message")).not_to_be_empty()


def test_a_mixture_of_isotopes_by_percentage(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    before = spectrum(page)["TOSCA, MD"][1].max()
    page.locator("summary", has_text="Isotopes").click()
    page.get_by_label("Isotope of Si", exact=True).select_option("mixture …")
    page.get_by_label("Isotope in the mixture of Si").select_option("²⁹Si")
    page.wait_for_url("**iso.Si=29Si:98*")
    wait_for_curve(page, "TOSCA, MD", "Math.abs(Math.max(...trace.y) / argument - 1) > 0.02", float(before))
    expect(again(visit, page).get_by_label("Percentage of the isotope in Si")).to_have_value("98")


def test_frequencies_with_another_isotope_are_a_click_away(visit: Open, site: Site, address: str) -> None:
    page = visit("/about")
    body = {"structure_id": site.structure_id, "method": "harmonic"}
    made = page.request.post(f"{address}/api/v1/predictions", data=body, headers={"Origin": address}).json()["id"]
    forecast(site.settings, made, replace(one_mode(60.0), harmonic_crystal=silicon()))
    page = visit(f"/forecast/{site.structure_id}?predictions={made}&instruments=TOSCA")
    spectrum(page)
    page.locator("summary", has_text="Isotopes").click()
    button = page.get_by_role("button", name="Frequencies with this isotope")
    expect(button).to_be_hidden()
    page.get_by_label("Isotope of Si", exact=True).select_option("²⁹Si")
    button.click()
    page.wait_for_url("**,*")
    assert "iso.Si" not in page.url
    simulations = page.get_by_role("region", name="Simulations")
    expect(simulations).to_contain_text("Harmonic, natural")
    expect(simulations).to_contain_text("Harmonic, ²⁹Si")
    expect(page.get_by_label("Isotope of Si", exact=True)).to_have_value("like")
    # Other tests count the forecasts of this structure
    (shown,) = re.findall(r"predictions=([^&]*)", unquote(page.url))
    for one in shown.split(","):
        page.request.post(f"{address}/api/v1/predictions/{one}/cancel", headers={"Origin": address})
    delete(page, *(f"/predictions/{one}" for one in shown.split(",")))


def test_sites_have_isotopes_once_the_forecast_has_told_them_apart(visit: Open, site: Site, address: str) -> None:
    page = visit("/about")
    body = {"structure_id": site.structure_id, "method": "harmonic", "options": {"resolve_sites": True}}
    made = page.request.post(f"{address}/api/v1/predictions", data=body, headers={"Origin": address}).json()["id"]
    page = visit(f"/forecast/{site.structure_id}?predictions={made}&instruments=TOSCA&iso.Si=28Si")
    expect(page.get_by_role("region", name="Simulations")).to_contain_text("Waiting")
    sites = page.get_by_text("Inequivalent sites")
    expect(sites).to_be_hidden()
    forecast(site.settings, made, replace(one_mode(60.0), species=("Si1",)))
    sites.click()
    expect(page.get_by_label("Isotope of Si", exact=True)).to_have_value("28Si")
    page.get_by_label("Isotope of Si1").select_option("²⁹Si")
    page.wait_for_url("**iso.Si1=29Si*")
    assert "TOSCA, harmonic" in spectrum(page)
    delete(page, f"/predictions/{made}")


def test_an_instrument_that_is_added_brings_its_settings(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    spectrum(page)
    page.get_by_role("checkbox", name="Generic direct").check(force=True)
    expect(page.get_by_label("Generic direct: Smallest angle in °")).to_be_visible()
    expect(page.locator("#spectrum .legend")).to_contain_text("Generic direct, MD")
    page.get_by_role("checkbox", name="MERLIN").check(force=True)
    expect(page.locator("[data-instrument=MERLIN] [data-repetitions]")).to_contain_text("Eᵢ = ")
    page.get_by_role("checkbox", name="MERLIN").uncheck(force=True)
    expect(page.get_by_role("spinbutton", name="MERLIN: Incident energy in meV")).to_be_hidden()


def test_an_instrument_says_how_well_its_width_is_known(visit: Open, site: Site) -> None:
    page = visit(f"/forecast/{site.structure_id}?predictions={site.harmonic_id}&instruments=ARCS&e_init.ARCS=100")
    panel = page.locator("[data-instrument=ARCS]")
    expect(panel.locator("[data-width]")).to_contain_text("meV ± ")
    expect(panel.locator("[data-width-notices]")).to_contain_text("vanadium runs")


def test_a_forecast_is_deleted_after_a_question(visit: Open, address: str) -> None:
    api, headers = f"{address}/api/v1", {"Origin": address}
    page = visit("/about")
    structure = page.request.post(f"{api}/examples/copper", headers=headers).json()["id"]
    body = {"structure_id": structure, "method": "harmonic", "instruments": ["TOSCA"]}
    asked = [
        page.request.post(f"{api}/predictions", data={**body, "temperature_k": kelvin}, headers=headers).json()["id"]
        for kelvin in (100, 200)
    ]
    for prediction in asked:
        page.request.post(f"{api}/predictions/{prediction}/cancel", headers=headers)
    page = visit(f"/forecast/{structure}?predictions={','.join(asked)}&instruments=TOSCA")
    page.get_by_role("button", name="Delete harmonic 100 K").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("at 100 K?")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="Delete harmonic 100 K").click()
    dialog.get_by_role("button", name="Delete").click()
    page.wait_for_url(f"**predictions={asked[1]}&instruments=TOSCA*")
    assert page.request.get(f"{api}/predictions/{asked[0]}").status == 404
    # The last one leads to its structure
    page.get_by_role("button", name="Delete harmonic").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url(f"**/structures/{structure}")
    delete(page, f"/structures/{structure}")


def test_a_spectrum_is_downloaded_as_seen(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site, "&MAPS.e_init=123&tab=files"))
    spectrum(page)
    with page.expect_download() as saving:
        page.get_by_role("button", name="Spectrum on MAPS, harmonic, CSV").click()
    content = saving.value.path().read_text()
    assert '"e_init": 123' in content
    assert saving.value.suggested_filename == "beamcast-silicon-maps-harmonic.csv"
    expect(page.locator("#structure .gl-container")).to_be_attached()


def test_a_term_is_explained_at_the_focus_of_its_control(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    box = page.locator(".term-box")
    page.get_by_role("switch", name="Detector banks").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    expect(box).to_have_text(str(page.get_by_role("switch", name="Detector banks").get_attribute("aria-description")))
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    assert page.locator(".term[tabindex]").count() == 0


def test_figures_come_back_with_the_server(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site), offline=True)
    spectrum(page)
    page.context.set_offline(True)
    page.get_by_role("radio", name="cm⁻¹").check(force=True)
    expect(page.get_by_role("alert").filter(has_text="Connection lost")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#spectrum .xtitle")).to_contain_text("cm⁻¹")
    expect(page.get_by_role("alert").filter(has_text="Connection lost")).to_be_hidden()
