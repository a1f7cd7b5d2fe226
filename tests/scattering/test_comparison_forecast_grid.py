"""On which energies a forecast is made for measured data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from scattering.core.errors import InvalidComparison, InvalidSettings, UnknownInstrument
from scattering.core.partials import Partials
from scattering.measured.comparison.binned import BinnedForecast
from scattering.measured.comparison.fit import MAX_SHIFT_MEV, STRETCH_BOUNDS
from scattering.measured.comparison.forecast_grid import forecast_grid, fwhm, narrowest_fwhm
from scattering.observe.spectrum import View, observe

TOSCA = View("TOSCA")


def simulated(end: float = 500.0, step: float = 0.25) -> Partials:
    """Two lines of hydrogen, 2 meV wide, that grow with |q|²."""
    q, energy = np.arange(0.1, 20.0, 0.4), np.arange(0.0, end + step / 2, step)
    lines = np.exp(-(((energy - 60.0) / 2.0) ** 2)) + np.exp(-(((energy - 140.0) / 2.0) ** 2))
    values = (q[:, None] ** 2 * lines)[None].astype(np.float32)
    return Partials(
        q=q,
        energy=energy,
        species=("H",),
        concentration=np.array([1.0]),
        coherent=0 * values,
        incoherent=values,
        coherent_elastic=np.zeros((1, len(q))),
        incoherent_elastic=np.zeros((1, len(q))),
        temperature=100.0,
        statistics="quantum",
    )


def bins(low: float, high: float, width: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    edges = np.arange(low, high + width / 2, width)
    return edges[:-1], edges[1:]


def test_it_reaches_what_any_fit_may_move_into_the_data() -> None:
    low, high = bins(40.0, 240.0, 1.0)
    grid = forecast_grid(low, high, simulated(), TOSCA)
    assert grid.notices == ()
    knots = np.append(grid.energy.centres - grid.energy.step / 2, grid.energy.centres[-1] + grid.energy.step / 2)
    forecast = BinnedForecast(grid.energy.centres, np.ones(len(grid.energy.centres)), low, high)
    for shift in (-MAX_SHIFT_MEV, MAX_SHIFT_MEV):
        for stretch in STRETCH_BOUNDS:
            # (240 + 50)/0.7 meV is simulated and measured; TOSCA has nothing below −3 meV
            reached = forecast.in_reach(shift, stretch)
            assert reached[(low - shift) / stretch > knots[0]].all()
    fixed = forecast_grid(low, high, simulated(), TOSCA, movable=False).energy
    assert fixed.min < 40.0 + fixed.step
    assert fixed.max > 240.0 - fixed.step


def test_another_range_or_parameter_needs_no_other_forecast() -> None:
    low, high = bins(40.0, 240.0, 1.0)
    grids = {forecast_grid(low, high, simulated(), TOSCA, range_mev=(start, 200.0)).energy for start in (50, 52, 54)}
    assert len(grids) == 1


@pytest.mark.parametrize(
    ("view", "end", "reach"),
    [
        (View(), 200.0, (-200.125, 200.125)),
        (View(energy_scale=1.1), 200.0, (-1.1 * 200.125, 1.1 * 200.125)),
        (TOSCA, 500.0, (-3.0, 500.0)),
        (View("MAPS", {"e_init": 120.0}), 500.0, (-120.0, 120.0)),
    ],
)
def test_it_ends_where_the_forecast_is_not_known(view: View, end: float, reach: tuple[float, float]) -> None:
    low, high = bins(-300.0, 600.0, 2.0)
    grid = forecast_grid(low, high, simulated(end), view)
    ends = grid.energy.min - grid.energy.step / 2, grid.energy.max + grid.energy.step / 2
    assert reach[0] - 1e-6 <= ends[0] < reach[0] + grid.energy.step
    # MAPS records no more than its largest share of E_i
    assert 0.8 * reach[1] < ends[1] <= reach[1] + 1e-6
    (notice,) = grid.notices
    assert notice.code == "data_beyond_forecast"
    assert (notice.params["ranges_mev"][0][0], notice.params["ranges_mev"][-1][1]) == (-300.0, 600.0)


def test_an_end_of_a_bin_is_not_worth_a_word() -> None:
    low, high = bins(40.0, 501.0, 1.0)
    assert forecast_grid(low, high, simulated(), TOSCA).notices == ()


@pytest.mark.parametrize(("width", "view"), [(0.1, TOSCA), (0.1, View(fwhm_mev=4.0)), (0.1, View()), (5.0, TOSCA)])
def test_steps_are_a_quarter_of_what_blurs_most(width: float, view: View) -> None:
    low, high = bins(40.0, 120.0, width)
    widest = max(narrowest_fwhm(view, 40.0, 120.0), width, 0.25)
    step = forecast_grid(low, high, simulated(), view).energy.step
    assert 0.7 * widest / 4 <= step <= widest / 4 * (1 + 1e-9)


def test_there_are_never_too_many() -> None:
    low, high = bins(-2.0, 500.0, 0.05)
    partials = simulated(step=0.05)
    assert 2000 < len(forecast_grid(low, high, partials, TOSCA).energy.centres) <= 4000
    assert 200 < len(forecast_grid(low, high, partials, TOSCA, max_bins=400).energy.centres) <= 400


@pytest.mark.parametrize("width", [0.2, 1.0, 4.0])
def test_a_forecast_on_it_is_in_the_datas_bins_what_it_would_be_there(width: float) -> None:
    partials, (low, high) = simulated(), bins(40.0, 160.0, width)
    view = replace(TOSCA, energy_mev=forecast_grid(low, high, partials, TOSCA).energy)
    spectrum = observe(partials, view)
    binned = BinnedForecast(spectrum.energy, spectrum.intensity, low, high).mean()
    itself = replace(view.energy_mev, min=40.0 + width / 2, max=160.0 - width / 2, step=width)
    exact = observe(partials, replace(view, energy_mev=itself)).intensity
    assert binned == pytest.approx(exact, abs=2e-3 * exact.max())


def test_nothing_in_common_and_impossible_views() -> None:
    low, high = bins(210.0, 300.0, 1.0)
    with pytest.raises(InvalidComparison, match=r"no_shared_energies.*\[210\.0, 300\.0\]"):
        forecast_grid(low, high, simulated(200.0), View())
    with pytest.raises(InvalidComparison, match="few_shared_energies"):
        forecast_grid(*bins(199.0, 300.0, 1.0), simulated(200.0), View(fwhm_mev=5.0), movable=False)
    with pytest.raises(UnknownInstrument):
        forecast_grid(low, high, simulated(), View("TOSKA"))
    with pytest.raises(InvalidSettings):
        forecast_grid(low, high, simulated(), View("MAPS", {"e_init": -1}))


def test_the_width_of_a_sample_is_that_of_its_view() -> None:
    energy = np.array([0.0, 100.0])
    assert fwhm(View(fwhm_mev=3.0), energy).tolist() == [3.0, 3.0]
    assert fwhm(TOSCA, energy)[1] > fwhm(TOSCA, energy)[0] > 0
