"""Beamcast in one command: API and pages (uvicorn) with a supervised worker, which ends when the server does.

The only module that sees every room. Settings come from `BEAMCAST_…` environment variables (backend/kit/settings.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import importlib
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from alembic.util import CommandError
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from backend.health import heartbeats
from backend.jobs import sweep
from backend.kit import logs
from backend.kit.addresses import is_loopback
from backend.kit.db import database
from backend.kit.files import data_folder
from backend.kit.queue.wake_up import QUEUES, forget_messages
from backend.kit.settings import Settings, current, error_messages
from backend.startup import prepare
from backend.uploads import service as uploads
from workers.command import arguments, environment
from workers.kit.lifeline import SERVER_PID

logger = logging.getLogger("beamcast")

ROOT = Path(__file__).resolve().parent
CANNOT_START = 2
SWEEP_EVERY_S = 5.0
LOOK_EVERY_S = 0.2
WORKER_STOPS_WITHIN_S = 15.0
CONNECTIONS_CLOSE_WITHIN_S = 3
RESTART_AFTER_S = 2.0
BACKLOG = 512
WORKER_READY_WITHIN_S = 20.0


class CannotStart(Exception):
    """Something outside must be mended first; the message says what."""


class Worker:
    """The embedded Celery worker as a child process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it. Must be called from the main thread: the child dies with the thread that forked it."""
        slots = self._settings.worker_concurrency
        # Its own session: Ctrl-C reaches the server only, which then stops the worker in order.
        self._process = subprocess.Popen(
            arguments(queues=QUEUES, concurrency=slots, name="embedded"),
            env=environment({**os.environ, **self._environment()}, slots),
            stdin=subprocess.DEVNULL,
            # What it has to say, it logs, and that goes to standard error.
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _environment(self) -> dict[str, str]:
        return {
            SERVER_PID: str(os.getpid()),
            # It may be a relative one
            "BEAMCAST_DATA_DIR": str(self._settings.data_dir),
            "TMPDIR": str(self._settings.scratch_dir),
        }

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End it once it has handed its jobs back; Celery itself would take five seconds to say goodbye."""
        if self._process is None:
            return
        if self.running:
            self._process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + WORKER_STOPS_WITHIN_S
        while self.running and sweep.any_running() and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY_S)
        # The jobs' processes are in the worker's group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Server(uvicorn.Server):
    """uvicorn, but for the signals, which are handled here."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def main() -> int:
    """Run until Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        settings = current()
        logs.configure(settings)
        _refuse_open_server(settings)
        _warn_of_no_accounts(settings)
        with _listening(settings) as listener, _only_one(settings):
            asyncio.run(_run(settings, listener))
    except ValidationError as error:
        for problem in error_messages(error):
            print(f"Beamcast cannot start: {problem}", file=sys.stderr)
        return CANNOT_START
    except CannotStart as error:
        print(f"Beamcast cannot start: {error}", file=sys.stderr)
        return CANNOT_START
    except KeyboardInterrupt:
        return 0
    return 0


def _refuse_open_server(settings: Settings) -> None:
    if settings.open_to_all:
        raise CannotStart(
            f"other machines reach {settings.host}, and there is no login. Set BEAMCAST_HOST=127.0.0.1, or "
            "BEAMCAST_AUTH=none if only a proxy that authenticates users reaches the server"
        )


def _warn_of_no_accounts(settings: Settings) -> None:
    if settings.auth == "none" and not is_loopback(settings.host):
        logger.warning(
            "BEAMCAST_AUTH=none: whoever reaches %s reads, changes and deletes everything, and is an operator. Only a "
            "proxy that authenticates users may reach this address",
            settings.host,
        )


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """The listening socket, taken first: a port in use is the usual reason not to start."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # asyncio sends small answers at once (TCP_NODELAY) only where the protocol is named: otherwise the body waits for
    # the acknowledgement of the headers, 40 ms
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotStart(
                    f"port {settings.port} on {settings.host} is taken. Stop what uses it, or choose another one: "
                    f"BEAMCAST_PORT={settings.port + 1} make run"
                ) from error
            raise CannotStart(f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}") from error
        # From here on a second server is refused the port, and who connects early waits.
        listener.listen(BACKLOG)
        yield listener


@contextlib.contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """Hold the data folder: two servers on one would take each other's jobs away."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(data_folder.hold(settings))
        except BlockingIOError as error:
            raise CannotStart(
                f"another Beamcast is running on {settings.data_dir}; set BEAMCAST_DATA_DIR for a second one"
            ) from error
        except OSError as error:
            raise CannotStart(f"cannot write to {settings.data_dir}: {error.strerror or error}") from error
        yield


async def _run(settings: Settings, listener: socket.socket) -> None:
    embedded = settings.worker_concurrency > 0
    worker = Worker(settings)
    try:
        prepare(settings)
    except (SQLAlchemyError, CommandError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise CannotStart(f"the database cannot be brought up to date: {reason}") from error
    try:
        if embedded:
            _start(settings, worker)
        # These take two seconds to import; meanwhile the worker starts on another core.
        from backend.app import create_app
        from frontend.routes import mount
        from frontend.static_files import StaticFiles

        app = create_app(settings)
        files = StaticFiles(settings.data_dir / "static")
        mount(app, files)
        files.compress()
        server = Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=CONNECTIONS_CLOSE_WITHIN_S,
            )
        )

        def stop() -> None:
            server.force_exit = server.should_exit
            server.should_exit = app.state.closing = True

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop)
        tasks = [asyncio.create_task(_announce(settings, listener, server))]
        tasks.append(asyncio.create_task(_sweep(settings)))
        if embedded:
            tasks.append(asyncio.create_task(_supervise(settings, worker)))
        try:
            await server.serve(sockets=[listener])
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        await asyncio.to_thread(worker.stop)
        if embedded:
            _clear(settings)
        database.engine(settings).dispose()


async def _warm_up() -> None:
    """Prepare for the first file and the first spectrum, so that whoever asks for them does not wait."""
    from backend.structures import service as structures

    structures.warm_up()
    await asyncio.to_thread(importlib.import_module, "backend.figures.service")


def _clear(settings: Settings) -> None:
    """Leave no message, no temporary file, no sign of life; only where nobody else's worker may use them."""
    if settings.embedded_broker:
        forget_messages(settings)
        shutil.rmtree(settings.scratch_dir, ignore_errors=True)
        heartbeats.remove_all()


def _start(settings: Settings, worker: Worker) -> None:
    """Start the worker on what the rows say is to be done. No worker lives when this is called."""
    _clear(settings)
    settings.scratch_dir.mkdir(exist_ok=True)
    if settings.embedded_broker:
        sweep.take_back_all()
    worker.start()


async def _announce(settings: Settings, listener: socket.socket, server: Server) -> None:
    """Say that Beamcast is ready, once it is."""
    deadline = asyncio.get_running_loop().time() + WORKER_READY_WITHIN_S
    while not server.started:
        await asyncio.sleep(LOOK_EVERY_S)
    while settings.worker_concurrency > 0 and not await asyncio.to_thread(heartbeats.has_living_worker):
        if asyncio.get_running_loop().time() > deadline:
            logger.warning("the worker has not come up; predictions wait until it does")
            break
        await asyncio.sleep(LOOK_EVERY_S)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    ready = f"Beamcast is ready at http://{host}:{listener.getsockname()[1]}"
    if settings.log_format == "json":
        logger.info(ready)
    else:
        print(ready, flush=True)
    await _warm_up()


def _freeze() -> None:
    """Spare the garbage collector what is in memory now.

    Modules stay as long as the process. Every full collection would look at all they hold, while all threads wait.
    """
    gc.collect()
    gc.freeze()


async def _sweep(settings: Settings) -> None:
    """Mend what crashes left behind, now and then."""
    n_modules = 0
    while True:
        await asyncio.sleep(SWEEP_EVERY_S)
        if len(sys.modules) > n_modules:
            n_modules = len(sys.modules)
            await asyncio.to_thread(_freeze)
        try:
            await asyncio.to_thread(sweep.sweep)
            await asyncio.to_thread(uploads.remove_expired, settings)
        except Exception:
            logger.exception("the sweep failed; it is tried again")


async def _supervise(settings: Settings, worker: Worker) -> None:
    """Start the worker again when it dies. Runs on the main thread, as `Worker.start` asks."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        if worker.running:
            continue
        logger.error("the worker died; it is started again")
        worker.stop()
        await asyncio.sleep(RESTART_AFTER_S)
        _start(settings, worker)


if __name__ == "__main__":
    sys.exit(main())
