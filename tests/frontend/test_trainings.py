"""The pages of trainings as the server makes them: the form, the evidence, the lists."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from frontend.contexts.training import checks, mode_rows
from frontend.options_schema import options_of_schema
from frontend.rendering import environment
from frontend.static_files import StaticFiles
from tests.backend.trained import EVIDENCE, WITHOUT_REFERENCE

from . import training as trainings
from .conftest import Site, run
from .test_structure import Controls

ENDED: dict[str, Any] = {"evidence": EVIDENCE, "notices": [], "temperature_k": 300.0, "options": {"dynamics_ps": 20.0}}


@pytest.fixture(scope="module")
def accepted(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A training whose potential was accepted."""
    made = trainings.trained(site, tmp_path_factory.mktemp("trained") / "made")
    yield made
    trainings.remove(site, made)


def verdicts(training: dict[str, Any]) -> dict[str, str]:
    return {one.title: one.verdict for one in checks(training) if one.verdict}


def test_each_check_has_both_sides_and_a_verdict() -> None:
    force, energy, stress, phonons, *_, dynamics = checks(ENDED)
    assert (force.before, force.after, force.verdict) == ("0.133", "0.0121", "good")
    assert (energy.after, energy.verdict, stress.after) == ("6.9", "", "0.21")
    assert (phonons.before, phonons.after) == ("10 %", "2 %")
    assert dynamics.after == "20 of 20"
    assert set(verdicts(ENDED).values()) == {"good"}


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("trained_errors_not_lower", "Force error, eV/Å"),
        ("trained_phonons_worse", "Mean error of phonons against the reference"),
        ("trained_imaginary_modes", "Lowest mode relaxed, meV"),
        ("trained_geometry_moved", "Largest shift of an atom by relaxation, Å"),
        ("trained_dynamics_broke", "Intact dynamics at 300 K, ps"),
    ],
)
def test_a_refusal_marks_its_check(code: str, title: str) -> None:
    refused = verdicts(ENDED | {"notices": [{"code": code}]})
    assert refused[title] == "poor"
    assert list(refused.values()).count("poor") == (2 if code == "trained_imaginary_modes" else 1)


def test_phonons_without_a_reference_are_not_judged() -> None:
    found = verdicts(ENDED | {"evidence": WITHOUT_REFERENCE})
    assert found["Mean error of phonons against the reference"] == "unknown"


def test_modes_of_one_energy_share_a_row() -> None:
    rows = mode_rows(copy.deepcopy(EVIDENCE["phonons"]["points"]))
    assert [(row["point"], row["n_modes"]) for row in rows] == [("Γ", 3), ("Γ", 3), ("X", 2), ("X", 2)]
    assert [row["is_first"] for row in rows] == [True, False, True, False]
    assert (rows[0]["after"], rows[1]["reference"], rows[1]["before"]) == ("0", "64.0", "56.0")
    (row,) = mode_rows({"W_2": {"reference": None, "before": [-4.0], "after": [5.0]}})
    assert (row["point"], row["reference"], row["before"]) == ("W2", "—", "−4.0")


def test_the_form_offers_what_the_server_can_use(site: Site, accepted: dict[str, Any]) -> None:
    path = f"/train/{accepted['structure_id']}"
    without = site.fetch(path)
    assert without.status_code == 200
    assert "No training is possible now" in without.text
    with trainings.trainer(site):
        html = site.fetch(path).text
        references = run(site.api.get("/references"))
    values = Controls(html).values
    assert values["reference"] == ["file"]
    assert values["label_set_id"] == [accepted["label_set_id"]]
    assert (values["temperature_k"], values["effort"]) == (["300"], ["standard"])
    assert all(one["title"] in html for one in references)
    assert "No training is possible now" not in html


def test_every_option_of_the_api_has_a_control(site: Site, accepted: dict[str, Any]) -> None:
    schema = run(site.api.get("/training-options"))
    options = options_of_schema(schema)
    values = Controls(site.fetch(f"/train/{accepted['structure_id']}").text).values
    own = {"reference_prediction_id"}
    assert {one.name for one in options} == set(schema["properties"])
    assert {one.name for one in options} - own <= set(values) | {"fit_stress"}
    by_name = {one.name: one for one in options}
    assert (by_name["fit_stress"].kind, by_name["steps"].kind, by_name["dynamics_ps"].unit) == ("flag", "integer", "ps")


def test_an_earlier_training_fills_the_form(site: Site, accepted: dict[str, Any], tmp_path: Path) -> None:
    asked = trainings.request(
        site,
        accepted["structure_id"],
        accepted["label_set_id"],
        temperature_k=77,
        options={"seed": 5, "dynamics_ps": 10.0, "fit_stress": False},
    )
    with trainings.trainer(site):
        values = Controls(site.fetch(f"/train/{accepted['structure_id']}?from={asked['id']}").text).values
    assert (values["temperature_k"], values["effort"]) == (["77"], ["quick"])
    assert (values["seed"], values["dynamics_ps"], values["fit_stress"]) == (["5"], ["10"], ["0"])
    assert values["steps"] == values["batch_size"] == [""]
    run(site.api.call("POST", f"/trainings/{asked['id']}/cancel"))
    run(site.api.call("DELETE", f"/trainings/{asked['id']}"))


def test_the_evidence_leads_to_a_forecast(site: Site, accepted: dict[str, Any]) -> None:
    html = site.fetch(f"/trainings/{accepted['id']}").text
    forecast = f"/structures/{accepted['structure_id']}?potential={accepted['potential_id']}"
    assert forecast in html
    assert f"/api/v1/potentials/{accepted['potential_id']}/file" in html
    assert f"/api/v1/trainings/{accepted['id']}/labels" in html
    # It is also what the form chooses by itself
    offered = Controls(site.fetch(f"/structures/{accepted['structure_id']}").text).values
    assert offered["potential"] == [accepted["potential_id"]]


def test_a_refused_potential_says_why_and_leads_to_another_training(site: Site, tmp_path: Path) -> None:
    refused = trainings.trained(site, tmp_path / "made", accepted=False)
    html = site.fetch(f"/trainings/{refused['id']}").text
    assert refused["warnings"][0].split("(")[0] in html
    assert f"/train/{refused['structure_id']}?from={refused['id']}" in html
    assert "/potentials/None" not in html
    trainings.remove(site, refused)


def test_the_lists_have_what_can_be_deleted(site: Site, accepted: dict[str, Any]) -> None:
    html = site.fetch("/potentials").text
    for path in ("potentials", "trainings", "label-sets"):
        key = {"potentials": accepted["potential_id"], "trainings": accepted["id"]}.get(path, accepted["label_set_id"])
        assert f'data-remove="/{path}/{key}"' in html
    assert f'href="/trainings/{accepted["id"]}"' in html


@pytest.mark.parametrize("path", ["/train/{}", "/trainings/{}"])
@pytest.mark.parametrize("key", ["no-uuid", "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c"])
def test_what_is_not_there_is_not_found(site: Site, path: str, key: str) -> None:
    assert site.fetch(path.format(key)).status_code == 404


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ({"kind": "file", "level_of_theory": "", "name": "labels"}, "labels"),
        ({"kind": "engine", "title": "GFN1-xTB", "engine": "gfn1-xtb"}, "GFN1-xTB"),
        ({"kind": "phonons", "level_of_theory": "PBEsol", "name": "si.castep"}, "PBEsol"),
        ({"kind": "phonons"}, "phonons"),
    ],
)
def test_a_reference_is_named_by_what_is_known_of_it(reference: dict[str, str], name: str) -> None:
    macros = environment(StaticFiles()).get_template("macros/trainings.html").make_module({"reference": reference})
    assert str(macros.reference({"reference": reference})).strip() == name
