"""Isotopes of species: masses, choices over choices, and sites that isotopes distinguish."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk

from scattering.core.isotopes import (
    Substitution,
    differ,
    mean_mass,
    names_sites,
    nuclide_mass,
    override,
    parts,
    simplify,
    species_masses,
    stored_isotopes,
)
from scattering.core.sites import site_labels

MIXTURE = {"2H": 0.98, "1H": 0.02}


def test_labels_of_isotopes() -> None:
    assert [parts(label) for label in ("D", "T", "7Li", "Cl", "235U")] == [
        *[(2, "H"), (3, "H"), (7, "Li")],
        *[(0, "Cl"), (235, "U")],
    ]
    for label in ("", "2", "d", "Li7", "1234H", "2H\n"):
        with pytest.raises(KeyError):
            parts(label)


def test_masses_are_those_of_the_atomic_mass_evaluation() -> None:
    # AME 2020, u
    for label, mass in {"1H": 1.007825032, "D": 2.014101778, "3H": 3.016049281, "6Li": 6.015122887}.items():
        assert nuclide_mass(label) == pytest.approx(mass, abs=1e-7)
    assert nuclide_mass("H") == 1.008
    assert mean_mass(MIXTURE) == pytest.approx(0.98 * 2.014101778 + 0.02 * 1.007825032)
    with pytest.raises(KeyError):
        nuclide_mass("40H")


def test_site_overrides_element() -> None:
    masses = species_masses(["C", "H1", "H2"], {"H": "2H", "H2": "H"})
    assert masses == pytest.approx([12.011, 2.014101778, 1.008])


@pytest.mark.parametrize(
    ("below", "above", "together"),
    [
        ({"H": "2H"}, {}, {"H": "2H"}),
        ({"H": "2H"}, {"Li": "7Li"}, {"H": "2H", "Li": "7Li"}),
        ({"H": "2H"}, {"H": "H"}, {"H": "H"}),
        ({"H1": "2H", "Li": "7Li"}, {"H": "1H"}, {"H": "1H", "Li": "7Li"}),
        ({"H": "2H"}, {"H2": "1H"}, {"H": "2H", "H2": "1H"}),
        ({"H1": "2H"}, {"H2": "1H"}, {"H1": "2H", "H2": "1H"}),
    ],
)
def test_choice_for_an_element_replaces_those_for_its_sites(
    below: dict[str, Substitution], above: dict[str, Substitution], together: dict[str, Substitution]
) -> None:
    assert override(below, above) == together


def test_usual_form_leaves_out_what_is_as_in_nature() -> None:
    assert simplify({"H": "D", "C": "C", "O": {"O": 1.0}}) == {"H": "2H"}
    assert simplify({"H": "2H", "H2": "H"}) == {"H": "2H", "H2": "H"}
    assert simplify({"H2": "H", "H1": {"D": 1, "1H": 0}}) == {"H1": "2H"}
    assert simplify({"H": {"D": 0.5, "2H": 0.25, "1H": 0.25}}) == {"H": {"2H": 0.75, "1H": 0.25}}


def test_species_that_differ() -> None:
    assert differ(["C", "H1", "H2"], {"H1": "2H"}, {"H": "D"}) == ["H2"]
    assert differ(["H"], {"H": "2H"}, {"H": {"D": 1.0}}) == []


def test_isotopes_of_sites() -> None:
    assert names_sites({"H2": "2H"})
    assert not names_sites({"H": MIXTURE, "Li": "7Li"})
    # What is no name of a species is refused by `scatterers`
    assert not names_sites({"NaN": "2H", "": "2H", "\ufeff": "2H"})


@pytest.mark.parametrize("stored", [[], {"H": 2}, {"H": {"2H": "much"}}, {"H": None}])
def test_malformed_isotopes_in_a_file_of_partials(stored: object) -> None:
    with pytest.raises(ValueError, match="isotopes"):
        stored_isotopes({"isotopes": stored})


def test_older_partials_have_no_isotopes() -> None:
    assert stored_isotopes({"method": "harmonic"}) == {}


def test_atoms_of_different_kinds_are_on_different_sites() -> None:
    salt = bulk("NaCl", "rocksalt", a=5.64, cubic=True)

    def labels(kinds: np.ndarray | None) -> set[str]:
        return set(site_labels(cell=salt.cell.array, positions=salt.positions, numbers=salt.numbers, kinds=kinds))

    kinds = np.zeros(len(salt), dtype=int)
    assert labels(None) == labels(kinds) == {"Na", "Cl"}
    kinds[np.flatnonzero(salt.numbers == 17)[0]] = 1
    # Sodium beside it is not like the sodium in the middle of the cell
    assert labels(kinds) == {"Na1", "Na2", "Cl1", "Cl2"}
