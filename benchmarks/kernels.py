"""The bare kernels of a harmonic prediction, beside which the time of the whole is read.

These are what no way of running it can leave out: forces of the displaced cells (nep-adapters), phonons of the same
k-points (Euphonic) and the powder average (`scattering.simulate.harmonic`).

`python -m benchmarks.kernels MODEL CIF OPTIONS KELVIN` prints the clocks of each as JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ase.calculators.calculator import Calculator
from ase.io import read
from numpy.typing import NDArray

from scattering.core import energy_axis
from scattering.simulate import harmonic, phonons, protocol
from workers import engines
from workers.engines.interface import Potential
from workers.simulations.steps.force_constants import displace
from workers.simulations.steps.relaxation import relax

REPEATS = 3
Clocks = tuple[float, float]
"""Seconds on the wall's clock and of the processor."""


class Recorder(Calculator):
    """A calculator that keeps the structures that it is asked for."""

    implemented_properties = ("forces",)

    def __init__(self, calculator: Calculator) -> None:
        super().__init__()
        self.asked: list[Any] = []
        self._calculator = calculator

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = None) -> None:
        """Evaluate forces in eV/Å."""
        self.asked.append(atoms.copy())
        self.results = {"forces": self._calculator.get_forces(atoms)}


def measured(kernel: Callable[[], object]) -> Clocks:
    """Return the median clocks of `REPEATS` runs."""
    clocks = []
    for _ in range(REPEATS):
        began, used = time.perf_counter(), time.process_time()
        kernel()
        clocks.append((time.perf_counter() - began, time.process_time() - used))
    wall, processor = zip(*clocks, strict=True)
    return statistics.median(wall), statistics.median(processor)


def kernels(model: Path, structure: Path, options: Mapping[str, Any], temperature: float) -> dict[str, Clocks]:
    """Measure each kernel of one prediction.

    Parameters
    ----------
    model
        File of the potential.
    structure
        CIF of the crystal.
    options
        Complete, as the API gives them.
    temperature
        Kelvin.
    """
    atoms = read(structure)
    calculator = engines.calculator(options["engine"], Potential(model, options["dispersion"]))
    relaxed = relax(atoms, calculator, relax_cell=options["relax_cell"]).atoms
    recorder = Recorder(calculator)
    found = displace(
        relaxed,
        recorder,
        labels=atoms.get_chemical_symbols(),
        supercell=options["supercell"],
        distance=options["displacement_angstrom"],
    )
    zone = phonons.sample_zone(found.force_constants)
    q: NDArray[np.float64] = protocol.Q_STEP * np.arange(1, round(options["q_max_inv_angstrom"] / protocol.Q_STEP) + 1)
    energy = energy_axis.bins(
        end=options["energy_max_mev"],
        highest=phonons.stability(zone.modes).highest_mev,
        n_species=len(set(found.labels)),
        n_orders=options["n_orders"],
        n_q=len(q),
    )
    return {
        "forces": measured(lambda: [calculator.calculate(one, ["forces"]) for one in recorder.asked]),
        "phonons": measured(lambda: phonons.sample_zone(found.force_constants)),
        "powder": measured(
            lambda: harmonic.predict(
                zone,
                labels=found.labels,
                q=q,
                energy=energy,
                temperature=temperature,
                n_orders=options["n_orders"],
                seed=options["seed"],
            )
        ),
    }


if __name__ == "__main__":
    _, _model, _structure, _options, _kelvin = sys.argv
    print(json.dumps(kernels(Path(_model), Path(_structure), json.loads(_options), float(_kelvin))))
