"""A plan's page as the server makes it, and its address."""

from __future__ import annotations

from typing import Any

import pytest

from backend.plans.schemas import ConstraintsIn, PlanIn, TargetIn
from backend.samples.schemas import ContainerIn, IrradiationIn, SampleIn
from frontend.app import render
from frontend.plan_panels import PLAN_TERMS
from frontend.plan_settings import isotope_id, usable_for_calibration
from frontend.plan_state import FIELDS, decode_plan, plan_address
from frontend.terms import TERMS
from frontend.view_state import Mixture

from .components import by_id, text
from .conftest import SILICON, CrystalSite, Site, run


def test_defaults_are_those_of_the_api() -> None:
    sample, target, irradiation = (
        SampleIn(),
        PlanIn.model_fields["target"].get_default(call_default_factory=True),
        IrradiationIn(),
    )
    theirs = {
        **sample.model_dump(exclude={"container", "thickness_mm", "mass_g", "volume_cm3"}),
        **sample.container.model_dump(),
        **target.model_dump(),
        "hours": irradiation.hours,
    }
    ours = {key: FIELDS[key].default for key in theirs}
    assert ours == theirs


def _number(schema: dict[str, Any]) -> dict[str, Any] | None:
    """The number in a JSON Schema, which may be null too; None of anything else."""
    return next((one for one in (schema, *schema.get("anyOf", ())) if one.get("type") in ("number", "integer")), None)


def test_bounds_are_those_of_the_api() -> None:
    compared = set()
    for body in (SampleIn, ContainerIn, IrradiationIn, PlanIn, TargetIn, ConstraintsIn):
        for key, schema in body.model_json_schema()["properties"].items():
            if key not in FIELDS or (theirs := _number(schema)) is None:
                continue
            ours = FIELDS[key]
            assert ours.high == theirs["maximum"], key
            if "minimum" in theirs:
                assert ours.low == theirs["minimum"], key
            else:
                assert ours.low is not None, key
                assert ours.low > theirs["exclusiveMinimum"], key
            compared.add(key)
    assert compared == {key for key, one in FIELDS.items() if one.kind == "number"}


@pytest.mark.parametrize(
    ("search", "key", "expected"),
    [
        ("", "geometry", "plate"),
        ("geometry=cylinder", "geometry", "cylinder"),
        ("geometry=<script>", "geometry", "plate"),
        ("mass_g=7.5", "mass_g", 7.5),
        ("mass_g=1e99", "mass_g", 1e4),
        ("mass_g=nan", "mass_g", 5.0),
        ("beam_time_h=48", "beam_time_h", 48.0),
        ("facilities=ISIS,Atlantis,ISIS", "facilities", ["ISIS"]),
        ("calibrations=a,b", "calibrations", ["a"]),
    ],
)
def test_the_address_fills_the_fields_in_and_is_not_trusted(search: str, key: str, expected: object) -> None:
    state = decode_plan(search, facilities=["ISIS", "SNS"], datasets=["a"])
    assert state.values[key] == expected


def test_features_pairs_and_isotopes_of_the_address() -> None:
    state = decode_plan("?features=62,57,-3,x,57&pairs=57-62,5,62-70&iso.H=2H:98&iso.Xx=2H", elements=["H", "C"])
    assert state.features == (57.0, 62.0)
    assert state.pairs == ((57.0, 62.0), (62.0, 70.0))
    assert state.isotopes == {"H": Mixture("2H", 98.0)}
    nothing = decode_plan("")
    assert (nothing.features, nothing.pairs) == (None, None)


def test_the_page_is_filled_in_from_the_address(site: Site) -> None:
    search = f"?predictions={site.harmonic_id}&amount=mass_g&mass_g=3&iso.Si=30Si&features=57,62&pairs=57-62"
    title, layout = run(render(site.api, f"/plan/{site.structure_id}", search))
    assert title == "Beam time for Silicon"
    assert by_id(layout, "plan-prediction").value == site.harmonic_id
    assert by_id(layout, isotope_id("Si")).value == "30Si"
    assert by_id(layout, "plan-mass_g").value == 3.0
    assert not by_id(layout, "plan-mass_g-field").hidden
    assert by_id(layout, "plan-scatterer_percent-field").hidden
    context = by_id(layout, "plan-context").data
    assert (context["features"], context["pairs"]) == ([57.0, 62.0], [[57.0, 62.0]])
    assert by_id(layout, "plan-pairs-mode").value == "chosen"
    # Instruments that nobody has built cannot be asked for
    assert "Generic" not in text(by_id(layout, "settings-body"))


def test_of_several_forecasts_the_best_that_the_address_names(site: Site) -> None:
    for named, chosen in ((site.harmonic_id, site.harmonic_id), (f"{site.harmonic_id},{site.md_id}", site.md_id)):
        _, layout = run(render(site.api, f"/plan/{site.structure_id}", f"?predictions={named}"))
        assert by_id(layout, "plan-prediction").value == chosen


def test_without_a_forecast_it_says_what_to_do(site: Site) -> None:
    structure_id = run(site.api.upload_structure("new.vasp", SILICON))["id"]
    _, layout = run(render(site.api, f"/plan/{structure_id}", ""))
    assert "start one" in text(layout)


def test_a_crystals_forecast_leads_to_the_plan_of_its_powder(site: Site, crystal: CrystalSite) -> None:
    _, layout = run(render(site.api, f"/forecast/{crystal.structure_id}", f"?predictions={crystal.harmonic_id}"))
    assert by_id(layout, "plan-link").href == plan_address(crystal.structure_id, [crystal.powder_id])


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
    dataset: Any = {
        "kind": "1d",
        "instrument": "TOSCA",
        "exposure_uah": 900.0,
        "exposure_h": None,
        "mass_g": 2.0,
        **more,
    }
    assert usable_for_calibration(dataset) is usable


def test_every_term_of_the_scripts_is_explained() -> None:
    assert set(PLAN_TERMS) <= set(TERMS)
