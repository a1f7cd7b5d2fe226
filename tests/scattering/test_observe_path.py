"""What is seen along a path, on partials whose observation has a closed form."""

import dataclasses

import numpy as np
import pytest

from scattering import instruments
from scattering.core.constants import BARN_PER_FM2, BOLTZMANN_MEV_PER_K, NEUTRON_ENERGY_MEV_A2
from scattering.core.errors import InvalidView
from scattering.core.quantum import detailed_balance
from scattering.crystal.observe import observe_path
from scattering.crystal.partials import CrystalPartials
from scattering.crystal.view import PathSpectrum
from scattering.instruments import kinematics
from scattering.observe.form_factors import form_factors
from scattering.observe.view import EnergyGrid, PathView, View
from scattering.observe.weights import scatterer

A = 4.0
ZONES = np.array([[0, 0, 0], [0, 0, 2], [1, 1, 3], [4, 0, 2], [6, 2, 2]])
TEMPERATURE = 250.0
ARCS = {"e_init": 60.0}


@pytest.fixture
def partials() -> CrystalPartials:
    """One-phonon-like scattering of two species with displacements of different shape: q² exp(−2W), zone number + 1."""
    rng = np.random.default_rng(3)
    energy = np.arange(0, 50, 0.25)
    wave_vectors = np.linspace([0, 0, 0], [0, 0.5, 0], 6)
    tensors = np.array([np.diag([0.004, 0.006, 0.01]), [[0.012, 0.002, 0], [0.002, 0.008, 0], [0, 0, 0.02]]])
    blank = CrystalPartials(
        cell=A * np.eye(3),
        wave_vectors=wave_vectors,
        distance=np.linalg.norm(wave_vectors, axis=1) * 2 * np.pi / A,
        labels=("Γ", "", "", "", "", "X"),
        ticks=((0.0, "Γ"), (np.pi / A, "X")),
        zones=ZONES,
        energy=energy,
        species=("Cu", "O"),
        concentration=np.array([0.5, 0.5]),
        coherent=np.zeros((3, len(ZONES), 6, len(energy)), dtype=np.float32),
        q=0.5 * np.arange(1, 40),
        incoherent=np.zeros((2, 39, len(energy)), dtype=np.float32),
        displacements=tensors,
        dispersion_distance=np.linspace(0, np.pi / A, 30),
        dispersion=np.linspace([0, 0], [10, 20], 30),
        temperature=TEMPERATURE,
        statistics="quantum",
    )
    vectors = blank.vectors
    along = np.einsum("zka,sab,zkb->szk", vectors, tensors, vectors)
    exponents = np.array([along[0], along.mean(axis=0), along[1]])
    shape = rng.random(len(energy)) * np.exp(-((energy - 20) ** 2) / 50)
    strength = (vectors**2).sum(axis=-1) * np.arange(1, len(ZONES) + 1)[:, None]
    coherent = (np.exp(-exponents) * strength)[..., None] * shape
    return dataclasses.replace(blank, coherent=coherent.astype(np.float32))


def codes(spectrum: PathSpectrum) -> set[str]:
    return {one.code for one in spectrum.notices}


def shape_of(partials: CrystalPartials) -> np.ndarray:
    """The energy spectrum that all of them share, from the last zone at X."""
    vectors = partials.vectors[-1, -1]
    exponent = vectors @ partials.displacements[0] @ vectors
    return partials.coherent[0, -1, -1].astype(float) * np.exp(exponent) / (vectors @ vectors) / len(partials.zones)


def test_debye_waller_factors_and_q_squared_are_divided_out_per_zone_and_pair(partials: CrystalPartials) -> None:
    grid = EnergyGrid(0.0, float(partials.energy[-1]), float(partials.energy_widths[0]))
    seen = observe_path(partials, View(energy_mev=grid), PathView(point="X"))
    b = [scatterer(species).coherent_length.real for species in partials.species]
    weight = BARN_PER_FM2 * (b[0] ** 2 + b[0] * b[1] + b[1] ** 2)
    numbers = np.arange(1, len(ZONES) + 1)
    assert seen.cut is not None
    # In single precision; no resolution at all is one of 1e-6 of a bin, which brings as much of the neighbours
    expected = weight * np.outer(numbers, shape_of(partials))
    order = np.argsort(np.linalg.norm(partials.vectors[:, -1], axis=-1), kind="stable")
    np.testing.assert_allclose(seen.cut.per_zone, expected[order], rtol=2e-5, atol=1e-6 * expected.max())
    np.testing.assert_array_equal(seen.cut.zones, ZONES[order])
    mean = weight * numbers.mean() * shape_of(partials)
    np.testing.assert_allclose(seen.cut.intensity, mean, rtol=2e-5, atol=1e-6 * mean.max())
    # At Γ the first zone is the forward direction, which nothing sees
    assert (seen.map.n_zones[0] == len(ZONES) - 1).all()
    assert (seen.map.n_zones[1:] == len(ZONES)).all()
    assert seen.unit.startswith("Å²")
    raw = observe_path(
        partials, View(energy_mev=grid), PathView(divide_debye_waller=False, divide_q_squared=False, zone=2, point="X")
    )
    assert raw.cut is not None
    by_hand = BARN_PER_FM2 * np.tensordot([b[0] ** 2, b[0] * b[1], b[1] ** 2], partials.coherent[:, 2, -1], axes=1)
    np.testing.assert_allclose(raw.cut.intensity, by_hand, rtol=2e-5, atol=1e-6 * by_hand.max())
    assert not raw.unit.startswith("Å²")


def test_only_zones_within_the_window_count(partials: CrystalPartials) -> None:
    """Against the angle of scattering at each energy, and against `kinematics.window`."""
    seen = observe_path(partials, View(instrument="ARCS", settings=ARCS), PathView(point="X"))
    cut, arcs = seen.cut, instruments.get("ARCS")
    assert cut is not None
    e_f = ARCS["e_init"] - cut.energy
    cosine = (ARCS["e_init"] + e_f - NEUTRON_ENERGY_MEV_A2 * cut.q[:, None] ** 2) / (2 * np.sqrt(ARCS["e_init"] * e_f))
    low, high = np.cos(np.radians(arcs.two_theta(arcs.validate(ARCS))))
    np.testing.assert_array_equal(np.isfinite(cut.per_zone), (cosine <= low) & (cosine >= high))
    window = kinematics.window(arcs, ARCS, cut.energy)
    for q, reached, values in zip(cut.q, cut.reached, cut.per_zone, strict=True):
        within = cut.energy[(q >= window.q_min) & (q <= window.q_max)]
        if len(within):
            np.testing.assert_allclose(reached, [within.min(), within.max()])
        else:
            assert np.isnan(reached).all()
            assert np.isnan(values).all()
    # Some are reached, some are not, and some only up to an energy
    spans = cut.reached[:, 1]
    assert np.isnan(spans).any()
    assert len(np.unique(spans[np.isfinite(spans)])) > 1
    # The average is over those that are reached at each energy, and NaN where none is
    reached = np.isfinite(cut.per_zone).any(axis=0)
    np.testing.assert_allclose(cut.intensity[reached], np.nanmean(cut.per_zone[:, reached], axis=0), rtol=1e-5)
    assert np.isnan(cut.intensity[~reached]).all()
    assert np.isnan(seen.map.intensity[seen.map.n_zones == 0]).all()
    assert np.isfinite(seen.map.intensity[seen.map.n_zones > 0]).all()


def test_resolution_conserves_the_area(partials: CrystalPartials) -> None:
    grid = EnergyGrid(-70.0, 70.0, 0.25)
    areas = []
    for fwhm in (0.0, 4.0):
        view = View(contribution="coherent", energy_mev=grid, fwhm_mev=fwhm)
        cut = observe_path(partials, view, PathView(point="X")).cut
        assert cut is not None
        areas.append(cut.per_zone.sum(axis=1) * grid.step)
    # Single precision, a thousand terms
    np.testing.assert_allclose(areas[0], areas[1], rtol=1e-5)
    assert areas[0].min() > 0


def test_the_gain_side_obeys_detailed_balance(partials: CrystalPartials) -> None:
    grid = EnergyGrid(-40.0, 40.0, 0.25)
    classical = dataclasses.replace(partials, statistics="classical")
    for view, one in (
        (View(energy_mev=grid), partials),
        (View(energy_mev=grid, quantum_correction="harmonic"), classical),
    ):
        cut = observe_path(one, view, PathView(point="X")).cut
        assert cut is not None
        loss, gain = cut.intensity[grid.centres > 0], cut.intensity[grid.centres < 0][::-1]
        np.testing.assert_allclose(
            gain, loss * detailed_balance(grid.centres[grid.centres > 0], TEMPERATURE), rtol=1e-4
        )


def test_quantum_correction_is_applied_to_classical_partials_alone(partials: CrystalPartials) -> None:
    classical = dataclasses.replace(partials, statistics="classical")
    grid = EnergyGrid(0.0, 49.0, 0.25)
    quantum = observe_path(partials, View(energy_mev=grid), PathView(point="X")).cut
    for name in ("none", "harmonic"):
        cut = observe_path(classical, View(energy_mev=grid, quantum_correction=name), PathView(point="X")).cut
        assert cut is not None
        assert quantum is not None
        x = grid.centres / (BOLTZMANN_MEV_PER_K * TEMPERATURE)
        with np.errstate(invalid="ignore"):
            factor = np.where(x > 0, x / (1 - np.exp(-x)), 1.0) if name == "harmonic" else np.ones_like(x)
        np.testing.assert_allclose(cut.intensity, quantum.intensity * factor, rtol=1e-5, atol=1e-9)


def test_an_error_is_the_scatter_of_what_each_run_gives(partials: CrystalPartials) -> None:
    scales = np.array([0.8, 1.0, 1.2], dtype=np.float32)
    runs = dataclasses.replace(
        partials,
        coherent_runs=scales[:, None, None, None, None] * partials.coherent,
        incoherent_runs=np.zeros((3, *partials.incoherent.shape), dtype=np.float32),
    )
    view = View(instrument="ARCS", settings=ARCS)
    cut = observe_path(runs, view, PathView(point="X", times_energy_squared=True)).cut
    assert cut is not None
    assert cut.error is not None
    # The runs' standard deviation is 20 % of the mean, and there are three
    np.testing.assert_allclose(cut.error, cut.intensity * 0.2 / np.sqrt(3), rtol=1e-4)
    plain = observe_path(partials, view, PathView(point="X")).cut
    assert plain is not None
    assert plain.error is None
    np.testing.assert_allclose(cut.intensity, plain.intensity * plain.energy**2, rtol=1e-5)


def test_the_self_part_is_taken_at_each_zones_length(partials: CrystalPartials) -> None:
    line = np.zeros(len(partials.energy))
    line[80] = 1.0  # 20 meV
    isotropic = np.trace(partials.displacements, axis1=1, axis2=2) / 3
    # One phonon of an isotropic oscillator: q² exp(−q²U)
    selves = (partials.q**2 * np.exp(-np.outer(isotropic, partials.q**2)))[..., None] * line
    sample = dataclasses.replace(partials, incoherent=selves.astype(np.float32))
    grid = EnergyGrid(0.0, 40.0, 0.25)
    cut = observe_path(sample, View(contribution="incoherent", energy_mev=grid), PathView(point="X")).cut
    assert cut is not None
    expected = sum(scatterer(species).incoherent_cross_section for species in partials.species) / (4 * np.pi)
    # S/q² is interpolated linearly over 0.5 Å⁻¹: a convex exponential is up to U Δq²/4 too large, 0.1 %, and at the
    # longest |q| that times 2q²U
    np.testing.assert_allclose(cut.per_zone[:, 80], expected, rtol=2e-2)


def test_x_rays_see_the_electrons(partials: CrystalPartials) -> None:
    grid = EnergyGrid(0.0, float(partials.energy[-1]), 0.25)
    cut = observe_path(partials, View(probe="x-ray", energy_mev=grid), PathView(point="X")).cut
    assert cut is not None
    f = form_factors(partials.species, cut.q, "x-ray")
    numbers = 1 + np.argsort(np.linalg.norm(partials.vectors[:, -1], axis=-1), kind="stable")
    weight = f[0] ** 2 + f[0] * f[1] + f[1] ** 2
    expected = np.outer(weight * numbers, shape_of(partials))
    np.testing.assert_allclose(cut.per_zone, expected, rtol=1e-4, atol=1e-6 * expected.max())


def test_energies_can_be_scaled(partials: CrystalPartials) -> None:
    scaled = observe_path(partials, View(energy_scale=1.2, energy_mev=EnergyGrid(0, 70, 0.3)), PathView(point="X"))
    plain = observe_path(partials, View(energy_mev=EnergyGrid(0, 58.25, 0.25)), PathView(point="X"))
    np.testing.assert_allclose(scaled.map.dispersion, 1.2 * plain.map.dispersion)
    assert scaled.cut is not None
    assert plain.cut is not None
    n = min(len(scaled.cut.energy), len(plain.cut.energy))
    np.testing.assert_allclose(1.2 * scaled.cut.intensity[:n], plain.cut.intensity[:n], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("view", "path", "location"),
    [
        (View(), PathView(zone=5), "path.zone"),
        (View(), PathView(zone=-1), "path.zone"),
        (View(), PathView(point="K"), "path.point"),
        (View(), PathView(point=6), "path.point"),
        (View(elastic=True), PathView(), "elastic"),
        (View(order=1), PathView(), "order"),
        (View(energy_scale=3.0), PathView(), "energy_scale"),
    ],
)
def test_views_that_cannot_be_are_refused_where_they_are_wrong(
    partials: CrystalPartials, view: View, path: PathView, location: str
) -> None:
    with pytest.raises(InvalidView) as refusal:
        observe_path(partials, view, path)
    assert refusal.value.errors[0]["loc"] == location


def test_the_zone_centre_has_several_names_and_ranges_of_q_choose_zones(partials: CrystalPartials) -> None:
    for name in ("Γ", "G", "gamma"):
        cut = observe_path(partials, View(), PathView(point=name)).cut
        assert cut is not None
        assert cut.label == "Γ"
    near = observe_path(partials, View(q_range=(0.5, 4.0)), PathView(point="X")).cut
    assert near is not None
    np.testing.assert_array_equal(np.isfinite(near.per_zone).all(axis=1), near.q <= 4.0)
    assert np.isfinite(near.per_zone).any()


def test_warnings_say_what_to_know(partials: CrystalPartials) -> None:
    tosca = observe_path(partials, View(instrument="TOSCA"))
    assert "zones_along_lines" in codes(tosca)
    blurred = dataclasses.replace(partials, displacements=partials.displacements * 10)
    assert codes(observe_path(blurred, View())) == {"debye_waller_divided"}
    assert not observe_path(blurred, View(), PathView(divide_debye_waller=False)).notices
    slow = observe_path(partials, View(instrument="ARCS", settings={"e_init": 40.0}), PathView(zone=4))
    assert "no_zone_in_window" in codes(slow)
    coarse = dataclasses.replace(partials, statistics="classical", metadata={"energy_resolution_mev": 20.0})
    found = {one.code: one.params for one in observe_path(coarse, View(instrument="ARCS")).notices}
    assert found["simulation_coarser_than_resolution"]["simulated_fwhm_mev"] == 20.0
