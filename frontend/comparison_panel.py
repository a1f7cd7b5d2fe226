"""How well forecast and measured data agree: fit, peaks, stages of refinement, ranking of several forecasts.

What is asked and how answers are shown is in `assets/comparison.js` and its tables: an answer that comes late must not
stand under controls that have moved on.
"""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, dcc, html

from frontend.figures import graph
from frontend.forecast_figures import segmented
from frontend.terms import TERMS, explained
from frontend.wiring import attributes, in_browser

TABS = {"fit": "Fit", "peaks": "Peaks", "refinement": "Stage by stage", "ranking": "Which is best?"}
BACKGROUNDS = (("none", "None"), ("constant", "Constant"), ("linear", "Linear"))

COMPARISON_TERMS = (
    "chi2",
    "r_factor",
    "r_weighted",
    "correlation",
    "fit_scale",
    "fit_shift",
    "fit_stretch",
    "fit_background",
    "fit_width",
    "standard_errors",
    "peak_difference",
    "peak_elements",
    "peak_orders",
    "worse_by",
    "probability_worse",
)
"""Terms that the tables explain; assets/comparison-tables.js finds them in the page's context."""


def comparison_terms() -> dict[str, str]:
    """Return the explanations that tables need."""
    return {name: TERMS[name] for name in COMPARISON_TERMS}


def _select(id: str, label: str, **more: Any) -> html.Div:
    select = dmc.Select(
        id=id, data=[], value=None, allowDeselect=False, size="xs", **more, **attributes(aria_label=label)
    )
    return html.Div([html.Span(label, className="tool-label"), select], id=f"{id}-field", className="labelled-tool")


def _switch(id: str, term: str, label: str, *, checked: bool = False) -> dmc.Switch:
    return dmc.Switch(id=id, label=explained(term, label), checked=checked, size="xs")


def _bound(id: str, placeholder: str, label: str) -> Any:
    return dmc.NumberInput(
        id=id,
        value="",
        placeholder=placeholder,
        suffix=" meV",
        debounce=400,
        size="xs",
        w=104,
        hideControls=True,
        **attributes(aria_label=label),
    )


def _options() -> html.Div:
    return html.Div(
        [
            html.Div(
                [
                    html.Span("Adjust", className="tool-label"),
                    _switch("fit-scale", "fit_scale", "Scale", checked=True),
                    _switch("fit-shift", "fit_shift", "Shift"),
                    _switch("fit-stretch", "fit_stretch", "Stretch"),
                    _switch("fit-width", "fit_width", "Extra width"),
                ],
                className="fit-row",
            ),
            html.Div(
                [
                    html.Span(explained("fit_background", "Background"), className="tool-label"),
                    segmented("fit-background", "Background", BACKGROUNDS, "none"),
                    html.Span(explained("fit_range", "Fit from"), className="tool-label"),
                    _bound("fit-min", "automatic", "Fit from, in meV"),
                    html.Span("to", className="tool-label"),
                    _bound("fit-max", "automatic", "Fit to, in meV"),
                ],
                className="fit-row",
            ),
            html.Div(
                [
                    html.Span(explained("tolerance", "The same peak within"), className="tool-label"),
                    _bound("peaks-tolerance", "automatic", "Peaks are the same within, in meV"),
                ],
                id="peaks-options",
                className="fit-row",
                hidden=True,
            ),
            html.Div(
                [
                    html.Div(id="ranking-own"),
                    dmc.MultiSelect(
                        id="ranking-others",
                        label="Forecasts of other structures",
                        placeholder="Search by name, method, potential",
                        data=[],
                        value=[],
                        searchable=True,
                        clearable=True,
                        limit=60,
                        nothingFoundMessage="No finished forecast of a powder has this name",
                        size="xs",
                    ),
                ],
                id="ranking-options",
                className="ranking-options",
                hidden=True,
            ),
        ],
        className="fit-options",
    )


def comparison_panel() -> html.Section:
    """Return the panel, out of sight until a measured spectrum is drawn."""
    return html.Section(
        [
            dcc.Store(id="comparison-asked"),
            html.Div(
                [
                    dmc.Title("How well they agree", order=2, size="h4"),
                    html.Div(
                        [
                            _select("comparison-dataset", "Data", w=200),
                            _select("comparison-forecast", "Forecast", w=200),
                        ],
                        className="tools",
                    ),
                ],
                className="panel-head",
            ),
            dmc.Tabs(
                dmc.TabsList([dmc.TabsTab(label, value=name) for name, label in TABS.items()]),
                id="comparison-tab",
                value="fit",
                className="comparison-tabs",
                **attributes(aria_label="Ways to compare"),
            ),
            _options(),
            html.Div(id="comparison-problem", className="inline-problem", role="alert"),
            html.Div(
                [
                    graph("comparison-graph", label="Measured data with the fitted forecast and what is left over"),
                    html.Div(id="comparison-results"),
                ],
                id="comparison-body",
            ),
        ],
        className="panel",
        id="comparison",
        hidden=True,
    )


def measured_map_panel() -> html.Section:
    """Return the place where a measured map stands beside the forecast, out of sight until one is chosen."""
    return html.Section(
        [
            html.Div(
                [
                    dmc.Title("Measured map beside the forecast", order=2, size="h4"),
                    html.Div(
                        [
                            _select("measured-map-dataset", "Data", w=200),
                            _switch("measured-map-background", "fit_background", "Constant background"),
                        ],
                        className="tools",
                    ),
                ],
                className="panel-head",
            ),
            html.Div(id="measured-map-problem", className="inline-problem", role="alert"),
            graph("measured-map-graph", label="Measured intensity, the forecast in the same bins, and the difference"),
            html.P(id="measured-map-note", className="quiet small graph-note", role="status"),
        ],
        className="panel",
        id="measured-map",
        hidden=True,
    )


def register(app: Dash) -> None:
    """Let answers follow the controls of the panel; those of the page come by assets/figures.js."""
    in_browser(
        app,
        "comparison",
        "choose",
        Output("comparison-asked", "data"),
        Input("comparison-tab", "value"),
        Input("comparison-dataset", "value"),
        Input("comparison-forecast", "value"),
        Input("fit-scale", "checked"),
        Input("fit-shift", "checked"),
        Input("fit-stretch", "checked"),
        Input("fit-width", "checked"),
        Input("fit-background", "value"),
        Input("fit-min", "value"),
        Input("fit-max", "value"),
        Input("peaks-tolerance", "value"),
        Input("ranking-others", "value"),
        Input("measured-map-dataset", "value"),
        Input("measured-map-background", "checked"),
    )
