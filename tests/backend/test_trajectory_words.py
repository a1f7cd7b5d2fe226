"""Words and numbers of blocks of lines, against those of Python."""

from __future__ import annotations

import random

import numpy as np
import pytest

from backend.sources.formats.trajectories.words import Words, parse_numbers, split_words

FORMATS = ("%.8f", "%.3f", "%g", "%.9g", "%.12g", "%.16f", "%.17g", "%e", "%+.5f", "%d", "%.0f", "%08.3f")
N_COLUMNS = 4


def _words(text: str) -> Words | None:
    block = text.encode()
    return split_words(block, np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n")))[0]


def _random_words(seed: int) -> list[str]:
    pick = random.Random(seed)
    words = [pick.choice(FORMATS) % (pick.uniform(-1, 1) * 10 ** pick.randint(-6, 9)) for _ in range(4000)]
    # Numbers may begin or end with their dot
    return [word.replace("0.", ".", 1) if pick.random() < 0.05 and len(word) > 3 else word for word in words] + [
        *("5.", "-5.", "+.5", "00012", "123456789012345678901", "0.1234567890123456789", "9007199254740993.0", "1"),
    ]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("end", [" ", "\t", "  \r"])
def test_numbers_are_those_of_float_to_the_last_bit(seed: int, end: str) -> None:
    words = _random_words(seed)
    rows = ["   ".join(words[row : row + N_COLUMNS]) + end for row in range(0, len(words), N_COLUMNS)]
    table = _words("\n".join(rows) + "\n")
    assert table is not None
    assert table.shape == (len(words) // N_COLUMNS, N_COLUMNS)
    assert [word.decode() for row in table.tolist() for word in row] == words
    expected = np.array(list(map(float, words)))
    np.testing.assert_array_equal(table.numbers().ravel(), expected)
    np.testing.assert_array_equal(table[:, 1:3].numbers(), expected.reshape(-1, N_COLUMNS)[:, 1:3])
    np.testing.assert_array_equal(table[::-1].numbers()[:, 0], expected.reshape(-1, N_COLUMNS)[::-1, 0])
    np.testing.assert_array_equal(parse_numbers(np.array([word.encode() for word in words])), expected)


@pytest.mark.parametrize(
    "word",
    [
        *("1.2.3", "--1", "1-2", ".", "+", "-", "abc", "1,2", "1.2x", "12345678x", "123456789a", "x.5", "0x10"),
        *("1.2345678x", "1..2", "1.123456789x", "\x80.5", "1d5", "/5", ":5"),
    ],
)
def test_words_that_are_no_numbers_are_refused(word: str) -> None:
    table = _words("1.5 " * 199 + f"{word}\n")
    assert table is not None
    with pytest.raises(ValueError, match="could not convert"):
        table.numbers()


@pytest.mark.parametrize(
    ("lines", "counts"), [("1 2\n3\n", [2, 1]), ("1 2\n\n3 4\n", [2, 0, 2]), ("1\n2 3\n4 5 6\n", [1, 2, 3])]
)
def test_lines_of_different_lengths_make_no_table(lines: str, counts: list[int]) -> None:
    block = lines.encode()
    words, found = split_words(block, np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n")))
    assert words is None
    assert found.tolist() == counts
