"""Write `prepared.npz` as the job `prepare` of version 2cfd2fe left it for replicas: warnings were sentences.

Runs with the code of that version only, in a checkout of it: `PYTHONPATH=. python …/make_2cfd2fe.py`.
"""

from __future__ import annotations

from pathlib import Path

from ase.build import bulk
from ase.calculators.emt import EMT
from workers.preparation import Prepared
from workers.relaxation import relax

from workers import results

relaxed = relax(bulk("Cu", "fcc", a=3.40, cubic=True), EMT(), relax_cell=False)
findings = {"largest_shift_angstrom": relaxed.largest_shift, "pressure_gpa": relaxed.pressure_gpa}
prepared = Prepared(relaxed.atoms.positions, relaxed.atoms.cell.array, relaxed.warnings, findings, {"relax_s": 0.1})
results.save(Path(__file__).with_name("prepared.npz"), prepared)
