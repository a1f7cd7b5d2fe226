"""Melting and boiling points of known compounds."""

from __future__ import annotations

import pytest

from scattering.sample import melting
from scattering.sample.melting import find_compounds, find_melted


def test_every_entry_of_the_table_melts_before_it_boils() -> None:
    compounds = [compound for found in melting._table().values() for compound in found]
    assert len({compound.name for compound in compounds}) == len(compounds) > 100
    for compound in compounds:
        assert melting.composition(compound.formula), compound
        assert 0 < compound.melting_k < (compound.boiling_k or 5000), compound


@pytest.mark.parametrize("formula", ["NH3", "H3N", "N1H3"])
def test_the_order_of_elements_is_free(formula: str) -> None:
    assert [compound.name for compound in find_compounds(formula)] == ["ammonia"]


@pytest.mark.parametrize(
    ("formula", "temperature_k", "codes"),
    [
        ("C6H6", 278.6, []),
        ("C6H6", 278.7, ["above_melting_point"]),
        ("C6H6", 353.3, ["above_boiling_point"]),
        ("H2O", 300, ["above_melting_point"]),
        ("H2O", 400, ["above_boiling_point"]),
        ("Si", 1600, []),
        ("Al", 940, ["above_melting_point"]),
        # Anthracene melts at 489 K, phenanthrene at 372 K
        ("C14H10", 300, []),
        ("C14H10", 400, ["above_melting_point"]),
        ("C14H10", 500, ["above_melting_point", "above_melting_point"]),
        # Polyethylene is no multiple of ethylene, and an unknown compound is not warned of
        ("CH2", 300, []),
        ("Ba8ScTi7HO24", 3000, []),
        ("", 300, []),
    ],
)
def test_what_is_not_solid_is_found(formula: str, temperature_k: float, codes: list[str]) -> None:
    assert [notice.code for notice in find_melted(formula, temperature_k)] == codes


def test_the_notice_names_the_compound_and_its_certainty() -> None:
    (benzene,) = find_melted("C6H6", 300)
    assert benzene.params == {
        "compound": "benzene", "formula": "C6H6", "melting_k": 278.688, "temperature_k": 300, "certain": False,
    }  # fmt: skip
    assert [notice.params["certain"] for notice in find_melted("H2O", 300)] == [True]
    assert [notice.params["compound"] for notice in find_melted("C14H10", 400)] == ["phenanthrene"]
