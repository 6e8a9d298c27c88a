"""Whether notebooks are driven here is found out by running one, and nothing of it stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.executors import Task
from jupyter_pipeline.executors.local import LocalExecutor
from jupyter_pipeline.executors.process import ProcessExecutor
from jupyter_pipeline.executors.sandbox import SandboxExecutor
from jupyter_pipeline.executors.trial import reason_not_driven


class Nowhere(SandboxExecutor):
    """Its drivers are sent to a folder that is not there."""

    def whole_order(self, task: Task) -> dict[str, Any]:
        order = super().whole_order(task)
        order["notebook"]["workspace"] = "/nowhere"
        return order


@pytest.mark.parametrize("kind", [SandboxExecutor, ProcessExecutor])
def test_a_notebook_is_driven_and_nothing_stays(kind: type[LocalExecutor], tmp_path: Path) -> None:
    assert reason_not_driven(kind, tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_ran_word_for_word_is_no_notebook_that_was_driven(tmp_path: Path) -> None:
    reason = reason_not_driven(Nowhere, tmp_path)
    assert reason is not None
    assert "driver could not be started: No such file or directory: /nowhere" in reason
    assert list(tmp_path.iterdir()) == []
