"""What goes out of a plan: the report's pages, the bundle, and the proposal that it is kept in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from frontend.forecast_figures import segmented
from frontend.measured import Dataset
from frontend.proposals_client import Proposal
from frontend.shell import icon
from frontend.terms import explained
from frontend.wiring import attributes

NEW_PROPOSAL = "new"
MOST_DATASETS = 6
"""That a report draws."""


def panel(id: str, title: Any, *children: Any, tools: Sequence[Any] = ()) -> html.Section:
    """Return a panel of a plan: its title, what stands beside that, and what is in it."""
    return html.Section(
        [
            html.Div(
                [dmc.Title(title, order=2, size="h4"), html.Div(list(tools), className="tools") if tools else None],
                className="panel-head",
            ),
            *children,
        ],
        className="panel",
        id=id,
    )


def report_panel(title: str, proposals: Sequence[Proposal], datasets: Sequence[Dataset]) -> html.Section:
    """Return what is filled in before the pages are made."""

    def text(id: str, label: str, value: str, **more: Any) -> dmc.TextInput:
        return dmc.TextInput(id=id, label=label, value=value, size="xs", **more)

    def button(kind: str, label: str) -> html.Button:
        return html.Button(
            [icon("download", size=14), label],
            id=f"plan-report-{kind}",
            type="button",
            className="button-link slim plan-report-button",
            **attributes(data_report=kind),
        )

    return panel(
        "plan-report",
        "For the proposal",
        html.P(
            "Two pages that a user office takes: figures, settings with their hours, methods, references. The bundle "
            "holds all that is needed to run the forecast again.",
            className="quiet small flush",
        ),
        html.Div(
            [
                text("plan-report-title", "Title", title),
                text("plan-report-proposer", "Proposer", "", placeholder="Name, institute"),
            ],
            className="plan-fields is-wide",
        ),
        dmc.Textarea(
            id="plan-report-notes",
            label="Your own words",
            placeholder="Why this experiment: some 900 characters fit on the pages",
            value="",
            autosize=True,
            minRows=2,
            maxRows=10,
            size="xs",
        ),
        html.Div(
            [
                html.Span("It shows", className="tool-label"),
                segmented(
                    "plan-report-mode",
                    "Settings in the report",
                    (("best", "The best three"), ("chosen", "The one counted above")),
                    "best",
                ),
            ],
            className="fit-row",
        ),
        html.Div(
            dmc.MultiSelect(
                id="plan-report-data",
                label=explained("report_data", "Measured data beside the forecast"),
                placeholder="none",
                data=[{"value": one["id"], "label": one["name"]} for one in datasets],
                value=[],
                maxValues=MOST_DATASETS,
                clearable=True,
                size="xs",
            ),
            hidden=not datasets,
        ),
        html.Div(
            [button("pdf", "PDF"), button("html", "HTML"), button("bundle", "Bundle (RO-Crate)")],
            className="plan-buttons",
        ),
        html.Div(
            [
                dmc.Select(
                    id="plan-proposal",
                    label=explained("proposal", "Keep it in a proposal"),
                    data=[
                        {"value": NEW_PROPOSAL, "label": "A new proposal"},
                        *({"value": one["id"], "label": one["name"]} for one in proposals),
                    ],
                    value=NEW_PROPOSAL,
                    allowDeselect=False,
                    size="xs",
                    **attributes(aria_label="Proposal that the plan is kept in"),
                ),
                dmc.Button("Add to proposal", id="plan-propose", size="xs", variant="default"),
            ],
            className="plan-fields",
        ),
        html.Div(id="plan-report-message", role="status"),
    )
