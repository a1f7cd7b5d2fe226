"""Observing partials that are simple enough to know what must come out."""

import numpy as np
import pytest
from euphonic import ureg
from euphonic.spectra import Spectrum2D

from scattering import instruments
from scattering.core.bins import bin_widths
from scattering.core.errors import InvalidSettings, InvalidView, UnknownInstrument
from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.core.quantum import harmonic_correction
from scattering.instruments import kinematics, resolution
from scattering.observe import weights
from scattering.observe.spectrum import EnergyGrid, View, observe

TEMPERATURE = 120.0


def flat_lines(energies: dict[str, float], *, statistics: str = "quantum", q_max: float = 20.0) -> Partials:
    """Each species scatters at one energy, alike for all |q|; pairs at the mean of theirs."""
    q, energy = np.arange(0.1, q_max + 0.05, 0.1), 0.25 * np.arange(1200)
    species = tuple(sorted(energies))

    def line(at: float) -> np.ndarray:
        row = np.zeros((len(q), len(energy)), dtype=np.float32)
        row[:, round(at / 0.25)] = 1 / 0.25
        return row

    pairs = [(one, other) for i, one in enumerate(species) for other in species[i:]]
    return Partials(
        q=q,
        energy=energy,
        species=species,
        concentration=np.full(len(species), 1 / len(species)),
        coherent=np.array([line((energies[one] + energies[other]) / 2) for one, other in pairs]),
        incoherent=np.array([line(energies[symbol]) for symbol in species]),
        coherent_elastic=np.zeros((len(pairs), len(q))),
        incoherent_elastic=np.zeros((len(species), len(q))),
        temperature=TEMPERATURE,
        statistics=statistics,
    )


def area(values: np.ndarray, energy: np.ndarray) -> float:
    return float(values @ bin_widths(energy))


@pytest.mark.parametrize(
    ("name", "settings"),
    [("TOSCA", {}), ("MAPS", {"e_init": 200.0}), ("ARCS", {"e_init": 150.0}), ("Lagrange", {}), (None, {})],
)
def test_a_line_keeps_its_place_and_its_area(name: str | None, settings: dict[str, float]) -> None:
    spectrum = observe(flat_lines({"H": 60.0}), View(name, settings, contribution="incoherent"))
    nucleus = weights.scatterer("H").incoherent_cross_section / (4 * np.pi)
    assert area(spectrum.intensity, spectrum.energy) == pytest.approx(nucleus, rel=1e-3)
    step = np.interp(60.0, spectrum.energy, bin_widths(spectrum.energy))
    assert spectrum.energy[np.argmax(spectrum.intensity)] == pytest.approx(60.0, abs=0.51 * step)
    if name is not None:
        width = resolution.sigma(instruments.get(name), settings, np.array([60.0]))[0]
        shares = spectrum.intensity * bin_widths(spectrum.energy)
        mean = np.average(spectrum.energy, weights=shares)
        variance = np.average((spectrum.energy - mean) ** 2, weights=shares)
        assert variance == pytest.approx(width**2 + step**2 / 12 + 0.25**2 / 12, rel=0.01)


def test_total_is_coherent_plus_incoherent_and_the_sum_of_the_elements() -> None:
    partials = flat_lines({"C": 40.0, "H": 120.0})
    total, coherent, incoherent = (
        observe(partials, View("TOSCA", contribution=kind)) for kind in ("total", "coherent", "incoherent")
    )
    np.testing.assert_allclose(total.intensity, coherent.intensity + incoherent.intensity, atol=1e-6)
    np.testing.assert_allclose(total.intensity, sum(total.per_element.values()), atol=1e-6)
    np.testing.assert_allclose(total.intensity, sum(total.banks.values()) / 2, atol=1e-6)
    assert set(total.banks) == {"Forward", "Backward"}
    assert incoherent.per_element["C"].max() < 1e-3 * incoherent.per_element["H"].max()


def test_deuteration_takes_the_incoherent_line_away_and_warns_about_the_mass() -> None:
    partials = flat_lines({"C": 40.0, "H": 120.0})
    natural = observe(partials, View("TOSCA", contribution="incoherent"))
    deuterated = observe(partials, View("TOSCA", isotopes={"H": "2H"}, contribution="incoherent"))
    ratio = area(deuterated.intensity, deuterated.energy) / area(natural.intensity, natural.energy)
    assert ratio == pytest.approx(2.05 / 80.26, rel=0.02)
    assert Notice("isotopes_in_scattering_only", {"substitutions": {"H": "2H"}}) in deuterated.notices


def test_classical_partials_are_corrected_once_and_quantum_ones_never() -> None:
    factor = harmonic_correction(np.array([60.0]), TEMPERATURE)[0]
    raw = observe(flat_lines({"H": 60.0}, statistics="classical"), View("TOSCA", quantum_correction="none"))
    corrected = observe(flat_lines({"H": 60.0}, statistics="classical"), View("TOSCA"))
    quantum = observe(flat_lines({"H": 60.0}), View("TOSCA"))
    assert area(corrected.intensity, raw.energy) == pytest.approx(factor * area(raw.intensity, raw.energy), rel=1e-3)
    np.testing.assert_allclose(quantum.intensity, raw.intensity, rtol=1e-5)


def test_an_energy_scale_moves_lines_and_keeps_areas() -> None:
    plain = observe(flat_lines({"H": 60.0}), View("TOSCA"))
    scaled = observe(flat_lines({"H": 60.0}), View("TOSCA", energy_scale=1.1))
    assert scaled.energy[np.argmax(scaled.intensity)] == pytest.approx(66.0, abs=0.3)
    assert area(scaled.intensity, scaled.energy) == pytest.approx(area(plain.intensity, plain.energy), rel=1e-3)


def test_tosca_reads_its_lines_off_a_map_that_is_linear_in_q() -> None:
    partials = flat_lines({"H": 60.0})
    for axis in (partials.incoherent, partials.coherent):
        axis *= partials.q[:, None].astype(np.float32)
    spectrum = observe(partials, View("TOSCA", contribution="incoherent"))
    window = kinematics.window(instruments.get("TOSCA"), {}, np.array([60.0]))
    nucleus = weights.scatterer("H").incoherent_cross_section / (4 * np.pi)
    for line in window.lines:
        expected = nucleus * float(line.q[0])
        assert area(spectrum.banks[line.label], spectrum.energy) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("last", [3, 5])
def test_a_view_without_instrument_of_any_partials(last: int) -> None:
    """The elastic bin may be the only one near the edge of the axis."""
    partials = flat_lines({"H": 1.0})
    spectrum = observe(partials, View(energy_mev=EnergyGrid(0.25, last, 0.25), contribution="incoherent"))
    assert area(spectrum.intensity, spectrum.energy) == pytest.approx(80.26 / (4 * np.pi), rel=1e-3)


def test_nothing_is_recorded_beyond_the_incident_energy() -> None:
    spectrum = observe(flat_lines({"H": 120.0}), View("ARCS", {"e_init": 100.0}))
    assert spectrum.energy[-1] <= 95.0
    assert np.abs(spectrum.intensity).max() < 1e-6
    inside = spectrum.map.inside
    assert 0.3 < inside.mean() < 1
    window = kinematics.window(instruments.get("ARCS"), {"e_init": 100.0}, spectrum.map.energy)
    margin = 0.05 + 1e-9  # half a bin
    q = spectrum.map.q[:, None]
    np.testing.assert_array_equal(inside, (q + margin > window.q_min) & (q - margin < window.q_max))


def test_the_map_is_what_euphonics_broadening_makes() -> None:
    rng = np.random.default_rng(7)
    partials = flat_lines({"H": 60.0}, q_max=6.0)
    smooth = np.exp(-(((partials.energy - 45 - 3 * partials.q[:, None]) / 8) ** 2)).astype(np.float32)
    partials.incoherent[:] = smooth * (1 + 0.1 * rng.random(smooth.shape, dtype=np.float32))
    settings = {"e_init": 200.0}
    grid = EnergyGrid(15.0, 110.0, 0.25)
    view = View("ARCS", settings, contribution="incoherent", energy_mev=grid)
    ours = observe(partials, view).map
    edges = np.append(partials.energy - 0.125, partials.energy[-1] + 0.125)
    theirs = Spectrum2D(
        partials.q * ureg("1/angstrom"), edges * ureg("meV"), partials.incoherent[0].astype(float) * ureg("1/meV")
    ).broaden(
        y_width=lambda energy: (
            resolution.sigma(instruments.get("ARCS"), settings, energy.to("meV").magnitude) * ureg("meV")
        ),
        width_convention="std",
        width_interpolation_error=0.001,
    )
    weight = weights.scatterer("H").incoherent_cross_section / (4 * np.pi)
    rows = np.searchsorted(partials.q, ours.q - 1e-9)
    columns = np.searchsorted(partials.energy, ours.energy - 1e-9)
    reference = weight * theirs.z_data.to("1/meV").magnitude[np.ix_(rows, columns)]
    np.testing.assert_allclose(ours.intensity, reference, atol=1e-3 * reference.max())


def test_a_view_beyond_what_was_simulated_says_so() -> None:
    spectrum = observe(flat_lines({"H": 60.0}, q_max=4.0), View("ARCS", {"e_init": 200.0}))
    assert [one.params["simulated_q_inv_angstrom"] for one in spectrum.notices] == [pytest.approx(4.0)]
    nothing = observe(flat_lines({"H": 60.0}, q_max=0.4), View("Lagrange"))
    assert "nothing_in_window" in {one.code for one in nothing.notices}
    assert np.isfinite(nothing.intensity).all()


@pytest.mark.parametrize(
    ("view", "error", "location"),
    [
        (View("TOSCA", isotopes={"Si": "28Si"}), InvalidView, "isotopes.Si"),
        (View("TOSCA", energy_scale=9.0), InvalidView, "energy_scale"),
        (View("TOSCA", energy_mev=EnergyGrid(0, 100, 0)), InvalidView, "energy_mev"),
        (View("TOSCA", order=2), InvalidView, "order"),
        (View("TOSCA", probe="x-ray"), InvalidView, "probe"),
        (View("TOSCA", q_range=(30.0, 40.0)), InvalidView, "q_inv_angstrom"),
        (View("TOSCA", q_range=(3.0, 2.0)), InvalidView, "q_inv_angstrom"),
        (View("TOSCA", fwhm_mev=2.0), InvalidView, "fwhm_mev"),
        (View(None, fwhm_mev=-2.0), InvalidView, "fwhm_mev"),
        (View(None, kf_over_ki=True), InvalidView, "kf_over_ki"),
        (View(None, probe="x-ray", isotopes={"H": "2H"}), InvalidView, "isotopes"),
        (View(None, probe="electron", contribution="incoherent"), InvalidView, "contribution"),
        (View("TOSCA", energy_mev=EnergyGrid(0, 1e6, 1e-3)), InvalidView, "energy_mev.step"),
        (View("TOSCA", energy_mev=EnergyGrid(0, float("nan"), 1)), InvalidView, "energy_mev"),
        (View("MAPS", {"e_init": 1e5}), InvalidSettings, "settings.e_init"),
        (View(None, {"e_init": 100.0}), InvalidView, "settings"),
    ],
)
def test_impossible_views_are_refused_where_they_are_wrong(view: View, error: type[InvalidView], location: str) -> None:
    with pytest.raises(error) as refusal:
        observe(flat_lines({"H": 60.0}), view)
    assert refusal.value.errors[0]["loc"] == location


def test_unknown_instrument() -> None:
    with pytest.raises(UnknownInstrument):
        observe(flat_lines({"H": 60.0}), View("NIMROD"))
