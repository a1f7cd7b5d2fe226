"""What stands below a forecast's figures: how far to trust them, provenance, downloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from frontend import notation
from frontend.client import Model, Prediction
from frontend.dynamics_form import OPTION_NAMES, option_words, told_options
from frontend.instrument_picker import display_name
from frontend.problems import warning_list
from frontend.shell import icon
from frontend.wiring import attributes


def phonon_orders(prediction: Prediction) -> int:
    """Return how many numbers of phonons a prediction tells apart; 0 for dynamics, crystals, and those of before."""
    orders = prediction["options"].get("n_orders")
    told_apart = prediction["method"] == "harmonic" and prediction["sampling"] == "powder"
    return orders if told_apart and isinstance(orders, int) else 0


def several_runs(prediction: Prediction) -> bool:
    """Tell whether independent runs were averaged, so that there is a standard error."""
    return (prediction["options"].get("replicas") or 1) > 1


def species_of(predictions: Sequence[Prediction]) -> list[str]:
    """Return what the predictions tell apart, elements or sites, in the order in which they do."""
    named = [name for p in predictions for name in (p["provenance"] or {}).get("species", [])]
    return list(dict.fromkeys(named))


def _model_of(prediction: Prediction, models: Sequence[Model]) -> Model | None:
    key = prediction["model_id"]
    return next((model for model in models if model["id"] == key), None)


def trust_panel(predictions: Sequence[Prediction], names: Mapping[str, str], models: Sequence[Model]) -> list[Any]:
    """Return what is known of the errors: warnings of each run, then what holds for the method and the potential."""
    children: list[Any] = [
        warning_list(prediction["warnings"], title=f"{notation.capital(names[prediction['id']])}: take care")
        for prediction in predictions
    ]
    points: list[Any] = []
    for model in {id(m): m for p in predictions if (m := _model_of(p, models))}.values():
        if model["name"].upper().startswith("NEP89"):
            points.append(
                [
                    html.Strong("NEP89. "),
                    "A general potential: phonon energies are within 5–15 % of experiment for most inorganic crystals, "
                    "and much worse for some. Compare with a known line of your sample and use the energy scale.",
                ]
            )
        else:
            points.append(
                [
                    html.Strong(f"{model['name']}. "),
                    "An uploaded potential: its accuracy is not known here. It holds for structures like those it "
                    "was trained on.",
                ]
            )
    methods = {prediction["method"] for prediction in predictions}
    crystal = any(prediction["sampling"] == "path" for prediction in predictions)
    if "harmonic" in methods:
        points.append(
            [
                html.Strong("Harmonic. "),
                "No anharmonic shift or broadening. Scattering by one phonon is computed with the phase between the "
                "atoms; overtones and combinations, up to ten phonons at once, in the incoherent approximation: at "
                "small ",
                html.I("q"),
                " and in coherent scatterers their dependence on ",
                html.I("q"),
                " is not to be trusted.",
            ]
        )
    if "md" in methods:
        points.append(
            [
                html.Strong("Molecular dynamics. "),
                "Nuclei move classically: modes above about ",
                html.I("k"),
                html.Sub("B"),
                html.I("T"),
                " (26 meV at 300 K) have no zero-point motion; those of hydrogen tend to come out too high and narrow.",
            ]
        )
    if "trpmd" in methods:
        points.append(
            [
                html.Strong("Quantum dynamics. "),
                "Path integrals give the nuclei their zero-point motion; how they move in time is approximate (TRPMD): "
                "the thermostat on the beads broadens stiff modes, overtones come out too weak, and too few beads "
                "leave part of the zero-point motion out.",
            ]
        )
    if methods - {"harmonic"}:
        points.append(
            [
                html.Strong("Statistics. "),
                "Error bands are one standard error of independent runs: they tell how well the average is known, "
                "not how good the potential is."
                if any(several_runs(prediction) for prediction in predictions)
                else "One run has no error bands; ask for several independent runs to get them.",
            ]
        )
    if crystal:
        points += _crystal_points()
    points.append(
        [
            html.Strong("Instrument. "),
            "Resolution functions are fits, most without a published comparison with measurement; background, "
            "absorption and multiple scattering are not included.",
        ]
    )
    children.append(html.Ul([html.Li(point) for point in points], className="trust-points"))
    return [child for child in children if child is not None]


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


def _flatten(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [row for key, inner in value.items() for row in _flatten(f"{name} {key}".strip(), inner)]
    if isinstance(value, list) and value and isinstance(value[0], list):
        return [(name, "; ".join(" ".join(str(number) for number in vector) for vector in value))]
    if isinstance(value, list):
        return [(name, " × ".join(f"{v:g}" if isinstance(v, int | float) else str(v) for v in value))]
    if isinstance(value, bool):
        return [(name, "yes" if value else "no")]
    if isinstance(value, float):
        return [(name, f"{value:.6g}")]
    return [(name, "—" if value is None else str(value))]


UNITS = {
    "_fs": "fs",
    "_ps": "ps",
    "_inv_angstrom": "Å⁻¹",
    "_mev": "meV",
    "_gpa": "GPa",
    "_k": "K",
    "_s": "s",
    "_angstrom": "Å",
}


def readable(key: str) -> str:
    """Return an API name as words with its unit: `production_ps` becomes `production (ps)`."""
    for suffix, unit in UNITS.items():
        if key.endswith(suffix):
            return f"{key[: -len(suffix)].replace('_', ' ')} ({unit})"
    return key.replace("_", " ")


def _table(rows: Sequence[tuple[str, str]]) -> dmc.Table:
    # One component whatever its length: Dash looks at every component of the page at every step of a slider.
    return dmc.Table(
        data={"body": [[readable(name), value] for name, value in rows]},
        className="provenance",
        withRowBorders=False,
        layout="fixed",
        verticalSpacing=2,
        horizontalSpacing=0,
    )


def provenance_panel(predictions: Sequence[Prediction], names: Mapping[str, str], models: Sequence[Model]) -> list[Any]:
    """Return what is needed to repeat each run."""
    items = []
    for prediction in predictions:
        model = _model_of(prediction, models)
        rows = [
            ("status", prediction["status"]),
            ("potential", model["name"] if model else "—"),
            ("temperature", f"{prediction['temperature_k']:g} K"),
            ("quality", prediction.get("quality") or "—"),
        ]
        for name, value in told_options(prediction["options"]).items():
            rows += _flatten(OPTION_NAMES.get(name, name), option_words(name, value))
        for name, value in (prediction["provenance"] or {}).items():
            rows += _flatten("" if name == "versions" else name, value)
        rows.append(("id", prediction["id"]))
        items.append(
            dmc.AccordionItem(
                [dmc.AccordionControl(notation.capital(names[prediction["id"]])), dmc.AccordionPanel(_table(rows))],
                value=prediction["id"],
            )
        )
    return [dmc.Accordion(items, multiple=True, variant="default", chevronSize=14)]


def downloads_panel(
    predictions: Sequence[Prediction], names: Mapping[str, str], instruments: Sequence[str]
) -> list[Any]:
    """Return a download for every spectrum on the page, and the partials behind them."""
    done = [prediction for prediction in predictions if prediction["status"] == "succeeded"]
    if not done:
        return [html.P("Downloads appear when a simulation is ready.", className="quiet small")]
    contents = None
    if done[0]["sampling"] == "path":
        words = "CSV has the cut with each of its zones; HDF5 has the map and the harmonic phonons, too."
        contents = html.P(words, className="quiet small flush")
    head = html.Tr([html.Th("", scope="col"), *[html.Th(notation.capital(names[p["id"]]), scope="col") for p in done]])
    rows = [
        html.Tr(
            [
                html.Th(display_name(instrument), scope="row"),
                *[html.Td([_button(p, instrument, kind, names) for kind in ("csv", "hdf5")]) for p in done],
            ]
        )
        for instrument in instruments
    ]
    partials = html.Tr(
        [
            html.Th("Partials", scope="row"),
            *[
                html.Td(
                    html.A(
                        [icon("download", size=13), "HDF5"],
                        href=f"/api/v1/predictions/{p['id']}/partials",
                        className="link-button",
                        download="",
                        **attributes(aria_label=f"Partials, {names[p['id']]}, HDF5", data_download="partials"),
                    )
                )
                for p in done
            ],
        ]
    )
    table = html.Table([html.Thead(head), html.Tbody([*rows, partials])], className="downloads")
    return [table, contents] if contents else [table]


def _button(prediction: Prediction, instrument: str, kind: str, names: Mapping[str, str]) -> html.Button:
    return html.Button(
        [icon("download", size=13), kind.upper()],
        id={"type": "download", "prediction": prediction["id"], "instrument": instrument, "format": kind},
        type="button",
        className="link-button",
        **attributes(
            aria_label=f"Spectrum on {instrument}, {names[prediction['id']]}, {kind.upper()}", data_download=kind
        ),
    )
