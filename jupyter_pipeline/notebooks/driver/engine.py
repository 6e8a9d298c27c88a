"""Papermill's part: parameters, metadata and markers are its own; its cells are executed by an engine of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbformat import from_dict
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines  # type: ignore[import-untyped]
from papermill.exceptions import PapermillException, PapermillExecutionError  # type: ignore[import-untyped]
from papermill.execute import prepare_notebook_metadata, raise_for_execution_errors, remove_error_markers  # type: ignore[import-untyped]
from papermill.inspection import inspect_notebook  # type: ignore[import-untyped]
from papermill.iorw import load_notebook_node, read_yaml_file  # type: ignore[import-untyped]
from papermill.parameterize import parameterize_notebook  # type: ignore[import-untyped]

from ..commands import NotebookRun, masked
from .client import CellClient
from .faults import (
    CannotRun,
    CellError,
    CellTimedOut,
    KernelDied,
    KernelSilent,
    NotebookFailed,
    cut,
    says_failed,
    says_silent,
)
from .kernelspecs import KernelCommand
from .progress import ProgressTeller, log
from .reading import SKIPPED

NAME = "jupyter_pipeline"
INJECTED = "injected-parameters"
ASSIGNED = re.compile(r"^(\w+)(\s*(?:=|<-)\s*)(.*)$", re.MULTILINE)
"""A parameter as papermill writes it into its cell."""
Marks = list[Any]


class PipelineEngine(Engine):  # type: ignore[misc]
    """The engine that papermill knows by our name: it runs each cell through a client that has its kernel already."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, *, cells: Cells, **_: Any
    ) -> None:
        """Execute the cells in their order."""
        cells.run(nb_man)


papermill_engines.register(NAME, PipelineEngine)


class Cells:
    """The executing of all cells of one notebook."""

    def __init__(
        self, client: CellClient, progress: ProgressTeller, run: NotebookRun, skipped: Mapping[int, Any]
    ) -> None:
        self._client, self._progress, self._run, self._skipped = client, progress, run, skipped

    def run(self, manager: NotebookExecutionManager) -> None:
        """Execute them up to the end, or up to one that ends the run. Raises NotebookFailed, KernelDied, Stopped."""
        cells = self._client.nb.cells
        for index, (outputs, count) in self._skipped.items():
            cells[index].outputs, cells[index].execution_count = outputs, count
        for index, cell in enumerate(cells):
            manager.cell_start(cell, index)
            try:
                goes_on = cell.cell_type != "code" or self._run_cell(index)
            except BaseException as error:
                manager.cell_exception(cell, cell_index=index, exception=error)
                raise
            finally:
                manager.cell_complete(cell, cell_index=index)
            if not goes_on:
                manager.cell_exception(cell, cell_index=index)  # as papermill marks a sys.exit()
                log("The notebook has ended itself here; its other cells did not run.")
                return

    def _run_cell(self, index: int) -> bool:
        """Execute a cell with code; whether the notebook goes on after it."""
        cell = self._client.nb.cells[index]
        self._progress.started(index)
        if not self._client.is_executed(cell):
            self._progress.done(index, was_executed=False)
            return True
        may_fail = self._run.allow_errors or "raises-exception" in cell.metadata.get("tags", [])
        try:
            reply = self._client.run_cell(index, self._run.timeout, stop_on_error=not may_fail)
        except CellTimedOut:
            self._progress.failed(index)
            limit = f"{self._run.timeout:g} seconds"
            raise NotebookFailed(f"{self._progress.where} ran longer than its limit of {limit}.") from None
        except KernelSilent:
            self._progress.failed(index)
            raise NotebookFailed(says_silent(self._progress.where)) from None
        except KernelDied:
            self._progress.failed(index)
            raise
        return self._judge(index, reply, may_fail)

    def _judge(self, index: int, reply: Mapping[str, Any], may_fail: bool) -> bool:
        cell = self._client.nb.cells[index]
        error = CellError.of(reply) if reply.get("status") != "ok" else _shown_error(cell)
        ends = asks_to_exit(reply) or (error is not None and error.is_quiet_exit and not may_fail)
        if error is None or may_fail or ends:
            self._progress.done(index)
            return not ends
        self._progress.failed(index, error)
        raise NotebookFailed(says_failed(self._progress.where, cell.source, error, cell.execution_count))


def _shown_error(cell: Any) -> CellError | None:
    """The error that a cell shows although its reply says that all is well.

    Old IPythons do so where ``%%time`` and its like run the cell; papermill fails then (raise_for_execution_errors).
    """
    shown = next((output for output in cell.outputs if output.output_type == "error"), None)
    return CellError.of(shown) if shown is not None else None


def asks_to_exit(reply: Mapping[str, Any]) -> bool:
    """Whether a cell called ``exit()`` or ``quit()``, after which its kernel goes away by itself."""
    payload = reply.get("payload")
    return isinstance(payload, list) and any(
        isinstance(item, dict) and item.get("source") == "ask_exit" for item in payload
    )


def execute(notebook: Any, command: KernelCommand, cells: Cells) -> None:
    """Execute a prepared notebook in place, by way of papermill."""
    papermill_engines.execute_notebook_with_engine(
        NAME, notebook, command.name, output_path=None, progress_bar=False, log_output=False, cells=cells
    )


# -- before and after ------------------------------------------------------------------------------


def parameters_of(run: NotebookRun, workspace: str) -> dict[str, Any]:
    """All parameters: those of files, then those of the command (papermill: cli.py). Raises CannotRun."""
    found: dict[str, Any] = {}
    for path in run.parameter_files:
        try:
            given = read_yaml_file(str(Path(workspace, path)))
        except Exception as error:  # papermill's own errors, YAML's, and those of the disk
            raise CannotRun(f"The parameters in `{path}` cannot be read: {cut(str(error))}") from error
        if not isinstance(given or {}, dict):
            raise CannotRun(f"The file `{path}` holds no parameters: it should have lines such as `name: value`.")
        found |= given or {}
    return found | dict(run.parameters)


def prepared(notebook: Any, run: NotebookRun, command: KernelCommand, parameters: Mapping[str, Any]) -> Any:
    """The notebook as papermill executes it. Raises CannotRun."""
    if run.tool != "papermill":
        notebook.metadata["papermill"] = {}
        for cell in notebook.cells:
            cell.metadata["papermill"] = {}
        return notebook
    notebook = load_notebook_node(from_dict(notebook))  # type: ignore[no-untyped-call] # one of format 3 was another class
    if parameters:
        language = run.language or command.language or "python"
        _warn_of_unknown(notebook, parameters, command.name, language)
        try:
            notebook = parameterize_notebook(
                notebook,
                dict(parameters),
                run.report_mode,
                kernel_name=command.name,
                language=language,
                engine_name=NAME,
            )
        except PapermillException as error:
            raise CannotRun(f"The parameters cannot be put into the notebook: {cut(str(error))}") from error
    notebook = prepare_notebook_metadata(notebook, run.notebook, run.executed, run.report_mode)
    return remove_error_markers(notebook)


def marks_of(notebook: Any) -> Marks:
    """What an earlier run by papermill left in a notebook."""
    return [part.metadata.get("papermill") for part in (notebook, *notebook.cells)]


def restore(notebook: Any, marks: Marks) -> None:
    """Leave no trace of papermill in a notebook that another tool is to have executed."""
    for part, mark in zip((notebook, *notebook.cells), marks, strict=True):
        part.metadata.pop("papermill", None)
        if mark is not None:
            part.metadata["papermill"] = mark


def mask(notebook: Any) -> None:
    """Take the values of parameters that are secrets by their names out of a notebook whose cells have run."""
    facts = notebook.metadata.get("papermill")
    if isinstance(facts, dict) and isinstance(facts.get("parameters"), dict):
        facts["parameters"] = masked(facts["parameters"])
    for cell in notebook.cells:
        if INJECTED in cell.metadata.get("tags", []):
            cell.source = ASSIGNED.sub(lambda found: found[1] + found[2] + _hidden(found), cell.source)


def _hidden(found: re.Match[str]) -> str:
    return '"***"' if masked({found[1]: ""})[found[1]] else found[3]


def skipped_cells(notebook: Any, run: NotebookRun) -> dict[int, Any]:
    """Outputs and counts that stay: nbclient leaves a skipped cell as it is, and papermill clears it."""
    if run.tool == "papermill":
        return {}
    return {
        index: (cell.outputs, cell.execution_count)
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and SKIPPED in cell.metadata.get("tags", [])
    }


def mark_failure(notebook: Any) -> None:
    """Put papermill's words on a failure before the cell that failed and at the top."""
    try:
        raise_for_execution_errors(notebook, None)
    except PapermillExecutionError:
        return


def _warn_of_unknown(notebook: Any, parameters: Mapping[str, Any], kernel: str, language: str) -> None:
    """Say which parameters the notebook does not have, where it declares any: they may be misspelt."""
    if not any("parameters" in cell.metadata.get("tags", []) for cell in notebook.cells):
        return
    try:
        spec = {"name": kernel, "display_name": kernel, "language": language}
        metadata = {**notebook.metadata, "kernelspec": spec, "language_info": {"name": language}}
        copy = from_dict({**notebook, "metadata": metadata})  # type: ignore[no-untyped-call]
        known = inspect_notebook(copy)
    except Exception:  # a help, no more; papermill reads declarations with regular expressions
        return
    for name in parameters:
        if known and name not in known:
            log(f"The notebook declares no parameter `{cut(str(name), 60)}`.")
