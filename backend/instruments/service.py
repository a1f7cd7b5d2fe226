"""Catalogue, windows, resolution and repetitions of instruments, as bodies of responses."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from typing import Any

import numpy as np
from ase.data import atomic_numbers
from numpy.typing import NDArray

from backend.instruments.schemas import (
    FluxOut,
    InstrumentOut,
    LineOut,
    RepetitionOut,
    RepetitionsOut,
    ResolutionOut,
    WindowOut,
)
from backend.kit.db.owners import Scope
from backend.kit.http.errors import NotFound
from backend.kit.http.notices import NoticeOut
from backend.structures import service as structures
from scattering import instruments
from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.errors import UnknownInstrument
from scattering.instruments import Instrument, flux


def catalogue(scope: Scope, structure_id: uuid.UUID | None = None) -> list[InstrumentOut]:
    """Return every instrument, with defaults for a structure if one is given."""
    if structure_id is None:
        return [_out(instrument, instrument.defaults) for instrument in instruments.catalogue()]
    from scattering.instruments import suggestion
    from scattering.simulate import protocol

    elements = structures.get(scope, structure_id).elements
    highest = protocol.time_scales(np.array([atomic_numbers[element] for element in elements])).typical_mev
    return [_out(instrument, suggestion.suited_settings(instrument, highest)) for instrument in instruments.catalogue()]


def get(name: str) -> Instrument:
    """Return an instrument by its name, in any case.

    Raises
    ------
    NotFound
        There is no instrument with this name.
    """
    try:
        return instruments.get(name)
    except UnknownInstrument as error:
        raise NotFound(error.notice) from error


def window(instrument: Instrument, settings: Mapping[str, Any]) -> WindowOut:
    """Return the kinematic window of an instrument."""
    from scattering.instruments import kinematics

    edges = kinematics.window(instrument, settings)
    lines = [LineOut(label=ln.label, energy_mev=_list(ln.energy), q_inv_angstrom=_list(ln.q)) for ln in edges.lines]
    return WindowOut(
        energy_mev=_list(edges.energy),
        q_min_inv_angstrom=_list(edges.q_min),
        q_max_inv_angstrom=_list(edges.q_max),
        lines=lines,
    )


def resolution(instrument: Instrument, settings: Mapping[str, Any], energy_mev: list[float]) -> ResolutionOut:
    """Return the energy resolution of an instrument."""
    from scattering.instruments import resolution as model

    checked = instrument.validate(settings)
    sigma = model.sigma(instrument, checked, np.array(energy_mev))
    return ResolutionOut(
        fwhm_mev=_list(sigma * FWHM_PER_SIGMA),
        sigma_mev=_list(sigma),
        relative_uncertainty=model.relative_uncertainty(instrument, checked),
        notices=[NoticeOut.of(one) for one in model.find_notices(instrument, checked)],
    )


def repetitions(instrument: Instrument, settings: Mapping[str, Any]) -> RepetitionsOut:
    """Return the incident energies of one period, or only the selected one if the choppers are not known."""
    from scattering.instruments import repetition

    checked = instrument.validate(settings)
    if instrument.geometry == "indirect":
        return RepetitionsOut(choppers_known=False, repetitions=[])
    together = repetition.repetitions(instrument, checked)
    if together is None:
        alone = RepetitionOut(e_init_mev=checked["e_init"], transmission=None, flux=_flux(instrument, checked, 1.0))
        return RepetitionsOut(choppers_known=False, repetitions=[alone])
    return RepetitionsOut(
        choppers_known=True,
        repetitions=[
            RepetitionOut(
                e_init_mev=rep.e_init,
                transmission=rep.transmission,
                # The published flux includes the transmission of the slits at their best phase
                flux=_flux(instrument, {**checked, "e_init": rep.e_init}, rep.discs),
            )
            for rep in together
        ],
    )


def _flux(instrument: Instrument, settings: Mapping[str, Any], fraction: float) -> FluxOut | None:
    whole = flux.flux(instrument, settings)
    if whole is None:
        return None
    return FluxOut(
        n_per_cm2_s=fraction * whole.value, relative_uncertainty=whole.relative_uncertainty, power=whole.power
    )


def _out(instrument: Instrument, defaults: dict[str, Any]) -> InstrumentOut:
    from scattering.instruments.resolution import relative_uncertainty

    return InstrumentOut(
        name=instrument.name,
        facility=instrument.facility,
        geometry=instrument.geometry,
        description=instrument.description,
        settings_schema=instrument.settings_schema,
        defaults=defaults,
        energy_range_mev=instrument.energy_range(defaults),
        measured_range_mev=instrument.measured_range(defaults),
        two_theta_deg=instrument.two_theta(defaults),
        lines_deg=dict(instrument.lines),
        final_energy_mev=instrument.final_energy(defaults),
        flight_paths_m=dict(instrument.flight_paths),
        sample_temperature_k=instrument.sample_temperature,
        flux_known=flux.is_published(instrument),
        relative_uncertainty=relative_uncertainty(instrument, defaults),
        notes=list(instrument.resolution.notes),
        citations=list(instrument.citations),
    )


def _list(values: NDArray[np.float64]) -> list[Any]:
    return [value if math.isfinite(value) else None for value in values.tolist()]
