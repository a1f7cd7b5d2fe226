"""Size, transmission and activation of samples, with advice."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backend import wording
from backend.kit.db.owners import Scope
from backend.kit.http.notices import NoticeOut
from backend.samples.schemas import ActivationOut, AdviceIn, AdviceOut, NuclideOut, SampleIn, SampleOut, TransmissionOut
from backend.structures import service as structures
from backend.structures.geometry import StructureData
from backend.structures.isotopes import name_sites
from backend.structures.tables import Structure
from backend.wording.samples import container_label
from scattering import instruments
from scattering.core.isotopes import Isotopes, names_sites, override
from scattering.core.species import element
from scattering.instruments import Instrument, flux, kinematics
from scattering.sample import CONTAINERS, Container, Material, Sample, SampleSpec, resolve
from scattering.sample import advice as advising
from scattering.sample.activation import DECAY_TIMES_H, Activation, activation
from scattering.sample.advice import Surroundings
from scattering.sample.material import THERMAL_MEV
from scattering.sample.multiple import multiple_scattering

TYPICAL_FLUX_N_CM2_S: Final = 1e7
"""Flux in neutrons/(cm² s) for instruments without a known flux. It is a cautious choice: a monochromatic beam of a
chopper spectrometer has 10⁴, a white beam of an indirect-geometry spectrometer has 10⁷ to 10⁸."""
N_ENERGIES: Final = 120
DEFAULT_RANGE_MEV: Final = (1.0, 1000.0)
"""Neutron energies without an instrument."""
_COUNTED: Final = re.compile(r"([A-Z][a-z]?)(\d*)")


def specimen(
    scope: Scope, structure: Structure, sample: SampleIn, isotopes: Isotopes, *, field: str = "sample"
) -> Sample:
    """Return a sample of a structure, with its thickness, mass and volume.

    Parameters
    ----------
    scope
        Rows of the user.
    structure
        Structure of the sample.
    sample
        The sample of the request.
    isotopes
        Isotopes by element, or by site ("H2"), as for a spectrum.
    field
        Location of the sample in the request.

    Raises
    ------
    InvalidView
        The isotopes do not fit the structure.
    InvalidSample
        The sample is impossible.
    """
    return resolve(_spec(sample), material_of(scope, structure, isotopes, sample.density_g_cm3), field=field)


def material_of(
    scope: Scope,
    structure: Structure,
    isotopes: Isotopes | None = None,
    density_g_cm3: float | None = None,
) -> Material:
    """Return the material of a structure, with its own isotopes and its own density if none are given.

    Raises
    ------
    InvalidView
        The isotopes do not fit the structure.
    """
    atoms = structures.load_structure(scope.settings, structure.id)
    chosen = structure.isotopes if isotopes is None else isotopes
    return Material.of(
        _composition(structure, atoms, chosen),
        chosen,
        natural_density=structure.density_g_cm3 * atoms.natural_mass / atoms.mass,
        density=density_g_cm3,
    )


def sample_body(sample: Sample) -> SampleOut:
    """Return the body of a sample."""
    return SampleOut(
        formula=sample.material.formula,
        form=sample.form,
        geometry=sample.geometry,
        thickness_mm=sample.thickness_mm,
        width_mm=sample.width_mm,
        height_mm=sample.height_mm,
        mass_g=sample.mass_g,
        volume_cm3=sample.volume_cm3,
        density_g_cm3=sample.material.density_g_cm3,
        packing=sample.packing,
        molar_mass_g=sample.material.molar_mass,
        moles=sample.moles,
        scattering_barn=sample.material.scattering_barn,
        absorption_barn=float(sample.material.absorption_barn()),
        scatterer_percent=sample.scatterer_percent,
        thickness_for_percent_mm=advising.requested_thickness_mm(sample),
        container=container_label(sample),
        container_mass_g=sample.container_mass_g,
    )


def advise(scope: Scope, structure_id: uuid.UUID, body: AdviceIn) -> AdviceOut:
    """Return advice and warnings about a sample, and the numbers behind them.

    Raises
    ------
    NotFound
        The structure does not exist.
    """
    structure = structures.get(scope, structure_id)
    instrument = None if body.instrument is None else instruments.get(body.instrument)
    checked = {} if instrument is None else instrument.validate(body.settings)
    sample = specimen(scope, structure, body.sample, override(structure.isotopes, body.isotopes))
    around = _surroundings(instrument, checked)
    multiple = multiple_scattering(sample, around.energy_mev)
    beam = body.irradiation.flux_n_cm2_s or _flux(instrument, checked)
    materials = [(sample.material, sample.mass_g)]
    if sample.container is not None:
        materials.append((CONTAINERS[sample.container.material], sample.container_mass_g))
    hours = body.irradiation.hours
    active = activation(materials, flux=beam, hours=hours)
    advice = [*advising.advice(sample, around), advising.cool_down(active, flux_n_cm2_s=beam, hours=hours)]
    warnings = advising.warnings(sample, around, multiple=multiple, active=active)
    return AdviceOut(
        sample=sample_body(sample),
        transmission=_transmission(sample, _energies(instrument, checked)),
        multiple_scattering=multiple,
        container_scattering=advising.container_over_sample(sample),
        activation=_activation(active, beam, hours),
        advice=wording.messages(advice),
        advice_notices=[NoticeOut.of(notice) for notice in advice],
        warnings=wording.messages(warnings),
        notices=[NoticeOut.of(notice) for notice in warnings],
    )


def _composition(structure: Structure, atoms: StructureData, isotopes: Isotopes) -> dict[str, float]:
    """Return the atoms of a formula unit by element, or by site if the isotopes name sites."""
    labels = name_sites(atoms) if names_sites(isotopes) else atoms.symbols
    unit = {symbol: int(count or 1) for symbol, count in _COUNTED.findall(structure.formula)}
    units = len(labels) / sum(unit.values())
    order = list(unit)
    by_label = sorted(Counter(labels).items(), key=lambda item: order.index(element(item[0])))
    return {label: count / units for label, count in by_label}


def _spec(sample: SampleIn) -> SampleSpec:
    can = sample.container
    return SampleSpec(
        form=sample.form,
        geometry=sample.geometry,
        thickness_mm=sample.thickness_mm,
        mass_g=sample.mass_g,
        volume_cm3=sample.volume_cm3,
        scatterer_percent=sample.scatterer_percent,
        width_mm=sample.width_mm,
        height_mm=sample.height_mm,
        packing=sample.packing,
        container=None if can.material == "none" else Container(can.material, can.wall_mm),
    )


def _surroundings(instrument: Instrument | None, settings: Mapping[str, Any]) -> Surroundings:
    if instrument is None:
        return Surroundings()
    angles = instrument.two_theta(settings)
    banks = ((angle, angle) for angle in instrument.coverage.lines.values())
    return Surroundings(
        energy_mev=float(settings["e_init"]) if instrument.geometry == "direct" else THERMAL_MEV,
        beam_mm=instrument.beam,
        two_theta_deg=tuple(banks) if angles is None else (angles,),
    )


def _energies(instrument: Instrument | None, settings: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return incident and final energies of the neutrons, meV."""
    low, high = DEFAULT_RANGE_MEV
    if instrument is not None:
        transfers = np.array(instrument.measured_range(settings))
        ways = np.concatenate(kinematics.incident_and_final(instrument, settings, transfers))
        high = float(ways.max())
        low = max(float(ways.min()), min(DEFAULT_RANGE_MEV[0], high / 100))
    return np.geomspace(low, high, N_ENERGIES)


def _transmission(sample: Sample, energy: NDArray[np.float64]) -> TransmissionOut:
    transmitted, scattered, absorbed = sample.beam_fractions(energy)
    return TransmissionOut(
        energy_mev=energy.tolist(),
        transmission=transmitted.tolist(),
        scattered=scattered.tolist(),
        absorbed=absorbed.tolist(),
    )


def _flux(instrument: Instrument | None, settings: Mapping[str, Any]) -> float:
    known = None if instrument is None else flux.flux(instrument, settings)
    return TYPICAL_FLUX_N_CM2_S if known is None else known.value


def _activation(active: Activation, beam: float, hours: float) -> ActivationOut:
    def by_time(values: tuple[float, ...]) -> dict[str, float]:
        return {f"{rest:g}": value for rest, value in zip(DECAY_TIMES_H, values, strict=True)}

    return ActivationOut(
        flux_n_cm2_s=beam,
        hours=hours,
        total_uci=by_time(active.total_uci),
        cool_down_h=active.cool_down_h,
        nuclides=[
            NuclideOut(nuclide=one.name, half_life=one.half_life, activity_uci=by_time(one.activity_uci))
            for one in active.nuclides
        ],
    )
