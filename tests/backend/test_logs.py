"""Every line says what it is about, whoever writes it, and every request is a line."""

from __future__ import annotations

import io
import json
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backend.kit.logs import OWN_LOGGERS, about, configure
from backend.kit.settings import Settings
from tests.backend.conftest import Client

Lines = Callable[[], list[dict[str, Any]]]
ID = "6f1c0f6e-0f0a-4d3b-9a57-0c6f3f1f9d11"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where this test's lines go; logging is as before afterwards."""
    root = logging.getLogger()
    handlers, levels = list(root.handlers), {name: logging.getLogger(name).level for name in ("", *OWN_LOGGERS)}
    yield io.StringIO()
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    """What was logged, as JSON, at INFO."""
    configure(Settings(log_format="json", log_level="INFO"), stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_lines_of_libraries_say_which_job_they_are_about(lines: Lines) -> None:
    with about(prediction=ID, job=7, attempt=2, engine=None):
        logging.getLogger("phonopy").warning("of a library: %s", "µ")
        with about(stage="relaxing"):
            logging.getLogger("workers.tasks").info("ours")
    logging.getLogger("workers.tasks").info("afterwards")
    logging.getLogger("phonopy").info("a library's chatter")
    library, ours, afterwards = lines()
    assert {name: library[name] for name in ("prediction", "job", "attempt")} == {
        "prediction": ID,
        "job": "7",
        "attempt": "2",
    }
    assert "engine" not in library
    assert library["message"] == "of a library: µ"
    assert library["level"] == "WARNING"
    assert library["logger"] == "phonopy"
    assert library["time"].endswith("+00:00")
    assert ours["prediction"] == ID
    assert ours["stage"] == "relaxing"
    assert "prediction" not in afterwards


def test_facts_reach_other_threads_only_if_they_are_the_process_s(lines: Lines) -> None:
    def elsewhere() -> None:
        thread = threading.Thread(target=logging.getLogger("backend.x").warning, args=("from a thread",))
        thread.start()
        thread.join()

    with about(prediction=ID):
        elsewhere()
    with about(everywhere=True, prediction=ID):
        elsewhere()
    elsewhere()
    assert [line.get("prediction") for line in lines()] == [None, ID, None]


def test_tracebacks_and_warnings_are_one_line_each(lines: Lines) -> None:
    try:
        raise RuntimeError("two\nlines")
    except RuntimeError:
        logging.getLogger("backend.x").exception("failed")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("deprecated", UserWarning, stacklevel=1)
    failed, warning = lines()
    assert "RuntimeError: two\nlines" in failed["traceback"]
    assert "UserWarning: deprecated" in warning["message"]


def test_text_ends_its_first_line_with_the_facts(stream: io.StringIO) -> None:
    configure(Settings(), stream)
    logger = logging.getLogger("backend.x")
    with about(prediction=ID, job=7):
        logger.warning("one\ntwo")
        logger.info("not asked for")
    logger.warning("three")
    first, second, third = stream.getvalue().splitlines()
    assert first.endswith(f"WARNING backend.x: one [prediction={ID} job=7]")
    assert second == "two"
    assert third.endswith("WARNING backend.x: three")


def test_request_is_a_line_with_its_id(client: Client, lines: Lines) -> None:
    response = client.get(f"/predictions/{ID}?secret=1", headers={"X-Request-ID": "from-the-proxy.1"})
    assert response.status_code == 404
    assert response.headers["X-Request-ID"] == "from-the-proxy.1"
    (line,) = [line for line in lines() if line["logger"] == "beamcast.access"]
    assert line["request"] == "from-the-proxy.1"
    assert line["prediction"] == ID
    assert line["method"] == "GET"
    assert line["path"] == f"/api/v1/predictions/{ID}"
    assert line["status"] == 404
    assert line["duration_ms"] > 0
    assert "secret" not in json.dumps(line)


def test_ids_that_could_write_lines_of_their_own_are_replaced(client: Client, lines: Lines) -> None:
    response = client.get("/instruments", headers={"X-Request-ID": 'x" injected'})
    assert response.headers["X-Request-ID"].isalnum()
    assert lines()[-1]["request"] == response.headers["X-Request-ID"]


def test_health_is_a_line_only_when_it_is_bad(client: Client, lines: Lines) -> None:
    assert client.get("/health").status_code == 503  # no worker here
    assert [line["status"] for line in lines() if line["logger"] == "beamcast.access"] == [503]
