"""The page that compares, as the server makes it, and the links that lead to it."""

from __future__ import annotations

from .conftest import CrystalSite, Site


def test_the_page_has_controls_for_each_instrument(site: Site) -> None:
    page = site.fetch("/compare")

    assert page.status_code == 200
    for name in ("TOSCA", "MAPS"):
        assert f'data-settings-of="{name}"' in page.text
    assert 'name="MAPS.e_init"' in page.text


def test_what_an_address_names_is_not_written_into_the_page(site: Site) -> None:
    page = site.fetch("/compare?curves=%3Cscript%3Ealert(1)%3C/script%3E")

    assert page.status_code == 200
    assert "alert(1)" not in page.text


def test_finished_powders_of_a_structure_are_a_click_away(site: Site, crystal: CrystalSite) -> None:
    page = site.fetch("/")

    assert f"{site.harmonic_id}:" in page.text
    assert f"/compare?curves={crystal.powder_id}:" in page.text
    assert f"{crystal.harmonic_id}:" not in page.text
