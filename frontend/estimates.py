"""What a forecast would cost, shown while its form is filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import ALL, Dash, Input, Output, State

from frontend import notation
from frontend.client import ApiClient, ApiProblem, Engine, Estimate, FieldProblem, Structure, settled
from frontend.crystal_form import CrystalForm, crystal_problems, filled_in, zone_errors
from frontend.dynamics_form import (
    AUTOMATIC,
    CHOICES,
    DYNAMICS,
    METHODS,
    DynamicsForm,
    engine_choices,
    engine_words,
    takes,
    waiting_words,
)
from frontend.forecast_form import FIELDS, NUMBERS, Form, request_body
from frontend.problems import field_messages, problem_alert
from frontend.quality_cards import QUALITIES, quality_facts
from frontend.session import of_user
from frontend.wiring import in_browser

Answers = Mapping[tuple[str, str], "Estimate | ApiProblem"]
"""By method and quality."""

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
    ("form-engine", "value"),
    ({"type": "form-choice", "name": ALL}, "value"),
)

OUTPUTS: dict[str, Output] = {
    "summary": Output("form-summary", "children"),
    "harmonic": Output("harmonic-time", "children"),
    "trpmd": Output("trpmd-words", "children"),
    "engines": Output("form-engine", "data"),
    "engine_words": Output("form-engine", "description"),
    "engine_error": Output("form-engine", "error"),
    "choice_errors": Output({"type": "form-choice", "name": ALL}, "error"),
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
}
"""What `form_outputs` is shown in."""
ESTIMATED = ("qualities", "placeholders", "supercell", "harmonic", "trpmd", "path", "n_zones", "engine_words")


def read_form(structure_id: str, values: Sequence[Any], engines: Sequence[Engine]) -> Form:
    """Return the form from the values of `FORM_FIELDS`, in their order."""
    instruments, temperature, methods, quality, model, supercell, relax, sites, numbers = values[:9]
    sampling, path, zones, n_zones, hkl, engine, choices = values[9:]
    able = next((tuple(one["methods"]) for one in engines if one["name"] == engine), ())
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
        dynamics=DynamicsForm(
            engine=engine if engine != AUTOMATIC else None,
            engine_methods=able,
            **dict(zip(CHOICES, choices, strict=True)),
        ),
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
        errors.append({"loc": "method", "msg": "Choose at least one."})
    if form.temperature_k is None:
        errors.append({"loc": "temperature_k", "msg": "Give a temperature in kelvin."})
    if form.sampling == "path":
        errors += crystal_problems(form.crystal)
    return ApiProblem(422, "Something is missing", "Mend this, then start.", errors) if errors else None


def _placeholder(values: Sequence[Any], unit: str = "") -> str:
    """What an option left empty becomes, of each method that takes it."""
    shown = dict.fromkeys(_shown(value) for value in values if value is not None)
    if not shown:
        return "automatic"
    return " ".join(part for part in (" or ".join(shown), unit, "(automatic)") if part)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " × ".join(str(item) for item in value)
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _dynamics_shown(form: Form) -> list[str]:
    """Whose time and size the qualities' cards tell."""
    return [method for method in form.methods if method in DYNAMICS] or ["md"]


def _asked(form: Form) -> list[tuple[str, str]]:
    """What estimates are needed for: all qualities of the dynamics, and the methods that could be added."""
    cards = [(method, quality) for method in _dynamics_shown(form) for quality in QUALITIES]
    return list(dict.fromkeys([("harmonic", form.quality), *cards, ("trpmd", form.quality)]))


def form_outputs(form: Form, structure: Structure, answers: Answers, engines: Sequence[Engine]) -> dict[str, Any]:
    """Return what the form shows: facts per quality, the sum, options filled in, errors at their fields.

    Parameters
    ----------
    answers
        Estimates, or the refusal of one.
    engines
        Those that there are, with who has them.
    """
    given = {key: answer for key, answer in answers.items() if not isinstance(answer, ApiProblem)}
    wanted = {method: (method, form.quality) for method in form.methods}
    problem = incomplete(form)
    if problem is None:
        refusals = (answers.get(key) for key in wanted.values())
        problem = next((answer for answer in refusals if isinstance(answer, ApiProblem)), None)
    chosen = {method: given[key] for method, key in wanted.items() if key in given}
    seconds = [estimate["estimate_s"] for estimate in chosen.values()]

    def filled(name: str) -> list[Any]:
        return [estimate["options"].get(name) for method, estimate in chosen.items() if takes(method, name)]

    taken = {method: estimate["options"]["engine"] for method, estimate in chosen.items()}
    messages = field_messages(problem, FIELDS) if problem else {}
    notes = [note for estimate in chosen.values() for note in estimate.get("warnings", [])]
    cards = {
        quality: {m: given[m, quality] for m in _dynamics_shown(form) if (m, quality) in given} for quality in QUALITIES
    }
    harmonic, trpmd = given.get(("harmonic", form.quality)), given.get(("trpmd", form.quality))
    return {
        "summary": f"About {notation.duration(sum(seconds))} on this machine" if seconds and not problem else "",
        "harmonic": notation.duration(harmonic["estimate_s"]) if harmonic else "—",
        "trpmd": f"{trpmd['options']['n_beads']} beads, ≈ {notation.duration(trpmd['estimate_s'])}" if trpmd else "—",
        "qualities": [quality_facts(of, structure) if of else "—" for of in cards.values()],
        "placeholders": [_placeholder(filled(name), unit) for name, (_, unit, _) in NUMBERS.items()],
        "supercell": _placeholder(filled("supercell")),
        "engines": engine_choices(engines, form.methods),
        "engine_words": engine_words(taken, engines),
        "choice_errors": [messages.get(name) for name in CHOICES],
        "engine_error": messages.get("engine"),
        "message": problem_alert(problem, title=NOT_LIKE_THIS, id="form-problem") if problem else None,
        "notes": " ".join(dict.fromkeys([*notes, *waiting_words(taken, engines)])),
        "number_errors": [messages.get(name) for name in NUMBERS],
        "supercell_error": messages.get("supercell"),
        "temperature_error": messages.get("temperature_k"),
        "instruments_error": messages.get("instruments"),
        "model_error": messages.get("potential"),
        "methods_error": messages.get("method"),
        **filled_in([estimate["options"] for estimate in chosen.values()]),
        **zone_errors(messages, form.crystal),
    }


def register(app: Dash, client: ApiClient) -> None:
    """Keep the estimates beside the form up to date, and those fields in sight that count."""
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
    in_browser(
        app,
        "forms",
        "showOptions",
        Output({"type": "form-field", "name": ALL}, "hidden"),
        Input("form-methods", "value"),
        Input({"type": "form-choice", "name": ALL}, "value"),
        State({"type": "form-choice", "name": ALL}, "id"),
        State({"type": "form-field", "name": ALL}, "id"),
        State("structure-context", "data"),
    )
    in_browser(
        app,
        "forms",
        "keepEngine",
        Output("form-engine", "value"),
        Input("form-methods", "value"),
        State("form-engine", "value"),
        State("structure-context", "data"),
    )

    in_browser(app, "forms", "ask", Output("form-asked", "data"), *[Input(id, prop) for id, prop in FORM_FIELDS])
    in_browser(
        app,
        "forms",
        "answer",
        *OUTPUTS.values(),
        Input("form-answered", "data"),
        State("form-asked", "data"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("form-answered", "data"),
        Input("form-asked", "data"),
        State("structure-context", "data"),
        prevent_initial_call=True,
    )
    async def answer(asked: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
        outputs = await estimated(asked["values"], context)
        # By their place, for assets/forms.js
        shown = {str(place): outputs[name] for place, name in enumerate(OUTPUTS) if name in outputs}
        return {"number": asked["number"], "shown": shown}

    async def estimated(values: Sequence[Any], context: dict[str, Any]) -> dict[str, Any]:
        structure: Structure = context["structure"]
        api = of_user(client)
        try:
            engines = await api.engines()
        except ApiProblem:
            engines = context["engines"]
        form = read_form(structure["id"], values, engines)
        if incomplete(form):
            # What cannot be known now stays as it was
            outputs = form_outputs(form, structure, {}, engines)
            return {name: shown for name, shown in outputs.items() if name not in ESTIMATED}
        asked = _asked(form)
        bodies = [request_body(form, method=method, quality=quality) for method, quality in asked]
        answers = await settled(*[api.estimate(body) for body in bodies])
        return form_outputs(form, structure, dict(zip(asked, answers, strict=True)), engines)
