"""The engine as a process of its own: comes when asked, works alone, goes away."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from jupyter_pipeline import config as configuration
from jupyter_pipeline.engine import service
from jupyter_pipeline.engine.lease import Lease
from jupyter_pipeline.project.facade import LocalProject
from tests.helpers.faults import (
    HELD,
    background,
    codes,
    ended,
    forked,
    has_code,
    release,
    run,
    step,
    store_of,
    wait_for,
)
from tests.helpers.support import make_project


def finished(project: LocalProject, request_id: str) -> bool:
    return project.request(request_id).finished_at is not None


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return make_project(
        tmp_path, step("a", "echo begin; echo a > output/a.csv") + step("b", "echo b > output/b.csv", "a")
    )


def test_detached_engine_does_the_work_and_goes_away(study: Path) -> None:
    project = LocalProject.find(study)
    request = project.submit(["run_all"])
    project.detach()
    wait_for(lambda: finished(project, request.id), "the request ends")
    assert project.request().status == "succeeded"
    wait_for(lambda: project.engine() is None, "the engine goes away")
    assert (project.config.folder / service.LOG).read_bytes() == b""


def test_detached_engine_outlives_whoever_asked(study: Path) -> None:
    def work() -> None:
        project = LocalProject.find(study)
        project.submit(["run_all"])
        project.detach()

    assert ended(forked(work)) == 0
    project = LocalProject.find(study)
    wait_for(lambda: finished(project, project.request().request.id), "the request ends")
    assert project.request().status == "succeeded"


def test_engine_that_runs_takes_up_what_is_asked_meanwhile(study: Path) -> None:
    project = LocalProject.find(study)
    first = project.submit(["a"])
    project.detach()
    wait_for(lambda: project.engine() is not None, "the engine is there")
    second = project.submit(["b"])
    wait_for(lambda: finished(project, first.id) and finished(project, second.id), "both end")
    assert project.request(second.id).status == "succeeded"


def test_only_one_engine_works(study: Path) -> None:
    project = LocalProject.find(study)
    request = project.submit(["run_all"])
    for _ in range(3):
        service.spawn(project.config)
    wait_for(lambda: finished(project, request.id), "the request ends")
    starts = [event for event in project.events() if event.code == "executing"]
    assert len(starts) == 2
    for action in ("a", "b"):
        assert project.log(project.job(action).id).read_text().count("begin") <= 1
    wait_for(lambda: project.engine() is None, "all engines are gone")


def test_lease_is_held_by_one_and_freed_by_death(study: Path) -> None:
    config = configuration.load(study)
    mine, other = Lease(config), Lease(config)
    assert mine.holder() is None
    assert mine.take()
    assert not other.take()
    assert other.holder() == os.getpid()
    mine.give_back()
    assert other.take()
    other.give_back()

    def work() -> None:
        Lease(config).take()
        signal.pause()

    with background(work) as pid:
        wait_for(lambda: Lease(config).holder() == pid, "the lease is taken")
        os.kill(pid, signal.SIGKILL)
        ended(pid)
        assert mine.holder() is None
        assert mine.take()
        mine.give_back()


def test_lease_that_is_only_looked_at_can_be_taken(study: Path) -> None:
    """Somebody who asks again and again who the engine is keeps nobody from being it."""
    config = configuration.load(study)
    lease = Lease(config)
    assert lease.take()
    lease.give_back()

    def work() -> None:
        while True:
            Lease(config).holder()

    with contextlib.ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(background(work))
        for _ in range(300):
            assert lease.take()
            lease.give_back()


def test_foreground_run_waits_for_an_engine_that_is_there(study: Path) -> None:
    """It does not become a second engine, and it is told everything."""
    make_project(study, step("a", f"{HELD}; echo a > output/a.csv") + step("b", needs="a"))
    project = LocalProject.find(study)
    request = project.submit(["a"])
    project.detach()
    wait_for(lambda: has_code(study, "a", "executing"), "the job runs")
    engine = project.engine()
    assert engine not in (None, os.getpid())
    second = project.submit(["b"])
    release(study, "a")
    project.attend(second.id, lambda _: None)
    assert codes(project.request(second.id)) == {"b": "succeeded"}
    assert project.request(request.id).status == "succeeded"


def test_killed_detached_engine_is_followed_by_another(study: Path) -> None:
    make_project(study, step("a", f"echo begin; {HELD}; echo a > output/a.csv") + step("b", needs="a"))
    project = LocalProject.find(study)
    request = project.submit(["run_all"])
    project.detach()
    wait_for(lambda: has_code(study, "a", "executing"), "the job runs")
    engine = project.engine()
    assert engine is not None
    psutil.Process(engine).kill()
    wait_for(lambda: project.engine() is None, "the engine is dead")
    project.detach()
    release(study, "a")
    wait_for(lambda: finished(project, request.id), "the request ends")
    assert codes(project.request(request.id)) == {"a": "succeeded", "b": "succeeded"}
    assert project.log(project.job("a").id).read_text() == "begin\n"


def test_detached_engine_is_not_ended_with_its_terminal(study: Path) -> None:
    make_project(study, step("a", f"{HELD}; echo a > output/a.csv"))
    project = LocalProject.find(study)
    request = project.submit(["a"])
    project.detach()
    wait_for(lambda: has_code(study, "a", "executing"), "the job runs")
    assert os.getsid(project.engine() or 0) != os.getsid(0)
    release(study, "a")
    wait_for(lambda: finished(project, request.id), "the request ends")


def test_serve_from_the_command_line_says_why_it_cannot(study: Path) -> None:
    run(study)
    with contextlib.closing(store_of(study)) as store:
        file = store.folder / "store.sqlite"
    file.write_bytes(b"garbage")
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_pipeline.engine.service", str(study)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "damaged" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_with_nothing_to_do_ends(study: Path) -> None:
    service.serve(configuration.load(study))
    assert LocalProject.find(study).engine() is None
