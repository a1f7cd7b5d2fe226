"""Make `scattering/trust/data/measured_metals.toml` of Born–von Kármán models that were fitted to measured dispersions.

`python -m benchmarks.measured_metals FOLDER`, in the root of the repository. The folder is a clone of
https://github.com/danse-inelastic/vnf, whose models were entered from Landolt–Börnstein III/13a (1981). The models
reproduce the measured lines at the zone boundary to about 2 %.
"""

from __future__ import annotations

import ast
import itertools
import math
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from ase.data import atomic_masses, atomic_numbers, reference_states
from numpy.typing import NDArray
from scipy.constants import atomic_mass, hbar
from scipy.constants import e as electron_charge

TABLE: Final = Path("scattering/trust/data/measured_metals.toml")
REPOSITORY: Final = "danse-inelastic/vnf"
COMMIT: Final = "40f568b33b0007db80cf5cc35b4cea0f4e672fd1"
FOLDER: Final = "content/data/bvkmodels"
MODELS: Final = ("al_80", "cu_296", "ni_296", "pd_120", "pt_90", "au_295",
                 "li_98", "k_9", "cr_300", "fe_295", "nb_296", "mo_296", "w_298")  # fmt: skip
"""Not taken: hcp metals, whose models are of other forms; models with a constant that was entered wrongly: lead (a
constant ten times too large), thorium (all ten times too small), sodium (1.1320 for 1.320), rubidium (a sign), tantalum
(constants that its symmetry forbids); silver, whose two models differ by a third at L; vanadium, whose fit is called
poor; cerium, whose temperature is not certain."""
NAMES: Final = {
    "Al": "aluminium", "Cu": "copper", "Ni": "nickel", "Pd": "palladium", "Pt": "platinum",
    "Au": "gold", "Li": "lithium", "K": "potassium", "Cr": "chromium", "Fe": "iron", "Nb": "niobium",
    "Mo": "molybdenum", "W": "tungsten",
}  # fmt: skip
HELD_OUT: Final = ("niobium", "palladium", "potassium")
ZONE_BOUNDARY: Final = {
    "fcc": {"X": (1, 0, 0), "L": (0.5, 0.5, 0.5)},
    "bcc": {"H": (1, 0, 0), "N": (0.5, 0.5, 0), "P": (0.5, 0.5, 0.5)},
}
"""Special points, in units of 2π/a."""
SPACE_GROUPS: Final = {"fcc": 225, "bcc": 229}
AXES: Final = "xyz"
SAME_MEV: Final = 1e-3


def cubic_operations() -> Iterator[NDArray[np.float64]]:
    """Yield the 48 operations of m3̄m as matrices."""
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            yield np.eye(3)[list(order)] * np.array(signs)[:, None]


def complete(vector: NDArray[np.float64], given: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the tensor of a pair, with the components that follow from its symmetry."""
    known = np.full((3, 3), np.nan)
    for name, value in given.items():
        first, second = (AXES.index(axis) for axis in name)
        known[first, second] = known[second, first] = value
    # The model is of the pair; the operations that keep it relate its components
    fixing = [one for one in cubic_operations() if np.allclose(one @ vector, vector)]
    whole = np.zeros((3, 3))
    for i, j in itertools.product(range(3), repeat=2):
        images, odd = [], False
        for one in fixing:
            k, m = int(np.abs(one[i]).argmax()), int(np.abs(one[j]).argmax())
            sign = one[i, k] * one[j, m]
            odd |= {k, m} == {i, j} and sign < 0
            images.append(sign * known[k, m])
        stated = [value for value in images if not math.isnan(value)]
        if not odd and not stated:
            raise ValueError(f"{AXES[i]}{AXES[j]} of {vector} is not given")
        whole[i, j] = 0.0 if odd else stated[0]
    return whole


def energies(
    constants: Mapping[str, Mapping[str, float]], wave: NDArray[np.float64], mass_u: float
) -> NDArray[np.float64]:
    """Return the energies in meV, ascending, at a wave vector in units of 2π/a, of force constants in N/m."""
    dynamical = np.zeros((3, 3))
    for shell, given in constants.items():
        vector = np.array([float(digit) for digit in shell])
        tensor = complete(vector, given)
        pairs = {tuple(one @ vector): one @ tensor @ one.T for one in cubic_operations()}
        for place, turned in pairs.items():
            # Places are in units of a/2
            dynamical += turned * (1 - math.cos(math.pi * float(np.dot(wave, place))))
    squares = np.linalg.eigvalsh(dynamical / (mass_u * atomic_mass))
    return np.asarray(np.sqrt(squares) * hbar / electron_charge * 1e3)


def read_model(folder: Path, name: str) -> dict[str, object]:
    """Return the variables of a model's file, which are literals."""
    path = f"{COMMIT}:{FOLDER}/bvk_{name}.py"
    text = subprocess.run(
        ["git", "-C", str(folder), "show", path], check=True, capture_output=True, encoding="utf-8"
    ).stdout
    assigned = (line for line in ast.parse(text).body if isinstance(line, ast.Assign))
    return {line.targets[0].id: ast.literal_eval(line.value) for line in assigned}


def entry(name: str, model: Mapping[str, object]) -> str:
    """Return the entry of one metal, as TOML."""
    element, lattice = str(model["element"]), str(model["lattice_type"])
    modes = {}
    for point, wave in ZONE_BOUNDARY[lattice].items():
        found = energies(model["force_constants"], np.array(wave, dtype=float), atomic_masses[atomic_numbers[element]])
        lines: list[list[float]] = []
        for energy in found:
            if lines and abs(energy - lines[-1][1]) < SAME_MEV:
                lines[-1][0] += 1
            else:
                lines.append([1, round(float(energy), 3)])
        modes[point] = lines
    listed = ", ".join(f"{point} = {lines}" for point, lines in modes.items())
    return "\n".join(
        (
            "[[material]]",
            f'name = "{NAMES[element]}"',
            f"formula = {{ {element} = 1 }}",
            f"space_group = {SPACE_GROUPS[lattice]}",
            f"lattice_angstrom = {reference_states[atomic_numbers[element]]['a']}",
            f"atoms_per_cell = {4 if lattice == 'fcc' else 2}",
            f"temperature_k = {model['temperature']}",
            'unit = "meV"',
            f'source = "{str(model["reference"]).rstrip(".")}"',
            f'read_at = "github.com/{REPOSITORY}, {FOLDER}/bvk_{name}.py, {COMMIT[:8]}"',
            f"held_out = {str(NAMES[element] in HELD_OUT).lower()}",
            f"modes = {{ {listed} }}",
            "",
        )
    )


def main() -> None:
    """Write the table."""
    head = [line for line in TABLE.read_text().splitlines(keepends=True) if line.startswith("#")]
    made = [entry(name, read_model(Path(sys.argv[1]), name)) for name in MODELS]
    TABLE.write_text("".join(head) + "\n" + "\n".join(made))


if __name__ == "__main__":
    main()
