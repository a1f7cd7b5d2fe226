"""Operations: workers, queues, failures and disk, for operators. Its script fetches the page anew every few seconds."""

from __future__ import annotations

from typing import Final

from frontend.client import ApiClient, JsonObject
from frontend.contexts.page import Context, Page, Query
from frontend.text import capital, count, duration, file_size, short_method

INTERVAL_S: Final = 3
MIN_FREE_FRACTION: Final = 0.1
"""A disk with less is nearly full."""
KINDS: Final = {"whole": "", "train": "", "prepare": "preparation", "combine": "average of the replicas"}
REASONS: Final = {
    "worker_died": "worker died",
    "time_limit": "time limit",
    "unforeseen": "unexpected error",
    "cannot_predict": "cannot be predicted",
}


async def context(api: ApiClient, path: Query, query: Query) -> Context:
    """Return the state of the server and its workers; refused to those who do not operate it."""
    seen = await api.get("/operations")
    disk = seen["disk"]
    return {
        "seen": seen,
        "interval_s": INTERVAL_S,
        "figures": _figures(seen),
        "troubles": find_troubles(seen),
        "used_fraction": _used_fraction(disk),
        "is_nearly_full": _is_nearly_full(disk),
        "n_failures": sum(seen["failures_by_reason"].values()),
        "reasons": REASONS,
        "job_name": job_name,
    }


def job_name(job: JsonObject) -> str:
    """Return a short name of a job: MD, replica 2."""
    kind = KINDS.get(job["kind"], f"{job['kind']} {job['number'] + 1}")
    return ", ".join(filter(None, [capital(short_method(job["method"])), kind]))


def find_troubles(seen: JsonObject) -> list[str]:
    """Return what needs the attention of an operator."""
    found = []
    if not any(worker["alive"] for worker in seen["workers"]):
        found.append("No worker is running: forecasts wait until one starts.")
    else:
        for one in seen["out_of_reach"]:
            what = one["engine"] or f"the queue {one['queue']}"
            verb = "waits" if one["jobs"] == 1 else "wait"
            found.append(f"{count(one['jobs'], 'job')} {verb} for a worker with {what}; no such worker is running.")
    if not seen["broker"]:
        found.append("The broker accepts no messages, so jobs start late. The log of the server has the reason.")
    if _is_nearly_full(seen["disk"]):
        found.append(f"The disk is nearly full: {file_size(seen['disk']['free_bytes'])} are free.")
    return found


def _figures(seen: JsonObject) -> list[tuple[str, str]]:
    """Return the numbers at the top with their labels."""
    alive = [worker for worker in seen["workers"] if worker["alive"]]
    running, queued = (sum(queue[key] for queue in seen["queues"]) for key in ("running", "queued"))
    longest = max((queue["oldest_queued_s"] or 0.0 for queue in seen["queues"]), default=0.0)
    failed = seen["predictions_by_status"].get("failed", 0)
    return [
        (f"{running} of {sum(worker['slots'] for worker in alive)}", "slots busy"),
        (str(queued), "job queued" if queued == 1 else "jobs queued"),
        (duration(longest) if queued else "—", "longest wait"),
        (str(len(alive)), "worker" if len(alive) == 1 else "workers"),
        (str(failed), "failed forecast" if failed == 1 else "failed forecasts"),
        (file_size(seen["disk"]["free_bytes"]), "free on the disk"),
    ]


def _used_fraction(disk: JsonObject) -> float | None:
    free, total = disk["free_bytes"], disk["total_bytes"]
    return None if free is None or not total else 1 - free / total


def _is_nearly_full(disk: JsonObject) -> bool:
    used = _used_fraction(disk)
    return used is not None and used > 1 - MIN_FREE_FRACTION


PAGE: Final = Page("/operations", "operations.html", context)
