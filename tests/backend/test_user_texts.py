"""Texts of users where others read them as more than text: in labels of Plotly, in spreadsheets."""

from __future__ import annotations

import csv
import html
import io
import json
from typing import Any

import pytest

from backend.figures.plain import plain
from backend.kit.files.csv_text import FORMULA, cell, comment, json_comment
from backend.kit.settings import Settings

from .conftest import SILICON, Client
from .predicting import succeeded
from .proposing import CSV

MARKUP = '<b>x</b> <a href="javascript:1">y</a> %{customdata} & co'
VIEW = {"instrument": "TOSCA"}


def test_plotly_shows_the_text_as_it_is() -> None:
    shown = plain(MARKUP)
    assert not {"<", ">"} & set(shown)
    assert "%{" not in shown
    assert html.unescape(shown) == MARKUP
    assert plain("Benzene, 10 K · E = 5 %") == "Benzene, 10 K · E = 5 %"


@pytest.fixture
def named(client: Client, settings: Settings) -> dict[str, str]:
    """Ids of a prediction and a dataset whose names are markup."""
    made = client.post("/structures", files={"file": ("Si.vasp", SILICON)}, data={"name": MARKUP})
    assert made.status_code == 201, made.text
    data = client.post("/datasets", files={"file": ("run.csv", CSV)}, data={"name": MARKUP, "instrument": "TOSCA"})
    assert data.status_code == 201, data.text
    return {"prediction": succeeded(client, settings, made.json()), "dataset": data.json()["id"]}


def test_no_figure_has_markup_of_users(client: Client, named: dict[str, str]) -> None:
    prediction, dataset = named["prediction"], named["dataset"]
    view = {"prediction_id": prediction, **VIEW}
    other = {**view, "instrument": "VISION"}
    compared = {"prediction_id": prediction, "view": VIEW, "dataset_id": dataset, "fit": {}, "kind": "comparison"}
    candidates = [{"prediction_id": prediction, "view": VIEW, "label": f"{MARKUP} {number}"} for number in (1, 2)]
    figures = {
        "spectrum with data": client.post(
            f"/predictions/{prediction}/figure", json={**VIEW, "kind": "spectrum", "dataset_ids": [dataset]}
        ),
        "map": client.post("/figures", json={"views": [{**view, "label": MARKUP}], "kind": "map"}),
        "several": client.post("/figures", json={"views": [{**view, "label": MARKUP}, other]}),
        "made labels": client.post("/figures", json={"views": [view, other]}),
        "comparison": client.post("/comparisons/figure", json=compared),
        "ranking": client.post(
            "/comparisons/figure", json={"candidates": candidates, "dataset_id": dataset, "fit": {}, "kind": "ranking"}
        ),
    }
    for name, answer in figures.items():
        assert answer.status_code == 200, f"{name}: {answer.text}"
        texts = [text for text in _texts(answer.json()) if "href" in text]
        assert all(plain(MARKUP) in text for text in texts), name
    assert [text for text in _texts(figures["several"].json()) if plain(MARKUP) in text]
    assert [text for text in _texts(figures["spectrum with data"].json()) if plain(MARKUP) in text]


def _texts(figure: Any) -> list[str]:
    if isinstance(figure, dict):
        return [text for value in figure.values() for text in _texts(value)]
    if isinstance(figure, list):
        return [text for value in figure for text in _texts(value)]
    return [figure] if isinstance(figure, str) else []


FORMULAS = ["x,=cmd|' /C calc'!A0", "=1+1", "a;@SUM(A1)", "a, +1", "tab\t-2", 'quote",=1', "x,-y", "plain, text"]


def cells(line: str) -> list[str]:
    """What a spreadsheet may make of a line, with any separator."""
    found = []
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(line), delimiter=separator):
            found += row
        found += line.split(separator)
    return found


@pytest.mark.parametrize("name", FORMULAS)
def test_no_cell_of_a_comment_is_a_formula(name: str) -> None:
    about = {"title": name, name: [name, -5, {"deep": name}], "energies": [1, -5.5]}
    line = json_comment(about)
    assert json.loads(line) == about
    assert not [one for one in cells(f"# {line}") if one.startswith(FORMULA)]
    assert not [one for one in cells(f"# {comment(name)}") if one.startswith(FORMULA)]
    assert not cell(name).startswith(FORMULA)


def test_names_come_back_from_the_files_of_beamcast(client: Client, settings: Settings) -> None:
    name = "x,=cmd|' /C calc'!A0"
    made = client.post("/datasets", files={"file": ("run.csv", CSV)}, data={"name": name})
    address = f"/datasets/{made.json()['id']}/data"
    content = client.get(address, headers={"Accept": "text/csv"}).content
    for line in content.decode().splitlines():
        assert not [one for one in cells(line) if one.startswith(FORMULA) and not _is_number(one)]
    again = client.post("/datasets", files={"file": ("again.csv", content)})
    assert again.json()["name"] == name


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
