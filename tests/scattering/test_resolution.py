"""Resolution: ResINS's widths, conserved area, Euphonic's broadening."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from resins import Instrument as ResinsInstrument
from resins.models.pychop import E2V, NoTransmissionError
from scipy.constants import neutron_mass

from scattering import instruments
from scattering.core.bins import bin_edges
from scattering.core.constants import FWHM_PER_SIGMA, INVERSE_CM_MEV, MEV, NEUTRON_ENERGY_MEV_A2
from scattering.core.errors import InvalidSettings
from scattering.instruments import flux, pychop, resolution, vanadium
from scattering.instruments.broadening import broadening
from tests.scattering.refusals import refused

UPSTREAM = [item for item in instruments.catalogue() if item.resolution.model not in resolution.OWN_MODELS]
CHOPPERS = [item for item in UPSTREAM if item.resolution.model == "PyChop_fit"]


def _variants(instrument: instruments.Instrument) -> Iterator[dict[str, Any]]:
    """Every package or monochromator, at slow, usual and fast choppers and two incident energies."""
    by_name = {setting.name: setting for setting in instrument.settings}
    choices = by_name.get("chopper_package", by_name.get("monochromator"))
    frequency = by_name.get(flux.FREQUENCY_SETTING.get(instrument.name, "chopper_frequency"))
    for choice, hertz, energy in itertools.product(
        choices.enum if choices else (None,),
        (frequency.minimum, frequency.default, frequency.maximum) if frequency else (None,),
        (0.6, 1.0) if instrument.geometry == "direct" else (None,),
    ):
        settings = dict(instrument.defaults)
        if choices:
            settings[choices.name] = choice
        if frequency:
            settings[frequency.name] = hertz
        if energy:
            settings["e_init"] = max(energy * settings["e_init"], by_name["e_init"].minimum)
        low, high = instrument.package_limits.get(str(choice), (0.0, np.inf))
        if low <= settings.get("e_init", low) <= high:
            yield settings


@pytest.mark.parametrize("instrument", UPSTREAM, ids=lambda instrument: instrument.name)
def test_widths_are_those_of_resins_and_refused_where_it_refuses(instrument: instruments.Instrument) -> None:
    upstream = ResinsInstrument.from_default(instrument.name)
    compared = 0
    for settings in _variants(instrument):
        energy = np.linspace(*instrument.energy_range(settings), 40)
        passed = {name: value for name, value in settings.items() if name != "detector_centre"}
        try:
            model = upstream.get_resolution_function(instrument.resolution.model, **passed)
        except NoTransmissionError:
            misses = float(pychop.slit_misses(instrument.name, [settings])[0])
            if abs(misses) < vanadium.max_slit_misses(instrument.name, settings.get("chopper_package")):
                continue  # measured there: see test_vanadium
            stated = {"instrument": instrument.name, "turns": "too_fast" if misses < 0 else "too_slowly"}
            with refused(InvalidSettings, "settings.chopper_frequency", "no_transmission", **stated):
                resolution.sigma(instrument, settings, energy)
            continue
        if instrument.name == "Lagrange":
            expected = model.polynomial(energy) / FWHM_PER_SIGMA  # see test_lagrange_is_mended
        else:
            expected = model.get_characteristics(energy[:, None])["sigma"]
        np.testing.assert_allclose(resolution.sigma(instrument, settings, energy), expected, rtol=1e-12)
        compared += 1
    assert compared >= len(list(_variants(instrument))) / 3


@pytest.mark.parametrize(
    ("name", "package", "frequency", "e_init", "elastic", "half"),
    [
        ("MAPS", "A", 600, 1000.0, 30.7337, 20.3643),
        ("MAPS", "B", 600, 150.0, 3.9451, 3.0112),
        ("MAPS", "S", 600, 1000.0, 65.3679, 38.6076),
        ("MARI", "C", 400, 300.0, 6.8567, 4.5728),
        ("MARI", "G", 400, 40.0, 0.8697, 0.5589),
        ("MERLIN", "G", 300, 40.0, 1.6841, 0.9482),
        ("MERLIN", "S", 600, 400.0, 29.0597, 15.9173),
        ("LET", "High Flux", 240, 2.0, 0.0358, 0.0226),
        ("LET", "High Resolution", 240, 25.0, 0.8472, 0.4127),
        ("CNCS", "High Flux", 300, 3.7, 0.1319, 0.0656),
        ("CNCS", "Intermediate", 300, 10.0, 0.2484, 0.1433),
        ("HYSPEC", None, 180, 25.0, 1.5509, 0.6738),
    ],
)
def test_widths_are_pychops(
    name: str, package: str | None, frequency: int, e_init: float, elastic: float, half: float
) -> None:
    """FWHM at ω = 0 and E_i/2 from PyChop itself (mducle/pychop e63b203)."""
    frequency_name = flux.FREQUENCY_SETTING.get(name, "chopper_frequency")
    settings: dict[str, object] = {"e_init": e_init, frequency_name: frequency}
    if package is not None:
        settings["chopper_package"] = package
    fwhm = FWHM_PER_SIGMA * resolution.sigma(instruments.get(name), settings, np.array([0.0, e_init / 2]))
    # ResINS's quartic follows the exact widths to 0.1 %; these are rounded to 1e-4 meV
    np.testing.assert_allclose(fwhm, [elastic, half], rtol=1.5e-3, atol=6e-5)


@pytest.mark.parametrize("instrument", CHOPPERS, ids=lambda instrument: instrument.name)
def test_widths_at_energy_gain_are_those_of_the_choppers(instrument: instruments.Instrument) -> None:
    """Against ResINS's sum of squares itself, whose fit holds for losses only and is up to 20 % off here."""
    settings = instrument.defaults
    energy = np.linspace(-settings["e_init"], 0, 30)
    upstream = ResinsInstrument.from_default(instrument.name)
    passed = {name: value for name, value in settings.items() if name != "detector_centre"}
    data = upstream.get_model_data("PyChop_fit", **passed)
    frequencies = [value for name, value in passed.items() if name.endswith("frequency")]
    model = upstream.get_resolution_function("PyChop_fit", **passed)
    variance = type(model)._precompute_van_var(data, settings["e_init"], frequencies, energy)
    fwhm = 2 * E2V * np.sqrt((settings["e_init"] - energy) ** 3 * variance) / data.d_sample_detector
    ours = FWHM_PER_SIGMA * resolution.sigma(instrument, settings, energy)
    # The detector's depth term is not quite ∝ E_f²: helium stops fast neutrons less
    np.testing.assert_allclose(ours, fwhm, rtol=4e-3)


@pytest.mark.parametrize("instrument", instruments.catalogue(), ids=lambda instrument: instrument.name)
def test_widths_are_positive_and_smooth_over_all_settings(instrument: instruments.Instrument) -> None:
    choices = [
        setting.enum or (setting.minimum, setting.default, setting.maximum)
        for setting in instrument.settings
        if setting.name in ("e_init", "monochromator", "chopper_package") or setting.name.endswith("frequency")
    ]
    names = [
        setting.name
        for setting in instrument.settings
        if setting.name in ("e_init", "monochromator", "chopper_package") or setting.name.endswith("frequency")
    ]
    measured = 0
    for values in itertools.product(*choices):
        settings = {**instrument.defaults, **dict(zip(names, values, strict=True))}
        try:
            energy = np.linspace(*instrument.measured_range(instrument.validate(settings)), 201)
            width = resolution.sigma(instrument, settings, energy)
        except InvalidSettings:  # no transmission
            continue
        measured += 1
        assert np.isfinite(width).all()
        assert width.min() > 0
        # 200 steps: a steepest slope of four times the mean one is no jump
        assert np.abs(np.diff(width)).max() <= 4 / 200 * (np.ptp(width) + 0.01 * width.min())
    assert measured > 0.3 * np.prod([len(choice) for choice in choices])


@pytest.mark.parametrize("instrument", instruments.catalogue(), ids=lambda instrument: instrument.name)
def test_every_instruments_matrix_conserves_area_also_at_the_edges(instrument: instruments.Instrument) -> None:
    """Each source bin of the measured range, the first and the last too, is found again in full."""
    low, high = instrument.measured_range(instrument.defaults)
    step = (high - low) / 300
    energy = np.linspace(low, high, 301)
    sigma = resolution.sigma(instrument, instrument.defaults, energy)
    reach = 6 * sigma.max() + step
    edges = np.arange(low - reach, high + reach + 1.5 * step, 1.5 * step)
    matrix = broadening(bin_edges(energy), sigma, edges).dense()
    np.testing.assert_allclose(matrix @ np.diff(edges), step, rtol=1e-6)
    # and what is recorded only within the range loses at its edge half of the elastic-like bin, no more
    inside = np.linspace(low, high, 301)
    kept = broadening(bin_edges(energy), sigma, inside).dense() @ np.diff(inside) / step
    assert kept[0] == pytest.approx(0.5, abs=0.15)
    assert kept.max() <= 1 + 1e-6


@pytest.mark.parametrize("instrument", CHOPPERS, ids=lambda instrument: instrument.name)
def test_the_generic_chopper_law_is_that_of_the_chopper_spectrometers(instrument: instruments.Instrument) -> None:
    settings = instrument.defaults
    e_init = float(settings["e_init"])
    energy = np.linspace(0, 0.95 * e_init, 40)
    fwhm = FWHM_PER_SIGMA * resolution.sigma(instrument, settings, energy)
    elastic, rest = fwhm[0] / e_init, 0.05**1.5
    full = (fwhm[-1] / e_init - elastic * rest) / (1 - rest)
    ours = resolution.chopper(energy, e_init=e_init, elastic=elastic, full=full)
    # Squares add up in the models, the law adds widths
    np.testing.assert_allclose(ours, fwhm, rtol=0.06)


def test_generic_widths_are_the_users_own() -> None:
    direct, indirect = instruments.get("generic-direct"), instruments.get("generic-indirect")
    typed = {
        "e_init": 50.0,
        "elastic_fwhm_percent": 3.0,
        "full_transfer_fwhm_percent": 0.5,
        "resolution_uncertainty": 20.0,
    }
    fwhm = FWHM_PER_SIGMA * resolution.sigma(direct, typed, np.array([0.0, 37.5]))
    np.testing.assert_allclose(fwhm, [1.5, 50 * (0.005 + 0.025 / 8)], rtol=1e-12)
    assert resolution.relative_uncertainty(direct, direct.validate(typed)) == pytest.approx(0.2)
    typed = {"elastic_fwhm": 0.3, "relative_fwhm_percent": 2.0}
    fwhm = FWHM_PER_SIGMA * resolution.sigma(indirect, typed, np.array([0.0, 20.0]))
    np.testing.assert_allclose(fwhm, [0.3, 0.5], rtol=1e-12)


def test_uncertainty_is_stated_where_it_was_measured() -> None:
    known = {item.name: resolution.relative_uncertainty(item, item.defaults) for item in instruments.catalogue()}
    assert {name for name, value in known.items() if value} == {
        "ARCS",
        "SEQUOIA",
        "CNCS",
        "generic-direct",
        "generic-indirect",
    }
    assert known["ARCS"] == pytest.approx(0.116, abs=0.001)


@pytest.mark.parametrize(
    ("name", "version", "model"),
    [
        ("TOSCA", "TFXA", "book"),
        ("TOSCA", "TOSCA", "book"),
        ("TOSCA", "TOSCA", "vision"),
        ("VISION", "VISION", "vision"),
    ],
)
def test_upstream_models_that_are_not_used_still_fail(name: str, version: str, model: str) -> None:
    upstream = ResinsInstrument.from_default(name, version)

    def width() -> None:
        sigma = upstream.get_resolution_function(model).get_characteristics(np.array([[100.0]]))["sigma"]
        pytest.fail(f"ResINS's {model} gives {sigma} meV now: check it, and use it in instruments.resolution")

    with pytest.raises((NameError, TypeError)):
        width()


def test_vision_and_tfxa_have_their_stated_widths() -> None:
    energy = np.array([0.0, 400.0])
    vision = FWHM_PER_SIGMA * resolution.sigma(instruments.get("VISION"), {}, energy)
    np.testing.assert_allclose(vision, [0.12, 0.015 * 400], rtol=1e-3)
    tfxa = instruments.get("TFXA")
    assert FWHM_PER_SIGMA * resolution.sigma(tfxa, {}, energy)[1] == pytest.approx(0.02 * 400, rel=0.01)


def test_tfxas_two_per_cent_is_what_its_flight_paths_make() -> None:
    """Error propagation with the lengths of the INS book, as ResINS holds them, at 400 meV.

    t_i = L_i/v_i is uncertain by the moderator's pulse (44/k_i µs Å⁻¹) and by the flight through sample, graphite
    (both ways) and detector at the final speed, each tilted by the Bragg angle: δE_i = 2 E_i δt/t_i.
    """
    data = ResinsInstrument.from_default("TOSCA", "TFXA").get_model_data("book")
    e_i = 400 + data.average_final_energy
    speed = {energy: np.sqrt(2 * energy * MEV / neutron_mass) for energy in (e_i, data.average_final_energy)}
    pulse = data.water_moderator_constant * 1e-6 / np.sqrt(e_i / NEUTRON_ENERGY_MEV_A2)
    thickness = np.sqrt(data.sample_thickness**2 + 4 * data.graphite_thickness**2 + data.detector_thickness**2)
    final = thickness / np.sin(np.radians(data.average_bragg_angle_graphite)) / speed[data.average_final_energy]
    width = 2 * e_i * np.hypot(pulse, final) / (data.primary_flight_path / speed[e_i])
    # The stated figure is round, and the widths of boxes count as FWHM: 20 %
    assert width / 400 == pytest.approx(0.02, rel=0.2)


def test_panther_is_offered_where_its_fit_is_sound() -> None:
    panther = instruments.get("PANTHER")
    upstream = ResinsInstrument.from_default("PANTHER")

    def elastic(e_init: float) -> float:
        model = upstream.get_resolution_function("AbINS", e_init=e_init)
        return float(FWHM_PER_SIGMA * model.get_characteristics(np.array([[0.0]]))["sigma"][0])

    # Abins's polynomial is the FWHM (Mantid 6.11 divides it by 2.355 as ResINS does; earlier ones took it for σ)
    assert elastic(150.0) == pytest.approx(9.776165626 - 0.15243694390 * 150 + 0.0010075660656 * 150**2, rel=1e-6)
    e_init = next(setting for setting in panther.settings if setting.name == "e_init")
    assert elastic(50.0) > elastic(e_init.minimum), "ResINS's PANTHER behaves below 76 meV now: offer it there"
    energies = np.linspace(e_init.minimum, e_init.maximum, 20)
    assert (np.diff([elastic(energy) for energy in energies]) > 0).all()
    for energy in energies:
        # "4 to 6 %" is what thermal chopper spectrometers reach
        assert 0.04 < elastic(energy) / energy < 0.07


def test_tosca_in_wavenumbers() -> None:
    wavenumber = np.array([0.0, 200.0, 1000.0, 3000.0])
    sigma = resolution.sigma(instruments.get("TOSCA"), {}, wavenumber * INVERSE_CM_MEV) / INVERSE_CM_MEV
    # Mantid Abins: 2.5 + 0.005 ω + 1e-7 ω² in cm⁻¹; ResINS holds the numbers rounded in meV
    np.testing.assert_allclose(sigma, 2.5 + 0.005 * wavenumber + 1e-7 * wavenumber**2, rtol=1e-4)


def test_lagrange_is_mended_and_upstream_still_broken() -> None:
    instrument = instruments.get("Lagrange")
    fwhm = FWHM_PER_SIGMA * resolution.sigma(instrument, {"monochromator": "Si(311)"}, np.array([20.0]))
    assert fwhm[0] == pytest.approx(0.8, rel=1e-12)
    upstream = ResinsInstrument.from_default("Lagrange").get_resolution_function("AbINS", monochromator="Si(311)")
    halved = upstream.get_characteristics(np.array([[20.0]]))["sigma"][0]
    assert halved == pytest.approx(0.4), "ResINS gives a true σ now: take it as it is in instruments.resolution"
    copper = resolution.sigma(instrument, {"monochromator": "Cu(220)"}, np.linspace(22, 28, 200))
    assert np.abs(np.diff(copper)).max() < 2e-3  # no step at 25 meV


def test_choppers_that_transmit_nothing_are_refused() -> None:
    fast = {"instrument": "MAPS", "turns": "too_fast"}
    with refused(InvalidSettings, "settings.chopper_frequency", "no_transmission", **fast):
        resolution.sigma(
            instruments.get("MAPS"), {"e_init": 15.0, "chopper_package": "A", "chopper_frequency": 600}, np.zeros(1)
        )


@pytest.mark.parametrize("width", [0.0, 0.01, 0.3, 4.0])
@pytest.mark.parametrize("out_step", [0.1, 0.25, 1.7])
def test_area_is_conserved_also_at_the_edges(width: float, out_step: float) -> None:
    energy = 0.25 * np.arange(200)
    edges = np.arange(-60, 120, out_step)
    matrix = broadening(bin_edges(energy), np.full(len(energy), width), edges).dense()
    np.testing.assert_allclose(matrix @ np.diff(edges), 0.25, rtol=1e-6)
    assert matrix.min() > -1e-9


def test_a_line_becomes_a_gaussian_of_that_width() -> None:
    energy, edges = 0.1 * np.arange(1000), np.arange(0, 100, 0.05)
    centres = (edges[1:] + edges[:-1]) / 2
    sigma = 0.5 + 0.01 * energy
    recorded = 0.05 * broadening(bin_edges(energy), sigma, edges).dense()[400] / 0.1
    mean = recorded @ centres
    variance = recorded @ (centres - mean) ** 2
    assert mean == pytest.approx(40.0, abs=1e-6)
    # and the two bins' own widths
    assert variance == pytest.approx(sigma[400] ** 2 + 0.1**2 / 12 + 0.05**2 / 12, rel=1e-4)
