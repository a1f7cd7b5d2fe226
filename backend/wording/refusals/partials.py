"""Sentences about files of partials that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backend.wording import Words

WORDS: Final[Mapping[str, Words]] = {
    "array_without_names": "“{array}” must contain names, at most {maximum}.",
    "array_without_numbers": "“{array}” does not contain plain numbers.",
    "invalid_partials": "{file}: {error}",
    "not_expected_partials": "{file} is not a {format} file of version {version}.",
    "partials_too_large": "The arrays are larger than {maximum_mib:.0f} MiB together, the maximum that this server "
    "accepts.",
    "partials_without_temperature": "The temperature is not finite.",
}
