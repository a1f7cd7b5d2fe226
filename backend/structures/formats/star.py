"""The syntax of CIF 1.1 (a subset of STAR): text to blocks of tags.

ASE's tokenizer reads a loop line by line, so that rows that share a line are dropped and a label such as C1' is an
open quotation. This one follows the grammar.

References
----------
S. R. Hall, F. H. Allen, I. D. Brown, Acta Cryst. A 47, 655 (1991); International Tables for Crystallography G, 2.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from backend.structures.formats.reading import Unreadable

# A quotation ends with its own mark before white space. Its length is bounded so that unclosed marks cost no
# quadratic time (CIF 1.1 allows lines of 2048 characters).
TOKEN = re.compile(
    r"""
    ^;(?P<text>.*?)\n;(?=\s|\Z)
  | (?P<comment>\#[^\n]*)
  | '(?P<single>[^\n]{0,4096}?)'(?=\s|\Z)
  | "(?P<double>[^\n]{0,4096}?)"(?=\s|\Z)
  | (?P<bare>\S+)
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
UNKNOWN = ("?", ".")


@dataclass
class Block:
    """A data block: every tag in lower case, with '.' written '_' as in old names, and its values.

    A value that the file leaves open (? or .) is an empty string.
    """

    name: str
    line: int
    values: dict[str, list[str]] = field(default_factory=dict)

    def first(self, *tags: str) -> str:
        """Value of the first of these tags that has one, or an empty string."""
        for tag in tags:
            values = self.values.get(tag)
            if values and values[0]:
                return values[0]
        return ""

    def column(self, *tags: str) -> list[str] | None:
        """All values of the first of these tags that the block has."""
        return next((self.values[tag] for tag in tags if tag in self.values), None)


@dataclass(frozen=True)
class _Token:
    text: str
    bare: bool
    line: int


def parse(text: str, prefixes: tuple[str, ...]) -> list[Block]:
    """The data blocks of a CIF, with those of their tags that begin with one of the prefixes.

    Raises
    ------
    Unreadable
        The text breaks the grammar; the message names the line.
    """
    blocks: list[Block] = []
    tokens = _Tokens(text)
    while (token := tokens.take()) is not None:
        word = token.text.lower()
        if token.bare and word.startswith("data_"):
            blocks.append(Block(token.text[5:], token.line))
        elif token.bare and word.startswith("save_"):
            continue
        elif not blocks:
            raise Unreadable(f"Line {token.line}: a CIF begins with 'data_', found '{token.text[:30]}'.")
        elif token.bare and word == "loop_":
            _loop(tokens, blocks[-1], prefixes, token.line)
        elif token.bare and word.startswith("_"):
            value = tokens.take()
            if value is None or _is_keyword(value):
                raise Unreadable(f"Line {token.line}: {token.text[:60]} has no value.")
            tag = _normal(token.text)
            if tag.startswith(prefixes):
                blocks[-1].values[tag] = [_value(value)]
        else:
            raise Unreadable(f"Line {token.line}: '{token.text[:30]}' stands where a name (_…) is expected.")
    return blocks


def _loop(tokens: _Tokens, block: Block, prefixes: tuple[str, ...], line: int) -> None:
    tags: list[str] = []
    while (token := tokens.take()) is not None and token.bare and token.text.startswith("_"):
        tags.append(_normal(token.text))
    if not tags:
        raise Unreadable(f"Line {line}: a loop without names.")
    columns: list[list[str]] = [[] for _ in tags]
    wanted = [tag.startswith(prefixes) for tag in tags]
    n_values = 0
    while token is not None and not _is_keyword(token):
        column = n_values % len(tags)
        if wanted[column]:
            columns[column].append(_value(token))
        n_values += 1
        token = tokens.take()
    if token is not None:
        tokens.put_back(token)
    if n_values % len(tags):
        raise Unreadable(
            f"The loop in line {line} has {len(tags)} columns but {n_values} values: a row is incomplete, "
            "or a value with blanks lacks its quotation marks."
        )
    block.values.update((tag, values) for tag, values, keep in zip(tags, columns, wanted, strict=True) if keep)


def _normal(tag: str) -> str:
    return tag.lower().replace(".", "_")


def _value(token: _Token) -> str:
    return "" if token.bare and token.text in UNKNOWN else token.text.strip()


def _is_keyword(token: _Token) -> bool:
    word = token.text.lower()
    return token.bare and (word.startswith(("_", "data_", "save_")) or word in ("loop_", "stop_", "global_"))


class _Tokens:
    def __init__(self, text: str) -> None:
        self._tokens = self._scan(text)
        self._waiting: _Token | None = None

    def take(self) -> _Token | None:
        token, self._waiting = self._waiting or next(self._tokens, None), None
        return token

    def put_back(self, token: _Token) -> None:
        self._waiting = token

    @staticmethod
    def _scan(text: str) -> Iterator[_Token]:
        line, counted = 1, 0
        for match in TOKEN.finditer(text):
            kind = match.lastgroup
            if kind is None or kind == "comment":
                continue
            line += text.count("\n", counted, match.start())
            counted = match.start()
            yield _Token(match[kind], kind == "bare", line)
