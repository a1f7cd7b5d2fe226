"""Labels of curves: what tells them apart, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from backend.wording.curves import CurveFacts, curve_labels, nucleus_text, order_text, single_label
from scattering.observe.view import PathView, View

TOSCA = View(instrument="TOSCA")
FACTS = CurveFacts(
    structure="Benzene",
    potential="NEP89",
    method="harmonic",
    sampling="powder",
    quality="standard",
    temperature_k=10.0,
    options={"supercell": [2, 2, 2], "relax_cell": False, "seed": 1},
    view=TOSCA,
)


def view(**changes: Any) -> CurveFacts:
    return replace(FACTS, view=replace(TOSCA, **changes))


@pytest.mark.parametrize(
    ("others", "labels"),
    [
        ([replace(FACTS, temperature_k=300.0)], ["10 K", "300 K"]),
        ([replace(FACTS, structure="Ice XI")], ["Benzene", "Ice XI"]),
        ([replace(FACTS, potential="Mine")], ["NEP89", "Mine"]),
        ([replace(FACTS, method="md", temperature_k=100.0)], ["harmonic · 10 K", "MD · 100 K"]),
        ([view(instrument="VISION")], ["TOSCA", "VISION"]),
        ([view(instrument=None)], ["TOSCA", "Sample"]),
        ([view(instrument="MAPS", settings={"e_init": 100})], ["TOSCA", "MAPS · E<sub>i</sub> 100 meV"]),
        ([view(isotopes={"H": "2H"})], ["natural H", "2H"]),
        ([view(isotopes={"H": "H"})], ["TOSCA · harmonic 10 K (1)", "TOSCA · harmonic 10 K (2)"]),
        (
            [view(isotopes={"H": "2H"}), view(isotopes={"C": "13C"})],
            ["natural H, natural C", "2H, natural C", "natural H, 13C"],
        ),
        ([view(contribution="coherent"), view(contribution="incoherent")], ["total", "coherent", "incoherent"]),
        ([view(order=1), view(order=2)], ["all orders", "1 phonon", "2 phonons"]),
        ([view(energy_scale=1.16)], ["energies × 1", "energies × 1.16"]),
        ([view(elastic=True)], ["without elastic line", "with elastic line"]),
        ([view(q_range=(2.0, 4.5))], ["all |q|", "|q| 2–4.5 Å⁻¹"]),
        ([view(instrument=None), view(instrument=None, probe="x-ray")], None),
        ([view(path=PathView(point="X"))], None),
        ([replace(FACTS, quality="preview")], ["standard", "preview"]),
        (
            [replace(FACTS, options={**FACTS.options, "relax_cell": True})],
            ["relax the cell: no", "relax the cell: yes"],
        ),
        ([replace(FACTS, options={**FACTS.options, "supercell": [3, 3, 2]})], ["supercell: 2×2×2", "supercell: 3×3×2"]),
        ([FACTS, FACTS], [f"TOSCA · harmonic 10 K ({n})" for n in (1, 2, 3)]),
    ],
)
def test_labels_state_what_differs(others: list[CurveFacts], labels: list[str] | None) -> None:
    made = curve_labels([FACTS, *others]).labels
    assert len(set(made)) == len(made)
    if labels is not None:
        assert list(made) == labels


def test_settings_that_are_the_same_are_left_out() -> None:
    maps = [view(instrument="MAPS", settings={"e_init": 100, "chopper_frequency": hertz}) for hertz in (200, 400)]
    made = curve_labels(maps)
    assert made.labels == ("200 Hz", "400 Hz")
    assert made.common == "Benzene · MAPS · E<sub>i</sub> 100 meV · harmonic · 10 K · NEP89"


def test_settings_of_different_instruments_are_not_compared() -> None:
    direct = [view(instrument=name, settings={"e_init": 100}) for name in ("MAPS", "MERLIN")]
    made = curve_labels(direct)
    assert made.labels == ("MAPS", "MERLIN")
    assert "100 meV" in made.common


def test_two_differences_and_a_tie() -> None:
    pairs = [replace(FACTS, temperature_k=t, potential=p) for t in (10.0, 300.0) for p in ("NEP89", "Mine")]
    assert curve_labels(pairs).labels == ("10 K · NEP89", "10 K · Mine", "300 K · NEP89", "300 K · Mine")
    tied = [FACTS, FACTS, replace(FACTS, temperature_k=300.0)]
    assert curve_labels(tied).labels == ("10 K (1)", "10 K (2)", "300 K")


def test_a_single_curve_is_labelled_in_full() -> None:
    changed = view(instrument="MAPS", settings={"e_init": 100}, isotopes={"H": {"1H": 0.02, "2H": 0.98}}, order=2)
    label = "MAPS · E<sub>i</sub> 100 meV · 2 % 1H + 98 % 2H · 2 phonons · harmonic 10 K"
    assert curve_labels([changed]).labels == (label,)
    assert single_label(changed) == label
    assert curve_labels([]).labels == ()


def test_nuclei_and_orders_in_words() -> None:
    assert nucleus_text("2H") == "2H"
    assert nucleus_text({"2H": 0.98, "1H": 0.02}) == "98 % 2H + 2 % 1H"
    assert [order_text(order) for order in (None, 1, 3)] == ["all orders", "1 phonon", "3 phonons"]
