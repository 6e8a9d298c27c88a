"""Runtimes of kind ``python``: environments built with uv from exact lists of packages.

A built environment lies in ``<cache>/runtimes/<name>-<Python>-<identity>``. It is built in place, because the programs
in it name their own folder, and it counts only once the file `MARKER`, written last, is in it: whatever else a killed
build leaves behind is removed by the next one, which can only begin when the killed one's uv has ended too (see
`uv_program.run`).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import person
from ..config import ENV_CACHE, Config
from ..errors import RuntimeUnavailable
from ..models import Runtime, RuntimeState
from ..wording import plural
from . import interpreters, places, uv_program
from .availability import Availability, missing, short_hash, unavailable
from .definitions import Choice, distribution
from .interpreters import Interpreter
from .uv_program import Progress

FOLDER = "runtimes"
"""Where environments are, below the cache."""
MARKER = "jupyter_pipeline.json"
"""The file that says that an environment is complete, with facts about it."""
FROZEN = "packages.txt"
"""What is really installed, in every environment."""
_OTHER_FOLDER = f"Set {ENV_CACHE} to a folder on another file system."
_EXACT, _ADDED = "packages-exact.txt", "packages-added.txt"


@dataclass(frozen=True, slots=True)
class _Plan:
    choice: Choice
    interpreter: Interpreter
    folder: Path
    identity: str


def look(choice: Choice, config: Config, patience: float = math.inf) -> Availability:
    """Ready when built, buildable when there is an interpreter or uv knows one to download.

    A download that failed longer than `patience` seconds ago may be tried again.
    """
    wanted = choice.definition.python or ""
    found = interpreters.find(wanted, config.cache, choice.machines)
    interpreter = found or interpreters.downloadable(wanted, config.cache, choice.machines, patience)
    if interpreter is None:
        return _no_interpreter(choice, config)
    plan = _plan(choice, interpreter, config)
    if person.forbids_programs(plan.folder):
        return missing(f"No program can run from {config.cache}, which is mounted `noexec`.", _OTHER_FOLDER)
    facts = _facts(plan.folder)
    seen = Availability(
        RuntimeState.BUILDABLE, plan.identity, message=choice.note, python=interpreter.version, folder=plan.folder
    )
    if facts is not None:
        return replace(seen, state=RuntimeState.READY, runtime=_runtime(plan, facts), size=facts.get("size"))
    if found is None:
        message = f"Python {interpreter.version} is not on this machine; it will be downloaded when needed."
        return replace(seen, message=f"{choice.note} {message}".strip(), downloads=True)
    return seen


def look_again(choice: Choice, config: Config) -> None:
    """Let the next look search for the interpreter as if for the first time."""
    interpreters.look_again(choice.definition.python or "", config.cache, choice.machines)


def build(choice: Choice, config: Config, progress: Progress) -> None:
    """Build the environment unless it is there, waiting for another builder of the same one.

    Raises RuntimeUnavailable; CannotDownload among them means that a fallback may be looked for.
    """
    wanted = choice.definition.python or ""
    interpreter = interpreters.find(wanted, config.cache, choice.machines)
    try:
        if interpreter is None:
            offered = interpreters.downloadable(wanted, config.cache, choice.machines, patience=0.0)
            if offered is None:
                raise unavailable(_no_interpreter(choice, config))
            interpreter = interpreters.download(offered, wanted, config.cache, progress)
        plan = _plan(choice, interpreter, config)
        plan.folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(plan.folder, progress) as lock:
            if _facts(plan.folder) is None:
                _build(plan, progress, lock)
    except OSError as error:
        raise RuntimeUnavailable(
            f"The environment for {choice.definition.name} cannot be kept in {config.cache}: {error.strerror}.",
            f"Free some space or mend the folder's permissions, or set {ENV_CACHE} to another folder on a local disk.",
        ) from None


def _build(plan: _Plan, progress: Progress, lock: int) -> None:
    definition, folder = plan.choice.definition, plan.folder
    started = time.monotonic()
    count = len(definition.packages) + len(plan.choice.added)
    progress(f"Building {definition.name}: Python {plan.interpreter.version}, {plural(count, 'package')}, in {folder}")
    try:
        _discard(folder)
        uv_program.run(
            ["venv", "--no-project", "--python", str(plan.interpreter.program), str(folder)],
            folder.parent, progress, lock,
        )  # fmt: skip
        _install(plan, progress, lock)
        _bind_kernel(folder)
        _check_installed(plan)
        # An environment half on disk after a power cut must not look complete.
        os.sync()
        seconds = round(time.monotonic() - started, 1)
        _mark(plan, seconds)
    except RuntimeUnavailable as error:
        _discard(folder)
        raise RuntimeUnavailable(
            f"The environment for {definition.name} could not be built. {error.message}", error.remedy
        ) from None
    except BaseException:
        _discard(folder)
        raise
    progress(f"Built {definition.name} in {seconds} s")


def _install(plan: _Plan, progress: Progress, lock: int) -> None:
    """Our exact list as it stands, then the project's packages with what they need, without touching the first."""
    folder, definition = plan.folder, plan.choice.definition
    exact, added = folder / _EXACT, folder / _ADDED
    exact.write_text("".join(f"{line}\n" for line in definition.packages), "utf-8")
    added.write_text("".join(f"{line}\n" for line in plan.choice.added), "utf-8")
    # Jobs cannot write here, so without compiled files each one would compile every import again.
    install = ["pip", "install", "--compile-bytecode", "--python", str(_python(folder))]
    if definition.packages:
        uv_program.run([*install, "--no-deps", "--requirements", str(exact)], folder.parent, progress, lock)
    if plan.choice.added:
        constraints = ["--constraints", str(exact), "--requirements", str(added)]
        uv_program.run([*install, *constraints], folder.parent, progress, lock)


def _bind_kernel(folder: Path) -> None:
    """Let the environment's Jupyter kernel name its interpreter by path, so that it starts from outside as well."""
    path = folder / "share" / "jupyter" / "kernels" / "python3" / "kernel.json"
    if not path.exists():
        return
    kernel = json.loads(path.read_text("utf-8"))
    kernel["argv"][0] = str(_python(folder))
    # Replaced, not written to: the file is also the one in uv's cache (a hard link).
    new = path.with_suffix(".new")
    new.write_text(json.dumps(kernel, indent=1), "utf-8")
    new.replace(path)


def _check_installed(plan: _Plan) -> None:
    """Write down what is installed, and see that everything asked for is among it."""
    lines = uv_program.answer(["pip", "freeze", "--python", str(_python(plan.folder))], plan.folder.parent)
    (plan.folder / FROZEN).write_text(lines, "utf-8")
    installed = {distribution(line) for line in lines.splitlines()}
    absent = [line for line in (*plan.choice.definition.packages, *plan.choice.added) if _absent(line, installed)]
    if absent:
        raise RuntimeUnavailable(
            f"uv reported success, but {', '.join(absent)} is not installed.", "Try again; if it stays, tell us."
        )


def _absent(requirement: str, installed: set[str]) -> bool:
    """Whether a requirement that holds on every machine was not installed."""
    return ";" not in requirement and distribution(requirement) not in installed


def _mark(plan: _Plan, seconds: float) -> None:
    facts = {
        "name": plan.choice.definition.name,
        "python": plan.interpreter.version,
        "prefix": plan.interpreter.prefix,
        "size": size_of(plan.folder),
        "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": seconds,
    }
    new = plan.folder / f"{MARKER}.new"
    with new.open("w", encoding="utf-8") as file:
        json.dump(facts, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    new.replace(plan.folder / MARKER)


# -- what is held ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeptEnvironment:
    """One environment on disk, complete or left behind by a killed build; it may serve several projects."""

    name: str
    folder: Path
    size: int
    """Bytes, counting files that are shared with uv's cache in full."""
    complete: bool
    built_at: str | None = None


def held(config: Config) -> tuple[KeptEnvironment, ...]:
    """Every environment in the cache, by name."""
    folders = sorted(path for path in _root(config).glob("*") if path.is_dir())
    return tuple(_held(folder) for folder in folders)


def remove(one: KeptEnvironment) -> None:
    """Delete an environment; raises RuntimeUnavailable when it is just being built. Deleting twice is no error."""
    if not one.folder.parent.is_dir():
        return
    with _locked(one.folder, None):
        _discard(one.folder)


def size_of(folder: Path) -> int:
    """Bytes of all files below `folder`; links count as links."""
    return sum((Path(parent) / name).lstat().st_size for parent, _, names in os.walk(folder) for name in names)


def _held(folder: Path) -> KeptEnvironment:
    facts = _facts(folder)
    if facts is None:
        return KeptEnvironment(folder.name, folder, size_of(folder), complete=False)
    return KeptEnvironment(facts["name"], folder, facts["size"], complete=True, built_at=facts["built_at"])


def _discard(folder: Path) -> None:
    """Delete `folder`, its marker first, so that at no moment a part of it looks complete."""
    (folder / MARKER).unlink(missing_ok=True)
    if folder.exists():
        shutil.rmtree(folder)


@contextlib.contextmanager
def _locked(folder: Path, progress: Progress | None) -> Iterator[int]:
    """Hold the lock of one environment; gives its file descriptor. Without `progress`, no waiting.

    The lock's file stays: deleting it would let two processes hold "the" lock of two files of one name.
    """
    with (folder.parent / f".{folder.name}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if progress is None:
                raise RuntimeUnavailable(f"{folder.name} is being built.", "Try again when that has ended.") from None
            progress(f"Waiting: another process is building {folder.name}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


# -- deriving --------------------------------------------------------------------------------------


def _plan(choice: Choice, interpreter: Interpreter, config: Config) -> _Plan:
    definition = choice.definition
    built = short_hash(
        "python", interpreter.version, sys.platform, interpreter.machine,
        sorted(definition.packages), sorted(choice.added),
    )  # fmt: skip
    minor = ".".join(interpreter.version.split(".")[:2])
    slug = re.sub(r"[^A-Za-z0-9._+]+", "-", definition.name)
    differs = [*choice.changes, *(f"{name}={value}" for name, value in sorted(definition.environment.items()))]
    # Variables and programs change what a job does, not what is built.
    identity = short_hash(built, differs) if differs else built
    return _Plan(choice, interpreter, _root(config) / f"{slug}-{minor}-{built}", identity)


def _root(config: Config) -> Path:
    # Without links, as programs in it name their folder and must find it at the same place in a sandbox.
    return config.cache.resolve() / FOLDER


def _runtime(plan: _Plan, facts: Mapping[str, Any]) -> Runtime:
    prefix = Path(facts["prefix"])
    base = () if places.is_system(prefix) or places.is_system(prefix.resolve()) else (prefix, prefix.resolve())
    return Runtime(
        name=plan.choice.definition.name,
        identity=plan.identity,
        program=plan.choice.definition.program,
        path=(plan.folder / "bin",),
        mounts=tuple(dict.fromkeys((plan.folder, *base, *places.needed_by(_python(plan.folder))))),
        environment=plan.choice.definition.environment,
    )


def _facts(folder: Path) -> dict[str, Any] | None:
    """What the marker says; None unless the environment is complete and its interpreter is still there."""
    try:
        facts = json.loads((folder / MARKER).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return facts if isinstance(facts, dict) and os.path.exists(_python(folder)) else None


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _no_interpreter(choice: Choice, config: Config) -> Availability:
    definition = choice.definition
    wanted = definition.python or ""
    machine = platform.machine()
    if choice.machines and machine not in choice.machines:
        return missing(
            f"The packages of {definition.name} are only published for {choice.machines[0]} processors, "
            f"and this machine's is {machine}.",
            f"Use python:v2, or install a Python {wanted} that is built for {choice.machines[0]}.",
        )
    return _absent_interpreter(choice, interpreters.reason_not_downloadable(wanted, config.cache))


def not_downloaded(choice: Choice) -> Availability:
    """The look at an environment whose interpreter could not be downloaded a moment ago."""
    return _absent_interpreter(choice, interpreters.DOWNLOAD_FAILED)


def _absent_interpreter(choice: Choice, why: str) -> Availability:
    wanted = choice.definition.python or ""
    return missing(
        f"{choice.definition.name} needs Python {wanted}, which is not on this machine, {why}.",
        interpreters.how_to_get(wanted),
    )
