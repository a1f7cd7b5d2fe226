"""What a plan shows, top to bottom: features, sample, ranked settings, a measurement, all instruments, report.

What stands in the panels is asked for and made by `assets/plan-*.js`: answers take seconds, and only the newest counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from frontend.figures import graph
from frontend.forecast_figures import figure_panel, segmented
from frontend.isotopes_panel import isotope_label
from frontend.measured import Dataset
from frontend.plan_report import panel, report_panel
from frontend.plan_settings import field_id
from frontend.plan_state import PlanState
from frontend.proposals_client import Proposal
from frontend.terms import TERMS, explained
from frontend.wiring import attributes

PLAN_TERMS = (
    "verdict",
    "hours_band",
    "basis",
    "basis_absolute",
    "basis_calibrated",
    "basis_relative",
    "resolution_percent",
    "separation",
    "verdict_probability",
    "pareto",
    "reachable",
    "signal_rate",
    "background_rate",
    "relative_time",
    "transmission",
    "multiple_scattering",
    "container_scattering",
    "activation",
    "cool_down",
    "scatterer",
    "feature_width",
    "energy_uncertainty",
)
"""Terms that lists and tables explain; the scripts find them in the page's context."""


def plan_terms() -> dict[str, str]:
    """Return the explanations that the scripts need."""
    return {name: TERMS[name] for name in PLAN_TERMS}


def _problem(id: str) -> html.Div:
    return html.Div(id=id, className="inline-problem", role="alert")


def _figure(id: str, label: str, waiting: str = "") -> html.Div:
    return html.Div(
        [
            graph(f"{id}-graph", label=label),
            html.Div(waiting, id=f"{id}-message", className="graph-message", role="status"),
        ],
        id=f"{id}-place",
        className="plan-figure",
    )


def _number(id: str, label: str, unit: str, value: Any, **more: Any) -> dmc.NumberInput:
    return dmc.NumberInput(
        id=id,
        value=value,
        suffix=f" {unit}" if unit else "",
        size="xs",
        hideControls=True,
        **more,
        **attributes(aria_label=label + (f" in {unit}" if unit else "")),
    )


def _features(state: PlanState) -> html.Section:
    below = html.Div(
        [
            html.Div(
                [
                    html.Span(explained("features", "Features"), className="tool-label"),
                    html.Div(id="plan-features-list", className="plan-chips", role="group", **_labelled("Features")),
                    html.Form(
                        [
                            _number(
                                "plan-feature-new", "Energy of a feature", "meV", "", min=0, w=110, placeholder="meV"
                            ),
                            html.Button("Add", id="plan-feature-add", type="submit", className="plan-small-button"),
                        ],
                        id="plan-feature-form",
                        className="plan-add",
                    ),
                    html.Button("Find automatically", id="plan-features-auto", type="button", className="link-button"),
                ],
                className="fit-row",
            ),
            html.Div(
                [
                    html.Span(explained("pairs", "Pairs to resolve"), className="tool-label"),
                    segmented(
                        "plan-pairs-mode",
                        "Pairs of features to resolve",
                        (("adjacent", "Neighbours"), ("chosen", "Chosen pairs")),
                        "adjacent" if state.pairs is None else "chosen",
                    ),
                    html.Div(id="plan-pairs-list", className="plan-chips", role="group", **_labelled("Pairs")),
                ],
                className="fit-row",
            ),
            _problem("plan-features-problem"),
            html.P(id="plan-features-words", className="quiet small flush", role="status"),
        ],
        className="plan-below",
    )
    return figure_panel(
        "plan-features",
        "Target features",
        [
            segmented(
                field_id("energy_unit"),
                "Unit of energies",
                (("meV", "meV"), ("cm-1", "cm⁻¹")),
                state.values["energy_unit"],
            )
        ],
        label="The sample’s own spectrum with the features marked",
        words="The sample’s own spectrum, before any instrument. Click on it to add a feature.",
        below=below,
    )


def _labelled(text: str) -> dict[str, Any]:
    return attributes(aria_label=text)


def _instead(isotopes: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """What the sample might be made of instead: element and isotope, hydrogen's first."""
    elements = sorted((one for one, choices in isotopes.items() if len(choices) > 1), key=lambda one: one != "H")
    return [
        {"value": f"{element}:{isotope}", "label": f"{element} → {isotope_label(isotope)}"}
        for element in elements
        for isotope in sorted(isotopes[element], key=lambda one: one != "2H")
        if isotope not in ("3H",)
    ]


def _sample(isotopes: Mapping[str, Sequence[str]]) -> html.Section:
    choices = _instead(isotopes)
    what_if = html.Div(
        [
            html.Div(
                [
                    dmc.Switch(id="plan-instead-on", label=explained("what_if", "What if"), checked=False, size="xs"),
                    dmc.Select(
                        id="plan-instead",
                        data=choices,
                        value=choices[0]["value"] if choices else None,
                        allowDeselect=False,
                        size="xs",
                        w=150,
                        **attributes(aria_label="Isotope instead"),
                    ),
                    html.Span("were measured instead?", className="tool-label"),
                ],
                className="fit-row",
            ),
            html.Div(
                [
                    _problem("plan-deuteration-problem"),
                    html.Div(id="plan-deuteration-table"),
                    _figure("plan-deuteration", "Both samples on the best setting of the first"),
                ],
                id="plan-deuteration",
                hidden=True,
            ),
        ],
        className="plan-what-if",
        hidden=not choices,
    )
    return panel(
        "plan-sample",
        "The sample in the beam",
        _problem("plan-sample-problem"),
        html.Div(id="plan-sample-body", **attributes(aria_live="polite")),
        what_if,
    )


def _ranking() -> html.Section:
    return panel(
        "plan-ranking",
        "Which instrument, which setting",
        html.Div(id="plan-progress", className="plan-progress", role="status"),
        _problem("plan-ranking-problem"),
        html.Div(
            [
                html.Div(id="plan-ranking-words"),
                html.Div(id="plan-best", className="plan-best"),
                html.Div(id="plan-table"),
                html.H3(explained("pareto", "Resolution against time"), className="plan-subtitle"),
                _figure("plan-front", "Resolution against hours of all settings that were tried"),
            ],
            id="plan-ranking-body",
            hidden=True,
        ),
    )


def _measurement() -> html.Section:
    fields = html.Div(
        [
            dmc.Select(
                id="plan-setting",
                label="Setting",
                data=[],
                value=None,
                allowDeselect=False,
                searchable=True,
                size="xs",
                className="plan-setting",
                **attributes(aria_label="Setting that is measured with"),
            ),
            dmc.NumberInput(
                id="plan-measured-hours",
                label="Measured for",
                value="",
                min=0.01,
                max=1e5,
                suffix=" h",
                debounce=400,
                size="xs",
                w=100,
                hideControls=True,
                **attributes(aria_label="Hours that are measured"),
            ),
            dmc.NumberInput(
                id="plan-bin",
                label=explained("plan_bin", "Bin width"),
                value="",
                min=0.001,
                max=100,
                suffix=" meV",
                placeholder="automatic",
                debounce=400,
                size="xs",
                w=100,
                hideControls=True,
                **attributes(aria_label="Width of the energy bins in meV"),
            ),
            dmc.Button("New noise", id="plan-again", size="xs", variant="default"),
            html.Span(id="plan-seed", className="quiet small"),
        ],
        className="plan-fields",
    )
    return panel(
        "plan-measurement",
        explained("simulated_measurement", "Simulated measurement"),
        fields,
        _problem("plan-measurement-problem"),
        _figure("plan-measurement", "Simulated counts with their error bars", "Appears when settings are ranked."),
        html.Div(id="plan-measurement-words"),
    )


def _sheet() -> html.Section:
    return panel(
        "plan-sheet",
        "The sample on all instruments",
        _problem("plan-sheet-problem"),
        _figure("plan-sheet", "Map, window and spectrum of the sample on each instrument"),
        tools=[
            segmented(
                "plan-sheet-mode",
                "Which settings are shown",
                (("suited", "Usual settings"), ("ranked", "Best ranked")),
                "suited",
            )
        ],
    )


def plan_panels(
    state: PlanState,
    *,
    isotopes: Mapping[str, Sequence[str]],
    title: str,
    proposals: Sequence[Proposal],
    datasets: Sequence[Dataset],
) -> html.Div:
    """Return the panels of a plan, empty.

    Parameters
    ----------
    isotopes
        Element → its isotopes.
    title
        Of the report.
    proposals
        That the plan may be kept in.
    datasets
        Spectra measured of the structure, which the report may show.
    """
    shown = [_features(state), _sample(isotopes), _ranking(), _measurement(), _sheet()]
    return html.Div([*shown, report_panel(title, proposals, datasets)], className="figures plan-panels")
