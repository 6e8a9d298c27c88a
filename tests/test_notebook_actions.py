"""Notebook actions as a person meets them: in ``run``, ``status``, ``show``, ``logs`` and ``report``."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jupyter_pipeline.errors import InvalidRequest, OutputRefused
from jupyter_pipeline.models import State
from jupyter_pipeline.project import viewing
from jupyter_pipeline.project.facade import LocalProject
from jupyter_pipeline.store.database import Store
from tests.helpers import support
from tests.helpers.support import cli, make_project

SETTINGS = f"""
[runtimes."python:own"]
kind = "system"
program = "{sys.prefix}/bin/python"
"""
ACTIONS = """
report:
  run: >-
    python:own jupyter nbconvert --execute --to html --output-dir output --no-input analysis/report.ipynb
  outputs:
    moderately_sensitive:
      report: output/report.html
model:
  run: python:own papermill analysis/model.ipynb output/model.ipynb -p n 3 -p api_token abc
  outputs:
    highly_sensitive:
      notebook: output/model.ipynb
literal:
  run: python:own python -m nbconvert --execute --to html --stdout analysis/report.ipynb
  outputs:
    highly_sensitive:
      nothing: output/*.csv
"""


def notebook(*cells: str) -> str:
    return json.dumps(support.notebook(*cells, heading="# What was found"))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose notebooks have run, one of them in vain."""
    folder = make_project(tmp_path_factory.mktemp("notebooks") / "study", ACTIONS, SETTINGS)
    (folder / "analysis").mkdir()
    (folder / "analysis" / "report.ipynb").write_text(notebook("x = 6", "print('the answer is', x * 7)"))
    (folder / "analysis" / "model.ipynb").write_text(notebook("m = n + 1", "def f(a):\n    return 1 / a", "f(0)"))
    cli("run", "report", "model", cwd=folder)
    return folder


def test_a_report_is_made_and_says_where_it_comes_from(ran: Path) -> None:
    project = LocalProject.find(ran)
    job = project.job("report")
    assert job.state is State.SUCCEEDED, job.message
    page = (ran / "output" / "report.html").read_text()
    assert "the answer is 42" in page
    assert job.id in page
    assert "python:own" in page
    assert not re.search(r"""(?:src|href)=["']?https?:|<script|url\(http|@import""", page)
    assert "x = 6" not in page  # --no-input


def test_a_report_is_looked_at_by_its_level_and_recorded(ran: Path) -> None:
    project = LocalProject.find(ran)
    report = project.read_report(project.job("report"), "ann")
    assert b"the answer is" in report.content
    assert [(view.who, view.kind) for view in project.views()] == [("ann", "report")]
    with pytest.raises(OutputRefused, match="It is highly_sensitive"):
        project.read_report(project.job("model"), "ann")
    project.show_synthetic(True, "ann")
    assert b"ZeroDivisionError" in project.read_report(project.job("model"), "ann").content
    project.show_synthetic(False, "ann")


def test_a_report_that_names_patients_is_withheld(ran: Path) -> None:
    project = LocalProject.find(ran)
    job = project.job("report")
    page = b"<table><tr><th>patient_id</th></tr><tr><td>1</td></tr></table>"
    with closing(Store.open(project.config.folder)) as store, pytest.raises(OutputRefused, match="patient_id"):
        viewing.check_report(project.config, store, job, project.notebook(job), page)


def test_status_tells_the_cell_and_the_line_of_a_failure(ran: Path) -> None:
    expected = "Cell 4 of 4 failed at line 1, `f(0)`: ZeroDivisionError: division by zero"
    assert LocalProject.find(ran).job("model").message == expected
    assert expected.split(":", maxsplit=1)[0] in " ".join(cli("status", cwd=ran).stdout.split())
    assert not (ran / "output" / "model.ipynb").exists()


def test_show_lists_notebooks_cells_and_parameters(ran: Path) -> None:
    shown = cli("show", cwd=ran).stdout
    assert "report: analysis/report.ipynb, 2 of 2 cells done" in shown
    assert "model: analysis/model.ipynb, 3 of 4 cells done" in shown
    assert "Parameters: n = 3, api_token = '***'" in shown
    jobs = json.loads(cli("show", "--json", cwd=ran).stdout)["request"]["jobs"]
    found = next(job["notebook"] for job in jobs if job["action"] == "model")
    assert [cell["state"] for cell in found["cells"]] == ["done", "done", "done", "failed"]
    assert found["cells"][3]["line"] == "f(0)"
    assert (found["total"], found["level"], found["tool"]) == (4, "highly_sensitive", "papermill")


def test_the_log_has_a_line_for_each_cell(ran: Path) -> None:
    assert "[2/2] done" in cli("logs", "report", cwd=ran).stdout
    assert "ZeroDivisionError" in cli("logs", "model", cwd=ran).stdout


def test_a_report_of_a_failed_job_has_its_traceback(ran: Path) -> None:
    done = cli("report", "model", "-o", "-", cwd=ran)
    assert "ZeroDivisionError" in done.stdout
    assert cli("report", "model", cwd=ran).returncode == 0
    (written,) = (ran / ".jupyter_pipeline" / "reports").glob("model-*.html")
    assert "ZeroDivisionError" in written.read_text()
    page = written.read_text()
    assert "api_token = &#39;***&#39;" in page or "api_token = '***'" in page
    assert "abc" not in page
    assert "This notebook did not come to its end." in page


def test_a_notebook_of_another_backend_is_only_shown_at_its_level(ran: Path) -> None:
    project = LocalProject.find(ran)
    other = LocalProject(project.config)
    other.config = type(project.config)(
        **{  # the same jobs, as if they had run on real data
            **{name: getattr(project.config, name) for name in project.config.__dataclass_fields__},
            "backend": "tpp",
        }
    )
    job = project.job("model")
    from jupyter_pipeline.project import reporting

    with pytest.raises(InvalidRequest, match="only code may read"):
        reporting.of_job(other.config, project.notebook(job), job, "html", {})
    assert reporting.of_job(other.config, project.notebook(project.job("report")), job, "html", {}).content


@pytest.mark.parametrize(("to", "begins"), [("html", "<!DOCTYPE html>"), ("md", "# What was found")])
def test_a_notebook_is_converted_outside_of_a_pipeline(ran: Path, tmp_path: Path, to: str, begins: str) -> None:
    path = tmp_path / "mine.ipynb"
    path.write_text(notebook("1 + 1"))
    assert cli("report", str(path), "--to", to, cwd=tmp_path).returncode == 0
    assert (tmp_path / f"mine.{to}").read_text().lstrip().startswith(begins)


@pytest.mark.parametrize(
    ("text", "words"), [("", "is not a notebook"), ("[]", "is not a notebook"), (None, "cannot be read")]
)
def test_what_is_no_notebook_is_said(tmp_path: Path, text: str | None, words: str) -> None:
    path = tmp_path / "mine.ipynb"
    if text is not None:
        path.write_text(text)
    done = cli("report", str(path), cwd=tmp_path)
    assert done.returncode in {2, 3}
    assert words in " ".join(done.stderr.split())


def test_a_notebook_is_executed_in_place(tmp_path: Path) -> None:
    action = """
    own:
      run: python:own jupyter nbconvert --to notebook --inplace --execute analysis/own.ipynb
      outputs:
        highly_sensitive:
          own: analysis/own.ipynb
    """
    folder = make_project(tmp_path / "study", action, SETTINGS)
    (folder / "analysis").mkdir()
    (folder / "analysis" / "own.ipynb").write_text(notebook("6 * 7"))
    assert "no problems" in cli("check", cwd=folder).stdout
    assert cli("run", "own", cwd=folder).returncode == 0
    assert '"42"' in (folder / "analysis" / "own.ipynb").read_text()
    assert cli("run", "own", cwd=folder).returncode == 0


def test_an_old_notebook_and_an_error_that_only_shows(tmp_path: Path) -> None:
    action = """
    old:
      run: python:own papermill old.ipynb output/old.ipynb
      outputs: {highly_sensitive: {old: output/old.ipynb}}
    shown:
      run: python:own papermill shown.ipynb output/shown.ipynb
      outputs: {highly_sensitive: {shown: output/shown.ipynb}}
    """
    folder = make_project(tmp_path / "study", action, SETTINGS)
    cell = {
        "cell_type": "code",
        "input": "1 + 1",
        "outputs": [],
        "language": "python",
        "metadata": {},
        "collapsed": False,
    }
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "old"}, "worksheets": [{"cells": [cell]}]}
    (folder / "old.ipynb").write_text(json.dumps(old))
    shows = "try:\n    1 / 0\nexcept ZeroDivisionError:\n    get_ipython().showtraceback()"  # as old %%time does
    (folder / "shown.ipynb").write_text(notebook(shows))
    cli("run", "run_all", cwd=folder)
    project = LocalProject.find(folder)
    assert project.job("old").state is State.SUCCEEDED, project.job("old").message
    assert "ZeroDivisionError" in project.job("shown").message


def test_a_line_that_is_not_understood_runs_word_for_word_and_says_so(ran: Path) -> None:
    cli("run", "literal", cwd=ran)
    assert cli("logs", "literal", cwd=ran).stdout.startswith("The flag `--stdout`")
    assert "word for word" in cli("show", cwd=ran).stdout


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Path]:
    folder = make_project(tmp_path / "study", ACTIONS, SETTINGS)
    (folder / "analysis").mkdir()
    (folder / "analysis" / "report.ipynb").write_text(notebook("1", "import time\ntime.sleep(300)"))
    yield folder
    cli("cancel", cwd=folder)


def test_progress_is_seen_while_it_runs_and_survives_a_new_engine(slow: Path) -> None:
    cli("run", "report", "--detach", cwd=slow)
    project = LocalProject.find(slow)
    deadline = time.monotonic() + 60
    while project.job("report").message != "Cell 2 of 2 is running.":
        assert time.monotonic() < deadline, project.job("report")
        time.sleep(0.1)
    assert "Cell 2 of 2 is running." in " ".join(cli("status", cwd=slow).stdout.split())
    cells = project.notebook(project.job("report"))
    assert cells is not None
    assert [cell.state for cell in cells.cells] == ["done", "started"]
    assert cells.kept.exists()
    assert "sleep" in cli("report", "report", "-o", "-", cwd=slow).stdout


def test_a_history_of_an_older_version_is_brought_up(ran: Path, tmp_path: Path) -> None:
    """The store of version 1 had no cells: reading it goes on, and the next request adds them."""
    folder = make_project(tmp_path / "study", ACTIONS, SETTINGS)
    (folder / "analysis").mkdir()
    (folder / "analysis" / "report.ipynb").write_text(notebook("1"))
    cli("run", "report", cwd=folder)
    file = folder / ".jupyter_pipeline" / "expectations" / "store.sqlite"
    with sqlite3.connect(file) as database:
        database.executescript("DROP TABLE cells; PRAGMA user_version = 1;")
    project = LocalProject.find(folder)
    found = project.notebook(project.job("report"))
    assert found is not None
    assert found.cells == ()
    assert cli("run", "report", cwd=folder).returncode == 0
    found = project.notebook(project.job("report"))
    assert found is not None
    assert [cell.state for cell in found.cells] == ["done"]
