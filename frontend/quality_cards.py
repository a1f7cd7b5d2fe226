"""The choice of how large a box and how long a run, with what each takes and can tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from frontend import notation
from frontend.client import Estimate, Structure
from frontend.terms import explained
from frontend.wiring import attributes

QUALITIES = {
    "preview": ("Preview", "Small box, short run: where the bands are."),
    "standard": ("Standard", "Enough to compare with a measured spectrum."),
    "production": ("Production", "Large box, long run: for the proposal's figure."),
}


def quality_cards(chosen: str) -> dmc.RadioGroup:
    """Return the choice of a quality; `quality_facts` are put into the cards."""
    cards = [
        dmc.RadioCard(
            [
                html.Div([dmc.RadioIndicator(size="xs"), html.Span(name, className="quality-name")], className="row"),
                html.Div(text, className="quality-text"),
                html.Div(id={"type": "quality-facts", "quality": value}, className="quality-facts"),
            ],
            value=value,
            className="quality",
            id=f"form-quality-{value}",
            **attributes(aria_label=name),
        )
        for value, (name, text) in QUALITIES.items()
    ]
    return dmc.RadioGroup(
        html.Div(cards, className="qualities"),
        id="form-quality",
        label=explained("quality", "Quality of the dynamics"),
        value=chosen,
    )


def box_text(options: Mapping[str, Any], structure: Structure) -> str | None:
    """Return the edges of the simulated box in Å, where the supercell is three repeats."""
    repeats = options.get("supercell")
    if not isinstance(repeats, Sequence) or len(repeats) != 3 or not all(isinstance(n, int) for n in repeats):
        return None
    edges = [n * length for n, length in zip(repeats, structure["cell"]["lengths_angstrom"], strict=True)]
    return " × ".join(f"{edge:.0f}" for edge in edges) + " Å"


def quality_facts(estimates: Mapping[str, Estimate], structure: Structure) -> list[Any]:
    """Return what a quality card says: the time of all, then of each method what it can tell apart.

    Parameters
    ----------
    estimates
        By method, of the dynamics that are asked for.
    """
    seconds = sum(estimate["estimate_s"] for estimate in estimates.values())
    several = len(estimates) > 1
    return [
        html.Div(f"≈ {notation.duration(seconds)}", className="quality-time"),
        *(
            html.Div(
                [
                    html.Div(
                        [notation.short_method(method), f", {notation.duration(estimate['estimate_s'])}"],
                        className="quality-method",
                    )
                    if several
                    else None,
                    _estimate_facts(estimate, structure),
                ]
            )
            for method, estimate in estimates.items()
        ),
    ]


def _estimate_facts(estimate: Estimate, structure: Structure) -> html.Dl:
    """Atoms, beads, box and the two resolutions."""
    rows: list[tuple[Any, str]] = [("Atoms", f"{estimate['n_atoms_simulated']:,}".replace(",", "\u202f"))]
    if beads := estimate["options"].get("n_beads"):
        rows.append(("Beads", str(beads)))
    box = box_text(estimate["options"], structure)
    if box:
        rows.append(("Box", box))
    zones = estimate["options"].get("n_zones")
    if zones:
        rows.append(("Zones", str(zones)))
    dq, de = estimate.get("q_resolution_inv_angstrom"), estimate.get("energy_resolution_mev")
    if dq:
        rows.append((["Δ", html.I("q")], f"{notation.significant(dq, 2)} Å⁻¹"))
    if de:
        rows.append((["Δ", html.I("E")], f"{notation.significant(de, 2)} meV"))
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in rows], className="facts-inline")
