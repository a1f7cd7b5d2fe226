"""Texts of users in CSV. A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@` or a tab as a formula.

Comment lines are split into cells too, at commas, semicolons or tabs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""Characters that begin a formula."""
_TEXT: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_IN_TEXT: Final = re.compile(r"(\A\"|[,;]|\\t)(\s*)([=+\-@])")
_IN_LINE: Final = re.compile(r"([,;\t])([=+\-@])")


def json_comment(about: Mapping[str, Any]) -> str:
    """Return a description as one line of JSON, no cell of which is a formula; JSON reads it back unchanged."""
    return _TEXT.sub(_escape, json.dumps(about, ensure_ascii=False))


def _escape(text: re.Match[str]) -> str:
    return _IN_TEXT.sub(lambda found: f"{found[1]}{found[2]}\\u{ord(found[3]):04x}", text[0])


def comment(text: str) -> str:
    """Return a text as one line, no cell of which is a formula: such a cell begins with an apostrophe."""
    return _IN_LINE.sub(r"\1'\2", " ".join(text.split()))


def cell(text: str) -> str:
    """Return the text of a cell that is no formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
