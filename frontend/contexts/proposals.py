"""Proposals: the list, the workspace of one, and what the page of readers has in common with it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from frontend.client import ApiClient, ApiProblem, JsonObject, settled
from frontend.contexts.page import Context, Page, Query
from frontend.settings_schema import display_name

MAX_LISTED: Final = 100


async def list_proposals(api: ApiClient, *, archived: bool = False, limit: int = MAX_LISTED) -> JsonObject:
    """Return the newest proposals (`items`), and how many there are (`total`)."""
    answer: JsonObject = await api.get("/proposals", archived=archived, limit=limit)
    return answer


async def list_context(api: ApiClient, path: Query, query: Query) -> Context:
    """Return the proposals, or with `?archived=true` the archived ones."""
    archived = query.get("archived") == "true"
    shown, others = await asyncio.gather(
        list_proposals(api, archived=archived), list_proposals(api, archived=not archived, limit=1)
    )
    return {
        "archived": archived,
        "proposals": shown["items"],
        "total": shown["total"],
        "n_others": others["total"],
    }


async def context(api: ApiClient, path: Query, query: Query) -> Context:
    """Return a proposal and its items."""
    proposal, instruments = await asyncio.gather(api.get(f"/proposals/{path['id']}"), api.instruments())
    predictions = _answered(await settled(*map(api.prediction, proposal["prediction_ids"])))
    structure_ids = dict.fromkeys([*proposal["structure_ids"], *(one["structure_id"] for one in predictions)])
    structures = _answered(await settled(*map(api.structure, structure_ids)))
    return {
        "proposal": proposal,
        "datasets": _answered(await settled(*map(api.dataset, proposal["dataset_ids"]))),
        "structures": with_predictions(structures, predictions),
        "settings": describe_settings(proposal["settings"], instruments),
        "planned": _planned(proposal["plan"], predictions),
        "reportable": any(one["status"] == "succeeded" and one["sampling"] == "powder" for one in predictions),
    }


def with_predictions(structures: Iterable[JsonObject], predictions: Sequence[JsonObject]) -> list[JsonObject]:
    """Return structures, each with its `predictions`."""
    return [
        {**one, "predictions": [other for other in predictions if other["structure_id"] == one["id"]]}
        for one in structures
    ]


def describe_settings(settings: Iterable[JsonObject], instruments: Iterable[JsonObject]) -> list[JsonObject]:
    """Return the instrument and the settings of each setting as text: `Incident energy 120 meV, …`."""
    schemas = {one["name"]: one["settings_schema"].get("properties", {}) for one in instruments}
    return [
        {
            "instrument": display_name(one["instrument"]),
            "text": _describe_values(one["settings"], schemas.get(one["instrument"], {})),
        }
        for one in settings
    ]


def _describe_values(values: Mapping[str, Any], schemas: Mapping[str, JsonObject]) -> str:
    texts = []
    for name, value in values.items():
        schema = schemas.get(name, {})
        number = f"{value:g}" if isinstance(value, int | float) else str(value)
        texts.append(f"{schema.get('title', name)} {number} {schema.get('x-unit') or ''}".strip())
    return ", ".join(texts) or "default settings"


def _planned(plan: JsonObject | None, predictions: Sequence[JsonObject]) -> JsonObject | None:
    """Return the prediction of the plan, or else the first one for a powder."""
    of_plan = [one for one in predictions if plan is not None and one["id"] == plan["prediction_id"]]
    return next(iter([*of_plan, *(one for one in predictions if one["sampling"] == "powder")]), None)


def _answered(answers: Iterable[Any]) -> list[Any]:
    """Return the answers without refusals: an item may have been deleted a moment ago."""
    return [answer for answer in answers if not isinstance(answer, ApiProblem)]


LIST: Final = Page("/proposals", "proposals.html", list_context)
PAGE: Final = Page("/proposals/{id}", "proposal.html", context)
