"""Crystals of a potential that needs no file, and the backend's fixtures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.isotopes import Isotopes
from scattering.core.notices import Notice
from scattering.options.names import Sampling
from tests.backend.conftest import (  # noqa: F401
    app,
    client,
    migrated_database,
    portal,
    settings,
    silicon,
    structure,
    warm_app,
)
from workers.engines.ase_dynamics import AseDynamics
from workers.engines.interface import Engine, Potential
from workers.kit.workplace import Report, Workplace
from workers.simulations import registry, results
from workers.simulations.outcome import Outcome
from workers.simulations.simulation import KeptForces, Simulation
from workers.simulations.steps.preparation import Prepared


class Silent:
    """A progress that only remembers, and may interrupt."""

    def __init__(self, interrupt_in: str | None = None, error: Exception | None = None) -> None:
        self.stages: list[tuple[str, float]] = []
        self.shares: list[float] = []
        self._interrupt_in, self._error = interrupt_in, error

    def stage(self, stage: Notice, *, until: float) -> None:
        self.stages.append((stage.code, until))
        self.shares = [0.0]

    def update(self, share: float) -> None:
        self.shares.append(share)
        if self._error is not None and self.stages[-1][0] == self._interrupt_in:
            raise self._error

    def report_until(self, until: float) -> Report:
        def report(stage: Notice, share: float) -> None:
            if not self.stages or self.stages[-1] != (stage.code, until):
                self.stage(stage, until=until)
            self.update(share)

        return report


class Played(Simulation[Any]):
    """A simulation whose potential is a calculator of ASE's, with no file."""

    make: Callable[[], Calculator] = EMT

    def calculator(self) -> Calculator:
        return type(self).make()

    def engine(self, modify: Callable[[Calculator], Calculator] = lambda plain: plain) -> Engine:
        return AseDynamics(modify(self.calculator()))


class OfEMT(Played):
    """With ASE's effective-medium potential."""


def simulate(
    atoms: Atoms,
    *,
    options: Any,
    temperature: float,
    folder: Path,
    progress: Any,
    sampling: Sampling = "powder",
    simulation_type: type[Simulation[Any]] = OfEMT,
    reference: HarmonicCrystal | None = None,
) -> Outcome:
    """Do all the jobs of a prediction by molecular dynamics here, one after the other, through files as workers do."""
    simulation = simulation_type(atoms, options, temperature, Potential(Path()), "nep-adapters", reference=reference)
    workflow = registry.replicated_workflow(options.METHOD, sampling)

    def stored(value: Any) -> Any:
        results.save(folder / "stored.npz", value)
        return results.load(folder / "stored.npz")

    place = Workplace(folder / "prepare", "1")
    prepared = Prepared.of(stored(workflow.prepare(simulation, workplace=place, progress=progress)))
    replicas = []
    for number in range(options.n_replicas):
        place = Workplace(folder / f"replica-{number}", "1")
        place.folder.mkdir()
        made = workflow.replica(simulation, prepared, number, workplace=place, progress=progress)
        replicas.append(workflow.read_replica(stored(made)))
    return workflow.combine(simulation, prepared, replicas)


def harmonic(
    atoms: Atoms,
    calculator: Calculator,
    *,
    options: Any,
    temperature: float,
    progress: Any,
    sampling: Sampling = "powder",
    isotopes: Isotopes | None = None,
    kept: KeptForces | None = None,
) -> Outcome:
    """Do the one job of a harmonic prediction here."""

    class Calculated(Played):
        make = staticmethod(lambda: calculator)

    simulation = Calculated(
        atoms, options, temperature, Potential(Path()), "nep-adapters", isotopes=isotopes or {}, kept=kept
    )
    return registry.workflow("harmonic", sampling).run(simulation, progress=progress)


@pytest.fixture
def progress() -> Silent:
    return Silent()


@pytest.fixture
def copper() -> Atoms:
    return bulk("Cu", "fcc", a=3.59, cubic=True)
