"""Proposals as the API tells of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from frontend.client import ApiClient, ApiProblem, JsonObject, Prediction, Structure, settled
from frontend.measured import Dataset


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


class Shared(TypedDict):
    """A proposal as `GET /shared/{token}` gives it to somebody who was given the link."""

    name: str
    created_at: str
    changed_at: str
    notes: str
    sample: JsonObject | None
    settings: list[JsonObject]
    plan: JsonObject | None
    structures: list[Structure]
    predictions: list[Prediction]
    datasets: list[Dataset]
    reports: list[Report]


@dataclass(frozen=True)
class Inside:
    """What is in a proposal. A prediction's structure is among `structures`, also if it was taken out."""

    structures: Sequence[Structure] = ()
    predictions: Sequence[Prediction] = ()
    datasets: Sequence[Dataset] = ()


async def proposals(api: ApiClient, *, archived: bool = False, limit: int = 100) -> tuple[list[Proposal], int]:
    """Return the newest proposals, and how many there are."""
    params = {"archived": str(archived).lower(), "limit": limit}
    answer = await api.call("GET", "/proposals", params=params)
    return cast(list[Proposal], answer["items"]), int(answer["total"])


async def proposal(api: ApiClient, proposal_id: str) -> Proposal:
    """Return one proposal."""
    return cast(Proposal, await api.call("GET", f"/proposals/{proposal_id}"))


async def create(api: ApiClient, body: Mapping[str, Any]) -> Proposal:
    """Make a proposal."""
    return cast(Proposal, await api.call("POST", "/proposals", json=dict(body)))


async def change(api: ApiClient, proposal_id: str, body: Mapping[str, Any]) -> Proposal:
    """Change what is said in a proposal."""
    return cast(Proposal, await api.call("PATCH", f"/proposals/{proposal_id}", json=dict(body)))


async def act(api: ApiClient, proposal_id: str, action: str) -> Any:
    """`duplicate`, `archive`, `restore` or `share` a proposal."""
    return await api.call("POST", f"/proposals/{proposal_id}/{action}")


async def revoke(api: ApiClient, proposal_id: str) -> None:
    """Take the shared link back."""
    await api.call("DELETE", f"/proposals/{proposal_id}/share")


async def take_out(api: ApiClient, proposal_id: str, kind: str, item_id: str) -> None:
    """Take a structure, a prediction or a dataset out of a proposal."""
    await api.call("DELETE", f"/proposals/{proposal_id}/{kind}/{item_id}")


async def make_report(api: ApiClient, proposal_id: str, body: Mapping[str, Any]) -> Report:
    """Make a report and keep it with the proposal."""
    return cast(Report, await api.call("POST", f"/proposals/{proposal_id}/reports", json=dict(body)))


async def inside(api: ApiClient, of: Proposal) -> Inside:
    """Return what is in a proposal; what was deleted just now is left out."""
    predictions = _there(await settled(*[api.prediction(key) for key in of["prediction_ids"]]))
    ids = dict.fromkeys([*of["structure_ids"], *(one["structure_id"] for one in predictions)])
    return Inside(
        structures=_there(await settled(*[api.structure(key) for key in ids])),
        predictions=predictions,
        datasets=_there(await settled(*[api.dataset(key) for key in of["dataset_ids"]])),
    )


async def shared(api: ApiClient, token: str) -> Shared:
    """Return what a shared link opens."""
    return cast(Shared, await api.call("GET", f"/shared/{token}"))


def _there(answers: Sequence[Any]) -> list[Any]:
    return [answer for answer in answers if not isinstance(answer, ApiProblem)]
