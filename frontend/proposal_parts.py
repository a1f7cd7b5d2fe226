"""What a proposal's own page and the page that readers see have in common: sample, settings, plan, lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from frontend import notation
from frontend.client import Instrument, JsonObject, Prediction, Structure
from frontend.instrument_picker import display_name
from frontend.measured import Dataset
from frontend.proposals_client import Proposal, Report
from frontend.shell import icon
from frontend.wiring import attributes

AMOUNTS = (("mass_g", "Mass", "g"), ("thickness_mm", "Thickness", "mm"), ("volume_cm3", "Volume", "cm³"))
FORMATS = {"pdf": "PDF", "html": "HTML"}


def fact(name: str, value: Any) -> html.Div:
    """Return a line of a list of facts."""
    return html.Div([html.Dt(name), html.Dd(value)])


def sample_facts(sample: JsonObject | None) -> Any:
    """Return what is said of the sample."""
    if not sample:
        return html.P("None is described yet: a plan of beam time brings it.", className="quiet small flush")
    container = sample.get("container") or {}
    material = container.get("material", "none")
    amounts = [fact(name, f"{sample[key]:g} {unit}") for key, name, unit in AMOUNTS if sample.get(key)]
    if not amounts:
        amounts = [fact("Scatters", f"{sample.get('scatterer_percent', 10):g} % of the beam")]
    size = f"{sample.get('width_mm', 40):g} × {sample.get('height_mm', 40):g} mm"
    rows = [
        fact("Sample", f"{notation.capital(sample.get('form', 'powder'))}, {sample.get('geometry', 'plate')}"),
        *amounts,
        fact("Width × height", size),
    ]
    if sample.get("packing", 1) != 1:
        rows.append(fact("Packing", f"{sample['packing']:g}"))
    if sample.get("density_g_cm3"):
        rows.append(fact("Density", f"{sample['density_g_cm3']:g} g cm⁻³"))
    walls = "None" if material == "none" else f"{notation.capital(material)}, walls of {container['wall_mm']:g} mm"
    return html.Dl([*rows, fact("Container", walls)], className="facts")


def setting_words(setting: JsonObject, instruments: Mapping[str, Instrument]) -> str:
    """Return how an instrument is set, in words: `Incident energy 120 meV, …`."""
    instrument = instruments.get(setting["instrument"])
    properties = instrument["settings_schema"].get("properties", {}) if instrument else {}
    words = []
    for name, value in setting["settings"].items():
        schema = properties.get(name, {})
        number = f"{value:g}" if isinstance(value, int | float) else str(value)
        words.append(f"{schema.get('title', name)} {number} {schema.get('x-unit') or ''}".strip())
    return ", ".join(words) or "as by default"


def settings_list(
    settings: Sequence[JsonObject],
    instruments: Mapping[str, Instrument],
    out: Callable[[int, str], Any] | None = None,
) -> Any:
    """Return the chosen settings; `out` makes the button that takes one out."""
    if not settings:
        return html.P("None is chosen yet: a plan of beam time ranks them.", className="quiet small flush")
    rows = [
        html.Li(
            [
                html.Div(
                    [
                        html.Div(display_name(one["instrument"]), className="thing-name"),
                        html.Div(setting_words(one, instruments), className="quiet small"),
                    ],
                    className="thing-what",
                ),
                out(number, display_name(one["instrument"])) if out else None,
            ],
            className="thing",
        )
        for number, one in enumerate(settings)
    ]
    return html.Ul(rows, className="things")


def plan_facts(plan: JsonObject) -> html.Dl:
    """Return what a plan asks for."""
    features, limits, target = plan["features_mev"], plan.get("constraints") or {}, plan.get("target") or {}
    places = [*limits.get("facilities", []), *map(display_name, limits.get("instruments", []))]
    rows = [
        fact(
            "Features", "found by themselves" if features == "auto" else f"{', '.join(f'{e:g}' for e in features)} meV"
        ),
        fact("Signal to noise", f"{target.get('signal_to_noise', 10):g}"),
        fact("Where", ", ".join(places) or "anywhere"),
    ]
    if limits.get("beam_time_h"):
        rows.append(fact("Beam time", f"{limits['beam_time_h']:g} h at most"))
    return html.Dl(rows, className="facts")


def dataset_words(dataset: Dataset) -> str:
    """Return what is known of measured data, in a line."""
    low, high = dataset["energy_range_mev"]
    words = ["map" if dataset["kind"] == "2d" else "spectrum"]
    if dataset["instrument"]:
        words.append(display_name(dataset["instrument"]))
    if dataset["temperature_k"]:
        words.append(f"{dataset['temperature_k']:g} K")
    return " · ".join([*words, f"{low:.3g} to {high:.3g} meV".replace("-", "−")])


def structure_words(structure: Structure) -> list[Any]:
    """Return what is known of a structure, in a line."""
    return [notation.formula(structure["formula"]), f" · {structure['n_atoms']} atoms"]


def by_structure(structures: Sequence[Structure], predictions: Sequence[Prediction]) -> dict[str, list[Prediction]]:
    """Return the predictions of each structure, in the order in which they came."""
    found: dict[str, list[Prediction]] = {one["id"]: [] for one in structures}
    for prediction in predictions:
        found.setdefault(prediction["structure_id"], []).append(prediction)
    return found


def reports_list(reports: Sequence[Report], path: str, out: Callable[[Report], Any] | None = None) -> Any:
    """Return the reports with their downloads, which are under `path`."""
    rows = [
        html.Li(
            [
                html.Div(
                    [
                        html.Div(one["title"], className="thing-name"),
                        html.Div(notation.ago(one["created_at"]), className="quiet small"),
                    ],
                    className="thing-what",
                ),
                html.Div(
                    [
                        *[
                            html.A(
                                [icon("download", size=13), FORMATS[fmt]],
                                href=f"{path}/reports/{one['id']}?format={fmt}",
                                className="link-button",
                                download="",
                                **attributes(aria_label=f"{one['title']}, {FORMATS[fmt]}"),
                            )
                            for fmt in one["formats"]
                        ],
                        out(one) if out else None,
                    ],
                    className="thing-actions",
                ),
            ],
            className="thing",
        )
        for one in reports
    ]
    return html.Ul(rows, className="things")


def proposal_rows(proposals: Sequence[Proposal]) -> html.Ul:
    """Return proposals as a list of links, with what is in each."""
    return html.Ul([_row(one) for one in proposals], className="recent proposals-list")


def _row(proposal: Proposal) -> html.Li:
    marks: list[Any] = []
    if proposal["share_path"]:
        marks.append(dmc.Badge("shared", color="beam", variant="light", tt="none"))
    if proposal["archived_at"]:
        marks.append(dmc.Badge("archived", color="gray", variant="light", tt="none"))
    return html.Li(
        [
            html.Div(
                [
                    dcc.Link(proposal["name"], href=f"/proposals/{proposal['id']}", className="recent-name"),
                    html.Div(f"changed {notation.ago(proposal['changed_at'])}", className="quiet small"),
                ],
                className="recent-what",
            ),
            html.Div([html.Span(_contents(proposal), className="quiet small"), *marks], className="recent-status"),
        ],
        className="recent-row",
    )


def _contents(proposal: Proposal) -> str:
    counts = (
        (len(proposal["structure_ids"]), "structure"),
        (len(proposal["prediction_ids"]), "forecast"),
        (len(proposal["dataset_ids"]), "dataset"),
        (len(proposal["settings"]), "setting"),
        (len(proposal["reports"]), "report"),
    )
    words = [f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count]
    return " · ".join(words) or "empty so far"
