"""The fit to the modes of a reference, where the extra `train` is installed: it finds them, and resumes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from backend.families.records.nep.restriction import restrict
from scattering.simulate.harmonic_forces import HarmonicForces
from tests.extras import needs
from workers import engines
from workers.engines.interface import Potential
from workers.kit.checkpoint import Checkpoints
from workers.kit.workplace import Workplace
from workers.simulations.steps.force_constants import displace
from workers.simulations.steps.harmonic_correction import on_supercell

pytestmark = needs("neppo", "torch")

SILICON: Atoms = bulk("Si", "diamond", 5.431, cubic=True)


def harmonic(file: Path) -> HarmonicForces:
    potential = engines.calculator("nep-adapters", Potential(file, family="nep"))
    found = displace(SILICON, potential, labels=["Si"] * 8, supercell=[1, 1, 1], distance=0.01)
    return on_supercell(found.crystal(SILICON.cell.array), SILICON)


def energies(forces: HarmonicForces) -> np.ndarray:
    found = np.sort(forces.energies_mev(np.full(2, 28.085)).ravel())
    return found[np.abs(found) > 1]


@pytest.fixture(scope="module")
def start(nep89: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, HarmonicForces]:
    """Silicon's NEP89, and force constants that are 1.2 times as large."""
    file = tmp_path_factory.mktemp("silicon") / "nep.txt"
    restrict(nep89, {"Si"}, file)
    own = harmonic(file)
    return file, HarmonicForces(own.order, own.phases, 1.2 * own.stiffness, own.weights)


def fit_of(start: tuple[Path, HarmonicForces], folder: Path, attempt: str = "1") -> Any:
    from workers.training.mode_fit import ModeFit

    file, reference = start
    checkpoints = Checkpoints(Workplace(folder, attempt, 0.0), "modes", fingerprint="same")
    return ModeFit(file, SILICON, reference, checkpoints)


def test_a_model_learns_the_modes_of_a_reference(start: tuple[Path, HarmonicForces], tmp_path: Path) -> None:
    told: list[tuple[float, float]] = []
    fit = fit_of(start, tmp_path)
    fit.run(3, lambda share, objective: told.append((share, objective)))
    fit.write(tmp_path / "nep.txt")
    wanted, before, after = energies(start[1]), energies(harmonic(start[0])), energies(harmonic(tmp_path / "nep.txt"))
    assert np.abs(before / wanted - 1).mean() > 0.08
    assert np.abs(after / wanted - 1).max() < 0.01
    assert told[-1] == (1.0, fit.objective)


def test_another_attempt_goes_on_after_the_last_step(start: tuple[Path, HarmonicForces], tmp_path: Path) -> None:
    whole = fit_of(start, tmp_path / "whole")
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    whole.run(2, lambda share, objective: None)
    fit_of(start, tmp_path / "cut").run(1, lambda share, objective: None)
    shares: list[float] = []
    resumed = fit_of(start, tmp_path / "cut", attempt="2")
    resumed.run(2, lambda share, objective: shares.append(share))
    assert shares[0] > 0.5
    assert resumed.objective == pytest.approx(whole.objective, rel=1e-6)
