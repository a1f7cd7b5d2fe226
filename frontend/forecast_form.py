"""The 'New forecast' form: what it asks, what it sends, what it shows before the start."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from frontend.client import Engine, Instrument, JsonObject, Model, Prediction, Structure
from frontend.crystal_form import SAMPLINGS, CrystalForm, crystal_options, crystal_section, sampling_choice
from frontend.dynamics_form import (
    CHOICES,
    METHODS,
    DynamicsForm,
    choice,
    dynamics_options,
    engine_choice,
    in_sight,
    takes,
)
from frontend.instrument_picker import picker
from frontend.quality_cards import quality_cards
from frontend.shell import icon
from frontend.terms import explained
from frontend.wiring import attributes

DEFAULT_INSTRUMENTS = ("TOSCA", "MAPS")
DEFAULT_TEMPERATURE_K = 300.0
DEFAULT_METHODS = ("harmonic", "md")

# Option of the API -> label, unit, glossary key. All are optional: left empty, the quality decides.
NUMBERS: dict[str, tuple[str, str, str]] = {
    "timestep_fs": ("Time step", "fs", "timestep"),
    "equilibration_ps": ("Equilibration", "ps", "equilibration"),
    "pressure_gpa": ("Pressure", "GPa", "pressure"),
    "production_ps": ("Production", "ps", "production"),
    "replicas": ("Independent runs", "", "replicas"),
    "n_beads": ("Beads", "", "n_beads"),
    "q_max_inv_angstrom": ("Largest q", "Å⁻¹", "q_max"),
    "seed": ("Seed", "", "seed"),
    "n_orders": ("Phonon orders", "", "n_orders"),
    "energy_max_mev": ("Orders up to", "meV", "energy_max"),
}
WHOLE = {"seed", "replicas", "n_beads", "n_orders"}
OF_PATHS = ("path", "zones", "n_zones")
SWITCHES = ("relax_cell", "resolve_sites")
KEPT = ("pressure_gpa", "n_beads")
"""Numbers that are taken over when a forecast is started again; the others follow from what is changed."""
FIELDS = {
    *("temperature_k", "instruments", "potential", "supercell", "method", "quality", "engine"),
    *SWITCHES,
    *NUMBERS,
    *CHOICES,
    *OF_PATHS,
}


@dataclass(frozen=True)
class Form:
    """What stands in the form. Empty options are `None`: the API fills them in."""

    structure_id: str
    instruments: tuple[str, ...] = DEFAULT_INSTRUMENTS
    temperature_k: float | None = DEFAULT_TEMPERATURE_K
    methods: tuple[str, ...] = DEFAULT_METHODS
    quality: str = "preview"
    model: str | None = None
    supercell: str = ""
    relax_cell: bool = False
    resolve_sites: bool = False
    numbers: Mapping[str, float | None] = field(default_factory=dict)
    dynamics: DynamicsForm = field(default_factory=DynamicsForm)
    sampling: str = "powder"
    crystal: CrystalForm = field(default_factory=CrystalForm)

    @classmethod
    def from_prediction(cls, prediction: Prediction, usual: Mapping[str, Any] | None = None) -> Form:
        """Return the form that would start a prediction again, with what the user may want to change.

        Parameters
        ----------
        usual
            Options that the API would have filled in by itself; what is the same is left to it again.
        """
        usual = usual or {}
        options = prediction["options"]
        chosen = {name: options[name] for name in KEPT if name in options and options[name] != usual.get(name)}
        return cls(
            structure_id=prediction["structure_id"],
            instruments=tuple(prediction["instruments"]),
            temperature_k=prediction["temperature_k"],
            methods=(prediction["method"],) if prediction["method"] in METHODS else DEFAULT_METHODS,
            quality=prediction.get("quality") or "preview",
            model=prediction["potential_id"],
            relax_cell=bool(options.get("relax_cell")),
            resolve_sites=bool(options.get("resolve_sites")),
            numbers=chosen,
            dynamics=DynamicsForm.from_options(options, usual),
            sampling=prediction["sampling"] if prediction["sampling"] in SAMPLINGS else "powder",
            crystal=CrystalForm.from_options(options),
        )


def parse_supercell(text: str | None) -> list[int] | str | None:
    """Return three repeats from `4 4 2`, `4x4x2` or `4`; text that is none of these goes to the API as it is.

    The API then names the field and says what it wants, as for any other client.
    """
    words = re.split(r"[\s,;x×]+", (text or "").strip().lower())
    if words == [""]:
        return None
    if len(words) in (1, 3) and all(word.isdigit() for word in words):
        numbers = [int(word) for word in words]
        return numbers * 3 if len(numbers) == 1 else numbers
    return str(text)


def request_body(form: Form, *, method: str, quality: str | None = None) -> JsonObject:
    """Return the body of `POST /predictions` for one method."""
    options: JsonObject = {
        name: int(value) if name in WHOLE else value
        for name, value in form.numbers.items()
        if isinstance(value, int | float) and takes(method, name) and in_sight(name, form.methods, form.dynamics)
    }
    supercell = parse_supercell(form.supercell)
    if supercell is not None and takes(method, "supercell"):
        options["supercell"] = supercell
    options |= dynamics_options(form.dynamics, method)
    options |= {name: True for name in SWITCHES if getattr(form, name)}
    if form.sampling == "path":
        options |= crystal_options(form.crystal)
    body: JsonObject = {
        "structure_id": form.structure_id,
        "method": method,
        "temperature_k": form.temperature_k,
        "sampling": form.sampling,
        "instruments": list(form.instruments),
        "quality": quality or form.quality,
        "options": options,
    }
    if form.model:
        body["potential"] = form.model
    return body


def model_label(model: Model, elements: Sequence[str]) -> str:
    """Return a potential's line in the select: name, coverage, what stands against it."""
    missing = [element for element in elements if element not in model["elements"]]
    n = len(model["elements"])
    label = f"{model['name']} · {n} elements" if n > 3 else f"{model['name']} · {', '.join(model['elements'])}"
    if missing:
        return f"{label} · lacks {', '.join(missing)}"
    if not model["installed"]:
        return f"{label} · fetched on first use"
    return label


def model_choices(models: Sequence[Model], elements: Sequence[str]) -> list[JsonObject]:
    """Return the select's data; potentials that lack an element of the structure cannot be chosen."""
    return [
        {
            "value": model["id"],
            "label": model_label(model, elements),
            "disabled": any(element not in model["elements"] for element in elements),
        }
        for model in models
    ]


def default_model(models: Sequence[Model], elements: Sequence[str]) -> str | None:
    """Return the first potential that covers the structure, pretrained ones first."""
    usable = [model for model in models if all(element in model["elements"] for element in elements)]
    usable.sort(key=lambda model: model["kind"] != "pretrained")
    return usable[0]["id"] if usable else None


def _instrument_chips(instruments: Sequence[Instrument], chosen: Sequence[str]) -> Any:
    return html.Div(
        [
            html.Div("Instruments", className="field-label", id="form-instruments-label"),
            html.Div("The simulation covers the momentum range of all that you choose.", className="field-hint"),
            picker("form-instruments", instruments, chosen, labelled_by="form-instruments-label"),
            html.Div(id="form-instruments-error", className="field-error", role="alert"),
        ]
    )


def _methods(form: Form) -> Any:
    return dmc.CheckboxGroup(
        [
            dmc.Checkbox(
                value="harmonic",
                label="Harmonic preview",
                description=html.Span(["Phonons; ready in about ", html.Span("—", id="harmonic-time")]),
            ),
            dmc.Checkbox(
                value="md", label="Molecular dynamics", description="With anharmonicity, at the quality chosen below"
            ),
            dmc.Checkbox(
                value="trpmd",
                label="Quantum dynamics (path integrals, TRPMD)",
                description=html.Span(
                    ["With the quantum motion of the nuclei, too: ", html.Span("—", id="trpmd-words")]
                ),
            ),
        ],
        id="form-methods",
        label="Method",
        value=list(form.methods),
        className="methods",
    )


def _number(name: str, form: Form) -> dmc.NumberInput:
    label, unit, term = NUMBERS[name]
    value = form.numbers.get(name)
    return dmc.NumberInput(
        id={"type": "form-number", "name": name},
        label=explained(term, label),
        suffix=f" {unit}" if unit else "",
        value="" if value is None else value,
        # What pulls is a pressure, too
        min=None if name == "pressure_gpa" else 0,
        step=2 if name == "n_beads" else 1,
        debounce=True,
        allowDecimal=name not in WHOLE,
        placeholder="automatic",
        inputProps={"aria-label": label + (f" in {unit}" if unit else "")},
    )


# In the order in which they stand; `NUMBERS` keep theirs.
FIELDS_IN_ORDER = (
    *("engine", "dispersion", "supercell", "timestep_fs", "equilibration_ps", "ensemble", "pressure_gpa"),
    *("production_ps", "production_ensemble", "replicas", "n_beads", "q_max_inv_angstrom", "seed"),
    *("n_orders", "energy_max_mev"),
)


def _field(name: str, form: Form, engines: Sequence[Engine]) -> html.Div:
    """One advanced option; out of sight where no method that is chosen takes it."""
    control: Any
    if name == "engine":
        control = engine_choice(form.dynamics, engines, form.methods)
    elif name == "supercell":
        control = dmc.TextInput(
            id="form-supercell",
            label=explained("supercell", "Supercell"),
            value=form.supercell,
            placeholder="automatic",
            debounce=True,
        )
    else:
        control = choice(name, form.dynamics) if name in CHOICES else _number(name, form)
    return html.Div(
        control,
        id={"type": "form-field", "name": name},
        className=f"field-{name}",
        hidden=not in_sight(name, form.methods, form.dynamics),
    )


def _advanced(form: Form, engines: Sequence[Engine]) -> Any:
    relax = dmc.Checkbox(
        id="form-relax-cell", label=explained("relax_cell", "Relax the cell too"), checked=form.relax_cell
    )
    sites = dmc.Checkbox(
        id="form-resolve-sites",
        label=explained("resolve_sites", "Tell crystallographic sites apart"),
        checked=form.resolve_sites,
    )
    return dmc.Accordion(
        dmc.AccordionItem(
            [
                dmc.AccordionControl("Advanced options"),
                dmc.AccordionPanel(
                    [
                        html.P(
                            "Left empty, an option is worked out from the structure and the quality.",
                            className="field-hint",
                        ),
                        html.Div([_field(name, form, engines) for name in FIELDS_IN_ORDER], className="form-grid"),
                        html.Div([relax, sites], className="form-row"),
                    ]
                ),
            ],
            value="advanced",
        ),
        variant="separated",
        chevronPosition="left",
        className="advanced",
        id="form-advanced",
    )


def form_panel(
    form: Form,
    *,
    structure: Structure,
    instruments: Sequence[Instrument],
    models: Sequence[Model],
    engines: Sequence[Engine],
) -> html.Section:
    """Return the form, filled in: pressing Start at once is a sensible forecast."""
    elements = structure["elements"]
    return html.Section(
        [
            dcc.Store(id="form-asked"),
            dcc.Store(id="form-answered"),
            dmc.Title("New forecast", order=2, size="h4"),
            sampling_choice(form.sampling),
            crystal_section(form.crystal, hidden=form.sampling != "path"),
            _instrument_chips(instruments, form.instruments),
            dmc.NumberInput(
                id="form-temperature",
                label=explained("temperature", "Temperature"),
                value=form.temperature_k,
                min=0,
                suffix=" K",
                step=10,
                debounce=True,
                w=180,
                inputProps={"aria-label": "Temperature in kelvin"},
            ),
            _methods(form),
            quality_cards(form.quality),
            html.Div(
                [
                    dmc.Select(
                        id="form-model",
                        label=explained("potential", "Interatomic potential"),
                        data=model_choices(models, elements),
                        value=form.model or default_model(models, elements),
                        allowDeselect=False,
                        inputProps={"aria-label": "Interatomic potential"},
                    ),
                    dcc.Upload(
                        html.Button(
                            [icon("upload", size=14), "Upload your own nep.txt"],
                            type="button",
                            className="link-button",
                        ),
                        id="model-upload",
                        className="model-upload",
                        className_active="model-upload",
                        className_reject="model-upload",
                        style={},
                        style_active={},
                        style_reject={},
                        max_size=64 * 1024 * 1024,
                    ),
                    html.Div(id="model-message", role="alert"),
                ]
            ),
            _advanced(form, engines),
            html.Div(id="form-notes", className="form-notes"),
            html.Div(id="form-message", role="alert"),
            html.Div(
                [
                    dmc.Button("Start forecast", id="start", size="md"),
                    html.Div(id="form-summary", className="form-summary", **attributes(aria_live="polite")),
                ],
                className="start-row",
            ),
        ],
        className="panel form",
        id="forecast-form",
    )
