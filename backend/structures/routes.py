"""Structures over HTTP."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, UploadFile
from fastapi.responses import Response

from backend.kit.db.idempotency import OnceDep, fingerprint
from backend.kit.db.keeping import InProposalsQuery
from backend.kit.db.owners import ScopeDep
from backend.kit.db.search import SearchParam
from backend.kit.db.sessions import SettingsDep
from backend.kit.files.storage import as_attachment, read_upload
from backend.kit.http.errors import Conflict, NotFound, TooLarge, responses
from backend.kit.http.pagination import Page, PagingDep
from backend.structures import examples, ordered_cells, service
from backend.structures.condition import state_of
from backend.structures.formats import FORMATS
from backend.structures.ordering.candidates import MAX_CANDIDATES, MAX_CELLS
from backend.structures.schemas import ExampleOut, FormatOut, OrderedCellsOut, StructureOut, SuggestionOut
from backend.structures.suggestion import suggest_start
from scattering.core.constants import MAX_TEMPERATURE_K, MIN_TEMPERATURE_K

router = APIRouter(tags=["structures"])

FileFormat = Literal["cif", "poscar", "extxyz", "original", "disordered"]
FormatForm = Annotated[str | None, Form(max_length=40, description="by default from the name of the file")]
CellsForm = Annotated[
    int | None,
    Form(
        ge=1,
        le=MAX_CELLS,
        description="primitive cells in an ordered cell; by default the fewest that have the occupancies",
    ),
]


@router.post("/structures", status_code=201, summary="Upload a structure", responses=responses(TooLarge))
def create_structure(
    file: UploadFile,
    scope: ScopeDep,
    settings: SettingsDep,
    once: OnceDep,
    name: Annotated[str | None, Form(max_length=200, description="by default the title in the file")] = None,
    format: FormatForm = None,
    ordered_cell: Annotated[
        int | None,
        Form(ge=1, le=MAX_CANDIDATES, description="rank of an ordered cell of `POST /structures/ordered-cells`"),
    ] = None,
    n_cells: CellsForm = None,
) -> StructureOut:
    """Upload one cell of an ordered crystal: CIF, POSCAR, extended XYZ, FHI-aims, CASTEP, XSF or GEN.

    Files with partly occupied sites are refused, unless `ordered_cell` chooses one of their ordered cells.
    """
    content = read_upload(file, settings.max_upload_bytes)
    file_name = file.filename or ""
    fmt = service.choose_format(file_name, format)
    choice = () if ordered_cell is None else (str(ordered_cell), str(n_cells))
    request = fingerprint(content, name, fmt.name, *choice)
    disordered = None
    if ordered_cell is None:
        contents = service.read(settings, content, fmt)
    else:
        disordered = service.DisorderedFile(content, file_name)
        content, contents = ordered_cells.take_cell(settings, content, fmt, n_cells, ordered_cell)
        name = name or ordered_cells.name_structure(contents["title"], file_name, ordered_cell)
        file_name = ordered_cells.name_file(file_name, ordered_cell)
    row = once(
        request,
        lambda: service.add(
            scope, contents, content=content, fmt=fmt.name, file_name=file_name, name=name, disordered=disordered
        ),
        lambda structure_id: service.get(scope, structure_id),
    )
    return StructureOut.of(row)


@router.post(
    "/structures/ordered-cells", summary="List the ordered cells of a disordered crystal", responses=responses(TooLarge)
)
def list_ordered_cells(
    file: UploadFile, settings: SettingsDep, format: FormatForm = None, n_cells: CellsForm = None
) -> OrderedCellsOut:
    """Return cells without partly occupied sites of a CIF that has such sites, the best first. Nothing is stored.

    The smallest supercells that have the occupancies are searched; symmetry leaves one of equivalent arrangements.
    They are ranked by the electrostatic energy of formal charges, or by short contacts where charges are not known. To
    store one, upload the file again with its rank as `ordered_cell`.
    """
    content = read_upload(file, settings.max_upload_bytes)
    fmt = service.choose_format(file.filename or "", format)
    return OrderedCellsOut.model_validate(ordered_cells.list_cells(settings, content, fmt, n_cells))


@router.get("/structure-formats", summary="List the formats of files that can be uploaded", responses=responses())
def list_formats() -> list[FormatOut]:
    """Return the formats of crystal structures; the field `format` of an upload takes their names."""
    return [FormatOut(name=one.name, title=one.title) for one in FORMATS.values()]


@router.get("/structures", summary="List structures, newest first", responses=responses())
def list_structures(scope: ScopeDep, paging: PagingDep, search: SearchParam = "") -> Page[StructureOut]:
    """Return one page of the structures, of all or of those whose name, formula or space group matches a search.

    Formulas match in any order of the elements, as a molecule or reduced: H6C6, OMg.
    """
    rows, total = service.page(scope, paging, search)
    return Page(items=[StructureOut.of(row) for row in rows], total=total)


@router.get("/structures/{structure_id}", summary="Get a structure", responses=responses(NotFound))
def get_structure(structure_id: uuid.UUID, scope: ScopeDep) -> StructureOut:
    """Return the cell, the symmetry, the density and the warnings of a structure."""
    return StructureOut.of(service.get(scope, structure_id))


@router.get(
    "/structures/{structure_id}/suggestion",
    summary="Suggest the temperature and the methods of a forecast",
    responses=responses(NotFound),
)
def suggest_forecast(
    structure_id: uuid.UUID,
    scope: ScopeDep,
    instruments: Annotated[
        str,
        Query(max_length=1000, description="names, with commas between them; empty: no instrument"),
    ] = "",
    temperature_k: Annotated[
        float | None,
        Query(
            ge=MIN_TEMPERATURE_K, le=MAX_TEMPERATURE_K, description="chosen temperature; by default one is suggested"
        ),
    ] = None,
) -> SuggestionOut:
    """Return the temperature and the methods that suit the instruments and the structure, with reasons.

    Warnings state whether known compounds of this formula are not solid at the temperature.
    """
    row = service.get(scope, structure_id)
    names = [name.strip() for name in instruments.split(",") if name.strip()]
    return SuggestionOut.of(suggest_start(row, names, temperature_k), row.formula, state_of(row.warnings))


@router.get(
    "/structures/{structure_id}/file",
    summary="Download a structure",
    response_class=Response,
    responses={**responses(NotFound), 200: {"description": "the file", "content": {"text/plain": {}}}},
)
def download_structure(
    structure_id: uuid.UUID,
    scope: ScopeDep,
    settings: SettingsDep,
    format: Annotated[
        FileFormat,
        Query(description="`original`: the file that was read; `disordered`: the uploaded file of an ordered cell"),
    ] = "cif",
) -> Response:
    """Return the structure as it is simulated, with all atoms of the cell, or a file that is kept of it."""
    file_name, content = service.as_file(settings, service.get(scope, structure_id), format)
    return Response(content, media_type="text/plain; charset=utf-8", headers=as_attachment(file_name))


@router.delete(
    "/structures/{structure_id}", status_code=204, summary="Delete a structure", responses=responses(NotFound, Conflict)
)
def delete_structure(
    structure_id: uuid.UUID,
    scope: ScopeDep,
    with_predictions: Annotated[bool, Query(description="delete its predictions too")] = False,
    in_proposals: InProposalsQuery = None,
) -> None:
    """Delete a structure without predictions, or a structure with all its predictions in one transaction.

    If proposals use it or a prediction of it, the request says what becomes of it there (`in_proposals`).
    """
    service.delete(scope, structure_id, with_predictions=with_predictions, in_proposals=in_proposals)


@router.get("/examples", summary="List the built-in structures")
def list_examples() -> list[ExampleOut]:
    """Return the built-in structures with their descriptions and sources."""
    return [ExampleOut.model_validate(example) for example in examples.catalogue().values()]


@router.post("/examples/{name}", status_code=201, summary="Add a built-in structure", responses=responses(NotFound))
def create_from_example(name: str, scope: ScopeDep, settings: SettingsDep, once: OnceDep) -> StructureOut:
    """Copy a built-in structure to the structures of the user."""
    example, contents = service.read_example(settings, name)
    row = once(
        fingerprint(name),
        lambda: service.add_example(scope, example, contents),
        lambda structure_id: service.get(scope, structure_id),
    )
    return StructureOut.of(row)
