"""Ring polymers in i-PI: Einstein's crystal in closed form, interrupted runs gone on with, and nothing left behind."""

import signal
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS

from scattering.core.constants import AMU_A2_PER_FS2_MEV, BOLTZMANN_MEV_PER_K, HBAR_MEV_FS, RECOIL_MEV_A2_AMU
from scattering.core.notices import Notice
from scattering.core.quantum import reduced_energy
from scattering.simulate.path_integral import shortfall
from workers import engines
from workers.engines import calorine
from workers.engines.i_pi.engine import IPI
from workers.engines.interface import Potential, Run, Trajectory
from workers.kit.failures import CannotPredict
from workers.kit.progress import ShuttingDown
from workers.kit.workplace import Workplace

ENERGY, TEMPERATURE = 40.0, 100.0
"""meV and K: βħω is 4.6."""


class Einstein(Calculator):
    """Every atom on a spring to its site, all of one energy."""

    implemented_properties = ("energy", "forces")

    def __init__(self, sites: Atoms) -> None:
        super().__init__()
        masses = sites.get_masses()[:, None]
        # eV/Å²
        self._springs = 1e-3 * masses * AMU_A2_PER_FS2_MEV * (ENERGY / HBAR_MEV_FS) ** 2
        self._sites = sites.positions.copy()

    def calculate(self, atoms: Atoms, properties: object = None, system_changes: object = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        moved = atoms.positions - self._sites
        self.results = {"energy": float((self._springs * moved**2).sum() / 2), "forces": -self._springs * moved}


def quiet(stage: Notice, share: float) -> None:
    """Report to nobody."""


def workplace(folder: Path, attempt: str = "one", checkpoint_s: float = 1e9) -> Workplace:
    return Workplace(folder, attempt, checkpoint_s)


def test_displacements_are_quantum_and_of_so_many_beads(tmp_path: Path) -> None:
    sites = bulk("Al", cubic=True).repeat(4)
    run = Run(
        temperature_k=TEMPERATURE,
        timestep_fs=4.0,
        sample_fs=12.0,
        equilibration_ps=0.48,
        production_ps=0.6,
        seed=1,
        n_beads=8,
    )
    found = IPI(Einstein(sites)).run(sites, run, workplace=workplace(tmp_path), report=quiet)
    moved = found.displacements.astype(float)
    assert moved.shape == (8, len(sites), 3, run.n_frames)
    mass, x = sites.get_masses()[0], float(reduced_energy(np.array(ENERGY), TEMPERATURE))
    classical = BOLTZMANN_MEV_PER_K * TEMPERATURE / (mass * AMU_A2_PER_FS2_MEV * (ENERGY / HBAR_MEV_FS) ** 2)
    exact = RECOIL_MEV_A2_AMU / (mass * ENERGY) / np.tanh(x / 2)
    # The crystal as a whole is at rest, classically speaking
    at_rest = classical / len(sites)
    expected = (1 - shortfall(8, ENERGY, TEMPERATURE)) * exact - at_rest
    # Centroids keep the energies that they had: 768 of them scatter by 3.6 %, and are 0.43 of all; three times that
    assert (moved**2).mean() == pytest.approx(expected, rel=0.047)
    assert expected > 2 * classical
    assert (moved.mean(axis=0) ** 2).mean() == pytest.approx(classical - at_rest, rel=0.11)
    # Their energies scatter likewise, and in 6 periods half of each is kinetic, to 5 %
    assert found.diagnostics["temperature_k"] == pytest.approx(TEMPERATURE, rel=0.1)
    assert abs(found.diagnostics["energy_drift_mev_per_atom"]) < 0.1
    assert 0 < found.diagnostics["largest_displacement_angstrom"] < 1
    assert set(found.seconds) == {"equilibration_s", "production_s"}


def small(production_ps: float = 0.16) -> Run:
    return Run(
        temperature_k=50.0,
        timestep_fs=4.0,
        sample_fs=8.0,
        equilibration_ps=0.08,
        production_ps=production_ps,
        seed=2,
        n_beads=4,
    )


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Trajectory:
    engine = IPI(EMT())
    folder = tmp_path_factory.mktemp("whole")
    return engine.run(bulk("Cu", cubic=True), small(), workplace=workplace(folder), report=quiet)


@pytest.mark.parametrize(
    ("share", "error"),
    [(0.2, ShuttingDown()), (0.6, ShuttingDown()), (0.2, RuntimeError("power cut")), (0.6, RuntimeError("power cut"))],
)
def test_another_attempt_goes_on_where_one_was_interrupted_within_a_step(
    tmp_path: Path,
    uninterrupted: Trajectory,
    share: float,
    error: Exception,
) -> None:
    sites, run = bulk("Cu", cubic=True), small()
    # Of a power cut, the latest of checkpoints after every step is left
    due = 1e9 if isinstance(error, ShuttingDown) else 0.0
    calls = 0

    def interrupt(stage: Notice, done: float) -> None:
        nonlocal calls
        if done >= share:
            calls += 1
            # In the forces on the third bead of a step
            if calls == 3:
                raise error

    with pytest.raises(type(error)):
        IPI(EMT()).run(sites, run, workplace=workplace(tmp_path, "one", due), report=interrupt)
    shares: list[float] = []
    found = IPI(EMT()).run(
        sites, run, workplace=workplace(tmp_path, "two"), report=lambda stage, done: shares.append(done)
    )
    assert shares[0] >= share - 0.05
    # The beads' modes and back, in double precision, and what 40 steps make of it
    np.testing.assert_allclose(found.displacements, uninterrupted.displacements, atol=1e-5)
    for name, value in uninterrupted.diagnostics.items():
        assert found.diagnostics[name] == pytest.approx(value, abs=1e-6)


def test_nothing_is_left_behind_and_no_signal_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "job").mkdir()
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    threads = threading.enumerate()

    def stop(stage: Notice, share: float) -> None:
        if share > 0.5:
            raise ShuttingDown

    with pytest.raises(ShuttingDown):
        IPI(EMT()).run(bulk("Cu", cubic=True), small(), workplace=workplace(tmp_path / "job"), report=stop)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert threading.enumerate() == threads
    assert [path.name for path in tmp_path.iterdir()] == ["job"]
    assert sorted(path.suffix for path in (tmp_path / "job").iterdir()) == [".checkpoint", ".npy"]


def test_atoms_that_fly_apart_are_reported(tmp_path: Path) -> None:
    class Broken(EMT):
        def calculate(self, *args: object, **kwargs: object) -> None:
            super().calculate(*args, **kwargs)
            self.results["forces"] = np.full_like(self.results["forces"], np.nan)

    with pytest.raises(CannotPredict, match="atoms_flew_apart"):
        IPI(Broken()).run(bulk("Cu", cubic=True), small(), workplace=workplace(tmp_path), report=quiet)


def free(equilibration_ps: float, n_beads: int = 2) -> Run:
    return Run(
        temperature_k=100.0,
        timestep_fs=5.0,
        sample_fs=10.0,
        equilibration_ps=equilibration_ps,
        production_ps=1.0,
        seed=1,
        n_beads=n_beads,
    )


def at_rest(sites: Atoms, pressure_gpa: float) -> Atoms:
    """The crystal in the cell that it has without any motion."""
    relaxed = sites.copy()
    relaxed.calc = EMT()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "logm result may be inaccurate", RuntimeWarning)
        cell = FrechetCellFilter(relaxed, scalar_pressure=pressure_gpa * units.GPa)
        BFGS(cell, logfile=None).run(fmax=1e-3)
    return relaxed


def test_a_free_cell_gives_way_to_pressure_and_stays_cubic(tmp_path: Path) -> None:
    sites = bulk("Cu", cubic=True, a=3.57).repeat(2)
    found = IPI(EMT()).relax_cell(sites, free(0.4), 10.0, workplace=workplace(tmp_path), report=quiet)
    lengths = found.cell.cellpar()
    np.testing.assert_allclose(lengths, [lengths[0]] * 3 + [90.0] * 3)
    np.testing.assert_allclose(found.get_scaled_positions(), sites.get_scaled_positions(), atol=1e-9)
    # 10 GPa take 6.5 % of the volume; zero-point motion and 100 K give 0.9 % back; half a picosecond is off by 0.5 %
    assert found.get_volume() / at_rest(sites, 10.0).get_volume() == pytest.approx(1.009, abs=0.01)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_zero_point_motion_expands_a_crystal_that_is_not_cubic(tmp_path: Path) -> None:
    # Strained by 2 % along its axis and turned any way
    sites = bulk("Cu", "hcp", a=2.6, c=4.0).repeat((3, 3, 2))
    sites.rotate(30, (1, 2, 3), rotate_cell=True)
    static = at_rest(sites, 0.0)
    volumes = {}
    for n_beads in (1, 4):
        folder = tmp_path / str(n_beads)
        folder.mkdir()
        found = IPI(EMT()).relax_cell(sites, free(3.0, n_beads), 0.0, workplace=workplace(folder), report=quiet)
        volumes[n_beads] = found.get_volume() / static.get_volume()
        ratio, expected = (np.divide(*atoms.cell.lengths()[[2, 0]]) for atoms in (found, static))
        assert ratio == pytest.approx(expected, rel=0.005)
        # Its orientation is the uploaded one
        stretch = np.linalg.solve(sites.cell.array, found.cell.array)
        np.testing.assert_allclose(stretch, stretch.T, atol=1e-9)
    # Classically 0.6 % at 100 K; the vibrations' energy is 1.5 times as much with its zero point
    assert volumes[1] == pytest.approx(1.006, abs=0.002)
    assert volumes[4] == pytest.approx(1.009, abs=0.002)


def test_another_attempt_goes_on_with_a_free_cell(tmp_path: Path) -> None:
    sites, run = bulk("Cu", cubic=True), free(0.05)
    sites.positions[0] += 0.01  # so that all of its cell is free
    (tmp_path / "whole").mkdir()
    whole = IPI(EMT()).relax_cell(sites, run, 1.0, workplace=workplace(tmp_path / "whole"), report=quiet)

    def stop(stage: Notice, share: float) -> None:
        if share > 0.7:
            raise ShuttingDown

    with pytest.raises(ShuttingDown):
        IPI(EMT()).relax_cell(sites, run, 1.0, workplace=workplace(tmp_path), report=stop)
    shares: list[float] = []
    found = IPI(EMT()).relax_cell(
        sites, run, 1.0, workplace=workplace(tmp_path, "two"), report=lambda stage, done: shares.append(done)
    )
    assert shares[0] >= 0.0
    assert shares[-1] > 0.7
    np.testing.assert_allclose(found.cell.array, whole.cell.array, atol=1e-6)


def test_another_thermostat_in_production_is_refused(tmp_path: Path) -> None:
    run = Run(
        temperature_k=50.0,
        timestep_fs=4.0,
        sample_fs=8.0,
        equilibration_ps=0.1,
        production_ps=0.1,
        seed=1,
        ensemble="nvt",
        n_beads=4,
    )
    with pytest.raises(CannotPredict, match="thermostat_of_ring_polymers"):
        IPI(EMT()).run(bulk("Cu", cubic=True), run, workplace=workplace(tmp_path), report=quiet)


def test_forces_come_from_the_engine_that_loads_the_potential(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(calorine, "calculator", lambda potential: asked.append(potential))
    engines.dynamics("i-pi", Potential(Path("nep.txt"), "pbe"), loader="calorine")
    assert asked == [Potential(Path("nep.txt"), "pbe")]
