"""Pagination of lists: `{"items": […], "total": n}` with `?limit=&offset=`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """One page of a list, newest first."""

    items: list[Item]
    total: int


@dataclass(frozen=True)
class Paging:
    """The requested page."""

    limit: int
    offset: int


def _paging(
    limit: Annotated[int, Query(ge=1, le=500, description="largest number of items in the answer")] = 50,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1, description="number of items to skip")] = 0,
) -> Paging:
    return Paging(limit, offset)


PagingDep = Annotated[Paging, Depends(_paging)]
