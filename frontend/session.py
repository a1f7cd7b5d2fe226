"""Who is asking: the client of the user whose callback runs."""

from __future__ import annotations

from dash import ctx

from frontend.client import ApiClient


def of_user(client: ApiClient) -> ApiClient:
    """Return the client speaking with the cookies of the callback's user."""
    return client.as_user(ctx.cookies)
