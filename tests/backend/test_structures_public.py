"""About 1100 CIFs of public packages, compared with what gemmi and pymatgen read of them.

pymatgen has an environment of its own (`public_cifs/environment.py`), which is made once and kept in pytest's cache.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from pathlib import Path
from time import process_time
from typing import Any, Final

import pytest

from backend.kit.files.unreadable import Unreadable
from backend.structures.ordering.parse import list_cells

from .public_cifs import collection
from .public_cifs.environment import IndexUnreachable, make_environment, run_script
from .public_cifs.readers import read_own, read_with_gemmi

READERS: Final = ("gemmi", "pymatgen")
REFUSED: Final = {
    # Nearly all are solid solutions of minerals
    "partial_occupancies": 158,
    # Americium, curium, berkelium, which no potential knows, named by a label alone
    "unknown_element": 5,
    "cell_breaks_symmetry": 1,
    "site_near_own_image": 1,
}
SAME: Final = {"gemmi": 934, "pymatgen": 953}
"""Files of which both readers make the same crystal."""
REFUSED_BY_BOTH: Final = {"gemmi": 158, "pymatgen": 150}
"""Files that Beamcast refuses as disordered, and in which the peer finds partly occupied sites too."""

ORDERED: Final = {
    "ordered cells": 151,
    # Of larixite: hundreds of possible atoms, or alternatives whose ways are beyond counting
    "too_disordered": 4,
    # Misprinted sites on one spot, and T1 of a formula with two elements for it
    "overlapping_atoms": 2,
    "undecided_elements": 1,
}
"""What becomes of the disordered files."""
MAX_ORDERED_ATOMS: Final = 1000
MAX_CPU_S: Final = 15
"""For the ordered cells of one file: three times what the longest takes, and less than the server allows."""

LENGTH_TOLERANCE: Final = 1e-4
ANGLE_TOLERANCE_DEG: Final = 0.01
DISTANCE_TOLERANCE_ANGSTROM: Final = 0.01
DENSITY_TOLERANCE: Final = 1e-3

Records = dict[str, dict[str, Any]]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def environment(pytestconfig: pytest.Config) -> Path:
    """The Python of pymatgen's environment."""
    assert pytestconfig.cache is not None
    try:
        return make_environment(pytestconfig.cache.mkdir("pymatgen"))
    except IndexUnreachable as error:
        pytest.skip(f"the package index cannot be reached: {error}")


@pytest.fixture(scope="module")
def cifs(tmp_path_factory: pytest.TempPathFactory, environment: Path) -> Path:
    """The folder of the CIFs."""
    try:
        return collection.collect(tmp_path_factory.mktemp("public_cifs"), environment)
    except IndexUnreachable as error:
        pytest.skip(f"the package index cannot be reached: {error}")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory, environment: Path, cifs: Path) -> dict[str, Records]:
    """What every reader makes of each file: reader → path → record."""
    answer = tmp_path_factory.mktemp("pymatgen") / "answer.json"
    run_script(environment, "read_with_pymatgen.py", cifs, answer)
    paths = {str(path.relative_to(cifs)): path for path in sorted(cifs.rglob("*")) if path.is_file()}
    assert Counter(name.partition("/")[0] for name in paths) == {
        package.partition("==")[0]: number for package, number in collection.FILES.items()
    }
    return {
        "beamcast": {name: read_own(path) for name, path in paths.items()},
        "gemmi": {name: read_with_gemmi(path) for name, path in paths.items()},
        "pymatgen": json.loads(answer.read_text()),
    }


def kind_of_difference(own: dict[str, Any], peer: dict[str, Any]) -> str:
    """Return what two readers do not agree on, or "same", or "refused by both" where both find disorder."""
    if refused := own.get("refused"):
        is_disordered = peer.get("is_ordered") is False
        return "refused by both" if refused == "partial_occupancies" and is_disordered else f"refused: {refused}"
    if "error" in peer:
        return "peer refuses"
    if not peer["is_ordered"]:
        return "peer finds disorder"
    if own["atoms"] != peer["atoms"]:
        return "atoms"
    if own["lengths"] != pytest.approx(peer["lengths"], rel=LENGTH_TOLERANCE):
        return "lengths"
    if own["angles"] != pytest.approx(peer["angles"], abs=ANGLE_TOLERANCE_DEG):
        return "angles"
    if own["distances"] != pytest.approx(peer["distances"], abs=DISTANCE_TOLERANCE_ANGSTROM):
        return "distances"
    if own["space_group"] != peer["space_group"]:
        return "space group"
    if own["density"] != pytest.approx(peer.get("density", own["density"]), rel=DENSITY_TOLERANCE):
        return "density"
    return "same"


@pytest.mark.parametrize("reader", READERS)
def test_every_difference_from_a_peer_is_known(records: dict[str, Records], reader: str) -> None:
    stated = tomllib.loads(Path(collection.__file__).with_name("differences.toml").read_text())["difference"]
    known = {(name, one["kind"]) for one in stated if one["reader"] == reader for name in one["files"]}
    found = {name: kind_of_difference(own, records[reader][name]) for name, own in records["beamcast"].items()}
    agreeing = {"same": SAME[reader], "refused by both": REFUSED_BY_BOTH[reader]}
    assert {(name, kind) for name, kind in found.items() if kind not in agreeing} == known
    assert {kind: number for kind, number in Counter(found.values()).items() if kind in agreeing} == agreeing


def test_files_are_refused_for_known_reasons(records: dict[str, Records]) -> None:
    assert Counter(own["refused"] for own in records["beamcast"].values() if "refused" in own) == REFUSED


def test_ordered_cells_of_disordered_files(records: dict[str, Records], cifs: Path) -> None:
    found, slow = Counter[str](), dict[str, float]()
    for name, own in records["beamcast"].items():
        if own.get("refused") != "partial_occupancies":
            continue
        started = process_time()
        try:
            list_cells((cifs / name).read_bytes(), MAX_ORDERED_ATOMS)
            found["ordered cells"] += 1
        except Unreadable as refusal:
            found[refusal.notice.code] += 1
        if process_time() - started > MAX_CPU_S:
            slow[name] = process_time() - started
    assert found == ORDERED
    assert not slow
