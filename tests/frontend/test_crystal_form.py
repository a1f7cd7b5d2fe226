"""What the form asks of a single crystal, and what it sends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from frontend import estimates
from frontend.client import ApiProblem, Structure, settled
from frontend.crystal_form import CrystalForm, crystal_options, parse_zones
from frontend.forecast_form import Form, request_body

from .components import text
from .conftest import ZONES, CrystalSite, Site, run


@pytest.mark.parametrize(
    ("typed", "zones"),
    [
        ("0 0 4; 2 2 0", [[0, 0, 4], [2, 2, 0]]),
        ("0,0,4;2, 2, 0;", [[0, 0, 4], [2, 2, 0]]),
        ("(0 0 4) (2 -2 0)", [[0, 0, 4], [2, -2, 0]]),
        ("1 1 −1", [[1, 1, -1]]),
        ("", None),
        ("0 0", None),
        ("0 0 4 2 2 0", None),
        ("0 0 x", None),
        ("0 0 1.5", None),
    ],
)
def test_zones_as_people_write_them(typed: str, zones: Any) -> None:
    assert parse_zones(typed) == zones


def test_what_is_left_empty_is_not_sent() -> None:
    assert crystal_options(CrystalForm()) == {}
    assert crystal_options(CrystalForm(path=" Γ-X ", n_zones=12.0)) == {"path": "Γ-X", "n_zones": 12}
    # A number typed before another choice was made does not count
    assert crystal_options(CrystalForm(zones="first", n_zones=12.0, hkl="0 0 4")) == {"zones": "first"}
    assert crystal_options(CrystalForm(zones="chosen", hkl="0 0 4")) == {"zones": [[0, 0, 4]]}


def test_a_powder_has_no_path() -> None:
    form = Form("s", crystal=CrystalForm(path="Γ-X", n_zones=3.0))
    assert request_body(form, method="md")["options"] == {}
    body = request_body(replace(form, sampling="path"), method="md")
    assert (body["sampling"], body["options"]) == ("path", {"path": "Γ-X", "n_zones": 3})


def shown(site: Site, crystal: CrystalForm) -> dict[str, Any]:
    """What the form shows, by the API's own answers."""
    structure: Structure = run(site.api.structure(site.structure_id))
    form = Form(site.structure_id, sampling="path", crystal=crystal)
    bodies = {
        (method, "preview"): request_body(form, method=method, quality="preview") for method in ("harmonic", "md")
    }

    async def ask() -> list[Any]:
        return await settled(*[site.api.estimate(body) for body in bodies.values()])

    return estimates.form_outputs(form, structure, dict(zip(bodies, run(ask()), strict=True)), [])


def test_the_grey_text_says_which_path_and_how_many_zones(site: Site) -> None:
    outputs = shown(site, CrystalForm())
    assert outputs["message"] is None
    assert outputs["path"].startswith("Γ-X")
    assert outputs["path"].endswith("(automatic)")
    assert int(outputs["n_zones"].split()[0]) > 1
    assert "Zones" in text(outputs["qualities"][0])


@pytest.mark.parametrize(
    ("crystal", "field", "word"),
    [
        (CrystalForm(path="Γ-Q"), "path_error", "no point"),
        (CrystalForm(n_zones=1e6), "n_zones_error", "1000"),
    ],
)
def test_what_the_api_refuses_stands_at_its_field(site: Site, crystal: CrystalForm, field: str, word: str) -> None:
    outputs = shown(site, crystal)
    assert word in outputs[field]
    assert word in text(outputs["message"])


def test_zones_that_are_none_are_told_where_they_are_written() -> None:
    form = Form("s", sampling="path", crystal=CrystalForm(zones="chosen", hkl="0 0"))
    problem = estimates.incomplete(form)
    assert isinstance(problem, ApiProblem)
    structure: Any = {"cell": {"lengths_angstrom": [1, 1, 1]}}
    outputs = estimates.form_outputs(form, structure, {}, [])
    assert "0 0 4; 2 2 0" in outputs["hkl_error"]
    assert outputs["zones_error"] is None


def test_a_crystal_is_filled_in_from_an_earlier_forecast(site: Site, crystal: CrystalSite) -> None:
    form = Form.from_prediction(run(site.api.prediction(crystal.md_id)))
    assert form.sampling == "path"
    assert form.crystal == CrystalForm(path="Γ-X-W", zones="chosen", hkl="0 0 0; 0 0 4; 2 2 0")
    again = request_body(form, method="md")["options"]
    assert (again["path"], again["zones"]) == ("Γ-X-W", ZONES)
    many = {"path": "Γ-X", "zones": [[n, 0, 0] for n in range(52)]}
    assert CrystalForm.from_options(many) == CrystalForm(path="Γ-X", n_zones=52)
    assert CrystalForm.from_options({"zones": [[0, 0, 0]]}).zones == "first"
