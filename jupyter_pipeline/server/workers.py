"""The workers, as the event loop sees them: some processes, each with one request at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import pickle
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..api.exchange import Reply
from ..api.worker import (
    LENGTH,
    Crashed,
    Order,
    main,
)

_log = logging.getLogger(__name__)


class WorkerFailed(Exception):
    """A request could not be worked out, through a mistake of ours; the server's log has the rest."""


class Workers:
    """Works out answers in other processes. For the event loop's thread alone."""

    def __init__(self, folder: Path, settings: Mapping[str, Any], most: int) -> None:
        self._setup = (folder, dict(settings))
        self._most = most
        self._idle: list[asyncio.subprocess.Process] = []
        self._room = asyncio.Semaphore(most)
        self._waiting: dict[object, asyncio.Task[Reply]] = {}
        """Answers that nobody has begun to work out: whoever asks the same until then gets the same."""

    async def answer(self, order: Order, shared: bool) -> Reply:
        """The answer to a request. `shared` says that it is the same for all who ask the same at once.

        Raises WorkerFailed.
        """
        if not shared:
            return await self._answer(order, None)
        given = order.given
        key = (order.template, tuple(sorted(given.path.items())), given.query)
        if key not in self._waiting:
            self._waiting[key] = asyncio.get_running_loop().create_task(self._answer(order, key))
        return await asyncio.shield(self._waiting[key])

    async def warm(self) -> None:
        """Start them all, so that nobody waits for that, nor the event loop when it has more to do than now."""
        while len(self._idle) < self._most:
            self._idle.append(await self._start())

    async def stop(self) -> None:
        """Let the workers go."""
        for process in self._idle:
            _close(process)
        for process in self._idle:
            await process.wait()
        self._idle.clear()

    async def _answer(self, order: Order, key: object) -> Reply:
        async with self._room:
            self._waiting.pop(key, None)
            found = await self._found(order)
        if isinstance(found, Crashed):
            _log.error("A request could not be worked out:\n%s", found.trace)
            raise WorkerFailed("A request could not be worked out.")
        assert isinstance(found, Reply)
        return found

    async def _found(self, order: Order) -> Any:
        """What a worker says; asked again when it ends meanwhile, unless something may have been done already."""
        for left in reversed(range(2 if order.method == "get" else 1)):
            try:
                return await self._exchange(order)
            except (OSError, EOFError) as error:
                if not left:
                    raise WorkerFailed("A worker has ended.") from error
        return None

    async def _exchange(self, order: Order) -> Any:
        """What a worker says to an order. Raises OSError or EOFError when it ends meanwhile."""
        while self._idle and self._idle[-1].returncode is not None:
            self._idle.pop()
        process = self._idle.pop() if self._idle else await self._start()
        try:
            found = await _exchange(process, order)
        except BaseException:  # what it says next would be taken for another's answer
            _close(process)
            await process.wait()
            raise
        self._idle.append(process)
        return found

    async def _start(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-X", "utf8", "-c", f"from {main.__module__} import main; main()"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 20,
        )
        await _send(process, self._setup)
        return process


async def _exchange(process: asyncio.subprocess.Process, order: Order) -> Any:
    assert process.stdout is not None
    await _send(process, order)
    try:
        length = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))[0]
        return pickle.loads(await process.stdout.readexactly(length))
    except asyncio.IncompleteReadError as error:
        raise EOFError from error


async def _send(process: asyncio.subprocess.Process, content: object) -> None:
    assert process.stdin is not None
    data = pickle.dumps(content, pickle.HIGHEST_PROTOCOL)
    process.stdin.write(LENGTH.pack(len(data)) + data)
    await process.stdin.drain()


def _close(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    with contextlib.suppress(ProcessLookupError, OSError):
        process.stdin.close()
        process._transport.close()  # type: ignore[attr-defined]  # closes the pipes, and ends a process that still works
