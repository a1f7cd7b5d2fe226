"""The sentences of a report: how the forecast was made, what it rests on, whom to cite."""

from __future__ import annotations

import math

from backend.predictions.tables import Prediction
from backend.reports.gathering import Gathered
from backend.wording.formatting import band, duration
from scattering import instruments

WORKFLOW = (
    "E. Lindgren, A. J. Jackson, E. Fransson, E. Berger, G. Škoro, S. Rudić, R. Turanyi, S. Mukhopadhyay and P. Erhart"
    ", Predicting neutron experiments from first principles: a workflow powered by machine learning (2025)"
)
PHONOPY = (
    "A. Togo, L. Chaput, T. Tadano and I. Tanaka, J. Phys.: Condens. Matter 35 (2023) 353001, "
    "doi:10.1088/1361-648X/acd831"
)
EUPHONIC = "R. Fair et al., J. Appl. Cryst. 55 (2022) 1689, doi:10.1107/S1600576722009256"
ASE = "A. Hjorth Larsen et al., J. Phys.: Condens. Matter 29 (2017) 273002, doi:10.1088/1361-648X/aa680e"
TRPMD = "M. Rossi, M. Ceriotti and D. E. Manolopoulos, J. Chem. Phys. 140 (2014) 234116, doi:10.1063/1.4883861"
SEARS = "V. F. Sears, Neutron News 3(3) (1992) 26, doi:10.1080/10448639208218770"
LONGEST = 400
"""Characters of one reference: a potential's is what its user wrote."""


def hours_in_words(hours: float | None) -> str:
    """A time of measurement as it is spoken of; a dash where none is known."""
    return "–" if hours is None else duration(hours)


def band_in_words(hours: float | None, low: float | None, high: float | None) -> str:
    """A time with its band: 12 h (8 to 20 h)."""
    if hours is None or low is None or high is None:
        return hours_in_words(hours)
    return band(hours, low, high)


def methods(gathered: Gathered) -> str:
    """How the forecast was made, as a paragraph to be copied; the numbers in brackets are those of `references`."""
    row = gathered.prediction
    made = _simulated(row, gathered.model.name)
    seen = (
        "The partial structure factors were weighted with bound scattering lengths [{sears}], "
        "cut to what each instrument reaches and broadened by its resolution."
    )
    if row.method != "harmonic":
        seen += f" Classical statistics were corrected for detailed balance ('{_correction(gathered)}')."
    if gathered.plan is not None:
        seen += (
            " Count rates are the product of flux, sample, cross-section with its ratio of final to incident wave "
            "vector, solid angle and efficiency, over a background of container and room; the time is that in which "
            "every feature reaches the signal to noise asked for."
        )
    numbers = {name: number for number, (name, _) in enumerate(_cited(gathered), start=1)}
    return f"{made} {seen}".format(**{name: numbers.get(name, "") for name in _NAMES})


def _correction(gathered: Gathered) -> str:
    return gathered.shown[0].view.quantum_correction if gathered.shown else "harmonic"


def _simulated(row: Prediction, potential: str) -> str:
    from scattering.options.dynamics import Dynamics, RingPolymers
    from scattering.options.harmonic import Harmonic

    options = row.typed_options()
    box = f"of {' × '.join(map(str, options.supercell))} unit cells"
    # A potential's name is its user's: braces in it are no fields
    name = potential.replace("{", "{{").replace("}", "}}")
    forces = f"Following [{{workflow}}], forces come from the neuroevolution potential {name} [{{potential}}]. "
    if isinstance(options, Harmonic):
        return forces + (
            f"Harmonic phonons were found by finite displacements in a supercell {box} [{{phonopy}}] and interpolated "
            f"over the Brillouin zone [{{euphonic}}]; the temperature is {row.temperature_k:g} K, and up to "
            f"{options.n_orders} phonons are counted in the incoherent approximation."
        )
    assert isinstance(options, Dynamics)
    polymers = isinstance(options, RingPolymers)
    return forces + (
        f"{'Thermostatted ring-polymer' if polymers else 'Classical molecular'} dynamics "
        f"{'[{trpmd}] ' if polymers else ''}of a supercell {box} at {row.temperature_k:g} K"
        + (f" with {options.beads} beads" if polymers else "")
        + f", step {options.timestep_fs:g} fs, {options.replicas} runs of {options.production_ps:g} ps after "
        f"{options.equilibration_ps:g} ps [{{ase}}], gave the dynamic structure factors by Fourier transform of the "
        "intermediate scattering functions."
    )


_NAMES = ("workflow", "potential", "phonopy", "euphonic", "ase", "trpmd", "sears")


def _cited(gathered: Gathered) -> list[tuple[str, str]]:
    """Name → reference, in the order in which they are numbered."""
    method = gathered.prediction.method
    potential = gathered.model.citation or f"{gathered.model.name}, sha256 {gathered.model.sha256}"
    cited = [("workflow", WORKFLOW), ("potential", potential)]
    if method == "harmonic":
        cited += [("phonopy", PHONOPY), ("euphonic", EUPHONIC)]
    else:
        cited += [("ase", ASE), *([("trpmd", TRPMD)] if method == "trpmd" else [])]
    cited.append(("sears", SEARS))
    names = dict.fromkeys(one.view.instrument for one in gathered.shown if one.view.instrument)
    for name in names:
        cited += [(f"{name} {index}", text) for index, text in enumerate(instruments.get(name).citations)]
    # Two instruments of a facility may share a reference
    return list({text: (name, text) for name, text in reversed(cited)}.values())[::-1]


def references(gathered: Gathered) -> list[str]:
    """Whom to cite, the first is [1]."""
    return [text if len(text) <= LONGEST else f"{text[:LONGEST]} …" for _, text in _cited(gathered)]


def significant(value: float | None, digits: int = 3) -> str:
    """A number with so many digits that count, without an exponent where people write none."""
    if value is None or not math.isfinite(value):
        return "–"
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.{digits - 1}e}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:.{decimals}f}"


def one_line(text: str) -> str:
    """One line of what can be printed."""
    return "".join(char for char in " ".join(text.split()) if char.isprintable())


def clipped(text: str, most: int = 60) -> str:
    text = one_line(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"
