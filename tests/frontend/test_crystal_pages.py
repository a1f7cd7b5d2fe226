"""The page of a single crystal's forecasts as the server makes it, and which forecasts stand on it."""

from __future__ import annotations

from typing import Any

from frontend.app import render
from frontend.crystal_figures import AVERAGE, FIRST_POINT, control, switch
from frontend.forecast_choice import latest

from .components import by_id, text, walk
from .conftest import ZONES, CrystalSite, Site, run


def page(site: Site, crystal: CrystalSite, search: str = "") -> Any:
    return run(render(site.api, f"/forecast/{crystal.structure_id}", search))[1]


def shown(layout: Any) -> list[str]:
    return [prediction["id"] for prediction in by_id(layout, "forecast-context").data["predictions"]]


def test_the_newest_kind_of_sample_is_shown_and_the_other_is_linked(site: Site, crystal: CrystalSite) -> None:
    layout = page(site, crystal)
    assert shown(layout) == [crystal.harmonic_id, crystal.md_id]
    other = by_id(layout, "other-sampling")
    assert text(other) == "Powder"
    assert f"predictions={crystal.powder_id}" in other.href
    powder = page(site, crystal, f"?predictions={crystal.powder_id}")
    assert shown(powder) == [crystal.powder_id]
    other = by_id(powder, "other-sampling")
    assert text(other) == "Single crystal"
    assert f"predictions={crystal.harmonic_id},{crystal.md_id}" in other.href


def test_powders_and_crystals_do_not_share_a_page(site: Site, crystal: CrystalSite) -> None:
    layout = page(site, crystal, f"?predictions={crystal.md_id},{crystal.powder_id}")
    assert shown(layout) == [crystal.md_id]
    assert "is of a powder" in text(layout)


def test_a_structure_forecast_as_powder_alone_has_no_switch(site: Site) -> None:
    _, layout = run(render(site.api, f"/forecast/{site.structure_id}", ""))
    assert not [part for part in walk(layout) if getattr(part, "id", None) == "other-sampling"]
    assert not [part for part in walk(layout) if getattr(part, "id", None) == control("zone")]


def test_the_controls_stand_as_the_address_says(site: Site, crystal: CrystalSite) -> None:
    layout = page(site, crystal, "?zone=0,0,4&point=W&divide_debye_waller=0&times_energy_squared=1&instruments=ARCS")
    zones = by_id(layout, control("zone"))
    assert [choice["value"] for choice in zones.data] == [AVERAGE, *(",".join(map(str, zone)) for zone in ZONES)]
    assert zones.data[0]["label"] == "Average over 3 zones"
    assert zones.value == "0,0,4"
    point = by_id(layout, control("point"))
    assert [choice["value"] for choice in point.data] == [FIRST_POINT, "Γ", "X", "W"]
    assert point.value == "W"
    switches = {name: by_id(layout, switch(name)).checked for name in ("divide_debye_waller", "divide_q_squared")}
    assert switches == {"divide_debye_waller": False, "divide_q_squared": True}
    assert by_id(layout, switch("times_energy_squared")).checked
    # Optical branches are weak: logarithmic unless the address says otherwise
    assert by_id(layout, "map-scale").value == "log"
    assert by_id(page(site, crystal, "?map_scale=linear"), "map-scale").value == "linear"


def test_what_was_not_simulated_falls_back(site: Site, crystal: CrystalSite) -> None:
    layout = page(site, crystal, "?zone=9,9,9&point=L")
    assert by_id(layout, control("zone")).value == AVERAGE
    assert by_id(layout, control("point")).value == FIRST_POINT


def test_what_does_not_apply_to_crystals_is_out_of_sight(site: Site, crystal: CrystalSite) -> None:
    layout = page(site, crystal)
    hidden = [getattr(part.children, "id", None) for part in walk(layout) if getattr(part, "hidden", False)]
    assert all(name in hidden for name in ("per-element", "banks", "per-order", "elastic"))
    assert "errors" not in hidden
    trust = text(by_id(layout, "trust"))
    assert "Bragg" in trust
    assert "⟨u2⟩ of the same run" in trust
    assert "0 0 0; 0 0 4; 2 2 0" in str(by_id(layout, "provenance").children[0].to_plotly_json())
    assert "CSV has the cut" in text(by_id(layout, "downloads"))


def test_latest_chooses_by_method_within_a_kind_of_sample() -> None:
    def made(id: str, method: str, sampling: str, status: str = "succeeded") -> Any:
        return {"id": id, "method": method, "sampling": sampling, "status": status}

    newest_first = [
        made("5", "md", "path", "failed"),
        made("4", "md", "powder"),
        made("3", "md", "path"),
        made("2", "harmonic", "path"),
        made("1", "harmonic", "powder"),
    ]

    def ids(*arguments: Any) -> list[str]:
        return [prediction["id"] for prediction in latest(*arguments)]

    assert ids(newest_first) == ["1", "4"]
    assert ids(newest_first, "path") == ["2", "3"]
    assert ids(newest_first[:1]) == ["5"]
    assert ids([], "path") == []
