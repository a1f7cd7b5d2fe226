"""Choosing instruments, and the settings of those that were chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from frontend.client import Instrument, JsonObject
from frontend.controls import instrument_panel
from frontend.terms import explained, explained_as
from frontend.view_state import PROBES, SAMPLE, ViewState
from frontend.wiring import attributes

GENERIC = "Generic"
FACILITIES = ("ISIS", "SNS", "ILL")
PROBE_LABELS = {"neutron": "Neutrons", "x-ray": "X-rays", "electron": "Electrons"}


def facility(instrument: Instrument) -> str:
    """Return where an instrument stands, in a word."""
    return GENERIC if instrument["name"].lower().startswith("generic-") else instrument["facility"].split(",")[0]


def display_name(name: str) -> str:
    """Return an instrument's name as legends show it."""
    return name[:1].upper() + name[1:].replace("-", " ") if name.startswith("generic-") else name


def _chip_name(name: str) -> str:
    return display_name(name).removeprefix("Generic ").capitalize() if name.startswith("generic-") else name


def by_facility(instruments: Sequence[Instrument]) -> dict[str, list[Instrument]]:
    """Return the instruments of each facility: the known ones first, what the user describes last."""
    places = list(dict.fromkeys(facility(instrument) for instrument in instruments))
    rank = {name: index for index, name in enumerate(FACILITIES)} | {GENERIC: len(places) + len(FACILITIES)}
    places.sort(key=lambda place: rank.get(place, len(FACILITIES)))
    return {
        place: sorted((i for i in instruments if facility(i) == place), key=lambda i: i["name"].lower())
        for place in places
    }


def picker(
    id: str,
    instruments: Sequence[Instrument],
    chosen: Sequence[str],
    *,
    sample: bool = False,
    label: str | None = None,
    labelled_by: str | None = None,
) -> html.Div:
    """Return a chip for every instrument, a row for each facility, and one for the sample where it can be chosen."""

    def chip(name: str, shown: str) -> dmc.Chip:
        return dmc.Chip(shown, value=name, size="xs", variant="filled", **attributes(aria_label=display_name(name)))

    rows = [
        (place, [chip(instrument["name"], _chip_name(instrument["name"])) for instrument in found])
        for place, found in by_facility(instruments).items()
    ]
    if sample:
        rows.append(("", [chip(SAMPLE, "Sample, no instrument")]))
    return html.Div(
        dmc.ChipGroup(
            [
                html.Div(
                    [html.Span(place, className="picker-place"), html.Div(chips, className="picker-chips")],
                    className="picker-row",
                )
                for place, chips in rows
            ],
            id=id,
            multiple=True,
            value=list(chosen),
        ),
        className="picker",
        role="group",
        **attributes(aria_label=label, aria_labelledby=labelled_by),
    )


def _item(name: str, head: Sequence[Any], body: Any, *, hidden: bool) -> html.Div:
    return html.Div(
        dmc.AccordionItem(
            [
                dmc.AccordionControl(html.Span(head, className="instrument-head")),
                dmc.AccordionPanel(body),
            ],
            value=name,
        ),
        id={"type": "instrument-item", "instrument": name},
        hidden=hidden,
    )


def _resolution(instrument: Instrument) -> Any:
    """What is known of how far the resolution may be off."""
    uncertainty = instrument.get("relative_uncertainty")
    notes = " ".join(instrument.get("notes") or [])
    if uncertainty is None:
        if "relative_uncertainty" not in instrument:
            return None
        text = "uncertainty not known"
    else:
        text = f"width known to ± {100 * uncertainty:.0f} %"
    return html.Div(
        ["Resolution: ", explained_as(notes, text) if notes else text], className="quiet small instrument-word"
    )


def instrument_item(instrument: Instrument, values: JsonObject, *, hidden: bool = False) -> html.Div:
    """Return an instrument's settings under its name, what is known of its resolution, and what comes along."""
    name = instrument["name"]
    body: list[Any] = [instrument_panel(instrument, values), _resolution(instrument)]
    if instrument["geometry"] == "direct":
        # Filled in by assets/instruments.js
        body.append(
            html.Div(
                [
                    explained("repetitions", "Also measured"),
                    ": ",
                    html.Span("…", id={"type": "repetitions", "instrument": name}),
                ],
                id={"type": "repetitions-line", "instrument": name},
                className="quiet small instrument-word",
                hidden=True,
            )
        )
    head = [
        html.Span(display_name(name), className="instrument-name"),
        html.Span(facility(instrument), className="quiet small"),
    ]
    return _item(name, head, [part for part in body if part is not None], hidden=hidden)


def sample_item(view: ViewState, *, crystal: bool) -> html.Div:
    """Return the settings of looking at the sample itself."""
    what = "S(q, ω) averaged over all zones" if crystal else "S(|q|, ω) averaged over all |q|"
    body = html.Div(
        [
            html.P(f"{what} simulated, without a window.", className="field-hint"),
            html.Div(
                [
                    html.Span(explained("probe", "Probe"), className="setting-title"),
                    dmc.Select(
                        id="sample-probe",
                        data=[{"value": probe, "label": PROBE_LABELS[probe]} for probe in PROBES],
                        value=view.probe,
                        allowDeselect=False,
                        size="xs",
                        w=124,
                        **attributes(aria_label="Probe"),
                    ),
                ],
                className="setting-head is-centred",
            ),
            html.Div(
                [
                    html.Span(explained("sample_width", "Gaussian width"), className="setting-title"),
                    dmc.NumberInput(
                        id="sample-fwhm",
                        value=view.fwhm_mev,
                        min=0,
                        max=1000,
                        step=0.5,
                        suffix=" meV",
                        clampBehavior="blur",
                        debounce=300,
                        size="xs",
                        w=124,
                        **attributes(aria_label="Full width at half maximum of a Gaussian resolution in meV"),
                    ),
                ],
                className="setting-head is-centred",
            ),
        ],
        className="settings",
    )
    head = [html.Span(SAMPLE, className="instrument-name"), html.Span("no instrument", className="quiet small")]
    return _item(SAMPLE, head, body, hidden=SAMPLE not in view.instruments)


def chosen_items(instruments: Sequence[Instrument], view: ViewState, *, crystal: bool = False) -> list[html.Div]:
    """Return the settings of the chosen instruments, and of those that the address sets.

    The others come when they are chosen: Dash looks at every component of the page at every step of a slider.
    """
    shown = [
        instrument_item(
            instrument, dict(view.settings[instrument["name"]]), hidden=instrument["name"] not in view.instruments
        )
        for instrument in instruments
        if instrument["name"] in view.instruments
        or _differ(view.settings[instrument["name"]], instrument["defaults"], instrument)
    ]
    return [*shown, sample_item(view, crystal=crystal)]


def _differ(values: Mapping[str, Any], defaults: Mapping[str, Any], instrument: Instrument) -> bool:
    properties = instrument["settings_schema"].get("properties", {})
    return any(values.get(name) != defaults.get(name) for name in properties)
