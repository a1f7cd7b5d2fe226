"""Own calculations as a user brings them: a trajectory in parts, phonons with Born charges, a bad file."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.backend.source_files import write_files
from tests.backend.trajectory_files import write_large_extxyz

from .conftest import MINUTE_MS
from .looking import strongest, wait_for_curve

# Other tests may have the processor
expect.set_options(timeout=MINUTE_MS)
pytestmark = [pytest.mark.e2e, pytest.mark.slow]

FILES = "#drop input[type=file]"
OWN = "Own phonons"
MOTION = "document.querySelector('#motion .graph')"
PLACES = f"{MOTION}.data.flatMap(({{x, y, z}}) => [x, y, z].flatMap((one) => Array.from(one ?? [])))"
HOSTILE = b"phonopy: !!python/object/apply:os.system ['true']\nunit_cell: {}\n"


class Parts:
    """The parts of an upload that a page sends; all after the first few wait until they are let go."""

    def __init__(self, page: Page, n_free: int) -> None:
        self.offsets = list[int]()
        self._n_free = n_free
        page.route("**/api/v1/uploads/*", self._pass)

    def _pass(self, route: Route) -> None:
        if route.request.method == "PATCH":
            self.offsets.append(int(route.request.headers["upload-offset"]))
            if len(self.offsets) > self._n_free:
                # It arrives only after the user has paused, which aborts it
                return
        route.continue_()


@pytest.mark.timeout(600)
def test_a_trajectory_is_paused_reloaded_and_resumed(server: str, page: Page, tmp_path: Path) -> None:
    movie = write_large_extxyz(tmp_path / "movie.xyz", 33)
    page.goto(server)
    sent = Parts(page, n_free=2)
    page.set_input_files(FILES, movie)
    upload = page.get_by_role("region", name="Upload")
    expect(upload.get_by_role("status")).to_have_text(re.compile("^16 of 3[34] MiB"))
    upload.get_by_role("button", name="Pause").click()
    expect(upload.get_by_role("status")).to_have_text(re.compile("paused$"))
    page.unroute_all()

    page.reload()
    expect(page.locator("#message")).to_contain_text("The upload of movie.xyz is not complete")
    begun, resumed = sent.offsets[0], Parts(page, n_free=99)
    page.set_input_files(FILES, movie)
    own = page.get_by_role("region", name=OWN)
    expect(own).to_contain_text("resolution", timeout=2 * MINUTE_MS)
    # What had arrived was not sent again
    assert (begun, resumed.offsets[0]) == (0, 16 * 2**20)
    own.get_by_role("button", name="Use this trajectory").click()
    page.wait_for_url("**/structures/**", timeout=2 * MINUTE_MS)

    source = parse_qs(urlsplit(page.url).query)["source"][0]
    facts = httpx.get(f"{server}/api/v1/sources/{source}").raise_for_status().json()
    n_frames = movie.read_text().count("Time=")
    assert (facts["status"], facts["trajectory"]["n_frames"]) == ("ready", n_frames)
    assert httpx.get(f"{server}/api/v1/uploads").json() == []
    expect(page.get_by_label("Phonons or trajectory", exact=True)).to_have_value(source)


@pytest.mark.timeout(600)
def test_phonons_with_born_charges_become_a_spectrum_whose_modes_move(server: str, page: Page, tmp_path: Path) -> None:
    write_files(tmp_path)
    page.goto(server)
    page.set_input_files(FILES, [tmp_path / "phonopy.yaml", tmp_path / "BORN"])
    own = page.get_by_role("region", name=OWN)
    expect(own).to_contain_text("phonopy.yaml and BORN")
    expect(own).to_contain_text("yes, from Born charges")
    own.get_by_role("button", name="Use these phonons").click()
    page.wait_for_url("**/structures/**")
    page.get_by_role("button", name="Start forecast").click()
    page.wait_for_url("**/forecast/**")

    curve = wait_for_curve(page, "TOSCA harmonic", 5 * MINUTE_MS)
    peak = strongest(curve, 10, 40)
    modes = page.get_by_role("region", name="Modes behind a peak")
    modes.get_by_label("Energy").fill(f"{peak:.2f}")
    page.keyboard.press("Enter")
    expect(modes.get_by_role("table")).to_contain_text("Cl")
    page.wait_for_function(f"() => {MOTION}?.data?.length")
    # It moves while it is in sight
    page.locator("#motion").scroll_into_view_if_needed()
    first = page.evaluate(f"() => {PLACES}")
    page.wait_for_function(f"(first) => {PLACES}.some((one, number) => one !== first[number])", arg=first)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("phonopy.yaml", HOSTILE, "object"),
        ("phonopy.yaml", b"[" * 5000, "nested"),
        ("movie.xyz", b"2\n", "ends before"),
    ],
)
def test_a_bad_file_gets_a_word_and_leaves_nothing(
    server: str, page: Page, name: str, content: bytes, word: str
) -> None:
    before = httpx.get(f"{server}/api/v1/sources").json()["total"]
    page.goto(server)
    page.set_input_files(FILES, {"name": name, "mimeType": "text/plain", "buffer": content})
    alert = page.locator("[role=alert]:visible").first
    expect(alert).to_contain_text(name)
    expect(alert).to_contain_text(re.compile(word, re.IGNORECASE))
    assert httpx.get(f"{server}/api/v1/sources").json()["total"] == before
