"""Windows against closed forms and against Euphonic's own kinematic constraints."""

import numpy as np
import pytest
from euphonic import ureg
from euphonic.spectra import Spectrum2D, apply_kinematic_constraints

from scattering import instruments
from scattering.core.constants import NEUTRON_ENERGY_MEV_A2
from scattering.instruments import kinematics


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
    [
        ("MAPS", {"e_init": 120.0}),
        ("ARCS", {"e_init": 100.0}),
        ("ARCS", {"e_init": 700.0}),
        ("LET", {"e_init": 15.0}),
        ("MERLIN", {"e_init": 60.0}),
        ("HYSPEC", {"e_init": 50.0, "detector_centre": 80.0}),
        ("PANTHER", {"e_init": 110.0}),
        ("generic-direct", {"e_init": 40.0, "two_theta_min": 20.0, "two_theta_max": 60.0}),
        ("Lagrange", {}),
        ("Lagrange", {"monochromator": "Si(111)"}),
        ("generic-indirect", {"e_final": 12.0, "energy_min": -10.0, "energy_max": 80.0}),
    ],
)
def test_masks_are_euphonics_on_both_sides_of_the_elastic_line(name: str, settings: dict[str, object]) -> None:
    instrument = instruments.get(name)
    checked = instrument.validate(settings)
    q, energy = np.arange(0.025, 20, 0.05), np.arange(-89.75, 90, 0.5)
    low, high = instrument.measured_range(checked)
    seen = energy[(energy > low) & (energy < high)]
    window = kinematics.window(instrument, settings, seen)
    ours = (q[:, None] >= window.q_min) & (q[:, None] <= window.q_max)
    final = instrument.final_energy(checked)
    fixed = {"e_i": checked["e_init"] * ureg("meV")} if final is None else {"e_f": final * ureg("meV")}
    theirs = _euphonic_mask(q, seen, angle_range=instrument.two_theta(checked), **fixed)
    # Euphonic takes bin centres or edges at the borders: at most the bins that a border passes through may differ
    differing = np.argwhere(ours != theirs)
    edge_distance = np.minimum(
        abs(q[differing[:, 0]] - window.q_min[differing[:, 1]]), abs(q[differing[:, 0]] - window.q_max[differing[:, 1]])
    )
    assert ours.any()
    assert (edge_distance < 0.051).all()
    assert len(differing) < 0.01 * ours.size


def test_energy_gain_in_closed_form() -> None:
    energy = np.array([-30.0, -5.0])
    # Direct, at 90°: ħ²q²/2m = E_i + E_f with E_f = E_i − ω, larger than E_i
    right_angle = {"e_init": 50.0, "two_theta_min": 90.0, "two_theta_max": 120.0}
    window = kinematics.window(instruments.get("generic-direct"), right_angle, energy)
    np.testing.assert_allclose(NEUTRON_ENERGY_MEV_A2 * window.q_min**2, 100 - energy, rtol=1e-12)
    # Indirect: E_i = E_f + ω, smaller than E_f; backscattering adds the wavevectors
    backwards = {"e_final": 40.0, "two_theta_max": 180.0, "energy_min": -35.0}
    window = kinematics.window(instruments.get("generic-indirect"), backwards, energy)
    wavevectors = np.sqrt(np.array([[40.0], [40.0]]) + np.array([[0.0, 0.0], energy])) / np.sqrt(NEUTRON_ENERGY_MEV_A2)
    np.testing.assert_allclose(window.q_max, wavevectors.sum(axis=0), rtol=1e-12)


@pytest.mark.parametrize("instrument", instruments.catalogue(), ids=lambda instrument: instrument.name)
def test_windows_close_where_the_measured_range_ends(instrument: instruments.Instrument) -> None:
    low, high = instrument.measured_range(instrument.defaults)
    energy = np.array([low - 1e-6, low + 1e-6, (low + high) / 2, high - 1e-6, high + 1e-6])
    window = kinematics.window(instrument, {}, energy)
    assert np.isfinite(window.q_min).tolist() == [False, True, True, True, False]
    assert (window.q_min[1:4] <= window.q_max[1:4]).all()


@pytest.mark.parametrize("instrument", instruments.catalogue(), ids=lambda instrument: instrument.name)
def test_k_ratio_agrees_with_the_momentum_transfer(instrument: instruments.Instrument) -> None:
    """q at 0° and 180° are |k_i − k_f| and k_i + k_f: half their sum and difference are the two wavevectors."""
    settings = instrument.defaults
    low, high = instrument.measured_range(settings)
    energy = np.linspace(low, high, 50)[1:]
    e_i, e_f = kinematics.incident_and_final(instrument, settings, energy)
    along, against = (
        kinematics.momentum_transfer(incident_energy=e_i, final_energy=e_f, two_theta=angle) for angle in (0.0, 180.0)
    )
    expected = np.where(energy > 0, (against - along) / (against + along), (against + along) / (against - along))
    # Cancellation near ω = 0 costs half of the digits
    np.testing.assert_allclose(kinematics.k_ratio(instrument, settings, energy), expected, rtol=1e-7)
    np.testing.assert_allclose(e_i - e_f, energy, rtol=0, atol=1e-12 * high)


def test_k_ratio_in_closed_form_and_nothing_where_energy_is_not_conserved() -> None:
    ratio = kinematics.k_ratio(instruments.get("MAPS"), {"e_init": 100.0}, np.array([-300.0, 0.0, 75.0, 100.0, 101.0]))
    np.testing.assert_allclose(ratio, [2.0, 1.0, 0.5, 0.0, np.nan], rtol=1e-12)
    tosca = instruments.get("TOSCA")
    final = tosca.final_energy({})
    assert final is not None
    ratio = kinematics.k_ratio(tosca, {}, np.array([3 * final, -2 * final]))
    np.testing.assert_allclose(ratio, [0.5, np.nan], rtol=1e-12)


@pytest.mark.parametrize("name", ["TOSCA", "VISION"])
def test_the_forward_bank_is_the_one_at_small_q(name: str) -> None:
    window = kinematics.window(instruments.get(name), {}, np.array([-1.0, 10.0, 100.0, 400.0]))
    lines = {line.label: line.q for line in window.lines}
    assert (lines["Forward"] < lines["Backward"]).all()
    # ħ²q²/2m → E_i for E_i >> E_f: the line that makes TOSCA see q² proportional to ω
    assert lines["Backward"][-1] ** 2 * NEUTRON_ENERGY_MEV_A2 == pytest.approx(400, rel=0.2)


def test_tfxa_had_the_backward_bank_only() -> None:
    (line,) = kinematics.window(instruments.get("TFXA"), {}, np.array([100.0])).lines
    assert line.label == "Backward"
    e_i, e_f, cosine = 103.909, 3.909, -np.sqrt(0.5)
    expected = np.sqrt((e_i + e_f - 2 * np.sqrt(e_i * e_f) * cosine) / NEUTRON_ENERGY_MEV_A2)
    assert float(line.q[0]) == pytest.approx(expected, rel=1e-4)  # the bank stands 0.01° from 135°


@pytest.mark.parametrize("instrument", instruments.catalogue(), ids=lambda instrument: instrument.name)
@pytest.mark.parametrize("step", [0.02, 0.1, 0.5])
def test_coverage_counts_every_reached_energy_once(instrument: instruments.Instrument, step: float) -> None:
    q, energy = np.arange(step, 40, step), np.linspace(-60, 150, 421)
    window = kinematics.window(instrument, {}, energy)
    # q bins begin at half a step; only what is seen above that can be counted
    reached = np.isfinite(window.q_min) & (window.q_max > step)
    assert reached.any()
    for share in kinematics.coverage(window, q).values():
        np.testing.assert_allclose(share[:, reached].sum(axis=0), 1.0, rtol=1e-12)
        assert (share[:, np.isnan(window.q_min)] == 0).all()


@pytest.mark.parametrize("geometry", ["direct", "indirect"])
@pytest.mark.parametrize("width", [1e-3, 0.1, 2.0])
def test_a_narrow_range_of_angles_never_vanishes_between_two_rows(geometry: str, width: float) -> None:
    settings = {"two_theta_min": 45.0, "two_theta_max": 45.0 + width}
    energy = np.linspace(-3, 90, 400)
    window = kinematics.window(instruments.get(f"generic-{geometry}"), settings, energy)
    q = np.arange(0.25, 20, 0.5)
    share = kinematics.coverage(window, q)[""]
    reached = np.isfinite(window.q_min)
    assert reached[energy > 0].all()
    np.testing.assert_allclose(share[:, reached].sum(axis=0), 1.0, rtol=1e-12)
    # The rows that share it are those whose bin the range cuts
    middle = (window.q_min + window.q_max)[reached] / 2
    assert np.abs(q @ share[:, reached] - middle).max() <= 0.5 / 2 + 1e-9 + (window.q_max - window.q_min)[reached].max()


def test_coverage_weighs_by_solid_angle() -> None:
    instrument = instruments.get("ARCS")
    energy, settings = np.array([40.0]), {"e_init": 100.0}
    q = np.arange(0.005, 20, 0.01)
    share = kinematics.coverage(kinematics.window(instrument, settings, energy), q)[""][:, 0]
    angles = np.radians(np.linspace(*instrument.two_theta({}), 100_001))
    on_detectors = kinematics.momentum_transfer(incident_energy=100.0, final_energy=60.0, two_theta=np.degrees(angles))
    expected = np.average(on_detectors**2, weights=np.sin(angles))
    assert float(share @ q**2) == pytest.approx(expected, rel=1e-4)
