"""Answers of the plans' routes as their contract has them, for pages that are tested without the physics."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

from playwright.sync_api import Page, Route

from backend.plans.schemas import DeuterationOut, MeasurementOut, PlannedFeaturesOut, PlanOut
from backend.samples.schemas import AdviceOut

FOUND = (57.0, 62.0)
UNCERTAINTY = 0.06


def notice(message: str) -> dict[str, Any]:
    """A notice that has nothing but its sentence."""
    return {"code": "text", "params": {"text": message}, "message": message}


ADVICE = (
    notice("A plate of 2.4 mm scatters 2.5 % of the beam: four times as thick would still be safe."),
    notice("The container scatters a fifth of what the sample does: measure it empty, too."),
)


FLUX = notice("Flux: PyChop's tables, known within 30 %.")
BACKGROUND = notice("Background: 3 % of the sample's scattering, assumed.")
NO_FLUX = notice("The flux of TOSCA is not published.")


def sample(*, formula: str = "Si", thickness_mm: float = 2.4) -> dict[str, Any]:
    """A plate of silicon."""
    return {
        "formula": formula,
        "form": "powder",
        "geometry": "plate",
        "thickness_mm": thickness_mm,
        "width_mm": 40.0,
        "height_mm": 40.0,
        "mass_g": 5.37,
        "volume_cm3": 2.3,
        "density_g_cm3": 2.33,
        "packing": 1.0,
        "molar_mass_g": 28.0855,
        "moles": 0.19,
        "scattering_barn": 2.167,
        "absorption_barn": 0.171,
        "scatterer_percent": 2.5,
        "thickness_for_percent_mm": 9.7,
        "container": "aluminium, 2 × 0.2 mm",
        "container_mass_g": 0.86,
    }


def advice(body: dict[str, Any]) -> dict[str, Any]:
    """What is said of a sample."""
    thickness = body["sample"].get("thickness_mm", 2.4)
    return {
        "sample": sample(thickness_mm=thickness),
        "transmission": {
            "energy_mev": [5.0, 20.0, 80.0, 300.0, 1000.0],
            "transmission": [0.93, 0.95, 0.96, 0.97, 0.975],
            "scattered": [0.05, 0.04, 0.035, 0.03, 0.025],
            "absorbed": [0.02, 0.01, 0.005, 0.0, 0.0],
        },
        "multiple_scattering": 0.031,
        "container_scattering": 0.22,
        "activation": {
            "flux_n_cm2_s": 1e7,
            "hours": body["irradiation"]["hours"],
            "total_uci": {"0": 0.92, "1": 0.4, "24": 0.002, "360": 0.0},
            "cool_down_h": 27.5,
            "nuclides": [
                {"nuclide": "Si-31", "half_life": "2.62 h", "activity_uci": {"0": 0.8, "1": 0.39, "24": 0.001}},
                {"nuclide": "Al-28", "half_life": "2.25 m", "activity_uci": {"0": 0.12}},
            ],
        },
        "advice": [one["message"] for one in ADVICE],
        "advice_notices": list(ADVICE),
        "warnings": [],
        "notices": [],
    }


def _features(body: dict[str, Any]) -> list[float]:
    asked = body["features_mev"]
    return list(FOUND) if asked == "auto" else asked


def _pairs(body: dict[str, Any]) -> list[list[float]]:
    energies = _features(body)
    asked = body["pairs_mev"]
    return [list(pair) for pair in pairwise(energies)] if asked == "adjacent" else asked


def features(body: dict[str, Any]) -> dict[str, Any]:
    """Features and pairs, and a spectrum with two peaks."""
    energies = [0.5 * step for step in range(241)]
    source = "found" if body["features_mev"] == "auto" else "given"
    return {
        "features": [
            {
                "energy_mev": energy,
                "source": source,
                "measure": "peak",
                "fwhm_mev": 1.2,
                "energy_uncertainty_mev": UNCERTAINTY * energy,
                "elements": {"Si": 1.0},
            }
            for energy in _features(body)
        ],
        "pairs": [{"low_mev": low, "high_mev": high, "separation_mev": high - low} for low, high in _pairs(body)],
        "energy_mev": energies,
        "intensity": [sum(math.exp(-(((energy - top) / 1.5) ** 2)) for top in FOUND) for energy in energies],
        "search_fwhm_mev": [0.5] * len(energies),
        "warnings": [],
        "notices": [],
    }


SETTINGS: tuple[tuple[str, str, dict[str, Any], float | None, float], ...] = (
    ("MAPS", "ISIS", {"e_init": 120.0, "chopper_package": "A", "chopper_frequency": 400}, 5.4, 3.1),
    ("ARCS", "SNS", {"e_init": 110.0, "chopper_package": "ARCS-100-1.5-AST", "chopper_frequency": 480}, 0.61, 4.4),
    ("MERLIN", "ISIS", {"e_init": 100.0, "chopper_package": "S", "chopper_frequency": 350}, 40.5, 6.5),
    ("TOSCA", "ISIS", {}, None, 1.6),
    *(("MAPS", "ISIS", {"e_init": 130.0 + 10 * step}, 6.0 + step, 3.3 + 0.1 * step) for step in range(12)),
)


def _setting(rank: int, body: dict[str, Any]) -> dict[str, Any]:
    instrument, facility, settings, hours, resolution = SETTINGS[rank - 1]
    absolute = hours is not None
    limit = body["constraints"]["beam_time_h"]
    verdicts = {"MAPS": "resolved", "ARCS": "likely", "MERLIN": "unlikely", "TOSCA": "resolved"}
    energy = f", Eᵢ = {settings['e_init']:g} meV" if settings else ""
    rests_on = (FLUX, BACKGROUND) if absolute else (NO_FLUX,)
    explanation = [notice(f"{instrument} resolves both modes in the shortest time.")] if rank < 4 else []
    return {
        "rank": rank,
        "instrument": instrument,
        "facility": facility,
        "settings": settings,
        "label": f"{instrument}{energy}" + (", chopper A, 400 Hz" if rank == 1 else ""),
        "basis": "absolute" if absolute else "relative",
        "hours": hours,
        "hours_low": hours and 0.6 * hours,
        "hours_high": hours and 1.9 * hours,
        "resolution_percent": resolution,
        "n_features": len(_features(body)),
        "n_reachable": len(_features(body)),
        "n_measured": len(_features(body)),
        "n_pairs": len(_pairs(body)),
        "n_resolved": len(_pairs(body)) if verdicts[instrument] in ("resolved", "likely") else 0,
        "tally": notice(f"{len(_features(body))} of {len(_features(body))} features measured"),
        "within_beam_time": None if limit is None or not absolute else bool(hours and hours <= limit),
        "on_front": rank in (1, 2, 4),
        "features": [
            {
                "energy_mev": mev,
                "reachable": mev < 100,
                "why": "" if mev < 100 else "above 95 meV",
                "why_notice": None if mev < 100 else notice("above 95 meV"),
                "fwhm_mev": 0.01 * resolution * mev,
                "fwhm_uncertainty_mev": 0.001 * resolution * mev,
                "signal_per_hour": 2200.0 if absolute else None,
                "background_per_hour": 400.0 if absolute else None,
                "hours": hours,
                "hours_low": hours and 0.6 * hours,
                "hours_high": hours and 1.9 * hours,
                "relative_time": None if absolute else 1.0,
                "counts": 12100.4 if absolute else None,
            }
            for mev in _features(body)
        ],
        "pairs": [
            {
                "low_mev": low,
                "high_mev": high,
                "separation_over_fwhm": 2.61,
                "uncertainty": 0.4,
                "probability": 0.97,
                "verdict": verdicts[instrument],
                "verdict_notice": notice(f"{low:g} and {high:g} meV are {verdicts[instrument]}."),
            }
            for low, high in _pairs(body)
        ],
        "rests_on": [one["message"] for one in rests_on],
        "rests_on_notices": list(rests_on),
        "explanation": " ".join(one["message"] for one in explanation) or None,
        "explanation_notices": explanation,
    }


def plan(body: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Ranked settings of those instruments that may be used."""
    only, places = body["constraints"]["instruments"], body["constraints"]["facilities"]
    ranks = [
        rank
        for rank, (name, place, *_) in enumerate(SETTINGS, start=1)
        if (not only or name in only) and (not places or place in places)
    ]
    ranked = [_setting(rank, body) for rank in ranks]
    found = features(body)
    return {
        "answer": notice("MAPS: 3.2–10 h for 5.4 g."),
        "features": found["features"],
        "pairs": found["pairs"],
        "sample": sample(**more),
        "ranked": ranked,
        "tried": [],
        "n_settings": 2143,
        "seconds": 3.2,
        "energy_relative_uncertainty": UNCERTAINTY,
        "warnings": [],
        "notices": [],
    }


def deuteration(body: dict[str, Any]) -> dict[str, Any]:
    """Both samples."""
    found = features(body)
    return {
        "as_planned": plan(body),
        "instead": plan(body, formula="³⁰Si", thickness_mm=3.1),
        "energy_mev": found["energy_mev"],
        "intensity": found["intensity"],
        "intensity_instead": found["intensity"],
        "warnings": [],
        "notices": [],
    }


def measurement(body: dict[str, Any]) -> dict[str, Any]:
    """Counts that stand for the seed."""
    counts = [100 + body["seed"]] * 50
    return {
        "label": body["setting"]["instrument"],
        "basis": "absolute",
        "hours": body["hours"],
        "energy_mev": [float(step) for step in range(50)],
        "counts": counts,
        "standard_error": [count**0.5 for count in counts],
        "expected": [100.0] * 50,
        "background": [20.0] * 50,
        "unit": f"counts per 1 meV in {body['hours']:g} h",
        "rests_on": [FLUX["message"]],
        "rests_on_notices": [FLUX],
        "warnings": [],
        "notices": [],
    }


def figure(body: dict[str, Any]) -> dict[str, Any]:
    """Something to be drawn for each kind."""
    ink = "#16212c" if body["theme"] == "light" else "#e4eaf0"
    axis = {"color": ink, "gridcolor": "rgba(128,128,128,0.2)"}
    found = features({"features_mev": "auto", "pairs_mev": "adjacent"})
    scale = 8.065544 if body["energy_unit"] == "cm-1" else 1.0
    lines = [{"type": "scatter", "x": [scale * mev for mev in found["energy_mev"]], "y": found["intensity"]}]
    if body["kind"] == "front":
        lines = [{"type": "scatter", "mode": "markers", "x": [0.6, 5.4, 40.5], "y": [4.4, 3.1, 6.5]}]
    layout: dict[str, Any] = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 60, "r": 10, "t": 20, "b": 50},
        "font": {"color": ink},
        "xaxis": {**axis, "title": {"text": "Energy transfer"}},
        "yaxis": {**axis, "title": {"text": "Intensity"}},
    }
    return {"data": lines, "layout": layout}


class FakeApi:
    """Answers a page's questions about plans, and keeps them."""

    def __init__(self, page: Page) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.refusals: dict[str, dict[str, Any]] = {}
        self.held: list[Route] = []
        self.holding: str | None = None
        page.route("**/api/v1/plans**", self._answer)
        page.route("**/api/v1/plans/**", self._answer)
        page.route("**/sample-advice", self._answer)

    def bodies(self, path: str, kind: str | None = None) -> list[dict[str, Any]]:
        """What was asked at a path."""
        return [body for where, body in self.asked if where == path and kind in (None, body.get("kind"))]

    def _answer(self, route: Route) -> None:
        path = route.request.url.rsplit("/", 1)[1]
        body = json.loads(route.request.post_data or "{}")
        self.asked.append((path, body))
        if path == self.holding:
            self.held.append(route)
        elif path in self.refusals:
            route.fulfill(status=422, content_type="application/problem+json", json=self.refusals[path])
        else:
            route.fulfill(json=answer(path, body))


def answer(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The answer of a route, of which the contract is checked."""
    if path == "figure":
        return figure(body)
    made, contract = {
        "plans": (plan, PlanOut),
        "features": (features, PlannedFeaturesOut),
        "deuteration": (deuteration, DeuterationOut),
        "measurement": (measurement, MeasurementOut),
        "sample-advice": (advice, AdviceOut),
    }[path]
    given = made(body)
    contract.model_validate(given)  # type: ignore[attr-defined]
    return given
