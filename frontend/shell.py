"""What stands around every page: header, theme switch, notifications, the word when the server is gone."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, dcc, html

from frontend.theme import MANTINE_THEME
from frontend.wiring import attributes, in_browser


def icon(name: str, *, size: int = 18) -> html.Span:
    """Return one of our icons, in the colour of the text around it."""
    return html.Span(
        className=f"icon icon-{name}", style={"width": size, "height": size}, **attributes(aria_hidden="true")
    )


def _header() -> dmc.AppShellHeader:
    return dmc.AppShellHeader(
        html.Div(
            [
                html.A(
                    [icon("beamcast", size=26), html.Span("Beamcast", className="wordmark")],
                    href="/",
                    className="brand",
                    id="home-link",
                ),
                html.Nav(
                    [
                        html.A("Structures", href="/", className="nav-link"),
                        html.A("Proposals", href="/proposals", className="nav-link"),
                        html.A("About", href="/about", className="nav-link"),
                        html.A("API", href="/docs", className="nav-link"),
                        dmc.ColorSchemeToggle(
                            lightIcon=icon("moon"),
                            darkIcon=icon("sun"),
                            id="theme-toggle",
                            variant="subtle",
                            color="gray",
                            size="lg",
                            **attributes(aria_label="Switch between light and dark"),
                        ),
                    ],
                    className="nav",
                    **attributes(aria_label="Main"),
                ),
            ],
            className="header-row",
        ),
    )


def layout() -> Any:
    """Return the application's frame; the router fills `page`."""
    return dmc.MantineProvider(
        theme=MANTINE_THEME,
        defaultColorScheme="auto",
        children=[
            dcc.Location(id="location", refresh="callback-nav"),
            dcc.Store(id="theme"),
            dcc.Store(id="page-title"),
            dmc.NotificationContainer(id="notifications", position="top-right"),
            html.A("Skip to content", href="#page", className="skip-link"),
            dmc.AppShell(
                [
                    _header(),
                    dmc.AppShellMain(
                        [
                            html.Div(
                                [
                                    html.Strong("Connection lost. "),
                                    "This page reconnects automatically. Check that Beamcast is still running.",
                                ],
                                id="offline",
                                className="offline",
                                role="alert",
                                hidden=True,
                            ),
                            html.Div(id="page", className="page", tabIndex=-1, **attributes(aria_busy="true")),
                        ]
                    ),
                ],
                header={"height": 56},
                padding=0,
                id="shell",
            ),
        ],
    )


def register(app: Dash) -> None:
    """Keep the `theme` store at what the page shows, so that figures follow it; name the page in the window's title."""
    in_browser(app, "shell", "watchTheme", Output("theme", "data"), Input("shell", "id"))
    in_browser(app, "shell", "arrive", Output("page", "title"), Input("page-title", "data"))


def notification(title: str, message: Any, *, colour: str = "red", id: str = "notice") -> dict[str, Any]:
    """Return a notification for `notifications.sendNotifications`."""
    return {
        "action": "show",
        "id": id,
        "title": title,
        "message": message,
        "color": colour,
        "autoClose": 8000 if colour != "red" else 15000,
    }
