"""Route for operators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from backend.kit.db.owners import OperatorDep
from backend.kit.db.sessions import SettingsDep
from backend.kit.http.errors import Forbidden, Unavailable, responses
from backend.operations import service
from backend.operations.disk import FolderSize
from backend.operations.schemas import OperationsOut

router = APIRouter(tags=["operations"])


def _predictions_size(request: Request) -> FolderSize:
    size: FolderSize = request.app.state.predictions_size
    return size


@router.get(
    "/operations", summary="Get the state of queues, workers and disk", responses=responses(Forbidden, Unavailable)
)
def get_operations(
    settings: SettingsDep, operator: OperatorDep, size: Annotated[FolderSize, Depends(_predictions_size)]
) -> OperationsOut:
    """Return queues, workers with their jobs, engines, recent failures and free space on the disk, of all owners."""
    return service.operations(settings, operator, size)
