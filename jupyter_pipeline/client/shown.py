"""Answers that are mostly something to look at: the graph, a log, a report."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..models.documents import PipelineDocument
from ..models.looks import ACTIONS, SYMBOLS, state_of
from ..wording import plural, size
from .objects import Job, Status


@dataclass(frozen=True, slots=True)
class Graph:
    """The pipeline as a drawing, with the state of each action."""

    pipeline: PipelineDocument = field(repr=False)
    status: Status | None = field(repr=False)

    @property
    def needs(self) -> dict[str, tuple[str, ...]]:
        """For each action those that it needs."""
        return {action.name: action.needs for action in self.pipeline.actions}

    def save(self, path: Path | str) -> Path:
        """Write the drawing as SVG."""
        from .. import fragments

        target = Path(path)
        target.write_text(fragments.graph(self.pipeline, self.status), encoding="utf-8")
        return target

    def __repr__(self) -> str:
        known = {status.action: status for status in self.status.actions} if self.status else {}
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
    job: Job = field(repr=False)

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
