"""The energy axis of harmonic predictions."""

import numpy as np
import pytest

from scattering import instruments
from scattering.core import energy_axis
from scattering.core.bins import bin_edges, bin_widths, linear_means
from scattering.core.constants import FWHM_PER_SIGMA
from scattering.instruments import resolution

BENZENE = np.array([1, 6])


def axis_of(n_species: int = 2, end: float = 600.0) -> np.ndarray:
    return energy_axis.bins(end=end, highest=405.0, n_species=n_species, n_orders=10, n_q=180)


def test_the_axis_holds_the_overtones_and_all_phonons() -> None:
    end = energy_axis.multiphonon_end(BENZENE)
    axis = axis_of(end=end)
    assert axis[0] == 0
    # The stretch with a ring mode on top
    assert axis[-1] >= 405 + 150
    # Whatever the user says, no phonon is cut off
    assert axis_of(end=100.0)[-1] > 405


def test_bins_are_a_fifth_of_the_narrowest_resolution() -> None:
    axis = axis_of()
    widths = bin_widths(axis)
    narrowest = np.hypot(energy_axis.MIN_FWHM_MEV, energy_axis.MIN_RELATIVE_FWHM * axis)
    np.testing.assert_allclose(widths, narrowest / 5, rtol=3e-3)
    # Their number is that of equal bins of 0.25 meV
    assert len(axis) < 2401


@pytest.mark.parametrize("name", ["TOSCA", "VISION", "TFXA", "Lagrange", "MAPS", "ARCS", "SEQUOIA", "PANTHER"])
def test_the_thermal_instruments_find_their_resolution_in_the_bins(name: str) -> None:
    """Five bins in each FWHM up to 80 % of the incident energy, with usual settings."""
    instrument = instruments.get(name)
    low, high = instrument.energy_range(instrument.defaults)
    axis = axis_of()
    inside = (axis >= low) & (axis <= (0.84 * high if instrument.geometry == "direct" else high))
    fwhm = FWHM_PER_SIGMA * resolution.sigma(instrument, {}, axis[inside])
    assert (fwhm / bin_widths(axis)[inside]).min() > 4.99


def test_heavier_elements_scatter_over_less() -> None:
    silicon, oxide = (energy_axis.multiphonon_end(np.array(numbers)) for numbers in ([14], [8, 14]))
    # Twice the highest phonon of each: 65 meV, and 150 meV of the stretch between both
    assert 130 < silicon < oxide
    assert 300 < oxide < energy_axis.multiphonon_end(BENZENE)


@pytest.mark.parametrize("n_species", [1, 2, 6, 12])
def test_many_sites_get_coarser_bins(n_species: int) -> None:
    axis = axis_of(n_species, end=1000.0)
    planes = 11 * n_species + n_species * (n_species + 1) // 2
    # One bin more than counted, where the end is no whole number of bins
    assert 4 * planes * 180 * (len(axis) - 2) <= energy_axis.MAX_ARRAY_BYTES
    assert (np.diff(axis, n=2) > 0).all()
    if n_species > 6:
        # As many as there is memory for
        assert 4 * planes * 180 * len(axis) > 0.99 * energy_axis.MAX_ARRAY_BYTES


def test_edges_are_halfway_and_areas_of_lines_between_nodes_are_kept() -> None:
    nodes = np.linspace(-1.0, 10.0, 45)
    centres = np.array([0.5, 1.0, 2.0, 4.0, 7.0])
    edges = bin_edges(centres)
    np.testing.assert_allclose(edges, [0.25, 0.75, 1.5, 3.0, 5.5, 8.5])
    np.testing.assert_allclose(bin_widths(centres), np.diff(edges))
    # Straight lines are averaged exactly, curves as the trapezoidal rule of many points does
    np.testing.assert_allclose(linear_means(nodes, 2 + 3 * nodes, edges), 2 + 3 * (edges[1:] + edges[:-1]) / 2)
    curve = np.exp(-((nodes - 4) ** 2))
    fine = np.linspace(edges[:-1], edges[1:], 20001)
    expected = np.trapezoid(np.interp(fine, nodes, curve), fine, axis=0) / np.diff(edges)
    np.testing.assert_allclose(linear_means(nodes, curve, edges), expected, rtol=1e-7)
