"""The fallback executor: a plain process in a copied folder, and honest words on what it does not protect from.

``/workspace`` does not exist here, so it is rewritten in the command's words and in the environment.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from ..models import WORKSPACE
from ..outputs.job_folder import FOLDER, TEMPORARY
from . import Task
from .local import LocalExecutor, command, environment


class ProcessExecutor(LocalExecutor):
    """Runs tasks as plain processes of this user."""

    name = "process"

    @property
    def missing_isolation(self) -> tuple[str, ...]:
        """What a job could do that it could not do in the sandbox."""
        return (
            "The job may use the network.",
            "The job may read and change any file that you may, also outside its workspace.",
            "A process that the job detaches from itself goes on if the job's watcher is killed.",
            "Absolute paths below /workspace that the code itself writes are not found here.",
        )

    def order(self, task: Task) -> dict[str, Any]:
        """The command of a task, moved to its own folder."""
        workspace = task.folder / FOLDER
        for folder in (workspace, task.folder / TEMPORARY):
            folder.mkdir(exist_ok=True)
        variables = environment(task, home=str(task.folder / TEMPORARY)) | {"TMPDIR": str(task.folder / TEMPORARY)}
        argv = [_moved(word, workspace) for word in command(task)]
        return {
            "argv": argv,
            "word_for_word": argv,
            "environment": {name: _moved(value, workspace) for name, value in variables.items()},
            "cwd": str(workspace),
            "layout": "copy",
            "workspace": str(workspace),
            "code": str(task.code),
            "inputs": str(task.inputs),
        }

    def written(self, folder: Path) -> Path:
        """The copied folder; what it held before is told from what the job wrote by the shim."""
        return folder / FOLDER


def _moved(word: str, workspace: Path) -> str:
    """The word with /workspace, where it stands as a whole path, replaced by the real folder."""
    return re.sub(rf"(?<![\w./-]){WORKSPACE}(?![\w.-])", lambda _: os.fspath(workspace), word)
