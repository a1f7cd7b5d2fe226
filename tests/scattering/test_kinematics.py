"""Windows against closed forms and against Euphonic's own kinematic constraints."""

import numpy as np
import pytest
from euphonic import ureg
from euphonic.spectra import Spectrum2D, apply_kinematic_constraints

from scattering import instruments, kinematics
from scattering.constants import NEUTRON_ENERGY_MEV_A2


def test_elastic_scattering_is_braggs() -> None:
    wavevector, two_theta = 3.0, 70.0
    energy = NEUTRON_ENERGY_MEV_A2 * wavevector**2
    q = kinematics.momentum_transfer(incident_energy=energy, final_energy=energy, two_theta=two_theta)
    assert float(q) == pytest.approx(2 * wavevector * np.sin(np.radians(two_theta / 2)), rel=1e-12)


def test_the_neutron_of_1_8_angstrom_has_25_mev() -> None:
    assert NEUTRON_ENERGY_MEV_A2 * (2 * np.pi / 1.798) ** 2 == pytest.approx(25.3, abs=0.05)


def test_backscattering_adds_the_wavevectors() -> None:
    q = kinematics.momentum_transfer(incident_energy=100.0, final_energy=25.0, two_theta=180.0)
    assert float(q) == pytest.approx((np.sqrt(100) + np.sqrt(25)) / np.sqrt(NEUTRON_ENERGY_MEV_A2), rel=1e-12)


def _euphonic_mask(q: np.ndarray, energy: np.ndarray, **constraints: object) -> np.ndarray:
    spectrum = Spectrum2D(q * ureg("1/angstrom"), energy * ureg("meV"), np.ones((len(q), len(energy))) * ureg("1/meV"))
    return np.isfinite(apply_kinematic_constraints(spectrum, **constraints).z_data.magnitude)


@pytest.mark.parametrize(
    ("name", "settings"),
    [("MAPS", {"e_init": 120.0}), ("ARCS", {"e_init": 100.0}), ("ARCS", {"e_init": 700.0}), ("Lagrange", {})],
)
def test_masks_are_euphonics(name: str, settings: dict[str, float]) -> None:
    instrument = instruments.get(name)
    q, energy = np.arange(0.025, 20, 0.05), np.arange(0.25, 90, 0.5)
    low, high = instrument.energy_range(instrument.validate(settings))
    seen = energy[(energy > low) & (energy < high)]
    window = kinematics.window(instrument, settings, seen)
    ours = (q[:, None] >= window.q_min) & (q[:, None] <= window.q_max)
    fixed = {"e_i": settings["e_init"] * ureg("meV")} if "e_init" in settings else {"e_f": 4.5 * ureg("meV")}
    theirs = _euphonic_mask(q, seen, angle_range=instrument.two_theta(settings), **fixed)
    # Euphonic takes bin centres or edges at the borders: at most the bins that a border passes through may differ
    differing = np.argwhere(ours != theirs)
    edge_distance = np.minimum(
        abs(q[differing[:, 0]] - window.q_min[differing[:, 1]]), abs(q[differing[:, 0]] - window.q_max[differing[:, 1]])
    )
    assert (edge_distance < 0.051).all()
    assert len(differing) < 0.01 * ours.size


def test_toscas_forward_bank_is_the_one_at_small_q() -> None:
    window = kinematics.window(instruments.get("TOSCA"), {}, np.array([10.0, 100.0, 400.0]))
    lines = {line.label: line.q for line in window.lines}
    assert (lines["Forward"] < lines["Backward"]).all()
    # ħ²q²/2m → E_i for E_i >> E_f: the line that makes TOSCA see q² proportional to ω
    assert lines["Backward"][-1] ** 2 * NEUTRON_ENERGY_MEV_A2 == pytest.approx(400, rel=0.2)


@pytest.mark.parametrize("name", ["TOSCA", "MAPS", "ARCS", "Lagrange"])
@pytest.mark.parametrize("step", [0.02, 0.1, 0.5])
def test_coverage_counts_every_reached_energy_once(name: str, step: float) -> None:
    instrument = instruments.get(name)
    q, energy = np.arange(step, 40, step), np.linspace(0, 150, 301)
    window = kinematics.window(instrument, {}, energy)
    for share in kinematics.coverage(window, q).values():
        reached = np.isfinite(window.q_min)
        np.testing.assert_allclose(share[:, reached].sum(axis=0), 1.0, rtol=1e-12)
        assert (share[:, ~reached] == 0).all()


def test_coverage_weighs_by_solid_angle() -> None:
    instrument = instruments.get("ARCS")
    energy, settings = np.array([40.0]), {"e_init": 100.0}
    q = np.arange(0.005, 20, 0.01)
    share = kinematics.coverage(kinematics.window(instrument, settings, energy), q)[""][:, 0]
    angles = np.radians(np.linspace(*instrument.two_theta({}), 100_001))
    on_detectors = kinematics.momentum_transfer(incident_energy=100.0, final_energy=60.0, two_theta=np.degrees(angles))
    expected = np.average(on_detectors**2, weights=np.sin(angles))
    assert float(share @ q**2) == pytest.approx(expected, rel=1e-4)
