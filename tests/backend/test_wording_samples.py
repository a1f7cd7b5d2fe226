"""Sentences about samples: every code of them makes one from the parameters that it is given."""

from __future__ import annotations

from collections.abc import Iterator

from backend import wording
from backend.wording import samples
from scattering.core.notices import Notice
from scattering.sample import Container, Material, SampleSpec, resolve
from scattering.sample.activation import activation
from scattering.sample.advice import Surroundings, advice, cool_down, warnings


def material(composition: dict[str, float], density: float) -> Material:
    return Material.of(composition, {}, natural_density=density)


BENZENE, SILICON = material({"C": 6, "H": 6}, 1.13), material({"Si": 1}, 2.329)
AROUND = Surroundings(50.0, (20.0, 20.0), ((3.0, 135.0),))


def notices() -> Iterator[Notice]:
    """Every notice that samples give."""
    cases = [
        (SampleSpec(), BENZENE),
        (SampleSpec(container=Container("vanadium", 0.2), geometry="cylinder", thickness_mm=2.0), BENZENE),
        (SampleSpec(mass_g=1), SILICON),
        (SampleSpec(mass_g=20), SILICON),
        (SampleSpec(geometry="annulus", form="single crystal", container=None), BENZENE),
        (SampleSpec(container=None, thickness_mm=0.1), material({"La": 1, "B": 6}, 4.7)),
        (SampleSpec(thickness_mm=1), material({"Cd": 1}, 8.65)),
        (SampleSpec(), material({"Co": 1}, 8.9)),
        (SampleSpec(), material({"U": 1, "O": 2}, 10.9)),
        (SampleSpec(), material({"Rh": 1}, 12.4)),
    ]
    for spec, what in cases:
        sample = resolve(spec, what)
        active = activation([(what, sample.mass_g)], flux=1e7, hours=24)
        yield from advice(sample, AROUND)
        yield from warnings(sample, AROUND, multiple=0.4, active=active)
        yield cool_down(active, flux_n_cm2_s=1e7, hours=24)


def test_every_sentence_is_made_from_its_parameters() -> None:
    made = {notice.code: wording.message(notice) for notice in notices()}
    assert set(made) == set(samples.WORDS)
    for code, text in made.items():
        assert text.endswith("."), code
        assert "{" not in text, code
        assert "  " not in text, code


def test_thickness_names_the_amount_that_was_asked_for() -> None:
    notice = advice(resolve(SampleSpec(mass_g=1), SILICON), Surroundings())[0]
    assert wording.message(notice) == (
        "A plate 0.27 mm thick, 1 g, scatters 0.29\u00a0% of the beam at 1.798 Å. It is thin: a larger mass needs "
        "fewer hours. To scatter 10\u00a0%, make it 9.7 mm thick, 36 g."
    )


def test_containers_are_named_with_their_walls() -> None:
    assert samples.container_label(resolve(SampleSpec(), SILICON)) == "aluminium, 2 × 0.2 mm"
    annulus = SampleSpec(geometry="annulus", thickness_mm=1.0)
    assert samples.container_label(resolve(annulus, SILICON)) == "aluminium, 4 × 0.2 mm"
    assert samples.container_label(resolve(SampleSpec(container=None), SILICON)) == "none"
