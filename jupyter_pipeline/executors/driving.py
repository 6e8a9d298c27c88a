"""Starting the driver of a notebook: a fork of this process, which has the libraries loaded, inside the job's sandbox.

A notebook's command is replaced by ``notebook_driver``. Started anew for each job it would spend a second importing;
forked from the shim it begins at once. With the sandbox, bubblewrap starts a holder and the fork joins it
(``joining``); the holder ends with the driver's exit code, so that to the shim it looks like any other command.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..notebook_commands import from_json
from ..notebook_driver import DriverOrder, StartedKernel, drive
from . import CELLS, KEPT, joining


@dataclass(slots=True)
class Forked:
    """A forked driver, as far as the shim asks of a process."""

    pid: int
    returncode: int | None = None


def start(order: Mapping[str, Any], folder: Path, log: int) -> Forked | subprocess.Popen[bytes]:
    """Start the driver of a notebook task; its words go to the descriptor `log`. Raises OSError."""
    (folder / KEPT).mkdir(exist_ok=True)
    if order["layout"] != "overlay":
        return Forked(_fork(lambda: _be_driver(order, folder, log)))
    told, tell = os.pipe2(os.O_CLOEXEC)
    end, ending = socket.socketpair()  # unlike a pipe, nobody in the sandbox can open it through /proc
    try:
        holder = subprocess.Popen(
            [order["argv"][0], "--info-fd", str(tell), *order["argv"][1:]],
            stdin=ending.fileno(),
            stdout=subprocess.PIPE,
            stderr=log,
            env=order["environment"],
            cwd=order["cwd"],
            process_group=0,
            pass_fds=(tell,),
        )
    finally:
        os.close(tell)
        ending.close()
    with os.fdopen(told, "rb") as stream:
        information = stream.read()
    assert holder.stdout is not None
    if holder.stdout.read(1):  # else the sandbox could not be set up, and its words are in the log
        inside = json.loads(information)["child-pid"]
        _fork(lambda: _be_between(order, folder, log, inside, end.fileno()))
    end.close()
    holder.stdout.close()
    return holder


def _fork(run: Callable[[], int]) -> int:
    """The pid of a child that does this one thing and ends with the exit code it gives."""
    pid = os.fork()
    if pid:
        return pid
    from .watch import BROKEN_DRIVER

    code = BROKEN_DRIVER
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        code = run()
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(2, f"The notebook could not be started: {error!r}\n".encode())
    finally:
        os._exit(code)


def _be_between(order: Mapping[str, Any], folder: Path, log: int, inside: int, tell: int) -> int:
    """Join the sandbox, fork the driver, and tell the holder how it ended: a pid namespace is only for children."""
    os.dup2(log, 2)
    joining.die_with_parent()
    channel = _open_channel(folder)
    joining.close_all_but({0, 1, 2, log, tell, *channel, *_kernel_of(order)})
    joining.join(inside)
    os.chdir(order["notebook"]["workspace"])
    driver = _fork(lambda: _be_driver(order, folder, log, channel))
    code = os.waitstatus_to_exitcode(os.waitpid(driver, 0)[1])
    with contextlib.suppress(OSError):
        os.write(tell, f"{code if code >= 0 else 128 - code}\n".encode())
    return 0


def _be_driver(order: Mapping[str, Any], folder: Path, log: int, channel: tuple[int, int] | None = None) -> int:
    """Become the driver's process: nothing of ours left but the log and the channel."""
    joining.die_with_parent()
    is_alone = channel is not None
    channel = channel or _open_channel(folder)
    null = os.open(os.devnull, os.O_RDWR)
    for number, descriptor in ((0, null), (1, log), (2, log)):
        os.dup2(descriptor, number)
    joining.close_all_but({0, 1, 2, *channel, *_kernel_of(order)})
    if is_alone:
        os.setsid()
        joining.give_up_power()
    else:
        os.setpgid(0, 0)
        os.chdir(order["cwd"])
        joining.hide()
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    wanted = order["notebook"]
    kernel = StartedKernel(**wanted["kernel"]) if "kernel" in wanted else None
    driver_order = DriverOrder(**wanted | {"run": from_json(wanted["run"]), "kernel": kernel})
    return drive(driver_order, _Channel(*channel))


def _kernel_of(order: Mapping[str, Any]) -> list[int]:
    """The descriptor of a kernel that is somebody else's."""
    return [order["notebook"]["kernel"]["descriptor"]] if "kernel" in order["notebook"] else []


def _open_channel(folder: Path) -> tuple[int, int]:
    """Where the driver tells how far it is, and the folder of what it keeps; both outside of the sandbox."""
    cells = os.open(folder / CELLS, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    return cells, os.open(folder / KEPT, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


class _Channel:
    """Writes to descriptors that were opened before the sandbox was joined."""

    def __init__(self, cells: int, kept: int) -> None:
        self._cells, self._kept = cells, kept

    def tell(self, event: Mapping[str, Any]) -> None:
        """Write an event as one line."""
        os.write(self._cells, json.dumps(event).encode() + b"\n")

    def keep(self, name: str, content: bytes) -> None:
        """Replace a kept file at once."""
        part = f".{name}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        with os.fdopen(os.open(part, flags, 0o600, dir_fd=self._kept), "wb") as stream:
            stream.write(content)
        os.rename(part, name, src_dir_fd=self._kept, dst_dir_fd=self._kept)
