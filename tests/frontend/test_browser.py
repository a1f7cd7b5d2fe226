"""The pages in a real browser, on the real application, with a forecast of one mode at 60 meV (58 in the dynamics)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from .browsing import PHONE, WIDE, Open
from .conftest import Site, forecast, one_mode, run

pytestmark = pytest.mark.e2e

CURVES = """() => (document.querySelector('#spectrum-graph .js-plotly-plot')?._fullData ?? [])
    .filter(trace => trace.visible === true && trace.showlegend)
    .map(trace => ({name: trace.name, x: Array.from(trace.x), y: Array.from(trace.y)}))"""


def forecast_path(site: Site, more: str = "") -> str:
    return f"/forecast/{site.structure_id}?predictions={site.harmonic_id},{site.md_id}&instruments=MAPS,TOSCA{more}"


def drawn(page: Page) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The spectrum's curves once they are there."""
    page.locator("#spectrum-graph .scatterlayer .trace").first.wait_for(state="attached")
    return {curve["name"]: (np.array(curve["x"]), np.array(curve["y"])) for curve in page.evaluate(CURVES)}


def position(curve: tuple[np.ndarray, np.ndarray]) -> float:
    """Energy of a curve's highest point."""
    return float(curve[0][np.argmax(curve[1])])


def incident_energy(page: Page) -> str:
    return page.locator("#setting-MAPS-e_init .mantine-NumberInput-input").input_value()


@pytest.mark.parametrize("dark", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["1440", "390"])
def test_pages_fit_the_screen(visit: Open, site: Site, size: tuple[int, int], dark: bool) -> None:
    for path, landmark in ((forecast_path(site), "#forecast-page"),):
        page = visit(path, size, dark=dark)
        page.locator(landmark).wait_for()
        if landmark == "#forecast-page":
            drawn(page)
        width = page.evaluate("() => document.documentElement.scrollWidth")
        assert width <= size[0], f"{path} is {width} wide"
        assert page.evaluate("() => document.documentElement.dataset.mantineColorScheme") == (
            "dark" if dark else "light"
        )


def test_harmonic_and_dynamics_on_the_same_axes(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    curves = drawn(page)
    assert set(curves) == {"MAPS, harmonic", "TOSCA, harmonic", "MAPS, MD", "TOSCA, MD"}
    assert position(curves["TOSCA, harmonic"]) == pytest.approx(60.0, abs=0.5)
    assert position(curves["TOSCA, MD"]) == pytest.approx(58.0, abs=0.5)
    expect(page.locator("#progress")).to_contain_text("Ready")
    expect(page.locator("#trust")).to_contain_text("one mode is all there is")


def test_a_zoom_brings_finer_bins(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    energy = drawn(page)["TOSCA, harmonic"][0]
    few = int(((energy > 55) & (energy < 65)).sum())
    graph = "document.querySelector('#spectrum-graph .js-plotly-plot')"
    axis = f"{graph}._fullLayout.xaxis"
    place = page.locator("#spectrum-graph .nsewdrag").first.bounding_box()
    assert place is not None
    left, right = (place["x"] + page.evaluate(f"mev => {axis}.d2p(mev)", mev) for mev in (50.0, 70.0))
    height = place["y"] + place["height"] / 2
    page.mouse.move(left, height)
    page.mouse.down()
    page.mouse.move(right, height, steps=4)
    page.mouse.up()
    number = f"""() => {graph}._fullData.filter(trace => trace.name === 'TOSCA, harmonic')
        .map(trace => Array.from(trace.x).filter(mev => mev > 55 && mev < 65).length)[0]"""
    page.wait_for_function(f"least => ({number})() > least", arg=5 * few)
    # The zoom stays, and so does the rest of the curve
    assert page.evaluate(f"() => {axis}.range") == pytest.approx([50.0, 70.0], abs=0.5)
    assert drawn(page)["TOSCA, harmonic"][0][[0, -1]] == pytest.approx(energy[[0, -1]])
    page.mouse.dblclick((left + right) / 2, height)
    page.wait_for_function(f"most => ({number})() <= most", arg=few)


def test_no_figure_offers_to_send_itself_elsewhere(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    drawn(page)
    page.locator("#structure-graph .modebar-btn").first.wait_for(state="attached")
    titles = page.locator(".modebar-btn").evaluate_all("buttons => buttons.map(button => button.dataset.title)")
    assert any("Download" in title for title in titles)
    assert not [title for title in titles if "hare" in title or "loud" in title]


def test_a_slider_redraws_and_the_address_keeps_it(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site, "&MAPS.e_init=120"))
    before = drawn(page)["MAPS, harmonic"]
    assert before[0][-1] == pytest.approx(0.95 * 120, abs=1)
    slider = page.locator("#setting-MAPS-e_init [role=slider]")
    slider.focus()
    for _ in range(20):
        slider.press("ArrowLeft")
    # Some twenty of its steps below 120: a key pressed during a redraw may be dropped. The slider, its number and the
    # address must settle on one value.
    page.wait_for_function(
        """() => {
            const shown = document.querySelector('#setting-MAPS-e_init [role=slider]').getAttribute('aria-valuenow');
            const typed = document.querySelector('#setting-MAPS-e_init .mantine-NumberInput-input').value;
            const kept = new URLSearchParams(location.search).get('MAPS.e_init');
            return shown > 100 && shown < 115 && typed === `${shown} meV` && kept === shown;
        }"""
    )
    energy = slider.get_attribute("aria-valuenow")
    # Less energy in, less can be lost
    page.wait_for_function(
        """reach => document.querySelector('#spectrum-graph .js-plotly-plot')._fullData
            .some(trace => trace.name === 'MAPS, harmonic' && trace.x[trace.x.length - 1] < reach)""",
        arg=before[0][-1] - 3,
    )
    again = visit(page.url.removeprefix(str(page.evaluate("() => location.origin"))))
    drawn(again)
    assert incident_energy(again) == f"{energy} meV"


def test_the_figures_follow_the_theme(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    drawn(page)
    title = page.locator("#spectrum-graph .xtitle")
    colour = "element => getComputedStyle(element).fill"
    light = title.evaluate(colour)
    page.locator("#theme-toggle").click()
    expect(title).not_to_have_css("fill", light)
    assert page.evaluate("() => document.documentElement.dataset.mantineColorScheme") == "dark"


def test_controls_change_what_is_drawn(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    drawn(page)
    page.locator("#energy-unit").get_by_text("cm⁻¹").click()
    expect(page.locator("#spectrum-graph .xtitle")).to_contain_text("cm⁻¹")
    page.locator("#banks").check(force=True)
    expect(page.locator("#spectrum-graph .legend")).to_contain_text("Backward")
    page.locator(".settings-panel .picker").get_by_text("ARCS").click()
    expect(page.locator("#spectrum-graph .legend")).to_contain_text("ARCS, MD")
    expect(page.locator("#setting-ARCS-e_init")).to_be_visible()
    expect(page.locator("#downloads")).to_contain_text("ARCS")


def test_an_impossible_setting_is_explained_and_can_be_mended(visit: Open, site: Site) -> None:
    # At 600 Hz MAPS's chopper stops neutrons this slow
    page = visit(forecast_path(site, "&MAPS.e_init=60&MAPS.chopper_frequency=600"), refused=True)
    expect(page.locator("#spectrum-message")).to_contain_text("MAPS transmits no neutrons")
    page.locator("#setting-MAPS-chopper_frequency .mantine-NumberInput-input").fill("200")
    assert "MAPS, harmonic" in drawn(page)
    expect(page.locator("#spectrum-message")).to_be_hidden()


def test_the_energy_range_is_what_is_computed(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site, "&energy_min=40&energy_max=80"))
    energy, _ = drawn(page)["TOSCA, MD"]
    assert (energy[0], energy[-1]) == pytest.approx((40, 80), abs=0.2)
    page.locator("#energy-max").fill("30")
    expect(page.locator(".settings-panel")).to_contain_text("Must be above")


def test_single_numbers_of_phonons_come_from_the_harmonic_forecast(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site, "&order=2&map_prediction=" + site.md_id))
    curves = drawn(page)
    assert set(curves) == {"MAPS, harmonic, 2 phonons", "TOSCA, harmonic, 2 phonons"}
    assert position(curves["TOSCA, harmonic, 2 phonons"]) == pytest.approx(120.0, abs=0.5)
    expect(page.locator("#spectrum-note")).to_contain_text("MD not shown")
    expect(page.locator("#map-graph .gtitle")).to_have_text("MAPS, harmonic, 2 phonons")
    page.locator("input#order").click()
    page.get_by_role("option", name="All together").click()
    expect(page.locator("#spectrum-graph .legend")).to_contain_text("TOSCA, MD")
    page.locator("#per-order").check(force=True)
    expect(page.locator("#spectrum-graph .legend")).to_contain_text("2 phonons")
    page.wait_for_url("**per_order=1*")


def test_error_bands_can_be_hidden(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    drawn(page)
    bands = """() => document.querySelector('#spectrum-graph .js-plotly-plot').data
        .filter(trace => trace.meta.role === 'error').length"""
    # Below and above, of two instruments
    assert page.evaluate(bands) == 4
    expect(page.locator("#spectrum-note")).to_contain_text("one standard error, from 3 runs")
    page.locator("#errors").uncheck(force=True)
    page.wait_for_function(f"() => ({bands})() === 0")


def test_the_sample_can_be_looked_at_with_electrons_and_on_the_gain_side(visit: Open, site: Site) -> None:
    page = visit(
        f"/forecast/{site.structure_id}?predictions={site.harmonic_id}&instruments=Sample&energy_min=-80&fwhm_mev=2"
    )
    energy, intensity = drawn(page)["Sample, harmonic"]
    assert energy[0] == pytest.approx(-80)
    # exp(−60 meV / k_BT) at 300 K, of lines that are equally broad
    gain, loss = (float(intensity[np.argmin(np.abs(energy - at))]) for at in (-60.0, 60.0))
    assert gain / loss == pytest.approx(np.exp(-60.0 / (0.0861733 * 300)), rel=0.05)
    page.locator("input#sample-probe").click()
    page.get_by_role("option", name="Electrons").click()
    expect(page.locator("#spectrum-graph .legend")).to_contain_text("Sample (electrons), harmonic")
    expect(page.locator("#spectrum-note")).to_contain_text("unit of their own")
    page.locator("#contribution").get_by_text("Incoherent").click()
    expect(page.locator("#spectrum-message")).to_contain_text("no incoherent part")


def test_a_mixture_of_isotopes_by_percentage(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    before = drawn(page)["TOSCA, MD"][1].max()
    page.locator("#isotope-Si input").first.click()
    page.get_by_role("option", name="mixture").click()
    page.get_by_label("Isotope in the mixture of Si").first.click()
    page.get_by_role("option", name="²⁹Si").click()
    page.wait_for_url("**iso.Si=29Si:98*")
    page.wait_for_function(
        """before => document.querySelector('#spectrum-graph .js-plotly-plot')._fullData
            .some(trace => trace.name === 'TOSCA, MD' && Math.abs(Math.max(...trace.y) / before - 1) > 0.02)""",
        arg=float(before),
    )
    again = visit(page.url.removeprefix(str(page.evaluate("() => location.origin"))))
    expect(again.get_by_label("Per cent of the isotope in Si")).to_have_value("98 %")


def test_sites_can_be_given_isotopes_once_the_forecast_has_told_them_apart(
    visit: Open, site: Site, address: str
) -> None:
    page = visit("/")
    body = {"structure_id": site.structure_id, "method": "harmonic", "options": {"resolve_sites": True}}
    made = page.request.post(f"{address}/api/v1/predictions", data=body, headers={"Origin": address}).json()["id"]
    page = visit(f"/forecast/{site.structure_id}?predictions={made}&instruments=TOSCA&iso.Si=28Si")
    expect(page.locator("#progress")).to_contain_text("Waiting")
    expect(page.get_by_text("Each site by itself")).to_have_count(0)
    forecast(site.settings, made, replace(one_mode(60.0), species=("Si1",)))
    page.get_by_text("Each site by itself").click()
    expect(page.locator("#isotope-Si input").first).to_have_value("²⁸Si")
    page.locator("#isotope-Si1 input").first.click()
    page.get_by_role("option", name="²⁹Si").click()
    page.wait_for_url("**iso.Si1=29Si*")
    assert "TOSCA, harmonic" in drawn(page)
    page.request.delete(f"{address}/api/v1/predictions/{made}", headers={"Origin": address})


def test_an_instrument_that_is_added_brings_its_settings_and_what_comes_along(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site))
    drawn(page)
    page.locator(".settings-panel .picker").get_by_text("Direct", exact=True).click()
    expect(page.get_by_label("generic-direct: Smallest angle in °")).to_be_visible()
    expect(page.locator("#spectrum-graph .legend")).to_contain_text("Generic direct, MD")
    page.locator(".settings-panel .picker").get_by_text("MERLIN").click()
    expect(page.locator(".settings-panel")).to_contain_text("Also measured: Eᵢ = ")
    page.locator(".settings-panel .picker").get_by_text("MERLIN").click()
    expect(page.locator("#setting-MERLIN-e_init")).to_be_hidden()


def test_a_forecast_is_deleted_after_a_question(visit: Open, site: Site, address: str) -> None:
    api, headers = f"{address}/api/v1", {"Origin": address}
    page = visit("/")
    structure = page.request.post(f"{api}/examples/copper", headers=headers).json()["id"]
    body = {"structure_id": structure, "method": "harmonic", "instruments": ["TOSCA"]}
    asked = [
        page.request.post(f"{api}/predictions", data={**body, "temperature_k": kelvin}, headers=headers).json()["id"]
        for kelvin in (100, 200)
    ]
    for prediction in asked:
        page.request.post(f"{api}/predictions/{prediction}/cancel", headers=headers)
    page = visit(f"/forecast/{structure}?predictions={','.join(asked)}&instruments=TOSCA")
    page.get_by_label("Delete harmonic 100 K").click()
    expect(page.locator(".mantine-Modal-content")).to_contain_text("at 100 K?")
    page.locator("#confirm-no").click()
    expect(page.locator(".mantine-Modal-content")).to_be_hidden()
    page.get_by_label("Delete harmonic 100 K").click()
    page.locator("#confirm-yes").click()
    page.wait_for_url(f"**predictions={asked[1]}&instruments=TOSCA*")
    assert page.request.get(f"{api}/predictions/{asked[0]}").status == 404
    run(site.api.call("DELETE", f"/structures/{structure}?with_predictions=true"))


def test_a_spectrum_is_downloaded_as_seen(visit: Open, site: Site) -> None:
    page = visit(forecast_path(site, "&MAPS.e_init=123"))
    drawn(page)
    with page.expect_download() as saving:
        page.locator("[data-download=csv]").first.click()
    content = saving.value.path().read_text()
    assert '"e_init": 123' in content
    assert saving.value.suggested_filename == "beamcast-silicon-maps-harmonic.csv"


STATE = {
    "status": "running",
    "progress": 0.4,
    "eta_s": 60,
    "attempt": 1,
    "cancel_requested": False,
    "stage": "equilibrating",
    "waiting_for": None,
}


@pytest.mark.parametrize(
    ("state", "badge", "stage", "stuck"),
    [
        ({"stage": "equilibrating (run 1 of 3)"}, "Running", "equilibrating (run 1 of 3)", False),
        ({"stage": "relaxing", "attempt": 2}, "Running", "relaxing · second attempt: a worker died", False),
        ({"waiting_for": {"code": "waiting_for_worker"}}, "Waiting", "equilibrating", False),
        ({"waiting_for": {"code": "waiting_for_engine"}, "status": "queued"}, "Waiting", "equilibrating", True),
        ({"waiting_for": {"code": "waiting_for_disk_space"}, "status": "queued"}, "Waiting", "equilibrating", True),
    ],
)
def test_progress_says_what_is_done_or_waited_for(
    visit: Open, site: Site, state: dict[str, object], badge: str, stage: str, stuck: bool
) -> None:
    page = visit("/about")
    shown = page.evaluate("state => window.dash_clientside.progress.show(state)", STATE | state)
    assert shown[0] == badge
    assert stage in shown[2]
    assert ("is-stuck" in shown[3]) == stuck
