"""project.yaml in the file editor, and notebooks that become reports and actions, in a real browser."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.journey import assert_accessible, shot, write_study
from tests.helpers.lab import browsing, chromium, need_lab
from tests.helpers.live import Live, live


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    need_lab()
    with chromium() as found:
        yield found


@pytest.fixture
def study(lab: Live) -> Path:
    return lab.root / "study"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    need_lab()
    folder = tmp_path_factory.mktemp("editing")
    write_study(folder / "root/study")
    with live(folder / "home", folder / "root", lab=True) as server:
        yield server


@pytest.fixture
def page(lab: Live, browser: Any) -> Iterator[Any]:
    with browsing(browser, lab, "study") as found:
        found.get_by_role("tab", name=re.compile("^File Browser")).click()
        yield found


def file(page: Any, name: str) -> Any:
    return page.locator(".jp-DirListing-item").filter(has_text=re.compile(f"^{re.escape(name)}"))


def on_file(page: Any, name: str, entry: str) -> None:
    file(page, name).click(button="right")
    page.get_by_role("menuitem", name=entry).click()


def complete(page: Any, wanted: Any) -> None:
    """Ask for proposals, again where a busy machine was too slow: JupyterLab drops answers after a second."""
    from playwright.sync_api import TimeoutError as PlaywrightTimeout

    for _ in range(5):
        page.keyboard.press("Tab")
        with contextlib.suppress(PlaywrightTimeout):
            wanted.wait_for(timeout=5_000)
            return
    wanted.wait_for()


def test_project_yaml_is_marked_explained_and_completed(page: Any, study: Path) -> None:
    file(page, "project.yaml").dblclick()
    editor = page.locator(".jp-FileEditor .cm-content")
    needs = editor.locator(".cm-line").filter(has_text="needs: [make]").first
    needs.wait_for()
    place = needs.bounding_box()
    page.mouse.move(place["x"] + 40, place["y"] + 8)
    page.mouse.move(place["x"] + 46, place["y"] + 9, steps=4)
    page.locator(".jp-pipeline-hover").get_by_text("The actions whose outputs it uses").wait_for()
    shot(page, "editing-1-hover")
    needs.click()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.type(", bro")
    page.locator(".cm-lintRange-error").first.wait_for()
    complete(page, page.locator(".jp-Completer:visible, .cm-line:has-text('make, broken]')").first)
    shot(page, "editing-2-completion")
    if page.locator(".jp-Completer:visible").count():
        page.keyboard.press("Enter")
    editor.locator(".cm-line").filter(has_text="needs: [make, broken]").wait_for()
    page.locator(".cm-lintRange-error").first.wait_for(state="detached")
    page.keyboard.press("Control+s")
    page.locator(".jp-pipeline-panel").first.wait_for(state="attached")
    file(page, "project.yaml").wait_for()
    on_file(page, "project.yaml", "Check project.yaml")
    page.get_by_text(re.compile("^project.yaml is valid")).first.wait_for()
    assert "needs: [make, broken]" in (study / "project.yaml").read_text()


def test_a_notebook_becomes_a_report(page: Any, study: Path) -> None:
    file(page, "analysis").dblclick()
    on_file(page, "report.ipynb", "Convert to HTML Report")
    page.frame_locator("iframe").get_by_role("heading", name="The report").wait_for()
    shot(page, "converted")
    (study / "analysis/model.html").write_text("<p>by hand")
    on_file(page, "model.ipynb", "Convert to HTML Report")
    page.get_by_role("dialog").get_by_text("There is another file called model.html").wait_for()


def test_a_notebook_becomes_an_action_after_its_lines_were_shown(page: Any, study: Path) -> None:
    file(page, "analysis").dblclick()
    on_file(page, "new.ipynb", "Add as an Action...")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("checkbox", name="table").check()
    dialog.get_by_text("needs: [table]").wait_for()
    assert "new:" not in (study / "project.yaml").read_text()
    shot(page, "add-1-dialog")
    assert_accessible(page, ".jp-Dialog")
    dialog.get_by_label("Name", exact=True).fill("not a name")
    dialog.get_by_text("cannot be used").wait_for()
    assert dialog.get_by_role("button", name="Write these lines").is_disabled()
    dialog.get_by_label("Name", exact=True).fill("new")
    dialog.get_by_role("button", name="Write these lines").click()
    page.locator(".jp-FileEditor .cm-line").filter(has_text="new:").wait_for()
    shot(page, "add-2-written")
    assert "  new:\n    run: python:own jupyter nbconvert" in (study / "project.yaml").read_text()


def test_a_notebook_is_run_as_the_action_that_it_is(page: Any) -> None:
    file(page, "analysis").dblclick()
    file(page, "report.ipynb").dblclick()
    button = page.locator(".jp-pipeline-notebook-button:visible")
    button.get_by_role("button").click()
    page.get_by_role("dialog").get_by_text("Run report").wait_for()
    shot(page, "notebook-run")
