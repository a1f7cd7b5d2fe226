"""“Add to proposal”, from a structure's and a forecast's page: `assets/proposals.js` speaks to the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html

from frontend.client import ApiClient, ApiProblem
from frontend.proposals_client import proposals
from frontend.wiring import attributes, in_browser

NEW = "new"
MOST = 50


async def add_to_proposal(
    api: ApiClient, *, name: str, structures: Sequence[str] = (), predictions: Sequence[str] = ()
) -> Any:
    """Return the control; nothing where proposals cannot be listed.

    Parameters
    ----------
    name
        Of a proposal that is made for it.
    structures, predictions
        Ids of what is added. Measured data that the address names come along.
    """
    try:
        known, _ = await proposals(api, limit=MOST)
    except ApiProblem:
        return None
    things = [["structures", one] for one in structures] + [["predictions", one] for one in predictions]
    return html.Div(
        [
            dcc.Store(id="add-to-proposal-things", data={"things": things, "name": name}),
            dmc.Select(
                id="add-to-proposal",
                data=[
                    {"value": NEW, "label": "A new proposal"},
                    *({"value": one["id"], "label": one["name"]} for one in known),
                ],
                placeholder="Add to proposal …",
                size="xs",
                searchable=len(known) > 8,
                w=168,
                comboboxProps={"withinPortal": True, "width": 240, "position": "bottom-end"},
                **attributes(aria_label="Add to a proposal"),
            ),
            html.Div(id="add-to-proposal-message", className="small", role="status"),
        ],
        className="add-to-proposal",
    )


def register(app: Dash) -> None:
    """Let the choice be obeyed."""
    in_browser(
        app,
        "proposals",
        "add",
        Output("add-to-proposal", "value"),
        Input("add-to-proposal", "value"),
        State("add-to-proposal-things", "data"),
        prevent_initial_call=True,
    )
