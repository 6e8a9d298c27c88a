"""Staleness: what is changed on disk is what a plan says, and nothing else."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_pipeline.errors import InvalidProject, InvalidRequest, ProjectNotFound
from jupyter_pipeline.models import State, StatusCode
from jupyter_pipeline.planning.survey import Survey
from jupyter_pipeline.project.facade import LocalProject
from tests.helpers.faults import (
    attend,
    codes,
    job_of,
    reason,
    run,
    step,
    store_of,
    verdicts,
)
from tests.helpers.support import SETTINGS, make_project, require

PYTHON = SETTINGS + '[runtimes."python:v9"]\nkind = "system"\nprogram = "/usr/bin/python3"\n'

STUDY = """
first:
  run: python:v9 /usr/bin/python3 analysis/first.py
  outputs:
    highly_sensitive:
      rows: output/first.csv
second:
  run: python:v9 /usr/bin/python3 analysis/second.py
  needs: [first]
  outputs:
    moderately_sensitive:
      table: output/second.csv
beside:
  run: python:v9 /usr/bin/python3 analysis/beside.py
  outputs:
    moderately_sensitive:
      table: output/beside.csv
"""

FIRST = """
import os
from helper import LINE
os.makedirs("output", exist_ok=True)
with open("codelists/codes.csv") as codes, open("output/first.csv", "w") as file:
    file.write(codes.read() + LINE)
"""

SECOND = """
with open("output/first.csv") as rows, open("output/second.csv", "w") as file:
    file.write(rows.readline())
"""

BESIDE = """
import os
os.makedirs("output", exist_ok=True)
with open("output/beside.csv", "w") as file:
    file.write("beside")
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python study that has run."""
    require(Path("/usr/bin/python3").exists(), "the system's Python")
    folder = make_project(tmp_path_factory.mktemp("finished") / "study", STUDY, PYTHON)
    for name, text in {
        "analysis/first.py": FIRST,
        "analysis/helper.py": "LINE = 'end'\n",
        "analysis/unused.py": "LINE = 1\n",
        "analysis/second.py": SECOND,
        "analysis/beside.py": BESIDE,
        "codelists/codes.csv": "code\n1\n",
        "README.md": "A study\n",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    assert run(folder).status == "succeeded"
    return folder


@pytest.fixture
def study(finished: Path, tmp_path: Path) -> Path:
    """The same, moved to a place of its own with all that we know of it."""
    subprocess.run(["cp", "-a", str(finished), str(tmp_path)], check=True)
    folder = tmp_path / finished.name
    assert set(verdicts(folder).values()) == {"skip"}
    return folder


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return change


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def create(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_text("x\n")

    return change


CHANGES: dict[str, tuple[Callable[[Path], None], set[str], str]] = {
    "script": (edit("analysis/second.py", "readline", "readline"), set(), ""),
    "changed script": (edit("analysis/second.py", "rows.readline()", "rows.read()"), {"second"}, "analysis/second.py"),
    "imported module": (edit("analysis/helper.py", "end", "END"), {"first", "second"}, "analysis/helper.py"),
    "codelist": (edit("codelists/codes.csv", "1", "2"), {"first", "second", "beside"}, "codelists/codes.csv"),
    "README": (edit("README.md", "study", "good study"), set(), ""),
    "module that nobody imports": (edit("analysis/unused.py", "1", "2"), set(), ""),
    "command": (edit("project.yaml", "analysis/second.py", "analysis/second.py --all"), {"second"}, "command"),
    "level": (edit("project.yaml", "highly_sensitive", "moderately_sensitive"), {"first", "second"}, "levels"),
    "output pattern": (edit("project.yaml", "output/second.csv", "output/sec*.csv"), {"second"}, "outputs"),
    "label of an output": (edit("project.yaml", "      rows:", "      lines:"), set(), ""),
    "comment in project.yaml": (edit("project.yaml", "actions:", "# all of them\nactions:"), set(), ""),
    "one more need": (edit("project.yaml", "needs: [first]", "needs: [first, beside]"), {"second"}, "needs"),
    "deleted output": (remove("output/first.csv"), {"first", "second"}, "output/first.csv is missing"),
    "deleted last output": (remove("output/second.csv"), {"second"}, "output/second.csv is missing"),
    "edited output": (edit("output/beside.csv", "beside", "by hand"), {"beside"}, "changed by hand"),
    "data of a person among the outputs": (create("output/notes.csv"), {"first", "second", "beside"}, "notes.csv"),
    "metadata": (remove("metadata/manifest.json"), set(), ""),
}


@pytest.mark.parametrize(("change", "stale", "words"), CHANGES.values(), ids=list(CHANGES))
def test_what_a_change_makes_stale(study: Path, change: Callable[[Path], None], stale: set[str], words: str) -> None:
    change(study)
    found = verdicts(study)
    assert {name for name, verdict in found.items() if verdict == "stale"} == stale
    assert {name for name, verdict in found.items() if verdict == "skip"} == set(found) - stale
    if stale:
        assert any(words in reason(study, name) for name in stale), [reason(study, name) for name in stale]
        view = run(study)
        assert codes(view) == dict.fromkeys(stale, "succeeded")
        assert set(verdicts(study).values()) == {"skip"}


def test_new_file_counts_only_where_it_can_matter(study: Path) -> None:
    (study / "codelists/more.csv").write_text("code\n")
    assert verdicts(study)["first"] == "stale"  # code could list the folder


def test_touched_script_is_not_a_changed_one(study: Path) -> None:
    os.utime(study / "analysis/first.py")
    assert set(verdicts(study).values()) == {"skip"}


def test_deleted_script_is_said(study: Path) -> None:
    (study / "analysis/second.py").unlink()
    assert verdicts(study)["second"] == "stale"
    view = run(study)
    assert codes(view) == {"second": "nonzero_exit"}
    assert "second.py" in LocalProject.find(study).log_tail(job_of(view, "second").id)


def test_need_that_makes_the_same_again_leaves_its_dependants_fresh(study: Path) -> None:
    view = run(study, "first")
    assert codes(view) == {"first": "succeeded"}
    assert set(verdicts(study).values()) == {"skip"}


def test_need_that_makes_something_else_makes_its_dependants_stale(tmp_path: Path) -> None:
    make_project(
        tmp_path,
        step("a", "date +%N > output/a.csv") + step("b", "cat output/a.csv > output/b.csv", "a") + step("c", needs="b"),
    )
    run(tmp_path)
    run(tmp_path, "a")
    assert verdicts(tmp_path) == {"a": "skip", "b": "stale", "c": "stale"}
    assert reason(tmp_path, "b") == "a, which it needs, made other outputs since."
    view = run(tmp_path, "c")
    assert set(codes(view)) == {"b", "c"}
    assert (tmp_path / "output/a.csv").read_text() == (tmp_path / "output/b.csv").read_text()


def test_force_runs_needs_again(study: Path) -> None:
    view = run(study, "second", force=True)
    assert set(codes(view)) == {"first", "second"}
    assert set(codes(run(study, force=True))) == {"first", "second", "beside"}


def test_action_asked_for_by_name_runs_again(study: Path) -> None:
    assert verdicts(study, "second") == {"first": "skip", "second": "run"}


def test_failed_action_runs_again_and_says_why(tmp_path: Path) -> None:
    make_project(tmp_path, step("a", "exit 7"))
    run(tmp_path)
    assert verdicts(tmp_path) == {"a": "run"}
    assert "exit code 7" in reason(tmp_path, "a")


def test_success_before_a_failure_does_not_count(study: Path) -> None:
    """Platform: the last job counts."""
    edit("analysis/beside.py", "import os", "import os; 1 / 0")(study)
    assert codes(run(study)) == {"beside": "nonzero_exit"}
    edit("analysis/beside.py", "import os; 1 / 0", "import os")(study)
    assert verdicts(study)["beside"] == "run"
    assert (study / "output/beside.csv").read_text() == "beside"


def test_runtime_that_changes_makes_stale(tmp_path: Path) -> None:
    make_project(tmp_path, step("a"))
    run(tmp_path)
    make_project(tmp_path, step("a"), SETTINGS + '[runtimes."sh:v1".environment]\nLEVEL = "2"\n')
    assert verdicts(tmp_path) == {"a": "stale"}
    assert "runtime sh:v1" in reason(tmp_path, "a")


def test_action_that_left_and_came_back(study: Path) -> None:
    text = (study / "project.yaml").read_text()
    (study / "project.yaml").write_text(text[: text.index("  beside:")])
    assert set(verdicts(study)) == {"first", "second"}
    (study / "project.yaml").write_text(text)
    assert set(verdicts(study).values()) == {"skip"}


def test_code_that_changes_while_a_job_of_it_waits_is_said(tmp_path: Path) -> None:
    """The job keeps its snapshot; what it made is stale at once and says so."""
    make_project(tmp_path, step("a", "cat word.txt > output/a.csv"))
    (tmp_path / "word.txt").write_text("old")
    request = LocalProject.find(tmp_path).submit(["a"])
    (tmp_path / "word.txt").write_text("new")
    attend(tmp_path, request.id)
    assert (tmp_path / "output/a.csv").read_text() == "old"
    assert verdicts(tmp_path) == {"a": "stale"}
    assert "word.txt" in reason(tmp_path, "a")


def test_plan_changes_nothing(tmp_path: Path) -> None:
    make_project(tmp_path, step("a"))
    verdicts(tmp_path)
    assert LocalProject.find(tmp_path).events() == []
    assert not (tmp_path / "output").exists()
    assert not (tmp_path / "metadata").exists()


def test_plan_that_is_made_again_since_another_was_faster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was being made already has failed by the time the request is written: then its code is kept as well."""
    make_project(tmp_path, step("a", "cat word.txt > output/a.csv"))
    (tmp_path / "word.txt").write_text("old")
    project = LocalProject.find(tmp_path)
    project.submit(["run_all"])
    (tmp_path / "word.txt").write_text("new")
    real = Survey.plan
    seen: list[int] = []

    def plan(survey, requested, store, force=False):  # type: ignore[no-untyped-def]
        made = real(survey, requested, store, force)
        seen.append(len(made.to_run))
        if len(seen) == 1:
            with contextlib.closing(store_of(tmp_path)) as other:
                job = other.active()[0][0]
                other.update(job, state=State.FAILED, code=StatusCode.NONZERO_EXIT, message="It failed.")
        return made

    monkeypatch.setattr(Survey, "plan", plan)
    request = project.submit(["run_all"])
    assert seen == [0, 1]
    attend(tmp_path, request.id)
    assert codes(project.request(request.id)) == {"a": "succeeded"}
    assert (tmp_path / "output/a.csv").read_text() == "new"


def test_bad_requests(study: Path) -> None:
    project = LocalProject.find(study)
    with pytest.raises(InvalidRequest, match="No action"):
        project.submit([])
    with pytest.raises(InvalidRequest, match="secon") as caught:
        project.plan(["secon"])
    assert caught.value.remedy == "Did you mean second?"
    (study / "project.yaml").write_text("actions: [")
    with pytest.raises(InvalidProject):
        project.plan(["run_all"])
    (study / "project.yaml").unlink()
    with pytest.raises(ProjectNotFound):
        project.plan(["run_all"])


def test_script_that_is_a_socket_or_a_pipe_is_no_code(tmp_path: Path) -> None:
    make_project(tmp_path, step("a"))
    os.mkfifo(tmp_path / "pipe")
    result: list[str] = []
    thread = threading.Thread(target=lambda: result.extend(verdicts(tmp_path)), daemon=True)
    thread.start()
    thread.join(20)
    assert result == ["a"]
