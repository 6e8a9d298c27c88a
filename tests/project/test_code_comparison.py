"""The code of two requests, from real requests: the files, one of them, and what may not be shown."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.errors import NotFound
from jupyter_pipeline.models.documents import plain
from jupyter_pipeline.project import documents
from jupyter_pipeline.project.facade import LocalProject
from tests.helpers.faults import run, step
from tests.helpers.support import (
    SETTINGS,
    cli,
    make_project,
    notebook,
)

SECRET = "blood-pressure-of-no-one"


def code_document(comparison: Any) -> Any:
    return plain(documents.code_document(comparison))


def file_document(differences: Any) -> Any:
    return plain(documents.file_document(differences))


def book(*cells: str) -> str:
    made = notebook(*cells)
    made["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": SECRET}]
    return json.dumps(made)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three requests: between the first two everything changed, between the last two nothing."""
    folder = make_project(tmp_path_factory.mktemp("code") / "study", step("a"))
    (folder / "analysis").mkdir()
    files: dict[str, tuple[bytes | None, bytes | None]] = {
        "text.py": (b"import os\nx = 1\n", b"import os\nx = 2\ny = 3\n"),
        "new.py": (None, b"a\nb\n"),
        "gone.py": (b"a\n", None),
        "book.ipynb": (book("x = 1", "y").encode(), book("x = 2", "y", "z").encode()),
        "broken.ipynb": (b"{", f"{{ {SECRET}".encode()),
        "binary.dat": (b"\0\1", b"\0\2"),
        "latin.txt": ("é".encode("latin-1"), "è".encode("latin-1")),
        "large.csv": (b"a\n", b"a\n" * 1_100_000),
        "mode.sh": (b"ls\n", b"ls\n"),
        "same.py": (b"same\n", b"same\n"),
    }
    for which in (0, 1):
        for name, contents in files.items():
            path, content = folder / "analysis" / name, contents[which]
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)
        if which:
            (folder / "analysis/mode.sh").chmod(0o755)
        run(folder, "a")
    run(folder, "a")
    return folder


def test_the_files_that_differ(study: Path) -> None:
    project = LocalProject.find(study)
    found = code_document(project.differences("2", "1"))
    assert (found["request"], found["with"]) == (project.request("2").request.id, project.request("1").request.id)
    assert (found["number"], found["reason"]) == (1, "")
    told = {
        file["path"].removeprefix("analysis/"): [file[key] for key in ("change", "kind", "added", "removed")]
        for file in found["files"]
    }
    assert told == {
        "text.py": ["changed", "text", 2, 1],
        "new.py": ["added", "text", 2, 0],
        "gone.py": ["removed", "text", 0, 1],
        "book.ipynb": ["changed", "notebook", 2, 1],
        "broken.ipynb": ["changed", "notebook", None, None],
        "binary.dat": ["changed", "binary", None, None],
        "latin.txt": ["changed", "binary", None, None],
        "large.csv": ["changed", "large", None, None],
        "mode.sh": ["changed", "text", 0, 0],
    }
    assert list(told) == sorted(told)
    assert SECRET not in json.dumps(found)


def test_a_text_side_by_side(study: Path) -> None:
    found = file_document(LocalProject.find(study).differences("2").file("analysis/text.py"))
    assert found["cells"] is None
    assert found["rows"] == [
        {
            "kind": "same",
            "left": {"line": 1, "text": "import os", "marks": []},
            "right": {"line": 1, "text": "import os", "marks": []},
        },
        {
            "kind": "changed",
            "left": {"line": 2, "text": "x = 1", "marks": [[4, 5]]},
            "right": {"line": 2, "text": "x = 2", "marks": [[4, 5]]},
        },
        {"kind": "added", "left": None, "right": {"line": 3, "text": "y = 3", "marks": []}},
    ]


def test_a_notebook_by_its_cells(study: Path) -> None:
    found = file_document(LocalProject.find(study).differences("2", "1").file("analysis/book.ipynb"))
    assert found["rows"] is None
    assert [(cell["kind"], cell["left"], cell["right"]) for cell in found["cells"]] == [
        ("changed", 1, 1),
        ("same", 2, 2),
        ("added", None, 3),
    ]
    assert SECRET not in json.dumps(found)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("broken.ipynb", "It cannot be read as a notebook."),
        ("binary.dat", "It is not a text in UTF-8, so its lines cannot be compared."),
        ("large.csv", "It is larger than 2 MB, so its lines are not compared."),
    ],
)
def test_what_cannot_be_compared_says_why(study: Path, name: str, reason: str) -> None:
    found = file_document(LocalProject.find(study).differences("2", "1").file(f"analysis/{name}"))
    assert (found["rows"], found["cells"], found["reason"]) == (None, None, reason)
    assert SECRET not in json.dumps(found)


def test_a_mode_alone_is_told(study: Path) -> None:
    found = LocalProject.find(study).differences("2", "1").file("analysis/mode.sh")
    assert (found.rows, found.file.reason) == ((), "Only its mode has changed.")


@pytest.mark.parametrize(
    "path", ["analysis/same.py", "analysis/none.py", "../study/analysis/text.py", "/etc/hosts", ""]
)
def test_only_files_that_differ_can_be_asked_for(study: Path, path: str) -> None:
    with pytest.raises(NotFound):
        LocalProject.find(study).differences("2", "1").file(path)


def test_requests_are_named_as_everywhere(study: Path) -> None:
    project = LocalProject.find(study)
    first, second, third = (project.request(str(number)).request.id for number in (1, 2, 3))
    assert [one.comparison.request and one.comparison.request.id for one in (
        project.differences(), project.differences("3", "previous_successful"), project.differences("3", first[:6])
    )] == [second, second, first]  # fmt: skip
    assert project.differences(third).files() == []
    backwards = project.differences("1", "2").files()
    assert {file.path: file.change for file in backwards}["analysis/new.py"] == "removed"
    for names in (("9", "1"), ("1", "9"), ("1", "zzzz")):
        with pytest.raises(NotFound):
            project.differences(*names)


def test_without_an_earlier_request_there_is_nothing_to_compare(study: Path) -> None:
    found = code_document(LocalProject.find(study).differences("1"))
    assert (found["with"], found["number"], found["files"]) == (None, None, [])
    assert found["reason"] == "There is no earlier request in this workspace."


def test_code_that_is_not_kept_any_more(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "study", step("a"), code__py="1")
    first = run(folder).request
    (folder / "code/py").write_text("2")
    run(folder)
    assert len(LocalProject.find(folder).differences().files()) == 1
    shutil.rmtree(folder / ".jupyter_pipeline/code/trees" / str(first.code))
    found = code_document(LocalProject.find(folder).differences())
    assert (found["reason"], found["files"]) == ("The code of request 1 is not kept (any more).", [])


def test_output_of_another_backend_is_no_code(tmp_path: Path) -> None:
    """Also where today's pipeline does not know it any more."""
    extract = step("a", f"echo {SECRET} > output/a.csv", level="highly_sensitive")
    folder = make_project(tmp_path / "study", extract + step("b"), SETTINGS)
    run(folder, "a", backend="tpp")
    make_project(folder, step("b"), SETTINGS)
    run(folder, "b")
    (folder / "output/a.csv").write_text(f"{SECRET} twice\n")
    run(folder, "b")
    assert list(LocalProject.find(folder).differences().files()) == []


def test_a_notebook_that_a_job_wrote_from_real_data_is_named_only(tmp_path: Path) -> None:
    """It is executed in place by another action, so it is code; its source may be what a job has put there."""
    run_in_place = "  run: jupyter:v1 papermill output/n.ipynb output/n.ipynb"
    run_in_place += "\n  outputs:\n    highly_sensitive:\n      z: output/z"
    actions = step("a", "cp book.txt output/n.ipynb", level="highly_sensitive", n="output/n.ipynb")
    folder = make_project(tmp_path / "study", f"{actions}\nb:\n{run_in_place}")
    for text in ("x = 1", SECRET, SECRET):
        (folder / "book.txt").write_text(json.dumps(notebook(text)))
        run(folder, "a", backend="tpp", force=True)
    found = file_document(LocalProject.find(folder, backend="tpp").differences().file("output/n.ipynb"))
    assert (found["kind"], found["cells"]) == ("protected", None)
    assert SECRET not in json.dumps(found)


def test_what_a_job_made_once_is_not_shown_when_no_action_declares_it_any_more(tmp_path: Path) -> None:
    """It was code in between, since it was named as dummy data."""
    extract = step("a", f"echo {SECRET} > output/a.txt", level="highly_sensitive", n="output/a.txt")
    cohort = "  run: cohortextractor:v1 generate_cohort\n  dummy_data_file: output/a.txt\n"
    dummy = f"d:\n{cohort}  outputs:\n    highly_sensitive:\n      d: output/d.csv\n"
    folder = make_project(tmp_path / "study", extract)
    run(folder, "a", backend="tpp")
    make_project(folder, extract + dummy + step("b"))
    run(folder, "b", backend="tpp")
    make_project(folder, step("a") + step("b"))
    run(folder, "a", backend="tpp")
    compared = LocalProject.find(folder, backend="tpp").differences()
    assert {file.path: file.kind for file in compared.files()}["output/a.txt"] == "protected"
    assert SECRET not in json.dumps(file_document(compared.file("output/a.txt")))


# -- in the terminal -------------------------------------------------------------------------------


def test_terminal_lists_the_files(study: Path) -> None:
    done = cli("compare", "1", "2", cwd=study)
    assert done.returncode == 0, done.stderr
    assert "9 files that differ" in done.stdout
    assert re.search(r"~ changed +\+2 -1 +analysis/text\.py\n", done.stdout)
    assert re.search(r"- removed +\+0 -1 +analysis/gone\.py\n", done.stdout)
    assert "the code is the same" in cli("compare", cwd=study).stdout
    assert cli("compare", "previous", "1", cwd=study).stdout == "There is no earlier request in this workspace.\n"
    assert cli("compare", "77", cwd=study).returncode == 2


def test_terminal_shows_a_file_in_both_ways(study: Path) -> None:
    below = cli("compare", "1", "2", "--path", "analysis/text.py", "--unified", cwd=study).stdout
    assert below == "analysis/text.py: changed (+2 -1)\n import os\n-x = 1\n+x = 2\n+y = 3\n"
    assert cli("compare", "1", "2", "--path", "analysis/text.py", cwd=study, COLUMNS="80").stdout == below
    beside = cli("compare", "1", "2", "--path", "analysis/text.py", cwd=study, COLUMNS="120").stdout.splitlines()
    assert [" ".join(line.split()) for line in beside[1:]] == [
        "1 import os 1 import os", "2 x = 1 ~ 2 x = 2", "+ 3 y = 3"
    ]  # fmt: skip
    assert all(len(line) <= 120 for line in beside)


def test_terminal_shows_the_cells_of_a_notebook_that_differ(study: Path) -> None:
    found = cli("compare", "1", "2", "--path", "analysis/book.ipynb", "--unified", cwd=study).stdout
    assert found.splitlines()[1:] == [
        "", "~ cell 1, code: changed", "-x = 1", "+x = 2", "", "+ cell 3, code: added", "+z"
    ]  # fmt: skip
    assert SECRET not in found


def test_terminal_gives_the_same_documents(study: Path) -> None:
    compared = LocalProject.find(study).differences("2", "1")
    listed = json.loads(cli("compare", "1", "2", "--json", cwd=study).stdout)
    assert listed == {"version": 1, **code_document(compared)}
    one = json.loads(cli("compare", "1", "2", "--path", "analysis/text.py", "--json", cwd=study).stdout)
    assert one == {"version": 1, **file_document(compared.file("analysis/text.py"))}


def test_no_code_can_steer_a_terminal(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "study", step("a"))
    run(folder)
    (folder / "code.py").write_text("\x1b]0;title\x07\ta\u202eb\n" + "wide \u6570" * 100 + "\n")
    run(folder)
    for width in ("80", "150"):
        found = cli("compare", "--path", "code.py", cwd=folder, COLUMNS=width).stdout
        assert "\x1b" not in found
        assert "\u202e" not in found
        assert "\\x1b]0;title" in found
