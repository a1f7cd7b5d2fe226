"""Refusals of resumable uploads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend import wording

QUOTAS: Final = {"owner": "Your resumable uploads", "all": "The resumable uploads of all users"}


def _quota(*, whose: str, used_mib: float, maximum_mib: float) -> str:
    return (
        f"{QUOTAS[whose]} have {used_mib:.0f} MiB already; at most {maximum_mib:.0f} MiB are kept together. Use or "
        "delete one of them, or wait until it expires."
    )


def _checksum(*, algorithms: Sequence[str]) -> str:
    return f"Upload-Checksum is an algorithm ({', '.join(algorithms)}), a space, and the checksum in base64."


WORDS: Final[Mapping[str, wording.Words]] = {
    "unknown_checksum": _checksum,
    "checksum_mismatch": "The part that has arrived does not have its checksum, and was not kept: send it again.",
    "wrong_offset": "The upload has {offset} bytes, so that no part can begin at byte {stated}: continue at {offset}.",
    "upload_locked": "Another request is sending a part of this upload: wait until it ends.",
    "more_than_length": "The part goes beyond the {n_bytes} bytes of the file, and was not kept.",
    "upload_quota": _quota,
    "no_space_for_upload": "The disk of the server has no space for {mib:.0f} MiB.",
    "upload_incomplete": "{name} is not complete: {n_found} of {n_expected} bytes have arrived.",
    "not_offset_stream": "Parts of an upload are sent as {media_type}.",
    "unknown_tus_version": "Tus-Resumable has to be {version}.",
    "unreadable_metadata": "Upload-Metadata are pairs, separated by commas, of a name, a space, and a text in base64.",
}
