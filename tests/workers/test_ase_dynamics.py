"""ASE's integrators as an engine: whatever stops a run, it goes on to the same end; ensembles and cells are right."""

from __future__ import annotations

import errno
import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import Stationary, thermalize_momenta
from ase.md.verlet import VelocityVerlet
from scipy.optimize import brentq

from scattering.core.notices import Notice
from workers import engines
from workers.engines import ase_dynamics, displacement_file
from workers.engines.ase_dynamics import AseDynamics
from workers.engines.interface import Potential, Run, Trajectory
from workers.kit import checkpoint
from workers.kit.failures import CannotPredict
from workers.kit.progress import ShuttingDown
from workers.kit.workplace import Report, Workplace
from workers.simulations.steps.relaxation import relax

COPPER = bulk("Cu", cubic=True, a=3.61).repeat((2, 2, 1))
RUN = Run(temperature_k=300.0, timestep_fs=4.0, sample_fs=8.0, equilibration_ps=0.08, production_ps=0.16, seed=5)
"""20 steps of equilibration, 40 of production, 21 frames."""


class Killed(BaseException):
    """What SIGKILL leaves: nothing is done any more."""


def silent(stage: Notice, share: float) -> None:
    pass


def stopping(after: int, error: BaseException) -> Report:
    """Raise at the report of so many steps, of RUN's 60."""

    def report(stage: Notice, share: float) -> None:
        if share * 60 >= after - 1e-9:
            raise error

    return report


def go(folder: Path, attempt: str, run: Run = RUN, *, report: Report = silent, checkpoint_s: float = 0.0) -> Trajectory:
    """Run copper, with a checkpoint after every step unless told otherwise."""
    return AseDynamics(EMT()).run(COPPER, run, workplace=Workplace(folder, attempt, checkpoint_s), report=report)


def same(one: Trajectory, other: Trajectory) -> None:
    # EMT's list of neighbours depends on when it was last made, and sums on its order: rounding, and its growth
    np.testing.assert_allclose(one.displacements, other.displacements, atol=1e-6)
    assert one.diagnostics == pytest.approx(other.diagnostics, rel=1e-6, abs=1e-9)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames are written three at a time, as large systems' are."""
    monkeypatch.setattr(displacement_file, "BUFFER_BYTES", 3 * 4 * COPPER.positions.size)


@pytest.fixture(scope="module", params=["nve", "nvt"])
def uninterrupted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Trajectory]:
    run = replace(RUN, ensemble=request.param)
    return run, go(tmp_path_factory.mktemp("uninterrupted"), "1", run, checkpoint_s=1e9)


def test_what_is_recorded_is_what_ase_does(tmp_path: Path) -> None:
    """The same seed, thermostat and steps without any of this: bit for bit."""
    trajectory = go(tmp_path, "1", checkpoint_s=1e9)
    atoms, rng = COPPER.copy(), np.random.default_rng(RUN.seed)
    atoms.calc = EMT()
    thermalize_momenta(atoms, temperature_K=600.0, exact_temperature=True, rng=rng)
    Stationary(atoms)
    Langevin(atoms, 4 * units.fs, temperature_K=300, friction=0.02 / units.fs, fixcm=False, rng=rng).run(20)
    Stationary(atoms)
    frames, start, first = [atoms.positions - COPPER.positions], atoms.positions.copy(), atoms.get_total_energy()
    md, farthest = VelocityVerlet(atoms, 4 * units.fs), 0.0
    for _ in range(20):
        md.run(2)
        frames.append(atoms.positions - COPPER.positions)
        farthest = max(farthest, np.linalg.norm(atoms.positions - start, axis=1).max())
    assert trajectory.displacements.shape == (1, len(COPPER), 3, 21)
    np.testing.assert_array_equal(trajectory.displacements[0], np.moveaxis(np.float32(frames), 0, -1))
    assert trajectory.diagnostics["largest_displacement_angstrom"] == farthest
    drift = 1e3 * (atoms.get_total_energy() - first) / len(atoms)
    assert trajectory.diagnostics["energy_drift_mev_per_atom"] == pytest.approx(drift, abs=1e-9)
    assert trajectory.seconds.keys() == {"equilibration_s", "production_s"}
    assert all(seconds > 0 for seconds in trajectory.seconds.values())


@pytest.mark.parametrize("killed_at", [1, 11, 20, 21, 22, 37, 60])
def test_a_killed_run_goes_on_to_the_same_end(
    uninterrupted: tuple[Run, Trajectory], killed_at: int, tmp_path: Path
) -> None:
    run, expected = uninterrupted
    with pytest.raises(Killed):
        go(tmp_path, "1", run, report=stopping(killed_at, Killed()))
    shares: list[float] = []
    same(go(tmp_path, "2", run, report=lambda _, share: shares.append(share)), expected)
    # It did go on
    assert min(shares) == pytest.approx((killed_at - 1) / 60)


def test_one_that_dies_again_and_again_goes_on_each_time(uninterrupted: tuple[Run, Trajectory], tmp_path: Path) -> None:
    run, expected = uninterrupted
    # Attempts have names of their own; the third is a try under a name that was used before
    for attempt, killed_at in (("a", 9), ("b", 31), ("b", 40), ("c", 58)):
        with pytest.raises(Killed):
            go(tmp_path, attempt, run, report=stopping(killed_at, Killed()))
    same(go(tmp_path, "d", run), expected)


@pytest.mark.parametrize("damage", ["torn checkpoint", "no record", "short record"])
def test_a_damaged_attempt_is_passed_over_for_an_earlier_one(
    uninterrupted: tuple[Run, Trajectory], damage: str, tmp_path: Path
) -> None:
    run, expected = uninterrupted
    for attempt, killed_at in (("1", 30), ("2", 50)):
        with pytest.raises(Killed):
            go(tmp_path, attempt, run, report=stopping(killed_at, Killed()))
    (record,) = tmp_path.glob("displacements-2-*.npy")
    if damage == "torn checkpoint":
        torn = tmp_path / "run-2.checkpoint"
        torn.write_bytes(torn.read_bytes()[:-100])
    elif damage == "no record":
        record.unlink()
    else:
        record.write_bytes(record.read_bytes()[:-1000])
    shares: list[float] = []
    same(go(tmp_path, "3", run, report=lambda _, share: shares.append(share)), expected)
    assert min(shares) == pytest.approx(29 / 60)


@pytest.mark.parametrize("stopped_at", [7, 33])
def test_a_worker_that_shuts_down_leaves_a_checkpoint(
    uninterrupted: tuple[Run, Trajectory], stopped_at: int, tmp_path: Path
) -> None:
    run, expected = uninterrupted
    with pytest.raises(ShuttingDown):
        go(tmp_path, "1", run, report=stopping(stopped_at, ShuttingDown()), checkpoint_s=1e9)
    shares: list[float] = []
    same(go(tmp_path, "2", run, report=lambda _, share: shares.append(share)), expected)
    assert min(shares) == pytest.approx(stopped_at / 60)


def test_another_run_s_checkpoint_is_not_gone_on_with(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        go(tmp_path, "1", report=stopping(30, Killed()))
    shares: list[float] = []
    go(tmp_path, "2", replace(RUN, seed=6), report=lambda _, share: shares.append(share))
    assert shares[0] == 0


def test_a_run_whose_checkpoints_cannot_be_written_comes_to_its_end(
    uninterrupted: tuple[Run, Trajectory], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, expected = uninterrupted

    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint, "replace_file", full)
    same(go(tmp_path, "1", run), expected)
    assert not list(tmp_path.glob("*.checkpoint"))


def test_a_disk_that_is_full_or_too_small_is_noticed_before_anything_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CannotPredict, match="disk_too_small"):
        go(tmp_path, "1", replace(RUN, production_ps=1e12))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(displacement_file.os, "posix_fallocate", full)
    with pytest.raises(OSError, match="no space") as error:
        go(tmp_path, "1", report=stopping(0, AssertionError("it ran")))
    assert error.value.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())


def test_all_of_the_record_has_its_room_on_disk_from_the_beginning(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        go(tmp_path, "1", replace(RUN, production_ps=40.0), report=stopping(0, Killed()))
    (record,) = tmp_path.glob("displacements-*.npy")
    said = record.stat()
    assert said.st_size > 4 * 3 * 16 * 5001
    assert 512 * said.st_blocks >= said.st_size


def test_atoms_that_fly_apart_are_reported_in_words(tmp_path: Path) -> None:
    with np.errstate(all="ignore"), pytest.raises(CannotPredict, match="atoms_flew_apart"):
        AseDynamics(Springs(COPPER, 1e5)).run(
            COPPER,
            replace(RUN, timestep_fs=80.0, sample_fs=80.0, production_ps=80.0),
            workplace=Workplace(tmp_path, "1"),
            report=silent,
        )


def test_path_integrals_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotPredict, match="no_path_integrals"):
        go(tmp_path, "1", replace(RUN, n_beads=8))


class Springs(Calculator):
    """Every pair of atoms on a spring of its own: harmonic, and no force on the whole."""

    implemented_properties = ("energy", "forces")

    def __init__(self, sites: Atoms, stiffness: float) -> None:
        super().__init__()
        rng, n = np.random.default_rng(2), len(sites)
        matrix = np.zeros((n, 3, n, 3))
        for one, other in itertools.combinations(range(n), 2):
            spring = rng.uniform(0.5, 2.0) * stiffness * np.eye(3)
            for first, second, sign in ((one, one, 1), (other, other, 1), (one, other, -1), (other, one, -1)):
                matrix[first, :, second] += sign * spring
        self.matrix, self._sites = matrix.reshape(3 * n, 3 * n), sites.positions.copy()

    def calculate(self, atoms: Atoms, properties: object = None, system_changes: object = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        moved = (atoms.positions - self._sites).ravel()
        forces = -self.matrix @ moved
        self.results = {"energy": -0.5 * moved @ forces, "forces": forces.reshape(-1, 3)}


def test_velocity_rescaling_gives_the_canonical_ensemble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mean and variance of a harmonic crystal's potential energy: f/2 kT and f/2 (kT)², f = 3 (N - 1).

    At constant energy the variance would be half of that, around a mean that is the start's. The energy forgets itself
    in twice the coupling, here 0.2 ps; 30 ps leave 10 % of a standard deviation in the mean and 12 % in the variance,
    and three of these are allowed for.
    """
    monkeypatch.setattr(ase_dynamics, "VELOCITY_RESCALING_FS", 100.0)
    sites = COPPER[:8]
    springs, freedom = Springs(sites, 0.4), 3 * 7
    run = Run(300.0, 6.0, 30.0, equilibration_ps=0.6, production_ps=30.0, seed=1, ensemble="nvt")
    trajectory = AseDynamics(springs).run(sites, run, workplace=Workplace(tmp_path, "1"), report=silent)
    moved = trajectory.displacements[0].reshape(24, -1).astype(float)
    energies = 0.5 * np.einsum("it,ij,jt->t", moved, springs.matrix, moved) / (units.kB * 300.0)
    assert energies.mean() == pytest.approx(freedom / 2, abs=0.3 * np.sqrt(freedom / 2))
    assert energies.var() == pytest.approx(freedom / 2, rel=0.36)
    # Of the kinetic energy the mean is known twice as well
    assert trajectory.diagnostics["temperature_k"] == pytest.approx(300.0, rel=0.3 / np.sqrt(freedom / 2))
    # What the thermostat put in is not counted as drift: the energy itself changes by some meV an atom
    assert abs(trajectory.diagnostics["energy_drift_mev_per_atom"]) < 0.5


def settle(
    engine: AseDynamics, sites: Atoms, folder: Path, pressure_gpa: float = 0.0, *, attempt: str = "1", **changes: float
) -> Atoms:
    run = replace(Run(300.0, 4.0, 4.0, equilibration_ps=4.0, production_ps=0.0, seed=1), **changes)
    folder.mkdir(exist_ok=True)
    return engine.relax_cell(sites, run, pressure_gpa, workplace=Workplace(folder, attempt, 1e9), report=silent)


@pytest.mark.slow
def test_heat_expands_aluminium_and_pressure_compresses_it(nep89: Path, tmp_path: Path) -> None:
    """At 300 K, without pressure and under 10 GPa.

    Volumes of 32 atoms fluctuate by 1 %, and in 4 ps of the cell's 0.25 ps memory their mean by 0.3 %.
    """
    calculator = engines.calculator("nep-adapters", Potential(nep89))
    at_rest = relax(bulk("Al", cubic=True), calculator, relax_cell=True).atoms.repeat(2)
    free, pressed = (
        settle(AseDynamics(calculator), at_rest, tmp_path / str(pressure), pressure).get_volume()
        for pressure in (0.0, 10.0)
    )

    def pressure_at_rest(share: float) -> float:
        strained = at_rest.copy()
        strained.calc = calculator
        strained.set_cell(at_rest.cell.array * share ** (1 / 3), scale_atoms=True)
        return float(-strained.get_stress()[:3].mean() / units.GPa)

    # Heat expands it: the linear expansion at 300 K is 0.4 % against 0 K measured, and more without zero-point motion
    # (Y. S. Touloukian, Thermophysical Properties of Matter 12 (1975))
    assert 1.0 < 100 * (free / at_rest.get_volume() - 1) < 3.0
    # The equation of state at rest, which heat changes little
    compressed = brentq(lambda share: pressure_at_rest(share) - 10.0, 0.75, 1.0)
    assert pressed / free - 1 == pytest.approx(compressed - 1, rel=0.15)


def test_a_crystal_keeps_its_symmetry_and_its_places_whatever_noise_its_cell_sees(tmp_path: Path) -> None:
    """Hexagonal, all of the cell free; in 0.1 ps nothing is in equilibrium, but forbidden strains are zero."""
    sites = bulk("Cu", "hcp", a=2.55, c=4.17).repeat((2, 2, 1))
    found = settle(AseDynamics(EMT()), sites, tmp_path, equilibration_ps=0.1)
    lengths = found.cell.lengths() / sites.cell.lengths()
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-9)
    assert abs(lengths[2] - lengths[0]) > 1e-5
    np.testing.assert_allclose(found.cell.angles(), [90, 90, 120], atol=1e-7)
    np.testing.assert_allclose(
        found.get_scaled_positions(wrap=False), sites.get_scaled_positions(wrap=False), atol=1e-12
    )


@pytest.mark.parametrize("crystal", [COPPER, bulk("Cu", "hcp", a=2.55, c=4.17).repeat((2, 2, 1))])
@pytest.mark.parametrize("stopped_at", [9, 27])
def test_a_cell_that_was_interrupted_comes_to_the_same_mean(crystal: Atoms, stopped_at: int, tmp_path: Path) -> None:
    run = replace(RUN, equilibration_ps=0.08)
    engine = AseDynamics(EMT())

    def cell(attempt: str, report: Report, checkpoint_s: float, folder: Path = tmp_path) -> Atoms:
        return engine.relax_cell(crystal, run, 1.0, workplace=Workplace(folder, attempt, checkpoint_s), report=report)

    (tmp_path / "whole").mkdir()
    expected = cell("1", silent, 1e9, tmp_path / "whole")
    # 40 steps, where RUN has 60
    with pytest.raises(Killed):
        cell("1", stopping(round(1.5 * stopped_at), Killed()), 0.0)
    with pytest.raises(ShuttingDown):
        cell("2", stopping(round(1.5 * stopped_at) + 6, ShuttingDown()), 1e9)
    shares: list[float] = []
    found = cell("3", lambda _, share: shares.append(share), 1e9)
    assert shares[0] > stopped_at / 40
    np.testing.assert_allclose(found.cell.array, expected.cell.array, rtol=1e-9, atol=1e-9)


def test_a_crystal_that_falls_apart_is_reported_in_words(tmp_path: Path) -> None:
    with pytest.raises(CannotPredict, match="unstable_cell_at_temperature"):
        settle(AseDynamics(EMT()), COPPER, tmp_path, -60.0, equilibration_ps=2.0)
