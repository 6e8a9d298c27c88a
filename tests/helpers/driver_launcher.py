"""A stand-in for the launcher: it has the driver preloaded, and forks one process for each order on its input."""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_pipeline.notebooks import driver
from jupyter_pipeline.notebooks.commands import from_json
from jupyter_pipeline.notebooks.driver.order import DriverLimits, DriverOrder


class FileChannel:
    """Events to a file of lines, artefacts beside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def tell(self, event: Mapping[str, Any]) -> None:
        with (self._folder / "events").open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")

    def keep(self, name: str, content: bytes) -> None:
        part = self._folder / f"{name}.part"
        part.write_bytes(content)
        part.replace(self._folder / name)


def _drive(order: dict[str, Any]) -> int:
    folder = Path(order["folder"])
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.close(log)
    given = order["order"] | {"run": from_json(order["order"]["run"]), "kernel_folders": ()}
    given["kernel_folders"] = tuple(order["order"]["kernel_folders"])
    return driver.drive(DriverOrder(**given), FileChannel(folder), DriverLimits(**order["limits"]))


def _fork(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        status = _drive(order)
    finally:
        os._exit(status)


def main() -> None:
    """Read orders, write `pid` when one is begun and `pid status seconds cpu` when it has ended."""
    driver.preload()
    assert threading.active_count() == 1
    assert len(os.listdir("/proc/self/task")) == 1
    gc.freeze()
    bell, ring = os.pipe()
    os.set_blocking(ring, False)
    signal.set_wakeup_fd(ring)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    started: dict[int, float] = {}
    unread = b""
    os.write(1, b"ready\n")
    while True:
        ready = select.select([0, bell], [], [])[0]
        if bell in ready:
            os.read(bell, 100)
            while started:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
                if not pid:
                    break
                elapsed = time.monotonic() - started.pop(pid)
                cpu = usage.ru_utime + usage.ru_stime
                os.write(1, f"{pid} {os.waitstatus_to_exitcode(status)} {elapsed} {cpu}\n".encode())
        if 0 in ready:
            data = os.read(0, 1 << 20)
            if not data:
                sys.exit()
            *lines, unread = (unread + data).split(b"\n")
            for line in lines:
                begun = time.monotonic()
                pid = _fork(json.loads(line))
                started[pid] = begun
                os.write(1, f"{pid}\n".encode())


if __name__ == "__main__":
    main()
