"""One thread for a project, that asks for little."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_pipeline.client import Project
from jupyter_pipeline.client.local import LocalSource
from jupyter_pipeline.widgets import JobTable, LogView, OutputsView, PipelineView, watching
from tests.helpers.support import action, make_project
from tests.helpers.widget_study import Counting, followed_study


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Path]:
    with followed_study(tmp_path) as folder:
        yield folder


@pytest.fixture
def source(study: Path) -> Counting:
    return Counting(study)


@pytest.fixture
def project(source: Counting) -> Project:
    return Project(source)


def test_a_project_is_followed_once_whatever_shows_it(study: Path) -> None:
    before = set(threading.enumerate())
    widgets = [PipelineView(LocalSource(study)), JobTable(LocalSource(study)), OutputsView(Project.find(study))]
    (watch,) = watching.watches()
    assert len(watch) == 3
    assert len([one for one in set(threading.enumerate()) - before if one.name.startswith("jupyter_pipeline")]) == 1
    for widget in widgets:
        widget.close()
    watch.end(10)
    assert not watch.is_alive


def test_a_look_at_a_project_in_which_nothing_happens_asks_for_events_alone(source: Counting) -> None:
    widgets = [PipelineView(source), JobTable(source), OutputsView(source)]
    watch = watching.watch_of(source)
    watch.end(10)
    watch.turn()
    source.counts.clear()
    for _ in range(5):
        assert watch.turn() is False
    assert source.counts == {"events": 5}
    assert len(watch) == len(widgets)


def test_each_document_is_asked_for_once_for_all_who_show_it(project: Project, source: Counting) -> None:
    widgets = [PipelineView(project) for _ in range(3)]
    watch = watching.watch_of(source)
    watch.end(10)
    project.run("make")
    source.counts.clear()
    watch.turn()
    assert source.counts["status"] == 1
    assert all(widget.status and widget.status.actions[0].now == "up_to_date" for widget in widgets)


def test_a_widget_that_is_shown_nowhere_is_not_followed(source: Counting) -> None:
    view = PipelineView(source)
    watch = watching.watch_of(source)
    view._handle_custom_msg({"shown": 1}, [])
    view._handle_custom_msg({"shown": 1}, [])
    view._handle_custom_msg({"shown": -1}, [])
    assert len(watch) == 1
    view._handle_custom_msg({"shown": -1}, [])
    assert len(watch) == 0
    view._handle_custom_msg({"shown": 1}, [])
    assert len(watch) == 1
    assert watch.is_alive


def test_what_cannot_be_asked_is_said_and_asked_again(source: Counting, study: Path) -> None:
    view = PipelineView(source)
    watch = watching.watch_of(source)
    watch.end(10)
    text = (study / "project.yaml").read_text()
    (study / "project.yaml").write_text("actions: [")
    for _ in range(3):
        watch.turn()
        assert "project.yaml" in view._notice
    (study / "project.yaml").write_text(text + "  # the same\n")
    watch.turn()
    assert view._notice == ""


def test_a_changed_pipeline_is_drawn_anew(source: Counting, study: Path) -> None:
    view = PipelineView(source)
    watch = watching.watch_of(source)
    watch.end(10)
    make_project(study, action("alone", "true"))
    while watch.turn():  # what was just asked for is left in peace for a moment
        pass
    assert [node[0] for node in view._graph["nodes"]] == ["alone"]
    assert {name for name, row in {**view._base, **view._changes}.items() if row} == {"alone"}


def test_a_persons_observer_that_fails_ends_nothing(
    project: Project, source: Counting, capfd: pytest.CaptureFixture[str]
) -> None:
    view = PipelineView(project)
    failed, seen = threading.Event(), threading.Event()

    def fail(_: object) -> None:
        if failed.is_set():
            seen.set()
        failed.set()
        raise ValueError("a mistake in a notebook")

    view.observe(fail, "status")
    project.run("make")
    assert failed.wait(60)
    project.run("make", force=True)
    assert seen.wait(60)
    watch = watching.watch_of(source)
    assert watch.is_alive
    watch.end(10)
    assert "a mistake in a notebook" in capfd.readouterr().err


def test_a_log_is_asked_for_from_where_it_is_known(project: Project, source: Counting) -> None:
    project.run("make", "table")
    log = LogView(project, "table")
    assert log.ended
    assert log.text == "made a table\n"
    source.counts.clear()
    watching.watch_of(source).turn()
    assert source.counts["log"] == 0
