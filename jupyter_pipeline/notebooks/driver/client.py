"""Executing cells: nbclient's client over our own connection to the kernel.

What nbclient knows of outputs, widgets and metadata is used as it is. Waiting is done here: one poll over all sockets,
the kernel's process and SIGTERM, so that nothing is waited for in vain.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

from jupyter_client.client import KernelClient
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode
from nbformat.v4 import output_from_msg

from .channels import Message, Wire, moment
from .faults import CellTimedOut, KernelSilent
from .messages import (
    COMMS,
    OUTPUTS,
    RICH,
    tidy,
    without_large_parts,
)
from .order import DriverLimits
from .outputs import Budget, CellOutputs
from .progress import log
from .reading import SKIPPED

QUIET = 0.2
"""Seconds of silence after a cell's reply, upon which the kernel is asked whether more is to come."""
TIMED = {"execute_input": "iopub.execute_input", "busy": "iopub.status.busy", "idle": "iopub.status.idle"}
_log = logging.getLogger("jupyter_pipeline.notebooks.driver")


class CellClient(NotebookClient):
    """Executes the cells of one notebook, one at a time, with their outputs put into it as they come."""

    def __init__(self, nb: NotebookNode, wire: Wire, limits: DriverLimits, tick: Callable[[], float | None]) -> None:
        super().__init__(nb, log=_log, record_timing=False)
        self.kc = cast(KernelClient, _ForWidgets(wire))
        self._wire, self._limits, self._tick = wire, limits, tick
        self._budget = Budget(limits.notebook)
        self._cells: dict[str, int] = {}
        """Which cell a request was for."""
        self._outputs: dict[int, CellOutputs] = {}
        self._displays: dict[str, list[NotebookNode]] = {}
        self.has_news = False
        """Whether there are outputs since this was last set to False."""
        self.odd = 0
        """Messages that made no sense."""

    def is_executed(self, cell: NotebookNode) -> bool:
        """Whether there is anything to execute (nbclient: NotebookClient.async_execute_cell)."""
        return cell.cell_type == "code" and bool(cell.source.strip()) and SKIPPED not in cell.metadata.get("tags", [])

    def run_cell(self, index: int, timeout: float | None, stop_on_error: bool) -> Mapping[str, Any]:
        """Execute a cell; gives the content of the kernel's reply. Raises CellTimedOut and what Wire does."""
        cell = self.nb.cells[index]
        cell.metadata["execution"] = {}
        content = {
            "code": cell.source,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": stop_on_error,
        }
        request = self._wire.request("shell", "execute_request", content)
        self._cells[request] = index
        self._outputs[index] = CellOutputs(cell.outputs, self._budget, self._limits)
        try:
            return _Execution(self, request, index, timeout).run()
        finally:
            self.settle()

    def settle(self) -> None:
        """Bring the notebook up to date with all that came."""
        for outputs in self._outputs.values():
            outputs.settle()

    def finish(self) -> None:
        """Complete the notebook: all outputs, and the state of its widgets where that is of a reasonable size."""
        self.settle()
        lost = self._wire.unreadable + self.odd
        if lost:
            log(f"{lost} messages of the kernel could not be understood and were left out.")
        try:
            self.set_widgets_metadata()
            size = len(json.dumps(self.nb.metadata.get("widgets")))
        except Exception as error:  # widgets of an untrusted kernel
            size = -1
            _log.debug("The widgets make no sense: %r", error)
        if not 0 <= size <= self._limits.rich:
            self.nb.metadata.pop("widgets", None)
            log("The state of the notebook's widgets was left out.")

    def receive(self, seconds: float | None) -> list[tuple[str, Message]]:
        """Take in what the kernel sends; gives the messages, after they were dealt with."""
        due = self._tick()
        wait = due if seconds is None else seconds if due is None else min(seconds, due)
        taken = []
        for channel, message in self._wire.receive(wait):
            taken.append((channel, message))
            if channel == "iopub":
                self._deal_with(message)
        return taken

    # -- messages ----------------------------------------------------------------------------------

    def _deal_with(self, message: Message) -> None:
        kind = message["msg_type"]
        index = self._cells.get(_id_of(message["parent_header"]))
        if kind in COMMS or (index is not None and kind in OUTPUTS):
            try:
                message["content"] = tidy(kind, message["content"])
                self.has_news = True
                self.process_message(message, self.nb.cells[index or 0], index or 0)
            except CellExecutionComplete:
                pass
            except Exception as error:  # a kernel may send anything, and none of it may end the run
                self.odd += 1
                _log.debug("A message of the kernel makes no sense: %r", error)
        elif index is not None:
            self._note(kind, message, self.nb.cells[index])

    def _note(self, kind: str, message: Message, cell: NotebookNode) -> None:
        """Note the count and the times that a cell's own messages tell."""
        count = message["content"].get("execution_count")
        if isinstance(count, int) and not isinstance(count, bool):
            cell.execution_count = count
        state = message["content"].get("execution_state") if kind == "status" else kind
        if isinstance(state, str) and state in TIMED:
            cell.metadata["execution"][TIMED[state]] = timestamp(message["header"])

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Put an output into its cell, or into the widget that takes the outputs of this cell."""
        hooks = self.output_hook_stack.get(msg["parent_header"].get("msg_id", ""))
        outputs = self._outputs[cell_index]
        content, size = msg["content"], msg["size"]
        if hooks:
            if size <= self._budget.left:
                self._budget.left -= size
                hooks[-1].output(outs, msg, display_id, cell_index)
            return None
        kind = msg["msg_type"]
        if kind == "stream":
            outputs.stream(content["name"], content["text"])
            return None
        if kind in RICH and size > self._limits.rich:
            msg["content"] = without_large_parts(content)
            size = len(str(msg["content"]["data"]))
        node: NotebookNode = output_from_msg(msg)  # type: ignore[no-untyped-call]
        if kind == "error":
            outputs.error(node)
        elif outputs.rich(node, size) and display_id:
            self._displays.setdefault(display_id, []).append(node)
        return node

    def clear_output(self, outs: list[NotebookNode], msg: dict[str, Any], cell_index: int) -> None:
        """Clear a cell's outputs, or those of the widget that takes them."""
        hooks = self.output_hook_stack.get(msg["parent_header"].get("msg_id", ""))
        if hooks:
            hooks[-1].clear_output(outs, msg, cell_index)
        else:
            self._outputs[cell_index].clear(msg["content"]["wait"])

    def _update_display_id(self, display_id: str, msg: dict[str, Any]) -> None:
        """Show new content in all places where this display is."""
        nodes = self._displays.get(display_id)
        if not nodes:
            return
        content = msg["content"] if msg["size"] <= self._limits.rich else without_large_parts(msg["content"])
        for node in nodes:
            node.data = NotebookNode(content["data"])  # type: ignore[no-untyped-call]
            node.metadata = NotebookNode(content["metadata"])  # type: ignore[no-untyped-call]
        for outputs in self._outputs.values():
            outputs.changed = True


class _Execution:
    """The waiting for one cell: for its reply, and for the word that all of its outputs have come."""

    def __init__(self, client: CellClient, request: str, index: int, timeout: float | None) -> None:
        self._client, self._request, self._index = client, request, index
        self._timeout = timeout
        self._until = None if timeout is None else time.monotonic() + timeout
        self._is_idle = self._is_late = False
        self._reply: Mapping[str, Any] | None = None
        self._probe = ""
        self._silence = client._limits.silence
        self._heard = time.monotonic()

    def run(self) -> Mapping[str, Any]:
        """Wait for the end of the cell."""
        while self._reply is None:
            self._take(self._patience())
            self._hold_to_limit()
            if self._is_idle and time.monotonic() - self._heard > self._silence:
                raise KernelSilent  # an old kernel does not reply when it cannot write its answer down
        while not self._is_idle:
            self._take(QUIET)
            silence = time.monotonic() - self._heard
            if silence >= QUIET and not self._probe:
                # The word may have been lost in a flood, or be on its way; that of another request comes after it.
                self._probe = self._client._wire.request("shell", "kernel_info_request", {})
            elif silence > self._silence:
                raise KernelSilent
        if self._is_late:
            raise CellTimedOut
        return self._reply

    def _patience(self) -> float | None:
        waits = [] if self._until is None else [self._until - time.monotonic()]
        if self._is_idle:
            waits.append(self._silence)
        return max(0.0, min(waits)) if waits else None

    def _hold_to_limit(self) -> None:
        if self._reply is not None or self._until is None or time.monotonic() < self._until:
            return
        if self._is_late:
            raise CellTimedOut
        self._is_late = True
        self._until = time.monotonic() + self._client._limits.interrupt
        kernel = self._client._wire.kernel
        if kernel.command.interrupts_by_message:
            self._client._wire.request("control", "interrupt_request", {})
        else:
            kernel.interrupt()

    def _take(self, seconds: float | None) -> None:
        """Take in what comes."""
        for channel, message in self._client.receive(seconds):
            self._heard = time.monotonic()
            parent = _id_of(message["parent_header"])
            if channel == "iopub":
                is_idle = message["msg_type"] == "status" and message["content"].get("execution_state") == "idle"
                self._is_idle = self._is_idle or (is_idle and parent in (self._request, self._probe or None))
            elif parent == self._request and message["msg_type"] == "execute_reply":
                self._reply = message["content"]
                cell = self._client.nb.cells[self._index]
                cell.metadata["execution"]["shell.execute_reply"] = timestamp(message["header"])
                self._client._note("", message, cell)


class _ForWidgets:
    """As much of a KernelClient as nbclient's widgets need to answer their kernel."""

    def __init__(self, wire: Wire) -> None:
        self.session, self.shell_channel = wire.session, wire


def timestamp(header: Mapping[str, Any]) -> str:
    """When a message was sent, as nbclient writes it into a cell's metadata."""
    return moment(header).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _id_of(header: Mapping[str, Any]) -> str:
    found = header.get("msg_id")
    return found if isinstance(found, str) else ""
