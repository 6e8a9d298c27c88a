"""Which executor runs a project's jobs: the one that is set, or what works on this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import Config, printable
from ..errors import ExecutorUnavailable
from . import Executor

if TYPE_CHECKING:
    from .docker import DockerExecutor


def get(name: str, folder: Path) -> Executor:
    """The executor of that name for jobs below `folder`; ``auto`` takes the sandbox where it works.

    Raises ExecutorUnavailable, with the reason and the cure, when it does not work on this machine.
    """
    if name != "auto":
        return _load(name)(folder)
    try:
        return _load("sandbox")(folder)
    except ExecutorUnavailable:
        return _load("process")(folder)


def of_project(config: Config, folder: Path, name: str | None = None) -> Executor:
    """The executor of a project's jobs below `folder`: the one that is set, with containers for what is an image.

    `name` takes another than the one that is set. Raises ExecutorUnavailable.
    """
    name = name or config.executor
    if name == "docker":
        return _docker(config, folder)
    found = get(name, folder)
    if not config.has_containers:
        return found
    from .routing import RoutingExecutor

    return RoutingExecutor(found, _docker(config, folder))


def _docker(config: Config, folder: Path) -> DockerExecutor:
    from ..runtimes import docker
    from .docker import DockerExecutor

    labels = {
        docker.LABEL_WORKSPACE: config.workspace,
        docker.LABEL_PROJECT: printable(config.root),
    }
    return DockerExecutor(folder, config.docker, labels)


def _load(name: str) -> Callable[[Path], Executor]:
    if name == "sandbox":
        from .sandbox import SandboxExecutor

        return SandboxExecutor
    if name == "process":
        from .process import ProcessExecutor

        return ProcessExecutor
    if name == "docker":
        from .docker import DockerExecutor

        return DockerExecutor
    from importlib.metadata import entry_points

    for point in entry_points(group="jupyter_pipeline.executors", name=name):
        found: Callable[[Path], Executor] = point.load()
        return found
    raise ExecutorUnavailable(
        f"There is no executor {name!r}.", "Choose sandbox, process, docker, or install its package."
    )
