"""Fit a NEP to labels by AdamW, with checkpoints from which another attempt continues exactly.

References
----------
I. Loshchilov and F. Hutter, Decoupled weight decay regularization, ICLR (2019). Model, graphs and losses are
neppo's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from ase import Atoms
from neppo import StructureContainer, read_model, write_model
from neppo.losses import EnergyLoss, ForceLoss, Loss, VirialLoss
from numpy.typing import NDArray

from backend.trainings.recipes import Recipe
from workers.kit.checkpoint import Checkpoint, Checkpoints

WARM_UP_STEPS: Final = 20
"""Steps over which the rate rises from nothing, while AdamW has no mean of the squared gradients."""
MOMENTS: Final = ("step", "exp_avg", "exp_avg_sq")
"""What AdamW keeps of each parameter."""
MAX_GRADIENT_NORM: Final = 1e3
"""Norm to which a gradient is scaled down: a single strained cell must not throw the weights away."""


@dataclass(frozen=True)
class Epoch:
    """One point of the loss curve: the step, and the losses on the labels that train and that are held out."""

    step: int
    train: float
    held_out: float

    def to_json(self) -> list[float]:
        """Return step, training loss and held-out loss."""
        return [self.step, round(self.train, 6), round(self.held_out, 6)]


class Fit:
    """The fit of a model to labels.

    Parameters
    ----------
    file
        NEP to start from.
    train, held_out
        Labelled structures, whose energies are on the scale of the model.
    recipe
        Rates, number of steps, batch size and scales of the errors.
    with_stress
        Whether stresses are fitted: all structures have them.
    checkpoints
        Checkpoints of all attempts.
    device
        "cpu" or "cuda".
    """

    def __init__(
        self,
        file: Path,
        train: Sequence[Atoms],
        held_out: Sequence[Atoms],
        recipe: Recipe,
        *,
        with_stress: bool,
        checkpoints: Checkpoints,
        device: str,
    ) -> None:
        self._recipe, self._checkpoints = recipe, checkpoints
        self._device, self._dtype = torch.device(device), torch.float32
        self._model = read_model(str(file), dtype=self._dtype).to(self._device)
        labels = StructureContainer(self._model, train)
        self._batches = labels.get_batches(
            recipe.batch_size, shuffle=True, seed=recipe.seed, device=self._device, dtype=self._dtype
        )
        self._held_out = StructureContainer(self._model, held_out).get_batches(
            recipe.batch_size, device=self._device, dtype=self._dtype
        )
        terms = [EnergyLoss(sigma=recipe.energy_scale_ev), ForceLoss(sigma=recipe.force_scale_ev_per_angstrom)]
        if with_stress:
            terms.append(VirialLoss(sigma=recipe.virial_scale_ev))
        self._loss = Loss(terms)
        self._parameters = dict(self._model.named_parameters())
        self._optimiser = torch.optim.AdamW(self._parameters.values(), lr=recipe.learning_rate, weight_decay=0.0)
        self._step, self._curve = 0, list[Epoch]()
        self.seconds = 0.0
        """Seconds of all attempts."""

    @property
    def curve(self) -> list[Epoch]:
        """The loss curve so far."""
        return list(self._curve)

    def run(self, report: Callable[[float, Epoch], None]) -> None:
        """Train to the last step, from the best checkpoint if there is one.

        Parameters
        ----------
        report
            Called after each epoch with the finished fraction and the point of the loss curve. It raises to stop.
        """
        self._checkpoints.resume(self._restore)
        n_batches, n_steps = len(self._batches), self._recipe.steps
        while self._step < n_steps:
            began = time.perf_counter()
            # The order follows from the epoch, so that a resumed fit takes the same steps
            order = np.random.default_rng([self._recipe.seed, self._step]).permutation(n_batches)
            values = [self._take_step(int(index)) for index in order[: n_steps - self._step]]
            epoch = Epoch(self._step, float(np.mean(values)), self._held_out_loss())
            self._curve.append(epoch)
            self.seconds += time.perf_counter() - began
            if self._checkpoints.is_due():
                self._checkpoints.try_save(self._step, self._arrays(), self._state())
            report(self._step / n_steps, epoch)

    def write(self, file: Path) -> None:
        """Write the model as `nep.txt`."""
        write_model(self._model, str(file))

    def _take_step(self, index: int) -> float:
        rate = self._rate()
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        batch, targets = self._batches[index]
        self._optimiser.zero_grad(set_to_none=True)
        total, _ = self._loss(self._model(batch, create_graph=True), targets, self._model)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self._parameters.values(), MAX_GRADIENT_NORM)
        self._optimiser.step()
        self._step += 1
        return float(total.detach())

    def _rate(self) -> float:
        """Return the learning rate, which falls along a cosine."""
        first, last = self._recipe.learning_rate, self._recipe.final_learning_rate
        share = self._step / max(self._recipe.steps - 1, 1)
        rise = min(1.0, (self._step + 1) / WARM_UP_STEPS)
        return float(rise * (last + 0.5 * (first - last) * (1 + np.cos(np.pi * share))))

    def _held_out_loss(self) -> float:
        """Return the loss on the labels that are held out; NaN if none are."""
        values = []
        for batch, targets in self._held_out:
            results = {name: value.detach() for name, value in self._model(batch).items()}
            with torch.no_grad():
                values.append(float(self._loss(results, targets, self._model)[0]))
        return float(np.mean(values)) if values else float("nan")

    def _state(self) -> dict[str, Any]:
        return {"curve": [[one.step, one.train, one.held_out] for one in self._curve], "seconds": self.seconds}

    def _arrays(self) -> dict[str, NDArray[Any]]:
        """Return the weights and the moments of AdamW by name."""
        arrays = {}
        for name, parameter in self._parameters.items():
            arrays[f"weight {name}"] = parameter.detach().cpu().numpy()
            for key, value in self._optimiser.state.get(parameter, {}).items():
                arrays[f"{key} {name}"] = value.detach().cpu().numpy()
        return arrays

    def _restore(self, checkpoint: Checkpoint) -> None:
        arrays = checkpoint.arrays
        if missing := [name for name in self._parameters if f"weight {name}" not in arrays]:
            raise ValueError(f"the checkpoint lacks {missing}")
        state = {}
        with torch.no_grad():
            for place, (name, parameter) in enumerate(self._parameters.items()):
                parameter.copy_(torch.as_tensor(arrays[f"weight {name}"]))
                state[place] = {
                    key: torch.as_tensor(arrays[f"{key} {name}"]) for key in MOMENTS if f"{key} {name}" in arrays
                }
        described = self._optimiser.state_dict()
        self._optimiser.load_state_dict({**described, "state": {place: one for place, one in state.items() if one}})
        self._step = checkpoint.step
        self._curve = [Epoch(int(step), train, held_out) for step, train, held_out in checkpoint.state["curve"]]
        self.seconds = float(checkpoint.state["seconds"])
