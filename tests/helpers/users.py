"""Being somebody else in a test: root becomes an ordinary user in a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

NOBODY = 65534


def as_ordinary_user(function: Callable[[], int | None]) -> int:
    """Do something in a process that has no special rights; its exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        code = function() or 0
    except BaseException as error:
        sys.stderr.write(f"{error!r}\n")
    finally:
        os._exit(code)


def give_to_ordinary_user(folder: Path) -> None:
    """Let the user that root becomes have a folder, and reach it."""
    for place in (folder, *folder.parents):
        if place == Path("/tmp"):
            break
        place.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
