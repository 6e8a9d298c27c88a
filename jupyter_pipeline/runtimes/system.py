"""Runtimes of kind ``system``: programs that are on this machine anyway, such as R.

What they consist of cannot be known without running them, so the identity is that of the program's file.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from .. import person
from ..config import Config
from ..models import Runtime, RuntimeState
from . import definitions, places
from .availability import Availability, missing, short_hash
from .definitions import Choice


def look(choice: Choice, config: Config) -> Availability:
    """Ready when the program is found; no process is started."""
    definition = choice.definition
    program = find(definition.program, config.root)
    if program is None:
        where = "does not exist" if "/" in definition.program else "is on no folder of PATH"
        return missing(
            f"{definition.name} needs the program {definition.program}, which {where} on this machine.",
            definitions.remedy_for(definition.program),
        )
    libraries = _r_libraries() if program.name == "Rscript" else ()
    own = {"R_LIBS_USER": os.pathsep.join(map(str, libraries))} if libraries else {}
    environment = {**own, **definition.environment}
    identity = short_hash(
        "system", *stamp(program), *choice.changes, *definition.environment.items(), *map(stamp, libraries)
    )
    runtime = Runtime(
        name=definition.name,
        identity=identity,
        program=str(program),
        path=() if places.is_system(program.parent) else (program.parent,),
        mounts=(*places.needed_by(program), *libraries),
        environment=environment,
    )
    return Availability(RuntimeState.READY, identity, runtime=runtime, folder=program.parent)


def find(program: str, root: Path) -> Path | None:
    """The file that `program` names: a name on PATH, or a path, relative ones counting from the project's folder."""
    if "/" not in program:
        found = shutil.which(program)
        return Path(found).absolute() if found else None
    path = root / os.path.expanduser(program)
    return path if os.path.isfile(path) and os.access(path, os.X_OK) else None


def stamp(path: Path) -> tuple[str, int, int]:
    """What tells one installed version of a file or folder from another: real path, size, time of change."""
    real = path.resolve()
    status = real.stat()
    return str(real), status.st_size, status.st_mtime_ns


def _r_libraries() -> tuple[Path, ...]:
    """The folders to which R installs packages for this person: R's variable if set, else the newest of R's default.

    A job's HOME is not the person's, so R would not find them by itself.
    """
    given = os.environ.get("R_LIBS_USER")
    if given:
        return tuple(path for path in map(Path, given.split(os.pathsep)) if path.is_absolute() and os.path.isdir(path))
    home = person.home()
    found = home.glob("R/*-library/*.*") if home is not None else ()
    return tuple(sorted(found, key=lambda path: [int(part) for part in re.findall(r"\d+", path.name)])[-1:])
