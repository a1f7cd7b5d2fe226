"""Types of options, and what is said of a value that cannot be one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeGuard, get_args

from pydantic import BeforeValidator, Field, Strict, ValidationError, ValidationInfo
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from scattering.core.errors import FieldError, InvalidFields

if TYPE_CHECKING:
    from scattering.options.case import Case

MAX_ATOMS: Final = 200_000
MAX_REPEATS: Final = 200
MAX_ZONES: Final = 1000
LARGEST_INDEX: Final = 1000
"""Of a Brillouin zone, h, k or l."""


def case_of(info: ValidationInfo) -> Case | None:
    """What a value is checked for; None where a stored one is read."""
    case: Case | None = info.context
    return case


def _whole(value: Any) -> Any:
    """Take 3.0 for 3, and neither true nor "3"."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("Give a number.")
    if value != int(value):
        raise ValueError("Give a whole number.")
    return int(value)


def _repeats(value: Any, info: ValidationInfo) -> Any:
    if not _are_whole(value, length=3) or not all(1 <= repeat <= MAX_REPEATS for repeat in value):
        raise ValueError(f"Give three whole numbers from 1 to {MAX_REPEATS}, the repeats along each cell vector.")
    case = case_of(info)
    if case is not None and (total := math.prod(value) * case.n_atoms) > MAX_ATOMS:
        raise ValueError(f"{total} atoms are more than the {MAX_ATOMS} that are allowed; choose fewer repeats.")
    return value


def _are_whole(value: Any, *, length: int) -> TypeGuard[Sequence[int]]:
    return (
        isinstance(value, list | tuple)
        and len(value) == length
        and all(isinstance(number, int) and not isinstance(number, bool) for number in value)
    )


def _zones(value: Any) -> Any:
    zones = value if isinstance(value, list | tuple) and value else [None]
    if not all(_are_whole(zone, length=3) and max(map(abs, zone)) <= LARGEST_INDEX for zone in zones):
        raise ValueError(
            'Choose "first" or "random", or give a list of reciprocal lattice vectors, such as [[0, 0, 4]].'
        )
    if len(zones) > MAX_ZONES:
        raise ValueError(f"Give at most {MAX_ZONES} zones.")
    return value


def _path(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("Write the path as text, such as Γ-X-U|K-Γ-L.")
    return value


def _engine(value: Any, info: ValidationInfo) -> Any:
    case = case_of(info)
    if case is not None and value not in case.engines:
        raise ValueError(_choose_among(case.engines))
    return value


Number = Annotated[float, Strict()]
Whole = Annotated[int, BeforeValidator(_whole)]
Flag = Annotated[bool, Strict()]
Engine = Annotated[str, BeforeValidator(_engine)]
_Repeat = Annotated[int, Field(ge=1, le=MAX_REPEATS)]
Repeats = Annotated[tuple[_Repeat, _Repeat, _Repeat], BeforeValidator(_repeats)]
Path = Annotated[str, BeforeValidator(_path)]
Zones = Annotated[tuple[tuple[int, int, int], ...], BeforeValidator(_zones)]


def about(unit: str = "", choices: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What a field's JSON Schema says beside pydantic's own keywords.

    Parameters
    ----------
    unit
        Of a number.
    choices
        Value → its title.
    """
    return {**({"unit": unit} if unit else {}), **({"choice_titles": dict(choices)} if choices else {})}


def problems(error: ValidationError, fields: Mapping[str, FieldInfo]) -> list[FieldError]:
    """Return what is wrong, in words that say what to do. Missing fields are left out.

    Parameters
    ----------
    error
        Of a class of options.
    fields
        Of that class.
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
            found.append({"loc": f"options.{name}", "msg": _problem(detail, fields[name])})
    return found


def _problem(detail: ErrorDetails, field: FieldInfo) -> str:
    match detail["type"]:
        case "value_error":
            return str(detail["ctx"]["error"])
        case "greater_than_equal" | "less_than_equal":
            return _choose_between(field, detail["input"])
        case "multiple_of":
            return "Choose an even number."
        case "bool_type":
            return "Choose true or false."
        case "literal_error":
            return _choose_among(_choices(field))
        case _:
            return "Give a number."


def _choose_between(field: FieldInfo, value: float) -> str:
    lowest = next(bound.ge for bound in field.metadata if hasattr(bound, "ge"))
    highest = next(bound.le for bound in field.metadata if hasattr(bound, "le"))
    extra = field.json_schema_extra
    unit = extra.get("unit", "") if isinstance(extra, dict) else ""
    return f"Choose between {lowest:g} and {highest:g} {unit}".rstrip() + f"; it is {value:g}."


def _choices(field: FieldInfo) -> list[str]:
    """Of a literal, or of a literal or None."""
    parts = [choice for part in get_args(field.annotation) for choice in (get_args(part) or (part,))]
    return [choice for choice in parts if isinstance(choice, str)]


def _choose_among(choices: Sequence[str]) -> str:
    return f"{'Choose one of' if len(choices) > 1 else 'Choose'} {', '.join(choices)}."
