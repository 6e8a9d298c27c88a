"""What is kept, what is removed, and what is never touched."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from jupyter_pipeline.engine.lease import Lease
from jupyter_pipeline.errors import InvalidRequest, PipelineError
from jupyter_pipeline.project.facade import LocalProject
from jupyter_pipeline.project.housekeeping import Holding
from tests.helpers.support import action, cli, make_project

ACTIONS = (
    action("make", "mkdir -p output; echo a > output/x.csv", out="output/x.csv")
    + action("again", "echo b > output/x.csv", needs="make", out="output/x*.csv")
    + action("bad", "head -c 100000 /dev/zero > left.txt; echo log; exit 1")
)


@pytest.fixture
def project(tmp_path: Path) -> LocalProject:
    folder = make_project(tmp_path / "study", ACTIONS, output__nothing="")
    (folder / "output" / "x.csv").write_text("mine\n")
    assert cli("run", cwd=folder).returncode == 1
    return LocalProject.find(folder)


def kinds(holdings: tuple[Holding, ...]) -> dict[str, tuple[int, int]]:
    return {one.kind: (one.count, one.removable) for one in holdings if one.kind != "runtimes"}


def age(project: LocalProject, seconds: float = 7200) -> None:
    """Let all snapshots look as if they were last used some time ago."""
    for tree in (project.config.state / "code" / "trees").iterdir():
        os.utime(tree, (time.time() - seconds,) * 2)


def test_what_is_kept_is_told_with_its_size(project: LocalProject) -> None:
    found = kinds(project.holdings())
    assert found["failed_files"] == (1, 1)
    assert found["kept_files"] == (1, 0)
    assert found["replaced_files"] == (1, 0)
    assert found["snapshots"][1] == 0
    assert found["logs"][1] == 0
    sizes = {one.kind: one.bytes for one in project.holdings()}
    assert 100_000 <= sizes["failed_files"] < 200_000
    assert all(one.note for one in project.holdings() if one.removable < one.count)


def test_cleaning_keeps_what_is_needed_and_what_is_not_ours(project: LocalProject) -> None:
    freed = sum(one.removable_bytes for one in project.clean())
    assert freed >= 100_000
    found = kinds(project.holdings())
    assert "failed_files" not in found
    assert (found["kept_files"], found["replaced_files"]) == ((1, 0), (1, 0))
    jobs = project.config.folder / "jobs"
    assert [path.read_text() for path in jobs.rglob("replaced/output/x.csv")] == ["mine\n"]
    assert (project.config.root / "output" / "x.csv").read_text() == "b\n"
    # The action that rewrites its input in place still finds what it declared.
    assert cli("run", "again", cwd=project.config.root).returncode == 0
    assert project.log_tail(project.job("bad").id) == "log"


def test_all_removes_logs_and_folders_that_are_empty_then(project: LocalProject) -> None:
    bad = project.job("bad").id
    project.clean(everything=True)
    assert not (project.config.folder / "jobs" / bad).exists()
    assert "logs" not in kinds(project.holdings())
    verdicts = {one.action: str(one.verdict) for one in project.plan(["run_all"]).actions}
    assert verdicts == {"make": "skip", "again": "skip", "bad": "run"}


def test_older_than_spares_what_is_young(project: LocalProject) -> None:
    assert all(one.removable == 0 for one in project.holdings(everything=True, older_than=3600) if one.kind != "logs")
    project.clean(older_than=3600)
    assert kinds(project.holdings())["failed_files"] == (1, 1)


def test_snapshots_that_nothing_needs_are_removed_after_a_while(project: LocalProject) -> None:
    root = project.config.root
    for number in range(3):
        (root / "code.txt").write_text(f"{number}\n")
        cli("run", "make", cwd=root)
    assert kinds(project.holdings())["snapshots"] == (4, 0)
    age(project)
    assert kinds(project.holdings())["snapshots"] == (4, 3)
    said = next(one for one in project.holdings() if one.kind == "snapshots")
    assert said.removable_bytes > 0
    project.clean()
    assert kinds(project.holdings())["snapshots"] == (1, 0)
    project.clean(everything=True)
    assert "snapshots" not in kinds(project.holdings())
    assert cli("run", "make", cwd=root).returncode == 0


def test_snapshots_of_other_backends_are_kept(project: LocalProject) -> None:
    root = project.config.root
    age(project)
    other = LocalProject.find(root, backend="other")
    other.clean(everything=False)
    assert kinds(project.holdings())["snapshots"] == (1, 0)


def test_nothing_is_removed_while_an_engine_runs(project: LocalProject) -> None:
    lease = Lease(project.config)
    assert lease.take()
    try:
        with pytest.raises(PipelineError, match="An engine is running"):
            project.clean()
    finally:
        lease.give_back()
    assert kinds(project.holdings())["failed_files"] == (1, 1)


def test_jobs_that_a_dead_engine_left_are_not_touched(tmp_path: Path) -> None:
    folder = make_project(tmp_path, action("one", "echo x; mkdir -p output; echo a > output/one.csv"))
    project = LocalProject.find(folder)
    request = project.submit(["one"])
    age(project)
    project.clean(everything=True)
    assert request.code is not None
    assert (project.config.state / "code" / "trees" / request.code).is_dir()
    project.attend(request.id, lambda events: None)
    assert project.request().status == "succeeded"


def test_a_project_without_history_is_left_as_it_is(tmp_path: Path) -> None:
    project = LocalProject.find(make_project(tmp_path, action("one", "true")))
    assert kinds(project.holdings()) == {}
    project.clean(everything=True)
    assert not project.config.state.exists()


def test_only_what_was_built_can_be_removed(project: LocalProject) -> None:
    with pytest.raises(InvalidRequest, match="Nothing is built for sh:v1"):
        project.remove_runtime("sh:v1")
