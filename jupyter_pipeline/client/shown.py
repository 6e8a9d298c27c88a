"""Answers that are mostly something to look at: the graph, a log, a report, a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..models.looks import ACTIONS, SYMBOLS, state_of
from ..wording import plural, size
from .objects import Document


@dataclass(frozen=True, slots=True)
class Graph:
    """The pipeline as a drawing, with the state of each action."""

    pipeline: Document = field(repr=False)
    status: Document | None = field(repr=False)

    @property
    def needs(self) -> dict[str, tuple[str, ...]]:
        """For each action those that it needs."""
        return {one["name"]: tuple(one["needs"]) for one in self.pipeline["actions"]}

    def save(self, path: Path | str) -> Path:
        """Write the drawing as SVG."""
        from .. import fragments

        target = Path(path)
        target.write_text(fragments.graph(self.pipeline, self.status), encoding="utf-8")
        return target

    def __repr__(self) -> str:
        known = {one["action"]: one for one in self.status["actions"]} if self.status else {}
        lines = [f"<Graph of {plural(len(self.needs), 'action')}>"]
        for name, needs in self.needs.items():
            arrow = f" <- {', '.join(needs)}" if needs else ""
            look = ACTIONS[state_of(known.get(name))]
            lines.append(f"  {SYMBOLS[look.symbol][0]} {name}{arrow}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.pipeline(self.pipeline, self.status)


@dataclass(frozen=True, slots=True)
class Log:
    """The end of what a job printed."""

    text: str
    omitted: bool
    """Whether there is more before it."""
    job: Document = field(repr=False)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        from ..fragments.log import plain

        return plain(self.text).rstrip("\n") or "<Log: nothing was printed>"

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.log(self.text, self.job, self.omitted)


@dataclass(frozen=True, slots=True)
class Report:
    """The page of a notebook, complete in itself."""

    name: str
    content: bytes = field(repr=False)

    def save(self, path: Path | str) -> Path:
        """Write the page to a file, best outside of the project: in it, any new file may be code of the actions."""
        target = Path(path)
        target.write_bytes(self.content)
        return target

    def __repr__(self) -> str:
        return f"<Report {self.name}, {size(len(self.content))}; save(path) writes it>"

    def _repr_html_(self) -> str:
        from ..fragments.markup import (
            attribute,
            block,
            dim,
            shown,
        )

        page = attribute_of_page(self.content.decode("utf-8", errors="replace"))
        frame = (
            f'<iframe sandbox="" srcdoc="{page}" title="{attribute(self.name)}" '
            'style="width: 100%; height: 480px; border: 1px solid #80808059"></iframe>'
        )
        return block(f"<div><strong>{shown(self.name)}</strong> {dim(size(len(self.content)))}</div>", frame)


def attribute_of_page(page: str) -> str:
    """A page as the value of an attribute."""
    return page.replace("&", "&amp;").replace('"', "&quot;")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between the code of two requests."""

    request: str
    other: str | None
    """None where there is none to compare with, or it is not kept."""
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    reason: str
    """Why there is nothing to compare, as a sentence, or empty."""
    document: Document = field(repr=False)

    @classmethod
    def of(cls, found: Document) -> Comparison:
        """From a ``differences`` document."""
        added, changed, removed = (
            tuple(one["path"] for one in found["files"] if one["change"] == kind)
            for kind in ("added", "changed", "removed")
        )
        return cls(found["request"], found["with"], added, changed, removed, found["reason"], found)

    @property
    def same(self) -> bool:
        """Whether the code is the same."""
        return not (self.added or self.changed or self.removed or self.reason)

    def __repr__(self) -> str:
        if self.reason:
            return f"<Comparison: {self.reason}>"
        kinds: Sequence[tuple[str, Any]] = (("+", self.added), ("~", self.changed), ("-", self.removed))
        lines = [f"  {mark} {path}" for mark, paths in kinds for path in paths]
        told = "the same code" if self.same else f"{plural(len(lines), 'file')} differ{'s' * (len(lines) == 1)}"
        return "\n".join([f"<Comparison of {self.request} with {self.other}: {told}>", *lines])

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.differences(self.document)
