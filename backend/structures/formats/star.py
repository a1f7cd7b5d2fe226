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

WORD = re.compile(r"\S+")
TEXT_END = re.compile(r"\n;(?=\s|\Z)")
# A quotation ends with its own mark before white space: 'it's' is one.
QUOTATION_END = {"'": re.compile(r"'(?=\s|\Z)"), '"': re.compile(r'"(?=\s|\Z)')}
UNKNOWN = ("?", ".")
FREE_TEXT = ("_chemical_name_",)


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

    Files written by hand leave out quotation marks and values; that is passed over where it does not matter here.

    Raises
    ------
    Unreadable
        The text breaks the grammar at one of the tags that are asked for; the message names the line.
    """
    blocks: list[Block] = []
    tokens = _Tokens(text)
    strict = True
    while (token := tokens.take()) is not None:
        word = token.text.lower()
        if token.bare and word.startswith("data_"):
            blocks.append(Block(token.text[5:], token.line))
        elif token.bare and word.startswith("save_"):
            continue
        elif not blocks:
            raise Unreadable(f"Line {token.line}: a CIF begins with 'data_', found '{token.text[:30]}'.")
        elif token.bare and word == "loop_":
            strict = _loop(tokens, blocks[-1], prefixes, token.line)
        elif token.bare and word.startswith("_"):
            tag = _normal(token.text)
            strict = tag.startswith(prefixes) and not tag.startswith(FREE_TEXT)
            value = tokens.take()
            if value is None or _is_keyword(value):
                if strict:
                    raise Unreadable(f"Line {token.line}: {token.text[:60]} has no value.")
                if value is not None:
                    tokens.put_back(value)
            elif tag.startswith(prefixes):
                blocks[-1].values[tag] = [_value(value)]
        elif strict:
            raise Unreadable(f"Line {token.line}: '{token.text[:30]}' stands where a name (_…) is expected.")
    return blocks


def _loop(tokens: _Tokens, block: Block, prefixes: tuple[str, ...], line: int) -> bool:
    """Read a loop; tells whether one of its tags was asked for."""
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
    if n_values % len(tags) and any(wanted):
        raise Unreadable(
            f"The loop in line {line} has {len(tags)} columns but {n_values} values: a row is incomplete, "
            "or a value with blanks lacks its quotation marks."
        )
    block.values.update((tag, values) for tag, values, keep in zip(tags, columns, wanted, strict=True) if keep)
    return any(wanted)


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
        line, counted, position, line_end = 1, 0, 0, -1
        # How far a search for each end has already been in vain: without it, a line of open marks takes for ever.
        searched = {"'": 0, '"': 0, ";": 0}
        while (match := WORD.search(text, position)) is not None:
            start, position = match.span()
            mark = text[start]
            if start > line_end:
                line_end = text.find("\n", start)
                line_end = len(text) if line_end < 0 else line_end
            if mark == "#":
                position = line_end
                continue
            end = None
            limit = 0
            if mark in QUOTATION_END:
                limit = line_end
                end = QUOTATION_END[mark].search(text, start + 1, limit) if searched[mark] < limit else None
            elif mark == ";" and text[start - 1 : start] in ("", "\n"):
                limit = len(text)
                end = TEXT_END.search(text, start) if searched[mark] < limit else None
            line += text.count("\n", counted, start)
            counted = start
            if end is None:
                searched[mark] = max(searched.get(mark, 0), limit)
                yield _Token(match[0], True, line)
            else:
                yield _Token(text[start + 1 : end.start()], False, line)
                position = end.end()
