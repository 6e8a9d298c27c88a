"""Runtimes of kind ``stata``: a Stata of this machine, with its licence, run by our wrapper (stata-wrapper.sh).

The licence's text is never kept: a runtime carries only the name of the variable, and `secrets` reads the value when a
job starts.
"""

from __future__ import annotations

import os
import tempfile
from importlib.resources import files
from pathlib import Path

from ..config import FILE, Config
from ..errors import RuntimeUnavailable
from ..models import Runtime, RuntimeState
from . import places, system
from .availability import Availability, missing, short_hash
from .definitions import Choice

LICENSE = "STATA_LICENSE"
_LICENSE_FILE = "stata.lic"
_PLACES = (
    "/usr/local/stata*/stata-mp",
    "/opt/stata*/stata-mp",
    "/Applications/Stata*/StataMP.app/Contents/MacOS/stata-mp",
    "/Applications/Stata*/*.app/Contents/MacOS/stata-mp",
)


def look(choice: Choice, config: Config) -> Availability:
    """Ready when both the program and a licence are found; else the sentence says which is not, and where we looked."""
    program = _program(choice, config)
    problems = [_no_program(choice, config)] if program is None else []
    if _license_source(program, config) is None:
        problems.append(_no_license(program, config))
    if program is None or problems:
        return missing(" ".join(message for message, _ in problems), " ".join(remedy for _, remedy in problems))
    definition = choice.definition
    environment = {**definition.environment, "STATA_PROGRAM": str(program)}
    identity = short_hash("stata", *system.stamp(program), _wrapper(), *choice.changes)
    # A licence beside the program is found by Stata itself.
    beside = _license_source(program, config) == program.parent / _LICENSE_FILE
    wrapper = config.cache.resolve() / "stata" / short_hash(_wrapper()) / "run-do-file"
    runtime = Runtime(
        name=definition.name,
        identity=identity,
        program=str(wrapper),
        path=(program.parent,),
        mounts=(wrapper.parent, *places.needed_by(program)),
        environment=environment,
        secrets=() if beside else (LICENSE,),
    )
    return Availability(RuntimeState.READY, identity, runtime=runtime, folder=program.parent)


def install_wrapper(runtime: Runtime) -> None:
    """Put the wrapper where `runtime` expects it, in one step; raises RuntimeUnavailable.

    Not run from our own package's folder, which may have lost the permission to execute on its way here.
    """
    target = Path(runtime.program)
    if target.exists():
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(_wrapper())
        Path(name).chmod(0o755)
        Path(name).replace(target)
    except OSError as error:
        raise RuntimeUnavailable(
            f"The wrapper for Stata cannot be written to {target}: {error.strerror}.",
            "Make that folder writable, or set JUPYTER_PIPELINE_CACHE to one that is.",
        ) from None


def secrets(config: Config) -> dict[str, str]:
    """The licence's text by the variable's name, read now; raises RuntimeUnavailable without saying any of it."""
    given = os.environ.get(LICENSE, "").strip()
    if given:
        return {LICENSE: given}
    path = _license_file(config)
    try:
        text = path.read_text("utf-8").strip() if path else ""
    except (OSError, UnicodeDecodeError):
        text = ""
    if not text:
        message, remedy = _no_license(None, config)
        raise RuntimeUnavailable(message, remedy)
    return {LICENSE: text}


def lacks_license(config: Config) -> tuple[str, str] | None:
    """What is wrong and how to mend it where an image gets no licence; None where one is found."""
    return _no_license(None, config) if _license_source(None, config) is None else None


def _program(choice: Choice, config: Config) -> Path | None:
    if config.stata_program:
        return system.find(config.stata_program, config.root)
    found = system.find(choice.definition.program, config.root)
    if found is None:
        root = Path("/")
        paths = [path for place in _PLACES for path in sorted(root.glob(place[1:]), reverse=True)]
        found = next((path for path in paths if os.access(path, os.X_OK)), None)
    return found


def _license_file(config: Config) -> Path | None:
    return config.root / os.path.expanduser(config.stata_license) if config.stata_license else None


def _license_source(program: Path | None, config: Config) -> Path | str | None:
    """Where a licence is: the variable's name, the configured file, or the file beside the program; or None."""
    if os.environ.get(LICENSE, "").strip():
        return LICENSE
    configured = _license_file(config)
    if configured is not None:
        return configured if os.access(configured, os.R_OK) and os.path.isfile(configured) else None
    beside = program.resolve().parent / _LICENSE_FILE if program else None
    return program.parent / _LICENSE_FILE if program and beside and os.path.isfile(beside) else None


def _no_program(choice: Choice, config: Config) -> tuple[str, str]:
    if config.stata_program:
        return (
            f"The program {config.stata_program}, which {FILE} names for Stata, does not exist or cannot be run.",
            "Correct [stata] program.",
        )
    folders = ", ".join(sorted({place.rpartition("/")[0] for place in _PLACES}))
    return (
        f"Stata's program {choice.definition.program} is neither on PATH nor in {folders}.",
        f'Install Stata-MP, or name its program in {FILE}: [stata] program = "/path/to/stata-mp".',
    )


def _no_license(program: Path | None, config: Config) -> tuple[str, str]:
    configured = _license_file(config)
    if configured is not None:
        return (
            f"Stata's licence is neither in the variable {LICENSE} nor in the file {configured}, which {FILE} names.",
            "Correct [stata] license, or set the variable.",
        )
    beside = f", nor beside the program as {program.parent / _LICENSE_FILE}" if program else ""
    return (
        f"Stata's licence is not in the variable {LICENSE}, and {FILE} names no file with it{beside}.",
        f'Set the variable to the licence\'s text, or name its file: [stata] license = "/path/to/{_LICENSE_FILE}".',
    )


def _wrapper() -> str:
    return (files(__package__) / "stata-wrapper.sh").read_text("utf-8")
