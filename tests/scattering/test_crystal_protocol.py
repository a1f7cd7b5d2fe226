"""Defaults for a single crystal: supercells that have the path's waves, zones that instruments reach."""

import math
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from scattering.core.errors import InvalidOptions
from scattering.crystal import protocol as crystal_protocol
from scattering.crystal.path import brillouin_zone
from scattering.options.dynamics import MIN_PRODUCTION_RATIO
from scattering.options.names import Method
from scattering.simulate import protocol
from tests.filling import filled

SILICON = bulk("Si", "diamond", a=5.431, cubic=True)
SILICON_END_MEV = 65.0
MAGNESIUM = bulk("Mg", "hcp", a=3.21, c=5.21)


def fill(atoms: Atoms, method: Method = "md", **more: Any) -> Any:
    return filled(method, atoms, sampling="path", **more)


@pytest.mark.parametrize("quality", ["preview", "standard", "production"])
@pytest.mark.parametrize("atoms", [SILICON, MAGNESIUM], ids=["silicon", "magnesium"])
def test_the_default_supercell_has_every_special_point(atoms: Atoms, quality: str) -> None:
    options = fill(atoms, quality=quality)
    zone = brillouin_zone(cell=atoms.cell.array, positions=atoms.positions, numbers=atoms.numbers)
    lines = options.lines(zone)
    path, fine = options.sample_path(lines, atoms.cell.array), options.sample_dispersion(lines, atoms.cell.array)
    for line in lines:
        assert set(line.labels) <= set(path.labels)
    assert crystal_protocol.missing_segments(lines, options.supercell) == []
    assert fine.ticks == path.ticks
    assert (protocol.cell_heights(atoms.cell.array) * options.supercell).min() >= 10
    assert options.correlation_ps * MIN_PRODUCTION_RATIO <= options.production_ps + 1e-9


def test_better_qualities_are_larger_and_dearer_and_a_preview_takes_minutes() -> None:
    runs = [fill(SILICON, quality=quality) for quality in ("preview", "standard", "production")]
    seconds = [run.estimate_seconds(n_atoms_cell=8, atom_steps_per_second=50_000) for run in runs]
    assert seconds[0] < 600
    assert seconds == sorted(seconds)
    assert runs[0].supercell == (8, 8, 8)
    preview = fill(SILICON, method="harmonic")
    assert preview.estimate_seconds(n_atoms_cell=8, atom_steps_per_second=50_000) < 30


def test_path_integrals_of_a_crystal_take_fewer_atoms_for_their_beads() -> None:
    options = fill(SILICON, method="trpmd")
    assert options.n_beads == 4
    assert options.engine == "i-pi"
    assert options.n_atoms(8) < fill(SILICON).n_atoms(8)
    assert fill(SILICON, method="trpmd", **options.to_json()) == options
    assert options.estimate_seconds(n_atoms_cell=8, atom_steps_per_second=50_000) < 900


def test_zones_lie_within_the_instruments_reach() -> None:
    options = fill(SILICON, n_zones=20)
    low, high = protocol.accessible_q(["ARCS"], SILICON_END_MEV)
    assert len(options.zones) == options.n_zones == 20
    lengths = 2 * np.pi / 5.431 * np.linalg.norm(options.zones, axis=1)
    # The zone's farthest corner, W, is 2π/a √5/2 from its centre
    assert lengths.max() <= min(high, options.q_max_inv_angstrom)
    assert lengths.min() >= low - 2 * np.pi / 5.431 * math.sqrt(5) / 2
    # TOSCA's lines do not come near the first zone where silicon vibrates
    tosca = protocol.accessible_q(["TOSCA"], SILICON_END_MEV)
    assert tosca[0] > 1
    assert protocol.accessible_q([], SILICON_END_MEV) == (0, math.inf)


def test_zones_in_words_and_in_numbers() -> None:
    assert fill(SILICON, zones="first").zones == ((0, 0, 0),)
    assert fill(SILICON, zones=[[0, 0, 4], [2, 2, 0]]).zones == ((0, 0, 4), (2, 2, 0))
    assert fill(SILICON, zones="random", seed=1).zones == fill(SILICON).zones
    assert fill(SILICON, zones="random", seed=2).zones != fill(SILICON).zones
    # What was filled in can be asked for again
    options = fill(SILICON)
    assert fill(SILICON, **options.to_json()) == options
    harmonic = fill(SILICON, method="harmonic")
    assert fill(SILICON, method="harmonic", **harmonic.to_json()) == harmonic


@pytest.mark.parametrize(
    ("method", "options", "location"),
    [
        ("md", {"path": "Γ-Q"}, "options.path"),
        ("md", {"path": 3}, "options.path"),
        ("md", {"zones": "second"}, "options.zones"),
        ("md", {"zones": []}, "options.zones"),
        ("md", {"zones": [[0, 0]]}, "options.zones"),
        ("md", {"zones": [[0, 0, 1]]}, "options.zones"),
        ("md", {"n_zones": 0}, "options.n_zones"),
        ("md", {"n_zones": math.inf}, "options.n_zones"),
        ("md", {"n_q_points": 100}, "options.n_q_points"),
        ("md", {"supercell": [1, 1]}, "options.supercell"),
        ("md", {"force_constant_supercell": [0, 1, 1]}, "options.force_constant_supercell"),
        ("md", {"path_spacing_inv_angstrom": 0.1}, "options.path_spacing_inv_angstrom"),
        ("md", {"path": "U-W", "supercell": [3, 3, 3]}, "options.supercell"),
        ("harmonic", {"path_spacing_inv_angstrom": 0.0}, "options.path_spacing_inv_angstrom"),
        ("harmonic", {"production_ps": 1.0}, "options.production_ps"),
        ("harmonic", {"q_max_inv_angstrom": 1.0}, "options.q_max_inv_angstrom"),
        ("harmonic", {"path_spacing_inv_angstrom": 0.001, "n_zones": 900}, "options.n_zones"),
    ],
)
def test_impossible_options_are_refused_where_they_are_wrong(
    method: Method, options: dict[str, object], location: str
) -> None:
    with pytest.raises(InvalidOptions) as refusal:
        fill(SILICON, method=method, **options)
    assert refusal.value.errors[0]["loc"] == location


def test_a_large_uploaded_cell_is_taken_as_it_is() -> None:
    large = SILICON.repeat(10)
    large.positions[0] += 0.3
    assert crystal_protocol.commensurate_supercell((), large.cell.array, n_atoms=8000, target=1700) == [1, 1, 1]
