"""Views of partials are worked out once."""

from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from backend.observing.spectra_cache import MAX_VIEWS, SpectraCache
from scattering.core.errors import InvalidSettings
from scattering.core.partials import Partials
from scattering.observe.spectrum import Spectrum, View, observe

from .predicting import silicon_partials


@pytest.fixture
def partials() -> Partials:
    return silicon_partials()


def test_the_same_view_is_observed_once_also_by_many_at_a_time(partials: Partials) -> None:
    cache, begun, calls = SpectraCache(), threading.Event(), []

    def slowly() -> Spectrum:
        calls.append(1)
        begun.wait(10)
        return observe(partials, View("TOSCA"))

    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(cache.get, partials, "TOSCA", slowly) for _ in range(4)]
        begun.set()
        spectra = [answer.result() for answer in answers]
    assert len(calls) == 1
    assert all(spectrum is spectra[0] for spectrum in spectra)
    assert np.array_equal(spectra[0].intensity, observe(partials, View("TOSCA")).intensity)


def test_an_impossible_view_is_refused_each_time_and_not_kept(partials: Partials) -> None:
    cache = SpectraCache()
    for _ in range(2):
        with pytest.raises(InvalidSettings):
            cache.get(partials, "bad", lambda: observe(partials, View("MAPS", {"e_init": 1})))


def test_the_oldest_view_gives_way(partials: Partials) -> None:
    cache = SpectraCache()
    spectrum, calls = observe(partials, View("TOSCA")), []

    def counted() -> Spectrum:
        calls.append(1)
        return spectrum

    for number in range(MAX_VIEWS + 1):
        cache.get(partials, str(number), counted)
    cache.get(partials, "0", counted)
    assert len(calls) == MAX_VIEWS + 2


def test_views_go_with_their_partials() -> None:
    cache = SpectraCache()

    def look() -> weakref.ref[Spectrum]:
        partials = silicon_partials()
        spectrum = cache.get(partials, "TOSCA", lambda: observe(partials, View("TOSCA")))
        held = weakref.ref(cache.get(partials, "TOSCA", lambda: pytest.fail("asked twice")))
        assert held() is spectrum
        return held

    held = look()
    gc.collect()
    assert held() is None
