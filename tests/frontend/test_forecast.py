"""The page of a forecast as the server makes it, and which forecasts stand on it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from frontend.contexts.forecast import context
from frontend.forecast_choice import labels, latest, phonon_labels

from .conftest import ZONES, CrystalSite, Site, run


def page(site: Site, path: str) -> tuple[int, str]:
    answer = site.fetch(path)
    return answer.status_code, answer.text


def data(html: str) -> Any:
    """What the page gives to its scripts."""
    (found,) = re.findall(r'<script type="application/json" id="page-data">(.*?)</script>', html, re.DOTALL)
    return json.loads(found)


def shown(html: str) -> list[str]:
    return [prediction["id"] for prediction in data(html)["predictions"]]


def test_the_newest_of_each_method_is_shown_harmonic_first(site: Site) -> None:
    status, html = page(site, f"/forecast/{site.structure_id}")
    assert status == 200
    assert shown(html) == [site.harmonic_id, site.md_id]
    assert [one["label"] for one in data(html)["predictions"]] == ["harmonic", "MD"]
    assert [(one["n_orders"], one["runs"]) for one in data(html)["predictions"]] == [(2, 1), (0, 3)]
    assert f'href="/plan/{site.structure_id}?predictions={site.harmonic_id},{site.md_id}"' in html
    assert 'id="other-sampling"' not in html
    assert 'name="zone"' not in html


def test_the_address_chooses_and_what_cannot_be_shown_is_said(site: Site, crystal: CrystalSite) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    _, html = page(site, f"/forecast/{site.structure_id}?predictions={site.md_id},{crystal.powder_id},{unknown}")
    assert shown(html) == [site.md_id]
    assert crystal.powder_id in html
    assert unknown in html


def test_what_is_no_id_is_said_as_one_that_is_not_there(site: Site) -> None:
    status, html = page(site, f"/forecast/{site.structure_id}?predictions=abc")
    assert status == 200
    assert "abc" in html
    assert "prediction_id" not in html


def test_nothing_to_show_leads_to_a_new_forecast(site: Site, crystal: CrystalSite) -> None:
    status, html = page(site, f"/forecast/{site.structure_id}?predictions={crystal.powder_id}")
    assert status == 200
    assert f'href="/structures/{site.structure_id}"' in html
    assert "page-data" not in html


def test_what_does_not_exist_is_not_found(site: Site) -> None:
    assert page(site, "/forecast/00000000-0000-4000-8000-000000000000")[0] == 404


def test_powders_and_crystals_do_not_share_a_page(site: Site, crystal: CrystalSite) -> None:
    _, html = page(site, f"/forecast/{crystal.structure_id}")
    assert shown(html) == [crystal.harmonic_id, crystal.md_id]
    assert data(html)["others"] == [crystal.powder_id]
    assert data(html)["points"] == ["Γ", "X", "W"]
    assert all(f'<option value="{",".join(map(str, zone))}">' in html for zone in ZONES)
    # Optical branches are weak
    assert '<input type="radio" name="map_scale" value="log" checked>' in html
    assert all(f'name="{name}"' not in html for name in ("per_element", "banks", "per_order", "elastic"))
    _, html = page(site, f"/forecast/{crystal.structure_id}?predictions={crystal.md_id},{crystal.powder_id}")
    assert shown(html) == [crystal.md_id]
    _, html = page(site, f"/forecast/{crystal.structure_id}?predictions={crystal.powder_id}")
    assert data(html)["others"] == [crystal.harmonic_id, crystal.md_id]


def test_the_page_has_controls_for_all_settings_of_all_instruments(site: Site) -> None:
    _, html = page(site, f"/forecast/{site.structure_id}")
    for instrument in run(site.api.instruments()):
        assert f'data-instrument="{instrument["name"]}"' in html
        for name in instrument["settings_schema"].get("properties", {}):
            assert f'name="{instrument["name"]}.{name}"' in html


def test_measured_data_that_are_gone_are_said(site: Site) -> None:
    gone = "00000000-0000-4000-8000-000000000000"
    values = run(context(site.api, {"structure_id": site.structure_id}, {"datasets": f"{gone},../../x"}))
    (note,) = values["notes"]
    assert gone in note


def made(id: str, method: str, sampling: str = "powder", status: str = "succeeded") -> Any:
    return {
        "id": id,
        "method": method,
        "sampling": sampling,
        "status": status,
        "temperature_k": 300.0,
        "quality": "preview",
    }


@pytest.mark.parametrize(
    ("methods", "offered"),
    [
        (["trpmd"], {"harmonic", "none"}),
        (["harmonic", "trpmd"], {"harmonic", "none"}),
        (["md", "trpmd"], {"harmonic", "none", "standard", "schofield", "mixed"}),
    ],
)
def test_path_integrals_have_the_corrections_that_theory_allows(methods: list[str], offered: set[str]) -> None:
    from frontend.contexts.forecast import _corrections

    corrections = _corrections([made(method, method) for method in methods])
    assert set(corrections) == offered
    # Beside classical dynamics, path integrals keep theirs
    assert ("TRPMD" in corrections.get("standard", ("", ""))[1]) == ("md" in methods)


def test_latest_chooses_by_method_within_a_kind_of_sample() -> None:
    newest_first = [
        made("5", "md", "path", "failed"),
        made("4", "md"),
        made("3", "md", "path"),
        made("2", "harmonic", "path"),
        made("1", "harmonic"),
    ]

    def ids(*arguments: Any) -> list[str]:
        return [prediction["id"] for prediction in latest(*arguments)]

    assert ids(newest_first) == ["1", "4"]
    assert ids(newest_first, "path") == ["2", "3"]
    assert ids(newest_first[:1]) == ["5"]
    assert ids([], "path") == []


def test_other_isotopes_are_named_and_shown_where_they_were_asked_for() -> None:
    natural = made("1", "harmonic")
    heavy = made("2", "harmonic") | {"isotopes": {"H": "2H"}, "provenance": {"force_constants_of": "1"}}
    mixed = made("3", "harmonic") | {"isotopes": {"H1": {"2H": 0.98, "1H": 0.02}}}
    assert [one["id"] for one in latest([heavy, natural])] == ["1"]
    assert [one["id"] for one in latest([heavy])] == ["2"]
    assert labels([natural, heavy, mixed]) == {
        "1": "harmonic, natural",
        "2": "harmonic, ²H",
        "3": "harmonic, 98 % ²H + 2 % ¹H on H1",
    }


def test_names_differ_and_the_best_method_stands_last() -> None:
    rows = [made(method, method) for method in ("trpmd", "md", "harmonic")]
    assert [row["method"] for row in latest(rows)] == ["harmonic", "md", "trpmd"]
    twins = [made(key, "md") for key in ("one", "two", "three")]
    assert list(labels(twins).values()) == ["MD (preview)", "MD (preview) #2", "MD (preview) #3"]
    assert list(labels([made("a", "md"), made("b", "md") | {"temperature_k": 100.0}]).values()) == [
        "MD 300 K",
        "MD 100 K",
    ]


def test_phonons_are_named_by_what_tells_them_apart() -> None:
    def one(key: str, **more: Any) -> dict[str, Any]:
        common = {"method": "harmonic", "sampling": "powder", "quality": "standard", "temperature_k": 10.0}
        return {"id": key, "potential": "NEP89", "isotopes": {}, "provenance": {}, **common, **more}

    uploaded = one("b", potential=None, provenance={"source": {"name": "CASTEP run"}})
    assert phonon_labels([one("a"), uploaded]) == {"a": "NEP89", "b": "CASTEP run"}
    assert phonon_labels([one("a"), one("b", temperature_k=300.0)]) == {"a": "10 K", "b": "300 K"}
    # The same twice
    assert phonon_labels([one("a"), one("b")]) == {"a": "NEP89", "b": "NEP89 #2"}
