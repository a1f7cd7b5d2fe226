"""Proposals as the API tells of them."""

from __future__ import annotations

from typing import TypedDict, cast

from frontend.client import ApiClient, JsonObject


class Report(TypedDict):
    """A report as it was made."""

    id: str
    created_at: str
    title: str
    formats: list[str]


class Proposal(TypedDict):
    """A workspace as `GET /proposals/{id}` gives it."""

    id: str
    created_at: str
    changed_at: str
    archived_at: str | None
    name: str
    notes: str
    sample: JsonObject | None
    settings: list[JsonObject]
    plan: JsonObject | None
    structure_ids: list[str]
    prediction_ids: list[str]
    dataset_ids: list[str]
    reports: list[Report]
    share_path: str | None


async def proposals(api: ApiClient, *, archived: bool = False, limit: int = 100) -> tuple[list[Proposal], int]:
    """Return the newest proposals, and how many there are."""
    params = {"archived": str(archived).lower(), "limit": limit}
    answer = await api.call("GET", "/proposals", params=params)
    return cast(list[Proposal], answer["items"]), int(answer["total"])
