"""Tables of numbers in YAML: the same as by the parser, and no way around its checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.kit.files.unreadable import Unreadable
from backend.sources.formats import number_tables, safe_yaml
from tests.backend.source_files import NACL, write_files

ROWS = b"".join(b"- [ %d.5, -0.25, 1.0e-03 ]\n" % number for number in range(80))


def plain(content: Any) -> Any:
    """The same with lists for arrays."""
    if isinstance(content, np.ndarray):
        return content.tolist()
    if isinstance(content, dict):
        return {key: plain(value) for key, value in content.items()}
    return [plain(one) for one in content] if isinstance(content, list) else content


def tables_of(data: bytes) -> list[tuple[int, ...]]:
    return [table.shape for table in number_tables.take_tables(data)[1].values()]


def test_files_of_phonopy_are_the_same_as_by_the_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path)
    for path, shapes in ((NACL, [(64, 3), (64, 3), (128, 3, 3)]), (tmp_path / "phonopy_params.yaml", [(64, 3)] * 2)):
        data = path.read_bytes()
        assert tables_of(data) == shapes
        found = plain(safe_yaml.load(data, path.name))
        with monkeypatch.context() as patched:
            patched.setattr(number_tables, "MIN_ROWS", 10**9)
            assert found == safe_yaml.load(data, path.name)


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        (b"a:\n" + ROWS, [(80, 3)]),
        (b"a:\n" + ROWS + b"b: 1\n", [(80, 3)]),
        (b"a:\n" + ROWS + b"\n\nb: 1\n", [(80, 3)]),
        (b"a:\n" + ROWS[:-1], [(80, 3)]),
        (b"a:\n  b:\n" + ROWS.replace(b"- [", b"  - ["), [(80, 3)]),
        (b"a:\n" + b"".join(ROWS.splitlines(keepends=True)[:10]), []),
        (ROWS, []),
        (b"a:\n" + ROWS + b"- [ 1, 2, 3 ]\n", []),
        (b"a:\n" + ROWS + b"\n- x\n", []),
        (b"a:\n- [ 1.0, 2.0 ]\n" + ROWS, []),
        (b"a:\n" + ROWS.replace(b"7.5", b"nan"), []),
    ],
)
def test_only_whole_tables_are_taken(
    text: bytes, shapes: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tables_of(text) == shapes
    found = plain(safe_yaml.load(text, "a.yaml"))
    monkeypatch.setattr(number_tables, "MIN_ROWS", 10**9)
    assert found == safe_yaml.load(text, "a.yaml")


def test_lines_keep_their_numbers() -> None:
    with pytest.raises(Unreadable) as refused:
        safe_yaml.load(b"a:\n" + ROWS + b"b: !!python/object:os.system x\n", "a.yaml")
    assert (refused.value.notice.code, refused.value.notice.params["line"]) == ("unsafe_yaml", 82)


def test_a_tag_among_the_rows_is_refused() -> None:
    for tagged in (ROWS.replace(b"- [ 7.5", b"- !!python/tuple [ 7.5"), ROWS.replace(b"[ 7.5", b"[ !!float 7.5")):
        with pytest.raises(Unreadable) as refused:
            safe_yaml.load(b"a:\n" + tagged, "a.yaml")
        assert refused.value.notice.code == "unsafe_yaml"


def test_a_file_cannot_name_a_table() -> None:
    first = next(iter(number_tables.take_tables(b"a:\n" + ROWS)[1]))
    assert safe_yaml.load(b"b: " + first.encode() + b"\na:\n" + ROWS, "a.yaml")["b"] == first
