"""Notebooks that run: what is told, written and kept, with real kernels in forked drivers."""

from __future__ import annotations

import json
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.notebooks.commands import Export
from tests.helpers.driver_harness import (
    Launcher,
    launched,
    new_code_cell,
    new_markdown_cell,
    new_output,
    old_python,
    text_of,
)
from tests.helpers.support import require


@pytest.fixture(scope="module")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    yield from launched(tmp_path_factory.mktemp("jobs"))


def tagged(source: str, *tags: str) -> Any:
    return new_code_cell(source, metadata={"tags": list(tags)})


@pytest.mark.parametrize("tool", ["papermill", "nbconvert", "execute"])
def test_a_notebook_runs_in_its_folder_and_is_written_as_its_tool_writes_it(launcher: Launcher, tool: str) -> None:
    cells = [new_markdown_cell("# Title"), "import os\nprint(os.path.basename(os.getcwd()))", "", "6 * 7"]
    job = launcher.run(
        cells, tool=tool, notebook="analysis/a.ipynb", folder="analysis", executed="output/deep/b.ipynb", exports=()
    )
    assert job.code == 0, job.log
    assert [event["event"] for event in job.events] == ["begin", *["cell"] * 6, "end"]
    assert job.states == [(number, state) for number in (1, 2, 3) for state in ("started", "done")]
    assert job.events[0] == {"event": "begin", "cells": 3, "parameters": {}}
    assert job.events[1]["line"] == "import os"
    assert job.message == ""
    assert [re.sub(r"\d+\.\d", "N", line) for line in job.log.splitlines()] == [
        "[1/3] done in N s",
        "[3/3] done in N s",
    ]
    notebook = job.read("output/deep/b.ipynb")
    assert stat.S_IMODE((job.workspace / "output/deep/b.ipynb").stat().st_mode) == 0o644
    assert text_of(notebook, 1) == "analysis\n"
    assert notebook.cells[3].outputs[0].data == {"text/plain": "42"}
    assert [cell.get("execution_count") for cell in notebook.cells] == [None, 1, None, 2]
    assert notebook.metadata.language_info.name == "python"
    assert ("papermill" in notebook.metadata) == (tool == "papermill")
    assert ("papermill" in notebook.cells[1].metadata) == (tool == "papermill")
    assert notebook.cells[1].metadata.execution["shell.execute_reply"].endswith("Z")
    assert text_of(job.kept, 1) == "analysis\n"
    assert sorted(path.name for path in job.workspace.iterdir()) == ["analysis", "output"]


def test_an_old_kernel_runs_a_notebook(launcher: Launcher) -> None:
    python = old_python()
    require(python is not None, "the runtime python:v1 with Python 3.8", left_for="root")
    cells = ["import sys, ipykernel\nprint(sys.version_info[:2], ipykernel.__version__)", "1 / 0"]
    job = launcher.run(cells, python=python)
    assert job.code == 1
    assert text_of(job.kept, 0 + 1).startswith("(3, 8) 5.") or text_of(job.kept, 0).startswith("(3, 8) 5.")
    assert job.message == "Cell 2 of 2 failed at line 1, `1 / 0`: ZeroDivisionError: division by zero"


def test_parameters_are_injected_as_papermill_does(launcher: Launcher) -> None:
    cells = [tagged("n = 1\nname = 'x'\nlast = 0", "parameters"), "print(repr(n), repr(name), repr(items), last)"]
    job = launcher.run(
        cells,
        parameters={"n": 2, "name": "a'b", "items": [1, None, True], "api_token": "hush"},
        parameter_files=("conf/p.yaml",),
        files={"conf/p.yaml": "last: 5\nn: 100\n"},
        report_mode=True,
    )
    assert job.code == 0, job.log
    notebook = job.read("out.ipynb")
    assert notebook.cells[1].metadata.tags == ["injected-parameters"]
    assert text_of(notebook, 2) == '2 "a\'b" [1, None, True] 5\n'
    assert notebook.metadata.papermill.parameters.n == 2
    assert notebook.metadata.papermill.input_path == "a.ipynb"
    assert all(cell.metadata.jupyter.source_hidden for cell in notebook.cells)
    assert job.events[0] == {
        "event": "begin",
        "cells": 3,
        "parameters": {"last": 5, "n": 2, "name": "a'b", "items": [1, None, True], "api_token": "***"},
    }
    assert "The notebook declares no parameter `items`." in job.log


@pytest.mark.parametrize("content", ["- 1\n", "a: [\n"])
def test_parameter_files_that_are_none_are_refused(launcher: Launcher, content: str) -> None:
    job = launcher.run(["1"], parameter_files=("p.yaml",), files={"p.yaml": content})
    assert job.code == 2
    assert "`p.yaml`" in job.message


def test_tags_are_heeded(launcher: Launcher) -> None:
    skipped = tagged("raise SystemError", "skip-execution")
    skipped.outputs = [new_output("stream", text="of the last time")]
    cells = [tagged("1 / 0", "raises-exception"), skipped, "print('after')"]
    job = launcher.run(cells, tool="nbconvert")
    assert job.code == 0, job.log
    notebook = job.read("out.ipynb")
    assert notebook.cells[0].outputs[0].ename == "ZeroDivisionError"
    assert text_of(notebook, 1) == "of the last time"
    assert text_of(notebook, 2) == "after\n"
    assert "papermill" not in notebook.cells[1].metadata


def test_errors_may_be_allowed(launcher: Launcher) -> None:
    job = launcher.run(["1 / 0", "print('on')"], tool="execute", allow_errors=True)
    assert job.code == 0
    assert text_of(job.read("out.ipynb"), 1) == "on\n"


def test_outputs_are_as_jupyter_shows_them(launcher: Launcher) -> None:
    cells = [
        "from IPython.display import display, clear_output, HTML\nimport sys",
        "for i in range(50):\n    print(i, end=' ', flush=True)\nprint('e', file=sys.stderr)",
        "print('gone')\nclear_output()\nprint('stays')",
        "print('gone')\nclear_output(wait=True)\nprint('stays')",
        "h = display(HTML('<b>1</b>'), display_id=True)\nprint('between')",
        "h.update(HTML('<b>2</b>'))",
        "import asyncio\nawait asyncio.sleep(0.01)\nprint('awaited')",
        "%%javascript\n1",
        "!echo from a shell",
    ]
    job = launcher.run(cells)
    assert job.code == 0, job.log
    notebook = job.read("out.ipynb")
    assert len(notebook.cells[1].outputs) == 2
    assert notebook.cells[1].outputs[0].text == " ".join(map(str, range(50))) + " "
    assert [text_of(notebook, index) for index in (2, 3, 6)] == ["stays\n", "stays\n", "awaited\n"]
    assert notebook.cells[4].outputs[0].data["text/html"] == "<b>2</b>"
    assert notebook.cells[5].outputs == []
    assert "from a shell" in text_of(notebook, 8)


def test_what_a_thread_prints_later_goes_to_its_cell(launcher: Launcher) -> None:
    cells = [
        "import threading, time\ndef late():\n    time.sleep(0.3); print('late')",
        "t = threading.Thread(target=late); t.start()",
        "t.join(); time.sleep(0.3)",
    ]
    job = launcher.run(cells)
    assert job.code == 0
    notebook = job.read("out.ipynb")
    assert text_of(notebook, 1) + text_of(notebook, 2) == "late\n"


def test_widget_messages_are_kept_as_state(launcher: Launcher) -> None:
    code = """
from ipykernel.comm import Comm
state = {"_model_name": "FloatProgressModel", "_model_module": "m", "_model_module_version": "1", "value": 1}
c = Comm(target_name="jupyter.widget", data={"state": state, "buffer_paths": []})
c.send({"method": "update", "state": {"value": 2}, "buffer_paths": []})
Comm(target_name="jupyter.widget", data={"odd": 1})
Comm(target_name="other", data={"state": 3})
"""
    job = launcher.run([code])
    assert job.code == 0, job.log
    states = job.read("out.ipynb").metadata.widgets["application/vnd.jupyter.widget-state+json"].state
    assert [model.state.value for model in states.values()] == [2]


@pytest.mark.parametrize("cells", [[], [new_markdown_cell("only words")], ["", "  \n"]])
def test_notebooks_with_nothing_to_run_are_fine(launcher: Launcher, cells: list[object]) -> None:
    job = launcher.run(cells)
    assert job.code == 0, job.log
    assert len(job.read("out.ipynb").cells) == len(cells)
    assert job.log == ""


def test_old_formats_are_read(launcher: Launcher) -> None:
    code = ["x = 1\n", "print(x)"]
    third = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": "old"},
        "worksheets": [
            {
                "metadata": {},
                "cells": [
                    {"cell_type": "heading", "level": 1, "metadata": {}, "source": ["T"]},
                    {"cell_type": "code", "language": "python", "metadata": {}, "input": code, "outputs": []},
                ],
            }
        ],
    }  # fmt: skip
    odd = {"nbformat": 4, "cells": [{"cell_type": "code", "source": ["print(", "'odd')"], "outputs": "?"}]}
    for content, printed in ((third, "1\n"), (odd, "odd\n")):
        job = launcher.run_text(json.dumps(content), tool="nbconvert")
        assert job.code == 0, job.log
        notebook = job.read("out.ipynb")
        assert text_of(notebook, len(notebook.cells) - 1) == printed


def test_the_unfinished_notebook_is_kept_while_a_cell_runs(launcher: Launcher) -> None:
    cells = [
        "first = 1\nprint('first')",
        "print('so' + ' far', flush=True)\nimport os, time\nwhile not os.path.exists('go'): time.sleep(0.01)",
    ]
    job = launcher.start(cells, limits={"keep_every": 0.05})
    kept = job.folder / "notebook.ipynb"
    job.wait_for(lambda: kept.exists() and "so far" in kept.read_text())
    assert text_of(job.kept, 0) == "first\n"
    assert job.states[-1] == (2, "started")
    (job.workspace / "go").touch()
    assert launcher.end(job).code == 0
    assert job.kept.cells[1].execution_count == 2


def test_the_environment_is_the_one_that_was_given(launcher: Launcher) -> None:
    code = "import os\nprint(sorted(os.environ), sorted(int(f) for f in os.listdir('/proc/self/fd')), os.environ['A'])"
    job = launcher.run([code], environment={"PATH": "/usr/bin", "HOME": "/tmp", "A": "1"}, tool="nbconvert")
    assert job.code == 0, job.log
    printed = text_of(job.read("out.ipynb"), 0)
    for name in ("SECRET", "JUPYTER_PIPELINE", "VIRTUAL_ENV", "PYTEST_CURRENT_TEST"):
        assert name not in printed
    assert "'A'" in printed


def test_files_of_the_study_do_not_get_in_the_way_of_the_kernel(launcher: Launcher) -> None:
    files = {"random.py": "raise SystemExit('mine')", "imp.py": "1/0", "helper.py": "x = 5"}
    for python in filter(None, (sys.executable, old_python())):
        job = launcher.run(["import helper\nprint(helper.x)"], files=files, python=python)
        assert job.code == 0, job.log
        assert text_of(job.kept, 0) == "5\n"


def test_a_kernelspec_of_the_runtime_wins(launcher: Launcher, tmp_path: Path) -> None:
    spec = {
        "argv": ["python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Mine",
        "language": "python",
        "env": {"FROM_SPEC": "${HOME}/x"},
    }
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "kernel.json").write_text(json.dumps(spec))
    job = launcher.run(
        ["import os; print(os.environ['FROM_SPEC'])"],
        kernels=(str(tmp_path),),
        metadata={"kernelspec": {"name": "mine", "display_name": "Mine"}},
    )
    assert job.code == 0, job.log
    assert text_of(job.kept, 0) == "/tmp/x\n"


def test_many_cells(launcher: Launcher) -> None:
    job = launcher.run([f"x = {number}\nx" for number in range(300)])
    assert job.code == 0
    assert len(job.states) == 600
    assert re.fullmatch(r"\[  7/300\] done in \d+\.\d s", job.log.splitlines()[6])


def test_exports_are_written_after_the_notebook(launcher: Launcher) -> None:
    exports = (Export("html", "output/r.html", None), Export("script", "output/s", None))
    job = launcher.run(["print('hello')"], tool="nbconvert", executed=None, exports=exports)
    assert job.code == 0, job.log
    assert "hello" in (job.workspace / "output/r.html").read_text()
    assert (job.workspace / "output/s.py").is_file()
    assert [event["to"] for event in job.events if event["event"] == "exporting"] == ["html", "script"]


def test_a_file_that_cannot_be_written_is_told(launcher: Launcher) -> None:
    job = launcher.run(["1"], executed="a.ipynb/b.ipynb")
    assert job.code == 1
    assert job.message.startswith("All cells ran, but `a.ipynb/b.ipynb` cannot be written: ")
