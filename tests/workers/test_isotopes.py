"""Masses of isotopes in simulations, and predictions with other isotopes from known force constants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.geometry import find_mic
from ase.io import read

from backend.engines import catalogue as engines_catalogue
from scattering.core.isotopes import Isotopes, names_sites, species_masses
from scattering.core.partials import Partials
from scattering.observe import weights
from scattering.options.names import Sampling
from scattering.simulate.force_constants import to_force_constants
from scattering.simulate.phonons import symmetry
from tests.conftest import ROOT
from tests.filling import filled
from workers import engines
from workers.engines.interface import Potential
from workers.simulations.outcome import Outcome
from workers.simulations.simulation import KeptForces
from workers.simulations.species import species_labels

from .conftest import Silent, harmonic

TEMPERATURE = 20.0
LATTICE = 2.5
"""Å"""
STIFFNESS = 3.0
"""eV/Å² of the springs between neighbours."""
EV_A2_U_TO_MEV = 64.654148
"""ħ√(1 eV/Å² / 1 u) in meV."""


class Springs(Calculator):
    """Central springs between nearest neighbours, at rest where the atoms of a caesium chloride lattice are."""

    implemented_properties = ["energy", "free_energy", "forces", "stress"]  # noqa: RUF012
    length = LATTICE * np.sqrt(3) / 2

    def calculate(
        self, atoms: Atoms | None = None, properties: Sequence[str] = (), system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        assert atoms is not None
        forces, energy = np.zeros((len(atoms), 3)), 0.0
        for number in range(len(atoms)):
            # An atom of a small cell may be a neighbour several times, in several images
            vectors, lengths = self._neighbours(atoms, number)
            stretch = lengths - self.length
            forces[number] = (STIFFNESS * stretch / lengths) @ vectors
            energy += STIFFNESS * float(stretch @ stretch) / 4
        self.results = {"energy": energy, "free_energy": energy, "forces": forces, "stress": np.zeros(6)}

    def _neighbours(self, atoms: Atoms, number: int) -> tuple[np.ndarray, np.ndarray]:
        if atoms.cell.lengths().min() > 2.5 * self.length:
            vectors, lengths = find_mic(atoms.positions - atoms.positions[number], atoms.cell, pbc=True)
        else:
            shifts = np.stack(np.meshgrid(*[np.arange(-2, 3)] * 3), axis=-1).reshape(-1, 3) @ atoms.cell.array
            vectors = (atoms.positions - atoms.positions[number] + shifts[:, None]).reshape(-1, 3)
            lengths = np.linalg.norm(vectors, axis=1)
        near = (lengths > 0.1) & (lengths < 1.12 * self.length)
        return vectors[near], lengths[near]


def hydride() -> Atoms:
    """Lithium hydride in the caesium chloride structure, in a cell of two atoms."""
    return bulk("LiH", "cesiumchloride", a=LATTICE)


def with_isotopes(atoms: Atoms, isotopes: Isotopes) -> Atoms:
    chosen = atoms.copy()
    chosen.set_masses(species_masses(species_labels(chosen, resolve_sites=names_sites(isotopes)), isotopes))
    return chosen


def predict(
    isotopes: Isotopes, atoms: Atoms, *, kept: KeptForces | None = None, sampling: Sampling = "powder", **more: Any
) -> Outcome:
    chosen: dict[str, Any] = {"q_max_inv_angstrom": 6.0, "supercell": [3, 3, 3], "n_orders": 2, **more}
    if sampling == "path":
        chosen |= {"path": "Γ-X", "zones": [[0, 0, 1]]}
    atoms = with_isotopes(atoms, isotopes)
    return harmonic(
        atoms,
        Springs(),
        options=filled("harmonic", atoms, temperature=TEMPERATURE, sampling=sampling, **chosen),
        temperature=TEMPERATURE,
        progress=Silent(),
        sampling=sampling,
        isotopes=isotopes,
        kept=kept,
    )


@pytest.fixture(scope="module")
def natural() -> Outcome:
    return predict({}, hydride())


@pytest.mark.parametrize("isotopes", [{}, {"H": "2H"}, {"H": {"2H": 0.5, "1H": 0.5}, "Li": "6Li"}])
def test_two_atoms_on_springs(isotopes: Isotopes) -> None:
    # The optic modes at Γ: eight neighbours, one third of whose stiffness is along each axis
    masses = species_masses(["Li", "H"], isotopes)
    expected = EV_A2_U_TO_MEV * np.sqrt(8 / 3 * STIFFNESS * (1 / masses).sum())
    findings = predict(isotopes, hydride()).findings["special_phonons_mev"]
    assert findings["Γ"][3:] == pytest.approx([expected] * 3, rel=1e-3)


def test_deuterium_moves_less(natural: Outcome) -> None:
    def mean_square(outcome: Outcome) -> float:
        """⟨u²⟩ of hydrogen along q, from the Debye–Waller factor exp(−⟨(q·u)²⟩) of its elastic line."""
        partials = outcome.partials
        assert isinstance(partials, Partials)
        row = partials.species.index("H")
        elastic = partials.incoherent_elastic[row, 10] / partials.concentration[row]
        return float(-np.log(elastic) / partials.q[10] ** 2)

    # Zero-point motion of an oscillator goes as one over the root of the mass; lithium moves too
    ratio = mean_square(predict({"H": "2H"}, hydride())) / mean_square(natural)
    assert np.sqrt(1.008 / 2.0141) < ratio < 0.85


@pytest.mark.parametrize("isotopes", [{"H": "2H"}, {"Li": "6Li", "H": {"2H": 0.98, "1H": 0.02}}])
@pytest.mark.parametrize("sampling", ["powder", "path"])
def test_known_force_constants_give_the_same_as_a_whole_run(sampling: Sampling, isotopes: Isotopes) -> None:
    first = predict({}, hydride(), sampling=sampling)
    crystal = first.partials.harmonic_crystal
    assert crystal is not None
    again = predict(isotopes, hydride(), sampling=sampling, kept=KeptForces(crystal, (), first.findings))
    whole = predict(isotopes, hydride(), sampling=sampling)
    assert np.array_equal(again.partials.energy, whole.partials.energy)
    for name in ("coherent", "incoherent"):
        one, other = getattr(again.partials, name), getattr(whole.partials, name)
        assert np.abs(one - other).max() < 1e-5 * np.abs(other).max()
    kept, new = again.partials.harmonic_crystal, whole.partials.harmonic_crystal
    assert kept is not None
    assert new is not None
    assert kept.masses == pytest.approx(new.masses, abs=1e-12)
    assert (kept.species, kept.sites) == (new.species, new.sites)
    assert again.findings.keys() == whole.findings.keys()
    for point, energies in whole.findings["special_phonons_mev"].items():
        assert again.findings["special_phonons_mev"][point] == pytest.approx(energies, abs=2e-3)


def test_known_force_constants_need_no_forces(natural: Outcome) -> None:
    crystal = natural.partials.harmonic_crystal
    assert crystal is not None
    atoms, progress = hydride(), Silent()
    options = filled(
        "harmonic", atoms, temperature=TEMPERATURE, supercell=[3, 3, 3], q_max_inv_angstrom=6.0, n_orders=2
    )

    class Unusable(Calculator):
        """A potential that is not there."""

    outcome = harmonic(
        atoms,
        Unusable(),
        options=options,
        temperature=TEMPERATURE,
        progress=progress,
        isotopes={"H": "2H"},
        kept=KeptForces(crystal, (), {}),
    )
    assert [stage for stage, _ in progress.stages] == ["sample_zone", "powder_average"]
    assert "relax" not in outcome.timings


def test_isotopes_in_a_file_lower_the_symmetry() -> None:
    # One of the two hydrogens of a double cell is deuterium: the primitive cell is the double one
    atoms = hydride().repeat([2, 1, 1])
    hydrogens = np.flatnonzero(atoms.numbers == 1)
    tags = np.zeros(len(atoms), dtype=int)
    tags[hydrogens[1]] = 1
    atoms.set_tags(tags)
    assert species_labels(atoms, resolve_sites=True) == ["Li", "H1", "Li", "H2"]
    outcome = predict({"H2": "2H"}, atoms, supercell=[2, 3, 3], resolve_sites=True)
    crystal = outcome.partials.harmonic_crystal
    assert crystal is not None
    assert outcome.partials.species == ("H1", "H2", "Li")
    assert sorted(zip(crystal.sites, crystal.masses.round(3).tolist(), strict=True)) == [
        *[("H1", 1.008), ("H2", 2.014)],
        *[("Li", 6.94)] * 2,
    ]
    _, site = symmetry(to_force_constants(crystal).crystal).sites
    assert len({int(site[crystal.sites.index(name)]) for name in ("H1", "H2")}) == 2


def test_lithium_deuteride(nep89: Path) -> None:
    # Built-in lithium hydride with NEP89
    salt = read(ROOT / "backend/structures/examples/lithium-hydride.cif")
    calculator = engines.calculator(engines_catalogue.for_method("harmonic", "nep")[0], Potential(nep89, None, "nep"))

    def predicted(isotopes: Isotopes) -> tuple[float, np.ndarray]:
        """Peak of the scattering of hydrogen, and the optic modes at Γ, meV."""
        atoms = with_isotopes(salt, isotopes)
        options = filled("harmonic", atoms, temperature=TEMPERATURE, q_max_inv_angstrom=8.0, n_orders=1)
        outcome = harmonic(
            atoms, calculator, options=options, temperature=TEMPERATURE, progress=Silent(), isotopes=isotopes
        )
        partials = outcome.partials
        assert isinstance(partials, Partials)
        peak = partials.energy[partials.incoherent[partials.species.index("H"), 40].argmax()]
        return float(peak), np.array(outcome.findings["special_phonons_mev"]["Γ"][3:])

    light, of_light = predicted({})
    heavy, of_heavy = predicted({"H": "2H"})
    assert light == pytest.approx(75, abs=2)
    # Lithium takes part a little in the modes of hydrogen
    assert heavy / light == pytest.approx(1 / np.sqrt(2), abs=0.02)
    # The two sublattices move against each other: the reduced mass alone
    ratio = np.sqrt((1 / 6.94 + 1 / 2.014101778) / (1 / 6.94 + 1 / 1.008))
    assert of_heavy / of_light == pytest.approx(ratio, rel=1e-4)


def test_views_have_the_isotopes_of_the_simulation(natural: Outcome) -> None:
    partials = natural.partials
    assert isinstance(partials, Partials)
    assert partials.isotopes == {}
    deuterated = replace(partials, metadata={**partials.metadata, "isotopes": {"H": "2H"}})
    assert [one.label for one in weights.scatterers_of(deuterated, {})] == ["2H", "Li"]
    assert [one.label for one in weights.scatterers_of(deuterated, {"H": "H"})] == ["H", "Li"]
    assert weights.substituted(deuterated, {"H": "D"}) == {}
    assert weights.substituted(deuterated, {"H": "H", "Li": "Li"}) == {"H": "H"}
    assert weights.substituted(partials, {"H": "2H"}) == {"H": "2H"}
