"""Labels of curves in legends."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from scattering.options.registry import find_kind

if TYPE_CHECKING:
    from scattering.observe.view import View
    from scattering.observe.weights import Substitution

PROBES = {"x-ray": "X-rays", "electron": "electrons"}
SAMPLE = "Sample"


@dataclass(frozen=True)
class LabelledView:
    """A view of a prediction in a figure of several views; if `label` is None, a label is made."""

    prediction_id: uuid.UUID
    view: View
    label: str | None = None


class Run(Protocol):
    """A prediction or an example forecast."""

    @property
    def method(self) -> str: ...

    @property
    def sampling(self) -> str: ...

    @property
    def temperature_k(self) -> float: ...


def label(view: View, row: Run) -> str:
    """Return a short label of a view: instrument, changed settings, isotopes, method and temperature."""
    from scattering import instruments

    words = [SAMPLE]
    if view.instrument is not None:
        instrument = instruments.get(view.instrument)
        words = [instrument.name]
        if instrument.geometry == "direct":
            words.append(f"E<sub>i</sub> {instrument.validate(view.settings)['e_init']:g} meV")
    words += [nucleus_text(nucleus) for element, nucleus in view.isotopes.items() if nucleus != element]
    if view.probe != "neutron":
        words.append(PROBES[view.probe])
    if view.contribution != "total":
        words.append(view.contribution)
    if view.order is not None:
        words.append(order_label(view.order))
    words.append(run_label(row))
    return " · ".join(words)


def run_label(row: Run) -> str:
    """Return method and temperature of a prediction."""
    return f"{find_kind(row.method, row.sampling).short_method_title} {row.temperature_k:g} K"


def nucleus_text(nucleus: Substitution) -> str:
    """Return an isotope or a mixture as text, such as "98 % 2H + 2 % 1H"."""
    if isinstance(nucleus, str):
        return nucleus
    return " + ".join(f"{100 * share:g} % {isotope}" for isotope, share in nucleus.items())


def order_label(order: int) -> str:
    """Return a number of phonons in words."""
    return "1 phonon" if order == 1 else f"{order} phonons"
