"""Form factors against a second table and the Mott–Bethe relation between both probes."""

import subprocess
import sys

import numpy as np
import pytest
from ase.data import atomic_numbers
from dynasor.post_processing import ElectronScatteringFactors, XRayFormFactors
from scipy import constants

from scattering.core.errors import InvalidView
from scattering.observe.form_factors import form_factors, pair_weights
from tests.scattering.refusals import refused

Q = np.linspace(0.1, 18.0, 60)


@pytest.mark.parametrize("symbol", ["C", "O", "Si", "Ba"])
def test_x_rays_see_the_electrons(symbol: str) -> None:
    ours = form_factors((symbol,), Q, "x-ray")[0]
    theirs = XRayFormFactors([symbol])
    # Both tabulate Waasmaier and Kirfel; their digits differ in the last place
    np.testing.assert_allclose(ours, [theirs.get_weight_coh(symbol, q) for q in Q], rtol=2e-3)
    assert form_factors((symbol,), np.zeros(1), "x-ray")[0, 0] == pytest.approx(atomic_numbers[symbol], rel=2e-3)


def test_hydrogen_is_the_1s_orbital() -> None:
    """f(q) = (1 + (q a₀/2)²)⁻² in closed form; the tabulated one is of a bonded atom (Stewart's), 15 % narrower."""
    radius = constants.physical_constants["Bohr radius"][0] * 1e10
    closed = (1 + (Q * radius / 2) ** 2) ** -2
    ours = form_factors(("H",), Q, "x-ray")[0]
    assert np.abs(ours - closed).max() < 0.08
    assert ours[0] == pytest.approx(1, abs=5e-3)


@pytest.mark.parametrize("symbol", ["C", "Si", "Ba"])
def test_electrons_see_the_screened_nucleus(symbol: str) -> None:
    """Mott–Bethe: f_e = 2 (Z − f_x) / (a₀ q²), both tables independent fits to calculated atoms."""
    radius = constants.physical_constants["Bohr radius"][0] * 1e10
    q = np.linspace(3.0, 12.0, 40)
    expected = 2 * (atomic_numbers[symbol] - form_factors((symbol,), q, "x-ray")[0]) / (radius * q**2)
    np.testing.assert_allclose(form_factors((symbol,), q, "electron")[0], expected, rtol=0.03)


@pytest.mark.parametrize("symbol", ["H", "Si", "U"])
def test_electrons_as_dynasor_has_them(symbol: str) -> None:
    table = ElectronScatteringFactors([symbol])
    expected = [table.get_weight_coh(symbol, one) for one in Q]
    np.testing.assert_allclose(form_factors((symbol,), Q, "electron")[0], expected, rtol=1e-12)


def test_no_library_is_imported_while_figures_are_drawn() -> None:
    """Plotly would fail in another thread that finds a half-imported pandas."""
    lines = [
        "import sys, numpy",
        "from scattering.observe.form_factors import form_factors",
        "[form_factors(('Si',), numpy.ones(1), probe) for probe in ('electron', 'x-ray')]",
        "sys.exit('pandas' in sys.modules)",
    ]
    assert subprocess.run([sys.executable, "-c", "\n".join(lines)], check=False).returncode == 0


def test_sites_have_the_form_factor_of_their_element_and_pairs_the_product() -> None:
    factors = form_factors(("C", "H1", "H2"), Q, "x-ray")
    np.testing.assert_array_equal(factors[1], factors[2])
    pairs = pair_weights(factors)
    np.testing.assert_allclose(pairs[[0, 1, 4]], factors[[0, 0, 1]] * factors[[0, 1, 2]])
    assert len(pairs) == 6


def test_what_no_table_holds_is_refused() -> None:
    with refused(InvalidView, "probe", "no_form_factor", probe="electron", element="Fm"):
        form_factors(("Fm",), Q, "electron")
