"""What the workers do, what waits and what failed: for who runs the server. Asks again every few seconds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html, no_update, set_props
from plotly.utils import PlotlyJSONEncoder

from frontend import notation
from frontend.client import (
    ApiClient,
    ApiProblem,
    Disk,
    FailedJob,
    OperatedJob,
    Operations,
    Queue,
    RunningJob,
    Worker,
)
from frontend.problems import problem_alert, warning_list
from frontend.session import of_user
from frontend.terms import explained_as
from frontend.view_state import forecast_address
from frontend.wiring import attributes

ASK_EVERY_S = 3
LITTLE_ROOM = 0.1
"""A disk with less than this share of it free is worth a colour."""

KINDS = {"whole": "", "prepare": "preparation", "combine": "average of the replicas"}
REASONS = {
    "worker_died": "worker died",
    "time_limit": "time limit",
    "unforeseen": "unforeseen",
    "cannot_predict": "cannot be predicted",
}


def job_name(job: OperatedJob) -> str:
    """Return what a job is: MD, replica 2."""
    kind = KINDS.get(job["kind"], f"{job['kind']} {job['number'] + 1}")
    return ", ".join(filter(None, [notation.short_method(job["method"]), kind]))


def _link(job: OperatedJob, text: str) -> Any:
    """The job's name, leading to its forecast where that is the asker's to look at, and what to look for in the log."""
    name, whole_id = text[0].upper() + text[1:], job["prediction_id"]
    return html.Span(
        [
            dcc.Link(name, href=forecast_address(job["structure_id"], [whole_id]), className="job-name")
            if job["own"]
            else html.Span(name, className="job-name"),
            html.Code(whole_id[:8], className="job-id", title=f"Prediction {whole_id}"),
        ],
        className="job-head",
    )


def size(n_bytes: float | None) -> str:
    """Return a number of bytes as a person would say it: 3.2 GB."""
    if n_bytes is None:
        return "—"
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}" if unit == "B" or n_bytes >= 99.5 else f"{n_bytes:.2g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _troubles(seen: Operations) -> list[str]:
    found = []
    if not any(worker["alive"] for worker in seen["workers"]):
        found.append("No worker shows life: what is asked for waits until one comes.")
    else:
        for one in seen["out_of_reach"]:
            what = one["engine"] or f"the queue {one['queue']}"
            wait = "waits" if one["jobs"] == 1 else "wait"
            found.append(f"{_count(one['jobs'], 'job')} {wait} for a worker with {what}; none is there now.")
    if not seen["broker"]:
        found.append("The broker takes no messages: jobs begin late. The server’s log says why.")
    if _little_room(seen["disk"]):
        found.append(f"The disk is nearly full: {size(seen['disk']['free_bytes'])} are left.")
    return found


def _little_room(disk: Disk) -> bool:
    free, total = disk["free_bytes"], disk["total_bytes"]
    return free is not None and total is not None and free < LITTLE_ROOM * total


def _figure(value: str, what: str, *, id: str) -> html.Div:
    return html.Div([html.Dd(value), html.Dt(what)], className="figure", id=id)


def _figures(seen: Operations) -> html.Dl:
    alive = [worker for worker in seen["workers"] if worker["alive"]]
    queued = sum(queue["queued"] for queue in seen["queues"])
    running = sum(queue["running"] for queue in seen["queues"])
    oldest = max((queue["oldest_queued_s"] or 0.0 for queue in seen["queues"]), default=0.0)
    slots = sum(worker["slots"] for worker in alive)
    failed = seen["predictions_by_status"].get("failed", 0)
    return html.Dl(
        [
            _figure(f"{running} of {slots}", "slots busy", id="figure-running"),
            _figure(str(queued), "jobs queued", id="figure-queued"),
            _figure(notation.duration(oldest) if queued else "—", "longest wait", id="figure-oldest"),
            _figure(str(len(alive)), "worker" if len(alive) == 1 else "workers", id="figure-workers"),
            _figure(str(failed), "failed forecast" if failed == 1 else "failed forecasts", id="figure-failed"),
            _figure(size(seen["disk"]["free_bytes"]), "free on the disk", id="figure-disk"),
        ],
        className="figures-row",
    )


def _panel(title: str, body: Any, *, id: str, aside: str | None = None) -> html.Section:
    head = html.Div(
        [dmc.Title(title, order=2, size="h4"), html.Span(aside, className="quiet small") if aside else None],
        className="panel-head",
    )
    return html.Section([head, body], className="panel", id=id)


COUNTS: Final = ("running", "queued", "waiting")


def _queue_row(queue: Queue) -> html.Tr:
    oldest = queue["oldest_queued_s"]
    return html.Tr(
        [
            html.Th([queue["name"], html.Span(f" {queue['lane']}", className="quiet")], scope="row"),
            *(html.Td(str(queue[key]), className="" if queue[key] else "quiet") for key in COUNTS),
            html.Td("—" if oldest is None else notation.duration(oldest), className="quiet" if oldest is None else ""),
        ]
    )


def _queues(queues: Sequence[Queue]) -> html.Table:
    heads = (
        explained_as("One slot of every worker with several is kept for short jobs.", "Queue"),
        "Running",
        explained_as("Jobs that a worker could begin now.", "Queued"),
        explained_as("Jobs that follow others of their forecast, which are not done yet.", "Waiting"),
        "Longest wait",
    )
    return html.Table(
        [
            html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])),
            html.Tbody([_queue_row(queue) for queue in queues]),
        ],
        className="queues",
    )


def _id(kind: str, of: str) -> dict[str, str]:
    return {"type": f"operations-{kind}", "of": of}


def _key(job: OperatedJob) -> str:
    return f"{job['prediction_id']} {job['kind']} {job['number']}"


def _said(job: RunningJob) -> str:
    return " · ".join(filter(None, [job["stage"], f"attempt {job['attempt']}" if job["attempt"] > 1 else ""]))


def _far(job: RunningJob) -> str:
    return f"{job['progress'] * 100:.0f} % · {notation.duration(job['seconds'])}"


def _state(worker: Worker) -> str:
    if not worker["alive"]:
        return f"not heard of for {notation.duration(worker['seen_s_ago'])}"
    return f"{len(worker['running'])} of {_count(worker['slots'], 'slot')} busy"


def _job(job: RunningJob) -> html.Li:
    name, key = job_name(job), _key(job)
    return html.Li(
        [
            html.Div(
                [
                    _link(job, name),
                    html.Span(_said(job), id=_id("stage", key), className="job-stage"),
                    html.Span(_far(job), id=_id("far", key), className="job-time"),
                ],
                className="job-line",
            ),
            dmc.Progress(
                id=_id("bar", key),
                value=job["progress"] * 100,
                size=5,
                radius="xl",
                transitionDuration=400,
                **attributes(aria_label=f"Progress of {name}"),
            ),
        ],
        className="job",
    )


def _engine(name: str, version: str) -> str:
    return version if version.startswith(name) else f"{name} ({version})" if version else name


def _worker(worker: Worker) -> html.Li:
    engines = ", ".join(_engine(name, version) for name, version in sorted(worker["engines"].items()))
    kept = worker["slots"] - worker["long_slots"]
    return html.Li(
        [
            html.Div(
                [
                    html.Span(className="dot", **attributes(aria_hidden="true")),
                    html.Strong(worker["name"], className="worker-name"),
                    html.Span(_state(worker), id=_id("state", worker["name"]), className="worker-state"),
                ],
                className="worker-line",
            ),
            html.Div(
                " · ".join(
                    [
                        *([f"{_count(kept, 'slot')} kept for short jobs"] if kept else []),
                        f"queue{'s' if len(worker['queues']) > 1 else ''} {', '.join(worker['queues'])}",
                        _count(worker["cores"], "core"),
                        engines or "no engine",
                    ]
                ),
                className="quiet small",
            ),
            html.Ul([_job(job) for job in worker["running"]], className="jobs") if worker["running"] else None,
        ],
        className=f"worker {'is-alive' if worker['alive'] else 'is-gone'}",
    )


def _workers(workers: Sequence[Worker]) -> Any:
    if not workers:
        return html.P("None has shown life.", className="quiet flush")
    return html.Ul([_worker(worker) for worker in workers], className="workers")


def _engines(engines: dict[str, int]) -> Any:
    if not engines:
        return html.P("No living worker has one.", className="quiet flush")
    rows = [html.Div([html.Dt(name), html.Dd(_count(n, "worker"))]) for name, n in engines.items()]
    return html.Dl(rows, className="facts-inline engines")


def _failure(job: FailedJob) -> html.Li:
    at = f"while {job['stage']}" if job["stage"] else ""
    about = [notation.ago(job["when"]), at, f"attempt {job['attempt']}", job["worker"] or ""]
    return html.Li(
        [
            html.Div(
                [
                    _link(job, job_name(job)),
                    dmc.Badge(
                        REASONS.get(job["reason"], job["reason"]), color="red", variant="light", tt="none", size="sm"
                    ),
                    html.Span(
                        "" if job["own"] else f"asked for by {job['owner']}", className="quiet small failure-owner"
                    ),
                ],
                className="failure-line",
            ),
            html.Div(job["error"], className="failure-error"),
            html.Div(" · ".join(filter(None, about)), className="quiet small"),
        ],
        className="failure",
    )


def _failures(failures: Sequence[FailedJob]) -> Any:
    if not failures:
        return html.P("Nothing has failed.", className="quiet flush")
    return html.Ul([_failure(job) for job in failures], className="failures")


def _disk(disk: Disk) -> Any:
    free, total = disk["free_bytes"], disk["total_bytes"]
    if free is None or not total:
        return html.P("The data folder cannot be asked.", className="quiet flush")
    return html.Div(
        [
            dmc.Progress(
                value=100 * (1 - free / total),
                size=8,
                radius="xl",
                color="red" if _little_room(disk) else "beam",
                **attributes(aria_label="Part of the disk that is used"),
            ),
            html.Dl(
                [
                    html.Div([html.Dt("Free"), html.Dd(f"{size(free)} of {size(total)}")]),
                    html.Div([html.Dt("Forecasts’ files"), html.Dd(size(disk["predictions_bytes"]))]),
                ],
                className="facts-inline disk",
            ),
        ]
    )


def _failed_beyond(seen: Operations) -> str | None:
    failed, shown = sum(seen["failures_by_reason"].values()), len(seen["recent_failures"])
    return f"the last {shown} of {failed}" if failed > shown else None


def parts_of(seen: Operations) -> dict[str, Any]:
    """Return what stands in each part of the page, by the part's id."""
    return {
        "operations-troubles": warning_list(_troubles(seen), title="Needs attention"),
        "operations-figures": _figures(seen),
        "operations-workers": _panel("Workers", _workers(seen["workers"]), id="workers"),
        "operations-failures": _panel(
            "What failed lately", _failures(seen["recent_failures"]), id="failures", aside=_failed_beyond(seen)
        ),
        "operations-queues": _panel("Queues", _queues(seen["queues"]), id="queues"),
        "operations-engines": _panel("Engines", _engines(seen["engines"]), id="engines"),
        "operations-disk": _panel("Disk", _disk(seen["disk"]), id="disk"),
    }


PARTS: Final = ("troubles", "figures", "workers", "failures", "queues", "engines", "disk")


def bits_of(seen: Operations) -> list[tuple[dict[str, str], str, Any]]:
    """Return what changes at every look while workers work: id, property, value."""
    bits: list[tuple[dict[str, str], str, Any]] = []
    for worker in seen["workers"]:
        bits.append((_id("state", worker["name"]), "children", _state(worker)))
        for job in worker["running"]:
            key = _key(job)
            bits.append((_id("stage", key), "children", _said(job)))
            bits.append((_id("far", key), "children", _far(job)))
            bits.append((_id("bar", key), "value", job["progress"] * 100))
    return bits


def looks(seen: Operations) -> dict[str, str]:
    """Return a digest of each part: what looks as before is left alone, so that focus and selection stay.

    The workers' part is the same as long as the same workers do the same jobs; its bits are set one by one.
    """
    digests = {part: _digest(shown) for part, shown in parts_of(seen).items()}
    standing = [
        [{**worker, "seen_s_ago": None, "running": [(_key(job), job["own"]) for job in worker["running"]]}]
        for worker in seen["workers"]
    ]
    return {**digests, "operations-workers": _digest(standing)}


def _digest(shown: Any) -> str:
    text = json.dumps(shown, cls=PlotlyJSONEncoder, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _frame(parts: dict[str, Any]) -> list[Any]:
    part = {name: html.Div(parts[f"operations-{name}"], id=f"operations-{name}") for name in PARTS}
    left = html.Div([part["workers"], part["failures"]], className="column")
    right = html.Div([part["queues"], part["engines"], part["disk"]], className="column")
    return [part["troubles"], part["figures"], html.Div([left, right], className="below-grid operations-grid")]


async def page(api: ApiClient, parts: dict[str, str], search: str) -> tuple[str, Any]:
    """Return the page as things stand now."""
    seen = await api.operations()
    return "Operations", html.Div(
        [
            html.Div(
                [
                    dmc.Title("Operations", order=1, size="h2"),
                    html.Span(f"Beamcast {seen['version']}, refreshed every {ASK_EVERY_S} s", className="quiet small"),
                ],
                className="title-row",
            ),
            *_frame(parts_of(seen)),
            dcc.Store(id="operations-seen", data=looks(seen)),
            dcc.Interval(id="operations-clock", interval=1000 * ASK_EVERY_S),
        ],
        className="wide operations-page",
        id="operations-page",
    )


def register(app: Dash, client: ApiClient) -> None:
    """Keep the page as things stand."""

    @app.callback(
        *[Output(f"operations-{name}", "children") for name in PARTS],
        Output("operations-seen", "data"),
        Input("operations-clock", "n_intervals"),
        State("operations-seen", "data"),
        prevent_initial_call=True,
    )
    async def look(times: int | None, before: dict[str, str] | None) -> Sequence[Any]:
        try:
            seen = await of_user(client).operations()
        except ApiProblem as problem:
            return problem_alert(problem), *[no_update] * (len(PARTS) - 1), None
        now, parts, known = looks(seen), parts_of(seen), before or {}
        if known.get("operations-workers") == now["operations-workers"]:
            for component, prop, value in bits_of(seen):
                set_props(component, {prop: value})
        changed = [parts[name] if known.get(name) != now[name] else no_update for name in parts]
        return *changed, now
