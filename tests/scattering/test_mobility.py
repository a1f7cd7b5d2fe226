"""Motions whose mean-square displacement is known."""

import numpy as np
import pytest

from scattering.simulate.mobility import diffuses, mean_square_displacement, mobility

SPACING = 2.3


def test_it_is_the_average_over_all_pairs_of_frames() -> None:
    rng = np.random.default_rng(1)
    moved = rng.normal(size=(3, 3, 40)).cumsum(axis=2).astype(np.float32) + 50
    found = mean_square_displacement(moved, np.array([0, 2]))
    for lag in (0, 1, 17, 39):
        steps = moved[[0, 2], :, lag:] - moved[[0, 2], :, : 40 - lag]
        # Positions of 50 Å in single precision
        assert found[lag] == pytest.approx((steps.astype(float) ** 2).sum(axis=1).mean(), abs=1e-4)


def test_a_walk_diffuses_with_its_coefficient() -> None:
    """⟨r²⟩ = 6Dt; steps of variance s² in each direction every Δt make D = s²/2Δt."""
    rng = np.random.default_rng(2)
    step, time_step = 0.1, 5.0
    moved = (step * rng.normal(size=(400, 3, 1000))).cumsum(axis=2).astype(np.float32)
    found = mobility(moved, [np.arange(400)], time_step)[0]
    # 1200 walks, of whose slope about one independent estimate each: √(2/1200) ~ 4 %
    assert found.diffusion == pytest.approx(step**2 / (2 * time_step * 1e-3), rel=0.12)
    assert found.growth == pytest.approx(0.5, abs=0.05)
    assert diffuses(found, SPACING)


def test_atoms_on_their_sites_have_twice_their_fluctuation_and_stay() -> None:
    times = 4.0 * np.arange(1500)
    phases = np.random.default_rng(3).random((200, 3, 1)) * 2 * np.pi
    moved = (0.2 * np.cos(0.05 * times + phases)).astype(np.float32)
    found = mobility(moved, [np.arange(200)], 4.0)[0]
    # a²/2 in each direction; the run holds 48 periods
    assert found.fluctuation == pytest.approx(3 * 0.2**2 / 2, rel=0.01)
    assert found.displacement < 4 * 3 * 0.2**2 / 2
    assert not diffuses(found, SPACING)


def test_a_large_libration_does_not_count_as_diffusion() -> None:
    rng = np.random.default_rng(4)
    moved = (0.4 * rng.normal(size=(200, 3, 1500))).astype(np.float32)
    found = mobility(moved, [np.arange(200)], 4.0)[0]
    assert found.displacement > (0.3 * SPACING) ** 2
    assert not diffuses(found, SPACING)
