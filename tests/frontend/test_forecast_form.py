"""The form that starts a forecast: what it sends and what it says before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from frontend import estimates, forecast_form
from frontend.client import ApiProblem, Engine, Estimate, Model, Structure
from frontend.dynamics_form import (
    CHOICES,
    METHODS,
    DynamicsForm,
    engine_choices,
    engine_words,
    in_sight,
    takes,
    waiting_words,
)
from frontend.forecast_form import Form, parse_supercell, request_body

from .components import text, walk
from .conftest import Site, run


def model(name: str, elements: list[str], **more: Any) -> Model:
    return Model(
        **{  # type: ignore[typeddict-item]
            "id": name,
            "name": name,
            "elements": elements,
            "kind": "uploaded",
            "sha256": "0",
            "licence": "",
            "citation": "",
            "installed": True,
            **more,
        }
    )


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("", None),
        (None, None),
        ("4", [4, 4, 4]),
        ("4 4 2", [4, 4, 2]),
        ("4×4×2", [4, 4, 2]),
        ("4x4, 2", [4, 4, 2]),
        ("4 4", "4 4"),
        ("many", "many"),
    ],
)
def test_supercells_as_people_write_them(typed: str | None, sent: Any) -> None:
    assert parse_supercell(typed) == sent


def test_the_untouched_form_is_a_forecast_that_the_api_takes(site: Site) -> None:
    form = Form(structure_id=site.structure_id)
    for method in form.methods:
        estimate = run(site.api.estimate(request_body(form, method=method)))
        assert estimate["estimate_s"] > 0
        assert estimate["options"]["q_max_inv_angstrom"] > 0


def test_what_only_molecular_dynamics_takes_is_not_sent_for_the_preview() -> None:
    numbers = {"timestep_fs": 1.5, "seed": 7.0, "q_max_inv_angstrom": None, "replicas": 4.0, "n_orders": 2.0}
    form = Form("s", supercell="3", numbers=numbers, resolve_sites=True)
    both = {"seed": 7, "resolve_sites": True}
    assert request_body(form, method="md")["options"] == both | {
        "timestep_fs": 1.5,
        "replicas": 4,
        "supercell": [3, 3, 3],
    }
    assert request_body(form, method="harmonic")["options"] == both | {"n_orders": 2}


def test_every_option_of_the_form_is_one_of_the_api(site: Site) -> None:
    numbers = dict.fromkeys(("replicas", "n_orders", "energy_max_mev", "seed", "q_max_inv_angstrom"), 2.0)
    form = Form(site.structure_id, numbers=numbers, resolve_sites=True, relax_cell=True)
    for method in form.methods:
        options = run(site.api.estimate(request_body(form, method=method)))["options"]
        assert options["resolve_sites"]
        assert {name: options[name] for name in numbers if name in options} == {
            name: value for name, value in numbers.items() if takes(method, name)
        }


def test_every_choice_of_dynamics_is_one_of_the_api(site: Site) -> None:
    engines = run(site.api.engines())
    numbers = {"pressure_gpa": -1.5, "n_beads": 4.0}
    for engine in engines:
        chosen = DynamicsForm(engine["name"], tuple(engine["methods"]), "pbe", "npt", "nvt")
        form = Form(site.structure_id, methods=METHODS, numbers=numbers, dynamics=chosen)
        for method in METHODS:
            options = run(site.api.estimate(request_body(form, method=method)))["options"]
            assert options["dispersion"] == "pbe"
            if method in engine["methods"]:
                assert options["engine"] == engine["name"]
            if method != "harmonic":
                assert (options["ensemble"], options["pressure_gpa"]) == ("npt", -1.5)
        assert run(site.api.estimate(request_body(form, method="md")))["options"]["production_ensemble"] == "nvt"
        assert run(site.api.estimate(request_body(form, method="trpmd")))["options"]["n_beads"] == 4


def test_a_pressure_is_of_a_cell_that_finds_its_size() -> None:
    form = Form("s", numbers={"pressure_gpa": 2.0})
    assert request_body(form, method="md")["options"] == {}
    free = replace(form, dynamics=DynamicsForm(ensemble="npt"))
    assert request_body(free, method="md")["options"] == {"ensemble": "npt", "pressure_gpa": 2.0}
    assert request_body(free, method="harmonic")["options"] == {}


def test_options_stand_in_sight_where_a_chosen_method_takes_them() -> None:
    usual = DynamicsForm()
    assert not in_sight("n_beads", ("harmonic", "md"), usual)
    assert in_sight("n_beads", ("md", "trpmd"), usual)
    assert not in_sight("production_ensemble", ("trpmd",), usual)
    assert not in_sight("pressure_gpa", ("md",), usual)
    assert in_sight("pressure_gpa", ("md",), DynamicsForm(ensemble="npt"))
    assert in_sight("n_orders", (), usual)


def test_an_engine_that_no_worker_has_can_be_chosen() -> None:
    engines = [engine("nep-adapters", ["harmonic", "md"], 1), engine("gpumd", ["md", "trpmd"], 0)]
    offered = {one["value"]: one["label"] for one in engine_choices(engines, ("md",))}
    assert offered == {
        "automatic": "Automatic",
        "nep-adapters": "NEP-ADAPTERS",
        "gpumd": "GPUMD · no worker has it now",
    }
    assert "nep-adapters" not in [one["value"] for one in engine_choices(engines, ("trpmd",))]
    taken = {"harmonic": "nep-adapters", "md": "nep-adapters", "trpmd": "gpumd"}
    assert engine_words(taken, engines) == "Harmonic and MD: NEP-ADAPTERS; TRPMD: GPUMD"
    assert waiting_words(taken, engines) == ["No worker has GPUMD now: the forecast waits until one comes."]


def engine(name: str, methods: list[str], workers: int) -> Engine:
    return Engine(name=name, title=name.upper(), methods=methods, queue="cpu", workers=workers)


def test_fields_stand_in_the_order_in_which_they_are_read(site: Site) -> None:
    form = Form(site.structure_id)
    panel = forecast_form.form_panel(
        form, structure=run(site.api.structure(site.structure_id)), instruments=[], models=[], engines=[]
    )
    ids = [part.id for part in walk(panel) if isinstance(getattr(part, "id", None), dict)]
    for kind, names in (("form-number", forecast_form.NUMBERS), ("form-choice", CHOICES)):
        assert [id["name"] for id in ids if id["type"] == kind] == list(names)


def test_a_form_is_filled_in_from_an_earlier_forecast(site: Site) -> None:
    form = Form.from_prediction(run(site.api.prediction(site.md_id)))
    assert (form.methods, form.quality, form.temperature_k) == (("md",), "preview", 300.0)
    assert set(form.instruments) == {"TOSCA", "MAPS"}


def test_what_was_chosen_of_the_dynamics_is_kept_and_what_was_not_is_left_to_the_api(site: Site) -> None:
    prediction = run(site.api.prediction(site.md_id))
    usual = {"engine": "i-pi", "n_beads": 4, "ensemble": "nvt", "pressure_gpa": 0.0, "dispersion": None}
    options = {**usual, "n_beads": 8, "ensemble": "npt", "pressure_gpa": 1.5, "dispersion": "pbe"}
    prediction["method"], prediction["options"] = "trpmd", options
    again = Form.from_prediction(prediction, usual)
    assert again.methods == ("trpmd",)
    assert again.dynamics == DynamicsForm(ensemble="npt", dispersion="pbe")
    assert again.numbers == {"n_beads": 8, "pressure_gpa": 1.5}
    prediction["options"] = {**usual, "engine": "gpumd"}
    other = Form.from_prediction(prediction, usual)
    assert other.dynamics.engine == "gpumd"
    assert other.numbers == {}


def test_potentials_that_lack_an_element_cannot_be_chosen() -> None:
    models = [model("mine", ["Si"]), model("NEP89", ["H", "C", "Si", "O"], kind="pretrained", installed=False)]
    choices = {choice["value"]: choice for choice in forecast_form.model_choices(models, ["Si", "O"])}
    assert choices["mine"]["disabled"]
    assert "lacks O" in choices["mine"]["label"]
    assert not choices["NEP89"]["disabled"]
    assert "fetched on first use" in choices["NEP89"]["label"]
    assert forecast_form.default_model(models, ["Si"]) == "NEP89"
    assert forecast_form.default_model(models, ["U"]) is None


def test_estimates_stand_in_their_cards_and_errors_at_their_fields(site: Site) -> None:
    structure: Structure = run(site.api.structure(site.structure_id))
    form = Form(structure_id=site.structure_id)
    estimate = Estimate(
        options={"supercell": [6, 6, 6], "timestep_fs": 2.0, "engine": "nep-adapters"},
        estimate_s=170.0,
        n_atoms_simulated=432,
        q_resolution_inv_angstrom=0.29,
        energy_resolution_mev=0.8,
        warnings=[],
    )
    refused = ApiProblem(422, "Unprocessable", "no", [{"loc": "options.seed", "msg": "too large"}])
    trpmd: Estimate = {
        **estimate,
        "options": {**estimate["options"], "supercell": [2, 2, 2], "n_beads": 16, "engine": "i-pi"},
        "estimate_s": 2400.0,
    }
    answers: dict[tuple[str, str], Estimate | ApiProblem] = {
        ("harmonic", "preview"): estimate,
        ("md", "preview"): estimate,
        ("md", "standard"): refused,
        ("trpmd", "preview"): trpmd,
    }
    engines = [engine("nep-adapters", ["harmonic", "md"], 1), engine("i-pi", ["trpmd"], 0)]
    outputs = estimates.form_outputs(form, structure, answers, engines)
    assert outputs["summary"] == "About 6 min on this machine"
    card = text(outputs["qualities"][0])
    assert "≈ 3 min" in card
    assert "432" in card
    assert "0.29 Å⁻¹" in card
    assert "23 × 23 × 23 Å" in card
    assert "Beads" not in card
    assert outputs["supercell"] == "6 × 6 × 6 (automatic)"
    assert outputs["trpmd"] == "16 beads, ≈ 40 min"
    assert outputs["notes"] == ""
    # Of a quality that was not chosen, nothing is complained of
    assert outputs["message"] is None
    both = estimates.form_outputs(replace(form, methods=METHODS), structure, answers, engines)
    card = text(both["qualities"][0])
    assert card.startswith("≈ 43 min")
    assert "MD, 3 min" in card
    assert "TRPMD, 40 min" in card
    assert both["supercell"] == "6 × 6 × 6 or 2 × 2 × 2 (automatic)"
    assert both["notes"] == "No worker has I-PI now: the forecast waits until one comes."
    refused_too = {**answers, ("harmonic", "standard"): estimate}
    chosen = estimates.form_outputs(Form(site.structure_id, quality="standard"), structure, refused_too, engines)
    assert chosen["number_errors"][list(forecast_form.NUMBERS).index("seed")] == "too large"
    assert "Too large" in text(chosen["message"])
    assert chosen["summary"] == ""


def test_what_is_missing_is_named() -> None:
    problem = estimates.incomplete(Form("s", instruments=(), methods=(), temperature_k=None))
    assert problem is not None
    assert {error["loc"] for error in problem.errors} == {"instruments", "method", "temperature_k"}
    assert estimates.incomplete(Form("s")) is None
