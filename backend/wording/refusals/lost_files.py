"""Sentences about files that are lost on the server: what is lost, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backend.wording import Words

WORDS: Final[Mapping[str, Words]] = {
    "dataset_file_lost": "A file of these measured data is missing or damaged on the server. Upload the data again, or "
    "restore the folder datasets/{id} from a backup.",
    "file_of_archive_lost": "The file {file!r} cannot be exported, because it is missing on the server. Remove its "
    "item, or restore the file from a backup.",
    "partials_lost": "The result of this forecast is missing or damaged on the server. Start the forecast again, or "
    "restore the folder predictions/{id} from a backup.",
    "report_file_lost": "The file of the report “{title}” is missing on the server. Make the report again, or restore "
    "the folder proposals from a backup.",
    "source_file_lost": "A file of these phonons is missing or damaged on the server. Upload them again, or restore "
    "the folder sources/{id} from a backup.",
    "structure_file_lost": "A file of this structure is missing or damaged on the server. Upload the structure again, "
    "or restore the folder structures/{id} from a backup.",
}
