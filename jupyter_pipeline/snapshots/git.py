"""What git knows of a project: its commit, its files, the content of a commit.

Thin functions over the ``git`` program. Where git is not installed or the folder is in no repository they answer
None. A repository may come from anywhere, so nothing that it configures is run: no hooks, no file system monitor, no
pager, no filter of its own, no fetching from a remote but in `update`. What becomes of the files is not here (see
``pool``).
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .. import person
from ..config import STATE_FOLDER, printable
from ..errors import InvalidRequest, SnapshotFailed

TIMEOUT = 120.0
"""Seconds until a git that does not answer, say on a dead network disk, is given up."""

EXPORT_TIMEOUT = 1800.0
"""The same for reading a whole commit, in which our own work on its files counts too."""

REGULAR, EXECUTABLE, LINK = "100644", "100755", "120000"
"""The modes of git's trees that `export` gives; submodules have another and are left out."""

_FIELDS = {"1": 8, "2": 9, "u": 10, "?": 1, "!": 1}
"""How many fields stand before the path in a line of ``git status --porcelain=v2``, by how the line begins."""

_DISTRUSTED = re.compile(rb"repository (?:at '(.+?)'\n(?=To add|\Z)|\('(.+?)' is owned)", re.DOTALL)
"""How git names a repository that it does not read because of its owner, since 2.35.2 and in that version."""

_NOT_OURS = f":(exclude){STATE_FOLDER}"
_SAFE = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "core.pager=cat")
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # A partial clone fetches what it lacks when it is read; a snapshot must not reach for the network.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}
_LOCAL = (
    # Set where we are started from a hook or an alias of git: they would point us at another repository.
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_CONFIG"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE"),
    *("GIT_EXTERNAL_DIFF", "GIT_TRACE", "GIT_TRACE2", "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE"),
)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a working tree stands."""

    commit: str | None
    """The full commit identifier, or None before the first commit."""
    branch: str | None
    """The branch's name, or None when no branch is checked out."""
    dirty: bool
    """Whether tracked files of the project differ from the commit, or untracked ones lie beside them."""
    changed: tuple[str, ...] = ()
    """These files relative to the project, sorted; a folder with nothing but untracked ones ends with a slash."""


def head(root: Path) -> Head | None:
    """The commit and branch checked out in `root`, and whether the project's folder differs from the commit.

    None where there is no git or no repository, and where the repository around `root` ignores it: its commit says
    nothing of the project then. Submodules are not looked into. Raises SnapshotFailed when git cannot or will not
    read the repository, which is not the same as there being none.
    """
    flags = ("--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--ignore-submodules=all", "--no-renames")
    overrides = _without_own_filters(root)
    out = None if overrides is None else _output(root, *overrides, "status", *flags, "--", ".", _NOT_OURS)
    if out is None or _is_ignored(root):
        return None
    commit = branch = None
    changed = []
    for line in os.fsdecode(out).split("\0"):
        if line.startswith("# branch.oid "):
            commit = line.removeprefix("# branch.oid ")
        elif line.startswith("# branch.head "):
            branch = line.removeprefix("# branch.head ")
        elif line and not line.startswith("#"):
            changed.append(line.split(" ", _FIELDS[line[0]])[-1])
    if changed:  # they are named as seen from the repository
        above = os.fsdecode(_output(root, "rev-parse", "--show-prefix") or b"").removesuffix("\n")
        changed = sorted(path.removeprefix(above) for path in changed)
    return Head(
        None if commit == "(initial)" else commit,
        None if branch == "(detached)" or branch is None else printable(branch),
        bool(changed),
        tuple(changed),
    )


def listed_files(root: Path) -> list[str] | None:
    """Like `code_files`, but what git lists as it is: among it may be files that are gone, and submodules."""
    # The first exclusion keeps git from walking through our kept code, the second from listing what is tracked there.
    flags = ("--cached", "--others", "--exclude-standard", f"--exclude={STATE_FOLDER}/")
    done = _run(root, "ls-files", "-z", *flags, "--", ".", _NOT_OURS)
    if done is None:
        return None
    if done.returncode != 0 or b"could not open directory" in done.stderr:
        raise SnapshotFailed(f"Git could not read the project's files: {_said(done.stderr)}.", _MEND_FILES)
    # A merge in progress lists a file once for each side; a trailing slash marks another repository.
    paths = dict.fromkeys(path for path in os.fsdecode(done.stdout).split("\0") if path and not path.endswith("/"))
    # With nothing listed the repository around us ignores the project: to it there is no project here.
    return [path for path in paths if not path.startswith(("../", "/"))] or None


def code_files(root: Path) -> list[str] | None:
    """The files of the project that git tracks or would track, relative to `root`, in no particular order.

    Left out: ignored files, tracked files that were deleted, submodules and other repositories inside the project (a
    checkout on the platform does not have them either). None where there is no git, no repository or a repository that
    ignores the whole of `root`. Raises SnapshotFailed when git refuses.
    """
    paths = listed_files(root)
    if paths is None:
        return None
    return [path for path in paths if os.path.islink(full := f"{root}/{path}") or os.path.isfile(full)]


def resolve(root: Path, revision: str) -> str:
    """The full identifier of the commit that `revision` (a commit, branch, tag, ...) names.

    Raises InvalidRequest when there is no such commit, or no repository.
    """
    remedy = "Name a commit, a branch or a tag of the project's repository."
    if revision.startswith("-") or not revision.isprintable() or not revision:
        raise InvalidRequest(f"{revision!r} is not the name of a commit.", remedy)
    done = _run(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if done is None:
        raise InvalidRequest(
            f"There is no commit {revision!r}: {root} is in no git repository.", "Run the working tree instead."
        )
    commit = done.stdout.decode("ascii", "replace").strip()
    if done.returncode != 0 or not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        raise InvalidRequest(f"There is no commit {revision!r} in the project's repository.", remedy)
    return commit


def export(root: Path, revision: str) -> Iterator[tuple[str, str, bytes]]:
    """Each file of the project's folder at a commit: path relative to `root`, mode, content.

    The content is what the commit holds, with no filter or conversion of line ends; the content of a symbolic link
    (mode LINK) is its target. Submodules are left out. Raises InvalidRequest for an unknown revision and
    SnapshotFailed when the repository lacks some of the content.
    """
    commit = resolve(root, revision)
    listing = _output(root, "ls-tree", "-r", "-z", commit)
    entries: list[tuple[str, str, bytes]] = []
    for line in (listing or b"").split(b"\0"):
        bits, kind, rest = line.split(b" ", 2) if line else (b"", b"", b"")
        if kind == b"blob":
            identifier, path = rest.split(b"\t", 1)
            entries.append((os.fsdecode(path), bits.decode(), identifier))
    # The whole list of wishes lies in a file: with a pipe, git and we could each wait for the other.
    with tempfile.TemporaryFile() as wishes:
        wishes.writelines(identifier + b"\n" for _, _, identifier in entries)
        wishes.seek(0)
        with _stream(root, wishes, "cat-file", "--batch") as contents:
            for name, mode, _ in entries:
                yield name, mode, _next_object(contents, name)


def update(root: Path) -> str:
    """Bring the checkout in `root` up to date from its own remote, if nothing here stands against it; the new commit.

    The only function here that reaches out, for a checkout that its own operator has set up. Local changes stay. Raises
    InvalidRequest when it cannot be done, with what git said.
    """
    remedy = "Mend the checkout, or ask whoever runs this service."
    for arguments in (
        ("fetch", "--no-recurse-submodules", "--quiet"),
        ("merge", "--ff-only", "--quiet", "@{upstream}"),
    ):
        done = _run(root, *arguments, allow="file:git:http:https:ssh")
        if done is None:
            raise InvalidRequest("The project is in no git repository.", remedy)
        if done.returncode != 0:
            raise InvalidRequest(f"The checkout could not be brought up to date: {_said(done.stderr)}.", remedy)
    return resolve(root, "HEAD")


def user_name(root: Path) -> str | None:
    """The name under which the person at `root` commits, or None where git has none."""
    done = _run(root, "config", "--get", "user.name")
    return done.stdout.decode(errors="replace").strip() or None if done else None


def _next_object(stream: IO[bytes], path: str) -> bytes:
    header = stream.readline().split()
    if len(header) == 3 and header[1] == b"blob":
        content = stream.read(int(header[2]))
        if len(content) == int(header[2]) and stream.read(1) == b"\n":
            return content
    raise SnapshotFailed(
        f"The repository does not hold the content of {path!r} at that commit.",
        "Fetch the whole of the commit (`git fetch --refetch`), or run the working tree.",
    )


def _is_ignored(root: Path) -> bool:
    done = _run(root, "check-ignore", "--quiet", "--", ".")
    return done is not None and done.returncode == 0


def _without_own_filters(root: Path) -> list[str] | None:
    """Arguments that switch off the content filters a repository itself configures; the user's own stay.

    To see whether a file differs, ``git status`` runs the filter programs named in ``.git/config``, and a project
    that was unpacked from an archive brings that file with it. None where there is no repository.
    """
    listing = ("config", "--show-scope", "--name-only", "-z", "--get-regexp", r"^filter\..*\.(clean|process)$")
    done = _run(root, *listing)
    if done is None:
        return None
    words = os.fsdecode(done.stdout).split("\0")
    arguments = []
    for scope, name in zip(words[::2], words[1::2], strict=False):
        if scope in ("local", "worktree"):
            driver = name.rsplit(".", 1)[0]
            arguments += ["-c", f"{name}=", "-c", f"{driver}.required=false"]
    return arguments


def _output(root: Path, *arguments: str) -> bytes | None:
    """What git prints, or None without git or repository; any other refusal raises SnapshotFailed."""
    done = _run(root, *arguments)
    if done is None:
        return None
    if done.returncode != 0:
        raise SnapshotFailed(f"Git could not read the repository of {root}: {_said(done.stderr)}.", _MEND)
    return done.stdout


_MEND_FILES = "Make that folder readable, or list it in .gitignore if it is not code."
_MEND = "See what `git status` says in the project's folder, and mend that first."


def _run(root: Path, *arguments: str, allow: str | None = None) -> subprocess.CompletedProcess[bytes] | None:
    """Run git in `root`; None without git or repository, SnapshotFailed when it refuses to touch the repository.

    `allow` names the protocols by which it may reach out; by default there are none.
    """
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "--no-pager", *_SAFE, *arguments],
            env=_environment() | ({"GIT_ALLOW_PROTOCOL": allow} if allow else {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        return None
    except subprocess.TimeoutExpired:
        raise SnapshotFailed(f"Git did not answer within {TIMEOUT:.0f} seconds in {root}.", _MEND) from None
    except OSError as error:
        raise SnapshotFailed(f"Git could not be started: {error.strerror}.", _MEND) from None
    if done.returncode == 0:
        return done
    if b"dubious ownership" in done.stderr or b"unsafe repository" in done.stderr:
        found = _DISTRUSTED.search(done.stderr)
        where = os.fsdecode(found[1] or found[2]) if found else str(root)
        raise SnapshotFailed(
            f"Git does not read the repository {where}, because it belongs to another user.",
            _how_to_trust(where),
        )
    if b"not a git repository" in done.stderr or b"must be run in a work tree" in done.stderr:
        return None
    return done


def _how_to_trust(folder: str) -> str:
    home = person.home()
    quoted = shlex.quote(folder)
    if home is not None and person.can_write(home):
        return f"If you trust it, run: git config --global --add safe.directory {quoted}"
    variables = f"GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0={quoted}"
    return f"If you trust it, set these variables, since git has no home here to note it in: {variables}"


@contextmanager
def _stream(root: Path, stdin: IO[bytes], *arguments: str) -> Iterator[IO[bytes]]:
    """What a running git prints, to be read piece by piece; it is killed when it or its reader stops early."""
    process = subprocess.Popen(
        ["git", "-C", str(root), "--no-pager", *_SAFE, *arguments],
        env=_environment(),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    timer = threading.Timer(EXPORT_TIMEOUT, process.kill)
    timer.daemon = True
    timer.start()
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        timer.cancel()
        process.kill()
        process.stdout.close()
        process.wait()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _LOCAL} | _ENVIRONMENT


def _said(stderr: bytes) -> str:
    lines = stderr.decode(errors="replace").strip().splitlines()
    return re.sub(r"^(fatal|error|warning): ", "", lines[0]).rstrip(".") if lines else "it gave no reason"
