"""The typed client of the REST API that every page speaks through.

The pages run in the same process as the API, so a call is an ASGI call and not a socket; it goes through the whole
application all the same (middleware, validation, problem documents), as any other client's would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict, cast

import httpx

from frontend.measured import Dataset

API = "/api/v1"

JsonObject = dict[str, Any]


class FieldProblem(TypedDict):
    """One wrong field of a request, as the problem document names it."""

    loc: str
    msg: str


class Cell(TypedDict):
    """Cell parameters: Å, degrees, Å³."""

    lengths_angstrom: list[float]
    angles_deg: list[float]
    volume_angstrom3: float


class Structure(TypedDict):
    """A crystal structure as `GET /structures/{id}` gives it."""

    id: str
    name: str
    formula: str
    n_atoms: int
    cell: Cell
    space_group: str | None
    space_group_number: int | None
    elements: list[str]
    density_g_cm3: float | None
    temperature_k: NotRequired[float | None]
    warnings: list[str]
    created_at: NotRequired[str]


class Instrument(TypedDict):
    """An instrument with the JSON Schema of its settings."""

    name: str
    facility: str
    geometry: str
    settings_schema: JsonObject
    defaults: JsonObject
    energy_range_mev: list[float]
    citations: list[str]
    description: NotRequired[str]
    relative_uncertainty: NotRequired[float | None]
    notes: NotRequired[list[str]]


class Model(TypedDict):
    """An interatomic potential of the catalogue."""

    id: str
    name: str
    elements: list[str]
    kind: str
    sha256: str | None
    licence: str | None
    citation: str | None
    installed: bool


class Engine(TypedDict):
    """A program that simulates, and how many living workers have it."""

    name: str
    title: str
    methods: list[str]
    queue: str
    licence: str
    citation: str
    workers: int


class Example(TypedDict):
    """A built-in structure."""

    name: str
    title: str
    formula: str
    description: str
    source: str


class Prediction(TypedDict):
    """A forecast's simulation: what was asked, where it stands."""

    id: str
    structure_id: str
    method: str
    sampling: str
    temperature_k: float
    quality: str
    instruments: list[str]
    status: str
    stage: str | None
    progress: float
    eta_s: float | None
    waiting_for: JsonObject | None
    error: str | None
    options: JsonObject
    provenance: JsonObject | None
    warnings: list[str]
    created_at: NotRequired[str]
    potential_id: str


class Estimate(TypedDict):
    """What a simulation would cost and resolve, before it is started."""

    options: JsonObject
    estimate_s: float
    n_atoms_simulated: int
    q_resolution_inv_angstrom: float | None
    energy_resolution_mev: float | None
    warnings: list[str]


class Queue(TypedDict):
    """One lane of a queue, in numbers of jobs."""

    name: str
    lane: str
    waiting: int
    queued: int
    running: int
    oldest_queued_s: float | None


class OperatedJob(TypedDict):
    """A job as who runs the server sees it."""

    prediction_id: str
    structure_id: str
    own: bool
    owner: str
    method: str
    kind: str
    number: int
    engine: str
    stage: str
    attempt: int


class RunningJob(OperatedJob):
    """What a worker does."""

    progress: float
    seconds: float


class FailedJob(OperatedJob):
    """A job that failed its prediction."""

    when: str
    reason: str
    error: str
    worker: str | None


class Worker(TypedDict):
    """A worker, what it can do, and what it does."""

    name: str
    host: str
    queues: list[str]
    engines: dict[str, str]
    slots: int
    long_slots: int
    cores: int
    seen_s_ago: float
    alive: bool
    running: list[RunningJob]


class OutOfReach(TypedDict):
    """Queued jobs that no living worker can do."""

    queue: str
    engine: str
    jobs: int


class Disk(TypedDict):
    """Room for what is stored."""

    free_bytes: int | None
    total_bytes: int | None
    predictions_bytes: int | None


class Operations(TypedDict):
    """How the server and its workers stand, over all owners."""

    version: str
    broker: bool
    queues: list[Queue]
    workers: list[Worker]
    engines: dict[str, int]
    out_of_reach: list[OutOfReach]
    predictions_by_status: dict[str, int]
    failures_by_reason: dict[str, int]
    recent_failures: list[FailedJob]
    disk: Disk


class ApiProblem(Exception):
    """The API refused: an RFC 9457 problem document, or no answer at all (status 0)."""

    def __init__(self, status: int, title: str, detail: str, errors: Sequence[FieldProblem] = ()) -> None:
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
        errors = [
            FieldProblem(loc=str(error.get("loc", "")), msg=str(error.get("msg", "")))
            for error in body.get("errors") or []
            if isinstance(error, dict)
        ]
        title = str(body.get("title") or f"The server answered {response.status_code}")
        detail = str(body.get("detail") or "Try again; if it goes on, look at the server's log.")
        return cls(response.status_code, title, detail, errors)


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
            transport=transport, base_url="http://127.0.0.1", cookies=self._cookies, trust_env=False
        ) as http:
            try:
                response = await http.request(method, API + path, **kwargs)
            except httpx.HTTPError as error:
                raise ApiProblem(0, "The server did not answer", "Check that Beamcast is still running.") from error
        if response.is_error:
            raise ApiProblem.from_response(response)
        return response.json() if response.content else None

    async def health(self) -> JsonObject:
        """Return the state of the server; a 503 still tells which part is down."""
        try:
            return cast(JsonObject, await self.call("GET", "/health"))
        except ApiProblem as problem:
            down = [error["loc"] for error in problem.errors]
            return {"status": "error", "detail": problem.detail, "workers": 0 if "workers" in down else None}

    async def instruments(self, structure_id: str | None = None) -> list[Instrument]:
        """Return the instrument catalogue, with defaults that suit a structure where one is given."""
        params = {"structure_id": structure_id} if structure_id else None
        return cast(list[Instrument], _items(await self.call("GET", "/instruments", params=params)))

    async def isotopes(self, elements: Sequence[str]) -> dict[str, list[str]]:
        """Return the isotopes with known scattering lengths, such as `{"H": ["1H", "2H", "3H"]}`."""
        answer = await self.call("GET", "/isotopes", params={"elements": ",".join(elements)})
        return cast(dict[str, list[str]], answer)

    async def models(self) -> list[Model]:
        """Return the catalogue of potentials."""
        return cast(list[Model], _items(await self.call("GET", "/potentials")))

    async def engines(self) -> list[Engine]:
        """Return what predictions can be simulated with."""
        return cast(list[Engine], await self.call("GET", "/engines"))

    async def examples(self) -> list[Example]:
        """Return the built-in structures."""
        return cast(list[Example], _items(await self.call("GET", "/examples")))

    async def open_example(self, name: str) -> Structure:
        """Add a built-in structure to the user's own."""
        return cast(Structure, await self.call("POST", f"/examples/{name}"))

    async def upload_structure(self, filename: str, content: bytes) -> Structure:
        """Add a structure from a file."""
        return cast(Structure, await self.call("POST", "/structures", files={"file": (filename, content)}))

    async def structures(self, *, limit: int = 20) -> list[Structure]:
        """Return the newest structures."""
        return cast(list[Structure], _items(await self.call("GET", "/structures", params={"limit": limit})))

    async def structure(self, structure_id: str) -> Structure:
        """Return one structure."""
        return cast(Structure, await self.call("GET", f"/structures/{structure_id}"))

    async def predictions(self, *, structure_id: str | None = None, limit: int = 50) -> list[Prediction]:
        """Return the newest predictions, of one structure or of all."""
        params: dict[str, Any] = {"limit": limit}
        if structure_id is not None:
            params["structure_id"] = structure_id
        return cast(list[Prediction], _items(await self.call("GET", "/predictions", params=params)))

    async def prediction(self, prediction_id: str) -> Prediction:
        """Return one prediction."""
        return cast(Prediction, await self.call("GET", f"/predictions/{prediction_id}"))

    async def estimate(self, request: Mapping[str, Any]) -> Estimate:
        """Return what a prediction would cost, without starting it."""
        return cast(Estimate, await self.call("POST", "/predictions/estimate", json=dict(request)))

    async def start(self, request: Mapping[str, Any], *, idempotency_key: str) -> Prediction:
        """Start a prediction; the same key gives the same prediction, so a double click costs nothing."""
        headers = {"Idempotency-Key": idempotency_key}
        return cast(Prediction, await self.call("POST", "/predictions", json=dict(request), headers=headers))

    async def cancel(self, prediction_id: str) -> Prediction:
        """Ask a prediction to stop."""
        return cast(Prediction, await self.call("POST", f"/predictions/{prediction_id}/cancel"))

    async def datasets(self, *, structure_id: str | None = None, limit: int = 200) -> list[Dataset]:
        """Return the newest measured data, of one structure or of all."""
        params: dict[str, Any] = {"limit": limit}
        if structure_id is not None:
            params["structure_id"] = structure_id
        return cast(list[Dataset], _items(await self.call("GET", "/datasets", params=params)))

    async def dataset(self, dataset_id: str) -> Dataset:
        """Return what is known of one measured spectrum or map."""
        return cast(Dataset, await self.call("GET", f"/datasets/{dataset_id}"))

    async def operations(self) -> Operations:
        """Return what the workers do and what failed; refused to who does not run the server."""
        return cast(Operations, await self.call("GET", "/operations"))


def _items(answer: Any) -> list[Any]:
    """Return the items of a paged list, or the list itself where the route is not paged."""
    if isinstance(answer, dict):
        return list(answer.get("items", []))
    return list(answer)


async def settled(*calls: Any) -> list[Any]:
    """Await calls together; a refused one gives its `ApiProblem` in place of an answer."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, ApiProblem):
            raise answer
    return list(answers)
