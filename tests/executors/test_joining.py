"""Going into a sandbox: as root and as an ordinary user, whose sandbox has one user namespace more."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_pipeline.executors import joining
from jupyter_pipeline.executors.sandbox import _BASE, _system, find_bwrap
from tests.helpers.users import as_ordinary_user

HOLD = ("/bin/sh", "-c", "printf .; read -r end; exit 0")


def namespaces(pid: int | str) -> dict[str, str]:
    kinds = ("user", *joining.NAMESPACES)
    return {kind: os.readlink(f"/proc/{pid}/ns/{kind}") for kind in kinds}


def inside_of(information: str) -> int:
    return int(information.partition('"child-pid":')[2].partition(",")[0].strip().rstrip("}"))


def join_a_sandbox() -> int:
    """Join a sandbox from a fork; 0 when everything there is as in the sandbox itself."""
    told, tell = os.pipe()
    end, ending = socket.socketpair()
    words = [find_bwrap(), "--info-fd", str(tell), *_BASE, *_system(), "--", *HOLD]
    holder = subprocess.Popen(words, stdin=ending.fileno(), stdout=subprocess.PIPE, pass_fds=(tell,), cwd="/")
    os.close(tell)
    assert holder.stdout is not None
    information = os.fdopen(told).read()
    assert holder.stdout.read(1) == b".", "the sandbox cannot be set up"
    inside = inside_of(information)
    theirs, me = namespaces(inside), os.getuid()
    child = os.fork()
    if not child:
        os._exit(_compare(inside, theirs, me))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    end.close()
    ending.close()
    holder.wait()
    return code


def _compare(inside: int, theirs: dict[str, str], me: int) -> int:
    try:
        joining.join(inside)
        child = os.fork()
        if child:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        joining.give_up_power()
        ours = namespaces("self")
        status = Path("/proc/self/status").read_text()
        powers = {line.split()[1] for line in status.splitlines() if line.startswith("Cap")}
        assert ours == theirs, (ours, theirs)
        assert os.getuid() == me
        assert powers == {"0" * 16}, powers
        return 0
    except BaseException as error:
        sys.stderr.write(f"{error!r}\n")
        return 1


def test_a_fork_joins_a_sandbox() -> None:
    child = os.fork()
    if not child:
        os._exit(join_a_sandbox())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_fork_joins_the_sandbox_of_an_ordinary_user() -> None:
    """`--dev` makes bubblewrap add an inner user namespace for whoever is not root."""
    assert as_ordinary_user(join_a_sandbox) == 0


def test_what_cannot_be_joined_is_named() -> None:
    with pytest.raises(OSError, match="No such file"):
        joining.join(2**22 + 1)
