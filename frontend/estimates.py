"""What a forecast would cost, shown while its form is filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import ALL, Dash, Input, Output, State, no_update

from frontend import notation
from frontend.client import ApiClient, ApiProblem, Estimate, FieldProblem, Structure, settled
from frontend.crystal_form import CrystalForm, crystal_problems, filled_in, zone_errors
from frontend.forecast_form import FIELDS, METHODS, NUMBERS, QUALITIES, Form, estimate_facts, request_body
from frontend.problems import field_messages, problem_alert
from frontend.session import of_user
from frontend.wiring import in_browser

Answers = Mapping[str, "Estimate | ApiProblem"]

NOT_LIKE_THIS = "This forecast cannot be started"

FORM_FIELDS: tuple[tuple[str | dict[str, Any], str], ...] = (
    ("form-instruments", "value"),
    ("form-temperature", "value"),
    ("form-methods", "value"),
    ("form-quality", "value"),
    ("form-model", "value"),
    ("form-supercell", "value"),
    ("form-relax-cell", "checked"),
    ("form-resolve-sites", "checked"),
    ({"type": "form-number", "name": ALL}, "value"),
    ("form-sampling", "value"),
    ("form-path", "value"),
    ("form-zones", "value"),
    ("form-n-zones", "value"),
    ("form-hkl", "value"),
)


def read_form(structure_id: str, values: Sequence[Any]) -> Form:
    """Return the form from the values of `FORM_FIELDS`, in their order."""
    instruments, temperature, methods, quality, model, supercell, relax, sites, numbers = values[:9]
    sampling, path, zones, n_zones, hkl = values[9:]
    return Form(
        structure_id=structure_id,
        instruments=tuple(instruments or ()),
        temperature_k=temperature if isinstance(temperature, int | float) else None,
        methods=tuple(method for method in METHODS if method in (methods or ())),
        quality=quality or "preview",
        model=model,
        supercell=supercell or "",
        relax_cell=bool(relax),
        resolve_sites=bool(sites),
        numbers=dict(zip(NUMBERS, numbers, strict=True)),
        sampling=sampling or "powder",
        crystal=CrystalForm(
            path=path or "",
            zones=zones or "random",
            n_zones=n_zones if isinstance(n_zones, int | float) else None,
            hkl=hkl or "",
        ),
    )


def incomplete(form: Form) -> ApiProblem | None:
    """Return what the form still lacks, in the API's own words for a problem."""
    errors: list[FieldProblem] = []
    if not form.instruments:
        errors.append({"loc": "instruments", "msg": "Choose at least one."})
    if not form.methods:
        errors.append({"loc": "method", "msg": "Choose the harmonic preview, molecular dynamics or both."})
    if form.temperature_k is None:
        errors.append({"loc": "temperature_k", "msg": "Give a temperature in kelvin."})
    if form.sampling == "path":
        errors += crystal_problems(form.crystal)
    return ApiProblem(422, "Something is missing", "Mend this, then start.", errors) if errors else None


def _placeholder(value: Any, unit: str = "") -> str:
    """What an option left empty becomes; harmonic previews have no time step, say, and then nothing is known."""
    if value is None:
        return "automatic"
    if isinstance(value, list):
        return " × ".join(str(item) for item in value) + " (automatic)"
    shown = f"{value:g}" if isinstance(value, int | float) else str(value)
    return f"{shown} {unit} (automatic)" if unit else f"{shown} (automatic)"


def form_outputs(form: Form, structure: Structure, answers: Answers) -> dict[str, Any]:
    """Return what the form shows: facts per quality, the sum, options filled in, errors at their fields.

    Parameters
    ----------
    answers
        Estimates, or the refusal of one, by `harmonic` and by quality of the molecular dynamics.
    """
    given = {key: answer for key, answer in answers.items() if not isinstance(answer, ApiProblem)}
    wanted = ["harmonic" if method == "harmonic" else form.quality for method in form.methods]
    problem = incomplete(form)
    if problem is None:
        refusals = (answers.get(key) for key in wanted)
        problem = next((answer for answer in refusals if isinstance(answer, ApiProblem)), None)
    seconds = [given[key]["estimate_s"] for key in wanted if key in given]
    options: dict[str, Any] = {}
    for key in wanted:
        if key in given:
            options |= {name: value for name, value in given[key]["options"].items() if value is not None}
    messages = field_messages(problem, FIELDS) if problem else {}
    notes = [note for key in wanted if key in given for note in given[key].get("warnings", [])]
    return {
        "summary": f"About {notation.duration(sum(seconds))} on this machine" if seconds and not problem else "",
        "harmonic": notation.duration(given["harmonic"]["estimate_s"]) if "harmonic" in given else "—",
        "qualities": [estimate_facts(given[q], structure) if q in given else "—" for q in QUALITIES],
        "placeholders": [_placeholder(options.get(name), unit) for name, (_, unit, _) in NUMBERS.items()],
        "supercell": _placeholder(options.get("supercell")),
        "message": problem_alert(problem, title=NOT_LIKE_THIS, id="form-problem") if problem else None,
        "notes": " ".join(dict.fromkeys(notes)),
        "number_errors": [messages.get(name) for name in NUMBERS],
        "supercell_error": messages.get("supercell"),
        "temperature_error": messages.get("temperature_k"),
        "instruments_error": messages.get("instruments"),
        "model_error": messages.get("model"),
        "methods_error": messages.get("method"),
        **filled_in([given[key]["options"] for key in wanted if key in given]),
        **zone_errors(messages, form.crystal),
    }


def register(app: Dash, client: ApiClient) -> None:
    """Keep the estimates beside the form up to date, and of a single crystal's fields those in sight that count."""
    in_browser(
        app,
        "forms",
        "showCrystal",
        Output("form-crystal", "hidden"),
        Output("form-n-zones-field", "hidden"),
        Output("form-hkl-field", "hidden"),
        Input("form-sampling", "value"),
        Input("form-zones", "value"),
    )

    @app.callback(
        output={
            "summary": Output("form-summary", "children"),
            "harmonic": Output("harmonic-time", "children"),
            "qualities": Output({"type": "quality-facts", "quality": ALL}, "children"),
            "placeholders": Output({"type": "form-number", "name": ALL}, "placeholder"),
            "supercell": Output("form-supercell", "placeholder"),
            "message": Output("form-message", "children"),
            "notes": Output("form-notes", "children"),
            "number_errors": Output({"type": "form-number", "name": ALL}, "error"),
            "supercell_error": Output("form-supercell", "error"),
            "temperature_error": Output("form-temperature", "error"),
            "instruments_error": Output("form-instruments-error", "children"),
            "model_error": Output("form-model", "error"),
            "methods_error": Output("form-methods", "error"),
            "path": Output("form-path", "placeholder"),
            "n_zones": Output("form-n-zones", "placeholder"),
            "path_error": Output("form-path", "error"),
            "zones_error": Output("form-zones", "error"),
            "n_zones_error": Output("form-n-zones", "error"),
            "hkl_error": Output("form-hkl", "error"),
        },
        inputs=[[Input(id, prop) for id, prop in FORM_FIELDS]],
        state=[State("structure-context", "data")],
    )
    async def show_estimates(values: Sequence[Any], context: dict[str, Any]) -> dict[str, Any]:
        structure: Structure = context["structure"]
        form = read_form(structure["id"], values)
        if incomplete(form):
            outputs = form_outputs(form, structure, {})
            keep = {"qualities": [no_update] * len(QUALITIES), "placeholders": [no_update] * len(NUMBERS)}
            return outputs | keep | dict.fromkeys(("supercell", "harmonic", "path", "n_zones"), no_update)
        api = of_user(client)
        bodies = {"harmonic": request_body(form, method="harmonic")}
        bodies |= {quality: request_body(form, method="md", quality=quality) for quality in QUALITIES}
        answers = await settled(*[api.estimate(body) for body in bodies.values()])
        return form_outputs(form, structure, dict(zip(bodies, answers, strict=True)))
