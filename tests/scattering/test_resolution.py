"""Resolution: ResINS's widths, conserved area, Euphonic's broadening."""

import numpy as np
import pytest
from resins import Instrument as ResinsInstrument

from scattering import instruments, resolution
from scattering.constants import FWHM_PER_SIGMA, INVERSE_CM_MEV
from scattering.errors import InvalidSettings


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("MAPS", {"e_init": 500.0, "chopper_package": "A", "chopper_frequency": 400}),
        ("MAPS", {"e_init": 60.0, "chopper_package": "B", "chopper_frequency": 250}),
        ("ARCS", {"e_init": 100.0, "chopper_package": "ARCS-100-1.5-AST", "chopper_frequency": 600}),
        ("ARCS", {"e_init": 700.0, "chopper_package": "ARCS-700-0.5-AST", "chopper_frequency": 480}),
    ],
)
def test_widths_are_those_of_resins(name: str, settings: dict[str, object]) -> None:
    energy = np.linspace(0, 0.9 * settings["e_init"], 40)
    model = ResinsInstrument.from_default(name).get_resolution_function("PyChop_fit", **settings)
    expected = model.get_characteristics(energy[:, None])["sigma"]
    np.testing.assert_allclose(resolution.sigma(instruments.get(name), settings, energy), expected, rtol=1e-12)


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
    assert halved == pytest.approx(0.4), "ResINS gives a true σ now: take it as it is in scattering.resolution"
    copper = resolution.sigma(instrument, {"monochromator": "Cu(220)"}, np.linspace(22, 28, 200))
    assert np.abs(np.diff(copper)).max() < 2e-3  # no step at 25 meV


def test_choppers_that_let_nothing_through_are_refused_in_words() -> None:
    with pytest.raises(InvalidSettings, match="no neutrons"):
        resolution.sigma(
            instruments.get("MAPS"), {"e_init": 15.0, "chopper_package": "A", "chopper_frequency": 600}, np.zeros(1)
        )


@pytest.mark.parametrize("width", [0.0, 0.01, 0.3, 4.0])
@pytest.mark.parametrize("out_step", [0.1, 0.25, 1.7])
def test_area_is_conserved_also_at_the_edges(width: float, out_step: float) -> None:
    energy = 0.25 * np.arange(200)
    edges = np.arange(-60, 120, out_step)
    matrix = resolution.resolution_matrix(energy, edges, np.full(len(energy), width), step=0.25)
    np.testing.assert_allclose(matrix @ np.diff(edges), 0.25, rtol=1e-6)
    assert matrix.min() > -1e-9


def test_a_line_becomes_a_gaussian_of_that_width() -> None:
    energy, edges = 0.1 * np.arange(1000), np.arange(0, 100, 0.05)
    centres = (edges[1:] + edges[:-1]) / 2
    sigma = 0.5 + 0.01 * energy
    recorded = 0.05 * resolution.resolution_matrix(energy, edges, sigma, step=0.1)[400] / 0.1
    mean = recorded @ centres
    variance = recorded @ (centres - mean) ** 2
    assert mean == pytest.approx(40.0, abs=1e-6)
    # and the two bins' own widths
    assert variance == pytest.approx(sigma[400] ** 2 + 0.1**2 / 12 + 0.05**2 / 12, rel=1e-4)
