"""Conditions of a measurement. Statements of the user take precedence over those of the file."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from backend.datasets.formats.reading import Stated, XUnit
from backend.datasets.run import RunConditions
from scattering import instruments
from scattering.core.errors import InvalidSettings, UnknownInstrument, notice_of
from scattering.core.notices import Notice
from scattering.instruments import Geometry, Instrument


class Statements(TypedDict, total=False):
    """Statements of the user. A missing key: as in the file; null: there is none."""

    x_unit: XUnit
    instrument: str | None
    settings: dict[str, Any]
    fixed_energy_mev: float | None
    run: dict[str, float | None]


@dataclass(frozen=True)
class Conditions:
    """Known conditions of a measurement.

    Attributes
    ----------
    instrument
        Name in the catalogue.
    settings
        Known settings; other settings have their defaults.
    fixed_energy_mev
        Fixed energy that the user or the file states.
    run
        Temperature, exposure and the like.
    notices
        Statements of the file that cannot be used.
    """

    instrument: str | None
    settings: dict[str, Any]
    fixed_energy_mev: float | None
    run: RunConditions = field(default_factory=RunConditions)
    notices: tuple[Notice, ...] = ()

    @property
    def geometry(self) -> Geometry | None:
        """Geometry of the instrument."""
        return None if self.instrument is None else instruments.get(self.instrument).geometry

    @property
    def working_energy_mev(self) -> float | None:
        """E_i or E_f for conversions: the stated energy, or that of the instrument if it is not only a default."""
        if self.fixed_energy_mev is not None or self.instrument is None:
            return self.fixed_energy_mev
        instrument = instruments.get(self.instrument)
        setting = energy_setting(instrument)
        return instrument.coverage.final_energy if setting is None else self.settings.get(setting)


def energy_setting(instrument: Instrument) -> str | None:
    """Return the name of the setting of the fixed energy; None if the energy of the instrument is constant."""
    return "e_init" if instrument.geometry == "direct" else instrument.coverage.final_energy_setting


def conditions(statements: Statements, stated: Stated) -> Conditions:
    """Combine the statements of the user and the file.

    If E_i or E_f is a setting that nobody states, it is set to the fixed energy. Settings in a file belong to the
    instrument in that file.

    Raises
    ------
    UnknownInstrument
        The user names an instrument that is not in the catalogue.
    InvalidSettings
        The instrument does not have or allow the settings of the user, or there is no instrument.
    """
    notices: list[Notice] = []
    of_file = _instrument_of_file(stated, notices if "instrument" not in statements else [])
    instrument = of_file
    if "instrument" in statements:
        instrument = None if statements["instrument"] is None else instruments.get(statements["instrument"])
    given = dict(statements.get("settings", {}))
    setting = None if instrument is None else energy_setting(instrument)
    fixed = statements["fixed_energy_mev"] if "fixed_energy_mev" in statements else _positive(stated.fixed_energy_mev)
    if setting in given and "fixed_energy_mev" not in statements:
        # The setting of the user takes precedence over the fixed energy in the file
        fixed = None
    run = stated.run.model_copy(update=statements.get("run", {}))
    if instrument is None:
        if given:
            raise InvalidSettings.at("settings", Notice("settings_without_instrument"))
        return Conditions(None, {}, fixed, run, tuple(notices))
    instrument.validate(given)
    settings = given
    if "settings" not in statements and instrument is of_file:
        theirs = _plain(stated.settings)
        if setting is not None and fixed is not None:
            # The fixed energy is filled in below
            theirs.pop(setting, None)
        settings = _usable(instrument, theirs, {}, "file", notices)
    if setting is not None and fixed is not None:
        if setting not in settings:
            settings |= _usable(instrument, {setting: fixed}, settings, "fixed_energy", notices)
        elif not math.isclose(settings[setting], fixed, rel_tol=0.01):
            both = {"fixed_energy_mev": fixed, "setting": setting, "setting_mev": float(settings[setting])}
            notices.append(Notice("fixed_energy_contradicted", both))
    return Conditions(instrument.name, settings, fixed, run, tuple(notices))


def _instrument_of_file(stated: Stated, notices: list[Notice]) -> Instrument | None:
    """Return the instrument of a file: the one with its name, or the only one whose name is among the words."""
    name = " ".join((stated.instrument or "").split())
    if not name:
        return None
    try:
        return instruments.get(name)
    except UnknownInstrument:
        words = set(re.findall(r"[a-z0-9]+", name.lower()))
        among = [known for known in instruments.catalogue() if known.name.lower() in words]
        if len(among) == 1:
            return among[0]
        notices.append(Notice("instrument_of_file_unknown", {"instrument": name[:60]}))
        return None


def _usable(
    instrument: Instrument,
    settings: Mapping[str, Any],
    beside: Mapping[str, Any],
    source: Literal["file", "fixed_energy"],
    notices: list[Notice],
) -> dict[str, Any]:
    """Return the settings that the instrument allows together with `beside`; notices name the refused ones."""
    used: dict[str, Any] = {}
    for name, value in settings.items():
        try:
            instrument.validate({**beside, **used, name: value})
        except InvalidSettings as error:
            refused = {"source": source, "setting": name, "value": str(value)[:40]}
            notices.append(Notice("setting_not_used", {**refused, "reason": notice_of(error.errors[0]).to_json()}))
        else:
            used[name] = value
    return used


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    # Readers may return numbers of NumPy
    return {str(name): value.item() if hasattr(value, "item") else value for name, value in settings.items()}


def _positive(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) and value > 0 else None
