"""A cell's code as an action: the script it is written to, and its entry in project.yaml."""

from __future__ import annotations

import ast
import difflib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ..errors import InvalidRequest
from ..models.documents import ActionDocument, AddedDocument, PipelineDocument, read
from .local import LocalSource

if TYPE_CHECKING:
    from .project import Project

IMAGE = "python:v2"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Language:
    """How a script of a language is named and run."""

    suffix: str
    comment: str
    command: str
    """The command, with a place for the script's path."""


LANGUAGES: Mapping[str, Language] = {
    "python": Language(".py", "#", "python {}"),
    "jupyter": Language(".py", "#", "python {}"),
    "r": Language(".R", "#", "Rscript {}"),
    "stata-mp": Language(".do", "*", "{}"),
}
"""By the name of the image."""


@dataclass(frozen=True, slots=True)
class CellAction:
    """What a cell and its line say."""

    name: str
    code: str
    image: str | None = None
    needs: tuple[str, ...] | None = None
    """None where the line does not say it."""
    outputs: Mapping[str, tuple[str, ...]] | None = None
    """By level the paths; none where the line does not say it."""
    script: str | None = None

    def write(self, project: Project, replace: bool = False) -> None:
        """Write the script, and the action where project.yaml lacks it; show both.

        Raises InvalidRequest or InvalidAddition, before anything is written: for what cannot be added, for an action
        that is there and says otherwise, and, unless `replace`, for a file that no cell has written.
        """
        source = project.source
        if not isinstance(source, LocalSource):
            raise InvalidRequest("That project is not on this machine.", "Write the action in your own checkout.")
        self._check_name()
        pipeline = read(PipelineDocument, source.ask("pipeline").json())
        known = {action.name: action for action in pipeline.actions}.get(self.name)
        image = self.image or (known.runtime if known else IMAGE)
        language = _language(image)
        path = self.script or f"analysis/{self.name}{language.suffix}"
        run = f"{image} {language.command.format(path)}"
        text = self._text(language)
        target = _target(source.root, path)
        before = _read(target)
        added = self._preview(source, run) if known is None else None
        if known is not None:
            self._agree(known, run)
        if before is not None and before != text and not replace and not _is_ours(before, language, self.name):
            raise InvalidRequest(
                f"{path} is there already, and no cell has written it.",
                "Choose another name for the action, name a file with --script, or say --replace to write over it.",
            )
        _write(target, text)
        if added is not None:
            source.ask("add_action", {**self._body(run), "write": True, "seen": added.seen})
        _show(path, before, text, added)

    def _check_name(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidRequest(
                f"An action cannot be called {self.name!r}.", "Use letters, digits, - and _, such as count_patients."
            )

    def _text(self, language: Language) -> str:
        """The script: a line that says where it comes from, and the cell."""
        code = self.code.rstrip() + "\n"
        if language.suffix == ".py":
            _check_python(code)
        return f"{_head(language, self.name)}\n\n{code}"

    def _body(self, run: str) -> dict[str, Any]:
        outputs = {level: _named(paths) for level, paths in (self.outputs or {}).items()}
        return {"name": self.name, "run": run, "needs": list(self.needs or ()), "outputs": outputs}

    def _preview(self, source: LocalSource, run: str) -> AddedDocument:
        """The lines that project.yaml would get; it is not written."""
        if not self.outputs:
            raise InvalidRequest(
                f"The line does not say what {self.name} writes.",
                "Name its files: --moderately output/x.csv for what may be looked at, --highly for what may not.",
            )
        return read(AddedDocument, source.ask("add_action", self._body(run)).json())

    def _agree(self, known: ActionDocument, run: str) -> None:
        """Raises InvalidRequest where project.yaml says otherwise of this action than the line."""
        declared = {output.pattern: str(output.level) for output in known.outputs}
        asked = {path: level for level, paths in (self.outputs or {}).items() for path in paths}
        wrong = [
            *(["the command"] if known.run.split() != run.split() else []),
            *(["its needs"] if self.needs is not None and set(self.needs) != set(known.needs) else []),
            *(["its outputs"] if asked and asked != declared else []),
        ]
        if wrong:
            raise InvalidRequest(
                f"project.yaml has an action {self.name} already (line {known.line}), and says otherwise of "
                f"{' and '.join(wrong)}.",
                "Change it there, or choose another name; a cell changes only the script of an action.",
            )


def _language(image: str) -> Language:
    found = LANGUAGES.get(image.partition(":")[0])
    if found is None:
        raise InvalidRequest(
            f"A cell cannot be run in {image}.", f"Give an image of {', '.join(LANGUAGES)}, such as {IMAGE}."
        )
    return found


def _check_python(code: str) -> None:
    """Raises InvalidRequest for what only works in a notebook."""
    try:
        ast.parse(code)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        text = code.splitlines()[line - 1].strip() if line and line <= len(code.splitlines()) else ""
        where = f" (line {line + 1} of the cell: {text})" if line else ""
        remedy = "An action is a plain script: magics (%) and shell commands (!) are for notebooks only."
        raise InvalidRequest(f"The cell is not Python{where}.", remedy if text[:1] in "%!" else "") from None


def _named(paths: tuple[str, ...]) -> dict[str, str]:
    """A name for each path: that of its file, told apart by a number where it must be."""
    named: dict[str, str] = {}
    for path in paths:
        stem = re.sub(r"\W+", "_", PurePosixPath(path).name.partition(".")[0].replace("*", "")).strip("_") or "files"
        name, number = stem, 2
        while name in named:
            name, number = f"{stem}_{number}", number + 1
        named[name] = path
    return named


def _head(language: Language, name: str) -> str:
    return f"{language.comment} Written by the notebook cell %%action {name}; change it there."


def _is_ours(text: str, language: Language, name: str) -> bool:
    return text.startswith(_head(language, name))


def _target(root: Path, path: str) -> Path:
    """Where the script goes. Raises InvalidRequest for what is not below the project."""
    target = (root / path).resolve()
    if not target.is_relative_to(root) or target == root or target.is_dir():
        raise InvalidRequest(f"{path} is no file of this project.", "Name one such as analysis/NAME.py.")
    return target


def _read(target: Path) -> str | None:
    try:
        return target.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{target.name} is there and cannot be read: {error}.", "Choose another name.") from None


def _write(target: Path, text: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidRequest(
            f"{target.name} cannot be written: {error.strerror}.", "Make its folder writable."
        ) from None


def _show(path: str, before: str | None, text: str, added: AddedDocument | None) -> None:
    """Show what was written, as a difference."""
    changes = [] if before == text else list(_changes(before or "", text))
    from .display import display, is_notebook

    lines = [f"{path}:", *changes] if changes else [f"{path} stays as it is."]
    if added is not None:
        lines += ["project.yaml:", *(f"+ {line.text}" for line in added.added)]
    if is_notebook():
        from .. import fragments

        display(fragments.addition(path, changes, added), "\n".join(lines))
    else:
        sys.stdout.write("\n".join(lines) + "\n")


def _changes(before: str, after: str) -> list[str]:
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    return [f"{line[:1]} {line[1:]}" for line in found if not line.startswith(("---", "+++", "@@"))]
