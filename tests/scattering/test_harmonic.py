"""Harmonic partials against Euphonic's own powder average and against sum rules that hold whatever the forces."""

import numpy as np
import pytest
from euphonic import Crystal, ForceConstants, ureg
from euphonic.powder import sample_sphere_structure_factor

from scattering.core.constants import RECOIL_MEV_A2_AMU
from scattering.core.partials import Partials
from scattering.core.quantum import detailed_balance
from scattering.simulate import harmonic, phonons
from tests.scattering.crystals import LATTICE, springs

TEMPERATURE = 200.0


@pytest.fixture(scope="module")
def monatomic() -> ForceConstants:
    return springs(LATTICE * (np.ones((3, 3)) - np.eye(3)) / 2, np.zeros((1, 3)), ["Al"], [26.98])


@pytest.fixture(scope="module")
def diatomic() -> ForceConstants:
    cell = LATTICE * (np.ones((3, 3)) - np.eye(3)) / 2
    return springs(cell, np.array([[0.0, 0, 0], [LATTICE / 2, 0, 0]]), ["Li", "H"], [6.94, 1.008])


def one_phonon(fc: ForceConstants, *, q: np.ndarray, energy_step: float = 0.1, n_directions: int = 300) -> Partials:
    zone = phonons.sample_zone(fc)
    energy = np.arange(0, 1.05 * phonons.stability(zone.modes).highest_mev, energy_step)
    return harmonic.predict(
        zone,
        labels=[str(symbol) for symbol in fc.crystal.atom_type],
        q=q,
        energy=energy,
        temperature=TEMPERATURE,
        n_orders=1,
        n_directions=n_directions,
        seed=3,
    ).partials


def first_moment(spectrum: np.ndarray, energy: np.ndarray) -> np.ndarray:
    """∫ ω S dω over both signs of ω, the gain side by detailed balance."""
    return (spectrum * energy * (1 - detailed_balance(energy, TEMPERATURE))).sum(axis=-1) * (energy[1] - energy[0])


def test_first_moment_is_the_recoil_times_the_debye_waller_factor(monatomic: ForceConstants) -> None:
    """Placzek: for a Bravais crystal the one-phonon term has ∫ωS = exp(−q²U) ħ²q²/2M, coherent and incoherent."""
    q = np.arange(0.1, 8, 0.1)
    result = one_phonon(monatomic, q=q)
    displacement = np.trace(harmonic.mean_square_displacements(phonons.sample_zone(monatomic), TEMPERATURE)[0]) / 3
    expected = np.exp(-(q**2) * displacement) * RECOIL_MEV_A2_AMU * q**2 / 26.98
    # Cubic: U is isotropic. 1e-4: the gain side is taken from detailed balance at the bins' centres
    np.testing.assert_allclose(first_moment(result.incoherent[0], result.energy), expected, rtol=1e-4)
    # Coherent: q varies within a bin and 300 directions are few, 2 % above the smallest |q|
    np.testing.assert_allclose(first_moment(result.coherent[0], result.energy)[10:], expected[10:], rtol=2e-2)


def test_incoherent_first_moment_of_each_species(diatomic: ForceConstants) -> None:
    q = np.arange(0.5, 10, 0.5)
    result = one_phonon(diatomic, q=q)
    displacements = harmonic.mean_square_displacements(phonons.sample_zone(diatomic), TEMPERATURE)
    for index, (atom, mass) in enumerate([(1, 1.008), (0, 6.94)]):  # species sorted: H, Li
        isotropic = np.trace(displacements[atom]) / 3
        expected = 0.5 * np.exp(-(q**2) * isotropic) * RECOIL_MEV_A2_AMU * q**2 / mass
        # The gain side is taken from detailed balance at the bins' centres
        np.testing.assert_allclose(first_moment(result.incoherent[index], result.energy), expected, rtol=1e-4)


def test_mean_square_displacements_are_euphonics(diatomic: ForceConstants) -> None:
    zone = phonons.sample_zone(diatomic, n_points=2000)
    exponent = zone.modes.calculate_debye_waller(
        TEMPERATURE * ureg("K"), frequency_min=phonons.MIN_PHONON_MEV * ureg("meV"), symmetrise=True
    )
    # The same sum over the same modes: rounding
    np.testing.assert_allclose(
        harmonic.mean_square_displacements(zone, TEMPERATURE),
        2 * exponent.debye_waller.to("angstrom**2").magnitude,
        rtol=1e-9,
        atol=1e-12,
    )


def test_symmetry_of_graphite_is_known() -> None:
    cell = np.array([[2.46, 0, 0], [-1.23, 1.23 * np.sqrt(3), 0], [0, 0, 6.7]])
    fractional = np.array([[0, 0, 0.25], [0, 0, 0.75], [1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]])
    crystal = Crystal(cell * ureg("angstrom"), fractional, np.array(["C"] * 4), np.full(4, 12.011) * ureg("amu"))
    found = phonons.symmetry(crystal)
    assert len(found.rotations) == 24  # P6_3/mmc
    first, site = found.sites
    assert len(first) == 2
    np.testing.assert_array_equal(site, [0, 0, 1, 1])
    squares = found.rotations @ found.rotations.transpose(0, 2, 1)
    np.testing.assert_allclose(squares, np.broadcast_to(np.eye(3), squares.shape), atol=1e-12)
    positions = fractional @ cell
    for rotation, images in zip(found.rotations, found.images, strict=True):
        # An operation keeps the vectors between atoms, up to lattice vectors
        apart = (positions[1:] - positions[0]) @ rotation.T - (positions[images[1:]] - positions[images[0]])
        steps = apart @ np.linalg.inv(cell)
        np.testing.assert_allclose(steps, np.rint(steps), atol=1e-9)


def test_higher_orders_count_as_coherent_too_and_sites_add_up_to_their_element(diatomic: ForceConstants) -> None:
    zone = phonons.sample_zone(diatomic, n_points=500)
    q, energy = np.arange(0.5, 10, 0.5), np.arange(0, 200, 0.5)
    symbols = [str(symbol) for symbol in diatomic.crystal.atom_type]
    given = {"q": q, "energy": energy, "temperature": TEMPERATURE, "n_directions": 20}
    full = harmonic.predict(zone, labels=symbols, n_orders=4, **given).partials
    single = harmonic.predict(zone, labels=symbols, n_orders=1, **given).partials
    assert full.orders is not None
    np.testing.assert_allclose(full.orders.sum(axis=0), full.incoherent, rtol=1e-6)
    for pair, (one, other) in enumerate(full.pairs):
        expected = single.coherent[pair].copy()
        if one == other:
            expected += full.orders[1:, full.species.index(one)].sum(axis=0)
        np.testing.assert_allclose(full.coherent[pair], expected, rtol=1e-5, atol=1e-9)
    # One element told apart as if it were two sites: the sum is the same crystal
    sites = harmonic.predict(zone, labels=["H1", "H2"], n_orders=4, **given).partials
    np.testing.assert_allclose(sites.incoherent.sum(axis=0), full.incoherent.sum(axis=0), rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(sites.coherent.sum(axis=0), full.coherent.sum(axis=0), rtol=1e-4, atol=1e-8)


def test_powder_average_is_euphonics(diatomic: ForceConstants) -> None:
    q = np.arange(0.2, 6, 0.2)
    result = one_phonon(diatomic, q=q, energy_step=1.0, n_directions=4000)
    zone = phonons.sample_zone(diatomic)
    dw = zone.modes.calculate_debye_waller(TEMPERATURE * ureg("K"), frequency_min=0.2 * ureg("meV"))
    lengths = {"H": -3.74 * ureg("fm"), "Li": -1.9 * ureg("fm")}
    weights = np.array([3.74**2, 3.74 * 1.9, 1.9**2])
    edges = np.append(result.energy - 0.5, result.energy[-1] + 0.5) * ureg("meV")
    for shell in (9, 17, 27):
        # Our bins average over |q| too; so do the radii here
        radii = q[shell] + 0.2 * (np.arange(40) + 0.5) / 40 - 0.1
        theirs = np.mean(
            [
                sample_sphere_structure_factor(
                    diatomic,
                    radius * ureg("1/angstrom"),
                    dw=dw,
                    temperature=TEMPERATURE * ureg("K"),
                    scattering_lengths=lengths,
                    npts=300,
                    jitter=False,
                    asr="reciprocal",
                    energy_bins=edges,
                )
                .y_data.to("millibarn/meV")
                .magnitude
                for radius in radii
            ],
            axis=0,
        )
        ours = 10 * np.tensordot(weights, result.coherent[:, shell], axes=1)
        # Sampling noise of both: 3 % of the area, wherever the energy axis is cut
        assert ours.sum() == pytest.approx(theirs.sum(), rel=0.03)
        assert np.abs(np.cumsum(ours - theirs)).max() < 0.03 * theirs.sum()


def test_folding_a_vector_keeps_it_within_the_grids_spacing(diatomic: ForceConstants) -> None:
    zone = phonons.sample_zone(diatomic, n_points=500)
    vectors = np.random.default_rng(0).normal(size=(500, 3)) * 4
    index, folded = zone.fold(vectors)
    assert index.min() >= 0
    assert index.max() < zone.modes.n_qpts
    reciprocal = 2 * np.pi * np.linalg.inv(zone.modes.crystal.cell_vectors.to("angstrom").magnitude).T
    diagonal = np.linalg.norm(reciprocal, axis=1).sum() / min(zone.divisions)
    nearest = np.minimum(np.linalg.norm(folded - vectors, axis=1), np.linalg.norm(folded + vectors, axis=1))
    assert nearest.max() < diagonal / 2
    # and it is the k-point it claims to be, up to a reciprocal lattice vector
    difference = folded @ np.linalg.inv(reciprocal) - zone.modes.qpts[index]
    np.testing.assert_allclose(difference, np.round(difference), atol=1e-9)


def test_phonons_do_not_depend_on_how_the_supercell_names_its_cells(diatomic: ForceConstants) -> None:
    cell = diatomic.crystal.cell_vectors.to("angstrom").magnitude
    frequencies = diatomic.calculate_qpoint_phonon_modes(np.array([[0.5, 0.5, 0.0]])).frequencies
    conventional = LATTICE * np.eye(3)
    assert np.linalg.det(conventional) == pytest.approx(4 * np.linalg.det(cell))
    # NaCl structure, zone-boundary X: neither species moves with the other, energies are real and positive
    assert (frequencies.to("meV").magnitude > 1).all()


def test_an_unstable_crystal_is_reported() -> None:
    cell = LATTICE * (np.ones((3, 3)) - np.eye(3)) / 2
    stable = springs(cell, np.zeros((1, 3)), ["Al"], [26.98])
    unstable = ForceConstants(stable.crystal, -stable.force_constants, stable.sc_matrix, stable.cell_origins)
    found = phonons.stability(phonons.sample_zone(unstable, n_points=500).modes)
    assert found.lowest_mev < -1
    assert found.imaginary_fraction == pytest.approx(1.0)
    assert phonons.stability(phonons.sample_zone(stable, n_points=500).modes).imaginary_fraction == 0
