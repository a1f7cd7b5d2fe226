"""Where a powder's figures stand, with the controls that belong to each: spectrum and map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from frontend import notation
from frontend.client import Prediction
from frontend.figures import graph
from frontend.instrument_picker import display_name
from frontend.terms import explained
from frontend.view_state import ViewState
from frontend.wiring import attributes


def segmented(id: str, label: str, data: Sequence[tuple[str, Any]], value: str | None) -> html.Div:
    """Return a choice of a few, side by side."""
    return html.Div(
        dmc.SegmentedControl(
            id=id,
            data=[{"value": key, "label": name} for key, name in data],
            value=value,
            size="xs",
            **attributes(aria_label=label),
        ),
        className="tool",
    )


def _switch(id: str, label: str, checked: bool, *, hidden: bool = False) -> html.Div:
    """A switch that is explained; out of sight where there is nothing to switch."""
    switch = dmc.Switch(id=id, label=explained(id.replace("-", "_"), label), checked=checked, size="xs")
    return html.Div(switch, hidden=hidden)


def figure_panel(
    kind: str, title: Any, tools: Sequence[Any], *, label: str, words: Any = None, below: Any = None
) -> html.Section:
    """Return the place of a figure: title and controls, a word, the figure, what it does not say by itself."""
    return html.Section(
        [
            html.Div(
                [dmc.Title(title, order=2, size="h4"), html.Div(list(tools), className="tools")],
                className="panel-head",
            ),
            html.P(words, className="quiet small flush") if words else None,
            graph(f"{kind}-graph", label=label),
            html.Div(id=f"{kind}-message", className="graph-message", role="status"),
            # Below the figure, and as high when it is empty: nothing moves when there is something to say.
            html.P(id=f"{kind}-note", className="quiet small graph-note", role="status"),
            below,
        ],
        className="panel",
        id=kind,
    )


def spectrum_tools(view: ViewState, *, n_orders: int, several_runs: bool, crystal: bool = False) -> list[html.Div]:
    """Return the controls of the spectrum, or of a single crystal's cut: what does not apply is out of sight."""
    contributions = [("total", "Total"), ("coherent", "Coherent"), ("incoherent", "Incoherent")]
    return [
        segmented("contribution", "Contribution", contributions, view.contribution),
        segmented("energy-unit", "Energy unit", [("meV", "meV"), ("cm-1", "cm⁻¹")], view.energy_unit),
        segmented("scale", "Intensity scale", [("linear", "Linear"), ("log", "Log")], view.scale),
        _switch("per-element", "Per element", view.per_element, hidden=crystal),
        _switch("banks", "Detector banks", view.banks, hidden=crystal),
        _switch("per-order", "Phonon orders", view.per_order, hidden=n_orders == 0),
        _switch("errors", "Error bands", view.errors, hidden=not several_runs),
    ]


def map_tools(view: ViewState, predictions: Sequence[Prediction], names: Mapping[str, str]) -> list[html.Div]:
    """Return the controls of the map: whose, and how it is coloured."""
    simulations = [("latest", "Best so far"), *((p["id"], notation.capital(names[p["id"]])) for p in predictions)]
    chosen = view.map_prediction if view.map_prediction in names else "latest"
    instruments = [(name, display_name(name)) for name in view.instruments]
    return [
        segmented("map-instrument", "Instrument of the map", instruments, view.map_instrument),
        segmented("map-prediction", "Simulation of the map", simulations, chosen),
        segmented("map-scale", "Colour scale", [("linear", "Linear"), ("log", "Log")], view.map_scale),
    ]


def powder_figures(
    view: ViewState, predictions: Sequence[Prediction], names: Mapping[str, str], *, n_orders: int, several_runs: bool
) -> list[html.Section]:
    """Return the places of the spectra of all chosen instruments, and of one's (q, ω) map."""
    return [
        figure_panel(
            "spectrum",
            "Spectrum",
            spectrum_tools(view, n_orders=n_orders, several_runs=several_runs),
            label="Forecast spectrum: intensity against energy transfer",
        ),
        figure_panel(
            "map",
            ["Map of ", notation.s_of_q_omega()],
            map_tools(view, predictions, names),
            label="Forecast intensity over momentum and energy transfer",
            words=[
                "Grey is outside the instrument’s ",
                explained("window", "kinematic window"),
                "; ",
                html.I("q"),
                " is momentum transfer.",
            ],
        ),
    ]
