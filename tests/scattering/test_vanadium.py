"""Resolution model against published vanadium lines."""

from __future__ import annotations

import numpy as np
import pytest

from backend.wording import message
from scattering import instruments
from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.errors import InvalidSettings
from scattering.core.notices import Notice
from scattering.instruments import resolution, vanadium
from tests.scattering.refusals import refused

PACKAGES = sorted({(run.instrument, run.package) for run in vanadium.runs()})
OPPOSITE_ADVICE = {"e_init": 250, "chopper_package": "ARCS-100-1.5-AST", "chopper_frequency": 180}


@pytest.mark.parametrize(("name", "package"), PACKAGES)
def test_uncertainty_covers_the_runs_that_were_not_fitted(name: str, package: str) -> None:
    instrument = instruments.get(name)
    checks = [run for run in vanadium.runs() if (run.instrument, run.package) == (name, package) and not run.is_fitted]
    ratio = vanadium.model_over_measurement(checks)
    known = [resolution.relative_uncertainty(instrument, instrument.validate(run.settings)) for run in checks]
    within = [abs(one - 1) <= most for one, most in zip(ratio, known, strict=True) if most is not None]
    assert len(within) >= 0.9 * len(checks)
    assert 0.6 <= np.mean(within) <= 0.8


@pytest.mark.parametrize(
    ("name", "package", "e_init", "bias", "uncertainty"),
    [
        ("ARCS", "ARCS-700-1.5-AST", 50, -0.051, 0.093),
        ("ARCS", "ARCS-700-1.5-AST", 250, 0.005, 0.116),
        ("ARCS", "ARCS-700-1.5-AST", 900, 0.064, 0.201),
        ("SEQUOIA", "High-Flux", 60, 0.074, 0.091),
        ("CNCS", "Intermediate", 5, 0.033, 0.117),
    ],
)
def test_bias_and_uncertainty(name: str, package: str, e_init: float, bias: float, uncertainty: float) -> None:
    instrument = instruments.get(name)
    settings = instrument.validate({"e_init": e_init, "chopper_package": package})
    found = vanadium.find_comparison(name, settings)
    assert found is not None
    assert (found.bias, found.uncertainty) == pytest.approx((bias, uncertainty), abs=0.001)
    (notice, *_) = resolution.find_notices(instrument, settings)
    assert notice.code == "width_compared_with_vanadium"
    assert notice.params["bias"] == found.bias


def test_settings_of_every_vanadium_run_are_allowed() -> None:
    for run in vanadium.runs():
        instrument = instruments.get(run.instrument)
        assert resolution.sigma(instrument, run.settings, np.zeros(1))[0] > 0


def test_without_recoil_the_model_seems_too_narrow_at_high_energy() -> None:
    run = next(run for run in vanadium.runs() if run.number == 107635)  # 1 eV, 600 Hz
    width = FWHM_PER_SIGMA * resolution.sigma(instruments.get("ARCS"), run.settings, np.zeros(1))[0]
    assert width / run.fwhm == pytest.approx(0.65, abs=0.01)
    assert width / run.resolution == pytest.approx(1.0, abs=0.15)


def test_a_setting_that_misses_the_slits_says_that_the_model_fails() -> None:
    arcs = instruments.get("ARCS")
    failed, missed = resolution.find_notices(arcs, arcs.validate(OPPOSITE_ADVICE))
    assert (failed.code, missed.code) == ("width_model_fails", "slits_miss_energy")
    assert failed.params["relative_uncertainty"] > 0.4
    assert missed.params["slit_widths"] == pytest.approx(4.6, abs=0.05)


@pytest.mark.parametrize(
    ("name", "package", "e_init", "frequency", "turns"),
    [("ARCS", "ARCS-100-1.5-AST", 5000, 60, "too_slowly"), ("MAPS", "A", 15, 600, "too_fast")],
)
def test_a_refusal_says_in_which_direction_to_change(
    name: str, package: str, e_init: float, frequency: int, turns: str
) -> None:
    settings = {"e_init": e_init, "chopper_package": package, "chopper_frequency": frequency}
    with refused(InvalidSettings, "settings.chopper_frequency", "no_transmission", instrument=name, turns=turns):
        resolution.sigma(instruments.get(name), settings, np.zeros(1))
    sentence = message(Notice("no_transmission", {"instrument": name, "turns": turns}))
    assert ("a higher frequency" in sentence) == (turns == "too_slowly")


def test_packages_with_the_same_slits_share_width_and_comparison() -> None:
    sequoia = instruments.get("SEQUOIA")
    settings = sequoia.validate({"chopper_package": "SEQ-100-2.0-AST"})
    same = next(one for one in resolution.find_notices(sequoia, settings) if one.code == "same_slits")
    assert same.params == {"package": "SEQ-100-2.0-AST", "others": ["High-Resolution"]}
    other = sequoia.validate({"chopper_package": "High-Resolution"})
    assert resolution.sigma(sequoia, settings, np.zeros(1)) == resolution.sigma(sequoia, other, np.zeros(1))
    assert vanadium.find_comparison("SEQUOIA", settings) == vanadium.find_comparison("SEQUOIA", other)
