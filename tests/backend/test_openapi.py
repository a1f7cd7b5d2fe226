"""The OpenAPI document that is kept is that of the code."""

from __future__ import annotations

import json
from pathlib import Path

from backend.app import create_app
from backend.kit.settings import Settings

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/openapi.json"


def test_the_document_is_current(settings: Settings) -> None:
    kept = json.loads(DOCUMENT.read_text("utf-8"))
    made = json.loads(json.dumps(create_app(settings).openapi()))
    assert made == kept, "run `make openapi` and commit what it writes"
