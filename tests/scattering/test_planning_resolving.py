"""Resolved pairs, settings to try, ranking, calibration."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from scattering import instruments
from scattering.core import energy_axis
from scattering.core.errors import InvalidPlan, UnknownInstrument
from scattering.core.notices import Notice
from scattering.measured.data import MeasuredSpectrum
from scattering.observe.spectrum import EnergyGrid, observe
from scattering.observe.view import View
from scattering.planning.calibration import Calibration, calibrate, correct, counts_of
from scattering.planning.evaluation import Evaluation, Specimen, Target, evaluate, shape_of
from scattering.planning.features import Feature, Pair, find_features
from scattering.planning.findings import basis_of_numbers, explanation, verdict_notice
from scattering.planning.projection import WeightedScattering, detector_average, weigh
from scattering.planning.ranking import rank
from scattering.planning.rates import Rates, Scale
from scattering.planning.resolving import resolve_pair
from scattering.planning.scan import available_instruments, settings_to_try
from scattering.planning.tally import Tally, tally
from tests.scattering.refusals import refused

from .planned import lines, plate

DATASET = Notice("calibrated_by_dataset", {"dataset": "data", "mass_g": 1.0, "exposure_h": 2.0})


def pair(low: float, high: float, uncertainty: float = 0.0, fwhm: float = 0.0) -> Pair:
    features = [Feature(at, True, "peak", fwhm, uncertainty * at, 0.0, {}) for at in (low, high)]
    return Pair(*features)


def test_a_pair_is_resolved_when_its_separation_exceeds_the_width() -> None:
    sharp = resolve_pair(pair(50, 54), 2.0, 2.0, resolution_uncertainty=0.1)
    assert sharp.ratio == pytest.approx(2.0)
    assert sharp.verdict == "resolved"
    # 2 meV above a width of 2 ± 0.2: ten standard deviations
    assert sharp.probability == pytest.approx(1.0)
    assert resolve_pair(pair(50, 54), 4.0, 4.0, resolution_uncertainty=0.1).probability == pytest.approx(0.5)
    blunt = resolve_pair(pair(50, 54), 8.0, 8.0, resolution_uncertainty=0.1)
    assert blunt.verdict == "not resolved"
    assert verdict_notice(pair(50, 54), blunt) == Notice(
        "pair_not_resolved",
        {"low_mev": 50, "high_mev": 54, "separation_over_fwhm": 0.5, "probability": blunt.probability},
    )
    assert verdict_notice(pair(50, 54), sharp).code == "pair_resolved"


def test_the_potential_s_error_enters_the_verdict() -> None:
    """Errors of 10 % of both energies, correlated by 0.9, leave 10 % · 52 meV · √0.2 of the separation unknown."""
    doubtful = resolve_pair(pair(50, 54, uncertainty=0.1), 2.0, 2.0, resolution_uncertainty=0.0)
    spread = np.sqrt(5.0**2 + 5.4**2 - 2 * 0.9 * 5.0 * 5.4)
    assert doubtful.uncertainty == pytest.approx(spread / 2.0)
    assert doubtful.verdict == "likely"
    exact = resolve_pair(pair(50, 54, uncertainty=0.0), 2.0, 2.0, resolution_uncertainty=0.0)
    assert exact.probability == 1.0


def test_the_sample_s_own_width_counts() -> None:
    broad = resolve_pair(pair(50, 54, fwhm=3.0), 4.0, 4.0, resolution_uncertainty=0.1)
    assert broad.ratio == pytest.approx(4.0 / 5.0)  # √(3² + 4²)


def test_features_of_two_lines_are_found_with_width_and_elements() -> None:
    found = find_features(
        lines((40.0, 47.0), width=2.5), View(), given=None, pairs=None, energy_relative_uncertainty=0.05
    )
    assert [one.energy for one in found.features] == pytest.approx([40.0, 47.0], abs=0.15)
    assert all(one.measure == "peak" and one.elements == {"V": 1.0} for one in found.features)
    assert found.features[0].fwhm == pytest.approx(2.5, rel=0.15)  # smoothing taken off in quadrature
    assert found.features[0].energy_uncertainty == pytest.approx(2.0, rel=0.01)
    assert [one.separation for one in found.pairs] == pytest.approx([7.0], abs=0.2)


@pytest.mark.parametrize("width", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("n_q", [60, 4000])
def test_neighbours_are_found_apart_however_far_the_forecast_goes(width: float, n_q: int) -> None:
    """A width that grew with the end of the forecast, 4 meV of 500, merged both lines into one at 38.

    On the axis of a simulation, fine or (for many bins of |q|) as coarse as its memory permits, a position is off by a
    tenth of the FWHM with which features are looked for, or half a bin if a line is as narrow as one.
    """
    axis = energy_axis.bins(end=600.0, highest=500.0, n_species=4, n_orders=6, n_q=n_q)
    partials = lines((36.5, 40.4), width=width, energy=axis)
    # The stretch of a hydrogen atom, narrower than its bin
    partials = replace(partials, incoherent=partials.incoherent + lines((490.0,), energy=axis).incoherent)
    found = find_features(partials, View(), given=None, pairs=None, energy_relative_uncertainty=0.05)
    assert len(found.features) == 3
    for one, at in zip(found.features, (36.5, 40.4, 490.0), strict=True):
        bin_mev = float(np.interp(at, axis, partials.energy_widths))
        sought = max(np.hypot(energy_axis.MIN_FWHM_MEV, energy_axis.MIN_RELATIVE_FWHM * at), 2 * bin_mev)
        assert abs(one.energy - at) <= max(0.1 * sought, 0.5 * bin_mev) + 0.005  # energies are given to 0.01 meV
    assert found.features[0].fwhm == pytest.approx(width, abs=0.25)


def test_given_features_beyond_or_without_a_peak() -> None:
    partials = lines((40.0,), width=2.5)
    found = find_features(partials, View(), given=[70.0, 40.5], pairs=None, energy_relative_uncertainty=0.0)
    assert [(one.energy, one.measure) for one in found.features] == [(40.5, "peak"), (70.0, "intensity")]
    assert found.warnings == (Notice("no_peak_at_features", {"energies_mev": [70.0]}),)
    with refused(InvalidPlan, "features_mev.2", "beyond_forecast", end_mev=250.0):
        find_features(partials, View(), given=[40.0, 40.0, 300.0], pairs=None, energy_relative_uncertainty=0.0)
    with refused(InvalidPlan, "pairs_mev.0", "no_feature_at_energy", energy_mev=90.0, features_mev=[40.0]):
        find_features(partials, View(), given=[40.0], pairs=[(40.0, 90.0)], energy_relative_uncertainty=0.0)
    with refused(InvalidPlan, "pairs_mev.0", "pair_of_one_feature"):
        find_features(partials, View(), given=[40.0], pairs=[(39.9, 40.1)], energy_relative_uncertainty=0.0)


def test_a_given_energy_beside_a_peak_is_not_that_peak_s() -> None:
    """Half a width away it is; beyond, what stands at the given energy is not what the peak would count."""
    partials = lines((40.0,), width=2.5)
    found = find_features(partials, View(), given=[41.0, 42.5], pairs=None, energy_relative_uncertainty=0.0)
    assert [one.measure for one in found.features] == ["peak", "intensity"]


def test_settings_that_are_tried_are_allowed_and_reach_something() -> None:
    for instrument in available_instruments():
        for tried in settings_to_try(instrument, [30.0, 80.0]):
            for settings in tried.variants:
                instrument.validate(settings)
                assert instrument.energy_range(settings)[1] >= 30.0, (instrument.name, settings)
            incident = {settings.get("e_init") for settings in tried.variants}
            assert len(incident) == 1


@pytest.mark.parametrize("energy", [9.7, 60.4, 97.0, 99.7])
def test_some_incident_energy_is_just_what_a_feature_needs(energy: float) -> None:
    """Rounded up by less than a tenth, and never down to where the feature is out of reach."""
    merlin = instruments.get("MERLIN")
    ends = [merlin.energy_range(tried.variants[0])[1] for tried in settings_to_try(merlin, [energy])]
    assert min(end for end in ends if end >= energy) < 1.13 * energy
    assert min(ends) >= energy / 1.05


def test_which_instruments_may_be_asked_for() -> None:
    names = {one.name for one in available_instruments()}
    assert {"TOSCA", "MAPS", "ARCS", "Lagrange", "VISION"} <= names
    assert not {"TFXA", "generic-direct", "generic-indirect"} & names
    assert {one.facility.split(",")[0] for one in available_instruments(facilities=["isis"])} == {"ISIS"}
    assert "TOSCA" not in {one.name for one in available_instruments(single_crystal=True)}
    assert [one.name for one in available_instruments(names=["tfxa"])] == ["TFXA"]
    with pytest.raises(UnknownInstrument):
        available_instruments(names=["nonesuch"])


def specimen(energies: tuple[float, ...] = (40.0, 44.0)) -> Specimen:
    return Specimen(plate(), weigh(lines(energies, width=0.5), View()), None)


def evaluated(
    names: tuple[str, ...], energies: tuple[float, ...] = (40.0, 44.0)
) -> tuple[list[Evaluation], list[Pair]]:
    stood = specimen(energies)
    features = [Feature(at, True, "peak", 0.5, 0.0, 0.0, {}) for at in energies]
    pairs = [Pair(low, high) for low, high in itertools.pairwise(features)]
    found = []
    for name in names:
        for tried in settings_to_try(instruments.get(name), energies):
            shape = shape_of(tried.instrument, tried.variants[0], stood, None)
            found += evaluate(tried.instrument, tried.variants, shape, features, pairs, Target())
    return found, pairs


def test_the_pareto_front_is_not_beaten_in_both_ways() -> None:
    found, _ = evaluated(("MAPS", "MERLIN", "ARCS"))
    ranking = rank(found)
    most = max(len(one.measured) for one in ranking.ranked)
    full = [(index, one) for index, one in enumerate(ranking.ranked) if len(one.measured) == most]
    for index, one in full:
        beaten = any(
            other.hours <= one.hours
            and other.resolution_percent <= one.resolution_percent
            and (other.hours < one.hours or other.resolution_percent < one.resolution_percent)
            for _, other in full
        )
        assert (index in ranking.pareto_front) != beaten or any(
            other.hours == one.hours and other.resolution_percent == one.resolution_percent
            for at, other in full
            if at != index
        )
    assert len({ranking.ranked[index].instrument.name for index in ranking.best}) == 3


def test_why_a_feature_that_is_reached_is_not_measured() -> None:
    """A peak that would take too long is no peak that is washed out."""
    merlin = instruments.get("MERLIN")
    strong, weak = (weigh(lines((at,), width=0.5), View()) for at in (40.0, 50.0))
    stood = Specimen(plate(), replace(strong, intensity=strong.intensity + 0.01 * weak.intensity + 1e-9), None)
    settings = {"e_init": 60.0, "chopper_package": "G", "chopper_frequency": 300}
    features = [Feature(at, True, "peak", 0.5, 0.0, 0.0, {}) for at in (30.0, 40.0, 50.0)]
    shape = shape_of(merlin, settings, stood, None)

    def done(signal_to_noise: float) -> Evaluation:
        return evaluate(merlin, [settings], shape, features, [], Target(signal_to_noise))[0]

    far = done(20 * np.sqrt(2000 / done(20).features[2].hours))
    assert far.features[2].hours == pytest.approx(2000.0)
    given = explanation(rank([far]), 0, [], beam_time_h=None)
    assert given[:3] == (
        Notice("features_measured", {"n_measured": 1, "n_features": 3}),
        Notice("features_washed_out", {"energies_mev": [30.0]}),
        Notice("features_too_slow", {"energies_mev": [50.0], "limit_h": 1000.0}),
    )
    assert given[3].code == "hours_estimated"
    assert given[3].params["slowest_mev"] == 40.0


def test_a_pair_with_an_unmeasured_feature_is_not_resolved_and_all_counts_agree() -> None:
    """A pair 10 meV apart, at 2 meV, whose upper line is too weak: what is not measured is not resolved either."""
    merlin = instruments.get("MERLIN")
    strong, weak = (weigh(lines((at,), width=0.5), View()) for at in (40.0, 50.0))
    stood = Specimen(plate(), replace(strong, intensity=strong.intensity + 0.01 * weak.intensity + 1e-9), None)
    settings = {"e_init": 60.0, "chopper_package": "G", "chopper_frequency": 300}
    features = [Feature(at, True, "peak", 0.5, 0.0, 0.0, {}) for at in (40.0, 50.0, 90.0)]
    pairs = [Pair(low, high) for low, high in itertools.pairwise(features)]
    shape = shape_of(merlin, settings, stood, None)
    near = evaluate(merlin, [settings], shape, features, pairs, Target(1.0))[0]
    assert tally(near) == Tally(n_features=3, n_reachable=2, n_measured=2, n_pairs=2, n_resolved=1)
    ratio = near.pairs[0].ratio
    far = evaluate(merlin, [settings], shape, features, pairs, Target(np.sqrt(2000 / near.features[1].hours)))[0]
    assert tally(far) == Tally(n_features=3, n_reachable=2, n_measured=1, n_pairs=2, n_resolved=0)
    assert [one.verdict for one in far.pairs] == ["not resolved", "not reachable"]
    assert (far.pairs[0].ratio, far.pairs[0].probability, far.pairs[0].unmeasured) == (ratio, None, (50.0,))
    stated = {"low_mev": 40.0, "high_mev": 50.0, "unmeasured_mev": [50.0]}
    assert verdict_notice(pairs[0], far.pairs[0]) == Notice("pair_not_measured", stated)
    given = {each.code: each.params for each in explanation(rank([far]), 0, pairs, beam_time_h=None)}
    assert given["features_measured"] == {"n_measured": 1, "n_features": 3}
    assert given["pairs_resolved"]["n_resolved"] == 0
    assert given["pairs_resolved"]["n_pairs"] == 2
    assert given["pairs_resolved"]["closest_verdict"] == "not resolved"


def test_ranking_puts_resolved_pairs_before_short_times() -> None:
    found, pairs = evaluated(("MAPS", "MERLIN"))
    ranking = rank(found)
    resolved = [tally(one).n_resolved for one in ranking.ranked if len(one.measured) == 2]
    assert resolved == sorted(resolved, reverse=True)
    best, given = ranking.ranked[0], explanation(ranking, 0, pairs, beam_time_h=1e-6)
    assert given[0] == Notice("features_measured", {"n_measured": 2, "n_features": 2})
    assert given[1] == Notice(
        "pairs_resolved",
        {
            "n_resolved": tally(best).n_resolved,
            "n_pairs": 1,
            "closest_low_mev": 40.0,
            "closest_high_mev": 44.0,
            "closest_separation_over_fwhm": best.pairs[0].ratio,
            "closest_verdict": best.pairs[0].verdict,
        },
    )
    hours = {"hours": best.hours, "hours_low": best.hours_low, "hours_high": best.hours_high}
    assert given[2].code == "hours_estimated"
    assert hours.items() <= given[2].params.items()
    assert given[3] == Notice("beam_time_exceeded", {"limit_h": 1e-6})
    perhaps = explanation(ranking, 0, pairs, beam_time_h=1.01 * best.hours)
    assert perhaps[3] == Notice("beam_time_perhaps_exceeded", {"limit_h": 1.01 * best.hours})
    assert "beam_time" not in {one.code[:9] for one in explanation(ranking, 0, pairs, beam_time_h=None)}


def test_alternatives_are_of_the_same_instrument_and_better_in_one_way() -> None:
    found, pairs = evaluated(("MERLIN", "MAPS"))
    ranking = rank(found)
    best = ranking.ranked[0]
    assert best.resolution_percent is not None
    given = {each.code: each.params for each in explanation(ranking, 0, pairs, beam_time_h=None)}
    sharper, faster = given["sharper_setting"], given["faster_setting"]
    assert sharper["instrument"] == faster["instrument"] == best.instrument.name
    assert sharper["other_resolution_percent"] < 0.85 * best.resolution_percent
    assert faster["time_ratio"] < 0.7
    (other,) = (
        one for one in ranking.ranked if one.instrument is best.instrument and one.settings == faster["settings"]
    )
    assert other.hours / best.hours == faster["time_ratio"]


def test_a_feature_near_the_end_of_the_range_or_under_the_elastic_line_is_not_reached() -> None:
    maps = instruments.get("MAPS")
    stood = specimen()
    features = [Feature(40.0, True, "peak", 0.5, 4.0, 0.0, {}), Feature(1.0, False, "intensity", 0.5, 0.0, 0.0, {})]
    settings = {"e_init": 45.0, "chopper_package": "S", "chopper_frequency": 300}
    done = evaluate(maps, [settings], shape_of(maps, settings, stood, None), features, [], Target())[0]
    why = [one.why for one in done.features]
    assert why[0] == Notice("perhaps_above_range", {"end_mev": 0.95 * 45.0, "energy_uncertainty_mev": 4.0})
    assert why[1] is not None
    assert why[1].code == "under_elastic_line"
    assert 1.0 < why[1].params["fwhm_mev"] < 4.0
    # And what is not reached takes no time
    assert done.measured == ()
    assert rank([done]).ranked == ()


def test_without_flux_hours_are_relative() -> None:
    found, pairs = evaluated(("TOSCA",))
    assert found[0].basis == "relative"
    ranking = rank(found)
    given = explanation(ranking, 0, pairs, beam_time_h=None)
    assert given[2].code == "hours_relative_only"
    assert given[2].params["slowest_mev"] in (40.0, 44.0)


def reduced(counts: np.ndarray, edges: np.ndarray, per_count: float) -> MeasuredSpectrum:
    """Data as a reduction leaves them: intensity ∝ counts per meV, with their Poisson errors."""
    centres, widths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    error = np.sqrt(np.maximum(counts, 1.0)) / widths * per_count
    return MeasuredSpectrum(centres, counts / widths * per_count, error, edges[:-1], edges[1:])


def test_tosca_calibrated_by_its_own_data_counts_what_it_counted() -> None:
    """Counts of 60 g in 3 h, known to be K f N A t, give the same K back for another mass, and the ambient background.

    A, the transmission of the sample, is 0.56 for 60 g of vanadium on 16 cm², 6 mm.
    """
    tosca = instruments.get("TOSCA")
    partials = lines((40.0,), width=6.0)
    grid = EnergyGrid(20.0, 60.0, 0.25)
    forecast = observe(partials, View(instrument="TOSCA", energy_mev=grid))
    sample, kappa, ambient, hours = plate(mass_g=60.0), 1e-21, 400.0, 3.0
    let_out = sample.shielding(grid.centres + 4.0, 4.0)
    assert let_out.mean() == pytest.approx(0.56, abs=0.01)
    edges = np.append(grid.centres - 0.125, grid.centres[-1] + 0.125)
    mean = (kappa * sample.n_atoms * let_out * forecast.intensity + ambient) * 0.25 * hours
    counts = np.random.default_rng(2).poisson(mean).astype(float)
    measured = reduced(counts, edges, per_count=7e-4)
    found = counts_of(measured, np.ones(len(counts), dtype=bool))
    np.testing.assert_allclose(found.per_intensity, 1 / 7e-4, rtol=0.05)
    # As the fit of the forecast to the data gives it
    scale = kappa * sample.n_atoms * float(let_out.mean()) * hours * 7e-4
    calibration = calibrate(
        tosca,
        {},
        found,
        scale=scale,
        background=np.full(len(found.energy), ambient * hours * 7e-4),
        hours=hours,
        sample=sample,
        source=DATASET,
    )
    assert calibration.kappa is not None
    np.testing.assert_allclose(calibration.kappa, kappa, rtol=0.05)
    np.testing.assert_allclose(calibration.ambient, ambient, rtol=0.05)
    scattering = weigh(partials, View())
    thin = plate(mass_g=0.1)
    counted = calibration.rates(tosca, {}, scattering, thin)
    inside = (counted.energy >= 30) & (counted.energy <= 50)
    expected = kappa * thin.n_atoms * detector_average(scattering, tosca, {}, counted.energy)[inside]
    # 0.1 g shields a per mille; the noise is 5 % of each stretch, of which the line takes some
    assert (counted.sample[inside].sum() / expected.sum()) == pytest.approx(1.0, abs=0.03)


def test_beyond_its_data_a_calibration_goes_as_the_moderator_s_spectrum() -> None:
    """TOSCA's counts of the same scattering fall as √(E_f/E_i)/E_i, the beam's slowing-down spectrum times k_f/k_i."""
    tosca = instruments.get("TOSCA")
    energy = np.linspace(20.0, 60.0, 24)
    final = tosca.final_energy({})
    assert final is not None
    incident = energy + final
    calibration = Calibration("TOSCA", {}, energy, 1e-20 * incident**-1.5, np.zeros(24), 1.0, DATASET)
    scattering = WeightedScattering(
        np.arange(0.1, 30.0, 0.1), np.arange(0.0, 200.0, 0.5), np.ones((299, 400), dtype=np.float32)
    )
    sample = plate(mass_g=1e-3)
    counted = calibration.rates(tosca, {}, scattering, sample).sample
    for at in (10.0, 40.0, 150.0):
        expected = 1e-20 * (at + final) ** -1.5 * sample.n_atoms
        assert counted[np.searchsorted(scattering.energy, at)] == pytest.approx(expected, rel=1e-3)


def test_without_a_flux_a_calibration_holds_for_its_own_settings() -> None:
    """Another monochromator of Lagrange delivers another flux."""
    lagrange, stood = instruments.get("Lagrange"), specimen()
    energy = np.linspace(30.0, 60.0, 24)
    measured = {"monochromator": "Cu(220)"}
    calibration = Calibration("Lagrange", measured, energy, np.full(24, 1e-20), np.zeros(24), 1.0, DATASET)
    assert shape_of(lagrange, {}, stood, calibration).basis == "calibrated"  # it is the default
    other = {"monochromator": "Cu(331)"}
    assert shape_of(lagrange, other, stood, calibration).basis == "relative"
    assert basis_of_numbers(lagrange, other, "relative", calibration)[0] == Notice(
        "no_published_flux", {"calibration_holds_for_its_settings": True}
    )
    assert basis_of_numbers(lagrange, measured, "calibrated", calibration)[0] is DATASET


def test_data_without_errors_or_counts_calibrate_nothing() -> None:
    edges = np.arange(0.0, 11.0)
    bare = MeasuredSpectrum((edges[1:] + edges[:-1]) / 2, np.ones(10), None, edges[:-1], edges[1:])
    with refused(InvalidPlan, "calibrations", "calibration_without_errors"):
        counts_of(bare, np.ones(10, dtype=bool))
    with refused(InvalidPlan, "calibrations", "calibration_with_few_counts", minimum=20.0):
        counts_of(reduced(np.ones(10), edges, 1.0), np.ones(10, dtype=bool))
    # Noise about 0, of which a background was taken off, holds none either
    noise = np.random.default_rng(3).normal(size=4000)
    centres = np.arange(4000.0)
    about_zero = MeasuredSpectrum(centres, noise, np.ones(4000), centres - 0.5, centres + 0.5)
    with refused(InvalidPlan, "calibrations", "calibration_with_few_counts", minimum=20.0):
        counts_of(about_zero, np.ones(4000, dtype=bool))


def test_known_flux_is_corrected_by_what_was_counted() -> None:
    merlin = instruments.get("MERLIN")
    energy = np.arange(0, 100, 0.25)
    expected = Rates(energy, np.full_like(energy, 50.0), np.zeros_like(energy), np.zeros_like(energy), "absolute", 1.0)
    edges = np.arange(20.0, 60.5, 0.5)
    counts = np.random.default_rng(5).poisson(1.7 * 50.0 * 0.5 * 4.0, len(edges) - 1).astype(float)
    measured = reduced(counts, edges, per_count=0.01)
    found = counts_of(measured, np.ones(len(counts), dtype=bool))
    calibration = correct(merlin, {}, found, measured, measured.intensity, hours=4.0, expected=expected, source=DATASET)
    assert calibration.factor == pytest.approx(1.7, rel=0.03)  # √(1/13600) of noise, 1 % of edges
    corrected = calibration.correct_scale(Scale(2.0, 3.0, "absolute", 1.0))
    assert corrected.basis == "calibrated"
    assert corrected.scattering == pytest.approx(2.0 * calibration.factor)
    assert corrected.ambient == 3.0  # counted as it is, whatever the flux


def test_numbers_rest_on_flux_detectors_and_resolution() -> None:
    merlin, settings = instruments.get("MERLIN"), {"e_init": 100.0, "chopper_package": "G", "chopper_frequency": 300}
    flux, width = basis_of_numbers(merlin, settings, "absolute", None)
    assert flux.code == "published_flux"
    assert flux.params["source"] == "160 µA"
    assert flux.params["flux_factor"] == 2.0
    assert width == Notice("resolution_not_validated", {"relative_uncertainty": 0.15})
    arcs = instruments.get("ARCS")
    assert basis_of_numbers(arcs, arcs.defaults, "absolute", None)[-1].code == "resolution_validated"
