"""What workers say of a failure falls under the kind of reason that operators count it under."""

from __future__ import annotations

from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from backend.jobs import leases
from scattering.core.notices import Notice
from tests.backend.conftest import Client
from tests.backend.predicting import ask, living
from workers import tasks
from workers.kit.failures import CannotPredict
from workers.kit.shutdown import Flag


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (SoftTimeLimitExceeded(), "time_limit"),
        (ZeroDivisionError("unseen"), "unforeseen"),
        (CannotPredict(Notice("atoms_flew_apart")), "cannot_predict"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_reasons(
    client: Client, structure: dict[str, Any], monkeypatch: pytest.MonkeyPatch, raised: Exception, reason: str
) -> None:
    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr(tasks, "_do", fail)
    ask(client, structure)
    with living() as name:
        lease = leases.claim(name, 1)
        assert lease is not None
        tasks.perform(lease, Flag())
    seen = client.get("/operations").json()
    assert [failure["reason"] for failure in seen["recent_failures"]] == [reason]
    assert seen["failures_by_reason"][reason] == 1
