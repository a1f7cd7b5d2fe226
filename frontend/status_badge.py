"""Badge with the state of a forecast, for all pages."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc

from frontend import notation
from frontend.client import Prediction
from frontend.view_state import forecast_address

STATUS_COLOURS = {"queued": "gray", "running": "beam", "succeeded": "teal", "failed": "red", "cancelled": "gray"}
STATUS_WORDS = {
    "queued": "waiting",
    "running": "running",
    "succeeded": "ready",
    "failed": "failed",
    "cancelled": "cancelled",
}


def status_badge(prediction: Prediction) -> Any:
    """Return a forecast's method, temperature and state as a link to it."""
    status = prediction["status"]
    word = STATUS_WORDS.get(status, status)
    if status == "running":
        word = f"{prediction['progress'] * 100:.0f} %"
    label = f"{notation.short_method(prediction['method'])} {prediction['temperature_k']:g} K"
    if prediction["sampling"] == "path":
        label += ", crystal"
    return dcc.Link(
        dmc.Badge(
            [label, " · ", word],
            color=STATUS_COLOURS.get(status, "gray"),
            variant="light",
            tt="none",
            className="status",
        ),
        href=forecast_address(prediction["structure_id"], [prediction["id"]]),
        className="badge-link",
    )
