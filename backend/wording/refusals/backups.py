"""Refusals of backups and of their restoration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backend import wording

WORDS: Final[Mapping[str, wording.Words]] = {
    "backup_damaged": "The backup is damaged: {file} is missing, has changed, or is not in its manifest.",
    "backup_exists": "{folder} exists already: name a folder that does not exist.",
    "backup_in_data_folder": "The backup would be in the data folder {folder}: name a folder elsewhere.",
    "backup_of_newer_version": "The backup is of version {version} of Beamcast: restore it with that version or later.",
    "backup_without_manifest": "{folder} is no backup of Beamcast: it has no manifest.json.",
    "data_folder_in_use": "A server runs on {folder}: stop it first.",
    "database_of_other_version": "The tables are of another version, or there are none: run python -m backend migrate, "
    "or make the backup with the version that serves them.",
    "database_written_without_pause": "Transactions held the tables for {seconds:.0f} s without a pause: try again.",
    "installation_not_empty": "{folder} or the database has contents: restore into an empty data folder and an empty "
    "database.",
}
