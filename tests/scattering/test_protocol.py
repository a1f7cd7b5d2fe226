"""Defaults worked out from the structure."""

import numpy as np
import pytest

from scattering.core.constants import PLANCK_MEV_FS
from scattering.core.errors import InvalidOptions
from scattering.simulate import protocol

SILICON = {"numbers": np.full(8, 14), "positions": np.zeros((8, 3)), "cell": 5.431 * np.eye(3)}
BENZENE = {
    "numbers": np.array([6, 1] * 24),
    "positions": np.zeros((48, 3)),
    "cell": np.diag([7.39, 9.42, 6.81]),
}


def fill(crystal: dict[str, np.ndarray], method: str = "md", quality: str = "preview", **options: object) -> dict:
    return protocol.fill_options(
        method=method, quality=quality, temperature=300.0, instruments=["TOSCA", "ARCS"], options=options, **crystal
    )


@pytest.mark.parametrize("quality", ["preview", "standard", "production"])
@pytest.mark.parametrize("crystal", [SILICON, BENZENE], ids=["silicon", "benzene"])
def test_defaults_resolve_the_fastest_vibration(crystal: dict[str, np.ndarray], quality: str) -> None:
    options = fill(crystal, quality=quality)
    fastest = 460.0 if 1 in crystal["numbers"] else 65.0
    period = PLANCK_MEV_FS / fastest
    assert options["timestep_fs"] < period / 15
    assert protocol.nyquist_energy(options["sample_fs"]) > 1.2 * fastest
    assert options["sample_fs"] / options["timestep_fs"] == pytest.approx(
        round(options["sample_fs"] / options["timestep_fs"])
    )
    assert (protocol.heights(crystal["cell"]) * options["supercell"]).min() >= 10.0
    # As for the 5 % more, both are rounded
    assert options["correlation_ps"] <= options["production_ps"] / 1.04


def test_better_qualities_are_larger_longer_and_dearer() -> None:
    runs = [fill(BENZENE, quality=quality) for quality in ("preview", "standard", "production")]
    seconds = [
        protocol.estimate_seconds(run, n_atoms_cell=48, method="md", atom_steps_per_second=50_000) for run in runs
    ]
    atoms = [protocol.n_atoms_simulated(run, 48) for run in runs]
    resolution = [protocol.energy_resolution(run) for run in runs]
    assert seconds[0] < 180
    assert seconds == sorted(seconds)
    assert atoms == sorted(atoms)
    assert resolution == sorted(resolution, reverse=True)


def test_replicas_share_the_steps_and_each_costs_as_much() -> None:
    one, four = (fill(SILICON, quality="standard", replicas=n) for n in (1, 4))
    lengths = [run["equilibration_ps"] + run["production_ps"] for run in (one, four)]
    # Productions are rounded to 0.1 ps
    assert lengths[0] == pytest.approx(4 * lengths[1], abs=0.3)
    cost = {"n_atoms_cell": 8, "method": "md", "atom_steps_per_second": 50_000}
    twice, once = (protocol.estimate_seconds({**one, "replicas": n}, **cost) for n in (2, 1))
    # but for what does not depend on it, relaxation and start
    assert twice == pytest.approx(2 * once, rel=0.05)


def test_the_harmonic_supercell_holds_the_cutoff() -> None:
    for crystal in (SILICON, BENZENE):
        options = fill(crystal, method="harmonic")
        assert (protocol.heights(crystal["cell"]) * options["supercell"]).min() >= protocol.HARMONIC_MIN_HEIGHT


def test_hydrogen_is_looked_at_over_a_larger_range_of_q() -> None:
    assert fill(BENZENE)["q_max_inv_angstrom"] == 18.0
    assert fill(SILICON)["q_max_inv_angstrom"] <= 12.0


def test_what_the_user_says_is_kept() -> None:
    options = fill(SILICON, supercell=[2, 3, 4], timestep_fs=1.5, production_ps=3.0, seed=42, relax_cell=True)
    assert options["supercell"] == [2, 3, 4]
    assert (options["timestep_fs"], options["production_ps"], options["seed"]) == (1.5, 3.0, 42)
    assert options["relax_cell"] is True
    # frames stay whole numbers of steps apart
    assert options["sample_fs"] % 1.5 == 0


@pytest.mark.parametrize(
    ("options", "location"),
    [
        ({"supercell": [0, 1, 1]}, "options.supercell"),
        ({"supercell": [200, 200, 200]}, "options.supercell"),
        ({"supercell": "2x2x2"}, "options.supercell"),
        ({"timestep_fs": -1.0}, "options.timestep_fs"),
        ({"timestep_fs": float("inf")}, "options.timestep_fs"),
        ({"timestep_fs": "fast"}, "options.timestep_fs"),
        ({"production_ps": 1e9}, "options.production_ps"),
        ({"production_ps": 1.0, "correlation_ps": 2.0}, "options.correlation_ps"),
        ({"correlation_ps": 0.06}, "options.correlation_ps"),
        ({"seed": 1.5}, "options.seed"),
        ({"replicas": 0}, "options.replicas"),
        ({"replicas": 65}, "options.replicas"),
        ({"relax_cell": 1}, "options.relax_cell"),
        ({"n_orders": 3}, "options.n_orders"),  # molecular dynamics has all of them
        ({"thermostat": "magic"}, "options.thermostat"),
        ({"engine": "i-pi"}, "options.engine"),  # of path integrals
        ({"engine": 1}, "options.engine"),
        ({"ensemble": "nve"}, "options.ensemble"),
        ({"production_ensemble": "npt"}, "options.production_ensemble"),
        ({"dispersion": "b3lyp"}, "options.dispersion"),
        ({"pressure_gpa": 1.0}, "options.pressure_gpa"),  # the cell is kept
        ({"ensemble": "npt", "pressure_gpa": 1000.0}, "options.pressure_gpa"),
        ({"n_beads": 8}, "options.n_beads"),
    ],
)
def test_impossible_options_are_refused_where_they_are_wrong(options: dict[str, object], location: str) -> None:
    with pytest.raises(InvalidOptions) as refusal:
        fill(SILICON, **options)
    assert refusal.value.errors[0]["loc"] == location


@pytest.mark.parametrize("options", [{"n_beads": 7}, {"n_beads": 0}, {"n_beads": 130}, {"engine": "calorine"}])
def test_path_integrals_have_options_of_their_own(options: dict[str, object]) -> None:
    with pytest.raises(InvalidOptions) as refusal:
        fill(SILICON, method="trpmd", **options)
    assert refusal.value.errors[0]["loc"] == f"options.{next(iter(options))}"
    with pytest.raises(InvalidOptions):
        fill(SILICON, method="trpmd", production_ensemble="nve")


def test_the_engine_is_the_callers_where_it_can_do_the_method() -> None:
    def engine(method: str, default: str) -> str:
        filled = protocol.fill_options(
            method=method,
            quality="preview",
            temperature=300.0,
            instruments=[],
            options={},
            engine_default=default,
            **SILICON,
        )
        return str(filled["engine"])

    assert [engine("md", name) for name in ("nep-adapters", "gpumd")] == ["nep-adapters", "gpumd"]
    assert [engine("trpmd", name) for name in ("nep-adapters", "gpumd")] == ["i-pi", "gpumd"]
    assert [engine("harmonic", name) for name in ("calorine", "gpumd")] == ["calorine", "nep-adapters"]


@pytest.mark.parametrize("method", ["harmonic", "md", "trpmd"])
def test_what_was_filled_in_can_be_asked_for_again(method: str) -> None:
    options = fill(BENZENE, method=method, dispersion="pbe")
    assert options["dispersion"] == "pbe"
    assert fill(BENZENE, method=method, **options) == options


def test_path_integrals_take_as_many_beads_as_the_lightest_atom_wants_and_cost_as_much() -> None:
    def seconds(run: dict, n_atoms_cell: int) -> float:
        return protocol.estimate_seconds(run, n_atoms_cell=n_atoms_cell, method="trpmd", atom_steps_per_second=50_000)

    silicon, benzene = fill(SILICON, method="trpmd"), fill(BENZENE, method="trpmd")
    # βħω is 2.5 and 16.6: a bead for each 1.5 to 2/3 of it
    assert silicon["n_beads"] == 4
    assert benzene["n_beads"] == 26
    # A preview takes minutes where few beads do, and says so where it takes hours
    assert seconds(silicon, 8) < 300
    assert seconds(benzene, 48) > 1500
    runs = [fill(SILICON, method="trpmd", quality=quality) for quality in ("preview", "standard", "production")]
    assert [seconds(run, 8) for run in runs] == sorted(seconds(run, 8) for run in runs)
    twice = seconds({**silicon, "n_beads": 8}, 8) - 10
    # but for the Fourier transforms of the analysis, which the beads share
    assert 1.9 * (seconds(silicon, 8) - 10) < twice < 2 * (seconds(silicon, 8) - 10)


def test_a_long_thin_cell_is_repeated_along_its_short_sides() -> None:
    assert protocol.supercell(np.diag([3.0, 3.0, 30.0]), min_height=12.0) == [4, 4, 1]


def test_a_cubic_cell_stays_cubic() -> None:
    repeats = protocol.supercell(4.05 * np.eye(3), n_atoms=4, target=400)
    assert len(set(repeats)) == 1


@pytest.mark.parametrize("options", [{"n_orders": 0}, {"n_orders": 11}, {"n_orders": 2.5}, {"energy_max_mev": 1e4}])
def test_orders_and_energies_have_limits(options: dict[str, object]) -> None:
    with pytest.raises(InvalidOptions) as refusal:
        fill(SILICON, method="harmonic", **options)
    assert refusal.value.errors[0]["loc"] == f"options.{next(iter(options))}"


def test_more_sites_than_fit_into_memory_are_refused_with_a_way_out() -> None:
    positions = np.random.default_rng(0).random((60, 3)) * 12
    disordered = {"numbers": np.array([1, 6] * 30), "positions": positions, "cell": 12.0 * np.eye(3)}
    with pytest.raises(InvalidOptions, match="60 sites") as refusal:
        fill(disordered, method="harmonic", resolve_sites=True)
    assert refusal.value.errors[0]["loc"] == "options.resolve_sites"
    fill(disordered, method="harmonic", resolve_sites=True, q_max_inv_angstrom=5.0, n_orders=2)
