"""What is shown where there is nothing to show."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from frontend.client import ApiProblem


def _notice(heading: str, text: str, *, code: str) -> html.Div:
    return html.Div(
        [
            html.Div(code, className="notice-code"),
            dmc.Title(heading, order=1, size="h2"),
            html.P(text),
            dcc.Link("Go to your structures", href="/", className="button-link"),
        ],
        className="narrow notice",
        id="notice-page",
    )


def not_found(path: str) -> tuple[str, Any]:
    """Return the page for an address that Beamcast does not have."""
    text = f"Beamcast has no page at {path}. The address may be mistyped, or the page may have moved."
    return "Page not found", _notice("This page does not exist", text, code="404")


def refused(problem: ApiProblem) -> tuple[str, Any]:
    """Return the page for something that the API refused to give."""
    code = str(problem.status) if problem.status else "offline"
    return problem.title, _notice(problem.title, problem.detail, code=code)


def broken() -> tuple[str, Any]:
    """Return the page for an error of our own."""
    text = "Something went wrong while this page was made. The server's log says what; reloading may help."
    return "Something went wrong", _notice("This page could not be shown", text, code="Error")
