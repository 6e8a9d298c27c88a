"""Stand-ins that are controlled by the test: a clock, and an executor whose jobs are played rather than run.

The fake executor passes the same contract test as the real ones (executors/test_contract.py).
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jupyter_pipeline import outputs
from jupyter_pipeline.executors import Task
from jupyter_pipeline.models import Ending, Phase, Result, Status, WrittenFile

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

    def poll(self, folder: Path) -> Status:
        try:
            record = json.loads((folder / "result.json").read_bytes())
            files = tuple(WrittenFile(*entry) for entry in record.pop("files"))
            lists = {name: tuple(record.pop(name)) for name in ("unmatched", "unclaimed", "refused")}
            result = Result(**record | lists | {"files": files, "ending": Ending(record["ending"])})
            return Status(Phase.ENDED, result)
        except FileNotFoundError:
            pass
        except (ValueError, TypeError, KeyError, AttributeError):
            return Status(Phase.ENDED, Result(Ending.BROKEN, None, "", "", 0.0, message="Its record is damaged."))
        try:
            text = (folder / "started").read_bytes()
        except FileNotFoundError:
            return Status(Phase.UNKNOWN)
        return self._look(folder, text)

    def stop(self, folder: Path) -> None:
        if folder.is_dir() and not (folder / "stop").exists():
            (folder / "stop").write_text(repr(self.clock.monotonic()))

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

    def _look(self, folder: Path, text: bytes) -> Status:
        """What has become of a job by now, judged from its play."""
        if not text:
            return Status(Phase.UNKNOWN)
        try:
            body = json.loads(text)
            play, began = Play(**body["play"]), body["at"]
        except (ValueError, TypeError, KeyError):
            return Status(Phase.LOST)
        end, ending, code = began + play.lasts, Ending(play.ending), play.exit_code
        if (folder / "stop").exists():
            asked = max(began, float((folder / "stop").read_text()))
            stopped = asked + (self.grace if play.stubborn else 0.0)
            if stopped < end:
                end, ending, code = stopped, Ending.STOPPED, 137 if play.stubborn else 143
        if self.clock.monotonic() < end:
            return Status(Phase.RUNNING)
        if play.vanishes:
            return Status(Phase.LOST)
        self._finish(folder, body, ending, code, end - began)
        return self.poll(folder)

    def _finish(self, folder: Path, body: dict[str, Any], ending: Ending, code: int, elapsed: float) -> None:
        found = outputs.Inventory([], [], [], [])
        (folder / "written").mkdir(exist_ok=True)
        for path, text in body["play"]["writes"].items():
            target = folder / "written" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        if ending is Ending.EXIT and code == 0:
            found = outputs.inventory(folder / "written", body["outputs"], None)
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
