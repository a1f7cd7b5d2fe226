"""Responses of the routes of figures."""

from __future__ import annotations

from typing import Any, Final

from fastapi.responses import Response

FIGURE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "a Plotly figure; arrays are base64 of typed arrays",
        "content": {"application/json": {"example": {"data": [{"type": "scatter"}], "layout": {}}}},
    }
}


def figure_response(figure: Any) -> Response:
    """Return a figure as JSON. Plotly has checked it before."""
    return Response(figure.to_json(validate=False), media_type="application/json")
