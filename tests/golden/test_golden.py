"""Every number of the API, asked of a data folder of version 2cfd2fe, is what that version answered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.golden import store
from tests.golden.answers import differences
from tests.golden.opening import Server, opened, unpack
from tests.golden.queries import all_requests

REQUESTS = all_requests()
SHOWN = 15
HOW = "If the change is meant: python -m tests.golden.accept '{key}' --why \"…\""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server on the old data folder."""
    with opened(unpack(tmp_path_factory.mktemp("golden"))) as running:
        yield running


@pytest.mark.parametrize(
    "key",
    [pytest.param(key, marks=[pytest.mark.slow] if request.slow else [], id=key) for key, request in REQUESTS.items()],
)
def test_numbers(server: Server, key: str) -> None:
    request = REQUESTS[key]
    found = differences(store.load(key), store.ask(server, request), rtol=request.rtol)
    assert not found, "\n".join([*found[:SHOWN], f"({len(found)} differences)", HOW.format(key=key)])


def test_every_answer_has_its_request() -> None:
    kept = {str(path.relative_to(store.KEPT)).removesuffix(".json.gz") for path in store.KEPT.rglob("*.gz")}
    assert kept == set(REQUESTS)


@pytest.mark.slow
def test_words(server: Server) -> None:
    """Words may change: `python -m tests.golden.accept --words`, and read the difference."""
    now = store.ask_words(server, REQUESTS)
    found = [
        f"{key} {place}: {said!r} has become {now[key].get(place)!r}"
        for key, words in store.load_words().items()
        for place, said in words.items()
        if now[key].get(place) != said
    ]
    assert not found, "\n".join([*found[:SHOWN], f"({len(found)} differences)", str(test_words.__doc__)])
