"""References of a report and their numbers."""

from __future__ import annotations

from collections.abc import Mapping

from backend.reports.gathering import Gathered
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
MAX_CHARACTERS = 400
"""Length of one reference; that of a potential comes from its user."""


def references(gathered: Gathered) -> list[str]:
    """Return the references of a report; the first is [1]."""
    return [
        text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]} …"
        for text in dict.fromkeys(text for _, text in _cited(gathered))
    ]


def reference_numbers(gathered: Gathered) -> Mapping[str, int]:
    """Return name → number of the references that methods cite: "workflow", "potential", "phonopy", "sears", …"""
    cited = _cited(gathered)
    # Two names may have the same reference: the citation of a potential comes from its user
    texts = list(dict.fromkeys(text for _, text in cited))
    return {name: texts.index(text) + 1 for name, text in cited if name}


def _cited(gathered: Gathered) -> list[tuple[str, str]]:
    """Return names and references in the order of their numbers; references of instruments have the name ""."""
    method = gathered.prediction.method
    potential = gathered.potential
    cited = [("workflow", WORKFLOW)]
    if potential is not None:
        cited.append(("potential", potential.citation or f"{potential.name}, sha256 {potential.sha256}"))
    if method == "harmonic" and potential is None:
        cited.append(("euphonic", EUPHONIC))
    elif method == "harmonic":
        cited += [("phonopy", PHONOPY), ("euphonic", EUPHONIC)]
    else:
        cited += [("ase", ASE), *([("trpmd", TRPMD)] if method == "trpmd" else [])]
    cited.append(("sears", SEARS))
    names = dict.fromkeys(one.view.instrument for one in gathered.shown if one.view.instrument)
    return [*cited, *(("", text) for name in names for text in instruments.get(name).citations)]
