"""The form that starts a training: a potential for one structure, from labels of a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from frontend.client import ApiClient, ApiProblem, JsonObject, settled
from frontend.contexts.page import Context, Page, Query, required
from frontend.contexts.structure import has_force_constants
from frontend.options_schema import chosen_values, options_of_schema
from frontend.potential_choice import default_potential, potential_choices

MAX_ITEMS: Final = 100
FAMILY: Final = "nep"
"""Family of potentials that can be trained."""
PHONONS: Final = "reference_prediction_id"
"""Option that has a control of its own."""
EFFORTS: Final = (
    ("quick", "Quick", "Enough for a simple crystal, or to see whether the labels suffice."),
    ("standard", "Standard", "A fit that has converged for most crystals."),
    ("thorough", "Thorough", "For several elements, large label sets, or if the errors still fall."),
)
USUAL: Final[Mapping[str, Any]] = {"temperature_k": "300", "effort": "standard", "options": {}}


async def context(api: ApiClient, path: Query, query: Query) -> Context:
    """Return what the form offers; `?from=` fills it with the request of an earlier training."""
    structure_id = path["structure_id"]
    earlier = query.get("from")
    structure, references, potentials, schema, label_sets, predictions, trainings, limits, former = await settled(
        api.structure(structure_id),
        api.get("/references", structure_id=structure_id),
        api.items("/potentials"),
        api.get("/training-options"),
        api.items("/label-sets", limit=MAX_ITEMS),
        api.items("/predictions", structure_id=structure_id, limit=MAX_ITEMS),
        api.items("/trainings", structure_id=structure_id, limit=MAX_ITEMS),
        api.get("/limits"),
        api.get(f"/trainings/{earlier}") if earlier else api.health(),
    )
    required(structure, references, potentials, schema, label_sets, predictions, trainings, limits)
    elements = structure["elements"]
    bases = [one for one in potentials if one["family"] == FAMILY]
    offered = [_reference(one, structure["n_atoms"]) for one in references]
    values = dict(USUAL)
    if earlier and not isinstance(former, ApiProblem):
        values |= await _earlier_values(api, former)
    values["base"] = values.get("base") or default_potential(
        [one for one in bases if one["kind"] != "trained"], elements, structure_id
    )
    usable = [one["id"] for one in offered if one["available"]]
    if values.get("reference") not in usable:
        values["reference"] = usable[0] if usable else ""
    sets = [(one["id"], _label_set(one, elements), set(one["elements"]) == set(elements)) for one in label_sets]
    if "label_set_id" not in values:
        values["label_set_id"] = next((key for key, _, suits in sets if suits), "")
    options = [one for one in options_of_schema(schema) if one.name != PHONONS]
    return {
        "structure": structure,
        "title": structure["name"] or structure["formula"],
        "bases": potential_choices(bases, elements, structure_id, trainings),
        "references": [one for one in offered if one["available"]],
        "unavailable": [one for one in offered if not one["available"]],
        "label_sets": sets,
        "forecasts": [(one["id"], _forecast(one)) for one in predictions if _gives_phonons(one, bases)],
        "efforts": EFFORTS,
        "options": options,
        "values": values,
        "trainings": trainings,
        "max_label_bytes": limits["label_bytes"],
        "data": {
            "structure_id": structure_id,
            "kinds": {one["id"]: one["kind"] for one in offered},
            "elements": elements,
            "options": [{"name": one.name, "kind": one.kind} for one in options],
        },
    }


def _reference(one: JsonObject, n_atoms: int) -> JsonObject:
    """Return a reference with the time of a label of a cell."""
    cost = one["cost_s_per_atom"]
    return one | {"label_s": None if cost is None else cost * n_atoms}


def _label_set(one: JsonObject, elements: Sequence[str]) -> str:
    level = f" · {one['level_of_theory']}" if one["level_of_theory"] else ""
    label = f"{one['name']}{level} · {one['n_structures']} structures"
    return label if set(one["elements"]) == set(elements) else f"{label} · of {', '.join(one['elements'])}"


def _gives_phonons(prediction: JsonObject, bases: Sequence[JsonObject]) -> bool:
    """Tell whether a forecast can be a reference: its phonons are not those of a potential that could be trained."""
    return has_force_constants(prediction) and prediction["potential_id"] not in {one["id"] for one in bases}


def _forecast(prediction: JsonObject) -> str:
    basis = prediction["potential"] or prediction["provenance"].get("source", {}).get("name", "")
    return f"harmonic forecast from {basis}, {prediction['temperature_k']:g} K"


async def _earlier_values(api: ApiClient, training: JsonObject) -> dict[str, Any]:
    """Return the values of an earlier request; options that follow from the effort are left to it again."""
    reference = training["reference"]
    kind = reference["kind"]
    body = {
        "structure_id": training["structure_id"],
        "base": training["base_id"] or training["base"],
        "reference": {
            name: reference[name] for name in ("kind", "label_set_id", "engine", "prediction_id") if name in reference
        },
        "temperature_k": training["temperature_k"],
        "effort": training["effort"],
    }
    try:
        usual = (await api.call("POST", "/trainings/estimate", json=body))["options"]
    except ApiProblem:
        # Such a request is refused today: what was chosen cannot be told from what followed
        usual = training["options"]
    chosen = {name: value for name, value in training["options"].items() if value != usual.get(name)}
    return {
        "base": training["base_id"],
        "reference": reference.get("engine", kind) if kind == "engine" else kind,
        "label_set_id": training["label_set_id"] or "",
        "prediction_id": reference.get("prediction_id", ""),
        "temperature_k": f"{training['temperature_k']:g}",
        "effort": training["effort"],
        PHONONS: chosen.pop(PHONONS, None) or "",
        "options": chosen_values(chosen),
    }


PAGE: Final = Page("/train/{structure_id}", "train.html", context)
