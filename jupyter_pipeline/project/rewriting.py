"""Changing a project.yaml so that nobody's edit is lost: nobody wrote since it was read, and it is replaced at once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import InvalidRequest
from ..planning import survey
from ..spec import additions
from ..spec.additions import Addition, NewAction

CONTEXT = 3
"""Lines shown above the added ones."""


@dataclass(frozen=True, slots=True)
class Added:
    """An action that is, or could be, in project.yaml."""

    addition: Addition
    above: tuple[str, ...]
    """The last lines above the added ones, `CONTEXT` at most."""
    written: bool
    seen: str
    """The SHA-256 of the file as it is now."""


def add_action(root: Path, action: NewAction, seen: str | None, write: bool) -> Added:
    """Add an action to the project.yaml of a folder, or only say what that would be.

    `seen` is the SHA-256 of the file that the person was shown. Raises InvalidAddition when the action cannot be added,
    InvalidRequest when the file is another by now, or cannot be written.
    """
    source = survey.read_project(root)
    if seen is not None and seen != digest(source):
        raise _changed(survey.PROJECT_FILE)
    try:
        text = source.decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest("project.yaml is not UTF-8.", "Save it as UTF-8 first.") from error
    made = additions.add(text, action)
    if write:
        replace(root / survey.PROJECT_FILE, source, made.text)
        source = made.text.encode()
    above = made.text.splitlines()[max(0, made.first - 1 - CONTEXT) : made.first - 1]
    return Added(made, tuple(above), write, digest(source))


def digest(source: bytes) -> str:
    """The SHA-256 of a file's content."""
    return hashlib.sha256(source).hexdigest()


def replace(file: Path, before: bytes, text: str) -> None:
    """Replace the content at once, keeping mode and links. Raises InvalidRequest.

    Whoever edited the file meanwhile, so that it is not as it was `before`, is not overwritten.
    """
    file = file.resolve()
    try:
        with _beside(file, text.encode()) as part:
            if not file.exists() or file.read_bytes() != before:
                raise _changed(file.name)
            part.chmod(file.stat().st_mode & 0o7777)
            part.replace(file)
    except OSError as error:
        reason = f"{file.name} cannot be written: {error.strerror}."
        raise InvalidRequest(reason, "Make its folder writable.") from error


@contextlib.contextmanager
def _beside(file: Path, content: bytes) -> Iterator[Path]:
    """A file of this content in the same folder, gone afterwards if it is still there."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        yield Path(name)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _changed(name: str) -> InvalidRequest:
    return InvalidRequest(f"{name} was changed meanwhile.", "Look at it, and ask again.")
