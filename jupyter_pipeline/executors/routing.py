"""Two executors as one: what needs an image runs in a container, everything else as it would without images.

So a project splits its actions between the two by its settings alone. Which of them has a task is seen in the task's
folder, whoever started it.
"""

from __future__ import annotations

import select
from collections.abc import Sequence
from pathlib import Path

from ..models import Runtime, TaskStatus
from ..outputs.job_folder import CONTAINER
from . import Executor, Task
from .local import LocalExecutor


class RoutingExecutor:
    """Hands each task to the executor that its runtime asks for."""

    def __init__(self, here: Executor, containers: LocalExecutor) -> None:
        self._here, self._containers = here, containers
        self.name = here.name

    @property
    def names(self) -> Sequence[str]:
        """Both names."""
        return (*self._here.names, *self._containers.names)

    def name_for(self, runtime: Runtime) -> str:
        """The name of the one that runs what needs this runtime."""
        return self.of_runtime(runtime).name

    @property
    def missing_isolation(self) -> tuple[str, ...]:
        """What either does not protect from."""
        return tuple(dict.fromkeys((*self._here.missing_isolation, *self._containers.missing_isolation)))

    def start(self, task: Task) -> None:
        """Begin a task unless it has begun already."""
        self.of_runtime(task.runtime).start(task)

    def expect_notebooks(self) -> None:
        """Get ready for tasks with notebooks."""
        self._here.expect_notebooks()  # those of containers are rarer, and load their libraries when one comes

    def poll(self, folder: Path) -> TaskStatus:
        """What has become of the task in this folder."""
        return self._of_folder(folder).poll(folder)

    def stop(self, folder: Path) -> None:
        """Ask a running task to end."""
        self._of_folder(folder).stop(folder)

    def cleanup(self, folder: Path, keep_written: bool = False) -> None:
        """Remove what an ended task used."""
        self._of_folder(folder).cleanup(folder, keep_written)

    def written(self, folder: Path) -> Path:
        """The folder that holds the files of an ended task."""
        return self._of_folder(folder).written(folder)

    def wait(self, seconds: float) -> Sequence[str]:
        """Sleep until a task of either ends, or so many seconds."""
        here = self._here
        if not isinstance(here, LocalExecutor):
            return [*self._containers.wait(0), *here.wait(seconds)]
        select.select([*here.sources(), *self._containers.sources()], [], [], seconds)
        return [*here.wait(0), *self._containers.wait(0)]

    def close(self) -> None:
        """Let go of both."""
        self._here.close()
        self._containers.close()

    def of_runtime(self, runtime: Runtime) -> Executor:
        """The one that runs what needs this runtime."""
        return self._containers if runtime.image else self._here

    def _of_folder(self, folder: Path) -> Executor:
        return self._containers if (folder / CONTAINER).exists() else self._here
