"""``%pipeline`` and ``%%action`` in a real kernel, as a person types them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

from jupyter_pipeline.models import State
from jupyter_pipeline.project.facade import LocalProject as Facade
from tests.helpers.places import PACKAGE
from tests.helpers.study import SECRET, STUDY
from tests.helpers.support import (
    SETTINGS,
    action,
    make_project,
    notebook,
)

PYTHON = f'\n[runtimes."python:own"]\nkind = "system"\nprogram = "{sys.prefix}/bin/python"\n'
DEADLINE = 60.0


@dataclass
class Cell:
    """What came out of a cell."""

    status: str
    text: str = ""
    """Printed."""
    error: str = ""
    """As it is shown in place of a traceback."""
    html: list[str] = field(default_factory=list)
    """Each display in its last form, in order."""
    result: str = ""


class Kernel:
    """A real kernel, with our extension loaded."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager, self.client = manager, client

    def run(self, code: str) -> Cell:
        found, displays = Cell("ok"), dict[Any, str]()

        def note(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                found.text += content["text"]
            elif message["msg_type"] == "error":
                found.status, found.error = content["ename"], "\n".join(content["traceback"])
            elif "data" in content:
                key = content.get("transient", {}).get("display_id") or len(displays)
                displays[key] = content["data"].get("text/html", "")
                if message["msg_type"] == "execute_result":
                    found.result = content["data"]["text/plain"]

        self.client.execute_interactive(code, output_hook=note, timeout=DEADLINE * 2)
        found.html = list(displays.values())
        return found

    def complete(self, code: str) -> list[str]:
        reply = self.client.complete(code, len(code), reply=True, timeout=DEADLINE)
        return list(reply["content"]["matches"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(
        tmp_path_factory.mktemp("magics") / "study", STUDY + action("slow", "sleep 60"), SETTINGS + PYTHON
    )


@pytest.fixture(scope="module")
def kernel(folder: Path) -> Iterator[Kernel]:
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder))
    try:
        made = Kernel(manager, client)
        assert made.run("%load_ext jupyter_pipeline").status == "ok"
        assert made.run("%pipeline run table note").status == "ok"
        yield made
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


# -- %pipeline -------------------------------------------------------------------------------------


def test_without_a_word_the_graph_is_shown(kernel: Kernel) -> None:
    cell = kernel.run("%pipeline")
    assert "<img" in cell.html[0]
    assert "table <- raw" in cell.result


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("plan table bad", "bad .*has not run|bad"),
        ("status", "table .*up to date|up to date +table"),
        ("logs table", "counting"),
        ("outputs", "output/table.csv, moderately_sensitive"),
        ("outputs note", "output/note.txt"),
        ("read output/note.txt", "some text"),
        ("read output/table.csv", "name +n"),
        ("show", "Request 1 of table, note: succeeded"),
        ("show 1", "Request 1 of"),
        ("requests", "Requests: "),
        ("check", "project.yaml is valid"),
        ("compare 1", "no earlier request"),
        ("--project . status", "Status of"),
    ],
)
def test_each_word_shows_its_object(kernel: Kernel, line: str, told: str) -> None:
    cell = kernel.run(f"%pipeline {line}")
    assert cell.status == "ok", cell.error
    assert re.search(told, cell.result), cell.result


def test_help_is_printed(kernel: Kernel) -> None:
    assert "what a run would do" in kernel.run("%pipeline --help").text
    assert "--on-interrupt {leave,cancel}" in kernel.run("%pipeline run --help").text
    assert "--moderately" in kernel.run("%%action --help\n1").text


def test_a_run_shows_how_it_goes_in_one_display(kernel: Kernel) -> None:
    cell = kernel.run("%pipeline run note")
    assert cell.status == "ok"
    assert len(cell.html) == 1
    assert re.search(r"note.*succeeded", cell.html[0])


def test_a_run_that_fails_shows_why_and_stops_the_notebook(kernel: Kernel) -> None:
    cell = kernel.run("%pipeline run after")
    assert cell.status == "RunFailed"
    assert "what went wrong" in cell.html[1]
    assert "bad did not succeed: Its command ended with exit code 3." in cell.error
    assert "Traceback" not in cell.error
    assert ".py" not in cell.error


def test_a_run_may_be_left_alone(kernel: Kernel) -> None:
    cell = kernel.run("r = %pipeline run slow --no-wait\nr.cancel()")
    assert cell.result == "1"
    assert kernel.run("r.wait(check=False).jobs[0].code").result == "'cancelled_by_user'"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("read output/raw.csv", "OutputRefused: output/raw.csv may not be viewed. It is highly_sensitive"),
        ("read output/none.csv", "There is no output output/none.csv."),
        ("run tabel", "tabel"),
        ("rum", "invalid choice: 'rum'"),
        ("run --on-interrupt never", "invalid choice: 'never'"),
        ("logs", "required: job"),
        ("show 'x", "Close every quote"),
        ("--project / status", "There is no project.yaml in /"),
    ],
)
def test_what_is_wrong_is_a_sentence(kernel: Kernel, line: str, told: str) -> None:
    cell = kernel.run(f"%pipeline {line}")
    assert told in cell.error
    assert "Traceback" not in cell.error
    assert "site-packages" not in cell.error
    assert SECRET not in cell.error


def test_problems_of_the_project_are_listed(kernel: Kernel, tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text("version: '4.0'\nactions:\n  a:\n    run: nothing\n")
    cell = kernel.run(f"%pipeline --project {tmp_path} status")
    assert "InvalidProject: project.yaml has" in cell.error
    assert "line 4" in cell.error
    checked = kernel.run(f"%pipeline --project {tmp_path} check")
    assert checked.status == "ok"
    assert "<table" in checked.html[0]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("%pipeline ", {"plan", "run", "status", "logs", "outputs", "show", "check", "compare", "report", "cancel"}),
        ("%pipeline ru", {"run"}),
        ("%pipeline run ", {"raw", "table", "bad", "run_all"}),
        ("%pipeline run table b", {"bad"}),
        ("%pipeline run --", {"--force", "--on-interrupt", "--no-wait"}),
        ("%pipeline run table --on-interrupt ", {"leave", "cancel"}),
        ("%pipeline read ", {"output/table.csv"}),
        ("%pipeline compare --with ", {"previous", "previous_successful"}),
        ("%pipeline show ", {"1"}),
        ("%%action new --", {"--image", "--needs", "--moderately"}),
        ("%%action new --needs t", {"table"}),
        ("%%action new --image py", {"python:v2"}),
        ("%%action no", {"note"}),
    ],
)
def test_words_are_completed(kernel: Kernel, line: str, wanted: set[str]) -> None:
    found = set(kernel.complete(line))
    assert wanted <= found
    assert not found & {"print", "import", "output/raw.csv", "and"}


def test_other_lines_are_completed_as_ever(kernel: Kernel) -> None:
    assert "print" in kernel.complete("prin")
    assert "table" not in kernel.complete("%pipeline --project / run ")


def test_an_interrupt_does_what_its_flag_says(kernel: Kernel, folder: Path) -> None:
    for flag, told in (("leave", "goes on without this cell"), ("cancel", "will be cancelled")):
        asked = kernel.client.execute(f"%pipeline run slow --on-interrupt {flag}")
        wait_for(folder, State.RUNNING)
        kernel.manager.interrupt_kernel()
        reply = kernel.client.get_shell_msg(timeout=DEADLINE)
        while reply["parent_header"].get("msg_id") != asked:
            reply = kernel.client.get_shell_msg(timeout=DEADLINE)
        assert told in "\n".join(reply["content"]["traceback"])
        assert "Traceback" not in "\n".join(reply["content"]["traceback"])
        if flag == "leave":
            assert Facade.find(folder).job("slow").state is State.RUNNING
            assert kernel.run("%pipeline cancel").status == "ok"
        wait_for(folder, State.FAILED)
        assert str(Facade.find(folder).job("slow").code) == "cancelled_by_user"


def wait_for(folder: Path, state: State) -> None:
    project = Facade.find(folder)
    deadline = time.monotonic() + DEADLINE
    while project.job("slow").state is not state:
        assert time.monotonic() < deadline
        time.sleep(0.05)


# -- %%action --------------------------------------------------------------------------------------

COUNT = (
    'rows = open("output/table.csv").read().splitlines()\nopen("output/count.csv", "w").write(f"n\\n{len(rows)}\\n")\n'
)


def test_a_cell_becomes_an_action_and_is_run(kernel: Kernel, folder: Path) -> None:
    before = (folder / "project.yaml").read_text()
    (folder / "project.yaml").write_text(f"# keep this\n{before}")
    line = "%%action count --image python:own --needs table --moderately output/count.csv"
    cell = kernel.run(f"{line}\n{COUNT}")
    assert cell.status == "ok", cell.error
    assert "run: python:own python analysis/count.py" in cell.html[0]
    assert re.search(r"count.*succeeded", cell.html[1])
    now = (folder / "project.yaml").read_text()
    assert now.startswith(f"# keep this\n{before.rstrip()}")
    assert kernel.run("%pipeline read output/count.csv").result.split() == ["n", "0", "3"]

    again = kernel.run(f"%%action count\n{COUNT.replace('len(rows)', 'len(rows) + 1')}")
    assert again.status == "ok", again.error
    assert "project.yaml has this action already" in again.html[0]
    assert (folder / "project.yaml").read_text() == now
    assert kernel.run("%pipeline read output/count.csv").result.split() == ["n", "0", "4"]

    changed = kernel.run(f"%%action count --needs table note\n{COUNT}")
    assert "says otherwise of its needs" in changed.error
    assert (folder / "project.yaml").read_text() == now


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("a1", "1", "does not say what a1 writes"),
        ("a1 --image python:own --needs gone --moderately output/a1.csv", "1", "there is no such action"),
        ("a1 --moderately output/a1.csv --image python:own", "x = 1\n%time x", "line 3 of the cell: %time x"),
        ("a1 --moderately output/a1.csv --image databuilder:v1", "1", "A cell cannot be run in databuilder:v1"),
        ("../a1 --moderately output/a1.csv", "1", "cannot be called '../a1'"),
        ("a1 --script ../x.py --moderately output/a1.csv", "1", "is no file of this project"),
        ("a1 --script project.yaml --moderately output/a1.csv", "1", "no cell has written it"),
        ("mine --moderately output/mine.csv", "1", "analysis/mine.py is there already, and no cell has written it"),
        ("raw", "1", "A cell cannot be run in sh:v1"),
    ],
)
def test_a_cell_that_cannot_be_an_action_changes_nothing(
    kernel: Kernel, folder: Path, line: str, code: str, told: str
) -> None:
    (folder / "analysis").mkdir(exist_ok=True)
    (folder / "analysis/mine.py").write_text("keep = True\n")
    before = files(folder)
    cell = kernel.run(f"%%action {line}\n{code}")
    assert told in cell.error
    assert "Traceback" not in cell.error
    assert files(folder) == before


def files(folder: Path) -> dict[str, str]:
    return {str(path): path.read_text() for path in [folder / "project.yaml", *sorted((folder / "analysis").glob("*"))]}


def test_a_file_is_written_over_only_where_that_is_said(kernel: Kernel, folder: Path) -> None:
    (folder / "analysis").mkdir(exist_ok=True)
    (folder / "analysis/other.py").write_text("keep = True\n")
    line = "%%action other --image python:own --moderately output/other.csv --no-run"
    assert kernel.run(f"{line}\nprint(1)").status == "InvalidRequest"
    cell = kernel.run(f"{line} --replace\nprint(1)")
    assert cell.status == "ok", cell.error
    assert (folder / "analysis/other.py").read_text().endswith("print(1)\n")


# -- elsewhere -------------------------------------------------------------------------------------


def test_inside_a_running_action_it_refuses(tmp_path: Path) -> None:
    """A notebook with these magics that is itself run as an action of the pipeline."""
    command = "python:own papermill analysis/deep.ipynb output/deep.ipynb"
    actions = f"deep:\n  run: {command}\n  outputs: {{highly_sensitive: {{n: output/deep.ipynb}}}}\n"
    folder = make_project(tmp_path / "deep", actions, PYTHON)
    (folder / "analysis").mkdir()
    cells = ["%load_ext jupyter_pipeline", "%pipeline run deep"]
    (folder / "analysis/deep.ipynb").write_text(json.dumps(notebook(*cells)))
    skipped = shutil.ignore_patterns("labextension", "__pycache__")
    shutil.copytree(PACKAGE, folder / "jupyter_pipeline", ignore=skipped)
    project = Facade.find(folder)
    request = project.submit(["deep"])
    project.attend(request.id, lambda events: None)
    message = project.job("deep").message
    assert "This notebook runs as the action deep of its own pipeline" in message, message
    assert len(project.requests()) == 1


def test_in_a_terminal_there_are_lines(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "study", STUDY, SETTINGS + PYTHON)
    code = (
        "%load_ext jupyter_pipeline\n%pipeline status\n%pipeline run table\n"
        "get_ipython().run_cell_magic('action', 'one --image python:own --moderately output/one.csv', "
        "\"open('output/one.csv', 'w').write('a')\")\n%pipeline run bad\n"
    )
    (tmp_path / "script.ipy").write_text(code)
    words = [sys.executable, "-m", "IPython", "--colors=nocolor", "--no-banner", str(tmp_path / "script.ipy")]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=DEADLINE * 2, check=False)
    assert "✓ table: succeeded" in done.stdout
    assert "+   one:" in done.stdout
    assert "✓ one: succeeded" in done.stdout
    assert "RunFailed: bad did not succeed" in done.stdout + done.stderr


def test_loading_it_loads_little() -> None:
    code = (
        "import sys; from IPython.core.interactiveshell import InteractiveShell; "
        "shell = InteractiveShell.instance(); before = set(sys.modules); "
        "shell.extension_manager.load_extension('jupyter_pipeline'); print(*(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"jupyter_pipeline", "jupyter_pipeline._version", "jupyter_pipeline.magics"}
