"""Types of option fields, and the errors of invalid values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeGuard, get_args

from pydantic import BeforeValidator, Field, Strict, ValidationError, ValidationInfo
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from scattering.core.errors import FieldError, InvalidFields, ScatteringError, field_error
from scattering.core.notices import Notice

if TYPE_CHECKING:
    from scattering.options.case import Case

MAX_ATOMS: Final = 200_000
MAX_REPEATS: Final = 200
MAX_ZONES: Final = 1000
MAX_MILLER_INDEX: Final = 1000
"""Largest h, k or l of a Brillouin zone."""


BOUND_ERRORS: Final = frozenset({"greater_than_equal", "less_than_equal", "multiple_of"})
"""Error types of Pydantic for numbers outside the bounds of an option."""


def case_of(info: ValidationInfo) -> Case | None:
    """Return the case for which a value is checked, or None if a stored value is read."""
    case: Case | None = info.context
    return case


def _whole(value: Any) -> Any:
    """Return a whole number as int: 3.0 is accepted, true and "3" are not."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ScatteringError(Notice("not_a_number"))
    if value != int(value):
        raise ScatteringError(Notice("not_a_whole_number"))
    return int(value)


def _repeats(value: Any, info: ValidationInfo) -> Any:
    if not _are_whole(value, length=3) or not all(1 <= repeat <= MAX_REPEATS for repeat in value):
        raise ScatteringError(Notice("unreadable_repeats", {"maximum": MAX_REPEATS}))
    case = case_of(info)
    if case is not None and (total := math.prod(value) * case.n_atoms) > MAX_ATOMS:
        raise ScatteringError(Notice("large_supercell", {"n_atoms": total, "maximum": MAX_ATOMS}))
    return value


def _are_whole(value: Any, *, length: int) -> TypeGuard[Sequence[int]]:
    return (
        isinstance(value, list | tuple)
        and len(value) == length
        and all(isinstance(number, int) and not isinstance(number, bool) for number in value)
    )


def _zones(value: Any) -> Any:
    zones = value if isinstance(value, list | tuple) and value else [None]
    if not all(_are_whole(zone, length=3) and max(map(abs, zone)) <= MAX_MILLER_INDEX for zone in zones):
        raise ScatteringError(Notice("unreadable_zones"))
    if len(zones) > MAX_ZONES:
        raise ScatteringError(Notice("too_many_zones", {"maximum": MAX_ZONES}))
    return value


def _path(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip():
        raise ScatteringError(Notice("unreadable_path"))
    return value


def _engine(value: Any, info: ValidationInfo) -> Any:
    case = case_of(info)
    if case is not None and value not in case.engines:
        raise ScatteringError(Notice("unknown_choice", {"choices": list(case.engines)}))
    return value


Number = Annotated[float, Strict()]
Whole = Annotated[int, BeforeValidator(_whole)]
Flag = Annotated[bool, Strict()]
Engine = Annotated[str, BeforeValidator(_engine)]
_Repeat = Annotated[int, Field(ge=1, le=MAX_REPEATS)]
Repeats = Annotated[tuple[_Repeat, _Repeat, _Repeat], BeforeValidator(_repeats)]
Path = Annotated[str, BeforeValidator(_path)]
Zones = Annotated[tuple[tuple[int, int, int], ...], BeforeValidator(_zones)]


def schema_extra(unit: str = "", choices: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the extra keywords of the JSON Schema of a field.

    Parameters
    ----------
    unit
        Unit of a number.
    choices
        Value → its title.
    """
    return {**({"unit": unit} if unit else {}), **({"choice_titles": dict(choices)} if choices else {})}


def field_errors(error: ValidationError, fields: Mapping[str, FieldInfo]) -> list[FieldError]:
    """Convert an error of Pydantic to the errors of each field, except missing fields.

    Parameters
    ----------
    error
        Error of a class of options.
    fields
        Fields of this class.
    """
    found: list[FieldError] = []
    for detail in error.errors(include_url=False):
        raised = detail.get("ctx", {}).get("error")
        if detail["type"] == "missing":
            continue
        if isinstance(raised, InvalidFields):
            found += raised.errors
        else:
            name = str(detail["loc"][0])
            found.append(field_error(f"options.{name}", _problem(detail, fields[name])))
    return found


def _problem(detail: ErrorDetails, field: FieldInfo) -> Notice:
    raised = detail.get("ctx", {}).get("error")
    if isinstance(raised, ScatteringError):
        return raised.notice
    match detail["type"]:
        case "greater_than_equal" | "less_than_equal":
            return _out_of_range(field, detail["input"])
        case "multiple_of":
            stated = {"factor": detail["ctx"]["multiple_of"], "value": detail["input"], "unit": _unit(field)}
            return Notice("not_a_multiple", stated)
        case "bool_type":
            return Notice("not_true_or_false")
        case "literal_error":
            return Notice("unknown_choice", {"choices": _choices(field)})
        case _:
            return Notice("not_a_number")


def _out_of_range(field: FieldInfo, value: float) -> Notice:
    lowest = next(bound.ge for bound in field.metadata if hasattr(bound, "ge"))
    highest = next(bound.le for bound in field.metadata if hasattr(bound, "le"))
    return Notice("out_of_range", {"minimum": lowest, "maximum": highest, "value": value, "unit": _unit(field)})


def _unit(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def _choices(field: FieldInfo) -> list[str]:
    """Return the choices of a literal, or of a literal or None."""
    parts = [choice for part in get_args(field.annotation) for choice in (get_args(part) or (part,))]
    return [choice for choice in parts if isinstance(choice, str)]
