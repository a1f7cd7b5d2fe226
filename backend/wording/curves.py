"""Labels of curves, which state what tells each curve from the others of a figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from backend.wording.formatting import nucleus_text
from scattering.core.isotopes import Isotopes, override
from scattering.options.registry import find_kind

if TYPE_CHECKING:
    from scattering.observe.view import View

SAMPLINGS: Final = {"powder": "powder", "path": "crystal"}
SAMPLE: Final = "Sample"
"""Label of a view without an instrument."""
PROBES: Final = {"neutron": "neutrons", "x-ray": "X-rays", "electron": "electrons"}
CORRECTIONS: Final = {
    "none": "no quantum correction",
    "harmonic": "harmonic correction",
    "standard": "standard correction",
    "schofield": "Schofield's correction",
    "mixed": "mixed correction",
}
INCIDENT_ENERGY: Final = "e_init"
_SEPARATOR: Final = " · "


@dataclass(frozen=True)
class CurveFacts:
    """Facts of a curve: a view of a forecast.

    Attributes
    ----------
    structure, potential
        Their names.
    method, sampling, quality, temperature_k, options
        As in the row of a prediction.
    view
        The view.
    simulated
        Isotopes of the simulation.
    point, zone
        Wave vector and Brillouin zone of the cut of a single crystal, as text; empty: a powder, or all zones.
    """

    structure: str
    potential: str
    method: str
    sampling: str
    quality: str
    temperature_k: float
    options: Mapping[str, Any]
    view: View
    simulated: Isotopes = field(default_factory=dict)
    point: str = ""
    zone: str = ""

    @property
    def isotopes(self) -> Isotopes:
        """Isotopes of the scattering: those of the view, over those of the simulation."""
        return override(self.simulated, self.view.isotopes)


@dataclass(frozen=True)
class CurveLabels:
    """Labels of the curves of a figure, and the facts that they have in common, in one line."""

    labels: tuple[str, ...]
    common: str


def curve_labels(curves: Sequence[CurveFacts]) -> CurveLabels:
    """Return labels of the curves of one figure, all different.

    A label states what differs between the curves: structure, instrument, settings, isotopes, the other switches of the
    view, method, temperature, potential. If these are the same, quality and options of the simulation, and at last a
    number. A single curve is labelled with instrument, changed switches, method and temperature. The label of a single
    crystal ends with the wave vector of its cut.
    """
    main = [_main_facts(one, curves) for one in curves]
    common = _SEPARATOR.join(_texts(main[0], _shared(main) & _OF_COMMON)) if main else ""
    if len(curves) == 1:
        return CurveLabels((single_label(curves[0]),), common)
    differing = _differing(main)
    labels = [_label(one, differing) for one in main]
    if len(set(labels)) < len(labels):
        main = [{**_run_facts(facts), **one} for one, facts in zip(main, curves, strict=True)]
        differing = _differing(main)
        labels = [_label(one, differing) for one in main]
    if not any(_texts(one, differing) for one in main):
        labels = [single_label(one) for one in curves]
    return CurveLabels(tuple(_numbered(labels)), common)


def cut_label(label: str, point: str) -> str:
    """Return the label of a cut whose label the user gave, with its wave vector."""
    return _SEPARATOR.join(filter(None, [label, point]))


def _label(facts: Mapping[str, str], differing: Sequence[str]) -> str:
    """Return the label with the facts that differ, and always the wave vector of a cut."""
    return _SEPARATOR.join(_texts(facts, [*differing, "point"]))


def single_label(facts: CurveFacts) -> str:
    """Return the label of one curve: instrument with incident energy, isotopes, part, method and temperature."""
    main, view = _main_facts(facts, [facts]), facts.view
    words = _texts(main, ("instrument", INCIDENT_ENERGY))
    words += [nucleus_text(nucleus) for element, nucleus in facts.isotopes.items() if nucleus != element]
    if view.probe != "neutron":
        words.append(PROBES[view.probe])
    if view.contribution != "total":
        words.append(view.contribution)
    if view.order is not None:
        words.append(order_text(view.order))
    if facts.zone:
        words.append(main["zone"])
    return cut_label(_SEPARATOR.join([*words, f"{main['method']} {main['temperature']}"]), facts.point)


def run_text(method: str, sampling: str, temperature_k: float) -> str:
    """Return method and temperature of a prediction."""
    return f"{find_kind(method, sampling).short_method_title} {temperature_k:g} K"


def order_text(order: int | None) -> str:
    """Return a number of phonons in words."""
    if order is None:
        return "all orders"
    return "1 phonon" if order == 1 else f"{order} phonons"


_OF_COMMON: Final = {"structure", "instrument", INCIDENT_ENERGY, "isotopes", "method", "temperature", "potential"}
"""Facts that the common line states, if they are common."""


def _main_facts(facts: CurveFacts, all_facts: Sequence[CurveFacts]) -> dict[str, str]:
    """Return texts of the facts of a curve, in the order of a label."""
    elements = dict.fromkeys(element for one in all_facts for element in one.isotopes)
    nuclei = [_nucleus_of(facts.isotopes, element) for element in elements]
    return {
        "structure": facts.structure,
        "sampling": SAMPLINGS[facts.sampling],
        **_instrument_facts(facts.view),
        "isotopes": ", ".join(nuclei),
        **_switches(facts.view),
        "method": find_kind(facts.method, facts.sampling).short_method_title,
        "temperature": f"{facts.temperature_k:g} K",
        "potential": facts.potential,
        **(_path_facts(facts) if facts.sampling == "path" else {}),
    }


def _path_facts(facts: CurveFacts) -> dict[str, str]:
    """Return texts of the choices for a path; the wave vector is the last, at the end of a label."""
    from scattering.observe.view import PathView

    path = facts.view.path or PathView()
    return {
        "divide_debye_waller": f"Debye–Waller {'divided out' if path.divide_debye_waller else 'kept'}",
        "divide_q_squared": "÷ |q|²" if path.divide_q_squared else "not ÷ |q|²",
        "times_energy_squared": "× ω²" if path.times_energy_squared else "not × ω²",
        "zone": f"zone {facts.zone}" if facts.zone else "all zones",
        "point": facts.point,
    }


def _instrument_facts(view: View) -> dict[str, str]:
    from scattering import instruments

    if view.instrument is None:
        return {"instrument": SAMPLE}
    instrument = instruments.get(view.instrument)
    settings = instrument.validate(view.settings)
    found = {"instrument": instrument.name}
    for setting in instrument.settings:
        value = settings[setting.name]
        if setting.name == INCIDENT_ENERGY:
            found[setting.name] = f"E<sub>i</sub> {value:g} meV"
        elif setting.type == "string":
            found[f"{instrument.name} {setting.name}"] = str(value)
        else:
            found[f"{instrument.name} {setting.name}"] = f"{value:g} {setting.unit}" if setting.unit else f"{value:g}"
    return found


def _nucleus_of(isotopes: Isotopes, element: str) -> str:
    nucleus = isotopes.get(element, element)
    return f"natural {element}" if nucleus == element else nucleus_text(nucleus)


def _switches(view: View) -> dict[str, str]:
    """Return a text for each switch of a view, also for its default, since another curve may have changed it."""
    q_range = view.q_range
    return {
        "probe": PROBES[view.probe],
        "contribution": view.contribution,
        "order": order_text(view.order),
        "quantum_correction": CORRECTIONS[view.quantum_correction],
        "energy_scale": f"energies × {view.energy_scale:g}",
        "elastic": "with elastic line" if view.elastic else "without elastic line",
        "kf_over_ki": "× k<sub>f</sub>/k<sub>i</sub>" if view.kf_over_ki else "without k<sub>f</sub>/k<sub>i</sub>",
        "q_range": f"|q| {q_range[0]:g}–{q_range[1]:g} Å⁻¹" if q_range else "all |q|",
        "fwhm": f"FWHM {view.fwhm_mev:g} meV" if view.fwhm_mev else "not broadened",
    }


def _run_facts(facts: CurveFacts) -> dict[str, str]:
    """Return texts of the quality and of all options."""
    fields = find_kind(facts.method, facts.sampling).options.model_fields
    options = {name: f"{_title(fields, name)}: {_value(value)}" for name, value in facts.options.items()}
    return {"quality": facts.quality, **options}


def _title(fields: Mapping[str, Any], name: str) -> str:
    title = fields[name].title if name in fields else None
    return str(title or name).lower()


def _value(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return "×".join(map(_value, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _differing(facts: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the names of the facts that differ between the curves that have them.

    Settings belong to one instrument, and options to one method. That only some curves have an incident energy also
    tells them apart.
    """
    names = dict.fromkeys(name for one in facts for name in one)
    return [
        name for name in names if len({one.get(name) for one in facts if name in one or name == INCIDENT_ENERGY}) > 1
    ]


def _shared(facts: Sequence[Mapping[str, str]]) -> set[str]:
    return {name for name in facts[0] if len({one.get(name, "") for one in facts}) == 1}


def _texts(facts: Mapping[str, str], names: Iterable[str]) -> list[str]:
    """Return the texts of facts in their own order, without empty ones."""
    wanted = set(names)
    return [text for name, text in facts.items() if name in wanted and text]


def _numbered(labels: Sequence[str]) -> list[str]:
    """Number labels that occur several times."""
    total, seen = Counter(labels), Counter[str]()
    numbered = []
    for label in labels:
        seen[label] += 1
        numbered.append(f"{label} ({seen[label]})" if total[label] > 1 else label)
    return numbered
