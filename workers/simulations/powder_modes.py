"""Phonon modes of a source without force constants: a powder in the incoherent approximation."""

from __future__ import annotations

from typing import Final

from scattering.core.notices import Notice
from scattering.options.harmonic import PowderHarmonic
from scattering.simulate import harmonic
from scattering.simulate.force_constants import to_euphonic_modes
from workers import stages
from workers.kit.progress import Progress
from workers.kit.stopwatch import Stopwatch
from workers.simulations.outcome import Outcome
from workers.simulations.powder_harmonic import energy_bins, remainder_warnings
from workers.simulations.simulation import Simulation
from workers.simulations.steps.force_constants import check_stability, stability_warnings


class ModesWorkflow:
    """The workflow of given modes. Their wave vectors are used as they are, with their weights."""

    def run(self, simulation: Simulation[PowderHarmonic], *, progress: Progress) -> Outcome:
        """Make harmonic partials without interference.

        Raises
        ------
        CannotPredict
            No phonon is real.
        """
        given, options, watch = simulation.modes, simulation.options, Stopwatch()
        if given is None:
            raise ValueError("the simulation has no modes")
        modes = to_euphonic_modes(given)
        stability = check_stability(modes)
        labels = simulation.labels if options.resolve_sites else list(given.symbols)
        progress.stage(stages.POWDER_AVERAGE, until=0.97)
        predicted = harmonic.predict_incoherent(
            modes,
            labels=labels,
            q=options.q_bins,
            energy=energy_bins(options, stability.highest_mev, labels),
            temperature=simulation.temperature,
            n_orders=options.n_orders,
            progress=progress.update,
            metadata={"method": options.METHOD},
        )
        watch.lap("powder")
        warnings = [Notice("incoherent_approximation", {"n_wave_vectors": len(given.weights)})]
        if given.is_gamma_only:
            warnings.append(Notice("gamma_only"))
        return Outcome(
            predicted.partials,
            (*warnings, *stability_warnings(stability), *remainder_warnings(predicted)),
            watch.seconds,
            {
                "n_wave_vectors": len(given.weights),
                "lowest_energy_mev": stability.lowest_mev,
                "highest_energy_mev": stability.highest_mev,
                "imaginary_fraction": stability.imaginary_fraction,
            },
        )


WORKFLOW: Final = ModesWorkflow()
