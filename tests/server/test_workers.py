"""The processes that work out answers: one death is nobody's loss, a mistake is told to the log alone."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.api import requests
from jupyter_pipeline.api.contract import Given
from jupyter_pipeline.api.exchange import Call, Reply
from jupyter_pipeline.api.projects import Projects
from jupyter_pipeline.api.worker import Order
from jupyter_pipeline.server.workers import WorkerFailed, Workers
from tests.helpers.places import REPOSITORY
from tests.helpers.support import action, make_project


def kill_once(call: Call, mark: str) -> Reply:
    """Dies the first time that it is called."""
    if not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return requests.projects(call)


def slip(_: Call) -> Reply:
    """Has a mistake in it."""
    raise ZeroDivisionError("a secret")


def count(call: Call, mark: str) -> Reply:
    """Notes that it was called."""
    with Path(mark).open("a") as file:
        file.write("x")
    return requests.projects(call)


def order(function: Any, *more: Any, project: str | None = None) -> Order:
    """A reading order for all projects, or one that does something to a project."""
    if project is None:
        return Order(function, "/projects", "get", Given({}, "", {}, b""), "ann", None, more)
    given = Given({"project": project}, "", {}, b'{"actions": ["one"]}')
    return Order(function, "/projects/{project}/requests", "post", given, "ann", None, more)


def with_workers(folder: Path, most: int, work: Any) -> Any:
    async def run() -> Any:
        workers = Workers(folder, {}, most)
        try:
            return await work(workers)
        finally:
            await workers.stop()

    return asyncio.run(run())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))  # so that a worker finds the functions above
    make_project(tmp_path / "study", action("one", "true"))
    return tmp_path


def test_an_answer_is_worked_out(folder: Path) -> None:
    reply = with_workers(folder, 1, lambda workers: workers.answer(order(requests.projects), False))
    assert reply.status == 200
    assert b'"path":"study"' in reply.body


def test_a_worker_that_dies_while_it_reads_is_replaced(folder: Path) -> None:
    mark = str(folder / "killed")
    reply = with_workers(folder, 1, lambda workers: workers.answer(order(kill_once, mark), False))
    assert reply.status == 200


def test_what_may_have_been_done_is_not_done_again(folder: Path) -> None:
    asked = order(kill_once, str(folder / "killed"), project=Projects(folder, {}).all()[0].id)
    with pytest.raises(WorkerFailed, match="has ended"):
        with_workers(folder, 1, lambda workers: workers.answer(asked, False))


def test_a_mistake_is_for_the_log_alone(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work(workers: Workers) -> Reply:
        with pytest.raises(WorkerFailed) as caught:
            await workers.answer(order(slip), False)
        assert "secret" not in str(caught.value)
        return await workers.answer(order(requests.projects), False)

    assert with_workers(folder, 1, work).status == 200
    assert "ZeroDivisionError: a secret" in caplog.text


def test_who_ask_the_same_at_once_share_an_answer(folder: Path) -> None:
    mark = folder / "called"

    async def work(workers: Workers) -> list[Reply]:
        asked: list[Coroutine[Any, Any, Reply]] = [workers.answer(order(count, str(mark)), True) for _ in range(50)]
        return await asyncio.gather(*asked)

    replies = with_workers(folder, 2, work)
    assert len({reply.body for reply in replies}) == 1
    assert len(mark.read_text()) <= 2


def test_an_answer_is_never_older_than_its_question(folder: Path) -> None:
    mark = folder / "called"

    async def work(workers: Workers) -> None:
        for _ in range(3):
            await workers.answer(order(count, str(mark)), True)

    with_workers(folder, 2, work)
    assert len(mark.read_text()) == 3


def test_workers_end_with_the_server(folder: Path) -> None:
    async def work(workers: Workers) -> list[int]:
        await workers.warm()
        return [process.pid for process in workers._idle]

    pids = with_workers(folder, 2, work)
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
