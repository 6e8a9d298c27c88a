"""The life of a job: states, codes, the sentences for people, and the next step. Pure.

The engine gathers facts, asks `next_step`, does what it says and saves. TRANSITIONS is the whole truth about which
code may follow which; the diagram in docs/lifecycle.md is drawn from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ..models import Ending, Job, Phase, RequestStatus, Result, RuntimeState, State, StatusCode, TaskStatus
from . import patterns

_C = StatusCode

STATE_OF: dict[StatusCode, State] = {
    _C.CREATED: State.PENDING,
    _C.WAITING_ON_DEPENDENCIES: State.PENDING,
    _C.WAITING_ON_WORKERS: State.PENDING,
    _C.WAITING_ON_RUNTIME: State.PENDING,
    _C.EXECUTING: State.RUNNING,
    _C.FINALIZING: State.RUNNING,
    _C.SUCCEEDED: State.SUCCEEDED,
    _C.NONZERO_EXIT: State.FAILED,
    _C.UNMATCHED_PATTERNS: State.FAILED,
    _C.DEPENDENCY_FAILED: State.FAILED,
    _C.CANCELLED_BY_USER: State.FAILED,
    _C.INTERNAL_ERROR: State.FAILED,
    _C.OUT_OF_MEMORY: State.FAILED,
    _C.KILLED: State.FAILED,
    _C.TIMED_OUT: State.FAILED,
    _C.INTERRUPTED: State.FAILED,
    _C.CANNOT_RUN_HERE: State.FAILED,
}

_NOT_BEGUN = {_C.DEPENDENCY_FAILED, _C.CANCELLED_BY_USER, _C.CANNOT_RUN_HERE, _C.INTERNAL_ERROR}
_WAITING = {_C.CREATED, _C.WAITING_ON_DEPENDENCIES, _C.WAITING_ON_WORKERS, _C.WAITING_ON_RUNTIME}
_ENDED_BADLY = {
    *(_C.NONZERO_EXIT, _C.UNMATCHED_PATTERNS, _C.CANCELLED_BY_USER, _C.INTERNAL_ERROR, _C.OUT_OF_MEMORY, _C.KILLED),
    *(_C.TIMED_OUT, _C.INTERRUPTED),
}

TRANSITIONS: dict[StatusCode, frozenset[StatusCode]] = {
    **{
        code: frozenset((_WAITING - {code, _C.CREATED}) | _NOT_BEGUN | {_C.EXECUTING})
        for code, state in STATE_OF.items()
        if state is State.PENDING
    },
    _C.EXECUTING: frozenset({_C.FINALIZING} | _ENDED_BADLY),
    _C.FINALIZING: frozenset({_C.SUCCEEDED, _C.INTERNAL_ERROR}),
    **{code: frozenset() for code, state in STATE_OF.items() if state.is_final},
}

SENTENCES: dict[StatusCode, str] = {
    _C.CREATED: "Recorded, not looked at yet.",
    _C.WAITING_ON_DEPENDENCIES: "Waits for the actions it needs.",
    _C.WAITING_ON_WORKERS: "Ready; waits for a free worker.",
    _C.WAITING_ON_RUNTIME: "Waits for its runtime to be built.",
    _C.EXECUTING: "Its command is running.",
    _C.FINALIZING: "Its command has succeeded; its outputs are being published.",
    _C.SUCCEEDED: "Succeeded.",
    _C.NONZERO_EXIT: "Its command ended with an error.",
    _C.UNMATCHED_PATTERNS: "It did not write all the outputs it declares.",
    _C.DEPENDENCY_FAILED: "Not run, since an action it needs did not succeed.",
    _C.CANCELLED_BY_USER: "Cancelled.",
    _C.INTERNAL_ERROR: "It could not be carried through; the fault is not the action's.",
    _C.OUT_OF_MEMORY: "It ran out of memory.",
    _C.KILLED: "It was killed by a signal.",
    _C.TIMED_OUT: "It ran longer than its time limit.",
    _C.INTERRUPTED: "It vanished without a trace of how it ended, as when the machine stops.",
    _C.CANNOT_RUN_HERE: "What it needs to run is not on this machine.",
}


class Step(StrEnum):
    """What the engine is to do with a job."""

    HOLD = "hold"
    """Nothing but to note the code."""
    START = "start"
    STOP = "stop"
    PUBLISH = "publish"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the next step of a job depends on."""

    cancelled: bool = False
    failed_needs: Sequence[str] = ()
    """Needed actions whose jobs failed."""
    waits: bool = False
    """Whether a needed job is unfinished."""
    runtime: RuntimeState = RuntimeState.READY
    runtime_message: str = ""
    worker_free: bool = True
    action_free: bool = True
    """Whether no other job of the same action is still running, such as one that is being cancelled."""
    publishing: bool = False
    """Whether its outputs may have begun to be published: then it is too late to cancel."""
    status: TaskStatus = field(default_factory=lambda: TaskStatus(Phase.UNKNOWN))
    """What the executor says of the job's task."""
    progress: str = ""
    """How far it is, as a sentence, where that is known."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A step, and the code and message that the job has with it."""

    step: Step
    code: StatusCode
    message: str = ""


def next_step(state: State, facts: Facts) -> Decision:
    """What to do with an unfinished job, given the facts."""
    result = facts.status.result
    if facts.publishing and (result is None or outcome(result).step is not Step.PUBLISH):
        return _fail(_C.INTERNAL_ERROR, "Its record vanished while its outputs were being published. Run it again.")
    if facts.status.phase is Phase.UNKNOWN:
        return _next_before_start(facts) if state is State.PENDING else _next_at_start(facts)
    if facts.status.phase is Phase.LOST:
        return _fail(_C.INTERRUPTED, "Its process vanished without leaving an exit code. Run it again.")
    if facts.status.phase is Phase.ENDED:
        assert facts.status.result is not None
        if facts.cancelled and not facts.publishing:
            return _fail(_C.CANCELLED_BY_USER, "Cancelled while it ran; its outputs were not kept.")
        return outcome(facts.status.result)
    if facts.cancelled:
        return Decision(Step.STOP, _C.EXECUTING, "Being cancelled.")
    return Decision(Step.HOLD, _C.EXECUTING, facts.progress)


def _next_before_start(facts: Facts) -> Decision:
    if facts.cancelled:
        return _fail(_C.CANCELLED_BY_USER, "Cancelled before it began.")
    if facts.runtime is RuntimeState.MISSING:
        return _fail(_C.CANNOT_RUN_HERE, facts.runtime_message)
    if facts.failed_needs:
        return _fail(_C.DEPENDENCY_FAILED, f"Not run, since {_listed(facts.failed_needs)} did not succeed.")
    if facts.waits:
        return Decision(Step.HOLD, _C.WAITING_ON_DEPENDENCIES)
    if facts.runtime is RuntimeState.BUILDABLE:
        return Decision(Step.HOLD, _C.WAITING_ON_RUNTIME, facts.runtime_message)
    if not facts.action_free:
        return Decision(Step.HOLD, _C.WAITING_ON_WORKERS, "Another job of the same action is still running.")
    if not facts.worker_free:
        return Decision(Step.HOLD, _C.WAITING_ON_WORKERS)
    return Decision(Step.START, _C.EXECUTING)


def _next_at_start(facts: Facts) -> Decision:
    """For a job that was said to run, but whose engine died before it could start it."""
    if facts.cancelled:
        return _fail(_C.CANCELLED_BY_USER, "Cancelled before it began.")
    return Decision(Step.START, _C.EXECUTING)


def outcome(result: Result) -> Decision:
    """What the end of a command means. Success is exit code 0 and every declared output written, nothing less."""
    if result.ending is Ending.STOPPED:
        return _fail(_C.CANCELLED_BY_USER, "Cancelled while it ran; its outputs were not kept.")
    if result.ending is Ending.TIMEOUT:
        return _fail(_C.TIMED_OUT, f"{result.message} Raise `timeout` in its limits, or make it quicker.")
    if result.ending is Ending.MEMORY:
        return _fail(_C.OUT_OF_MEMORY, f"{result.message} Raise `memory` in its limits, or use less.")
    if result.ending in (Ending.BROKEN, Ending.LOST):
        return _fail(_C.INTERNAL_ERROR if result.ending is Ending.BROKEN else _C.INTERRUPTED, result.message)
    if result.ending is Ending.SIGNAL:
        return _fail(
            _C.KILLED, f"It was killed by signal {_signal_name(result.exit_code)}; no limit of ours was reached."
        )
    if result.exit_code != 0:
        return _fail(_C.NONZERO_EXIT, result.message or f"Its command ended with exit code {result.exit_code}.")
    if result.unmatched or result.refused:
        return _fail(_C.UNMATCHED_PATTERNS, _unmatched_message(result))
    return Decision(Step.PUBLISH, _C.FINALIZING)


def success_message(withheld: int) -> str:
    """What a succeeded job says; `withheld` counts outputs that may not be viewed despite their level."""
    if not withheld:
        return "Succeeded."
    return f"Succeeded; {withheld} moderately_sensitive file{'s are' if withheld > 1 else ' is'} withheld from viewing."


def request_status(jobs: Iterable[Job]) -> RequestStatus:
    """The status of a request from its jobs (platform: job-server models/job_request.py)."""
    states = {job.state for job in jobs}
    if not states:
        return RequestStatus.NOTHING_TO_DO
    if len(states) == 1:
        return RequestStatus(str(states.pop()))
    if State.RUNNING in states or State.PENDING in states:
        return RequestStatus.RUNNING
    return RequestStatus.FAILED


def diagram() -> str:
    """The state diagram as Mermaid text, drawn from TRANSITIONS."""
    lines = ["stateDiagram-v2"]
    lines += [f"    {code} --> {after}" for code in TRANSITIONS for after in sorted(TRANSITIONS[code])]
    return "\n".join(lines) + "\n"


def _fail(code: StatusCode, message: str) -> Decision:
    return Decision(Step.FAIL, code, message)


def _unmatched_message(result: Result) -> str:
    sentences = [f"No file that it wrote matches {_listed(result.unmatched)}."] if result.unmatched else []
    sentences += result.refused[:5]
    if result.unmatched and result.unclaimed:
        near = [path for pattern in result.unmatched for path in patterns.nearest(pattern, result.unclaimed)]
        likely = list(dict.fromkeys((*near, *result.unclaimed)))[:5]
        sentences.append(f"It did write {_listed(likely)}; is {'one of them' if len(likely) > 1 else 'it'} meant?")
    elif result.unmatched and not result.files:
        sentences.append("It wrote no files at all.")
    return " ".join(sentences)


def _signal_name(exit_code: int | None) -> str:
    import signal

    try:
        return signal.Signals((exit_code or 128) - 128).name
    except ValueError:
        return str(exit_code)


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:5])
    if len(names) > 5:
        shown[-1] = f"{len(names) - 4} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
