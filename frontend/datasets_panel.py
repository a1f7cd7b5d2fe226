"""The user's own data beside a forecast: what there is, what is drawn, and the card that a new file is confirmed on.

The list, the card's contents and the requests are made in the browser (`assets/datasets.js`, `assets/dataset-card.js`):
files go straight to the REST API, and a list of components would slow down every slider of the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from frontend.client import ApiClient, ApiProblem, Instrument, settled
from frontend.controls import number_step
from frontend.figures import graph
from frontend.instrument_picker import display_name
from frontend.measured import UNITS, Dataset
from frontend.shell import icon
from frontend.terms import explained, explained_as
from frontend.view_state import DATASET_SCALES, ViewState
from frontend.wiring import attributes

SCALE_LABELS = {"fit": "Fitted", "maximum": "Same maximum", "none": "As they are"}
FILES = "ISIS .DAT, JCAMP-DX, Mantid ASCII, CSV and other columns, NXSPE, Mantid NeXus, Beamcast’s own"

NUMBER: dict[str, Any] = {"min": 0, "debounce": 300, "size": "xs", "hideControls": True}
OF_THE_RUN = (
    ("data-temperature", "Temperature", "K", None),
    ("data-mass", "Mass of the sample", "g", "measured_mass"),
    ("data-exposure-uah", "Charge on the target", "µA h", "exposure_uah"),
    ("data-exposure-h", "Measured for", "h", "exposure_h"),
)


@dataclass(frozen=True)
class Measured:
    """What there is to lay over a forecast.

    `own` belong to the structure that is looked at; `chosen` are those of the address that are there; `words` say what
    is amiss.
    """

    own: Sequence[Dataset] = ()
    others: Sequence[Dataset] = ()
    chosen: Sequence[str] = ()
    words: Sequence[str] = ()


async def find_measured(api: ApiClient, structure_id: str, wanted: Sequence[str]) -> Measured:
    """Return the user's data, newest first, and which of them the address asks for."""
    own, every = await settled(api.datasets(structure_id=structure_id), api.datasets())
    for answer in (own, every):
        if isinstance(answer, ApiProblem):
            return Measured(words=[f"Measured data cannot be listed: {answer.detail}"])
    others = [row for row in every if row["structure_id"] != structure_id]
    known = {row["id"] for row in (*own, *others)}
    # Older than what is listed
    lacking = [key for key in wanted if key not in known]
    answers = await settled(*[api.dataset(key) for key in lacking])
    words = [f"{key}: {answer.detail}" for key, answer in zip(lacking, answers, strict=True) if _refused(answer)]
    others += [answer for answer in answers if not _refused(answer)]
    known |= {row["id"] for row in others}
    return Measured(own, others, [key for key in wanted if key in known], words)


def _refused(answer: Any) -> bool:
    return isinstance(answer, ApiProblem)


def choice(name: str) -> dict[str, str]:
    """Return the id of a control of how data are drawn, which only powders' pages have."""
    return {"type": "data-choice", "name": name}


def chosen(name: str = "datasets") -> dict[str, str]:
    """Return the id of the store of what is drawn."""
    return {"type": "data-chosen", "name": name}


def setting(name: str) -> dict[str, str]:
    """Return the id of a setting that the data were measured with."""
    return {"type": "data-setting", "name": name}


def _tools(view: ViewState) -> html.Div:
    return html.Div(
        [
            html.Div(
                [
                    html.Span(explained("offset", "Offset"), className="tool-label"),
                    dmc.Slider(
                        id=choice("offset"),
                        value=view.offset,
                        min=0,
                        max=1,
                        step=0.05,
                        label=None,
                        updatemode="drag",
                        thumbLabel="Offset between curves",
                        size="sm",
                        thumbSize=16,
                        w=120,
                    ),
                ],
                className="tool labelled-tool data-offset",
            ),
            html.Div(
                [
                    html.Span(explained("dataset_scale", "Data are"), className="tool-label"),
                    dmc.SegmentedControl(
                        id=choice("dataset_scale"),
                        data=[{"value": name, "label": SCALE_LABELS[name]} for name in DATASET_SCALES],
                        value=view.dataset_scale,
                        size="xs",
                        **attributes(aria_label="Scale of the data"),
                    ),
                ],
                className="tool labelled-tool",
            ),
        ],
        id="data-tools",
        className="tools",
        hidden=True,
    )


def _drop() -> html.Div:
    """The place for a file; assets/dataset-card.js gives it its file input, which Dash has none of."""
    return html.Div(
        [
            icon("upload", size=20),
            html.Div(
                [
                    html.Span("Drop a measured spectrum or map here, or "),
                    html.Button("choose a file", id="data-choose", type="button", className="link-button inline"),
                    html.Span(FILES, className="data-formats"),
                ]
            ),
        ],
        id="data-drop",
        className="data-drop",
    )


def _field(id: str, control: Any, *, hidden: bool = False) -> html.Div:
    return html.Div(control, id=f"{id}-field", hidden=hidden)


def _of_the_run(id: str, label: str, unit: str, term: str | None) -> html.Div:
    control = dmc.NumberInput(
        id=id,
        label=explained(term, label) if term else label,
        value="",
        suffix=f" {unit}",
        placeholder="not stated",
        # Nothing is read anew for them, so they need not wait until typing is over.
        **{**NUMBER, "debounce": False},
        **attributes(aria_label=f"{label} in {unit}"),
    )
    return _field(id, control)


def _fields(instruments: Sequence[Instrument]) -> html.Div:
    return html.Div(
        [
            _field("data-name", dmc.TextInput(id="data-name", label="Name", value="", size="xs")),
            _field(
                "data-spectrum",
                dmc.Select(
                    id="data-spectrum",
                    label="Which one of the file",
                    data=[],
                    value=None,
                    allowDeselect=False,
                    searchable=True,
                    size="xs",
                ),
                hidden=True,
            ),
            _field(
                "data-unit",
                dmc.Select(
                    id="data-unit",
                    label=explained("x_unit", "Unit of the energy axis"),
                    placeholder="Choose",
                    data=[{"value": name, "label": label} for name, label in UNITS.items()],
                    value=None,
                    allowDeselect=False,
                    size="xs",
                    **attributes(aria_label="Unit of the energy axis"),
                ),
            ),
            _field(
                "data-instrument",
                dmc.Select(
                    id="data-instrument",
                    label=explained("measured_instrument", "Measured on"),
                    placeholder="not stated",
                    data=[{"value": i["name"], "label": display_name(i["name"])} for i in instruments],
                    value=None,
                    clearable=True,
                    searchable=True,
                    size="xs",
                    **attributes(aria_label="Instrument that the data were measured on"),
                ),
            ),
            html.Div(id="data-settings", className="data-settings"),
            _field(
                "data-fixed-energy",
                dmc.NumberInput(
                    id="data-fixed-energy",
                    label=explained("fixed_energy", "Fixed energy"),
                    value="",
                    suffix=" meV",
                    placeholder="of analyser or beam",
                    **NUMBER,
                    **attributes(aria_label="Fixed energy in meV"),
                ),
                hidden=True,
            ),
            *[_of_the_run(*words) for words in OF_THE_RUN],
        ],
        className="data-fields",
    )


def _card(instruments: Sequence[Instrument]) -> html.Section:
    """The card of a file that is read but not kept yet, or of data that are edited."""
    return html.Section(
        [
            html.H3("", id="data-card-title"),
            html.Div(
                [
                    html.Div(
                        [
                            graph("data-preview", label="The data as they are read"),
                            html.Div(id="data-preview-message", className="graph-message", role="status"),
                            html.Div(id="data-warnings", role="status"),
                        ],
                        className="data-preview",
                    ),
                    html.Div([html.Dl(id="data-facts", className="facts"), _fields(instruments)]),
                ],
                className="data-card-grid",
            ),
            html.Div(id="data-problem", className="inline-problem", role="alert"),
            html.Div(
                [
                    dmc.Button("Discard", id="data-discard", variant="default", size="xs"),
                    dmc.Button("Keep", id="data-keep", size="xs"),
                ],
                className="confirm-buttons",
            ),
        ],
        id="data-card",
        className="data-card",
        hidden=True,
        tabIndex=-1,
        **attributes(aria_labelledby="data-card-title"),
    )


def setting_fields(properties: Mapping[str, Mapping[str, Any]], stated: Mapping[str, Any]) -> list[Any]:
    """Return fields for what an instrument can be set to; those that the file does not state are empty."""
    return [_setting_field(name, schema, stated.get(name)) for name, schema in properties.items()]


def _setting_field(name: str, schema: Mapping[str, Any], value: Any) -> Any:
    title, unit = str(schema.get("title", name)), str(schema.get("x-unit", "") or "")
    description = schema.get("description")
    common: dict[str, Any] = {
        "id": setting(name),
        "label": explained_as(str(description), title) if description else title,
        "placeholder": "not stated",
        "size": "xs",
        **attributes(aria_label=title + (f" in {unit}" if unit else "")),
    }
    if "enum" in schema:
        data = [{"value": str(option), "label": f"{option} {unit}".strip()} for option in schema["enum"]]
        return dmc.Select(data=data, value=None if value is None else str(value), clearable=True, **common)
    return dmc.NumberInput(
        value="" if value is None else value,
        min=schema.get("minimum"),
        max=schema.get("maximum"),
        step=number_step(schema),
        suffix=f" {unit}" if unit else "",
        hideControls=True,
        **common,
    )


def datasets_panel(view: ViewState, measured: Measured, instruments: Sequence[Instrument]) -> html.Section:
    """Return the panel of a powder's page."""
    return html.Section(
        [
            dcc.Store(id=chosen(), data=list(measured.chosen)),
            dcc.Store(id="data-stated"),
            dcc.Store(id="data-asked"),
            dcc.Store(id="data-listed"),
            html.Div(
                [dmc.Title(explained("measured_data", "Measured data"), order=2, size="h4"), _tools(view)],
                className="panel-head",
            ),
            html.Ul([html.Li(word) for word in measured.words], className="data-words small")
            if measured.words
            else None,
            html.Div(id="data-list"),
            html.P(id="data-followed", className="quiet small data-followed", role="status"),
            _drop(),
            html.Div(id="data-message", role="alert"),
            _card(instruments),
        ],
        className="panel",
        id="measured",
    )


def no_datasets_panel() -> html.Section:
    """Return what the page of a single crystal says instead."""
    return html.Section(
        [
            dmc.Title(explained("measured_data", "Measured data"), order=2, size="h4"),
            html.P("Your own spectra and maps are compared with forecasts of powders only.", className="quiet flush"),
        ],
        className="panel",
        id="measured",
    )
