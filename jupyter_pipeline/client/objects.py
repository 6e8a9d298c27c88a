"""What a project answers: the typed documents of ``models.documents``, each shown in its own way.

In a terminal they are a few lines of text, in a notebook a piece of HTML that needs no script. Their fields are the
documents' own; ``document`` has all of them as plain JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, overload

from ..models import State, Verdict
from ..models.documents import (
    ActionStatusDocument,
    CheckedDocument,
    CodeDifferencesDocument,
    Document,
    JobDocument,
    Json,
    PlanDocument,
    RequestDocument,
    ServedOutputDocument,
    StatusDocument,
    plain,
)
from ..models.looks import ACTIONS, REQUESTS, SYMBOLS, VERDICTS, Look, of_job, state_of
from ..wording import duration, plural, size

T = TypeVar("T")
_MOST = 40
"""Things of a listing that a terminal is shown."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Answered(Document):
    """What all answers have besides their fields."""

    @property
    def document(self) -> Json:
        """All that was answered, as JSON."""
        found: Json = plain(self)
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Checked(CheckedDocument, Answered):
    """All that is wrong with a project, and what the platform would say of it."""

    def __bool__(self) -> bool:
        return self.valid

    def __repr__(self) -> str:
        told = "project.yaml is valid" if self.valid else "project.yaml cannot be used"
        lines = [f"line {each.line}: {each.severity}: {each.what} {each.remedy}" for each in self.problems]
        return "\n".join([f"<Checked: {told}, {plural(len(self.problems), 'remark')}>", *lines])

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.problems(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Plan(PlanDocument, Answered):
    """What a request would do. Nothing has been started."""

    @property
    def to_run(self) -> tuple[str, ...]:
        """The actions that would get a job."""
        return tuple(planned.action for planned in self.actions if planned.verdict in (Verdict.RUN, Verdict.STALE))

    def __repr__(self) -> str:
        rows = [(_told(VERDICTS[planned.verdict]), planned.action, planned.reason) for planned in self.actions]
        return _lines(f"<Plan: {len(self.to_run)} of {plural(len(rows), 'action')} to run>", rows)

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.plan(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Job(JobDocument, Answered):
    """One execution of an action."""

    @property
    def ended(self) -> bool:
        """Whether it has succeeded or failed."""
        return self.state in (State.SUCCEEDED, State.FAILED)

    @property
    def succeeded(self) -> bool:
        """Whether it has succeeded."""
        return self.state == State.SUCCEEDED

    def __repr__(self) -> str:
        took = f", {duration(self.elapsed)}" if self.elapsed is not None else ""
        return f"<Job {self.id} of {self.action}: {_told(of_job(self.state, self.code))}{took}. {self.message}>"

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.job(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ActionStatus(ActionStatusDocument, Answered):
    """How it stands with an action."""

    job: Job | None
    """Its newest one."""

    @property
    def state(self) -> str:
        """As `now`, and where its newest job did not succeed, ``failed`` or ``cancelled``."""
        return state_of(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Status(StatusDocument, Answered):
    """How it stands with all actions, in the order of project.yaml."""

    actions: tuple[ActionStatus, ...]

    def __getitem__(self, action: str) -> ActionStatus:
        """How it stands with one action. Raises KeyError."""
        for status in self.actions:
            if status.action == action:
                return status
        raise KeyError(action)

    def __repr__(self) -> str:
        rows = [(_told(ACTIONS[status.state]), status.action, _why(status)) for status in self.actions]
        return _lines(f"<Status of {plural(len(rows), 'action')}>", rows)

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.status(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Request(RequestDocument, Answered):
    """What somebody asked for, as it was when this was made."""

    jobs: tuple[Job, ...]

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions that were asked for."""
        return self.requested_actions

    @property
    def ended(self) -> bool:
        """Whether all its jobs have ended."""
        return self.status not in ("pending", "running")

    @property
    def failed(self) -> tuple[Job, ...]:
        """The jobs that failed by themselves, first; then those that could not run for it."""
        failed = [job for job in self.jobs if job.state == State.FAILED]
        return tuple(sorted(failed, key=lambda job: job.code == "dependency_failed"))

    def __repr__(self) -> str:
        asked = ", ".join(self.actions)
        rows = [(_told(of_job(job.state, job.code)), job.action, _said(job)) for job in self.jobs]
        return _lines(f"<Request {self.number} of {asked}: {REQUESTS[self.status].words}>", rows)

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.request(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Output(ServedOutputDocument, Answered):
    """A file that a job published."""

    def __repr__(self) -> str:
        told = "may be viewed" if self.viewable else f"may not be viewed: {self.reason}"
        return f"<Output {self.path}, {self.level}, {size(self.size)}; {told}>"

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.outputs([self])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Comparison(CodeDifferencesDocument, Answered):
    """What differs between the code of two requests."""

    @property
    def other(self) -> str | None:
        """The other request; None where there is none to compare with, or it is not kept."""
        return self.with_

    @property
    def added(self) -> tuple[str, ...]:
        """Paths of files that the other request's code lacks."""
        return self._paths("added")

    @property
    def changed(self) -> tuple[str, ...]:
        """Paths of files that are other ones now."""
        return self._paths("changed")

    @property
    def removed(self) -> tuple[str, ...]:
        """Paths of files that only the other request's code has."""
        return self._paths("removed")

    @property
    def same(self) -> bool:
        """Whether the code is the same."""
        return not (self.files or self.reason)

    def _paths(self, change: str) -> tuple[str, ...]:
        return tuple(file.path for file in self.files if file.change == change)

    def __repr__(self) -> str:
        if self.reason:
            return f"<Comparison: {self.reason}>"
        kinds = (("+", self.added), ("~", self.changed), ("-", self.removed))
        lines = [f"  {mark} {path}" for mark, paths in kinds for path in paths]
        told = "the same code" if self.same else f"{plural(len(lines), 'file')} differ{'s' * (len(lines) == 1)}"
        return "\n".join([f"<Comparison of {self.request} with {self.other}: {told}>", *lines])

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.differences(self)


@dataclass(frozen=True, slots=True)
class Listing(Sequence[T], Generic[T]):
    """Several of a kind, in order."""

    items: tuple[T, ...]

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[T, ...]: ...
    def __getitem__(self, place: int | slice) -> T | tuple[T, ...]:
        """By place, from 0."""
        return self.items[place]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __repr__(self) -> str:
        left_out = len(self) - _MOST
        more = [f"... and {left_out} more"] if left_out > 0 else []
        return "\n".join([f"<{type(self).__name__}: {len(self)}>", *map(repr, self.items[:_MOST]), *more])


@dataclass(frozen=True, slots=True, repr=False)
class Outputs(Listing[Output]):
    """Outputs, by path."""

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.outputs(self.items)


@dataclass(frozen=True, slots=True, repr=False)
class Requests(Listing[Request]):
    """Requests, the newest first."""

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.requests(self.items)


def _told(look: Look) -> str:
    return f"{SYMBOLS[look.symbol][0]} {look.words}"


def _why(status: ActionStatus) -> str:
    if status.state == "up_to_date":
        return ""
    return status.job.message if status.job and status.state in ("failed", "running", "pending") else status.reason


def _said(job: Job) -> str:
    took = duration(job.elapsed)
    said = "" if job.succeeded and job.message == "Succeeded." else job.message
    return " ".join(part for part in (took, said) if part)


def _lines(head: str, rows: Sequence[tuple[str, str, str]]) -> str:
    """A headline, and rows in columns below it."""
    left, middle = (max((len(row[place]) for row in rows), default=0) for place in (0, 1))
    return "\n".join([head, *(f"  {one:{left}}  {two:{middle}}  {three}".rstrip() for one, two, three in rows)])
