"""How far a prediction can be trusted, over the API."""

from __future__ import annotations

import dataclasses
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.kit.db import database
from backend.kit.db.owners import LOCAL_USER, Scope
from backend.kit.settings import Settings
from backend.observing.layouts import PATH, POWDER
from backend.potentials.tables import Potential
from backend.structures.tables import Structure
from backend.wording.trust import TOPICS
from scattering.core.constants import BOLTZMANN_MEV_PER_K
from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.trust.calibration import spread_of
from scattering.trust.grade import UNCALIBRATED_RELATIVE_ERROR
from scattering.trust.measured_phonons import materials
from tests.frontend.conftest import ZONES, flat_branch

from .conftest import SILICON, Client
from .predicting import COARSE_GRID, ask, finish, run, silicon_partials, succeeded
from .trained import EVIDENCE, WITHOUT_REFERENCE, train

SOFT = 0.89
"""NEP89's silicon, about."""


def findings(factor: float = SOFT, **more: Any) -> dict[str, Any]:
    """What a harmonic run finds, all of whose phonons are so many times the measured ones."""
    silicon = next(material for material in materials() if material.name == "silicon")
    modes = {
        point: [factor * energy for degeneracy, energy in lines for _ in range(degeneracy)]
        for point, lines in silicon.modes.items()
    }
    found = {"imaginary_fraction": 0.0, "lowest_energy_mev": 0.3, "special_phonons_mev": modes, **more}
    return {"species": ["Si"], "findings": found}


def trust(client: Client, prediction_id: str) -> dict[str, Any]:
    response = client.get(f"/predictions/{prediction_id}/trust")
    assert response.status_code == 200, response.text
    return dict(response.json())


def test_a_potential_of_known_accuracy_that_was_not_checked(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    told = trust(client, succeeded(client, settings, structure))
    assert told["badge"] == "unchecked"
    spread = spread_of("NEP89", "covalent", is_unstable=False)
    assert spread is not None
    assert told["energy_relative_uncertainty"] == pytest.approx(spread.relative)
    assert told["energy_uncertainty"] == {
        "relative": pytest.approx(spread.relative),
        "relative_once_scaled": None,
        "relative_95": pytest.approx(spread.relative_95),
        "class": "covalent",
        "n_calibration": spread.n_crystals,
    }
    assert told["energy_bias"] is None
    assert told["scaled_uncertainty"] is None
    assert told["headline_notice"]["code"] == "energies_not_compared"
    assert told["headline_notice"]["params"]["accuracy_documented"]
    assert not told["headline_notice"]["params"]["is_lower_bound"]
    assert told["label_notice"]["code"] == "badge_unchecked"
    assert told["objections"] == []
    assert told["paragraph"].startswith(told["headline"])


def test_phonons_that_are_all_a_tenth_too_low(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    prediction_id = ask(client, structure)["id"]
    run(settings, prediction_id, findings())
    told = trust(client, prediction_id)
    assert told["badge"] == "biased"
    assert told["energy_bias"] == pytest.approx(SOFT - 1)
    assert told["energy_relative_uncertainty"] == pytest.approx(-np.log(SOFT))
    # All alike: an energy scale mends it, up to what measurements are worth
    assert told["scaled_uncertainty"] == pytest.approx(0.02)
    assert told["energy_uncertainty"]["relative_once_scaled"] == pytest.approx(0.02)
    assert told["energy_uncertainty"]["relative_95"] is None
    assert told["label_notice"]["code"] == "badge_biased"
    assert told["label_notice"]["params"] == {"bias": told["energy_bias"], "scaled_uncertainty": 0.02}
    assert told["label"] == told["label_notice"]["message"]
    assert told["headline"] == told["headline_notice"]["message"]
    assert told["headline_notice"]["code"] == "energies_biased"
    assert told["headline_notice"]["params"]["energy_scale"] == pytest.approx(1 / SOFT)
    assert told["headline_notice"]["params"]["n_lines"] == 8


def test_there_is_nothing_to_trust_before_the_prediction_has_succeeded(
    client: Client, structure: dict[str, Any]
) -> None:
    assert client.get(f"/predictions/{ask(client, structure)['id']}/trust").status_code == 409
    assert client.get(f"/predictions/{uuid.uuid4()}/trust").status_code == 404


def test_a_plan_takes_its_uncertainty_from_here(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    prediction_id = ask(client, structure)["id"]
    run(settings, prediction_id, findings())
    known = trust(client, prediction_id)
    body = {"prediction_id": prediction_id, "settings": [{"instrument": "TOSCA"}]}
    as_it_is = client.post("/plans", json=body).json()
    assert as_it_is["energy_relative_uncertainty"] == known["energy_relative_uncertainty"]
    (bias,) = (one for one in as_it_is["notices"] if one["code"] == "known_energy_bias")
    assert bias["params"] == {"bias": known["energy_bias"], "energy_scale": pytest.approx(1 / SOFT)}
    scaled = client.post("/plans", json={**body, "energy_scale": 1 / SOFT}).json()
    assert scaled["energy_relative_uncertainty"] == known["scaled_uncertainty"]
    assert "known_energy_bias" not in {one["code"] for one in scaled["notices"]}


def codes(told: dict[str, Any]) -> dict[str, str]:
    """Topic → code of its point."""
    return {one["topic"]: one["text_notice"]["code"] for one in told["points"]}


def point(told: dict[str, Any], topic: str) -> dict[str, Any]:
    return next(dict(one) for one in told["points"] if one["topic"] == topic)


def test_every_point_is_told_with_a_verdict(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    prediction_id = ask(client, structure)["id"]
    run(settings, prediction_id, findings(training_range={"largest": 0.16, "spread": 0.0}))
    told = trust(client, prediction_id)
    verdicts = {one["topic"]: one["verdict"] for one in told["points"]}
    assert verdicts == {
        "potential": "fair",
        "training": "good",
        "phonons": "fair",
        "stability": "good",
        "anharmonicity": "unknown",
        "quantum": "good",
        "statistics": "good",
        "method": "fair",
        "run": "fair",
    }
    assert codes(told) == {
        "potential": "potential_documented",
        "training": "training_range_kept",
        "phonons": "phonons_compared",
        "stability": "all_modes_real",
        "anharmonicity": "anharmonicity_unknown",
        "quantum": "zero_point_motion_included",
        "statistics": "no_statistical_error",
        "method": "method_harmonic",
        "run": "run_with_warnings",
    }
    assert point(told, "run")["text_notice"]["params"] == {"warnings": [COARSE_GRID.to_json()]}
    numbers = point(told, "phonons")["numbers"]
    assert numbers["median_ratio"] == pytest.approx(SOFT)
    assert len(numbers["lines"]) == 8
    assert {"point", "measured_mev", "computed_mev"} == set(numbers["lines"][0])
    assert all(one["text"] == one["text_notice"]["message"] for one in told["points"])
    assert all(one["text"] in told["paragraph"] for one in told["points"])
    assert {one["topic"]: one["title"] for one in told["points"]}.items() <= TOPICS.items()


def dynamics(energy_mev: float, *, n_runs: int = 3) -> Partials:
    """Classical partials of one mode, as `silicon_partials` are quantum ones; runs are 10 % apart in height."""
    quantum = silicon_partials()
    q, energy = quantum.q, quantum.energy
    line = np.exp(-(((energy - energy_mev) / 1.5) ** 2)) / 4.0
    shape = (q[:, None] ** 2 * line)[None].astype(np.float32)
    runs = np.stack([shape * np.float32(1 + 0.1 * (run - (n_runs - 1) / 2)) for run in range(n_runs)])
    return dataclasses.replace(
        quantum,
        statistics="classical",
        coherent=shape,
        incoherent=shape,
        coherent_runs=runs,
        incoherent_runs=runs,
    )


def test_dynamics_are_set_beside_the_harmonic_prediction_of_the_same_crystal(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    harmonic = ask(client, structure)["id"]
    run(settings, harmonic, findings())
    md = ask(client, structure, method="md", quality="preview", options={"replicas": 3})["id"]
    finish(md, lambda path: POWDER.write(path, dynamics(57.0)), settings.partials_path(md), provenance={}, warnings=[])
    told = trust(client, md)
    # What the harmonic prediction was found to be holds for the same potential here
    assert told["badge"] == "biased"
    assert told["energy_bias"] == pytest.approx(SOFT - 1)
    moved = point(told, "anharmonicity")
    assert moved["numbers"]["relative_shift"]["Si"] == pytest.approx(-0.05, abs=0.003)
    assert codes(told) == {
        "potential": "potential_documented",
        "training": "training_range_unknown",
        "phonons": "phonons_compared",
        "stability": "all_modes_real",
        "anharmonicity": "anharmonicity_included",
        "quantum": "zero_point_motion_missing",
        "statistics": "statistical_error",
        "method": "method_md",
        "run": "run_without_warnings",
    }
    lacking = point(told, "quantum")
    thermal = BOLTZMANN_MEV_PER_K * 300
    expected = 1 - thermal / (57 / 2 / np.tanh(57 / (2 * thermal)))
    assert lacking["numbers"]["missing_energy"]["Si"] == pytest.approx(expected, rel=0.01)
    assert lacking["verdict"] == "fair"
    # Heights of 90, 100, 110 %: 10 % / √3
    assert point(told, "statistics")["numbers"]["relative_error"] == pytest.approx(0.1 / np.sqrt(3), rel=0.01)
    assert point(told, "run")["verdict"] == "good"
    # And the harmonic one now knows what it lacks
    assert point(trust(client, harmonic), "anharmonicity")["verdict"] == "fair"
    assert codes(trust(client, harmonic))["anharmonicity"] == "anharmonicity_omitted"


def test_at_another_temperature_dynamics_say_nothing_of_anharmonicity(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    run(settings, ask(client, structure, temperature_k=100)["id"], findings())
    md = ask(client, structure, method="md", quality="preview")["id"]
    finish(md, lambda path: POWDER.write(path, dynamics(57.0)), settings.partials_path(md), provenance={}, warnings=[])
    told = trust(client, md)
    assert point(told, "anharmonicity")["verdict"] == "unknown"
    assert point(told, "anharmonicity")["text_notice"]["params"] == {"missing_method": "harmonic"}
    # Harmonic energies do not depend on temperature
    assert told["badge"] == "biased"


def test_a_crystal_that_is_unstable_in_the_potential_is_doubtful(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    prediction_id = ask(client, structure)["id"]
    found = findings(imaginary_fraction=0.2, lowest_energy_mev=-20.0, largest_shift_angstrom=0.5)
    run(settings, prediction_id, found)
    told = trust(client, prediction_id)
    assert told["badge"] == "doubtful"
    assert [one["code"] for one in told["objections"]] == ["many_imaginary_modes", "atoms_displaced_by_relaxation"]
    assert told["objections"][0]["params"] == {"imaginary_fraction": 0.2}
    assert told["label_notice"]["code"] == "badge_doubtful"
    assert told["headline_notice"]["params"]["is_lower_bound"]
    # Each fact once: the bullets state both objections, the headline neither
    assert [one["topic"] for one in told["bullets"][:2]] == ["stability", "stability"]
    assert not any(one["message"] in told["headline"] for one in told["objections"])
    assert "measured phonons" not in told["headline"]
    assert told["paragraph"].count("imaginary") == 1
    assert told["objections"][1]["message"] in told["paragraph"]
    assert point(told, "stability")["verdict"] == "poor"
    assert codes(told)["stability"] == "structure_unstable"


def test_surroundings_outside_training_are_doubtful(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    prediction_id = ask(client, structure)["id"]
    run(settings, prediction_id, findings(1.0, training_range={"largest": 2.5, "spread": 1.5}))
    told = trust(client, prediction_id)
    assert told["badge"] == "doubtful"
    assert [one["code"] for one in told["objections"]] == ["structure_outside_training"]
    assert point(told, "training")["verdict"] == "poor"
    assert codes(told)["training"] == "training_range_exceeded"


def test_an_uploaded_potential_is_of_unknown_accuracy(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    with database.transaction(settings) as session:
        Scope(session, LOCAL_USER).add(
            Potential(
                name="mine", kind="uploaded", family="nep", elements=["Si"], sha256="0" * 64, size_bytes=1,
                format="nep4", engine="nep-adapters", cutoff_angstrom=5.0,
            )
        )  # fmt: skip
    told = trust(client, succeeded(client, settings, structure, model="mine"))
    assert told["badge"] == "unchecked"
    assert told["energy_relative_uncertainty"] == pytest.approx(UNCALIBRATED_RELATIVE_ERROR)
    assert told["energy_uncertainty"]["n_calibration"] == 0
    assert point(told, "potential")["verdict"] == "unknown"
    assert codes(told)["potential"] == "potential_undocumented"
    assert not told["headline_notice"]["params"]["accuracy_documented"]


def test_a_single_crystal_has_its_points_too(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    body = {"sampling": "path", "quality": "preview", "options": {"path": "Γ-X", "zones": ZONES}}
    prediction_id = ask(client, structure, **body)["id"]
    partials = flat_branch(55.0)
    finish(
        prediction_id,
        lambda path: PATH.write(path, partials),
        settings.partials_path(prediction_id),
        provenance=findings(),
        warnings=[],
    )
    told = trust(client, prediction_id)
    assert told["badge"] == "biased"
    assert point(told, "quantum")["numbers"]["highest_mev"] == pytest.approx(55, abs=3)


def relocated(settings: Settings, structure: dict[str, Any], **changes: Any) -> None:
    """Change the row of a structure, as another file would have made it."""
    with database.transaction(settings) as session:
        row = Scope(session, LOCAL_USER).get(Structure, uuid.UUID(structure["id"]), "structure")
        for name, value in changes.items():
            setattr(row, name, value)
        session.add(row)


def test_what_a_forecast_leaves_out_of_such_a_sample_is_a_code(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    prediction_id = succeeded(client, settings, structure)
    assert not {"lo_modes", "magnetism", "state", "expansion"} & set(codes(trust(client, prediction_id)))
    relocated(
        settings,
        structure,
        elements=["O", "Mn"],
        temperature_k=5.0,
        warnings=[Notice("looks_liquid", {"n_molecules": 20})],
    )
    told = trust(client, prediction_id)
    assert codes(told)["lo_modes"] == "lo_modes_missing"
    assert codes(told)["magnetism"] == "magnetic_scattering_omitted"
    assert point(told, "magnetism")["numbers"] == {"elements": ["Mn"]}
    assert codes(told)["state"] == "structure_not_crystalline"
    assert codes(told)["expansion"] == "thermal_expansion_omitted"
    assert point(told, "expansion")["numbers"]["cell_temperature_k"] == 5.0
    assert told["energy_uncertainty"]["class"] == "magnetic"
    assert "brief_structure_not_crystalline" in {one["code"] for one in told["bullets"]}


@pytest.mark.parametrize(
    ("changes", "is_stated"),
    [
        ({}, True),
        # The cell is that of the smallest energy
        ({"options": {"relax_cell": True}}, True),
        ({"options": {"relax_cell": True}, "temperature_k": 50}, False),
        ({"temperature_k": 20}, False),
        ({"method": "md"}, True),
        # The run finds the mean cell at its temperature
        ({"method": "md", "options": {"ensemble": "npt"}}, False),
    ],
    ids=["kept cell", "relaxed cell", "relaxed cell, cold", "kept cell, cold", "dynamics", "free cell"],
)
def test_thermal_expansion_is_left_out_where_the_cell_is_that_of_another_temperature(
    client: Client, settings: Settings, structure: dict[str, Any], changes: dict[str, Any], is_stated: bool
) -> None:
    prediction_id = succeeded(client, settings, structure, **changes)
    relocated(settings, structure, temperature_k=5.0)
    assert ("expansion" in codes(trust(client, prediction_id))) == is_stated
    # Nothing is said of a cell whose temperature is not known
    relocated(settings, structure, temperature_k=None)
    is_relaxed = changes.get("options", {}).get("relax_cell", False)
    assert ("expansion" in codes(trust(client, prediction_id))) == (is_stated and is_relaxed)


def test_a_general_potential_without_a_calibration_is_not_an_uploaded_one(
    client: Client, settings: Settings, structure: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.trust.service.spread_of", lambda *_, **__: None)
    told = trust(client, succeeded(client, settings, structure))
    assert codes(told)["potential"] == "potential_uncalibrated"
    assert told["energy_relative_uncertainty"] == pytest.approx(UNCALIBRATED_RELATIVE_ERROR)


def test_a_trained_potential_states_its_own_error_and_that_of_its_reference(
    client: Client, settings: Settings, structure: dict[str, Any], tmp_path: Path
) -> None:
    trained = train(client, settings, structure["id"], tmp_path / "made")
    told = trust(client, succeeded(client, settings, structure, potential=trained["potential_id"]))
    sides = EVIDENCE["phonons"]["points"]
    ratios = [
        np.log(after / reference)
        for point in sides.values()
        for after, reference in zip(point["after"], point["reference"], strict=True)
        if reference
    ]
    own = float(np.sqrt(np.mean(np.square(ratios))))
    expected = np.hypot(own, 0.08)
    assert told["badge"] == "unchecked"
    assert told["energy_relative_uncertainty"] == pytest.approx(expected)
    assert told["energy_uncertainty"]["n_calibration"] == 0
    made = point(told, "potential")
    assert (made["text_notice"]["code"], made["verdict"]) == ("potential_trained", "fair")
    assert made["numbers"]["training_id"] == trained["id"]
    assert made["numbers"]["own_error"] == pytest.approx(own)
    assert made["numbers"]["reference_error"] == 0.08
    assert made["numbers"]["n_labels"] == 12
    assert "brief_potential_trained" in [one["code"] for one in told["bullets"]]


def test_a_trained_potential_whose_phonons_were_not_compared_is_of_unknown_accuracy(
    client: Client, settings: Settings, structure: dict[str, Any], tmp_path: Path
) -> None:
    trained = train(client, settings, structure["id"], tmp_path / "made", evidence=WITHOUT_REFERENCE)
    told = trust(client, succeeded(client, settings, structure, potential=trained["potential_id"]))
    assert told["energy_relative_uncertainty"] == UNCALIBRATED_RELATIVE_ERROR
    made = point(told, "potential")
    assert (made["text_notice"]["code"], made["verdict"]) == ("potential_trained", "unknown")
    assert made["numbers"]["own_error"] is None
    # Without its training, nothing is known
    client.delete(f"/trainings/{trained['id']}")
    assert codes(trust(client, told["prediction_id"]))["potential"] == "potential_trained_elsewhere"


def test_a_trained_potential_says_nothing_about_another_structure(
    client: Client, settings: Settings, structure: dict[str, Any], tmp_path: Path
) -> None:
    trained = train(client, settings, structure["id"], tmp_path / "made")
    files = {"file": ("POSCAR", SILICON.replace(b"5.431", b"5.6"))}
    other = client.post("/structures", files=files).json()
    told = trust(client, succeeded(client, settings, other, potential=trained["potential_id"]))
    assert told["energy_relative_uncertainty"] == UNCALIBRATED_RELATIVE_ERROR
    assert codes(told)["potential"] == "potential_trained_elsewhere"
