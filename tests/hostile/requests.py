"""Requests to every operation of the OpenAPI document: valid ones, and ones that are wrong in every way we know."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from tests.hostile.values import ODD_NUMBERS, ODD_TEXTS, Raw, Values

JSON: Final = "application/json"
FORM: Final = "multipart/form-data"
SLOW: Final = ("report", "bundle", "plans", "export", "ranking", "refinement", "duplicate")
"""Words in paths whose valid requests take up to a second of the processor."""
RARE: Final = 0.05
"""Share of requests to slow operations that is kept, and share of deletions that mean something that exists."""
KEPT: Final = ("prediction_id", "token")
"""What is never deleted, because most other requests need it."""
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "PROPFIND")
MEDIA_TYPES: Final = (
    *("", "text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonp", "*/*", "é"),
    *("application/json; charset=utf-16", "multipart/form-data", "multipart/form-data; boundary=", "image/png"),
)
ODD_HEADERS: Final = (
    ("Accept", "image/png"),
    ("Accept", "text/csv;q=nan, application/json;q=99"),
    ("Accept", "*/*;" * 500),
    ("Accept-Language", "x" * 5000),
    ("Accept-Encoding", "gzip;q=-1, br;q=1e999"),
    ("Content-Encoding", "gzip"),
    ("Cookie", "a=" + "b" * 3000),
    ("If-None-Match", '"' * 1000),
    ("If-Modified-Since", "yesterday"),
    ("Range", "bytes=9999999999999999999-0,-1"),
    ("Origin", "null"),
    ("Origin", "http://["),
    ("Origin", "http://elsewhere.example"),
    ("Host", "elsewhere.example"),
    ("Host", "[::"),
    ("Expect", "what"),
    ("X-Request-ID", "!" * 100),
    ("X-Forwarded-For", "999.999.999.999, ::::"),
    ("Forwarded", "for=;;;"),
    ("Idempotency-Key", ""),
    ("Idempotency-Key", "k" * 4000),
    ("Idempotency-Key", "é\xff"),
)
CLOSES: Final = "/events"
"""End of the path whose answer does not end by itself."""


@dataclass(frozen=True)
class Request:
    """A request as it goes over the wire; `path` is percent-encoded."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None


@dataclass(frozen=True)
class Operation:
    """A method at a path of the document."""

    method: str
    path: str
    parameters: Sequence[Mapping[str, Any]]
    bodies: Mapping[str, Any]

    @property
    def is_slow(self) -> bool:
        """Whether an answer may take long."""
        return any(word in self.path for word in SLOW)


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """Return the operations of the document, in a fixed order."""
    return [
        Operation(
            method.upper(),
            path,
            one.get("parameters", ()),
            {media: content["schema"] for media, content in one.get("requestBody", {}).get("content", {}).items()},
        )
        for path, methods in sorted(document["paths"].items())
        for method, one in sorted(methods.items())
    ]


class Requests:
    """A generator of requests.

    Parameters
    ----------
    document
        The OpenAPI document.
    known
        Name of a field or parameter → values that exist on the server. A name may begin with its path's first word,
        as in `instruments/name`.
    seed
        Of all chance.
    """

    def __init__(self, document: Mapping[str, Any], known: Mapping[str, list[Any]], seed: int) -> None:
        self._rng = random.Random(seed)
        self._operations = operations(document)
        self._known = known
        self._values = Values(self._rng, document["components"]["schemas"], known)

    def take(self, count: int) -> list[Request]:
        """Return so many requests, as many of each operation; fewer of slow ones."""
        return [request for request, _ in zip(self._all(), range(count), strict=False)]

    def _all(self) -> Iterator[Request]:
        while True:
            for operation in self._rng.sample(self._operations, len(self._operations)):
                if not operation.is_slow or self._rng.random() < RARE:
                    yield self._request(operation)

    def _request(self, operation: Operation) -> Request:
        wrong = self._rng.choice(("", "", "path", "query", "body", "body", "body", "media", "raw", "method", "header"))
        if wrong in ("body", "media", "raw") and not operation.bodies:
            wrong = self._rng.choice(("path", "query", "header"))
        path = self._path(operation, spoilt=wrong == "path") + self._query(operation, spoilt=wrong == "query")
        headers, body = self._body(operation, wrong)
        method = operation.method
        if wrong == "method":
            method = self._rng.choice(METHODS)
        if wrong == "header":
            headers += self._rng.sample(ODD_HEADERS, 2)
        elif any(one["name"].lower() == "idempotency-key" for one in operation.parameters) and self._rng.random() < 0.3:
            headers.append(("Idempotency-Key", f"key-{self._rng.randrange(200)}"))
        return Request(method, path, tuple(headers), body)

    def _path(self, operation: Operation, *, spoilt: bool) -> str:
        parts = operation.path.split("/")
        kind = operation.path.removeprefix("/api/v1/").split("/")[0]
        places = [place for place, part in enumerate(parts) if part.startswith("{")]
        bad = self._rng.choice(places) if spoilt and places else None
        schemas = {one["name"]: one.get("schema", {}) for one in operation.parameters if one["in"] == "path"}
        for place in places:
            name = parts[place][1:-1]
            exists = self._known.get(f"{kind}/{name}") or self._known.get(name)
            if place == bad:
                parts[place] = self._odd_part()
            elif exists and (operation.method != "DELETE" or (name not in KEPT and self._rng.random() < RARE)):
                parts[place] = quote(str(self._rng.choice(exists)), safe="")
            else:
                value = self._values.valid(schemas.get(name, {"type": "string"}))
                parts[place] = _percent(str(value)) or "x"
        if spoilt and not places:
            parts.append(self._odd_part())
        return "/".join(parts)

    def _odd_part(self) -> str:
        odd = (*ODD_TEXTS, *map(str, ODD_NUMBERS))
        known = ("%", "%zz", "%ff%fe", "%00", "%2e%2e%2f", "..", ".", ";a=b", "%c0%af", "0" * 36, "{" + "0" * 32 + "}")
        return self._rng.choice(known) if self._rng.random() < 0.4 else _percent(self._rng.choice(odd)[:3000])

    def _query(self, operation: Operation, *, spoilt: bool) -> str:
        asked = []
        for one in operation.parameters:
            if one["in"] == "query" and (one.get("required") or spoilt or self._rng.random() < 0.3):
                value = self._values.valid(one.get("schema", {}), one["name"])
                many = value if isinstance(value, list) else [value]
                asked += [(one["name"], str(part)) for part in many if part is not None]
        if spoilt:
            names = [name for name, _ in asked] or ["limit", "q", ""]
            for _ in range(self._rng.choice((1, 2, 200))):
                asked.append((self._rng.choice(names), str(self._rng.choice((*ODD_TEXTS, *ODD_NUMBERS)))[:2000]))
            self._rng.shuffle(asked)
            asked = asked[: self._rng.choice((1, 2, 20))]
        text = "&".join(f"{_percent(name)}={_percent(value)}" for name, value in asked)
        return f"?{text}" if text else ""

    def _body(self, operation: Operation, wrong: str) -> tuple[list[tuple[str, str]], bytes | None]:
        if not operation.bodies:
            return [], None
        media, schema = next(iter(operation.bodies.items()))
        value = self._values.valid(schema)
        if media == FORM:
            return self._form(value, schema, wrong)
        if wrong == "body":
            value = self._values.spoilt(value)
        body = self._values.text_of(value).encode()
        if wrong == "raw":
            body = self._broken(body)
        media = self._rng.choice(MEDIA_TYPES) if wrong == "media" else media
        return [("Content-Type", media)] if media else [], body

    def _broken(self, body: bytes) -> bytes:
        cut = self._rng.randrange(len(body) + 1)
        return self._rng.choice(
            (
                *(body[:cut], body[:cut] + b"\xff\xfe" + body[cut:], body + body, b"", b"null", b"[]", b'"text"', b"{"),
                *(b"\xef\xbb\xbf" + body, body.decode().encode("utf-16"), b"[" * 100_000, b'{"a":' * 50_000),
                *(body[:-1] + b"," + body[1:], b'{"a":1,"a":2}', b"\0" * 1000, b"1" * 10_000, b"{" + body + b"}"),
            )
        )

    def _form(self, value: Any, schema: Mapping[str, Any], wrong: str) -> tuple[list[tuple[str, str]], bytes]:
        fields = {name: one for name, one in value.items() if name != "file" and one is not None}
        file = self._rng.choice((b"", b"energy,intensity\n1,2\n2,3\n", b"data_x\n", b"\0\1\2", b"PK\3\4"))
        names = ("a.cif", "POSCAR", "run.csv", "nep.txt", "", "x" * 3000, "a\r\nb: c", "é\0.cif", "../../a.cif", ".")
        if wrong == "body" and fields:
            spoilt = self._values.spoilt(fields)
            fields = spoilt if isinstance(spoilt, dict) else {"name": spoilt}
        parts = [(_header(name), str(one).encode("utf-8", "surrogatepass")) for name, one in fields.items()]
        if wrong != "body" or self._rng.random() < 0.8:
            name = self._rng.choice(names)
            parts.append((f'{_header("file")}; filename="{_escaped(name)}"', file))
        if self._rng.random() < 0.05:
            parts += [(_header(f"k{number}"), b"x") for number in range(self._rng.choice((10, 1500)))]
        boundary = "limit-of-parts"
        body = b"".join(
            f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data + b"\r\n"
            for head, data in parts
        )
        body += f"--{boundary}--\r\n".encode()
        if wrong == "raw":
            body = self._broken_form(body)
        media = f"{FORM}; boundary={boundary}"
        if wrong == "media":
            media = self._rng.choice(MEDIA_TYPES)
        return [("Content-Type", media)] if media else [], body

    def _broken_form(self, body: bytes) -> bytes:
        cut = self._rng.randrange(len(body))
        return self._rng.choice((body[:cut], body[cut:], body.replace(b"\r\n", b"\n"), b"", body[:cut] + b"\0" * 99))


def _header(name: str) -> str:
    return f'name="{_escaped(name)}"'


def _escaped(text: str) -> str:
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").encode("utf-8", "replace").decode()


def _percent(text: str | Raw) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")
