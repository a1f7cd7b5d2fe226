"""What the spectrum of a forecast's page shows."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page


def traces(page: Page) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The curves that the spectrum shows: name → energies, intensities."""
    found = page.evaluate(
        """() => document.querySelector('#spectrum .graph')._fullData
            .filter(trace => trace.type === 'scatter' && trace.visible === true)
            .map(trace => ({name: trace.name, x: Array.from(trace.x), y: Array.from(trace.y)}))"""
    )
    return {trace["name"]: (np.array(trace["x"]), np.array(trace["y"])) for trace in found}


def wait_for_curve(page: Page, name: str, timeout_ms: float) -> tuple[np.ndarray, np.ndarray]:
    """Wait until the spectrum shows a curve whose name holds all these words."""
    page.wait_for_function(
        """words => (document.querySelector('#spectrum .graph')?._fullData ?? [])
            .some(trace => words.every(word => trace.name?.toLowerCase().includes(word)))""",
        arg=name.lower().split(),
        timeout=timeout_ms,
    )
    return next(
        curve for label, curve in traces(page).items() if all(word in label.lower() for word in name.lower().split())
    )


def strongest(curve: tuple[np.ndarray, np.ndarray], low: float, high: float) -> float:
    """Energy of the highest point between two energies."""
    energy, intensity = curve
    between = (energy > low) & (energy < high)
    return float(energy[between][np.argmax(intensity[between])])
