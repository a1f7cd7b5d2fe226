"""The reliability of a forecast in a real browser: every point that the API states is on the page, in words."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .browsing import Open
from .conftest import Site, forecast, one_mode, run

pytestmark = pytest.mark.e2e

MANGANESE_OXIDE = b"""Manganese oxide
4.445
0 0.5 0.5
0.5 0 0.5
0.5 0.5 0
Mn O
1 1
Direct
0 0 0
0.5 0.5 0.5
"""


def test_every_point_is_shown_with_its_title(site: Site, visit: Open) -> None:
    structure_id = run(site.api.upload_structure("mno.vasp", MANGANESE_OXIDE))["id"]
    body = {
        "structure_id": structure_id,
        "quality": "preview",
        "instruments": ["TOSCA"],
        "options": {"relax_cell": True},
    }
    prediction_id = run(site.api.start(body, idempotency_key="reliability"))["id"]
    forecast(site.settings, prediction_id, one_mode(40.0))
    points = site.fetch(f"/api/v1/predictions/{prediction_id}/trust").json()["points"]
    assert {"lo_modes", "magnetism", "expansion", "run"} <= {one["topic"] for one in points}
    page = visit(f"/forecast/{structure_id}?predictions={prediction_id}&tab=reliability")
    listed = page.locator(".trust-points li")
    expect(listed).to_have_count(len(points))
    page.get_by_text("All points").click()
    for shown, point in zip(listed.all(), points, strict=True):
        expect(shown).to_be_visible()
        expect(shown).to_contain_text(f"{point['title']}. {point['text']}")
