"""What is deployed is safe and complete: compose file, images, units, the Slurm script."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from backend.kit.settings import Settings
from tests.conftest import ROOT
from workers.__main__ import parse

COMPOSE = ROOT / "docker-compose.yml"
OURS = ("migrate", "backend", "cpu-worker", "gpu-worker")
THEIRS = ("postgres", "redis")
ENVIRONMENT = {"POSTGRES_PASSWORD": "5f1c08b7aa93d2e4", "REDIS_PASSWORD": "0b9e77c1d35fa826"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file, its variables not filled in."""
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return loaded


@pytest.fixture(params=[*THEIRS, *OURS])
def service(request: pytest.FixtureRequest, compose: dict[str, Any]) -> dict[str, Any]:
    """Each service."""
    found: dict[str, Any] = compose["services"][request.param]
    return found


def test_every_service_is_confined(service: dict[str, Any]) -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices"} & set(service)
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["pids_limit"] <= 1000
    for volume in service["volumes"]:
        assert not volume.startswith((".", "/")), "named volumes only"


def test_every_service_that_stays_is_watched(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {*OURS, *THEIRS}
    for name, service in compose["services"].items():
        if name == "migrate":
            assert service["restart"] == "no"
        else:
            assert service["restart"] == "unless-stopped"
            assert service["healthcheck"]["test"]


def test_only_the_backend_is_published_and_on_this_machine_only(compose: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert list(published) == ["backend"]
    assert all(port.startswith("127.0.0.1:") for port in published["backend"])
    assert compose["networks"]["inside"] == {"internal": True}
    for name in THEIRS:
        assert compose["services"][name]["networks"] == ["inside"]


def test_no_secret_has_a_default() -> None:
    text = COMPOSE.read_text()
    for name in ENVIRONMENT:
        found = re.findall(rf"(?<!\$)\$\{{{name}(.*?)\}}", text)
        assert found
        assert all(rest.startswith(":?") for rest in found), f"{name} may be empty"
    example = (ROOT / "deploy" / "example.env").read_text()
    for name in ENVIRONMENT:
        assert re.search(rf"^{name}=$", example, re.MULTILINE)
    assert ".env" in (ROOT / ".gitignore").read_text().split()
    # The image takes what is named, and no .env is.
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    assert not [line for line in ignored if line.startswith("!") and "env" in line]


def test_order_of_start(compose: dict[str, Any]) -> None:
    for name in ("backend", "cpu-worker", "gpu-worker"):
        needs = {needed: how["condition"] for needed, how in compose["services"][name]["depends_on"].items()}
        assert needs == {
            "postgres": "service_healthy",
            "redis": "service_healthy",
            "migrate": "service_completed_successfully",
        }
    assert compose["services"]["gpu-worker"]["profiles"] == ["gpu"]
    (device,) = compose["services"]["gpu-worker"]["deploy"]["resources"]["reservations"]["devices"]
    assert device["driver"] == "nvidia"


def filled_in(text: str) -> str:
    """A value of the compose file with its variables set, or at their defaults."""

    def value(match: re.Match[str]) -> str:
        return ENVIRONMENT.get(match["name"], (match["rest"] or "").removeprefix(":-"))

    return re.sub(r"\$\{(?P<name>\w+)(?P<rest>:[-?][^}]*)?\}", value, text)


def test_settings_take_what_the_compose_file_sets(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    environment = compose["services"]["backend"]["environment"]
    names = {f"BEAMCAST_{name.upper()}" for name in Settings.model_fields}
    assert set(environment) <= names
    for name, value in environment.items():
        monkeypatch.setenv(name, filled_in(value))
    settings = Settings()
    assert settings.worker_concurrency == 0
    assert ENVIRONMENT["POSTGRES_PASSWORD"] in settings.database_url
    assert not settings.embedded_broker
    assert settings.log_format == "json"


def compose_command() -> list[str]:
    """Docker's compose, whichever is here; no engine is needed to read a file."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and not subprocess.run([*command, "version"], capture_output=True).returncode:
            return command
    pytest.skip(
        "neither docker compose nor docker-compose is on this machine; the other tests read the file themselves"
    )


def test_docker_takes_the_compose_file_with_secrets_and_not_without(compose: dict[str, Any]) -> None:
    # The older docker-compose, Debian 12's, does not know the project's name yet.
    content = yaml.safe_dump({key: value for key, value in compose.items() if key != "name"})
    command = [*compose_command(), "--file", "-", "--profile", "gpu", "config", "--quiet"]
    others = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT}
    for environment, status in ((others, 1), (others | dict.fromkeys(ENVIRONMENT, ""), 1), (others | ENVIRONMENT, 0)):
        done = subprocess.run(
            command, input=content, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert bool(done.returncode) == bool(status), done.stderr
        assert ("set it in .env" in done.stderr) == bool(status)


def test_images_are_those_of_the_compose_file(compose: dict[str, Any]) -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    targets = set(re.findall(r"^FROM \S+ AS (\S+)", dockerfile, re.MULTILINE))
    for name in OURS:
        build = compose["services"][name]["build"]
        assert build["dockerfile"] == "deploy/Dockerfile"
        assert build["target"] in targets
    for target in ("base", "gpu-worker"):
        stage = re.split(rf"^FROM \S+ AS {target}\n", dockerfile, flags=re.MULTILINE)[1].split("\nFROM ")[0]
        assert "USER 10001:10001" in stage
    for line in re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE):
        assert line == "scratch" or ":" in line or line in targets, "pinned"
    for copied in re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile, re.MULTILINE):
        for path in copied.split():
            assert (ROOT / path).exists()
            assert re.search(rf"^!{re.escape(path)}$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)


def test_gpumd_is_built_from_the_release_that_the_engine_is_written_for() -> None:
    from workers.engines.gpumd.input_files import RELEASE

    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    assert f"ARG GPUMD_RELEASE={RELEASE}\n" in dockerfile
    assert re.search(r"^ARG GPUMD_COMMIT=[0-9a-f]{40}$", dockerfile, re.MULTILINE)


def test_images_have_the_tested_versions_and_no_tools_of_the_tests() -> None:
    def pins(path: Path) -> set[str]:
        return set(re.findall(r"^[\w.-]+==\S+", path.read_text(), re.MULTILINE))

    deployed = pins(ROOT / "deploy" / "requirements.lock")
    assert deployed <= pins(ROOT / "requirements.lock"), "make lock"
    names = {pin.partition("==")[0] for pin in deployed}
    assert {"fastapi", "celery", "psycopg-binary", "redis", "nep-adapters"} <= names
    assert not {"pytest", "mypy", "ruff", "playwright"} & names


UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_systemd_takes_the_unit(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd on this machine")
    # The same units with a Python that is here
    for one in UNITS:
        text = one.read_text().replace("/opt/beamcast/.venv/bin/python", sys.executable)
        (tmp_path / one.name).write_text(text)
    name = unit.name.replace("@", "@cpu")
    (tmp_path / name).write_text((tmp_path / unit.name).read_text())
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / name)], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "beamcast" in line]
    assert not ours
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_unit_starts_what_there_is_and_nothing_as_root(unit: Path) -> None:
    text = unit.read_text()
    for line in ("User=beamcast", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="):
        assert line in text.splitlines()
    (command,) = re.findall(r"^ExecStart=/opt/beamcast/\.venv/bin/python (.*)$", text, re.MULTILINE)
    first, *rest = command.replace("${BEAMCAST_WORKER_QUEUES}", "cpu").replace("%i", "cpu").split()
    if first == "-m" and rest[0] == "workers":
        assert parse(rest[1:]).queues == ("cpu",)
    elif first == "-m":
        assert rest == ["backend", "migrate"]
    else:
        assert (ROOT / first).is_file()


STAND_IN = """#!/bin/bash
trap 'echo handed back; exit 0' TERM
echo "$@"
while true; do sleep 0.05; done
"""


@pytest.mark.parametrize(("number", "requeued"), [(signal.SIGUSR1, True), (signal.SIGTERM, False)])
def test_slurm_allocation_hands_back_and_is_asked_for_again(
    tmp_path: Path, number: signal.Signals, requeued: bool
) -> None:
    for name, text in {"python": STAND_IN, "scontrol": '#!/bin/bash\necho "scontrol $@"\n'}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "beamcast.env").write_text("QUEUES=gpu\n")
    process = subprocess.Popen(
        ["bash", str(ROOT / "deploy" / "slurm" / "beamcast-worker.sbatch")],
        env={
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "BEAMCAST_HOME": str(tmp_path),
            "BEAMCAST_ENVIRONMENT": str(tmp_path / "beamcast.env"),
            "BEAMCAST_PYTHON": str(tmp_path / "python"),
            "SLURM_JOB_ID": "17",
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "-m workers --queues gpu --name slurm-17\n"
    process.send_signal(number)
    said, _ = process.communicate(timeout=30)
    assert said.splitlines() == ["handed back", *(["scontrol requeue 17"] if requeued else [])]
    assert process.returncode == 0


class Answer(BaseHTTPRequestHandler):
    """A server whose health is what the test says."""

    ill: list[str] | None = None

    def do_GET(self) -> None:
        self.send_response(200 if self.ill is None else 503)
        self.end_headers()
        self.wfile.write(json.dumps({"errors": [{"loc": part, "msg": ""} for part in self.ill or []]}).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """Where `Answer` answers."""
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("ill", "said"),
    [(None, ""), (["workers"], ""), (["workers", "broker"], "broker"), (["database"], "database")],
)
def test_container_is_healthy_without_workers_and_not_without_a_database(
    port: int, monkeypatch: pytest.MonkeyPatch, ill: list[str] | None, said: str
) -> None:
    monkeypatch.setattr(Answer, "ill", ill)
    done = healthy(port)
    assert done.returncode == bool(said)
    assert said in done.stderr


def test_container_without_a_server_is_not_healthy() -> None:
    assert healthy(9).returncode == 1


def healthy(port: int) -> subprocess.CompletedProcess[str]:
    """Run the containers' health check."""
    return subprocess.run(
        [sys.executable, str(ROOT / "deploy" / "healthy.py")],
        env={"BEAMCAST_PORT": str(port)},
        capture_output=True,
        text=True,
        check=False,
    )
