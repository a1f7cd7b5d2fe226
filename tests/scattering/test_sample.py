"""Samples: what they are of, how thick, what they shield, against rules of thumb and closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import periodictable
import pytest
from scipy import constants, integrate, special

from scattering.core.errors import InvalidSample, InvalidView
from scattering.sample import CONTAINERS, Container, Material, Sample, SampleSpec, resolve
from scattering.sample.activation import activation, elements_without_activation
from scattering.sample.advice import Surroundings, advice, container_over_sample, cool_down, warnings
from scattering.sample.material import THERMAL_MEV
from scattering.sample.multiple import escape_fractions, multiple_scattering
from scattering.sample.shape import Shape
from tests.scattering.refusals import refused

BENZENE = Material.of({"C": 6, "H": 6}, {}, natural_density=1.13)
DEUTERATED = Material.of({"C": 6, "H": 6}, {"H": "2H"}, natural_density=1.13)
SILICON = Material.of({"Si": 1}, {}, natural_density=2.329)
GADOLINIUM = Material.of({"Gd": 2, "O": 3}, {}, natural_density=7.4)
BARE = SampleSpec(container=None)


@pytest.mark.parametrize(("material", "thickness"), [(BENZENE, 0.23), (DEUTERATED, 1.55), (SILICON, 9.7)])
def test_ten_percent_scatterers_are_as_thick_as_the_rule_of_thumb(material: Material, thickness: float) -> None:
    # periodictable 2.1.0's own calculation at 1.798 Å; benzene's density in it is that of another temperature
    sample = resolve(SampleSpec(), material)
    assert sample.thickness_mm == pytest.approx(thickness, rel=0.02)
    assert sample.scatterer_percent == pytest.approx(10, rel=1e-9)


@pytest.mark.parametrize(("text", "composition"), [("SiO2", {"Si": 1, "O": 2}), ("Gd2O3", {"Gd": 2, "O": 3})])
def test_cross_sections_are_those_of_periodictable(text: str, composition: dict[str, float]) -> None:
    material = Material.of(composition, {}, natural_density=3.0)
    for energy in (5.0, THERMAL_MEV, 200.0):
        _, (_, absorption, _), _ = periodictable.neutron_scattering(text, density=3.0, energy=energy)
        # Gd's resonance is interpolated over 800 energies
        assert 10 * material.absorption_per_mm(energy) == pytest.approx(absorption, rel=5e-3)
    assert material.molar_mass == pytest.approx(periodictable.formula(text).mass)


def test_isotopes_change_the_mass_and_not_the_number_of_atoms() -> None:
    assert DEUTERATED.formula == "C6D6"
    assert DEUTERATED.number_density == pytest.approx(BENZENE.number_density, rel=1e-12)
    assert DEUTERATED.density_g_cm3 / BENZENE.density_g_cm3 == pytest.approx(84.15 / 78.11, rel=1e-3)
    measured = Material.of({"C": 6, "H": 6}, {"H": "2H"}, natural_density=1.13, density=0.95)
    assert measured.density_g_cm3 == 0.95


def test_sites_and_mixtures_are_counted_by_isotope() -> None:
    sites = Material.of({"C": 2, "H1": 2, "H2": 4}, {"H2": {"1H": 0.25, "2H": 0.75}}, natural_density=1.0)
    assert dict(sites.composition) == {"C": 2, "H": 2, "1H": 1, "2H": 3}
    assert sites.formula == "C2H2¹HD3"
    assert sites.n_atoms == 8
    whole = Material.of({"H": 1}, {"H": {"1H": 0.5, "2H": 0.5}}, natural_density=1.0)
    halves = [Material.of({"H": 1}, {"H": one}, natural_density=1.0).scattering_barn for one in ("1H", "2H")]
    assert whole.scattering_barn == pytest.approx(sum(halves) / 2)
    with refused(InvalidView, "isotopes.Si", "species_not_in_sample", species="Si"):
        Material.of({"H": 1}, {"Si": "28Si"}, natural_density=1.0)


def test_hydrogen_shields_as_bound_when_slow_and_as_free_when_fast() -> None:
    hydrogen = Material.of({"H": 1}, {}, natural_density=0.1)
    # 82.02 barn bound; 20.5 barn free (Sears 1992; neutron and proton weigh the same within 0.14 %)
    assert hydrogen.removal_barn(0.0) == pytest.approx(82.02, rel=1e-3)
    assert hydrogen.removal_barn(1e6) == pytest.approx(20.5, rel=5e-3)
    assert SILICON.removal_barn(1e6) == pytest.approx(SILICON.scattering_barn * (28.085 / 29.094) ** 2, rel=1e-3)


@pytest.mark.parametrize("geometry", ["plate", "annulus", "cylinder"])
def test_mass_volume_and_thickness_give_the_same_sample(geometry: str) -> None:
    spec = SampleSpec(geometry=geometry, packing=0.6)  # type: ignore[arg-type]
    by_percent = resolve(spec, DEUTERATED)
    for known in ({"mass_g": by_percent.mass_g}, {"volume_cm3": by_percent.volume_cm3}):
        again = resolve(SampleSpec(geometry=geometry, packing=0.6, **known), DEUTERATED)  # type: ignore[arg-type]
        assert again.thickness_mm == pytest.approx(by_percent.thickness_mm, rel=1e-6)
        assert again.scatterer_percent == pytest.approx(10, rel=1e-6)
    atoms = by_percent.mass_g / DEUTERATED.molar_mass * constants.N_A * 12
    assert by_percent.n_atoms == pytest.approx(atoms)


def test_volumes_in_closed_form() -> None:
    annulus = Shape("annulus", 2.0, 20.0, 50.0, 0.5)
    assert annulus.volume == pytest.approx(math.pi * (10**2 - 8**2) * 50)
    assert annulus.wall_volume == pytest.approx(math.pi * (10.5**2 - 10**2 + 8**2 - 7.5**2) * 50)
    assert 2 * annulus.width * annulus.height * float(annulus.lines.share @ annulus.lines.sample) == pytest.approx(
        annulus.volume, rel=1e-4
    )
    walls = annulus.lines.share @ (2 * annulus.lines.outer + 2 * annulus.lines.inner)
    # Lines beyond the sample's width, which meet wall alone, are none of the lines
    assert walls * 20 == pytest.approx(annulus.wall_volume / 50 - _beyond(10.5, 10.0), rel=1e-4)


def _beyond(radius: float, half_width: float) -> float:
    """Area of a disc further than half a width from its middle line."""
    within = 2 * (half_width * math.sqrt(radius**2 - half_width**2) + radius**2 * math.asin(half_width / radius))
    return math.pi * radius**2 - within


def test_illuminated_shares() -> None:
    plate = resolve(SampleSpec(width_mm=40, height_mm=50), SILICON)
    assert plate.illuminated_fraction((20, 25)) == pytest.approx(0.25)
    assert plate.illuminated_fraction((60, 60)) == 1
    cylinder = Shape("cylinder", 20.0, 20.0, 50.0, 0.0)
    within = integrate.quad(lambda y: 2 * math.sqrt(100 - y**2), -5, 5)[0] / (math.pi * 100)
    assert cylinder.illuminated_fraction((10, 25)) == pytest.approx(within / 2)


@pytest.mark.parametrize(
    ("spec", "field", "code"),
    [
        (SampleSpec(geometry="annulus", thickness_mm=21), "sample.thickness_mm", "annulus_too_thick"),
        (SampleSpec(geometry="annulus", mass_g=1e4), "sample.mass_g", "sample_does_not_fit"),
        (SampleSpec(volume_cm3=1e4), "sample.volume_cm3", "sample_too_thick"),
        (SampleSpec(geometry="annulus", width_mm=5), "sample.scatterer_percent", "scattering_out_of_reach"),
    ],
)
def test_what_cannot_be_made_is_named(spec: SampleSpec, field: str, code: str) -> None:
    with refused(InvalidSample, field, code):
        resolve(spec, SILICON)


def test_a_plate_shields_as_in_closed_form() -> None:
    """Single scattering at depth x of a plate t: ∫ exp(−μᵢx − μ_f(t − x)) dx/t, with a wall before and one behind."""
    sample = resolve(SampleSpec(thickness_mm=2.0, container=Container("vanadium", 1.0)), DEUTERATED)
    mu_in, mu_out = (float(DEUTERATED.attenuation_per_mm(energy)) for energy in (100.0, 30.0))
    walls = sum(float(CONTAINERS["vanadium"].attenuation_per_mm(energy)) for energy in (100.0, 30.0))
    expected = integrate.quad(lambda x: math.exp(-mu_in * x - mu_out * (2 - x)) / 2, 0, 2)[0] * math.exp(-walls)
    assert sample.shielding(100.0, 30.0) == pytest.approx(expected, rel=1e-9)
    # Equal energies: the limit of the quotient
    assert resolve(BARE, SILICON).shielding(50.0, 50.0) == pytest.approx(
        math.exp(-float(SILICON.attenuation_per_mm(50.0)) * resolve(BARE, SILICON).thickness_mm)
    )


@pytest.mark.parametrize("geometry", ["annulus", "cylinder"])
def test_round_samples_shield_as_by_brute_force(geometry: str) -> None:
    """Points at random in the sample; in along the beam, out in its direction, through walls and void."""
    spec = SampleSpec(
        geometry=geometry,  # type: ignore[arg-type]
        thickness_mm=3.0 if geometry == "annulus" else 20.0,
        width_mm=20.0,
        container=Container("vanadium", 1.0),
    )
    sample = resolve(spec, DEUTERATED)
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-10, 10, (2, 400_000))
    inner = 7.0 if geometry == "annulus" else 0.0
    inside = (np.hypot(x, y) < 10) & (np.hypot(x, y) > inner)
    x, y = x[inside], y[inside]

    def up_to(radius: float) -> np.ndarray:
        """Length along the beam, up to each point, within a disc."""
        half = np.sqrt(np.maximum(radius**2 - y**2, 0))
        return np.clip(x + half, 0, 2 * half)

    def all_along(radius: float) -> np.ndarray:
        return 2 * np.sqrt(np.maximum(radius**2 - y**2, 0))

    def lengths(along: object) -> tuple[np.ndarray, np.ndarray]:
        within = along(10.0) - along(inner)  # type: ignore[operator]
        walls = along(11.0) - along(10.0) + along(inner) - along(max(inner - 1, 0))  # type: ignore[operator]
        return within, walls

    (sample_in, wall_in), (sample_all, wall_all) = lengths(up_to), lengths(all_along)
    vanadium = CONTAINERS["vanadium"]
    exponent = (
        DEUTERATED.attenuation_per_mm(100.0) * sample_in
        + vanadium.attenuation_per_mm(100.0) * wall_in
        + DEUTERATED.attenuation_per_mm(30.0) * (sample_all - sample_in)
        + vanadium.attenuation_per_mm(30.0) * (wall_all - wall_in)
    )
    # Standard error of 3e5 points: below 5e-4
    assert sample.shielding(100.0, 30.0) == pytest.approx(float(np.exp(-exponent).mean()), rel=2e-3)


def test_shielding_broadcasts_and_stays_between_nothing_and_all() -> None:
    sample = resolve(SampleSpec(geometry="annulus", mass_g=20), GADOLINIUM)
    shielding = sample.shielding(np.array([[5.0], [500.0]]), np.array([0.0, 1.0, 20.0, 500.0]))
    assert shielding.shape == (2, 4)
    assert (shielding >= 0).all()
    assert (shielding <= 1).all()
    assert np.all(np.diff(shielding[1, 1:]) > 0)


def test_fractions_of_the_beam_in_a_thick_absorber() -> None:
    sample = resolve(SampleSpec(thickness_mm=1.0), GADOLINIUM)
    transmitted, scattered, absorbed = sample.beam_fractions(np.array([THERMAL_MEV, 500.0]))
    np.testing.assert_allclose(transmitted + scattered + absorbed, 1)
    assert absorbed[0] > 0.99
    assert absorbed[1] < absorbed[0]


@pytest.mark.parametrize("optical_thickness", [0.1, 0.5, 2.0])
def test_multiple_scattering_of_a_wide_plate_in_closed_form(optical_thickness: float) -> None:
    """Of neutrons scattered once at depth x in an infinite plate, ½(E₂(x) + E₂(τ − x)) leave; in the end all do."""
    tau = optical_thickness
    once = integrate.quad(lambda x: math.exp(-x) * (special.expn(2, x) + special.expn(2, tau - x)) / 2, 0, tau)[0]
    escaped = escape_fractions(Shape("plate", tau, 1e4, 1e4, 0.0), 1.0, 1.0, histories=40_000)
    assert escaped[0] == pytest.approx(once, rel=0.01)
    assert escaped.sum() == pytest.approx(-math.expm1(-tau), rel=0.01)
    assert escaped[1:].sum() / escaped[0] == pytest.approx(-math.expm1(-tau) / once - 1, rel=0.02)


def test_neutrons_leave_an_annulus_in_the_end_if_none_is_absorbed() -> None:
    shape = Shape("annulus", 3.0, 40.0, 40.0, 0.0)
    escaped = escape_fractions(shape, 0.1, 1.0)
    struck = -np.expm1(-0.2 * shape.lines.sample) @ shape.lines.share
    assert escaped.sum() == pytest.approx(struck, rel=0.01)
    full, nearly = Shape("cylinder", 40.0, 40.0, 40.0, 0.0), Shape("annulus", 19.999, 40.0, 40.0, 0.0)
    np.testing.assert_allclose(escape_fractions(full, 0.1, 0.9)[:3], escape_fractions(nearly, 0.1, 0.9)[:3], rtol=1e-3)


def test_multiple_scattering_is_the_same_for_the_same_seed() -> None:
    sample = resolve(SampleSpec(), SILICON)
    first, again, other = (multiple_scattering(sample, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert first == pytest.approx(other, rel=0.05)


def test_activation_of_aluminium_by_hand() -> None:
    """Saturated: N σ φ with σ = 0.231 barn (Sears's absorption) → Al-28 of 2.245 min, which decays exponentially."""
    made = activation([(CONTAINERS["aluminium"], 1.0)], flux=1e7, hours=24)
    per_second = constants.N_A / 26.98 * 0.231e-24 * 1e7
    (nuclide,) = made.nuclides
    assert nuclide.name == "Al-28"
    assert made.total_uci[0] == pytest.approx(per_second / 3.7e4, rel=0.02)
    assert made.cool_down_h == pytest.approx(2.245 / 60 * math.log2(made.total_uci[0] / 1e-3), rel=0.01)


def test_activation_adds_up_over_materials_and_knows_what_stays() -> None:
    cobalt = Material.of({"Co": 1}, {}, natural_density=8.9)
    alone = activation([(cobalt, 1.0)], flux=1e7, hours=24)
    both = activation([(cobalt, 1.0), (CONTAINERS["vanadium"], 2.0)], flux=1e7, hours=24)
    assert alone.cool_down_h is None
    assert {"Co-60", "V-52"} <= {nuclide.name for nuclide in both.nuclides}
    assert both.total_uci[0] > alone.total_uci[0]
    twice = activation([(cobalt, 1.0)], flux=2e7, hours=24)
    np.testing.assert_allclose(twice.total_uci, 2 * np.array(alone.total_uci), rtol=1e-3)
    assert activation([], flux=1e7, hours=1).cool_down_h == 0
    assert elements_without_activation(Material.of({"U": 1, "O": 2}, {}, natural_density=10.9)) == ("U",)


def notices(sample: Sample, around: Surroundings | None = None) -> dict[str, dict[str, Any]]:
    """Code → parameters of advice and warnings about a sample."""
    around = around or Surroundings()
    active = activation([(sample.material, sample.mass_g)], flux=1e7, hours=24)
    multiple = multiple_scattering(sample, around.energy_mev, histories=2000)
    given = [*advice(sample, around), *warnings(sample, around, multiple=multiple, active=active)]
    assert len({one.code for one in given}) == len(given)
    return {one.code: dict(one.params) for one in given}


def test_hydrogen_calls_for_deuterium() -> None:
    hydrogenous = notices(resolve(SampleSpec(), BENZENE))
    assert hydrogenous["sample_thickness"]["thickness_mm"] == pytest.approx(0.23, rel=0.02)
    assert hydrogenous["sample_thickness"]["scattering_fraction"] == pytest.approx(0.1)
    # As thick as asked for: there is no other to name
    assert "requested_thickness_mm" not in hydrogenous["sample_thickness"]
    assert hydrogenous["deuteration"]["thickness_mm"] == pytest.approx(1.55, rel=0.02)
    expected = 82.02 / (82.02 + 5.551)
    assert hydrogenous["deuteration"]["hydrogen_fraction"] == pytest.approx(expected, rel=1e-3)
    assert "deuteration" not in notices(resolve(SampleSpec(), DEUTERATED))


def test_a_clear_isotope_replaces_an_absorber() -> None:
    absorber = notices(resolve(SampleSpec(), Material.of({"La": 1, "B": 6}, {}, natural_density=4.7)))
    assert absorber["sample_thickness"]["absorption_neglected"]
    replaced = absorber["absorption_by_replaceable_isotope"]
    assert (replaced["absorber"], replaced["isotope"]) == ("B", "11B")
    # 767 and 0.0055 barn (Sears 1992)
    assert replaced["absorption_ratio"] == pytest.approx(767 / 0.0055, rel=0.01)
    clear = Material.of({"La": 1, "B": 6}, {"B": "11B"}, natural_density=4.7)
    remaining = notices(resolve(SampleSpec(), clear))
    assert "absorption_by_replaceable_isotope" not in remaining
    assert remaining.get("absorption", {"absorber": "La"})["absorber"] == "La"


def test_thick_and_thin_samples_are_named() -> None:
    thick = notices(resolve(SampleSpec(mass_g=100), DEUTERATED))
    assert thick["sample_thick"]["mass_g"] == pytest.approx(100)
    assert thick["sample_thick"]["requested_fraction"] == pytest.approx(0.1)
    assert thick["sample_thick"]["requested_thickness_mm"] == pytest.approx(1.55, rel=0.02)
    assert thick["strong_multiple_scattering"]["multiple_over_single"] > 0.3
    thin_sample = resolve(SampleSpec(mass_g=1), SILICON)
    thin = notices(thin_sample)
    assert thin["sample_thin"]["scattering_fraction"] < 0.03
    assert thin["strong_container_scattering"] == {"container_over_sample": container_over_sample(thin_sample)}


def test_what_stays_radioactive_is_named() -> None:
    cobalt = notices(resolve(SampleSpec(), Material.of({"Co": 1}, {}, natural_density=8.9)))
    assert cobalt["long_cool_down"] == {"harmless_uci": 1e-3, "nuclide": "Co-60", "cool_down_h": None}
    uranium = notices(resolve(SampleSpec(), Material.of({"U": 1, "O": 2}, {}, natural_density=10.9)))
    assert uranium["activation_not_tabulated"] == {"elements": ["U"]}
    aluminium = activation([(CONTAINERS["aluminium"], 1.0)], flux=1e7, hours=24)
    after = cool_down(aluminium, flux_n_cm2_s=1e7, hours=24).params
    assert after["cool_down_h"] == aluminium.cool_down_h
    assert (after["flux_n_cm2_s"], after["irradiation_h"]) == (1e7, 24)


def test_powders_need_a_container_and_a_thickness() -> None:
    bare = notices(resolve(SampleSpec(container=None, thickness_mm=0.1), SILICON))
    assert {"powder_without_container", "thin_powder_layer", "loose_powder"} <= bare.keys()
    assert bare["thin_powder_layer"] == {"thickness_mm": 0.1}
    assert bare["loose_powder"]["thickness_mm"] == pytest.approx(0.1 / bare["loose_powder"]["packing_fraction"])
    crystal = notices(resolve(SampleSpec(form="single crystal", geometry="annulus", container=None), BENZENE))
    assert "single_crystal_annulus" in crystal
    assert not {"powder_without_container", "loose_powder", "aluminium_container"} & crystal.keys()


def test_advice_suits_the_instrument() -> None:
    plate = resolve(SampleSpec(width_mm=80), SILICON)
    wide = notices(plate, Surroundings(50.0, (40.0, 40.0), ((3.0, 135.0),)))
    assert "plate_edge_on" in wide
    beam = {"beam_width_mm": 40.0, "beam_height_mm": 40.0}
    assert wide["sample_larger_than_beam"] == {**beam, "illuminated_fraction": pytest.approx(0.5)}
    banks = Surroundings(THERMAL_MEV, (40.0, 40.0), ((45.0, 45.0), (135.0, 135.0)))
    assert "plate_edge_on" not in notices(plate, banks)


def test_the_container_scatters_what_its_atoms_do() -> None:
    sample = resolve(SampleSpec(mass_g=5), SILICON)
    # Two walls of 40 mm × 40 mm × 0.2 mm at 2.70 g/cm³; 1.503 barn of Al and 2.167 of Si (Sears 1992)
    assert sample.container_mass_g == pytest.approx(2 * 4 * 4 * 0.02 * 2.70, rel=1e-3)
    expected = (sample.container_mass_g / 26.98 * 1.503) / (5 / 28.085 * 2.167)
    assert container_over_sample(sample) == pytest.approx(expected, rel=5e-3)
    atoms = sample.container_mass_g / 26.98 * constants.N_A
    assert sample.container_atoms((20.0, 40.0)) == pytest.approx(atoms / 2, rel=1e-4)
    assert resolve(BARE, SILICON).container_atoms((20.0, 40.0)) == 0
