"""Deleting, with a question before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, dcc, html

from frontend.shell import icon
from frontend.wiring import attributes, in_browser

What = Literal["prediction", "structure", "proposal", "report"]


def delete_button(what: What, key: str, *, label: str, text: str = "Delete", hidden: bool = False) -> html.Span:
    """Return a button that asks, and deletes when the answer is yes.

    Parameters
    ----------
    label
        What screen readers say.
    hidden
        Whether it stays out of sight until a callback shows it, by the id `progress-removal`.
    """
    button = html.Button(
        [icon("trash", size=14), text],
        id={"type": "delete", "what": what, "id": key},
        type="button",
        className="link-button is-quiet",
        **attributes(aria_label=label),
    )
    return html.Span(button, id={"type": "progress-removal", "id": key}, hidden=hidden)


def confirmation(questions: Mapping[str, tuple[str, str]]) -> html.Div:
    """Return the question, out of sight.

    Parameters
    ----------
    questions
        Id of what can be deleted here → the question and what goes with it.
    """
    return html.Div(
        [
            dcc.Store(
                id="confirm-questions", data={key: {"title": q, "text": text} for key, (q, text) in questions.items()}
            ),
            dcc.Store(id="confirm-target"),
            dmc.Modal(
                [
                    html.P(id="confirm-text", className="flush"),
                    html.Div(id="confirm-problem", className="field-error", role="alert"),
                    html.Div(
                        [
                            dmc.Button("Keep", id="confirm-no", variant="default", size="sm"),
                            dmc.Button("Delete", id="confirm-yes", color="red.8", size="sm"),
                        ],
                        className="confirm-buttons",
                    ),
                ],
                id="confirm",
                title="",
                opened=False,
                centered=True,
                size="sm",
                closeButtonProps={"aria-label": "Close"},
            ),
        ]
    )


def register(app: Dash) -> None:
    """Let the buttons ask, and the answer be obeyed; `assets/confirm.js` speaks to the API."""

    def browser(function: str, *wiring: Any) -> None:
        in_browser(app, "confirm", function, *wiring)

    browser(
        "ask",
        Output("confirm", "opened"),
        Output("confirm", "title"),
        Output("confirm-text", "children"),
        Output("confirm-problem", "children"),
        Output("confirm-target", "data"),
        Input({"type": "delete", "what": ALL, "id": ALL}, "n_clicks"),
        State("confirm-questions", "data"),
    )
    browser("keep", Output("confirm-no", "loading"), Input("confirm-no", "n_clicks"))
    browser(
        "remove", Output("confirm-yes", "loading"), Input("confirm-yes", "n_clicks"), State("confirm-target", "data")
    )
