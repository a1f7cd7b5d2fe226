"""The structure that a mesh in the Brillouin zone resolves, against closed forms and finer meshes."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scattering.core import energy_axis
from scattering.core.mesh_spacing import KEY, MIN_STEPS_PER_FWHM, MeshSpacing
from scattering.core.partials import Partials
from scattering.observe.view import View
from scattering.planning.features import find_features
from scattering.simulate import harmonic
from scattering.simulate.force_constants import to_force_constants
from scattering.simulate.mesh import mesh_spacing
from scattering.simulate.phonons import Zone, sample_zone, stability
from tests.scattering.crystals import silicon
from tests.scattering.planned import lines

AMPLITUDE = 8.0


def cosine_zone(divisions: tuple[int, int, int]) -> Zone:
    """A band of 50 meV + 8 meV cos 2πk along the first axis of a mesh, and one of 120 meV that is flat."""
    axes = [(np.arange(n) + 0.5) / n for n in divisions]
    first = np.stack(np.meshgrid(axes[0][: divisions[0] // 2], *axes[1:], indexing="ij"), axis=-1).reshape(-1, 3)[:, 0]
    energies = np.stack([50 + AMPLITUDE * np.cos(2 * np.pi * first), np.full(len(first), 120.0)], axis=1)
    frequencies = SimpleNamespace(to=lambda _: SimpleNamespace(magnitude=energies))
    return Zone(SimpleNamespace(frequencies=frequencies), divisions)  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [16, 64])
def test_the_spacing_is_the_slope_times_the_step_of_the_mesh(n: int) -> None:
    spacing = mesh_spacing(cosine_zone((n, 4, 2)))
    # The third axis has no neighbours and is taken as the two others
    slope = AMPLITUDE * 2 * np.pi / n * np.sqrt(3 / 2)
    assert spacing.at(np.array([50.0])) == pytest.approx(slope, rel=0.05)
    # A quarter of the way to the top the slope is √(1 − 0.25²) of this
    assert spacing.at(np.array([52.0])) == pytest.approx(0.968 * slope, rel=0.1)
    assert spacing.at(np.array([120.0, 300.0])) == pytest.approx([0.0, 0.0], abs=1e-9)


def test_few_vectors_make_a_mesh_coarser() -> None:
    zone = cosine_zone((16, 16, 16))
    full, many, few = (mesh_spacing(zone, n_vectors=n).at(np.array([50.0])) for n in (None, 10**6, 205))
    assert many == pytest.approx(full)
    # 205 random vectors are moved to 205 of 2048 points at most, and to 9.5 % of them on average
    assert few == pytest.approx(full * 0.0953 ** (-1 / 3), rel=0.01)


def test_a_mesh_without_modes_resolves_anything() -> None:
    zone = cosine_zone((2, 2, 2))
    assert mesh_spacing(zone).at(np.array([50.0])) == 0.0


def test_partials_keep_the_spacing() -> None:
    spacing = mesh_spacing(cosine_zone((16, 4, 4)))
    kept = replace(lines(), metadata=spacing.to_metadata()).mesh_spacing
    assert kept is not None
    np.testing.assert_allclose(kept.energy, spacing.energy, atol=1e-4)
    np.testing.assert_allclose(kept.spacing, spacing.spacing, atol=1e-4)
    assert lines().mesh_spacing is None


@pytest.mark.parametrize(
    "wrong",
    [
        7,
        None,
        {},
        {"energy_mev": [1.0, 2.0], "spacing_mev": [1.0]},
        {"energy_mev": [2.0, 1.0], "spacing_mev": [1.0, 1.0]},
        {"energy_mev": [1.0], "spacing_mev": [-1.0]},
        {"energy_mev": [1.0], "spacing_mev": [float("nan")]},
        {"energy_mev": [], "spacing_mev": []},
        {"energy_mev": ["one"], "spacing_mev": ["two"]},
        {"energy_mev": [[1.0], [2.0, 3.0]], "spacing_mev": [1.0, 1.0]},
    ],
)
def test_partials_with_a_malformed_spacing_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=rf"{KEY}|float|sequence"):
        replace(lines(), metadata={KEY: wrong})


def silicon_powder(n_points: int, n_directions: int) -> Partials:
    fc = to_force_constants(silicon())
    zone = sample_zone(fc, n_points=n_points)
    q, highest = np.arange(0.1, 8.01, 0.1), stability(zone.modes).highest_mev
    energy = energy_axis.bins(end=1.2 * highest, highest=highest, n_species=1, n_orders=1, n_q=len(q))
    chosen: dict[str, Any] = {"labels": ["Si", "Si"], "q": q, "energy": energy, "n_orders": 1}
    return harmonic.predict(zone, temperature=300.0, n_directions=n_directions, **chosen).partials


def features_of(partials: Partials, **more: Any) -> list[float]:
    view = View(energy_scale=more.pop("energy_scale", 1.0))
    found = find_features(partials, view, given=None, pairs=None, energy_relative_uncertainty=0.05)
    return [one.energy for one in found.features]


@pytest.fixture(scope="module")
def coarse() -> Partials:
    return silicon_powder(2000, 300)


def test_a_coarse_mesh_has_no_features_that_a_fine_one_lacks(coarse: Partials) -> None:
    """Silicon's lattice with springs has two peaks; the noise of a mesh of 14³ has six more below them."""
    fine = features_of(silicon_powder(100_000, 1000))
    assert fine == pytest.approx([32.3, 36.7], abs=0.3)
    assert features_of(coarse) == pytest.approx(fine, abs=0.5)
    assert features_of(coarse, energy_scale=1.1) == pytest.approx([1.1 * one for one in fine], abs=0.5)
    # What older versions kept: it still works, with the noise
    assert min(features_of(replace(coarse, metadata={}))) < 10


def test_a_plan_states_the_width_of_its_search(coarse: Partials) -> None:
    found = find_features(coarse, View(), given=[36.7], pairs=None, energy_relative_uncertainty=0.05)
    spacing = coarse.mesh_spacing
    assert spacing is not None
    assert found.search_fwhm.shape == found.spectrum.energy.shape
    assert (found.search_fwhm >= MIN_STEPS_PER_FWHM * spacing.at(found.spectrum.energy)).all()
    # A branch crosses the mesh below the peaks, and is flat at them
    at = [int(np.argmin(np.abs(found.spectrum.energy - energy))) for energy in (10.0, 36.7)]
    assert found.search_fwhm[at[0]] > 2 * found.search_fwhm[at[1]]


def test_flat_modes_stay_apart_on_a_coarse_mesh() -> None:
    """Lines that do not disperse are as sharp beside steep acoustic branches as alone."""
    partials = lines((36.5, 37.3), width=0.3, energy=np.linspace(0.0, 100.0, 2001))
    steep = MeshSpacing(np.array([5.0, 20.0, 36.0, 38.0]), np.array([3.0, 3.0, 0.1, 0.1]))
    assert features_of(replace(partials, metadata=steep.to_metadata())) == pytest.approx([36.5, 37.3], abs=0.05)
    smeared = MeshSpacing(np.array([5.0]), np.array([3.0]))
    assert len(features_of(replace(partials, metadata=smeared.to_metadata()))) == 1
