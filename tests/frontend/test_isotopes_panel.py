"""Isotopes, mixtures of them, and those of single sites."""

from __future__ import annotations

from frontend.isotopes_panel import MOST_SITES, chosen_nuclei, isotope_label, isotopes_group, offered
from frontend.view_state import Mixture

from .components import by_id, text, walk

ISOTOPES = {"H": ["1H", "2H", "3H"], "C": ["12C", "13C"], "F": ["19F"]}


def test_elements_with_one_isotope_are_not_asked_for() -> None:
    assert offered(ISOTOPES, ["C", "F", "H"]) == ["H", "C"]
    assert isotopes_group({"F": ["19F"]}, ["F"], {}) is None


def test_a_mixture_is_filled_in_and_in_sight() -> None:
    group = isotopes_group(ISOTOPES, ["C", "F", "H"], {"H": Mixture("2H", 98.0), "C": "13C"})
    assert by_id(group, {"type": "isotope", "element": "H"}).value == "mixture"
    assert by_id(group, {"type": "isotope-percent", "element": "H"}).value == 98.0
    assert by_id(group, {"type": "isotope-share", "element": "H"}).value == "2H"
    assert not by_id(group, {"type": "isotope-mixture", "element": "H"}).hidden
    assert "the rest ¹H" in text(group)
    assert by_id(group, {"type": "isotope", "element": "C"}).value == "13C"
    assert by_id(group, {"type": "isotope-mixture", "element": "C"}).hidden


def test_sites_follow_their_element_unless_told_otherwise() -> None:
    group = isotopes_group(ISOTOPES, ["C1", "F1", "H1", "H2"], {"H": "2H", "H2": "H"})
    values = {
        part.id["element"]: part.value
        for part in walk(group)
        if isinstance(getattr(part, "id", None), dict) and part.id["type"] == "isotope"
    }
    assert values == {"H": "2H", "C": "natural", "C1": "like", "H1": "like", "H2": "natural"}


def test_the_controls_are_read_as_the_address_would_say_them() -> None:
    sites = ["H", "C", "H1", "H2", "H3"]
    values = ["mixture", "natural", "like", "natural", "2H"]
    chosen = chosen_nuclei(sites, values, [98.0] * 5, ["2H", "12C", "2H", "2H", "2H"])
    assert chosen == {"H": Mixture("2H", 98.0), "H2": "H", "H3": "2H"}


def test_hundreds_of_sites_do_not_fill_the_page() -> None:
    species = [f"H{n}" for n in range(1, 301)]
    assert len(offered(ISOTOPES, species)) == 2 + MOST_SITES
    assert "of 300 sites" in text(isotopes_group(ISOTOPES, species, {}))


def test_isotopes_as_chemists_write_them() -> None:
    assert (isotope_label("2H"), isotope_label("13C")) == ("²H (D)", "¹³C")
