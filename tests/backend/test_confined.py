"""Confined reading of files: limits, clean answers, and children that wait for the next file."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.kit.files import confined, sandbox


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
    facts = "f'{n_files} {arguments} {open(confined.INPUT).read()}'"
    reader = write_reader(readers, "counting", f"answer.write({facts})")
    answers = [confined.run(reader, [word], word.encode(), timeout_s=5).split() for word in ("one", "two")]
    assert answers == [["1", "['one']", "one"], ["1", "['two']", "two"]]


def idle_processes(reader: str) -> list[int]:
    return [one.process.pid for (module, *_), idle in confined._idle.items() for one in idle if module == reader]


def test_a_process_that_died_while_it_waited_is_replaced(readers: Path) -> None:
    reader = write_reader(readers, "waiting", "answer.write(str(os.getpid()))")
    confined.warm_up(reader)
    [dead] = [one.process for (module, *_), idle in confined._idle.items() for one in idle if module == reader]
    dead.kill()
    dead.wait()
    assert confined.run(reader, [], b"", timeout_s=5)


@pytest.mark.parametrize("harm", ["loop", "memory", "crash", "error"])
def test_a_process_survives_the_children_that_it_forks(readers: Path, harm: str) -> None:
    reader = write_reader(
        readers, "forking", f"if arguments: exec({HOSTILE[harm]!r})", "answer.write('read')", cpu_s=0.5
    )
    confined.warm_up(reader)
    before = idle_processes(reader)
    with pytest.raises(confined.Exceeded):
        confined.run(reader, ["harm"], b"", timeout_s=5)
    assert confined.run(reader, [], b"", timeout_s=5) == "read"
    assert idle_processes(reader) == before


def test_a_child_that_sleeps_is_ended(readers: Path) -> None:
    reader = write_reader(readers, "sleeping", "if arguments: __import__('time').sleep(100)", "answer.write('read')")
    assert confined.run(reader, [], b"", timeout_s=5) == "read"
    before = idle_processes(reader)
    with pytest.raises(confined.Exceeded):
        confined.run(reader, ["sleep"], b"", timeout_s=0.05)
    assert idle_processes(reader) == before


def test_files_that_come_at_once_are_read_by_several_processes_that_end_later(readers: Path) -> None:
    # Each answers when both are there
    meet = "while len(os.listdir(arguments[0])) < 2: pass"
    reader = write_reader(readers, "meeting", "pathlib.Path(arguments[0], arguments[1]).mkdir()", meet, cpu_s=60)
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(sandbox, "available", lambda: None)
        (readers / "meeting.py").write_text("import pathlib\n" + (readers / "meeting.py").read_text())
        (readers / "present").mkdir()
        names = ("one", "two")
        list(pool.map(lambda name: confined.run(reader, [str(readers / "present"), name], b"", timeout_s=60), names))
    assert len(set(idle_processes(reader))) == 2
    last = idle_processes(reader)[-1]
    confined._trim()
    assert idle_processes(reader) == [last]


def test_a_file_on_disk_is_read_and_stays(readers: Path, tmp_path: Path) -> None:
    reader = write_reader(readers, "disk", "answer.write(open(confined.INPUT).read())")
    (tmp_path / "file").write_text("the file")
    assert confined.run(reader, [], tmp_path / "file", timeout_s=5) == "the file"
    assert (tmp_path / "file").read_text() == "the file"


@pytest.fixture
def sandboxed() -> None:
    if sandbox.available() is None:
        pytest.skip("bubblewrap is not installed, or may not make a sandbox here")


def test_a_reader_sees_no_files_of_users(
    readers: Path, sandboxed: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("data") / "beamcast.db"
    secret.write_text("secret")
    seen = [str(secret), "/etc/passwd", str(sandbox.ROOT / "serve.py"), "/proc/self/environ"]
    reader = write_reader(readers, "curious", f"answer.write(str([p for p in {seen} if os.path.exists(p)]))")
    assert confined.run(reader, [], b"", timeout_s=5) == "[]"


def test_a_reader_has_no_network(readers: Path, sandboxed: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        connect = f"import socket; answer.write(str(socket.socket().connect_ex({address!r})))"
        reader = write_reader(readers, "calling", connect)
        assert int(confined.run(reader, [], b"", timeout_s=5)) != 0


def test_a_reader_can_write_nowhere(readers: Path, sandboxed: None) -> None:
    places = [str(readers), ".", str(sandbox.ROOT / "backend"), "/usr"]
    reader = write_reader(readers, "writing", f"answer.write(str([p for p in {places} if os.access(p, os.W_OK)]))")
    assert confined.run(reader, [], b"", timeout_s=5) == "[]"


@pytest.fixture(params=["sandboxed", "plain"])
def in_both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "plain":
        monkeypatch.setattr(sandbox, "available", lambda: None)
    else:
        request.getfixturevalue("sandboxed")


@pytest.mark.parametrize(
    "end", ["subprocess.run(sleep)", "subprocess.Popen(sleep, stdout=-3)"], ids=["late", "answered"]
)
def test_a_reader_leaves_no_process(readers: Path, in_both: None, end: str) -> None:
    marker = f"100000.{os.getpid()}"
    reader = write_reader(readers, "endless", f"import subprocess; sleep = ['/bin/sleep', '{marker}']; {end}")
    assert not is_running(marker)
    with contextlib.suppress(confined.Exceeded):
        confined.run(reader, [], b"", timeout_s=1.0)
    # The kernel ends killed processes one after the other
    deadline = time.monotonic() + 10
    while is_running(marker):
        assert time.monotonic() < deadline


def test_a_reader_that_is_taken_over_cannot_touch_its_process(readers: Path, sandboxed: None) -> None:
    """Neither by signals nor by tracing, so the next file is safe."""
    trace = "ctypes.CDLL(None, use_errno=True).ptrace(16, 1, 0, 0)"
    attack = f"import ctypes; [os.kill(1, n) for n in (2, 9, 15)]; answer.write(f'{{os.getppid()}} {{{trace}}}')"
    reader = write_reader(readers, "taken", attack)
    answers = {confined.run(reader, [], b"", timeout_s=5)}
    before = idle_processes(reader)
    answers.add(confined.run(reader, [], b"", timeout_s=5))
    assert answers == {"1 -1"}
    assert idle_processes(reader) == before


def is_running(marker: str) -> bool:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if marker.encode() in path.read_bytes():
                return True
    return False


def test_without_bubblewrap_files_are_still_read(readers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "available", lambda: None)
    reader = write_reader(readers, "plain", "answer.write(open(confined.INPUT).read())")
    assert confined.run(reader, [], b"the file", timeout_s=5) == "the file"
