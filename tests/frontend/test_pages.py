"""Pages as the server makes them."""

from __future__ import annotations

import base64
import hashlib
import re

import httpx
import pytest

from frontend.app import find_page, render
from frontend.forecast_progress import labels

from .components import by_id, text, walk
from .conftest import Site, run


def get(site: Site, path: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(site.app), base_url="http://127.0.0.1:8000"
        ) as client:
            return await client.get(path)

    return run(ask())


def test_an_unknown_page_is_404_and_so_is_an_unknown_route_of_the_api(site: Site) -> None:
    assert get(site, "/nope").status_code == 404
    assert "react-entry-point" in get(site, "/nope").text
    api = get(site, "/api/v1/nope")
    assert api.status_code == 404
    assert api.headers["content-type"] == "application/problem+json"


def test_the_policy_allows_the_inline_scripts_and_the_index_asks_nothing_of_elsewhere(site: Site) -> None:
    answer = get(site, "/")
    policy = answer.headers["content-security-policy"]
    assert "unsafe-eval" not in policy
    inline = re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>(.*?)</script>", answer.text, re.DOTALL)
    assert inline
    for script in inline:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', answer.text)


def test_forecast(site: Site) -> None:
    search = f"?predictions={site.md_id},{site.harmonic_id}&instruments=MAPS,TOSCA&MAPS.e_init=150&iso.Si=29Si"
    _, layout = run(render(site.api, f"/forecast/{site.structure_id}", search))
    context = by_id(layout, "forecast-context").data
    # The harmonic one first, whatever the order of the address
    assert [prediction["id"] for prediction in context["predictions"]] == [site.harmonic_id, site.md_id]
    assert by_id(layout, "instruments").value == ["MAPS", "TOSCA"]
    assert by_id(layout, {"type": "setting", "instrument": "MAPS", "name": "e_init"}).value == 150.0
    assert by_id(layout, {"type": "isotope", "element": "Si"}).value == "29Si"
    assert "one mode is all there is" in text(by_id(layout, "trust"))
    # The controls of phonon orders and error bands wait for predictions that have them
    assert [prediction["n_orders"] for prediction in context["predictions"]] == [2, 0]
    assert [prediction["runs"] for prediction in context["predictions"]] == [1, 3]
    downloads = by_id(layout, "downloads")
    assert len([part for part in walk(downloads) if isinstance(getattr(part, "id", None), dict)]) == 2 * 2 * 2


def test_forecast_without_predictions_in_the_address_shows_the_latest(site: Site) -> None:
    _, layout = run(render(site.api, f"/forecast/{site.structure_id}", ""))
    shown = [prediction["id"] for prediction in by_id(layout, "forecast-context").data["predictions"]]
    assert shown == [site.harmonic_id, site.md_id]


def test_forecast_of_another_structure_says_so(site: Site) -> None:
    other = run(site.api.open_example("copper"))
    _, layout = run(render(site.api, f"/forecast/{other['id']}", f"?predictions={site.md_id}"))
    assert "belongs to another structure" in text(layout)
    assert "New forecast" in text(layout)


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/nope", "does not exist"),
        ("/forecast/6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c", "There is no"),
    ],
)
def test_what_is_not_there_gets_a_page_that_says_so(site: Site, path: str, word: str) -> None:
    _, layout = run(render(site.api, path, ""))
    assert word in text(by_id(layout, "notice-page"))
    assert "Go to your structures" in text(layout)


def test_find_page() -> None:
    assert find_page("/forecast/a-1/") is not None
    assert find_page("/forecast/") is None
    assert find_page("/forecast/a/b") is None


def test_labels_tell_predictions_apart(site: Site) -> None:
    prediction = run(site.api.prediction(site.md_id))
    warm = {**prediction, "id": "warm", "temperature_k": 600.0}
    long = {**prediction, "id": "long", "quality": "production"}
    assert labels([prediction]) == {site.md_id: "MD"}
    assert labels([prediction, warm]) == {site.md_id: "MD 300 K", "warm": "MD 600 K"}  # type: ignore[list-item]
    assert set(labels([prediction, long]).values()) == {"MD (preview)", "MD (production)"}  # type: ignore[list-item]
    twins = labels([{**prediction, "id": str(n)} for n in range(3)])  # type: ignore[misc]
    assert len(set(twins.values())) == 3
