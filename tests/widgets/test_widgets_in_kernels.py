"""Widgets in real kernels: what a cell shows, what is sent, and what an executed notebook keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

from jupyter_pipeline.widgets import module
from tests.helpers.support import notebook, require
from tests.helpers.widget_study import followed_study

WIDGET = "application/vnd.jupyter.widget-view+json"
DEADLINE = 120
BEGIN = """
from jupyter_pipeline import Project
from jupyter_pipeline.widgets import *
from jupyter_pipeline.widgets import watching
project = Project.find()
view = PipelineView(project)
(watch,) = watching.watches()
"""
RUN = "try:\n    project.run(wait=False).wait()\nexcept Exception as error:\n    print(type(error).__name__)"
Run = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Path]:
    with followed_study(tmp_path) as folder:
        yield folder


@pytest.fixture
def run(study: Path) -> Iterator[Run]:
    """Runs a cell as a front end does; the messages that came of it."""
    require(bool(module.text("widget.js")), "the widgets: make labextension")
    manager, client = start_new_kernel(cwd=str(study))
    try:
        yield lambda code: _run(client, code)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _run(client: BlockingKernelClient, code: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    reply = client.execute_interactive(
        code, allow_stdin=True, stdin_hook=lambda _: None, output_hook=messages.append, timeout=DEADLINE
    )
    assert reply["content"]["status"] == "ok", reply["content"]
    return messages


def of_kind(messages: list[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    return [one["content"] for one in messages if one["msg_type"] in kinds]


def test_a_cell_shows_a_live_view_with_its_twin(run: Run) -> None:
    shown = of_kind(run(f"{BEGIN}view"), "display_data", "execute_result")
    assert [set(one["data"]) for one in shown] == [{WIDGET, "text/html", "text/plain"}]
    assert "data:image/svg+xml" in shown[0]["data"]["text/html"]


def test_the_saved_twin_says_how_a_run_ended(run: Run) -> None:
    name = of_kind(run(f"{BEGIN}view"), "display_data")[0]["transient"]["display_id"]
    found = run(f"watch.end(10)\n{RUN}\nwhile watch.turn(): pass")
    updates = of_kind(found, "update_display_data")
    assert [one["transient"]["display_id"] for one in updates] == [name]
    assert WIDGET in updates[0]["data"]
    assert "1 failed" in updates[0]["data"]["text/html"]
    assert of_kind(run("while watch.turn(): pass"), "update_display_data") == []


def test_nothing_is_sent_while_nothing_happens(run: Run) -> None:
    run(f"{BEGIN}\nJobTable(project); OutputsView(project)\nview")
    run(f"watch.end(10)\n{RUN}\nwhile watch.turn(): pass")
    assert of_kind(run("for _ in range(10): watch.turn()"), "comm_msg", "display_data", "update_display_data") == []


def test_a_change_is_sent_without_what_did_not_change(run: Run) -> None:
    run(f"{BEGIN}view\nproject.run('make')\nwatch.end(10)\nwhile watch.turn(): pass")
    found = run("project.run('table', wait=False).wait()\nwhile watch.turn(): pass")
    states = [one["data"]["state"] for one in of_kind(found, "comm_msg") if one["data"]["method"] == "update"]
    assert states
    assert all(set(state) <= {"_changes", "_now"} for state in states)
    assert set(states[-1]["_changes"]) <= {"make", "table"}


def test_a_running_cell_does_not_keep_a_view_from_being_brought_up_to_date(run: Run) -> None:
    wait = (
        "import threading\nseen = threading.Event()\nview.observe(lambda _: seen.set(), 'status')\nproject.run('make')"
    )
    run(f"{BEGIN}{wait}\nassert seen.wait(60)")


def test_the_kernels_own_thread_never_waits(run: Run) -> None:
    named = (
        "import threading\nnames = set()\nview.observe(lambda _: names.add(threading.current_thread().name), 'status')"
    )
    run(f"{BEGIN}{named}\nproject.run('make')\nwhile not names: pass\nassert 'MainThread' not in names, names")


def executed(study: Path, *cells: str) -> nbformat.NotebookNode:
    made = nbformat.from_dict(notebook(*cells))  # type: ignore[no-untyped-call]
    client = NotebookClient(
        made,
        timeout=DEADLINE,
        kernel_name="python3",
        resources={"metadata": {"path": str(study)}},
    )
    return client.execute()


def test_a_notebook_that_nobody_watches_keeps_twins_of_the_end_and_no_state(study: Path) -> None:
    done = executed(study, f"{BEGIN}view", "JobProgress(project)", RUN, "LogView(project, 'broken')")
    graph, progress, _, log = [cell["outputs"][0] for cell in done["cells"]]
    for output in (graph, progress, log):
        assert set(output["data"]) == {"text/html", "text/plain"}
    assert re.search("1 failed.*2 up to date", re.sub("<[^>]*>", "", graph["data"]["text/html"]))
    assert "3 of 3 jobs done" in progress["data"]["text/plain"]
    assert "it went wrong" in log["data"]["text/html"]
    assert "widgets" not in done["metadata"]
    assert len(json.dumps(done)) < 60_000


def test_widgets_stand_in_those_of_others(study: Path) -> None:
    import_them = "import ipywidgets"
    cells = f"{BEGIN}{import_them}\nbox = ipywidgets.VBox([view])\nbox"
    shown = executed(study, cells)["cells"][0]["outputs"][0]
    assert WIDGET in shown["data"]


def test_importing_the_package_imports_no_widgets(run: Run) -> None:
    run("import sys\nfrom jupyter_pipeline import Project\nassert 'jupyter_pipeline.widgets' not in sys.modules")
