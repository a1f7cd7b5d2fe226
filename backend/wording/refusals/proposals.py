"""Sentences about refused proposals, reports and archives of proposals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from backend.wording import Words, message
from backend.wording.formatting import counted, listed
from scattering.core.notices import Notice


def _wrong_file_in_archive(file: str, wrong: Mapping[str, Any]) -> str:
    return f"{file}: {message(Notice.from_json(wrong))}"


def _unreadable_partials(wrong: Mapping[str, Any]) -> str:
    return f"The partials cannot be read: {message(Notice.from_json(wrong))}"


def _used_by_proposals(kind: str, proposals: Sequence[Mapping[str, str]]) -> str:
    named = [f"“{one['name']}”" for one in proposals[:MAX_NAMED]]
    others = len(proposals) - len(named)
    if others:
        named.append(counted(others, "other proposal"))
    noun = KINDS.get(kind, kind)
    return (
        f"This {noun} is used in {listed(named)}. Choose whether the {noun} stays there (in_proposals=keep) or is "
        "removed from there too (in_proposals=remove)."
    )


def _expired_link(expired_at: str) -> str:
    at = datetime.fromisoformat(expired_at)
    return f"This link expired on {at.day} {at:%B %Y} at {at:%H:%M} UTC: ask its sender for a new one."


KINDS: Final[Mapping[str, str]] = {"prediction": "forecast"}
MAX_NAMED: Final = 5
"""Largest number of proposals that a sentence names."""

WORDS: Final[Mapping[str, Words]] = {
    "damaged_file_in_archive": "{file!r} in the archive is damaged: {reason}",
    "encrypted_archive": "The archive is encrypted: make it without encryption.",
    "file_not_in_archive": "The archive lacks the file {file!r}.",
    "invalid_manifest": "{file} in the archive cannot be used: {reason}",
    "file_named_twice_in_archive": "Two items of the archive name the same file, {file!r}.",
    "large_archive": "The files of the archive are larger than {maximum_mib:.0f} MiB together, the maximum that this "
    "server accepts.",
    "large_file_in_archive": "{file!r} is larger than {maximum_mib:.0f} MiB, the maximum that this server accepts.",
    "many_files_in_archive": "The archive lists more than {maximum} files, or the list is too large.",
    "not_a_zip_archive": "The file is not a zip archive, or it is damaged: export the proposal again.",
    "partials_of_other_elements": "The partials and the structure have different elements.",
    "partials_of_other_isotopes": "The partials and the prediction have different isotopes.",
    "partials_of_other_temperature": "The partials and the prediction have different temperatures.",
    "incomplete_plan": "The archive lacks a prediction or a dataset that its plan needs.",
    "potential_not_in_archive": "The potential {name} is neither in the archive nor on this server; upload it first.",
    "incomplete_prediction": "The archive lacks the structure or the potential of {file}.",
    "repeated_ids_in_archive": "Two entries of the archive have the same id.",
    "repeated_names_in_archive": "The archive has two files of the same name.",
    "unknown_compression_of_archive": "The archive is compressed with an unknown method: use deflate.",
    "unreadable_partials": _unreadable_partials,
    "wrong_file_in_archive": _wrong_file_in_archive,
    "wrong_potential_in_archive": "The potential file in the archive is not the one that the archive names: its "
    "checksum differs.",
    "changed_during_export": "Something in this proposal was changed or deleted during the export; export it again.",
    "disk_full": "The disk has no space for a bundle of {needed_mib:.0f} MiB: free some space and try again.",
    "export_failed": "Something in this proposal cannot be exported: {field}.",
    "full_proposal": "This proposal has {maximum} {kind}, the maximum: remove some of them.",
    "not_in_proposal": "There is no {kind} {id} in this proposal.",
    "nothing_to_report": "A report needs a forecast: add a succeeded prediction for a powder to the proposal.",
    "other_sampling": "Powders and single crystals cannot be in the same report: leave this prediction out.",
    "prediction_not_reportable": "The proposal has no succeeded prediction {id} for a powder.",
    "structure_has_predictions": "Predictions were made for “{name}”: delete them first, or with it "
    "(with_predictions).",
    "used_by_proposals": _used_by_proposals,
    "expired_link": _expired_link,
    "expiry_out_of_range": "Choose an end of the link between now and {max_days} days from now.",
    "two_expiries": "State either the end of the link (expires_at) or the number of days, not both.",
    "unknown_link": "There is nothing at this link: it is mistyped, or no longer shared.",
}
