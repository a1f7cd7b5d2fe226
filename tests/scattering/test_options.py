"""Options: defaults worked out from the structure, checks, costs, and what is stored."""

from __future__ import annotations

import json
from typing import Any, get_args

import numpy as np
import pytest
from ase import Atoms
from pydantic import ValidationError

from scattering.core.constants import PLANCK_MEV_FS
from scattering.core.errors import InvalidOptions
from scattering.options.base import Options
from scattering.options.dynamics import PowderClassical
from scattering.options.names import Method, Sampling
from scattering.options.registry import KINDS, find_kind
from scattering.simulate import protocol
from tests.filling import filled
from tests.scattering.refusals import refused

SILICON = Atoms(numbers=np.full(8, 14), positions=np.zeros((8, 3)), cell=5.431 * np.eye(3))
BENZENE = Atoms(numbers=[6, 1] * 24, positions=np.zeros((48, 3)), cell=[7.39, 9.42, 6.81])


def fill(atoms: Atoms, method: Method = "md", **more: Any) -> Any:
    return filled(method, atoms, instruments=["TOSCA", "ARCS"], **more)


def test_every_method_has_every_sampling() -> None:
    assert set(KINDS) == {(method, sampling) for method in get_args(Method) for sampling in get_args(Sampling)}
    for (method, sampling), one in KINDS.items():
        assert (one.method, one.sampling, one.options.METHOD) == (method, sampling, method)
        assert one.title
    with pytest.raises(KeyError):
        find_kind("md", "surface")


@pytest.mark.parametrize("quality", ["preview", "standard", "production"])
@pytest.mark.parametrize("crystal", [SILICON, BENZENE], ids=["silicon", "benzene"])
def test_defaults_resolve_the_fastest_vibration(crystal: Atoms, quality: str) -> None:
    options = fill(crystal, quality=quality)
    fastest = 460.0 if 1 in crystal.numbers else 65.0
    period = PLANCK_MEV_FS / fastest
    assert options.timestep_fs < period / 15
    assert protocol.nyquist_energy(options.sample_fs) > 1.2 * fastest
    assert options.sample_fs / options.timestep_fs == pytest.approx(round(options.sample_fs / options.timestep_fs))
    assert (protocol.cell_heights(crystal.cell.array) * options.supercell).min() >= 10.0
    # As for the 5 % more, both are rounded
    assert options.correlation_ps <= options.production_ps / 1.04


def test_better_qualities_are_larger_longer_and_dearer() -> None:
    runs = [fill(BENZENE, quality=quality) for quality in ("preview", "standard", "production")]
    seconds = [run.estimate_seconds(n_atoms_cell=48, atom_steps_per_second=50_000) for run in runs]
    atoms = [run.n_atoms(48) for run in runs]
    resolution = [run.energy_resolution_mev for run in runs]
    assert seconds[0] < 180
    assert seconds == sorted(seconds)
    assert atoms == sorted(atoms)
    assert resolution == sorted(resolution, reverse=True)


def test_replicas_share_the_steps_and_each_costs_as_much() -> None:
    one, four = (fill(SILICON, quality="standard", replicas=n) for n in (1, 4))
    lengths = [run.equilibration_ps + run.production_ps for run in (one, four)]
    # Productions are rounded to 0.1 ps
    assert lengths[0] == pytest.approx(4 * lengths[1], abs=0.3)
    twice, once = (
        one.model_copy(update={"replicas": n}).estimate_seconds(n_atoms_cell=8, atom_steps_per_second=50_000)
        for n in (2, 1)
    )
    # but for what does not depend on it, relaxation and start
    assert twice == pytest.approx(2 * once, rel=0.05)


def test_the_harmonic_supercell_holds_the_cutoff() -> None:
    for crystal in (SILICON, BENZENE):
        options = fill(crystal, "harmonic")
        assert (
            protocol.cell_heights(crystal.cell.array) * options.supercell
        ).min() >= protocol.MIN_HARMONIC_HEIGHT_ANGSTROM


def test_hydrogen_is_looked_at_over_a_larger_range_of_q() -> None:
    assert fill(BENZENE).q_max_inv_angstrom == 18.0
    assert fill(SILICON).q_max_inv_angstrom <= 12.0


def test_what_the_user_says_is_kept() -> None:
    options = fill(SILICON, supercell=[2, 3, 4], timestep_fs=1.5, production_ps=3.0, seed=42, relax_cell=True)
    assert options.supercell == (2, 3, 4)
    assert (options.timestep_fs, options.production_ps, options.seed) == (1.5, 3.0, 42)
    assert options.relax_cell is True
    # frames stay whole numbers of steps apart
    assert options.sample_fs % 1.5 == 0
    # none counts as left out, and whole numbers may be written with a point
    assert fill(SILICON, seed=None, replicas=2.0).replicas == 2


def test_frames_stay_within_their_bound_where_a_step_does_not_divide_it() -> None:
    options = fill(SILICON, timestep_fs=0.7, sample_fs=100.0)
    assert options.sample_fs == pytest.approx(142 * 0.7)


@pytest.mark.parametrize(
    ("options", "location", "code", "params"),
    [
        ({"supercell": [0, 1, 1]}, "supercell", "unreadable_repeats", {"maximum": 200}),
        ({"supercell": [200, 200, 200]}, "supercell", "large_supercell", {"n_atoms": 64_000_000, "maximum": 200_000}),
        ({"supercell": "2x2x2"}, "supercell", "unreadable_repeats", {}),
        ({"timestep_fs": -1.0}, "timestep_fs", "out_of_range", {"minimum": 0.1, "maximum": 5, "value": -1.0}),
        ({"timestep_fs": float("inf")}, "timestep_fs", "not_a_number", {}),
        ({"timestep_fs": "fast"}, "timestep_fs", "not_a_number", {}),
        ({"timestep_fs": True}, "timestep_fs", "not_a_number", {}),
        ({"production_ps": 1e9}, "production_ps", "out_of_range", {"maximum": 100_000, "unit": "ps"}),
        ({"production_ps": 1.0, "correlation_ps": 2.0}, "correlation_ps", "long_correlation", {"correlation_ps": 2.0}),
        ({"correlation_ps": 0.06}, "correlation_ps", "few_correlation_frames", {"minimum": 16, "minimum_ps": 0.224}),
        ({"seed": 1.5}, "seed", "not_a_whole_number", {}),
        ({"replicas": 0}, "replicas", "out_of_range", {"minimum": 1, "maximum": 64, "value": 0, "unit": ""}),
        ({"replicas": 65}, "replicas", "out_of_range", {"value": 65}),
        ({"relax_cell": 1}, "relax_cell", "not_true_or_false", {}),
        ({"n_orders": 3}, "n_orders", "unknown_option", {"method": "md"}),  # molecular dynamics has all of them
        ({"thermostat": "magic"}, "thermostat", "unknown_option", {}),
        ({"engine": "i-pi"}, "engine", "unknown_choice", {}),  # of path integrals
        ({"engine": 1}, "engine", "unknown_choice", {}),
        ({"ensemble": "nve"}, "ensemble", "unknown_choice", {"choices": ["nvt", "npt"]}),
        ({"production_ensemble": "npt"}, "production_ensemble", "unknown_choice", {"choices": ["nve", "nvt"]}),
        ({"dispersion": "b3lyp"}, "dispersion", "unknown_choice", {"choices": ["pbe"]}),
        ({"pressure_gpa": 1.0}, "pressure_gpa", "pressure_without_npt", {}),  # the cell is kept
        ({"ensemble": "npt", "pressure_gpa": 1000.0}, "pressure_gpa", "out_of_range", {"maximum": 200, "unit": "GPa"}),
        ({"n_beads": 8}, "n_beads", "unknown_option", {}),
    ],
)
def test_impossible_options_are_refused_where_they_are_wrong(
    options: dict[str, object], location: str, code: str, params: dict[str, object]
) -> None:
    with refused(InvalidOptions, f"options.{location}", code, **params):
        fill(SILICON, **options)


def test_odd_numbers_of_beads_are_refused() -> None:
    with refused(InvalidOptions, "options.n_beads", "not_a_multiple", factor=2, value=7):
        fill(SILICON, "trpmd", n_beads=7)


def test_all_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(InvalidOptions) as refusal:
        fill(SILICON, timestep_fs="fast", seed=-1, thermostat="magic", ensemble="nve")
    assert {error["loc"] for error in refusal.value.errors} == {
        "options.timestep_fs",
        "options.seed",
        "options.thermostat",
        "options.ensemble",
    }


@pytest.mark.parametrize("options", [{"n_beads": 7}, {"n_beads": 0}, {"n_beads": 130}, {"engine": "calorine"}])
def test_path_integrals_have_options_of_their_own(options: dict[str, object]) -> None:
    with pytest.raises(InvalidOptions) as refusal:
        fill(SILICON, "trpmd", **options)
    assert refusal.value.errors[0]["loc"] == f"options.{next(iter(options))}"
    with pytest.raises(InvalidOptions):
        fill(SILICON, "trpmd", production_ensemble="nve")


def test_the_first_engine_is_taken_where_none_is_chosen() -> None:
    assert fill(SILICON, engines=["gpumd", "nep-adapters"]).engine == "gpumd"
    assert fill(SILICON, engines=["gpumd", "nep-adapters"], engine="nep-adapters").engine == "nep-adapters"


@pytest.mark.parametrize("method", ["harmonic", "md", "trpmd"])
def test_what_was_filled_in_can_be_asked_for_again(method: Method) -> None:
    options = fill(BENZENE, method, dispersion="pbe")
    assert options.dispersion == "pbe"
    assert fill(BENZENE, method, **options.to_json()) == options


@pytest.mark.parametrize("method", ["harmonic", "md", "trpmd"])
@pytest.mark.parametrize("sampling", ["powder", "path"])
def test_stored_options_are_read_whatever_version_stored_them(method: Method, sampling: Sampling) -> None:
    rocksalt = Atoms("MgO", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], cell=2.1 * (1 - np.eye(3)), pbc=True)
    options: Options = filled(method, rocksalt, sampling=sampling)
    stored = json.loads(json.dumps(options.to_json()))
    of_kind = find_kind(method, sampling).options
    assert of_kind.parse(stored) == options
    assert of_kind.parse({**stored, "of_a_later_version": 1}) == options
    earlier = {name: value for name, value in stored.items() if name not in ("resolve_sites", "dispersion")}
    assert of_kind.parse(earlier) == options


def test_bounds_are_those_of_the_version_that_stored_the_options() -> None:
    stored = fill(SILICON).to_json() | {"sample_fs": 100.1, "production_ps": 0.05}
    read = PowderClassical.parse(stored)
    assert (read.sample_fs, read.production_ps) == (100.1, 0.05)
    for broken in ({"sample_fs": "often"}, {"supercell": [2, 2]}, {"replicas": 1.5}):
        with pytest.raises(ValidationError):
            PowderClassical.parse(stored | broken)
    del stored["timestep_fs"]
    with pytest.raises(ValidationError):
        PowderClassical.parse(stored)


def test_path_integrals_take_as_many_beads_as_the_lightest_atom_wants_and_cost_as_much() -> None:
    def seconds(run: Options, n_atoms_cell: int) -> float:
        return run.estimate_seconds(n_atoms_cell=n_atoms_cell, atom_steps_per_second=50_000)

    silicon, benzene = fill(SILICON, "trpmd"), fill(BENZENE, "trpmd")
    # βħω is 2.5 and 16.6: a bead for each 1.5 to 2/3 of it
    assert silicon.n_beads == 4
    assert benzene.n_beads == 26
    # A preview takes minutes where few beads do, and says so where it takes hours
    assert seconds(silicon, 8) < 300
    assert seconds(benzene, 48) > 1500
    runs = [fill(SILICON, "trpmd", quality=quality) for quality in ("preview", "standard", "production")]
    assert [seconds(run, 8) for run in runs] == sorted(seconds(run, 8) for run in runs)
    twice = seconds(silicon.model_copy(update={"n_beads": 8}), 8) - 10
    # but for the Fourier transforms of the analysis, which the beads share
    assert 1.9 * (seconds(silicon, 8) - 10) < twice < 2 * (seconds(silicon, 8) - 10)


def test_jobs_follow_from_the_options() -> None:
    assert fill(SILICON, "harmonic").n_replicas == 0
    run = fill(SILICON, replicas=3)
    assert (run.n_replicas, run.cell_is_simulated) == (3, False)
    assert fill(SILICON, ensemble="npt").cell_is_simulated


@pytest.mark.parametrize("options", [{"n_orders": 0}, {"n_orders": 11}, {"n_orders": 2.5}, {"energy_max_mev": 1e4}])
def test_orders_and_energies_have_limits(options: dict[str, object]) -> None:
    with pytest.raises(InvalidOptions) as refusal:
        fill(SILICON, "harmonic", **options)
    assert refusal.value.errors[0]["loc"] == f"options.{next(iter(options))}"


def test_more_sites_than_fit_into_memory_are_refused_with_a_way_out() -> None:
    positions = np.random.default_rng(0).random((60, 3)) * 12
    disordered = Atoms(numbers=[1, 6] * 30, positions=positions, cell=12.0 * np.eye(3))
    with refused(InvalidOptions, "options.resolve_sites", "sites_exceed_memory", n_sites=60):
        fill(disordered, "harmonic", resolve_sites=True)
    fill(disordered, "harmonic", resolve_sites=True, q_max_inv_angstrom=5.0, n_orders=2)


@pytest.mark.parametrize("of_kind", KINDS.values(), ids=lambda of_kind: f"{of_kind.method}-{of_kind.sampling}")
def test_the_schema_says_what_a_form_needs(of_kind: Any) -> None:
    schema = of_kind.options.request_schema()
    assert "required" not in schema
    for name, field in schema["properties"].items():
        assert field["title"], name
        assert field["description"], name
        if name.endswith(("_fs", "_ps", "_mev", "_gpa", "_angstrom")):
            assert field["unit"], name
    seed = schema["properties"]["seed"]
    assert (seed["type"], seed["minimum"], seed["default"]) == ("integer", 0, 1)
    assert "default" not in schema["properties"]["supercell"]
