"""Following the stores: who waits is woken, the bell is rung once for each change, activity is shown while jobs run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.config import EXPECTATIONS
from jupyter_pipeline.errors import InvalidConfig, StoreUnavailable
from jupyter_pipeline.models import Event
from jupyter_pipeline.project.facade import LocalProject
from jupyter_pipeline.server.event_stream import STORM, Tail
from tests.helpers.faults import DEADLINE, run, step
from tests.helpers.support import make_project


@dataclass
class Heard:
    """What a tail has told."""

    rung: list[dict[str, Any]] = field(default_factory=list)
    activity: int = 0

    def show(self) -> None:
        self.activity += 1

    def states(self, key: str = "k") -> list[str]:
        return [one["state"] for one in self.rung if one["project"] == key and one["job"]]


FOREVER = 600.0
"""Seconds after which a test has failed long before: who waits so long is woken, or never."""
Places = Mapping[str, Path | LocalProject]
"""Projects by the key that they are followed under."""


def following(
    work: Callable[[Tail, Heard], Coroutine[Any, Any, None]],
    places: Places,
    rest: float = 600.0,
    emit: Callable[[dict[str, Any]], None] | None = None,
) -> Heard:
    """Do something while a tail follows; what it told."""
    heard = Heard()

    def opened(key: str, backend: str) -> LocalProject:
        place = places[key]
        return place if isinstance(place, LocalProject) else LocalProject.find(place, backend=backend)

    async def both() -> None:
        tail = Tail(asyncio.to_thread, opened, emit or heard.rung.append, heard.show, rest)
        tail.start()
        try:
            await asyncio.wait_for(work(tail, heard), DEADLINE)
        finally:
            await tail.stop()

    asyncio.run(both())
    return heard


async def until(condition: Callable[[], bool], what: str, seconds: float = DEADLINE) -> None:
    """Come back when a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not happen: {what}"
        await asyncio.sleep(0.01)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_project(tmp_path / "study", step("a"))


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return make_project(tmp_path / "other", step("a"))


async def quiet(tail: Tail, key: str = "k", backend: str = EXPECTATIONS) -> None:
    """Follow a project; done when it has been looked at for the first time."""
    watch = await tail.watch(key, backend)
    await until(lambda: watch.revision is not None, "it is looked at")


# -- waiting ---------------------------------------------------------------------------------------


def test_wait_is_over_at_once_when_something_is_known(folder: Path) -> None:
    run(folder)
    newest = LocalProject.find(folder).revision()

    async def work(tail: Tail, _: Heard) -> None:
        for after in (0, newest - 1, 0):
            await tail.wait("k", EXPECTATIONS, after, FOREVER)

    following(work, {"k": folder})


def test_wait_of_no_time_does_not_wait(folder: Path) -> None:
    run(folder)

    async def work(tail: Tail, _: Heard) -> None:
        for _number in range(100):
            await tail.wait("k", EXPECTATIONS, 1_000_000, 0)

    following(work, {"k": folder})


def test_wait_for_nothing_ends_when_its_time_is_over(folder: Path) -> None:
    async def work(tail: Tail, _: Heard) -> None:
        started = time.monotonic()
        await tail.wait("k", EXPECTATIONS, 0, 0.3)
        assert time.monotonic() - started >= 0.3

    following(work, {"k": folder})


def test_all_who_wait_are_woken_by_what_happens(folder: Path) -> None:
    project = LocalProject.find(folder)

    async def work(tail: Tail, _: Heard) -> None:
        waiting = [asyncio.create_task(tail.wait("k", EXPECTATIONS, 0, FOREVER)) for _ in range(5)]
        await asyncio.sleep(0)
        await asyncio.to_thread(project.submit, ["a"])
        await asyncio.gather(*waiting)

    following(work, {"k": folder})


def test_wait_is_not_over_before_the_revision_that_is_known_is_passed(folder: Path) -> None:
    project = LocalProject.find(folder)

    async def work(tail: Tail, _: Heard) -> None:
        waiting = asyncio.create_task(tail.wait("k", EXPECTATIONS, 4, FOREVER))
        while project.revision() <= 4:
            assert not waiting.done()
            await asyncio.to_thread(project.submit, ["a"], force=True)
        await waiting

    following(work, {"k": folder})


def test_reading_on_from_the_last_revision_misses_and_doubles_nothing(folder: Path) -> None:
    project = LocalProject.find(folder)
    told: list[Event] = []

    async def work(tail: Tail, _: Heard) -> None:
        running = asyncio.create_task(asyncio.to_thread(run, folder))
        while not told or told[-1].state != "succeeded":
            after = told[-1].revision if told else 0
            await tail.wait("k", EXPECTATIONS, after, 30)
            told.extend(project.events(after, 2))
        await running

    following(work, {"k": folder})
    assert told == project.events()


def test_store_that_cannot_be_read_is_said_to_who_waits(folder: Path) -> None:
    run(folder)
    (LocalProject.find(folder).config.folder / "store.sqlite").write_bytes(b"nothing" * 1000)

    async def work(tail: Tail, _: Heard) -> None:
        with pytest.raises(StoreUnavailable):
            await tail.wait("k", EXPECTATIONS, 0, 5)

    following(work, {"k": folder})


def test_project_that_cannot_be_opened_is_said_to_who_follows_it(folder: Path) -> None:
    async def work(tail: Tail, _: Heard) -> None:
        with pytest.raises(InvalidConfig):
            await tail.watch("k", "../x")

    following(work, {"k": folder})


# -- the bell --------------------------------------------------------------------------------------


def test_bell_is_rung_once_for_each_change_in_order(folder: Path) -> None:
    project = LocalProject.find(folder)

    async def work(tail: Tail, heard: Heard) -> None:
        await quiet(tail)
        await asyncio.to_thread(run, folder)
        await until(lambda: "succeeded" in heard.states(), "the bell rings")

    heard = following(work, {"k": folder})
    events = project.events()
    assert [one["revision"] for one in heard.rung] == [event.revision for event in events]
    assert [(one["job"], one["state"], one["code"]) for one in heard.rung] == [
        (event.job_id, event.state, event.code) for event in events
    ]
    assert all(set(one) == {"project", "backend", "revision", "request", "job", "state", "code"} for one in heard.rung)


def test_what_was_before_is_not_rung_for(folder: Path) -> None:
    run(folder)
    project = LocalProject.find(folder)
    before = project.revision()

    async def work(tail: Tail, heard: Heard) -> None:
        await quiet(tail)
        await asyncio.to_thread(run, folder, "a")
        await until(lambda: "succeeded" in heard.states(), "the bell rings")

    assert min(one["revision"] for one in following(work, {"k": folder}).rung) == before + 1


def test_backends_are_followed_apart(folder: Path) -> None:
    async def work(tail: Tail, heard: Heard) -> None:
        await asyncio.gather(quiet(tail), quiet(tail, backend="tpp"))
        await asyncio.to_thread(run, folder, backend="tpp")
        await until(lambda: "succeeded" in heard.states(), "the bell rings")

    assert {one["backend"] for one in following(work, {"k": folder}).rung} == {"tpp"}


def many_events(count: int) -> list[Event]:
    """Each of ten jobs changes again and again."""
    return [
        Event(number, "2026-01-01T00:00:00.000000Z", "job", "r", f"j{number % 10}", "a", "running", "executing", "")
        for number in range(1, count + 1)
    ]


class Busy(LocalProject):
    """A project to which much happens between two looks."""

    happened: list[Event] = []

    def events(self, after: int = 0, limit: int = 1000) -> list[Event]:
        return [event for event in self.happened if event.revision > after][:limit]

    def revision(self) -> int:
        return 0


@pytest.mark.parametrize(("count", "told"), [(STORM, STORM), (STORM + 1, 10), (2 * STORM, 10)])
def test_storm_is_told_by_the_newest_of_each_job(folder: Path, count: int, told: int) -> None:
    project = Busy(LocalProject.find(folder).config)
    project.happened = many_events(count)

    async def work(tail: Tail, heard: Heard) -> None:
        await tail.watch("k", EXPECTATIONS)
        await until(lambda: bool(heard.rung) and heard.rung[-1]["revision"] == count, "the newest is told")

    heard = following(work, {"k": project})
    assert len(heard.rung) == told
    assert {one["job"] for one in heard.rung} == {f"j{number}" for number in range(10)}
    assert [one["revision"] for one in heard.rung] == list(range(count - told + 1, count + 1))


# -- what goes wrong -------------------------------------------------------------------------------


class Broken(LocalProject):
    """A project that cannot be read, in a way that nobody has thought of."""

    def events(self, after: int = 0, limit: int = 1000) -> list[Event]:
        raise RuntimeError("nobody has thought of this")


def test_project_that_cannot_be_followed_does_not_hinder_the_others(folder: Path, other: Path) -> None:
    run(other)
    (LocalProject.find(other).config.folder / "store.sqlite").write_bytes(b"nothing" * 1000)

    async def work(tail: Tail, heard: Heard) -> None:
        await tail.watch("damaged", EXPECTATIONS)
        await tail.watch("broken", EXPECTATIONS)
        await quiet(tail)
        await asyncio.to_thread(run, folder)
        await until(lambda: "succeeded" in heard.states(), "the bell rings for the sound project")

    following(work, {"damaged": other, "broken": Broken(LocalProject.find(folder).config), "k": folder})


def test_bell_that_cannot_be_rung_does_not_hinder_the_following(folder: Path) -> None:
    project, tried = LocalProject.find(folder), []

    def emit(event: dict[str, Any]) -> None:
        tried.append(event)
        raise ValueError("no bell")

    async def work(tail: Tail, _: Heard) -> None:
        await quiet(tail)
        await asyncio.to_thread(project.submit, ["a"])
        await until(lambda: bool(tried), "it is tried")
        revision = project.revision()
        waiting = asyncio.create_task(tail.wait("k", EXPECTATIONS, revision, FOREVER))
        await asyncio.to_thread(project.submit, ["a"], force=True)
        await waiting

    following(work, {"k": folder}, emit=emit)


def test_project_whose_folder_vanishes(folder: Path, other: Path) -> None:
    async def work(tail: Tail, heard: Heard) -> None:
        await tail.watch("gone", EXPECTATIONS)
        await quiet(tail)
        other.rename(other.with_name("moved"))
        await asyncio.to_thread(run, folder)
        await until(lambda: "succeeded" in heard.states(), "the bell rings")

    following(work, {"gone": other, "k": folder})


# -- activity, and rest ----------------------------------------------------------------------------


def test_activity_is_shown_while_jobs_run_and_not_after(folder: Path) -> None:
    project = LocalProject.find(folder)

    async def work(tail: Tail, heard: Heard) -> None:
        await quiet(tail)
        assert heard.activity == 0
        request = await asyncio.to_thread(project.submit, ["a"])
        await until(lambda: heard.activity >= 2, "activity is shown again and again though nothing changes")
        await asyncio.to_thread(project.attend, request.id, lambda _: None)
        await until(lambda: "succeeded" in heard.states(), "the bell rings")
        shown = heard.activity
        await quiet(tail)
        with pytest.raises(AssertionError):
            await until(lambda: heard.activity > shown, "activity", 3)

    following(work, {"k": folder})


def test_project_that_nobody_asks_about_is_dropped_and_taken_up_again(folder: Path, other: Path) -> None:
    places = {"dropped": folder, "kept": other}

    async def has_rung(tail: Tail, heard: Heard) -> bool:
        """Whether the bell rings for what happens in the one; by when it has rung for what happens later."""
        before = {key: len(heard.states(key)) for key in places}
        await asyncio.to_thread(run, folder, "a")
        await tail.watch("kept", EXPECTATIONS)
        await asyncio.to_thread(run, other, "a")
        await until(lambda: len(heard.states("kept")) > before["kept"], "the bell rings for what is asked about")
        return len(heard.states("dropped")) > before["dropped"]

    async def work(tail: Tail, heard: Heard) -> None:
        await quiet(tail, "dropped")
        await quiet(tail, "kept")
        deadline = time.monotonic() + DEADLINE
        while await has_rung(tail, heard):
            assert time.monotonic() < deadline, "it is followed for ever"
        seen = len(heard.rung)
        await quiet(tail, "dropped")
        await asyncio.to_thread(run, folder, "a")
        await until(lambda: any(one["project"] == "dropped" for one in heard.rung[seen:]), "it is followed again")

    following(work, places, rest=1.0)


def test_project_with_a_job_that_waits_is_never_dropped(folder: Path) -> None:
    project = LocalProject.find(folder)

    async def work(tail: Tail, heard: Heard) -> None:
        request = await asyncio.to_thread(project.submit, ["a"])
        await tail.watch("k", EXPECTATIONS)
        await until(lambda: heard.activity >= 3, "it is looked at, long after its rest")
        await asyncio.to_thread(project.attend, request.id, lambda _: None)
        await until(lambda: "succeeded" in heard.states(), "the bell rings")

    following(work, {"k": folder}, rest=0.0)


def test_project_that_somebody_waits_for_is_never_dropped(folder: Path) -> None:
    project = LocalProject.find(folder)

    async def work(tail: Tail, _: Heard) -> None:
        waiting = asyncio.create_task(tail.wait("k", EXPECTATIONS, 0, FOREVER))
        with pytest.raises(AssertionError):
            await until(waiting.done, "the wait ends though nothing happens", 2)
        await asyncio.to_thread(project.submit, ["a"])
        await waiting

    following(work, {"k": folder}, rest=0.1)


def test_nothing_is_followed_after_the_end(folder: Path) -> None:
    heard = Heard()

    async def work() -> None:
        tail = Tail(asyncio.to_thread, lambda *_: LocalProject.find(folder), heard.rung.append, heard.show)
        await tail.stop()  # before it has begun
        tail.start()
        await quiet(tail)
        await tail.stop()
        await tail.stop()
        await asyncio.to_thread(run, folder)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(work())
    assert heard.rung == []
