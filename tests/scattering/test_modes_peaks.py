"""The modes behind a peak have the intensity of the one-phonon spectrum there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scattering.core.errors import InvalidView
from scattering.core.partials import Partials
from scattering.crystal import harmonic as crystal_harmonic
from scattering.crystal.partials import CrystalPartials
from scattering.crystal.path import SampledPath, brillouin_zone, sample, segments
from scattering.modes.grid import ModeGrid, sample_grid
from scattering.modes.path import behind_path_peak
from scattering.modes.powder import behind_powder_peak, overlap
from scattering.observe.components import components_of
from scattering.observe.view import PathView, View
from scattering.simulate import harmonic, phonons
from scattering.simulate.force_constants import to_force_constants
from tests.scattering.test_harmonic_crystal import hydride

TEMPERATURE = 100.0
LABELS = ("Li", "H")


@pytest.fixture(scope="module")
def grid() -> ModeGrid:
    return sample_grid(hydride())


@pytest.fixture(scope="module")
def powder(grid: ModeGrid) -> Partials:
    partials = harmonic.predict(
        phonons.sample_zone(grid.force_constants, n_points=20_000),
        labels=LABELS,
        q=np.arange(0.2, 16.0, 0.2),
        energy=np.arange(0.0, 400.0, 0.5),
        temperature=TEMPERATURE,
        n_orders=4,
    ).partials
    return replace(partials, harmonic_crystal=grid.crystal)


@pytest.fixture(scope="module")
def along_path(grid: ModeGrid) -> CrystalPartials:
    crystal = grid.crystal
    zone = brillouin_zone(cell=crystal.uploaded_cell, positions=np.array([[0, 0, 0]]), numbers=np.array([3]))
    lines = segments(zone, (("Γ", "X"),))
    path = sample(lines, crystal.uploaded_cell, spacing=0.1)
    partials = crystal_harmonic.predict(
        grid.force_constants,
        phonons.sample_zone(grid.force_constants, n_points=2000),
        cell=crystal.uploaded_cell,
        path=path,
        fine=path,
        zones=np.array([[2, 0, 0], [2, 2, 0], [1, 1, 1]]),
        labels=LABELS,
        q=np.arange(0.2, 8.0, 0.2),
        energy=np.arange(0.0, 400.0, 0.5),
        temperature=TEMPERATURE,
        n_orders=3,
    )
    return replace(partials, harmonic_crystal=crystal)


def reference(partials: Partials, view: View, low: float, high: float) -> float:
    """The one-phonon spectrum without an instrument, integrated over a range of energy; barn/sr per atom."""
    share, inside = partials.q / partials.q.sum(), overlap(partials.energy, low, high)
    return sum(
        float((one.weight * share) @ (one.values @ inside)) for one in components_of(partials, replace(view, order=1))
    )


@pytest.mark.parametrize("view", [View(), View(contribution="coherent"), View(isotopes={"H": "2H"})])
@pytest.mark.parametrize(("energy", "width"), [(60.0, 60.0), (180.0, 90.0), (205.0, 40.0)])
def test_intensity_is_that_of_the_one_phonon_spectrum(
    powder: Partials, grid: ModeGrid, view: View, energy: float, width: float
) -> None:
    found = behind_powder_peak(powder, grid, view, energy, width)
    low, high = energy - width / 2, energy + width / 2
    expected = reference(powder, view, low, high)
    # Another grid of wave vectors, and random directions
    assert found.intensity == pytest.approx(expected, rel=0.03)
    assert sum(mode.weight for mode in found.modes) == pytest.approx(1.0, abs=0.05)
    assert sum(found.scattering_by_element.values()) == pytest.approx(1.0)
    for mode in found.modes:
        for shares in (
            mode.motion_by_element,
            mode.motion_by_site,
            mode.scattering_by_element,
            mode.scattering_by_site,
        ):
            assert sum(shares.values()) == pytest.approx(1.0)
        assert 0.5 <= mode.participation_ratio <= 1.0
        assert low <= mode.band_mev[0] <= mode.energy_mev <= mode.band_mev[1] <= high
        assert grid.energies[mode.q_index, mode.branch] == pytest.approx(mode.energy_mev)


def test_hydrogen_scatters_at_optical_energies(powder: Partials, grid: ModeGrid) -> None:
    found = behind_powder_peak(powder, grid, View(instrument="TOSCA"), 185.0, 90.0)
    assert found.summary.code == "modes_behind_peak"
    assert found.summary.params["element"] == next(iter(found.scattering_by_element)) == "H"
    assert found.scattering_by_element["H"] > 0.95
    # A wave that fits the uploaded cell stands for a band if it scatters as much as others
    assert np.allclose(found.modes[0].q_rlu, np.rint(2 * found.modes[0].q_rlu) / 2)


def test_the_energy_scale_moves_the_modes(powder: Partials, grid: ModeGrid) -> None:
    plain = behind_powder_peak(powder, grid, View(), 180.0, 20.0)
    scaled = behind_powder_peak(powder, grid, View(energy_scale=1.1), 198.0, 22.0)
    assert [one.branch for one in scaled.modes] == [one.branch for one in plain.modes]
    for one, other in zip(scaled.modes, plain.modes, strict=True):
        assert one.energy_mev == pytest.approx(1.1 * other.energy_mev)
        assert one.weight == pytest.approx(other.weight)


def test_overtones_are_called_so(powder: Partials, grid: ModeGrid) -> None:
    highest = float(grid.energies.max())
    found = behind_powder_peak(powder, grid, View(instrument="TOSCA"), 1.6 * highest, None)
    assert (found.modes, found.n_bands, found.intensity) == ((), 0, 0.0)
    assert found.one_phonon_fraction == pytest.approx(0.0, abs=1e-6)
    assert found.summary.code == "mostly_several_phonons"


def test_where_nothing_scatters_there_are_no_modes(powder: Partials, grid: ModeGrid) -> None:
    found = behind_powder_peak(powder, grid, View(), 900.0, 2.0)
    assert (found.modes, found.one_phonon_fraction) == ((), None)
    assert found.summary.code == "no_modes_at_energy"


def test_the_default_width_is_the_resolution(powder: Partials, grid: ModeGrid) -> None:
    def width(view: View) -> float:
        low, high = behind_powder_peak(powder, grid, view, 140.0, None).range_mev
        return high - low

    assert width(View()) == pytest.approx(2.8)
    assert width(View(fwhm_mev=4.0)) == pytest.approx(4.0)
    # TOSCA has about 1.5 % there
    assert 1.0 < width(View(instrument="TOSCA")) < 4.0


def test_energies_outside_the_instrument_are_refused(powder: Partials, grid: ModeGrid) -> None:
    with pytest.raises(InvalidView) as refused:
        behind_powder_peak(powder, grid, View(instrument="MAPS", settings={"e_init": 100}), 140.0, None)
    assert [(one["loc"], one["code"]) for one in refused.value.errors] == [("energy_mev", "out_of_range")]


def test_the_gain_side_has_the_same_modes(powder: Partials, grid: ModeGrid) -> None:
    loss = behind_powder_peak(powder, grid, View(), 60.0, 4.0)
    gain = behind_powder_peak(powder, grid, View(), -60.0, 4.0)
    assert gain.range_mev == (-62.0, -58.0)
    assert [one.branch for one in gain.modes] == [one.branch for one in loss.modes]


def test_a_peak_at_a_wave_vector_is_of_its_modes(along_path: CrystalPartials, grid: ModeGrid) -> None:
    at = along_path.labels.index("X")
    top = float(along_path.dispersion[at, -1])
    view = View(contribution="coherent", path=PathView(point="X"))
    found = behind_path_peak(along_path, grid.crystal, grid.force_constants, view, top, 4.0)
    assert {mode.q_index for mode in found.modes} == {at}
    assert found.modes[0].energy_mev == pytest.approx(top, abs=2.0)
    assert sum(mode.weight for mode in found.modes) == pytest.approx(1.0)
    np.testing.assert_allclose(found.modes[0].q_rlu, along_path.wave_vectors[at], atol=1e-6)
    # Coherent scattering in this range is of one phonon, and some of several
    assert found.one_phonon_fraction is not None
    assert 0.5 < found.one_phonon_fraction <= 1.0


def test_coherent_intensity_at_a_wave_vector_is_that_of_the_partials(
    grid: ModeGrid, along_path: CrystalPartials
) -> None:
    """One order alone: the lines of the modes are all there is."""
    crystal = grid.crystal
    alone = crystal_harmonic.predict(
        to_force_constants(crystal),
        phonons.sample_zone(grid.force_constants, n_points=2000),
        cell=crystal.uploaded_cell,
        path=_path_of(along_path),
        fine=_path_of(along_path),
        zones=along_path.zones,
        labels=LABELS,
        q=along_path.q,
        energy=along_path.energy,
        temperature=TEMPERATURE,
        n_orders=1,
    )
    view = View(contribution="coherent", path=PathView(point=3))
    found = behind_path_peak(alone, crystal, grid.force_constants, view, 100.0, 199.0)
    assert found.one_phonon_fraction == pytest.approx(1.0, abs=1e-3)


def _path_of(partials: CrystalPartials) -> SampledPath:
    return SampledPath(partials.wave_vectors, partials.distance, partials.labels, partials.ticks)


def test_where_other_wave_vectors_scatter_the_peak_is_not_of_this_one(
    along_path: CrystalPartials, grid: ModeGrid
) -> None:
    view = View(instrument=None, path=PathView(point="X"))
    found = behind_path_peak(along_path, grid.crystal, grid.force_constants, view, 250.0, 10.0)
    assert found.modes == ()
    assert found.summary.code == "mostly_other_wave_vectors"
