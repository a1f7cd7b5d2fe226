"""A page: its address, its template, and the function that fetches what the template shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from frontend.client import ApiClient, ApiProblem

Context = dict[str, Any]
Query = Mapping[str, str]


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes
    ----------
    path
        Its address, with parameters as in FastAPI.
    template
        Name of its template.
    context
        Function of a client of the API, the parameters of the path and those of the query that returns what the
        template shows. It raises `ApiProblem` for what cannot be shown.
    indexed
        Whether search engines may list the page.
    """

    path: str
    template: str
    context: Callable[[ApiClient, Query, Query], Awaitable[Context]]
    indexed: bool = True


def required(*answers: Any) -> None:
    """Raise the first refusal among answers that a page cannot do without.

    Raises
    ------
    ApiProblem
    """
    for answer in answers:
        if isinstance(answer, ApiProblem):
            raise answer
