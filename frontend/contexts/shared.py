"""A proposal for readers, who have only its link: everything comes from `/shared/…`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from frontend.client import ApiClient, JsonObject
from frontend.contexts.page import Context, Page, Query
from frontend.contexts.proposals import describe_settings, with_predictions
from frontend.settings_schema import display_name
from frontend.text import short_method

MAX_CURVES: Final = 12
"""More could not be distinguished."""
SAMPLINGS: Final = {"powders": "powder", "crystals": "path"}
"""Figures of the page, each with the sampling of its forecasts."""
MAX_DATASETS: Final = 24
"""The API draws no more."""
INSTRUMENTS_WITHOUT_SETTINGS: Final = 2
"""Number of a prediction's instruments that are shown if no settings are chosen."""
PLAN_FIELDS: Final = ("isotopes", "quantum_correction", "energy_scale")
"""Fields of a view that a plan states for its prediction."""


async def context(api: ApiClient, path: Query, query: Query) -> Context:
    """Return what a link opens."""
    address = f"/shared/{path['token']}"
    shared, instruments = await asyncio.gather(api.get(address), api.get(f"{address}/instruments"))
    views = {kind: _views(shared, sampling) for kind, sampling in SAMPLINGS.items()}
    spectra = [one["id"] for one in shared["datasets"] if one["kind"] == "1d"]
    return {
        "shared": shared,
        "address": address,
        "structures": with_predictions(shared["structures"], shared["predictions"]),
        "settings": describe_settings(shared["settings"], instruments),
        "figures": {"path": f"{address}/figures", **views, "dataset_ids": spectra[:MAX_DATASETS]},
    }


def _views(shared: JsonObject, sampling: str) -> list[JsonObject]:
    """Return the views of each prediction of a sampling with each chosen setting, or with its first instruments."""
    structures = {one["id"]: one for one in shared["structures"]}
    plan = shared["plan"] or {}

    def view(prediction: JsonObject, setting: JsonObject) -> JsonObject:
        of_plan = plan if plan.get("prediction_id") == prediction["id"] else {}
        return {
            "prediction_id": prediction["id"],
            "label": _label(setting["instrument"], prediction, structures),
            **setting,
            **{key: of_plan[key] for key in PLAN_FIELDS if key in of_plan},
        }

    def settings(prediction: JsonObject) -> list[JsonObject]:
        usual = prediction["instruments"][:INSTRUMENTS_WITHOUT_SETTINGS] or [None]
        return shared["settings"] or [{"instrument": name, "settings": {}} for name in usual]

    drawable = (one for one in shared["predictions"] if one["status"] == "succeeded" and one["sampling"] == sampling)
    return [view(one, setting) for one in drawable for setting in settings(one)][:MAX_CURVES]


def _label(instrument: str | None, prediction: JsonObject, structures: Mapping[str, JsonObject]) -> str:
    words = ["Ideal S(q, ω)" if instrument is None else display_name(instrument)]
    if len(structures) > 1 and prediction["structure_id"] in structures:
        words.append(structures[prediction["structure_id"]]["name"])
    return ", ".join([*words, f"{short_method(prediction['method'])} {prediction['temperature_k']:g} K"])


PAGE: Final = Page("/shared/{token}", "shared.html", context, indexed=False)
