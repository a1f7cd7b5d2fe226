"""Golden answers on the disk: a packed JSON file for each request, and all words in one readable file."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.golden.answers import Answer, reduced
from tests.golden.opening import Server
from tests.golden.queries import Request

HERE = Path(__file__).parent
KEPT = HERE / "kept"
WORDS = HERE / "words.json"


def ask(server: Server, request: Request) -> Answer:
    """The answer of a server to a request."""

    def filled(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: filled(value) for name, value in part.items()}
        if isinstance(part, list):
            return [filled(value) for value in part]
        if isinstance(part, str) and part.startswith("{"):
            return server.ids[part[1:-1]]
        return part

    path = request.path.format(**server.ids)
    body = {} if request.json is None else {"json": filled(request.json)}
    response = server.request(request.method, path, headers=request.headers or {}, **body)
    assert response.is_success, f"{request.method} {path}: {response.status_code} {response.text[:2000]}"
    return reduced(request.read(response.text if request.of_text else response.json()))


def ask_words(server: Server, requests: Mapping[str, Request]) -> dict[str, dict[str, str]]:
    """The words of all answers whose words are kept."""
    return {key: ask(server, request).words for key, request in requests.items() if request.worded}


def path_of(key: str) -> Path:
    """File of a key's numbers."""
    return KEPT / f"{key}.json.gz"


def save(key: str, answer: Answer) -> None:
    """Keep an answer's numbers and choices."""
    path = path_of(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = {place: [_packed(number) for number in values] for place, values in answer.numbers.items()}
    content = {"numbers": numbers, "choices": answer.choices}
    path.write_bytes(gzip.compress(json.dumps(content, separators=(",", ":")).encode(), 9, mtime=0))


def _packed(number: float) -> float | int | None:
    if math.isnan(number):
        return None
    return int(number) if number == int(number) and abs(number) < 1e15 else number


def load(key: str) -> Answer:
    """The kept answer to a key."""
    content = json.loads(gzip.decompress(path_of(key).read_bytes()))
    numbers = {
        place: [math.nan if number is None else float(number) for number in values]
        for place, values in content["numbers"].items()
    }
    return Answer(numbers, content["choices"])


def load_words() -> dict[str, dict[str, str]]:
    """The kept words of all keys."""
    content: dict[str, dict[str, str]] = json.loads(WORDS.read_text())
    return content


def save_words(words: dict[str, dict[str, str]]) -> None:
    """Keep the words of all keys."""
    said = {key: places for key, places in sorted(words.items()) if places}
    WORDS.write_text(json.dumps(said, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
