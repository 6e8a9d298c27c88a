"""Running uv: where it is, and in which surroundings it runs.

What it is asked to do is not here (environments.py, interpreters.py), nor what its failures mean (uv_failures.py).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .. import person
from ..errors import RuntimeUnavailable
from . import package_sources, uv_failures

Progress = Callable[[str], None]

_REMOVED = re.compile(
    r"PYTHON|VIRTUAL_ENV|CONDA_PREFIX|CONDA_DEFAULT_ENV|__PYVENV_LAUNCHER__"
    r"|UV_(PYTHON$|PROJECT|SYSTEM_PYTHON|CONSTRAINT|OVERRIDE|EXCLUDE|BUILD_CONSTRAINT|NO_DEPS|TARGET|PREFIX|COMPILE|VENV)"
)
"""Variables that would change which interpreter runs or which packages an exact list means.

Everything else stays, above all where uv is told to find packages.
"""

_FIRST, _LAST = 400, 10_000
"""Lines that are kept of what uv writes: from where an error begins, and up to the end. A build may print much."""


def find() -> str:
    """The path of the uv program; raises RuntimeUnavailable."""
    try:
        import uv

        return uv.find_uv_bin()
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if found is None:
        raise RuntimeUnavailable(
            "The program uv, which builds environments, is not installed.", "Install it with `pip install uv`."
        )
    return found


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without what would lead uv or an interpreter astray, however oddly our own process was started."""
    return {name: value for name, value in environment.items() if not _REMOVED.match(name)}


def _surroundings() -> dict[str, str]:
    """The environment for uv. Without a home it would keep what it downloads in whatever folder it runs in."""
    found = {**clean_environment(os.environ), **package_sources.of(os.environ).variables}
    if not found.get("UV_CACHE_DIR") and not person.has_caches():
        found["UV_CACHE_DIR"] = str(person.cache() / "uv")
    return found


def _with_options(arguments: Sequence[str]) -> list[str]:
    """`arguments` with what the settings of this machine add to a command that installs packages."""
    installs = tuple(arguments[:2]) == ("pip", "install")
    return [*arguments, *(package_sources.of(os.environ).options if installs else ())]


def run(arguments: Sequence[str], folder: Path, progress: Progress, lock: int | None = None) -> None:
    """Run uv in `folder`, passing on its lines; raises RuntimeUnavailable with the cause in plain words.

    `lock` is the file descriptor of a held lock. uv inherits it, so that the lock lasts until uv has ended even when
    this process is killed: nobody can start a second build in a folder that an orphaned uv still writes to.
    """
    process = subprocess.Popen(
        [find(), "--color", "never", *_with_options(arguments)],
        cwd=folder,  # not the project's folder, whose own uv settings are about something else
        env=_surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        pass_fds=() if lock is None else (lock,),
        process_group=0,
    )
    heard = _Heard()
    try:
        assert process.stdout is not None
        for line in process.stdout:
            said = heard.add(line)
            if _worth_telling(said):
                progress(said.strip())
        code = process.wait()
    finally:
        # On the way out by an interrupt, neither uv nor what it started may go on without us, holding the lock.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if code != 0:
        raise uv_failures.meaning(heard.lines, code, os.environ)


@dataclass(slots=True)
class _Heard:
    """What uv has written, as far as it is needed: where its error begins, and the end."""

    error: list[str] = field(default_factory=list)
    end: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST))

    def add(self, line: str) -> str:
        """Note a line; gives it without secrets."""
        line = uv_failures.without_secrets(line.rstrip())
        if not self.error and uv_failures.begins(line):
            self.end.clear()
            self.error.append(line)
        elif self.error and len(self.error) < _FIRST:
            self.error.append(line)
        else:
            self.end.append(line)
        return line

    @property
    def lines(self) -> list[str]:
        """What matters, in order."""
        return [*self.error, *self.end]


def answer(arguments: Sequence[str], folder: Path) -> str:
    """What uv prints on its standard output; raises RuntimeUnavailable."""
    done = subprocess.run(
        [find(), "--color", "never", *_with_options(arguments)],
        cwd=folder,
        env=_surroundings(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        lines = uv_failures.without_secrets(done.stderr).splitlines()
        raise uv_failures.meaning(lines, done.returncode, os.environ)
    return done.stdout


def _worth_telling(line: str) -> bool:
    """Whether a line of uv says how far it is; the list of what it installed is long and known."""
    return bool(re.match(r"\s*(Resolved|Downloading|Building|Prepared|Installed|Bytecode)", line))
