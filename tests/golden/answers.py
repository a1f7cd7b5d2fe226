"""An answer of the API as numbers and words, so that numbers are compared closely and words apart from them."""

from __future__ import annotations

import base64
import math
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import numpy as np
from numpy.typing import NDArray

KEPT_WHOLE = 400
"""Numbers of an array that are kept one by one; of longer ones every so many, and sums of all."""
PASSING = frozenset(
    ("seconds", "id", "created_at", "changed_at", "seen_at", "finished_at", "started_at", "duration_s", "message")
)
"""Fields that differ from run to run, and the sentence of a notice, which stands beside it as a bare one too."""
CHOICES = frozenset(
    (
        *(
            "badge",
            "basis",
            "engine",
            "facility",
            "form",
            "format",
            "formula",
            "geometry",
            "instrument",
            "kind",
            "map_unit",
        ),
        *("measure", "method", "nuclide", "point", "quality", "sampling", "source", "space_group", "status", "topic"),
        *("unit", "verdict", "x_unit", "y_unit"),
    )
)
"""Fields whose texts are names of things, and no sentences: they are compared as numbers are."""
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
DATE = re.compile(r"\d{1,2} \w+ 20\d\d|20\d\d-\d\d-\d\d")
ERROR = re.compile(r"(standard|relative)_error")
TRACE_ARRAYS = ("x", "y", "z", "error_x", "error_y", "r", "theta")


@dataclass
class Answer:
    """What an answer holds, by where it stands in it: numbers (arrays flattened), names of things, sentences."""

    numbers: dict[str, list[float]] = field(default_factory=dict)
    choices: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)


def reduced(value: Any) -> Answer:
    """Sort an answer's JSON into numbers, choices and words."""
    answer = Answer()
    _reduce(value, "", answer)
    return answer


def _reduce(value: Any, place: str, answer: Answer) -> None:
    name = place.rsplit(".", 1)[-1]
    if name in PASSING or name.endswith(("_id", "_at", "_ids")):
        return
    if isinstance(value, dict):
        if not value:
            answer.numbers[f"{place}#"] = [0]
        for key, part in value.items():
            _reduce(part, f"{place}.{key}" if place else str(key), answer)
    elif isinstance(value, list):
        array = _as_array(value)
        if array is not None and array.size:
            answer.numbers |= {f"{place}{ending}": numbers for ending, numbers in _of_array(array).items()}
            return
        answer.numbers[f"{place}#"] = [len(value)]
        for number, part in enumerate(value):
            _reduce(part, f"{place}.{number}", answer)
    elif isinstance(value, str):
        if ID.fullmatch(value) or TIME.fullmatch(value):
            return
        parent = re.sub(r"(\.\d+)+$", "", place).rsplit(".", 1)[-1]
        (answer.choices if parent in CHOICES else answer.words)[place] = value
    elif value is None:
        answer.choices[place] = "null"
    else:
        answer.numbers[place] = [float(value)]


def _as_array(value: list[Any]) -> NDArray[np.float64] | None:
    """A list of numbers and nulls, or a rectangle of them, as an array; None where it is none."""
    flat = value
    while flat and isinstance(flat[0], list):
        if len({len(row) if isinstance(row, list) else -1 for row in flat}) != 1:
            return None
        flat = [item for row in flat for item in row]
    if not all(item is None or isinstance(item, int | float) for item in flat):
        return None
    return np.array(value, dtype=np.float64)


def _of_array(array: NDArray[np.float64]) -> dict[str, list[float]]:
    """A short array as it is; a long one as its shape, sums over all of it, and some of its numbers."""
    flat = array.ravel()
    shape = {":shape": [float(n) for n in array.shape]}
    if flat.size <= KEPT_WHOLE:
        return {**shape, "": flat.tolist()}
    clean = np.nan_to_num(flat)
    weights = np.cos(0.7 * np.arange(flat.size)) + 1.5
    sums = [clean.sum(), np.abs(clean).sum(), (clean**2).sum(), (clean * weights).sum(), float(np.isnan(flat).sum())]
    # A step that does not divide the rows' length, so that no column is left out
    step = math.ceil(flat.size / KEPT_WHOLE)
    while array.ndim > 1 and math.gcd(step, array.shape[-1]) > 1:
        step += 1
    return {**shape, ":sums": [float(total) for total in sums], f":every-{step}": flat[::step].tolist()}


def figure(value: dict[str, Any]) -> dict[str, Any]:
    """Of a Plotly figure what is drawn: the arrays of its traces, not its colours."""
    return {
        "traces": [
            {name: _plain(trace[name]) for name in TRACE_ARRAYS if trace.get(name) is not None}
            | {"name": trace.get("name") or "", "type": trace.get("type", "scatter")}
            for trace in value["data"]
        ]
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict) and "bdata" in value:
        array = np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"]).astype(float)
        shape = [int(n) for n in str(value.get("shape", array.size)).split(",")]
        return _without_nan(array.reshape(shape).tolist())
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items() if name.startswith("array")}
    return value


def _without_nan(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_nan(part) for part in value]
    return None if math.isnan(value) else value


class _Page(HTMLParser):
    """The texts of a page: cells of its tables and lists apart from the rest; no drawings, no versions in its foot."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.texts: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        if tag in (
            "td",
            "dd",
            "svg",
            "style",
            "footer",
            "th",
            "p",
            "figcaption",
            "li",
            "caption",
            "dt",
            "title",
            "h1",
            "h2",
        ):
            self._inside.append(tag)
            if tag in ("td", "dd"):
                self.cells.append("")
            else:
                self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside or {"svg", "style", "footer"} & set(self._inside):
            return
        into = self.cells if self._inside[-1] in ("td", "dd") else self.texts
        into[-1] += data


def page(html: str) -> dict[str, Any]:
    """Of a report the numbers in its tables and lists, and its texts."""
    parser = _Page()
    parser.feed(html)
    cells = [DATE.sub("", ID.sub("", cell)) for cell in parser.cells]
    texts = [DATE.sub("", text) for text in parser.texts if text.strip()]
    return {
        "cells": [{"numbers": _numbers_in(cell), "text": cell} for cell in cells],
        "texts": texts,
    }


def _numbers_in(text: str) -> list[float]:
    return [float(number.replace("−", "-")) for number in NUMBER.findall(text)]


def csv(text: str) -> dict[str, Any]:
    """Of a table its columns, and what stands in its head."""
    rows = [line.split(",") for line in text.splitlines() if line and not line.startswith("#")]
    columns = zip(*rows[1:], strict=True)
    return {"head": rows[0], "columns": [[float(cell) if cell else None for cell in column] for column in columns]}


def differences(old: Answer, new: Answer, *, rtol: float) -> list[str]:
    """What of the old numbers and choices is not there or is another, a line each."""
    found = []
    for place, numbers in old.numbers.items():
        if place not in new.numbers:
            found.append(f"{place}: gone")
            continue
        was, now = np.array(numbers), np.array(new.numbers[place])
        if was.shape != now.shape:
            found.append(f"{place}: {was.size} numbers have become {now.size}")
            continue
        # What cancels is as good as the largest of its kind
        scale = np.nanmax(np.abs(was), initial=0.0) if not np.isnan(was).all() else 0.0
        # Errors are of differences of runs, in which digits are lost
        allowed = 10 * rtol if ERROR.search(place) else rtol
        wrong = ~np.isclose(now, was, rtol=allowed, atol=0.1 * allowed * scale, equal_nan=True)
        if wrong.any():
            worst = int(np.nanargmax(np.where(wrong, np.abs(now - was), -1.0)))
            how_many = f"({wrong.sum()} of {was.size} differ)"
            found.append(f"{place}[{worst}]: {was[worst]:.12g} has become {now[worst]:.12g} {how_many}")
    for place, was_said in old.choices.items():
        if new.choices.get(place, new.words.get(place, _as_number(new, place))) != was_said:
            found.append(f"{place}: {was_said!r} has become {new.choices.get(place, 'something else')!r}")
    return found


def _as_number(answer: Answer, place: str) -> str | None:
    return str(answer.numbers[place]) if place in answer.numbers else None
