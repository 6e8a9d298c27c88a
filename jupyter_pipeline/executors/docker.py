"""The executor of containers: each task in one of the Docker Engine, under the platform's contract and stricter.

A container sees /workspace, which is an overlay of the code and its inputs under a private upper layer as in the
sandbox, and its image, read-only. No network unless the backend grants one, no capabilities, no new privileges, limits
of memory, processors and processes, nothing of the caller's environment. It is supervised by the same shim as any
task: the shim's command is a client that holds on to the container (``containers``).
"""

from __future__ import annotations

import functools
import json
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..config import DockerSetting, printable
from ..errors import ExecutorUnavailable
from ..models import WORKSPACE, Phase, TaskStatus
from ..outputs.job_folder import CONTAINER, CONTAINER_FILES, STARTED, UPPER
from ..runtimes import docker
from . import Task
from .containers import mark, read_record, to_resume
from .local import LocalExecutor
from .sandbox import SandboxExecutor

HOME = "/tmp"
PYTHON = "python3"
"""What a Python kernel is started with: the one on the image's PATH."""
NO_SANDBOX = "The command runs word for word, since no sandbox works here for what drives a notebook."
_NONE: Mapping[str, str] = MappingProxyType({})


class DockerExecutor(LocalExecutor):
    """Runs tasks in containers. The Engine is first asked for when a task starts."""

    name = "docker"
    notebooks = "containers and notebooks"

    def __init__(self, folder: Path, setting: DockerSetting | None = None, labels: Mapping[str, str] = _NONE) -> None:
        super().__init__(folder)
        self._setting, self._labels = setting or DockerSetting(), labels

    @property
    def missing_isolation(self) -> tuple[str, ...]:
        """Nothing is missing."""
        return ()

    def kind_of(self, task: Task) -> str:
        """The launcher that has the SDK loaded."""
        return self.notebooks if task.notebook is not None else "containers"

    def start(self, task: Task) -> None:
        """Begin a task unless it has begun already; first it is noted how to attach to its container."""
        if (task.folder / STARTED).exists():
            return
        if task.notebook is not None and self._sandbox is None:
            task = replace(task, notebook=None, note=task.note or NO_SANDBOX)
        mark(self.whole_order(task))
        super().start(task)

    def whole_order(self, task: Task) -> dict[str, Any]:
        """All that the shim must know, and when the task began, which another shim cannot know."""
        order = super().whole_order(task) | {"began": [datetime.now(UTC).isoformat(), time.monotonic()]}
        if task.notebook is None:
            return order
        assert self._sandbox is not None
        there = {"python": PYTHON, "kernel_folders": [], "environment": {"HOME": HOME, "PATH": os.defpath}}
        return order | {"notebook": order["notebook"] | there, "driver": self._sandbox.driver_order(task)}

    @functools.cached_property
    def _sandbox(self) -> SandboxExecutor | None:
        """What makes the sandboxes of the drivers of notebooks; None where none works."""
        try:
            return SandboxExecutor(self.folder)
        except ExecutorUnavailable:
            return None

    def order(self, task: Task) -> dict[str, Any]:
        """What the container is to be."""
        container = {
            "address": docker.socket_of(self._setting.host),
            "name": f"{docker.NAME}{task.id}",
            "image": task.runtime.image,
            "runtime": task.runtime.name,
            "reference": task.runtime.name,
            "program": task.runtime.program,
            "args": list(task.args),
            "environment": {"HOME": HOME, **task.runtime.environment, **task.environment},
            "secrets": list(task.runtime.secrets),
            "user": f"{os.getuid()}:{os.getgid()}",
            "network": task.network,
            "memory": task.limits.memory,
            "cpus": min(self._setting.cpus, os.cpu_count() or 1),
            "pids": self._setting.pids,
            "labels": {
                **self._labels,
                docker.LABEL_JOB: task.id,
                docker.LABEL_JOBS: printable(task.folder.parent),
            },
            "copies": False,
        }
        return {
            "container": container,
            "argv": [],
            "environment": {},
            "cwd": "/",
            "layout": "container",
            "workspace": WORKSPACE,
            "code": str(task.code),
            "inputs": str(task.inputs),
        }

    def poll(self, folder: Path) -> TaskStatus:
        """What has become of a task; one whose watcher is gone gets another, which attaches to the container."""
        status = super().poll(folder)
        if status.phase is not Phase.LOST:
            return status
        order = to_resume(folder)
        if order is None:
            return status
        self._send(json.dumps(order).encode() + b"\n", "containers")
        return TaskStatus(Phase.RUNNING)

    def written(self, folder: Path) -> Path:
        """The overlay's upper layer or, where the workspace was copied, the copy."""
        return folder / UPPER

    def cleanup(self, folder: Path, keep_written: bool = False) -> None:
        """Remove the working folders of an ended task, and its container without waiting for that."""
        order = read_record(folder, CONTAINER)
        if order is not None:
            removal = {
                "id": "",
                "folder": str(folder),
                "remove": [order["container"]["address"], self._name_of(folder)],
            }
            self._send(json.dumps(removal).encode() + b"\n", "containers")
        super().cleanup(folder, keep_written)
        for name in CONTAINER_FILES:
            (folder / name).unlink(missing_ok=True)

    @staticmethod
    def _name_of(folder: Path) -> str:
        return f"{docker.NAME}{folder.name}"
