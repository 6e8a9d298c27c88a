"""Notebooks that do not get to their end: each has a state and a sentence, and leaves no process behind."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator

import psutil
import pytest

from tests.helpers import proctools
from tests.helpers.driver_harness import (
    Job,
    Launcher,
    launched,
    new_code_cell,
    old_python,
    text_of,
)
from tests.helpers.support import require


@pytest.fixture(params=["new", "3.8"])
def python(request: pytest.FixtureRequest) -> str:
    if request.param == "new":
        return sys.executable
    found = old_python()
    require(found is not None, "the runtime python:v1 with Python 3.8", left_for="root")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    yield from launched(tmp_path_factory.mktemp("jobs"))


def assert_nothing_written(job: Job) -> None:
    assert sorted(path.name for path in job.workspace.iterdir()) == ["a.ipynb"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def f(x):\n    return 1 / x\n\nf(0)", "at line 4, `f(0)`: ZeroDivisionError: division by zero"),
        ("x = 1\nif", "at line 2, `if`: SyntaxError: "),
        ("raise ValueError('first\\nsecond')", "at line 1, `raise ValueError('first\\nsecond')`: ValueError: first"),
        ("\n\nopen('/nowhere')", "at line 3, `open('/nowhere')`: FileNotFoundError: [Errno 2] No such file"),
        ("x = input('name')", "at line 1, `x = input('name')`: notebooks cannot ask for input here."),
        ("import sys\nsys.exit(3)", "failed at line 2, `sys.exit(3)`: SystemExit: 3"),
        ("raise KeyboardInterrupt", "at line 1, `raise KeyboardInterrupt`: KeyboardInterrupt"),
        ("earlier()", "at line 1, `earlier()`: KeyError: 'k'"),
    ],
)
def test_a_failing_cell_is_named_with_its_line(launcher: Launcher, python: str, source: str, said: str) -> None:
    job = launcher.run(["def earlier():\n    return {}['k']", source, "never = 1"], python=python)
    assert job.code == 1
    assert job.message.startswith("Cell 2 of 3 failed ")
    assert said in job.message
    assert job.states[-2:] == [(2, "started"), (2, "failed")]
    assert "[2/3] failed after " in job.log
    assert "\x1b" not in job.log
    assert_nothing_written(job)
    first, before, failed = job.kept.cells[0], job.kept.cells[2], job.kept.cells[3]
    assert "An Exception was encountered" in first.source
    assert "papermill-error-cell" in before.source
    assert failed.metadata.papermill.status == "failed"


def test_other_tools_do_not_mark_a_failure(launcher: Launcher) -> None:
    job = launcher.run(["1 / 0", "2"], tool="nbconvert")
    assert job.code == 1
    assert [cell.source for cell in job.kept.cells] == ["1 / 0", "2"]
    assert "papermill" not in job.kept.metadata
    assert job.kept.cells[0].outputs[0].ename == "ZeroDivisionError"


@pytest.mark.parametrize("source", ["import sys; sys.exit()", "import sys; sys.exit(0)", "exit()", "quit()"])
def test_leaving_without_a_fault_ends_the_run_well(launcher: Launcher, python: str, source: str) -> None:
    job = launcher.run(["1", source, "print('never')"], python=python)
    assert job.code == 0, job.log
    assert job.states == [(1, "started"), (1, "done"), (2, "started"), (2, "done")]
    assert "its other cells did not run" in job.log
    assert job.read("out.ipynb").cells[2].outputs == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import os; os.kill(os.getpid(), 9)", "the kernel was killed (SIGKILL), probably because memory ran out."),
        ("import os; os.kill(0, 9)", "the kernel was killed (SIGKILL), probably because memory ran out."),
        ("import ctypes; ctypes.string_at(0)", "the kernel crashed (SIGSEGV)."),
        ("import os; os._exit(0)", "the kernel ended by itself (exit code 0)."),
        ("import os; os.kill(os.getpid(), 15)", "the kernel was ended by SIGTERM."),
    ],
)
def test_a_kernel_that_dies_is_told_with_its_cell(launcher: Launcher, source: str, said: str) -> None:
    job = launcher.run(["print('kept')", f"print('before', flush=True)\nimport time; time.sleep(0.1)\n{source}", "3"])
    assert job.code == 1
    assert job.message == f"Cell 2 of 3 could not finish: {said}"
    assert text_of(job.kept, 1) == "kept\n"
    assert text_of(job.kept, 3) == "before\n"
    assert_nothing_written(job)


def test_a_notebook_that_is_none_is_refused(launcher: Launcher) -> None:
    for content, said in [
        (b"", "the file is empty"),
        (b"hello", "it is not valid JSON at line 1"),
        (b"\xff\xfe\x00", "it is not text in UTF-8"),
        (b"[1, 2]", "it has no cells"),
        (b'{"a": 1}', "it has no cells"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"nbformat": 5, "cells": []}', "has the notebook format 5"),
        (b'{"nbformat": 2, "cells": []}', "has the notebook format 2"),
        (b'{"nbformat": 4, "cells": {"a": 1}}', "it has no list of cells"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": 1}]}', "cell 1 has a source that is not text"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "cod", "source": ""}]}', "cell 1 has the unknown type `cod`"),
        (b'{"nbformat": 4, "cells": [7]}', "cell 1 is not a cell"),
        (b'{"nbformat": 3, "worksheets": 7}', "not a valid notebook"),
    ]:
        job = launcher.run_text(content)
        assert job.code == 2, content[:60]
        assert said in job.message
        assert "`a.ipynb`" in job.message
        assert "Traceback" not in job.log


def test_a_notebook_that_is_not_there(launcher: Launcher) -> None:
    job = launcher.run(["1"], notebook="x.ipynb", folder="nowhere")
    assert (job.code, job.message) == (2, "The folder in which the notebook is to run does not exist: `nowhere`.")


def test_kernels_that_are_not_there(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> None:
    job = launcher.run(["1"], metadata={"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}})
    assert job.code == 2
    assert job.message == (
        "The notebook asks for the kernel `ir`, which the runtime python:v1 does not have. It has `python3`."
    )
    for python in (None, _python_without_ipykernel(tmp_path_factory)):
        job = launcher.run(["1"], python=python)
        assert (job.code, job.message) == (2, "The runtime python:v1 has no ipykernel, so it cannot run notebooks.")
    job = launcher.run(["1"], python="/nowhere/python")
    assert (job.code, job.message) == (
        2,
        "The kernel `python3` cannot be started: /nowhere/python: No such file or directory.",
    )


def _python_without_ipykernel(folders: pytest.TempPathFactory) -> str:
    import venv

    folder = folders.mktemp("bare")
    venv.create(folder, with_pip=False, symlinks=True)
    return str(folder / "bin/python")


def test_a_kernel_that_dies_at_its_start(launcher: Launcher) -> None:
    program = "import sys; sys.stderr.write('no room\\n'); sys.exit(7)"
    job = launcher.run(["1"], kernels=(_kernel(launcher, "dies", program),), kernel="dies")
    assert job.code == 2
    assert job.message == (
        "The kernel `dies` ended by itself (exit code 7) before any cell was run. The log has its last words."
    )
    assert "no room" in job.log


def test_a_kernel_that_does_not_get_ready(launcher: Launcher) -> None:
    program = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"
    job = launcher.run(["1"], kernels=(_kernel(launcher, "sleeps", program),), kernel="sleeps", startup_timeout=0.3)
    assert job.code == 2
    assert job.message == "The kernel `sleeps` was not ready within 0.3 seconds, so no cell was run."
    assert job.elapsed < 60


def _kernel(launcher: Launcher, name: str, program: str) -> str:
    import json

    folder = launcher.folder / "kernels"
    (folder / name).mkdir(parents=True, exist_ok=True)
    spec = {"argv": [sys.executable, "-c", program], "display_name": name, "language": "python"}
    (folder / name / "kernel.json").write_text(json.dumps(spec))
    return str(folder)


IGNORES = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(100)"


@pytest.mark.parametrize("source", ["import time\nwhile True: time.sleep(1)", IGNORES])
def test_a_cell_that_takes_too_long_is_ended(launcher: Launcher, python: str, source: str) -> None:
    job = launcher.run(
        ["1", f"print('begun', flush=True)\n{source}"], timeout=1.5, limits={"interrupt": 0.5}, python=python
    )
    assert job.code == 1
    assert job.message == "Cell 2 of 2 ran longer than its limit of 1.5 seconds."
    assert text_of(job.kept, 2 + 1) == "begun\n"
    errors = [output.ename for output in job.kept.cells[3].outputs if output.output_type == "error"]
    assert errors == ([] if source == IGNORES else ["KeyboardInterrupt"])
    assert job.elapsed < 100


def test_a_flood_of_prints_keeps_its_beginning_and_end(launcher: Launcher) -> None:
    cells = [
        "for i in range(200_000): print(f'{i:06d}', 'x' * 93)",
        "print('y' * 5_000_000)\nimport sys\nfor i in range(5000): print(i, flush=True)",
        "for i in range(3000): print('a', end=''); print('b', end='', file=sys.stderr)",
        "print('end')",
    ]
    job = launcher.run(cells, limits={"stream": 200_000})
    assert job.code == 0, job.log
    notebook = job.read("out.ipynb")
    text = text_of(notebook, 0)
    assert text.startswith("000000 xxx")
    assert text.endswith(f"199999 {'x' * 93}\n")
    assert "\n[... 20 MB of output left out ...]\n" in text
    assert len(text) < 210_000
    assert text_of(notebook, 1).endswith("4998\n4999\n")
    assert text_of(notebook, 3) == "end\n"
    assert len((job.folder / "notebook.ipynb").read_bytes()) < 1_000_000


def test_large_and_many_displays_are_bounded(launcher: Launcher) -> None:
    cells = [
        "from IPython.display import HTML, display\nHTML('h' * 3_000_000)",
        "for i in range(500): display(i)",
        "display(HTML('m' * 400_000)); display(HTML('m' * 400_000)); display(HTML('m' * 400_000))",
    ]
    job = launcher.run(cells, limits={"rich": 2_000_000, "outputs": 100, "notebook": 1_000_000})
    assert job.code == 0, job.log
    notebook = job.read("out.ipynb")
    assert notebook.cells[0].outputs[0].data == {
        "text/plain": "<IPython.core.display.HTML object>\n[... text/html of 3 MB left out ...]"
    }
    assert len(notebook.cells[1].outputs) == 101
    assert "[... 400 more outputs left out ...]" in text_of(notebook, 1)
    assert [output.output_type for output in notebook.cells[2].outputs] == ["display_data", "display_data", "stream"]


def test_text_that_is_no_text_does_no_harm(launcher: Launcher, python: str) -> None:
    cells = [
        r"print('a\ud800b', 'c\udcffd', '\x00\x1b[31m')",
        r"import os, sys; os.write(1, b'\xff\xfe raw\n'); print('after')",
        r"print('\U0001f600', 'z' * 2_000_000, sep='')",
        r"raise ValueError('\udcff')",
    ]
    failing = new_code_cell(cells[3], metadata={"tags": ["raises-exception"]})
    job = launcher.run(cells[1:3] if python == old_python() else [*cells[:3], failing], python=python, tool="nbconvert")
    assert job.code == 0, job.log
    notebook = job.read("out.ipynb")
    texts = [text_of(notebook, index) for index in range(len(notebook.cells))]
    assert any("after" in text for text in texts)  # what was written past Python may come before its line ends
    assert any(text.startswith("\U0001f600zzz") for text in texts)


def test_a_kernel_that_cannot_write_its_answer_is_not_waited_for(launcher: Launcher) -> None:
    python = old_python()
    require(python is not None, "the runtime python:v1 with Python 3.8", left_for="root")
    job = launcher.run([r"raise ValueError('\udcff')"], python=python, limits={"silence": 0.5})
    assert job.code == 1
    assert job.message == (
        "Cell 1 of 1 could not finish: the kernel no longer answers as it should. The log may say why."
    )


def test_messages_that_make_no_sense_do_no_harm(launcher: Launcher) -> None:
    code = """
k = get_ipython().kernel
def send(kind, content, **more): k.session.send(k.iopub_socket, kind, content, parent=k.get_parent(), **more)
send("stream", {"name": 3, "text": ["a", "b"]})
send("stream", {})
send("display_data", {"data": {"text/plain": 7, "image/png": None, "application/json": {"a": [1]}}, "metadata": [1]})
send("display_data", {"data": 4, "metadata": {"big": "x" * 3000000}, "transient": 9})
send("execute_result", {"data": {"text/html": ["<b>", "x</b>"]}, "execution_count": "many"})
send("update_display_data", {"data": {}, "transient": {"display_id": [1]}})
send("error", {"ename": None, "evalue": 3, "traceback": "one"})
send("clear_output", {"wait": "?"})
send("comm_open", {"comm_id": 1, "data": None})
send("comm_msg", {"data": {"state": 5}})
send("status", {"execution_state": ["idle"]})
send("execute_input", {"execution_count": "x"})
send("no_such_kind", {"a": 1})
k.iopub_socket.send_multipart([b"<IDS|MSG>", b"", b"{", b"", b"", b""])
k.iopub_socket.send_multipart([b"<IDS|MSG>"])
k.iopub_socket.send_multipart([b"noise"])
k.iopub_socket.send_multipart([b"<IDS|MSG>", b"", b"[" * 100000, b"{}", b"{}", b"{}"])
print("still here")
"""
    job = launcher.run([code, "print('on')"], tool="nbconvert")
    assert job.code == 0, job.log
    notebook = job.read("out.ipynb")
    assert "still here\n" in text_of(notebook, 0)
    assert text_of(notebook, 1) == "on\n"
    assert "could not be understood and were left out" in job.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_driver_that_is_ended_leaves_no_kernel(launcher: Launcher, number: int) -> None:
    ignore = "import signal, time\nsignal.signal(15, signal.SIG_IGN)"
    code = f"print('begun', flush=True)\n{ignore}\nopen('go', 'w').close()\ntime.sleep(100)"
    job = launcher.start(["0", code], limits={"stop": 0.2})
    job.wait_for((job.workspace / "go").exists)
    kernels = proctools.children(job.pid, recursive=True)
    assert len(kernels) == 1
    os.kill(job.pid, number)
    launcher.end(job)
    job.wait_for(lambda: not any(map(proctools.is_alive, kernels)))
    if number == signal.SIGKILL:
        assert job.code == -9
        return
    assert job.code == 143
    assert job.message == "Cell 2 of 2 was stopped."
    assert text_of(job.kept, 1) == "begun\n"


def test_a_driver_that_is_stopped_with_its_kernel_says_stopped(launcher: Launcher) -> None:
    job = launcher.start(["open('go', 'w').close()\nimport time; time.sleep(100)"])
    job.wait_for((job.workspace / "go").exists)
    proctools.terminate([*proctools.children(job.pid), psutil.Process(job.pid)])
    assert launcher.end(job).code == 143


def test_nothing_is_left_behind(launcher: Launcher) -> None:
    code = "import subprocess; p = subprocess.Popen(['sleep', '100']); print(p.pid)"
    job = launcher.run([code])
    assert job.code == 0
    child = int(text_of(job.kept, 0))
    assert not proctools.is_alive(child)


def test_two_notebooks_at_once_from_one_launcher(launcher: Launcher) -> None:
    jobs = [launcher.start([f"import time; time.sleep(0.2); print({number})"]) for number in (1, 2)]
    for number, job in enumerate(jobs, 1):
        assert launcher.end(job).code == 0
        assert text_of(job.kept, 0) == f"{number}\n"
