"""The routes that write into a project: a new action, and the report of a notebook file; and the check of a text."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.errors import OutputRefused
from jupyter_pipeline.project.facade import LocalProject
from tests.helpers.faults import run, step
from tests.helpers.live import Answer, assert_problem
from tests.helpers.served_study import PNG, SECRET, NewStudy, Study, write
from tests.helpers.support import make_project, notebook

NEW = {"name": "plot", "run": "sh:v1 true", "needs": ["a"], "outputs": {"moderately_sensitive": {"p": "output/p.csv"}}}


def ask(study: Study, route: str, **content: Any) -> Answer:
    return study.server.ask(f"{study.path}/{route}", "POST", content=content)


def put_notebook(folder: Path, markdown: str = "# A heading") -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "look.ipynb"
    file.write_text(json.dumps(notebook("1 + 1", heading=markdown)))
    return file


@pytest.fixture
def own(new_study: NewStudy) -> Study:
    return new_study(step("a") + write("secret.csv", "", "highly_sensitive"))


def test_a_text_is_checked_as_the_file_would_be(own: Study) -> None:
    text = (own.folder / "project.yaml").read_text()
    assert ask(own, "check", text=text).json == own.get("problems")
    found = ask(own, "check", text=text.replace("actions:", "actoins:")).json
    assert not found["valid"]
    assert {(one["rule"], one["line"]) for one in found["problems"]} >= {("actions-missing", 1)}
    assert own.get("problems")["valid"]


USES = """
version: "4.0"
actions:
  x:
    run: python:v2 python {}
    outputs:
      moderately_sensitive:
        p: output/p_1.csv
"""


def test_a_check_tells_nothing_of_what_jobs_have_written(tmp_path: Path) -> None:
    """Whatever the text says: an output named as a script, or a link to one, would be quoted in the problems."""
    (tmp_path / "study").mkdir()
    (tmp_path / "study/made.txt").write_text(f"open('output/{SECRET}.csv')\n")
    (tmp_path / "study/own.py").write_text("open('output/missing.csv')\n")
    leak = step("a", "cp made.txt output/leak.py", level="highly_sensitive", n="output/leak.py")
    folder = make_project(tmp_path / "study", leak)
    (folder / "link.py").symlink_to("output/leak.py")
    run(folder, "a")
    for script in ("output/leak.py", "link.py", "own.py"):
        found = str(LocalProject.find(folder).check(text=USES.format(script)).problems)
        assert SECRET not in found
        assert ("missing.csv" in found) == (script == "own.py")


def test_lines_are_shown_first_and_then_written(own: Study) -> None:
    file = own.folder / "project.yaml"
    before = file.read_text()
    shown = ask(own, "actions", **NEW).json
    assert not shown["written"]
    assert file.read_text() == before
    assert shown["text_before_lines"][-1]["text"] == before.splitlines()[-1]
    assert [one["text"].strip() for one in shown["added"]][-6:] == [
        "plot:",
        "run: sh:v1 true",
        "needs: [a]",
        "outputs:",
        "moderately_sensitive:",
        "p: output/p.csv",
    ]
    written = ask(own, "actions", **NEW, write=True, seen=shown["seen"]).json
    assert written["written"]
    assert written["added"] == shown["added"]
    lines = file.read_text().splitlines()
    assert all(lines[one["line"] - 1] == one["text"] for one in written["added"])
    assert [one["name"] for one in own.get("pipeline")["actions"]][-1] == "plot"


def test_what_cannot_be_added_is_told_with_its_problems(own: Study) -> None:
    refused = ask(own, "actions", **NEW | {"needs": ["nobody"]}, write=True)
    assert "nobody" in assert_problem(refused, 422)
    assert [one["rule"] for one in refused.json["problems"]] == ["needs-unknown"]
    late = ask(own, "actions", **NEW, write=True, seen="0" * 64)
    assert "changed meanwhile" in assert_problem(late, 422)


def test_a_notebook_becomes_a_report_beside_it(own: Study) -> None:
    file = put_notebook(own.folder / "analysis")
    assert ask(own, "reports", path="analysis/look.ipynb").json == {"path": "analysis/look.html"}
    report = file.with_suffix(".html")
    assert "A heading" in report.read_text()
    put_notebook(own.folder / "analysis", "# Another heading")
    assert ask(own, "reports", path="analysis/look.ipynb").status == 200
    assert "Another heading" in report.read_text()


def test_a_file_that_is_no_report_is_not_written_over(own: Study) -> None:
    file = put_notebook(own.folder / "analysis")
    file.with_suffix(".html").write_text("<p>by hand")
    assert_problem(ask(own, "reports", path="analysis/look.ipynb"), 422)
    assert file.with_suffix(".html").read_text() == "<p>by hand"


def test_nothing_protected_gets_into_a_report(own: Study) -> None:
    """Neither a notebook that an action makes under a strict level, nor a picture of such."""
    picture = f"![x](../output/secret.csv.png)\n\n![y](seen.png)\n\n{SECRET}"
    put_notebook(own.folder / "analysis", picture)
    yaml = own.folder / "project.yaml"
    claims = write("secret.csv.png", "", "highly_sensitive") + write("look.ipynb", "", "highly_sensitive")
    yaml.write_text(yaml.read_text() + "".join(f"  {line}\n" for line in claims.splitlines()))
    (own.folder / "output").mkdir(exist_ok=True)
    (own.folder / "output/secret.csv.png").write_bytes(base64.b64decode(PNG))
    (own.folder / "analysis/seen.png").write_bytes(base64.b64decode(PNG))
    assert ask(own, "reports", path="analysis/look.ipynb").status == 200
    report = (own.folder / "analysis/look.html").read_text()
    assert report.count("data:image/png") == 1
    assert "secret.csv.png” was left out" in report
    put_notebook(own.folder / "output")
    refused = ask(own, "reports", path="output/look.ipynb")
    assert_problem(refused, 403)
    assert not (own.folder / "output/look.html").exists()


def test_a_withheld_notebook_is_known_wherever_the_history_is(tmp_path: Path) -> None:
    """The server may have set where, which the project does not know."""
    folder = make_project(tmp_path / "study", step("a", "cp look.ipynb output/look.ipynb", output="output/look.ipynb"))
    (folder / "look.ipynb").write_text(json.dumps(notebook("1")))
    run(folder, "a", state=tmp_path / "state")
    with pytest.raises(OutputRefused, match="not viewable"):
        LocalProject.find(folder, state=tmp_path / "state").convert("output/look.ipynb")
    assert not (folder / "output/look.html").exists()


@pytest.mark.parametrize("path", ["missing.ipynb", "../../etc/passwd.ipynb", "/etc/passwd", "project.yaml", "analysis"])
def test_what_is_no_notebook_of_the_project_is_not_found(own: Study, path: str) -> None:
    assert_problem(ask(own, "reports", path=path), 404)
