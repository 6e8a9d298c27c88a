"""The notebook widgets in a real browser: live, in notebooks that are not trusted, and in pages without a network."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.lab import DEADLINE, chromium, need_lab
from tests.helpers.live import BASE, TOKEN, Live, live
from tests.helpers.support import action, make_project, notebook

CELLS = (
    "from jupyter_pipeline import Project\nfrom jupyter_pipeline.widgets import *\nproject = Project.find()\n"
    "view = PipelineView(project)\nview",
    "run = project.run(wait=False)\nprogress = JobProgress(run)\nprogress",
    "try:\n    run.wait()\nexcept Exception as error:\n    print(type(error).__name__)",
    "LogView(project, 'broken')",
    "JobTable(project)",
    "OutputsView(project)",
)


def actions() -> str:
    table = "printf 'region,count\\nA,10\\nB,25\\n' > output/table.csv; echo made a table"
    made = action("make", "printf kroko%s dil > output/raw.csv", level="highly_sensitive", raw="output/raw.csv")
    made += action("table", table, needs="make", table="output/table.csv")
    broken = "printf 'in \\033[31mred\\033[0m\\n'; echo it went wrong; exit 3"
    return made + action("broken", broken, needs="make", x="output/x.csv")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    need_lab()
    folder = tmp_path_factory.mktemp("widgets")
    for name in ("live", "executed"):
        study = make_project(folder / "root" / name, actions())
        (study / "cells.ipynb").write_text(json.dumps(notebook(*CELLS)))
    execute(folder / "root/executed/cells.ipynb")
    with live(folder / "home", folder / "root", lab=True) as server:
        yield server


def execute(file: Path, *options: str) -> None:
    """Run a notebook in place, with nobody there."""
    convert(file, "--to", "notebook", "--execute", "--inplace", *options)


def convert(file: Path, *options: str) -> None:
    command = [sys.executable, "-m", "nbconvert", *options, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE // 1000)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 1300, "height": 1700})
    page.set_default_timeout(DEADLINE)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    assert faults == []


def opened(page: Any, lab: Live, path: str) -> None:
    page.goto(f"http://127.0.0.1:{lab.port}{BASE}lab/tree/{path}?token={TOKEN}&reset")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()


def run_all(page: Any) -> None:
    page.get_by_text("| Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def test_widgets_live_in_jupyterlab(page: Any, lab: Live, tmp_path: Path) -> None:
    opened(page, lab, "live/cells.ipynb")
    run_all(page)
    graph = page.locator(".jp-pw-graph")
    graph.get_by_label(re.compile("^broken, Failed")).wait_for()
    page.get_by_text("Request 1 failed: 1 failed, 2 succeeded").wait_for()
    page.locator(".jp-pw-log").get_by_text("it went wrong").first.wait_for()
    assert page.locator(".jp-pw-log .jp-pipeline-ansi-red").first.inner_text() == "red"
    page.get_by_text("It is highly_sensitive: only code may read it.").wait_for()
    page.screenshot(path=tmp_path / "live.png")


def test_a_graph_is_walked_by_keyboard_and_shows_the_job(page: Any, lab: Live, tmp_path: Path) -> None:
    opened(page, lab, "live/cells.ipynb")
    run_all(page)
    graph = page.locator(".jp-pw-graph")
    graph.get_by_label(re.compile("^broken, Failed")).wait_for()
    graph.get_by_label(re.compile("^make")).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    detail = page.locator(".jp-pw-detail")
    detail.get_by_text("Its command ended with exit code 3.").or_(detail.get_by_text("made a table")).first.wait_for()
    page.get_by_role("button", name="Show the actions as a table").click()
    page.locator(".jp-pw-table").first.get_by_role("button", name="broken").click()
    detail.locator(".jp-pw-log").get_by_text("it went wrong").wait_for()
    page.screenshot(path=tmp_path / "keyboard.png")


def test_an_output_is_seen_through_the_gate_and_kept_nowhere(page: Any, lab: Live, tmp_path: Path) -> None:
    opened(page, lab, "live/cells.ipynb")
    run_all(page)
    page.get_by_text(re.compile("Request . failed")).first.wait_for()
    outputs = page.locator(".jp-pw").filter(has_text="may be viewed").last
    outputs.get_by_role("button", name="output/table.csv").click()
    frame = page.frame_locator("iframe.jp-pw-frame")
    frame.get_by_role("cell", name="25").first.wait_for()
    assert page.locator("iframe.jp-pw-frame").get_attribute("sandbox") == ""
    outputs.get_by_role("button", name="output/raw.csv").click()
    outputs.locator(".jp-pw-preview").get_by_text("only code may read it").wait_for()
    page.screenshot(path=tmp_path / "outputs.png")
    assert "krokodil" not in page.content()


def test_a_notebook_that_is_not_trusted_shows_the_twins(page: Any, lab: Live, tmp_path: Path) -> None:
    opened(page, lab, "executed/cells.ipynb")
    picture = page.get_by_role("img", name=re.compile("Graph of the pipeline.*broken .failed."))
    picture.wait_for()
    assert picture.bounding_box()["width"] > 100
    page.get_by_text("3 of 3 jobs done").first.wait_for()
    page.get_by_text("it went wrong").first.wait_for()
    page.screenshot(path=tmp_path / "untrusted.png")


@pytest.mark.parametrize("live_state", [False, True], ids=["as we make it", "with a state of widgets"])
def test_a_page_of_nbconvert_needs_no_network(browser: Any, tmp_path: Path, live_state: bool) -> None:
    """A state of widgets is in a notebook where somebody told a front end to save it, or forced live views."""
    study = make_project(tmp_path / "study", actions())
    file = study / "cells.ipynb"
    file.write_text(json.dumps(notebook(*CELLS)))
    execute(file)
    options = []
    if live_state:
        plain = "['text/html', 'image/png', 'text/plain']"
        options = [f"--NbConvertBase.display_data_priority={plain}"]
        keep_state(file)
    convert(file, "--to", "html", *options)
    context = browser.new_context(offline=True, viewport={"width": 1100, "height": 1500})
    page = context.new_page()
    page.set_default_timeout(DEADLINE)
    page.goto(file.with_suffix(".html").as_uri(), wait_until="domcontentloaded")
    page.get_by_role("img", name=re.compile("Graph of the pipeline.*broken .failed.")).wait_for()
    page.get_by_text("It is highly_sensitive: only code may read it.").wait_for()
    page.screenshot(path=tmp_path / "offline.png")


def keep_state(file: Path) -> None:
    """What a front end adds when it saves a notebook with its widgets."""
    found = json.loads(file.read_text())
    output = found["cells"][0]["outputs"][0]
    media = "application/vnd.jupyter.widget"
    output["data"][f"{media}-view+json"] = {"version_major": 2, "version_minor": 0, "model_id": "abc"}
    state = {"state": {"abc": {"model_name": "AnyModel", "model_module": "anywidget", "state": {}}}}
    found["metadata"]["widgets"] = {f"{media}-state+json": {**state, "version_major": 2, "version_minor": 0}}
    file.write_text(json.dumps(found))
