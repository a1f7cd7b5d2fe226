"""One-sentence explanations of the field's terms, shown as tooltips that mouse, finger and keyboard can open."""

from __future__ import annotations

from typing import Any

from dash import html

from frontend.wiring import attributes

TERMS: dict[str, str] = {
    "harmonic": "Phonons from the forces at small displacements: quick, exact quantum statistics, no anharmonicity.",
    "md": "Newton's equations for all atoms at the temperature: slower, anharmonic, classical statistics.",
    "quality": "How large a box and how long a run: the larger resolves q better, the longer resolves energy better.",
    "potential": "The model that gives the forces on the atoms; every forecast is only as good as it.",
    "temperature": "Sample temperature: it sets how strongly modes are populated and how far they soften.",
    "supercell": "How many times the cell is repeated along a, b and c in the simulation.",
    "timestep": "Time between two steps of the simulation; hydrogen needs about 0.5 fs, heavy atoms stand 2 fs.",
    "equilibration": "Time given to the atoms to reach the temperature before anything is recorded.",
    "production": "Time that is recorded and analysed; the energy resolution is inversely proportional to it.",
    "q_max": "Largest momentum transfer that is computed; TOSCA reaches far out at high energies.",
    "seed": "Starts the random numbers; the same seed gives the same run.",
    "relax_cell": "Lets the cell change to the potential's own minimum instead of keeping the uploaded one.",
    "q_resolution": "Smallest step in momentum transfer that the simulated box can tell apart.",
    "energy_resolution": "Smallest step in energy that the simulated time can tell apart, before the instrument's own.",
    "contribution": "Coherent scattering carries the phase between atoms, incoherent each atom's own motion.",
    "quantum_correction": "Turns classical intensities into quantum ones with the detailed-balance factor "
    "βħω/(1 − exp(−βħω)); only molecular dynamics needs it.",
    "energy_scale": "Multiplies all energies, to make up for a potential that is uniformly too soft or too stiff.",
    "energy_range": "Energies that are computed and shown; left empty, the instruments' whole range.",
    "isotopes": "Swapping isotopes changes scattering lengths only; masses, and so energies, stay as simulated.",
    "per_element": "Shows how much of each spectrum every element contributes.",
    "banks": "TOSCA's forward (45°) and backward (135°) detector banks, which see different momentum transfers.",
    "window": "The momentum and energy transfers that the instrument's angles and energies can reach.",
    "provenance": "Everything needed to repeat this forecast: versions, potential, seed, settings, timings.",
    "trust": "What is known about the errors of this forecast.",
}


def explained(key: str, label: Any) -> html.Span:
    """Return a label that shows the term's explanation on hover, touch or keyboard focus."""
    return explained_as(TERMS[key], label)


def explained_as(text: str, label: Any, *, class_name: str = "") -> html.Span:
    """Return a label with an explanation of its own; `assets/terms.js` shows it.

    The label can be focused and carries the text as its description, which screen readers speak.
    """
    return html.Span(
        label,
        className=f"term {class_name}".strip(),
        tabIndex=0,
        role="note",
        **attributes(aria_description=text),
    )
