"""What the forecast page says of molecular dynamics and path integrals."""

from __future__ import annotations

from typing import Any

import pytest

from frontend import forecast_choice, forecast_progress
from frontend.dynamics_form import told_options
from frontend.forecast_results import provenance_panel
from frontend.forecast_settings import settings_panel
from frontend.terms import correction_words
from frontend.view_state import ViewState

from .components import by_id, text, walk
from .conftest import Site, run

OPTIONS = {
    "engine": "i-pi",
    "n_beads": 16,
    "replicas": 4,
    "ensemble": "npt",
    "pressure_gpa": 1.5,
    "dispersion": None,
}


def prediction(site: Site, method: str) -> Any:
    row: Any = run(site.api.prediction(site.md_id))
    return row | {"id": method, "method": method, "options": OPTIONS}


def panel(predictions: list[Any], correction: str = "harmonic") -> Any:
    view = ViewState(instruments=("TOSCA",), quantum_correction=correction)
    return settings_panel(view, instruments=[], isotopes={}, predictions=predictions, reset_href="/")


@pytest.mark.parametrize(
    ("methods", "offered"),
    [
        (["trpmd"], ["harmonic", "none"]),
        (["harmonic", "trpmd"], ["harmonic", "none"]),
        (["md", "trpmd"], ["harmonic", "none", "standard", "schofield", "mixed"]),
    ],
)
def test_path_integrals_are_offered_the_corrections_that_theory_allows(
    site: Site, methods: list[str], offered: list[str]
) -> None:
    select: Any = by_id(panel([prediction(site, method) for method in methods]), "quantum-correction")
    assert [choice["value"] for choice in select.data] == offered
    assert not select.disabled


def test_a_correction_from_an_address_that_is_not_offered_is_not_chosen(site: Site) -> None:
    layout = panel([prediction(site, "trpmd")], correction="schofield")
    select: Any = by_id(layout, "quantum-correction")
    assert select.value == "harmonic"
    assert "Kubo" in text(by_id(layout, "quantum-words"))


def test_beside_classical_dynamics_it_is_said_that_path_integrals_keep_theirs() -> None:
    assert "TRPMD is drawn with Harmonic" in correction_words("standard", ["md", "trpmd"])
    assert "TRPMD" not in correction_words("standard", ["md"])
    assert "TRPMD" not in correction_words("harmonic", ["md", "trpmd"])


def test_options_are_told_in_words(site: Site) -> None:
    row = prediction(site, "trpmd")
    panels = provenance_panel([row], {"trpmd": "TRPMD"}, [], run(site.api.engines()))
    (table,) = [part for part in walk(panels) if hasattr(part, "data")]
    told = dict(table.data["body"])
    assert told["engine"] == "i-PI"
    assert told["beads"] == "16"
    assert told["independent runs"] == "4"
    assert told["equilibration ensemble"] == "Let the cell find its size (NPT)"
    assert told["dispersion"] == "None"
    assert told["pressure (GPa)"] == "1.5"
    assert "pressure_gpa" not in told_options({**OPTIONS, "ensemble": "nvt"})


def test_the_best_method_stands_last_and_names_differ(site: Site) -> None:
    rows = [prediction(site, method) for method in ("trpmd", "md", "harmonic")]
    assert [row["method"] for row in forecast_choice.latest(rows)] == ["harmonic", "md", "trpmd"]
    twins = [rows[1] | {"id": "one"}, rows[1] | {"id": "two"}, rows[1] | {"id": "three"}]
    assert list(forecast_progress.labels(twins).values()) == ["MD (preview)", "MD (preview) #2", "MD (preview) #3"]
