"""Every kind of simulation has a workflow."""

from __future__ import annotations

import pytest

from scattering.options.dynamics import Dynamics
from scattering.options.registry import KINDS
from workers.simulations import registry
from workers.simulations.dynamics import DynamicsWorkflow
from workers.simulations.harmonic import HarmonicWorkflow
from workers.simulations.powder_modes import ModesWorkflow
from workers.simulations.trajectory import TrajectoryWorkflow


def test_every_kind_of_simulation_has_a_workflow_of_its_sort() -> None:
    for method, sampling in KINDS:
        if issubclass(KINDS[method, sampling].options, Dynamics):
            assert isinstance(registry.replicated_workflow(method, sampling), DynamicsWorkflow)
        else:
            assert isinstance(registry.workflow(method, sampling), HarmonicWorkflow)
    assert isinstance(registry.workflow_of_modes("powder"), ModesWorkflow)
    with pytest.raises(KeyError):
        registry.workflow_of_modes("path")
    for sampling in ("powder", "path"):
        assert isinstance(registry.workflow_of_trajectory(sampling), TrajectoryWorkflow)
    assert len(registry.modules()) == 7
