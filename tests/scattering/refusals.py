"""What errors of the physics state, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from scattering.core.errors import InvalidFields, notice_of


@contextmanager
def refused(error: type[InvalidFields], loc: str, code: str, **params: Any) -> Iterator[None]:
    """Expect an error of one field with a code, and these parameters among those of the code."""
    with pytest.raises(error) as refusal:
        yield
    (wrong,) = refusal.value.errors
    notice = notice_of(wrong)
    assert (wrong["loc"], notice.code) == (loc, code)
    assert {name: notice.params.get(name) for name in params} == params
