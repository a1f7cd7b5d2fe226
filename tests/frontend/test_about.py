"""The page about Beamcast, and what every page of templates shares."""

from __future__ import annotations

import re

from tests.frontend.conftest import Site


def test_it_names_instruments_and_leads_to_the_workers(site: Site) -> None:
    page = site.fetch("/about")

    assert page.status_code == 200
    assert "<strong>TOSCA</strong>" in page.text
    assert 'href="/operations"' in page.text


def test_static_files_are_kept_for_ever_and_compressed(site: Site) -> None:
    sheet = next(part for part in site.fetch("/about").text.split('"') if part.endswith("css/all.css"))

    answer = site.fetch(sheet, **{"Accept-Encoding": "br, gzip"})

    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "br"
    assert site.fetch("/static/0/css/all.css").status_code == 404


def test_pages_preload_the_modules_that_their_scripts_import(site: Site) -> None:
    page = site.fetch("/compare").text
    preloaded = set(re.findall(r'rel="modulepreload" href="/static/\w+/js/([^"]+)"', page))
    # Imported by a module of the page, and by names over several lines
    assert {"kit/shell.js", "kit/dom.js", "compare/page.js", "forecast/view.js", "api.js"} <= preloaded
    assert "kit/removal.js" not in preloaded, "loaded when somebody deletes something"
    assert "forecast/page.js" not in preloaded
