"""Faults that must be survived, tried for real: kills at every step, full disks, hostile jobs, and people."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_pipeline.errors import PipelineError, StoreUnavailable
from jupyter_pipeline.outputs.job_folder import remove_tree
from jupyter_pipeline.project.facade import LocalProject
from jupyter_pipeline.store.database import FILE, Store
from tests.helpers import proctools
from tests.helpers.faults import (
    HELD,
    assert_whole,
    attend,
    background,
    codes,
    ended,
    events,
    fill,
    forked,
    has_code,
    job_of,
    mount,
    read_only,
    release,
    run,
    shim_of,
    small_disk,
    step,
    verdicts,
    wait_for,
)
from tests.helpers.support import SETTINGS, make_project, require_root

EXECUTORS = ("sandbox", "process")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def text(folder: Path, name: str) -> str:
    return (folder / "output" / name).read_text()


def _submit(folder: Path, *actions: str, **settings: Any) -> str:
    return LocalProject.find(folder, **settings).submit(actions or ["run_all"]).id


# -- the engine is killed at every step ------------------------------------------------------------

STEPS = (
    step("make", "echo begin; w=$(cat word.txt); echo $w > output/x1.csv; echo $w > output/$w.csv", x="output/*.csv")
    + step("rewrite", "echo begin; echo rewritten >> output/x1.csv", "make", x="output/x1*.csv")
    + step("before", "echo begin; cat output/x1.csv > before.csv", "make", x="before.csv")
    + step("after", "echo begin; cat output/x1.csv > after.csv", "rewrite, before", x="after.csv")
)
"""A file that is rewritten in place, one that is made no more when word.txt changes, and two actions that look."""


@pytest.fixture(scope="module")
def second_round(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has run once and whose code has changed since."""
    folder = make_project(tmp_path_factory.mktemp("steps") / "study", STEPS)
    (folder / "word.txt").write_text("old")
    assert run(folder).status == "succeeded"
    assert text(folder, "old.csv") == "old\n"
    (folder / "word.txt").write_text("new")
    return folder


def _copy(folder: Path, target: Path) -> Path:
    subprocess.run(["cp", "-a", str(folder), str(target)], check=True)
    return target


def _killed_at(kind: str, number: int, folder: Path, request_id: str) -> int:
    """Be the engine in a process that kills itself at the nth transaction or file operation; how it ended."""
    calls = itertools.count(1)

    def due() -> bool:
        return next(calls) == number

    def operation(real: Callable[..., Any]) -> Callable[..., Any]:
        def doing(*arguments: Any, **options: Any) -> Any:
            counts = "dir_fd" not in options  # those of shutil.rmtree are many and all alike
            try:
                return real(*arguments, **options)
            finally:
                if counts and due():
                    die()

        return doing

    real_transaction = Store.transaction

    @contextlib.contextmanager
    def transaction(store: Store) -> Iterator[None]:
        here = not store._db.in_transaction and due()
        with real_transaction(store):
            yield
            if here and kind == "before a commit":
                die()
        if here and kind == "after a commit":
            die()

    def work() -> None:
        if "commit" in kind:
            Store.transaction = transaction  # type: ignore[method-assign, assignment]
        else:
            for name in ("replace", "unlink"):
                setattr(os, name, operation(getattr(os, name)))
        attend(folder, request_id, jobs=2)

    return ended(forked(work))


def _has_no_shim(folder: Path, job_id: str) -> bool:
    return shim_of(folder, job_id) is None


ELSEWHERE = "after a file operation, the state elsewhere"
KINDS = ("before a commit", "after a commit", "after a file operation", ELSEWHERE)


@pytest.mark.parametrize("kind", KINDS)
def test_engine_killed_at_every_step_loses_nothing_and_repeats_nothing(
    second_round: Path, tmp_path: Path, kind: str
) -> None:
    with small_disk(tmp_path / "disk", "40m") if kind == ELSEWHERE else contextlib.nullcontext() as disk:
        _kill_at_every_step(second_round, tmp_path, kind, disk)


def _kill_at_every_step(second_round: Path, tmp_path: Path, kind: str, disk: Path | None) -> None:
    survived = False
    for number in range(1, 200):
        folder = _copy(second_round, tmp_path / f"study{number}")
        if disk is not None:
            settings = folder / "jupyter_pipeline.toml"
            settings.write_text(f'state = "{disk}/state{number}"\n' + settings.read_text())
            state = LocalProject.find(folder).config.state
            state.parent.mkdir(exist_ok=True)
            shutil.move(folder / ".jupyter_pipeline", state)
        request_id = _submit(folder)
        survived = _killed_at(kind, number, folder, request_id) == 0
        jobs = LocalProject.find(folder).request(request_id).jobs
        for job in jobs:
            wait_for(functools.partial(_has_no_shim, folder, job.id), "the jobs end")
        attend(folder, request_id)
        assert_whole(folder, request_id, ["make", "rewrite", "before", "after"])
        assert sorted(file.name for file in (folder / "output").iterdir()) == ["new.csv", "x1.csv"], number
        assert text(folder, "x1.csv") == "new\nrewritten\n"
        assert (folder / "before.csv").read_text() == "new\n"
        assert (folder / "after.csv").read_text() == "new\nrewritten\n"
        assert set(verdicts(folder).values()) == {"skip"}, number
        with contextlib.closing(Store.open(LocalProject.find(folder).config.folder)) as store:
            store.check_integrity()
        remove_tree(folder)
        if survived:
            break
    assert survived, "the loop did not come to the last step"
    assert number > 4


def test_engine_killed_twenty_times_at_random_during_thirty_actions(tmp_path: Path) -> None:
    chosen = random.Random(20)
    names = [f"a{number}" for number in range(30)]
    needs = [", ".join(sorted({f"a{chosen.randrange(n)}" for _ in range(min(n, 2))})) for n in range(30)]
    make_project(
        tmp_path,
        "".join(
            step(name, f"echo begin; sleep 0.1; cat output/*.csv > all.txt; wc -l < all.txt > output/{name}.csv", need)
            if need
            else step(name, f"echo begin; sleep 0.1; echo 1 > output/{name}.csv")
            for name, need in zip(names, needs, strict=True)
        ),
    )
    request_id = _submit(tmp_path)
    project = LocalProject.find(tmp_path)
    kills = 0
    while kills < 20:
        seen = project.events(0, 1_000_000)[-1].revision
        more = chosen.randrange(1, 4)
        with background(lambda: attend(tmp_path, request_id, jobs=2)) as pid:
            target = seen + more
            wait_for(_goes_on(project, target, pid), "the run goes on")
            for _ in range(chosen.randrange(200)):
                os.sched_yield()
            if not proctools.is_alive(pid):
                break
            os.kill(pid, signal.SIGKILL)
            assert ended(pid) == -signal.SIGKILL
            kills += 1
    assert kills == 20
    attend(tmp_path, request_id, jobs=2)
    assert_whole(tmp_path, request_id, names)
    assert run(tmp_path).status == "nothing_to_do"
    claims = [Path(project.config.folder / "jobs" / job.id / "started") for job in project.request(request_id).jobs]
    assert all(claim.stat().st_size for claim in claims)


def _goes_on(project: LocalProject, revision: int, pid: int) -> Callable[[], bool]:
    return lambda: bool(project.events(revision - 1, 1)) or not proctools.is_alive(pid)


# -- what else is killed ---------------------------------------------------------------------------


@contextlib.contextmanager
def running(folder: Path, script: str = "echo begin; sleep 100", **settings: Any) -> Iterator[tuple[LocalProject, int]]:
    """A project whose action `slow` runs under an engine of its own, `after` needs it, `other` does not."""
    make_project(
        folder, step("slow", f"{script}; echo a > output/slow.csv") + step("after", needs="slow") + step("other")
    )
    project = LocalProject.find(folder, **settings)
    request = project.submit(["run_all"])
    with background(lambda: attend(folder, request.id, **settings)) as pid:
        wait_for(lambda: has_code(folder, "slow", "executing"), "the job runs")
        wait_for(lambda: "begin" in project.log_tail(project.job("slow").id), "the command has begun")
        yield project, pid


def _shim(folder: Path) -> psutil.Process:
    shim = shim_of(folder, LocalProject.find(folder).job("slow").id)
    assert shim is not None
    return shim


def _mended(folder: Path) -> None:
    """The next run of all brings what is missing, once the command is one that ends."""
    path = folder / "project.yaml"
    path.write_text(path.read_text().replace("sleep 100", "true"))
    view = run(folder)
    assert codes(view) == {"slow": "succeeded", "after": "succeeded"}
    assert set(verdicts(folder).values()) == {"skip"}


@pytest.mark.parametrize("executor", EXECUTORS)
def test_jobs_process_group_is_killed(tmp_path: Path, executor: str) -> None:
    with running(tmp_path, executor=executor) as (project, pid):
        child = _shim(tmp_path).children()[0]
        os.killpg(os.getpgid(child.pid), signal.SIGKILL)
        assert ended(pid) == 0
    view = project.request()
    assert codes(view) == {"slow": "killed", "after": "dependency_failed", "other": "succeeded"}
    assert "SIGKILL" in job_of(view, "slow").message
    _mended(tmp_path)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_shim_is_killed(tmp_path: Path, executor: str) -> None:
    with running(tmp_path, executor=executor) as (project, pid):
        shim = _shim(tmp_path)
        below = proctools.children(shim, recursive=True)
        proctools.kill([shim])
        assert ended(pid) == 0
        wait_for(lambda: not any(map(proctools.is_alive, below)), "nothing of the job is left behind")
    view = project.request()
    assert codes(view) == {"slow": "interrupted", "after": "dependency_failed", "other": "succeeded"}
    assert "Run it again" in job_of(view, "slow").message
    _mended(tmp_path)


def test_launcher_is_killed_and_running_jobs_do_not_mind(tmp_path: Path) -> None:
    make_project(
        tmp_path, "".join(step(f"a{n}", f"echo begin; sleep 0.2; echo {n} > output/a{n}.csv") for n in range(6))
    )
    request_id = _submit(tmp_path, jobs=2)
    with background(lambda: attend(tmp_path, request_id, jobs=2)) as pid:
        for name in ("a0", "a2", "a4"):
            wait_for(functools.partial(has_code, tmp_path, name, "executing"), "the job runs")
            proctools.kill(proctools.children(pid))
        assert ended(pid) == 0
    assert_whole(tmp_path, request_id, [f"a{n}" for n in range(6)])


@pytest.mark.parametrize("executor", EXECUTORS)
def test_everything_is_killed_at_once_as_when_the_machine_stops(tmp_path: Path, executor: str) -> None:
    with running(tmp_path, executor=executor) as (project, pid):
        shim = _shim(tmp_path)
        victims = [psutil.Process(pid), *proctools.children(pid), shim, *proctools.children(shim, recursive=True)]
        proctools.suspend(victims)
        proctools.kill(victims)
        assert ended(pid) == -signal.SIGKILL
    assert project.engine() is None
    attend(tmp_path, executor=executor)
    assert codes(project.request())["slow"] == "interrupted"
    assert not (tmp_path / "output/slow.csv").exists()
    _mended(tmp_path)


def test_kill_between_the_claim_and_the_command_is_an_interruption(tmp_path: Path) -> None:
    """A half-made job folder: claimed, no process, no record."""
    make_project(tmp_path, step("a", "echo begin; echo a > output/a.csv"))
    request_id = _submit(tmp_path)
    project = LocalProject.find(tmp_path)
    job = project.request(request_id).jobs[0]
    folder = project.config.folder / "jobs" / job.id
    assert _killed_at("after a commit", 1, tmp_path, request_id) == -signal.SIGKILL
    folder.mkdir(exist_ok=True)
    (folder / "started").write_text("1")
    attend(tmp_path, request_id)
    assert codes(project.request(request_id)) == {"a": "interrupted"}
    assert run(tmp_path).status == "succeeded"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"ending": "exit"}', b"\x00" * 300, b'{"ending": "exit", "exit_code": 0}']
)
def test_damaged_record_of_an_end_is_never_a_success(tmp_path: Path, content: bytes) -> None:
    with running(tmp_path) as (project, pid):
        os.kill(pid, signal.SIGKILL)
        ended(pid)
    _shim(tmp_path).kill()
    job = project.job("slow")
    (project.config.folder / "jobs" / job.id / "result.json").write_bytes(content)
    attend(tmp_path)
    assert project.job("slow").state == "failed"
    assert project.job("slow").code in ("internal_error", "interrupted")
    _mended(tmp_path)


# -- several at once -------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 5])
def test_several_runs_at_once_run_each_action_once(tmp_path: Path, count: int) -> None:
    names = [f"a{number}" for number in range(8)]
    make_project(
        tmp_path,
        "".join(
            step(name, f"echo begin; sleep 0.05; echo {name} > output/{name}.csv", names[n // 2] if n else "")
            for n, name in enumerate(names)
        ),
    )
    pids = [forked(lambda: run(tmp_path)) for _ in range(count)]
    assert [ended(pid) for pid in pids] == [0] * count
    project = LocalProject.find(tmp_path)
    wait_for(lambda: project.engine() is None, "the last engine is gone")
    jobs = [job for view in project.requests(100) for job in view.jobs]
    assert sorted(job.action for job in jobs) == names
    assert {str(job.code) for job in jobs} == {"succeeded"}
    assert all(project.log(job.id).read_text() == "begin\n" for job in jobs)
    assert {str(view.status) for view in project.requests(100)} <= {"succeeded", "nothing_to_do"}
    starts = [event.job_id for event in project.events() if event.code == "executing"]
    assert len(starts) == len(set(starts)) == len(names)


def test_several_forced_runs_at_once(tmp_path: Path) -> None:
    """Force repeats what is done, but nothing that is under way."""
    make_project(
        tmp_path,
        step("a", "echo begin; sleep 0.3; echo a > output/a.csv") + step("b", "echo begin; echo > output/b.csv", "a"),
    )
    pids = [forked(lambda: run(tmp_path, "a", "b", force=True)) for _ in range(3)]
    assert [ended(pid) for pid in pids] == [0] * 3
    project = LocalProject.find(tmp_path)
    wait_for(lambda: project.engine() is None, "the last engine is gone")
    running_now: set[str | None] = set()
    for event in project.events(0, 1000):
        if event.state == "running":
            assert event.code == "finalizing" or event.action not in running_now
            running_now.add(event.action)
        elif event.state in ("succeeded", "failed"):
            running_now.discard(event.action)


# -- disks -----------------------------------------------------------------------------------------


def test_disk_full_while_publishing(tmp_path: Path) -> None:
    """The state is elsewhere, so all is copied over, and the second of two files does not fit."""
    with small_disk(tmp_path / "disk", "3m") as disk:
        make_project(
            disk / "study",
            step(
                "a",
                "head -c $(cat size.txt) /dev/zero | tee output/a.bin > output/b.bin",
                level="highly_sensitive",
                a="output/a.bin",
                b="output/b.bin",
            ),
        )
        (disk / "study/size.txt").write_text("10")
        settings: dict[str, Any] = {"state": tmp_path / "state"}
        assert run(disk / "study", **settings).status == "succeeded"
        (disk / "study/size.txt").write_text("1500000")
        ballast = fill(disk, leave=1_700_000)
        view = run(disk / "study", **settings)
        assert codes(view) == {"a": "internal_error"}
        assert "disk is full" in view.jobs[0].message
        assert "Free some space" in view.jobs[0].message
        assert [(file.name, file.stat().st_size) for file in sorted((disk / "study/output").iterdir())] == [
            ("a.bin", 10),
            ("b.bin", 10),
        ]
        ballast.unlink()
        shutil.rmtree(disk / "study/metadata")
        size = "1000000"
        (disk / "study/size.txt").write_text(size)
        assert run(disk / "study", **settings).status == "succeeded"
        assert {file.stat().st_size for file in (disk / "study/output").iterdir()} == {int(size)}


def test_disk_full_for_the_job_itself(tmp_path: Path) -> None:
    """All is on one disk: either the job's failure can be written down, or it is said why not."""
    with small_disk(tmp_path / "disk", "6m") as disk:
        make_project(
            disk / "study",
            step("a", "head -c $(cat size.txt) /dev/zero > output/a.bin", level="highly_sensitive", x="output/a.bin"),
        )
        (disk / "study/size.txt").write_text("20000000")
        request_id = _submit(disk / "study")
        with contextlib.suppress(StoreUnavailable):
            attend(disk / "study", request_id)
        assert mount("-o", "remount,size=60m", str(disk))
        attend(disk / "study", request_id)
        project = LocalProject.find(disk / "study")
        job = project.request(request_id).jobs[0]
        assert job.code in ("nonzero_exit", "internal_error")
        assert not (disk / "study/output").exists()
        assert run(disk / "study").status == "succeeded"
        assert (disk / "study/output/a.bin").stat().st_size == 20000000


def test_disk_full_for_the_store_stops_the_engine_in_words_and_loses_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "6m") as disk:
        make_project(
            tmp_path / "study",
            step("a", "echo begin; echo a > output/a.csv") + step("b", "echo begin; echo b > output/b.csv", "a"),
        )
        settings: dict[str, Any] = {"state": disk / "state", "executor": "process"}
        request_id = _submit(tmp_path / "study", **settings)
        ballast = fill(disk)
        with pytest.raises(PipelineError) as caught:
            attend(tmp_path / "study", request_id, **settings)
        assert "full" in str(caught.value) or "No space" in str(caught.value)
        with pytest.raises(PipelineError, match=r"full|No space"):
            _submit(tmp_path / "study", force=True, **settings) if False else run(
                tmp_path / "study", "a", force=True, **settings
            )
        ballast.unlink()
        attend(tmp_path / "study", request_id, **settings)
        project = LocalProject.find(tmp_path / "study", **settings)
        assert codes(project.request(request_id)) == {"a": "succeeded", "b": "succeeded"}


def test_project_folder_that_may_only_be_read(tmp_path: Path) -> None:
    make_project(tmp_path / "study", step("a"))
    settings: dict[str, Any] = {"state": tmp_path / "state"}
    with read_only(tmp_path / "study"):
        view = run(tmp_path / "study", **settings)
        assert codes(view) == {"a": "internal_error"}
        assert "may not be written to" in view.jobs[0].message
        assert "Make it writable" in view.jobs[0].message
        assert verdicts(tmp_path / "study", **settings) == {"a": "run"}
    assert run(tmp_path / "study", **settings).status == "succeeded"


def test_project_folder_with_its_state_that_may_only_be_read(tmp_path: Path) -> None:
    make_project(tmp_path, step("a"))
    run(tmp_path)
    with read_only(tmp_path):
        assert verdicts(tmp_path) == {"a": "skip"}
        assert LocalProject.find(tmp_path).request().status == "succeeded"
        assert len(LocalProject.find(tmp_path).outputs()) == 1
        with pytest.raises(PipelineError, match=r"cannot be written|could not be|read-only|Read-only") as caught:
            run(tmp_path, "a")
        assert caught.value.remedy


# -- hostile jobs ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        "head -c 300000000 /dev/zero | tr '\\\\0' x",
        "for i in 1 2 3 4 5 6; do head -c 50000000 /dev/zero; sleep 0.1; done",
    ],
)
def test_huge_log_is_bounded_on_disk(tmp_path: Path, script: str) -> None:
    make_project(
        tmp_path,
        step("a", f"echo begin; {script}; echo end; echo a > output/a.csv"),
        SETTINGS + '[limits]\nlog = "1M"\n',
    )
    view = run(tmp_path)
    assert view.status == "succeeded"
    project = LocalProject.find(tmp_path)
    log = project.log(view.jobs[0].id)
    assert log.stat().st_blocks * 512 <= 2 * 1024**2
    with log.open("rb") as file:
        assert file.read(6) == b"begin\n"
    assert project.log_tail(view.jobs[0].id).endswith("end")
    assert (tmp_path / "metadata/a.log").stat().st_size < 3 * 1024**2


def test_twenty_thousand_files(tmp_path: Path) -> None:
    make_project(
        tmp_path, step("a", "cd output; seq 20000 | split -l 1 -a 4 --additional-suffix=.csv - f", x="output/f*.csv")
    )
    view = run(tmp_path)
    assert view.status == "succeeded", view.jobs[0].message
    assert len(os.listdir(tmp_path / "output")) == 20000
    assert len(LocalProject.find(tmp_path).outputs()) == 20000
    assert verdicts(tmp_path) == {"a": "skip"}
    assert len(json.loads((tmp_path / "metadata/manifest.json").read_text())["outputs"]) == 20000


@pytest.mark.parametrize("executor", EXECUTORS)
def test_job_that_daemonises_leaves_nothing_behind(tmp_path: Path, executor: str) -> None:
    mark = f"3{os.getpid()}.{chr(52) * 3}"
    make_project(
        tmp_path,
        step("a", f"setsid sh -c 'trap \"\" TERM HUP; (sleep {mark} &); sleep {mark}' & echo a > output/a.csv"),
    )
    view = run(tmp_path, executor=executor)
    assert view.status == "succeeded"
    assert proctools.with_word(mark) == []


def test_job_that_takes_away_its_own_permissions(tmp_path: Path) -> None:
    make_project(
        tmp_path,
        step("a", "mkdir -p locked/deep; echo a > locked/deep/x; echo a > output/a.csv; chmod 000 locked/deep locked"),
    )
    view = run(tmp_path)
    assert view.status == "succeeded", view.jobs[0].message
    job_folder = LocalProject.find(tmp_path).config.folder / "jobs" / view.jobs[0].id
    assert not (job_folder / "upper").exists()


def test_job_that_writes_over_its_code_and_inputs_harms_nobody(tmp_path: Path) -> None:
    make_project(
        tmp_path,
        step("a")
        + step(
            "vandal",
            "echo x > project.yaml; rm -rf word.txt; echo x > output/a.csv; echo v > output/v.csv",
            "a",
            x="output/v.csv",
        )
        + step("witness", "cat word.txt output/a.csv > output/witness.csv", "a, vandal"),
    )
    (tmp_path / "word.txt").write_text("word\n")
    yaml = (tmp_path / "project.yaml").read_text()
    assert run(tmp_path).status == "succeeded"
    assert (tmp_path / "project.yaml").read_text() == yaml
    assert text(tmp_path, "witness.csv") == "word\na\n"
    assert text(tmp_path, "a.csv") == "a\n"


# -- the store is damaged --------------------------------------------------------------------------


@pytest.mark.parametrize("harm", ["garbage", "gone", "empty", "half"])
def test_damaged_store_is_refused_with_the_cure(tmp_path: Path, harm: str) -> None:
    make_project(tmp_path, step("a"))
    run(tmp_path)
    state = LocalProject.find(tmp_path).config.folder
    with contextlib.closing(Store.open(state)):
        pass  # the last to leave puts the log into the file
    file = state / FILE
    if harm == "garbage":
        with file.open("r+b") as stream:
            stream.seek(4096)
            stream.write(os.urandom(file.stat().st_size - 8192))
    elif harm == "gone":
        file.unlink()
    elif harm == "empty":
        os.truncate(file, 0)
    else:
        os.truncate(file, file.stat().st_size // 2)
    before = file.read_bytes() if file.exists() else None
    with pytest.raises(StoreUnavailable) as caught:
        run(tmp_path, "a")
    assert "move the folder" in caught.value.remedy
    assert (file.read_bytes() if file.exists() else None) == before
    assert text(tmp_path, "a.csv") == "a\n"
    # the cure works
    shutil.move(state, tmp_path.parent / f"{tmp_path.name}-old")
    view = run(tmp_path)
    assert codes(view) == {"a": "succeeded"}


def test_state_folder_is_deleted_while_the_engine_runs(tmp_path: Path) -> None:
    """It ends soon, claims no success, and the next run begins anew."""
    make_project(
        tmp_path / "study",
        step("slow", "echo begin; sleep 20; echo a > output/slow.csv") + step("after", needs="slow"),
    )
    project = LocalProject.find(tmp_path / "study")
    request_id = _submit(tmp_path / "study")

    def work() -> None:
        with contextlib.suppress(PipelineError):
            told = attend(tmp_path / "study", request_id)
            assert "succeeded" not in {event.state for event in told}

    with background(work) as pid:
        wait_for(lambda: has_code(tmp_path / "study", "slow", "executing"), "the job runs")
        wait_for(lambda: "begin" in project.log_tail(project.job("slow").id), "the command has begun")
        project.config.state.rename(tmp_path / "gone")
        remove_tree(tmp_path / "gone")
        assert ended(pid) == 0
    path = tmp_path / "study/project.yaml"
    path.write_text(path.read_text().replace("sleep 20", "true"))
    view = run(tmp_path / "study")
    assert view.status == "succeeded"
    assert text(tmp_path / "study", "slow.csv") == "a\n"


# -- people ----------------------------------------------------------------------------------------


def test_project_is_moved(tmp_path: Path) -> None:
    make_project(tmp_path / "here", step("a") + step("b", "cat output/a.csv > output/b.csv", "a"))
    run(tmp_path / "here")
    (tmp_path / "here").rename(tmp_path / "the re\n")
    assert set(verdicts(tmp_path / "the re\n").values()) == {"skip"}
    assert codes(run(tmp_path / "the re\n", "b")) == {"b": "succeeded"}
    assert len(LocalProject.find(tmp_path / "the re\n").outputs()) == 2


def test_project_is_moved_between_two_engines(tmp_path: Path) -> None:
    """The job goes on in its old place, which has moved with it."""
    with running(tmp_path / "here", f"echo begin; {HELD}") as (_, pid):
        os.kill(pid, signal.SIGKILL)
        ended(pid)
    (tmp_path / "here").rename(tmp_path / "there")
    release(tmp_path / "there", "slow")
    attend(tmp_path / "there")
    found = codes(LocalProject.find(tmp_path / "there").request())
    if found["slow"] != "succeeded":  # said, and mended
        assert found["slow"] in ("interrupted", "internal_error")
        path = tmp_path / "there/project.yaml"
        path.write_text(path.read_text().replace(HELD, "true"))
        run(tmp_path / "there")
    assert text(tmp_path / "there", "slow.csv") == "a\n"
    assert set(verdicts(tmp_path / "there").values()) == {"skip"}


def test_code_is_changed_while_jobs_run(tmp_path: Path) -> None:
    make_project(tmp_path, step("a", "cat word.txt > output/a.csv") + step("b", "cat word.txt > output/b.csv", "a"))
    (tmp_path / "word.txt").write_text("old")
    request_id = _submit(tmp_path)
    (tmp_path / "word.txt").write_text("new")
    (tmp_path / "project.yaml").write_text("this is: [not a project")
    attend(tmp_path, request_id)
    assert codes(LocalProject.find(tmp_path).request(request_id)) == {"a": "succeeded", "b": "succeeded"}
    assert text(tmp_path, "a.csv") == text(tmp_path, "b.csv") == "old"


def test_project_yaml_vanishes_after_submit(tmp_path: Path) -> None:
    make_project(tmp_path, step("a"))
    project = LocalProject.find(tmp_path)
    request = project.submit(["a"])
    (tmp_path / "project.yaml").unlink()
    project.attend(request.id, lambda _: None)
    assert project.request(request.id).status == "succeeded"


def test_code_snapshot_is_deleted_before_the_engine_starts(tmp_path: Path) -> None:
    make_project(tmp_path, step("a"))
    request_id = _submit(tmp_path)
    project = LocalProject.find(tmp_path)
    shutil.rmtree(project.config.state / "code")
    attend(tmp_path, request_id)
    job = project.request(request_id).jobs[0]
    assert job.code == "internal_error"
    assert "snapshot" in job.message
    assert "Run it again" in job.message
    assert run(tmp_path).status == "succeeded"


def test_input_vanishes_between_plan_and_start(tmp_path: Path) -> None:
    make_project(tmp_path, step("a") + step("b", "cat output/a.csv > output/b.csv", "a"))
    run(tmp_path, "a")
    request_id = _submit(tmp_path, "b")
    (tmp_path / "output/a.csv").unlink()
    attend(tmp_path, request_id)
    job = LocalProject.find(tmp_path).request(request_id).jobs[0]
    assert job.state == "failed"
    assert "output/a.csv" in job.message
    assert "Run a again" in job.message
    assert codes(run(tmp_path)) == {"a": "succeeded", "b": "succeeded"}


def test_script_that_may_not_be_read(tmp_path: Path) -> None:
    """Said when it is asked for, with the file's name; root may read everything, so somebody else asks."""
    require_root("to be somebody else")
    make_project(tmp_path / "study", step("a", "cat secret.txt > output/a.csv"))
    (tmp_path / "study/secret.txt").write_text("x")
    (tmp_path / "study/secret.txt").chmod(0)
    subprocess.run(["chown", "-R", "65534:65534", str(tmp_path / "study")], check=True)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)

    def work() -> None:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        os.environ["HOME"] = str(tmp_path / "study")
        with pytest.raises(PipelineError, match=r"secret\.txt") as caught:
            run(tmp_path / "study")
        assert caught.value.remedy

    assert ended(forked(work)) == 0


def test_clock_that_jumps_while_jobs_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour ahead, then a day back, and so on; durations come from a clock that does not jump."""
    jumps = itertools.cycle(
        ["2030-01-01T00:00:00.000000Z", "2029-12-31T00:00:00.000000Z", "1999-01-01T00:00:00.000000Z"]
    )
    real = Store.open
    monkeypatch.setattr(Store, "open", lambda folder: real(folder, lambda: next(jumps)))
    make_project(tmp_path, step("a", "sleep 0.1; echo a > output/a.csv") + step("b", "echo b > output/b.csv", "a"))
    view = run(tmp_path)
    assert view.status == "succeeded"
    assert all(0 < (job.elapsed or 0) < 30 for job in view.jobs)
    assert [event.revision for event in events(tmp_path)] == list(range(1, len(events(tmp_path)) + 1))
    assert run(tmp_path).status == "nothing_to_do"
    assert codes(run(tmp_path, "b")) == {"b": "succeeded"}
    assert [view.number for view in LocalProject.find(tmp_path).requests()] == [3, 2, 1]


# -- secrets ---------------------------------------------------------------------------------------

STATA = """\
#!/bin/sh
echo "begin"
cat "$1" > /dev/null
[ -e slow ] && sleep 100
mkdir -p output; echo a > output/m.csv
marker=$(sed -n 's/^file open jupyter_pipeline using "\\(.*\\)", write.*/\\1/p' "$1")
echo succeeded > "$marker"
"""
"""A stand-in with Stata's manners; the real one needs a licence."""


def _stata_study(folder: Path) -> Path:
    program = folder / "stata" / "stata-mp"
    program.parent.mkdir(parents=True)
    program.write_text(STATA)
    program.chmod(0o755)
    return make_project(
        folder / "study",
        "slow:\n  run: stata-mp:latest model.do\n  outputs:\n    highly_sensitive:\n      x: output/m.csv\n"
        + step("b", "env > output/b.csv"),
        SETTINGS + f'[stata]\nprogram = "{program}"\n',
        **{"model.do": "display 1\n"},
    )


def _holds(folder: Path, secret: str) -> list[str]:
    return [str(file) for file in folder.rglob("*") if file.is_file() and secret.encode() in file.read_bytes()]


def test_secrets_and_the_callers_environment_are_kept_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATA_LICENSE", "licence-4711!")
    monkeypatch.setenv("MY_TOKEN", "token-0815!")
    monkeypatch.setenv("JUPYTER_PIPELINE_CACHE", str(tmp_path / "cache"))
    study = _stata_study(tmp_path)
    view = run(study)
    assert view.status == "succeeded", [(job.message, LocalProject.find(study).log_tail(job.id)) for job in view.jobs]
    for secret in ("licence-4711!", "token-0815!"):
        assert _holds(tmp_path, secret) == []
    assert "MY_TOKEN" not in text(study, "b.csv")
    assert all("4711" not in event.message for event in events(study))


def test_secret_of_a_job_that_is_killed_is_kept_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATA_LICENSE", "licence-4711!")
    monkeypatch.setenv("JUPYTER_PIPELINE_CACHE", str(tmp_path / "cache"))
    study = _stata_study(tmp_path)
    (study / "slow").write_text("")
    project = LocalProject.find(study)
    request = project.submit(["slow"])
    with background(lambda: attend(study, request.id)) as pid:
        wait_for(lambda: has_code(study, "slow", "executing"), "the job runs")
        wait_for(lambda: "begin" in project.log_tail(project.job("slow").id), "the command has begun")
        _shim(study).kill()
        assert ended(pid) == 0
    assert codes(project.request(request.id)) == {"slow": "interrupted"}
    assert _holds(tmp_path, "licence-4711!") == []
