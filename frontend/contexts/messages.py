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


def refused(problem: ApiProblem, path: str) -> tuple[int, Context]:
    """Return the status and the message of a page that the API refuses; an id that cannot be one is a wrong address."""
    if problem.errors and all(error["loc"].startswith("path.") for error in problem.errors):
        return 404, not_found(path)
    status = problem.status or 503
    heading = "This page cannot be shown" if status == 422 else problem.title
    return status, {"code": str(status), "title": heading, "heading": heading, "text": problem.detail}


def broken() -> Context:
    """Return the message for an error of ours."""
    return {
        "code": "Error",
        "title": "Something went wrong",
        "heading": "This page could not be shown",
        "text": "Something went wrong on the server. Its log has the reason. Reload the page to try again.",
    }
