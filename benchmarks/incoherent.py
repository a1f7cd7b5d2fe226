"""The incoherent part of a run of benzene by Fourier transform, against dynasor: same numbers, same cores.

dynasor correlates by windows. Told to begin one at every frame it uses the same information; told to skip frames it is
faster and its error larger. So it is timed at both: every frame, and the largest step whose error is within 5 % of
that, measured as the scatter of four independent runs.

Those runs take NEP89 some ten minutes, once; they are kept in .cache. dynasor can't leave the coherent part out: what
counts as its time is that inside its compiled loop over displacements, and nothing around it.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import dynasor
import numpy as np
from ase import Atoms
from ase.io import read
from ase.io.trajectory import TrajectoryWriter
from numpy.typing import NDArray

from backend.engines import catalogue
from scattering.simulate import correlation, powder
from scattering.simulate.intermediate import self_functions
from workers.engines import calculator, interface
from workers.engines.ase_dynamics import AseDynamics
from workers.simulations.steps.relaxation import relax

ROOT = Path(__file__).parent.parent
RUNS = ROOT / ".cache/benchmarks/benzene"
SAMPLE_FS = 3.0
N_LAGS = 667
N_RUNS = 4
STEPS = (5, 10, 20, 40, 60, 80, 133)
ROUNDS = 3

dynasor.logging_tools.set_logging_level("WARNING")


def supercell() -> Atoms:
    """384 atoms, as in a preview."""
    return read(ROOT / "backend/structures/examples/benzene.cif").repeat(2)


def simulated(model: Path) -> list[NDArray[np.float32]]:
    """Displacements of independent runs, shape (1, 384, 3, 1901) each: made now, or kept from another time."""
    RUNS.mkdir(parents=True, exist_ok=True)
    atoms, potential = supercell(), None
    for number in range(N_RUNS):
        path = RUNS / f"{number}.npy"
        if path.exists():
            continue
        potential = potential or calculator(catalogue.for_method("md", "nep")[0], interface.Potential(model))
        run = interface.Run(127.0, 0.5, SAMPLE_FS, equilibration_ps=1.0, production_ps=5.7, seed=1 + number)
        with tempfile.TemporaryDirectory(dir=RUNS) as folder:
            trajectory = AseDynamics(potential).run(
                relax(atoms, potential, relax_cell=False).atoms,
                run,
                workplace=interface.Workplace(Path(folder), str(number)),
                report=lambda stage, share: None,
            )
            np.save(path, trajectory.displacements)
    return [np.load(RUNS / f"{number}.npy").reshape(1, len(atoms), 3, -1) for number in range(N_RUNS)]


class Run:
    """One run, for both sides."""

    def __init__(self, displacements: NDArray[np.float32], folder: Path) -> None:
        atoms = supercell()
        symbols = np.array(atoms.get_chemical_symbols())
        self.displacements = displacements
        self.groups = {symbol: np.flatnonzero(symbols == symbol) for symbol in ("C", "H")}
        self._file = str(Path(tempfile.mkdtemp(dir=folder)) / "run.traj")
        sites = atoms.positions.copy()
        with TrajectoryWriter(self._file, properties=[]) as writer:
            for frame in np.moveaxis(displacements[0], 2, 0):
                atoms.positions = sites + frame
                writer.write(atoms)

    def ours(self, q_points: NDArray[np.float64]) -> NDArray[np.float64]:
        """F_s of carbon and hydrogen, shape (2, n_points, n_lags)."""
        return self_functions(self.displacements, list(self.groups.values()), q_points, N_LAGS)

    def theirs(self, q_points: NDArray[np.float64], step: int) -> NDArray[np.float64]:
        """The same by dynasor, at a step between windows."""
        trajectory = dynasor.Trajectory(
            self._file, trajectory_format="ase", atomic_indices=self.groups, properties=["positions"]
        )
        result = dynasor.compute_dynamic_structure_factors(
            trajectory,
            q_points,
            dt=SAMPLE_FS,
            window_size=N_LAGS - 1,
            window_step=step,
            calculate_incoherent=True,
            logging_interval=0,
        )
        n_atoms = self.displacements.shape[1]
        return np.array([n_atoms / len(group) * result[f"Fqt_incoh_{symbol}"] for symbol, group in self.groups.items()])


def error(runs: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Standard error of S(q, ω) of hydrogen at each point, from independent runs' F_s."""
    spectra = [
        correlation.spectrum_from_correlation(
            correlation.split_elastic(run[1])[1], time_step=SAMPLE_FS, energy_step=1.0
        )[1]
        for run in runs
    ]
    return np.asarray(np.std(spectra, axis=0, ddof=1) / np.sqrt(len(runs)))


def inside(run: Run, q_points: NDArray[np.float64], step: int) -> float:
    """Seconds that dynasor spends in the loop of its incoherent part."""
    spent, kernel = 0.0, dynasor.correlation_functions._calc_rho_q_incoherent

    def timed(*arguments: object, **options: object) -> object:
        nonlocal spent
        began = time.perf_counter()
        result = kernel(*arguments, **options)
        spent += time.perf_counter() - began
        return result

    dynasor.correlation_functions._calc_rho_q_incoherent = timed
    try:
        run.theirs(q_points, step)
    finally:
        dynasor.correlation_functions._calc_rho_q_incoherent = kernel
    return spent


def compare(run: Run, q_points: NDArray[np.float64], step: int) -> str:
    """Time both in turn; medians."""
    run.ours(q_points[:2])
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        run.ours(q_points)
        times.append((time.perf_counter() - began, inside(run, q_points, step)))
    ratios = [theirs / ours for ours, theirs in times]
    return (
        f"{len(q_points)} q-points: ours {statistics.median(ours for ours, _ in times):.2f} s, dynasor "
        f"{statistics.median(theirs for _, theirs in times):.2f} s, {statistics.median(ratios):.1f} times "
        f"({min(ratios):.1f} to {max(ratios):.1f})"
    )


def main(model: Path) -> None:
    """Print the difference, the error by step, and both ratios."""
    displacements = simulated(model)
    q = 0.1 * np.arange(1, 181)
    few, many = (powder.box_vectors(supercell().cell.array, q, n, seed=1) for n in (180, 720))
    few, many = few[::20], many[::6]
    with tempfile.TemporaryDirectory() as folder:
        runs = [Run(one, Path(folder)) for one in displacements]
        full = [run.ours(few) for run in runs]
        difference = np.abs(full[0] - runs[0].theirs(few, 1)).max()
        print(f"largest difference of F_s(q, t) from dynasor, window_step=1: {difference:.0e}", flush=True)

        least, matched = error(full), 1
        for step in STEPS:
            found = error([run.theirs(few, step) for run in runs])
            ratio = np.sqrt((found**2).mean() / (least**2).mean())
            print(
                f"window_step={step}: error of S(q, ω), root mean square {ratio:.3f} of ours, "
                f"median point {np.median(found / least):.1f} of ours",
                flush=True,
            )
            matched = step if ratio <= 1.05 and matched == ([1, *STEPS][STEPS.index(step)]) else matched
        print(f"window_step=1, {compare(runs[0], few, 1)}", flush=True)
        print(f"window_step={matched}, same error, {compare(runs[0], many, matched)}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
