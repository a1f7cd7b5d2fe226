"""What stands below a forecast's figures beside trust: provenance and downloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from frontend import notation
from frontend.client import Engine, Model, Prediction
from frontend.dynamics_form import OPTION_NAMES, option_words, told_options
from frontend.instrument_picker import display_name
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
    key = prediction["potential_id"]
    return next((model for model in models if model["id"] == key), None)


def _flatten(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [row for key, inner in value.items() for row in _flatten(f"{name} {key}".strip(), inner)]
    if isinstance(value, list) and value and isinstance(value[0], list):
        return [(name, "; ".join(" ".join(str(number) for number in vector) for vector in value))]
    if isinstance(value, list):
        # Repeats of a cell, or a list of energies
        between = " × " if len(value) == 3 and all(isinstance(v, int) for v in value) else ", "
        return [(name, between.join(f"{v:g}" if isinstance(v, int | float) else str(v) for v in value))]
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
        # A name within may follow, such as that of a special point
        head, found, name = f"{key} ".partition(f"{suffix} ")
        if found:
            return f"{head} {name}".replace("_", " ").strip() + f" ({unit})"
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


def provenance_panel(
    predictions: Sequence[Prediction], names: Mapping[str, str], models: Sequence[Model], engines: Sequence[Engine]
) -> list[Any]:
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
            rows += _flatten(OPTION_NAMES.get(name, name), option_words(name, value, engines))
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
