"""What makes the panel of measured data move; nearly all of it in the browser."""

from __future__ import annotations

from typing import Any

from dash import ALL, Dash, Input, Output, State

from frontend.client import JsonObject
from frontend.datasets_panel import chosen, setting_fields
from frontend.wiring import in_browser

RUN = tuple(State(f"data-{name}", "value") for name in ("temperature", "exposure-uah", "exposure-h", "mass"))
CARD = (
    State("data-name", "value"),
    State("data-spectrum", "value"),
    State("data-unit", "value"),
    State("data-instrument", "value"),
    State("data-fixed-energy", "value"),
    *RUN,
    State({"type": "data-setting", "name": ALL}, "value"),
    State({"type": "data-setting", "name": ALL}, "id"),
)


def register(app: Dash) -> None:
    """Let the list be made, the card be filled in, and what is on it be kept."""
    in_browser(
        app,
        "datasets",
        "list",
        Output("data-listed", "data"),
        Input("forecast-context", "data"),
        State(chosen(), "data"),
    )
    in_browser(
        app,
        "datasetCard",
        "again",
        Output("data-asked", "data"),
        Input("data-spectrum", "value"),
        Input("data-unit", "value"),
        Input("data-instrument", "value"),
        Input("data-fixed-energy", "value"),
        State("data-name", "value"),
        *RUN,
        prevent_initial_call=True,
    )
    in_browser(
        app,
        "datasetCard",
        "keep",
        Output("data-keep", "loading"),
        Input("data-keep", "n_clicks"),
        *CARD,
        State("forecast-context", "data"),
        prevent_initial_call=True,
    )
    in_browser(
        app,
        "datasetCard",
        "discard",
        Output("data-discard", "loading"),
        Input("data-discard", "n_clicks"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("data-settings", "children"),
        Input("data-instrument", "value"),
        Input("data-stated", "data"),
        State("forecast-context", "data"),
        prevent_initial_call=True,
    )
    async def show_settings(name: str | None, stated: JsonObject | None, context: JsonObject) -> Any:
        instrument = context["instruments"].get(name or "")
        if instrument is None:
            return []
        said = stated or {}
        return setting_fields(
            instrument["properties"], said.get("settings", {}) if said.get("instrument") == name else {}
        )
