"""What a plan says beforehand: the code, what each action runs, its notebook's parameters, how long it should take."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from jupyter_pipeline.models import State
from jupyter_pipeline.planning.preview import CodeState
from jupyter_pipeline.project.facade import LocalProject
from tests.helpers.faults import run, step
from tests.helpers.support import cli, make_project, notebook

REPORT = """
report:
  run: >-
    jupyter:v1 papermill analysis/report.ipynb output/report.ipynb -p limit 7 -p api_token abc123
  outputs:
    moderately_sensitive:
      book: output/report.ipynb
"""
PARAMETERS = "limit = 5  # how many\napi_token = 'hush'\n"


def git(folder: Path, *arguments: str) -> str:
    person = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    done = subprocess.run(["git", *person, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A project in git with a notebook that declares parameters."""
    folder = make_project(tmp_path / "study", step("a") + REPORT)
    book = notebook(PARAMETERS, "print(limit)")
    book["cells"][0]["metadata"]["tags"] = ["parameters"]
    (folder / "analysis").mkdir()
    (folder / "analysis/report.ipynb").write_text(json.dumps(book))
    (folder / ".gitignore").write_text("output/\nmetadata/\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return folder


def test_what_each_action_would_run(study: Path) -> None:
    found = LocalProject.find(study).foresee(["run_all"])
    assert list(found.actions) == [one.action for one in found.plan.actions]
    plain = found.actions["a"]
    assert (plain.runtime, plain.line, plain.expected, plain.notebook) == ("sh:v1", 3, None, None)
    assert plain.run_command.startswith("sh:v1 sh -c ")
    book = found.actions["report"].notebook
    assert book is not None
    assert (book.path, book.tool) == ("analysis/report.ipynb", "papermill")
    assert book.parameters == {"limit": 7, "api_token": "***"}
    assert [(one.name, one.value, one.type, one.help) for one in book.declared] == [
        ("limit", "5", "int", "how many"),
        ("api_token", "***", "str", ""),
    ]


def test_code_of_the_working_tree_and_of_a_commit(study: Path) -> None:
    project, commit = LocalProject.find(study), git(study, "rev-parse", "HEAD")
    assert project.foresee(["a"]).code == CodeState("main", commit)
    (study / "new.py").write_text("1")
    assert project.foresee(["a"]).code == CodeState("main", commit, ("new.py",))
    assert project.foresee(["a"]).code.dirty
    assert project.foresee(["a"], revision="main").code == CodeState(None, commit)


def test_code_without_git(tmp_path: Path) -> None:
    folder = make_project(tmp_path, step("a"))
    assert LocalProject.find(folder).foresee(["a"]).code == CodeState(None, None)


def test_notebook_that_is_missing_large_or_a_link_declares_nothing(study: Path) -> None:
    path = study / "analysis/report.ipynb"
    text = path.read_text()
    for write in (path.unlink, lambda: path.symlink_to("/etc/hosts"), lambda: path.write_text(text + " " * 2**21)):
        write()
        book = LocalProject.find(study).foresee(["report"]).actions["report"].notebook
        assert book is not None
        assert book.declared == ()
        path.unlink(missing_ok=True)


def test_seconds_that_an_action_took_are_expected_again(study: Path) -> None:
    view = run(study, "a")
    assert LocalProject.find(study).foresee(["a"]).actions["a"].expected == view.jobs[0].elapsed


def test_the_document_names_some_of_the_changed_files(study: Path) -> None:
    for number in range(30):
        (study / f"new{number:02}.py").write_text("1")
    found = json.loads(cli("plan", "--json", cwd=study).stdout)
    assert found["code"]["changed"] == [f"new{number:02}.py" for number in range(20)]
    assert (found["code"]["changed_count"], found["code"]["dirty"], found["code"]["branch"]) == (30, True, "main")
    report = next(one for one in found["actions"] if one["action"] == "report")
    assert report["notebook"]["declared"][0] == {"name": "limit", "value": "5", "type": "int", "help": "how many"}
    assert report["verdict"]


@pytest.mark.parametrize(("backend", "told"), [("expectations", 1), ("tpp", 0)])
def test_nothing_is_told_of_a_notebook_that_a_job_wrote_from_real_data(tmp_path: Path, backend: str, told: int) -> None:
    """Another action executes it in place, so it is code too."""
    in_place = REPORT.replace("analysis/report", "output/report").replace("moderately", "highly")
    make = step("a", "cp book.txt output/report.ipynb", n="output/report.*")
    folder = make_project(tmp_path / "study", make + in_place)
    book = notebook("x = 'no-one'")
    book["cells"][0]["metadata"]["tags"] = ["parameters"]
    (folder / "book.txt").write_text(json.dumps(book))
    assert run(folder, "a", backend=backend).jobs[0].state is State.SUCCEEDED
    planned = LocalProject.find(folder, backend=backend).foresee(["report"]).actions["report"].notebook
    assert planned is not None
    assert len(planned.declared) == told
