"""What the executors of this machine share: starting through the launcher, looking at what is on disk.

A local task is supervised by a small process of its own, the *shim* (``shim.py``), which outlives the engine. Who
wants to know how a task is doing reads its folder: ``started`` (locked while the shim lives), ``result.json``, ``log``.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import ExecutorUnavailable
from ..models import Ending, Phase, Result, Runtime, TaskStatus, WrittenFile
from ..outputs.job_folder import FOLDER, INPUTS, RESULT, STARTED, STOP, TEMPORARY, UNDO, UPPER, WORK, remove_tree
from . import Task

SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")


class LocalExecutor(ABC):
    """An executor whose tasks are processes of this machine."""

    name: str
    notebooks = "notebooks"
    """The kind of launcher for tasks with notebooks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._launchers: dict[str, _Launcher] = {}

    @property
    @abstractmethod
    def missing_isolation(self) -> tuple[str, ...]:
        """What this executor does not protect from, a sentence each; empty when it is complete."""

    @abstractmethod
    def order(self, task: Task) -> dict[str, Any]:
        """What the shim must know: ``argv``, ``environment``, ``cwd``, and where the job's files will be."""

    @abstractmethod
    def written(self, folder: Path) -> Path:
        """The folder that holds the files of an ended task."""

    def start(self, task: Task) -> None:
        """Begin a task unless it has begun already."""
        self._send(json.dumps(self.whole_order(task)).encode() + b"\n", self.kind_of(task))

    def kind_of(self, task: Task) -> str:
        """The kind of launcher that starts a task: the one that has loaded what its shim needs."""
        return self.notebooks if task.notebook is not None else "commands"

    def name_for(self, runtime: Runtime) -> str:
        """The name of the executor that runs what needs this runtime."""
        return self.name

    @property
    def names(self) -> tuple[str, ...]:
        """All names under which its jobs are recorded."""
        return (self.name,)

    def whole_order(self, task: Task) -> dict[str, Any]:
        """All that the shim must know of a task."""
        order = self.order(task) | {
            "id": task.id,
            "note": task.note,
            "folder": str(task.folder),
            "written": str(self.written(task.folder)),
            "timeout": task.limits.timeout,
            "memory": task.limits.memory,
            "log": task.limits.log,
            "outputs": [(str(output.level), output.pattern) for output in task.outputs],
        }
        return order if task.notebook is None else order | {"notebook": _driver_order(task, order)}

    def expect_notebooks(self) -> None:
        """Get ready for tasks with notebooks, which takes a second; nothing happens when that was done before."""
        if self.notebooks not in self._launchers:
            self._launchers[self.notebooks] = _Launcher(self.notebooks)

    def poll(self, folder: Path) -> TaskStatus:
        """What has become of the task in this folder, whoever started it."""
        result = _read_result(folder)
        if result is not None:
            return TaskStatus(Phase.ENDED, result)
        if not _was_started(folder):
            return TaskStatus(Phase.UNKNOWN)
        if _is_supervised(folder):
            return TaskStatus(Phase.RUNNING)
        result = _read_result(folder)  # it may have ended between the two looks
        if result is not None:
            return TaskStatus(Phase.ENDED, result)
        from .orphans import end_orphans

        end_orphans(folder / STARTED)
        return TaskStatus(Phase.LOST)

    def stop(self, folder: Path) -> None:
        """Ask a running task to end; its shim looks for this file."""
        with contextlib.suppress(OSError):
            (folder / STOP).touch()

    def cleanup(self, folder: Path, keep_written: bool = False) -> None:
        """Remove the working folders of an ended task."""
        kept = self.written(folder).name if keep_written else ""
        for name in (INPUTS, WORK, TEMPORARY, UPPER, FOLDER, UNDO):
            if name != kept:
                remove_tree(folder / name)

    def sources(self) -> Sequence[_Launcher]:
        """What can be waited for with ``select``: it becomes readable when a task ends."""
        return list(self._launchers.values())

    def wait(self, seconds: float) -> Sequence[str]:
        """Sleep until a task started from here ends, or so many seconds."""
        told: list[str] = []
        for launcher in select.select(self.sources(), [], [], seconds)[0]:
            ended = launcher.ended()
            if ended is None:  # the launcher is gone; its tasks go on without it
                del self._launchers[launcher.kind]
                launcher.close()
            else:
                told += ended
        return told

    def close(self) -> None:
        """Let the launchers go; running tasks do not mind."""
        while self._launchers:
            self._launchers.popitem()[1].close()

    def _send(self, line: bytes, kind: str) -> None:
        for _ in range(2):
            launcher = self._launchers.get(kind) or self._launchers.setdefault(kind, _Launcher(kind))
            if launcher.send(line):
                return
            del self._launchers[kind]
            launcher.close()
        raise ExecutorUnavailable("The process that starts jobs dies at once.", "`jupyter pipeline doctor` says more.")


class _Launcher:
    """A small process that starts tasks: forking it costs a fraction of forking the engine.

    The one for notebooks has their libraries loaded, and knows nothing of the caller's environment, since what it knew
    would be in the memory of every driver.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        known = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-X",
                "utf8",
                "-c",
                f"from jupyter_pipeline.executors.launcher import main; main({kind!r})",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
            env=known if "notebooks" in kind else None,
            start_new_session=True,
            preexec_fn=_ignore_interrupt,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders, self._ends = self._process.stdin, self._process.stdout
        self._unread = b""

    def fileno(self) -> int:
        """The descriptor that becomes readable when a task ends."""
        return self._ends.fileno()

    def send(self, line: bytes) -> bool:
        """Start a task; whether the launcher was there to take the order."""
        try:
            self._orders.write(line)
            self._orders.flush()
        except BrokenPipeError:
            return False
        return True

    def ended(self) -> list[str] | None:
        """The ids of the tasks that have ended since, or None when the launcher itself is gone."""
        data = os.read(self._ends.fileno(), 65536)
        if not data:
            return None
        *lines, self._unread = (self._unread + data).split(b"\n")
        return [line.decode() for line in lines]

    def close(self) -> None:
        """Let it go."""
        for pipe in (self._orders, self._ends):
            with contextlib.suppress(OSError):
                pipe.close()
        self._process.wait()


def _driver_order(task: Task, order: Mapping[str, Any]) -> dict[str, Any]:
    """What the driver of a task's notebook is to know; see ``notebooks.driver.DriverOrder``."""
    from ..notebooks.commands import as_json

    assert task.notebook is not None
    folders = [*map(str, task.runtime.path), *SYSTEM_PATH]
    kernels = [os.path.join(os.path.dirname(folder), "share", "jupyter", "kernels") for folder in folders]
    return {
        "run": as_json(task.notebook.run),
        "workspace": order["workspace"],
        "python": python_of(task.runtime),
        "kernel_folders": kernels,
        "environment": order["environment"] | dict(task.notebook.run.environment),
        "provenance": dict(task.notebook.provenance),
        "runtime": task.runtime.name,
    }


def python_of(runtime: Runtime) -> str | None:
    """The Python of a runtime of this machine, or None where it has none."""
    folders = os.pathsep.join([*map(str, runtime.path), *SYSTEM_PATH])
    found = (shutil.which(name, path=folders) for name in ("python3", "python"))
    return next((path for path in found if path), None)


def command(task: Task) -> tuple[str, ...]:
    """The command to run: the words as given when the first is a program here, else the runtime's own program first.

    Platform: base-docker entrypoint.sh.
    """
    folders = [*map(str, task.runtime.path), *SYSTEM_PATH]
    first = task.args[0] if task.args else ""
    # A path within the workspace is a file of the project's, whatever lies at that path where we are.
    if first.startswith("/usr/") or (
        (first.startswith("/") or "/" not in first) and shutil.which(first, path=os.pathsep.join(folders))
    ):
        return task.args
    return (task.runtime.program, *task.args)


def environment(task: Task, home: str) -> dict[str, str]:
    """The whole environment of a task: nothing of the caller's own comes through."""
    return {
        "PATH": os.pathsep.join([*map(str, task.runtime.path), *SYSTEM_PATH]),
        "HOME": home,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        **task.runtime.environment,
        **task.environment,
    }


def _ignore_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _was_started(folder: Path) -> bool:
    try:
        return (folder / STARTED).stat().st_size > 0
    except FileNotFoundError:
        return False


def _is_supervised(folder: Path) -> bool:
    """Whether the shim lives: it holds a lock that the operating system frees when it dies."""
    try:
        descriptor = os.open(folder / STARTED, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _read_result(folder: Path) -> Result | None:
    try:
        data = json.loads((folder / RESULT).read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        return _damaged_result()
    try:
        files = tuple(WrittenFile(*entry) for entry in data.pop("files"))
        for key in ("unmatched", "unclaimed", "refused"):
            data[key] = tuple(data[key])
        return Result(**data | {"ending": Ending(data["ending"]), "files": files})
    except (TypeError, KeyError, ValueError, AttributeError):
        return _damaged_result()


def _damaged_result() -> Result:
    """A result that cannot be read is never taken for a success."""
    return Result(Ending.BROKEN, None, "", "", 0.0, message="The record of how the job ended is damaged. Run it again.")
