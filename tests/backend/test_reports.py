"""Reports: two pages that other programs read, whatever a user writes into them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from html import escape as html_text
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlmodel import select

from backend import wording
from backend.kit.db import database
from backend.kit.settings import Settings
from backend.potentials.tables import Potential
from backend.reports.capacity import PAPER
from backend.reports.gathering import round_up_hours
from backend.reports.pdf import n_pages
from backend.structures.tables import Structure
from backend.wording.formatting import band, duration, significant
from backend.wording.reports import HEADINGS
from scattering.core.notices import Notice

from .comparing import measured_of, predicted, stored
from .conftest import Client
from .reporting import grey, partials, prediction, text_of
from .test_crystal import crystal_partials

SETTINGS = [
    {"instrument": "MAPS", "settings": {"e_init": 220, "chopper_package": "A", "chopper_frequency": 400}},
    {"instrument": "MERLIN", "settings": {"e_init": 180, "chopper_package": "S", "chopper_frequency": 400}},
    {"instrument": "TOSCA"},
]
HOSTILE = [
    '#import "@preview/evil:1.0.0": *',
    '#read("/etc/passwd") #panic("x") $ x^2 $ *bold* `raw` <label> @cite \\ // comment',
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    '"]); #eval("1") \\" \\n ${x} %s {0} {workflow}',
    "\u202eמקושטת עברית \u200fالعربية 中文 \U0001f9ea\U0001f680",
    "W" * 300,
    "--> ]]> <!-- <!-- --!> <![CDATA[",
    "$\\frac{1}{0}$ $$ $",
]


@pytest.fixture
def prediction_id(client: Client, settings: Settings, structure: dict[str, Any]) -> str:
    return prediction(client, settings, structure)


def plan(prediction_id: str, **more: Any) -> dict[str, Any]:
    asked = {"features_mev": [35.0, 62.0, 125.0], "sample": {"mass_g": 5}, "settings": SETTINGS}
    return {"prediction_id": prediction_id, **asked, **more}


def report(client: Client, prediction_id: str, accept: str = "application/pdf", **more: Any) -> bytes:
    response = client.post("/reports", json={"prediction_id": prediction_id, **more}, headers={"accept": accept})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].partition(";")[0] == accept
    return response.content


def test_two_pages_say_settings_hours_and_whom_to_cite(client: Client, prediction_id: str) -> None:
    asked = plan(prediction_id)
    made = client.post("/plans", json=asked).json()
    content = report(client, prediction_id, plan=asked, title="Hydrogen in silicon", proposer="A. Physicist")
    pages, text = text_of(content)
    assert content.startswith(b"%PDF-")
    assert pages == n_pages(content) == 2
    for words in ("Hydrogen in silicon", "A. Physicist", "Fd-3m", "300 K", "MAPS", "220 meV", "400 Hz", prediction_id):
        assert words in text
    # The answer comes before all else
    answer = " ".join(made["answer"]["message"].split())
    assert text.index("Hydrogen in silicon") < text.index(answer) < text.index("Fd-3m")
    best = made["ranked"][0]
    assert band(best["hours"], best["hours_low"], best["hours_high"]) in text
    assert "relative" in text  # TOSCA's flux is not known
    for reference in ("10.1107/S1600576722009256", "arXiv:2504.21286", "10.1063/1.5086255"):
        assert reference in text
    for feature in made["features"]:
        assert f"{feature['energy_mev']:.1f} ±" in text
    for name in ("sample", "reliability", "methods", "references"):
        assert HEADINGS[name] in text
    counted = {"label": best["label"], "hours": round_up_hours(best["hours"])}
    # Captions stand side by side, so that their lines alternate
    assert wording.message(Notice("figure_simulated_measurement", counted)).partition(",")[0] in text


def test_it_prints_in_grey_with_room_around_and_ink_on_it(client: Client, prediction_id: str, tmp_path: Path) -> None:
    for width, height, levels in grey(report(client, prediction_id, plan=plan(prediction_id)), tmp_path):
        page = np.frombuffer(levels, dtype=np.uint8).reshape(height, width)
        # A4 at 105 dots an inch
        assert (width, height) == (pytest.approx(868, abs=1), pytest.approx(1228, abs=1))
        margin = 40
        for edge in (page[:margin], page[-margin // 2 :], page[:, :margin], page[:, -margin:]):
            assert edge.min() == 255
        # Lines and letters are dark, not a pale colour
        assert np.percentile(page[page < 250], 5) < 90


def test_letters_of_figures_are_seven_points_at_seventy_percent(client: Client, prediction_id: str) -> None:
    from backend.reports import canvas, figures

    sizes = [value for name, value in canvas.STYLE.items() if name.endswith("size")]
    assert 0.7 * min(sizes) >= 7
    # A figure is set as wide as it was drawn: the page's text is 180 mm, half of it less the gap 88 mm
    text = report(client, prediction_id, "text/html").decode()
    widths = [float(width) * 25.4 / 72 for width in re.findall(r'<svg[^>]* width="([\d.]+)pt"', text)]
    assert widths == pytest.approx([figures.WIDTH_MM, figures.HALF_MM], abs=0.1)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_users_write_stays_text(
    client: Client, settings: Settings, structure: dict[str, Any], hostile: str
) -> None:
    with database.transaction(settings) as session:
        row = session.get(Structure, uuid.UUID(structure["id"]))
        assert row is not None
        row.name = hostile[:200]
        session.add(row)
    prediction_id = prediction(client, settings, structure)
    told = {
        "title": hostile,
        "proposer": hostile,
        "notes": hostile,
        "views": [{"instrument": "MAPS", "label": hostile}],
    }
    pages, text = text_of(report(client, prediction_id, **told))
    assert 1 <= pages <= 2
    plain = "".join(char for char in hostile if char.isascii() and char.isprintable())
    assert "".join(plain.split())[:60] in "".join(text.split())
    page = report(client, prediction_id, "text/html", **told).decode()
    found = _Page()
    found.feed(page)
    assert found.scripts == 0
    assert not found.handlers
    assert found.title == " ".join("".join(char for char in hostile if char.isprintable()).split())


class _Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts, self.handlers, self.title, self.loaded = 0, list[str](), "", list[str]()
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag in ("script", "iframe", "object", "embed", "base", "form")
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.loaded += [value for name, value in attrs if name in ("src", "href", "xlink:href") and value]
        self._in_title = self._in_title or (tag == "title" and not self.title)

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"

    def handle_data(self, data: str) -> None:
        self.title += data if self._in_title else ""


def test_html_loads_nothing_and_holds_the_same(client: Client, prediction_id: str) -> None:
    response = client.get(
        f"/predictions/{prediction_id}/report.html", params={"plan": json.dumps(plan(prediction_id)), "title": "One"}
    )
    assert response.status_code == 200, response.text
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    page = _Page()
    page.feed(response.text)
    assert page.title == "One"
    assert page.scripts == 0
    assert all(place.startswith(("#", "data:image/png;base64,")) for place in page.loaded)
    figures = re.findall(r"<svg.*?</svg>", response.text, re.DOTALL)
    assert len(figures) == 3
    for figure in figures:
        ET.fromstring(figure)
    assert "MERLIN" in response.text


def test_the_answer_of_a_plan_stands_first(client: Client, prediction_id: str) -> None:
    asked = plan(prediction_id)
    answer = html_text(client.post("/plans", json=asked).json()["answer"]["message"])
    page = report(client, prediction_id, "text/html", plan=asked).decode()
    assert page.index("<h1") < page.index(answer) < page.index("<dl>") < page.index("<svg")
    assert 'class="answer"' not in report(client, prediction_id, "text/html").decode()


def test_what_is_too_long_is_left_out_and_said_to_be(client: Client, prediction_id: str) -> None:
    energies = [10.0 + 8 * index for index in range(24)]
    several = [
        {"instrument": name, "settings": {"e_init": e_init, "chopper_frequency": frequency}}
        for name in ("MAPS",)
        for e_init in (220, 260, 300, 340, 380)
        for frequency in (300, 400, 500, 600)
    ]
    asked = plan(prediction_id, features_mev=energies, settings=several)
    long = {"notes": "\n".join(["A long paragraph about what is to be found out, and why. " * 6] * 30), "plan": asked}
    pages, text = text_of(report(client, prediction_id, title="T" * 300, proposer="P" * 300, **long))
    assert pages == 2
    left_out = text.partition(HEADINGS["left_out"])[2]
    assert any(
        wording.message(Notice("features_left_out", {"n_features": len(energies) - capacity.features})) in left_out
        and wording.message(Notice("settings_left_out", {"n_settings": len(several) - capacity.settings})) in left_out
        for capacity in PAPER
    )
    assert wording.message(Notice("notes_left_out", {"n_characters": 0})).removeprefix("0") in left_out
    whole = report(client, prediction_id, "text/html", **long).decode()
    assert whole.count("A long paragraph about") == 180
    assert whole.count("<tr>") >= 24 + len(several)


def test_the_worst_that_can_be_written_is_still_two_pages(
    client: Client, settings: Settings, structure: dict[str, Any], tmp_path: Path
) -> None:
    with database.transaction(settings) as session:
        row = session.get(Structure, uuid.UUID(structure["id"]))
        assert row is not None
        row.name = "W" * 200
        session.add(row)
    prediction_id = prediction(client, settings, structure)
    data = stored(settings, tmp_path, measured_of(client, prediction_id), instrument="LET", settings={"e_init": 30})
    energies = [10.0 + 8 * index for index in range(24)]
    told = {
        "title": "W" * 300,
        "proposer": "W" * 300,
        "notes": "\n".join("W" * 5000),
        "plan": plan(prediction_id, features_mev=energies),
        "dataset_ids": [data] * 6,
        "others": [prediction(client, settings, structure) for _ in range(3)],
    }
    with database.transaction(settings) as session:
        for potential in session.exec(select(Potential)).all():
            potential.name = "W" * 200
            session.add(potential)
    content = report(client, prediction_id, **told)
    assert n_pages(content) == 2
    assert HEADINGS["left_out"] in text_of(content)[1]


def test_ten_thousand_characters_are_refused_as_a_title(client: Client, prediction_id: str) -> None:
    response = client.post("/reports", json={"prediction_id": prediction_id, "title": "x" * 10_000})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == "title"


def test_measured_data_stand_beside_their_own_instrument(
    client: Client, settings: Settings, prediction_id: str, tmp_path: Path
) -> None:
    dataset = stored(settings, tmp_path, measured_of(client, prediction_id, scale=2.0))
    asked = {"dataset_ids": [dataset], "views": [{"instrument": "MAPS", "settings": {"e_init": 220}}]}
    page = report(client, prediction_id, "text/html", **asked).decode()
    assert wording.message(Notice("figure_measured_data")) in page
    assert "TOSCA" in page


def test_other_predictions_are_drawn_dashed(
    client: Client, settings: Settings, structure: dict[str, Any], prediction_id: str
) -> None:
    other = predicted(client, settings, structure, partials(factor=1.05), temperature_k=100)
    text = text_of(report(client, prediction_id, others=[other]))[1]
    assert wording.message(Notice("figure_other_predictions")) in text
    assert other in text


def test_single_crystals_have_a_report_too(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    from backend.observing.layouts import PATH

    from .predicting import ask, finish

    made = str(ask(client, structure, sampling="path")["id"])
    path = settings.partials_path(made)
    finish(made, lambda where: PATH.write(where, crystal_partials()), path, provenance={}, warnings=[])
    pages, text = text_of(report(client, made, views=[{"instrument": "ARCS", "settings": {"e_init": 100}}]))
    assert pages <= 2
    assert wording.message(Notice("figure_phonon_lines")) in text
    assert "single crystal" in text


@pytest.mark.parametrize(
    ("query", "loc"),
    [
        ({"plan": "{not json"}, "plan"),
        ({"plan": "{}"}, "plan.prediction_id"),
        ({"plan": json.dumps({"prediction_id": "00000000-0000-4000-8000-000000000000"})}, "plan"),
        ({"instruments": "NOSUCH"}, "instrument"),
        ({"title": "x" * 301}, "query.title"),
    ],
)
def test_queries_that_cannot_be(client: Client, prediction_id: str, query: dict[str, str], loc: str) -> None:
    response = client.get(f"/predictions/{prediction_id}/report.pdf", params=query)
    assert response.status_code == 422, response.text
    assert [error["loc"] for error in response.json()["errors"]] == [loc]


def test_no_prediction_and_none_that_has_succeeded(client: Client, structure: dict[str, Any]) -> None:
    from .predicting import ask

    nothing = "00000000-0000-4000-8000-000000000000"
    waiting = str(ask(client, structure)["id"])
    for path in ("report.pdf", "report.html", "bundle.zip"):
        assert client.get(f"/predictions/{nothing}/{path}").status_code == 404
        assert client.get(f"/predictions/{waiting}/{path}").status_code == 409
    response = client.post("/reports", json={"prediction_id": waiting}, headers={"accept": "image/png"})
    assert response.status_code == 406


@pytest.mark.parametrize(
    ("hours", "asked"), [(0.01, 0.25), (0.26, 0.5), (1.99, 2.0), (2.1, 2.5), (11.6, 12.0), (12.2, 13.0), (48.0, 48.0)]
)
def test_hours_are_rounded_up_to_what_is_asked_for(hours: float, asked: float) -> None:
    assert round_up_hours(hours) == asked


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1.234, "1.23"), (123.4, "123"), (0.0123, "0.0123"), (1.2e-5, "1.20e-05"), (None, "–")],
)
def test_numbers_have_three_digits(value: float | None, text: str) -> None:
    assert significant(value) == text


def test_bands_share_their_unit() -> None:
    assert band(12, 8, 20) == "12 h (8 to 20 h)"
    assert band(2, 0.5, 8) == "2 h (30 min to 8 h)"
    assert band(None, None, None) == duration(None) == "–"


def test_drawing_and_typesetting_are_loaded_when_a_report_is_asked_for() -> None:
    """They take a second, which a server that starts does not have."""
    asked = "import sys, backend.app; print({'matplotlib', 'typst', 'rocrate'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_reports_made_at_the_same_time_do_not_mix(client: Client, prediction_id: str) -> None:
    titles = [f"Number {number}" for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda title: report(client, prediction_id, title=title), titles))
    for title, content in zip(titles, made, strict=True):
        text = text_of(content)[1]
        assert [other for other in titles if other in text] == [title]
