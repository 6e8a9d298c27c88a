"""What an output path may look like.

Each check takes the path and yields faults; ``PATH_CHECKS`` lists those that hold for every level. Whether a file is
there, and where it may be written, is not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import normpath

from ..models import Level
from .faults import Fault, quote

STATE_FOLDER = ".jupyter_pipeline"
"""Our own folder in a project; no job may write there."""
METADATA = "metadata"
"""The platform's own folder; it refuses just this spelling (platform: pipeline/validation.py)."""
RESERVED_FOLDERS = (METADATA, STATE_FOLDER)
"""Folders at the top of a project that belong to the machinery, however their case is written."""
VIEWABLE_TYPES = ("csv", "html", "jpeg", "jpg", "json", "log", "md", "png", "svg", "svgz", "txt")
"""File types the platform lets people view (platform: pipeline/constants.py)."""
MAX_PATH = 1000
MAX_SEGMENT = 200

_ORDINARY = re.compile(r"(?:[A-Za-z0-9_*][A-Za-z0-9_. *-]*/)*[A-Za-z0-9_*][A-Za-z0-9_ *-]*(?:\.[A-Za-z0-9_ *-]+)*")
_DRIVE = re.compile("[A-Za-z]:")
_ROOTED_DRIVE = re.compile(r"[A-Za-z]:[/\\]")


def path_faults(path: str) -> Iterator[Fault]:
    """Yield every reason why a path cannot be an output of any level; nothing for a good one."""
    if not path:
        yield Fault("path-empty", "The output path is empty.", "Write a path such as `output/table.csv`.")
        return
    if len(path) > MAX_PATH:
        yield _too_long(path)
        return
    if _is_ordinary(path):
        return
    yield from _characters(path)
    yield from _position(path)
    yield from _segments(path)


def _is_ordinary(path: str) -> bool:
    """Whether a path so clearly breaks no rule that the checks can be spared; nearly all are like this."""
    if len(path) > MAX_SEGMENT or "**" in path or path[:8].lower() == "metadata":
        return False
    return _ORDINARY.fullmatch(path) is not None


def _characters(path: str) -> Iterator[Fault]:
    remedy = "Use letters, digits, `_`, `-`, `.` and `/`, and `*` for the part that varies."
    if not path.isprintable():
        yield Fault("path-character", f"The output path {quote(path)} holds an invisible character.", remedy)
    if "\\" in path:
        yield Fault("path-backslash", f"The output path {quote(path)} holds a backslash.", "Separate folders with `/`.")
    for wildcard in ("**", "?", "["):
        if wildcard in path:
            message = f"The output path {quote(path)} holds `{wildcard}`; only a single `*` is a wildcard here."
            yield Fault("path-wildcard", message, "Use `*` for any text within one folder, and name the folders.")


def _position(path: str) -> Iterator[Fault]:
    remedy = "Write the path as seen from the folder of project.yaml, such as `output/table.csv`."
    if path.startswith(("/", "\\")) or _ROOTED_DRIVE.match(path):
        yield Fault("path-absolute", f"The output path {quote(path)} is absolute.", remedy)
    elif _DRIVE.match(path):
        yield Fault("path-drive", f"The output path {quote(path)} begins with a drive, as on Windows.", remedy)
    top = re.split(r"[/\\]", path)[0]
    if top.casefold() in RESERVED_FOLDERS:
        message = f"The output path {quote(path)} lies in `{top}`, which is kept for the pipeline's own records."
        rule = "path-metadata" if path.split("/", maxsplit=1)[0] == METADATA else "path-reserved"
        yield Fault(rule, message, "Choose another folder, such as `output`.")


def _segments(path: str) -> Iterator[Fault]:
    segments = re.split(r"[/\\]", path)
    if normpath(path) != path:
        message = f"The output path {quote(path)} is not in its simplest form."
        yield Fault("path-normal", message, "Leave out `.`, `..` and doubled or final slashes.")
    elif ".." in segments:
        message = f"The output path {quote(path)} leaves its folder with `..`."
        yield Fault("path-parent", message, "Name a place inside the project, without `..`.")
    elif path == ".":
        message = "The output path `.` is the project's own folder."
        yield Fault("path-parent", message, "Name a file, such as `output/table.csv`.")
    if any(segment.casefold() == ".git" for segment in segments):
        message = f"The output path {quote(path)} lies in `.git`, where git keeps the project's history."
        yield Fault("path-git", message, "Choose another folder, such as `output`.")
    if any(len(segment) > MAX_SEGMENT for segment in segments):
        yield _too_long(path)


def _too_long(path: str) -> Fault:
    message = f"The output path {quote(path)} is too long."
    return Fault("path-long", message, f"Keep names below {MAX_SEGMENT} and paths below {MAX_PATH} characters.")


def type_faults(path: str, level: Level | None) -> Iterator[Fault]:
    """Yield what the platform says of a file's type since November 2023 (platform: pipeline/validation.py).

    ``level`` is None where the file says one that does not exist.
    """
    stem, dot, extension = path.rpartition("/")[2].rpartition(".")
    if not (stem and dot and extension) or extension.endswith("*"):
        message = f"The output path {quote(path)} does not end in a file type."
        yield Fault("path-extension", message, "End it with one, such as `.csv`; the platform asks for it today.")
    elif level is Level.MODERATELY and extension not in VIEWABLE_TYPES:
        kind = quote(f".{extension[:20]}")
        message = f"The platform does not let people view files of the type {kind}, as in {quote(path)}."
        remedy = f"Make the output highly_sensitive, or write one of {', '.join(VIEWABLE_TYPES)}."
        yield Fault("path-file-type", message, remedy)
