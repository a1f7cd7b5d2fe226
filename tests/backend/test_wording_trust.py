"""Sentences about trust: every code of them makes one from the parameters that it is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from backend import wording
from backend.trust import points, summary
from backend.trust.observed import Observed
from backend.wording import trust
from scattering.core.notices import Notice
from scattering.trust.calibration import Spread
from scattering.trust.grade import Evidence, Grade, grade, objections
from scattering.trust.measured_phonons import Comparison, Line, Material, compare, materials
from scattering.trust.spectra import MeanEnergies

SALT = next(one for one in materials() if one.name == "sodium chloride")
COPPER = next(one for one in materials() if one.name == "copper")
SPREAD = Spread("ionic", False, relative=0.17, relative_95=0.4, scatter=0.08, n_crystals=14)


def compared(material: Material, factor: float, *, n_collapsed: int = 0) -> Comparison:
    modes = {
        point: sorted(factor * energy for degeneracy, energy in lines for _ in range(degeneracy))
        for point, lines in material.modes.items()
    }
    found = compare(material, modes)
    assert found is not None
    collapsed = (Line("X", 10.0, -1.0),) * n_collapsed
    return Comparison(found.material, (*found.lines, *collapsed), found.ratios)


def seen(shift: float, noise: float | None, *, missing: dict[str, float] | None = None) -> Observed:
    error = None if noise is None else {"Si": noise * 50}
    return Observed(60.0, 2.3, missing or {}, 0.04, MeanEnergies({"Si": 50.0}, {"Si": 50.0 * (1 + shift)}, error))


def notices() -> Iterator[Notice]:
    """Every notice that trust gives."""
    doubts = Evidence(SPREAD, compared(SALT, 1.0, n_collapsed=1), 0.2, outside_training=True, displaced=True)
    uneven = Comparison(SALT, (Line("X", 10.0, 8.0), Line("X", 10.0, 12.0)), (0.8, 1.2))
    yield from objections(doubts)
    yield from objections(Evidence(SPREAD, uneven))
    cases = [Evidence(SPREAD), Evidence(), Evidence(SPREAD, compared(COPPER, 0.8)), doubts]
    cases += [Evidence(SPREAD, compared(SALT, 1.01)), Evidence(SPREAD, compared(SALT, 0.8))]
    cases += [Evidence(replace(SPREAD, is_unstable=True))]
    for evidence in cases:
        graded = grade(evidence)
        yield summary.label(graded)
        yield summary.headline(graded, evidence, "NEP89")
        for is_uploaded in (True, False):
            yield points.potential_point("NEP89", 89, ["Na", "Cl"], evidence, is_uploaded=is_uploaded).notice
        for material in (SALT, None):
            yield points.phonons_point("NEP89", material, evidence, graded).notice
    gone = Evidence(SPREAD, Comparison(SALT, (Line("Γ", 21.0, -3.0),), ()))
    yield points.phonons_point("NEP89", SALT, gone, grade(gone)).notice
    for ranges in ({}, {"largest": 0.5, "spread": 0.1}, {"largest": 2.0, "spread": 0.1}, {"largest": 2.0, "spread": 2}):
        yield points.training_point("NEP89", {"training_range": ranges}).notice
    yield points.stability_point(None).notice
    for fraction in (0.0, 0.002):
        yield points.stability_point({"imaginary_fraction": fraction, "lowest_energy_mev": -4.0}).notice
    for method in points.METHODS:
        yield points.method_point(method, None, {}).notice
        for found in ({}, {"harmonic_correction": {"rms_relative_difference": 0.12}}):
            yield points.method_point(method, {"basis": "NEP89"}, found).notice
        yield points.quantum_point(method, 300.0, seen(0, None, missing={"H": 0.5, "Si": 0.1})).notice
        yield points.statistics_point(method, seen(0, None)).notice
        for observed in (Observed(60.0, 2.3, {}, None, None), seen(-0.08, 0.01), seen(0.01, 0.01), seen(0.05, 0.04)):
            yield points.anharmonicity_point(method, observed).notice
            yield points.statistics_point(method, observed).notice
    source = {"name": "Salt", "program": {"name": "CASTEP", "version": "25.1", "functional": "PBE"}}
    for is_trajectory in (False, True):
        yield points.source_point(source, is_trajectory=is_trajectory).notice
    yield points.lo_modes_point(Evidence(SPREAD, lacks_lo_modes=True), {}).notice
    yield points.lo_modes_point(Evidence(SPREAD), {"gamma_lo_mev": {"[1,0,0]": 32.4}}).notice
    yield points.magnetism_point(["Mn", "Fe"]).notice
    for state, method in (("liquid", "harmonic"), ("glass", "md")):
        yield points.state_point(state, method).notice
    for cell_temperature in (None, 0.0, 10.0, 290.0):
        yield from (one.notice for one in points.expansion_points(cell_temperature, 300.0))
    yield points.run_point([]).notice
    yield points.run_point([Notice("text", {"text": "The supercell is small."})]).notice


def test_every_sentence_is_made_from_its_parameters() -> None:
    made = {notice.code: wording.message(notice) for notice in notices()}
    assert set(made) == set(trust.WORDS)
    for code, text in made.items():
        assert "{" not in text, code
        assert text[:1].isupper() or text[:1].isdigit() or "\u00a0%" in text[:6], code
        assert code.startswith("badge_") or text.endswith("."), code


@pytest.mark.parametrize(
    ("graded", "label"),
    [
        (Grade("biased", 0.12, -0.11, 0.03), "Energies 11\u00a0% too low, ±\u00a03\u00a0% after scaling"),
        (Grade("agrees", 0.034, 0.01, 0.03), "Agrees with measured phonons, ±\u00a03.4\u00a0%"),
        (Grade("doubtful", 0.2, None, None), "Low confidence: energies uncertain by at least 20\u00a0%"),
    ],
)
def test_the_badge_states_the_uncertainty(graded: Grade, label: str) -> None:
    assert wording.message(summary.label(graded)) == label


def test_a_classical_crystal_has_no_energies_per_element() -> None:
    notice = points.quantum_point("md", 300.0, seen(0, None)).notice
    assert notice.code == "zero_point_motion_missing"
    assert "is missing." in wording.message(notice)


def test_names_with_braces_are_not_filled_in() -> None:
    assert "{name}" in wording.message(points.training_point("{name}", {}).notice)


def test_nuclei_without_weight_in_the_spectrum_are_not_named() -> None:
    params = {"temperature_k": 10.0, "highest_mev": 400.0, "reduced_highest": 460.0}
    named, none = (
        wording.message(Notice("zero_point_motion_missing", {**params, "missing_energy": missing}))
        for missing in ({"H": 0.98}, {})
    )
    assert "98\u00a0%" in named
    assert "%" not in none
