"""What looks at processes in these tests is not surprised by one that has ended, whenever that was."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from tests.helpers import proctools


@pytest.fixture
def gone() -> psutil.Process:
    """A process that was there when it was listed."""
    started = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    found = next(child for child in proctools.children() if child.pid == started.pid)
    started.communicate(b"\n")
    return found


def test_a_process_that_has_ended(gone: psutil.Process) -> None:
    assert not proctools.is_alive(gone)
    assert not proctools.is_alive(gone.pid)
    assert proctools.children(gone) == proctools.children(gone.pid, recursive=True) == []
    assert proctools.command(gone) == proctools.name(gone) == ""
    for act in (proctools.kill, proctools.terminate, proctools.suspend, proctools.resume):
        act([gone])


def test_a_process_that_runs() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "input()", f"mark-of-{os.getpid()}"], stdin=subprocess.PIPE
    ) as started:
        assert proctools.is_alive(started.pid)
        assert [process.pid for process in proctools.with_word(f"mark-of-{os.getpid()}")] == [started.pid]
        assert "mark-of" in proctools.command(psutil.Process(started.pid))
        proctools.kill([psutil.Process(started.pid)])
    assert started.returncode == -9
