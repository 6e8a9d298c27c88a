"""The outputs of a request beside those of another: which belong together, and whether they may be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from .. import pages
from ..config import Config
from ..models import (
    RUN_ALL,
    JobRequest,
    State,
    Verdict,
)
from ..planning.history import PREVIOUS, other_request
from ..rules import levels
from ..rules.levels import Answer
from ..store.database import Store
from . import viewing
from .views import ViewedOutput


@dataclass(frozen=True, slots=True)
class OutputPair:
    """An output of both requests, or of one of them."""

    left: ViewedOutput | None
    """That of the other, earlier request."""
    right: ViewedOutput | None
    gone: str = ""
    """Why they cannot be looked at any more, where the file of one is not as its job made it."""

    @property
    def either(self) -> ViewedOutput:
        """The later one, where there is one."""
        found = self.right or self.left
        assert found is not None
        return found

    @property
    def level(self) -> str:
        """The stricter of their levels."""
        return str(levels.strictest(one.file.level for one in (self.left, self.right) if one))

    @property
    def same(self) -> bool | None:
        """Whether their content is the same; None where there is only one."""
        return self.left.file.sha256 == self.right.file.sha256 if self.left and self.right else None

    @property
    def comparable(self) -> Answer:
        """Whether they may be looked at side by side, and if not why."""
        if self.left is None or self.right is None:
            return Answer(False, f"Only the {'later' if self.left is None else 'earlier'} request has it.")
        answer = can_compare(self.left, self.right)
        return Answer(False, self.gone) if answer.allowed and self.gone else answer


@dataclass(frozen=True, slots=True)
class OutputComparison:
    """The outputs of two requests."""

    request: JobRequest
    other: JobRequest | None
    """None where there is no earlier request."""
    pairs: tuple[OutputPair, ...]
    """By path."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two outputs, with their bytes, that somebody looks at."""

    left: ViewedOutput
    right: ViewedOutput
    contents: tuple[bytes, bytes]


def can_compare(left: ViewedOutput, right: ViewedOutput) -> Answer:
    """Whether two outputs may be looked at side by side: the gate is asked for both."""
    for one, which in ((left, "earlier"), (right, "later")):
        if not one.answer.allowed:
            return Answer(False, f"The {which} one may not be viewed. {one.answer.reason}")
    kinds = {PurePosixPath(one.file.path).suffix.lower() for one in (left, right)}
    if not kinds <= pages.COMPARED:
        named = " and ".join(sorted(kind or "without an extension" for kind in kinds))
        return Answer(False, f"Files of type {named} are not compared: look at each by itself.")
    if len(kinds - _IMAGES) > 0 < len(kinds & _IMAGES) or len(kinds - _IMAGES) > 1:
        return Answer(False, "They are of different types.")
    if max(left.file.size, right.file.size) > levels.MAX_SIZE:
        return Answer(False, f"Files of more than {levels.MAX_SIZE // 1024**2} MB are not compared.")
    return Answer(True, "")


_IMAGES = frozenset((".png", ".jpg", ".jpeg"))


def compare(config: Config, store: Store, request: JobRequest, other: str = PREVIOUS) -> OutputComparison:
    """The outputs of a request beside those of another one. Raises NotFound.

    The other is named as for ``planning.history.other_request``.

    An action that a request skipped, as nothing had changed, counts with the outputs that it had then. Of actions that
    the request was not about, nothing is said.
    """
    found = other_request(store, request, other)
    right = _outputs(config, store, request)
    left = _outputs(config, store, found[0]) if found else {}
    if RUN_ALL not in request.requested_actions:
        planned = {action for action, *_ in store.plan_of(request.id)}
        left = {key: one for key, one in left.items() if key[0] in planned}
    keys = sorted(left.keys() | right.keys(), key=lambda key: key[::-1])
    pairs = [OutputPair(left.get(key), right.get(key)) for key in keys]
    return OutputComparison(request, found[0] if found else None, _with_gone(config, store, pairs))


def _with_gone(config: Config, store: Store, pairs: Sequence[OutputPair]) -> tuple[OutputPair, ...]:
    """The pairs, with what is missing of those that could be compared otherwise."""
    looked = [one for pair in pairs if pair.comparable.allowed for one in (pair.left, pair.right) if one]
    gone = viewing.gone(config, store, looked)

    def told(pair: OutputPair) -> str:
        sides = (("earlier", pair.left), ("later", pair.right))
        missing = [which for which, one in sides if one is not None and one.id in gone]
        return f"The {missing[0]} file is not there any more as its job made it." if missing else ""

    return tuple(replace(pair, gone=told(pair)) for pair in pairs)


def _outputs(config: Config, store: Store, request: JobRequest) -> dict[tuple[str, str], ViewedOutput]:
    """The outputs by action and path as they were when the request had ended."""
    jobs = {job.action: job for job in store.jobs(request.id)}
    behind = [job.id for job in jobs.values() if job.state is State.SUCCEEDED]
    skipped = [
        (action, waits_for)
        for action, verdict, _, waits_for in store.plan_of(request.id)
        if verdict == Verdict.SKIP and action not in jobs
    ]
    behind += [job_id for _, job_id in skipped if job_id is not None]
    behind += store.succeeded_before([action for action, job_id in skipped if job_id is None], request.created_at)
    return {(one.file.action, one.file.path): one for one in viewing.outputs_of_jobs(config, store, behind)}
