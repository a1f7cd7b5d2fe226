"""The part of the 'New forecast' form that is about single crystals: the path and the Brillouin zones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import html

from frontend.client import FieldProblem, JsonObject
from frontend.terms import explained
from frontend.wiring import attributes

SAMPLINGS = {"powder": "Powder", "path": "Single crystal"}
ZONE_CHOICES = {
    "random": "Random zones within reach",
    "first": "The first zone alone",
    "chosen": "Zones of my choice",
}
MOST_ZONES = 1000
FEW_ZONES = 20
"""An earlier forecast's zones are written out again up to so many; more were drawn at random."""
ZONES_WANTED = "Write three whole numbers for each zone, with semicolons between, such as 0 0 4; 2 2 0."


@dataclass(frozen=True)
class CrystalForm:
    """What stands in this part of the form. What is empty, the API works out."""

    path: str = ""
    zones: str = "random"
    n_zones: float | None = None
    hkl: str = ""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> CrystalForm:
        """Return the form of an earlier forecast's options."""
        zones = options.get("zones") or []
        path = str(options.get("path") or "")
        if zones == [[0, 0, 0]]:
            return cls(path=path, zones="first")
        if 0 < len(zones) <= FEW_ZONES:
            return cls(path=path, zones="chosen", hkl="; ".join(" ".join(map(str, zone)) for zone in zones))
        return cls(path=path, n_zones=len(zones) or None)


def parse_zones(text: str) -> list[list[int]] | None:
    """Return the zones written as `0 0 4; 2 2 0`, also with commas or in brackets, or None where it is no such list."""
    groups = [part for part in re.split(r"[;()\[\]\n]+", text) if part.strip(" ,")]
    zones = []
    for group in groups:
        numbers = [word for word in re.split(r"[\s,]+", group.replace("\N{MINUS SIGN}", "-")) if word]
        if len(numbers) != 3 or any(re.fullmatch(r"[+-]?\d{1,6}", number) is None for number in numbers):
            return None
        zones.append([int(number) for number in numbers])
    return zones or None


def crystal_options(crystal: CrystalForm) -> JsonObject:
    """Return the options of `POST /predictions` for a path."""
    options: JsonObject = {}
    if crystal.path.strip():
        options["path"] = crystal.path.strip()
    if crystal.zones == "chosen":
        options["zones"] = parse_zones(crystal.hkl)
    elif crystal.zones == "first":
        options["zones"] = "first"
    elif crystal.n_zones is not None:
        options["n_zones"] = int(crystal.n_zones)
    return options


def crystal_problems(crystal: CrystalForm) -> list[FieldProblem]:
    """Return what this part lacks before the API can be asked."""
    if crystal.zones == "chosen" and parse_zones(crystal.hkl) is None:
        return [{"loc": "options.zones", "msg": ZONES_WANTED}]
    return []


def sampling_choice(sampling: str) -> html.Div:
    """Return the choice between a powder and a single crystal."""
    return html.Div(
        [
            html.Div(explained("sampling", "Sample"), className="field-label", id="form-sampling-label"),
            dmc.SegmentedControl(
                id="form-sampling",
                data=[{"value": key, "label": label} for key, label in SAMPLINGS.items()],
                value=sampling,
                **attributes(aria_labelledby="form-sampling-label"),
            ),
        ],
        className="sampling-choice",
    )


def crystal_section(crystal: CrystalForm, *, hidden: bool) -> html.Div:
    """Return the path and the zones; out of sight where a powder is asked for."""
    return html.Div(
        [
            dmc.TextInput(
                id="form-path",
                label=explained("path", "Path"),
                value=crystal.path,
                placeholder="automatic: the usual path of this lattice",
                debounce=True,
                inputProps={"aria-label": "Path through the Brillouin zone"},
            ),
            dmc.Select(
                id="form-zones",
                label=explained("zones", "Brillouin zones"),
                data=[{"value": key, "label": label} for key, label in ZONE_CHOICES.items()],
                value=crystal.zones,
                allowDeselect=False,
                inputProps={"aria-label": "Brillouin zones"},
            ),
            html.Div(
                dmc.NumberInput(
                    id="form-n-zones",
                    label=explained("n_zones", "Number of zones"),
                    value="" if crystal.n_zones is None else crystal.n_zones,
                    min=1,
                    max=MOST_ZONES,
                    allowDecimal=False,
                    debounce=True,
                    placeholder="automatic",
                    inputProps={"aria-label": "Number of zones"},
                ),
                id="form-n-zones-field",
                hidden=crystal.zones != "random",
            ),
            html.Div(
                dmc.TextInput(
                    id="form-hkl",
                    label=explained("hkl", "h k l of the zones"),
                    value=crystal.hkl,
                    placeholder="0 0 4; 2 2 0",
                    debounce=True,
                    inputProps={"aria-label": "h k l of the zones"},
                ),
                id="form-hkl-field",
                hidden=crystal.zones != "chosen",
            ),
        ],
        id="form-crystal",
        className="form-crystal form-grid",
        hidden=hidden,
    )


def zone_errors(messages: Mapping[str, str], crystal: CrystalForm) -> JsonObject:
    """Return the messages at this part's fields: zones that were written out have theirs where they are written."""
    chosen = crystal.zones == "chosen"
    return {
        "path_error": messages.get("path"),
        "zones_error": None if chosen else messages.get("zones"),
        "n_zones_error": messages.get("n_zones"),
        "hkl_error": messages.get("zones") or messages.get("n_zones") if chosen else None,
    }


def filled_in(options: Sequence[Mapping[str, Any]]) -> JsonObject:
    """Return what a path and a number of zones left empty become, for their fields' grey text.

    Parameters
    ----------
    options
        Of each method that is asked for; the methods' number of zones may differ.
    """
    paths = dict.fromkeys(str(one["path"]) for one in options if one.get("path"))
    counts = dict.fromkeys(int(one["n_zones"]) for one in options if one.get("n_zones"))
    return {
        "path": f"{' or '.join(paths)} (automatic)" if paths else "automatic: the usual path of this lattice",
        "n_zones": f"{' and '.join(map(str, counts))} (automatic)" if counts else "automatic",
    }
