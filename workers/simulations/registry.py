"""Registry of workflows by method and sampling. A workflow is imported on first use, since that can take seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final, Protocol, cast

from workers.kit.progress import Progress
from workers.kit.workplace import Workplace
from workers.simulations.outcome import Outcome
from workers.simulations.simulation import Simulation
from workers.simulations.steps.preparation import Prepared
from workers.simulations.steps.replica import Replica

_MODULES: Final[Mapping[tuple[str, str], str]] = {
    ("harmonic", "powder"): "powder_harmonic",
    ("harmonic", "path"): "path_harmonic",
    ("md", "powder"): "powder_dynamics",
    ("md", "path"): "path_dynamics",
    ("trpmd", "powder"): "powder_dynamics",
    ("trpmd", "path"): "path_dynamics",
}
"""Method and sampling → module of this folder. Its `WORKFLOW` has one of the types below."""
_OF_MODES: Final = {"powder": "powder_modes"}
"""Sampling → module for a source that has modes without force constants."""
_OF_TRAJECTORY: Final = {"powder": "powder_trajectory", "path": "path_trajectory"}
"""Sampling → module for a source that has a trajectory."""


class Workflow(Protocol):
    """A simulation that one worker does in one job."""

    def run(self, simulation: Simulation[Any], *, progress: Progress) -> Outcome:
        """Relax, simulate and analyse."""


class ReplicatedWorkflow(Protocol):
    """A simulation in several jobs on different workers, which pass results on by files."""

    def prepare(self, simulation: Simulation[Any], *, workplace: Workplace, progress: Progress) -> Prepared:
        """Return the common initial state of all replicas."""

    def replica(
        self, simulation: Simulation[Any], prepared: Prepared, number: int, *, workplace: Workplace, progress: Progress
    ) -> Replica:
        """Run one replica, and analyse it."""

    def read_replica(self, loaded: Mapping[str, Any]) -> Replica:
        """Make a replica of the mapping that `results.load` returns."""

    def combine(self, simulation: Simulation[Any], prepared: Prepared, replicas: Sequence[Replica]) -> Outcome:
        """Combine the replicas."""


def modules() -> list[str]:
    """Return the names of all modules with workflows."""
    return sorted(
        {_full_name(module) for module in (*_MODULES.values(), *_OF_MODES.values(), *_OF_TRAJECTORY.values())}
    )


def _full_name(module: str) -> str:
    return f"workers.simulations.{module}"


def _workflow(method: str, sampling: str) -> Any:
    return import_module(_full_name(_MODULES[method, sampling])).WORKFLOW


def workflow(method: str, sampling: str) -> Workflow:
    """Return the workflow of a kind of simulation that has no replicas.

    Raises
    ------
    KeyError
        The kind is unknown.
    """
    return cast(Workflow, _workflow(method, sampling))


def workflow_of_modes(sampling: str) -> Workflow:
    """Return the workflow of a source that has modes without force constants.

    Raises
    ------
    KeyError
        The sampling needs force constants.
    """
    return cast(Workflow, import_module(_full_name(_OF_MODES[sampling])).WORKFLOW)


def workflow_of_trajectory(sampling: str) -> Workflow:
    """Return the workflow of a source that has a trajectory.

    Raises
    ------
    KeyError
        The sampling is not known of trajectories.
    """
    return cast(Workflow, import_module(_full_name(_OF_TRAJECTORY[sampling])).WORKFLOW)


def replicated_workflow(method: str, sampling: str) -> ReplicatedWorkflow:
    """Return the workflow of a kind of simulation that has replicas.

    Raises
    ------
    KeyError
        The kind is unknown.
    """
    return cast(ReplicatedWorkflow, _workflow(method, sampling))
