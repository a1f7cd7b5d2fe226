"""The page of a structure as the server makes it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from frontend.client import JsonObject
from frontend.options_schema import chosen_values, options_of
from frontend.potential_choice import default_potential, potential_choices

from .conftest import CrystalSite, Site, run

UNKNOWN = "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c"


class Controls(HTMLParser):
    """Values of the named controls of a page: those that are checked or selected, else the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "select":
            self._select = found.get("name", "")
        if tag == "option" and "selected" in found:
            self.values[self._select] = [found["value"]]
        if tag == "input" and "name" in found:
            values = self.values.setdefault(found["name"], [])
            if found["type"] not in ("checkbox", "radio") or "checked" in found:
                values.append(found.get("value", "on"))


def controls(site: Site, path: str) -> dict[str, list[str]]:
    return Controls(site.fetch(path).text).values


def test_facts_and_forecasts_so_far(site: Site) -> None:
    page = site.fetch(f"/structures/{site.structure_id}")

    assert page.status_code == 200
    assert "(No. 227)" in page.text
    assert "g cm⁻³" in page.text
    assert f"predictions={site.md_id}" in page.text
    assert f'data-remove="/structures/{site.structure_id}?with_predictions=true"' in page.text
    data = json.loads(re.findall(r'id="page-data">(.*?)</script>', page.text)[0])
    assert data["structure_id"] == site.structure_id


def test_the_untouched_form_is_what_is_suggested(site: Site) -> None:
    values = controls(site, f"/structures/{site.structure_id}")

    assert values["instruments"] == ["TOSCA"]
    assert values["temperature_k"] == ["10"]
    assert values["methods"] == ["harmonic"]
    assert (values["quality"], values["sampling"]) == (["preview"], ["powder"])
    assert len(values["potential"]) == 1


def test_benzene_on_tosca_is_not_molten(site: Site) -> None:
    benzene = run(site.api.open_example("benzene"))["id"]

    assert float(controls(site, f"/structures/{benzene}")["temperature_k"][0]) < 278
    run(site.api.call("DELETE", f"/structures/{benzene}"))


def test_an_earlier_forecast_fills_the_form(site: Site) -> None:
    values = controls(site, f"/structures/{site.structure_id}?from={site.md_id}")

    assert values["methods"] == ["md"]
    assert values["temperature_k"] == ["300"]
    assert set(values["instruments"]) == {"TOSCA", "MAPS"}
    assert values["production_ps"] == [""]


def test_dynamics_can_have_the_harmonic_part_of_a_finished_forecast(site: Site) -> None:
    page = site.fetch(f"/structures/{site.structure_id}").text

    offered = re.search(r'<select id="harmonic-reference".*?</select>', page, re.S)
    assert offered is not None
    assert site.harmonic_id in offered[0]
    assert site.md_id not in offered[0]


def test_zones_of_an_earlier_crystal_are_written_out(site: Site, crystal: CrystalSite) -> None:
    values = controls(site, f"/structures/{crystal.structure_id}?from={crystal.md_id}")

    assert values["sampling"] == ["path"]
    assert values["zones"] == ["chosen"]
    assert values["hkl"] == ["0 0 0; 0 0 4; 2 2 0"]
    assert values["replicas"] == ["2"]


def test_an_earlier_forecast_that_is_gone_leaves_the_usual_form(site: Site) -> None:
    assert controls(site, f"/structures/{site.structure_id}?from={UNKNOWN}")["methods"] == ["harmonic"]


@pytest.mark.parametrize("structure", [UNKNOWN, "no-uuid"])
def test_what_is_not_there_is_not_found(site: Site, structure: str) -> None:
    assert site.fetch(f"/structures/{structure}").status_code == 404


def test_every_option_of_the_api_has_one_control(site: Site) -> None:
    methods = run(site.api.call("GET", "/methods"))
    values = controls(site, f"/structures/{site.structure_id}")

    options = options_of(methods)

    schemas = [schema for one in methods for schema in (one["options"], one["options_of_source"]) if schema]
    assert {one.name for one in options} == {name for schema in schemas for name in schema["properties"]}
    assert {one.name for one in options} <= set(values) | {"engine", "dispersion", "zones"}
    by_name = {one.name: one for one in options}
    of_ring_polymers = {"trpmd.powder", "trpmd.path", "source.trpmd.powder", "source.trpmd.path"}
    assert set(by_name["n_beads"].takers) == of_ring_polymers
    assert by_name["zones"].of_crystals
    assert not by_name["seed"].of_crystals
    assert by_name["ensemble"].default == "nvt"
    assert "gpumd" in by_name["engine"].choices


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ({"n_beads": 8, "pressure_gpa": -1.5}, {"n_beads": "8", "pressure_gpa": "-1.5"}),
        ({"supercell": [3, 3, 2]}, {"supercell": "3 3 2"}),
        ({"relax_cell": True}, {"relax_cell": "1"}),
        ({"zones": [[0, 0, 0]], "n_zones": 1}, {"zones": "first"}),
        ({"zones": [[0, 0, n] for n in range(30)], "n_zones": 30}, {"n_zones": "30"}),
    ],
)
def test_options_are_written_as_people_do(options: dict[str, Any], values: dict[str, str]) -> None:
    assert chosen_values(options) == values


def test_what_was_chosen_is_told_from_what_followed_from_it(site: Site) -> None:
    body = {"structure_id": site.structure_id, "method": "md", "temperature_k": 300, "quality": "preview"}
    chosen = {"production_ps": 3.0, "supercell": [3, 3, 3]}
    made = run(site.api.start(body | {"options": chosen}, idempotency_key="chosen"))
    assert made["options"]["correlation_ps"] < 3.0

    values = controls(site, f"/structures/{site.structure_id}?from={made['id']}")

    assert (values["production_ps"], values["supercell"]) == (["3"], ["3 3 3"])
    assert values["correlation_ps"] == values["equilibration_ps"] == values["seed"] == [""]
    run(site.api.call("POST", f"/predictions/{made['id']}/cancel"))
    run(site.api.call("DELETE", f"/predictions/{made['id']}"))


def test_potentials_that_lack_an_element_cannot_be_chosen() -> None:
    def potential(name: str, elements: list[str], kind: str, installed: bool = True) -> JsonObject:
        return {
            "id": name,
            "name": name,
            "elements": elements,
            "kind": kind,
            "installed": installed,
            "unavailable": None,
            "structure_id": "of trained" if kind == "trained" else None,
            "created_at": "2026-11-30T12:00:00Z",
        }

    potentials = [potential("mine", ["Si"], "uploaded"), potential("NEP89", ["H", "C", "Si", "O"], "pretrained", False)]

    assert [(id, covers) for id, _, covers in potential_choices(potentials, ["Si", "O"], "any")] == [
        ("mine", False),
        ("NEP89", True),
    ]
    assert default_potential(potentials, ["Si"], "any") == "NEP89"
    assert default_potential(potentials, ["U"], "any") == ""
    potentials.append(potential("tuned", ["Si"], "trained"))
    assert default_potential(potentials, ["Si"], "of trained") == "tuned"
    assert default_potential(potentials, ["Si"], "another") == "NEP89"
    first, *_ = potential_choices(potentials, ["Si"], "of trained")
    assert first[0] == "tuned"
    assert "for this structure" in first[1]
    labels = {one: label for one, label, _ in potential_choices(potentials, ["Si"], "any")}
    assert "for another structure" in labels["tuned"]


def test_the_trained_potential_with_the_best_phonons_is_offered_first() -> None:
    def made(name: str, day: int) -> JsonObject:
        known = {"elements": ["Si"], "kind": "trained", "installed": True, "unavailable": None, "structure_id": "si"}
        return {"id": name, "name": name, "created_at": f"2026-11-{day}T12:00:00Z", **known}

    def training(name: str, phonons: float | None, force: float) -> JsonObject:
        held_out = {"after": {"force_ev_per_angstrom": force}}
        return {"potential_id": name, "evidence": {"phonons": {"mean_error_after": phonons}, "held_out": held_out}}

    # Newest first, as the API lists them
    potentials = [made("not compared", 29), made("worse", 28), made("newer of equals", 27), made("older of equals", 26)]
    potentials.append(made("its training is deleted", 25))
    trainings = [
        training("not compared", None, 0.001),
        training("worse", 0.05, 0.001),
        training("newer of equals", 0.02, 0.01),
        training("older of equals", 0.02, 0.01),
        {"potential_id": None, "evidence": {}},
    ]

    assert default_potential(potentials, ["Si"], "si", trainings) == "newer of equals"
    offered = potential_choices(potentials, ["Si"], "si", trainings)
    assert [name for name, _, _ in offered] == [
        "newer of equals",
        "older of equals",
        "worse",
        "not compared",
        "its training is deleted",
    ]
    assert "2.0 %" in offered[0][1]
    assert "%" not in offered[3][1]
