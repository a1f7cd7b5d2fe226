"""A forecast: simulations and their progress, and what instruments would measure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from frontend.client import ApiClient, ApiProblem, JsonObject, settled
from frontend.contexts.page import Context, Page, Query, required
from frontend.contexts.proposals import list_proposals
from frontend.forecast_choice import Choice, absent_words, choose, labels, phonon_labels
from frontend.measured import FORMATS, RUN_FIELDS, TABLE_TERMS, UNITS
from frontend.terms import CORRECTIONS, KUBO_BESIDE, KUBO_CORRECTIONS, TERMS
from frontend.view_bounds import view_bounds

MAX_DATASETS: Final = 200
MAX_SITES: Final = 24
"""Sites whose isotopes can be chosen on the page: a large cell without symmetry has hundreds."""
MAX_PROPOSALS: Final = 50
MAX_PHONONS: Final = 12
"""Forecasts whose phonons can be drawn over those of another."""


async def context(api: ApiClient, path: Query, query: Query) -> Context:
    """Return structure, predictions, catalogues and measured data of a forecast."""
    structure_id = path["structure_id"]
    structure, instruments, limits, view_schema, health, data, others = await settled(
        api.structure(structure_id),
        api.instruments(structure_id),
        api.get("/limits"),
        api.get("/view-schema"),
        api.health(),
        api.items("/datasets", structure_id=structure_id, limit=MAX_DATASETS),
        api.items("/datasets", limit=MAX_DATASETS),
    )
    required(structure, instruments, limits, view_schema)
    wanted = [key for key in query.get("predictions", "").split(",") if key]
    choice = await choose(api, structure_id, wanted)
    if not choice.shown:
        return {"structure": structure, "notes": choice.words, "data": None}
    isotopes, proposals = await settled(api.isotopes(structure["elements"]), list_proposals(api, limit=MAX_PROPOSALS))
    names = labels(choice.shown)
    asked = {name for prediction in choice.shown for name in prediction["instruments"]}
    chosen = [one["name"] for one in instruments if one["name"] in asked] or [instruments[0]["name"]]
    sites, corrections = _sites(choice.shown), _corrections(choice.shown)
    named = [key for key in query.get("datasets", "").split(",") if key]
    own, foreign, gone = await _datasets(api, data, others, structure_id, named)
    return {
        "structure": structure,
        "choice": choice,
        "crystal": choice.sampling == "path",
        "names": names,
        "phonons": phonon_labels(choice.harmonic[:MAX_PHONONS]),
        "notes": choice.words + gone,
        "no_worker": _waits_without_worker(choice.shown, health),
        "instruments": instruments,
        "chosen": chosen,
        "isotopes": {} if isinstance(isotopes, ApiProblem) else isotopes,
        "simulated": {name.rstrip("0123456789") for one in choice.shown for name in one["isotopes"]},
        "sites": sites[:MAX_SITES],
        "n_sites": len(sites),
        "corrections": corrections,
        "corrected": any(one["method"] != "harmonic" for one in choice.shown),
        "bounds": view_bounds(view_schema),
        "n_orders": max(phonon_orders(one) for one in choice.shown),
        "several_runs": any(_runs(one) > 1 for one in choice.shown),
        "zones": _zones(choice.shown),
        "points": _points(choice.shown),
        "temperatures": sorted({one["temperature_k"] for one in choice.shown}),
        "max_dataset_bytes": limits["dataset_bytes"],
        "datasets": own,
        "foreign_datasets": foreign,
        "units": list(UNITS.items()),
        "run_fields": RUN_FIELDS,
        "data_words": {"formats": FORMATS, "units": UNITS, "terms": {name: TERMS[name] for name in TABLE_TERMS}},
        "proposals": None if isinstance(proposals, ApiProblem) else proposals["items"],
        "data": {
            **_data(structure, choice, names, instruments, own + foreign),
            "corrections": {name: words for name, (_, words) in corrections.items()},
        },
    }


def _data(
    structure: JsonObject,
    choice: Choice,
    names: dict[str, str],
    instruments: Sequence[JsonObject],
    datasets: Sequence[Any],
) -> Context:
    """What the scripts need to ask for figures."""
    return {
        "structure": {"id": structure["id"], "name": structure["name"]},
        "sampling": choice.sampling,
        "others": [one["id"] for one in choice.other],
        "points": _points(choice.shown),
        "predictions": [
            {
                **{key: one.get(key) for key in ("id", "method", "sampling", "temperature_k", "quality", "status")},
                "label": names[one["id"]],
                "n_orders": phonon_orders(one),
                "runs": _runs(one),
                "zones": _zones([one]),
                "species": (one["provenance"] or {}).get("species", []),
                "state": one,
            }
            for one in choice.shown
        ],
        "instruments": {one["name"]: {"geometry": one["geometry"], "defaults": one["defaults"]} for one in instruments},
        "datasets": list(datasets),
    }


async def _datasets(
    api: ApiClient, own: Any, all_data: Any, structure_id: str, named: Sequence[str]
) -> tuple[list[Any], list[Any], list[str]]:
    """Data of this structure, of others, and what is to be said of those that the address names in vain."""
    if isinstance(own, ApiProblem) or isinstance(all_data, ApiProblem):
        problem = own if isinstance(own, ApiProblem) else all_data
        return [], [], [f"Measured data cannot be listed: {problem.detail}"]
    foreign = [one for one in all_data if one["structure_id"] != structure_id]
    known = {one["id"] for one in [*own, *foreign]}
    # What is not an id would be asked for as a part of an address
    missing = [key for key in named if key not in known and re.fullmatch(r"[0-9a-fA-F-]{1,36}", key)]
    answers = await settled(*map(api.dataset, missing))
    gone = [
        absent_words("A measurement", key) if one.status == 404 else f"{key}: {one.detail}"
        for key, one in zip(missing, answers, strict=True)
        if isinstance(one, ApiProblem)
    ]
    return own, [*foreign, *(one for one in answers if not isinstance(one, ApiProblem))], gone


def _waits_without_worker(predictions: Sequence[JsonObject], health: Any) -> bool:
    queued = any(one["status"] == "queued" for one in predictions)
    return queued and isinstance(health, dict) and health.get("workers") == 0


def _sites(predictions: Sequence[JsonObject]) -> list[str]:
    """Sites that predictions tell apart, such as "H2"."""
    species = [name for one in predictions for name in (one["provenance"] or {}).get("species", [])]
    return [name for name in dict.fromkeys(species) if name[-1:].isdigit()]


def _corrections(predictions: Sequence[JsonObject]) -> dict[str, tuple[str, str]]:
    """Quantum corrections that suit the methods: name → label and description."""
    methods = {one["method"] for one in predictions}
    if "md" not in methods and "trpmd" in methods:
        return KUBO_CORRECTIONS
    if "trpmd" not in methods:
        return CORRECTIONS
    return {
        name: (label, words if name in KUBO_CORRECTIONS else f"{words} {KUBO_BESIDE}")
        for name, (label, words) in CORRECTIONS.items()
    }


def phonon_orders(prediction: JsonObject) -> int:
    """Return how many phonon orders a prediction tells apart; 0 for dynamics and crystals."""
    orders = prediction["options"].get("n_orders")
    told_apart = prediction["method"] == "harmonic" and prediction["sampling"] == "powder"
    return orders if told_apart and isinstance(orders, int) else 0


def _runs(prediction: JsonObject) -> int:
    return prediction["options"].get("replicas") or 1


def _zones(predictions: Sequence[JsonObject]) -> list[list[int]]:
    """Brillouin zones of crystals, each once, in the order of their partials."""
    zones = (one["options"].get("zones") or [] for one in predictions if one["sampling"] == "path")
    return [list(zone) for zone in dict.fromkeys(tuple(zone) for some in zones for zone in some)]


def _points(predictions: Sequence[JsonObject]) -> list[str]:
    """Special points on the paths of crystals, each once."""
    paths = [str(one["options"].get("path") or "") for one in predictions]
    return list(dict.fromkeys(point for path in paths for point in re.split(r"[-|]", path) if point))


PAGE: Final = Page("/forecast/{structure_id}", "forecast.html", context)
