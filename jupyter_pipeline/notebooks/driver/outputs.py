"""The outputs of one cell as they come: bounded, quick to add to, and put into the notebook when that is wanted.

Of a flood the beginning and the end are kept. Neighbouring pieces of one stream become one output, as people see them
in Jupyter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from nbformat import NotebookNode

from .messages import megabytes
from .order import DriverLimits

PIECE = 4096
"""Pieces of text are joined up to this size, so that a flood of single characters is a few pieces."""
PIECES = 20_000
LEAST = 10_000
"""Characters that a cell may print when the notebook as a whole is full."""
OVERHEAD = 200
"""Characters that an output takes beside its content."""


@dataclass(slots=True)
class Budget:
    """How much may still be kept, of all cells together."""

    left: int


class CellOutputs:
    """The outputs of one cell. ``nodes`` is the cell's own list; it is up to date after ``settle``."""

    def __init__(self, nodes: list[NotebookNode], budget: Budget, limits: DriverLimits) -> None:
        self.nodes, self._budget, self._limits = nodes, budget, limits
        nodes.clear()
        self.clears_next = False
        self.changed = False
        self._begin()

    def _begin(self) -> None:
        self._half = max(LEAST, min(self._limits.stream, self._budget.left)) // 2
        self._most = max(2, self._limits.outputs // 2)
        self._head: list[NotebookNode] = []
        self._texts: list[str] = []
        """What belongs to the last output of the head and is not in it yet."""
        self._printed = 0
        self._tail: deque[tuple[str, str] | NotebookNode] = deque()
        self._tail_size = self._tail_taken = 0
        self._count = self._lost = 0
        self._lost_outputs = 0
        self._taken = 0

    # -- adding ------------------------------------------------------------------------------------

    def stream(self, name: str, text: str) -> None:
        """Add printed text."""
        self._make_room()
        if not self._tail and not self._lost:
            room = self._half - self._printed
            if len(text) <= room and self._open(name):
                self._texts.append(text)
                self._printed += len(text)
                return
            if room > 0 and self._open(name):
                self._texts.append(text[:room])
                self._printed += room
                text = text[room:]
        self._add_to_tail(name, text)

    def rich(self, output: NotebookNode, size: int) -> bool:
        """Add an output that was displayed; False if there is no more room for any."""
        self._make_room()
        size += OVERHEAD
        if self._count >= self._limits.outputs or size > self._budget.left:
            self._lost_outputs += 1
            return False
        self._count += 1
        self._take(size)
        self._append(output)
        return True

    def error(self, output: NotebookNode) -> None:
        """Add an error, for which there is always room."""
        self._make_room()
        self._append(output)

    def clear(self, wait: bool) -> None:
        """Remove all outputs, at once or when the next one comes."""
        self.clears_next = wait
        if not wait:
            self._budget.left += self._taken
            self._begin()
            self.changed = True

    def _make_room(self) -> None:
        self.changed = True
        if self.clears_next:
            self.clear(wait=False)

    def _append(self, output: NotebookNode) -> None:
        if self._tail:
            self._tail.append(output)
        else:
            self._close()
            self._head.append(output)

    def _open(self, name: str) -> bool:
        """Whether text can go to the head, whose last output is then one of this stream."""
        last = self._head[-1] if self._head else None
        if last is not None and last.output_type == "stream" and last.name == name:
            return True
        if len(self._head) >= self._most:
            return False
        self._close()
        self._take(OVERHEAD)
        self._head.append(_stream(name, ""))
        return True

    def _close(self) -> None:
        if self._texts:
            self._head[-1].text += "".join(self._texts)
            self._take(sum(map(len, self._texts)))
            self._texts = []

    def _add_to_tail(self, name: str, text: str) -> None:
        if len(text) > self._half:
            self._lost += len(text) - self._half
            text = text[-self._half :]
        if not text:
            return
        last = self._tail[-1] if self._tail else None
        if isinstance(last, tuple) and last[0] == name and len(last[1]) < PIECE:
            self._tail[-1] = (name, last[1] + text)
        else:
            self._tail.append((name, text))
        self._tail_size += len(text)
        while self._tail_size > self._half or len(self._tail) > PIECES:
            self._drop_one()

    def _drop_one(self) -> None:
        """Lose the oldest piece of the tail, or as much of it as is too much; what was displayed is not lost."""
        item = self._tail.popleft()
        if not isinstance(item, tuple):
            self._close()
            self._head.append(item)
            return
        name, text = item
        excess = min(self._tail_size - self._half, len(text)) if len(self._tail) < PIECES else len(text)
        self._tail_size -= excess
        self._lost += excess
        if excess < len(text):
            self._tail.appendleft((name, text[excess:]))

    def _take(self, size: int) -> None:
        self._budget.left -= size
        self._taken += size

    # -- giving ------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Bring the cell's list up to date."""
        if not self.changed:
            return
        self.changed = False
        self._close()
        self._take(self._tail_size - self._tail_taken)
        self._tail_taken = self._tail_size
        self.nodes[:] = self._head
        if self._lost:
            self.nodes.append(_stream("stdout", f"\n[... {megabytes(self._lost)} of output left out ...]\n"))
        self.nodes += _merged(self._tail)
        if self._lost_outputs:
            self.nodes.append(_stream("stdout", f"\n[... {self._lost_outputs} more outputs left out ...]\n"))


def _merged(items: Iterable[tuple[str, str] | NotebookNode]) -> Iterator[NotebookNode]:
    """Outputs of pieces of text, each with its stream's name, and of other outputs between them."""
    for name, group in groupby(items, key=lambda item: item[0] if isinstance(item, tuple) else ""):
        pieces = list(group)
        if name:
            yield _stream(name, "".join(item[1] for item in pieces if isinstance(item, tuple)))
        else:
            yield from (item for item in pieces if not isinstance(item, tuple))


def _stream(name: str, text: str) -> NotebookNode:
    return NotebookNode(output_type="stream", name=name, text=text)  # type: ignore[no-untyped-call]
