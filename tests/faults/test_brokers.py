"""Wake-up messages that are lost, late, doubled or refused: jobs are rows, so each runs, and once."""

from __future__ import annotations

import time
import uuid
from typing import Any

import httpx
import pytest

from backend.kit.queue.wake_up import WORK, celery_app
from tests.faults.conftest import Figure
from tests.faults.predictions import DYNAMICS, HARMONIC
from tests.faults.stack import SLOTS, Stack, until
from tests.services import Redis

pytestmark = pytest.mark.slow

REFUSED = "command not allowed when used memory"


@pytest.fixture
def redis(deployed: Stack, redis_server: Redis) -> Redis:
    """The one that `deployed` uses."""
    return redis_server


def attempts(stack: Stack, *predictions: str) -> set[int]:
    return {job.attempt for prediction in predictions for job in stack.jobs(prediction)}


def began(stack: Stack, prediction: str) -> list[dict[str, Any]]:
    """When jobs of a prediction were begun by a worker's child."""
    return [line for line in stack.trace(prediction) if line["stage"] == "fetch_potential"]


def test_a_message_delivered_again_while_its_job_runs(deployed: Stack, redis: Redis) -> None:
    """The visibility timeout of a job's message ends: what that message called for runs once.

    This test runs first: the other tests may leave the worker with wake-up messages that Redis no longer has.
    """
    stack = deployed
    with stack.holding("relax"):
        predictions = hold_all_slots(stack)
        with redis.client() as client:
            tags = client.zrange("unacked_index", 0, -1)
            assert tags
            # As old as messages can be: who looks next finds them lost. A worker does so soon after it has started
            client.zadd("unacked_index", dict.fromkeys(tags, 0))
            stack.start_worker("two")
            until(
                # Gone, or taken anew
                lambda: all(client.zscore("unacked_index", tag) != 0 for tag in tags),
                "messages are delivered once more",
            )
        until(lambda: client.llen("cpu") == 0, "somebody has taken them")
    for prediction in predictions:
        stack.check(prediction, HARMONIC)
        assert len(began(stack, prediction)) == 1
    assert attempts(stack, *predictions) == {1}
    assert stack.stop("two") == 0


@pytest.mark.parametrize("fault", ["flushed", "restarted", "killed"])
def test_redis_goes_while_jobs_run_and_wait(deployed: Stack, redis: Redis, figure: Figure, fault: str) -> None:
    stack = deployed
    with stack.holding("relax"):
        predictions = [stack.ask(HARMONIC) for _ in range(5)]
        until(lambda: any(stack.busy(one) for one in predictions), "a job runs")
        if fault == "flushed":
            redis.flush()
        elif fault == "restarted":
            redis.restart()
        else:
            redis.kill()
            # Asked for without a broker: answered at once, and run when there is one again
            since = time.monotonic()
            predictions.append(stack.ask(HARMONIC))
            figure("request without Redis: answered", time.monotonic() - since)
            redis.start()
    since = time.monotonic()
    for prediction in predictions:
        stack.check(prediction, HARMONIC)
    figure(f"Redis {fault}, 5 or 6 small jobs: all done", time.monotonic() - since)
    assert attempts(stack, *predictions) == {1}
    assert all(len(began(stack, prediction)) == 1 for prediction in predictions)


def test_redis_that_is_full(deployed: Stack, redis: Redis, figure: Figure) -> None:
    stack = deployed
    stack.reference(HARMONIC)
    with stack.holding("relax"):
        running = hold_all_slots(stack)
        redis.fill()
        since = time.monotonic()
        waiting = stack.ask(HARMONIC)
        figure("request while Redis is full: answered", time.monotonic() - since)
        assert stack.prediction(waiting).status == "queued"
    # What runs needs no broker to finish
    for prediction in running:
        stack.check(prediction, HARMONIC)
    redis.relieve()
    since = time.monotonic()
    stack.check(waiting, HARMONIC)
    figure("Redis has room again: done", time.monotonic() - since)
    assert attempts(stack, *running, waiting) == {1}


def test_redis_that_is_full_for_longer_than_workers_look_after_lost_messages(deployed: Stack, redis: Redis) -> None:
    stack = deployed
    stack.reference(HARMONIC)
    with stack.holding("relax"):
        running = hold_all_slots(stack)
        # Redis holds these when it becomes full
        ring(stack, 3)
        before = stack.log("one").count(REFUSED)
        redis.fill()
    for prediction in running:
        stack.check(prediction, HARMONIC)
    # The worker's children fetch the wake-up messages, and Redis refuses to record that they were fetched
    until(lambda: stack.log("one").count(REFUSED) > before + 10 or not stack.running("one"), "the worker meets it")
    assert stack.running("one"), stack.log("one")
    redis.relieve()
    stack.check(stack.ask(HARMONIC), HARMONIC)


def hold_all_slots(stack: Stack) -> list[str]:
    """Request as many predictions as the worker can hold, and wait until none needs a wake-up message any more."""
    predictions = [stack.ask(HARMONIC) for _ in range(SLOTS)]
    for prediction in predictions:
        stack.until_held(prediction)
    return predictions


def ring(stack: Stack, times: int) -> None:
    """Send wake-up messages for which there is no work."""
    for _ in range(times):
        # This process may have sent messages before Redis was restarted
        celery_app(stack.settings).send_task(WORK, queue="cpu", retry=True)


def test_surplus_wake_up_messages_change_nothing(stack: Stack) -> None:
    with stack.holding("produce", share=0.3):
        prediction = stack.ask(DYNAMICS)
        job = stack.until_held(prediction)
        ring(stack, 20)
        other = stack.ask(HARMONIC)
        stack.check(other, HARMONIC)
        assert stack.jobs(prediction)[1].pid == job.pid
    stack.check(prediction, DYNAMICS)
    assert attempts(stack, prediction, other) == {1}


def test_embedded_broker_is_emptied(stack: Stack, figure: Figure) -> None:
    if not stack.embedded:
        pytest.skip("of the embedded broker")
    with stack.holding("relax"):
        predictions = [stack.ask(HARMONIC) for _ in range(4)]
        stack.until_held(predictions[0])
        for message in (stack.settings.broker_dir / "messages").iterdir():
            message.unlink(missing_ok=True)
    since = time.monotonic()
    for prediction in predictions:
        stack.check(prediction, HARMONIC)
    figure("broker's folder emptied, 4 small jobs: all done", time.monotonic() - since)
    assert attempts(stack, *predictions) == {1}


def test_server_dies_between_commit_and_wake_up(stack: Stack, figure: Figure) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    # Nothing is left that anybody would ring for but the one that is asked for next
    stack.settle()
    (stack.faults / "die-before-ringing").write_text(str(stack.processes["server"].pid))
    with pytest.raises(httpx.HTTPError):
        stack.ask(HARMONIC, headers=key)
    until(lambda: not stack.running("server"), "the server dies")
    if stack.embedded:
        until(lambda: not stack.members(), "the worker goes with its server")
    stack.start_server()
    since = time.monotonic()
    # The one that was asked for, not another one
    prediction = stack.ask(HARMONIC, headers=key)
    stack.check(prediction, HARMONIC)
    figure("wake-up message lost with the server: done after its start", time.monotonic() - since)
