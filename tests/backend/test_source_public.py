"""Phonons of public repositories, read as phonopy and Euphonic read them; every file there is read or refused in words.

They are downloaded when the repositories can be reached, or taken from the folder in `BEAMCAST_PUBLIC_FILES`.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import phonopy
import pytest
from euphonic import ForceConstants, QpointPhononModes
from numpy.typing import NDArray
from phonopy.harmonic.dynmat_to_fc import get_commensurate_points
from phonopy.structure.cells import PrimitiveMatrixAutoDefaultWarning

from backend.kit.files.unreadable import Unreadable
from backend.sources.formats import recognise
from backend.sources.formats.reading import NeedsFields, Reading, UploadedFile
from backend.sources.formats.trajectories.survey import TrajectoryReading
from scattering.simulate.force_constants import to_force_constants
from scattering.simulate.interpolation import energies_at

from .public_calculations import collection
from .source_files import MEV_PER_THZ

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

TOLERANCE_MEV: Final = 1e-6
UNIT_TOLERANCE: Final = 2e-7
"""Relative: phonopy has other values of the constants than CODATA 2018, which Euphonic has."""
Q: Final = np.array([[0.1, 0.2, 0.3], [0.5, 0.5, 0.5], [0.5, 0.0, 0.5], [0.37, 0.11, -0.25]])
FORCES: Final = (
    "NaCl", "MgO", "Al2O3", "CaTiO3", "SnO2", "TiO2-anatase", "ZnO", "SiO2-HP", "MgB2", "Al-ABACUS/abacus-lcao",
)  # fmt: skip
"""Examples of phonopy with displacements, forces, and Born charges if the crystal is polar."""
CASTEP_BIN: Final = (
    "quartz/quartz.castep_bin", "graphite/graphite.castep_bin", "Si2-sc-skew/Si2-sc-skew.castep_bin",
    "ZnS/zns-25-loadborn.castep_bin", "LZO/La2Zr2O7.castep_bin",
)  # fmt: skip
PHONON: Final = (
    "LZO/La2Zr2O7.phonon", "NaH/NaH.phonon", "Si2-sc-skew/Si2-sc-skew-666-grid.phonon", "quartz/quartz-777-grid.phonon",
    "quartz/quartz_nosplit.phonon",
)  # fmt: skip
PHONOPY: Final = (
    ("CaHgO2", ("mp-7041-20180417.yaml",)),
    ("CaHgO2", ("phonopy_fullfc.yaml",)),
    ("NaCl", ("phonopy_nacl.yaml",)),
    ("NaCl", ("phonopy_full_fc.yaml",)),
    ("NaCl", ("phonopy_nofc.yaml", "force_constants.hdf5")),
    ("NaCl", ("phonopy_nofc.yaml", "FULL_FORCE_CONSTANTS")),
    ("NaCl_default", ("phonopy.yaml", "FORCE_CONSTANTS")),
    ("NaCl_prim", ("phonopy_nacl.yaml",)),
    ("NaCl_phonopy_2.19", ("phonopy_2.19_nacl.yaml",)),
    ("NaCl_QE", ("phonopy.yaml",)),
)
CODES: Final = frozenset(
    {
        "phonons", "trajectory", "needs_field", "unknown_format", "incomplete_file", "no_forces", "one_frame",
        "too_few_frames", "unreadable_number", "elements_not_named",
    }
)  # fmt: skip
"""What becomes of a file that is uploaded alone: its kind, or why it is refused."""
VASPOUT: Final = ("vaspout_sanitized.h5", "vaspout_al_no_born.h5")


def found(name: str, config: pytest.Config) -> Path:
    """The folder of a collection; skips the test where it cannot be had."""
    assert config.cache is not None
    try:
        return collection.find(name, config.cache.mkdir("public-calculations"))
    except collection.Unreachable as error:
        pytest.skip(f"the files of {name} cannot be had: {error}")


@pytest.fixture(scope="module")
def examples(pytestconfig: pytest.Config) -> Path:
    """Examples of phonopy."""
    return found("phonopy", pytestconfig)


@pytest.fixture(scope="module")
def of_euphonic(pytestconfig: pytest.Config) -> Path:
    """Test data of Euphonic."""
    return found("Euphonic", pytestconfig)


def present(path: Path) -> Path:
    """A file that a folder of the environment may lack, as it does the largest ones of some copies."""
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path


def read(folder: Path, names: Sequence[str], **statements: Any) -> Reading:
    answer = recognise([UploadedFile(name, folder / name) for name in names], None).read(statements)
    assert isinstance(answer, Reading)
    return answer


def energies(reading: Reading, q: NDArray[np.float64]) -> NDArray[np.float64]:
    assert reading.crystal is not None
    return np.sort(energies_at(to_force_constants(reading.crystal), q), axis=1)


@pytest.mark.parametrize("name", FORCES)
def test_forces_give_the_energies_of_phonopy(examples: Path, name: str) -> None:
    folder = present(examples / name)
    born = ("BORN",) if (folder / "BORN").exists() else ()
    reading = read(folder, ("phonopy_disp.yaml", "FORCE_SETS", *born))
    assert reading.crystal is not None
    assert (reading.crystal.dipoles is not None) == bool(born)
    with warnings.catch_warnings():
        # It says which primitive cell it takes
        warnings.simplefilter("ignore", PrimitiveMatrixAutoDefaultWarning)
        peer = phonopy.load(
            folder / "phonopy_disp.yaml",
            force_sets_filename=folder / "FORCE_SETS",
            is_nac=False,
            symmetrize_fc=False,
            log_level=0,
        )
    peer.symmetrize_force_constants()
    assert peer.primitive_matrix is not None
    repeats = np.rint(np.linalg.inv(peer.primitive_matrix) @ np.asarray(peer.supercell_matrix)).astype(int)
    # Wave vectors of the supercell, where nothing is interpolated and the field of the dipoles cancels, without Γ
    q = get_commensurate_points(repeats)[1:]
    expected = np.sort(np.asarray(peer.run_qpoints(q).frequencies), axis=1) * MEV_PER_THZ
    own = energies(reading, q)
    ratio = float(np.median(own / expected))
    assert ratio == pytest.approx(1, abs=UNIT_TOLERANCE)
    np.testing.assert_allclose(own, expected * ratio, rtol=0, atol=TOLERANCE_MEV)


@pytest.mark.parametrize("name", CASTEP_BIN)
def test_castep_bin_gives_the_energies_of_euphonic(of_euphonic: Path, name: str) -> None:
    path = present(of_euphonic / "castep_files" / name)
    reading = read(path.parent, [path.name])
    peer = ForceConstants.from_castep(path)
    assert reading.crystal is not None
    assert (reading.crystal.dipoles is not None) == (peer.born is not None)
    np.testing.assert_allclose(energies(reading, Q), np.sort(energies_at(peer, Q), axis=1), rtol=0, atol=TOLERANCE_MEV)


@pytest.mark.parametrize("name", PHONON)
def test_modes_are_those_of_euphonic(of_euphonic: Path, name: str) -> None:
    path = present(of_euphonic / "castep_files" / name)
    own = read(path.parent, [path.name]).modes
    assert own is not None
    peer = QpointPhononModes.from_castep(path, average_repeat_points=False, prefer_non_loto=True)
    expected = {tuple(np.round(q, 8)): np.sort(one) for q, one in zip(peer.qpts, peer.frequencies.m, strict=True)}
    assert len(own.wave_vectors) > 0
    for q, one in zip(own.wave_vectors, own.energies_mev, strict=True):
        if np.abs(q).max() > 0:
            np.testing.assert_allclose(np.sort(one), expected[tuple(np.round(q, 8))], rtol=0, atol=TOLERANCE_MEV)


@pytest.mark.parametrize(("folder", "names"), PHONOPY)
def test_phonopy_files_give_the_energies_of_euphonic(of_euphonic: Path, folder: str, names: tuple[str, ...]) -> None:
    place = present(of_euphonic / "phonopy_files" / folder)
    reading = read(place, names)
    constants = {"fc_name": names[1]} if len(names) > 1 else {}
    peer = ForceConstants.from_phonopy(path=place, summary_name=names[0], **constants)
    np.testing.assert_allclose(energies(reading, Q), np.sort(energies_at(peer, Q), axis=1), rtol=0, atol=TOLERANCE_MEV)


@pytest.mark.parametrize("name", VASPOUT)
def test_vaspout_gives_the_energies_of_euphonic(of_euphonic: Path, name: str) -> None:
    path = present(of_euphonic / "vasp_files" / name)
    peer, reading = ForceConstants.from_vasp(path), read(path.parent, [path.name])
    assert reading.crystal is not None
    expected = np.sort(energies_at(peer, Q), axis=1)
    # Euphonic takes the cell of the file, whose wave vector is several ones of the primitive cell
    of_peer = peer.crystal.cell_vectors.to("angstrom").magnitude
    repeats = np.rint(of_peer @ np.linalg.inv(reading.crystal.cell)).astype(int)
    folded = get_commensurate_points(repeats)
    # Where there are several, the force constants of the file are averaged over its equivalent cells
    tolerance = TOLERANCE_MEV if len(folded) == 1 else 5 * TOLERANCE_MEV
    for q, one in zip(Q, expected, strict=True):
        in_primitive = folded + np.linalg.solve(repeats.astype(float), q)
        np.testing.assert_allclose(np.sort(energies(reading, in_primitive).ravel()), one, rtol=0, atol=tolerance)


def outcomes(folder: Path) -> Iterator[str]:
    """What becomes of each file alone: the kind that is read, or the code of the refusal."""
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        try:
            answer = recognise([UploadedFile(path.name, path)], None).read({})
            yield "trajectory" if isinstance(answer, TrajectoryReading) else "phonons"
        except NeedsFields:
            yield "needs_field"
        except Unreadable as refusal:
            yield refusal.notice.code


@pytest.mark.parametrize(("name", "n_files"), [("phonopy", 400), ("MDAnalysisTests", 500)])
def test_every_file_is_read_or_refused_in_words(pytestconfig: pytest.Config, name: str, n_files: int) -> None:
    """No reader raises anything else."""
    with warnings.catch_warnings():
        # Libraries warn of the oddities for which these files were made
        warnings.simplefilter("ignore")
        counts = Counter(outcomes(found(name, pytestconfig)))
    assert counts.total() > n_files
    assert set(counts) <= CODES


def test_files_of_euphonic_are_mostly_phonons(of_euphonic: Path) -> None:
    assert Counter(outcomes(of_euphonic))["phonons"] > 30
