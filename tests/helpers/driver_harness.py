"""Running notebooks through a preloaded driver, as the launcher does."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from jupyter_pipeline import config, runtimes
from jupyter_pipeline.errors import PipelineError
from jupyter_pipeline.notebooks.commands import NotebookRun, as_json

LAUNCHER = Path(__file__).parent / "driver_launcher.py"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8"}


_nbformat: Any = nbformat  # it says nothing of its types
new_code_cell, new_markdown_cell = _nbformat.v4.new_code_cell, _nbformat.v4.new_markdown_cell
new_notebook, new_output = _nbformat.v4.new_notebook, _nbformat.v4.new_output


@functools.cache
def old_python() -> str | None:
    """The Python 3.8 of the runtime python:v1, built if need be; None where another stands in for it."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            runtime = runtimes.prepare("python:v1", config.load(Path(folder)), lambda _: None)
        except PipelineError:
            return None
    python = str(runtime.path[0] / "python")
    said = subprocess.run([python, "--version"], capture_output=True, text=True, check=True).stdout
    return python if said.startswith("Python 3.8.") else None


@dataclass
class Job:
    """One notebook on its way."""

    folder: Path
    pid: int
    code: int | None = None
    elapsed: float = 0.0
    cpu: float = 0.0

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    @property
    def events(self) -> list[dict[str, Any]]:
        path = self.folder / "events"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def message(self) -> str:
        last = self.events[-1]
        assert last["event"] == "end"
        return str(last["message"])

    @property
    def states(self) -> list[tuple[int, str]]:
        return [(event["number"], event["state"]) for event in self.events if event["event"] == "cell"]

    @property
    def kept(self) -> Any:
        notebook = _nbformat.reads((self.folder / "notebook.ipynb").read_text(encoding="utf-8"), as_version=4)
        _nbformat.validate(notebook)
        return notebook

    def read(self, path: str) -> Any:
        notebook = _nbformat.read(self.workspace / path, as_version=4)
        _nbformat.validate(notebook)
        return notebook

    def wait_for(self, condition: Callable[[], bool], seconds: float = 120) -> None:
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, "it did not come"
            time.sleep(0.01)


@dataclass
class Launcher:
    """The process from which drivers are forked."""

    process: subprocess.Popen[str]
    folder: Path
    made: int = 0
    ended: dict[int, list[str]] = field(default_factory=dict)

    def start(self, cells: list[Any], **given: Any) -> Job:
        """Begin a notebook of these cells: code, or cells as they are."""
        notebook = new_notebook(cells=[new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells])
        notebook.metadata.update(given.pop("metadata", {}))
        return self.start_text(_nbformat.writes(notebook), **given)

    def start_text(
        self,
        text: str | bytes,
        *,
        python: str | None = sys.executable,
        limits: dict[str, Any] | None = None,
        files: dict[str, str] | None = None,
        kernels: tuple[str, ...] = (),
        environment: dict[str, str] | None = None,
        **run: Any,
    ) -> Job:
        """Begin a notebook file of this content; `run` are fields of a NotebookRun."""
        self.made += 1
        folder = self.folder / str(self.made)
        given = NotebookRun(
            **({"tool": "papermill", "notebook": "a.ipynb", "folder": "", "executed": "out.ipynb"} | run)
        )
        for name, content in {given.notebook: text, **(files or {})}.items():
            path = folder / "workspace" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        order = {
            "run": as_json(given),
            "workspace": str(folder / "workspace"),
            "python": python,
            "kernel_folders": kernels,
            "environment": environment or ENVIRONMENT | {"TMPDIR": str(self.folder)},  # a killed driver leaves some
            "provenance": {"project": "study"},
            "runtime": "python:v1",
        }
        self._say({"order": order, "folder": str(folder), "limits": limits or {}})
        return Job(folder, int(self._hear()[0]))

    def end(self, job: Job) -> Job:
        """Wait for the end of a job."""
        while str(job.pid) not in map(str, self.ended):
            words = self._hear()
            self.ended[int(words[0])] = words
        _, code, elapsed, cpu = self.ended.pop(job.pid)
        job.code, job.elapsed, job.cpu = int(code), float(elapsed), float(cpu)
        return job

    def run(self, cells: list[Any], **given: Any) -> Job:
        """Run a notebook of these cells to its end."""
        return self.end(self.start(cells, **given))

    def run_text(self, text: str | bytes, **given: Any) -> Job:
        """Run a notebook file of this content to its end."""
        return self.end(self.start_text(text, **given))

    def _say(self, order: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def _hear(self) -> list[str]:
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        assert words, "the launcher is gone"
        return words


def launched(folder: Path) -> Iterator[Launcher]:
    """A launcher for as long as it is needed."""
    process = subprocess.Popen(
        [sys.executable, str(LAUNCHER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    with process:
        assert process.stdout.readline() == "ready\n"
        yield Launcher(process, folder)
        process.stdin.close()
        process.wait(10)


def text_of(notebook: Any, index: int) -> str:
    """All that a cell printed."""
    return "".join(output.text for output in notebook.cells[index].outputs if output.output_type == "stream")
