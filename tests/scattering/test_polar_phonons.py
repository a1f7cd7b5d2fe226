"""LO modes of polar crystals: special points, dispersion, single crystals, powders, modes behind peaks, isotopes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from euphonic import ureg

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.crystal import harmonic as crystal_harmonic
from scattering.crystal.path import approach_directions, brillouin_zone, sample, segments
from scattering.modes.bands import calculate_bands, disperse_along
from scattering.modes.dispersion import disperse
from scattering.modes.grid import sample_grid
from scattering.modes.path import behind_path_peak
from scattering.modes.powder import behind_powder_peak
from scattering.modes.special_points import summarise_phonons
from scattering.observe.view import PathView, View
from scattering.simulate import harmonic, phonons
from scattering.simulate.force_constants import to_force_constants
from tests.phonons.crystals import nacl, nacl_euphonic, nacl_q2r

LO, TO, LABELS = 32.40, 20.88, ("Na", "Cl")
TEMPERATURE = 10.0


def without(crystal: HarmonicCrystal) -> HarmonicCrystal:
    return replace(crystal, dipoles=None)


def test_special_points_with_and_without_born_charges() -> None:
    with_charges, none = summarise_phonons(nacl()), summarise_phonons(without(nacl()))
    expected = {
        "Γ": [0, 0, 0, 20.88, 20.88, 20.88],
        "X": [10.177, 10.177, 16.854, 21.829, 21.829, 23.067],
        "L": [14.389, 14.389, 17.099, 17.099, 21.139, 26.935],
    }
    for found in (with_charges, none):
        for point, energies in expected.items():
            assert found.special_phonons_mev[point] == pytest.approx(energies, abs=3e-3)
        assert found.imaginary_fraction == 0
    assert set(with_charges.gamma_lo_mev) == {"[1,0,0]", "[0,1,0]", "[0,0,1]"}
    assert list(with_charges.gamma_lo_mev.values()) == pytest.approx([LO] * 3, abs=2e-3)
    assert list(none.gamma_lo_mev.values()) == pytest.approx([TO] * 3, abs=2e-3)
    assert with_charges.highest_energy_mev == pytest.approx(32.40, abs=0.01)
    assert none.highest_energy_mev == pytest.approx(27.05, abs=0.2)


def test_special_points_of_quantum_espresso() -> None:
    found = summarise_phonons(nacl_q2r())
    assert found.gamma_lo_mev["[1,0,0]"] == pytest.approx(30.54, abs=0.01)
    assert found.highest_energy_mev == pytest.approx(30.53, abs=0.02)


def test_the_dispersion_splits_at_gamma() -> None:
    lines = disperse(sample_grid(nacl(), (2, 2, 2)))
    at_gamma = np.flatnonzero(np.abs(lines.q_rlu).max(axis=1) < 1e-9)
    # Γ–X–U|K–Γ–L: the path begins at Γ, and turns there once
    assert len(at_gamma) == 3
    assert lines.distance[at_gamma[1]] == lines.distance[at_gamma[2]]
    np.testing.assert_allclose(lines.energies[at_gamma, -1], LO, atol=2e-3)
    np.testing.assert_allclose(lines.energies[at_gamma, -2], TO, atol=2e-3)
    steps = np.abs(np.diff(lines.energies[:, -1]))[np.diff(lines.distance) > 0]
    assert steps.max() < 0.7
    plain = disperse(sample_grid(without(nacl()), (2, 2, 2)))
    # The same path, so that one can be drawn over the other
    np.testing.assert_array_equal(plain.q_rlu, lines.q_rlu)
    np.testing.assert_allclose(plain.energies[at_gamma, -1], TO, atol=2e-3)


def test_directions_follow_the_lines_of_a_path() -> None:
    crystal = nacl()
    zone = brillouin_zone(cell=crystal.cell, positions=crystal.positions, numbers=np.array([11, 17]))
    lines = segments(zone, (("X", "Γ"), ("Γ", "L"), ("X", "Γ")))
    path = sample(lines, crystal.cell, spacing=0.4, split_gamma=True)
    directions = approach_directions(path.wave_vectors, path.distance, crystal.cell)
    gammas = np.flatnonzero(np.abs(path.wave_vectors).max(axis=1) < 1e-9)
    assert [path.labels[one] for one in gammas] == ["Γ"] * 3
    for index, line in zip(gammas, lines, strict=True):
        np.testing.assert_allclose(
            np.cross(directions[index], line.end - line.start), 0, atol=1e-9, err_msg=str(line.labels)
        )
        assert np.abs(directions[index]).max() > 0.01
    # A path straight through Γ has it once
    back = segments(zone, (("X", "Γ"), ("Γ", "X")))
    straight = sample((back[0], replace(back[1], end=-back[0].start)), crystal.cell, spacing=0.4, split_gamma=True)
    assert (np.abs(straight.wave_vectors).max(axis=1) < 1e-9).sum() == 1


def test_a_single_crystal_scatters_from_the_lo_mode() -> None:
    crystal = nacl()
    fc = to_force_constants(crystal)
    zone = brillouin_zone(cell=crystal.cell, positions=crystal.positions, numbers=np.array([11, 17]))
    path = sample(segments(zone, (("X", "Γ"), ("Γ", "L"))), crystal.cell, spacing=0.2, split_gamma=True)
    energy = np.linspace(0, 60, 601)
    partials = crystal_harmonic.predict(
        fc,
        phonons.sample_zone(fc, n_points=4000),
        cell=crystal.cell,
        path=path,
        fine=path,
        # G = (1 1 1) r.l.u. of the primitive cell: along the line from X to Γ, an odd reflection of rock salt
        zones=np.array([[1, 1, 1], [2, 2, 2]]),
        labels=LABELS,
        q=np.linspace(0.1, 12, 120),
        energy=energy,
        temperature=TEMPERATURE,
        n_orders=1,
    )
    gammas = np.flatnonzero(np.abs(path.wave_vectors).max(axis=1) < 1e-9)
    assert partials.dispersion[gammas, -1] == pytest.approx([LO, LO], abs=2e-3)
    lo = np.argmin(np.abs(energy - LO))
    assert partials.coherent[0, :, gammas][..., lo].max() > 0
    assert partials.coherent[0, :, gammas][..., lo + 5 :].max() == 0
    # The modes at Γ that are shown are those of the line
    for at in gammas:
        seen = behind_path_peak(
            partials, crystal, fc, View(contribution="coherent", path=PathView(point=int(at))), LO, 1.0
        )
        assert [mode.energy_mev for mode in seen.modes] == pytest.approx([LO], abs=2e-3)


@pytest.fixture(scope="module")
def powders() -> list[harmonic.Prediction]:
    return [
        harmonic.predict(
            phonons.sample_zone(to_force_constants(crystal), n_points=20_000),
            labels=LABELS,
            q=np.linspace(0.05, 6, 120),
            energy=np.linspace(0, 50, 501),
            temperature=TEMPERATURE,
            n_orders=1,
            n_directions=100,
        )
        for crystal in (nacl(), without(nacl()))
    ]


def test_a_powder_scatters_above_the_to_modes(powders: list[harmonic.Prediction]) -> None:
    fractions = []
    for one in powders:
        total = one.partials.incoherent.sum(axis=(0, 1))
        fractions.append(total[one.partials.energy > 28].sum() / total.sum())
    assert fractions[0] > 0.01
    assert fractions[1] == 0


def test_modes_behind_the_lo_peak_of_a_powder(powders: list[harmonic.Prediction]) -> None:
    view = View(contribution="incoherent")
    found = behind_powder_peak(powders[0].partials, sample_grid(nacl(), (8, 8, 8)), view, 30.0, 3.0)
    assert found.modes
    # Along Δ and Λ it is the highest branch
    assert {mode.branch for mode in found.modes} == {5}
    nothing = behind_powder_peak(powders[1].partials, sample_grid(without(nacl()), (8, 8, 8)), view, 30.0, 3.0)
    assert nothing.modes == ()


def test_isotopes_move_lo_modes_as_the_reduced_mass() -> None:
    heavier = replace(nacl(), masses=np.array([22.989769, 37.0]))
    found = summarise_phonons(heavier)
    factor = np.sqrt((1 / 22.989769 + 1 / 37.0) / (1 / 22.989769 + 1 / 35.453))
    assert found.gamma_lo_mev["[1,0,0]"] == pytest.approx(factor * LO, abs=2e-3)
    assert found.special_phonons_mev["Γ"][-1] == pytest.approx(factor * TO, abs=2e-3)


def test_a_powder_map_is_that_of_euphonic() -> None:
    """Coherent scattering of one phonon at the same scattering vectors, with Euphonic on the same file."""
    zone = phonons.sample_zone(to_force_constants(nacl()), n_points=4000)
    q, energy = np.arange(0.2, 6, 0.2), np.linspace(0, 40, 81)
    lengths = {"Na": 3.63 * ureg("fm"), "Cl": 9.577 * ureg("fm")}
    given = {"n_directions": 30, "seed": 3}
    ours = harmonic.coherent_one_phonon(
        zone,
        displacements=harmonic.mean_square_displacements(zone, TEMPERATURE),
        labels=LABELS,
        q=q,
        energy=energy,
        temperature=TEMPERATURE,
        **given,
    )
    weights = np.array([9.577**2, 9.577 * 3.63, 3.63**2])
    ours = 10 * np.tensordot(weights, ours, axes=1) * 0.5

    _, vectors, shell = harmonic._random_vectors(zone, q, **given)
    cell = nacl().cell
    modes = nacl_euphonic().calculate_qpoint_phonon_modes(vectors @ cell.T / (2 * np.pi), asr="reciprocal")
    dw = zone.modes.calculate_debye_waller(TEMPERATURE * ureg("K"), frequency_min=0.2 * ureg("meV"))
    factors = modes.calculate_structure_factor(scattering_lengths=lengths, dw=dw)
    occupied = factors.structure_factors.to("millibarn").magnitude
    energies = factors.frequencies.to("meV").magnitude
    occupied = occupied * (phonons.occupation(energies, TEMPERATURE) + 1)
    used = energies > phonons.MIN_PHONON_MEV
    edges = np.append(energy - 0.25, 40.25)
    theirs, _, _ = np.histogram2d(
        np.broadcast_to(shell[:, None], energies.shape)[used],
        energies[used],
        bins=(np.arange(len(q) + 1) - 0.5, edges),
        weights=occupied[used],
    )
    theirs /= np.bincount(shell, minlength=len(q))[:, None]
    assert (theirs[:, energy > 28].sum() / theirs.sum()) > 0.005
    np.testing.assert_allclose(ours, theirs, atol=1e-3 * theirs.max())


def test_bands_along_the_path_of_another_forecast_split_at_gamma() -> None:
    polar, plain = sample_grid(nacl(), (2, 2, 2)), sample_grid(without(nacl()), (2, 2, 2))
    lines = disperse(polar)
    # A forecast without Born charges has the path, and is relaxed a little differently
    crystal = plain.crystal
    cell = 1.005 * crystal.cell
    other = replace(
        crystal, cell=cell, uploaded_cell=1.005 * crystal.uploaded_cell, positions=1.005 * crystal.positions
    )
    along = disperse_along(polar, disperse(sample_grid(other, (2, 2, 2))))
    np.testing.assert_allclose(along.energies, lines.energies, atol=1e-6)
    assert along.energies.max() == pytest.approx(LO, abs=0.01)


def test_the_modes_of_bands_have_the_energies_of_the_dispersion() -> None:
    grid = sample_grid(nacl(), (2, 2, 2))
    lines = disperse(grid)
    bands = calculate_bands(grid, lines, max_points=10_000)
    np.testing.assert_allclose(bands.energies, lines.energies, atol=1e-6)
    # Γ–X, X–U, K–Γ, Γ–L …: a new line begins where the path jumps, and at Γ where it turns
    starts = [first for first, _ in bands.lines]
    assert 0 < len(starts) - 1 == int((np.diff(lines.distance) < 1e-9).sum())
    gamma = [index for index, name in bands.ticks if name == "Γ"]
    assert bands.energies[gamma].max(axis=1) == pytest.approx([LO] * len(gamma), abs=0.01)
