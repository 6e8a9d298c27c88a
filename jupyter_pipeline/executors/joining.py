"""Going into a sandbox that is already there: a forked process takes on its namespaces and gives up all power.

bubblewrap starts a program; what is wanted here is a process that has its libraries loaded already, in the same kind
of sandbox. So bubblewrap starts a holder that does nothing, and the forked process joins the holder's namespaces. It
ends up with what bubblewrap gives: no capabilities, none to be had again, killed with the sandbox. It may have been
forked from a process that knew more, so nobody in the sandbox may look into it.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import resource
import struct
from itertools import pairwise

USER_NAMESPACE = 0x10000000
NAMESPACES = {
    "ipc": 0x08000000,
    "uts": 0x04000000,
    "net": 0x40000000,
    "cgroup": 0x02000000,
    "pid": 0x20000000,
    "mnt": 0x00020000,
}
"""In the order in which they are joined; the last hides where the others are."""
GET_OWNER = 0xB701
"""The ioctl that opens the user namespace which owns a namespace (Linux: NS_GET_USERNS, ioctl_ns(2))."""
_SET_DUMPABLE, _CAPBSET_DROP, _SET_NO_NEW_PRIVS, _SET_PDEATHSIG, _AMBIENT, _AMBIENT_CLEAR_ALL = 4, 24, 38, 1, 47, 4
_CAPABILITY_VERSION = 0x20080522
_SIGKILL = 9

_libc = ctypes.CDLL(None, use_errno=True)


def join(pid: int) -> None:
    """Take on the namespaces of a process; those that are shared with it anyway are left. Raises OSError.

    Whoever is not root must have power over the user namespace that owns the others, and that need not be the one the
    process is in: for `--dev` bubblewrap maps an ordinary user to root in a first user namespace, makes the others in
    it, and goes on in a second, inner one in which the user is itself again. So the owner is joined first, which gives
    the right to the others, and the inner one last, which makes the process the user that all in the sandbox are.

    The pid namespace holds only for children: fork afterwards. The caller must have one thread.
    """
    with contextlib.ExitStack() as opened:
        user = _open(opened, f"/proc/{pid}/ns/user")
        others = [(name, kind, _open(opened, f"/proc/{pid}/ns/{name}")) for name, kind in NAMESPACES.items()]
        owner = fcntl.ioctl(others[-1][2], GET_OWNER)
        opened.callback(os.close, owner)
        if not _is_ours(owner, "user"):
            _enter(owner, USER_NAMESPACE, "outer user")
        for name, kind, descriptor in others:
            if not _is_ours(descriptor, name):
                _enter(descriptor, kind, name)
        if not os.path.sameopenfile(user, owner):
            _enter(user, USER_NAMESPACE, "user")


def _open(opened: contextlib.ExitStack, path: str) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    opened.callback(os.close, descriptor)
    return descriptor


def _is_ours(descriptor: int, name: str) -> bool:
    """Whether an opened namespace is the one that this process is in already."""
    return os.path.samestat(os.fstat(descriptor), os.stat(f"/proc/self/ns/{name}"))


def _enter(descriptor: int, kind: int, name: str) -> None:
    if _libc.setns(descriptor, kind) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), f"the sandbox's {name} namespace")


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
