"""Scattering lengths against a second tabulation of Sears (Euphonic's) and against figures known by heart."""

import numpy as np
import pytest
from euphonic import Crystal, ureg
from euphonic.isotopes import LegacyJsonData

from scattering import weights
from scattering.errors import InvalidView

ELEMENTS = ["H", "Li", "C", "O", "Al", "Si", "Ti", "V", "Ba", "Zr"]


def test_elements_agree_with_the_tabulation_in_euphonic() -> None:
    crystal = Crystal(
        np.eye(3) * ureg("angstrom"), np.zeros((10, 3)), np.array(ELEMENTS), np.ones(len(ELEMENTS)) * ureg("amu")
    )
    table = LegacyJsonData("Sears1992")
    lengths = table.get_array(crystal, "coherent_scattering_length").to("fm").magnitude.real
    ours = [weights.scatterer(symbol) for symbol in ELEMENTS]
    # periodictable holds later revisions of Sears's table: Ti by 0.07 fm, V by 0.06 fm, others by parts in a thousand
    np.testing.assert_allclose([nucleus.coherent_length.real for nucleus in ours], lengths, rtol=5e-3, atol=0.07)
    # Sears, Neutron News 3 (1992) 26, barn
    incoherent = [80.26, 0.92, 0.001, 0.0008, 0.0082, 0.004, 2.87, 5.08, 0.15, 0.02]
    np.testing.assert_allclose([nucleus.incoherent_cross_section for nucleus in ours], incoherent, rtol=2e-2, atol=5e-3)


def test_deuteration_turns_the_sign_of_the_length_and_silences_the_incoherent_scattering() -> None:
    natural, deuterium = weights.scatterers(["H"], {}), weights.scatterers(["H"], {"H": "2H"})
    assert natural[0].coherent_length.real == pytest.approx(-3.74, abs=5e-3)
    assert deuterium[0].coherent_length.real == pytest.approx(6.671, abs=5e-3)
    assert natural[0].incoherent_cross_section == pytest.approx(80.26, abs=0.05)
    assert deuterium[0].incoherent_cross_section == pytest.approx(2.05, abs=0.02)
    assert weights.scatterers(["H"], {"H": "D"})[0].coherent_length == deuterium[0].coherent_length


def test_pair_weights_are_products_in_the_order_of_pairs() -> None:
    nuclei = weights.scatterers(["C", "H", "O"], {})
    lengths = np.array([nucleus.coherent_length.real for nucleus in nuclei])
    expected = 0.01 * np.outer(lengths, lengths)[np.triu_indices(3)]
    np.testing.assert_allclose(weights.coherent_weights(nuclei), expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("substitutions", "word"),
    [({"Si": "28Si"}, "no Si"), ({"H": "2He"}, "not an isotope of H"), ({"H": "9H"}, "9H"), ({"H": "deuterium"}, "2H")],
)
def test_wrong_isotopes_say_what_is_wrong(substitutions: dict[str, str], word: str) -> None:
    with pytest.raises(InvalidView, match=word):
        weights.scatterers(["C", "H"], substitutions)


def test_isotopes_of_hydrogen() -> None:
    assert {"1H", "2H"} <= set(weights.isotopes("H"))
