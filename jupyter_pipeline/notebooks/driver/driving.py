"""The way of one notebook: read, run, written; and how each end of it is told."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import traceback
import warnings
from typing import TYPE_CHECKING, Any

from .faults import (
    CannotRun,
    KernelDied,
    NotebookFailed,
    Stopped,
    cut,
    how_it_ended,
    says_died,
)
from .kernel import Kernel
from .kernelspecs import choose, says_no_ipykernel
from .order import DONE, FAILED, NOT_RUN, STOPPED, Channel, DriverLimits, DriverOrder
from .preloading import silence
from .progress import ProgressTeller, log, shown
from .reading import NotebookDraft
from .started_kernel import ElsewhereKernel
from .stopping import StopSignal

if TYPE_CHECKING:
    from .channels import Wire
    from .client import CellClient

HAS_IPYKERNEL = "import importlib.util, sys; sys.exit(importlib.util.find_spec('ipykernel') is None)"
TERMINATED = -15
SECOND_WORD = 0.2
"""Seconds that SIGTERM may take to reach the driver when its kernel has got it."""


def drive(order: DriverOrder, channel: Channel, limits: DriverLimits) -> int:
    """Run a notebook and write its results; gives the exit code."""
    progress = ProgressTeller(channel, limits)
    with warnings.catch_warnings(), StopSignal() as stop:
        silence()
        try:
            _Driver(order, progress, limits, stop).run()
            code, message = DONE, ""
        except CannotRun as error:
            code, message = NOT_RUN, str(error)
        except NotebookFailed as error:
            code, message = FAILED, str(error)
        except Stopped:
            code, message = STOPPED, f"{progress.where} was stopped."
        except Exception as error:  # a job must not end without a word
            log(traceback.format_exc())
            code, message = FAILED, f"The notebook could not be run: {cut(repr(error))}"
        progress.end(message)
    return code


class _Driver:
    def __init__(self, order: DriverOrder, progress: ProgressTeller, limits: DriverLimits, stop: StopSignal) -> None:
        self._order, self._progress, self._limits, self._stop = order, progress, limits, stop
        self._client: CellClient

    def run(self) -> None:
        """Raises CannotRun, NotebookFailed and Stopped."""
        order = self._order
        draft = NotebookDraft(order.workspace, order.run.notebook)
        command = choose(order, draft.metadata)
        cwd = os.path.join(order.workspace, order.run.folder)
        kernel = (
            Kernel(command, {**order.environment, **order.run.environment}, cwd)
            if order.kernel is None
            else ElsewhereKernel(command, order.kernel)
        )
        try:
            self._run(draft, kernel)
        except Stopped:
            self._progress.keep()
            kernel.terminate(self._limits.stop)
            raise
        finally:
            kernel.close()

    def _run(self, draft: NotebookDraft, kernel: Kernel) -> None:
        """What is done while the kernel is there: it starts while the notebook is made ready."""
        from . import engine, writing
        from .channels import Wire
        from .client import CellClient

        run = self._order.run
        notebook = draft.notebook()
        marks = engine.marks_of(notebook)
        skipped = engine.skipped_cells(notebook, run)
        parameters = engine.parameters_of(run, self._order.workspace)
        notebook = engine.prepared(notebook, run, kernel.command, parameters)
        with contextlib.closing(Wire(kernel, self._stop)) as wire:
            client = CellClient(notebook, wire, self._limits, self._keep_in_time)
            self._client = client
            self._progress.begin(notebook, parameters)
            self._introduce(wire, notebook)
            failure = ""
            try:
                engine.execute(notebook, kernel.command, engine.Cells(client, self._progress, run, skipped))
            except KernelDied as death:
                failure = self._says_died(death)
            except NotebookFailed as error:
                failure = str(error)
            finally:
                self._finish(notebook, bool(failure))
                if run.tool != "papermill":
                    engine.restore(notebook, marks)
            if failure:
                self._progress.keep()
                raise NotebookFailed(failure)
            wire.request("control", "shutdown_request", {"restart": False})
            self._progress.keep()
            with self._stop.at_once():
                told = ", ".join(f"{name} = {value!r}" for name, value in shown(parameters).items())
                provenance = self._order.provenance | ({"Parameters": told} if told else {})
                writing.write_all(notebook, run, self._order.workspace, provenance, self._progress.exporting)
                kernel.wait(self._limits.shutdown)

    def _introduce(self, wire: Wire, notebook: Any) -> None:
        """Wait for the kernel; the notebook says afterwards what its language is. Raises CannotRun."""
        order, name = self._order, wire.kernel.command.name
        try:
            info = wire.wait_until_ready(order.run.startup_timeout)
        except TimeoutError:
            limit = f"{order.run.startup_timeout:g} seconds"
            raise CannotRun(f"The kernel `{name}` was not ready within {limit}, so no cell was run.") from None
        except KernelDied as death:
            if death.status == TERMINATED:
                self._await_stop()
            if _lacks_ipykernel(wire.kernel, order):
                raise CannotRun(says_no_ipykernel(order)) from None
            how = how_it_ended(death.status)
            raise CannotRun(f"The kernel `{name}` {how} before any cell was run. The log has its last words.") from None
        language = info.get("language_info")
        if isinstance(language, dict) and isinstance(language.get("name"), str):
            notebook.metadata["language_info"] = language

    def _finish(self, notebook: Any, has_failed: bool) -> None:
        """Complete a notebook that no more outputs will come for."""
        from . import engine

        self._client.finish()
        engine.mask(notebook)
        if has_failed and self._order.run.tool == "papermill":
            engine.mark_failure(notebook)

    def _says_died(self, death: KernelDied) -> str:
        if death.status == TERMINATED:
            self._await_stop()
        return says_died(self._progress.where, death.status)

    def _await_stop(self) -> None:
        """A job that is stopped gets SIGTERM in all of its processes; raises Stopped if it was that."""
        select.select([self._stop.bell], [], [], SECOND_WORD)
        self._stop.check()

    def _keep_in_time(self) -> float | None:
        """Keep the unfinished notebook when that is due; gives the seconds until it will be."""
        if not self._client.has_news:
            return None
        left = self._progress.wait_to_keep()
        if left:
            return left
        self._client.settle()
        self._client.has_news = False
        self._progress.keep()
        return None


def _lacks_ipykernel(kernel: Kernel, order: DriverOrder) -> bool:
    """Whether a kernel could not start since the runtime's Python has no ipykernel."""
    if order.kernel is not None or order.python is None or kernel.command.argv[0] != order.python:
        return False
    try:
        answer = subprocess.run(
            [order.python, "-c", HAS_IPYKERNEL],
            env=order.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return answer.returncode == 1
