"""What is looked at, and that each thing that is missing comes with its cure."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline import person
from jupyter_pipeline.executors import Task
from jupyter_pipeline.executors.sandbox import SandboxExecutor
from jupyter_pipeline.project import doctor
from jupyter_pipeline.project.doctor import Check, Health
from jupyter_pipeline.project.facade import LocalProject
from tests.helpers.support import action, cli, make_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "study", action("one", "mkdir -p output; echo a > output/one.csv"))


def look(folder: Path, **settings: object) -> dict[str, Check]:
    return {check.name: check for check in doctor.examine(folder, **settings)}


def test_a_healthy_project(project: Path) -> None:
    found = look(project)
    assert [check for check in found.values() if check.health is Health.MISSING] == []
    assert found["sandbox"].health is Health.OK
    assert found["notebooks"] == Check("notebooks", Health.OK, "A notebook was run by the executor sandbox.")
    assert found["runtime sh:v1"].message == "Ready."
    assert found["history"].message == "No history yet."
    assert not (project / ".jupyter_pipeline").exists()  # it only looks


def test_without_a_project_the_machine_is_looked_at(tmp_path: Path) -> None:
    found = look(tmp_path)
    assert found["project"].health is Health.NOTE
    assert found["python"].health is Health.OK


def test_a_missing_runtime_matters_only_where_it_is_used(project: Path) -> None:
    (project / "jupyter_pipeline.toml").write_text(
        '[runtimes."sh:v1"]\nkind = "system"\nprogram = "no-such-shell"\n'
        '[runtimes."other:v1"]\nkind = "system"\nprogram = "no-such-program"\n'
    )
    found = look(project)
    assert found["runtime sh:v1"].health is Health.MISSING
    assert "no-such-shell" in found["runtime sh:v1"].cure
    assert found["runtime other:v1"].health is Health.NOTE


def test_without_git_and_uv(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = look(project)
    assert found["git"].health is Health.NOTE
    assert "Install git" in found["git"].cure


def test_settings_that_cannot_be_read(project: Path) -> None:
    (project / "jupyter_pipeline.toml").write_text("jobs = 'many'\n")
    found = look(project)
    assert found["settings"].health is Health.MISSING
    assert found["settings"].cure


def test_a_damaged_history(project: Path) -> None:
    folder = project / ".jupyter_pipeline" / "expectations"
    folder.mkdir(parents=True)
    (folder / "store.sqlite").write_text("this is no database, and never was one")
    found = look(project)["history"]
    assert found.health is Health.MISSING
    assert "is damaged" in found.message
    assert found.cure


def test_a_damaged_page_inside_the_history(project: Path) -> None:
    assert cli("run", cwd=project).returncode == 0
    file = project / ".jupyter_pipeline" / "expectations" / "store.sqlite"
    data = bytearray(file.read_bytes())
    data[4096 * 2 : 4096 * 4] = os.urandom(4096 * 2)
    file.write_bytes(data)
    assert look(project)["history"].health is Health.MISSING


def test_unfinished_jobs_without_an_engine(project: Path) -> None:
    LocalProject.find(project).submit(["one"])
    found = look(project)["engine"]
    assert found.health is Health.MISSING
    assert "jupyter pipeline run" in found.cure


def test_a_state_folder_where_no_sandbox_works(project: Path) -> None:
    found = look(project, state="/proc")
    assert found["sandbox"].health is Health.MISSING
    assert found["sandbox"].cure


def test_a_full_disk(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LOW", 1 << 70)
    assert look(project)["disk"].health is Health.MISSING


def test_a_machine_where_notebooks_are_not_driven(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = SandboxExecutor.whole_order

    def to_nowhere(executor: SandboxExecutor, task: Task) -> dict[str, Any]:
        found = order(executor, task)
        found["notebook"]["workspace"] = "/nowhere"
        return found

    monkeypatch.setattr(SandboxExecutor, "whole_order", to_nowhere)
    check = look(project)["notebooks"]
    assert check.health is Health.NOTE
    assert "No such file or directory: /nowhere" in check.message
    assert "word for word" in check.cure


def test_notebooks_of_a_project_that_chooses_plain_processes(project: Path) -> None:
    found = look(project, executor="process")
    assert found["notebooks"] == Check("notebooks", Health.OK, "A notebook was run by the executor process.")


def test_a_person_with_a_home_of_their_own(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOGNAME", "ann")
    user = look(project)["user"]
    assert (user.health, user.message) == (
        Health.OK, f"You are ann, uid {os.geteuid()}, and your home is {tmp_path}.",
    )  # fmt: skip


def test_a_cache_in_which_nothing_can_be_kept(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("JUPYTER_PIPELINE_CACHE", str(tmp_path / "file" / "cache"))
    folders = look(project)["folders"]
    assert folders.health is Health.NOTE
    assert "no runtime can be built" in folders.message
    assert "JUPYTER_PIPELINE_CACHE" in folders.cure


@pytest.mark.parametrize(("name", "cure"), [("cache", "JUPYTER_PIPELINE_CACHE"), ("state", "sh run.sh")])
def test_folders_from_which_no_program_can_run(
    project: Path, monkeypatch: pytest.MonkeyPatch, name: str, cure: str
) -> None:
    folder = getattr(LocalProject.find(project).config, name)
    monkeypatch.setattr(person, "forbids_programs", lambda place: place == folder)
    programs = look(project)["programs"]
    assert programs.health is Health.NOTE
    assert str(folder) in programs.message
    assert cure in programs.cure
