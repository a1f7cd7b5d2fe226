"""Fit a NEP to the force constants of a reference, mode by mode, by the Levenberg–Marquardt method.

The errors of forces are those of stiff bonds: a descent along their gradient hardly moves the modes of whole molecules.
Here all couplings of modes, w_i · Φ w_j, are fitted at once. The vectors w_i are the reference's modes over their
frequencies, so that equal errors are equal parts of a squared frequency, for bonds and for the lattice alike. There are
fewer couplings than weights, and each step takes the smallest change of the weights that fits them.

References
----------
D. W. Marquardt, An algorithm for least-squares estimation of nonlinear parameters, J. Soc. Ind. Appl. Math. 11, 431
(1963).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from neppo import StructureContainer, read_model, write_model
from numpy.typing import NDArray

from backend.trainings.mode_fits import MAX_COUPLINGS
from scattering.core.constants import RECOIL_MEV_A2_AMU
from scattering.simulate.harmonic_forces import HarmonicForces
from workers.kit.checkpoint import Checkpoint, Checkpoints

SOFT_MEV: Final = 2.0
"""Energy below which modes weigh less: their squared frequencies are small differences, and relative errors large."""
LARGEST_SHIFT_ANGSTROM: Final = 0.004
"""Largest shift of an atom by a displacement along a mode."""
REST_WEIGHT: Final = 60.0
"""1/Å: weight of the shift of the atoms by the forces at rest. With 10, benzene's softest modes moved with it."""
MIN_COUPLING: Final = 1e-3
"""Couplings below this are left out. Most of them are zero by symmetry."""
FIRST_DAMPING: Final = 1.0
TRIED_DAMPINGS: Final = (10.0, 1.0, 0.1, 0.01)
"""Over the damping of the last step, the most damped first."""
MAX_DAMPING: Final = 1e6
FIXED: Final = "output_bias"
"""Weights that change no force."""

Weights = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Couplings:
    """Residuals of a model.

    Attributes
    ----------
    rest
        Shape (n_modes,): shifts by the forces at rest, weighted.
    matrix
        Shape (n_modes, n_modes): w_i · (Φ_model − Φ_reference) w_j.
    """

    rest: NDArray[np.float64]
    matrix: NDArray[np.float64]

    @property
    def objective(self) -> float:
        """The sum of all squares."""
        return float(np.sum(self.rest**2) + np.sum(self.matrix**2))


class ModeFit:
    """The fit of a model to the modes of a supercell.

    Parameters
    ----------
    file
        NEP to start from.
    sites
        The supercell at rest in the reference.
    reference
        Its force constants.
    checkpoints
        Checkpoints of all attempts.
    """

    def __init__(self, file: Path, sites: Atoms, reference: HarmonicForces, checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints
        self._model = read_model(str(file), dtype=torch.float64)
        self._parameters = [one for name, one in self._model.named_parameters() if name != FIXED]
        self._modes, self._wanted = _modes(sites, reference)
        self._vectors = torch.as_tensor(self._modes)
        largest = np.abs(self._modes).max(axis=0)
        self._rest_weights = REST_WEIGHT * largest
        self._steps = LARGEST_SHIFT_ANGSTROM / largest
        self._at_rest = self._batch([_moved(sites, np.zeros(len(self._modes)))])
        # Both signs: what is even in the displacement is no force constant
        self._pairs = [
            self._batch([_moved(sites, sign * step * mode) for sign in (1, -1)])
            for mode, step in zip(self._modes.T, self._steps, strict=True)
        ]
        self._step, self._damping = 0, FIRST_DAMPING
        self.objective = float("nan")
        """The sum of the squared errors after the last step."""
        self.seconds = 0.0
        """Seconds of all attempts."""

    def run(self, n_steps: int, report: Callable[[float, float], None]) -> None:
        """Take steps, from the best checkpoint if there is one.

        Parameters
        ----------
        n_steps
            Number of steps.
        report
            Called during and after each step with the finished fraction and the sum of the squared errors. It raises
            to stop.
        """
        self._checkpoints.resume(self._restore)
        while self._step < n_steps and self._damping <= MAX_DAMPING:
            began = time.perf_counter()

            def told(share: float) -> None:
                report((self._step + share) / n_steps, self.objective)

            self._take_step(told)
            self._step += 1
            self.seconds += time.perf_counter() - began
            state = {"damping": self._damping, "objective": self.objective, "seconds": self.seconds}
            self._checkpoints.try_save(self._step, {"weights": self._weights()}, state)
            report(self._step / n_steps, self.objective)

    def write(self, file: Path) -> None:
        """Write the model as `nep.txt`."""
        write_model(self._model, str(file))

    def _take_step(self, told: Callable[[float], None]) -> None:
        """Move to the best of the steps with several dampings, or stay and damp the next one more."""
        start, now = self._weights(), self._couplings()
        residuals, jacobian = self._rows(now, told)
        normal = jacobian @ jacobian.T
        best, chosen, self.objective = now.objective, start, now.objective
        damping = 100 * self._damping
        for factor in TRIED_DAMPINGS:
            tried = factor * self._damping
            moved = start - jacobian.T @ np.linalg.solve(normal + tried * np.eye(len(residuals)), residuals)
            self._put(moved)
            objective = self._couplings().objective
            if objective < best:
                best, chosen, damping = objective, moved, tried
            elif chosen is not start:
                break
        self._put(chosen)
        self._damping, self.objective = damping, best

    def _couplings(self) -> Couplings:
        """Evaluate the model, without derivatives with respect to its weights."""
        rest = (self._vectors.T @ self._forces(self._at_rest)[0]).detach().numpy()
        columns = [self._pulled(number).detach().numpy() for number in range(len(self._pairs))]
        matrix = np.stack(columns, axis=1) - np.diag(self._wanted)
        return Couplings(self._rest_weights * rest, (matrix + matrix.T) / 2)

    def _rows(self, now: Couplings, told: Callable[[float], None]) -> tuple[Weights, NDArray[np.float64]]:
        """Return the residuals that are fitted, and their derivatives with respect to the weights."""
        residuals, derivatives = list[float](), list[Weights]()

        def add(
            values: torch.Tensor, numbers: NDArray[np.int64], weights: NDArray[np.float64], missing: Weights
        ) -> None:
            for place, (number, weight) in enumerate(zip(numbers, weights, strict=True)):
                keep = place < len(numbers) - 1
                residuals.append(float(weight * missing[number]))
                derivatives.append(weight * self._derivative(values[int(number)], keep_graph=keep))

        rest = np.flatnonzero(np.abs(now.rest) > MIN_COUPLING * max(float(np.abs(now.rest).max()), MIN_COUPLING))
        pulled = self._vectors.T @ self._forces(self._at_rest, create_graph=True)[0]
        add(pulled, rest, self._rest_weights[rest], now.rest / self._rest_weights)
        for number, partners in enumerate(_chosen(now.matrix, self._wanted)):
            # The matrix is symmetric: what is off its diagonal counts twice
            weights = np.where(partners == number, 1.0, np.sqrt(2.0))
            add(self._pulled(number, create_graph=True), partners, weights, now.matrix[number])
            told((number + 1) / len(self._pairs))
        return np.array(residuals), np.array(derivatives)

    def _pulled(self, number: int, *, create_graph: bool = False) -> torch.Tensor:
        """Return w · Φ w_number for all modes w."""
        plus, minus = self._forces(self._pairs[number], create_graph=create_graph)
        return -(self._vectors.T @ (plus - minus)) / (2 * float(self._steps[number]))

    def _forces(self, batch: Any, *, create_graph: bool = False) -> torch.Tensor:
        """Return the forces of each structure, shape (n_structures, 3 n_atoms)."""
        forces: torch.Tensor = self._model(batch, create_graph=create_graph)["forces"]
        return forces.reshape(-1, len(self._modes))

    def _derivative(self, value: torch.Tensor, *, keep_graph: bool) -> Weights:
        found = torch.autograd.grad(value, self._parameters, retain_graph=keep_graph, allow_unused=True)
        parts = [
            torch.zeros_like(one) if part is None else part for one, part in zip(self._parameters, found, strict=True)
        ]
        return np.asarray(torch.cat([part.ravel() for part in parts]).numpy())

    def _batch(self, structures: list[Atoms]) -> Any:
        return StructureContainer(self._model, structures).get_batches(len(structures), dtype=torch.float64)[0][0]

    def _weights(self) -> Weights:
        return np.concatenate([one.detach().numpy().ravel() for one in self._parameters])

    def _put(self, weights: Weights) -> None:
        first = 0
        with torch.no_grad():
            for one in self._parameters:
                one.copy_(torch.as_tensor(weights[first : first + one.numel()]).reshape(one.shape))
                first += one.numel()

    def _restore(self, checkpoint: Checkpoint) -> None:
        weights, state = checkpoint.arrays["weights"], checkpoint.state
        if weights.shape != self._weights().shape:
            raise ValueError("the checkpoint is of another model")
        self._put(weights)
        self._step, self._damping = checkpoint.step, float(state["damping"])
        self.objective, self.seconds = float(state["objective"]), float(state["seconds"])


def _modes(sites: Atoms, reference: HarmonicForces) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the modes over their frequencies, and their couplings with themselves in the reference.

    Returns
    -------
    Shapes (3 n_atoms, n_modes), Å/√eV, and (n_modes,). The three lowest modes, which move the crystal, are left out.
    """
    n = 3 * len(sites)
    constants = np.stack([-reference.forces(one.reshape(-1, 3)).ravel() for one in np.eye(n)])
    masses = np.repeat(sites.get_masses(), 3)
    scale = np.sqrt(masses)
    squares, vectors = np.linalg.eigh((constants + constants.T) / 2 / np.outer(scale, scale))
    kept = np.argsort(np.abs(squares))[3:]
    squares, vectors = squares[kept], vectors[:, kept]
    softened = np.abs(squares) + SOFT_MEV**2 / (2e3 * RECOIL_MEV_A2_AMU)
    return vectors / scale[:, None] / np.sqrt(softened), squares / softened


def _chosen(errors: NDArray[np.float64], wanted: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Return, for each mode, itself and later modes whose couplings are fitted."""
    coupled = np.triu(np.abs(errors) > MIN_COUPLING) | np.eye(len(wanted), dtype=bool)
    if (extra := int(coupled.sum()) - MAX_COUPLINGS) > 0:
        sizes = np.where(coupled & ~np.eye(len(wanted), dtype=bool), np.abs(errors), np.inf)
        coupled.ravel()[np.argsort(sizes.ravel())[:extra]] = False
    return [np.flatnonzero(row) for row in coupled]


def _moved(sites: Atoms, displacements: NDArray[np.float64]) -> Atoms:
    """Return a displaced structure with labels, which neppo asks for and nothing uses."""
    atoms: Atoms = sites.copy()
    atoms.positions += displacements.reshape(-1, 3)
    atoms.calc = SinglePointCalculator(atoms, energy=0.0, forces=np.zeros((len(atoms), 3)))
    return atoms
