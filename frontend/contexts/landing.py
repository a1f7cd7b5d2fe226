"""Landing page: recent work first, a drop zone, examples, and a finished forecast to look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from frontend.client import ApiClient, ApiProblem, JsonObject, settled
from frontend.contexts.page import Context, Page, Query, required
from frontend.contexts.proposals import list_proposals

MAX_RECENT: Final = 8
"""Structures on the page; the address `?all=1` shows up to the API's largest page."""
MAX_ALL: Final = 500
MAX_PREDICTIONS: Final = 500
MAX_PROPOSALS: Final = 5
MAX_SEARCH_LENGTH: Final = 200
FIRST_EXAMPLES: Final = ("silicon", "benzene", "barium-titanate-sc-h")
"""Those of the publication about the method; the others follow in the API's order."""

SOURCE_KINDS: Final = (("phonons", "Phonons"), ("trajectory", "Trajectories"))
"""Kinds of sources, and their headings."""
UNREAD: Final = ("queued", "running", "failed")
"""States of sources that a job is reading, or could not read."""
FORECAST_INSTRUMENTS: Final = ("TOSCA", "VISION", "Lagrange", "MAPS")
"""Through which the example forecast can be looked at on this page."""


async def context(api: ApiClient, path: Query, query: Query) -> Context:
    """Return recent structures with their forecasts, or those that a search finds, proposals, and examples."""
    search = query.get("search", "").strip()[:MAX_SEARCH_LENGTH]
    limit = MAX_ALL if query.get("all") or search else MAX_RECENT
    structures, predictions, proposals, limits, formats, sources, unread, examples, forecast = await settled(
        api.get("/structures", limit=limit, search=search or None),
        api.get("/predictions", limit=MAX_PREDICTIONS, search=search or None),
        list_proposals(api, limit=MAX_PROPOSALS),
        api.get("/limits"),
        api.get("/structure-formats"),
        api.get("/sources/formats"),
        api.items("/sources", status=UNREAD),
        api.items("/examples"),
        api.get("/examples/forecast"),
    )
    required(structures, predictions, proposals, limits, formats, sources, unread)
    shown = structures["items"]
    if search:
        shown = [*shown, *await _others(api, shown, predictions["items"])]
    by_structure: defaultdict[str, list[JsonObject]] = defaultdict(list)
    for prediction in predictions["items"]:
        by_structure[prediction["structure_id"]].append(prediction)
    return {
        "search": search,
        "rows": [(structure, by_structure[structure["id"]]) for structure in shown],
        "n_structures": structures["total"],
        "unread_sources": unread,
        "returning": bool(shown or search or proposals["items"] or unread),
        "proposals": proposals["items"],
        "n_proposals": proposals["total"],
        "examples": [] if isinstance(examples, ApiProblem) else _sort(examples),
        "forecast": None if isinstance(forecast, ApiProblem) else forecast,
        "forecast_instruments": [(name, name) for name in FORECAST_INSTRUMENTS],
        "formats": [one["title"] for one in formats],
        "source_formats": {
            title: [one["title"] for one in sources if one["kind"] == kind] for kind, title in SOURCE_KINDS
        },
        "source_names": "|".join(sorted({name for one in sources for name in one["file_names"]})),
        "max_bytes": limits["structure_bytes"],
        "max_trajectory_bytes": limits["trajectory_bytes"],
    }


async def _others(api: ApiClient, shown: Sequence[JsonObject], found: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the structures of forecasts that a search found, apart from those that are shown."""
    known = {structure["id"] for structure in shown}
    ids = list(dict.fromkeys(one["structure_id"] for one in found if one["structure_id"] not in known))
    answers = await settled(*[api.structure(key) for key in ids[:MAX_RECENT]])
    return [answer for answer in answers if not isinstance(answer, ApiProblem)]


def _sort(examples: Sequence[JsonObject]) -> list[JsonObject]:
    rank = {name: place for place, name in enumerate(FIRST_EXAMPLES)}
    return sorted(examples, key=lambda example: rank.get(example["name"], len(rank)))


PAGE: Final = Page("/", "landing.html", context)
