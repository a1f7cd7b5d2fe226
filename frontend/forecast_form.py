"""The 'New forecast' form: what it asks, what it sends, what it shows before the start."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from frontend import notation
from frontend.client import Estimate, Instrument, JsonObject, Model, Prediction, Structure
from frontend.crystal_form import SAMPLINGS, CrystalForm, crystal_options, crystal_section, sampling_choice
from frontend.instrument_picker import picker
from frontend.shell import icon
from frontend.terms import explained
from frontend.wiring import attributes

QUALITIES = {
    "preview": ("Preview", "Small box, short run: where the bands are."),
    "standard": ("Standard", "Enough to compare with a measured spectrum."),
    "production": ("Production", "Large box, long run: for the proposal's figure."),
}
DEFAULT_INSTRUMENTS = ("TOSCA", "MAPS")
DEFAULT_TEMPERATURE_K = 300.0
METHODS = ("harmonic", "md")

# Option of the API -> label, unit, glossary key. All are optional: left empty, the quality decides.
NUMBERS: dict[str, tuple[str, str, str]] = {
    "timestep_fs": ("Time step", "fs", "timestep"),
    "equilibration_ps": ("Equilibration", "ps", "equilibration"),
    "production_ps": ("Production", "ps", "production"),
    "q_max_inv_angstrom": ("Largest q", "Å⁻¹", "q_max"),
    "seed": ("Seed", "", "seed"),
    "replicas": ("Independent runs", "", "replicas"),
    "n_orders": ("Phonon orders", "", "n_orders"),
    "energy_max_mev": ("Orders up to", "meV", "energy_max"),
}
WHOLE = {"seed", "replicas", "n_orders"}
# What one method takes and the other does not; the harmonic preview works its own supercell out.
ONLY = {
    "md": {"timestep_fs", "equilibration_ps", "production_ps", "replicas"},
    "harmonic": {"n_orders", "energy_max_mev"},
}
OF_PATHS = ("path", "zones", "n_zones")
SWITCHES = ("relax_cell", "resolve_sites")
FIELDS = {"temperature_k", "instruments", "model", "supercell", "method", "quality", *SWITCHES, *NUMBERS, *OF_PATHS}


@dataclass(frozen=True)
class Form:
    """What stands in the form. Empty options are `None`: the API fills them in."""

    structure_id: str
    instruments: tuple[str, ...] = DEFAULT_INSTRUMENTS
    temperature_k: float | None = DEFAULT_TEMPERATURE_K
    methods: tuple[str, ...] = METHODS
    quality: str = "preview"
    model: str | None = None
    supercell: str = ""
    relax_cell: bool = False
    resolve_sites: bool = False
    numbers: Mapping[str, float | None] = field(default_factory=dict)
    sampling: str = "powder"
    crystal: CrystalForm = field(default_factory=CrystalForm)

    @classmethod
    def from_prediction(cls, prediction: Prediction) -> Form:
        """Return the form that would start a prediction again, with what the user may want to change."""
        return cls(
            structure_id=prediction["structure_id"],
            instruments=tuple(prediction["instruments"]),
            temperature_k=prediction["temperature_k"],
            methods=(prediction["method"],) if prediction["method"] in METHODS else METHODS,
            quality=prediction.get("quality") or "preview",
            model=prediction["model_id"],
            relax_cell=bool(prediction["options"].get("relax_cell")),
            resolve_sites=bool(prediction["options"].get("resolve_sites")),
            sampling=prediction["sampling"] if prediction["sampling"] in SAMPLINGS else "powder",
            crystal=CrystalForm.from_options(prediction["options"]),
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
    others = set().union(*(names for owner, names in ONLY.items() if owner != method))
    options: JsonObject = {
        name: int(value) if name in WHOLE else value
        for name, value in form.numbers.items()
        if isinstance(value, int | float) and name not in others
    }
    supercell = parse_supercell(form.supercell)
    if supercell is not None and method != "harmonic":
        options["supercell"] = supercell
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
        body["model"] = form.model
    return body


def box_text(options: Mapping[str, Any], structure: Structure) -> str | None:
    """Return the edges of the simulated box in Å, where the supercell is three repeats."""
    repeats = options.get("supercell")
    if not isinstance(repeats, Sequence) or len(repeats) != 3 or not all(isinstance(n, int) for n in repeats):
        return None
    edges = [n * length for n, length in zip(repeats, structure["cell"]["lengths_angstrom"], strict=True)]
    return " × ".join(f"{edge:.0f}" for edge in edges) + " Å"


def estimate_facts(estimate: Estimate, structure: Structure) -> list[Any]:
    """Return what a quality card says: time first, then atoms, box and the two resolutions."""
    rows: list[tuple[Any, str]] = [("Atoms", f"{estimate['n_atoms_simulated']:,}".replace(",", "\u202f"))]
    box = box_text(estimate["options"], structure)
    if box:
        rows.append(("Box", box))
    zones = estimate["options"].get("n_zones")
    if zones:
        rows.append(("Zones", str(zones)))
    dq, de = estimate.get("q_resolution_inv_angstrom"), estimate.get("energy_resolution_mev")
    if dq:
        rows.append((["Δ", html.I("q")], f"{notation.significant(dq, 2)} Å⁻¹"))
    if de:
        rows.append((["Δ", html.I("E")], f"{notation.significant(de, 2)} meV"))
    return [
        html.Div(f"≈ {notation.duration(estimate['estimate_s'])}", className="quality-time"),
        html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in rows], className="facts-inline"),
    ]


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
        ],
        id="form-methods",
        label=html.Span(["Method"]),
        value=list(form.methods),
        className="methods",
    )


def _quality_cards(form: Form) -> Any:
    cards = [
        dmc.RadioCard(
            [
                html.Div([dmc.RadioIndicator(size="xs"), html.Span(name, className="quality-name")], className="row"),
                html.Div(text, className="quality-text"),
                html.Div(id={"type": "quality-facts", "quality": value}, className="quality-facts"),
            ],
            value=value,
            className="quality",
            id=f"form-quality-{value}",
            **attributes(aria_label=name),
        )
        for value, (name, text) in QUALITIES.items()
    ]
    return dmc.RadioGroup(
        html.Div(cards, className="qualities"),
        id="form-quality",
        label=explained("quality", "Quality of the molecular dynamics"),
        value=form.quality,
    )


def _advanced(form: Form) -> Any:
    numbers = [
        dmc.NumberInput(
            id={"type": "form-number", "name": name},
            label=explained(term, label),
            suffix=f" {unit}" if unit else "",
            value=form.numbers.get(name) if form.numbers.get(name) is not None else "",
            min=0,
            debounce=True,
            allowDecimal=name not in WHOLE,
            placeholder="automatic",
            inputProps={"aria-label": label + (f" in {unit}" if unit else "")},
        )
        for name, (label, unit, term) in NUMBERS.items()
    ]
    supercell = dmc.TextInput(
        id="form-supercell",
        label=explained("supercell", "Supercell"),
        value=form.supercell,
        placeholder="automatic",
        debounce=True,
    )
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
                        html.Div([supercell, *numbers], className="form-grid"),
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
    form: Form, *, structure: Structure, instruments: Sequence[Instrument], models: Sequence[Model]
) -> html.Section:
    """Return the form, filled in: pressing Start at once is a sensible forecast."""
    elements = structure["elements"]
    return html.Section(
        [
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
            _quality_cards(form),
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
            _advanced(form),
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
