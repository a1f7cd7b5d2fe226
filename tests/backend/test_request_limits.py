"""Limits on requests: bodies without files, and uploads that are many or slow. What is refused says why."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI

from backend.app import API
from backend.kit.http import json_bodies, uploads
from backend.kit.http.body_limits import FORM as FORM_TYPE
from backend.kit.http.body_limits import MAX_JSON_BYTES, UPLOADS
from backend.kit.http.errors import MAX_ERRORS
from backend.kit.http.json_bodies import MAX_KEYS, MAX_LISTS, find_excess
from backend.kit.http.schemas import MAX_FREE_VALUES

from .conftest import Client, run_apart

ADDRESS = "/instruments/TOSCA/resolution"


def test_a_body_of_more_than_a_mebibyte_is_refused(client: Client) -> None:
    body = b'{"settings": {}, "energy_mev": [1]}'
    assert client.post(ADDRESS, content=body.ljust(MAX_JSON_BYTES), headers=JSON).status_code == 200
    for content in (body.ljust(MAX_JSON_BYTES + 1), unsized(body.ljust(MAX_JSON_BYTES + 1))):
        response = client.post(ADDRESS, content=content, headers=JSON)
        assert response.status_code == 413
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["params"] == {"maximum_mib": 1.0}


JSON = {"Content-Type": "application/json"}


async def unsized(content: bytes) -> AsyncIterator[bytes]:
    """A body that does not state its length."""
    for start in range(0, len(content), 2**16):
        yield content[start : start + 2**16]


@pytest.mark.parametrize("path", ["/predictions", "/plans", "/figures"])
def test_a_file_where_none_belongs_counts_as_a_body(client: Client, path: str) -> None:
    assert client.post(path, files={"file": ("large", bytes(MAX_JSON_BYTES))}).status_code == 413


def test_paths_with_files_are_those_that_take_them(app: FastAPI) -> None:
    operations = ((path, one) for path, methods in app.openapi()["paths"].items() for one in methods.values())
    takes_file = {path for path, one in operations if FORM_TYPE in one.get("requestBody", {}).get("content", {})}
    assert takes_file == set(UPLOADS)


def test_many_wrong_keys_are_refused_before_they_are_looked_at(client: Client) -> None:
    body = {f"k{number}": 0 for number in range(MAX_KEYS + 1)}
    response = client.post("/predictions", json=body)
    assert (response.status_code, response.json()["code"]) == (413, "too_many_keys")


def test_an_answer_lists_few_errors(client: Client) -> None:
    response = client.post("/predictions", json={f"k{number}": 0 for number in range(MAX_KEYS - 10)})
    assert response.status_code == 422
    assert len(response.json()["errors"]) == len(response.json()["params"]["fields"]) == MAX_ERRORS


def test_the_first_wrong_number_of_a_long_list_is_enough(client: Client) -> None:
    response = client.post(ADDRESS, json={"energy_mev": ["x"] * 100_000})
    assert response.status_code == 422
    assert [error["loc"] for error in response.json()["errors"]] == ["energy_mev.0"]


@pytest.mark.parametrize(
    ("free", "code"),
    [
        ({f"k{number}": 0 for number in range(MAX_FREE_VALUES // 2)}, "too_many_values"),
        ({"many": [0] * MAX_FREE_VALUES}, "too_many_values"),
    ],
    ids=["keys", "list"],
)
def test_free_form_fields_are_small(client: Client, free: dict[str, Any], code: str) -> None:
    response = client.post(ADDRESS, json={"settings": free, "energy_mev": [1]})
    assert [(error["loc"], error["code"]) for error in response.json()["errors"]] == [("settings", code)]


MANY = MAX_KEYS + 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (json.dumps({"text": ": " * MANY}), None),
        (json.dumps({"text": '"a":' * MANY}), None),
        (json.dumps([{"a": 1}] * MANY), "too_many_keys"),
        (json.dumps([{"a": 1}] * MANY).replace(":", "\n :"), "too_many_keys"),
        ('{"' + '\\"' * (MAX_JSON_BYTES // 4) + ":" * MANY, None),
        ("\\" * (MAX_JSON_BYTES // 2) + '"' + ":" * MANY, None),
        (json.dumps({"text": "[" * 2 * MAX_LISTS}), None),
        (json.dumps([[]] * MAX_LISTS), "too_many_lists"),
        (json.dumps([{}] * MAX_LISTS), "too_many_lists"),
        (json.dumps(["", []] * MAX_LISTS), "too_many_lists"),
        (json.dumps([[]] * (MAX_LISTS - 1)), None),
        ("[" * MAX_JSON_BYTES, "too_many_lists"),
    ],
    ids=[
        *("colons", "quoted keys", "keys", "keys with spaces", "unended", "backslashes"),
        *("quoted brackets", "lists", "objects", "texts between", "just few enough", "deep"),
    ],
)
def test_parts_are_counted_in_linear_time(body: str, code: str | None) -> None:
    began = time.process_time()
    excess = find_excess(body.encode())
    assert (excess and excess.code) == code
    assert time.process_time() - began < 1.0


def test_many_brackets_are_refused_before_they_are_parsed(client: Client) -> None:
    deep = "[" * 500 + "]" * 500
    response = client.post("/predictions", content=f"[{','.join([deep] * 1000)}]", headers=JSON)
    assert (response.status_code, response.json()["code"]) == (413, "too_many_lists")


FORM = {"Content-Type": "multipart/form-data; boundary=x"}
START = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.cif"\r\n\r\n'


class Slow:
    """Uploads to an application that arrive when `end` is set."""

    def __init__(self, app: FastAPI) -> None:
        transport = httpx.ASGITransport(app)
        self.client = httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:8000{API}")
        self.end = anyio.Event()
        self.n_arriving = 0

    async def body(self) -> AsyncIterator[bytes]:
        self.n_arriving += 1
        yield START
        await self.end.wait()
        yield b"nothing\r\n--x--\r\n"

    async def upload(self, answers: list[httpx.Response]) -> None:
        answers.append(await self.client.post("/structures", content=self.body(), headers=FORM))

    async def until_arriving(self, number: int) -> None:
        while self.n_arriving < number:
            await anyio.lowlevel.checkpoint()


def test_more_uploads_than_the_limit_are_told_to_come_again(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_UPLOADS", 3)

    async def run() -> None:
        slow, answers = Slow(app), list[httpx.Response]()
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(slow.upload, answers)
            await slow.until_arriving(3)
            refused = await slow.client.post("/structures", files={"file": ("a.cif", b"x")})
            assert (refused.status_code, refused.json()["code"]) == (503, "too_many_uploads")
            assert int(refused.headers["retry-after"]) > 0
            # Others are not affected
            assert (await slow.client.get("/instruments")).status_code == 200
            slow.end.set()
        assert [answer.status_code for answer in answers] == [422] * 3
        assert (await slow.client.post("/structures", files={"file": ("a.cif", b"x")})).status_code == 422

    run_apart(run)


def test_few_files_are_read_at_the_same_time_and_the_others_wait(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.structures import service

    monkeypatch.setattr(uploads, "MAX_READ", 2)
    reading, most = 0, 0

    def read(*_: Any) -> Any:
        nonlocal reading, most
        reading += 1
        most = max(most, reading)
        time.sleep(0.02)
        reading -= 1
        raise service.Unprocessable("read")

    monkeypatch.setattr(service, "read", read)

    async def run() -> None:
        slow, answers = Slow(app), list[httpx.Response]()
        slow.end.set()
        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(slow.upload, answers)
        assert [answer.status_code for answer in answers] == [422] * 8

    run_apart(run)
    assert most == 2


@pytest.mark.parametrize(
    ("limits", "code"),
    [({"SILENCE_S": 0.01}, "upload_too_slow"), ({"GRACE_S": 0.0, "MIN_BYTES_PER_S": 1e12}, "upload_too_slow")],
    ids=["silent", "slow"],
)
def test_an_upload_that_arrives_too_slowly_ends(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, limits: dict[str, float], code: str
) -> None:
    for name, value in limits.items():
        monkeypatch.setattr(uploads, name, value)
    answer = _late_answer(app, "/structures", FORM, START)
    assert (answer.status_code, answer.json()["code"]) == (408, code)
    assert answer.headers["connection"] == "close"


def test_a_body_that_never_ends_is_given_up(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_bodies, "ARRIVES_WITHIN_S", 0.01)
    answer = _late_answer(app, "/predictions", JSON, b"{")
    assert (answer.status_code, answer.json()["code"]) == (408, "body_too_late")


def _late_answer(app: FastAPI, path: str, headers: dict[str, str], begin: bytes) -> httpx.Response:
    """The answer to a request whose body begins and does not end."""

    async def body() -> AsyncIterator[bytes]:
        yield begin
        await anyio.sleep_forever()

    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:8000{API}") as client:
            with anyio.fail_after(10):
                return await client.post(path, content=body(), headers=headers)

    send: Callable[[], Any] = run
    return run_apart(send)
