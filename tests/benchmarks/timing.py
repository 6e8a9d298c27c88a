"""Running a command and seeing what it took: seconds, processor seconds, and the memory of its processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.helpers.places import REPOSITORY

OURS = (sys.executable, "-m", "jupyter_pipeline.cli")
LOOK = 0.02
"""Seconds between looks at the memory of running processes."""


class DidNotWork(Exception):
    """A command failed or took too long; the text is its last words."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command took."""

    seconds: float
    processor: float
    """Seconds of user and system time of the command and all that it waited for."""
    peak: int
    """Bytes that the largest single process held."""


def environment(workers: int) -> dict[str, str]:
    """A quiet environment in which the programs of this interpreter are found, byte code kept as after installing."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    ours = {"JUPYTER_PIPELINE_JOBS": str(workers), "JUPYTER_PIPELINE_EXECUTOR": "sandbox", "NO_COLOR": "1"}
    roots = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep)
    unwanted = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {"PYTHONPATH": roots} | kept | ours | {"PATH": path} | _override()


def _override() -> dict[str, str]:
    """BENCHMARK_REPO names another checkout of ours to measure, for a comparison of two versions."""
    other = os.environ.get("BENCHMARK_REPO")
    return {"PYTHONPATH": other} if other else {}


def run(command: Sequence[str], folder: Path, variables: Mapping[str, str], timeout: float = 1800) -> Cost:
    """Run a command in `folder` and give its cost. Raises DidNotWork."""
    with tempfile.TemporaryFile() as words:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=dict(variables), stdin=subprocess.DEVNULL, stdout=words, stderr=words
        )
        timer = psutil.Process(process.pid)
        try:
            status, usage = _wait(process.pid, began + timeout)
        except TimeoutError:
            for each in (*timer.children(recursive=True), timer):
                each.kill()
            os.waitpid(process.pid, 0)
            process.returncode = -9
            raise DidNotWork(f"took longer than {timeout:.0f} s") from None
        seconds = time.perf_counter() - began
        process.returncode = status
        if status:
            words.seek(0)
            raise DidNotWork(words.read().decode(errors="replace")[-300:])
    return Cost(seconds, usage[0], usage[1])


def _wait(pid: int, deadline: float) -> tuple[int, tuple[float, int]]:
    pause = 0.001
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            facts = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
            return os.waitstatus_to_exitcode(status), facts
        if time.perf_counter() > deadline:
            raise TimeoutError
        time.sleep(pause)
        pause = min(pause * 1.2, 0.01)


def best(repeat: int, prepare: Callable[[], object], measure: Callable[[], Cost]) -> Cost:
    """The quickest of several runs, each freshly prepared: noise only ever adds."""
    costs = []
    for _ in range(repeat):
        prepare()
        costs.append(measure())
    return min(costs, key=lambda cost: cost.seconds)


@dataclass(slots=True)
class Memory:
    """The most that the processes of a run of ours held, in bytes, by what they are."""

    engine: int = 0
    launcher: int = 0
    shims: int = 0
    """All shims of one moment together; pages that they share with the launcher are shared out."""


def watch(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> tuple[float, Memory]:
    """Run our program, looking at its processes: the seconds it took (a little slowed by the looks), and the memory."""
    memory = Memory()
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=dict(variables), stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )
    while process.poll() is None:
        _look(process.pid, memory)
        time.sleep(LOOK * 5)
    if process.returncode:
        raise DidNotWork(f"exit code {process.returncode}")
    return time.perf_counter() - began, memory


def _look(pid: int, memory: Memory) -> None:
    memory.engine = max(memory.engine, _status(pid, "VmHWM"))
    for launcher in _children(pid):
        if _command(launcher).startswith(b"bwrap") or not _command(launcher):
            continue
        memory.launcher = max(memory.launcher, _status(launcher, "VmHWM"))
        memory.shims = max(memory.shims, sum(map(_proportional, _children(launcher))))


def _children(pid: int) -> list[int]:
    try:
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except OSError:
        return []


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/comm").read_bytes()
    except OSError:
        return b""


def _status(pid: int, key: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:")), 0)


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def machine() -> str:
    """A line on where this was measured, and how busy it was."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "unknown")
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
    python = sys.version.split()[0]
    return f"{os.cpu_count()} processors, {model}, Linux {os.uname().release}, Python {python}, load {load}"


def say(line: str) -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def empty(folder: Path) -> Path:
    """`folder`, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
