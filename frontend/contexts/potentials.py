"""The user's potentials: those that were trained or uploaded, trainings, and label sets."""

from __future__ import annotations

import asyncio
from typing import Final

from frontend.client import ApiClient
from frontend.contexts.page import Context, Page, Query

MAX_LISTED: Final = 100
MAX_STRUCTURES: Final = 500
OWN: Final = ("trained", "uploaded")
ONGOING: Final = ("queued", "running")


async def context(api: ApiClient, path: Query, query: Query) -> Context:
    """Return the user's potentials with their trainings, all trainings, and label sets."""
    potentials, trainings, label_sets, structures = await asyncio.gather(
        api.items("/potentials"),
        api.get("/trainings", limit=MAX_LISTED),
        api.get("/label-sets", limit=MAX_LISTED),
        api.items("/structures", limit=MAX_STRUCTURES),
    )
    names = {one["id"]: one["name"] or one["formula"] for one in structures}
    made = trainings["items"]
    return {
        "potentials": [one for one in potentials if one["kind"] in OWN],
        "made_by": {one["potential_id"]: one["id"] for one in made if one["potential_id"]},
        "trainings": made,
        "n_trainings": trainings["total"],
        "label_sets": label_sets["items"],
        "n_label_sets": label_sets["total"],
        # Structures beyond the API's largest page are named by their reference alone
        "names": {one["structure_id"]: names.get(one["structure_id"], "another structure") for one in made},
        "structures": names,
        "ongoing": any(one["status"] in ONGOING for one in made),
    }


PAGE: Final = Page("/potentials", "potentials.html", context)
