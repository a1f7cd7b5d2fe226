"""The energy axis of harmonic predictions."""

import numpy as np
import pytest

from scattering.core import energy_axis

BENZENE = np.array([1, 6])


def test_the_axis_holds_the_overtones_and_all_phonons() -> None:
    end = energy_axis.worthwhile_end(BENZENE)
    axis = energy_axis.bins(end=end, highest=405.0, n_species=2, n_orders=10, n_q=180)
    assert axis[0] == 0
    assert axis[1] == 0.25
    # The stretch with a ring mode on top
    assert axis[-1] >= 405 + 150
    # Whatever the user says, no phonon is cut off
    assert energy_axis.bins(end=100.0, highest=405.0, n_species=2, n_orders=10, n_q=180)[-1] > 405


def test_heavier_elements_scatter_over_less() -> None:
    silicon, oxide = (energy_axis.worthwhile_end(np.array(numbers)) for numbers in ([14], [8, 14]))
    # Twice the highest phonon of each: 65 meV, and 150 meV of the stretch between both
    assert 130 < silicon < oxide
    assert 300 < oxide < energy_axis.worthwhile_end(BENZENE)


@pytest.mark.parametrize(("n_species", "end", "step"), [(2, 1000.0, 0.25), (6, 1000.0, 0.5), (12, 1200.0, 1.0)])
def test_long_axes_and_many_sites_get_coarser_bins(n_species: int, end: float, step: float) -> None:
    axis = energy_axis.bins(end=end, highest=405.0, n_species=n_species, n_orders=10, n_q=180)
    np.testing.assert_allclose(np.diff(axis), step)
    planes = 11 * n_species + n_species * (n_species + 1) // 2
    # One bin more than counted, where the end is no whole number of bins
    assert 4 * planes * 180 * (len(axis) - 1) <= energy_axis.MAX_ARRAY_BYTES
