"""Where figures are shown. They are made by the API; a page starts with empty ones and fetches."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from frontend.wiring import attributes

UPLOADS = ("sendChartToCloud", "sendDataToCloud")
TRANSPARENT = "rgba(0,0,0,0)"


def empty_figure() -> dict[str, Any]:
    """Return a figure that paints nothing, in either theme."""
    hidden = {"visible": False}
    return {
        "data": [],
        "layout": {
            "paper_bgcolor": TRANSPARENT,
            "plot_bgcolor": TRANSPARENT,
            "xaxis": hidden,
            "yaxis": hidden,
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        },
    }


def graph(id: str, *, label: str, figure: dict[str, Any] | None = None) -> html.Div:
    """Return a figure's place, of fixed height so that nothing moves when the figure comes."""
    return html.Div(
        dcc.Graph(
            id=id,
            figure=figure or empty_figure(),
            responsive=True,
            config={
                "displaylogo": False,
                # Plotly's own bar offers to upload the chart to its makers' cloud.
                "modeBarButtonsToRemove": [*UPLOADS, "select2d", "lasso2d", "autoScale2d", "resetCameraLastSave3d"],
                "plotlyServerURL": "",
                "toImageButtonOptions": {"format": "svg", "filename": f"beamcast-{id}"},
            },
            className="graph",
        ),
        role="figure",
        className=f"graph-frame {id}-frame",
        **attributes(aria_label=label),
    )
