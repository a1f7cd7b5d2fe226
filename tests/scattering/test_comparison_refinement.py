"""Stages of refinement: each is what it says, and against what an instrument would measure each is better."""

from dataclasses import replace

import numpy as np
import pytest

from scattering.core.constants import BOLTZMANN_MEV_PER_K, RECOIL_MEV_A2_AMU
from scattering.core.errors import InvalidView
from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.core.quantum import Statistics, harmonic_correction
from scattering.measured.comparison.refinement import STAGES, stages
from scattering.observe.spectrum import EnergyGrid, View, observe

TEMPERATURE = 127.0
STEP = 0.5
LINES = (10.0, 50.0, 85.0, 125.0, 180.0)
TOSCA = View("TOSCA", energy_mev=EnergyGrid(2.0, 240.0, STEP))


def hydrogen(statistics: Statistics = "classical", n_orders: int = 0) -> Partials:
    """One proton on five classical oscillators: first order in q² under a common Debye–Waller factor, per atom.

    S(q, ω) = Σ q² (ħ²/2M) k_BT/ω² exp(−2W) δ(ω − ω_ν)/5 on the loss side, and the elastic line.
    """
    q, energy = np.arange(0.1, 16.05, 0.1), STEP * np.arange(600)
    values = np.zeros((1, len(q), len(energy)), dtype=np.float32)
    for line in LINES:
        amplitude = RECOIL_MEV_A2_AMU / 1.008 * BOLTZMANN_MEV_PER_K * TEMPERATURE / line**2 / len(LINES)
        values[0, :, round(line / STEP)] += amplitude * q**2 * np.exp(-0.02 * q**2) / STEP
    return Partials(
        q=q,
        energy=energy,
        species=("H",),
        concentration=np.ones(1),
        coherent=np.zeros_like(values),
        incoherent=values,
        coherent_elastic=np.zeros((1, len(q))),
        incoherent_elastic=np.exp(-0.02 * q**2)[None],
        temperature=TEMPERATURE,
        statistics=statistics,
        orders=np.stack([values] * n_orders) / n_orders if n_orders else None,
    )


def r_factor(data: np.ndarray, model: np.ndarray) -> float:
    """Σ|y − s m|/Σ|y| with the scale s of least squares."""
    scale = data @ model / (model @ model)
    return float(np.abs(data - scale * model).sum() / np.abs(data).sum())


def test_each_stage_is_nearer_to_what_tosca_measures_of_quantum_protons() -> None:
    """The paper's Fig. 5a: the measurement is that of the same oscillators with n + 1 for k_BT/ħω."""
    partials = hydrogen()
    quantum = replace(partials, statistics="quantum", incoherent=_occupied(partials))
    data = observe(quantum, TOSCA).intensity
    found = stages(TOSCA, "classical")
    assert [stage.name for stage in found] == list(STAGES)
    raw, instrument, corrected = (r_factor(data, observe(partials, stage.view).intensity) for stage in found)
    assert raw > 1.5 * instrument > 0.3
    # The same arithmetic in single precision
    assert corrected < 1e-5


def _occupied(partials: Partials) -> np.ndarray:
    return (partials.incoherent * harmonic_correction(partials.energy, TEMPERATURE)).astype(np.float32)


def test_raw_is_the_average_over_all_q_with_scattering_lengths_alone() -> None:
    partials = hydrogen()
    raw, *_ = stages(
        replace(TOSCA, isotopes={"H": "2H"}, kf_over_ki=True, elastic=True, q_range=(2.0, 5.0)), "classical"
    )
    spectrum = observe(partials, raw.view)
    # Every |q| counts by its sphere's radius, as a detector's angles would
    mean = (partials.q / partials.q.sum()) @ partials.incoherent[0]
    deuterium = 2.05 / (4 * np.pi)
    lines = np.round(np.array(LINES) / STEP).astype(int)
    recorded = np.round((np.array(LINES) - 2.0) / STEP).astype(int)
    np.testing.assert_allclose(spectrum.intensity[recorded], deuterium * mean[lines], rtol=2e-3)
    assert spectrum.intensity.sum() == pytest.approx(spectrum.intensity[recorded].sum(), rel=1e-6)


def test_what_the_user_chose_beside_instrument_and_correction_is_in_every_stage() -> None:
    view = replace(TOSCA, isotopes={"H": "2H"}, contribution="incoherent", energy_scale=1.1)
    for stage in stages(view, "classical"):
        kept = (stage.view.isotopes, stage.view.contribution, stage.view.energy_scale, stage.view.energy_mev)
        assert kept == ({"H": "2H"}, "incoherent", 1.1, view.energy_mev)


@pytest.mark.parametrize(
    "view",
    [
        TOSCA,
        replace(TOSCA, kf_over_ki=True, elastic=True, q_range=(2.0, 8.0)),
        View("MAPS", {"e_init": 250.0}, quantum_correction="none", energy_mev=EnergyGrid(-10.0, 200.0, STEP)),
        View("generic-direct", {"e_init": 60.0}, energy_mev=EnergyGrid(1.0, 55.0, STEP)),
    ],
)
@pytest.mark.parametrize("statistics", ["classical", "kubo", "quantum"])
def test_every_stage_can_be_observed_in_the_same_bins(view: View, statistics: Statistics) -> None:
    partials = hydrogen(statistics)
    spectra = [observe(partials, stage.view) for stage in stages(view, statistics)]
    for spectrum in spectra:
        np.testing.assert_array_equal(spectrum.energy, spectra[0].energy)
        assert spectrum.intensity.max() > 0


def test_the_last_stage_is_the_users_own_view() -> None:
    for correction in ("harmonic", "standard", "mixed", "schofield"):
        view = replace(TOSCA, quantum_correction=correction)
        assert stages(view, "classical")[-1].view == view


def test_without_a_correction_the_last_stage_takes_the_harmonic_one_and_says_so() -> None:
    last = stages(replace(TOSCA, quantum_correction="none"), "classical")[-1]
    assert last.view == TOSCA
    assert last.effect.params["by_default"]
    assert not stages(TOSCA, "classical")[-1].effect.params["by_default"]


def test_quantum_partials_have_two_stages_and_the_second_says_why() -> None:
    partials = hydrogen("quantum")
    raw, last = stages(TOSCA, "quantum")
    assert (raw.name, last.name) == ("raw", "instrument")
    assert last.effect == Notice("window_and_resolution", {"instrument": "TOSCA", "statistics": "quantum"})
    assert last.view == TOSCA
    # and no correction has touched them
    none = observe(partials, replace(last.view, quantum_correction="none"))
    np.testing.assert_array_equal(observe(partials, last.view).intensity, none.intensity)


def test_path_integrals_are_corrected_for_the_kubo_transform() -> None:
    raw, _, last = stages(replace(TOSCA, quantum_correction="none"), "kubo")
    assert raw.effect == Notice("scattering_lengths_alone", {"statistics": "kubo"})
    assert last.effect == Notice(
        "quantum_correction", {"statistics": "kubo", "correction": "harmonic", "by_default": True}
    )
    assert last.view.quantum_correction == "harmonic"


def test_a_single_order_keeps_its_stages() -> None:
    partials = hydrogen("quantum", n_orders=2)
    self_part = replace(TOSCA, contribution="incoherent")
    both = [observe(partials, stage.view).intensity for stage in stages(self_part, "quantum")]
    one = [observe(partials, stage.view).intensity for stage in stages(replace(self_part, order=1), "quantum")]
    for all_orders, first in zip(both, one, strict=True):
        np.testing.assert_allclose(2 * first, all_orders, rtol=1e-4, atol=1e-6 * all_orders.max())


def test_without_an_instrument_there_is_nowhere_to_lead_to() -> None:
    with pytest.raises(InvalidView) as refused:
        stages(View(), "classical")
    assert [error["loc"] for error in refused.value.errors] == ["view.instrument"]
