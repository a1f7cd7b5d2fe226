"""PyChop's formulas over many settings at once, against ResINS one setting at a time."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from resins import Instrument as ResinsInstrument
from resins.models.pychop import NoTransmissionError

from scattering import instruments
from scattering.instruments import Instrument, pychop, resolution, vanadium

CHOPPERS = [one for one in instruments.catalogue() if one.resolution.model == pychop.MODEL]
SHARE = np.linspace(0.0, 0.95, 15)
"""Of the incident energy: the energy losses at which widths are compared."""
MAX_COMPARED = 400
"""Settings of each instrument for which ResINS is asked, 0.7 ms each."""


def package_of(instrument: Instrument) -> tuple[str | None, ...]:
    packages = [setting.enum for setting in instrument.settings if setting.name == "chopper_package"]
    return packages[0] if packages else (None,)


def dense_settings(instrument: Instrument) -> Iterator[dict[str, Any]]:
    """Every package and every frequency at 25 incident energies over all that is allowed."""
    incident = next(setting for setting in instrument.settings if setting.name == "e_init")
    frequencies = [setting for setting in instrument.settings if setting.name.endswith("frequency")]
    allowed = [
        np.arange(setting.minimum, setting.maximum + 1, setting.multiple_of).astype(int).tolist()
        for setting in frequencies
    ]
    for package, energy, hertz in itertools.product(
        package_of(instrument), np.geomspace(incident.minimum, incident.maximum, 25), itertools.product(*allowed)
    ):
        low, high = instrument.package_limits.get(str(package), (0.0, np.inf))
        # Beyond the bounds of ResINS, where vanadium was measured, it has no model to compare with
        least, most = pychop.model_data(instrument.name, package).restrictions["e_init"]
        if max(low, least) <= energy <= min(high, most):
            named = {setting.name: value for setting, value in zip(frequencies, hertz, strict=True)}
            yield {
                **instrument.defaults,
                "e_init": float(energy),
                **named,
                **({} if package is None else {"chopper_package": package}),
            }


@pytest.mark.parametrize("instrument", CHOPPERS, ids=lambda one: one.name)
def test_widths_over_a_dense_set_of_settings_are_those_of_resins(instrument: Instrument) -> None:
    settings = list(dense_settings(instrument))
    # Of LET's 67 500 settings some, drawn alike every time; of the others nearly all
    drawn = np.random.default_rng(1).permutation(len(settings))[:MAX_COMPARED]
    settings = [settings[index] for index in drawn]
    energy = np.array([one["e_init"] for one in settings])[:, None] * SHARE
    widths = pychop.widths(instrument.name, settings)
    found = widths.sigma(energy)
    upstream = ResinsInstrument.from_default(instrument.name)
    for one, at, row, transmitted in zip(settings, energy, found, widths.transmitted, strict=True):
        passed = {name: value for name, value in one.items() if name != "detector_centre"}
        try:
            model = upstream.get_resolution_function(pychop.MODEL, **passed)
        except NoTransmissionError:
            assert not transmitted
            assert np.isnan(row).all()
        else:
            np.testing.assert_allclose(row, model.get_characteristics(at[:, None])["sigma"], rtol=1e-9)
    assert 0.5 < widths.transmitted.mean() <= 1


@pytest.mark.parametrize("instrument", instruments.catalogue(), ids=lambda one: one.name)
def test_widths_of_several_settings_are_those_of_each(instrument: Instrument) -> None:
    usual = instrument.defaults.get("e_init")
    settings = [instrument.validate({} if usual is None else {"e_init": share * usual}) for share in (0.85, 0.95, 1.0)]
    energy = np.linspace(0.0, instrument.energy_range(settings[-1])[1], 30)
    found = resolution.sigmas(instrument, settings, energy)
    for one, row in zip(settings, found, strict=True):
        np.testing.assert_allclose(row, resolution.sigma(instrument, one, energy), rtol=1e-13)


@pytest.mark.parametrize("instrument", CHOPPERS, ids=lambda one: one.name)
def test_settings_that_are_allowed_are_those_that_resins_allows(instrument: Instrument) -> None:
    """`pychop` checks nothing: whatever an instrument's data file allows, ResINS must have a model for."""
    for package in package_of(instrument):
        allowed = pychop.model_data(instrument.name, package).restrictions
        for setting in instrument.settings:
            if setting.name not in allowed:
                continue
            low, high = setting.minimum, setting.maximum
            if setting.name == "e_init":
                limits = instrument.package_limits.get(str(package), (low, high))
                low, high = max(low, limits[0]), min(high, limits[1])
                # Settings at which vanadium was measured are allowed, too
                runs = [run.settings["e_init"] for run in vanadium.runs() if run.instrument == instrument.name]
                assert min([allowed[setting.name][0], *runs]) <= low * vanadium.MAX_RELATIVE_DISTANCE
                assert high <= max([allowed[setting.name][1], *runs]) * vanadium.MAX_RELATIVE_DISTANCE
            else:
                values = range(*allowed[setting.name])
                assert {value for value in range(int(low), int(high) + 1) if not value % setting.multiple_of} <= set(
                    values
                )
