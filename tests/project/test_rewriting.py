from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_pipeline.errors import InvalidAddition, InvalidRequest
from jupyter_pipeline.project import rewriting
from jupyter_pipeline.project.facade import LocalProject
from jupyter_pipeline.spec.additions import NewAction
from tests.helpers.support import action, make_project

PLOT = NewAction("plot", "sh:v1 cat output/make.csv", ("make",), {"moderately_sensitive": {"p": "output/p.csv"}})


@pytest.fixture
def project(tmp_path: Path) -> LocalProject:
    return LocalProject.find(make_project(tmp_path / "study", action("make", "echo 1 > output/make.csv")))


def file_of(project: LocalProject) -> Path:
    return project.config.root / "project.yaml"


def test_what_would_be_added_is_shown_and_nothing_is_written(project: LocalProject) -> None:
    before = file_of(project).read_bytes()
    added = project.add_action(PLOT)
    assert not added.written
    assert added.above == tuple(before.decode().splitlines()[-3:])
    assert added.addition.lines[1] == "  plot:"
    assert added.seen == rewriting.digest(before)
    assert file_of(project).read_bytes() == before


def test_what_was_shown_is_written(project: LocalProject) -> None:
    file_of(project).chmod(0o640)
    shown = project.add_action(PLOT)
    written = project.add_action(PLOT, seen=shown.seen, write=True)
    assert written.written
    assert written.addition == shown.addition
    assert file_of(project).read_text() == shown.addition.text
    assert written.seen == rewriting.digest(file_of(project).read_bytes())
    assert file_of(project).stat().st_mode & 0o777 == 0o640
    assert list(project.pipeline().actions) == ["make", "plot"]
    assert not [path for path in project.config.root.iterdir() if path.name.startswith(".project")]


def test_a_file_that_was_changed_meanwhile_is_left_alone(project: LocalProject) -> None:
    shown = project.add_action(PLOT)
    changed = file_of(project).read_text() + "# a remark\n"
    file_of(project).write_text(changed)
    with pytest.raises(InvalidRequest, match="changed meanwhile"):
        project.add_action(PLOT, seen=shown.seen, write=True)
    with pytest.raises(InvalidRequest, match="changed meanwhile"):
        rewriting.replace(file_of(project), b"as it was", "new")
    assert file_of(project).read_text() == changed


def test_a_link_stays_a_link(project: LocalProject, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.yaml"
    file_of(project).rename(real)
    file_of(project).symlink_to(real)
    project.add_action(PLOT, write=True)
    assert file_of(project).is_symlink()
    assert "  plot:" in real.read_text()


def test_what_cannot_be_added_changes_nothing(project: LocalProject) -> None:
    before = file_of(project).read_bytes()
    with pytest.raises(InvalidAddition):
        project.add_action(NewAction("make", "sh:v1 a"), write=True)
    assert file_of(project).read_bytes() == before
    file_of(project).write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidRequest, match="UTF-8"):
        project.add_action(PLOT)


def test_a_text_that_is_not_saved_can_be_checked(project: LocalProject) -> None:
    text = file_of(project).read_text()
    assert project.check().valid
    checked = project.check(text=text.replace("run:", "rum:"))
    assert not checked.valid
    assert {each.rule for each in checked.problems} >= {"run-missing", "key-unknown"}
    assert project.check(text="").problems
