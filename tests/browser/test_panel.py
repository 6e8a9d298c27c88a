"""The panel in a real JupyterLab, in a real browser, as a person would use it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.helpers.lab import DOCUMENT, PANEL, browsing, chromium, need_lab
from tests.helpers.live import Live, live
from tests.helpers.support import action, make_project


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    need_lab()
    folder = tmp_path_factory.mktemp("lab")
    table = "printf 'region,count\\nA,10\\nB,25\\n' > output/table.csv; echo made a table"
    actions = action("make", "echo secret > output/raw.csv", level="highly_sensitive", raw="output/raw.csv")
    actions += action("table", table, needs="make", table="output/table.csv")
    actions += action("broken", "echo it went wrong; exit 3", needs="make", x="output/x.csv")
    make_project(folder / "root/study", actions)
    with live(folder / "home", folder / "root", lab=True) as server:
        yield server


@pytest.fixture(scope="module")
def browser(lab: Live) -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Any, lab: Live) -> Iterator[Any]:
    with browsing(browser, lab, "study") as page:
        yield page


def row(page: Any, name: str) -> Any:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=re.compile(f"^{name}")))


def run(page: Any, button: str) -> None:
    page.locator(PANEL).get_by_role("button", name=button).click()
    page.get_by_role("dialog").get_by_text("would run").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Run", exact=True).click()


def test_a_pipeline_is_run_looked_at_and_refused(page: Any) -> None:
    row(page, "table").get_by_text("To run").wait_for()
    run(page, "Run all")
    row(page, "table").get_by_text("Up to date").wait_for()
    row(page, "broken").get_by_text("Failed").wait_for()
    page.get_by_role("tab", name=re.compile("^Outputs")).click()
    page.get_by_text("It is highly_sensitive: only code may read it.").first.wait_for()
    page.get_by_role("button", name=re.compile("table.csv")).click()
    frame = page.frame_locator("iframe")
    frame.get_by_role("heading", name="output/table.csv").wait_for()
    frame.get_by_role("cell", name="25").first.wait_for()


def test_a_job_says_what_went_wrong_in_its_log(page: Any) -> None:
    row(page, "broken").get_by_role("button", name="What can be done").click()
    page.get_by_role("menuitem", name="Show its last job").click()
    document = page.locator(DOCUMENT)
    document.get_by_role("heading", name="broken").wait_for()
    document.get_by_text("it went wrong", exact=True).wait_for()
    document.get_by_text("nonzero_exit").first.wait_for()


def test_the_graph_is_drawn_and_can_be_walked_by_keyboard(page: Any) -> None:
    page.locator(PANEL).get_by_role("button", name="Graph").click()
    graph = page.locator(".jp-pipeline-graph-host:visible")
    graph.get_by_label(re.compile("^make")).wait_for()
    graph.get_by_label(re.compile("^broken")).click(force=True)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    page.get_by_role("button", name=re.compile(r"Run selected \(\d\)")).first.wait_for()


def test_a_request_has_a_page(page: Any) -> None:
    page.get_by_role("tab", name=re.compile("^History")).click()
    page.get_by_role("button", name="Job request 1", exact=True).click()
    document = page.locator(DOCUMENT)
    document.get_by_role("heading", name=re.compile("Job request:")).wait_for()
    for part in ("Requested by", "Backend", "Branch", "Commit"):
        document.get_by_text(part).first.wait_for()
