"""Small seams to Dash, typed: attributes with dashes in their names, and callbacks that run in the browser."""

from __future__ import annotations

from typing import Any, cast

from dash import Dash
from dash.dependencies import ClientsideFunction


def attributes(**named: str | None) -> dict[str, Any]:
    """Return HTML attributes: `aria_label="…"` becomes `aria-label`; those that are None are left out."""
    return {name.replace("_", "-"): value for name, value in named.items() if value is not None}


def in_browser(app: Dash, namespace: str, function: str, *wiring: Any, prevent_initial_call: bool = False) -> None:
    """Let a function of `assets/*.js` answer a callback; never a string of code, which the policy would refuse."""
    cast(Any, app).clientside_callback(
        ClientsideFunction(namespace, function), *wiring, prevent_initial_call=prevent_initial_call
    )
