"""Ring polymers in i-PI, in this process: its integrator, thermostats and barostats with a calculator of ASE.

i-PI is built from an input file, but "read only": it then opens no socket, starts no thread, handles no signal and
writes no file. This module runs its steps one by one. i-PI uses atomic units.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from numpy.typing import NDArray

from scattering.core.notices import Notice
from workers.kit.failures import CannotPredict

CENTROID_THERMOSTAT_FS: Final = 50.0
"""Time constant of the Langevin thermostat of centroids in the equilibration, as in classical runs."""
NO_THERMOSTAT_FS: Final = 1e30
"""Time constant that switches a thermostat off."""
PILE_LAMBDA: Final = 1.0
"""λ of the friction 2λω_k of the internal modes of a ring polymer: critical damping (PILE).
M. Ceriotti, M. Parrinello, T. E. Markland and D. E. Manolopoulos, J. Chem. Phys. 133, 124104 (2010)."""
TRPMD_LAMBDA: Final = 0.5
"""λ of thermostatted ring-polymer dynamics: M. Rossi, M. Ceriotti and D. E. Manolopoulos, J. Chem. Phys. 140, 234116
(2014)."""
HARTREE_K: Final = units.Hartree / units.kB

INPUT_TEMPLATE: Final = """
<simulation verbosity='quiet'>
  <prng><seed>{seed}</seed></prng>
  <ffdirect name='potential'><pes>dummy</pes></ffdirect>
  <output/>
  <system>
    {beads}
    {cell}
    <initialize nbeads='{n_beads}'/>
    <ensemble>
      <temperature units='kelvin'>{temperature_k}</temperature>
      <pressure units='gigapascal'>{pressure_gpa}</pressure>
    </ensemble>
    <forces><force forcefield='potential'/></forces>
    <motion mode='dynamics'>
      <fixcom>True</fixcom>
      <dynamics mode='{mode}' splitting='baoab'>
        <timestep units='femtosecond'>{timestep_fs}</timestep>
        <thermostat mode='pile_l'>
          <tau units='femtosecond'>{centroid_fs}</tau>
          <pile_lambda>{friction}</pile_lambda>
        </thermostat>
        {barostat}
      </dynamics>
    </motion>
  </system>
</simulation>
"""
BAROSTAT_TEMPLATE: Final = """
<barostat mode='{mode}'>
  <tau units='femtosecond'>{tau_fs}</tau>
  <thermostat mode='langevin'><tau units='femtosecond'>{thermostat_fs}</tau></thermostat>
</barostat>
"""


@dataclass(frozen=True)
class Barostat:
    """A barostat of i-PI.

    Attributes
    ----------
    mode
        "isotropic" for the volume alone, "flexible" for the whole cell.
    pressure_gpa
        Pressure in GPa.
    tau_fs
        Time constant of the mass of the cell.
    thermostat_fs
        Time constant of the Langevin thermostat of the cell.
    """

    mode: str
    pressure_gpa: float
    tau_fs: float
    thermostat_fs: float


class RingPolymers:
    """Ring polymers, whose beads start at the sites of the atoms with thermal velocities.

    Parameters
    ----------
    sites
        Atoms at rest. With a barostat, their cell must be lower triangular, as from `ase.Atoms.cell.standard_form`.
    calculator
        Calculator of the forces.
    temperature_k, timestep_fs, n_beads, seed
        See `Run`.
    barostat
        Barostat; None for a fixed cell.
    on_forces
        Called before the forces of every bead. If it raises, the step remains incomplete.
    """

    def __init__(
        self,
        sites: Atoms,
        calculator: Calculator,
        *,
        temperature_k: float,
        timestep_fs: float,
        n_beads: int,
        seed: int,
        barostat: Barostat | None = None,
        on_forces: Callable[[], None],
    ) -> None:
        from ipi.engine.simulation import Simulation  # takes a second to import

        self._atoms, self._needs_stress, self._on_forces = sites.copy(), barostat is not None, on_forces
        self._atoms.calc = calculator
        self._n_beads = n_beads
        simulation = Simulation.load_from_xml(
            INPUT_TEMPLATE.format(
                seed=seed,
                beads=_beads(sites, n_beads),
                cell=_cell(sites),
                n_beads=n_beads,
                temperature_k=temperature_k,
                pressure_gpa=barostat.pressure_gpa if barostat else 0.0,
                mode="npt" if barostat else "nvt",
                timestep_fs=timestep_fs,
                centroid_fs=CENTROID_THERMOSTAT_FS,
                friction=PILE_LAMBDA,
                barostat=BAROSTAT_TEMPLATE.format_map(asdict(barostat)) if barostat else "",
            ),
            read_only=True,
        )
        simulation.fflist["potential"].driver = self._forces
        (self._system,) = simulation.syslist
        self._generator = simulation.prng
        self._stored_elsewhere = 0.0
        masses = np.repeat(np.asarray(self._system.beads.m), 3)
        # The beads are a classical system at n_beads times the temperature
        spread = np.sqrt(masses * n_beads * temperature_k / HARTREE_K)
        self._system.beads.p[:] = spread * np.random.default_rng(seed).standard_normal((n_beads, len(masses)))

    def release(self) -> None:
        """Start thermostatted ring-polymer dynamics: only the internal modes of the polymers keep a thermostat."""
        self._system.motion.thermostat.tau = NO_THERMOSTAT_FS
        self._system.motion.thermostat.pilescale = TRPMD_LAMBDA

    def step(self) -> None:
        """Run a step.

        Raises
        ------
        CannotPredict
            The atoms flew apart.
        """
        self._system.motion.step()

    @property
    def positions(self) -> NDArray[np.float64]:
        """Unwrapped positions, shape (n_beads, n_atoms, 3), Å."""
        return np.asarray(self._system.beads.q).reshape(self._n_beads, -1, 3) * units.Bohr

    @property
    def cell(self) -> NDArray[np.float64]:
        """Cell, shape (3, 3), vectors as rows, Å."""
        return np.asarray(self._system.cell.h).T * units.Bohr

    @property
    def conserved_ev(self) -> float:
        """Conserved energy of ring polymers, thermostats and barostat. Its drift measures the time-step error."""
        return float(self._system.ensemble.econs) / self._n_beads * units.Hartree + self._stored_elsewhere

    @property
    def centroid_temperature_k(self) -> float:
        """Temperature of the velocities of the centroids. The centre of mass is at rest."""
        freedom = 3 * (len(self._atoms) - 1)
        return 2 * float(np.asarray(self._system.nm.kins)[0]) / (freedom * self._n_beads) * HARTREE_K

    def state(self) -> dict[str, NDArray[Any]]:
        """Return copies of all variables on which the next step depends."""
        ((generator,),) = (self._generator.state,)
        arrays = {
            # np.array would not copy arrays of i-PI
            "q": np.asarray(self._system.beads.q).copy(),
            "p": np.asarray(self._system.beads.p).copy(),
            "generator": np.append(generator["state"]["key"], np.uint32(generator["state"]["pos"])),
        }
        if self._needs_stress:
            piston = self._system.motion.barostat.p
            arrays |= {"h": np.asarray(self._system.cell.h).copy(), "piston": np.asarray(piston).copy()}
        return arrays

    def restore(self, arrays: dict[str, NDArray[Any]], conserved_ev: float | None = None) -> None:
        """Restore a state, and set the conserved energy to its value there."""
        if self._needs_stress:
            self._system.cell.h[:] = arrays["h"]
            self._system.motion.barostat.p[:] = arrays["piston"]
        self._system.beads.q[:] = arrays["q"]
        self._system.beads.p[:] = arrays["p"]
        ((generator,),) = (self._generator.state,)
        generator["state"] = {"key": arrays["generator"][:-1], "pos": int(arrays["generator"][-1])}
        self._generator.state = [generator]
        if conserved_ev is not None:
            self._stored_elsewhere += conserved_ev - self.conserved_ev

    def _forces(self, cell: NDArray[np.float64], positions: NDArray[np.float64]) -> tuple[Any, ...]:
        """Return the potential energy, forces and virial of a bead in atomic units, as i-PI expects from a driver."""
        self._on_forces()
        if not math.isfinite(positions.sum()):
            raise CannotPredict(Notice("atoms_flew_apart"))
        self._atoms.positions = positions * units.Bohr
        if self._needs_stress:
            self._atoms.cell[:] = cell.T * units.Bohr
        virial = np.zeros((3, 3))
        forces = self._atoms.get_forces()
        energy = self._atoms.get_potential_energy()
        if self._needs_stress:
            virial = -self._atoms.get_stress(voigt=False) * self._atoms.get_volume() / units.Hartree
        return energy / units.Hartree, forces * (units.Bohr / units.Hartree), virial, ""


def _beads(sites: Atoms, n_beads: int) -> str:
    from ipi.engine.beads import Beads
    from ipi.inputs.beads import InputBeads

    beads = Beads(natoms=len(sites), nbeads=n_beads)
    beads.q = np.tile(sites.positions.ravel() / units.Bohr, (n_beads, 1))
    beads.m = sites.get_masses() * (units._amu / units._me)
    beads.names = np.array(sites.get_chemical_symbols())
    described = InputBeads()
    described.store(beads)
    return str(described.write("beads"))


def _cell(sites: Atoms) -> str:
    from ipi.engine.cell import Cell
    from ipi.inputs.cell import InputCell

    described = InputCell()
    described.store(Cell(h=sites.cell.standard_form()[0].array.T / units.Bohr))
    return str(described.write("cell"))
