"""Make `scattering/trust/data/reference_phonons.toml` of published phonons from density-functional theory.

`python -m benchmarks.reference_phonons FOLDER`, in the root of the repository; some minutes. The folder has a clone of
each repository of `SOURCES`, named as there. Energies are taken at Γ, without a macroscopic field, and at the special
points of the zone boundary that fit the published supercell, where the published forces give them exactly.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import phonopy
from ase.data import atomic_numbers
from phonopy import Phonopy
from phonopy.interface.vasp import read_vasp

from scattering.core.constants import PLANCK_MEV_FS
from scattering.crystal.path import brillouin_zone

TABLE: Final = Path("scattering/trust/data/reference_phonons.toml")
THZ_MEV: Final = PLANCK_MEV_FS * 1e-3
MAX_POINTS: Final = 4
MAX_ATOMS: Final = 16
"""Of a primitive cell."""
FIT: Final = 1e-6
MIN_ENERGY_MEV: Final = 0.5
"""Below, a mode is acoustic, at Γ, or imaginary in the reference: nothing is compared with it."""


@dataclass(frozen=True)
class Source:
    """A repository of published phonons."""

    repository: str
    commit: str
    functional: str
    licence: str
    paths: str
    crystals: tuple[tuple[str, str], ...]
    held_out: frozenset[str] = frozenset()


PHONONDB: Final = Source(
    "WMD-group/phononDB",
    "b5fa78d25c2d983d8fdfaf4ce063d713a529bfc2",
    "PBEsol",
    "CC-BY-4.0",
    "phonon_db_tarred/materials-id-{}.tar.lzma",
    (
        ("LiF", "1138-lif-fm-3m-225"),
        ("NaCl", "22862-nacl-fm-3m-225"),
        ("KCl", "23193-kcl-fm-3m-225"),
        ("KBr", "23251-kbr-fm-3m-225"),
        ("RbI", "22903-rbi-fm-3m-225"),
        ("CsCl", "22865-cscl-pm-3m-221"),
        ("MgO", "1265-mgo-fm-3m-225"),
        ("BaO", "1342-bao-fm-3m-225"),
        ("CaF2", "2741-caf2-fm-3m-225"),
        ("SrF2", "981-srf2-fm-3m-225"),
        ("BaF2", "1029-baf2-fm-3m-225"),
        ("Li2O", "1960-li2o-fm-3m-225"),
        ("Na2O", "2352-na2o-fm-3m-225"),
        ("MgF2", "1249-mgf2-p4-2-mnm-136"),
        ("Al2O3", "1143-al2o3-r-3c-167"),
        ("CeO2", "20194-ceo2-fm-3m-225"),
        ("KMgF3", "3448-kmgf3-pm-3m-221"),
        ("BaLiF3", "10250-balif3-pm-3m-221"),
        ("CaS", "1672-cas-fm-3m-225"),
        ("Li3N", "2251-li3n-p6-mmm-191"),
        ("TiO2 rutile", "2657-tio2-p4-2-mnm-136"),
        ("ZnO", "2133-zno-p6-3mc-186"),
        ("La2O3", "1968-la2o3-p-3m1-164"),
        ("Si", "149-si-fd-3m-227"),
        ("SiC 2H", "11714-sic-p6-3mc-186"),
        ("AlN", "661-aln-p6-3mc-186"),
        ("GaN", "804-gan-p6-3mc-186"),
        ("BP", "1479-bp-f-43m-216"),
        ("AlP", "1550-alp-f-43m-216"),
        ("AlAs", "2172-alas-f-43m-216"),
        ("InP", "20351-inp-f-43m-216"),
        ("ZnS", "10695-zns-f-43m-216"),
        ("ZnSe", "1190-znse-f-43m-216"),
        ("ZnTe", "2176-znte-f-43m-216"),
        ("PbS", "21276-pbs-fm-3m-225"),
        ("PbSe", "2201-pbse-fm-3m-225"),
        ("CuCl", "22914-cucl-f-43m-216"),
        ("CuBr", "22913-cubr-f-43m-216"),
        ("AgCl", "22922-agcl-fm-3m-225"),
        ("AgBr", "23231-agbr-fm-3m-225"),
        ("SiO2 β-quartz", "10851-sio2-p6-422-181"),
        ("MoS2", "1434-mos2-r3m-160"),
        ("MoSe2", "7581-mose2-r3m-160"),
        ("WS2", "224-ws2-p6-3-mmc-194"),
        ("WSe2", "1821-wse2-p6-3-mmc-194"),
        ("ZrS2", "1186-zrs2-p-3m1-164"),
        ("HfS2", "985829-hfs2-p-3m1-164"),
        ("PbI2", "22893-pbi2-p-3m1-164"),
        ("GaS", "2507-gas-p6-3-mmc-194"),
        ("GaSe", "1943-gase-p6-3-mmc-194"),
        ("MgCl2", "23210-mgcl2-r-3m-166"),
        ("CdCl2", "22881-cdcl2-r-3m-166"),
        ("BiOCl", "22939-biclo-p4-nmm-129"),
        ("BN", "984-bn-p6-3-mmc-194"),
        ("SnO", "2097-sno-p4-nmm-129"),
        ("N2", "154-n2-p2-13-198"),
        ("CO2", "20066-co2-pa-3-205"),
        ("XeF2", "22885-xef2-i4-mmm-139"),
        ("Ar", "23155-ar-fm-3m-225"),
        ("SiF4", "1818-sif4-i-43m-217"),
        ("SF6", "8560-sf6-im-3m-229"),
        ("Br2", "23154-br-cmce-64"),
        ("NH3", "29145-h3n-p2-13-198"),
        ("HBr", "632229-hbr-cmc2-1-36"),
        ("LiH", "23703-lih-fm-3m-225"),
        ("NaH", "23870-nah-fm-3m-225"),
        ("KH", "24084-kh-fm-3m-225"),
        ("RbH", "24721-rbh-fm-3m-225"),
        ("MgH2", "23710-mgh2-p4-2-mnm-136"),
        ("AlH3", "23933-alh3-r-3c-167"),
        ("KMgH3", "23737-kmgh3-pm-3m-221"),
        ("NaBH4", "38725-nabh4-p4-2-nmc-137"),
        ("KBH4", "37722-kbh4-p4-2-nmc-137"),
        ("CaH2", "23713-cah2-pnma-62"),
        ("NaAlH4", "23704-naalh4-i4-1-a-88"),
        ("Mg(AlH4)2", "23709-mg-alh4-2-p-3m1-164"),
        ("LiOH", "23856-liho-p4-nmm-129"),
        ("NaOH", "23891-naho-cmcm-63"),
        ("Mg(OH)2", "30247-mg-ho-2-p-3m1-164"),
        ("Ca(OH)2", "23879-ca-ho-2-p-3m1-164"),
        ("CaHCl", "23859-cahcl-p4-nmm-129"),
        ("KHF2", "23846-khf2-i4-mcm-140"),
        ("LiNH2", "23702-lih2n-i-4-82"),
        ("Y(OH)3", "24076-y-ho-3-p6-3-m-176"),
        ("FeS2 pyrite", "226-fes2-pa-3-205"),
        ("FeS2 marcasite", "1522-fes2-pnnm-58"),
        ("FeP2", "20027-fep2-pnnm-58"),
        ("CoP2", "14285-cop2-p2-1-c-14"),
        ("urea", "23778-h4cn2o-p-42-1m-113"),
        ("polyethylene", "985782-h2c-pnma-62"),
        ("KrF2", "30009-krf2-i4-mmm-139"),
        ("GeF4", "9816-gef4-i-43m-217"),
        ("PF5", "8511-pf5-p6-3-mmc-194"),
        ("F2", "561203-f2-c2-c-15"),
        ("ClF", "29504-clf-p2-1-c-14"),
        ("CF4", "1167-cf4-c2-c-15"),
        ("B5H9", "696597-b5h9-i4mm-107"),
        ("N2O5", "504769-n2o5-p6-3-mmc-194"),
        ("NH4Cl", "34337-h4ncl-p-43m-215"),
        ("NH4F", "23794-h4nf-p6-3mc-186"),
        ("PH4I", "24409-ph4i-p4-nmm-129"),
        ("VCu3S4", "3762-vcu3s4-p-43m-215"),
        ("NbFeSb", "9437-nbfesb-f-43m-216"),
        ("CoAsS", "16363-coass-p2-13-198"),
        ("FeAsS", "561511-feass-p2-1-c-14"),
        ("FeSbS", "27904-fesbs-p2-1-c-14"),
        ("Tl3VS4", "5513-tl3vs4-i-43m-217"),
        ("SnS", "2231-sns-pnma-62"),
        ("HfSe2", "985831-hfse2-p-3m1-164"),
        ("InSe", "20485-inse-p6-3-mmc-194"),
        ("Mg2FeH6", "23804-mg2feh6-fm-3m-225"),
    ),
    frozenset(
        (
            *(
                "BaLiF3",
                "Na2O",
                "GaN",
                "CuBr",
                "WS2",
                "CdCl2",
                "CO2",
                "Br2",
                "MgH2",
                "NaAlH4",
                "Ca(OH)2",
                "KHF2",
                "FeP2",
            ),
            # Of the crystals from urea on every fourth
            *("GeF4", "CF4", "NH4F", "CoAsS", "SnS"),
        )
    ),
)
MACE_BENCHMARK: Final = Source(
    "JaGeo/mace-mp-03b-phonon-benchmark",
    "883f7236c80d552b6583f701af209d484a6c5c54",
    "PBE",
    "none stated; facts only",
    "dft_pbe_phonons/{}/phonopy.yaml",
    (
        ("GaAs", "mp-2534"),
        ("CaTe", "mp-1519"),
        ("PbTe", "mp-19717"),
        ("Mg3Sb2", "mp-2646"),
        ("CaZn2Sb2", "mp-7429"),
        ("CaZn2As2", "mp-9571"),
        ("Bi2Te3", "mp-34202"),
        ("Bi2Se3", "mp-541837"),
        ("Sb2Te3", "mp-1201"),
        ("SnSe", "mp-691"),
    ),
    frozenset(("Bi2Se3", "CaZn2As2")),
)
SOURCES: Final = (PHONONDB, MACE_BENCHMARK)


def read_file(folder: Path, source: Source, path: str) -> bytes:
    """Return a file of the repository at the commit."""
    clone = folder / source.repository
    return subprocess.run(
        ["git", "-C", str(clone), "show", f"{source.commit}:{path}"], check=True, capture_output=True
    ).stdout


def load(content: bytes, path: str) -> Phonopy:
    """Load force constants: a YAML file with forces, or an archive of POSCAR, FORCE_SETS and settings."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        if path.endswith(".yaml"):
            (place / "phonopy.yaml").write_bytes(content)
            return phonopy.load(str(place / "phonopy.yaml"), is_nac=False, log_level=0)
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:xz") as archive:
            for member in archive.getmembers():
                base = Path(member.name).name
                if base in ("POSCAR-unitcell", "FORCE_SETS", "phonopy.conf"):
                    taken = archive.extractfile(member)
                    assert taken is not None
                    (place / base).write_bytes(taken.read())
        settings = dict(
            tuple(part.strip() for part in line.split("=", 1))
            for line in (place / "phonopy.conf").read_text().splitlines()
            if "=" in line
        )
        matrix = np.array(settings["DIM"].split(), dtype=int)
        return phonopy.load(
            supercell_matrix=np.diag(matrix) if len(matrix) == 3 else matrix.reshape(3, 3),
            primitive_matrix="auto",
            unitcell=read_vasp(str(place / "POSCAR-unitcell")),
            force_sets_filename=str(place / "FORCE_SETS"),
            is_nac=False,
            log_level=0,
        )


def special_energies(loaded: Phonopy) -> dict[str, list[float]]:
    """Return special point → energies in meV, ascending, where waves fit the supercell; imaginary ones are negative."""
    loaded.nac_params = None
    primitive = loaded.primitive
    numbers = np.array([atomic_numbers[symbol] for symbol in primitive.symbols])
    zone = brillouin_zone(cell=primitive.cell, positions=primitive.positions, numbers=numbers)
    repeats = np.rint(loaded.supercell.cell @ np.linalg.inv(primitive.cell))
    energies: dict[str, list[float]] = {}
    for label, point in zone.points.items():
        wave = zone.repeats @ point
        fits = np.abs(repeats @ wave - np.rint(repeats @ wave)).max() < FIT
        if fits and len(energies) < MAX_POINTS:
            loaded.run_qpoints([wave])
            energies[label] = np.sort(loaded.get_qpoints_dict()["frequencies"][0] * THZ_MEV).round(2).tolist()
    return energies


def entries(folder: Path) -> Iterator[str]:
    """Yield the entries of the table."""
    for source in SOURCES:
        for name, identifier in source.crystals:
            path = source.paths.format(identifier)
            try:
                loaded = load(read_file(folder, source, path), path)
            except (subprocess.CalledProcessError, RuntimeError, OSError) as error:
                print(f"{name}: {error}", file=sys.stderr)
                continue
            if len(loaded.primitive) > MAX_ATOMS:
                print(f"{name}: {len(loaded.primitive)} atoms", file=sys.stderr)
                continue
            yield entry(source, name, path, loaded)


def entry(source: Source, name: str, path: str, loaded: Phonopy) -> str:
    """Return the entry of one crystal, as TOML."""
    primitive = loaded.primitive
    points = special_energies(loaded)
    stable = min(min(values) for values in points.values()) > -MIN_ENERGY_MEV
    print(f"{name}: {len(primitive)} atoms, {','.join(points)}{'' if stable else ', imaginary'}", file=sys.stderr)
    modes = ", ".join(f'"{label}" = {values}' for label, values in points.items())
    return "\n".join(
        (
            "[[crystal]]",
            f'name = "{name}"',
            f'repository = "{source.repository}"',
            f'path = "{path}"',
            f'commit = "{source.commit}"',
            f'functional = "{source.functional}"',
            f'licence = "{source.licence}"',
            f"held_out = {str(name in source.held_out).lower()}",
            f"cell_angstrom = {primitive.cell.round(5).tolist()}",
            f"symbols = {list(primitive.symbols)}".replace("'", '"'),
            f"fractional = {primitive.scaled_positions.round(6).tolist()}",
            f"energies_mev = {{ {modes} }}",
            "",
        )
    )


def main() -> None:
    """Write the table."""
    head = [line for line in TABLE.read_text().splitlines(keepends=True) if line.startswith("#")]
    made = ["".join(head)]
    for one in entries(Path(sys.argv[1])):
        made.append(one)
        TABLE.write_text("\n".join(made))


if __name__ == "__main__":
    main()
