"""The part of the 'New forecast' form that is about how atoms are moved: engine, ensembles, dispersion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc

from frontend import notation
from frontend.client import Engine, JsonObject
from frontend.terms import explained
from frontend.wiring import attributes

METHODS = ("harmonic", "md", "trpmd")
DYNAMICS = ("md", "trpmd")

AUTOMATIC = "automatic"
NONE = "none"

# Option of the API -> label, glossary key, value -> what it says. The first is what the API takes by default.
CHOICES: dict[str, tuple[str, str, dict[str, str]]] = {
    "dispersion": ("Dispersion", "dispersion_correction", {NONE: "None", "pbe": "DFT-D3(BJ), PBE"}),
    "ensemble": (
        "Equilibration ensemble",
        "ensemble",
        {"nvt": "Keep the cell (NVT)", "npt": "Let the cell find its size (NPT)"},
    ),
    "production_ensemble": (
        "Production ensemble",
        "production_ensemble",
        {"nve": "Constant energy (NVE)", "nvt": "Constant temperature (NVT)"},
    ),
}

OPTION_NAMES = {
    "n_beads": "beads",
    "replicas": "independent runs",
    "ensemble": "equilibration ensemble",
    "resolve_sites": "sites told apart",
}
"""Options whose names say little, as words."""

# Options that not every method takes; the harmonic preview works its own supercell out.
ONLY: dict[str, tuple[str, ...]] = {
    "supercell": DYNAMICS,
    "timestep_fs": DYNAMICS,
    "equilibration_ps": DYNAMICS,
    "production_ps": DYNAMICS,
    "replicas": DYNAMICS,
    "ensemble": DYNAMICS,
    "pressure_gpa": DYNAMICS,
    "production_ensemble": ("md",),
    "n_beads": ("trpmd",),
    "n_orders": ("harmonic",),
    "energy_max_mev": ("harmonic",),
}


@dataclass(frozen=True)
class DynamicsForm:
    """What stands in this part of the form.

    Attributes
    ----------
    engine
        None leaves the choice to the API.
    engine_methods
        Those that the engine can do; it is not asked for with others.
    """

    engine: str | None = None
    engine_methods: tuple[str, ...] = METHODS
    dispersion: str = NONE
    ensemble: str = "nvt"
    production_ensemble: str = "nve"

    @classmethod
    def from_options(cls, options: Mapping[str, Any], usual: Mapping[str, Any]) -> DynamicsForm:
        """Return the form of an earlier forecast's options, with what the API would have taken by itself left to it."""
        engine = options.get("engine")
        return cls(
            engine=engine if engine != usual.get("engine") else None,
            dispersion=options.get("dispersion") or NONE,
            ensemble=options.get("ensemble") or "nvt",
            production_ensemble=options.get("production_ensemble") or "nve",
        )


def told_options(options: Mapping[str, Any]) -> JsonObject:
    """Return the options that mean something: a cell that is kept meets no pressure."""
    return {name: value for name, value in options.items() if name != "pressure_gpa" or options["ensemble"] == "npt"}


def option_words(name: str, value: Any, engines: Sequence[Engine]) -> Any:
    """Return an option's value as words, where it is one of those that this part of the form asks for."""
    if name == "engine":
        return _title(value, engines)
    if name not in CHOICES:
        return value
    return CHOICES[name][2].get(value or NONE, value)


def takes(method: str, name: str) -> bool:
    """Tell whether a method has an option."""
    return method in ONLY.get(name, METHODS)


def in_sight(name: str, methods: Sequence[str], dynamics: DynamicsForm) -> bool:
    """Tell whether an option's field is shown; `assets/forms.js` says the same when something changes."""
    if name == "pressure_gpa" and dynamics.ensemble != "npt":
        return False
    return not methods or any(takes(method, name) for method in methods)


def dynamics_options(dynamics: DynamicsForm, method: str) -> JsonObject:
    """Return the options of `POST /predictions` that differ from what the API takes by itself."""
    options: JsonObject = {
        name: getattr(dynamics, name)
        for name, (_, _, values) in CHOICES.items()
        if takes(method, name) and getattr(dynamics, name) != next(iter(values))
    }
    if dynamics.engine and method in dynamics.engine_methods:
        options["engine"] = dynamics.engine
    return options


def choice(name: str, dynamics: DynamicsForm) -> dmc.Select:
    """Return the select of one of `CHOICES`."""
    label, term, values = CHOICES[name]
    return dmc.Select(
        id={"type": "form-choice", "name": name},
        label=explained(term, label),
        data=[{"value": value, "label": words} for value, words in values.items()],
        value=getattr(dynamics, name),
        allowDeselect=False,
        **attributes(aria_label=label),
    )


def engine_choice(dynamics: DynamicsForm, engines: Sequence[Engine], methods: Sequence[str]) -> dmc.Select:
    """Return the select of engines; below it stands what each method takes."""
    return dmc.Select(
        id="form-engine",
        label=explained("engine", "Engine"),
        data=engine_choices(engines, methods),
        value=dynamics.engine or AUTOMATIC,
        allowDeselect=False,
        inputWrapperOrder=["label", "input", "description", "error"],
        **attributes(aria_label="Engine"),
    )


def engine_choices(engines: Sequence[Engine], methods: Sequence[str]) -> list[JsonObject]:
    """Return the select's data: those that can do one of the methods, also where no worker has them."""
    return [
        {"value": AUTOMATIC, "label": "Automatic"},
        *(
            {
                "value": engine["name"],
                "label": engine["title"] if engine["workers"] else f"{engine['title']} · no worker has it now",
            }
            for engine in engines
            if not methods or set(engine["methods"]) & set(methods)
        ),
    ]


def _title(name: str, engines: Sequence[Engine]) -> str:
    return next((engine["title"] for engine in engines if engine["name"] == name), name)


def engine_words(taken: Mapping[str, str], engines: Sequence[Engine]) -> str:
    """Return which engine each method takes.

    Parameters
    ----------
    taken
        Method → engine.
    """
    takers: dict[str, list[str]] = {}
    for method, name in taken.items():
        takers.setdefault(_title(name, engines), []).append(notation.short_method(method))
    if len(takers) == 1:
        return next(iter(takers))
    return notation.capital("; ".join(f"{' and '.join(methods)}: {title}" for title, methods in takers.items()))


def waiting_words(taken: Mapping[str, str], engines: Sequence[Engine]) -> list[str]:
    """Return a sentence for each engine that is taken though no worker has it."""
    missing = {engine["name"]: engine["title"] for engine in engines if not engine["workers"]}
    return [
        f"No worker has {missing[name]} now: the forecast waits until one comes."
        for name in dict.fromkeys(taken.values())
        if name in missing
    ]
