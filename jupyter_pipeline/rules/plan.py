"""What would run, what would not, and why: decided before anything starts. Pure.

::

    requested ──> closure of needs ──> for each action, needed ones first:
        cannot run here?  asked for by name?  never succeeded?  forced?  a need runs first?  changed?  ──> else skip

The platform looks only at how an action's last job ended (job-runner: controller/create_or_update_jobs.py). We also
compare what the job depended on, so that nothing old is taken for new; whether something changed is never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import InvalidRequest
from ..graph import traversal
from ..models import (
    RUN_ALL,
    Action,
    Job,
    Now,
    Pipeline,
    RuntimeInfo,
    RuntimeState,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """All that a job's result depends on; each part a text that is equal when the thing is."""

    command: str
    """The command as it is run, with everything that is added to it."""
    config: str
    outputs: str
    """The declared outputs with their levels."""
    runtime: str
    code: str
    """A digest of the code that counts."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Needed action -> digest of its outputs."""


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of an action's earlier jobs in this workspace."""

    active_job: str | None = None
    """Its job that is pending or running in another request."""
    succeeded: str | None = None
    """Its last job, if that succeeded."""
    completed_at: str | None = None
    failure: str | None = None
    """How its last job failed, as a sentence, if it did."""
    fingerprint: Fingerprint | None = None
    """That of the last job, if it succeeded."""
    digest: str = ""
    """Of the outputs that the last succeeded job made."""
    damage: str | None = None
    """What has happened to its outputs since, as a sentence, or None while they are as it made them."""


NO_PAST = Past()


@dataclass(frozen=True, slots=True)
class Planned:
    """The verdict on one action."""

    action: str
    verdict: Verdict
    reason: str
    waits_for: str | None = None
    """A job of another request that makes its outputs already."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Verdicts in an order in which the actions can run."""

    requested: tuple[str, ...]
    force: bool
    actions: tuple[Planned, ...]

    @property
    def to_run(self) -> tuple[Planned, ...]:
        """Those that get a job that will run."""
        return tuple(planned for planned in self.actions if planned.verdict.runs)

    @property
    def impossible(self) -> tuple[Planned, ...]:
        """Those that cannot run here."""
        return tuple(planned for planned in self.actions if planned.verdict is Verdict.CANNOT_RUN)


@dataclass(frozen=True, slots=True)
class Situation:
    """What a plan is made from, besides the pipeline."""

    past: Mapping[str, Past]
    fingerprint: Callable[[Action], Fingerprint]
    """The fingerprint that a job of the action would have now, without its inputs."""
    runtime: Callable[[Action], RuntimeInfo]
    explain_code: Callable[[Action, str], str]
    """What of the code has changed since the digest of an earlier job, as a sentence."""


def make(pipeline: Pipeline, requested: Sequence[str], situation: Situation, force: bool = False) -> Plan:
    """The plan for a request. Raises InvalidRequest for unknown actions and when nothing is asked for."""
    names = _checked(pipeline, requested)
    explicit = set(requested)
    needs = {name: action.needs for name, action in pipeline.actions.items()}
    planner = _Planner(situation, force, explicit)
    for name in traversal.closure(needs, names):
        planner.add(pipeline.actions[name])
    return Plan(tuple(requested), force, tuple(planner.verdicts.values()))


def _checked(pipeline: Pipeline, requested: Sequence[str]) -> list[str]:
    if not requested:
        raise InvalidRequest("No action was asked for.", f"Name one or more, or {RUN_ALL} for all of them.")
    unknown = [name for name in requested if name != RUN_ALL and name not in pipeline.actions]
    if unknown:
        import difflib

        near = difflib.get_close_matches(unknown[0], pipeline.actions, 3)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"The actions are {_some(list(pipeline.actions))}."
        plural = "s" if len(unknown) > 1 else ""
        raise InvalidRequest(f"project.yaml has no action{plural} {', '.join(unknown)}.", hint)
    return list(pipeline.actions) if RUN_ALL in requested else list(dict.fromkeys(requested))


class _Planner:
    """Goes through the actions, needed ones first, and remembers the verdicts given so far."""

    def __init__(self, situation: Situation, force: bool, explicit: set[str]) -> None:
        self.situation, self.force, self.explicit = situation, force, explicit
        self.verdicts: dict[str, Planned] = {}

    def add(self, action: Action) -> None:
        past = self.situation.past.get(action.name, NO_PAST)
        if past.active_job is not None:
            reason = f"It is being made already by job {past.active_job}."
            self.verdicts[action.name] = Planned(action.name, Verdict.SKIP, reason, past.active_job)
            return
        verdict, reason = self._judge(action, past)
        if verdict.runs:
            verdict, reason = self._if_possible(action, verdict, reason)
        self.verdicts[action.name] = Planned(action.name, verdict, reason)

    def _judge(self, action: Action, past: Past) -> tuple[Verdict, str]:
        change = self._change(action, past) if past.succeeded else None
        if action.name in self.explicit:
            return Verdict.RUN, "It was asked for by name." + (f" {change}" if change else "")
        if past.failure is not None:
            return Verdict.RUN, f"Its last job failed: {past.failure}"
        if past.succeeded is None:
            return Verdict.RUN, "It has not run before."
        if self.force:
            return Verdict.RUN, "Dependencies are forced to run again."
        if change is not None:
            return Verdict.STALE, change
        return Verdict.SKIP, f"Job {past.succeeded} succeeded, and nothing that it depends on has changed since."

    def _if_possible(self, action: Action, verdict: Verdict, reason: str) -> tuple[Verdict, str]:
        info = self.situation.runtime(action)
        if info.state is RuntimeState.MISSING:
            return Verdict.CANNOT_RUN, info.message
        blocked = [name for name in action.needs if self.verdicts[name].verdict is Verdict.CANNOT_RUN]
        if blocked:
            return Verdict.CANNOT_RUN, f"It needs {_some(blocked)}, which cannot run here."
        return verdict, reason

    def _change(self, action: Action, past: Past) -> str | None:
        """What has changed since the last success, as a sentence, or None."""
        if past.damage is not None:
            return past.damage
        again = [name for name in action.needs if self._is_made_again(name)]
        if again:
            return f"{_some(again)}, which it needs, {'runs' if len(again) == 1 else 'run'} again first."
        return self._difference(action, past.fingerprint) or self._changed_inputs(action, past.fingerprint)

    def _difference(self, action: Action, old: Fingerprint | None) -> str | None:
        """What is different in the action itself, as a sentence, or None."""
        if old is None:
            return "What its last job depended on was not recorded."
        new = self.situation.fingerprint(action)
        if old.config != new.config:
            return "Its config has changed."
        if old.command != new.command:
            return f"Its command was: {old.command}"
        if old.outputs != new.outputs:
            return "Its outputs, or their levels, are declared differently."
        if old.runtime != new.runtime and new.runtime:
            return f"Its runtime {action.run.runtime} has changed."
        return self.situation.explain_code(action, old.code) if old.code != new.code else None

    def _is_made_again(self, name: str) -> bool:
        planned = self.verdicts[name]
        return planned.verdict.runs or planned.waits_for is not None

    def _changed_inputs(self, action: Action, old: Fingerprint | None) -> str | None:
        if old is None or set(old.inputs) != set(action.needs):
            return "It needs other actions than before."
        changed = [name for name in action.needs if self.situation.past.get(name, NO_PAST).digest != old.inputs[name]]
        return f"{_some(changed)}, which it needs, made other outputs since." if changed else None


def _some(names: Sequence[str]) -> str:
    """A few names as words."""
    shown = [*names[:4], f"{len(names) - 4} more"] if len(names) > 5 else list(names)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


NOW: Mapping[Verdict, Now] = {
    Verdict.RUN: "to_run",
    Verdict.STALE: "stale",
    Verdict.SKIP: "up_to_date",
    Verdict.CANNOT_RUN: "cannot_run",
}
"""What a verdict of the plan says of an action's outputs."""


def now_of(planned: Planned, job: Job | None) -> Now:
    """What is true of an action's outputs now: a word of `NOW`, or the state of its unfinished job."""
    if job is not None and not job.state.is_final:
        return "running" if job.state == "running" else "pending"
    return NOW[planned.verdict]
