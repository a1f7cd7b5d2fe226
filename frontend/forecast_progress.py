"""How far each simulation is. The rows are made once; `assets/progress.js` fills them in as the server tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import MATCH, Dash, Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from frontend import notation
from frontend.client import ApiClient, ApiProblem, Prediction
from frontend.confirmation import delete_button
from frontend.session import of_user
from frontend.shell import notification
from frontend.terms import TERMS, explained
from frontend.wiring import attributes, in_browser

FINISHED = ("succeeded", "failed", "cancelled")


def labels(predictions: Sequence[Prediction]) -> dict[str, str]:
    """Return a short name for every prediction; temperature and quality only where they tell them apart."""
    temperatures = {prediction["temperature_k"] for prediction in predictions}
    names: dict[str, str] = {}
    for prediction in predictions:
        name = notation.short_method(prediction["method"])
        if len(temperatures) > 1:
            name += f" {prediction['temperature_k']:g} K"
        twins = [
            other
            for other in predictions
            if (other["method"], other["temperature_k"]) == (prediction["method"], prediction["temperature_k"])
        ]
        if len(twins) > 1:
            name += f" ({prediction.get('quality') or twins.index(prediction) + 1})"
        if name in names.values():
            name += f" #{1 + sum(other == name or other.startswith(f'{name} #') for other in names.values())}"
        names[prediction["id"]] = name
    return names


def _id(kind: str, prediction_id: str) -> dict[str, str]:
    return {"type": f"progress-{kind}", "id": prediction_id}


def _row(prediction: Prediction, label: str) -> html.Div:
    key = prediction["id"]
    term = prediction["method"] if prediction["method"] in TERMS else "md"
    return html.Div(
        [
            dcc.Store(id={"type": "prediction-status", "id": key}, data=dict(prediction)),
            html.Div(
                [
                    html.Span(explained(term, label[0].upper() + label[1:]), className="progress-name"),
                    dmc.Badge("…", id=_id("badge", key), variant="light", tt="none", className="progress-badge"),
                    html.Span("", id=_id("stage", key), className="progress-stage"),
                    html.Span("", id=_id("eta", key), className="progress-eta"),
                    html.Span(
                        [
                            dmc.Button(
                                "Cancel",
                                id=_id("cancel", key),
                                variant="subtle",
                                color="gray",
                                size="compact-sm",
                                className="progress-cancel",
                                **attributes(aria_label=f"Cancel {label}"),
                            ),
                            delete_button("prediction", key, label=f"Delete {label}", hidden=True),
                        ],
                        className="progress-actions",
                    ),
                ],
                className="progress-line",
            ),
            dmc.Progress(
                value=prediction["progress"] * 100,
                id=_id("bar", key),
                size=6,
                radius="xl",
                className="progress-bar",
                **attributes(aria_label=f"Progress of {label}"),
            ),
            html.Div(
                [
                    html.Div("", id=_id("error", key), className="progress-error-text"),
                    dcc.Link(
                        "Change the settings and start again",
                        href=f"/structures/{prediction['structure_id']}?from={key}",
                    ),
                ],
                id=_id("problem", key),
                className="progress-error",
                role="alert",
                hidden=True,
            ),
        ],
        className="progress-row",
        id=f"progress-{prediction['method']}",
        **attributes(data_prediction=key),
    )


def progress_panel(predictions: Sequence[Prediction], names: Mapping[str, str]) -> html.Section:
    """Return one row for each prediction."""
    rows: list[Any] = [_row(prediction, names[prediction["id"]]) for prediction in predictions]
    return html.Section(
        [html.H2("Simulations", className="visually-hidden"), *rows], className="panel progress", id="progress"
    )


def register(app: Dash, client: ApiClient) -> None:
    """Follow the server's events and let a simulation be cancelled."""
    in_browser(
        app,
        "progress",
        "show",
        *[
            Output({"type": f"progress-{kind}", "id": MATCH}, prop)
            for kind, prop in (
                ("badge", "children"),
                ("badge", "color"),
                ("stage", "children"),
                ("stage", "className"),
                ("eta", "children"),
                ("bar", "value"),
                ("bar", "className"),
                ("cancel", "style"),
                ("removal", "hidden"),
                ("problem", "hidden"),
                ("error", "children"),
            )
        ],
        Input({"type": "prediction-status", "id": MATCH}, "data"),
    )
    in_browser(
        app,
        "progress",
        "follow",
        Output("forecast-following", "data"),
        Input("forecast-context", "data"),
    )

    @app.callback(
        Output({"type": "progress-cancel", "id": MATCH}, "disabled"),
        Output({"type": "progress-cancel", "id": MATCH}, "children"),
        Input({"type": "progress-cancel", "id": MATCH}, "n_clicks"),
        State({"type": "progress-cancel", "id": MATCH}, "id"),
        prevent_initial_call=True,
    )
    async def cancel(clicks: int | None, key: dict[str, str]) -> Sequence[Any]:
        if not clicks:
            raise PreventUpdate
        try:
            await of_user(client).cancel(key["id"])
        except ApiProblem as problem:
            app_notice = notification(problem.title, problem.detail)
            from dash import set_props

            set_props("notifications", {"sendNotifications": [app_notice]})
            return False, "Cancel"
        return True, "Cancelling …"
