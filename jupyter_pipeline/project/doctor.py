"""What works on this machine, what is missing, and how to mend it. Changes nothing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from .. import config as configuration
from .. import person, runtimes
from ..config import JOBS, Config
from ..engine.lease import Lease
from ..engine.service import LOG
from ..errors import (
    ExecutorUnavailable,
    InvalidConfig,
    ProjectNotFound,
    RuntimeUnavailable,
    StoreUnavailable,
)
from ..executors import sandbox, trial
from ..executors.local import LocalExecutor
from ..executors.process import ProcessExecutor
from ..executors.sandbox import SandboxExecutor
from ..models import RuntimeInfo, RuntimeState, Severity
from ..planning import survey
from ..runtimes import docker, package_sources, uv_program
from ..spec import parsing
from ..store.database import Store, on_network, too_long
from ..wording import listed

LOW = 1024**3
"""Bytes of free space that are called little."""
_RESTRICTIONS = (
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "AppArmor keeps programs from making namespaces here: ask the machine's administrator for an AppArmor profile "
        "for bwrap, or for `sysctl kernel.apparmor_restrict_unprivileged_userns=0`.",
    ),
    (
        "/proc/sys/kernel/unprivileged_userns_clone",
        "0",
        "The kernel keeps users from making namespaces: ask the machine's administrator for "
        "`sysctl kernel.unprivileged_userns_clone=1`.",
    ),
    (
        "/proc/sys/user/max_user_namespaces",
        "0",
        "The kernel allows no user namespaces: ask the machine's administrator to raise user.max_user_namespaces.",
    ),
)
"""Settings of Linux that forbid sandboxes: file, value, cure."""
_CURE_SANDBOX = (
    "Keep the state folder on a local disk (`--state`); in a container, allow user namespaces. Until then jobs run "
    "with the executor `process`, without isolation."
)


_CURE_NOTEBOOKS = (
    "Where the driver of notebooks cannot be started, their lines run word for word: in the runtime's own papermill or "
    "nbconvert, without progress by cells and without our report."
)


_CURE_STAND_IN = (
    "For the very versions of the platform's packages, install the Python that is named: pyenv, conda and uv have it."
)


class Health(StrEnum):
    """The answer to one question."""

    OK = "ok"
    NOTE = "note"
    """Works, or is not needed here, but worth knowing."""
    MISSING = "missing"
    """This project needs it, and it does not work."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    health: Health
    message: str
    cure: str = ""


def examine(start: Path, **settings: Any) -> tuple[Check, ...]:
    """Look at everything, for the project in `start` or above it; without one, at the machine."""
    here = start.resolve()
    root = next((folder for folder in (here, *here.parents) if os.path.exists(folder / survey.PROJECT_FILE)), None)
    checks = [_python(), _system(), _git()]
    try:
        config = configuration.load(root or here, **settings)
    except InvalidConfig as error:
        return (*checks, Check("settings", Health.MISSING, error.message, error.remedy))
    used, project = _project(config, root)
    checks += [
        project,
        _user(config),
        _folder(config),
        _programs(config),
        _disk(config),
        _network(config),
        _sandbox(config),
        _notebooks(config),
        _docker(config),
        _uv(config),
        _packages(),
    ]
    checks += _runtimes(config, used)
    checks += _history(config)
    return tuple(checks)


# -- the machine -----------------------------------------------------------------------------------


def _python() -> Check:
    return Check("python", Health.OK, f"Python {platform.python_version()}, {sys.executable}.")


def _system() -> Check:
    name = f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} processors."
    if platform.system() == "Linux":
        return Check("system", Health.OK, name)
    return Check(
        "system", Health.NOTE, name, "Only on Linux can jobs be isolated; elsewhere they run as plain processes."
    )


def _user(config: Config) -> Check:
    """Who runs this; a container may do so under a number that the system does not know."""
    name, home = person.name(), person.home()
    known = f"You are {name}" if name.startswith("uid ") else f"You are {name}, uid {os.geteuid()}"
    if home is None:
        known += ", and have no home folder"
    else:
        known += f", and {'your home is' if person.can_write(home) else 'may not write to your home,'} {home}"
    if person.is_temporary(config.cache):
        cure = f"Set HOME to a folder of yours, or {configuration.ENV_CACHE} to one that stays."
        return Check("user", Health.NOTE, f"{known}: built runtimes last as long as {config.cache} does.", cure)
    return Check("user", Health.OK, f"{known}.")


def _git() -> Check:
    program = shutil.which("git")
    if program is None:
        return Check(
            "git",
            Health.NOTE,
            "git is not installed: requests record no commit, and --commit does not work.",
            "Install git (Debian, Ubuntu: `apt install git`).",
        )
    return Check("git", Health.OK, f"{_first_line([program, '--version'])}, {program}.")


def _first_line(words: list[str]) -> str:
    try:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{words[0]} does not answer: {error}"
    return (done.stdout or done.stderr).strip().partition("\n")[0]


def _docker(config: Config) -> Check:
    """Which Docker Engine there is; it matters only to a project that has containers."""
    absent = Health.MISSING if config.has_containers else Health.NOTE
    try:
        with closing(docker.connect(config.docker.host, patience=5.0)) as api:
            engine = docker.look(api, config.docker.host)
    except ExecutorUnavailable as error:
        unused = "" if config.has_containers else " This project does not use it."
        return Check("docker", absent, error.message + unused, error.remedy)
    if not engine.local:
        message = (
            f"{engine.title[0].upper()}{engine.title[1:]}, which is not on this system: our folders are not there."
        )
        return Check("docker", absent, message, "Use a Docker Engine of this machine.")
    if not engine.limits_memory:
        cure = "Let the machine's administrator delegate the memory controller (cgroup v2) to you."
        return Check("docker", Health.NOTE, f"{engine.title}; it cannot hold jobs to their memory limits.", cure)
    return Check("docker", Health.OK, f"{engine.title}.")


def _uv(config: Config) -> Check:
    try:
        program = uv_program.find()
    except RuntimeUnavailable as error:
        return Check("uv", Health.MISSING, error.message, error.remedy)
    return Check(
        "uv", Health.OK, f"{_first_line([program, '--version'])}, {program}. It keeps runtimes in {config.cache}."
    )


def _packages() -> Check:
    """Where packages come from, and whose certificates are trusted on the way; of addresses only the host is told."""
    sources = package_sources.of(os.environ)
    index = f"from {sources.index}" if sources.index else "from the index that uv asks by itself"
    more = f", and from {listed([str(one) for one in sources.more])}" if sources.more else ""
    proxy = f", through the proxy {sources.proxy}" if sources.proxy else ""
    trusted = f"those of {sources.certificates}" if sources.certificates else "those that uv comes with"
    message = f"Packages of runtimes come {index}{more}{proxy}. The certificates that are trusted are {trusted}."
    if not sources.absent:
        return Check("packages", Health.OK, message)
    gone = listed([str(one) for one in sources.absent])
    are = "is" if len(sources.absent) == 1 else "are"
    return Check(
        "packages",
        Health.NOTE,
        f"{message} Named, but not there, {are} {gone}.",
        "Put it there, or mend the setting: without the certificates it names, no package can be fetched."
        if sources.certificates in sources.absent
        else "Nothing is wrong where it is not needed; else put it there, or mend the setting.",
    )


def _sandbox(config: Config) -> Check:
    wanted = Health.NOTE if config.executor == "process" else Health.MISSING
    try:
        bwrap = sandbox.find_bwrap()
    except ExecutorUnavailable as error:
        return Check("sandbox", wanted, error.message, error.remedy)
    place = config.folder / JOBS
    reason = sandbox.probe(bwrap, _existing(place))
    if reason is None:
        how = ", but the settings choose the executor `process`" if config.executor == "process" else ""
        return Check("sandbox", Health.OK, f"An isolated job with an overlay works in {place}{how}.")
    cures = [cure for file, value, cure in _RESTRICTIONS if _says(file, value)]
    return Check(
        "sandbox", wanted, f"An isolated job does not work in {place}: {reason}.", " ".join(cures) or _CURE_SANDBOX
    )


def _notebooks(config: Config) -> Check:
    """Whether notebooks are driven cell by cell, by the executor that jobs get here."""
    folder = _existing(config.folder / JOBS)
    kinds: tuple[type[LocalExecutor], ...] = (SandboxExecutor, ProcessExecutor)
    for kind in kinds if config.executor != "process" else kinds[1:]:
        try:
            reason = trial.reason_not_driven(kind, folder)
        except ExecutorUnavailable:
            continue
        except OSError as error:
            reason = f"{error.strerror}: {error.filename}"
        if reason is None:
            return Check("notebooks", Health.OK, f"A notebook was run by the executor {kind.name}.")
        return Check(
            "notebooks",
            Health.NOTE,
            f"A notebook could not be run by the executor {kind.name}: {reason}.",
            _CURE_NOTEBOOKS,
        )
    return Check("notebooks", Health.MISSING, "No executor of this machine works.", _CURE_SANDBOX)


def _says(file: str, value: str) -> bool:
    try:
        return Path(file).read_text().strip() == value
    except OSError:
        return False


# -- where things are kept -------------------------------------------------------------------------


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next((path for path in (folder, *folder.parents) if os.path.isdir(path)), Path("/"))


def _folder(config: Config) -> Check:
    for folder in (config.folder, config.root):
        if not os.access(_existing(folder), os.W_OK | os.X_OK):
            return Check(
                "folders",
                Health.MISSING,
                f"{_existing(folder)} may not be written to.",
                "Make it writable, or name another folder for our files with --state or JUPYTER_PIPELINE_STATE.",
            )
    if reason := too_long(config.folder):
        cure = "Name another folder for our files with --state or JUPYTER_PIPELINE_STATE."
        return Check("folders", Health.MISSING, f"No history can be kept in {config.folder}: {reason}.", cure)
    kept = f"Our own files are kept in {config.state}"
    if not person.can_write(config.cache):
        message = f"{kept}, but no runtime can be built: {config.cache} may not be written to."
        return Check(
            "folders", Health.NOTE, message, f"Set {configuration.ENV_CACHE} to a folder that you can write to."
        )
    return Check("folders", Health.OK, f"{kept}, built runtimes in {config.cache}.")


def _programs(config: Config) -> Check:
    """Whether programs can be run from where we keep them: some machines mount a home or /tmp without that."""
    if person.forbids_programs(config.cache):
        message = f"{config.cache} is mounted `noexec`: runtimes of the kind `python` cannot run from there."
        cure = f"Set {configuration.ENV_CACHE} to a folder on another file system."
        return Check("programs", Health.NOTE, message, cure)
    if person.forbids_programs(config.state):
        message = f"{config.state} is mounted `noexec`: a job cannot run a program of the project, such as ./run.sh."
        cure = (
            "Name the interpreter in the command, as in `sh run.sh`, or set JUPYTER_PIPELINE_STATE to another folder."
        )
        return Check("programs", Health.NOTE, message, cure)
    return Check("programs", Health.OK, "Programs can be run from these folders.")


def _disk(config: Config) -> Check:
    low = []
    for folder in dict.fromkeys((_existing(config.state), _existing(config.cache))):
        free = shutil.disk_usage(folder).free
        if free < LOW:
            low.append(f"{folder} has {free / 1024**2:.0f} MB left")
    if low:
        return Check("disk", Health.MISSING, f"{'; '.join(low)}.", "Free some space; `jupyter pipeline clean` helps.")
    return Check("disk", Health.OK, f"{shutil.disk_usage(_existing(config.state)).free / 1024**3:.0f} GB are free.")


def _network(config: Config) -> Check:
    if on_network(_existing(config.state)):
        return Check(
            "file system",
            Health.NOTE,
            f"{config.state} is on a network file system: a safe but slower way of writing the history is used there.",
            "For speed, keep our files on a local disk: --state, or JUPYTER_PIPELINE_STATE.",
        )
    return Check("file system", Health.OK, f"{config.state} is on a local disk.")


# -- the project -----------------------------------------------------------------------------------


def _project(config: Config, root: Path | None) -> tuple[set[str], Check]:
    """The runtimes that the project asks for, and what is to be said of its project.yaml."""
    if root is None:
        return set(), Check(
            "project", Health.NOTE, "There is no project.yaml here.", "Go to a project, or name it: --project."
        )
    try:
        parsed = parsing.parse(survey.read_project(config.root))
    except ProjectNotFound as error:
        return set(), Check("project", Health.MISSING, error.message, error.remedy)
    errors = sum(1 for problem in parsed.problems if problem.severity is Severity.ERROR)
    if parsed.pipeline is None:
        message = f"{root / survey.PROJECT_FILE} has {errors} error{'s' if errors != 1 else ''}."
        return set(), Check("project", Health.MISSING, message, "`jupyter pipeline check` lists them.")
    actions = parsed.pipeline.actions
    used = {action.run.runtime for action in actions.values()}
    return used, Check("project", Health.OK, f"{root / survey.PROJECT_FILE} is valid, with {len(actions)} actions.")


def _runtimes(config: Config, used: set[str]) -> Iterator[Check]:
    known: set[str] = set()
    for one in runtimes.describe_all(config):
        names = {one.info.name, *one.aliases}
        known |= names
        if one.only_stands_in and not names & used and one.info.state is not RuntimeState.READY:
            continue  # where it would stand in, the line of the other one says so
        yield _runtime(one.info, one.python, bool(names & used))
    for name in sorted(used - known):
        yield _runtime(runtimes.describe(name, config), None, True)


def _runtime(info: RuntimeInfo, python: str | None, needed: bool) -> Check:
    name, state, message = info.name, info.state, info.message
    if state is RuntimeState.MISSING:
        health, end = (Health.MISSING, "") if needed else (Health.NOTE, " This project does not use it.")
        return Check(f"runtime {name}", health, "It cannot be had here." + end, message)
    interpreter = f" with Python {python}" if python else ""
    what = (
        f"Ready{interpreter}."
        if state is RuntimeState.READY
        else f"Can be built{interpreter}, when it is first needed."
    )
    if info.stand_in:
        return Check(f"runtime {name}", Health.NOTE, f"{what} {message}".strip(), _CURE_STAND_IN)
    return Check(f"runtime {name}", Health.OK, f"{what} {message}".strip())


def _history(config: Config) -> list[Check]:
    engine = Lease(config).holder()
    running = f"An engine is running, process {engine}." if engine else "No engine is running; requests start one."
    try:
        waiting = _in_store(config, lambda store: len(store.active()))
    except StoreUnavailable as error:
        return [Check("history", Health.MISSING, error.message, error.remedy)]
    history = "No history yet." if waiting is None else f"The history in {config.folder} is sound."
    checks = [Check("history", Health.OK, history)]
    if waiting and not engine:
        said = _last_line(config.folder / LOG)
        message = f"{waiting} unfinished jobs, but no engine runs.{f' Its last words: {said}' if said else ''}"
        cure = "`jupyter pipeline run` goes on with them; `jupyter pipeline cancel` ends them."
        return [*checks, Check("engine", Health.MISSING, message, cure)]
    return [*checks, Check("engine", Health.OK, running)]


def _in_store(config: Config, ask: Callable[[Store], int]) -> int | None:
    store = Store.peek(config.folder)
    if store is None:
        return None
    with closing(store):
        store.check_integrity()
        return ask(store)


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:300] if lines else ""
