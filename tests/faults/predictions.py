"""What the tests ask for: dense nickel with a repulsion between bare nuclei, in a second or two."""

from __future__ import annotations

from tests import plugin_package

NICKEL = b"""Nickel, as dense as nowhere on Earth
3.1
1 0 0
0 1 0
0 0 1
Ni
4
Direct
0 0 0
0 0.5 0.5
0.5 0 0.5
0.5 0.5 0
"""
REPULSION = "\n".join(
    # A NEP whose network gives nothing, so that the repulsion of bare nuclei is left, which goes to zero at 2.4 Å
    [
        *("nep4_zbl 1 Ni", "zbl 1.2 2.4", "cutoff 3 3 20 20", "n_max 0 0", "basis_size 0 0", "l_max 1 0 0", "ANN 1 0"),
        *["0.0"] * 7,
        *["1.0"] * 2,
        "",
    ]
)
HARMONIC = {
    "method": "harmonic",
    "options": {"supercell": [1, 1, 1], "q_max_inv_angstrom": 2.0, "n_orders": 2, "energy_max_mev": 150.0},
}
DYNAMICS = {
    "method": "md",
    "quality": "preview",
    "options": {
        "supercell": [2, 2, 2],
        "equilibration_ps": 0.4,
        "production_ps": 1.2,
        "correlation_ps": 0.3,
        "n_q_points": 10,
        "q_max_inv_angstrom": 2.0,
        "replicas": 1,
    },
}
CRASHES = {
    "aborts": "os.abort()",
    "faults": "ctypes.string_at(0)",
    "leaves": "os._exit(0)",
    "exits": "sys.exit('a library ends its process')",
}
"""What potentials of a site do in place of an evaluation."""
CRASHING_PLUGINS = {name: plugin_package.with_calculate(name, statement) for name, statement in CRASHES.items()}
