"""What widgets show of a study that is really run: their traits, and their static twins."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.client import Project, RunFailed
from jupyter_pipeline.errors import NotFound
from jupyter_pipeline.widgets import JobProgress, JobTable, LogView, OutputsView, PipelineView, module
from jupyter_pipeline.widgets.outputs_widget import confined
from tests.helpers.widget_study import Counting, followed_study

DEADLINE = 60


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


def wait_for(widget: Any, name: str, wanted: Callable[[Any], bool]) -> None:
    """Come back when a trait is as it is wanted, as `observe` tells."""
    found = threading.Event()

    def look(_: object) -> None:
        if wanted(getattr(widget, name)):
            found.set()

    widget.observe(look, name)
    look(None)
    assert found.wait(DEADLINE), getattr(widget, name)
    widget.unobserve(look, name)


def states(view: PipelineView) -> dict[str, str]:
    return {name: row[0] for name, row in {**view._base, **view._changes}.items()}


def run(project: Project, *actions: str) -> None:
    with contextlib.suppress(RunFailed):
        project.run(*actions)


def test_a_pipeline_is_followed(project: Project) -> None:
    view = PipelineView(project)
    assert states(view) == {"make": "to_run", "table": "to_run", "broken": "to_run"}
    run(project)
    ended = {"make": "up_to_date", "table": "up_to_date", "broken": "failed"}
    wait_for(view, "status", lambda status: not status.unfinished and status.actions[2].job is not None)
    wait_for(view, "_changes", lambda _: states(view) == ended)
    assert "3 actions" in repr(view)
    assert "failed" in view.twin()


def test_the_selected_action_has_its_job_and_the_end_of_its_log(project: Project) -> None:
    view = PipelineView(project)
    run(project)
    view.selected = "broken"
    wait_for(view, "_detail", lambda detail: bool(detail and "it went wrong" in detail["log"]))
    assert ("Exit code", "3") in [tuple(fact) for fact in view._detail["facts"]]
    view.selected = None
    wait_for(view, "_detail", lambda detail: detail is None)


def test_progress_of_a_run(project: Project) -> None:
    started = project.run(wait=False)
    progress = JobProgress(started)
    wait_for(progress, "status", lambda status: status == "failed")
    rows = {**progress._base, **progress._changes}.values()
    assert {row[0]: row[1] for row in rows} == {"make": "succeeded", "table": "succeeded", "broken": "failed"}
    title, begun, ended = progress._request
    assert (title, ended >= begun) == ("Request 1 failed", True)
    assert repr(progress) == "<JobProgress of request 1: failed, 3 of 3 jobs done>"


def test_progress_follows_the_newest_request_unless_one_is_named(project: Project) -> None:
    newest = JobProgress(project)
    assert "nothing has been asked for" in repr(newest)
    run(project, "make")
    wait_for(newest, "status", lambda status: status == "succeeded")
    run(project, "table")
    wait_for(newest, "request", lambda request: request.number == 2)
    named = JobProgress(project, 1).request
    assert named
    assert named.number == 1


def test_a_table_of_jobs_grows(project: Project) -> None:
    table, own = JobTable(project), JobTable(project, action="make")
    run(project)
    wait_for(table, "jobs", lambda jobs: [job.state for job in jobs].count("succeeded") == 2)
    wait_for(own, "jobs", lambda jobs: [job.action for job in jobs] == ["make"])


def test_a_log_is_followed_by_the_name_of_an_action(project: Project) -> None:
    run(project, "make", "table")
    log = LogView(project, "table")
    assert (log.text, log.ended, log._told) == ("made a table\n", True, "table, ended")
    assert str(log._tail["text"]) + log._more == log.text
    assert LogView(project, log.job).text == log.text
    with pytest.raises(NotFound):
        LogView(project, "nowhere.at all")


def test_outputs_have_the_gates_answers_and_pages_come_only_through_it(project: Project) -> None:
    run(project)
    view = OutputsView(project)
    assert {output.path: output.viewable for output in view.outputs} == {
        "output/raw.csv": False,
        "output/table.csv": True,
    }
    pages: dict[str, Any] = {}
    came = threading.Event()

    def take(content: dict[str, Any], *_: Any, **__: Any) -> None:
        pages[content["path"]] = content
        if len(pages) == 2:
            came.set()

    view.send = take
    for path in ("output/raw.csv", "output/table.csv", "../../etc/passwd"):
        view._handle_custom_msg({"look": path}, [])
    assert came.wait(DEADLINE)
    assert "only code may read it" in pages["output/raw.csv"]["sentence"]
    assert "8675309" in pages["output/table.csv"]["html"]
    assert "secret" not in str(pages)
    assert not any(
        "html" in str(name) or "8675309" in str(view.get_state(name)) for name in view.keys if name[0] != "_"
    )
    assert [one.path for one in project_views(project)] == ["output/table.csv"]


def project_views(project: Project) -> list[Any]:
    """The record of who looked at what."""
    from types import SimpleNamespace

    found = project.source.ask("views").json()["views"]
    return [SimpleNamespace(**one) for one in found if one["path"]]


def test_a_page_without_headers_says_itself_that_it_loads_nothing() -> None:
    """Wherever a page seems to have its head: behind anything that is shown, browsers would not heed the policy."""
    for page in (
        "<!doctype html><html><head lang='x'><title>t</title></head></html>",
        "<svg></svg>",
        "<img src='//elsewhere/?data'><head></head>",
        "<!-- <head> --><img src='//elsewhere/?data'>",
        "<img src='//elsewhere/?data'><header></header>",
    ):
        assert re.match(
            r"<!DOCTYPE html><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';", confined(page)
        )
        assert confined(page).endswith(page)


@pytest.mark.parametrize("make", [PipelineView, JobTable, JobProgress, OutputsView, lambda one: LogView(one, "table")])
def test_a_twin_needs_nothing_and_runs_nothing(project: Project, make: Callable[[Project], Any]) -> None:
    run(project)
    twin = make(project).twin()
    assert len(twin) > 100
    assert not re.search(r"<script|<style|<link|<iframe|\bon\w+=|(?:src|href)=.(?!data:)", twin)


def test_without_the_built_module_the_twin_is_shown_and_says_so(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "STATIC", tmp_path)
    module.text.cache_clear()
    try:
        shown = PipelineView(project)._repr_mimebundle_()
    finally:
        module.text.cache_clear()
    assert list(shown) == ["text/plain", "text/html"]
    assert "make labextension" in shown["text/html"]


def test_a_project_with_errors_says_so_everywhere(study: Path) -> None:
    source = Counting(study)
    (study / "project.yaml").write_text("version: '4.0'\nactions: {make: {}}\n")
    view = PipelineView(source)
    assert "project.yaml has" in view._notice
    assert "project.yaml has" in view._repr_mimebundle_()["text/html"]
    assert repr(view) == "<PipelineView of 0 actions>"


def test_traits_can_be_linked(project: Project) -> None:
    import traitlets

    view, table = PipelineView(project), PipelineView(project)
    traitlets.link((view, "selected"), (table, "selected"))
    view.selected = "make"
    assert table.selected == "make"
