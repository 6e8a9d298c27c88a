"""The facade: what surfaces ask for and what they are told."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from jupyter_pipeline.errors import (
    InvalidConfig,
    InvalidRequest,
    PipelineError,
    ProjectNotFound,
)
from jupyter_pipeline.project.facade import LocalProject
from tests.helpers.faults import (
    attend,
    codes,
    events,
    job_of,
    run,
    step,
    verdicts,
)
from tests.helpers.support import SETTINGS, make_project

ID = re.compile(r"[a-z2-7]{16}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def git(folder: Path, *arguments: str) -> str:
    names = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for who in ("AUTHOR", "COMMITTER"):
        names |= {f"GIT_{who}_NAME": "Ada", f"GIT_{who}_EMAIL": "ada@example.org"}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], env=os.environ | names, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def study(tmp_path: Path) -> Path:
    make_project(tmp_path, step("a") + step("b", "cat output/a.csv > output/b.csv", "a"))
    run(tmp_path)
    return tmp_path


# -- finding a project -----------------------------------------------------------------------------


def test_project_is_found_from_a_folder_below(study: Path) -> None:
    (study / "analysis/deep").mkdir(parents=True)
    assert LocalProject.find(study / "analysis/deep").config.root == study


def test_no_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectNotFound, match=re.escape(str(tmp_path))) as caught:
        LocalProject.find(tmp_path)
    assert caught.value.remedy


def test_settings_that_are_wrong_are_said(tmp_path: Path) -> None:
    make_project(tmp_path, step("a"), SETTINGS + "jbos = 3\n")
    with pytest.raises(InvalidConfig, match="jbos"):
        LocalProject.find(tmp_path)
    with pytest.raises(PipelineError, match="warp"):
        run(make_project(tmp_path, step("a")), executor="warp")


def test_check_and_pipeline(study: Path) -> None:
    project = LocalProject.find(study)
    assert list(project.pipeline().actions) == ["a", "b"]
    (study / "project.yaml").write_text("version: '3.0'\nactions:\n  a:\n    run: 7\n")
    assert not project.check().valid
    assert project.check("2021").rules.name == "2021"
    with pytest.raises(PipelineError, match="no rules called"):
        project.check("2020")


# -- requests and jobs -----------------------------------------------------------------------------


def test_request_with_all_that_its_page_shows(study: Path) -> None:
    view = LocalProject.find(study).request()
    assert view.number == 1
    assert view.status == "succeeded"
    assert ID.fullmatch(view.request.id)
    assert all(ID.fullmatch(job.id) for job in view.jobs)
    assert view.request.workspace == study.name
    assert view.request.backend == "expectations"
    assert view.request.requested_actions == ("run_all",)
    assert view.request.requested_by
    assert not view.request.force
    assert view.request.project_yaml == (study / "project.yaml").read_text()
    assert (view.request.commit, view.request.branch, view.request.dirty) == (None, None, False)
    assert [(one.action, one.verdict, one.reason) for one in view.plan] == [
        ("a", "run", "It has not run before."),
        ("b", "run", "It has not run before."),
    ]
    times = [view.request.created_at, view.started_at, *(job.started_at for job in view.jobs), view.finished_at]
    assert all(time and TIME.fullmatch(time) for time in times)
    assert times == sorted(times, key=str)
    elapsed = [job.elapsed or 0.0 for job in view.jobs]
    assert view.runtime == pytest.approx(sum(elapsed))
    assert min(elapsed) > 0


def test_request_that_is_not_finished(tmp_path: Path) -> None:
    make_project(tmp_path, step("a"))
    project = LocalProject.find(tmp_path)
    request = project.submit(["a"])
    view = project.request()
    assert (view.status, view.started_at, view.finished_at, view.runtime) == ("pending", None, None, 0.0)
    attend(tmp_path, request.id)
    assert project.request().status == "succeeded"


def test_requests_newest_first_and_by_name(study: Path) -> None:
    project = LocalProject.find(study)
    second = run(study)
    assert second.status == "nothing_to_do"
    assert second.jobs == ()
    assert second.finished_at is None
    assert [view.number for view in project.requests()] == [2, 1]
    assert [view.number for view in project.requests(1, 1)] == [1]
    assert project.request(second.request.id) == second
    assert project.request(second.request.id[:8]) == second
    for name in ("?", "%", "zzzzzzzz", second.request.id + "a"):
        with pytest.raises(InvalidRequest, match=re.escape(name)):
            project.request(name)


def test_request_by_its_number(study: Path) -> None:
    project = LocalProject.find(study)
    second = run(study)
    assert project.request("2") == second
    assert project.request("1").number == 1
    with pytest.raises(InvalidRequest):
        project.request("3")


def test_job_by_action_and_by_identifier(study: Path) -> None:
    project = LocalProject.find(study)
    job = job_of(project.request(), "a")
    assert project.job("a") == project.job(job.id) == project.job(job.id[:8]) == job
    again = run(study, "a").jobs[0]
    assert project.job("a") == again
    assert project.last_jobs()["a"] == again
    with pytest.raises(InvalidRequest, match="nobody"):
        project.job("nobody")


def test_project_without_any_history(tmp_path: Path) -> None:
    project = LocalProject.find(make_project(tmp_path, step("a")))
    assert (project.requests(), project.events(), project.outputs(), project.last_jobs()) == ([], [], [], {})
    assert project.timeline("x") == []
    assert project.engine() is None
    for look in (project.request, lambda: project.job("a")):
        with pytest.raises(InvalidRequest):
            look()
    assert not project.config.state.exists()


def test_events_tell_the_whole_story_once(tmp_path: Path) -> None:
    make_project(tmp_path, step("a") + step("b", needs="a"))
    project = LocalProject.find(tmp_path)
    request = project.submit(["run_all"])
    told = attend(tmp_path, request.id)
    assert told == project.events(1)
    assert project.events(0)[0].kind == "request"
    assert [event.revision for event in project.events()] == list(range(1, len(told) + 2))
    assert told[-1].code == "succeeded"
    assert attend(tmp_path, request.id) == told  # whoever comes late is told as well
    assert project.events(told[-1].revision) == []


def test_attend_from_a_revision(study: Path) -> None:
    project = LocalProject.find(study)
    last = project.events()[-1]
    told: list[object] = []
    project.attend(project.request().request.id, told.extend, after=last.revision - 1)
    assert told == [last]


def test_unknown_request_cannot_be_attended_or_cancelled(study: Path) -> None:
    project = LocalProject.find(study)
    with pytest.raises(InvalidRequest):
        project.cancel("nosuchrequest")


def test_names_are_recorded_once_each(tmp_path: Path) -> None:
    make_project(tmp_path, step("a") + step("b"))
    view = run(tmp_path, "a", "b", "a")
    assert view.request.requested_actions == ("a", "b")
    assert codes(view) == {"a": "succeeded", "b": "succeeded"}


def test_backends_are_worlds_of_their_own(tmp_path: Path) -> None:
    make_project(tmp_path, step("a", "echo $OPENSAFELY_BACKEND > output/a.csv"))
    run(tmp_path)
    assert verdicts(tmp_path, backend="tpp") == {"a": "run"}
    run(tmp_path, backend="tpp")
    assert (tmp_path / "output/a.csv").read_text() == "tpp\n"
    assert LocalProject.find(tmp_path, backend="tpp").request().request.backend == "tpp"


def test_what_one_backend_published_is_no_code_for_jobs_of_another(tmp_path: Path) -> None:
    make_project(tmp_path, step("secret", "echo patient > output/secret.csv", level="highly_sensitive"))
    run(tmp_path, backend="tpp")
    make_project(tmp_path, step("look", "ls output > output/look.csv"))
    run(tmp_path)
    assert (tmp_path / "output/look.csv").read_text() == "look.csv\n"
    assert (tmp_path / "output/secret.csv").exists()


def test_state_folder_is_nothing_for_git(study: Path) -> None:
    git(study, "init", "-q")
    assert ".jupyter_pipeline" not in git(study, "status", "--short", "--ignored=no", "-uall")


def test_outputs_say_whether_they_are_still_there(study: Path) -> None:
    found = {output.file.path: output for output in LocalProject.find(study).outputs()}
    assert set(found) == {"output/a.csv", "output/b.csv"}
    assert all(output.present and output.answer.allowed for output in found.values())
    assert found["output/a.csv"].file.sha256 == "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7"


def test_logs(study: Path) -> None:
    make_project(study, step("a", "seq 100; echo a > output/a.csv"))
    view = run(study, "a")
    project = LocalProject.find(study)
    assert project.log_tail(view.jobs[0].id, 3) == "98\n99\n100"
    assert project.log(view.jobs[0].id).read_text().startswith("1\n2\n")
    assert project.log_tail("nosuchjob") == ""


# -- git -------------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    make_project(tmp_path, step("a", "cat word.txt > output/a.csv"))
    (tmp_path / "word.txt").write_text("committed")
    (tmp_path / ".gitignore").write_text("output\nmetadata\n")
    git(tmp_path, "init", "-q", "-b", "study-branch")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_commit_branch_and_dirt_are_recorded(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    request = run(checkout).request
    assert (request.commit, request.branch, request.dirty) == (commit, "study-branch", False)
    (checkout / "word.txt").write_text("changed")
    request = run(checkout).request
    assert (request.commit, request.branch, request.dirty) == (commit, "study-branch", True)
    assert (checkout / "output/a.csv").read_text() == "changed"


def test_revision_runs_what_was_committed(checkout: Path) -> None:
    """Code and project.yaml alike, whatever stands in the working tree."""
    commit = git(checkout, "rev-parse", "HEAD")
    yaml = (checkout / "project.yaml").read_text()
    (checkout / "word.txt").write_text("changed")
    (checkout / "project.yaml").write_text("not: [a project")
    view = run(checkout, "a", revision="HEAD")
    assert codes(view) == {"a": "succeeded"}
    assert (checkout / "output/a.csv").read_text() == "committed"
    assert (view.request.commit, view.request.dirty) == (commit, False)
    assert view.request.project_yaml == yaml
    assert (checkout / "word.txt").read_text() == "changed"


def test_older_revision_and_what_is_stale_against_it(checkout: Path) -> None:
    first = git(checkout, "rev-parse", "HEAD")
    (checkout / "word.txt").write_text("second")
    git(checkout, "commit", "-q", "-am", "second")
    assert run(checkout).status == "succeeded"
    project = LocalProject.find(checkout)
    assert project.plan(["run_all"], revision="HEAD").actions[0].verdict == "skip"
    assert project.plan(["run_all"], revision=first[:8]).actions[0].verdict == "stale"
    view = run(checkout, revision=first)
    assert view.request.commit == first
    assert (checkout / "output/a.csv").read_text() == "committed"
    assert verdicts(checkout) == {"a": "stale"}


@pytest.mark.parametrize("revision", ["nosuch", "--help", "HEAD~5", ""])
def test_revision_that_is_none(checkout: Path, revision: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        LocalProject.find(checkout).submit(["a"], revision=revision)
    assert caught.value.message


def test_untracked_file_counts_and_ignored_one_does_not(checkout: Path) -> None:
    run(checkout)
    (checkout / ".gitignore").write_text("output\nmetadata\nignored.txt\n")
    run(checkout)
    (checkout / "ignored.txt").write_text("x")
    assert verdicts(checkout) == {"a": "skip"}
    (checkout / "new.txt").write_text("x")
    assert verdicts(checkout) == {"a": "stale"}
    assert events(checkout)
