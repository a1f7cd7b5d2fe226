"""Instructions for the forces of displaced supercells, and refusals of supercells that are too large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import TextWrapper
from typing import Final

from backend.wording import Words
from backend.wording.formatting import counted

WIDTH: Final = 100
"""Characters of a line of plain text."""


@dataclass(frozen=True)
class Facts:
    """Facts of an archive of displaced supercells.

    Attributes
    ----------
    structure
        Name of the structure.
    code, title
        Name of the code for programs and for users.
    run
        Command in the folder of a supercell; "" if one command runs all.
    output
        File of the forces in the folder of a supercell.
    supercell, n_atoms
        Repetitions of the cell; atoms of the supercell.
    n_displaced
        Number of displaced supercells.
    distance_angstrom
        Length of the displacements.
    k_mesh
        Divisions of the mesh of k points.
    elements
        Elements in the order of the files.
    relaxed_with
        Potential that relaxed the cell, if one did.
    phonons_of
        Source of the phonons with this cell, if there is one. Without both the cell is as it was uploaded.
    """

    structure: str
    code: str
    title: str
    run: str
    output: str
    supercell: tuple[int, int, int]
    n_atoms: int
    n_displaced: int
    distance_angstrom: float
    k_mesh: tuple[int, int, int]
    elements: tuple[str, ...]
    relaxed_with: str | None = None
    phonons_of: str | None = None


def readme(facts: Facts) -> str:
    """Return the instructions in an archive, as plain text."""
    repeats, mesh = ("x".join(map(str, three)) for three in (facts.supercell, facts.k_mesh))
    displaced = counted(facts.n_displaced, "supercell", "supercells")
    passages = [
        f"Displaced supercells of {facts.structure} for {facts.title}, written by Beamcast",
        f"{displaced} of {facts.n_atoms} atoms ({repeats} cells), each with one atom displaced by "
        f"{facts.distance_angstrom:g} A: disp-001, disp-002 and so on. The folder perfect has the supercell without a "
        f"displacement. k points: {mesh}, Gamma-centred or as {facts.title} places them.",
        "BEFORE YOU RUN\n" + _numbered(_before(facts)),
        "RUN\n" + _numbered(_run(facts)),
        "AFTERWARDS\n" + _numbered(_afterwards(facts)),
    ]
    return "\n\n".join(map(_wrapped, passages)) + "\n"


def _numbered(steps: list[str]) -> str:
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))


def _wrapped(passage: str) -> str:
    """Return a passage with lines of at most `WIDTH` characters, in which file names and commands stay whole."""
    wrap = TextWrapper(WIDTH, subsequent_indent="   ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(wrap.fill(line) for line in passage.split("\n"))


def _before(facts: Facts) -> list[str]:
    if facts.relaxed_with is not None:
        origin = f"The cell was relaxed with the potential {facts.relaxed_with}, not with {facts.title}."
    elif facts.phonons_of is not None:
        origin = f"The cell is that of the phonons {facts.phonons_of}."
    else:
        origin = "The cell is as it was uploaded."
    return [
        f"{origin} Relax it with the settings that you will use here, until forces are below 1 meV/A. Upload the "
        "relaxed cell to Beamcast as a structure, and export its displaced supercells.",
        _PSEUDOPOTENTIALS[facts.code].format(elements=" ".join(facts.elements)),
        "The settings are a beginning, the same for all substances. Take functional, cut-off, k points, spin and "
        "dispersion correction from your relaxation. The smearing suits insulators; check it for a metal.",
    ]


_PSEUDOPOTENTIALS: Final[Mapping[str, str]] = {
    "vasp": "There is no POTCAR, which your licence covers. Put one into each folder, with the elements in this order: "
    "{elements}.",
    "castep": "CASTEP makes its own pseudopotentials for {elements}. Add a block SPECIES_POT if you used others.",
    "quantum-espresso": "Put your pseudopotentials into a folder named pseudo here, under the names of the input "
    "files ({elements}, each with the ending .UPF), or change the names. Set ecutwfc and ecutrho to what they need.",
    "fhi-aims": "control.in has no basis sets, which your licence covers. Append the file of each element ({elements}) "
    "from species_defaults of FHI-aims, tight or finer, to control.in in each folder.",
    "gpaw": "GPAW needs its datasets for {elements}.",
}


def _run(facts: Facts) -> list[str]:
    if not facts.run:
        return ["Here: gpaw -P 16 python forces.py. Change SETTINGS in this file. It writes FORCE_SETS."]
    return [
        f"In each folder disp-*: {facts.run}. This is an example; ask your computing centre for its own command.",
        "In the folder perfect the same, if forces were not relaxed to zero.",
    ]


def _afterwards(facts: Facts) -> list[str]:
    if facts.run:
        outputs, perfect = f"disp-*/{facts.output}", f"perfect/{facts.output}"
        steps = [
            f"Put phonopy_disp.yaml and the folders with their {facts.output} into one zip; other files can be left "
            "out. Upload it to Beamcast as phonons (REST: POST /api/v1/sources). Forces in the folder perfect are "
            "subtracted.",
            f"Or collect the forces here with phonopy: phonopy-collect {outputs} (phonopy 4), or phonopy -f {outputs} "
            f"(earlier versions); with --fz {perfect} before them to subtract the forces of the perfect supercell. "
            "Upload phonopy_disp.yaml and FORCE_SETS together.",
        ]
    else:
        steps = [
            "Upload phonopy_disp.yaml and FORCE_SETS together to Beamcast as phonons (REST: POST /api/v1/sources)."
        ]
    return [
        *steps,
        "For an insulator calculate Born charges and the dielectric tensor of the primitive cell as well, and upload "
        "BORN with them. Without it LO modes are missing.",
    ]


def _too_large(*, quantity: str, value: int, maximum: int) -> str:
    if quantity == "n_atoms":
        return (
            f"The supercell would have {value} atoms, and at most {maximum} are possible: repeat the cell less often."
        )
    return (
        f"All displaced supercells together would have {value} atoms, and at most {maximum} are possible: repeat the "
        "cell less often."
    )


WORDS: Final[Mapping[str, Words]] = {"displaced_supercells_too_large": _too_large}
