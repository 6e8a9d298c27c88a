"""A study whose actions run in containers, by its settings alone: from the request to what is cleaned up."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_pipeline.config import JOBS, printable
from jupyter_pipeline.models import Job
from jupyter_pipeline.project.doctor import Health
from jupyter_pipeline.project.facade import LocalProject
from jupyter_pipeline.runtimes import docker
from tests.helpers import images, proctools
from tests.helpers.faults import attend, codes, job_of, run, wait_for
from tests.helpers.support import SETTINGS, cli, make_project


@pytest.fixture(autouse=True)
def _engine(tmp_path: Path) -> Iterator[None]:
    images.require_engine()
    yield
    images.remove_containers(tmp_path / ".jupyter_pipeline" / "expectations" / JOBS)


def image_setting(name: str, image: str) -> str:
    return f'\n[runtimes."{name}"]\nimage = "{image}"\n'


def actions(**runs: tuple[str, str]) -> str:
    """YAML of actions, each by its run line and the action it needs; each writes output/NAME.csv."""
    lines = []
    for name, (line, needs) in runs.items():
        lines += [f"{name}:", f"  run: {line}", f"  needs: [{needs}]", "  outputs:", "    moderately_sensitive:"]
        lines += [f"      table: output/{name}.csv"]
    return "\n".join(lines)


SPLIT = actions(
    here=("sh:v1 sh -c 'echo here > output/here.csv; ls -d /.dockerenv'", ""),
    there=("box:v1 sh -c 'cat output/here.csv > output/there.csv; ls -d /.dockerenv'", "here"),
    again=("sh:v1 sh -c 'cat output/there.csv > output/again.csv'", "there"),
)


def split(folder: Path, image: str = "") -> LocalProject:
    make_project(folder, SPLIT.replace("ls -d /.dockerenv'", "ls -d /.dockerenv || true'"), SETTINGS)
    (folder / "jupyter_pipeline.toml").write_text(SETTINGS + image_setting("box:v1", image or images.shell()))
    return LocalProject.find(folder)


def executors_of(project: LocalProject) -> dict[str, str]:
    return {job.action: job.executor for job in project.request().jobs}


def log_of(project: LocalProject, job: Job) -> str:
    return (project.config.folder / JOBS / job.id / "log").read_text()


def test_a_study_is_split_between_sandbox_and_containers_by_its_settings_alone(tmp_path: Path) -> None:
    project = split(tmp_path)
    run(tmp_path)
    assert executors_of(project) == {"here": "sandbox", "there": "docker", "again": "sandbox"}
    assert (tmp_path / "output" / "again.csv").read_text() == "here\n"
    assert "/.dockerenv\n" in log_of(project, job_of(project.request(), "there"))
    assert project.isolation() == ("sandbox and docker", ())
    (tmp_path / "jupyter_pipeline.toml").write_text(SETTINGS + '[runtimes."box:v1"]\nkind = "system"\nprogram = "sh"\n')
    run(tmp_path, "run_all")
    assert executors_of(LocalProject.find(tmp_path)) == {"there": "sandbox", "again": "sandbox"}


def test_nothing_is_left_of_the_containers(tmp_path: Path) -> None:
    project = split(tmp_path)
    run(tmp_path)
    jobs = project.config.folder / JOBS
    wait_for(lambda: not docker.containers_of(images.api(), jobs), "their removal")
    names = {path.name for path in (jobs / job_of(project.request(), "there").id).iterdir()}
    assert names == {"log", "result.json", "started"}


def test_everything_runs_in_containers_with_one_prefix(tmp_path: Path) -> None:
    images.tag(images.shell(), "whole:v1")
    make_project(tmp_path, actions(a=("whole:v1 sh -c 'mkdir -p output; echo 1 > output/a.csv'", "")))
    settings = f'executor = "docker"\n[docker]\nimages = "{images.NAMESPACE}/"\n'
    (tmp_path / "jupyter_pipeline.toml").write_text(settings)
    run(tmp_path)
    project = LocalProject.find(tmp_path)
    assert executors_of(project) == {"a": "docker"}
    assert project.isolation() == ("docker", ())
    (tmp_path / "jupyter_pipeline.toml").write_text('executor = "docker"\n')
    assert "No image is named for the runtime whole:v1" in LocalProject.find(tmp_path).runtime("whole:v1").message


def test_an_image_that_is_not_there_is_said_before_anything_starts(tmp_path: Path) -> None:
    project = split(tmp_path, "registry.invalid/box:v1")
    reason = {one.action: one.reason for one in project.plan(["run_all"]).actions}["there"]
    assert reason == (
        "The image registry.invalid/box:v1 is not present. Fetch it with `jupyter pipeline runtimes pull box:v1`."
    )
    run(tmp_path)
    assert codes(project.request())["there"] == "cannot_run_here"
    failed = cli("runtimes", "pull", "box:v1", cwd=tmp_path)
    assert failed.returncode == 3
    assert "cannot be pulled" in failed.stderr + failed.stdout
    assert "is no container image" in cli("runtimes", "pull", "sh:v1", cwd=tmp_path).stderr


def test_a_job_gets_the_image_that_was_there_when_it_was_asked_for(tmp_path: Path) -> None:
    """The name means another image by the time the job starts; afterwards the plan says that the job is stale."""
    first, other = images.shell(), images.python()
    name = images.tag(first, "moving:v1")
    project = split(tmp_path, name)
    request = project.submit(["there"])
    images.tag(other, "moving:v1")
    attend(tmp_path, request.id)
    job = job_of(project.request(), "there")
    assert "python3" not in log_of(project, job)
    verdicts = {one.action: str(one.verdict) for one in LocalProject.find(tmp_path).plan(["run_all"]).actions}
    assert verdicts["there"] == "stale"
    images.tag(first, "moving:v1")
    verdicts = {one.action: str(one.verdict) for one in LocalProject.find(tmp_path).plan(["there"]).actions}
    assert verdicts["here"] == "skip"


def test_an_engine_of_ours_that_is_killed_finds_its_containers_again(tmp_path: Path) -> None:
    make_project(
        tmp_path,
        actions(
            a=("box:v1 sh -c 'mkdir -p output; until [ -e /tmp/go ]; do sleep 0.05; done; echo 1 > output/a.csv'", "")
        ),
    )
    (tmp_path / "jupyter_pipeline.toml").write_text(image_setting("box:v1", images.shell()))
    project = LocalProject.find(tmp_path)
    request = project.submit(["a"])
    project.detach()
    jobs = project.config.folder / JOBS

    def running() -> list[str]:
        found = docker.containers_of(images.api(), jobs)
        return [one["Id"] for one in found.values() if one["State"] == "running"]

    wait_for(lambda: bool(running()), "the container")
    before = running()
    engine = project.engine()
    assert engine is not None
    os.kill(engine, signal.SIGKILL)
    wait_for(lambda: not proctools.is_alive(engine), "its end")
    assert running() == before
    project.detach()
    (jobs / job_of(project.request(), "a").id / "tmp" / "go").touch()
    wait_for(lambda: project.request(request.id).finished_at is not None, "the end")
    wait_for(lambda: project.engine() is None, "the engine goes away")
    assert codes(project.request()) == {"a": "succeeded"}


def test_clean_removes_our_containers_and_no_others(tmp_path: Path) -> None:
    project = split(tmp_path)
    run(tmp_path)
    api = images.api()
    jobs = printable(project.config.folder / JOBS)
    labels = {docker.LABEL_JOBS: jobs, docker.LABEL_JOB: job_of(project.request(), "there").id}
    elsewhere = {**labels, docker.LABEL_JOBS: f"{jobs}-of-another"}
    wait_for(lambda: not docker.containers_of(api, project.config.folder / JOBS), "their removal")
    orphan = api.create_volume(labels=labels)["Name"]
    left, other, foreign = (
        api.create_container(images.shell(), ["sleep", "1"], labels=one)["Id"] for one in (labels, elsewhere, {})
    )
    try:
        held = {one.kind: one for one in project.holdings()}["containers"]
        assert (held.count, held.removable) == (1, 1)
        project.clean()
        present = {one["Id"] for one in api.containers(all=True)}
        assert left not in present
        assert {other, foreign} <= present
        assert orphan not in {one["Name"] for one in api.volumes()["Volumes"] or ()}
    finally:
        for one in (other, foreign):
            docker.remove(api, one)


def test_doctor_says_which_engine_there_is(tmp_path: Path) -> None:
    project = split(tmp_path)
    found = {check.name: check for check in project.diagnose(tmp_path)}["docker"]
    assert found.health is Health.OK
    assert found.message.startswith("Docker ")
    (tmp_path / "jupyter_pipeline.toml").write_text(
        image_setting("box:v1", images.shell()) + '[docker]\nhost = "unix:///nowhere.sock"\n'
    )
    found = {check.name: check for check in project.diagnose(tmp_path)}["docker"]
    assert found.health is Health.MISSING
    assert "unix:///nowhere.sock" in found.message
    assert found.cure


# -- Stata -----------------------------------------------------------------------------------------

WRAPPER = """#!/bin/sh
# What the platform's image does, with a stand-in for the program: Stata always ends with 0, so a mark tells success.
set -eu
umask 077
printf '%s\\n' "$STATA_LICENSE" > /tmp/stata.lic
unset STATA_LICENSE
{ cat "$1"; echo; echo 'echo finished > /tmp/success'; } > /tmp/wrapped.do
sh -e /tmp/wrapped.do 2>&1 | tee "$(basename "$1" .do).log" || true
[ -e /tmp/success ]
"""
LICENCE = "501609123456!abcd efgh!study!site"


@pytest.mark.parametrize("source", ["variable", "file"])
def test_stata_gets_its_licence_and_shows_it_to_nobody(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = images.with_entrypoint(WRAPPER, WORKDIR="/workspace")
    run_line = "stata-mp:latest analysis/model.do"
    make_project(tmp_path, actions(model=(run_line, "")))
    (tmp_path / "analysis").mkdir()
    script = "cat /tmp/stata.lic > /tmp/seen\ncat /tmp/stata.lic\nenv\necho 1 > output/model.csv\n"
    (tmp_path / "analysis" / "model.do").write_text(script)
    settings = image_setting("stata-mp", image)
    monkeypatch.delenv("STATA_LICENSE", raising=False)
    (tmp_path / "jupyter_pipeline.toml").write_text(settings)
    assert "licence" in LocalProject.find(tmp_path).runtime("stata-mp:latest").message
    if source == "variable":
        monkeypatch.setenv("STATA_LICENSE", LICENCE)
    else:
        key = tmp_path_factory.mktemp("licence") / "key"
        key.write_text(LICENCE)
        (tmp_path / "jupyter_pipeline.toml").write_text(f'{settings}[stata]\nlicense = "{key}"\n')
    project = LocalProject.find(tmp_path)
    run(tmp_path)
    assert codes(project.request()) == {"model": "succeeded"}
    assert "***" in log_of(project, job_of(project.request(), "model"))
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in kept if LICENCE.encode() in path.read_bytes()]
    assert LICENCE not in json.dumps(cli("show", "--json", cwd=tmp_path).stdout)


def test_a_do_file_that_stops_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATA_LICENSE", LICENCE)
    make_project(tmp_path, actions(model=("stata-mp:latest model.do", "")))
    (tmp_path / "model.do").write_text("echo 1 > output/model.csv\nfalse\necho not reached\n")
    image = images.with_entrypoint(WRAPPER, WORKDIR="/workspace")
    (tmp_path / "jupyter_pipeline.toml").write_text(image_setting("stata-mp", image))
    run(tmp_path)
    project = LocalProject.find(tmp_path)
    assert codes(project.request()) == {"model": "nonzero_exit"}
    assert not (tmp_path / "output" / "model.csv").exists()
