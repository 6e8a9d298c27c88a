"""The server under load: a long history, a long log, many readers and sockets while a run goes on.

``python -m tests.benchmarks.server`` prints a table. The server is a real ``jupyter server`` in a process of its own;
inside it a probe notes how long its event loop was ever held up.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

from jupyter_pipeline.config import JOBS
from jupyter_pipeline.models import JobRequest, Level, OutputFile
from jupyter_pipeline.project.facade import LocalProject
from jupyter_pipeline.store import ids
from jupyter_pipeline.store.database import Store, now

from . import graphs, timing
from .timing import say

TOKEN = "benchmark-benchmark"
PROBE = """
import asyncio, json, time
from pathlib import Path

longest, run = 0.0, asyncio.Handle._run

def timed(handle):
    global longest
    begun = time.perf_counter()
    run(handle)
    longest = max(longest, time.perf_counter() - begun)

asyncio.Handle._run = timed

def _jupyter_server_extension_points():
    return [{"module": "loop_probe"}]

def _load_jupyter_server_extension(app):
    async def watch():
        global longest
        place, worst = Path("loop.json"), 0.0
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0.005)
            late = time.perf_counter() - begun - 0.005
            if Path("reset").exists():
                worst = longest = 0.0
                Path("reset").unlink()
            worst = max(worst, late)
            Path("loop.part").write_text(json.dumps([longest, worst]))
            Path("loop.part").replace(place)
    asyncio.get_event_loop().create_task(watch())
"""
LOG = 1 << 30
"""Bytes of the long log."""


class Server:
    """A running server, asked by an asynchronous client."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.folder, self.process = folder, psutil.Process(process.pid)
        self._base = f"http://127.0.0.1:{port}/jupyter_pipeline/v1/"
        self._bell = f"ws://127.0.0.1:{port}/api/events/subscribe?token={TOKEN}"
        self._client = AsyncHTTPClient(force_instance=True, max_clients=500)

    async def get(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """What a route answers; fails unless it is a success."""
        sent = None if method == "GET" else json.dumps(body or {})
        headers = {"Authorization": f"token {TOKEN}"}
        request = HTTPRequest(f"{self._base}{path}", method, headers, sent, request_timeout=90)
        answer = await self._client.fetch(request)
        return json.loads(answer.body) if answer.headers["Content-Type"] == "application/json" else answer

    async def socket(self) -> Any:
        """A subscriber of events."""
        return await websocket_connect(self._bell)

    def memory(self) -> int:
        """Bytes that the server and its workers hold."""
        return sum(one.memory_info().rss for one in (self.process, *self.process.children()))

    def held_up(self) -> str:
        """The longest single step of the event loop since `forget`, and the longest wait for a turn, both in ms."""
        longest, wait = json.loads((self.folder / "loop.json").read_text())
        return f"longest step {longest * 1000:.0f} ms, longest wait {wait * 1000:.0f} ms"

    async def forget(self) -> None:
        """Begin to measure the event loop anew."""
        (self.folder / "reset").touch()
        while (self.folder / "reset").exists():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(folder: Path, root: Path) -> AsyncIterator[Server]:
    """A server over the projects below `root`, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "loop_probe.py").write_text(PROBE)
    (folder / "loop.json").write_text("[0, 0]")
    extensions = {"jupyter_pipeline": True, "loop_probe": True}
    words = [f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={TOKEN}", f"--ServerApp.port={port}"]
    words += [
        "--ServerApp.port_retries=0",
        "--no-browser",
        "--allow-root",
        f"--ServerApp.jpserver_extensions={extensions}",
    ]
    places = {f"JUPYTER_{kind}_DIR": str(folder / kind) for kind in ("CONFIG", "RUNTIME", "DATA")}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", *words],
            env=os.environ | places | {"PYTHONPATH": str(folder), "JUPYTER_PIPELINE_EXECUTOR": "sandbox"},
            cwd=folder,
            stdout=log,
            stderr=log,
        )
        server = Server(folder, port, process)
        try:
            for _ in range(200):
                try:
                    await server.get("version")
                    break
                except OSError:
                    await asyncio.sleep(0.1)
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def make_history(root: Path, requests: int, jobs: int) -> None:
    """A project with many succeeded jobs, each with an output."""
    graphs.write(timing.empty(root), graphs.SHAPES["layered"](jobs), "ours")
    config = LocalProject.find(root).config
    names = list(LocalProject.find(root).pipeline().actions)
    store = Store.open(config.folder)
    for _ in range(requests):
        with store.transaction():
            request = JobRequest(ids.new(), config.workspace, config.backend, ("run_all",), "somebody", now())
            rows = [_row(request.id, name) for name in names]
            store.submit(request, rows, [(name, "run", "It has not run before.", None) for name in names])
            for job in store.jobs(request.id):
                moment = now()
                done = {"state": "succeeded", "code": "succeeded", "message": "Succeeded.", "elapsed": 1.0}
                job = store.update(job, **done, started_at=moment, completed_at=moment, exit_code=0)  # noqa: PLW2901
                path = f"output/{job.action}.csv"
                file = OutputFile(path, job.action, job.id, request.id, Level.MODERATELY, 10, 1, "0" * 64)
                store.record_outputs(job, [file], "0", ())
    store.close()


def _row(request: str, action: str) -> dict[str, Any]:
    task: dict[str, Any] = {"outputs": [], "notebook": None, "note": ""}
    return {
        "id": ids.new(),
        "request_id": request,
        "action": action,
        "state": "pending",
        "code": "created",
        "message": "",
        "run_command": f"sh:v1 sh -c 'echo {action}'",
        "reason": "It has not run before.",
        "task": json.dumps(task),
        "fingerprint": "{}",
        "wait_for": "[]",
        "runtime": "sh:v1",
    }


async def quickest(times: int, ask: Callable[[], Awaitable[Any]]) -> float:
    """Milliseconds of the median of some askings, the first left out."""
    await ask()
    spans = []
    for _ in range(times):
        begun = time.perf_counter()
        await ask()
        spans.append((time.perf_counter() - begun) * 1000)
    return statistics.median(spans)


async def measure_history(server: Server, project: str) -> None:
    """Lists of a long history."""
    say("\n| 10,000 jobs in 10 requests | ms | event loop |\n|---|---|---|")
    for name, path in (
        ("the first page of jobs (100)", "jobs"),
        ("a page of 1000 jobs", "jobs?limit=1000"),
        ("jobs of one action that failed", "jobs?state=failed"),
        ("the last page of jobs", "jobs?before=100"),
        ("ten requests with all their jobs", "requests?limit=10"),
        ("one request of 1000 jobs", "requests/5"),
        ("1000 outputs", "outputs"),
        ("the newest 1000 events", "events?after=39000"),
        ("pipeline and graph of 1000 actions", "pipeline"),
        ("status of 1000 actions", "status"),
    ):
        await server.forget()
        took = await quickest(5, lambda path=path: server.get(f"projects/{project}/{path}"))  # type: ignore[misc]
        say(f"| {name} | {took:.0f} | {server.held_up()} |")

    async def all_jobs() -> None:
        before = ""
        while True:
            found = await server.get(f"projects/{project}/jobs?limit=1000{before}")
            if found["next"] is None:
                return
            before = f"&before={found['next']}"

    say(f"| all 10,000 jobs, page by page | {await quickest(3, all_jobs):.0f} | |")


async def measure_log(server: Server, root: Path) -> None:
    """A long log, read from its beginning to its end."""
    project = await named(server, root)
    config = LocalProject.find(root).config
    job = (await server.get(f"projects/{project}/jobs?limit=1"))["jobs"][0]["id"]
    folder = config.folder / JOBS / job
    folder.mkdir(parents=True, exist_ok=True)
    line = b"a line of a log, as long as they are\n" * 28339
    with (folder / "log").open("wb") as log:
        while log.tell() < LOG:
            log.write(line)
    size = (folder / "log").stat().st_size
    await server.get(f"projects/{project}/synthetic", "PUT", {"shown": True})
    await server.forget()
    before, at, most, begun = server.memory(), 0, 0, time.perf_counter()
    while at < size:
        answer = await server.get(f"projects/{project}/jobs/{job}/log?start={at}&limit=1048576")
        at = int(answer.headers["Log-After"])
        most = max(most, server.memory())
    seconds = time.perf_counter() - begun
    speed, grown = size / 1024**2 / seconds, (most - before) / 1024**2
    say(
        f"\nA log of {size / 1024**3:.1f} GB by ranges of 1 MB: {seconds:.1f} s, {speed:.0f} MB/s, the server's memory "
        f"and that of its workers grew by {grown:.0f} MB; event loop: {server.held_up()}"
    )
    (folder / "log").unlink()


async def named(server: Server, root: Path) -> str:
    """The identifier of a project below the server's folder."""
    return str((await server.get(f"projects?path={root.name}"))["projects"][0]["id"])


async def measure_crowd(server: Server, root: Path, readers: int, sockets: int, actions: int) -> None:
    """Many who read, and many who listen, while a run goes on."""
    graphs.write(timing.empty(root), graphs.SHAPES["layered"](actions), "ours")
    project = await named(server, root)
    bells = [await server.socket() for _ in range(sockets)]
    rung = [0] * sockets
    ended = asyncio.Event()
    spans: list[float] = []

    async def listen(number: int) -> None:
        while await bells[number].read_message() is not None:
            rung[number] += 1

    async def read(number: int) -> None:
        await asyncio.sleep(number / readers)
        paths = ("jobs", "requests", "outputs", "events?after=0&limit=100", "status", "pipeline", "")
        while not ended.is_set():
            begun = time.perf_counter()
            await server.get(f"projects/{project}/{paths[number % len(paths)]}".rstrip("/"))
            spans.append(time.perf_counter() - begun)
            await asyncio.sleep(1.0)

    listening = [asyncio.create_task(listen(number)) for number in range(sockets)]
    await server.forget()
    begun = time.perf_counter()
    request = await server.get(f"projects/{project}/requests", "POST", {"actions": ["run_all"]})
    reading = [asyncio.create_task(read(number)) for number in range(readers)]
    after, count = 0, 0
    while True:
        found = await server.get(f"projects/{project}/events?after={after}&wait=30")
        after, count = found["revision"], count + len(found["events"])
        now_ = await server.get(f"projects/{project}/requests/{request['id']}")
        if now_["status"] not in ("pending", "running"):
            break
    seconds = time.perf_counter() - begun
    ended.set()
    await asyncio.gather(*reading)
    await asyncio.sleep(1)
    for bell in bells:
        bell.close()
    await asyncio.gather(*listening)
    spans.sort()
    half, most = spans[len(spans) // 2] * 1000, spans[int(len(spans) * 0.99)] * 1000
    say(
        f"\n{readers} readers (each asks once a second) and {sockets} sockets while {actions} actions run: run "
        f"{now_['status']} in {seconds:.1f} s, {len(spans)} answers, median {half:.0f} ms, 99 of 100 within {most:.0f} "
        f"ms; {count} events, {min(rung)}-{max(rung)} rung at each socket; event loop: {server.held_up()}"
    )


async def measure(folder: Path, given: argparse.Namespace) -> None:
    """Everything."""
    root = folder / "root"
    make_history(root / "history", 10, 1000)
    begun = time.perf_counter()
    async with serving(folder, root) as server:
        say(f"\nFrom starting the server to its first answer: {time.perf_counter() - begun:.1f} s")
        await measure_history(server, await named(server, root / "history"))
        await measure_log(server, root / "history")
        await measure_crowd(server, root / "crowd", given.readers, given.sockets, given.actions)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--sockets", type=int, default=20)
    parser.add_argument("--actions", type=int, default=200)
    given = parser.parse_args()
    say(timing.machine())
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), given))


if __name__ == "__main__":
    main()
