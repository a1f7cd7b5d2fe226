"""The panel of measured data as the server makes it."""

from __future__ import annotations

from typing import Any

import pytest

from frontend.app import render
from frontend.client import ApiProblem
from frontend.datasets_panel import find_measured, setting_fields
from frontend.view_state import decode

from .components import by_id, text, walk
from .conftest import CrystalSite, Site, run

HERE, ELSEWHERE = "here", "elsewhere"


def row(id: str, structure_id: str | None = HERE) -> dict[str, Any]:
    return {"id": id, "structure_id": structure_id}


class Shelf:
    """An API with these datasets, of which the lists show the first two at most."""

    def __init__(self, *rows: dict[str, Any], down: bool = False) -> None:
        self.rows = rows
        self.down = down

    async def datasets(self, *, structure_id: str | None = None) -> list[dict[str, Any]]:
        if self.down:
            raise ApiProblem(503, "Unavailable", "The database does not answer.")
        return [one for one in self.rows if structure_id in (None, one["structure_id"])][:2]

    async def dataset(self, dataset_id: str) -> dict[str, Any]:
        for one in self.rows:
            if one["id"] == dataset_id:
                return one
        raise ApiProblem(404, "Not found", f"There is no dataset {dataset_id}.")


def find(shelf: Shelf, *wanted: str) -> Any:
    return run(find_measured(shelf, HERE, wanted))  # type: ignore[arg-type]


def test_the_structures_own_data_and_those_of_others() -> None:
    found = find(Shelf(row("a"), row("b", ELSEWHERE)), "b")
    assert [one["id"] for one in found.own] == ["a"]
    assert [one["id"] for one in found.others] == ["b"]
    assert (found.chosen, found.words) == (["b"], [])


def test_data_of_the_address_that_the_lists_leave_out_are_fetched_and_those_that_are_gone_are_told() -> None:
    found = find(Shelf(row("a"), row("b"), row("old", None)), "old", "gone", "a")
    assert [one["id"] for one in found.others] == ["old"]
    assert found.chosen == ["old", "a"]
    assert found.words == ["gone: There is no dataset gone."]


def test_a_list_that_does_not_come_is_told_and_the_page_stays() -> None:
    found = find(Shelf(down=True), "a")
    assert (found.own, found.chosen) == ((), ())
    assert "The database does not answer." in found.words[0]


def test_a_powders_page_has_the_panel_and_a_crystals_says_why_not(site: Site, crystal: CrystalSite) -> None:
    _, layout = run(render(site.api, f"/forecast/{site.structure_id}", "?datasets=&offset=0.5&dataset_scale=none"))
    by_id(layout, "data-drop")
    assert by_id(layout, {"type": "data-choice", "name": "offset"}).value == 0.5
    assert by_id(layout, {"type": "data-choice", "name": "dataset_scale"}).value == "none"
    assert by_id(layout, "data-card").hidden
    search = f"?predictions={crystal.harmonic_id}"
    _, layout = run(render(site.api, f"/forecast/{crystal.structure_id}", search))
    assert "forecasts of powders only" in text(by_id(layout, "measured"))
    assert not [part for part in walk(layout) if getattr(part, "id", None) == "data-drop"]


def test_what_the_file_does_not_state_is_left_open() -> None:
    properties = {
        "e_init": {"title": "Incident energy", "x-unit": "meV", "minimum": 1, "maximum": 9, "default": 5},
        "chopper": {"enum": ["A", "B"], "default": "A"},
        "frequency": {"enum": [1, 2], "x-unit": "Hz", "default": 1},
    }
    energy, chopper, frequency = setting_fields(properties, {"e_init": 7, "frequency": 2})
    assert (energy.value, chopper.value, frequency.value) == (7, None, "2")
    assert chopper.data == [{"value": "A", "label": "A"}, {"value": "B", "label": "B"}]
    assert energy.suffix == " meV"


@pytest.mark.parametrize(
    ("search", "datasets", "offset", "scale"),
    [
        ("", (), 0.0, "fit"),
        ("datasets=0a-1,ff,0a-1&offset=0.25&dataset_scale=maximum", ("0a-1", "ff"), 0.25, "maximum"),
        ("datasets=../../etc,<b>&offset=7&dataset_scale=all", (), 1.0, "fit"),
    ],
)
def test_the_address_names_data_and_how_they_are_drawn(
    search: str, datasets: tuple[str, ...], offset: float, scale: str
) -> None:
    view = decode(search, instruments=[])
    assert (view.datasets, view.offset, view.dataset_scale) == (datasets, offset, scale)
