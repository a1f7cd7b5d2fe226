"""Values that suit a JSON schema of the OpenAPI document, and values that do not, from a seeded generator."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

MAX_DEPTH: Final = 7
RAW: Final = re.compile(r'"@raw(\d+)@"')
SMALL: Final = 6
"""Largest number of items in a generated list or object, unless the schema asks for more."""


class Raw(str):
    """Text that stands in JSON as it is, although `json` would not write it."""

    __slots__ = ()


ODD_TEXTS: Final = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "\udfff\ud800",
    "\ufeff",
    "\u202eevil\u202c",
    "é" * 500,
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢🏳️‍🌈",
    "a" * 20_000,
    "\n\r\t\v\f\x1b[31m",
    "../../../../etc/passwd",
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x")',
    "'; DROP TABLE prediction; --",
    "%s%n%x{0}{{}}${7*7}",
    "NaN",
    "1e400",
    "-0",
    "٣٤",
    "null",
)
ODD_NUMBERS: Final = (
    *(0, -1, 1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**30, 10**300, -(10**300), 0.1, -0.0, 1e-320, 1e-5),
    *(1e15, 1e308, -1e308, 1.7976931348623157e308, 5e-324),
    *map(Raw, ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 4000, "9" * 5000, "0." + "0" * 4000 + "1")),
)


class Values:
    """A generator of values.

    Parameters
    ----------
    rng
        Its only source of chance.
    schemas
        `components.schemas` of the document.
    known
        Name of a field or parameter → values that exist on the server, such as ids.
    """

    def __init__(self, rng: random.Random, schemas: Mapping[str, Any], known: Mapping[str, list[Any]]) -> None:
        self._rng = rng
        self._schemas = schemas
        self._known = known

    def valid(self, schema: Mapping[str, Any], name: str = "", depth: int = 0) -> Any:
        """Return a value that suits a schema; `name` is that of its field."""
        schema = self._resolved(schema)
        if (choices := self._choices(name)) and self._rng.random() < 0.95:
            return self._rng.choice(choices)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._rng.choice(schema["enum"])
        if schema.get("examples") and self._rng.random() < 0.5:
            return copy.deepcopy(self._rng.choice(schema["examples"]))
        for kind in ("anyOf", "oneOf"):
            if kind in schema:
                options = schema[kind]
                if depth >= MAX_DEPTH:
                    options = [one for one in options if one.get("type") == "null"] or options[:1]
                return self.valid(self._rng.choice(options), name, depth)
        if "allOf" in schema:
            return self.valid(schema["allOf"][0], name, depth)
        make: dict[str, Callable[[Mapping[str, Any], str, int], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": self._text,
            "integer": self._integer,
            "number": self._number,
            "boolean": lambda *_: self._rng.random() < 0.5,
            "null": lambda *_: None,
        }
        return make.get(schema.get("type", ""), lambda *_: self.odd())(schema, name, depth)

    def odd(self, depth: int = 0) -> Any:
        """Return a value that hardly any field expects."""
        kind = self._rng.randrange(8 if depth < 2 else 5)
        if kind == 0:
            return self._rng.choice(ODD_TEXTS)
        if kind in (1, 2):
            return self._rng.choice(ODD_NUMBERS)
        if kind == 3:
            return self._rng.choice((None, True, False, [], {}))
        if kind == 4:
            depth = self._rng.choice((5, 50, 500, 900))
            return Raw(self._rng.choice(('{"a":' * depth + "1" + "}" * depth, "[" * depth + "]" * depth)))
        if kind == 5:
            return [self.odd(depth + 1)] * self._rng.choice((1, 2, 3, 1000) if depth == 0 else (1, 2, 3))
        return {self._rng.choice((*ODD_TEXTS, "name", "id", "__class__")): self.odd(depth + 1)}

    def spoilt(self, value: Any) -> Any:
        """Return a JSON value with one or two places changed."""
        value = copy.deepcopy(value)
        for _ in range(self._rng.choice((1, 1, 1, 2))):
            value = self._spoil(value)
        return value

    def _spoil(self, value: Any) -> Any:
        if isinstance(value, dict) and value and self._rng.random() < 0.9:
            key = self._rng.choice(list(value))
            action = self._rng.random()
            if action < 0.1:
                del value[key]
            elif action < 0.2:
                value[self._rng.choice((*ODD_TEXTS, key.upper(), key + " "))] = self.odd()
            else:
                value[key] = self._spoil(value[key])
            return value
        if isinstance(value, list) and value and self._rng.random() < 0.8:
            place = self._rng.randrange(len(value))
            action = self._rng.random()
            if action < 0.1:
                return value * self._rng.choice((2, 100, 3000))
            if action < 0.2:
                del value[place]
            else:
                value[place] = self._spoil(value[place])
            return value
        if isinstance(value, str) and not isinstance(value, Raw) and value and self._rng.random() < 0.3:
            place = self._rng.randrange(len(value))
            return value[:place] + self._rng.choice(ODD_TEXTS) + value[place + 1 :]
        if isinstance(value, int | float) and not isinstance(value, bool) and self._rng.random() < 0.6:
            return self._rng.choice(ODD_NUMBERS)
        return self.odd()

    def text_of(self, value: Any) -> str:
        """Return JSON, with `Raw` values as they are."""
        raws: list[str] = []

        def marked(part: Any) -> Any:
            if isinstance(part, Raw):
                raws.append(part)
                return f"@raw{len(raws) - 1}@"
            if isinstance(part, dict):
                return {key: marked(one) for key, one in part.items()}
            return [marked(one) for one in part] if isinstance(part, list) else part

        return RAW.sub(lambda mark: raws[int(mark[1])], json.dumps(marked(value)))

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rpartition("/")[2]]
        return schema

    def _choices(self, name: str) -> list[Any]:
        return self._known.get(name) or []

    def _object(self, schema: Mapping[str, Any], _: str, depth: int) -> dict[str, Any]:
        required = schema.get("required", ())
        share = self._rng.choice((0.0, 0.2, 0.6)) if depth < MAX_DEPTH else 0.0
        made = {
            name: self.valid(one, name, depth + 1)
            for name, one in schema.get("properties", {}).items()
            if name in required or self._rng.random() < share
        }
        further = schema.get("additionalProperties")
        if isinstance(further, dict) and depth < MAX_DEPTH:
            keys = schema.get("propertyNames", {"type": "string"})
            for _number in range(self._rng.randrange(3)):
                made[str(self.valid(keys, "", depth + 1))] = self.valid(further, "", depth + 1)
        return made

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        if "prefixItems" in schema:
            return [self.valid(one, "", depth + 1) for one in schema["prefixItems"]]
        least = schema.get("minItems", 0)
        most = min(schema.get("maxItems", SMALL), max(least, SMALL))
        count = self._rng.randint(least, most) if depth < MAX_DEPTH else least
        return [self.valid(schema.get("items", {}), name.removesuffix("s"), depth + 1) for _ in range(count)]

    def _text(self, schema: Mapping[str, Any], _: str, __: int) -> str:
        if schema.get("format") == "uuid":
            return f"0f0e0d0c-0b0a-4908-8706-{self._rng.randrange(2**48):012x}"
        if schema.get("format") == "date-time":
            return "2026-11-30T12:00:00Z"
        words = ("Si", "silicon", "a run", "meV", "TOSCA", "Größe", "x", "60", "1.5")
        text = self._rng.choice(words)
        return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength", 1000)]

    def _integer(self, schema: Mapping[str, Any], _: str, __: int) -> int:
        low, high = self._range(schema)
        return self._rng.randint(int(low), max(int(low), int(high)))

    def _number(self, schema: Mapping[str, Any], _: str, __: int) -> float:
        low, high = self._range(schema)
        return self._rng.choice((low, high, self._rng.uniform(low, high), self._rng.uniform(low, min(high, low + 100))))

    def _range(self, schema: Mapping[str, Any]) -> tuple[float, float]:
        low = schema.get("minimum", schema.get("exclusiveMinimum", -10.0) + 1e-3)
        high = schema.get("maximum", schema.get("exclusiveMaximum", max(low, 0.0) + 1000.0) - 1e-3)
        return low, max(low, high)
