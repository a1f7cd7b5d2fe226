"""The form that starts a forecast: what it sends and what it says before."""

from __future__ import annotations

from typing import Any

import pytest

from frontend import estimates, forecast_form
from frontend.client import ApiProblem, Estimate, Model, Structure
from frontend.forecast_form import Form, parse_supercell, request_body

from .components import text
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
            name: value for name, value in numbers.items() if name not in forecast_form.ONLY[_other(method)]
        }


def _other(method: str) -> str:
    return "md" if method == "harmonic" else "harmonic"


def test_a_form_is_filled_in_from_an_earlier_forecast(site: Site) -> None:
    form = Form.from_prediction(run(site.api.prediction(site.md_id)))
    assert (form.methods, form.quality, form.temperature_k) == (("md",), "preview", 300.0)
    assert set(form.instruments) == {"TOSCA", "MAPS"}


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
        options={"supercell": [6, 6, 6], "timestep_fs": 2.0},
        estimate_s=170.0,
        n_atoms_simulated=432,
        q_resolution_inv_angstrom=0.29,
        energy_resolution_mev=0.8,
        warnings=[],
    )
    refused = ApiProblem(422, "Unprocessable", "no", [{"loc": "options.seed", "msg": "too large"}])
    answers = {"harmonic": estimate, "preview": estimate, "standard": refused}
    outputs = estimates.form_outputs(form, structure, answers)
    assert outputs["summary"] == "About 6 min on this machine"
    card = text(outputs["qualities"][0])
    assert "≈ 3 min" in card
    assert "432" in card
    assert "0.29 Å⁻¹" in card
    assert "23 × 23 × 23 Å" in card
    assert outputs["supercell"] == "6 × 6 × 6 (automatic)"
    # Of a quality that was not chosen, nothing is complained of
    assert outputs["message"] is None
    chosen = estimates.form_outputs(Form(site.structure_id, quality="standard"), structure, answers)
    assert chosen["number_errors"][list(forecast_form.NUMBERS).index("seed")] == "too large"
    assert "Too large" in text(chosen["message"])
    assert chosen["summary"] == ""


def test_what_is_missing_is_named() -> None:
    problem = estimates.incomplete(Form("s", instruments=(), methods=(), temperature_k=None))
    assert problem is not None
    assert {error["loc"] for error in problem.errors} == {"instruments", "method", "temperature_k"}
    assert estimates.incomplete(Form("s")) is None
