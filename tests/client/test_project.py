"""What one does with a project from Python, on a real one whose jobs really run."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline import Project
from jupyter_pipeline.client import Run, RunFailed
from jupyter_pipeline.client.reading import value_of
from jupyter_pipeline.errors import InvalidRequest, NotFound, OutputRefused
from jupyter_pipeline.project.facade import LocalProject as Facade
from tests.helpers.study import SECRET, ran_study
from tests.helpers.support import action, make_project

NewProject = Callable[[str], Project]
SLOW = action("slow", "echo begun; sleep 60", slow="output/slow.csv")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return ran_study(tmp_path_factory.mktemp("interactive") / "study")


@pytest.fixture
def new_project(tmp_path: Path) -> NewProject:
    def new(actions: str) -> Project:
        return Project.find(make_project(tmp_path / "own", actions))

    return new


def test_status_says_where_each_action_stands(ran: Project) -> None:
    status = ran.status()
    states = {one.action: one.state for one in status.actions}
    assert states == {
        "raw": "up_to_date",
        "table": "up_to_date",
        "note": "up_to_date",
        "bad": "failed",
        "after": "failed",
    }
    assert status["table"].job is not None
    assert status["table"].job.succeeded
    assert status.unfinished == ()
    with pytest.raises(KeyError):
        status["none"]


def test_a_plan_says_what_would_run_and_why(ran: Project) -> None:
    plan = ran.plan("table", "bad")
    verdicts = {one.action: one.verdict for one in plan.actions}
    assert verdicts == {"raw": "skip", "table": "run", "bad": "run"}
    assert plan.to_run == ("table", "bad")
    assert ran.plan("table", force=True).to_run == ("raw", "table")
    with pytest.raises(InvalidRequest, match="tabel"):
        ran.plan("tabel")


def test_check_says_what_is_wrong(ran: Project, tmp_path: Path) -> None:
    assert ran.check()
    (tmp_path / "project.yaml").write_text("version: '4.0'\nactions:\n  a:\n    run: nothing\n")
    checked = Project.find(tmp_path).check()
    assert not checked
    assert {one.severity for one in checked.problems} >= {"error"}
    assert "line 3" in repr(checked)


def test_requests_and_jobs_are_found_by_number_and_name(ran: Project) -> None:
    first, second = ran.request(1), ran.request()
    assert [one.number for one in ran.requests()] == [2, 1]
    assert (first.status, first.actions) == ("succeeded", ("table", "note"))
    assert second.status == "failed"
    assert [job.action for job in second.failed] == ["bad", "after"]
    job = ran.job("table")
    assert ran.job(job.id) == job
    assert ran.request(first.id).id == first.id
    for name in ("tabel", "zzzzzzzzzzzzzzzz", "no such"):
        with pytest.raises(NotFound):
            ran.job(name)


def test_what_has_never_run_is_told(new_project: NewProject) -> None:
    project = new_project(SLOW)
    for ask in (project.request, lambda: project.job("slow"), lambda: project.log("slow")):
        with pytest.raises(NotFound):
            ask()
    assert not project.requests()
    assert not project.outputs()
    assert project.actions == ("slow",)


def test_outputs_have_their_levels_and_reasons(ran: Project) -> None:
    outputs = {one.path: one for one in ran.outputs()}
    assert outputs["output/table.csv"].viewable
    assert not outputs["output/raw.csv"].viewable
    assert "highly_sensitive" in outputs["output/raw.csv"].reason
    assert [one.path for one in ran.outputs("note")] == ["output/n.json", "output/note.txt"]


def test_reading_goes_through_the_gate_and_is_recorded(ran: Project) -> None:
    table = ran.read("output/table.csv")
    assert table.to_dict("list") == {"name": ["a", "b"], "n": [1, 2]}
    assert ran.read("output/note.txt") == "some text\n"
    assert ran.read("output/n.json") == [1, 2]
    with pytest.raises(OutputRefused, match="highly_sensitive") as caught:
        ran.read("output/raw.csv")
    assert SECRET not in str(caught.value)
    with pytest.raises(NotFound, match=r"Did you mean output/table.csv\?"):
        ran.read("output/tabel.csv")
    looked = [view.path for view in Facade.find(ran.source.place).views() if view.path]
    assert "output/table.csv" in looked
    assert "output/raw.csv" not in looked


def test_bytes_become_what_one_works_with(monkeypatch: pytest.MonkeyPatch) -> None:
    assert value_of("a.bin", b"\0\1") == b"\0\1"
    assert value_of("a.PNG", b"png")._repr_mimebundle_() == {"image/png": b"png"}
    assert value_of("a.jpeg", b"jpg")._repr_mimebundle_() == {"image/jpeg": b"jpg"}
    assert value_of("a.md", "ü".encode()) == "ü"
    monkeypatch.setattr("jupyter_pipeline.client.reading._has_pandas", lambda: False)
    assert value_of("a.csv", b"\xef\xbb\xbfa,b\n1,x\n") == [{"a": "1", "b": "x"}]
    assert value_of("a.feather", b"bytes") == b"bytes"


def test_a_log_is_read_to_its_end(ran: Project) -> None:
    assert str(ran.log("bad")) == "what went wrong\n"
    assert not ran.log("bad").omitted


def test_the_graph_knows_needs_and_states(ran: Project, tmp_path: Path) -> None:
    graph = ran.graph()
    assert graph.needs["table"] == ("raw",)
    svg = graph.save(tmp_path / "graph.svg").read_text()
    assert svg.startswith("<svg")
    assert "table, up to date" in svg


def test_code_is_compared(new_project: NewProject) -> None:
    project = new_project(action("a", "cat analysis/x.txt > output/a.csv", a="output/a.csv"))
    file = Path(project.source.place) / "analysis/x.txt"
    file.parent.mkdir()
    file.write_text("1\n")
    project.run()
    assert "no earlier request" in project.compare().reason
    file.write_text("2\n")
    project.run()
    assert project.compare().changed == ("analysis/x.txt",)
    assert project.compare(1).reason
    project.run("a")
    assert project.compare().same


# -- running ---------------------------------------------------------------------------------------


def test_a_run_can_be_followed(new_project: NewProject) -> None:
    project = new_project(action("one", "echo 1 > output/one.csv") + action("two", "echo 2 > output/two.csv", "one"))
    run = project.run("two", wait=False)
    states = [(event.action, event.state) for event in run.follow() if event.action]
    assert states.index(("one", "succeeded")) < states.index(("two", "running"))
    assert states[-1] == ("two", "succeeded")
    assert run.status == "succeeded"
    assert [job.action for job in run.jobs] == ["one", "two"]
    assert project.run("run_all", wait=False).wait().status == "nothing_to_do"


def test_a_run_that_fails_raises_with_the_end_of_its_log(new_project: NewProject) -> None:
    project = new_project(action("bad", "echo what went wrong; exit 3") + action("after", "true", "bad"))
    with pytest.raises(RunFailed, match="what went wrong") as caught:
        project.run("after")
    assert [job.action for job in caught.value.jobs] == ["bad", "after"]
    assert "exit code 3" in caught.value.message
    run = project.run("bad", wait=False)
    assert run.wait(check=False).status == "failed"


def test_a_run_can_be_awaited(new_project: NewProject) -> None:
    project = new_project(action("one", "echo 1 > output/one.csv"))

    async def wait() -> Any:
        return await project.run("one", wait=False)

    assert asyncio.run(wait()).status == "succeeded"


def test_waiting_can_time_out_and_the_jobs_go_on(new_project: NewProject) -> None:
    project = new_project(SLOW)
    run = project.run(wait=False)
    with pytest.raises(TimeoutError, match="goes on"):
        run.wait(timeout=0.3)
    assert not run.request.ended
    assert run.cancel() == 1
    found = run.wait(timeout=60, check=False)
    assert [job.code for job in found.jobs] == ["cancelled_by_user"]


def test_the_newest_request_is_cancelled(new_project: NewProject) -> None:
    project = new_project(SLOW)
    run = project.run(wait=False)
    assert project.cancel() == 1
    assert run.wait(timeout=60, check=False).status == "failed"


def test_an_interrupt_must_be_known(new_project: NewProject) -> None:
    project = new_project(SLOW)
    with pytest.raises(InvalidRequest, match="on_interrupt"):
        project.run(on_interrupt="explode")
    assert not project.requests()


def test_the_engine_outlives_who_asked(new_project: NewProject) -> None:
    """A kernel that is culled, or killed, takes nothing with it."""
    import subprocess

    project = new_project(action("one", "sleep 1; echo 1 > output/one.csv"))
    code = (
        "import os, signal; from jupyter_pipeline import Project; "
        f"Project.find({project.source.place!r}).run(wait=False); os.killpg(0, signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], start_new_session=True, check=False)
    assert done.returncode == -9
    assert Run(project.source, project.request()).wait(timeout=60).status == "succeeded"


def test_many_may_ask_at_once(ran: Project) -> None:
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            for _ in range(5):
                assert ran.status()["table"].state == "up_to_date"
        except BaseException as error:  # told by the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures


# -- how it looks ----------------------------------------------------------------------------------

SHOWN: dict[str, Callable[[Project], Any]] = {
    "status": lambda project: project.status(),
    "plan": lambda project: project.plan(),
    "check": lambda project: project.check(),
    "graph": lambda project: project.graph(),
    "request": lambda project: project.request(),
    "requests": lambda project: project.requests(),
    "job": lambda project: project.job("bad"),
    "outputs": lambda project: project.outputs(),
    "output": lambda project: project.outputs()[0],
    "log": lambda project: project.log("bad"),
    "compare": lambda project: project.compare(),
    "run": lambda project: Run(project.source, project.request()),
    "project": lambda project: project,
}


@pytest.mark.parametrize("name", SHOWN)
def test_every_object_has_a_look_for_terminals_and_for_notebooks(ran: Project, name: str) -> None:
    shown = SHOWN[name](ran)
    assert "object at 0x" not in repr(shown)
    assert "{" not in repr(shown), "a document is no look"
    page = shown._repr_html_()
    assert page.startswith("<")
    assert "<script" not in page


def test_a_long_listing_is_cut_in_a_terminal(ran: Project) -> None:
    few = ran.outputs()
    many = type(few)(few.items[:1] * 45)
    lines = repr(many).splitlines()
    assert lines[0] == "<Outputs: 45>"
    assert (len(lines), lines[-1]) == (42, "... and 5 more")
    assert "more" not in repr(few).splitlines()[-1]


def test_objects_do_not_change(ran: Project) -> None:
    for name in ("status", "plan", "request", "job", "outputs", "log"):
        shown = SHOWN[name](ran)
        with pytest.raises((AttributeError, TypeError)):
            shown.anything = 1
