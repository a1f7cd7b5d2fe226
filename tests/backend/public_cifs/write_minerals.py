"""Write CIFs of larixite's database of minerals, each named by its number there.

python write_minerals.py UNPACKED_WHEEL FOLDER EVERY
"""

from __future__ import annotations

import sys
from pathlib import Path

wheel, folder, every = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
sys.path.insert(0, str(wheel))

from larixite.amcsd import AMCSD  # noqa: E402  (from the wheel)

database = AMCSD(dbname=str(wheel / "larixite" / "amcsd_cif1.db"), read_only=True)
for number in sorted(int(row.id) for row in database.get_all("cif"))[::every]:
    (folder / f"{number:05d}.cif").write_text(database.get_cif(number).ciftext)
