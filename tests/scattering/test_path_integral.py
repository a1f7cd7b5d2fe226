"""How many beads: against the ring polymer's own normal modes, and its limits."""

import numpy as np
import pytest

from scattering.core.constants import BOLTZMANN_MEV_PER_K
from scattering.simulate.path_integral import MAX_BEADS, MAX_SHORTFALL, bead_notices, n_beads_needed, shortfall


def mean_square_by_modes(n_beads: int, x: float) -> float:
    """⟨x²⟩ in units of k_BT/mω², summed over the normal modes of the ring polymer; x = βħω."""
    springs = (2 * n_beads * np.sin(np.arange(n_beads) * np.pi / n_beads)) ** 2
    return float((x**2 / (x**2 + springs)).sum())


@pytest.mark.parametrize("n_beads", [1, 2, 7, 32])
@pytest.mark.parametrize(("energy", "temperature"), [(65.0, 300.0), (430.0, 100.0), (5.0, 300.0)])
def test_the_closed_form_is_the_sum_over_normal_modes(n_beads: int, energy: float, temperature: float) -> None:
    x = energy / (BOLTZMANN_MEV_PER_K * temperature)
    exact = x / 2 / np.tanh(x / 2)
    expected = 1 - mean_square_by_modes(n_beads, x) / exact
    assert shortfall(n_beads, energy, temperature) == pytest.approx(expected, abs=1e-12)


def test_the_beads_needed_are_the_fewest_that_do() -> None:
    for energy, temperature in [(65.0, 300.0), (370.0, 127.0), (430.0, 300.0)]:
        needed = n_beads_needed(energy, temperature)
        assert needed % 2 == 0
        assert shortfall(needed, energy, temperature) <= MAX_SHORTFALL < shortfall(needed - 2, energy, temperature)
    # Twice the beads, a quarter of the error: the discretisation is of second order
    assert shortfall(64, 65.0, 300.0) == pytest.approx(shortfall(32, 65.0, 300.0) / 4, rel=0.01)


def test_a_warning_says_what_is_missed_and_what_would_help() -> None:
    assert bead_notices(64, 370.0, 127.0) == ()
    assert bead_notices(1, 370.0, 127.0) == ()
    (few,) = bead_notices(16, 370.0, 127.0)
    assert (few.code, few.params["n_beads_needed"]) == ("too_few_beads", 52)
    assert n_beads_needed(430.0, 10.0) == MAX_BEADS
    (cold,) = bead_notices(MAX_BEADS, 430.0, 10.0)
    assert cold.params["fraction"] == pytest.approx(0.54, abs=0.005)
    assert cold.params["n_beads_needed"] is None
