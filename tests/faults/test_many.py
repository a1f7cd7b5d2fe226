"""Two hundred predictions at once: each is done once, and nobody else waits for them."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import update

from backend.jobs.tables import Job
from backend.kit.db import database
from backend.predictions.tables import Prediction
from tests.faults.conftest import Figure
from tests.faults.predictions import HARMONIC
from tests.faults.stack import Stack, until

pytestmark = pytest.mark.slow

AT_ONCE = 8
TINY = {**HARMONIC, "options": {**HARMONIC["options"], "n_orders": 1, "q_max_inv_angstrom": 1.0}}  # type: ignore[dict-item]


def give_to(stack: Stack, prediction: str, owner: str) -> None:
    """Make it another user's; the server of today has one only."""
    with database.transaction(stack.settings) as session:
        # The prediction first, as all that change both: a worker may be taking it
        session.exec(update(Prediction).where(Prediction.id == uuid.UUID(prediction)).values(owner=owner))  # type: ignore[arg-type]
        session.exec(update(Job).where(Job.prediction_id == uuid.UUID(prediction)).values(owner=owner))  # type: ignore[arg-type]


@pytest.mark.timeout(900)
def test_two_hundred_at_once(stack: Stack, figure: Figure) -> None:
    n = 30 if stack.embedded else 200
    stack.reference(TINY)
    if not stack.embedded:
        stack.start_worker("two")
    since = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        predictions = list(pool.map(lambda _: stack.ask(TINY), range(n)))
    figure(f"{n} requests from {AT_ONCE} clients: each answered", (time.monotonic() - since) / n)

    # One whose owner waits in front of the screen, and one of a user who has nothing running
    preview = stack.ask({**TINY, "quality": "preview"})
    figure(
        "a preview queued behind them: done", until(lambda: stack.prediction(preview).status == "succeeded", "preview")
    )
    other = stack.ask(TINY)
    give_to(stack, other, "somebody else")
    figure(
        "another user's prediction queued behind them: done",
        until(lambda: stack.prediction(other).status == "succeeded", "another's"),
    )
    waiting = Counter(row.status for row in stack.rows(Prediction))["queued"]
    assert waiting > n / 4

    until(
        lambda: not any(row.status in ("queued", "running") for row in stack.rows(Prediction)),
        lambda: f"all end: {Counter(row.status for row in stack.rows(Prediction))}",
        600,
        every_s=0.5,
    )
    figure(f"{n} small predictions: each done", (time.monotonic() - since) / (n + 2))
    jobs = [stack.jobs(prediction)[0] for prediction in (*predictions, preview, other)]
    assert Counter((job.status, job.attempt) for job in jobs) == {("succeeded", 1): n + 2}
    begun = Counter(line["work"] for line in stack.traces() if line["stage"] == "fetch_potential")
    assert {begun[prediction] for prediction in predictions} == {1}
    stack.check(predictions[-1], TINY)
    if not stack.embedded:
        assert len({job.worker for job in jobs}) == 2
        assert stack.stop("two") == 0
