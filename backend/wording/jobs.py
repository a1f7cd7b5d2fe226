"""Stages of jobs, reasons to wait, and how jobs fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from backend import wording
from backend.wording.formatting import counted, number
from scattering.core.notices import Notice


def _of_replicas(words: str) -> Callable[..., str]:
    """Return the words of a stage, with the numbers of the running replicas if the prediction has several."""

    def sentence(*, replicas: int = 1, replicas_done: int = 0, replicas_running: int = 1) -> str:
        if replicas < 2:
            return words
        first, last = replicas_done + 1, replicas_done + replicas_running
        runs = f"run {first}" if last <= first else f"runs {first} to {last}"
        return f"{words} ({runs} of {replicas})"

    return sentence


def _fitting(*, step: int = 0, steps: int = 0, loss: float = 0.0) -> str:
    """Return the words of a fit, with its step and loss once there are any."""
    return (
        f"fitting the potential (step {step} of {steps}, loss {number(loss, 3)})" if steps else "fitting the potential"
    )


def _fitting_modes(*, step: int = 0, steps: int = 0) -> str:
    return f"fitting the modes of the reference (step {step} of {steps})" if steps else "fitting the modes"


def _labelling(*, label: int = 0, labels: int = 0) -> str:
    return f"labelling structures ({label} of {labels})" if labels else "labelling structures"


def _waiting_for_engine(*, engine: str, title: str | None = None) -> str:
    return f"waiting for a worker with {title or engine}; no such worker is running"


_WORK: Final[Mapping[str, tuple[str, str, str]]] = {
    "prediction": ("this prediction", "choose a smaller supercell, or quality “preview”", "choose a shorter run"),
    "training": ("this training", "choose a smaller batch, or labels of smaller cells", "choose fewer steps"),
    "reading": ("reading these files", "use fewer of their frames", "use fewer of the frames"),
}
"""Kind of work (`backend.jobs.work`) → its name in a sentence, and how it needs less memory and less time."""


def _worker_died(
    *, attempts: int, stage: Mapping[str, Any] | None, work: str = "prediction", ended_by: str | None = None
) -> str:
    last = "" if stage is None else f", the last one in the stage “{wording.message(Notice.from_json(stage))}”"
    what, less, _ = _WORK[work]
    died = f"The worker process ended unexpectedly in {counted(attempts, 'attempt')} at {what}{last}."
    # Want of memory ends a process by SIGKILL
    if ended_by in (None, "SIGKILL"):
        return f"{died} It may need more memory than the machine has: {less}."
    how = "by an exit" if ended_by == "exit" else f"by {ended_by}"
    return f"{died} A library that it uses has ended it {how}. Tell the administrator of this server."


def _time_limit(*, limit_h: float, work: str = "prediction") -> str:
    *_, less = _WORK[work]
    return f"The job took longer than the {limit_h:g} hours that this server allows: {less}."


WORDS: Final[Mapping[str, wording.Words]] = {
    "start": _of_replicas("starting"),
    "fetch_potential": _of_replicas("downloading the potential"),
    "relax": "relaxing the atoms",
    "displace_atoms": "displacing atoms",
    "sample_zone": "calculating phonons over the Brillouin zone",
    "sample_path": "calculating phonons along the path",
    "powder_average": "powder averaging",
    "equilibrate_cell": "equilibrating the cell",
    "average_cell": "averaging the cell",
    "equilibrate": _of_replicas("equilibrating"),
    "produce": _of_replicas("running molecular dynamics"),
    "resume": _of_replicas("resuming from a checkpoint"),
    "correlate": _of_replicas("correlating positions"),
    "check_files": "computing checksums",
    "read_frames": "reading the frames",
    "store_frames": "storing the frames",
    "average_replicas": "averaging replicas",
    "restrict_potential": "restricting the potential to the elements of the material",
    "check_labels": "checking the labels",
    "label_structures": _labelling,
    "converge_settings": "converging cut-off energy and wave vectors",
    "train_potential": _fitting,
    "fit_modes": _fitting_modes,
    "check_phonons": "checking phonons",
    "check_dynamics": "checking molecular dynamics",
    "done": "done",
    "waiting_for_worker": "waiting for a free worker",
    "waiting_for_engine": _waiting_for_engine,
    "waiting_for_queue": "waiting for a worker of the queue “{queue}”; no such worker is running",
    "waiting_for_disk_space": "waiting for space on the server's disk, which is full",
    "worker_died": _worker_died,
    "time_limit": _time_limit,
    "unforeseen": ("An unexpected error ended this job. The server's log has the details under {prediction_id}."),
}
