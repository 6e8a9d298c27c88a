"""Notebooks in place of commands: the driver is forked into the job's own isolation, and ends like a command."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.executors import Notebook, Task
from jupyter_pipeline.executors.sandbox import SandboxExecutor
from jupyter_pipeline.models import Ending, Level, Limits, OutputPattern, Result, Runtime
from jupyter_pipeline.notebooks import progress as notebook_progress
from jupyter_pipeline.notebooks.commands import NotebookRun, recognise
from jupyter_pipeline.outputs.job_folder import CELLS, NOTEBOOK, NOTEBOOK_FILE
from tests.helpers import proctools, support
from tests.helpers.fakes import Bench, Machine, log, machines, until

machine = machines("sandbox", "process")
sandbox = machines("sandbox")
RUNTIME = Runtime(
    "python:test",
    "test",
    "python",
    (Path(sys.prefix) / "bin",),
    tuple(dict.fromkeys((Path(sys.base_prefix), Path(sys.prefix)))),
)
SECRET = "JUPYTER_PIPELINE_TEST_SECRET"


@pytest.fixture
def bench(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv(SECRET, "open sesame")
    yield from machine.bench(tmp_path)


@pytest.fixture
def sandboxed(sandbox: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """For what a plain process, which has all that its user has, does not promise."""
    monkeypatch.setenv(SECRET, "open sesame")
    yield from sandbox.bench(tmp_path)


def notebook(bench: Bench, *cells: str, line: str = "papermill a.ipynb output/b.ipynb", **changes: Any) -> Task:
    """A task that runs a notebook of these cells."""
    run = recognise(line.split())
    assert isinstance(run, NotebookRun)
    task = bench.task(
        *line.split(),
        runtime=RUNTIME,
        notebook=Notebook(run, {"Project": "test"}),
        outputs=(OutputPattern(Level.HIGHLY, "b", "output/*"),),
        **changes,
    )
    (task.code / "a.ipynb").write_text(json.dumps(support.notebook(*cells)))
    return task


def written(bench: Bench, task: Task) -> dict[str, Any]:
    text = (bench.default.written(task.folder) / "output" / "b.ipynb").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


def printed(document: dict[str, Any]) -> str:
    return "".join("".join(output.get("text", "")) for cell in document["cells"] for output in cell.get("outputs", ()))


def says(bench: Bench, *cells: str) -> str:
    """What the cells print, once all have run."""
    task = notebook(bench, *cells)
    result = bench.run(task)
    assert (result.ending, result.exit_code) == (Ending.EXIT, 0), (result, log(task))
    return printed(written(bench, task))


def told(task: Task) -> notebook_progress.Progress:
    return notebook_progress.read((task.folder / CELLS).read_bytes(), notebook_progress.Progress())[0]


# -- running ---------------------------------------------------------------------------------------


EXTRA = "import os\nos.makedirs('output', exist_ok=True)\nopen('output/extra.csv', 'w').write('a')"


def test_a_notebook_runs_and_what_it_wrote_is_collected(bench: Bench) -> None:
    task = notebook(bench, EXTRA, "print(os.getcwd())")
    result = bench.run(task)
    assert (result.ending, result.exit_code, result.message) == (Ending.EXIT, 0, "")
    assert sorted(file.path for file in result.files) == ["output/b.ipynb", "output/extra.csv"]
    progress = told(task)
    assert [(cell.number, cell.total, cell.state) for cell in progress.cells.values()] == [
        (1, 2, "done"),
        (2, 2, "done"),
    ]
    assert json.loads((task.folder / NOTEBOOK / NOTEBOOK_FILE).read_text())["cells"]
    assert result.peak_memory > 20_000_000
    assert "2/2" in log(task)


def test_several_notebooks_run_one_after_the_other_from_one_launcher(bench: Bench) -> None:
    assert [says(bench, f"print({number})") for number in range(3)] == ["0\n", "1\n", "2\n"]


def test_a_failing_cell_is_the_message_and_the_notebook_is_kept(bench: Bench) -> None:
    task = notebook(bench, "a = 1", "b = 2\n1 / 0", "c = 3")
    result = bench.run(task)
    assert (result.ending, result.exit_code) == (Ending.EXIT, 1)
    assert result.message == "Cell 2 of 3 failed at line 2, `1 / 0`: ZeroDivisionError: division by zero"
    assert "ZeroDivisionError" in (task.folder / NOTEBOOK / NOTEBOOK_FILE).read_text()


def test_a_notebook_that_is_not_there_is_said(bench: Bench) -> None:
    task = notebook(bench)
    (task.code / "a.ipynb").unlink()
    result = bench.run(task)
    assert (result.ending, result.exit_code) == (Ending.EXIT, 2)
    assert "a.ipynb" in result.message


def test_the_log_begins_with_the_note(bench: Bench) -> None:
    task = bench.shell("echo run", note="The line runs word for word.")
    bench.run(task)
    assert log(task) == "The line runs word for word.\nrun\n"


class Nowhere(SandboxExecutor):
    """Its drivers are sent to a folder that is not there, as one that may not join the sandbox would find none."""

    def whole_order(self, task: Task) -> dict[str, Any]:
        order = super().whole_order(task)
        order["notebook"]["workspace"] = "/nowhere"
        return order


@pytest.fixture
def lost(tmp_path: Path) -> Iterator[Bench]:
    """A bench whose drivers never get to their place."""
    made = Bench("sandbox", tmp_path / "jobs")
    made.executors.append(Nowhere(made.folder))
    yield made
    made.close()


def test_a_notebook_without_its_driver_is_run_word_for_word_and_that_is_said(lost: Bench) -> None:
    task = notebook(lost, EXTRA, "print(os.getcwd())")
    (task.code / "output").mkdir()
    result = lost.run(task)
    assert (result.ending, result.exit_code) == (Ending.EXIT, 0), log(task)
    first = log(task).splitlines()[0]
    assert first == (
        "The command runs word for word, since the notebook's driver could not be started: "
        "No such file or directory: /nowhere."
    )
    assert sorted(file.path for file in result.files) == ["output/b.ipynb", "output/extra.csv"]
    assert not (task.folder / CELLS).read_text()


def test_a_notebook_that_fails_word_for_word_says_why_it_ran_so(lost: Bench) -> None:
    task = notebook(lost, "1 / 0", line="papermill a.ipynb b.ipynb")
    result = lost.run(task)
    assert (result.ending, result.exit_code) == (Ending.EXIT, 1)
    assert "driver could not be started: No such file or directory: /nowhere." in result.message
    assert "ZeroDivisionError" in log(task)


def test_a_notebook_that_runs_word_for_word_can_be_stopped(lost: Bench) -> None:
    task = notebook(
        lost, "open('/tmp/up', 'w').close()\nimport time\nwhile True: time.sleep(1)", line="papermill a.ipynb b.ipynb"
    )
    executor = lost.default
    executor.start(task)
    until((task.folder / "tmp" / "up").exists, "the cell")
    executor.stop(task.folder)
    assert lost.ended(executor, task).ending is Ending.STOPPED


# -- isolation -------------------------------------------------------------------------------------

LOOK_AROUND = """\
import os
def look(pid, name):
    path = f'/proc/{pid}/{name}'
    if name == 'fd':
        return [os.readlink(f'{path}/{each}') for each in os.listdir(path)]
    return os.readlink(path) if name == 'cwd' else open(path, 'rb').read(9999)
for pid in filter(str.isdigit, os.listdir('/proc')):
    for name in ('environ', 'mem', 'maps', 'fd', 'cwd') * (pid != str(os.getpid())):
        try:
            print(open(f'/proc/{pid}/comm').read().strip(), name, b'sesame' in look(pid, name))
        except (OSError, TypeError):
            pass
"""


def test_the_kernel_knows_nothing_of_the_caller(bench: Bench) -> None:
    names = says(bench, "import os\nprint(*sorted(os.environ))").split()
    assert SECRET not in names
    assert {"PATH", "HOME", "LANG"} <= set(names)


def test_nobody_in_the_sandbox_can_look_into_the_driver(sandboxed: Bench) -> None:
    seen = says(sandboxed, LOOK_AROUND).splitlines()
    assert {line.split()[0] for line in seen} <= {"bwrap", "sh"}, seen  # the holder, which knows nothing
    assert all(line.endswith("False") for line in seen), seen


def test_the_kernel_has_no_power_and_sees_only_the_sandbox(sandboxed: Bench, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("secret")
    text = says(
        sandboxed,
        "for line in open('/proc/self/status'):\n    if line.startswith(('Cap', 'NoNew')): print(line.strip())",
        f"import os, socket\nprint(os.path.exists({str(tmp_path / 'outside')!r}), sorted(os.listdir('/workspace')))",
        "try: socket.create_connection(('1.1.1.1', 53), 2)\nexcept OSError as error: print('no network')",
        "print(open('/proc/1/comm').read())",
        "try: open('/usr/mine', 'w')\nexcept OSError as error: print(error.strerror)",
    )
    assert text.count("\t0000000000000000") == 5
    assert "NoNewPrivs:\t1" in text
    assert "False ['a.ipynb']" in text
    assert "no network" in text
    assert "Read-only file system" in text


def test_a_link_out_of_the_workspace_takes_no_report_out(sandboxed: Bench, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    task = notebook(sandboxed, f"import os\nos.rmdir('output') if os.path.isdir('output') else None\n"
                           f"os.symlink({str(target)!r}, 'output')")  # fmt: skip
    sandboxed.run(task)
    assert list(target.iterdir()) == []


# -- ending ----------------------------------------------------------------------------------------

FOREVER = ("print('up', flush=True)", "import time\nopen('up', 'w').close()\ntime.sleep(600)")


def begun(bench: Bench, task: Task) -> Path:
    bench.default.start(task)
    up = bench.default.written(task.folder) / "up"
    until(up.exists, "the second cell to begin")
    return up


def ended(bench: Bench, task: Task) -> Result:
    return bench.ended(bench.default, task)


def test_a_notebook_that_is_stopped_is_kept_as_far_as_it_came(bench: Bench) -> None:
    task = notebook(bench, *FOREVER)
    begun(bench, task)
    bench.default.stop(task.folder)
    assert ended(bench, task).ending is Ending.STOPPED
    assert printed(json.loads((task.folder / NOTEBOOK / NOTEBOOK_FILE).read_text())) == "up\n"


def test_a_notebook_is_held_to_its_time_limit(bench: Bench) -> None:
    task = notebook(bench, *FOREVER, limits=Limits(timeout=3))
    assert bench.run(task).ending is Ending.TIMEOUT


def test_a_notebook_is_held_to_its_memory_limit(bench: Bench) -> None:
    task = notebook(bench, "x = b'x' * 900_000_000\nimport time\ntime.sleep(60)", limits=Limits(memory=600_000_000))
    assert bench.run(task).ending is Ending.MEMORY


def test_nothing_goes_on_when_the_shim_is_killed(bench: Bench) -> None:
    task = notebook(bench, *FOREVER)
    begun(bench, task)
    shim = int((task.folder / "started").read_text().split()[0])
    ours = proctools.children(shim, recursive=True)
    assert any("ipykernel" in proctools.command(process) for process in ours), list(map(proctools.command, ours))
    os.kill(shim, signal.SIGKILL)
    until(lambda: not any(map(proctools.is_alive, ours)), "the end of the kernel")
