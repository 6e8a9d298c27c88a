"""Watching a command: started, held to its limits, asked to stop, seen to its end, and nothing of it left behind."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import psutil

from ..models import Ending
from ..notebooks import progress
from ..notebooks.driver.order import BROKEN
from ..outputs.job_folder import CELLS, LOG, STOP
from ..outputs.log import keep_ends
from ..outputs.staging import Baseline
from .memory import kernel_memory_kills, memory_used

if TYPE_CHECKING:  # most tasks have no notebook
    from .driving import NotDriven

GRACE = 10.0
"""Seconds between asking a command to end and ending it (platform: docker stop)."""
FIRST_LOOK, LONGEST_LOOK = 0.05, 0.4
"""Seconds between two looks at limits; the first is short since most trivial jobs need none."""
DYING = 0.1
"""Seconds that what is left of an ended command may take to go by itself."""
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


class Child(Protocol):
    """What is started: a process of its own program, or a fork of this one."""

    pid: int
    returncode: Any


class JobWatch:
    """A command under its limits: time, memory, log, and the wish to stop it."""

    def __init__(self, order: dict[str, Any], folder: Path) -> None:
        self.order, self.folder = order, folder
        self.ending: Ending | None = None
        self.message = ""
        self.peak = 0
        self.cpu_time = 0.0
        self.kill_at = float("inf")
        self.baseline: Baseline | None = None
        """What a workspace held that had to be copied after all."""

    def run(self) -> dict[str, Any]:
        """Start the command, wait for its end; how it ended."""
        kills = kernel_memory_kills()
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
        self._see_end(child, bell)
        return self._judge(child.returncode, kills)

    def _see_end(self, child: Child, bell: int) -> None:
        self._wait(child, bell)
        self._end_descendants(bell)
        keep_ends(self.folder / LOG, self.order["log"])

    def _judge(self, status: int, kills: int) -> dict[str, Any]:
        """What the end of the command with this status means."""
        signalled = -status if status < 0 else status - 128 if status - 128 in signal.valid_signals() else 0
        ending = self.ending or (Ending.SIGNAL if signalled else Ending.EXIT)
        if ending in (Ending.MEMORY, Ending.TIMEOUT) and "notebook" in self.order:
            self.message = f"{self.message} {_progress(self.folder).sentence}".replace(" is running.", " was running.")
        if ending is Ending.EXIT and status == 1 and self.order["layout"] == "overlay":
            ending, self.message = self._reason_not_started()
        if ending is Ending.EXIT and status and self.order["note"] and not self.message:
            self.message = f"Its command ended with exit code {status}. {self.order['note']}"
        if ending is Ending.SIGNAL and signalled == signal.SIGKILL and kernel_memory_kills() > kills:
            ending, self.message = Ending.MEMORY, "The machine ran out of memory and ended the job."
        if ending is Ending.EXIT and status and "notebook" in self.order:
            self.message = self.message or _progress(self.folder).message
            if status == BROKEN:
                ending, self.message = Ending.BROKEN, "The notebook's driver failed; the log says why."
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
            return {"ending": Ending.BROKEN, "message": f"The command could not be started: {says(error)}."}
        words = f"The program {error.filename} cannot be run: {error.strerror}."
        return {"ending": Ending.EXIT, "exit_code": 127 if error.errno == errno.ENOENT else 126, "message": words}

    def _start(self) -> Child:
        log = self._open_log()
        try:
            if "notebook" in self.order:
                from . import driving

                try:
                    return driving.start(self.order, self.folder, log)
                except driving.NotDriven as error:
                    self._run_word_for_word(error, log)
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

    def _run_word_for_word(self, error: NotDriven, log: int) -> None:
        """Make the order that of its command as the project wrote it, and say so in the log."""
        del self.order["notebook"]
        self.order["argv"] = self.order.pop("word_for_word")
        self.order["note"] = str(error)
        os.write(log, f"{error}\n".encode())

    def _open_log(self) -> int:
        """The job's log, with what is to be said first."""
        log = os.open(self.folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if self.order["note"] and not os.fstat(log).st_size:
            os.write(log, f"{self.order['note']}\n".encode())
        return log

    def _wait(self, child: Child, bell: int) -> None:
        began = self.order["began"][1] if "began" in self.order else time.monotonic()
        pause = FIRST_LOOK
        while not self._has_ended(child):
            if select.select([bell], [], [], pause)[0]:
                _drain(bell)
                if self._has_ended(child):
                    return
            pause = min(pause * 2, LONGEST_LOOK)
            self._hold_to_limits(child, time.monotonic() - began)

    def _hold_to_limits(self, child: Child, elapsed: float) -> None:
        keep_ends(self.folder / LOG, self.order["log"])
        if self.ending is not None:
            if time.monotonic() >= self.kill_at:
                self._kill(child)
            return
        timeout, memory = self.order["timeout"], self.order["memory"]
        self.peak = max(self.peak, used := self._memory_used())
        if (self.folder / STOP).exists():
            self._end(Ending.STOPPED, "")
        elif timeout is not None and elapsed > timeout:
            self._end(Ending.TIMEOUT, f"It ran longer than its limit of {timeout:g} seconds.")
        elif memory is not None and used > memory:
            self._end(Ending.MEMORY, f"It used more than its limit of {memory / 1024**3:.3g} GB of memory.")
            self._kill(child)

    def _memory_used(self) -> int:
        return memory_used(self.order["memory"])

    def _end(self, ending: Ending, message: str) -> None:
        """Ask all processes of the command to end; by force after a while."""
        self.ending, self.message = ending, message
        self.kill_at = time.monotonic() + GRACE
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if process.name() != "bwrap":  # ending bwrap would end all at once, without asking
                    process.terminate()

    def _kill(self, child: Child) -> None:
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

    def _has_ended(self, child: Child) -> bool:
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


def _progress(folder: Path) -> progress.Progress:
    """What the driver of a notebook has told."""
    with contextlib.suppress(OSError):
        return progress.read((folder / CELLS).read_bytes(), progress.Progress())[0]
    return progress.Progress()


def _drain(bell: int) -> None:
    with contextlib.suppress(BlockingIOError):
        os.read(bell, 4096)


def _die_with_parent() -> None:
    """In the child: when the shim is killed, the command must not go on unwatched."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _prctl(option: int, value: int = 1) -> None:
    if _libc is not None:
        _libc.prctl(option, value, 0, 0, 0)


def says(error: OSError) -> str:
    """What an error of the system says, as words for a sentence."""
    if isinstance(error, shutil.Error):  # of many files; the first says why
        return str(error.args[0][0][2])
    return f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
