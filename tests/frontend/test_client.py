"""The client against the API, in-process."""

from __future__ import annotations

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse

from frontend.client import ApiClient, ApiProblem, settled

from .conftest import SILICON, Site, run


def test_a_structure_goes_up_and_comes_back(site: Site) -> None:
    made = run(site.api.upload_structure("POSCAR", SILICON))
    assert run(site.api.structure(made["id"]))["formula"] == "Si"
    assert made["id"] in [structure["id"] for structure in run(site.api.items("/structures", limit=5))]


def test_what_the_api_refuses_is_a_problem_with_its_fields(site: Site) -> None:
    with pytest.raises(ApiProblem) as refused:
        run(site.api.upload_structure("x.cif", b"no crystal"))
    assert refused.value.status == 422
    assert refused.value.errors[0]["loc"] == "file"
    with pytest.raises(ApiProblem) as missing:
        run(site.api.structure("6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c"))
    assert missing.value.status == 404


def test_the_same_key_starts_once(site: Site) -> None:
    body = {"structure_id": site.structure_id, "method": "harmonic", "instruments": ["TOSCA"]}
    first = run(site.api.start(body, idempotency_key="twice"))
    assert run(site.api.start(body, idempotency_key="twice"))["id"] == first["id"]
    assert run(site.api.call("POST", f"/predictions/{first['id']}/cancel"))["status"] == "cancelled"


def test_together_a_refusal_does_not_hide_the_rest(site: Site) -> None:
    async def both() -> list[object]:
        return await settled(site.api.structure(site.structure_id), site.api.structure("no-id"))

    found, refused = run(both())
    assert isinstance(found, dict)
    assert isinstance(refused, ApiProblem)


def test_catalogues(site: Site) -> None:
    assert {"TOSCA", "MAPS", "ARCS", "Lagrange"} <= {instrument["name"] for instrument in run(site.api.instruments())}
    assert "silicon" in {example["name"] for example in run(site.api.items("/examples"))}
    assert any(model["kind"] == "pretrained" for model in run(site.api.items("/potentials")))
    assert run(site.api.isotopes(["H", "Al"])) == {"H": ["1H", "2H", "3H"]}


def echo() -> FastAPI:
    """An API that tells who is asking and tries to make the client somebody."""
    app = FastAPI()

    @app.get("/api/v1/structures")
    def structures(request: Request, response: Response) -> list[dict[str, str]]:
        response.set_cookie("session", "another")
        return [dict(request.cookies)]

    @app.get("/api/v1/instruments")
    def instruments() -> Response:
        return PlainTextResponse("<html>", status_code=502)

    return app


def test_the_users_cookies_go_along_and_nobody_elses() -> None:
    client = ApiClient(echo())
    assert run(client.as_user({"session": "mine"}).get("/structures")) == [{"session": "mine"}]
    # What was set for one user is not sent for the next
    assert run(client.get("/structures")) == [{}]


def test_an_answer_that_is_no_problem_document_is_one_all_the_same() -> None:
    with pytest.raises(ApiProblem, match="502"):
        run(ApiClient(echo()).instruments())
