"""Views beyond the plain spectrum: both sides of the elastic line, orders, errors, elastic line, sites, probes."""

from dataclasses import replace

import numpy as np
import pytest

from scattering import instruments
from scattering.core import quantum
from scattering.core.bins import bin_widths
from scattering.core.errors import InvalidView
from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.instruments import kinematics
from scattering.observe import weights
from scattering.observe.form_factors import form_factors
from scattering.observe.spectrum import EnergyGrid, View, observe
from tests.scattering.refusals import refused

TEMPERATURE = 150.0
STEP = 0.25


def partials(
    *,
    species: tuple[str, ...] = ("H",),
    at: float = 12.0,
    statistics: str = "quantum",
    n_orders: int = 0,
    n_runs: int = 0,
    noise: float = 0.0,
    elastic: float = 0.0,
    metadata: dict[str, object] | None = None,
) -> Partials:
    """One sharp line, all |q| alike."""
    q, energy = np.arange(0.1, 16.05, 0.1), STEP * np.arange(600)
    shape = (len(q), len(energy))
    line = np.zeros(shape, dtype=np.float32)
    line[:, round(at / STEP)] = 1 / STEP
    n_pairs = len(species) * (len(species) + 1) // 2
    rng = np.random.default_rng(3)
    runs = {}
    if n_runs:
        runs = {
            "coherent_runs": np.stack([line] * n_runs)[:, None].repeat(n_pairs, axis=1),
            "incoherent_runs": (
                np.broadcast_to(line, (n_runs, len(species), *shape))
                * (1 + noise * rng.normal(size=(n_runs, len(species), 1, 1)))
            ).astype(np.float32),
        }
    orders = None
    if n_orders:
        orders = np.zeros((n_orders, len(species), *shape), dtype=np.float32)
        for order in range(n_orders):
            orders[order, :, :, round((order + 1) * at / STEP)] = 0.5**order / STEP
    incoherent = np.stack([line] * len(species)) if orders is None else orders.sum(axis=0)
    coherent = np.stack([line] * n_pairs)
    if orders is not None:
        coherent = coherent + orders[1:].sum(axis=0)
    return Partials(
        q=q,
        energy=energy,
        species=species,
        concentration=np.full(len(species), 1 / len(species)),
        coherent=coherent.astype(np.float32),
        incoherent=incoherent.astype(np.float32),
        coherent_elastic=np.zeros((n_pairs, len(q))),
        incoherent_elastic=np.full((len(species), len(q)), elastic),
        temperature=TEMPERATURE,
        statistics=statistics,
        metadata=metadata or {},
        orders=orders,
        **runs,
    )


def area(spectrum, low: float = -np.inf, high: float = np.inf) -> float:
    chosen = (spectrum.energy > low) & (spectrum.energy < high)
    return float((spectrum.intensity * bin_widths(spectrum.energy))[chosen].sum())


@pytest.mark.parametrize("statistics", ["quantum", "classical", "kubo"])
def test_the_gain_side_obeys_detailed_balance(statistics: str) -> None:
    sample = partials(statistics=statistics)
    grid = EnergyGrid(-30.0, 30.0, 0.1)
    spectrum = observe(sample, View(energy_mev=grid, contribution="incoherent"))
    expected = quantum.detailed_balance(np.array([12.0]), TEMPERATURE)[0]
    assert area(spectrum, high=0) / area(spectrum, low=0) == pytest.approx(expected, rel=1e-5)


def test_without_correction_classical_partials_are_even() -> None:
    spectrum = observe(
        partials(statistics="classical"), View(energy_mev=EnergyGrid(-30, 30, 0.1), quantum_correction="none")
    )
    np.testing.assert_allclose(spectrum.intensity, spectrum.intensity[::-1], atol=1e-5 * spectrum.intensity.max())


def test_the_gain_side_is_seen_where_the_instrument_sees_it() -> None:
    """On ARCS the gain side of a line has another window than its loss side: larger |q| and more of it."""
    sample = partials()
    weight = sample.q.astype(np.float32)[:, None]
    sample = replace(sample, incoherent=sample.incoherent * weight)
    settings = {"e_init": 60.0}
    view = View("ARCS", settings, contribution="incoherent", energy_mev=EnergyGrid(-25, 25, 0.25))
    spectrum = observe(sample, view)
    reached = kinematics.window(instruments.get("ARCS"), settings, np.array([-12.0, 12.0]))
    # ∫ q · q dq / ∫ q dq over the window: the mean |q| by solid angle, where S grows as q
    means = 2 / 3 * (reached.q_max**3 - reached.q_min**3) / (reached.q_max**2 - reached.q_min**2)
    expected = quantum.detailed_balance(np.array([12.0]), TEMPERATURE)[0] * means[0] / means[1]
    # The windows end inside bins of 0.1 Å⁻¹ whose |q| is their centre's
    assert area(spectrum, high=0) / area(spectrum, low=0) == pytest.approx(expected, rel=5e-3)


@pytest.mark.parametrize(("name", "settings"), [("TOSCA", {}), ("ARCS", {"e_init": 60.0})])
def test_kf_over_ki(name: str, settings: dict[str, float]) -> None:
    plain = observe(partials(), View(name, settings, contribution="incoherent"))
    counted = observe(partials(), View(name, settings, contribution="incoherent", kf_over_ki=True))
    # √(E_f/E_i) at 12 meV; TOSCA's by its analysers, which test_kinematics holds against the closed form
    ratio = np.sqrt(48 / 60) if name == "ARCS" else kinematics.k_ratio(instruments.get(name), {}, np.array([12.0]))[0]
    assert area(counted) / area(plain) == pytest.approx(ratio, rel=1e-3)


def test_orders_add_up_and_multi_phonon_scattering_takes_both_cross_sections() -> None:
    sample = partials(n_orders=3)
    view = View("TOSCA", per_order=True)
    spectrum = observe(sample, view)
    np.testing.assert_allclose(
        sum(spectrum.per_order.values()), spectrum.intensity, atol=1e-6 * spectrum.intensity.max()
    )
    nucleus = weights.scatterer("H")
    bound = 0.01 * abs(nucleus.coherent_length) ** 2 + nucleus.incoherent_cross_section / (4 * np.pi)
    for order in (1, 2, 3):
        alone = observe(sample, View("TOSCA", order=order))
        np.testing.assert_allclose(alone.intensity, spectrum.per_order[order], atol=1e-6 * spectrum.intensity.max())
        assert area(alone) == pytest.approx(bound * 0.5 ** (order - 1), rel=2e-3)
        assert alone.energy[np.argmax(alone.intensity)] == pytest.approx(12.0 * order, abs=0.3)


def test_a_coherent_view_of_an_order_leaves_the_incoherent_cross_section_out() -> None:
    sample = partials(n_orders=2)
    parts = [observe(sample, View("TOSCA", order=2, contribution=kind)) for kind in ("coherent", "incoherent", "total")]
    assert area(parts[0]) + area(parts[1]) == pytest.approx(area(parts[2]), rel=1e-5)
    nucleus = weights.scatterer("H")
    ratio = 0.04 * np.pi * abs(nucleus.coherent_length) ** 2 / nucleus.incoherent_cross_section
    assert area(parts[0]) / area(parts[1]) == pytest.approx(ratio, rel=1e-4)


def test_the_error_is_the_scatter_of_what_the_runs_alone_give() -> None:
    """Runs that differ by a factor each, on a band that is flat: the relative error is the factors', everywhere."""
    factors = 1 + 0.1 * np.random.default_rng(3).normal(size=8)
    sample = partials()
    flat = np.ones_like(sample.incoherent)
    runs = (factors[:, None, None, None] * flat).astype(np.float32)
    sample = replace(sample, incoherent=flat, incoherent_runs=runs, coherent_runs=np.zeros_like(runs))
    spectrum = observe(sample, View("TOSCA", contribution="incoherent"))
    assert spectrum.error is not None
    expected = factors.std(ddof=1) / np.sqrt(8)
    middle = slice(50, -50)  # the ends are dimmed by what resolution takes out
    np.testing.assert_allclose((spectrum.error / spectrum.intensity)[middle], expected, rtol=1e-3)
    assert observe(partials(), View("TOSCA")).error is None


def test_the_error_shrinks_as_runs_are_added() -> None:
    rng = np.random.default_rng(5)
    sample = partials()

    def error(n_runs: int) -> float:
        runs = (
            1 + 0.2 * rng.normal(size=(n_runs, 1, 1, len(sample.energy))) * np.ones((1, 1, len(sample.q), 1))
        ).astype(np.float32)
        observed = observe(
            replace(sample, incoherent_runs=runs, coherent_runs=np.zeros_like(runs)),
            View("TOSCA", contribution="incoherent", energy_mev=EnergyGrid(5, 145, 0.25)),
        )
        assert observed.error is not None
        return float(np.mean(observed.error))

    # 600 energies, of which some tens are pooled for each point: standard deviations of a few per cent
    assert error(4) / error(16) == pytest.approx(2.0, rel=0.12)


def test_the_elastic_line_has_its_area_and_the_width_of_the_run() -> None:
    grid = EnergyGrid(-8, 8, 0.05)
    sample = partials(elastic=0.7, statistics="classical", metadata={"energy_resolution_mev": 1.0})
    quiet = observe(sample, View(energy_mev=grid, contribution="incoherent"))
    spectrum = observe(sample, View(energy_mev=grid, contribution="incoherent", elastic=True))
    assert area(quiet) == 0
    nucleus = weights.scatterer("H").incoherent_cross_section / (4 * np.pi)
    assert area(spectrum) == pytest.approx(0.7 * nucleus, rel=2e-3)
    # The Hann window's transform falls to half its height at half of h/T from the centre
    half = spectrum.energy[spectrum.intensity > spectrum.intensity.max() / 2]
    assert half[-1] - half[0] == pytest.approx(1.0, abs=0.3)  # bins of 0.25 meV
    sharp = observe(partials(elastic=0.7), View("ARCS", {"e_init": 50.0}, elastic=True, energy_mev=grid))
    assert sharp.intensity.argmax() == pytest.approx(len(grid.centres) // 2, abs=1)


def test_a_range_of_q_is_averaged_alone() -> None:
    sample = partials()
    sample = replace(sample, incoherent=sample.incoherent * sample.q.astype(np.float32)[:, None] ** 2)
    nucleus = weights.scatterer("H").incoherent_cross_section / (4 * np.pi)
    for low, high in ((2.95, 3.05), (5.0, 5.01)):
        cut = observe(sample, View("ARCS", {"e_init": 100.0}, contribution="incoherent", q_range=(low, high)))
        assert area(cut) == pytest.approx(nucleus * round((low + high) / 2, 1) ** 2, rel=1e-3)


def test_deuterating_one_site_leaves_the_other() -> None:
    sample = partials(species=("H1", "H2"))
    view = View("TOSCA", contribution="incoherent", isotopes={"H2": "2H"})
    parts = observe(sample, view).per_element
    assert parts["H1"].sum() / parts["H2"].sum() == pytest.approx(80.26 / 2.05, rel=0.02)
    assert Notice("isotopes_in_scattering_only", {"substitutions": {"H2": "2H"}}) in observe(sample, view).notices


@pytest.mark.parametrize("probe", ["x-ray", "electron"])
def test_other_probes_weight_by_their_form_factors(probe: str) -> None:
    sample = partials(species=("C", "H"))
    spectrum = observe(sample, View(probe=probe, q_range=(4.95, 5.05), fwhm_mev=1.5))
    carbon, hydrogen = form_factors(("C", "H"), np.array([5.0]), probe)[:, 0]
    # Both pairs and the cross term, which holds both orders, scatter alike here
    assert area(spectrum) == pytest.approx(carbon**2 + carbon * hydrogen + hydrogen**2, rel=1e-4)
    above = spectrum.energy[spectrum.intensity > spectrum.intensity.max() / 2]
    assert above[-1] - above[0] == pytest.approx(1.5, abs=0.5)
    assert "atom" in spectrum.unit
    assert "barn" not in spectrum.unit


def test_schofield_is_refused_where_it_overflows_and_kubo_takes_its_own_correction_only() -> None:
    cold = replace(partials(statistics="classical"), temperature=5.0)
    with refused(InvalidView, "quantum_correction", "diverging_correction", correction="schofield"):
        observe(cold, View(quantum_correction="schofield"))
    with refused(InvalidView, "quantum_correction", "kubo_correction", correction="standard"):
        observe(partials(statistics="kubo"), View(quantum_correction="standard"))


def test_diffusing_species_are_pointed_out() -> None:
    sample = partials(metadata={"diffusing": ["H"]})
    assert "diffusing_species" in {one.code for one in observe(sample, View("TOSCA")).notices}
    assert "diffusing_species" not in {one.code for one in observe(sample, View("TOSCA", elastic=True)).notices}


@pytest.mark.parametrize(
    "grid",
    [EnergyGrid(0, 1e-9, 1e-10), EnergyGrid(590, 5000, 5), EnergyGrid(-1e5, 1e5, 100), EnergyGrid(-400, -300, 1)],
)
@pytest.mark.parametrize("name", ["TOSCA", "ARCS", "Lagrange", None])
def test_bins_of_any_width_and_place_are_answered(name: str | None, grid: EnergyGrid) -> None:
    """Hair-thin bins, bins beyond what is measured or simulated, and bins wider than the spectrum."""
    spectrum = observe(partials(n_runs=3, noise=0.1), View(name, energy_mev=grid))
    assert spectrum.error is not None
    assert np.isfinite(spectrum.intensity).all()
    assert np.isfinite(spectrum.error).all()
    assert spectrum.map.intensity.shape == spectrum.map.inside.shape
