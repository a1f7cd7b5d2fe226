"""The limits on uploads stand in the settings of the server only; pages take them from its answer."""

from __future__ import annotations

import re

import pytest

from .conftest import Site, run


@pytest.mark.parametrize(
    ("address", "zone", "limit"),
    [
        ("/", "drop", "structure_bytes"),
        ("/structures/{structure}", "potential-drop", "potential_bytes"),
        ("/forecast/{structure}?predictions={harmonic}", "data-drop", "dataset_bytes"),
    ],
)
def test_pages_have_the_limits_of_the_server(site: Site, address: str, zone: str, limit: str) -> None:
    limits = run(site.api.get("/limits"))
    page = site.fetch(address.format(structure=site.structure_id, harmonic=site.harmonic_id)).text
    assert re.findall(rf'id="{zone}" data-max-bytes="(\d+)"', page) == [str(limits[limit])]
