"""Read the CIFs of a folder with pymatgen, in an environment of its own, and write what it finds as JSON.

python read_with_pymatgen.py FOLDER ANSWER
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

from crystal_record import record
from pymatgen.io.cif import CifParser


def read(path: Path) -> dict[str, Any]:
    """Return the record of a file, or `error`; of a disordered structure only `is_ordered`."""
    try:
        structure = CifParser(path).parse_structures(primitive=False)[0]
    except Exception as error:  # Any: what pymatgen raises is a part of the answer
        return {"error": f"{type(error).__name__}: {error}"[:300]}
    if not structure.is_ordered:
        return {"is_ordered": False}
    numbers = record(structure.lattice.matrix, [site.specie.symbol for site in structure], structure.frac_coords)
    return {"is_ordered": True, "density": structure.density, **numbers}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    folder, answer = map(Path, sys.argv[1:])
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    answer.write_text(json.dumps({str(path.relative_to(folder)): read(path) for path in paths}))
