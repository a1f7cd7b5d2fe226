"""Fields that a schema refuses are explained in Beamcast's own sentences."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, ValidationError

from backend.kit.http.errors import FieldProblem
from backend.wording.fields import SENTENCES, field_message


class _Request(BaseModel):
    kelvin: Annotated[float, Field(ge=1, le=3000)] = 300
    beads: Annotated[int, Field(gt=0, lt=1e4)] = 1
    name: Annotated[str, Field(min_length=1, max_length=5)] = "a"
    key: UUID | None = None


@pytest.mark.parametrize(
    ("field", "value", "code", "stated"),
    [
        ("kelvin", 9000, "less_than_equal", "3000"),
        ("kelvin", 0, "greater_than_equal", "1"),
        ("kelvin", "1e", "float_parsing", ""),
        ("beads", 0, "greater_than", "0"),
        ("beads", 1e5, "less_than", "10000"),
        ("beads", 1.5, "int_from_float", ""),
        ("name", "", "string_too_short", "1"),
        ("name", "abcdef", "string_too_long", "5"),
        ("key", "abc", "uuid_parsing", ""),
    ],
)
def test_the_sentence_states_the_limit_and_is_ours(field: str, value: object, code: str, stated: str) -> None:
    with pytest.raises(ValidationError) as refused:
        _Request.model_validate({field: value})
    detail = refused.value.errors()[0]
    problem = FieldProblem.of_pydantic(detail, field)
    assert problem.code == code
    assert code in SENTENCES
    assert problem.msg != detail["msg"]
    assert stated in problem.msg


@pytest.mark.parametrize(
    ("code", "params"), [("of_another_library", {}), ("less_than_equal", {}), ("less_than", {"lt": "x"})]
)
def test_what_has_no_sentence_keeps_the_one_that_was_given(code: str, params: dict[str, object]) -> None:
    assert field_message(code, params, "given") == "given"
