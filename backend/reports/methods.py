"""Methods of a forecast, as notices whose sentences form a paragraph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from backend.predictions.tables import SOURCE, Prediction
from backend.reports.gathering import Gathered
from backend.reports.references import reference_numbers
from backend.trainings import facts
from scattering.core.notices import Notice
from scattering.options.dynamics import Dynamics, RingPolymers
from scattering.options.given import Given
from scattering.options.given_trajectory import GivenTrajectory
from scattering.options.harmonic import Harmonic


def methods(gathered: Gathered) -> tuple[Notice, ...]:
    """Return the methods of a forecast, with the numbers of `references`."""
    return tuple(_methods(gathered))


def _methods(gathered: Gathered) -> Iterator[Notice]:
    row, cited = gathered.prediction, reference_numbers(gathered)
    if gathered.potential is None:
        yield from _given_phonons(row, cited)
    else:
        numbers = {"workflow_reference": cited["workflow"], "potential_reference": cited["potential"]}
        yield Notice("methods_forces", {"potential": gathered.potential.name, **numbers})
        if gathered.training is not None:
            yield Notice("methods_trained", facts.summary(gathered.training))
        yield _simulation(row, cited)
    yield Notice("methods_weighting", {"sears_reference": cited["sears"]})
    if row.method != "harmonic":
        correction = gathered.shown[0].view.quantum_correction if gathered.shown else "harmonic"
        yield Notice("methods_detailed_balance", {"quantum_correction": correction})
    if gathered.plan is not None:
        yield Notice("methods_count_rates")


def _given_phonons(row: Prediction, cited: Mapping[str, int]) -> Iterator[Notice]:
    options, source = row.typed_options(), row.provenance.get(SOURCE, {})
    if isinstance(options, GivenTrajectory):
        yield Notice(
            "methods_given_trajectory",
            {
                "program": source.get("program", {}).get("name", ""),
                "workflow_reference": cited["workflow"],
                "temperature_k": row.temperature_k,
                "length_ps": options.production_ps,
                "frame_interval_fs": options.sample_fs,
                "n_beads": options.beads,
            },
        )
        return
    assert isinstance(options, Given)
    yield Notice(
        "methods_given_phonons",
        {
            "program": source.get("program", {}).get("name", ""),
            "workflow_reference": cited["workflow"],
            "euphonic_reference": cited["euphonic"],
            "temperature_k": row.temperature_k,
            "n_orders": options.n_orders,
            "nac": options.nac,
        },
    )


def _simulation(row: Prediction, cited: Mapping[str, int]) -> Notice:
    options = row.typed_options()
    simulated = {"supercell": list(options.supercell), "temperature_k": row.temperature_k}
    if isinstance(options, Harmonic):
        numbers = {"phonopy_reference": cited["phonopy"], "euphonic_reference": cited["euphonic"]}
        return Notice("methods_harmonic", {**simulated, "n_orders": options.n_orders, **numbers})
    assert isinstance(options, Dynamics)
    run = {
        **simulated,
        "timestep_fs": options.timestep_fs,
        "n_runs": options.replicas,
        "production_ps": options.production_ps,
        "equilibration_ps": options.equilibration_ps,
        "ase_reference": cited["ase"],
    }
    if isinstance(options, RingPolymers):
        return Notice("methods_ring_polymers", {**run, "n_beads": options.beads, "trpmd_reference": cited["trpmd"]})
    return Notice("methods_molecular_dynamics", run)
