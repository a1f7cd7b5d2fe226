"""Measured data on the page of a forecast, as the server makes it."""

from __future__ import annotations

import json
import re
from typing import Any

from frontend.client import ApiProblem
from frontend.contexts.forecast import context
from frontend.measured import RUN_FIELDS, TABLE_TERMS
from frontend.terms import TERMS

from .conftest import CrystalSite, Site, run

HERE, ELSEWHERE = "here", "elsewhere"
OTHER = "00000000-0000-4000-8000-00000000000"
GONE = "00000000-0000-4000-8000-000000000009"


def row(id: str, structure_id: str | None = HERE) -> dict[str, Any]:
    return {"id": id, "structure_id": structure_id, "name": id}


class Shelf:
    """An API with these datasets, of which the lists show the first two at most; all else is the site's."""

    def __init__(self, site: Site, *rows: dict[str, Any], down: bool = False) -> None:
        self.site, self.rows, self.down = site, rows, down

    def __getattr__(self, name: str) -> Any:
        return getattr(self.site.api, name)

    async def items(self, path: str, *, structure_id: str | None = None, limit: int) -> list[dict[str, Any]]:
        assert path == "/datasets"
        if self.down:
            raise ApiProblem(503, "Unavailable", "The database does not answer.")
        return [one for one in self.rows if structure_id in (None, one["structure_id"])][:2]

    async def dataset(self, dataset_id: str) -> dict[str, Any]:
        for one in self.rows:
            if one["id"] == dataset_id:
                return one
        raise ApiProblem(404, "Not found", f"There is no dataset {dataset_id}.")


def find(shelf: Shelf, *wanted: str) -> Any:
    path = {"structure_id": shelf.site.structure_id}
    query = {"datasets": ",".join(wanted)} if wanted else {}
    return run(context(shelf, path, query))  # type: ignore[arg-type]


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [one["id"] for one in rows]


def test_the_structures_own_data_and_those_of_others(site: Site) -> None:
    found = find(Shelf(site, row("a", site.structure_id), row("b", ELSEWHERE)), "b")
    assert (ids(found["datasets"]), ids(found["foreign_datasets"])) == (["a"], ["b"])
    assert ids(found["data"]["datasets"]) == ["a", "b"]
    assert found["notes"] == []


def test_data_of_the_address_that_the_lists_leave_out_are_fetched_and_those_that_are_gone_are_named(
    site: Site,
) -> None:
    rows = [row(f"{OTHER}{n}", ELSEWHERE) for n in range(3)]
    found = find(Shelf(site, *rows), f"{OTHER}2", GONE, "../../etc", "<b>")
    assert ids(found["foreign_datasets"]) == [f"{OTHER}0", f"{OTHER}1", f"{OTHER}2"]
    (note,) = found["notes"]
    assert GONE in note


def test_a_list_that_does_not_come_is_noted_and_the_page_stays(site: Site) -> None:
    found = find(Shelf(site, down=True), "a")
    assert (found["datasets"], found["foreign_datasets"]) == ([], [])
    assert "The database does not answer." in found["notes"][0]


def test_a_powders_page_has_the_panel_and_a_crystals_does_not(site: Site, crystal: CrystalSite) -> None:
    html = site.fetch(f"/forecast/{site.structure_id}").text
    for name in ("offset", "dataset_scale", "fit_tab", "fit_stretch", "fit_min", *(field for field, *_ in RUN_FIELDS)):
        assert f'name="{name}"' in html
    (words,) = re.findall(r'id="data-words">(.*?)</script>', html, re.DOTALL)
    assert set(json.loads(words)["terms"]) == set(TABLE_TERMS) <= set(TERMS)
    html = site.fetch(f"/forecast/{crystal.structure_id}?predictions={crystal.harmonic_id}").text
    assert 'name="dataset_scale"' not in html


def test_switches_are_on_where_they_should_be(site: Site) -> None:
    html = site.fetch(f"/forecast/{site.structure_id}").text
    for name, is_on in (("fit_scale", True), ("fit_shift", False), ("errors", True), ("per_element", False)):
        (tag,) = re.findall(rf'<input[^>]*name="{name}"[^>]*>', html)
        assert bool(re.search(r"\schecked\s", tag)) is is_on
