"""The documentation against the files and the settings that it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backend.kit.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/**/*.md")))
MAX_README_LINES = 80
LINK = re.compile(r"\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```|^    .*?$", re.MULTILINE | re.DOTALL)


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    """Return the anchors of all headings of a page."""
    return {anchor(heading) for heading in HEADING.findall(CODE.sub("", page.read_text()))}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page: Path) -> None:
    """Links within the repository; an address with a scheme is not followed."""
    for link in LINK.findall(CODE.sub("", page.read_text())):
        if "://" in link:
            continue
        path, _, heading = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{link}: no such file"
        assert not heading or heading in anchors(target), f"{link}: no such heading"


def test_readme_is_short() -> None:
    """A newcomer reads it in two minutes."""
    assert len((ROOT / "README.md").read_text().splitlines()) <= MAX_README_LINES


def test_operations_lists_every_setting() -> None:
    """The page that lists the settings lists all of them."""
    named = set(re.findall(r"`(BEAMCAST_[A-Z0-9_]+)`", (ROOT / "docs/operations.md").read_text()))
    assert {f"BEAMCAST_{name.upper()}" for name in Settings.model_fields} <= named


def test_architecture_names_modules_that_exist() -> None:
    """A module that is moved or renamed is renamed on the page too."""
    rooms = ("scattering", "backend", "workers", "frontend", "docs")
    files = [path.as_posix() for room in rooms for path in (ROOT / room).rglob("*.*")] + [f"{ROOT}/serve.py"]
    named = re.findall(r"`([\w/.-]+\.(?:py|js|typ))`", (ROOT / "docs/architecture.md").read_text())
    named = [name for name in named if "NAME" not in name]  # a placeholder
    assert not [name for name in named if not any(file.endswith(f"/{name}") for file in files)]
