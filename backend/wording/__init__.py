"""Sentences of notices, for pages, reports and the API alike. No other room of the backend makes sentences.

Each module has the words of one subject: a mapping `WORDS` of codes to a format string over the notice's parameters, or
to a function that takes the parameters by keyword and returns the sentence.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from string import Formatter
from typing import Any, Final

from backend.wording.formatting import number
from scattering.core.notices import Notice

Words = str | Callable[..., str]

TEXT: Final = "text"
"""Code of a sentence that was stored before notices had codes; its one parameter is `text`."""


@cache
def all_words() -> Mapping[str, Words]:
    """Return the words of every code, from all modules of this folder.

    Raises
    ------
    ValueError
        Two modules have words of the same code.
    """
    words: dict[str, Words] = {TEXT: "{text}"}
    for module in walk_packages(__path__, f"{__name__}."):
        for code, made_of in getattr(import_module(module.name), "WORDS", {}).items():
            if code in words:
                raise ValueError(f"the code {code} has words in two modules, one of them {module.name}")
            words[code] = made_of
    return words


class _Plain(Formatter):
    """Writes `{value:.3g}` as `number` does: 1600, where Python's own has 1.6e+03."""

    def format_field(self, value: Any, format_spec: str) -> str:
        digits = re.fullmatch(r"\.(\d)g", format_spec)
        return number(value, int(digits[1])) if digits else str(super().format_field(value, format_spec))


def message(notice: Notice) -> str:
    """Return the sentence of a notice.

    If this version does not know the code or its parameters (a row of another version, an archive made by hand),
    return the code with its parameters.
    """
    words = all_words().get(notice.code)
    try:
        if words is not None:
            return _Plain().vformat(words, (), notice.params) if isinstance(words, str) else words(**notice.params)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        warnings.warn(f"the words of {notice.code} do not suit {dict(notice.params)}", RuntimeWarning, stacklevel=2)
    stated = ", ".join(f"{name} = {value}" for name, value in notice.params.items())
    return f"{notice.code} ({stated})" if stated else notice.code


def message_or_none(notice: Notice | None) -> str | None:
    """Return the sentence of a notice, or None for None."""
    return None if notice is None else message(notice)


def messages(notices: Sequence[Notice]) -> list[str]:
    """Return the sentence of each notice."""
    return [message(notice) for notice in notices]
