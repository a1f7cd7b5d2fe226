"""Sentences about errors in a request of any subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backend.wording import Words, message
from scattering.core.notices import Notice

MAX_LISTED: Final = 5
"""Invalid fields that a sentence names."""


def _invalid_fields(fields: Sequence[Mapping[str, Any]]) -> str:
    return (
        "; ".join(f"{field['loc']}: {field['msg']}" for field in fields[:MAX_LISTED]) or "The request cannot be read."
    )


def _unknown_instrument(name: str, known: Sequence[str]) -> str:
    return f"There is no instrument {name!r}; choose one of {', '.join(known)}."


def _of_candidate(label: str, wrong: Mapping[str, Any]) -> str:
    return f"{label}: {message(Notice.from_json(wrong))}"


def _with_unit(text: str, unit: str | None) -> str:
    return f"{text} {unit}" if unit else text


def _out_of_range(minimum: float, maximum: float, value: float, unit: str | None) -> str:
    return f"{_with_unit(f'Choose a value between {minimum:g} and {maximum:g}', unit)}; it is {value:g}."


def _not_a_multiple(factor: float, value: float, unit: str | None) -> str:
    return f"{_with_unit(f'Choose a multiple of {factor:g}', unit)}; it is {value:g}."


def _unknown_choice(choices: Sequence[str]) -> str:
    return f"Choose {'one of ' if len(choices) > 1 else ''}{', '.join(choices)}."


def _formats_available(formats: Sequence[str]) -> str:
    return f"This is available only as {', '.join(formats)}."


def _unknown_elements(symbols: Sequence[str]) -> str:
    return f"There is no element {', '.join(symbols)}; write symbols such as H,C."


ITEMS: Final[Mapping[str, str]] = {"prediction": "forecast", "dataset": "measured data", "label_set": "label set"}
"""Kind of an item → its name for users, where that differs."""


def _not_found(kind: str, id: str) -> str:
    return f"There is no such {ITEMS.get(kind, kind)} ({id}): it was deleted, or the id is wrong."


def _queues_stalled(queues: Sequence[str], n: int) -> str:
    jobs = "1 job waits" if n == 1 else f"{n} jobs wait"
    names = " and ".join(queues)
    return f"{jobs} although workers of {names} have room; restart the workers, see their log"


def _queue_without_worker(queue: str, engine: str, n: int) -> str:
    jobs = "1 job waits" if n == 1 else f"{n} jobs wait"
    needs = f" and the engine {engine}" if engine else ""
    return f"{jobs} for a worker with the queue {queue}{needs}: start one."


WORDS: Final[Mapping[str, Words]] = {
    "invalid_fields": _invalid_fields,
    "not_a_multiple": _not_a_multiple,
    "not_a_number": "Give a number.",
    "not_a_whole_number": "Give a whole number.",
    "not_true_or_false": "Choose true or false.",
    "of_candidate": _of_candidate,
    "out_of_range": _out_of_range,
    "unknown_choice": _unknown_choice,
    "unknown_instrument": _unknown_instrument,
    "body_too_late": "The request did not arrive within {seconds:.0f} s; send it again.",
    "database_busy": "The database did not answer; try again in a moment.",
    "empty_file": "The file is empty.",
    "expired_token": "This access token expired at {expired_at}; create a new one.",
    "formats_available": _formats_available,
    "idempotency_key_used": "This Idempotency-Key was used for another request; make a new key.",
    "in_use_or_repeated": "Another item uses this one, or an item like it exists already.",
    "internal_error": "An unexpected error happened on the server; see its log.",
    "invalid_content_length": "Content-Length is not a number.",
    "invalid_token": "This is no access token of this server, or it was revoked; create a new one.",
    "invalid_range": "The header Range is not a range of bytes, such as bytes=0-999; without it the file comes whole.",
    "metrics_token_needed": "Metrics need the header Authorization: Bearer with the token of BEAMCAST_METRICS_TOKEN.",
    "metrics_token_not_set": "Metrics of this server are closed until BEAMCAST_METRICS_TOKEN is set.",
    "method_not_allowed": "{path} does not accept {method}; /docs lists the methods of each address.",
    "not_signed_in": "Sign in first. Programs send an access token: Authorization: Bearer bc_…",
    "not_by_token": "No access token may send this request; send it without one.",
    "not_found": _not_found,
    "not_own": _not_found,
    "operators_only": "Only operators of this server may see this.",
    "range_not_satisfiable": "The file has {size} bytes, and the header Range asks for others.",
    "request_without_origin": (
        "A request that changes something with the cookie of a session must come from a page of Beamcast; programs "
        "send an access token instead."
    ),
    "request_of_other_site": "This request comes from a page of another site; only the pages of Beamcast may send it.",
    "too_busy": "The server computes for many other requests at the moment; try again in a few seconds.",
    "too_many_bytes": "This is larger than {maximum_mib:.0f} MiB, the maximum that this server accepts.",
    "server_disk_full": "The disk of the server is full, so nothing was stored. Delete forecasts or data that nobody "
    "needs, or ask the operator for more space; then try again.",
    "too_many_lists": "The request has more than {maximum} lists and objects; send only the fields that /docs lists.",
    "too_many_keys": "The request has more than {maximum} keys; send only the fields that /docs lists.",
    "token_lacks_scope": "The access token lacks the scope {scope}; create one that has it.",
    "too_many_tokens": "You have {maximum} access tokens, the largest number; revoke one first.",
    "too_many_uploads": "{maximum} files are being uploaded to this server at the moment; try again in a few seconds.",
    "too_many_values": "There are more than {maximum} values here; give only those that /docs lists.",
    "unknown_address": "There is nothing at {path}; /docs lists all addresses.",
    "server_stops": "The server is stopping. Continue the upload when it is back: bytes that have arrived are kept.",
    "upload_too_slow": "The file arrives too slowly: nothing came for {silence_s:.0f} s, or less than "
    "{minimum_kib_s:g} KiB/s. Upload it again over a faster connection.",
    "unknown_elements": _unknown_elements,
    "unknown_host": "This server does not accept the host name {host!r}; the setting BEAMCAST_ALLOWED_HOSTS can allow "
    "it.",
    "broker_down": "accepts no messages; see the log of the server",
    "database_down": "does not answer; see the log of the server",
    "disordered_energies": "The second energy must be above the first.",
    "little_disk_space": "The disk of the data folder has {free_mib:.0f} MiB left.",
    "no_sandbox": "Uploaded files are read without a sandbox: bubblewrap is not installed, or not allowed here.",
    "queue_without_worker": _queue_without_worker,
    "large_number": "A number is too large: the largest is {maximum:g}.",
    "lone_surrogate": "A text contains half of a character (a lone surrogate): remove it.",
    "health_disk_full": "the disk of {folder} is full: nothing can be stored; make room",
    "queues_stalled": _queues_stalled,
    "no_workers": "no worker has sent a heartbeat for {silent_s} s; predictions wait",
    "not_a_finite_number": "Numbers must be finite.",
    "plan_of_other_prediction": "The plan and the report must use the same prediction (plan.prediction_id).",
    "potential_named_twice": "The fields potential and model name two potentials: leave model out.",
    "several_views_of_map": "A map shows one view: make a figure for each view.",
}
