"""The landing page in a browser: a file or an example becomes a structure."""

from __future__ import annotations

import math
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from backend import wording
from backend.kit.db.database import transaction
from backend.kit.db.owners import LOCAL_USER
from backend.sources.tables import SourceReading
from scattering.core.notices import Notice
from tests.backend.source_files import NACL, write_files

from .browsing import Open, delete, violations
from .conftest import Site, run

pytestmark = pytest.mark.e2e

POSCAR = b"Si\n5.431\n0 .5 .5\n.5 0 .5\n.5 .5 0\nSi\n2\nDirect\n0 0 0\n.25 .25 .25\n"
CURVE = """name => document.querySelector('#example-figure .js-plotly-plot')?._fullData
    .some((trace) => trace.visible === true && trace.name === name)"""


def test_a_bad_file_is_refused_in_words_and_a_mended_one_goes_on(visit: Open, site: Site) -> None:
    page = visit("/", refused=True)
    upload = page.get_by_label("Crystal structure")
    alert = page.get_by_role("alert").filter(visible=True)

    upload.set_input_files({"name": "si.cif", "mimeType": "text/plain", "buffer": b"nonsense"})
    expect(alert).to_contain_text("si.cif")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    upload.set_input_files({"name": "big.cif", "mimeType": "text/plain", "buffer": b" " * 33 * 2**20})
    expect(alert).to_contain_text("33 MiB; the limit is 32 MiB")
    assert "POST" not in asked
    upload.set_input_files({"name": "POSCAR", "mimeType": "text/plain", "buffer": POSCAR})
    page.wait_for_url("**/structures/**")


DISORDERED = b"""data_x
_cell_length_a 3.9
_cell_length_b 3.9
_cell_length_c 3.9
_space_group_name_H-M_alt 'F m -3 m'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Cu1 Cu 0 0 0 0.5
Au1 Au 0 0 0 0.5
"""


def test_an_ordered_cell_of_a_disordered_crystal_is_chosen(visit: Open, site: Site) -> None:
    page = visit("/", refused=True)

    page.get_by_label("Crystal structure").set_input_files(
        {"name": "cu-au.cif", "mimeType": "text/plain", "buffer": DISORDERED}
    )

    cells = page.get_by_role("region", name="Ordered cells")
    expect(cells).to_contain_text("partially occupied: Cu1 (0.5), Au1 (0.5)")
    expect(page.get_by_role("alert").filter(visible=True)).to_have_count(0)
    expect(cells.get_by_role("listitem")).to_have_count(2)
    expect(cells).to_contain_text("R-3m")
    expect(cells).to_contain_text("P4/mmm")
    cells.get_by_role("button", name="Use ordered cell 2").click()
    page.wait_for_url("**/structures/**")
    expect(page.locator("main")).to_contain_text("ordered cell 2 of 2")


def test_phonons_of_the_user_become_a_source(visit: Open, site: Site) -> None:
    page = visit("/")

    page.get_by_label("Crystal structure or phonons").set_input_files(NACL)

    own = page.get_by_role("region", name="Own phonons")
    expect(own).to_contain_text("made by phonopy")
    expect(own).to_contain_text("32.4 meV along [1,0,0], [0,1,0] and [0,0,1]")
    boundary = page.get_by_role("rowheader", name="L", exact=True)
    expect(own.get_by_role("row").filter(has=boundary)).to_contain_text("14.4, 14.4, 17.1, 17.1, 21.1, 26.9")
    assert violations(page) == []
    own.get_by_role("button", name="Use these phonons").click()
    page.wait_for_url("**/structures/**")
    source = parse_qs(urlsplit(page.url).query)["source"][0]
    expect(page.get_by_label("Phonons or trajectory", exact=True)).to_have_value(source)
    expect(page.get_by_role("checkbox", name="Molecular dynamics")).to_be_hidden()
    page.get_by_role("button", name="Start forecast").click()
    page.wait_for_url("**/forecast/**")
    expect(page.get_by_role("region", name="Simulations")).to_contain_text("Harmonic")
    delete(page, f"/structures/{urlsplit(page.url).path.split('/')[-1]}")


DUMP = "".join(
    f"ITEM: TIMESTEP\n{10 * step}\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 5\n0 5\n0 5\n"
    f"ITEM: ATOMS id type x y z\n1 1 {0.02 * math.sin(step):.6f} 0 0\n2 2 2.5 {0.02 * math.cos(step):.6f} 2.5\n"
    for step in range(200)
)


def test_a_trajectory_has_no_suggested_temperature(visit: Open, site: Site) -> None:
    page = visit("/")

    page.get_by_label("Crystal structure or phonons").set_input_files(
        {"name": "run.lammpstrj", "mimeType": "text/plain", "buffer": DUMP.encode()}
    )

    own = page.get_by_role("region", name="Own phonons")
    own.get_by_label("1: 1 atom").fill("Na")
    own.get_by_label("2: 1 atom").fill("Cl")
    own.get_by_label("Time step").fill("1")
    own.get_by_role("button", name="Read again").click()
    expect(own).to_contain_text("200, one every 10")
    own.get_by_role("button", name="Use this trajectory").click()
    page.wait_for_url("**/structures/**")
    temperature = page.get_by_label("Temperature")
    expect(page.get_by_text("at which the trajectory was run")).to_be_visible()
    expect(temperature).to_have_value("")
    temperature.fill("300")
    expect(page.locator("#form-summary").get_by_text("on this server")).to_be_visible()
    delete(page, f"/structures/{urlsplit(page.url).path.split('/')[-1]}")


def test_a_trajectory_that_is_read_is_found_after_a_reload(visit: Open, site: Site) -> None:
    preview = {
        "format": "extxyz", "kind": "trajectory", "recognised": [], "needs": [], "notices": [], "program": {},
        "structure": None, "facts": None, "trajectory": None,
    }  # fmt: skip
    files = [{"name": "movie.xyz", "n_bytes": 1, "sha256": None, "stored": "original-0"}]
    with transaction(site.settings) as session:
        row = SourceReading(owner=LOCAL_USER, files=files, preview=preview, status="running", progress=0.25)
        session.add(row)
        source_id = row.id
    page = visit("/", refused=True)
    listed = page.get_by_role("region", name="Trajectories being read").get_by_role("listitem")
    expect(listed).to_contain_text("movie.xyz")
    expect(listed).to_contain_text("25 %")
    assert violations(page) == []
    # It follows what becomes of it
    error = Notice("one_frame")
    with transaction(site.settings) as session:
        row = session.get_one(SourceReading, source_id)
        row.status, row.error = "failed", error
        session.add(row)
    expect(listed).to_contain_text("failed")
    expect(listed).to_contain_text(wording.message(error))
    listed.get_by_role("button", name="Remove").click()
    expect(listed).to_have_count(0)
    assert run(site.api.get("/sources", status="failed"))["total"] == 0


def test_phonons_are_told_by_their_content(visit: Open, site: Site) -> None:
    page = visit("/", refused=True)

    page.get_by_label("Crystal structure or phonons").set_input_files(
        {"name": "salt.yaml", "mimeType": "text/plain", "buffer": NACL.read_bytes()}
    )

    expect(page.get_by_role("region", name="Own phonons")).to_contain_text("made by phonopy")
    expect(page.get_by_role("alert").filter(visible=True)).to_have_count(0)


def test_what_phonons_lack_is_asked_for(visit: Open, site: Site, tmp_path: Path) -> None:
    write_files(tmp_path)
    page = visit("/")

    page.get_by_label("Crystal structure or phonons").set_input_files([tmp_path / "POSCAR", tmp_path / "FORCE_SETS"])

    own = page.get_by_role("region", name="Own phonons")
    own.get_by_label("Supercell").fill("2 2 2")
    own.get_by_role("button", name="Read again").click()
    expect(own.get_by_role("button", name="Use these phonons")).to_be_visible()
    expect(own).to_contain_text("no Born charges")
    own.get_by_text("Enter Born charges").click()
    own.get_by_label("Born charge of Na").fill("1.1")
    own.get_by_label("Born charge of Cl").fill("−1.1")
    own.get_by_label("Dielectric constant").fill("2.4")
    assert violations(page) == []
    own.get_by_role("button", name="Read again").click()
    expect(own).to_contain_text("LO at Γ")


def test_an_example_opens_as_a_structure(visit: Open, site: Site) -> None:
    page = visit("/")

    page.get_by_role("button", name="Copper").click()

    page.wait_for_url("**/structures/**")


def test_a_finished_forecast_is_looked_at_and_copied(visit: Open, site: Site, address: str) -> None:
    page = visit("/")
    figure = page.get_by_role("figure", name="Forecast spectrum of Benzene")
    figure.scroll_into_view_if_needed()
    page.wait_for_function(CURVE, arg="TOSCA, C₆H₆")

    page.get_by_role("switch", name="H replaced by D").check()
    page.wait_for_function(CURVE, arg="TOSCA, C₆D₆")
    page.get_by_text("VISION", exact=True).click()
    page.wait_for_function(CURVE, arg="VISION, C₆D₆")

    page.get_by_role("button", name="Open this forecast").click()
    page.wait_for_url("**/forecast/**")
    structure = page.url.partition("/forecast/")[2].partition("?")[0]
    page.goto(f"{address}/about")
    run(site.api.call("DELETE", f"/structures/{structure}?with_predictions=true"))


def test_a_search_is_an_address(visit: Open, site: Site) -> None:
    page = visit("/")

    page.get_by_role("searchbox").fill("silicon 300 K")
    page.keyboard.press("Enter")

    page.wait_for_url("**/?search=silicon+300+K")
    expect(page.get_by_role("link", name="MD 300 K · ready").first).to_be_visible()
