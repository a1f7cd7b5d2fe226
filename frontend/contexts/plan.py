"""Plan: the sample, the limits and the target features as a form, with places for what the scripts ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from frontend.client import ApiClient, ApiProblem, JsonObject, settled
from frontend.contexts.page import Context, Page, Query, required
from frontend.contexts.proposals import list_proposals
from frontend.forecast_choice import ORDER
from frontend.settings_schema import GENERIC, display_name, facility
from frontend.terms import TERMS
from frontend.text import capital, isotopes_text, short_method
from frontend.view_bounds import view_bounds

MAX_DATASETS: Final = 200
MAX_STANDARDS: Final = 100
SCRIPT_TERMS: Final = (
    "basis_absolute", "basis_calibrated", "basis_relative", "hours_band", "resolution_percent", "measured_features",
    "pareto", "signal_rate", "background_rate", "relative_time", "separation", "verdict_probability", "verdict",
    "scatterer", "transmission", "multiple_scattering", "container_scattering", "activation", "cool_down",
)  # fmt: skip
"""Terms in tables that scripts make."""


async def context(api: ApiClient, path: Query, query: Query) -> Context:
    """Return the structure, its finished forecasts for powders, and the choices of the form."""
    structure = await api.structure(path["id"])
    instruments, view_schema, predictions, isotopes, datasets, standards, proposals = await settled(
        api.instruments(),
        api.get("/view-schema"),
        api.predictions(structure["id"]),
        api.isotopes(structure["elements"]),
        api.items("/datasets", limit=MAX_DATASETS),
        api.get("/calibrations", limit=MAX_STANDARDS),
        list_proposals(api),
    )
    required(instruments, view_schema, predictions)
    powders = [one for one in predictions if one["sampling"] == "powder"]
    ready = [one for one in powders if one["status"] == "succeeded"]
    if not ready:
        return {"structure": structure, "chosen": None, "running": [one for one in powders if is_running(one)]}
    chosen = best(ready, query.get("predictions", "").split(","))
    several = {} if isinstance(isotopes, ApiProblem) else isotopes
    measured = [] if isinstance(datasets, ApiProblem) else datasets
    real = [one for one in instruments if facility(one) != GENERIC]
    return {
        "structure": structure,
        "chosen": chosen,
        "predictions": [(one["id"], prediction_name(one)) for one in ready],
        "bounds": view_bounds(view_schema),
        "isotopes": several,
        "simulated": {name.rstrip("0123456789") for one in ready for name in one["isotopes"]},
        "instead": other_isotopes(several),
        "instruments": real,
        "facilities": list(dict.fromkeys(facility(one) for one in real)),
        "calibrations": [(one["id"], dataset_label(one)) for one in measured if can_calibrate(one)],
        "standards": [] if isinstance(standards, ApiProblem) else standards["items"],
        "datasets": [one for one in measured if one["structure_id"] == structure["id"] and one["kind"] == "1d"],
        "proposals": [] if isinstance(proposals, ApiProblem) else proposals["items"],
        "data": page_data(structure, real, ready),
    }


def is_running(prediction: JsonObject) -> bool:
    """Tell whether a forecast may still come."""
    return prediction["status"] in ("queued", "running")


def best(predictions: Sequence[JsonObject], wanted: Sequence[str]) -> JsonObject:
    """Return the newest forecast of the best method, of those that the address names if there are any."""
    named = [one for one in predictions if one["id"] in wanted]
    return max(named or predictions, key=lambda one: ORDER[one["method"]])


def prediction_name(prediction: JsonObject) -> str:
    """Return the name of a forecast in a list: "MD, 300 K, standard"."""
    quality = prediction.get("quality") or "custom"
    isotopes = isotopes_text(prediction["isotopes"])
    name = f"{capital(short_method(prediction['method']))}, {prediction['temperature_k']:g} K, {quality}"
    return f"{name}, {isotopes}" if isotopes else name


def other_isotopes(isotopes: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Return element and isotope of each other sample that may be compared, hydrogen first; never tritium."""
    elements = sorted(isotopes, key=lambda one: one != "H")
    return [
        (element, isotope)
        for element in elements
        for isotope in sorted(isotopes[element], key=lambda one: one != "2H")
        if isotope != "3H"
    ]


def can_calibrate(dataset: JsonObject) -> bool:
    """Tell whether measured data give absolute rates: a spectrum with instrument, exposure and mass."""
    exposure = dataset.get("exposure_uah") or dataset.get("exposure_h")
    return bool(dataset["kind"] == "1d" and dataset["instrument"] and exposure and dataset.get("mass_g"))


def dataset_label(dataset: JsonObject) -> str:
    """Return the name of a dataset with instrument, exposure and mass."""
    exposure = (
        f"{dataset['exposure_uah']:g} µA h" if dataset.get("exposure_uah") else f"{dataset.get('exposure_h') or 0:g} h"
    )
    return f"{dataset['name']} · {display_name(dataset['instrument'] or '')}, {exposure}, {dataset['mass_g']:g} g"


def page_data(
    structure: JsonObject, instruments: Sequence[JsonObject], predictions: Sequence[JsonObject]
) -> JsonObject:
    """Return what the scripts need beside the form."""
    elements = {name.rstrip("0123456789") for name in structure["isotopes"]}
    natural = {element: element for element in sorted(elements)}
    return {
        "structure": {"id": structure["id"], "name": structure["name"]},
        "defaults": {one["name"]: one["defaults"] for one in instruments},
        # Over the isotopes of the file, the natural element of a forecast is named
        "simulated": {one["id"]: {**natural, **one["isotopes"]} for one in predictions},
        "terms": {name: TERMS[name] for name in SCRIPT_TERMS},
    }


PAGE: Final = Page("/plan/{id}", "plan.html", context)
