"""Path-integral predictions from end to end: copper in ASE's effective-medium potential, cold, with i-PI."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from scattering.options.names import Method, Sampling
from scattering.simulate.path_integral import shortfall
from tests.filling import filled
from workers.engines.i_pi.engine import IPI
from workers.engines.interface import Engine

from .conftest import Played, Silent, harmonic, simulate

TEMPERATURE, N_BEADS = 40.0, 8


class InIPI(Played):
    """With ASE's effective-medium potential, in i-PI."""

    def engine(self) -> Engine:
        return IPI(self.calculator())


def copper() -> Atoms:
    return bulk("Cu", "fcc", a=3.59, cubic=True)


def options(method: Method, sampling: Sampling = "powder", **more: object) -> Any:
    return filled(method, copper(), sampling=sampling, temperature=TEMPERATURE, **more)


SHORT = {
    "supercell": [2, 2, 2],
    "timestep_fs": 5.0,
    "sample_fs": 20.0,
    "equilibration_ps": 0.05,
    "production_ps": 0.5,
    "correlation_ps": 0.4,
    "replicas": 1,
    "n_beads": 2,
}


@pytest.mark.parametrize("sampling", ["powder", "path"])
def test_powders_and_crystals_have_partials_of_kubo_statistics(tmp_path: Path, sampling: Sampling) -> None:
    if sampling == "powder":
        chosen = options("trpmd", **SHORT, n_q_points=50, q_max_inv_angstrom=4.0)
    else:
        chosen = options("trpmd", "path", **SHORT, path="Γ-X", zones="first", force_constant_supercell=[2, 2, 2])
    outcome = simulate(
        copper(),
        options=chosen,
        temperature=TEMPERATURE,
        folder=tmp_path,
        progress=Silent(),
        sampling=sampling,
        simulation_type=InIPI,
    )
    assert outcome.partials.statistics == "kubo"
    assert outcome.partials.metadata["method"] == "trpmd"
    # Of each bead: 2 × 32 atoms, 110 steps
    seconds = outcome.timings["equilibration_s"] + outcome.timings["production_s"]
    assert outcome.timings["atom_steps_per_second"] == pytest.approx(2 * 32 * 110 / seconds)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_cold_copper_has_its_zero_point_motion(tmp_path: Path) -> None:
    """The elastic line and the mean-square displacement are those of quantum phonons, twice the classical ones."""
    chosen = options(
        "trpmd",
        **{**SHORT, "equilibration_ps": 0.8, "production_ps": 2.0, "correlation_ps": 1.5, "n_beads": N_BEADS},
        q_max_inv_angstrom=6.0,
        n_q_points=200,
    )
    outcome = simulate(
        copper(),
        options=chosen.model_copy(update={"replicas": 2}),
        temperature=TEMPERATURE,
        folder=tmp_path,
        progress=Silent(),
        simulation_type=InIPI,
    )
    phonons = harmonic(
        copper(),
        EMT(),
        options=options("harmonic", supercell=[4, 4, 4], q_max_inv_angstrom=6.0),
        temperature=TEMPERATURE,
        progress=Silent(),
    )
    row = 39  # 4 Å⁻¹
    exponents = [-np.log(found.partials.incoherent_elastic[0, row]) for found in (outcome, phonons)]
    # 20 meV are in the middle of copper's vibrations. The box has no long waves, in whose place the crystal has 5 % of
    # its displacements; two runs of 93 modes scatter by 5 % in what is classical of it
    assert exponents[0] / exponents[1] == pytest.approx(1 - shortfall(N_BEADS, 20.0, TEMPERATURE) - 0.05, abs=0.1)
    squares = outcome.partials.metadata["mean_square_displacement_angstrom2"]["Cu"]
    assert exponents[0] / outcome.partials.q[row] ** 2 == pytest.approx(squares / 3, rel=0.1)
