"""Journeys through the panel, as researchers make them: with a login, below an odd base url, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.models import RuntimeState
from jupyter_pipeline.project.facade import LocalProject
from tests.helpers.journey import assert_accessible, shot, write_big, write_study
from tests.helpers.lab import DOCUMENT, PANEL, browsing, chromium, need_lab
from tests.helpers.live import BASE, TOKEN, Live, finished, live, project_id, submit
from tests.helpers.places import copy_study
from tests.helpers.support import require

GRAPH = ".jp-pipeline-graph-host:visible"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    need_lab()
    folder = tmp_path_factory.mktemp("journeys")
    write_study(folder / "root/study")
    write_big(folder / "root/big")
    copy_study("pincer_measures", folder / "root/pincer")
    with live(folder / "home", folder / "root", lab=True) as server:
        yield server


@pytest.fixture(scope="module")
def ran(lab: Live) -> str:
    """The study's identifier, its quick actions having run."""
    project = project_id(lab, "study")
    request = submit(lab, project, "table", "broken", "report", "model")
    finished(lab, project, request["id"])
    return project


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    need_lab()
    with chromium() as found:
        yield found


@pytest.fixture
def page(lab: Live, browser: Any) -> Iterator[Any]:
    with browsing(browser, lab, "study") as found:
        row(found, "make").wait_for()
        yield found


def row(page: Any, name: str) -> Any:
    return page.locator(PANEL).get_by_role("row").filter(has=page.get_by_role("rowheader", name=re.compile(f"^{name}")))


def choose(page: Any, name: str) -> None:
    row(page, name).get_by_role("checkbox").check()


def open_job(page: Any, name: str) -> None:
    row(page, name).get_by_role("button", name=f"What can be done with {name}").click()
    page.get_by_role("menuitem", name="Show its last job").click()


def run_chosen(page: Any) -> None:
    page.locator(PANEL).get_by_role("button", name=re.compile("^Run selected")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("would run").wait_for()
    dialog.get_by_role("button", name="Run", exact=True).click()


def test_a_part_of_the_pincer_study_runs_and_its_graph_tells(lab: Live, browser: Any) -> None:
    found = LocalProject.find(lab.root / "pincer").runtime("cohortextractor:latest")
    require(found.state is RuntimeState.READY, "the runtime cohortextractor:latest, built")
    with browsing(browser, lab, "pincer") as page:
        name = "generate_study_population_ethnicity"
        row(page, name).get_by_text("To run").wait_for()
        page.locator(PANEL).get_by_role("button", name="Graph", exact=True).click()
        box = page.locator(GRAPH).get_by_label(re.compile(f"^{name}"))
        box.wait_for()
        shot(page, "pincer-1-graph")
        choose(page, name)
        run_chosen(page)
        shot(page, "pincer-2-asked")
        page.locator(GRAPH).get_by_label(re.compile(f"^{name}.*(Running|Pending)", re.I)).wait_for()
        shot(page, "pincer-3-running")
        page.locator(GRAPH).get_by_label(re.compile(f"^{name}.*Up to date", re.I)).wait_for(timeout=120_000)
        row(page, name).get_by_text("Up to date").wait_for()
        shot(page, "pincer-4-done")


def test_the_log_of_a_running_job_grows_and_the_job_can_be_stopped(page: Any) -> None:
    choose(page, "slow")
    run_chosen(page)
    row(page, "slow").get_by_text("Running").wait_for()
    open_job(page, "slow")
    document = page.locator(DOCUMENT)
    last = document.get_by_text(re.compile(r"^line \d+$")).last
    last.wait_for()
    seen = int(last.inner_text().split()[1])
    newer = re.compile("|".join(f"^line {seen + more}$" for more in range(5, 200)))
    document.get_by_text(newer).first.wait_for()
    shot(page, "log-1-running")
    document.get_by_role("button", name=re.compile("^Cancel")).click()
    row(page, "slow").get_by_text(re.compile("Cancelled|Failed|To run")).first.wait_for()
    document.get_by_text("cancelled_by_user").first.wait_for()
    shot(page, "log-2-cancelled")


def test_a_failing_cell_is_shown_with_its_source(page: Any, ran: str) -> None:
    row(page, "model").get_by_text("Failed", exact=True).wait_for()
    open_job(page, "model")
    document = page.locator(DOCUMENT)
    document.get_by_text("ZeroDivisionError").first.wait_for()
    document.get_by_text("share(m)").first.wait_for()
    shot(page, "notebook-failed")
    assert_accessible(page, ".jp-pipeline-document")


def test_a_file_for_code_alone_is_refused_with_the_reason(page: Any, ran: str) -> None:
    page.locator(PANEL).get_by_role("tab", name=re.compile("^Outputs")).click()
    page.get_by_text("It is highly_sensitive: only code may read it.").first.wait_for()
    shot(page, "refused")
    assert_accessible(page, PANEL)


def test_the_report_is_opened(page: Any, ran: str) -> None:
    page.locator(PANEL).get_by_role("tab", name=re.compile("^Outputs")).click()
    page.locator(PANEL).get_by_role("button", name=re.compile("report.html")).click()
    report = page.frame_locator("iframe")
    report.get_by_role("heading", name="The report").wait_for()
    report.get_by_text("the answer is 42").wait_for()
    shot(page, "report")


def test_the_page_recovers_when_the_server_is_started_again_in_mid_run(tmp_path: Path, browser: Any) -> None:
    write_study(tmp_path / "root/study")
    first = Live(tmp_path / "home", tmp_path / "root", apps=("jupyterlab",))
    second = None
    try:
        first.wait_until_it_answers()
        with browsing(browser, first, "study") as page:
            row(page, "brief").wait_for()
            choose(page, "brief")
            run_chosen(page)
            row(page, "brief").get_by_text("Running").wait_for()
            first.stop()
            shot(page, "restart-1-gone")
            second = Live(tmp_path / "home", tmp_path / "root", port=first.port, apps=("jupyterlab",))
            second.wait_until_it_answers()
            row(page, "brief").get_by_text("Up to date").wait_for(timeout=60_000)
            shot(page, "restart-2-back")
    finally:
        first.stop()
        if second is not None:
            second.stop()


def test_everything_can_be_done_with_keys(page: Any, ran: str) -> None:
    page.keyboard.press("Alt+Shift+R")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text(re.compile("would run|up to date")).first.wait_for()
    assert dialog.evaluate("dialog => dialog.contains(document.activeElement)")
    assert_accessible(page, ".jp-Dialog")
    shot(page, "keys-1-dialog")
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    row(page, "table").get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    page.locator(PANEL).get_by_role("button", name="Run selected (1)").wait_for()
    page.keyboard.press("Alt+Shift+G")
    graph = page.locator(GRAPH)
    graph.get_by_label(re.compile("^make")).wait_for()
    graph.get_by_label(re.compile("^broken")).focus()
    page.keyboard.press("Enter")
    page.locator(DOCUMENT).get_by_text("it went wrong", exact=True).wait_for()
    shot(page, "keys-2-job")


def test_panel_job_request_and_graph_are_accessible(page: Any, ran: str) -> None:
    assert_accessible(page, PANEL)
    page.locator(PANEL).get_by_role("button", name="Graph", exact=True).click()
    page.locator(GRAPH).get_by_label(re.compile("^make")).wait_for()
    assert_accessible(page, ".jp-pipeline-graph")
    page.locator(PANEL).get_by_role("tab", name=re.compile("^History")).click()
    shot(page, "history")
    assert_accessible(page, PANEL)
    page.locator(PANEL).get_by_role("button", name=re.compile(r"\b1\b")).first.click()
    page.locator(DOCUMENT).get_by_role("heading", name=re.compile("Job request:")).wait_for()
    shot(page, "request")
    assert_accessible(page, ".jp-pipeline-document")


def test_a_thousand_actions_can_be_looked_at(lab: Live, browser: Any) -> None:
    with browsing(browser, lab, "big") as page:
        row(page, "action_0999").wait_for(timeout=60_000)
        page.locator(PANEL).get_by_role("button", name="Graph", exact=True).click()
        graph = page.locator(GRAPH)
        graph.wait_for()
        shot(page, "big-1-graph")
        page.get_by_placeholder("Find an action").fill("action_0777")
        page.get_by_text("1 found").wait_for()
        shot(page, "big-2-found")


def test_notebook_7_has_the_panel_and_its_documents(tmp_path: Path, browser: Any) -> None:
    pytest.importorskip("notebook")
    write_study(tmp_path / "root/study")
    with live(tmp_path / "home", tmp_path / "root", notebook=True) as server:
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        told: list[str] = []
        page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
        page.goto(f"http://127.0.0.1:{server.port}{BASE}tree/study?token={TOKEN}")
        page.get_by_role("menuitem", name="View").click()
        page.locator(PANEL).wait_for(state="hidden")
        page.get_by_role("menuitem", name="Show the Pipeline Panel").click()
        row(page, "make").wait_for()
        choose(page, "table")
        run_chosen(page)
        row(page, "table").get_by_text("Up to date").wait_for()
        shot(page, "notebook7-1-panel")
        page.locator(PANEL).get_by_role("button", name="Graph", exact=True).click()
        box = page.locator(GRAPH).get_by_label(re.compile("^broken"))
        box.wait_for()
        assert page.locator(GRAPH).bounding_box()["height"] > 300
        shot(page, "notebook7-2-graph")
        page.goto(f"http://127.0.0.1:{server.port}{BASE}notebooks/study/analysis/new.ipynb")
        page.locator(".jp-pipeline-notebook-button button, .jp-pipeline-notebook-button jp-button").first.wait_for()
        shot(page, "notebook7-3-notebook")
        assert not [text for text in told if "jupyter-pipeline" in text]
        page.close()


def test_where_the_server_part_is_missing_the_panel_says_what_to_do(tmp_path: Path, browser: Any) -> None:
    (tmp_path / "root").mkdir()
    told: list[str] = []
    server = Live(tmp_path / "home", tmp_path / "root", apps=("jupyterlab",), without=True)
    try:
        server.wait_until_it_answers()
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: told.append(request.url) if "jupyter_pipeline" in request.url else None)
        page.goto(f"http://127.0.0.1:{server.port}{BASE}lab?token={TOKEN}&reset")
        page.get_by_role("tab", name="Pipeline").click()
        page.get_by_text("The server part of jupyter_pipeline does not run here.").wait_for()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.locator(".lm-Menu-itemLabel").get_by_text(re.compile("^Run All")).first.wait_for()
        assert page.get_by_role("menuitem", name="Run the Pipeline...").count() == 0
        shot(page, "missing")
        assert not [one for one in told if "pipeline" in one]
        page.close()
    finally:
        server.stop()
