"""One session of a kernel in a runtime: isolated like a job, reachable like any kernel.

The kernel has no network, so it makes its sockets in a folder; what comes to the ports that Jupyter has chosen is
handed on to them, byte by byte. What it writes is its own and goes with it: it is for writing notebooks, and not for
results.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil

from .. import person, runtimes
from ..config import Config
from ..errors import PipelineError
from ..executors import Task, choosing
from ..executors.local import LocalExecutor, python_of
from ..models import Runtime
from ..notebooks.driver.kernel import CHANNELS, QUIET, connection_of
from ..notebooks.driver.kernelspecs import START
from ..outputs import job_folder, publication, staging
from ..planning import survey as planning
from ..snapshots import pool
from ..store.database import Store
from .specs import check_synthetic

ROOM = len("/jobs/jp-12345678/tmp/k/k-1")
"""Bytes of a socket's path below the folder of a session."""
LAUNCH = 30.0
"""Seconds that the kernel may take to make its sockets."""


def start(config: Config, runtime_name: str, action: str | None, connection_file: Path) -> int:
    """Run a kernel until it ends; its exit code. Raises PipelineError when it cannot be started."""
    if action is not None:
        check_synthetic(config)
    wanted = json.loads(connection_file.read_text())
    runtime = runtimes.installed(runtime_name, config)
    if runtime is None:
        raise PipelineError(
            f"The runtime {runtime_name} is not ready.", "Build or fetch it: `jupyter pipeline runtimes`."
        )
    base = Path(person.short_folder("jp-", ROOM))
    folder = base / "jobs" / base.name
    try:
        place = folder / job_folder.TEMPORARY / "k"
        place.mkdir(parents=True)
        (place / "connection.json").write_text(json.dumps(connection_of("/tmp/k", wanted["key"], runtime_name)))
        task = _task(config, runtime, action, folder)
        executor = choosing.of_project(config, folder)
        session = _in_container if runtime.image else _in_sandbox
        with _Ports(wanted, place):
            return session(executor, task)
    finally:
        job_folder.remove_tree(base)


def _task(config: Config, runtime: Runtime, action: str | None, folder: Path) -> Task:
    survey = planning.survey(config)
    code = pool.materialize(survey.code, config.root, config.state)
    files: Mapping[str, Path] = {}
    needs = survey.pipeline.actions[action].needs if action else ()
    with contextlib.ExitStack() as stack:
        store = Store.peek(config.folder) if needs else None
        if needs and store is None:
            raise PipelineError(
                f"The inputs of {action} are not there.", f"Run it once: `jupyter pipeline run {action}`."
            )
        if store is not None:
            stack.enter_context(closing(store))
            files, _ = publication.inputs(config, store, needs)
    staging.link_inputs(folder / job_folder.INPUTS, files)
    outputs = survey.pipeline.actions[action].outputs if action else ()
    staging.make_folders(folder / job_folder.INPUTS, (output.pattern for output in outputs))
    python = "python3" if runtime.image else python_of(runtime)
    if python is None:
        raise PipelineError(f"The runtime {runtime.name} has no Python.", "Choose one that has.")
    environment = {"OPENSAFELY_BACKEND": config.backend} | runtimes.secrets(runtime, config)
    return Task(
        id=folder.name,
        folder=folder,
        args=(python, "-c", START, "-f", "/tmp/k/connection.json"),
        code=code,
        inputs=folder / job_folder.INPUTS,
        runtime=runtime,
        limits=config.limits_of(action or ""),
        outputs=(),
        environment=MappingProxyType(environment | QUIET | {"IPYTHONDIR": "/tmp/k/ipython"}),
    )


# -- running it ------------------------------------------------------------------------------------


def _in_sandbox(executor: Any, task: Task) -> int:
    here = executor.of_runtime(task.runtime) if hasattr(executor, "of_runtime") else executor
    assert isinstance(here, LocalExecutor)
    if here.name != "sandbox":
        raise PipelineError(
            "No sandbox works here, so no isolated kernel can be started.", "See `jupyter pipeline doctor`."
        )
    order = here.order(task)
    process = subprocess.Popen(
        order["argv"], env=order["environment"], cwd=order["cwd"], stdin=subprocess.DEVNULL, start_new_session=True
    )

    def send(number: int) -> None:
        for one in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if one.name() != "bwrap":
                    one.send_signal(number)

    with _Signals(send):
        return process.wait()


def _in_container(executor: Any, task: Task) -> int:
    from ..executors.containers import supervising

    containers = executor.of_runtime(task.runtime) if hasattr(executor, "of_runtime") else executor
    order = containers.whole_order(task) | {"is_session": True}
    supervising.prepare(order, task.folder)
    _run_client(order, task.folder)
    if supervising.cannot_mount(order, task.folder):
        supervising.copy(order, task.folder)
        _run_client(order, task.folder)
    record = supervising.result(task.folder)
    if record.get("message"):
        raise PipelineError(str(record["message"]))
    return int(record.get("exit_code") or 0)


def _run_client(order: dict[str, Any], folder: Path) -> None:
    from ..executors.containers import supervising

    mine, theirs = socket.socketpair()
    with closing(mine):
        pid = supervising.start(order, folder, 2, theirs)
        theirs.close()
        with _Signals(lambda number: mine.send(bytes([number]))):
            os.waitpid(pid, 0)


class _Signals:
    """Passes on what Jupyter sends to its kernel's process: SIGINT interrupts, SIGTERM ends it."""

    def __init__(self, send: Callable[[int], object]) -> None:
        self._send = send

    def __enter__(self) -> None:
        signal.signal(signal.SIGINT, lambda *_: self._pass_on(signal.SIGINT))
        signal.signal(signal.SIGTERM, lambda *_: self._pass_on(signal.SIGKILL))

    def _pass_on(self, number: int) -> None:
        with contextlib.suppress(OSError, psutil.Error):
            self._send(number)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


# -- reaching it -----------------------------------------------------------------------------------


class _Ports:
    """Listens where Jupyter will connect, and hands each connection on to the kernel's socket."""

    def __init__(self, wanted: Mapping[str, Any], place: Path) -> None:
        if wanted.get("transport", "tcp") != "tcp":
            raise PipelineError("Jupyter wants to reach its kernels otherwise than by TCP.", "Set transport = tcp.")
        self._sockets = []
        for number, channel in enumerate(CHANNELS, 1):
            listening = socket.create_server((wanted["ip"], wanted[f"{channel}_port"]))
            self._sockets.append((listening, str(place / f"k-{number}")))

    def __enter__(self) -> None:
        for listening, path in self._sockets:
            threading.Thread(target=_accept, args=(listening, path), daemon=True).start()

    def __exit__(self, *_: object) -> None:
        for listening, _path in self._sockets:
            listening.close()


def _accept(listening: socket.socket, path: str) -> None:
    with contextlib.suppress(OSError):
        while True:
            outside, _ = listening.accept()
            threading.Thread(target=_hand_on, args=(outside, path), daemon=True).start()


def _hand_on(outside: socket.socket, path: str) -> None:
    """Copy both ways until one side closes."""
    inside = socket.socket(socket.AF_UNIX)
    with closing(outside), closing(inside), contextlib.suppress(OSError):
        if not _connected(inside, path):
            return
        other = {outside: inside, inside: outside}
        while True:
            for one in select.select([outside, inside], [], [])[0]:
                data = one.recv(1 << 16)
                if not data:
                    return
                other[one].sendall(data)


def _connected(inside: socket.socket, path: str) -> bool:
    """Connect once the kernel has made its socket."""
    waits = int(LAUNCH / 0.05)
    for _ in range(waits):
        try:
            inside.connect(path)
        except OSError:
            select.select([], [], [], 0.05)
        else:
            return True
    return False
