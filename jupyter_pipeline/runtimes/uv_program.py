"""Running uv: where it is, in which surroundings it runs, and what its failures mean in plain words.

What it is asked to do is not here (environments.py, interpreters.py).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .. import person
from ..errors import RuntimeUnavailable

Progress = Callable[[str], None]

_REMOVED = re.compile(
    r"PYTHON|VIRTUAL_ENV|CONDA_PREFIX|CONDA_DEFAULT_ENV|__PYVENV_LAUNCHER__"
    r"|UV_(PYTHON$|PROJECT|SYSTEM_PYTHON|CONSTRAINT|OVERRIDE|EXCLUDE|BUILD_CONSTRAINT|NO_DEPS|TARGET|PREFIX|COMPILE|VENV)"
)
"""Variables that would change which interpreter runs or which packages an exact list means.

Everything else stays, above all where uv is told to find packages.
"""

_OFFLINE = re.compile(
    r"error sending request|dns error|failed to lookup address|network is unreachable|connection refused"
    r"|client error \(connect\)|operation timed out|network was disabled|network connectivity is disabled"
    r"|failed to fetch|could not connect",
    re.IGNORECASE,
)
_ABSENT = re.compile(r"no version of|not found in the package registry|no solution found", re.IGNORECASE)
_URL = re.compile(r"\b(?:https?|file)://\S+")
_LINES_KEPT = 400
_CROSS = "\N{MULTIPLICATION SIGN}"
"""With this, or with ``error:``, uv begins to name an error."""
_FRAME = rf"[{_CROSS}\u2500-\u25ff]"


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
    found = clean_environment(os.environ)
    if not found.get("UV_CACHE_DIR") and not person.has_caches():
        found["UV_CACHE_DIR"] = str(person.cache() / "uv")
    return found


def run(arguments: Sequence[str], folder: Path, progress: Progress, lock: int | None = None) -> None:
    """Run uv in `folder`, passing on its lines; raises RuntimeUnavailable with the cause in plain words.

    `lock` is the file descriptor of a held lock. uv inherits it, so that the lock lasts until uv has ended even when
    this process is killed: nobody can start a second build in a folder that an orphaned uv still writes to.
    """
    process = subprocess.Popen(
        [find(), "--color", "never", *arguments],
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
    lines: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            lines = [*lines[-_LINES_KEPT:], without_addresses(line.rstrip())]
            if _worth_telling(lines[-1]):
                progress(lines[-1].strip())
        code = process.wait()
    finally:
        # On the way out by an interrupt, neither uv nor what it started may go on without us, holding the lock.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if code != 0:
        raise _failure(lines, code)


def answer(arguments: Sequence[str], folder: Path) -> str:
    """What uv prints on its standard output; raises RuntimeUnavailable."""
    done = subprocess.run(
        [find(), "--color", "never", *arguments],
        cwd=folder,
        env=_surroundings(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise _failure(without_addresses(done.stderr).splitlines(), done.returncode)
    return done.stdout


def without_addresses(text: str) -> str:
    """`text` without addresses, which may carry a user's name and password for a private package index."""
    return _URL.sub("the package index", text)


def _worth_telling(line: str) -> bool:
    """Whether a line of uv says how far it is; the list of what it installed is long and known."""
    return bool(re.match(r"\s*(Resolved|Downloading|Building|Prepared|Installed|Bytecode)", line))


def _failure(lines: Sequence[str], code: int) -> RuntimeUnavailable:
    text = "\n".join(lines)
    reason = _reason(lines) or f"uv ended with code {code}"
    if _OFFLINE.search(text):
        return RuntimeUnavailable(
            f"A download failed ({reason}).",
            "Connect to the network once and try again; after that, no network is needed.",
        )
    if _ABSENT.search(text):
        return RuntimeUnavailable(
            f"A package cannot be had as it is asked for ({reason}).",
            "Check its name and version, and that it exists for this Python and this machine.",
        )
    return RuntimeUnavailable(
        f"uv failed: {reason}.", "Mend what it names and try again; `jupyter pipeline clean` frees disk space."
    )


def _reason(lines: Sequence[str]) -> str:
    """The error that uv names, on one line, at most 400 characters, without the frame that uv draws around it."""
    plain = [" ".join(re.sub(_FRAME, " ", line).split()) for line in lines]
    start = next(
        (i for i, line in enumerate(lines) if re.match(rf"\s*(error:|{_CROSS})", line)), max(len(lines) - 3, 0)
    )
    words = " ".join(line.removeprefix("error:").strip() for line in plain[start:])
    return words[:400].rstrip(" .")
