"""The documentation as pages of help: Markdown of `docs/` as HTML, with anchors, and links between the pages."""

from __future__ import annotations

import posixpath
import re
import struct
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

DOCS: Final = Path(__file__).parent.parent / "docs"
FIRST: Final = "user-guide"
"""The page at `/help` itself."""
IMAGES: Final = ("images", "gallery")
"""Folders of pictures, which are static files below `docs/`."""


@dataclass(frozen=True)
class Heading:
    """A heading of a page, with its anchor."""

    text: str
    anchor: str


@dataclass(frozen=True)
class Document:
    """A page.

    Attributes
    ----------
    title
        Its first heading.
    html
        Everything; pictures have addresses below `docs/`, to be completed by `with_images`.
    headings
        Those of the second level.
    links
        Pages that it leads to, in order.
    """

    title: str
    html: Markup
    headings: tuple[Heading, ...]
    links: tuple[str, ...]

    def with_images(self, prefix: str) -> Markup:
        """Return the page with the address of the static files before those of its pictures."""
        return Markup(str(self.html).replace('src="docs/', f'src="{prefix}docs/'))


def page_names() -> frozenset[str]:
    """Return the names of all pages: paths below `docs/` without their ending."""
    return frozenset(path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md"))


def address(name: str) -> str:
    """Return the address of a page."""
    return "/help" if name == FIRST else f"/help/{name}"


def anchor(heading: str) -> str:
    """Return the anchor of a heading, as GitHub gives it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@cache
def read(name: str) -> Document:
    """Return a page.

    Raises
    ------
    KeyError
        There is no such page.
    """
    if name not in page_names():
        raise KeyError(name)
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse((DOCS / f"{name}.md").read_text("utf-8"))
    headings: list[tuple[str, Heading]] = []
    links: list[str] = []
    for place, (token, following) in enumerate(pairwise(tokens)):
        if token.type == "heading_open":
            text = "".join(part.content for part in following.children or ())
            headings.append((token.tag, Heading(text, anchor(text))))
            token.attrSet("id", anchor(text))
        elif token.type == "th_open" and not following.content:
            # A header without words is none
            token.tag = tokens[place + 2].tag = "td"
        _rewrite(following, posixpath.dirname(name), links)
    return Document(
        title=headings[0][1].text if headings else name,
        html=Markup(parser.renderer.render(tokens, parser.options, {})),
        headings=tuple(heading for tag, heading in headings if tag == "h2"),
        links=tuple(links),
    )


def _rewrite(inline: Token, folder: str, links: list[str]) -> None:
    """Let links and pictures of an inline token lead to pages of help and to static files."""
    open_links: list[bool] = []
    for part in inline.children or ():
        if part.type == "image":
            path = posixpath.normpath(posixpath.join(folder, str(part.attrs["src"])))
            part.attrs |= {"src": f"docs/{path}", "loading": "lazy", **_size(DOCS / path)}
        elif part.type == "link_open":
            target = _target(str(part.attrs["href"]), folder, links)
            open_links.append(target is not None)
            if target is None:
                # What is not served, such as source code
                part.tag, part.attrs = "span", {}
            else:
                part.attrs["href"] = target
        elif part.type == "link_close" and not open_links.pop():
            part.tag = "span"


def _target(href: str, folder: str, links: list[str]) -> str | None:
    """Return the address of a link here, or None if nothing is there."""
    if "://" in href or href.startswith(("#", "mailto:")):
        return href
    path, _, fragment = href.partition("#")
    name = posixpath.normpath(posixpath.join(folder, path)).removesuffix(".md")
    if not path.endswith(".md") or name not in page_names():
        return None
    links.append(name)
    return address(name) + (f"#{fragment}" if fragment else "")


def _size(path: Path) -> dict[str, int]:
    """Return width and height of a PNG file, so that nothing moves when it arrives."""
    try:
        with path.open("rb") as file:
            width, height = struct.unpack(">II", file.read(24)[16:24])
    except (OSError, struct.error):
        return {}
    return {"width": width, "height": height}
