"""Remake figures of Lindgren et al. (2025) from Beamcast's own predictions, through the REST API of a running server.

    make run                                  # in one terminal
    .venv/bin/python docs/gallery/remake.py   # in another: about half an hour on two cores the first time

A prediction is asked for under a key made of what it asks, so that running this again draws the same predictions anew
and simulates nothing. `--only 5a 7` remakes some of the figures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt

FOLDER = Path(__file__).parent
ARCS = {"e_init": 97.5, "chopper_package": "ARCS-100-1.5-AST", "chopper_frequency": 360}
"""As Kim et al., PNAS 115 (2018) 1992, measured silicon: E_i 97.5 meV; the chopper is a guess."""
ALONG_PATH = {"method": "md", "sampling": "path", "instruments": ["ARCS"], "options": {"path": "Γ-X-U|K-Γ-L"}}
TURQUOISE = "#00b3a4"
EDGE = "#b3440c"


class Server:
    """A running Beamcast."""

    def __init__(self, address: str) -> None:
        self._http = httpx.Client(base_url=f"{address}/api/v1", timeout=120)

    def post(self, path: str, body: Mapping[str, Any], **headers: str) -> Any:
        """Post JSON and return the answer's; a refusal ends the program with its words."""
        response = self._http.post(path, json=body, headers=headers)
        if response.is_error:
            sys.exit(f"{path}: {response.text}")
        return response.json()

    def predict(self, example: str, **body: Any) -> str:
        """Simulate a built-in structure, or find the prediction that was made when this was asked before."""
        structure = self.post(f"/examples/{example}", {}, **{"Idempotency-Key": f"gallery {example}"})["id"]
        asked = {"structure_id": structure, "quality": "preview", **body}
        key = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        prediction = self.post("/predictions", asked, **{"Idempotency-Key": key})["id"]
        while (state := self._http.get(f"/predictions/{prediction}").json())["status"] in ("queued", "running"):
            print(f"\r{example} {body}: {state['stage']} {state['progress']:.0%}   ", end="", flush=True)
            time.sleep(1)
        if state["status"] != "succeeded":
            sys.exit(f"{example}: {state['error']}")
        print(f"\r{example} {body}: {state['provenance']['timings']['total_s']:.0f} s")
        return str(prediction)

    def look(self, prediction: str, instrument: str | None = None, **view: Any) -> Any:
        """Observe a prediction."""
        return self.post(f"/predictions/{prediction}/spectrum", {"instrument": instrument, **view})

    def window(self, instrument: str, settings: Mapping[str, Any]) -> Any:
        """What an instrument reaches."""
        return self.post(f"/instruments/{instrument}/window", {"settings": settings})


def numbers(values: Any) -> np.ndarray:
    """An array of a JSON list, null as NaN."""
    return np.array(values, dtype=float)


def figure_2a(server: Server) -> None:
    """Silicon on ARCS along Γ–X–K–Γ–L, averaged over Brillouin zones, with its harmonic phonons; and the cut at X."""
    silicon = server.predict("silicon", temperature_k=300, **ALONG_PATH)
    seen = server.look(silicon, "ARCS", settings=ARCS, path={"point": "X", "times_energy_squared": True})
    image, path = seen["map"], seen["path"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), width_ratios=[2.2, 1], layout="constrained")
    intensity = numbers(image["intensity"])
    # Acoustic branches next to Bragg points would take all of the scale
    top = np.nanpercentile(intensity, 97)
    distance, energy = image["q_inv_angstrom"], image["energy_mev"]
    left.pcolormesh(distance, energy, intensity.T, cmap="magma_r", vmin=0, vmax=top, shading="nearest")
    phonons = path["dispersion"]
    left.plot(phonons["distance_inv_angstrom"], phonons["energy_mev"], color=TURQUOISE, lw=0.8)
    places = [tick["distance_inv_angstrom"] for tick in path["ticks"]]
    left.set_xticks(places, [tick["label"] for tick in path["ticks"]])
    left.set(xlim=(places[0], places[-1]), ylim=(0, 75), ylabel="Energy transfer (meV)")
    left.set_title("Silicon, 300 K, on ARCS")
    energy, intensity = numbers(seen["energy_mev"]), numbers(seen["intensity"])
    right.plot(energy, intensity / np.nanmax(intensity), color=EDGE)
    right.set(xlabel="Energy transfer (meV)", ylabel="Intensity × ω² at X", xlim=(0, 80))
    if seen["standard_error"] is not None:
        error = numbers(seen["standard_error"])
        low, high = (intensity - error) / np.nanmax(intensity), (intensity + error) / np.nanmax(intensity)
        right.fill_between(energy, low, high, color=EDGE, alpha=0.3)
    figure.savefig(FOLDER / "figure-2a.png", dpi=130)


def figure_3(server: Server) -> None:
    """What four spectrometers reach of the same sample."""
    benzene = server.predict("benzene", method="harmonic", temperature_k=127)
    figure, places = plt.subplots(2, 2, figsize=(9, 7), layout="constrained")
    settings: Mapping[str, dict[str, Any]] = {
        "ARCS": {"e_init": 200.0},
        "TOSCA": {},
        "MAPS": {"e_init": 500.0},
        "Lagrange": {},
    }
    for place, name in zip(places.flat, settings, strict=True):
        image = server.look(benzene, name, settings=settings[name])["map"]
        everywhere = server.look(benzene, energy_mev={"min": 0, "max": image["energy_mev"][-1], "step": 1})["map"]
        backdrop, seen = numbers(everywhere["intensity"]), numbers(image["intensity"])
        top = np.percentile(backdrop, 98)
        place.pcolormesh(
            everywhere["q_inv_angstrom"], everywhere["energy_mev"], backdrop.T, cmap="Greys", vmin=0, vmax=3 * top
        )
        place.pcolormesh(image["q_inv_angstrom"], image["energy_mev"], seen.T, cmap="magma_r", vmin=0, vmax=top)
        window = server.window(name, settings[name])
        for line in window["lines"]:
            place.plot(numbers(line["q_inv_angstrom"]), line["energy_mev"], color=EDGE, lw=1)
        if not window["lines"]:
            for edge in ("q_min_inv_angstrom", "q_max_inv_angstrom"):
                place.plot(numbers(window[edge]), window["energy_mev"], color=EDGE, lw=1)
        place.set(xlim=(0, 18), ylim=(0, image["energy_mev"][-1]), title=name)
        place.set(xlabel="|q| (Å⁻¹)", ylabel="Energy transfer (meV)")
    figure.savefig(FOLDER / "figure-3.png", dpi=130)


def figure_4(server: Server) -> None:
    """The X point of silicon at 900 K in each Brillouin zone, and where ARCS sees each.

    The paper's 1500 K melts silicon in NEP89.
    """
    options = {"path": "Γ-X", "supercell": [4, 4, 4], "production_ps": 4.0, "correlation_ps": 2.0}
    silicon = server.predict("silicon", temperature_k=900, **{**ALONG_PATH, "options": options})
    grid = {"min": 0, "max": 85, "step": 0.5}
    seen = server.look(silicon, "ARCS", settings=ARCS, path={"point": "X"}, energy_mev=grid)
    energy = numbers(seen["energy_mev"])
    zones = [zone for zone in seen["path"]["zones"] if zone["reached_mev"]]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 6), layout="constrained")
    for number, zone in enumerate(zones):
        intensity = numbers(zone["intensity"])
        colour = mpl.colormaps["viridis"](number / len(zones))
        top = np.nanmax(np.where(energy > 10, intensity, np.nan))
        left.plot(energy, 0.2 * number + intensity / top, color=colour, lw=0.8)
        right.plot([zone["q_inv_angstrom"]] * 2, zone["reached_mev"], color=colour, lw=1)
    left.set(xlim=(5, 85), xlabel="Energy transfer (meV)", ylabel="Intensity at X, each scaled", yticks=[])
    left.set_title(f"Silicon, 900 K: {len(zones)} zones by rising |q|")
    window = server.window("ARCS", ARCS)
    for edge in ("q_min_inv_angstrom", "q_max_inv_angstrom"):
        right.plot(numbers(window[edge]), window["energy_mev"], color=EDGE, lw=1.5)
    right.set(xlim=(0, 13), ylim=(0, 97.5), xlabel="|q| (Å⁻¹)", ylabel="Energy transfer (meV)", title="Reached by ARCS")
    figure.savefig(FOLDER / "figure-4.png", dpi=130)


def figure_5a(server: Server) -> None:
    """Benzene on TOSCA: scattering lengths alone, with the instrument, and with quantum statistics."""
    instruments = ["TOSCA"]
    benzene = server.predict("benzene", method="md", temperature_k=127, instruments=instruments)
    harmonic = server.predict("benzene", method="harmonic", temperature_k=127, instruments=instruments)
    grid = {"min": 0, "max": 220, "step": 0.5}
    levels = {
        "MD: scattering lengths alone": server.look(benzene, energy_mev=grid, quantum_correction="none"),
        "+ TOSCA's lines and resolution": server.look(benzene, "TOSCA", energy_mev=grid, quantum_correction="none"),
        "+ quantum correction": server.look(benzene, "TOSCA", energy_mev=grid),
        "Harmonic, 1 to 10 phonons": server.look(harmonic, "TOSCA", energy_mev=grid),
    }
    figure, place = plt.subplots(figsize=(9, 5), layout="constrained")
    for number, (name, seen) in enumerate(levels.items()):
        offset = len(levels) - 1 - number
        energy, intensity = numbers(seen["energy_mev"]), numbers(seen["intensity"])
        scale = 0.9 / intensity[(energy > 50) & (energy < 200)].max()
        (line,) = place.plot(energy, offset + scale * intensity, lw=1.2, label=name)
        if seen["standard_error"] is not None:
            low, high = (offset + scale * (intensity + sign * numbers(seen["standard_error"])) for sign in (-1, 1))
            place.fill_between(energy, low, high, alpha=0.3, color=line.get_color())
    place.set(xlim=(0, 220), ylim=(0, 4.6), xlabel="Energy transfer (meV)", ylabel="Intensity (each scaled)", yticks=[])
    place.legend(loc="upper right", fontsize=8)
    place.set_title("Benzene, 127 K")
    figure.savefig(FOLDER / "figure-5a.png", dpi=130)


def figure_7(server: Server) -> None:
    """BaTiO₃:Sc,H on MAPS: which part of the scattering involves how many phonons."""
    sample = server.predict("barium-titanate-sc-h", method="harmonic", temperature_k=15, instruments=["MAPS"])
    settings = {"e_init": 700.0}
    grid = {"min": 0, "max": 620, "step": 2}
    by_order = [
        server.look(sample, "MAPS", settings=settings, energy_mev=grid, order=order)["map"] for order in range(1, 11)
    ]
    parts = {f"{n} phonon{'s' * (n > 1)}": numbers(by_order[n - 1]["intensity"]) for n in (1, 2, 3)}
    parts["4 to 10 phonons"] = sum(numbers(image["intensity"]) for image in by_order[3:])
    figure, places = plt.subplots(2, 2, figsize=(9, 7), sharex=True, sharey=True, layout="constrained")
    # One scale for all, set by the overtones: the fundamentals are clipped, as in the paper
    top = np.nanpercentile(parts["2 phonons"], 99.5)
    for place, (name, intensity) in zip(places.flat, parts.items(), strict=True):
        mesh = place.pcolormesh(
            by_order[0]["q_inv_angstrom"], by_order[0]["energy_mev"], intensity.T, cmap="magma_r", vmin=0, vmax=top
        )
        place.set_title(name)
    figure.supxlabel("|q| (Å⁻¹)")
    figure.supylabel("Energy transfer (meV)")
    figure.colorbar(mesh, ax=places, label="S (barn/(sr meV) per atom)", shrink=0.7)
    figure.savefig(FOLDER / "figure-7.png", dpi=130)


FIGURES: Mapping[str, Callable[[Server], None]] = {
    "2a": figure_2a,
    "3": figure_3,
    "4": figure_4,
    "5a": figure_5a,
    "7": figure_7,
}


def main() -> None:
    """Remake the figures asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default="http://127.0.0.1:8000")
    parser.add_argument("--only", nargs="+", choices=FIGURES, default=list(FIGURES))
    asked = parser.parse_args()
    server = Server(asked.server)
    for name in asked.only:
        FIGURES[name](server)
        plt.close("all")


if __name__ == "__main__":
    main()
