"""A structure: what was read from the file, its forecasts so far, and the form that starts a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from frontend.client import ApiClient, ApiProblem, JsonObject, settled
from frontend.contexts.page import Context, Page, Query, required
from frontend.contexts.proposals import list_proposals
from frontend.forecast_choice import SAMPLINGS
from frontend.options_schema import chosen_values, options_of
from frontend.potential_choice import default_potential, potential_choices

DEFAULT_INSTRUMENTS: Final = ("TOSCA",)
METHODS_OF_TRAJECTORIES: Final = {"classical": "md", "ring_polymer": "trpmd"}
"""Nuclei of a trajectory → method of its forecasts."""
MAX_BADGES: Final = 12
MAX_PROPOSALS: Final = 50
MAX_TRAININGS: Final = 50
MAX_SHOWN_TRAININGS: Final = 6
QUALITIES: Final = (
    ("preview", "Preview", "Small box, short run: where the bands are."),
    ("standard", "Standard", "Enough to compare with a measured spectrum."),
    ("production", "Production", "Large box, long run: for the figure of a proposal."),
)


async def context(api: ApiClient, path: Query, query: Query) -> Context:
    """Return the structure and the form; `?from=` fills the form with the settings of an earlier prediction."""
    structure_id = path["structure_id"]
    earlier = query.get("from")
    structure = await api.structure(structure_id)
    (
        instruments,
        potentials,
        engines,
        methods,
        predictions,
        limits,
        former,
        proposals,
        isotopes,
        own,
        trainings,
    ) = await settled(
        api.instruments(),
        api.items("/potentials"),
        api.get("/engines"),
        api.get("/methods"),
        api.get("/predictions", structure_id=structure_id, limit=MAX_BADGES),
        api.get("/limits"),
        api.prediction(earlier) if earlier else api.health(),
        list_proposals(api, limit=MAX_PROPOSALS),
        api.isotopes(structure["elements"]),
        api.items("/sources", structure_id=structure_id),
        api.items("/trainings", structure_id=structure_id, limit=MAX_TRAININGS),
    )
    required(instruments, potentials, engines, methods, predictions, limits)
    if isinstance(former, ApiProblem):
        earlier = None
    own = [] if isinstance(own, ApiProblem) else own
    trainings = [] if isinstance(trainings, ApiProblem) else trainings
    values = await _earlier_values(api, former) if earlier else await _suggested_values(api, structure_id)
    elements = structure["elements"]
    values["potential"] = values.get("potential") or default_potential(potentials, elements, structure_id, trainings)
    n_forecasts = predictions["total"]
    return {
        "structure": structure,
        "title": structure["name"] or structure["formula"],
        "instruments": instruments,
        "potentials": potential_choices(potentials, elements, structure_id, trainings),
        "compared_potentials": _compared(potentials),
        "default_name": next((one["name"] for one in potentials if one["kind"] == "pretrained"), ""),
        "samplings": list(SAMPLINGS.items()),
        "qualities": QUALITIES,
        "methods": list({one["method"]: one for one in methods}.values()),
        "options": options_of(methods),
        "values": values,
        "isotopes": {} if isinstance(isotopes, ApiProblem) else isotopes,
        "of_file": {name.rstrip("0123456789") for name in structure["isotopes"]},
        "sources": own,
        "references": [
            one | {"basis": one["potential"] or one["provenance"].get("source", {}).get("name", "")}
            for one in predictions["items"]
            if has_force_constants(one)
        ],
        "predictions": predictions["items"],
        "trainings": trainings[:MAX_SHOWN_TRAININGS],
        "n_forecasts": n_forecasts,
        "proposals": None if isinstance(proposals, ApiProblem) else proposals["items"],
        "max_potential_bytes": limits["potential_bytes"],
        "data": {
            "structure_id": structure_id,
            "lengths_angstrom": structure["cell"]["lengths_angstrom"],
            "elements": elements,
            "from": earlier,
            "sources": {one["id"]: _facts(one) for one in own},
            "methods": [
                {key: one[key] for key in ("method", "sampling", "short_method_title", "engines")} for one in methods
            ],
            "engines": [{key: one[key] for key in ("name", "title", "workers")} for one in engines],
        },
    }


def has_force_constants(prediction: JsonObject) -> bool:
    """Tell whether dynamics can have the harmonic part of a prediction."""
    return bool(prediction["method"] == "harmonic" and prediction["status"] == "succeeded")


def _facts(source: JsonObject) -> JsonObject:
    """Return what the form needs of a source; the temperature of a trajectory is known if it has velocities."""
    trajectory = source["trajectory"]
    return {
        "method": METHODS_OF_TRAJECTORIES[trajectory["nuclei"]] if trajectory else "harmonic",
        "has_temperature": trajectory is not None,
        "temperature_k": trajectory and trajectory["mean_temperature_k"],
    }


async def _suggested_values(api: ApiClient, structure_id: str) -> dict[str, Any]:
    """Return what stands in the form at first."""
    suggestion = await api.get(f"/structures/{structure_id}/suggestion", instruments=",".join(DEFAULT_INSTRUMENTS))
    return {
        "instruments": list(DEFAULT_INSTRUMENTS),
        "temperature_k": f"{suggestion['temperature_k']:g}",
        "methods": suggestion["methods"],
        "sampling": "powder",
        "quality": "preview",
        "source": "",
        "harmonic_reference": "",
        "harmonic_modes": "all",
        "options": {},
        "isotopes": {},
    }


async def _earlier_values(api: ApiClient, prediction: JsonObject) -> dict[str, Any]:
    """Return the settings of an earlier prediction; options that the API chose by itself are left to it again."""
    asked = ("method", "temperature_k", "sampling", "instruments", "quality", "isotopes")
    body: JsonObject = {name: prediction[name] for name in asked}
    if source := prediction["source_id"]:
        body["source_id"] = source
    else:
        body |= {"structure_id": prediction["structure_id"], "potential": prediction["potential_id"]}
    if reference := prediction["provenance"].get("harmonic_reference"):
        body |= {"harmonic_reference_id": reference["id"], "harmonic_modes": reference.get("modes", "all")}
    options = chosen_values(await _chosen(api, body, prediction["options"]))
    return {
        "instruments": prediction["instruments"],
        "temperature_k": f"{prediction['temperature_k']:g}",
        "methods": [prediction["method"]],
        "sampling": prediction["sampling"],
        "quality": prediction.get("quality") or "preview",
        "potential": prediction["potential_id"],
        "source": source or "potential",
        "harmonic_reference": body.get("harmonic_reference_id", ""),
        "harmonic_modes": body.get("harmonic_modes", "all"),
        "options": options,
        "isotopes": _isotope_values(prediction["isotopes"]),
    }


def _isotope_values(isotopes: JsonObject) -> dict[str, str]:
    """Return isotopes of elements as the fields of the form hold them: "2H", or "2H:98" for 98 %."""
    values = {}
    for name, nucleus in isotopes.items():
        if isinstance(nucleus, str):
            values[name] = nucleus
        elif len(nucleus) == 2:
            isotope, share = max(nucleus.items(), key=lambda one: one[0][:1].isdigit() and one[0] != "1H")
            values[name] = f"{isotope}:{100 * share:g}"
    return values


async def _chosen(api: ApiClient, body: JsonObject, options: JsonObject) -> JsonObject:
    """Return the options that a request must name so that the API completes them to these."""

    async def complete(named: JsonObject) -> JsonObject:
        completed = (await api.call("POST", "/predictions/estimate", json=body | {"options": named}))["options"]
        return {name: completed.get(name) for name in options}

    try:
        usual = await complete({})
        chosen = {name: value for name, value in options.items() if value != usual[name]}
        # An option may follow from another one: the correlation time from the recorded time
        for name in reversed(list(chosen)):
            rest = {key: value for key, value in chosen.items() if key != name}
            if await complete(rest) == options:
                chosen = rest
    except ApiProblem:
        # Such a request is refused today: what followed cannot be told from what was chosen
        return {}
    return chosen


def _compared(potentials: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the potentials of which something is known, installed ones first."""
    known = [one for one in potentials if one["evidence"] or one["call_seconds"]]
    return sorted(known, key=lambda one: one["unavailable"] is not None)


PAGE: Final = Page("/structures/{structure_id}", "structure.html", context)
