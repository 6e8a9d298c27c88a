"""What widgets cost the kernel that they live in.

``python -m tests.benchmarks.widgets --actions 1000`` has a real kernel make a view of so many actions, a look
at which nothing has happened, a change of one action's state from the event to what is sent, and the whole documents.
Also the sizes of the module and of what is sent.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jupyter_client.manager import start_new_kernel

from jupyter_pipeline.client import Response
from jupyter_pipeline.client.local import LocalSource
from jupyter_pipeline.models.documents import EventDocument, read
from jupyter_pipeline.widgets import PipelineView, module, watching
from tests.helpers.places import REPOSITORY

from . import graphs, timing

TURNS = 50


class Told:
    """This machine's store, with events that this program makes up."""

    def __init__(self, folder: Path) -> None:
        self._source = LocalSource(folder)
        self.root = self._source.root
        self.place = self._source.place
        self.events: list[Mapping[str, Any]] = []

    def ask(self, operation: str, body: Any = None, **parameters: Any) -> Response:
        """As the source; but for the events that are to be told."""
        answer = self._source.ask(operation, body, **parameters)
        if operation != "events" or not self.events:
            return answer
        told = {"events": self.events, "revision": answer.json()["revision"]}
        self.events = []
        return Response(json.dumps(told).encode(), answer.type, answer.headers)


def timed(work: Callable[[], object], times: int = TURNS) -> tuple[float, float]:
    """Median and worst of the milliseconds of the process's own time that something takes."""
    taken = []
    for _ in range(times):
        begun = time.process_time()
        work()
        taken.append((time.process_time() - begun) * 1000)
    return statistics.median(taken), max(taken)


def event(action: str, number: int) -> Mapping[str, Any]:
    """A job of an action has begun."""
    at = f"2026-01-01T00:00:{number % 60:02}Z"
    told = {"kind": "job", "request": "r", "job": f"job{number}", "action": action, "state": "running"}
    return {**told, "code": "executing", "message": "Its command is running.", "at": at, "revision": number}


def measure(size: int, shape: str, folder: Path) -> None:
    """Print what one pipeline costs."""
    graphs.write(timing.empty(folder), graphs.SHAPES[shape](size), "ours")
    source = Told(folder)
    begun = time.perf_counter()
    view = PipelineView(source)
    made = (time.perf_counter() - begun) * 1000
    watch = watching.watch_of(source)
    watch.end(10)
    while watch.turn():
        pass
    numbers = iter(range(1_000_000))

    def change() -> None:
        number = next(numbers)
        source.events = [event(f"a{number * 7 % size:05}", number)]
        view.happened([read(EventDocument, each) for each in source.ask("events", after=0).json()["events"]])

    def whole() -> None:
        view._changes, watch._asked, view.status = {}, {}, None
        watch.turn()

    timing.say(f"| {shape} | {size} | view made (first, with reading the pipeline) | {made:.1f} | |")
    for name, work in (
        ("a look, nothing happened", watch.turn),
        ("a change, from its event to what is sent", change),
        ("the twin that is saved", view.twin),
        ("the whole status, asked for and shown", whole),
    ):
        median, worst = timed(work)
        timing.say(f"| {shape} | {size} | {name} | {median:.2f} | {worst:.2f} |")
    sizes = {"graph": view._graph, "rows": view._base, "changes": view._changes}
    timing.say(", ".join(f"{name} {len(json.dumps(value)) / 1000:.1f} kB" for name, value in sizes.items()) + "\n")
    view.close()


def measure_all(sizes: list[int], shapes: list[str]) -> None:
    """Print what pipelines of these sizes and shapes cost; to be called in a kernel."""
    with tempfile.TemporaryDirectory() as folder:
        for shape in shapes:
            for size in sizes:
                measure(size, shape, Path(folder) / f"{shape}{size}")


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--actions", type=int, nargs="+", default=[20, 1000])
    parser.add_argument("--shapes", nargs="+", choices=graphs.SHAPES, default=["layered"])
    given = parser.parse_args()
    timing.say(f"{timing.machine()}")
    timing.say(", ".join(f"{name} {len(module.text(name).encode())} bytes" for name in ("widget.js", "widget.css")))
    timing.say("\n| shape | actions | what | ms | worst |\n|---|---|---|---|---|")
    manager, client = start_new_kernel(cwd=str(REPOSITORY))
    try:
        code = f"from tests.benchmarks import widgets\nwidgets.measure_all({given.actions}, {given.shapes})"
        client.execute_interactive(code, allow_stdin=True, stdin_hook=lambda _: None, output_hook=_show)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _show(message: Mapping[str, Any]) -> None:
    if message["msg_type"] == "stream":
        sys.stdout.write(message["content"]["text"])
    elif message["msg_type"] == "error":
        sys.stdout.write("\n".join(message["content"]["traceback"]))


if __name__ == "__main__":
    main()
