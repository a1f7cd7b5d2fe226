"""The plan as the server writes it: its form has the defaults and bounds of the API."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from backend.plans.schemas import ConstraintsIn, MeasurementIn, PlanIn, ScatteringIn, TargetIn
from backend.samples.schemas import ContainerIn, IrradiationIn, SampleIn
from frontend.contexts.plan import SCRIPT_TERMS, can_calibrate, other_isotopes
from frontend.terms import TERMS

from .conftest import SILICON, Site, run


class Form(HTMLParser):
    """Controls of the plan by name, and the links of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.numbers: dict[str, dict[str, str | None]] = {}
        self.chosen: dict[str, str | None] = {}
        self.choices: dict[str, list[str | None]] = {}
        self.links: list[str | None] = []
        self.ids: list[str] = []
        self._select = ""
        self._in_plan = False
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        of = dict(attributes)
        name = of.get("name") or ""
        self.ids += filter(None, [of.get("id")])
        if tag == "a":
            self.links.append(of.get("href"))
        elif tag == "form":
            self._in_plan = of.get("id") == "plan"
        elif not self._in_plan:
            return
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self.choices.setdefault(self._select, []).append(of.get("value"))
            if "selected" in of:
                self.chosen[self._select] = of.get("value")
        elif tag == "input" and of.get("type") == "number" and name:
            self.numbers[name] = of
        elif tag == "input" and name:
            self.choices.setdefault(name, []).append(of.get("value"))
            if "checked" in of:
                self.chosen[name] = of.get("value")


def form_of(site: Site, path: str = "") -> Form:
    page = site.fetch(path or f"/plan/{site.structure_id}")
    assert page.status_code == 200
    return Form(page.text)


def test_defaults_are_those_of_the_api(site: Site) -> None:
    target = PlanIn.model_fields["target"].get_default(call_default_factory=True)
    sample = SampleIn()
    theirs = {
        **sample.model_dump(exclude={"container", "thickness_mm", "mass_g", "volume_cm3"}),
        **sample.container.model_dump(),
        **target.model_dump(),
        "hours": IrradiationIn().hours,
        "energy_scale": ScatteringIn.model_fields["energy_scale"].default,
    }
    form = form_of(site)
    for key, value in theirs.items():
        if isinstance(value, str):
            assert form.chosen[key] == value
        else:
            text = form.numbers[key]["value"]
            assert (float(text) if text else None) == value, key


def _number(schema: dict[str, Any]) -> dict[str, Any] | None:
    """The number in a JSON Schema, which may be null too; None of anything else."""
    return next((one for one in (schema, *schema.get("anyOf", ())) if one.get("type") in ("number", "integer")), None)


def test_bounds_are_those_of_the_api(site: Site) -> None:
    numbers = form_of(site).numbers
    compared = set()
    for body in (SampleIn, ContainerIn, IrradiationIn, PlanIn, TargetIn, ConstraintsIn, MeasurementIn):
        for key, schema in body.model_json_schema()["properties"].items():
            if body is MeasurementIn and key == "hours":
                key = "measured_h"
            if key not in numbers or (theirs := _number(schema)) is None:
                continue
            low, high = float(numbers[key]["min"] or "nan"), float(numbers[key]["max"] or "nan")
            assert high == theirs["maximum"], key
            assert low == theirs["minimum"] if "minimum" in theirs else low > theirs["exclusiveMinimum"], key
            compared.add(key)
    assert compared == set(numbers)


def test_of_several_forecasts_the_best_that_the_address_names(site: Site) -> None:
    for named, chosen in ((site.harmonic_id, site.harmonic_id), (f"{site.harmonic_id},{site.md_id}", site.md_id)):
        form = form_of(site, f"/plan/{site.structure_id}?predictions={named}")
        assert form.chosen["predictions"] == chosen
    assert form_of(site).chosen["predictions"] == site.md_id


def test_only_instruments_that_exist_can_be_chosen(site: Site) -> None:
    choices = form_of(site).choices
    assert "MAPS" in choices["instruments"]
    assert not any((name or "").startswith("generic") for name in choices["instruments"])
    assert {"ISIS", "SNS", "ILL"} <= set(choices["facilities"])


def test_every_id_is_unique(site: Site) -> None:
    ids = form_of(site).ids
    assert len(ids) == len(set(ids))


def test_without_a_forecast_it_leads_to_one(site: Site) -> None:
    structure_id = run(site.api.upload_structure("new.vasp", SILICON))["id"]
    form = form_of(site, f"/plan/{structure_id}")
    assert not form.numbers
    assert f"/structures/{structure_id}" in form.links


def test_an_unknown_structure_is_refused(site: Site) -> None:
    assert site.fetch("/plan/6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c").status_code == 404


@pytest.mark.parametrize(
    ("more", "usable"),
    [
        ({}, True),
        ({"exposure_uah": None, "exposure_h": 6.0}, True),
        ({"exposure_uah": None}, False),
        ({"mass_g": None}, False),
        ({"instrument": None}, False),
        ({"kind": "2d"}, False),
    ],
)
def test_what_rates_can_be_calibrated_with(more: dict[str, Any], usable: bool) -> None:
    exposed = {"kind": "1d", "instrument": "TOSCA", "exposure_uah": 900.0, "exposure_h": None, "mass_g": 2.0}
    dataset: Any = {**exposed, **more}
    assert can_calibrate(dataset) is usable


def test_deuterium_comes_first_and_tritium_never() -> None:
    isotopes = {"C": ["12C", "13C"], "H": ["1H", "2H", "3H"]}
    assert other_isotopes(isotopes) == [("H", "2H"), ("H", "1H"), ("C", "12C"), ("C", "13C")]


def test_every_term_of_the_scripts_is_explained() -> None:
    assert set(SCRIPT_TERMS) <= set(TERMS)
