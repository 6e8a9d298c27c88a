"""How a job's command is run: four verbs, and the words they speak.

An executor never touches the store, never waits and may be asked the same thing twice. Preparing a job's files and
collecting what it wrote is shared (``outputs``), so an executor only says how to start, look at, stop and
tidy up one run of one command. New ones come by the entry point group ``jupyter_pipeline.executors``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from ..models import Limits, OutputPattern, Runtime, TaskStatus

if TYPE_CHECKING:  # most tasks have no notebook
    from ..notebooks.commands import NotebookRun

HOLDER = ("/bin/sh", "-c", "trap '' TERM; printf .; read -r code; exit \"${code:-137}\"")
"""The command that keeps a sandbox open for a driver: it says that it is there, and waits to be told how to end."""


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook that a task runs in place of its command."""

    run: NotebookRun
    provenance: Mapping[str, str]
    """What its report says of where it comes from."""


@dataclass(frozen=True, slots=True)
class Task:
    """One run of one job's command, as an executor sees it."""

    id: str
    folder: Path
    """The job's own folder; all that an executor writes goes here."""
    args: tuple[str, ...]
    """The command as the project wrote it, without the image; may name /workspace."""
    code: Path
    """The code snapshot, read-only."""
    inputs: Path
    """A folder with the outputs of the needed actions, read-only."""
    runtime: Runtime
    limits: Limits
    outputs: tuple[OutputPattern, ...]
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notebook: Notebook | None = None
    """Set where the command executes a notebook; ``args`` then only say what is replaced."""
    note: str = ""
    """A sentence with which the log begins."""
    network: str = ""
    """The network that the backend grants this action; only containers can have one."""


class Executor(Protocol):
    """How commands are run. Every verb is idempotent and returns at once."""

    name: str

    @property
    def names(self) -> Sequence[str]:
        """All names under which its jobs are recorded."""

    def name_for(self, runtime: Runtime) -> str:
        """The name under which a job with this runtime is recorded: that of the executor which really runs it."""

    @property
    def missing_isolation(self) -> tuple[str, ...]:
        """What this executor does not protect from, a sentence each; empty when it is complete."""

    def start(self, task: Task) -> None:
        """Begin a task unless it has begun already. Raises PipelineError when that cannot even be tried."""

    def expect_notebooks(self) -> None:
        """Get ready for tasks with notebooks, if that takes time; asked again, it does nothing."""

    def poll(self, folder: Path) -> TaskStatus:
        """What has become of the task in this folder, whoever started it."""

    def stop(self, folder: Path) -> None:
        """Ask a running task to end: politely first, then by force. `poll` tells when it has."""

    def cleanup(self, folder: Path, keep_written: bool = False) -> None:
        """Remove what an ended task used; its log and result stay, and what it wrote if that is wanted for a look."""

    def written(self, folder: Path) -> Path:
        """The folder that holds the files of an ended task."""

    def wait(self, seconds: float) -> Sequence[str]:
        """Sleep until a task of ours ends, or so many seconds; the ids of those known to have ended."""

    def close(self) -> None:
        """Let go of everything that is not a running task."""
