"""Going into a sandbox that is already there: a forked process takes on its namespaces and gives up all power.

bubblewrap starts a program; what is wanted here is a process that has its libraries loaded already, in the same kind
of sandbox. So bubblewrap starts a holder that does nothing, and the forked process joins the holder's namespaces. It
ends up with what bubblewrap gives: no capabilities, none to be had again, killed with the sandbox. It may have been
forked from a process that knew more, so nobody in the sandbox may look into it.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
from itertools import pairwise

NAMESPACES = {
    "user": 0x10000000,
    "ipc": 0x08000000,
    "uts": 0x04000000,
    "net": 0x40000000,
    "cgroup": 0x02000000,
    "pid": 0x20000000,
    "mnt": 0x00020000,
}
"""In the order in which they are joined: the first gives the right to the others, the last hides where they are."""
_SET_DUMPABLE, _CAPBSET_DROP, _SET_NO_NEW_PRIVS, _SET_PDEATHSIG, _AMBIENT, _AMBIENT_CLEAR_ALL = 4, 24, 38, 1, 47, 4
_CAPABILITY_VERSION = 0x20080522
_SIGKILL = 9

_libc = ctypes.CDLL(None, use_errno=True)


def join(pid: int) -> None:
    """Take on the namespaces of a process; those that are shared with it anyway are left. Raises OSError.

    The pid namespace holds only for children: fork afterwards. The caller must have one thread.
    """
    opened = []
    for name, kind in NAMESPACES.items():
        theirs = f"/proc/{pid}/ns/{name}"
        if os.stat(theirs).st_ino != os.stat(f"/proc/self/ns/{name}").st_ino:
            opened.append((os.open(theirs, os.O_RDONLY | os.O_CLOEXEC), kind, name))
    for descriptor, kind, name in opened:
        if _libc.setns(descriptor, kind) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), f"the sandbox's {name} namespace")
        os.close(descriptor)


def give_up_power() -> None:
    """Drop every capability for good, and let nobody of the same user look into this process. Raises OSError."""
    for capability in range(64):
        _libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0)  # those beyond the last one fail, which is fine
    _libc.prctl(_AMBIENT, _AMBIENT_CLEAR_ALL, 0, 0, 0)
    _checked(_libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    header = struct.pack("Ii", _CAPABILITY_VERSION, 0)
    _checked(_libc.capset(header, struct.pack("6I", 0, 0, 0, 0, 0, 0)))
    hide()


def hide() -> None:
    """Keep this process's memory, environment and descriptors from other processes of the same user."""
    _libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)


def die_with_parent() -> None:
    """Be killed when the parent process ends."""
    _libc.prctl(_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def close_all_but(kept: set[int]) -> None:
    """Close every descriptor except these."""
    limit = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 65_536)
    bounds = sorted({-1, *kept, limit})
    for before, after in pairwise(bounds):
        if after > before + 1:  # Python takes an empty range that ends at 0 for all there are
            os.closerange(before + 1, after)


def _checked(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
