"""Help: the user guide, the chapters on the method, and the pages for operators."""

from __future__ import annotations

from typing import Final

from frontend import documentation
from frontend.client import ApiClient, ApiProblem
from frontend.contexts import messages
from frontend.contexts.page import Context, Page, Query

METHOD: Final = "method/index"
GROUPS: Final = (
    ("Use", (documentation.FIRST, "formats", "references")),
    ("Method", (METHOD,)),
    ("Run a server", ("operations", "reliability", "performance")),
)
"""Groups of the navigation; the chapters on the method follow their overview."""


async def context(api: ApiClient, path: Query, query: Query) -> Context:
    """Return a page of the documentation with the navigation."""
    name = path.get("page", documentation.FIRST).strip("/")
    try:
        page = documentation.read(name)
    except KeyError:
        unknown = messages.not_found(documentation.address(name))
        raise ApiProblem(404, unknown["heading"], unknown["text"]) from None
    return {"name": name, "document": page, "groups": _groups(), "address": documentation.address}


def _groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the groups of the navigation: names and titles of the pages that are installed."""
    known = documentation.page_names()
    groups = []
    for title, names in GROUPS:
        listed = [name for name in names if name in known]
        if METHOD in listed:
            chapters = dict.fromkeys(documentation.read(METHOD).links)
            listed += [name for name in chapters if name.startswith("method/")]
        groups.append((title, [(name, documentation.read(name).title) for name in listed]))
    return groups


FIRST: Final = Page("/help", "help.html", context)
PAGE: Final = Page("/help/{page:path}", "help.html", context)
