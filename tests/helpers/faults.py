"""Real faults for tests: processes that are killed, disks that are full, folders that may not be written to."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from jupyter_pipeline.models import Event, Job
from jupyter_pipeline.project.facade import LocalProject
from jupyter_pipeline.project.views import RequestView
from jupyter_pipeline.store.database import Store

from . import proctools
from .support import action, require

DEADLINE = 120.0
"""Seconds after which something that must happen is said not to happen, on a machine that has much else to do."""


def step(name: str, script: str = "", needs: str = "", level: str = "moderately_sensitive", **outputs: str) -> str:
    """The YAML of an action that makes output/NAME.csv, or what `script` and `outputs` say."""
    return action(name, "mkdir -p output; " + (script or f"echo a > output/{name}.csv"), needs, level, **outputs)


def run(folder: Path, *actions: str, force: bool = False, revision: str | None = None, **settings: Any) -> RequestView:
    """Submit and run a request to its end; ``run_all`` when no action is named."""
    project = LocalProject.find(folder, **settings)
    request = project.submit(actions or ["run_all"], force=force, revision=revision)
    project.attend(request.id, lambda _: None)
    return project.request(request.id)


def codes(view: RequestView) -> dict[str, str]:
    """How each job of a request ended."""
    return {job.action: str(job.code) for job in view.jobs}


def verdicts(folder: Path, *actions: str, **settings: Any) -> dict[str, str]:
    """What a plan says of each action."""
    planned = LocalProject.find(folder, **settings).plan(actions or ["run_all"])
    return {one.action: str(one.verdict) for one in planned.actions}


def reason(folder: Path, name: str) -> str:
    """Why the plan for everything says what it says of one action."""
    planned = LocalProject.find(folder).plan(["run_all"])
    return next(one.reason for one in planned.actions if one.action == name)


def job_of(view: RequestView, name: str) -> Job:
    """The job of an action."""
    return next(job for job in view.jobs if job.action == name)


def wait_for(condition: Callable[[], bool], what: str, seconds: float = DEADLINE) -> None:
    """Look until a condition holds; fails, saying what did not happen, after a deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not happen: {what}"
        time.sleep(0.005)


def forked(work: Callable[[], object]) -> int:
    """Start `work` in a process of its own, a fork of this one; its process id."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def ended(pid: int, seconds: float = DEADLINE) -> int:
    """Wait for a process made by `forked`: its exit code, or minus the signal that ended it."""
    deadline = time.monotonic() + seconds
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise AssertionError("a process did not come to its end")
        time.sleep(0.005)


@contextlib.contextmanager
def background(work: Callable[[], object]) -> Iterator[int]:
    """`work` in a process of its own, killed in the end if it is still there."""
    pid = forked(work)
    try:
        yield pid
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0] == 0:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def attend(folder: Path, request_id: str | None = None, **settings: Any) -> list[Event]:
    """Stay with a request, by default the newest, until it has ended; its events from now on."""
    project = LocalProject.find(folder, **settings)
    told: list[Event] = []
    project.attend(request_id or project.request().request.id, told.extend)
    return told


def events(folder: Path) -> list[Event]:
    """All events so far."""
    return LocalProject.find(folder).events(0, 1_000_000)


def has_code(folder: Path, name: str, code: str) -> bool:
    """Whether the newest job of an action has this status code now."""
    with contextlib.suppress(Exception):
        return LocalProject.find(folder).job(name).code == code
    return False


HELD = 'until [ -e "$HOME/go" ]; do sleep 0.02; done'
"""What a job's script says that is to wait until `release`."""


def release(folder: Path, name: str) -> None:
    """Let the newest job of an action go on that waits by `HELD`."""
    project = LocalProject.find(folder)
    (project.config.folder / "jobs" / project.job(name).id / "tmp" / "go").touch()


def shim_of(folder: Path, job_id: str) -> psutil.Process | None:
    """The process that looks after a job, if there is one yet."""
    try:
        record = (LocalProject.find(folder).config.folder / "jobs" / job_id / "started").read_text()
        found = re.search(r"\d+", record)
        process = psutil.Process(int(found[0])) if found else None
        return process if proctools.is_alive(process) else None
    except (OSError, psutil.Error):
        return None


def store_of(folder: Path) -> Store:
    """The store of a project, open for writing."""
    return Store.open(LocalProject.find(folder).config.folder)


def assert_whole(folder: Path, request_id: str, actions: Sequence[str], begins: int = 1) -> None:
    """A request is complete: every action succeeded once, its command ran once, its outputs are what it made."""
    import hashlib

    project = LocalProject.find(folder)
    view = project.request(request_id)
    assert codes(view) == dict.fromkeys(actions, "succeeded")
    for job in view.jobs:
        assert project.log(job.id).read_text().count("begin\n") == begins, job.action
        finals = [event for event in project.timeline(job.id) if event.state in ("succeeded", "failed")]
        assert len(finals) == 1, job.action
    made = project.outputs()
    assert {output.file.action for output in made} >= set(actions)
    for output in made:
        if output.present:
            content = (folder / output.file.path).read_bytes()
            assert hashlib.sha256(content).hexdigest() == output.file.sha256, output.file.path


# -- disks -----------------------------------------------------------------------------------------


def mount(*arguments: str) -> bool:
    """Whether a mount could be made."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


def unmount(folder: Path) -> None:
    """Take a mount away, in use or not."""
    subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own in `folder`, with so much room."""
    folder.mkdir(parents=True, exist_ok=True)
    require(mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)), "root and mount", left_for="root")
    try:
        yield folder
    finally:
        unmount(folder)


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing below `folder` may be written while this lasts, not even by root."""
    require(mount("--bind", str(folder), str(folder)), "root and mount", left_for="root")
    try:
        require(mount("-o", "remount,bind,ro", str(folder)), "root and mount", left_for="root")
        yield
    finally:
        unmount(folder)


def fill(folder: Path, leave: int = 0) -> Path:
    """Fill the disk of `folder` up to `leave` bytes; the file that does it, to be removed again."""
    ballast = folder / "ballast.bin"
    with ballast.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)
    if leave:
        os.truncate(ballast, max(0, ballast.stat().st_size - leave))
    return ballast
