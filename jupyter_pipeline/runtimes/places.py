"""Which folders of this machine a program needs, so that a sandbox can show them to a job and nothing more."""

from __future__ import annotations

import os
from pathlib import Path

from .. import person

SYSTEM = tuple(Path(name) for name in ("/usr", "/bin", "/sbin", "/lib", "/lib64"))
"""Folders that every sandbox has anyway."""

_HOPS = 20


def needed_by(program: Path) -> tuple[Path, ...]:
    """Folders outside the system's that must be readable for `program` to run, each once, in order.

    A program in a folder `bin` needs the folder above it (its libraries are beside it), any other its own folder. A
    symbolic link is followed step by step, as every step must exist. A script needs its interpreter's places too.
    """
    found: list[Path] = []
    for step in _steps(program):
        for folder in (_home_of(step), step.parent.resolve()):
            if not is_system(folder) and not any(folder.is_relative_to(other) for other in found):
                found.append(folder)
    interpreter = _interpreter_of(program)
    if interpreter is not None and interpreter.name != program.name:
        found += [folder for folder in needed_by(interpreter) if folder not in found]
    return tuple(found)


def is_system(folder: Path) -> bool:
    """Whether `folder` is among those that every sandbox has."""
    return any(folder.is_relative_to(system) for system in SYSTEM)


def _steps(program: Path) -> list[Path]:
    """`program` and everything its links lead to, one by one."""
    steps = [program.absolute()]
    while os.path.islink(steps[-1]) and len(steps) < _HOPS:
        target = steps[-1].readlink()
        # normalised by hand: resolve() would follow all links at once
        steps.append(target if target.is_absolute() else (steps[-1].parent / target))
    return steps


def _home_of(program: Path) -> Path:
    folder = program.parent.resolve()
    above = folder.parent
    home = person.home()
    # ~/bin and ~/.local/bin: the folder above would show a job all that a person has
    is_home = home is not None and (home.is_relative_to(above) or above == home / ".local")
    too_much = is_home or above == above.parent
    return above if folder.name == "bin" and not too_much else folder


def _interpreter_of(program: Path) -> Path | None:
    """The program that a script's first line names, if it is a path; `env` finds its own on PATH."""
    try:
        with program.open("rb") as file:
            first = file.readline(1024)
    except OSError:
        return None
    words = first[2:].split() if first.startswith(b"#!") else []
    path = Path(words[0].decode(errors="replace")) if words else None
    return path if path is not None and path.is_absolute() and os.path.exists(path) else None
