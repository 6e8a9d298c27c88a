"""Requests compared, the run dialog, the history and outputs side by side, in a real browser with a login."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.lab import DOCUMENT, PANEL, browsing, chromium, need_lab
from tests.helpers.live import Live, finished, live, project_id, submit
from tests.helpers.support import action, make_project, notebook

MODEL = "def rate(part, whole):\n    return part / whole\n"
TABLE = "region,count\nA,{first}\nB,25\n"


def git(folder: Path, *arguments: str) -> None:
    person = ("-c", "user.name=A Researcher", "-c", "user.email=a@example.invalid")
    subprocess.run(["git", *person, *arguments], cwd=folder, capture_output=True, check=True)


def write(study: Path, first: int, model: str, cell: str) -> None:
    """The code of the study: a script, a table that an action copies, and a notebook."""
    (study / "analysis").mkdir(exist_ok=True)
    (study / "analysis/model.py").write_text(model, encoding="utf-8")
    (study / "analysis/table.csv").write_text(TABLE.format(first=first), encoding="utf-8")
    cells = notebook("import pandas", cell, heading="# Rates")
    (study / "analysis/look.ipynb").write_text(json.dumps(cells, indent=1), encoding="utf-8")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A study that was run twice, with other code the second time, and with more changes since."""
    need_lab()
    folder = tmp_path_factory.mktemp("documents")
    actions = action("make", "cp analysis/table.csv output/raw.csv", level="highly_sensitive", raw="output/raw.csv")
    actions += action("table", "cp output/raw.csv output/table.csv", needs="make", table="output/table.csv")
    actions += action("apart", "echo {} > output/apart.json", apart="output/apart.json")
    study = make_project(folder / "root/study", actions)
    write(study, 10, MODEL, "rate = 1")
    (study / ".gitignore").write_text("output/\nmetadata/\n", encoding="utf-8")
    git(study, "init", "-q", "-b", "main")
    git(study, "add", "-A")
    git(study, "commit", "-qm", "The study.")
    with live(folder / "home", folder / "root", lab=True) as server:
        project = project_id(server, "study")
        finished(server, project, submit(server, project, "run_all")["id"])
        write(study, 15, MODEL.replace("part / whole", "part / whole * 100"), "rate = 2")
        finished(server, project, submit(server, project, "table", force=True)["id"])
        yield server


@pytest.fixture(scope="module")
def browser(lab: Live) -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Any, lab: Live) -> Iterator[Any]:
    with browsing(browser, lab, "study") as page:
        page.get_by_role("row").nth(1).wait_for()
        yield page


def compare_the_last_two(page: Any) -> Any:
    """Mark two requests in the history, and open the page that shows them beside each other."""
    page.get_by_role("tab", name=re.compile("^History")).click()
    page.get_by_label("Mark request 2 to compare it").click()
    page.get_by_label("Mark request 1 to compare it").click()
    page.locator(PANEL).get_by_text("Requests 1 and 2").wait_for()
    page.locator(PANEL).get_by_role("button", name="Compare", exact=True).click()
    document = page.locator(DOCUMENT)
    document.get_by_role("heading", name="Job request: 2").wait_for()
    return document


def test_the_code_of_two_requests_is_shown_side_by_side(page: Any) -> None:
    document = compare_the_last_two(page)
    document.get_by_text("3 files differ").wait_for()
    document.get_by_role("button", name="analysis/model.py").click()
    lines = document.get_by_role("table", name="Lines of analysis/model.py that differ")
    lines.get_by_role("row").last.wait_for()
    cells = lines.get_by_role("row").last.get_by_role("cell").all_inner_texts()
    assert [" ".join(cell.split()) for cell in cells] == [
        "Before: return part / whole",
        "Now: return part / whole * 100",
    ]
    assert lines.locator("mark").all_inner_texts() == [" * 100"]


def test_a_notebook_is_compared_by_cell(page: Any) -> None:
    document = compare_the_last_two(page)
    document.get_by_role("button", name="analysis/look.ipynb").click()
    document.get_by_text("2 cells as before").wait_for()
    document.get_by_role("heading", name="Code cell 3 changed").wait_for()
    document.get_by_role("table", name="Code cell 3").get_by_text("rate = ").first.wait_for()


def test_the_first_request_has_nothing_to_be_compared_with(page: Any) -> None:
    page.get_by_role("tab", name=re.compile("^History")).click()
    page.get_by_role("button", name="Job request 1", exact=True).click()
    document = page.locator(DOCUMENT)
    document.get_by_role("region", name="Code comparison").get_by_text(re.compile("first|no earlier")).wait_for()


def test_the_page_is_saved_with_what_is_open_in_it(page: Any, tmp_path: Path) -> None:
    document = compare_the_last_two(page)
    document.get_by_role("button", name="Open all").click()
    document.get_by_text("Now: ").first.wait_for(state="attached")
    document.get_by_role("heading", name="Code cell 3 changed").wait_for()
    with page.expect_download() as saved:
        document.get_by_role("button", name="Save as HTML").click()
    saved.value.save_as(tmp_path / "page.html")
    page.goto((tmp_path / "page.html").as_uri())
    page.get_by_text("3 files differ: ").wait_for()
    page.get_by_role("cell", name="return part / whole * 100").wait_for()
    page.get_by_text("Critical path").wait_for()
    assert page.locator("script").count() == 0


def test_outputs_of_two_requests_are_compared_cell_by_cell(page: Any) -> None:
    document = compare_the_last_two(page)
    pairs = document.get_by_role("list", name="Outputs of both requests")
    pairs.get_by_role("listitem").filter(has_text="output/raw.csv").get_by_text("highly_sensitive").first.wait_for()
    pairs.get_by_role("button", name="Compare output/table.csv").click()
    frame = page.frame_locator("iframe:visible")
    frame.get_by_text("15").first.wait_for()
    frame.get_by_text("10").first.wait_for()


def test_the_run_dialog_says_what_would_run_of_which_code(page: Any) -> None:
    page.locator(PANEL).get_by_role("button", name="Run all").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("3 files are not as in the commit.").click()
    dialog.get_by_text("analysis/model.py", exact=True).wait_for()
    dialog.get_by_text("Backend: expectations.").wait_for()
    dialog.get_by_label("the last commit").click()
    dialog.get_by_text(re.compile(r"^\d actions? would run")).wait_for()
    dialog.get_by_label("Commit, branch or tag", exact=True).fill("no-such-branch")
    dialog.get_by_role("alert").get_by_text("no-such-branch").first.wait_for()
    assert dialog.get_by_role("button", name="Run", exact=True).is_disabled()
    dialog.get_by_label("the files as they are now").click()
    dialog.get_by_label("Run again also what these need").click()
    dialog.get_by_text("3 actions would run.").wait_for()
    assert dialog.get_by_role("button", name="Run", exact=True).is_enabled()
    dialog.get_by_role("button", name="apart", exact=True).click()
    page.locator(".jp-FileEditor:visible").get_by_text("apart:").first.wait_for()


def test_a_request_is_run_again_as_it_was(page: Any) -> None:
    page.get_by_role("tab", name=re.compile("^History")).click()
    page.get_by_label("Search the requests").fill("table")
    page.get_by_role("button", name="Run the actions of request 2 again").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Run table", exact=True).wait_for()
    assert dialog.get_by_label("Run again also what these need").is_checked()
    dialog.get_by_text("2 actions would run.").wait_for()
    dialog.get_by_role("button", name="Run", exact=True).focus()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")


def test_the_history_is_searched_and_filtered(page: Any) -> None:
    page.get_by_role("tab", name=re.compile("^History")).click()
    requests = page.get_by_role("list", name="Job requests, newest first").get_by_role("listitem")
    page.get_by_label("Search the requests").fill("run_all")
    assert requests.count() == 1
    page.get_by_label("Status", exact=True).select_option("failed")
    page.get_by_text("No request is like that.").wait_for()


def test_rows_are_selected_by_keys_and_have_a_menu(page: Any) -> None:
    page.get_by_label("Select make").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.locator(PANEL).get_by_role("button", name="Run selected (1)").wait_for()
    page.get_by_role("button", name="What can be done with table").focus()
    page.keyboard.press("Enter")
    page.get_by_role("menu").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Run table", exact=True).wait_for()
    assert dialog.get_by_label("Run again also what these need").is_checked()
    page.keyboard.press("Escape")  # the dialog has the focus, not the row that was left
    dialog.wait_for(state="detached")


@pytest.mark.parametrize("tab", ["Actions", "Outputs", "History"])
def test_nothing_is_cut_off_where_the_panel_is_narrow(page: Any, tab: str) -> None:
    handle = page.locator("#jp-main-split-panel > .lm-SplitPanel-handle:not(.lm-mod-hidden)").first.bounding_box()
    page.mouse.move(handle["x"] + 2, handle["y"] + 300)
    page.mouse.down()
    page.mouse.move(33 + 280, handle["y"] + 300)
    page.mouse.up()
    page.get_by_role("tab", name=re.compile(f"^{tab}")).click()
    panel = page.locator(PANEL)
    assert panel.bounding_box()["width"] < 290
    for part in (PANEL, f"{PANEL} .jp-pipeline-body"):
        width, content = page.locator(part).evaluate("node => [node.clientWidth, node.scrollWidth]")
        assert content <= width, part


def test_the_panel_opens_wide_enough_to_be_read(page: Any) -> None:
    assert page.locator(PANEL).bounding_box()["width"] > 380


def test_actions_are_drawn_as_one_box(page: Any) -> None:
    page.locator(PANEL).get_by_role("button", name="Graph", exact=True).click()
    graph = page.locator(".jp-pipeline-graph:visible")
    graph.get_by_label(re.compile("^apart")).wait_for()
    graph.get_by_role("button", name="Legend").click()
    page.get_by_role("dialog", name="Legend").get_by_text("Cannot run here").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Legend").wait_for(state="detached")
    graph.get_by_label("Find an action").fill("tab")
    graph.get_by_text("1 found").wait_for()
