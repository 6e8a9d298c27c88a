"""Looking back over the requests of a workspace: one by its number, and what changed in the code since earlier ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..diffs.code import Difference, compare_trees
from ..errors import NotFound
from ..models import JobRequest, RequestStatus
from ..rules import lifecycle
from ..snapshots import trees
from ..store.database import Store

PAGE = 100
"""Requests that are read at once while going back."""


@dataclass(frozen=True, slots=True)
class HistoryComparison:
    """The code of a request beside that of an earlier one of the same workspace and backend."""

    kind: str
    """``previous``, ``previous_successful``, or the name of the other request."""
    request: JobRequest | None
    """The other request, or None when there is none."""
    number: int | None
    difference: Difference | None
    """None when there is no earlier request, or one of the two snapshots is not kept any more."""
    reason: str
    """Why there is no difference to show, as a sentence, or empty."""


def find(store: Store, name: str) -> JobRequest | None:
    """A request by its running number or (an unambiguous beginning of) its identifier."""
    numbered = _by_number(store, int(name)) if name.isascii() and name.isdecimal() else None
    return numbered or store.request(name)


def newest(store: Store, status: RequestStatus) -> list[JobRequest]:
    """The newest request with that status, if there is one."""
    found = next((request for request, _ in _back(store) if _status(store, request) is status), None)
    return [found] if found is not None else []


def _by_number(store: Store, number: int) -> JobRequest | None:
    for request, found in _back(store):
        if found <= number:
            return request if found == number else None
    return None


PREVIOUS, PREVIOUS_SUCCESSFUL = "previous", "previous_successful"


def comparisons(state: Path, store: Store, request: JobRequest) -> tuple[HistoryComparison, HistoryComparison]:
    """The code beside that of the previous request, and of the previous one that succeeded in full (platform: 4.1)."""
    return (
        comparison(state, store, request, PREVIOUS),
        comparison(state, store, request, PREVIOUS_SUCCESSFUL),
    )


def comparison(state: Path, store: Store, request: JobRequest, other: str) -> HistoryComparison:
    """The code beside that of another request: by its name as for `find`, or ``previous``, ``previous_successful``.

    Raises NotFound when there is no request of that name.
    """
    return _compared(state, request, other, other_request(store, request, other))


def other_request(store: Store, request: JobRequest, name: str) -> tuple[JobRequest, int] | None:
    """The request that another is compared with, and its number; None where there is no earlier one.

    `name` as for `comparison`. Raises NotFound.
    """
    if name in (PREVIOUS, PREVIOUS_SUCCESSFUL):
        own = store.request_number(request.id)
        for other, number in _back(store):
            is_earlier = number < own and other.workspace == request.workspace
            if is_earlier and (name == PREVIOUS or _succeeded(store, other)):
                return other, number
        return None
    found = find(store, name)
    if found is None:
        raise NotFound(
            f"There is no request with the identifier or number {name}.", "`jupyter pipeline requests` lists them."
        )
    return found, store.request_number(found.id)


def _back(store: Store) -> Iterator[tuple[JobRequest, int]]:
    """Requests with their numbers, newest first."""
    offset = 0
    while requests := store.requests(PAGE, offset):
        for request in requests:
            yield request, store.request_number(request.id)
        offset += PAGE


def _succeeded(store: Store, request: JobRequest) -> bool:
    return _status(store, request) is RequestStatus.SUCCEEDED


def _status(store: Store, request: JobRequest) -> RequestStatus:
    return lifecycle.request_status(store.jobs(request.id))


def _compared(state: Path, request: JobRequest, kind: str, found: tuple[JobRequest, int] | None) -> HistoryComparison:
    if found is None:
        word = "earlier request" if kind == PREVIOUS else "earlier request that succeeded"
        return HistoryComparison(kind, None, None, None, f"There is no {word} in this workspace.")
    other, number = found
    if other.code is not None and other.code == request.code:
        return HistoryComparison(kind, other, number, Difference(), "")
    for one, name in ((other, f"request {number}"), (request, "this request")):
        if one.code is None or not trees.is_kept(state, one.code):
            return HistoryComparison(kind, other, number, None, f"The code of {name} is not kept (any more).")
    assert other.code is not None
    assert request.code is not None
    older, newer = trees.contents(state, other.code), trees.contents(state, request.code)
    return HistoryComparison(kind, other, number, compare_trees(older, newer), "")
