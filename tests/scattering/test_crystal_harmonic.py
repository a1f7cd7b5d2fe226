"""A harmonic single crystal against Euphonic's structure factors, and against a sum rule of Bravais crystals."""

import numpy as np
import pytest
from euphonic import ForceConstants, ureg
from numpy.typing import NDArray

from scattering.core.constants import BARN_PER_FM2, RECOIL_MEV_A2_AMU
from scattering.core.quantum import detailed_balance
from scattering.crystal import harmonic as crystal_harmonic
from scattering.crystal.observe import observe_path
from scattering.crystal.partials import CrystalPartials
from scattering.crystal.path import brillouin_zone, reciprocal, sample, segments
from scattering.observe.view import EnergyGrid, PathView, View
from scattering.observe.weights import scatterer
from scattering.simulate import harmonic, phonons
from tests.scattering.crystals import LATTICE, springs

TEMPERATURE = 200.0
ZONES = np.array([[0, 0, 0], [0, 1, 1], [2, 0, -1], [1, 3, 2]])


def predict(
    fc: ForceConstants, *, energy_step: float, zones: NDArray[np.int64] = ZONES, n_orders: int = 1
) -> CrystalPartials:
    crystal = fc.crystal
    cell = crystal.cell_vectors.to("angstrom").magnitude
    zone = phonons.sample_zone(fc, n_points=4000)
    _, numbers = np.unique(crystal.atom_type, return_inverse=True)
    symmetry = brillouin_zone(cell=cell, positions=crystal.atom_r @ cell, numbers=numbers + 1)
    path = segments(symmetry, symmetry.path[:2])
    return crystal_harmonic.predict(
        fc,
        zone,
        cell=cell,
        path=sample(path, cell, spacing=0.3),
        fine=sample(path, cell, spacing=0.1),
        zones=zones,
        labels=[str(symbol) for symbol in crystal.atom_type],
        q=0.1 * np.arange(1, 150),
        energy=np.arange(0, 1.2 * phonons.stability(zone.modes).highest_mev, energy_step),
        temperature=TEMPERATURE,
        n_orders=n_orders,
    )


@pytest.fixture(scope="module")
def monatomic() -> ForceConstants:
    return springs(LATTICE * (np.ones((3, 3)) - np.eye(3)) / 2, np.zeros((1, 3)), ["Al"], [26.98])


@pytest.fixture(scope="module")
def tetragonal() -> ForceConstants:
    """Two atoms in a tetragonal cell: displacements differ along its axis and across."""
    cell = np.diag([LATTICE, LATTICE, 0.8 * LATTICE])
    return springs(cell, np.array([[0.0, 0, 0], [LATTICE / 2, LATTICE / 2, 0.3 * LATTICE]]), ["O", "Ti"], [16.0, 47.87])


def test_every_zone_scatters_as_euphonic_says(tetragonal: ForceConstants) -> None:
    partials = predict(tetragonal, energy_step=1.0)
    cell = tetragonal.crystal.cell_vectors.to("angstrom").magnitude
    reduced = (partials.vectors @ np.linalg.inv(reciprocal(cell))).reshape(-1, 3)
    modes = tetragonal.calculate_qpoint_phonon_modes(reduced, asr="reciprocal", insert_gamma=False, reduce_qpts=False)
    exponent = phonons.sample_zone(tetragonal, n_points=4000).modes.calculate_debye_waller(
        TEMPERATURE * ureg("K"), frequency_min=phonons.MIN_PHONON_MEV * ureg("meV"), symmetrise=True
    )
    anisotropy = partials.displacements[:, 2, 2] / partials.displacements[:, 0, 0]
    assert np.abs(anisotropy - 1).max() > 0.05
    lengths = {"O": 5.8, "Ti": -3.37}
    factors = modes.calculate_structure_factor(
        scattering_lengths={species: b * ureg("fm") for species, b in lengths.items()}, dw=exponent
    )
    edges = np.append(partials.energy - 0.5, partials.energy[-1] + 0.5) * ureg("meV")
    theirs = factors.calculate_sqw_map(edges, calc_bose=True, temperature=TEMPERATURE * ureg("K"))
    expected = theirs.z_data.to("millibarn/meV").magnitude.reshape(len(ZONES), len(partials.distance), -1)
    b = lengths["O"], lengths["Ti"]
    ours = np.tensordot([b[0] ** 2, b[0] * b[1], b[1] ** 2], partials.coherent, axes=1) / BARN_PER_FM2 * 1e-1
    # Γ has acoustic modes at 0, in which both have no meaning
    somewhere = np.linalg.norm(partials.wave_vectors, axis=1) > 0
    assert somewhere.sum() >= 4
    # Our arrays are of single precision; Debye–Waller exponents are symmetrised in a different order
    np.testing.assert_allclose(
        ours[:, somewhere], expected[:, somewhere], rtol=2e-5, atol=1e-6 * expected[:, somewhere].max()
    )


def test_a_bravais_crystal_scatters_alike_in_all_zones_once_debye_waller_and_q_are_divided_out(
    monatomic: ForceConstants,
) -> None:
    """Σ_ν (q̂·e_ν)² = 1, so that ∫ω S/(n + 1) dω · exp(2W)/q² = b² ħ²/2M, whatever the zone and the wave vector."""
    partials = predict(monatomic, energy_step=0.02)
    grid = EnergyGrid(0.0, float(partials.energy[-1]), 0.05)
    expected = BARN_PER_FM2 * abs(scatterer("Al").coherent_length) ** 2 * RECOIL_MEV_A2_AMU / 26.98
    for point in range(1, len(partials.distance)):
        if not partials.wave_vectors[point].any():
            continue
        seen = observe_path(partials, View(contribution="coherent", energy_mev=grid), PathView(point=point))
        assert seen.cut is not None
        # 1 / (n + 1) = 1 − exp(−βħω)
        weight = grid.centres * (1 - detailed_balance(grid.centres, TEMPERATURE)) * grid.step
        # Each mode's energy is rounded to a bin of 0.02 meV and then of 0.05 meV: 0.5 % of the softest mode's
        np.testing.assert_allclose(seen.cut.per_zone @ weight, expected, rtol=5e-3)


def test_without_the_division_far_zones_are_dimmed_by_their_debye_waller_factor(monatomic: ForceConstants) -> None:
    partials = predict(monatomic, energy_step=0.02)
    view = View(contribution="coherent")
    point = len(partials.distance) // 3
    divided, raw = (
        observe_path(partials, view, PathView(point=point, divide_debye_waller=divide)).cut for divide in (True, False)
    )
    assert divided is not None
    assert raw is not None
    displacement = np.trace(partials.displacements[0]) / 3  # cubic
    ratio = raw.per_zone.sum(axis=1) / divided.per_zone.sum(axis=1)
    np.testing.assert_allclose(ratio, np.exp(-(raw.q**2) * displacement), rtol=1e-4)
    assert ratio.min() < 0.9


def test_dispersion_is_that_of_the_modes(tetragonal: ForceConstants) -> None:
    partials = predict(tetragonal, energy_step=0.1, zones=ZONES[1:])
    for k, distance in enumerate(partials.distance):
        fine = int(np.argmin(np.abs(partials.dispersion_distance - distance)))
        if abs(partials.dispersion_distance[fine] - distance) > 1e-9:
            continue
        lit = partials.energy[(partials.coherent[:, :, k] ** 2).sum(axis=(0, 1)) > 0]
        # Every bin that is lit holds a mode
        assert np.abs(lit[:, None] - partials.dispersion[fine]).min(axis=1).max() <= 0.05 + 1e-6


def test_higher_orders_are_added_to_like_pairs_only(tetragonal: ForceConstants) -> None:
    one, two = (predict(tetragonal, energy_step=0.5, n_orders=orders) for orders in (1, 2))
    more = two.coherent - one.coherent
    assert (np.abs(more[1]) < 1e-9).all()  # O-Ti
    lengths = np.linalg.norm(two.vectors, axis=-1)
    for pair, species in ((0, 0), (2, 1)):
        # The same self part as the incoherent one's
        expected = crystal_harmonic.interpolate(two.incoherent[species] - one.incoherent[species], two.q, lengths)
        np.testing.assert_allclose(more[pair], expected, atol=1e-6 * float(two.coherent.max()))


def test_the_self_part_counts_each_of_several_like_atoms_as_that_of_a_powder_does() -> None:
    # Diamond: both atoms are on one site. The self part knows no directions but those of its average.
    cell = LATTICE * (np.ones((3, 3)) - np.eye(3)) / 2
    diamond = springs(cell, np.array([[0.0, 0, 0], [LATTICE / 4] * 3]), ["C", "C"], [12.011] * 2)
    crystal = predict(diamond, energy_step=1.0, n_orders=2)
    powder = harmonic.predict(
        phonons.sample_zone(diamond, n_points=4000),
        labels=["C", "C"],
        q=crystal.q,
        energy=crystal.energy,
        temperature=TEMPERATURE,
        n_orders=2,
        seed=1,
    ).partials
    areas = [partials.incoherent[0].sum(axis=1) for partials in (crystal, powder)]
    np.testing.assert_allclose(*areas, rtol=0.01)


def test_interpolation_in_q_is_exact_for_one_phonon_without_debye_waller_factor() -> None:
    q = 0.4 * np.arange(1, 20)
    values = (q**2)[:, None] * np.array([1.0, 2.0])
    lengths = np.array([[0.0, 0.1], [1.0, 3.3], [7.6, 9.0]])
    found = crystal_harmonic.interpolate(values.astype(np.float32), q, lengths)
    np.testing.assert_allclose(found, (lengths**2)[..., None] * [1.0, 2.0], rtol=1e-6)
