"""Which simulations a forecast's page shows: those of a powder or those of a single crystal, never both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from frontend.client import ApiClient, ApiProblem, JsonObject, settled
from frontend.text import isotopes_text, short_method

SAMPLINGS = {"powder": "Powder", "path": "Single crystal"}
GIVEN_UP = ("failed", "cancelled")
ORDER = {"harmonic": 0, "md": 1, "trpmd": 2}
"""From the quickest to the best: the last one that is ready has the map."""


@dataclass(frozen=True)
class Choice:
    """What a page shows.

    Attributes
    ----------
    shown
        Predictions of one sampling, harmonic first.
    other
        The latest predictions of the same structure by the other sampling, which have a page of their own.
    words
        About each prediction of the address that is not shown.
    harmonic
        All harmonic predictions of the structure that are ready, by either sampling, newest first.
    """

    shown: list[JsonObject]
    other: list[JsonObject]
    words: list[str]
    harmonic: list[JsonObject] = field(default_factory=list)

    @property
    def powders(self) -> list[JsonObject]:
        """Those of a powder, which beam time is planned with."""
        return [one for one in (*self.shown, *self.other) if one["sampling"] == "powder"]

    @property
    def sampling(self) -> str:
        """`powder` or `path`."""
        return self.shown[0]["sampling"] if self.shown else "powder"


def _in_order(predictions: Sequence[JsonObject]) -> list[JsonObject]:
    return sorted(predictions, key=lambda prediction: ORDER.get(prediction["method"], len(ORDER)))


def latest(predictions: Sequence[JsonObject], sampling: str | None = None) -> list[JsonObject]:
    """Return the newest prediction of each method that did not fail, harmonic first.

    Parameters
    ----------
    predictions
        Newest first.
    sampling
        `powder` or `path`; by default that of the newest.
    """
    going = [prediction for prediction in predictions if prediction["status"] not in GIVEN_UP]
    # Forecasts with other isotopes than the request's are shown where they were asked for
    requested = [one for one in going if "force_constants_of" not in (one.get("provenance") or {})]
    going = requested or going
    if sampling is not None:
        going = [prediction for prediction in going if prediction["sampling"] == sampling]
        predictions = [prediction for prediction in predictions if prediction["sampling"] == sampling]
    chosen: dict[str, JsonObject] = {}
    for prediction in going:
        if prediction["sampling"] == going[0]["sampling"]:
            chosen.setdefault(prediction["method"], prediction)
    return _in_order(list(chosen.values()) or predictions[:1])


def absent_words(what: str, key: str) -> str:
    """Return the sentence about something that an address names in vain."""
    return f"{what} of this address does not exist: it was deleted, or the address contains an error ({key})."


async def choose(api: ApiClient, structure_id: str, wanted: Sequence[str]) -> Choice:
    """Return what to show: the predictions that the address names, or the latest."""
    all_of_it = await api.predictions(structure_id)
    harmonic = [one for one in all_of_it if one["method"] == "harmonic" and one["status"] == "succeeded"]
    if not wanted:
        shown = latest(all_of_it)
        return Choice(shown, _others(all_of_it, shown), [], harmonic)
    answers = await settled(*[api.prediction(key) for key in wanted])
    found: list[JsonObject] = []
    words: list[str] = []
    for key, answer in zip(wanted, answers, strict=True):
        if isinstance(answer, ApiProblem):
            # What is not an id is refused as one (422); the person knows only the address
            absent = answer.status in (404, 422)
            words.append(absent_words("A forecast", key) if absent else f"{key}: {answer.detail}")
        elif answer["structure_id"] != structure_id:
            words.append(f"{key} belongs to another structure and is not shown.")
        elif found and answer["sampling"] != found[0]["sampling"]:
            kind = SAMPLINGS.get(answer["sampling"], answer["sampling"]).lower()
            words.append(f"{key} is of a {kind} and does not share its figures with the others: it is not shown.")
        else:
            found.append(answer)
    return Choice(_in_order(found), _others(all_of_it, found), words, harmonic)


def _others(predictions: Sequence[JsonObject], shown: Sequence[JsonObject]) -> list[JsonObject]:
    if not shown:
        return []
    other = next((name for name in SAMPLINGS if name != shown[0]["sampling"]), None)
    return [p for p in latest(predictions, other) if p["status"] not in GIVEN_UP]


def _isotopes(prediction: JsonObject) -> str:
    return isotopes_text(prediction.get("isotopes") or {})


def _kind(prediction: JsonObject) -> tuple[str, float, str]:
    return prediction["method"], prediction["temperature_k"], _isotopes(prediction)


def labels(predictions: Sequence[JsonObject]) -> dict[str, str]:
    """Return a short name for every prediction; temperature, isotopes and quality only where they tell them apart."""
    temperatures = {prediction["temperature_k"] for prediction in predictions}
    several = len({_isotopes(prediction) for prediction in predictions}) > 1
    names: dict[str, str] = {}
    for prediction in predictions:
        name = short_method(prediction["method"])
        if len(temperatures) > 1:
            name += f" {prediction['temperature_k']:g} K"
        if several:
            name += f", {_isotopes(prediction) or 'natural'}"
        twins = [other for other in predictions if _kind(other) == _kind(prediction)]
        if len(twins) > 1:
            name += f" ({prediction.get('quality') or twins.index(prediction) + 1})"
        if name in names.values():
            name += f" #{1 + sum(other == name or other.startswith(f'{name} #') for other in names.values())}"
        names[prediction["id"]] = name
    return names


def phonon_labels(predictions: Sequence[JsonObject]) -> dict[str, str]:
    """Return a short name for the phonons of every prediction: what tells their potentials, masses and runs apart."""
    texts = {
        one["id"]: [
            one["potential"] or one["provenance"].get("source", {}).get("name", ""),
            _isotopes(one) or "natural",
            f"{one['temperature_k']:g} K",
            str(SAMPLINGS.get(one["sampling"], one["sampling"])).lower(),
            one.get("quality") or "",
        ]
        for one in predictions
    }
    differing = [len(set(column)) > 1 for column in zip(*texts.values(), strict=True)]
    names: dict[str, str] = {}
    for key, words in texts.items():
        told = [word for word, differs in zip(words, differing, strict=True) if word and differs]
        name = ", ".join(told) or words[0]
        twins = sum(other == name or other.startswith(f"{name} #") for other in names.values())
        names[key] = f"{name} #{twins + 1}" if twins else name
    return names
