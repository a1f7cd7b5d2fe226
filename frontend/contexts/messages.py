"""Pages without content: addresses that do not exist, refusals of the API, errors of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from frontend.client import ApiClient, ApiProblem
from frontend.contexts.page import Context, Page, Query


@dataclass(frozen=True)
class Kind:
    """What the pages below an address show.

    Attributes
    ----------
    noun
        Name of one.
    list
        Address of the list of all.
    way_on
        Label of the link there.
    """

    noun: str
    list: str
    way_on: str


STRUCTURE: Final = Kind("structure", "/", "Go to your structures")
KINDS: Final[Mapping[str, Kind]] = {
    "structures": STRUCTURE,
    "forecast": STRUCTURE,
    "plan": STRUCTURE,
    "train": STRUCTURE,
    "trainings": Kind("training", "/potentials", "Go to your potentials"),
    "potentials": Kind("list", "/potentials", "Go to your potentials"),
    "proposals": Kind("proposal", "/proposals", "Go to your proposals"),
    "compare": Kind("comparison", "/compare", "Go to the comparison"),
    "help": Kind("page of help", "/help", "Go to the help"),
}
"""First part of an address → what its pages show."""


def kind_of(path: str) -> Kind:
    """Return what the pages below an address show."""
    return KINDS.get(path.strip("/").partition("/")[0], STRUCTURE)


def not_found(path: str) -> Context:
    """Return the message for an address without a page."""
    return {
        "code": "404",
        "title": "Page not found",
        "heading": "This page does not exist",
        "text": f"Beamcast has no page at {path}. The address may contain an error, or the page has moved.",
        "kind": kind_of(path),
    }


def deleted(path: str) -> Context:
    """Return the message for the page of something that does not exist, or no longer."""
    kind = kind_of(path)
    return {
        "code": "404",
        "title": f"No such {kind.noun}",
        "heading": f"This {kind.noun} does not exist",
        "text": "It was deleted, or the address contains an error.",
        "kind": kind,
    }


def refused(problem: ApiProblem, path: str) -> tuple[int, Context]:
    """Return the status and the message of a page that the API refuses; an id that cannot be one is a wrong address."""
    if problem.errors and all(error["loc"].startswith("path.") for error in problem.errors):
        return 404, deleted(path)
    if problem.status == 404 and problem.code in ("not_found", "not_own"):
        return 404, deleted(path)
    status = problem.status or 503
    heading = "This page cannot be shown" if status == 422 else problem.title
    return status, {
        "code": str(status),
        "title": heading,
        "heading": heading,
        "text": problem.detail,
        "kind": kind_of(path),
    }


def broken() -> Context:
    """Return the message for an error of ours."""
    return {
        "code": "Error",
        "title": "Something went wrong",
        "heading": "This page could not be shown",
        "text": "Something went wrong on the server. Its log has the reason. Reload the page to try again.",
        "kind": STRUCTURE,
    }


async def _signed_out(_: ApiClient, __: Query, query: Query) -> Context:
    """Return the message after the sign-out, or after a sign-in that failed."""
    heading, text = SIGN_IN_FAILURES.get(query.get("reason", ""), SIGNED_OUT)
    return {"code": "", "title": heading, "heading": heading, "text": text, "kind": SIGNING_IN}


SIGNING_IN: Final = Kind("page", "/", "Sign in")
SIGNED_OUT: Final = ("You are signed out", "Sign in to see your structures and forecasts.")
SIGN_IN_FAILURES: Final[Mapping[str, tuple[str, str]]] = {
    "refused": (
        "The sign-in failed",
        "The sign-in was cancelled, took too long, or its answer was not valid. Try again; if it fails again, tell the "
        "people who run this server: its log has the reason.",
    ),
    "unavailable": (
        "The sign-in service does not answer",
        "Try again in a minute; if it fails again, tell the people who run this server: its log has the reason.",
    ),
}
"""Reason of the query → heading and text."""

SIGNED_OUT_PAGE: Final = Page("/signed-out", "message.html", _signed_out, indexed=False)
