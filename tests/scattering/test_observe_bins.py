"""Bins of spectra: fine enough for every instrument, and right up to both ends."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scattering import instruments
from scattering.core import energy_axis
from scattering.core.bins import bin_widths
from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.instruments import Instrument, resolution
from scattering.observe import weights
from scattering.observe.spectrum import Spectrum, observe
from scattering.observe.view import EnergyGrid, EnergyRange, View

HYDROGEN = weights.scatterer("H").incoherent_cross_section / (4 * np.pi)
REAL = [one for one in instruments.catalogue() if one.facility != "Any"]
HOT = 1e6
"""Kelvin: gain and loss are alike."""
RESOLVED = energy_axis.bins(end=600.0, highest=0.0, n_species=1, n_orders=1, n_q=1)
ALL = pytest.mark.parametrize("instrument", REAL, ids=lambda one: one.name)


def partials(energy: np.ndarray, spectrum: np.ndarray, **more: Any) -> Partials:
    """Hydrogen that scatters alike at all |q|, as far as any instrument reaches."""
    q = np.arange(0.2, 45.0, 0.2)
    shape = np.broadcast_to(spectrum, (1, len(q), len(energy))).astype(np.float32)
    return Partials(
        q=q,
        energy=energy,
        species=("H",),
        concentration=np.ones(1),
        coherent=np.zeros_like(shape),
        incoherent=shape,
        coherent_elastic=np.zeros((1, len(q))),
        incoherent_elastic=np.zeros((1, len(q))),
        **({"temperature": HOT, "statistics": "quantum"} | more),
    )


def line(at: float, energy: np.ndarray = RESOLVED) -> Partials:
    """A line of area 1, as narrow as the bins, of which nothing is gained."""
    index = int(np.argmin(np.abs(energy - at)))
    return partials(energy, np.where(np.arange(len(energy)) == index, 1 / bin_widths(energy), 0.0), temperature=1.0)


def flat(end: float) -> Partials:
    energy = energy_axis.bins(end=end, highest=0.0, n_species=1, n_orders=1, n_q=1)
    return partials(energy, np.ones(len(energy)))


def code(spectrum: Spectrum) -> set[str]:
    return {one.code for one in spectrum.notices}


def fwhm_of(instrument: Instrument, energy: np.ndarray) -> np.ndarray:
    return FWHM_PER_SIGMA * resolution.sigma(instrument, {}, energy)


@ALL
def test_default_bins_are_at_least_five_in_a_full_width_everywhere(instrument: Instrument) -> None:
    energy = observe(flat(600.0), View(instrument.name)).energy
    fwhm = fwhm_of(instrument, energy)
    assert (np.diff(energy) <= np.minimum(fwhm[1:], fwhm[:-1]) / 5).all()
    assert len(energy) <= 4000


@ALL
@pytest.mark.parametrize("share", [0.1, 0.4, 0.8])
def test_a_line_comes_out_as_the_gaussian_of_the_resolution(instrument: Instrument, share: float) -> None:
    """Its area is that of the cross-section, its width and height those of the resolution and of the bins."""
    low, high = instrument.energy_range(instrument.defaults)
    at = RESOLVED[np.argmin(np.abs(RESOLVED - (low + share * (min(high, 500.0) - low))))]
    spectrum = observe(line(float(at)), View(instrument.name, contribution="incoherent"))
    widths = bin_widths(spectrum.energy)
    sigma = float(resolution.sigma(instrument, {}, np.array([at]))[0])
    own = float(np.interp(at, RESOLVED, bin_widths(RESOLVED)))
    recorded = float(np.interp(at, spectrum.energy, widths))
    total = np.sqrt(sigma**2 + own**2 / 12 + recorded**2 / 12)
    counts = spectrum.intensity * widths
    assert counts.sum() == pytest.approx(HYDROGEN, rel=2e-3)
    mean = float(np.average(spectrum.energy, weights=counts))
    assert mean == pytest.approx(at, abs=0.02 * sigma)
    assert np.sqrt(np.average((spectrum.energy - mean) ** 2, weights=counts)) == pytest.approx(total, rel=5e-3)
    # The highest bin is at most half a bin away, a twelfth of the full width
    top = HYDROGEN / np.sqrt(2 * np.pi) / sigma
    assert 0.96 * top < spectrum.intensity.max() < 1.005 * top


def test_vision_sees_its_full_width_at_12_mev() -> None:
    """The defect that the bins had: FWHM 0.22 meV in steps of 0.5 meV, 13 % too low."""
    vision = instruments.get("VISION")
    spectrum = observe(line(12.0), View("VISION", contribution="incoherent"))
    sigma = float(resolution.sigma(vision, {}, np.array([12.0]))[0])
    assert FWHM_PER_SIGMA * sigma == pytest.approx(0.22, abs=0.01)
    assert spectrum.intensity.max() == pytest.approx(HYDROGEN / np.sqrt(2 * np.pi) / sigma, rel=0.03)
    assert "bins_coarser_than_resolution" not in code(spectrum)


@ALL
def test_a_flat_spectrum_stays_flat_up_to_both_ends(instrument: Instrument) -> None:
    low, high = instrument.energy_range(instrument.defaults)
    spectrum = observe(flat(1.2 * high), View(instrument.name, contribution="incoherent"))
    # The width of Lagrange and PANTHER changes by a tenth within itself there, and beyond is taken as constant
    np.testing.assert_allclose(spectrum.intensity, HYDROGEN, rtol=0.02)
    assert spectrum.energy[0] == pytest.approx(low, abs=1e-5)
    # A direct instrument's range may end where its resolution reaches the incident energy
    if "cut_at_known_end" not in code(spectrum):
        assert spectrum.energy[-1] == pytest.approx(high, abs=1e-5)
    assert "intensity_incomplete" not in code(spectrum)


@pytest.mark.parametrize(("name", "end"), [("TOSCA", 500.0), ("MAPS", 475.0)])
def test_the_last_bins_of_the_range_hold_what_the_resolution_brings_from_beyond(name: str, end: float) -> None:
    """Where half was missing: TOSCA between 497 and 500 meV, MAPS with 500 meV between 470 and 474."""
    grid = EnergyGrid(end - 10.0, end, 0.5)
    spectrum = observe(flat(600.0), View(name, contribution="incoherent", energy_mev=grid))
    np.testing.assert_allclose(spectrum.intensity, HYDROGEN, rtol=5e-3)
    assert not code(spectrum)


def test_a_spectrum_ends_where_the_simulation_would_be_missing_and_says_so() -> None:
    spectrum = observe(flat(200.0), View("TOSCA", contribution="incoherent"))
    np.testing.assert_allclose(spectrum.intensity, HYDROGEN, rtol=5e-3)
    cut = next(one for one in spectrum.notices if one.code == "cut_at_known_end")
    sigma = float(resolution.sigma(instruments.get("TOSCA"), {}, np.array([200.0]))[0])
    assert spectrum.energy[-1] == pytest.approx(cut.params["end_mev"], abs=1e-5)
    assert cut.params["known_mev"] - cut.params["end_mev"] == pytest.approx(3 * sigma, rel=0.01)
    # Of a sample that scatters nothing up there nothing is missing
    assert not observe(line(40.0, RESOLVED[RESOLVED < 200.0]), View("TOSCA")).notices


def test_bins_that_lack_what_was_not_simulated_are_named() -> None:
    grid = EnergyGrid(150.0, 205.0, 0.5)
    spectrum = observe(flat(200.0), View("TOSCA", contribution="incoherent", energy_mev=grid))
    (notice,) = spectrum.notices
    assert notice.code == "intensity_incomplete"
    whole = (spectrum.energy >= notice.params["from_mev"]) & (spectrum.energy <= notice.params["to_mev"])
    np.testing.assert_allclose(spectrum.intensity[whole], HYDROGEN, rtol=0.03)
    assert (spectrum.intensity[~whole] < 0.975 * HYDROGEN).all()


def test_nothing_is_recorded_beyond_the_range() -> None:
    spectrum = observe(flat(600.0), View("TOSCA", energy_mev=EnergyGrid(480.0, 520.0, 1.0)))
    assert (spectrum.intensity[spectrum.energy <= 500.0] > 0).all()
    assert not spectrum.intensity[spectrum.energy > 500.0].any()
    assert Notice("intensity_incomplete", {"from_mev": 480.0, "to_mev": 500.0}) in spectrum.notices


def test_coarse_bins_of_a_simulation_are_named() -> None:
    """Bins of 0.5 meV, as older files have: at 12 meV a line of 0.22 meV is a box, at 100 meV nothing is lost."""
    old = line(12.0, np.arange(0.0, 500.5, 0.5))
    spectrum = observe(old, View("VISION", energy_mev=EnergyRange(0.0, 200.0)))
    notice = next(one for one in spectrum.notices if one.code == "bins_coarser_than_resolution")
    assert notice.params["bin_mev"] == pytest.approx(0.5)
    assert notice.params["from_mev"] == pytest.approx(2.0)
    # Until the bins are narrower than 0.37 of the FWHM, where a line is 3 % too low
    at = notice.params["to_mev"]
    assert float(fwhm_of(instruments.get("VISION"), np.array([at + 0.5]))[0]) == pytest.approx(0.5 / 0.37, rel=0.02)
    assert 0.5 < notice.params["peak_loss_fraction"] < 0.8
    assert "bins_coarser_than_resolution" not in code(observe(old, View("TOSCA", energy_mev=EnergyGrid(100, 200, 1.0))))


def test_a_range_without_a_step_has_default_bins() -> None:
    chosen = observe(flat(600.0), View("VISION", energy_mev=EnergyRange(10.0, 14.0)))
    assert chosen.energy[[0, -1]] == pytest.approx([10.0, 14.0])
    assert np.diff(chosen.energy).max() <= fwhm_of(instruments.get("VISION"), chosen.energy).max() / 5


def test_a_range_that_is_looked_at_closely_has_more_bins_and_the_rest_as_many() -> None:
    whole = observe(line(12.0), View("TOSCA"))
    close = observe(line(12.0), replace(View("TOSCA"), finer_mev=(11.0, 13.0)))
    inside = (close.energy >= 11.0) & (close.energy <= 13.0)
    assert 580 <= inside.sum() <= 620
    assert (~inside).sum() == pytest.approx((whole.energy < 11.0).sum() + (whole.energy > 13.0).sum(), abs=3)
    np.testing.assert_allclose(close.energy[[0, -1]], whole.energy[[0, -1]])


def test_the_bins_of_a_run_are_not_seen_by_a_narrower_resolution() -> None:
    """Its spectra are smooth: what VISION records of a slope at 5 meV is a slope, with no steps of 0.25 meV."""
    energy = 0.25 * np.arange(2001)
    run = partials(energy, 1 + energy / 10, statistics="classical", metadata={"energy_resolution_mev": 1.4})
    spectrum = observe(run, View("VISION", contribution="incoherent", energy_mev=EnergyRange(3.0, 8.0)))
    assert np.diff(spectrum.energy).max() < 0.04
    np.testing.assert_allclose(spectrum.intensity, HYDROGEN * (1 + spectrum.energy / 10), rtol=2e-3)
    assert (np.diff(spectrum.intensity) > 0).all()


def test_the_simulation_itself_is_shown_in_its_own_bins() -> None:
    spectrum = observe(line(12.0), View(contribution="incoherent"))
    np.testing.assert_array_equal(spectrum.energy, RESOLVED[: len(spectrum.energy)])
    at = int(np.argmin(np.abs(RESOLVED - 12.0)))
    assert spectrum.intensity[at] == pytest.approx(HYDROGEN / bin_widths(RESOLVED)[at], rel=1e-5)
    assert spectrum.intensity[[at - 1, at + 1]].max() < 1e-5 * spectrum.intensity[at]
