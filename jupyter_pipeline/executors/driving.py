"""Starting the driver of a notebook: a fork of this process, which has the libraries loaded, inside the job's sandbox.

A notebook's command is replaced by ``notebooks.driver``. Started anew for each job it would spend a second importing;
forked from the shim it begins at once. With the sandbox, bubblewrap starts a holder and the fork joins it
(``joining``); the holder ends with the driver's exit code, so that to the shim it looks like any other command. A
driver says that it is where it should be before it looks at the notebook; of one that cannot get there nothing is left,
and whoever wanted it runs the command word for word.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..notebooks.commands import from_json
from ..notebooks.driver import drive
from ..notebooks.driver.order import BROKEN, DriverOrder, StartedKernel
from ..outputs.job_folder import CELLS, NOTEBOOK
from . import joining


class NotDriven(Exception):
    """A driver could not get to its place, for this reason; nothing of the notebook has run. As text, a sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The command runs word for word, since the notebook's driver could not be started: {reason}.")


READY = "."
"""What a driver says when it is in its place."""


@dataclass(slots=True)
class Forked:
    """A forked driver, as far as the shim asks of a process."""

    pid: int
    returncode: int | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """What a driver brings along, all of it opened before it leaves where we are."""

    log: int
    cells: int
    """Where it tells how far it is."""
    kept: int
    """The folder of the notebook as far as it has come."""
    answers: BinaryIO
    ready: BinaryIO
    """The two ends of a pipe in which it says that it is there, or why it cannot be."""

    @property
    def descriptors(self) -> set[int]:
        """What the driver needs of it."""
        return {self.log, self.cells, self.kept, self.ready.fileno()}

    def reason_not_there(self) -> str:
        """Wait for the word of the driver that was just forked; empty when it is there."""
        self.ready.close()
        said = self.answers.read().decode(errors="replace")
        return "" if said == READY else said or "it ended at once"


def start(order: Mapping[str, Any], folder: Path, log: int) -> Forked | subprocess.Popen[bytes]:
    """Start the driver of a notebook task; its words go to the descriptor `log`.

    Gives the process whose end is the driver's: the driver, or the holder of its sandbox. Raises NotDriven where the
    driver cannot be in its place, and OSError where the sandbox's program cannot be started.
    """
    (folder / NOTEBOOK).mkdir(exist_ok=True)
    answers, ready = os.pipe2(os.O_CLOEXEC)
    with os.fdopen(answers, "rb") as heard, os.fdopen(ready, "wb", buffering=0) as told, _channel(folder) as channel:
        place = _Place(log, *channel, heard, told)
        child, reason = (_start_inside if order["layout"] == "overlay" else _start_beside)(order, place)
    if reason:
        _end(child)
        raise NotDriven(reason)
    return child


def _start_beside(order: Mapping[str, Any], place: _Place) -> tuple[Forked, str]:
    """The driver as a plain child, and why it could not be in its place, if so."""
    driver = Forked(_fork(place, lambda: _be_driver(order, place, is_alone=False)))
    return driver, place.reason_not_there()


def _start_inside(order: Mapping[str, Any], place: _Place) -> tuple[subprocess.Popen[bytes], str]:
    """The holder of a sandbox that a driver has joined, and why none could, if so.

    A sandbox that cannot even be set up is no matter of the driver's: the holder has ended then, its words are in the
    log, and to whoever watches it looks as any command would.
    """
    told, tell = os.pipe2(os.O_CLOEXEC)
    end, ending = socket.socketpair()  # unlike a pipe, nobody in the sandbox can open it through /proc
    try:
        holder = subprocess.Popen(
            [order["argv"][0], "--info-fd", str(tell), *order["argv"][1:]],
            stdin=ending.fileno(),
            stdout=subprocess.PIPE,
            stderr=place.log,
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
    with end, holder.stdout:
        if not holder.stdout.read(1):
            return holder, ""
        inside = json.loads(information)["child-pid"]
        _fork(place, lambda: _be_between(order, place, inside, end.fileno()))
        return holder, place.reason_not_there()


def _end(child: Forked | subprocess.Popen[bytes]) -> None:
    """End what was started for a driver that is not there, and wait for it."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGKILL)
    if isinstance(child, subprocess.Popen):
        child.wait()
    else:
        os.waitpid(child.pid, 0)


def _fork(place: _Place, run: Callable[[], int]) -> int:
    """The pid of a child that does this one thing and ends with the exit code it gives."""
    pid = os.fork()
    if pid:
        return pid
    code = BROKEN
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        code = run()
    except BaseException as error:
        with contextlib.suppress(OSError):
            place.ready.write(_words(error).encode(errors="replace"))
    finally:
        os._exit(code)


def _words(error: BaseException) -> str:
    """What went wrong, as words for a sentence."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return repr(error)


def _be_between(order: Mapping[str, Any], place: _Place, inside: int, tell: int) -> int:
    """Join the sandbox, fork the driver, and tell the holder how it ended: a pid namespace is only for children."""
    joining.die_with_parent()
    joining.close_all_but({0, 1, 2, tell, *place.descriptors, *_kernel_of(order)})
    joining.join(inside)
    os.chdir(order["notebook"]["workspace"])
    driver = _fork(place, lambda: _be_driver(order, place, is_alone=True))
    place.ready.close()
    code = os.waitstatus_to_exitcode(os.waitpid(driver, 0)[1])
    with contextlib.suppress(OSError):
        os.write(tell, f"{code if code >= 0 else 128 - code}\n".encode())
    return 0


def _be_driver(order: Mapping[str, Any], place: _Place, is_alone: bool) -> int:
    """Become the driver's process: nothing of ours left but the log and the channel.

    One that `is_alone` is in a sandbox; any other stays with us, and is only kept from being looked into.
    """
    joining.die_with_parent()
    null = os.open(os.devnull, os.O_RDWR)
    for number, descriptor in ((0, null), (1, place.log), (2, place.log)):
        os.dup2(descriptor, number)
    joining.close_all_but({0, 1, 2, *place.descriptors - {place.log}, *_kernel_of(order)})
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
    place.ready.write(READY.encode())
    place.ready.close()
    try:
        return drive(driver_order, _Channel(place.cells, place.kept))
    except BaseException as error:  # nobody waits for our word any more
        sys.stderr.write(f"The notebook's driver failed: {error!r}\n")
        return BROKEN


def _kernel_of(order: Mapping[str, Any]) -> list[int]:
    """The descriptor of a kernel that is somebody else's."""
    return [order["notebook"]["kernel"]["descriptor"]] if "kernel" in order["notebook"] else []


@contextlib.contextmanager
def _channel(folder: Path) -> Iterator[tuple[int, int]]:
    """Where the driver tells how far it is, and the folder of what it keeps; both outside of the sandbox."""
    cells = os.open(folder / CELLS, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    kept = os.open(folder / NOTEBOOK, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield cells, kept
    finally:
        os.close(cells)
        os.close(kept)


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
