"""A server of its own that is filled with something of everything, asked in many ways, and looked at afterwards."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from tests.deployed import Deployment
from tests.hostile import files
from tests.hostile.requests import CLOSES, FORM, Request

CLIENTS: Final = 6
PROBLEM: Final = "application/problem+json"
ALLOWED: Final = (503, 507)
"""The only answers of 500 and more that are documented."""
ANSWERS_WITHIN_S: Final = 60.0
PROBE: Final = Path(__file__).with_name("probe.py")


@dataclass(frozen=True)
class Answer:
    """An answer, and what is wrong with it."""

    request: Request
    status: int
    code: str
    seconds: float
    wrong: str = ""

    def __str__(self) -> str:
        body = (self.request.body or b"")[:300]
        return f"{self.wrong}: {self.request.method} {self.request.path[:300]} {self.request.headers} {body!r}"


def fill(deployment: Deployment) -> tuple[dict[str, list[Any]], bytes]:
    """Add something of everything; return names of fields → values that exist, and a proposal's archive."""
    client = deployment.client

    def add(path: str, **what: Any) -> dict[str, Any]:
        response = client.post(path, **what)
        assert response.status_code in (200, 201, 202), (path, response.text)
        return dict(response.json())

    uploads = [file for file in files.structures() if file.route == files.STRUCTURES and not file.fields]
    structures = [add(file.route, files={"file": (file.name, file.content)})["id"] for file in uploads]
    measured = [file for file in files.data() if file.route == files.DATA]
    datasets = []
    for file in measured:
        response = client.post(
            file.route, files={"file": (file.name, file.content)}, data={**dict(file.fields), "x_unit": "meV"}
        )
        datasets += [response.json()["id"]] if response.status_code == 201 else []
    assert len(datasets) > 5
    models = [
        add(file.route, files={"file": (file.name, file.content)}, data={"name": f"model {number}"})["id"]
        for number, file in enumerate(files.potentials())
    ]
    forecast = add("/examples/forecast")
    prediction = forecast.get("prediction_id") or forecast["id"]
    proposals, tokens = [], []
    for number in range(6):
        proposal = add("/proposals", json={"name": f"proposal {number}"})["id"]
        for kind, item in (
            ("predictions", prediction),
            ("datasets", datasets[number]),
            ("structures", structures[number]),
        ):
            client.put(f"/proposals/{proposal}/{kind}/{item}").raise_for_status()
        tokens.append(add(f"/proposals/{proposal}/share")["token"])
        proposals.append(proposal)
    report = add(f"/proposals/{proposals[0]}/reports", json={"prediction_id": prediction})
    archive = client.get(f"/proposals/{proposals[0]}/export")
    archive.raise_for_status()
    known: dict[str, list[Any]] = {
        "structure_id": structures,
        "prediction_id": [prediction],
        "dataset_id": datasets,
        "proposal_id": proposals,
        "potential_id": models,
        "model": models,
        "token": tokens,
        "report_id": [report["id"]],
        "item_id": [prediction, *datasets, *structures],
        "instrument": [one["name"] for one in client.get("/instruments").json()],
        "examples/name": ["silicon", "copper", "benzene"],
    }
    known["instruments/name"] = known["instrument"]
    return known, archive.content


class Sender:
    """Clients that send requests to a server at the same time, each over one connection."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._host, self._port = parts.hostname or "", parts.port
        self._local = threading.local()
        self._connections: list[http.client.HTTPConnection] = []

    def send_all(self, requests: Sequence[Request]) -> list[Answer]:
        """Return the answers, in the order of the requests."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = list(pool.map(self.send, requests))
        for connection in self._connections:
            connection.close()
        return answers

    def send(self, request: Request) -> Answer:
        """Return the answer to a request, and say what is wrong with it."""
        began = time.perf_counter()
        try:
            status, media, body = self._exchange(request)
        except (OSError, http.client.HTTPException) as error:
            self._connection().close()
            return Answer(request, 0, "", time.perf_counter() - began, f"no answer ({error!r})")
        seconds = time.perf_counter() - began
        code, wrong = _code(status, media, body) if request.method != "HEAD" else ("", "")
        if status >= 500 and status not in ALLOWED:
            wrong = f"{status}"
        return Answer(request, status, code, seconds, wrong)

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPConnection(self._host, self._port, timeout=ANSWERS_WITHIN_S)
            self._connections.append(self._local.connection)
        connection: http.client.HTTPConnection = self._local.connection
        return connection

    def _exchange(self, request: Request) -> tuple[int, str, bytes]:
        connection = self._connection()
        own_host = any(name == "Host" for name, _ in request.headers)
        connection.putrequest(request.method, request.path, skip_host=own_host, skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name, value.encode("latin-1", "replace"))
        if request.body is not None:
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        response = connection.getresponse()
        if request.path.partition("?")[0].endswith(CLOSES) and response.status == 200:
            # Events go on until the client has enough
            body = response.read1()
            connection.close()
        else:
            body = response.read()
        return response.status, response.headers.get("Content-Type", ""), body


def _code(status: int, media: str, body: bytes) -> tuple[str, str]:
    """Return the code of a problem, and what is wrong with its document."""
    if status < 400:
        return "", ""
    if media != PROBLEM:
        return "", f"{status} is {media or 'nothing'}, not a problem"
    try:
        document = json.loads(body)
        code, detail = document["code"], document["detail"]
    except (ValueError, KeyError) as error:
        return "", f"{status} is not a whole problem ({error!r})"
    if not (code and isinstance(code, str) and isinstance(detail, str) and document["status"] == status):
        return str(code), f"{status} is not a whole problem"
    return code, ""


def as_request(file: files.File) -> Request:
    """Return the upload of a file."""
    boundary = "boundary-of-the-form"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n\r\n'
    fields = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in file.fields
    )
    body = (fields + head).encode() + file.content + f"\r\n--{boundary}--\r\n".encode()
    return Request("POST", f"/api/v1{file.route}", (("Content-Type", f"{FORM}; boundary={boundary}"),), body)


@contextlib.contextmanager
def probed(deployment: Deployment) -> Iterator[Callable[[], NDArray[np.float64]]]:
    """Ask for health all the while; its answers' durations and the server's processor time can be had at the end.

    They are in seconds, shape (n_answers, 2).
    """
    address = deployment.client.base_url
    path = deployment.folder / "health.txt"
    arguments = [address.host, str(address.port), str(deployment.processes["server"].pid), str(path)]
    probe = subprocess.Popen([sys.executable, str(PROBE), *arguments], stdin=subprocess.PIPE)

    def durations() -> NDArray[np.float64]:
        assert probe.stdin is not None
        probe.stdin.close()
        assert probe.wait(ANSWERS_WITHIN_S) == 0
        return np.loadtxt(path, ndmin=2)

    try:
        yield durations
    finally:
        probe.kill()
        probe.wait()
