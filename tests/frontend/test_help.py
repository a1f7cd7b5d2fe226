"""Help: the documentation as pages."""

from __future__ import annotations

import re

import pytest

from frontend import documentation

from .conftest import Site

LINK = re.compile(r'(?:href|src)="([^"]+)"')


def article(text: str) -> str:
    return text[text.index("<article") : text.index("</article>")]


def test_all_links_and_pictures_of_help_lead_somewhere(site: Site) -> None:
    pages = {
        documentation.address(name): site.fetch(documentation.address(name)) for name in documentation.page_names()
    }
    assert {page.status_code for page in pages.values()} == {200}
    anchors = {path: set(re.findall(r'id="([^"]+)"', page.text)) for path, page in pages.items()}
    pictures = set()
    for path, page in pages.items():
        for link in LINK.findall(article(page.text)):
            target, _, fragment = link.partition("#")
            if "://" in link:
                continue
            if target.startswith("/static/"):
                pictures.add(target)
                continue
            assert (target or path) in pages, f"{path}: {link}"
            assert not fragment or fragment in anchors[target or path], f"{path}: {link}"
    assert {site.fetch(picture).headers["content-type"] for picture in pictures} == {"image/png"}


def test_the_navigation_has_the_guide_the_method_and_about(site: Site) -> None:
    text = site.fetch("/help").text
    links = LINK.findall(text[text.index('id="help-pages"') :])

    assert links[0] == "/help"
    assert {"/help/formats", "/help/method/index", "/help/method/fit", "/help/operations", "/about", "/docs"} <= set(
        links
    )
    assert re.search(r'href="/help" aria-current="page"', text)
    assert "#proposals" in links


def test_markup_in_the_sources_stays_text() -> None:
    parsed = documentation.MarkdownIt("commonmark", {"html": False}).render("<script>x</script>")
    assert "<script>" not in parsed


@pytest.mark.parametrize("path", ["/help/nothing", "/help/../serve", "/help/method", "/help/%2e%2e/README"])
def test_other_addresses_do_not_exist(site: Site, path: str) -> None:
    assert site.fetch(path).status_code == 404


def test_a_deployment_has_the_documentation() -> None:
    assert "COPY docs " in (documentation.DOCS.parent / "deploy/Dockerfile").read_text()
