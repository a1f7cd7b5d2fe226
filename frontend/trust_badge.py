"""How far to trust a forecast: a badge beside its title, and below the figures what the badge rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from frontend import notation
from frontend.client import ApiClient, ApiProblem, Prediction, Trust, settled
from frontend.problems import warning_list
from frontend.wiring import attributes

TOPICS = {
    "potential": "Potential",
    "training": "Training range",
    "phonons": "Measured phonons",
    "stability": "Stability",
    "anharmonicity": "Anharmonicity",
    "quantum": "Quantum effects",
    "statistics": "Statistics",
    "method": "Method",
}
"""Points in the order in which they stand; what the run warned of stands above them."""
VERDICTS = {"good": "strength", "fair": "limitation", "poor": "serious limitation", "unknown": "unknown"}


async def trusts_of(api: ApiClient, predictions: Sequence[Prediction]) -> dict[str, Trust]:
    """Return what is known of each prediction that is ready; one that cannot be told is left out."""
    ready = [prediction["id"] for prediction in predictions if prediction["status"] == "succeeded"]
    answers = await settled(*map(api.trust, ready))
    return {key: answer for key, answer in zip(ready, answers, strict=True) if not isinstance(answer, ApiProblem)}


def trust_badges(
    predictions: Sequence[Prediction], names: Mapping[str, str], trusts: Mapping[str, Trust]
) -> list[html.A]:
    """Return a badge for each thing that there is to say; predictions of which the same is said share one."""
    shown = [prediction for prediction in predictions if prediction["id"] in trusts]
    groups = _grouped({p["id"]: (trusts[p["id"]]["badge"], trusts[p["id"]]["label"]) for p in shown})
    several = len(groups) > 1
    return [
        html.A(
            f"{_names(keys, names)}: {label}" if several else label,
            href="#trust",
            className=f"trust-badge is-{badge}",
            title=trusts[keys[0]]["headline"],
            **attributes(data_badge=badge),
        )
        for (badge, label), keys in groups
    ]


def trust_panel(predictions: Sequence[Prediction], names: Mapping[str, str], trusts: Mapping[str, Trust]) -> list[Any]:
    """Return what is known of the errors: in a sentence, the warnings of each run, then point by point."""
    shown = [prediction["id"] for prediction in predictions if prediction["id"] in trusts]
    children: list[Any] = []
    if not shown:
        ready = any(prediction["status"] == "succeeded" for prediction in predictions)
        words = "Looking at what was found …" if ready else "More is told when a simulation is ready."
        children.append(html.P(words, className="quiet small flush"))
    headlines = _grouped({key: trusts[key]["headline"] for key in shown})
    for headline, keys in headlines:
        whose = [html.Strong(f"{_names(keys, names)}. ")] if len(headlines) > 1 else []
        children.append(html.P([*whose, headline], className=f"trust-headline is-{trusts[keys[0]]['badge']}"))
    warnings = _grouped({prediction["id"]: tuple(prediction["warnings"]) for prediction in predictions})
    children += [warning_list(list(words), title=f"{_names(keys, names)}: take care") for words, keys in warnings]
    points: list[Any] = []
    for topic, title in TOPICS.items():
        told = {key: _point(trusts[key], topic) for key in shown}
        groups = _grouped({key: point for key, point in told.items() if point is not None})
        for (verdict, words), keys in groups:
            who = f" ({_names(keys, names)})" if len(groups) > 1 else ""
            points.append(_item(f"{title}{who}. ", words, verdict))
    if any(prediction["sampling"] == "path" for prediction in predictions):
        points += [html.Li(point) for point in _crystal_points()]
    points.append(
        html.Li(
            [
                html.Strong("Instrument. "),
                "Resolution functions are fits, most without a published comparison with measurement; background, "
                "absorption and multiple scattering are not included in spectra.",
            ]
        )
    )
    children.append(html.Ul(points, className="trust-points"))
    return [child for child in children if child is not None]


def _grouped(said: Mapping[str, Any]) -> list[tuple[Any, list[str]]]:
    """What is said, and of which predictions, in the order of the first."""
    groups: dict[Any, list[str]] = {}
    for key, words in said.items():
        groups.setdefault(words, []).append(key)
    return list(groups.items())


def _names(keys: Sequence[str], names: Mapping[str, str]) -> str:
    return ", ".join(notation.capital(names[key]) for key in keys)


def _point(trust: Trust, topic: str) -> tuple[str, str] | None:
    return next(((point["verdict"], point["text"]) for point in trust["points"] if point["topic"] == topic), None)


def _item(title: str, words: str, verdict: str) -> html.Li:
    mark = html.Span(
        html.Span(f"{VERDICTS[verdict]}: ", className="visually-hidden"),
        className=f"trust-mark is-{verdict}",
        title=VERDICTS[verdict],
    )
    return html.Li([mark, html.Strong(title), words], className="has-mark")


def _crystal_points() -> list[Any]:
    """What holds of single crystals alone."""
    squared = html.Sup("2")
    length = ["|", html.I("k"), " + ", html.I("G"), "|"]
    return [
        [
            html.Strong("Brillouin zones. "),
            "The map and the cut are averages over zones, all counted alike: those whose ",
            *length,
            " lies in the instrument’s window at that energy, the crystal being turned as one likes. A measurement in "
            "one orientation sees fewer; look at them zone by zone.",
        ],
        [
            html.Strong("What is divided out. "),
            "The Debye–Waller factor is that of the mean-square displacement ⟨",
            html.I("u"),
            squared,
            "⟩ of the same run. Dividing by it and by |",
            html.I("q"),
            "|",
            squared,
            " makes scattering by one phonon alike in all zones, and magnifies that by several phonons in far ones.",
        ],
        [
            html.Strong("Not included. "),
            "Resolution in ",
            html.I("q"),
            ", which slants and broadens steep branches; the elastic line and Bragg peaks. In polar crystals the "
            "longitudinal optical modes are too low near Γ, for the potential has no charges.",
        ],
    ]
