"""Facts of views and predictions for the labels of curves, which `backend.wording.curves` makes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from backend.figures.plain import plain
from backend.wording.curves import CurveFacts, run_text, single_label

if TYPE_CHECKING:
    from scattering.observe.view import View


@dataclass(frozen=True)
class LabelledView:
    """A view of a prediction in a figure of several views; if `label` is None, a label is made.

    The colour is `#rrggbb`; None: one of the theme.
    """

    prediction_id: uuid.UUID
    view: View
    label: str | None = None
    colour: str | None = None


class Run(Protocol):
    """A prediction or an example forecast."""

    @property
    def basis(self) -> str: ...

    @property
    def method(self) -> str: ...

    @property
    def sampling(self) -> str: ...

    @property
    def quality(self) -> str: ...

    @property
    def temperature_k(self) -> float: ...

    @property
    def isotopes(self) -> Mapping[str, Any]: ...

    @property
    def options(self) -> Mapping[str, Any]: ...


def facts(view: View, run: Run, structure: str = "") -> CurveFacts:
    """Return the facts of a curve. `structure` is the name of the structure; empty where no label can need it."""
    same = {name: getattr(run, name) for name in ("method", "sampling", "quality", "temperature_k")}
    return CurveFacts(
        structure=plain(structure),
        potential=plain(run.basis),
        options=run.options,
        view=view,
        simulated=run.isotopes,
        **same,
    )


def label(view: View, run: Run) -> str:
    """Return the label of a single view: instrument, changed settings, isotopes, method and temperature."""
    return single_label(facts(view, run))


def run_label(run: Run) -> str:
    """Return method and temperature of a prediction."""
    return run_text(run.method, run.sampling, run.temperature_k)
