"""Who runs this program and where their own files go, answered also where the system knows nobody of that number.

A container may run us under any number, without a name or a home (OpenShift does), and a home may be read-only.
Python and many libraries end in a traceback then. What the settings say is not here (see ``config``).
"""

from __future__ import annotations

import contextlib
import os
import pwd
import stat
from pathlib import Path

from .errors import InvalidConfig

ENV_CACHE = "JUPYTER_PIPELINE_CACHE"
_CACHES = "jupyter_pipeline"
"""Our folder among a person's caches."""


def name() -> str:
    """The name of whoever runs this program: that of the login, else the number that the system knows them by."""
    import getpass

    with contextlib.suppress(KeyError, OSError, ImportError):  # by version of Python, where the number has no name
        return getpass.getuser().encode(errors="replace").decode()
    return f"uid {os.geteuid()}"


def home() -> Path | None:
    """The home folder, whether or not it is there; None where nothing names one but `ensure_home`."""
    found = os.environ.get("HOME", "")
    if not os.path.isabs(found):  # to many libraries such a one is none, to Python it would be a folder right here
        with contextlib.suppress(KeyError):
            found = pwd.getpwuid(os.getuid()).pw_dir
    return Path(found) if os.path.isabs(found) and os.path.basename(found) != _ours() else None


def ensure_home() -> None:
    """Give this process and its children a home where nothing names one: our private folder for temporary files.

    Jupyter's libraries cannot even be imported without one.
    """
    found = home()
    if found is not None:
        if "HOME" in os.environ:
            os.environ["HOME"] = str(found)
        return
    try:
        os.environ["HOME"] = str(private_folder())
    except InvalidConfig:
        os.environ["HOME"] = "/"


def expanded(setting: str, path: str) -> Path:
    """The path that a setting gives, with ``~`` filled in. Raises InvalidConfig where that is nobody's home."""
    if not path.startswith("~"):
        return Path(path)
    found = os.path.expanduser(path)
    if not os.path.isabs(found):
        raise InvalidConfig(
            f"{setting} = {path!r} names a home that is not known here.", "Give the folder's full path."
        )
    return Path(found)


def short_folder(prefix: str, room: int, base: str | None = None) -> str:
    """The path of a new folder that only we can look into, for sockets; the caller removes it. Raises OSError.

    The system takes 107 bytes for a socket's path. The folder is in `base`, or where temporary files go, if that
    leaves `room` bytes for the names in it, else in /tmp.
    """
    import tempfile

    place = base if base is not None and os.path.isdir(base) else tempfile.gettempdir()
    length = len(os.fsencode(place)) + len(f"/{prefix}") + _RANDOM + room
    return tempfile.mkdtemp(prefix=prefix, dir=place if length <= _LONGEST_SOCKET else "/tmp")


_LONGEST_SOCKET, _RANDOM = 107, 8
"""Bytes that the path of a socket has on Linux, and characters that a new folder's name ends with."""


def can_write(folder: Path) -> bool:
    """Whether files can be made in a folder, or, where it is not there yet, whether it can be made."""
    for place in (folder, *folder.parents):
        if os.path.lexists(place):
            return os.path.isdir(place) and os.access(place, os.W_OK | os.X_OK)
    return False


def forbids_programs(folder: Path) -> bool:
    """Whether no file in a folder, or in the one that it would be made in, can be run: it is mounted ``noexec``."""
    place = next((place for place in (folder, *folder.parents) if os.path.isdir(place)), Path("/"))
    return bool(os.statvfs(place).f_flag & os.ST_NOEXEC)


def cache() -> Path:
    """Where built runtimes and downloads are kept; absolute, and perhaps not there yet.

    What the environment names goes first, then the folder for caches in the person's home. Where that is not there and
    cannot be made, it is a private folder for temporary files. Raises InvalidConfig where even that is somebody else's.
    """
    given = os.environ.get(ENV_CACHE)
    if given:
        return expanded(ENV_CACHE, given).resolve()
    usual = _usual_cache()
    return usual if usual is not None else private_folder() / "cache"


def is_temporary(folder: Path) -> bool:
    """Whether a folder is in the one of ours that is only there for want of a home."""
    return _ours() in folder.parts


def has_caches() -> bool:
    """Whether programs that keep caches of their own, such as uv, have a folder for them without our help."""
    return _usual_cache() is not None


def _usual_cache() -> Path | None:
    """Where this system keeps the caches of a person who has a home; None for one without."""
    is_chosen = os.path.isabs(os.environ.get("XDG_CACHE_HOME", ""))
    if not is_chosen and home() is None:
        return None
    from platformdirs import user_cache_path

    usual = user_cache_path(_CACHES, appauthor=False)
    # A full one that may only be read, as in an image for many users, serves as well.
    return usual if is_chosen or os.path.isdir(usual) or can_write(usual) else None


def _ours() -> str:
    return f"jupyter-pipeline-{os.geteuid()}"


def private_folder() -> Path:
    """A folder for temporary files that is only ours, which stays. Raises InvalidConfig where there can be none.

    Others may know its name, and put something there before us: it is looked at closely.
    """
    import tempfile

    try:
        folder = Path(tempfile.gettempdir(), _ours())
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
    except OSError as error:  # not even a folder for temporary files
        raise InvalidConfig(
            f"There is no folder for this program's own files: {error.strerror or error}.", _NAME_A_FOLDER
        ) from None
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
    if not is_ours:
        raise InvalidConfig(f"{folder} is not this user's own private folder.", _NAME_A_FOLDER)
    return folder


_NAME_A_FOLDER = f"Set {ENV_CACHE} to a folder that you can write to, or HOME to one that is yours."
