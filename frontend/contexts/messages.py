"""Pages without content: addresses that do not exist, refusals of the API, errors of ours."""

from __future__ import annotations

from frontend.client import ApiProblem
from frontend.contexts.page import Context


def not_found(path: str) -> Context:
    """Return the message for an address without a page."""
    return {
        "code": "404",
        "title": "Page not found",
        "heading": "This page does not exist",
        "text": f"Beamcast has no page at {path}. The address may contain an error, or the page has moved.",
    }


def refused(problem: ApiProblem) -> Context:
    """Return the message for a refusal of the API."""
    code = str(problem.status) if problem.status else "offline"
    return {"code": code, "title": problem.title, "heading": problem.title, "text": problem.detail}


def broken() -> Context:
    """Return the message for an error of ours."""
    return {
        "code": "Error",
        "title": "Something went wrong",
        "heading": "This page could not be shown",
        "text": "Something went wrong on the server. Its log has the reason. Reload the page to try again.",
    }
