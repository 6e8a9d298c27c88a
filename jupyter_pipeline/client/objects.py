"""What a project answers: frozen objects made from the server's documents, each shown in its own way.

In a terminal they are a few lines of text, in a notebook a piece of HTML that needs no script. ``document`` has
everything that was answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, overload

from ..models.looks import (
    ACTIONS,
    REQUESTS,
    SYMBOLS,
    VERDICTS,
    Look,
    of_job,
    state_of,
)
from ..wording import duration, plural, size

Document = Mapping[str, Any]
T = TypeVar("T")
_MOST = 40
"""Things of a listing that a terminal is shown."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with project.yaml."""

    line: int | None
    severity: str
    """``error``, ``warning`` or ``hint``."""
    what: str
    remedy: str
    rule: str


@dataclass(frozen=True, slots=True)
class Checked:
    """All that is wrong with a project, and what the platform would say of it."""

    valid: bool
    problems: tuple[Problem, ...]
    document: Document = field(repr=False)

    @classmethod
    def of(cls, document: Document) -> Checked:
        """From a ``problems`` document."""
        found = (
            Problem(one["line"], one["severity"], one["what"], one["remedy"], one["rule"])
            for one in document["problems"]
        )
        return cls(document["valid"], tuple(found), document)

    def __bool__(self) -> bool:
        return self.valid

    def __repr__(self) -> str:
        told = "project.yaml is valid" if self.valid else "project.yaml cannot be used"
        lines = [f"line {one.line}: {one.severity}: {one.what} {one.remedy}" for one in self.problems]
        return "\n".join([f"<Checked: {told}, {plural(len(self.problems), 'remark')}>", *lines])

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.problems(self.document)


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to become of an action, and why."""

    action: str
    verdict: str
    """``run``, ``stale``, ``skip`` or ``cannot_run``."""
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a request would do. Nothing has been started."""

    actions: tuple[Planned, ...]
    document: Document = field(repr=False)

    @classmethod
    def of(cls, document: Document) -> Plan:
        """From a ``plan`` document."""
        made = tuple(Planned(one["action"], one["verdict"], one["reason"]) for one in document["actions"])
        return cls(made, document)

    @property
    def to_run(self) -> tuple[str, ...]:
        """The actions that would get a job."""
        return tuple(one.action for one in self.actions if one.verdict in ("run", "stale"))

    def __repr__(self) -> str:
        rows = [(_told(VERDICTS[one.verdict]), one.action, one.reason) for one in self.actions]
        return _lines(f"<Plan: {len(self.to_run)} of {plural(len(rows), 'action')} to run>", rows)

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.plan(self.document)


@dataclass(frozen=True, slots=True)
class Job:
    """One execution of an action."""

    id: str
    action: str
    state: str
    """``pending``, ``running``, ``succeeded`` or ``failed``."""
    code: str
    message: str
    elapsed: float | None
    """Seconds that it ran."""
    request: str
    document: Document = field(repr=False)

    @classmethod
    def of(cls, document: Document) -> Job:
        """From a job's document."""
        return cls(
            **{name: document[name] for name in cls.__dataclass_fields__ if name != "document"}, document=document
        )

    @property
    def ended(self) -> bool:
        """Whether it has succeeded or failed."""
        return self.state in ("succeeded", "failed")

    @property
    def succeeded(self) -> bool:
        """Whether it has succeeded."""
        return self.state == "succeeded"

    def __repr__(self) -> str:
        took = f", {duration(self.elapsed)}" if self.elapsed is not None else ""
        return f"<Job {self.id} of {self.action}: {_told(of_job(self.state, self.code))}{took}. {self.message}>"

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.job(self.document)


@dataclass(frozen=True, slots=True)
class ActionStatus:
    """How it stands with an action."""

    action: str
    state: str
    """``up_to_date``, ``stale``, ``to_run``, ``cannot_run``, ``pending``, ``running``, ``failed`` or ``cancelled``."""
    reason: str
    job: Job | None
    """Its newest job."""
    expected: float | None = None
    """Seconds that it usually takes."""

    @classmethod
    def of(cls, document: Document) -> ActionStatus:
        """From an entry of a ``status`` document."""
        job = Job.of(document["job"]) if document["job"] else None
        return cls(document["action"], state_of(document), document["reason"], job, document.get("expected"))


@dataclass(frozen=True, slots=True)
class Status:
    """How it stands with all actions, in the order of project.yaml."""

    actions: tuple[ActionStatus, ...]
    unfinished: tuple[str, ...]
    """Identifiers of the requests that have not ended."""
    revision: int
    document: Document = field(repr=False)

    @classmethod
    def of(cls, document: Document) -> Status:
        """From a ``status`` document."""
        made = tuple(ActionStatus.of(one) for one in document["actions"])
        return cls(made, tuple(document["unfinished"]), document["revision"], document)

    def __getitem__(self, action: str) -> ActionStatus:
        """How it stands with one action. Raises KeyError."""
        for one in self.actions:
            if one.action == action:
                return one
        raise KeyError(action)

    def __repr__(self) -> str:
        rows = [(_told(ACTIONS[one.state]), one.action, _why(one)) for one in self.actions]
        return _lines(f"<Status of {plural(len(rows), 'action')}>", rows)

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.status(self.document)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for, as it was when this was made."""

    id: str
    number: int
    status: str
    """``pending``, ``running``, ``succeeded``, ``failed`` or ``nothing_to_do``."""
    actions: tuple[str, ...]
    requested_by: str
    created_at: str
    jobs: tuple[Job, ...]
    document: Document = field(repr=False)

    @classmethod
    def of(cls, document: Document) -> Request:
        """From a request's document."""
        return cls(
            id=document["id"],
            number=document["number"],
            status=document["status"],
            actions=tuple(document["requested_actions"]),
            requested_by=document["requested_by"],
            created_at=document["created_at"],
            jobs=tuple(Job.of(one) for one in document["jobs"]),
            document=document,
        )

    @property
    def ended(self) -> bool:
        """Whether all its jobs have ended."""
        return self.status not in ("pending", "running")

    @property
    def failed(self) -> tuple[Job, ...]:
        """The jobs that failed by themselves, first; then those that could not run for it."""
        found = [job for job in self.jobs if job.state == "failed"]
        return tuple(sorted(found, key=lambda job: job.code == "dependency_failed"))

    def __repr__(self) -> str:
        asked = ", ".join(self.actions)
        rows = [(_told(of_job(job.state, job.code)), job.action, _said(job)) for job in self.jobs]
        return _lines(f"<Request {self.number} of {asked}: {REQUESTS[self.status].words}>", rows)

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.request(self.document)


@dataclass(frozen=True, slots=True)
class Output:
    """A file that a job published."""

    path: str
    action: str
    level: str
    size: int
    """Bytes."""
    viewable: bool
    reason: str
    """Why it may or may not be viewed."""
    id: str
    document: Document = field(repr=False)

    @classmethod
    def of(cls, document: Document) -> Output:
        """From an output's document."""
        return cls(
            **{name: document[name] for name in cls.__dataclass_fields__ if name != "document"}, document=document
        )

    def __repr__(self) -> str:
        told = "may be viewed" if self.viewable else f"may not be viewed: {self.reason}"
        return f"<Output {self.path}, {self.level}, {size(self.size)}; {told}>"

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.outputs([self.document])


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

        return fragments.outputs([one.document for one in self.items])


@dataclass(frozen=True, slots=True, repr=False)
class Requests(Listing[Request]):
    """Requests, the newest first."""

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.requests([one.document for one in self.items])


@dataclass(frozen=True, slots=True)
class Event:
    """One change: of a job, or of a request."""

    revision: int
    at: str
    kind: str
    request: str | None
    job: str | None
    action: str | None
    state: str | None
    message: str | None

    @classmethod
    def of(cls, document: Document) -> Event:
        """From an event's document."""
        return cls(*(document[name] for name in cls.__dataclass_fields__))


def _told(look: Look) -> str:
    return f"{SYMBOLS[look.symbol][0]} {look.words}"


def _why(one: ActionStatus) -> str:
    if one.state == "up_to_date":
        return ""
    return one.job.message if one.job and one.state in ("failed", "running", "pending") else one.reason


def _said(job: Job) -> str:
    took = duration(job.elapsed)
    said = "" if job.succeeded and job.message == "Succeeded." else job.message
    return " ".join(part for part in (took, said) if part)


def _lines(head: str, rows: Sequence[tuple[str, str, str]]) -> str:
    """A headline, and rows in columns below it."""
    left, middle = (max((len(row[place]) for row in rows), default=0) for place in (0, 1))
    return "\n".join([head, *(f"  {one:{left}}  {two:{middle}}  {three}".rstrip() for one, two, three in rows)])
