"""Scattering lengths against a second tabulation of Sears (Euphonic's) and against figures known by heart."""

import numpy as np
import periodictable
import pytest
from euphonic import Crystal, ureg
from euphonic.isotopes import LegacyJsonData

from scattering.core.errors import InvalidView
from scattering.observe import weights
from tests.scattering.refusals import refused

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
    ("symbol", "isotope", "code", "params"),
    [
        ("Si", "28Si", "species_not_in_sample", {"species": "Si", "present": ["C", "H"]}),
        ("H", "2He", "unknown_isotope", {"isotope": "2He", "element": "H"}),
        ("H", "9H", "no_neutron_data", {"nuclide": "9H"}),
        ("H", "deuterium", "unknown_isotope", {"isotope": "deuterium", "element": "H"}),
    ],
)
def test_wrong_isotopes_say_what_is_wrong(symbol: str, isotope: str, code: str, params: dict[str, object]) -> None:
    with refused(InvalidView, f"isotopes.{symbol}", code, **params):
        weights.scatterers(["C", "H"], {symbol: isotope})


def test_isotopes_of_hydrogen() -> None:
    assert {"1H", "2H"} <= set(weights.isotopes("H"))


def test_a_mixture_scatters_what_its_isotopes_scatter_together() -> None:
    """σ_coh + σ_inc of a mixture is the mean of the totals of its isotopes: interference only moves it about."""
    shares = {"1H": 0.36, "2H": 0.64}
    mixed = weights.scatterers(["H"], {"H": shares})[0]
    # 36 % of light hydrogen in deuterium is about the composition whose mean length nearly cancels for coherence
    total = 0.04 * np.pi * abs(mixed.coherent_length) ** 2 + mixed.incoherent_cross_section
    nuclei = [(weights.scatterer(label), share) for label, share in shares.items()]
    mean = sum(share * (0.04 * np.pi * abs(n.coherent_length) ** 2 + n.incoherent_cross_section) for n, share in nuclei)
    assert total == pytest.approx(mean, rel=1e-12)
    pure = weights.scatterers(["H"], {"H": {"2H": 1.0}})[0]
    assert pure.incoherent_cross_section == pytest.approx(weights.scatterer("2H").incoherent_cross_section, rel=1e-9)


def test_natural_abundance_is_the_mixture_of_its_isotopes() -> None:
    """Chlorine, 75.77 % 35Cl: both isotopes and the natural element were measured, and the mixture rule ties them."""
    mixed = weights.mixture({"35Cl": 0.7577, "37Cl": 0.2423})
    natural = weights.scatterer("Cl")
    # Isotopes and element were measured apart and revised apart: b(35Cl) by 0.05 fm; σ_inc is known to 0.5 barn
    assert mixed.coherent_length.real == pytest.approx(natural.coherent_length.real, abs=0.05)
    assert mixed.incoherent_cross_section == pytest.approx(natural.incoherent_cross_section, abs=0.5)


def test_absorbing_nuclei_have_complex_lengths_and_real_weights() -> None:
    gadolinium = weights.scatterer("Gd").coherent_length
    assert gadolinium.imag != 0
    assert weights.coherent_weights([weights.scatterer("Gd")])[0] == pytest.approx(0.01 * abs(gadolinium) ** 2)


def test_a_site_comes_before_its_element() -> None:
    nuclei = weights.scatterers(["C", "H1", "H2"], {"H": "2H", "H2": "1H"})
    assert [nucleus.label for nucleus in nuclei] == ["C", "2H", "1H"]
    with refused(InvalidView, "isotopes.H3", "species_not_in_sample", species="H3"):
        weights.scatterers(["C", "H1", "H2"], {"H3": "2H"})


@pytest.mark.parametrize("shares", [{"1H": 0.5}, {"1H": 1.5, "2H": -0.5}, {}])
def test_fractions_that_are_no_mixture_are_refused(shares: dict[str, float]) -> None:
    with refused(InvalidView, "isotopes.H", "isotope_fractions"):
        weights.scatterers(["H"], {"H": shares})


def test_the_common_elements_are_periodictables_own() -> None:
    for symbol in ELEMENTS:
        neutron = getattr(periodictable, symbol).neutron
        assert weights.scatterer(symbol).coherent_length.real == pytest.approx(neutron.b_c)
        assert weights.scatterer(symbol).incoherent_cross_section == pytest.approx(neutron.incoherent)
