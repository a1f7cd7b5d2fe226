"""Bodies of requests and responses about sources."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from fastapi import UploadFile
from pydantic import AfterValidator, BeforeValidator, Field, FiniteFloat, Json, StringConstraints, TypeAdapter

from backend import wording
from backend.kit.files import parsed_notices
from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import RequestBody, ResponseBody, one_line
from backend.sources.formats import MAX_FILES, Kind
from backend.sources.formats.reading import Statements
from backend.sources.tables import Source, SourceReading
from backend.structures.schemas import Cell
from scattering.core.errors import ScatteringError
from scattering.core.notices import Notice

SourceStatus = Literal["ready", "queued", "running", "failed", "cancelled"]
MAX_REPEATS: Final = 10_000
MAX_CELL_ANGSTROM: Final = 10_000


def _as_matrix(value: Any) -> Any:
    """Return 3 numbers as a diagonal matrix."""
    if isinstance(value, list) and len(value) == 3 and not any(isinstance(one, list) for one in value):
        return [[value[row] if row == column else 0 for column in range(3)] for row in range(3)]
    return value


def _as_tensor(value: Any) -> Any:
    """Return a number as an isotropic tensor, and 3 numbers as a diagonal one."""
    return _as_matrix([value] * 3 if isinstance(value, int | float) and not isinstance(value, bool) else value)


def _has_volume(matrix: list[list[Any]]) -> list[list[Any]]:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    if a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) == 0:
        raise ValueError("its vectors span no volume")
    return matrix


Name = Annotated[str, StringConstraints(max_length=200), AfterValidator(one_line)]
Repeat = Annotated[int, Field(ge=-MAX_REPEATS, le=MAX_REPEATS)]
Component = Annotated[FiniteFloat, Field(ge=-100, le=100)]
Three = Field(min_length=3, max_length=3)
WholeMatrix = Annotated[
    list[Annotated[list[Repeat], Three]], Three, BeforeValidator(_as_matrix), AfterValidator(_has_volume)
]
Matrix = Annotated[list[Annotated[list[Component], Three]], Three, AfterValidator(_has_volume)]
Length = Annotated[FiniteFloat, Field(ge=-MAX_CELL_ANGSTROM, le=MAX_CELL_ANGSTROM)]
CellMatrix = Annotated[
    list[Annotated[list[Length], Three]], Three, BeforeValidator(_as_matrix), AfterValidator(_has_volume)
]
Tensor = Annotated[list[Annotated[list[Component], Three]], Three, BeforeValidator(_as_tensor)]
Element = Annotated[str, StringConstraints(pattern=r"^[A-Z][a-z]?$")]
_DIELECTRIC: Final = TypeAdapter(Tensor)
_CELL: Final = TypeAdapter(CellMatrix)
_SUPERCELL: Final = TypeAdapter(WholeMatrix)
_PRIMITIVE: Final = TypeAdapter(Literal["auto", "none"] | Matrix)


def _dielectric(text: str) -> list[list[float]]:
    try:
        return _DIELECTRIC.validate_json(text)
    except ValueError:
        raise ScatteringError(Notice("unreadable_dielectric")) from None


def _supercell(text: str) -> list[list[int]]:
    try:
        return _SUPERCELL.validate_json(text)
    except ValueError:
        raise ScatteringError(Notice("unreadable_supercell", {"maximum": MAX_REPEATS})) from None


def _primitive(text: str) -> str | list[list[float]]:
    try:
        return _PRIMITIVE.validate_python(text) if text in ("auto", "none") else _PRIMITIVE.validate_json(text)
    except ValueError:
        raise ScatteringError(Notice("unreadable_primitive_cell")) from None


def _cell(text: str) -> list[list[float]]:
    try:
        return _CELL.validate_json(text)
    except ValueError:
        raise ScatteringError(Notice("unreadable_trajectory_cell", {"maximum_angstrom": MAX_CELL_ANGSTROM})) from None


def _checked(read: Callable[[str], object]) -> AfterValidator:
    """Check a text by a function that reads it. A form would take a field of a list as one that is repeated."""

    def check(text: str) -> str:
        read(text)
        return text

    return AfterValidator(check)


MatrixText = Annotated[str, StringConstraints(max_length=1000)]
Nuclei = Literal["classical", "ring_polymer"]
Species = Annotated[
    dict[
        Annotated[str, StringConstraints(max_length=40)],
        Annotated[str, StringConstraints(pattern=r"^[0-9]{0,3}[A-Z][a-z]?$")],
    ],
    Field(max_length=118),
]


class SourceForm(RequestBody):
    """Files of phonons with statements of the user about them. Missing statements are taken from the files."""

    files: list[UploadFile] = Field(
        [],
        max_length=MAX_FILES,
        description=f"files that belong together, in any order, at most {MAX_FILES} with uploads",
    )
    uploads: list[uuid.UUID] = Field(
        [], max_length=MAX_FILES, description="ids of finished resumable uploads (`POST /uploads`), in place of files"
    )
    name: Name | None = Field(None, description="by default the name of the first file, or the formula")
    format: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        None, description="by default recognised from contents and names of the files"
    )
    supercell: Annotated[MatrixText, _checked(_supercell)] | None = Field(
        None, description="as JSON: supercell in units of the cell, 3 numbers or 3 × 3 (rows); needed with a POSCAR"
    )
    primitive: Annotated[MatrixText, _checked(_primitive)] | None = Field(
        None, description="`auto`: found by symmetry (default); `none`: the cell itself; or 3 × 3 (rows), as JSON"
    )
    species: Json[Species] | None = Field(
        None,
        description="as JSON: label or number of a type in the file → element or isotope, where it has no name; X of a "
        "trajectory: a site that is no atom",
    )
    born_charges: Json[Annotated[dict[Element, Tensor], Field(max_length=118)]] | None = Field(
        None,
        description="as JSON: element → Born charge in e, as a number or 3 × 3 (rows: displacement); with "
        "`dielectric`, where no file has them",
    )
    dielectric: Annotated[MatrixText, _checked(_dielectric)] | None = Field(
        None, description="as JSON: dielectric tensor of clamped nuclei, a number, 3 numbers or 3 × 3"
    )
    time_step_fs: Annotated[FiniteFloat, Field(gt=0, le=1000)] | None = Field(
        None, description="time step of the simulation, where a trajectory numbers its frames by steps (LAMMPS)"
    )
    frame_interval_fs: Annotated[FiniteFloat, Field(gt=0, le=1e6)] | None = Field(
        None, description="time between the frames of the file; overrules the times in it"
    )
    cell_angstrom: Annotated[MatrixText, _checked(_cell)] | None = Field(
        None, description="as JSON: cell of a trajectory, 3 lengths or 3 × 3 (vectors as rows)"
    )
    first_frame: Annotated[int, Field(ge=1)] | None = Field(None, description="first frame to use, counted from 1")
    last_frame: Annotated[int, Field(ge=1)] | None = Field(None, description="last frame to use, counted from 1")
    every: Annotated[int, Field(ge=1)] | None = Field(None, description="use every so many frames")
    nuclei: Nuclei | None = Field(
        None,
        description="whether the nuclei of a trajectory were classical or ring polymers (path integrals). Several "
        "files of ring polymers are the beads, a single one has the centroids. Default: as the files say, or classical",
    )

    @property
    def statements(self) -> Statements:
        """The statements of the user about the files."""
        stated = Statements()
        if self.supercell is not None:
            stated["supercell"] = _supercell(self.supercell)
        if self.primitive is not None:
            stated["primitive"] = _primitive(self.primitive)
        if self.species is not None:
            stated["species"] = self.species
        if self.born_charges is not None:
            stated["born_charges"] = self.born_charges
        if self.dielectric is not None:
            stated["dielectric"] = _dielectric(self.dielectric)
        if self.time_step_fs is not None:
            stated["time_step_fs"] = self.time_step_fs
        if self.frame_interval_fs is not None:
            stated["frame_interval_fs"] = self.frame_interval_fs
        if self.cell_angstrom is not None:
            stated["cell_angstrom"] = _cell(self.cell_angstrom)
        for name in ("first_frame", "last_frame", "every", "nuclei"):
            if getattr(self, name) is not None:
                stated[name] = getattr(self, name)
        return stated


class RoleOut(ResponseBody):
    """A file of an upload."""

    file: str = Field(examples=["phonopy.yaml"])
    role: str = Field(examples=["phonopy_yaml"])


class SourceFormatOut(ResponseBody):
    """A format of phonons or trajectories that is read."""

    name: str = Field(examples=["phonopy-yaml"])
    title: str = Field(examples=["phonopy.yaml with force constants or forces"])
    kind: Kind
    file_names: list[str] = Field(
        description="regular expressions of the lower-case names of its files, without those that structures have too",
        examples=[[".*phonopy.*\\.ya?ml"]],
    )


class NeedOut(ResponseBody):
    """A field of the form that the user must fill in."""

    field: str = Field(examples=["supercell"])
    why: str = Field(examples=["POSCAR does not state the supercell of the forces."])
    choices: dict[str, Any] = Field(description="types in the file → facts about them", examples=[{}])


class SourcePhononsOut(ResponseBody):
    """Facts about phonons. Energies at special points are without a macroscopic field: LO and TO are the same at Γ."""

    n_atoms_primitive: int = Field(examples=[2])
    supercell: list[list[int]] | None = Field(
        description="supercell of the force constants in units of the primitive cell (rows); null: modes only",
        examples=[[[-2, 2, 2], [2, -2, 2], [2, 2, -2]]],
    )
    has_force_constants: bool
    has_eigenvectors: bool = Field(description="whether the modes have displacements")
    n_q_points: int | None = Field(description="number of wave vectors of modes; null: force constants")
    has_nac: bool = Field(description="whether Born charges and a dielectric tensor split LO and TO modes")
    special_phonons_mev: dict[str, list[float]] = Field(
        description="special point → energies of all modes, ascending; negative: imaginary; empty for large cells"
    )
    gamma_lo_mev: dict[str, float] = Field(
        description="direction → highest energy of a mode at Γ that is split by its macroscopic field",
        examples=[{"[1,0,0]": 32.4}],
    )
    highest_energy_mev: float = Field(examples=[32.37])
    imaginary_fraction: float = Field(description="fraction of imaginary modes in the Brillouin zone", examples=[0.0])


class SourceTrajectoryOut(ResponseBody):
    """Facts about the frames of a trajectory that are used."""

    n_frames: int = Field(examples=[800])
    is_estimated: bool = Field(False, description="whether number and length are estimated from the head of the file")
    frame_interval_fs: float = Field(examples=[20.0])
    length_ps: float = Field(examples=[15.98])
    species: dict[str, int] = Field(description="element or isotope → number of atoms", examples=[{"Na": 32}])
    has_velocities: bool
    cell_varies_percent: float = Field(description="largest change of a cell vector from its mean", examples=[0.0])
    resolves_up_to_mev: float = Field(description="Nyquist energy of the frames", examples=[103.4])
    energy_resolution_mev: float = Field(
        description="FWHM of the narrowest line, with half of the length as correlation time", examples=[0.52]
    )
    mean_temperature_k: float | None = Field(
        description="of the velocities, or of those of the centroids; null without them", examples=[300.0]
    )
    q_step_inv_angstrom: float | None = Field(
        None, description="smallest |q| of the wave vectors that fit the box; null: read by an older version"
    )
    unit_cells: tuple[int, int, int] | None = Field(
        None,
        description="unit cells along the vectors of the box, found from mean positions: wave vectors along a path are "
        "at multiples of their inverses; null: read by an older version",
        examples=[[3, 3, 3]],
    )
    analysis_s: float | None = Field(
        None,
        description="estimated duration of the analysis of a powder; null: too short, or read by an older version",
    )
    nuclei: Nuclei = Field("classical", description="classical nuclei or ring polymers; forecasts of the latter: trpmd")
    n_beads: int = Field(1, description="beads of each ring polymer in the files; 1 of their centroids", examples=[1])


class ProgramOut(ResponseBody):
    """The program that made the files, as far as they say."""

    name: str = Field("", examples=["phonopy"])
    version: str = Field("", examples=["2.19.1"])
    functional: str = Field("", description="exchange–correlation functional", examples=["PBE"])
    calculator: str = Field("", description="program that calculated forces for another one", examples=["castep"])


class SourcePreviewOut(ResponseBody):
    """Contents of an upload."""

    format: str = Field(examples=["phonopy-yaml"])
    kind: Kind
    formula: str | None = Field(description="null: not known before the needed fields are filled in", examples=["NaCl"])
    n_atoms: int | None = Field(description="number of atoms of the cell", examples=[8])
    cell: Cell | None
    elements: list[str] | None = Field(examples=[["Na", "Cl"]])
    recognised: list[RoleOut]
    needs: list[NeedOut] = Field(description="fields that `POST /sources` requires for these files")
    findings: list[NoticeOut] = Field(description="doubts about the phonons; none of them is a refusal")
    program: ProgramOut
    phonons: SourcePhononsOut | None
    trajectory: SourceTrajectoryOut | None = None

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return the response for the answer of the confined reader."""
        structure = answer["structure"]
        needs = [
            NeedOut(field=one["field"], why=wording.message(Notice.from_json(one["why"])), choices=one["choices"])
            for one in answer["needs"]
        ]
        return cls(
            format=answer["format"],
            kind=answer["kind"],
            formula=structure and structure["description"]["formula"],
            n_atoms=structure and len(structure["structure"]["numbers"]),
            cell=structure and Cell.model_validate(structure["cell"]),
            elements=structure and structure["elements"],
            recognised=[RoleOut.model_validate(one) for one in answer["recognised"]],
            needs=needs,
            findings=NoticeOut.of_all(parsed_notices.from_json(answer["notices"])),
            program=ProgramOut.model_validate(answer["program"]),
            phonons=answer["facts"] and SourcePhononsOut.model_validate(answer["facts"]),
            trajectory=answer["trajectory"] and SourceTrajectoryOut.model_validate(answer["trajectory"]),
        )


class SourceOut(SourcePreviewOut):
    """Phonons that a user has uploaded."""

    id: uuid.UUID
    created_at: datetime
    name: str = Field(examples=["NaCl"])
    structure_id: uuid.UUID | None = Field(
        description="structure that was made of the files; null before they are read"
    )
    sha256: dict[str, str | None] = Field(description="file name → checksum; null before the file is read")
    status: SourceStatus = Field("ready", description="other than `ready`: a job reads the files")
    progress: float = Field(1.0, description="fraction of the reading that is done", examples=[0.42])
    stage: str | None = Field(None, description="stage of the reading, or the reason to wait")
    eta_s: float | None = Field(None, description="estimated time left of the reading", examples=[20.0])
    error: NoticeOut | None = Field(None, description="why the files could not be read")

    @classmethod
    def of_any(cls, row: Source | SourceReading) -> Self:
        """Return the response for a source, or for one that a job is reading."""
        return cls.of_row(row) if isinstance(row, Source) else cls.of_reading(row)

    @classmethod
    def of_reading(cls, row: SourceReading) -> Self:
        """Return the response for a source that a job is reading, or could not read."""
        preview = SourcePreviewOut.of(row.preview).model_dump()
        waiting = row.stage or row.waiting_for
        return cls(
            **preview,
            id=row.id,
            created_at=row.created_at,
            name=row.name or row.files[0]["name"],
            structure_id=None,
            sha256=_sums(row.files),
            # Its source appears in the transaction that ends the job
            status="running" if row.status == "succeeded" else row.status,
            progress=row.progress,
            stage=None if waiting is None or row.error is not None else wording.message(waiting),
            eta_s=row.eta_s,
            error=NoticeOut.of_optional(row.error),
        )

    @classmethod
    def of_row(cls, row: Source) -> Self:
        """Return the response for a row."""
        return cls.model_validate(
            {
                **row.model_dump(exclude={"findings", "files"}),
                "recognised": [{"file": one["name"], "role": one["role"]} for one in row.files],
                "needs": [],
                "findings": NoticeOut.of_all(row.findings),
                "sha256": _sums(row.files),
            }
        )


def _sums(files: Sequence[Mapping[str, Any]]) -> dict[str, str | None]:
    return {one["name"]: one["sha256"] for one in files}
