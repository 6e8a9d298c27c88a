"""The engine: order, workers, failures, cancelling, limits; always with real jobs."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from jupyter_pipeline.executors import Executor
from jupyter_pipeline.executors.choosing import get
from jupyter_pipeline.models import Event
from jupyter_pipeline.project.facade import LocalProject
from tests.helpers import proctools
from tests.helpers.faults import (
    HELD,
    attend,
    background,
    codes,
    ended,
    forked,
    has_code,
    job_of,
    release,
    run,
    shim_of,
    step,
    store_of,
    verdicts,
    wait_for,
)
from tests.helpers.support import SETTINGS, make_project

EXECUTORS = ("sandbox", "process")


def most_at_once(events: Sequence[Event]) -> int:
    """How many commands ran at the same time at most, by the order of events."""
    running: set[str | None] = set()
    most = 0
    for event in events:
        if event.code == "executing":
            running.add(event.job_id)
        else:
            running.discard(event.job_id)
        most = max(most, len(running))
    return most


# -- order -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("executor", EXECUTORS)
def test_diamond_runs_in_order_and_each_sees_what_it_needs(tmp_path: Path, executor: str) -> None:
    make_project(
        tmp_path,
        step("last", "cat output/left.csv output/right.csv > output/last.csv; ls output", "left, right")
        + step("left", "cat output/top.csv > output/left.csv; ls output", "top")
        + step("right", "cat output/top.csv > output/right.csv; ls output", "top")
        + step("top", "echo top > output/top.csv"),
    )
    view = run(tmp_path, executor=executor)
    assert view.status == "succeeded"
    assert codes(view) == dict.fromkeys(("top", "left", "right", "last"), "succeeded")
    assert (tmp_path / "output/last.csv").read_text() == "top\ntop\n"
    begun = {job.action: (job.started_at or "", job.completed_at or "") for job in view.jobs}
    assert begun["top"][1] <= min(begun["left"][0], begun["right"][0])
    assert max(begun["left"][1], begun["right"][1]) <= begun["last"][0]
    project = LocalProject.find(tmp_path)
    assert project.log_tail(job_of(view, "left").id).split() == ["left.csv", "top.csv"]
    assert project.log_tail(job_of(view, "last").id).split() == ["last.csv", "left.csv", "right.csv"]  # not top.csv
    assert {job.executor for job in view.jobs} == {executor}


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_no_more_jobs_at_once_than_asked_for(tmp_path: Path, jobs: int) -> None:
    make_project(
        tmp_path,
        "".join(step(f"a{n}", f"sleep 0.15; echo {n} > output/a{n}.csv", out=f"output/a{n}.csv") for n in range(6)),
    )
    view = run(tmp_path, jobs=jobs)
    assert view.status == "succeeded"
    assert most_at_once(LocalProject.find(tmp_path).events()) == jobs


def test_waiting_jobs_say_what_they_wait_for(tmp_path: Path) -> None:
    make_project(tmp_path, step("a", "sleep 0.3; echo 1 > output/a.csv") + step("b") + step("c", needs="a"))
    view = run(tmp_path, jobs=1)
    project = LocalProject.find(tmp_path)
    assert project.timeline(job_of(view, "b").id)[0].code == "waiting_on_workers"
    assert job_of(view, "c").code == "succeeded"
    assert [event.code for event in project.timeline(job_of(view, "a").id)] == ["executing", "finalizing", "succeeded"]


# -- failure ---------------------------------------------------------------------------------------


def test_failure_stops_only_what_depends_on_it(tmp_path: Path) -> None:
    make_project(
        tmp_path,
        step("bad", "echo half > output/bad.csv; exit 3")
        + step("after", needs="bad")
        + step("later", needs="after")
        + step("good")
        + step("fine", needs="good")
        + step("mixed", needs="good, bad"),
    )
    view = run(tmp_path)
    assert view.status == "failed"
    assert codes(view) == {
        "bad": "nonzero_exit",
        "after": "dependency_failed",
        "later": "dependency_failed",
        "good": "succeeded",
        "fine": "succeeded",
        "mixed": "dependency_failed",
    }
    assert not (tmp_path / "output/bad.csv").exists()
    assert job_of(view, "bad").exit_code == 3
    assert job_of(view, "bad").message == "Its command ended with exit code 3."
    assert job_of(view, "after").message == "Not run, since bad did not succeed."
    folder = LocalProject.find(tmp_path).config.folder / "jobs"
    found = list((folder / job_of(view, "bad").id).rglob("bad.csv"))
    assert [file.read_text() for file in found] == ["half\n"]  # for a look


def test_failed_action_runs_again_when_asked_for_and_mends_its_dependants(tmp_path: Path) -> None:
    make_project(
        tmp_path,
        step("bad", "test -f fixed.txt && echo a > output/bad.csv") + step("after", needs="bad") + step("other"),
    )
    assert codes(run(tmp_path))["bad"] == "nonzero_exit"
    (tmp_path / "fixed.txt").write_text("yes")
    view = run(tmp_path)
    assert codes(view)["bad"] == codes(view)["after"] == "succeeded"


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ("exit 1", "nonzero_exit", "exit code 1"),
        ("exit 127", "nonzero_exit", "exit code 127"),
        ("exit 255", "nonzero_exit", "exit code 255"),
        ("exit 200", "nonzero_exit", "exit code 200"),
        ("kill -9 $$", "killed", "SIGKILL"),
        ("kill -SEGV $$", "killed", "SIGSEGV"),
        ("true", "unmatched_patterns", "output/a.csv"),
        ("echo x > output/b.csv", "unmatched_patterns", "output/b.csv; is it meant?"),
        ("ln -s /etc/passwd output/a.csv", "unmatched_patterns", "link"),
    ],
)
def test_ways_to_fail_are_told_apart(tmp_path: Path, executor: str, script: str, code: str, words: str) -> None:
    make_project(tmp_path, step("a", script))
    job = run(tmp_path, executor=executor).jobs[0]
    assert job.code == code
    assert words in job.message
    assert not (tmp_path / "output/a.csv").exists()


def test_program_that_is_not_there(tmp_path: Path) -> None:
    settings = SETTINGS + '[runtimes."tool:v1"]\nkind = "system"\nprogram = "sh"\n'
    make_project(
        tmp_path, "a:\n  run: tool:v1 no-such-script.sh\n  outputs:\n    highly_sensitive:\n      x: a.csv\n", settings
    )
    job = run(tmp_path).jobs[0]
    assert job.code == "nonzero_exit"
    assert "no-such-script.sh" in LocalProject.find(tmp_path).log_tail(job.id)


def test_missing_runtime_is_said_while_the_rest_goes_on(tmp_path: Path) -> None:
    make_project(
        tmp_path,
        step("a")
        + "model:\n  run: stata-mp:latest model.do\n  needs: [a]\n"
        + "  outputs:\n    highly_sensitive:\n      x: output/m.csv\n"
        + step("table", needs="model")
        + step("b", needs="a"),
        SETTINGS + '[stata]\nprogram = "/nowhere/stata-mp"\n',
        model="display 1",
    )
    view = run(tmp_path)
    assert codes(view)["a"] == codes(view)["b"] == "succeeded"
    assert codes(view)["model"] == "cannot_run_here"
    assert "/nowhere/stata-mp" in job_of(view, "model").message
    assert codes(view)["table"] in ("cannot_run_here", "dependency_failed")
    assert view.status == "failed"
    again = run(tmp_path)
    assert {"a", "b"}.isdisjoint(codes(again))


def test_what_a_job_really_ran_in_is_recorded(tmp_path: Path) -> None:
    """A runtime may change between the plan and the job, as when an interpreter cannot be downloaded."""
    tool = tmp_path / "tools" / "tool"
    tool.parent.mkdir()
    write = "#!/bin/sh\necho %s > a.csv\n"
    settings = SETTINGS + f'[runtimes."tool:v1"]\nkind = "system"\nprogram = "{tool}"\n'
    make_project(
        tmp_path / "study", "a:\n  run: tool:v1 x\n  outputs:\n    highly_sensitive:\n      x: a.csv\n", settings
    )
    tool.write_text(write % "planned")
    tool.chmod(0o755)
    LocalProject.find(tmp_path / "study").submit(["a"])
    tool.write_text(write % "really ran")
    attend(tmp_path / "study")
    assert (tmp_path / "study" / "a.csv").read_text() == "really ran\n"
    assert verdicts(tmp_path / "study") == {"a": "skip"}


# -- limits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("executor", EXECUTORS)
def test_time_limit_of_one_action(tmp_path: Path, executor: str) -> None:
    make_project(
        tmp_path,
        step("slow", "echo begin; sleep 100") + step("quick", "sleep 0.6; echo a > output/quick.csv"),
        SETTINGS + '[limits]\ntimeout = "1m"\n[actions.slow]\ntimeout = 0.3\n',
    )
    view = run(tmp_path, executor=executor)
    assert codes(view) == {"slow": "timed_out", "quick": "succeeded"}
    assert "0.3 seconds" in job_of(view, "slow").message
    assert "timeout" in job_of(view, "slow").message
    assert LocalProject.find(tmp_path).log_tail(job_of(view, "slow").id) == "begin"


@pytest.mark.parametrize("executor", EXECUTORS)
def test_memory_limit_and_its_exception(tmp_path: Path, executor: str) -> None:
    make_project(
        tmp_path,
        step("greedy", "tail < /dev/zero; echo a > output/greedy.csv")
        + step(
            "large", "perl -e '$x = \"a\" x 150000000; select(undef, undef, undef, 0.7)'; echo a > output/large.csv"
        ),
        SETTINGS + '[limits]\nmemory = "64M"\n[actions.large]\nmemory = "1G"\n',
    )
    view = run(tmp_path, executor=executor)
    assert codes(view) == {"greedy": "out_of_memory", "large": "succeeded"}
    assert "limit of 0.0625 GB" in job_of(view, "greedy").message
    assert (job_of(view, "large").peak_memory or 0) > 100_000_000


# -- cancelling ------------------------------------------------------------------------------------


@pytest.mark.parametrize("executor", EXECUTORS)
def test_cancelled_job_ends_and_its_dependants_do_not_run(tmp_path: Path, executor: str) -> None:
    make_project(tmp_path, step("slow", "sleep 100") + step("after", needs="slow") + step("other"))
    project = LocalProject.find(tmp_path, executor=executor)
    request = project.submit(["run_all"])

    def tell(events: Sequence[Event]) -> None:
        for event in events:
            if event.action == "slow" and event.code == "executing" and not event.message:
                assert event.job_id is not None
                assert project.cancel(request.id, [event.job_id]) == 1

    project.attend(request.id, tell)
    view = project.request(request.id)
    assert codes(view) == {"slow": "cancelled_by_user", "after": "dependency_failed", "other": "succeeded"}
    assert not view.request.cancelled


def test_cancelled_request_ends_with_all_its_jobs(tmp_path: Path) -> None:
    make_project(tmp_path, step("slow", "sleep 100") + step("after", needs="slow") + step("waiting"))
    project = LocalProject.find(tmp_path, jobs=1)
    request = project.submit(["run_all"])

    def tell(events: Sequence[Event]) -> None:
        if any(event.code == "executing" for event in events):
            project.cancel(request.id)

    project.attend(request.id, tell)
    view = project.request(request.id)
    assert set(codes(view).values()) == {"cancelled_by_user"}
    assert view.request.cancelled
    assert not (tmp_path / "output").exists()
    assert project.cancel(request.id) == 0


def test_cancelled_before_anything_began(tmp_path: Path) -> None:
    make_project(tmp_path, step("a"))
    project = LocalProject.find(tmp_path)
    request = project.submit(["a"])
    assert project.cancel(request.id) == 1
    project.attend(request.id, lambda _: None)
    job = project.request(request.id).jobs[0]
    assert job.code == "cancelled_by_user"
    assert not (project.config.folder / "jobs" / job.id / "started").exists()


def test_cancelled_job_is_no_history(tmp_path: Path) -> None:
    """Platform: the latest uncancelled job counts."""
    make_project(tmp_path, step("a"))
    run(tmp_path)
    project = LocalProject.find(tmp_path)
    request = project.submit(["a"])
    project.cancel(request.id)
    attend(tmp_path, request.id)
    assert run(tmp_path).status == "nothing_to_do"


def test_job_that_was_cancelled_while_it_was_being_started_does_not_run(tmp_path: Path) -> None:
    """Between the order to start and the start itself there is a moment; it is made long here."""
    make_project(tmp_path, step("first") + step("a", "sleep 0.1; echo ran; echo a > output/a.csv", "first"))
    project = LocalProject.find(tmp_path)
    request = project.submit(["run_all"])

    def tell(events: Sequence[Event]) -> None:
        for event in events:
            if event.action == "first" and event.code == "executing":
                claim = project.config.folder / "jobs" / (event.job_id or "") / "started"
                wait_for(claim.exists, "the first job has been started")
                stopped.append(_launcher())
                proctools.suspend(stopped)
            if event.action == "a" and event.code == "executing":
                project.cancel(request.id)
            if event.action == "a" and (event.state == "failed" or event.message):
                proctools.resume(stopped)

    stopped: list[psutil.Process] = []
    try:
        project.attend(request.id, tell)
    finally:
        proctools.resume(stopped)
    job = project.job("a")
    assert job.code == "cancelled_by_user"
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline:
        assert "ran" not in project.log_tail(job.id)
    assert shim_of(tmp_path, job.id) is None


def _launcher() -> psutil.Process:
    """The process from which the engine in this process starts jobs."""
    return next(child for child in proctools.children() if "launcher" in proctools.command(child))


def test_no_two_jobs_of_one_action_run_at_once_although_one_is_being_cancelled(tmp_path: Path) -> None:
    """A job may take its time to end; the next one of its action waits for that."""
    make_project(tmp_path, step("a", "trap 'sleep 1; exit 1' TERM; while :; do sleep 0.05; done"))
    project = LocalProject.find(tmp_path, jobs=4)
    request = project.submit(["a"])
    asked: list[str] = []

    def tell(events: Sequence[Event]) -> None:
        for event in events:
            if event.code == "executing" and not event.message and event.request_id == request.id:
                log = project.log(event.job_id or "")
                wait_for(log.exists, "the command runs")
                project.cancel(request.id)
            if event.message == "Being cancelled." and not asked:
                asked.append(project.submit(["a"]).id)
            if event.request_id in asked and event.code == "executing" and not event.message:
                project.cancel(event.request_id)

    project.attend(request.id, tell)
    attend(tmp_path, asked[0])
    assert most_at_once([event for event in project.events() if event.action == "a"]) == 1


# -- across requests -------------------------------------------------------------------------------


def test_job_of_another_request_is_waited_for_not_repeated(tmp_path: Path) -> None:
    make_project(
        tmp_path, step("a", "sleep 0.2; echo a > output/a.csv") + step("b", "cp output/a.csv output/b.csv", "a")
    )
    project = LocalProject.find(tmp_path)
    first = project.submit(["a"])
    second = project.submit(["b"])
    view = project.request(second.id)
    assert [job.action for job in view.jobs] == ["b"]
    assert view.plan[0].waits_for == project.request(first.id).jobs[0].id
    attend(tmp_path, second.id)
    assert project.request(first.id).status == project.request(second.id).status == "succeeded"
    assert (tmp_path / "output/b.csv").read_text() == "a\n"


def test_job_of_another_request_that_is_cancelled_takes_its_dependants_along(tmp_path: Path) -> None:
    make_project(tmp_path, step("a", "sleep 100") + step("b", needs="a"))
    project = LocalProject.find(tmp_path)
    first, second = project.submit(["a"]), project.submit(["b"])
    project.cancel(first.id)
    attend(tmp_path, second.id)
    assert codes(project.request(second.id)) == {"b": "dependency_failed"}


def test_same_request_twice_makes_each_job_once(tmp_path: Path) -> None:
    make_project(tmp_path, step("a") + step("b", needs="a"))
    project = LocalProject.find(tmp_path)
    first, second = project.submit(["run_all"]), project.submit(["run_all"])
    assert project.request(second.id).jobs == ()
    attend(tmp_path, first.id)
    assert project.request(first.id).status == "succeeded"
    assert run(tmp_path).status == "nothing_to_do"


def test_long_chain(tmp_path: Path) -> None:
    """No recursion anywhere on the way."""
    make_project(tmp_path, "".join(step(f"a{n}", "", f"a{n - 1}" if n else "") for n in range(40)))
    assert set(codes(run(tmp_path)).values()) == {"succeeded"}


# -- the next engine takes over --------------------------------------------------------------------


@pytest.mark.parametrize("executor", EXECUTORS)
def test_running_job_outlives_its_engine_and_is_taken_over(tmp_path: Path, executor: str) -> None:
    make_project(tmp_path, step("a", f"echo begin; {HELD}; echo a > output/a.csv") + step("b", needs="a"))
    project = LocalProject.find(tmp_path, executor=executor)
    request = project.submit(["run_all"])
    with background(lambda: attend(tmp_path, request.id, executor=executor)) as pid:
        wait_for(lambda: has_code(tmp_path, "a", "executing"), "the job runs")
        wait_for(lambda: shim_of(tmp_path, project.job("a").id) is not None, "the shim is there")
        os.kill(pid, signal.SIGKILL)
        ended(pid)
    assert project.engine() is None
    assert shim_of(tmp_path, project.job("a").id) is not None
    release(tmp_path, "a")
    attend(tmp_path, request.id, executor=executor)
    assert project.request(request.id).status == "succeeded"
    assert project.log(project.job("a").id).read_text() == "begin\n"


def test_job_can_be_cancelled_by_the_next_engine(tmp_path: Path) -> None:
    make_project(tmp_path, step("a", "sleep 100"))
    project = LocalProject.find(tmp_path)
    request = project.submit(["a"])
    with background(lambda: attend(tmp_path, request.id)) as pid:
        wait_for(lambda: shim_of(tmp_path, project.job("a").id) is not None, "the shim is there")
        os.kill(pid, signal.SIGKILL)
        ended(pid)
    with contextlib.closing(store_of(tmp_path)) as store:
        store.cancel(request.id)
    attend(tmp_path, request.id)
    assert codes(project.request(request.id)) == {"a": "cancelled_by_user"}
    assert shim_of(tmp_path, project.job("a").id) is None


def test_engine_of_another_executor_takes_over_too(tmp_path: Path) -> None:
    """Who started a job is written in its folder, not in an engine's head."""
    make_project(tmp_path, step("a", f"{HELD}; echo a > output/a.csv") + step("b", needs="a"))
    project = LocalProject.find(tmp_path, executor="process")
    request = project.submit(["run_all"])
    with background(lambda: attend(tmp_path, request.id, executor="process")) as pid:
        wait_for(lambda: shim_of(tmp_path, project.job("a").id) is not None, "the shim is there")
        os.kill(pid, signal.SIGKILL)
        ended(pid)
    release(tmp_path, "a")
    attend(tmp_path, request.id, executor="sandbox")
    assert project.request(request.id).status == "succeeded"
    assert (tmp_path / "output/a.csv").read_text() == "a\n"


def test_engine_that_fails_gives_the_lease_back(tmp_path: Path) -> None:
    make_project(tmp_path, step("a"))
    project = LocalProject.find(tmp_path)
    request = project.submit(["a"])

    class OddError(Exception):
        pass

    def tell(_events: Sequence[Event]) -> None:
        raise OddError

    with pytest.raises(OddError):
        project.attend(request.id, tell)
    assert project.engine() is None
    attend(tmp_path, request.id)
    assert project.request(request.id).status == "succeeded"


def test_executors_are_found_by_name(tmp_path: Path) -> None:
    executor: Executor = get("auto", tmp_path)
    assert executor.name in EXECUTORS
    assert get("process", tmp_path).missing_isolation
    assert forked(lambda: get("sandbox", tmp_path)) > 0
    os.wait()
