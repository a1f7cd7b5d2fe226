"""What Beamcast rests on."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from frontend.client import ApiClient, ApiProblem, Engine, Instrument, Model, settled

METHOD = (
    "E. Lindgren, A. J. Jackson, E. Fransson, E. Berger, G. Škoro, S. Rudić, R. Turanyi, S. Mukhopadhyay, P. Erhart: "
    "Predicting neutron experiments from first principles: a workflow powered by machine learning (2025)"
)

PROGRAMS = (
    ("dynasor", "form factors of electrons; what our correlations of trajectories are checked against"),
    ("Euphonic", "phonons and one-phonon scattering from force constants"),
    ("phonopy", "force constants from finite displacements"),
    ("ResINS", "resolution functions of the instruments"),
    ("periodictable", "neutron scattering lengths and cross-sections"),
    ("ASE, spglib, seekpath", "reading structures, finding their symmetry and the paths through their zones"),
)


def _section(title: str, body: Any) -> html.Section:
    return html.Section([dmc.Title(title, order=2, size="h4"), body], className="section")


def _instrument(instrument: Instrument) -> html.Li:
    cited = "; ".join(instrument["citations"])
    return html.Li(
        [
            html.Strong(instrument["name"]),
            f" ({instrument['facility']}, {instrument['geometry']} geometry)",
            f". {cited}" if cited else "",
        ]
    )


def _engine(engine: Engine) -> html.Li:
    return html.Li([html.Strong(engine["title"]), f": {engine['citation']}. {engine['licence']}"])


def _model(model: Model) -> html.Li:
    pieces = [f"{len(model['elements'])} elements", model["licence"] or "", model["citation"] or ""]
    return html.Li([html.Strong(model["name"]), ": ", ". ".join(piece for piece in pieces if piece)])


async def page(api: ApiClient, parts: dict[str, str], search: str) -> tuple[str, Any]:
    """Return the page on methods, sources and versions."""
    instruments, models, engines, health = await settled(api.instruments(), api.models(), api.engines(), api.health())
    for answer in (instruments, models, engines):
        if isinstance(answer, ApiProblem):
            raise answer
    version = health.get("version") if isinstance(health, dict) else None
    return "About", html.Div(
        [
            dmc.Title("About Beamcast", order=1, size="h2"),
            html.P(
                "A forecast is made in two steps. First the motion of the atoms is simulated with a machine-learned "
                "potential, once: as harmonic phonons in seconds, as molecular dynamics in minutes. Then the result "
                "is looked at through an instrument, as often as you like: isotopes, corrections, kinematic window "
                "and resolution are applied in milliseconds and nothing is simulated again."
            ),
            _section("Method", html.P(METHOD)),
            _section("Instruments", html.Ul([_instrument(instrument) for instrument in instruments])),
            _section("Potentials", html.Ul([_model(model) for model in models])),
            _section("Engines", html.Ul([_engine(engine) for engine in engines])),
            _section(
                "Software it stands on", html.Ul([html.Li([html.Strong(n), f": {what}"]) for n, what in PROGRAMS])
            ),
            html.P(
                [
                    f"Beamcast {version or ''} · GPL-3.0-or-later · ",
                    dcc.Link("What the workers do", href="/operations"),
                ],
                className="quiet small section",
            ),
        ],
        className="narrow prose",
        id="about-page",
    )
