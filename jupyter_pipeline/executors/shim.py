"""The shim: one small process per task that outlives the engine.

It claims the task (once, ever), starts its command, holds it to its limits, and leaves a record of how it ended and
what it wrote. It decides nothing: what the record means is for ``lifecycle``. It must survive a full disk, so the
room for its record is set aside before the command starts.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import psutil

from .. import notebook_progress
from ..joblog import keep_ends
from ..models import Ending
from ..outputs import inventory
from ..staging import Baseline, copy_workspace
from . import CELLS
from .local import FOLDER, LOG, RESULT, STARTED, STOP

GRACE = 10.0
"""Seconds between asking a command to end and ending it (platform: docker stop)."""
FIRST_LOOK, LONGEST_LOOK = 0.05, 0.4
"""Seconds between two looks at limits; the first is short since most trivial jobs need none."""
DYING = 0.1
"""Seconds that what is left of an ended command may take to go by itself."""
RECORD_ROOM = 4096
NOTHING_WRITTEN: dict[str, list[Any]] = {"files": [], "unmatched": [], "unclaimed": [], "refused": []}
BROKEN_DRIVER = 125
"""The exit code of the driver of a notebook that could not even begin."""
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def supervise(order: dict[str, Any]) -> None:
    """Run one task to its end. Does nothing when the task was claimed before."""
    folder = Path(order["folder"])
    claim = _claim(folder)
    if claim is None:
        return
    try:
        _supervise(order, folder)
    finally:
        os.close(claim)


def _supervise(order: dict[str, Any], folder: Path) -> None:
    record = _reserve(folder)
    started = datetime.now(UTC)
    clock = time.monotonic()
    facts: dict[str, Any] = {"ending": Ending.BROKEN, "exit_code": None, "message": "", **NOTHING_WRITTEN}
    try:
        if (folder / STOP).exists():
            facts["ending"] = Ending.STOPPED
        else:
            baseline = _prepare(order, folder)
            facts |= _Watch(order, folder).run()
        if facts["ending"] == Ending.EXIT and facts["exit_code"] == 0:
            facts |= _collect(order, baseline)
    except OSError as error:
        facts |= {"ending": Ending.BROKEN, "message": f"{_says(error)}."}
    except Exception as error:  # a task must never be left without a record
        facts |= {"ending": Ending.BROKEN, "message": f"The job's files could not be looked through: {error!r}."}
    facts["elapsed"] = time.monotonic() - clock
    facts["started_at"] = _iso(started)
    facts["completed_at"] = _iso(started + timedelta(seconds=facts["elapsed"]))
    _leave(record, folder, facts)


def _claim(folder: Path) -> int | None:
    """The descriptor that holds the task's lock, or None when somebody else has, or had, the task."""
    descriptor = os.open(folder / STARTED, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    if os.fstat(descriptor).st_size:
        os.close(descriptor)
        return None
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def was_claimed(folder: str) -> bool:
    """Whether some shim has ever had the task of this folder."""
    try:
        return os.stat(f"{folder}/{STARTED}").st_size > 0
    except FileNotFoundError:
        return False


def _reserve(folder: Path) -> int:
    """An open file with room for the record, so that a full disk cannot hide how the task ended."""
    descriptor = os.open(folder / f"{RESULT}.part", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with contextlib.suppress(OSError):
        os.posix_fallocate(descriptor, 0, RECORD_ROOM)
    return descriptor


def _leave(record: int, folder: Path, facts: dict[str, Any]) -> None:
    """Write the record and let it appear at once and whole."""
    try:
        _write(record, facts)
    except OSError as error:
        message = f"What the job wrote could not be recorded: {error.strerror}."
        _write(record, facts | NOTHING_WRITTEN | {"ending": Ending.BROKEN, "message": message})
    os.close(record)
    os.rename(folder / f"{RESULT}.part", folder / RESULT)


def _write(descriptor: int, facts: dict[str, Any]) -> None:
    data = json.dumps(facts).encode()
    os.lseek(descriptor, 0, os.SEEK_SET)
    while data:
        data = data[os.write(descriptor, data) :]
    os.ftruncate(descriptor, os.lseek(descriptor, 0, os.SEEK_CUR))


def _prepare(order: dict[str, Any], folder: Path) -> Baseline | None:
    """Fill a copied workspace where the executor has no overlay; what it held is what the job did not write."""
    if order["layout"] == "overlay":
        return None
    return copy_workspace(Path(order["code"]), Path(order["inputs"]), folder / FOLDER)


def _collect(order: dict[str, Any], baseline: Baseline | None) -> dict[str, Any]:
    found = inventory(Path(order["written"]), order["outputs"], baseline)
    return {
        "files": [list(entry) for entry in found.files],
        "unmatched": found.unmatched,
        "unclaimed": found.unclaimed,
        "refused": found.refused,
    }


class _Child(Protocol):
    """What is started: a process of its own program, or a fork of this one."""

    pid: int
    returncode: Any


class _Watch:
    """A command under its limits: time, memory, log, and the wish to stop it."""

    def __init__(self, order: dict[str, Any], folder: Path) -> None:
        self.order, self.folder = order, folder
        self.ending: Ending | None = None
        self.message = ""
        self.peak = 0
        self.cpu_time = 0.0
        self.kill_at = float("inf")

    def run(self) -> dict[str, Any]:
        """Start the command, wait for its end; how it ended."""
        kills = _kernel_memory_kills()
        bell, ring = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
        _prctl(PR_SET_CHILD_SUBREAPER)
        try:
            return self._run(bell, kills)
        finally:
            signal.set_wakeup_fd(-1)
            os.close(bell)
            os.close(ring)

    def _run(self, bell: int, kills: int) -> dict[str, Any]:
        try:
            child = self._start()
        except OSError as error:
            return self._not_started(error)
        self._wait(child, bell)
        status = child.returncode
        self._end_descendants(bell)
        keep_ends(self.folder / LOG, self.order["log"])
        signalled = -status if status < 0 else status - 128 if status - 128 in signal.valid_signals() else 0
        ending = self.ending or (Ending.SIGNAL if signalled else Ending.EXIT)
        if ending in (Ending.MEMORY, Ending.TIMEOUT) and "notebook" in self.order:
            self.message = f"{self.message} {_progress(self.folder).sentence}".replace(" is running.", " was running.")
        if ending is Ending.EXIT and status == 1 and self.order["layout"] == "overlay":
            ending, self.message = self._reason_not_started()
        if ending is Ending.EXIT and status and self.order["note"] and not self.message:
            self.message = f"Its command ended with exit code {status}. {self.order['note']}"
        if ending is Ending.SIGNAL and signalled == signal.SIGKILL and _kernel_memory_kills() > kills:
            ending, self.message = Ending.MEMORY, "The machine ran out of memory and ended the job."
        if ending is Ending.EXIT and status and "notebook" in self.order:
            self.message = self.message or _progress(self.folder).message
            if status == BROKEN_DRIVER:
                ending, self.message = Ending.BROKEN, "The notebook's driver could not be started; the log says why."
        return {
            "ending": ending,
            "exit_code": status if status >= 0 else 128 - status,
            "message": self.message,
            "cpu_time": self.cpu_time,
            "peak_memory": self.peak,
        }

    def _not_started(self, error: OSError) -> dict[str, Any]:
        """A program that is not there is the command's fault; anything else is ours or the machine's."""
        if error.filename != self.order["argv"][0]:
            return {"ending": Ending.BROKEN, "message": f"The command could not be started: {_says(error)}."}
        words = f"The program {error.filename} cannot be run: {error.strerror}."
        return {"ending": Ending.EXIT, "exit_code": 127 if error.errno == errno.ENOENT else 126, "message": words}

    def _start(self) -> _Child:
        log = os.open(self.folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            if self.order["note"]:
                os.write(log, f"{self.order['note']}\n".encode())
            if "notebook" in self.order:
                from . import driving

                return driving.start(self.order, self.folder, log)
            return subprocess.Popen(
                self.order["argv"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.order["environment"],
                cwd=self.order["cwd"],
                process_group=0,
                # bubblewrap sees to this itself, and without a function to call the start is much cheaper.
                preexec_fn=None if self.order["layout"] == "overlay" else _die_with_parent,
            )
        finally:
            os.close(log)

    def _wait(self, child: _Child, bell: int) -> None:
        began = time.monotonic()
        pause = FIRST_LOOK
        while not self._has_ended(child):
            if select.select([bell], [], [], pause)[0]:
                _drain(bell)
                if self._has_ended(child):
                    return
            pause = min(pause * 2, LONGEST_LOOK)
            self._hold_to_limits(child, time.monotonic() - began)

    def _hold_to_limits(self, child: _Child, elapsed: float) -> None:
        keep_ends(self.folder / LOG, self.order["log"])
        if self.ending is not None:
            if time.monotonic() >= self.kill_at:
                self._kill(child)
            return
        timeout, memory = self.order["timeout"], self.order["memory"]
        self.peak = max(self.peak, used := _memory_used(memory))
        if (self.folder / STOP).exists():
            self._end(Ending.STOPPED, "")
        elif timeout is not None and elapsed > timeout:
            self._end(Ending.TIMEOUT, f"It ran longer than its limit of {timeout:g} seconds.")
        elif memory is not None and used > memory:
            self._end(Ending.MEMORY, f"It used more than its limit of {memory / 1024**3:.3g} GB of memory.")
            self._kill(child)

    def _end(self, ending: Ending, message: str) -> None:
        """Ask all processes of the command to end; by force after a while."""
        self.ending, self.message = ending, message
        self.kill_at = time.monotonic() + GRACE
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if process.name() != "bwrap":  # ending bwrap would end all at once, without asking
                    process.terminate()

    def _kill(self, child: _Child) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)

    def _end_descendants(self, bell: int) -> None:
        """Nothing of a job may stay behind, however often it forked and however it detached itself.

        What is left of a sandbox is its first process, on its way out with all others: it is only waited for.
        """
        patience = DYING
        while self._has_children():
            if select.select([bell], [], [], patience)[0]:
                _drain(bell)
                continue
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    process.kill()
            patience = LONGEST_LOOK

    def _has_children(self) -> bool:
        """Whether a process below this one is left, after those that have ended are taken note of."""
        try:
            while self._reap(-1)[0]:
                pass
        except ChildProcessError:
            return False
        return True

    def _has_ended(self, child: _Child) -> bool:
        pid, status = self._reap(child.pid)
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
        return bool(pid)

    def _reap(self, pid: int) -> tuple[int, int]:
        """Like waitpid, adding up what the ended process used; a sandbox's own is its first process's."""
        found, status, usage = os.wait4(pid, os.WNOHANG)
        if found:
            self.cpu_time += usage.ru_utime + usage.ru_stime
            self.peak = max(self.peak, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
        return found, status

    def _reason_not_started(self) -> tuple[Ending, str]:
        """Tells a sandbox that could not be set up from a command that failed: its words are then the log's first."""
        with contextlib.suppress(OSError), (self.folder / LOG).open("rb") as log:
            note = f"{self.order['note']}\n" if self.order["note"] else ""
            words = log.read(4096).decode(errors="replace").removeprefix(note).partition("\n")[0]
            if words.startswith("bwrap: execvp "):
                return Ending.EXIT, f"The program {words[14:].partition(': ')[0]} is not to be found in the runtime."
            if words.startswith("bwrap: "):
                return Ending.BROKEN, f"The sandbox could not be set up: {words[7:]}."
        return Ending.EXIT, ""


def _progress(folder: Path) -> notebook_progress.Progress:
    """What the driver of a notebook has told."""
    with contextlib.suppress(OSError):
        return notebook_progress.read((folder / CELLS).read_bytes(), notebook_progress.Progress())[0]
    return notebook_progress.Progress()


def _drain(bell: int) -> None:
    with contextlib.suppress(BlockingIOError):
        os.read(bell, 4096)


def _memory_used(limit: int | None) -> int:
    """Bytes of memory that the processes below this one hold.

    Shared pages are counted for each process that has them, which is quick; where that would break the limit, they
    are shared out exactly.
    """
    resident = proportional = 0
    processes = psutil.Process().children(recursive=True)
    for process in processes:
        with contextlib.suppress(psutil.Error):
            resident += process.memory_info().rss
    if limit is None or resident <= limit:
        return resident
    for process in processes:
        with contextlib.suppress(psutil.Error):
            info = process.memory_full_info()
            proportional += getattr(info, "pss", info.rss)
    return proportional


def _kernel_memory_kills() -> int:
    """How often the kernel has ended a process for want of memory since the machine started."""
    with contextlib.suppress(OSError), open("/proc/vmstat", "rb") as file:
        for line in file:
            if line.startswith(b"oom_kill "):
                return int(line.split()[1])
    return 0


def _die_with_parent() -> None:
    """In the child: when the shim is killed, the command must not go on unwatched."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _prctl(option: int, value: int = 1) -> None:
    if _libc is not None:
        _libc.prctl(option, value, 0, 0, 0)


def _says(error: OSError) -> str:
    if isinstance(error, shutil.Error):  # of many files; the first says why
        return str(error.args[0][0][2])
    return f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
