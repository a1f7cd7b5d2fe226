"""The client of the REST API that every page speaks through; `docs/openapi.json` says what answers hold.

The pages run in the same process as the API, so a call is an ASGI call and not a socket; it goes through the whole
application all the same (middleware, validation, problem documents), as any other client's would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

API = "/api/v1"

OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
"""Header by which browsers tell requests of our own pages from those of other sites."""

JsonObject = dict[str, Any]


class ApiProblem(Exception):
    """The API refused: an RFC 9457 problem document, or no answer at all (status 0)."""

    def __init__(
        self, status: int, title: str, detail: str, errors: Sequence[JsonObject] = (), code: str = "text"
    ) -> None:
        self.code = code
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = list(errors)
        super().__init__(f"{status} {title}: {detail}")

    @classmethod
    def from_response(cls, response: httpx.Response) -> ApiProblem:
        """Read a problem document; anything else becomes a plain word with the status."""
        try:
            body = response.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            body = {}
        title = str(body.get("title") or f"The server answered {response.status_code}")
        detail = str(body.get("detail") or "Try again; if it goes on, look at the server's log.")
        return cls(response.status_code, title, detail, body.get("errors") or [], str(body.get("code", "text")))


class ApiClient:
    """Calls the API in-process on behalf of one user.

    Parameters
    ----------
    app
        The ASGI application that serves `/api/v1`.
    cookies
        The user's cookies, passed on with every call.
    """

    def __init__(self, app: Any, cookies: Mapping[str, str] | None = None) -> None:
        self._app = app
        self._cookies = dict(cookies or {})

    def as_user(self, cookies: Mapping[str, str] | None) -> ApiClient:
        """Return the same client speaking with a user's cookies."""
        return ApiClient(self._app, cookies)

    async def call(self, method: str, path: str, **kwargs: Any) -> Any:
        """Return the body of the answer, read from JSON; a refusal is raised as `ApiProblem`."""
        # A fresh client each time: a shared one would keep one user's Set-Cookie and send it for the next.
        transport = httpx.ASGITransport(app=self._app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport,
            base_url="http://127.0.0.1",
            cookies=self._cookies,
            headers=OWN_PAGE,
            trust_env=False,
        ) as http:
            try:
                response = await http.request(method, API + path, **kwargs)
            except httpx.HTTPError as error:
                raise ApiProblem(0, "The server did not answer", "Check that Beamcast is still running.") from error
        if response.is_error:
            raise ApiProblem.from_response(response)
        return response.json() if response.content else None

    async def get(self, path: str, **query: Any) -> Any:
        """Return an answer; parameters of the query that are None are left out."""
        return await self.call("GET", path, params={name: value for name, value in query.items() if value is not None})

    async def items(self, path: str, **query: Any) -> list[JsonObject]:
        """Return the items of a list, paged or not."""
        answer = await self.get(path, **query)
        return list(answer["items"] if isinstance(answer, dict) else answer)

    async def health(self) -> JsonObject:
        """Return the state of the server; a 503 still tells which part is down."""
        try:
            state: JsonObject = await self.get("/health")
        except ApiProblem as problem:
            down = [error["loc"] for error in problem.errors]
            return {"status": "error", "detail": problem.detail, "workers": 0 if "workers" in down else None}
        return state

    async def instruments(self, structure_id: str | None = None) -> list[JsonObject]:
        """Return the instrument catalogue, with defaults that suit a structure where one is given."""
        return await self.items("/instruments", structure_id=structure_id)

    async def isotopes(self, elements: Sequence[str]) -> dict[str, list[str]]:
        """Return the isotopes of elements that have several, such as `{"H": ["1H", "2H", "3H"]}`."""
        known: dict[str, list[str]] = await self.get("/isotopes", elements=",".join(elements))
        return {element: isotopes for element, isotopes in known.items() if len(isotopes) > 1}

    async def structure(self, structure_id: str) -> JsonObject:
        """Return one structure."""
        found: JsonObject = await self.get(f"/structures/{structure_id}")
        return found

    async def predictions(self, structure_id: str) -> list[JsonObject]:
        """Return the newest predictions of a structure."""
        return await self.items("/predictions", structure_id=structure_id)

    async def prediction(self, prediction_id: str) -> JsonObject:
        """Return one prediction."""
        found: JsonObject = await self.get(f"/predictions/{prediction_id}")
        return found

    async def dataset(self, dataset_id: str) -> JsonObject:
        """Return what is known of one measured spectrum or map."""
        found: JsonObject = await self.get(f"/datasets/{dataset_id}")
        return found


async def settled(*calls: Any) -> list[Any]:
    """Await calls together; a refused one gives its `ApiProblem` in place of an answer."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, ApiProblem):
            raise answer
    return list(answers)
