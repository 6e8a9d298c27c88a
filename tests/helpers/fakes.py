"""What tests of executors share: a clock and an executor that the test controls, and a bench for real executors.

The fake executor's jobs are played rather than run; it passes the same contract test as the real ones
(executors/test_contract.py).
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import secrets
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from jupyter_pipeline.errors import ExecutorUnavailable
from jupyter_pipeline.executors import Executor, Task
from jupyter_pipeline.executors.docker import DockerExecutor
from jupyter_pipeline.executors.process import ProcessExecutor
from jupyter_pipeline.executors.sandbox import SandboxExecutor
from jupyter_pipeline.models import (
    Ending,
    Level,
    Limits,
    OutputPattern,
    Phase,
    Result,
    Runtime,
    TaskStatus,
    WrittenFile,
)
from jupyter_pipeline.outputs import inventory

from . import images, proctools
from .support import require

EPOCH = datetime(2021, 1, 1, tzinfo=UTC)
FOREVER = 1e9
"""Seconds that a job lasts which ends only when it is told to."""


class FakeClock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds

    def iso(self) -> str:
        """The time now as the store writes it."""
        return (EPOCH + timedelta(seconds=self.seconds)).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Play:
    """What a job does: what it writes and says, how long it lasts, how it ends."""

    writes: Mapping[str, str] = field(default_factory=dict)
    says: str = ""
    lasts: float = 0.0
    exit_code: int = 0
    ending: Ending = Ending.EXIT
    stubborn: bool = False
    """Whether it does not mind being asked to stop, so that it is ended by force after a while."""
    vanishes: bool = False
    """Whether, in the end, nothing tells how it ended."""


class FakeExecutor:
    """Plays jobs. What is known of a job is in its folder, so that any other fake executor finds it too."""

    name = "fake"
    grace = 10.0
    _numbers = itertools.count(1)

    def __init__(
        self, folder: Path, clock: FakeClock | None = None, play: Callable[[Task], Play] = lambda _: Play()
    ) -> None:
        self.folder = folder
        self.clock = clock or FakeClock()
        self.play = play
        self._mine: dict[str, Path] = {}

    names = (name,)

    def name_for(self, runtime: Runtime) -> str:
        return self.name

    @property
    def missing_isolation(self) -> tuple[str, ...]:
        return ("Nothing is run at all.",)

    def start(self, task: Task) -> None:
        self._mine.setdefault(task.id, task.folder)
        play = self.play(task)
        body = {
            "play": dataclasses.asdict(play),
            "at": self.clock.monotonic(),
            "iso": self.clock.iso(),
            "outputs": [(str(one.level), one.pattern) for one in task.outputs],
        }
        try:
            with (task.folder / "started").open("x") as file:
                file.write(json.dumps(body))
        except FileExistsError:
            return
        (task.folder / "log").write_text(play.says)

    def poll(self, folder: Path) -> TaskStatus:
        try:
            record = json.loads((folder / "result.json").read_bytes())
            files = tuple(WrittenFile(*entry) for entry in record.pop("files"))
            lists = {name: tuple(record.pop(name)) for name in ("unmatched", "unclaimed", "refused")}
            result = Result(**record | lists | {"files": files, "ending": Ending(record["ending"])})
            return TaskStatus(Phase.ENDED, result)
        except FileNotFoundError:
            pass
        except (ValueError, TypeError, KeyError, AttributeError):
            return TaskStatus(Phase.ENDED, Result(Ending.BROKEN, None, "", "", 0.0, message="Its record is damaged."))
        try:
            text = (folder / "started").read_bytes()
        except FileNotFoundError:
            return TaskStatus(Phase.UNKNOWN)
        return self._look(folder, text)

    def stop(self, folder: Path) -> None:
        if folder.is_dir() and not (folder / "stop").exists():
            (folder / "stop").write_text(repr(self.clock.monotonic()))

    def expect_notebooks(self) -> None:
        pass

    def cleanup(self, folder: Path, keep_written: bool = False) -> None:
        for name in ("inputs", "written"):
            if name != "written" or not keep_written:
                shutil.rmtree(folder / name, ignore_errors=True)

    def written(self, folder: Path) -> Path:
        return folder / "written"

    def wait(self, seconds: float) -> Sequence[str]:
        """Let the clock go on by so many seconds; the ids of those that have ended by then."""
        if not self._ended():
            self.clock.advance(seconds)
        ended = self._ended()
        for job_id in ended:
            del self._mine[job_id]
        return ended

    def close(self) -> None:
        self._mine.clear()

    def _ended(self) -> list[str]:
        return [job_id for job_id, folder in self._mine.items() if self.poll(folder).phase is not Phase.RUNNING]

    def _look(self, folder: Path, text: bytes) -> TaskStatus:
        """What has become of a job by now, judged from its play."""
        if not text:
            return TaskStatus(Phase.UNKNOWN)
        try:
            body = json.loads(text)
            play, began = Play(**body["play"]), body["at"]
        except (ValueError, TypeError, KeyError):
            return TaskStatus(Phase.LOST)
        end, ending, code = began + play.lasts, Ending(play.ending), play.exit_code
        if (folder / "stop").exists():
            asked = max(began, float((folder / "stop").read_text()))
            stopped = asked + (self.grace if play.stubborn else 0.0)
            if stopped < end:
                end, ending, code = stopped, Ending.STOPPED, 137 if play.stubborn else 143
        if self.clock.monotonic() < end:
            return TaskStatus(Phase.RUNNING)
        if play.vanishes:
            return TaskStatus(Phase.LOST)
        self._finish(folder, body, ending, code, end - began)
        return self.poll(folder)

    def _finish(self, folder: Path, body: dict[str, Any], ending: Ending, code: int, elapsed: float) -> None:
        found = inventory.Inventory([], [], [], [])
        (folder / "written").mkdir(exist_ok=True)
        for path, text in body["play"]["writes"].items():
            target = folder / "written" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        if ending is Ending.EXIT and code == 0:
            found = inventory.inventory(folder / "written", body["outputs"], None)
        record = {
            "ending": ending,
            "exit_code": code,
            "started_at": body["iso"],
            "completed_at": self.clock.iso(),
            "elapsed": elapsed,
            **dataclasses.asdict(found),
        }
        (folder / "result.json.part").write_text(json.dumps(record))
        (folder / "result.json.part").rename(folder / "result.json")


# -- the bench -------------------------------------------------------------------------------------

T = TypeVar("T")
DEADLINE = 120.0
"""Seconds after which something that must happen is taken not to happen, on a machine that has much else to do."""

SHELL = Runtime(name="sh:v1", identity="test", program="sh", path=())
PYTHON = Runtime(
    name="python:test",
    identity="test",
    program="python3",
    path=(Path(sys.base_prefix) / "bin",),
    mounts=() if sys.base_prefix.startswith("/usr") else (Path(sys.base_prefix),),
)


def until(condition: Callable[[], T | None], what: str = "the condition") -> T:
    """Wait for a condition to give something true, and give that."""
    deadline = time.monotonic() + DEADLINE
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what} did not come about"
        time.sleep(0.01)


@dataclass
class Bench:
    """One kind of executor under test, with a folder of jobs."""

    kind: str
    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    plays: dict[str, Play] = field(default_factory=dict)
    shared: Executor | None = None
    """One that other tests use too, since making one takes a while."""
    executors: list[Executor] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def default(self) -> Executor:
        """The first executor that the test has made, or the shared one."""
        if not self.executors and self.shared is not None:
            return self.shared
        return self.executors[0] if self.executors else self.executor()

    def executor(self) -> Executor:
        """A new executor, as a new engine would make."""
        if self.kind == "fake":
            self.executors.append(FakeExecutor(self.folder, self.clock, lambda task: self.plays[task.id]))
        else:
            self.executors.append(real_executor(self.kind, self.folder))
        return self.executors[-1]

    def task(self, *args: str, play: Play | None = None, **changes: Any) -> Task:
        """A task that runs a command, or plays what a real one would do as a script; in a new folder."""
        number = next(self.numbers)
        # A container's name is the task's, and must be no other test's.
        folder = self.folder / (f"job{number}-{secrets.token_hex(6)}" if self.kind == "docker" else f"job{number}")
        for name in ("inputs", "code", "tmp"):
            (folder / name).mkdir(parents=True)
        if play is not None:
            self.plays[folder.name] = play
            args = ("sh", "-c", script(play))
        task = Task(
            id=folder.name,
            folder=folder,
            args=args,
            code=folder / "code",
            inputs=folder / "inputs",
            runtime=SHELL,
            limits=Limits(),
            outputs=(OutputPattern(Level.MODERATELY, "tables", "output/*.csv"),),
        )
        task = replace(task, **changes)
        return replace(task, runtime=images.in_image(task.runtime)) if self.kind == "docker" else task

    def shell(self, text: str, **changes: Any) -> Task:
        """A task that runs a shell script."""
        return self.task("sh", "-c", text, **changes)

    def python(self, text: str, **changes: Any) -> Task:
        """A task that runs a Python program, given as text."""
        return self.task("python3", "-c", text, runtime=PYTHON, **changes)

    def run(self, task: Task) -> Result:
        """Start a task and wait for its end."""
        executor = self.default
        executor.start(task)
        return self.ended(executor, task)

    def ended(self, executor: Executor, task: Task) -> Result:
        """Wait for a task's end."""
        until(lambda: executor.wait(0.02) or executor.poll(task.folder).phase is not Phase.RUNNING)
        status = until(lambda: look(executor, task, Phase.ENDED, Phase.LOST), "an end")
        assert status.result is not None, f"{status} {log(task)}"
        return status.result

    def release(self, task: Task) -> None:
        """Let a task that lasts FOREVER come to its end."""
        self.clock.advance(FOREVER)
        (task.folder / "tmp" / "go").touch()

    def close(self) -> None:
        """Let go of the executors, and end what a failed test has left running."""
        for executor in self.executors:
            executor.close()
        unfinished = [job for job in self.folder.glob("job*") if not (job / "result.json").exists()]
        for shim in [found for job in unfinished if (found := shim_of(job)) is not None]:
            proctools.kill([*proctools.children(shim, recursive=True), shim])
        if self.kind == "docker":
            images.remove_containers(self.folder)


@dataclass
class Machine:
    """What the benches of one kind share."""

    kind: str
    executor: Executor | None

    def bench(self, folder: Path) -> Iterator[Bench]:
        """A bench of this kind in a folder, for one test."""
        made = Bench(self.kind, folder / "jobs", shared=self.executor)
        made.folder.mkdir()
        yield made
        made.close()


def machines(*kinds: str) -> Any:
    """A fixture that gives each of these kinds of executor."""

    @pytest.fixture(scope="module", params=kinds)
    def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
        kind = request.param
        executor = None if kind == "fake" else real_executor(kind, tmp_path_factory.mktemp(kind))
        yield Machine(kind, executor)
        if executor is not None:
            executor.close()

    return machine


def real_executor(kind: str, folder: Path) -> Executor:
    """An executor that runs real commands."""
    if kind == "process":
        return ProcessExecutor(folder)
    if kind == "docker":
        images.require_engine()
        return DockerExecutor(folder)
    try:
        return SandboxExecutor(folder)
    except ExecutorUnavailable as error:
        require(False, f"a sandbox ({error})")
        raise


def look(executor: Executor, task: Task, *phases: Phase) -> TaskStatus | None:
    """The status of a task if it is in one of these phases, else None."""
    status = executor.poll(task.folder)
    return status if status.phase in phases else None


def log(task: Task) -> str:
    """What a task has said."""
    file = task.folder / "log"
    return file.read_text(errors="replace") if file.exists() else ""


def shim_of(folder: Path) -> psutil.Process | None:
    """The process that looks after the task in a folder, while it lives."""
    try:
        words = (folder / "started").read_text().split()
        process = psutil.Process(int(words[0]))
        return process if "jupyter_pipeline.executors" in " ".join(process.cmdline()) else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def script(play: Play) -> str:
    """A shell script that does what a play says."""
    lines = [f"printf %s {shlex.quote(play.says)}"]
    for path, text in play.writes.items():
        lines += [f"mkdir -p {shlex.quote(str(Path(path).parent))}", f"printf %s {shlex.quote(text)} > {path}"]
    if play.lasts:
        lines += [': > "$HOME/up"', 'until [ -e "$HOME/go" ]; do sleep 0.02; done']
    return "\n".join([*lines, f"exit {play.exit_code}"])
