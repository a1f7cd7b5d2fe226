"""Confined reading of files: limits, clean answers, and children that wait for the next file."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.kit.files import confined


@pytest.fixture
def readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for modules that children can load."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def write_reader(folder: Path, name: str, *statements: str, cpu_s: float = 5) -> str:
    """Write a module whose `main` executes statements in a confined process, and return its name."""
    (folder / f"{name}.py").write_text(
        "import os, warnings\n"
        "from backend.kit.files import confined\n"
        "n_files = 0\n"
        "def main(arguments):\n"
        "    global n_files\n"
        "    n_files += 1\n"
        f"    with confined.child(memory_bytes=2**30, cpu_s={cpu_s}) as answer:\n"
        + "".join(f"        {statement}\n" for statement in statements)
    )
    return name


HOSTILE = {
    "loop": "while True: pass",
    "memory": "x = [bytearray(2**28) for _ in range(100)]",
    "crash": "import ctypes; ctypes.string_at(0)",
    "exit": "import os; os._exit(3)",
    "error": "raise KeyError('what nobody thought of')",
    "write": f"import pathlib; pathlib.Path({str(Path(__file__).with_name('written'))!r}).write_text('x' * 10)",
}


@pytest.mark.parametrize("harm", sorted(HOSTILE))
def test_reader_that_is_led_astray_takes_nothing_with_it(readers: Path, harm: str) -> None:
    reader = write_reader(readers, "astray", "answer.write('started')", HOSTILE[harm], cpu_s=0.5)
    target = Path(__file__).with_name("written")
    try:
        with pytest.raises(confined.Exceeded):
            confined.run(reader, [], b"", timeout_s=5)
        assert not target.exists() or not target.read_text()
    finally:
        target.unlink(missing_ok=True)


def test_what_libraries_print_is_not_the_answer(readers: Path) -> None:
    noise = "print('noise'); os.write(1, b'noise'); warnings.warn('noise')"
    reader = write_reader(readers, "loud", noise, "answer.write(open(confined.INPUT).read())")
    assert confined.run(reader, [], b"the file", timeout_s=5) == "the file"


def test_a_file_is_read_by_a_child_that_has_read_no_other(readers: Path) -> None:
    facts = "f'{os.getpid()} {n_files} {arguments} {open(confined.INPUT).read()}'"
    reader = write_reader(readers, "counting", f"answer.write({facts})")
    answers = [confined.run(reader, [word], word.encode(), timeout_s=5).split() for word in ("one", "two")]
    pids, *rest = zip(*answers, strict=True)
    assert pids[0] != pids[1]
    assert rest == [("1", "1"), ("['one']", "['two']"), ("one", "two")]


def test_a_child_that_died_while_it_waited_is_replaced(readers: Path) -> None:
    reader = write_reader(readers, "waiting", "answer.write(str(os.getpid()))")
    confined.warm_up(reader)
    [dead] = [child for (module, *_), child in confined._waiting.items() if module == reader]
    dead.kill()
    dead.wait()
    assert int(confined.run(reader, [], b"", timeout_s=5)) != dead.pid
