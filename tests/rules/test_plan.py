from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.errors import InvalidRequest
from jupyter_pipeline.models import (
    Action,
    Command,
    Level,
    OutputPattern,
    Pipeline,
    RuntimeInfo,
    RuntimeState,
    Verdict,
)
from jupyter_pipeline.rules import plan
from jupyter_pipeline.rules.plan import (
    Fingerprint,
    Past,
    Plan,
    Situation,
)


def an_action(name: str, *needs: str) -> Action:
    output = OutputPattern(Level.HIGHLY, "out", f"output/{name}.csv")
    return Action(name, Command(f"sh:v1 {name}", "sh", "v1", (name,)), needs, (output,))


def a_pipeline(**needs: str) -> Pipeline:
    """A pipeline from the needs of each action, as words."""
    return Pipeline(4.0, {name: an_action(name, *words.split()) for name, words in needs.items()})


CHAIN = a_pipeline(a="", b="a", c="b")


def now(action: Action) -> Fingerprint:
    return Fingerprint(f"sh:v1 {action.name}", "", "outputs", "runtime", "code")


def done(pipeline: Pipeline, name: str, **changes: Any) -> Past:
    """The past of an action that succeeded and of which nothing has changed since."""
    needs = pipeline.actions[name].needs
    old = replace(now(pipeline.actions[name]), inputs={need: f"digest of {need}" for need in needs})
    return replace(Past(succeeded=f"job-{name}", fingerprint=old, digest=f"digest of {name}"), **changes)


def all_done(pipeline: Pipeline, **others: Past) -> dict[str, Past]:
    return {name: done(pipeline, name) for name in pipeline.actions} | others


def ready(_: Action) -> RuntimeInfo:
    return RuntimeInfo("sh:v1", "sh:v1", RuntimeState.READY, "runtime")


def missing_for(*names: str) -> Callable[[Action], RuntimeInfo]:
    def runtime(action: Action) -> RuntimeInfo:
        if action.name in names:
            return RuntimeInfo("stata:v1", "stata:v1", RuntimeState.MISSING, "", "Stata is not installed.")
        return ready(action)

    return runtime


def make(
    pipeline: Pipeline,
    *requested: str,
    past: Mapping[str, Past] | None = None,
    force: bool = False,
    fingerprint: Callable[[Action], Fingerprint] = now,
    runtime: Callable[[Action], RuntimeInfo] = ready,
) -> Plan:
    explain = "The code of {} has changed since {}.".format
    situation = Situation(past or {}, fingerprint, runtime, lambda action, old: explain(action.name, old))
    return plan.make(pipeline, requested, situation, force)


def verdicts(made: Plan) -> dict[str, str]:
    return {one.action: str(one.verdict) for one in made.actions}


def reason(made: Plan, name: str) -> str:
    return next(one.reason for one in made.actions if one.action == name)


# -- what is asked for -----------------------------------------------------------------------------


def test_nothing_asked_for_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="No action was asked for"):
        make(CHAIN)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["measurs"], r"no action measurs\. Did you mean measures\?"),
        (["measures", "plott"], r"no action plott\. Did you mean plot\?"),
        (["zzz", "yyy"], r"no actions zzz, yyy\. The actions are measures and plot\."),
        (["run_al"], "no action run_al"),
        ([""], "no action"),
    ],
)
def test_an_unknown_action_is_refused_with_what_may_be_meant(names: list[str], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        make(a_pipeline(measures="", plot="measures"), *names)


def test_what_is_asked_for_comes_with_all_that_it_needs_each_once_and_after_its_needs() -> None:
    made = make(CHAIN, "c", "b", "c")
    assert list(verdicts(made)) == ["a", "b", "c"]
    assert made.requested == ("c", "b", "c")
    assert list(verdicts(make(CHAIN, "a"))) == ["a"]


def test_run_all_is_every_action_also_beside_others() -> None:
    assert list(verdicts(make(CHAIN, "run_all"))) == ["a", "b", "c"]
    made = make(CHAIN, "run_all", "b", past=all_done(CHAIN))
    assert verdicts(made) == {"a": "skip", "b": "run", "c": "stale"}


# -- verdicts and their reasons --------------------------------------------------------------------


def test_what_has_not_run_runs() -> None:
    made = make(CHAIN, "run_all")
    assert verdicts(made) == {"a": "run", "b": "run", "c": "run"}
    assert {one.reason for one in made.actions} == {"It has not run before."}
    assert made.to_run == made.actions


def test_what_is_as_it_was_is_skipped_and_says_whose_success_stands() -> None:
    made = make(CHAIN, "run_all", past=all_done(CHAIN))
    assert verdicts(made) == {"a": "skip", "b": "skip", "c": "skip"}
    assert "job-b succeeded" in reason(made, "b")
    assert made.to_run == ()
    assert made.impossible == ()


def test_what_is_asked_for_by_name_runs_whatever_its_past() -> None:
    made = make(CHAIN, "b", past=all_done(CHAIN))
    assert verdicts(made) == {"a": "skip", "b": "run"}
    assert reason(made, "b") == "It was asked for by name."
    changed = make(CHAIN, "b", past=all_done(CHAIN, b=done(CHAIN, "b", damage="Its output x is missing.")))
    assert reason(changed, "b") == "It was asked for by name. Its output x is missing."


def test_what_failed_before_runs_and_says_how_it_failed() -> None:
    past = all_done(CHAIN, a=Past(failure="Its command ended with exit code 3."))
    made = make(CHAIN, "run_all", past=past)
    assert verdicts(made) == {"a": "run", "b": "stale", "c": "stale"}
    assert "exit code 3" in reason(made, "a")
    assert reason(made, "b") == "a, which it needs, runs again first."


def test_force_runs_the_needs_too() -> None:
    made = make(CHAIN, "c", past=all_done(CHAIN), force=True)
    assert verdicts(made) == {"a": "run", "b": "run", "c": "run"}
    assert made.force
    assert "forced" in reason(made, "a")
    assert "by name" in reason(made, "c")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"command": "sh:v1 old"}, "Its command was: sh:v1 old"),
        ({"config": "{}"}, "Its config has changed."),
        ({"outputs": "others"}, "Its outputs, or their levels, are declared differently."),
        ({"runtime": "older"}, "Its runtime sh:v1 has changed."),
        ({"code": "older"}, "The code of b has changed since older."),
        ({"inputs": {"a": "other"}}, "a, which it needs, made other outputs since."),
        ({"inputs": {}}, "It needs other actions than before."),
        ({"inputs": {"a": "digest of a", "x": ""}}, "It needs other actions than before."),
    ],
)
def test_a_change_makes_an_action_stale_and_all_that_need_it(changes: dict[str, Any], words: str) -> None:
    old = done(CHAIN, "b").fingerprint
    assert old is not None
    made = make(CHAIN, "run_all", past=all_done(CHAIN, b=done(CHAIN, "b", fingerprint=replace(old, **changes))))
    assert verdicts(made) == {"a": "skip", "b": "stale", "c": "stale"}
    assert reason(made, "b") == words
    assert reason(made, "c") == "b, which it needs, runs again first."


def test_a_past_without_a_fingerprint_is_not_trusted() -> None:
    made = make(CHAIN, "run_all", past=all_done(CHAIN, a=done(CHAIN, "a", fingerprint=None)))
    assert (verdicts(made)["a"], reason(made, "a")) == ("stale", "What its last job depended on was not recorded.")


def test_outputs_that_were_changed_by_hand_are_made_again() -> None:
    made = make(CHAIN, "run_all", past=all_done(CHAIN, a=done(CHAIN, "a", damage="Its output x was changed by hand.")))
    assert verdicts(made) == {"a": "stale", "b": "stale", "c": "stale"}
    assert reason(made, "a") == "Its output x was changed by hand."


def test_an_unknown_identity_of_a_runtime_is_no_change() -> None:
    """A runtime that is not here now must not make stale what it made when it was."""
    made = make(
        CHAIN,
        "run_all",
        past=all_done(CHAIN),
        fingerprint=lambda action: replace(now(action), runtime=""),
        runtime=missing_for("a", "b", "c"),
    )
    assert set(verdicts(made).values()) == {"skip"}


def test_several_needs_that_run_again_are_named() -> None:
    wide = Pipeline(
        4.0,
        {
            **{f"n{number}": an_action(f"n{number}") for number in range(7)},
            "z": an_action("z", *(f"n{n}" for n in range(7))),
        },
    )
    made = make(wide, "run_all", past={"z": done(wide, "z")})
    assert reason(made, "z") == "n0, n1, n2, n3 and 3 more, which it needs, run again first."


# -- jobs of other requests ------------------------------------------------------------------------


def test_what_another_request_is_making_is_waited_for() -> None:
    past = all_done(CHAIN, a=done(CHAIN, "a", active_job="job-9"))
    made = make(CHAIN, "run_all", past=past)
    assert verdicts(made) == {"a": "skip", "b": "stale", "c": "stale"}
    assert next(one.waits_for for one in made.actions if one.action == "a") == "job-9"
    assert "job-9" in reason(made, "a")
    assert reason(made, "b") == "a, which it needs, runs again first."
    assert all(one.waits_for is None for one in made.actions if one.action != "a")


@pytest.mark.parametrize("force", [False, True])
def test_it_is_waited_for_also_when_asked_for_by_name_or_force(force: bool) -> None:
    made = make(CHAIN, "a", past={"a": Past(active_job="job-9", failure="It failed.")}, force=force)
    assert verdicts(made) == {"a": "skip"}


# -- what cannot run here --------------------------------------------------------------------------


def test_what_cannot_run_here_says_why_and_so_does_all_that_needs_it() -> None:
    made = make(CHAIN, "run_all", runtime=missing_for("b"))
    assert verdicts(made) == {"a": "run", "b": "cannot_run", "c": "cannot_run"}
    assert reason(made, "b") == "Stata is not installed."
    assert reason(made, "c") == "It needs b, which cannot run here."
    assert [one.action for one in made.impossible] == ["b", "c"]
    assert [one.action for one in made.to_run] == ["a"]


def test_what_need_not_run_does_not_have_to_be_able_to() -> None:
    past = all_done(CHAIN, c=Past())
    made = make(CHAIN, "run_all", past=past, runtime=missing_for("a", "b"))
    assert verdicts(made) == {"a": "skip", "b": "skip", "c": "run"}


def test_a_runtime_that_can_be_built_is_no_obstacle() -> None:
    made = make(CHAIN, "a", runtime=lambda _: RuntimeInfo("x", "x", RuntimeState.BUILDABLE, "runtime"))
    assert verdicts(made) == {"a": "run"}


# -- size and shape --------------------------------------------------------------------------------


def test_a_long_chain_is_planned() -> None:
    count = 50_000
    names = [f"a{number}" for number in range(count)]
    actions = {name: an_action(name, *names[number + 1 : number + 2]) for number, name in enumerate(names)}
    long = Pipeline(4.0, actions)
    made = make(long, "a0")
    assert [one.action for one in made.actions] == names[::-1]


def test_long_chains_are_judged_to_their_end() -> None:
    count = 5_000
    names = [f"a{number}" for number in range(count)]
    long = Pipeline(4.0, {name: an_action(name, *names[number + 1 : number + 2]) for number, name in enumerate(names)})
    stale = make(long, "run_all", past=all_done(long, **{names[-1]: Past(failure="It failed.")}))
    assert [one.verdict for one in stale.actions] == [Verdict.RUN] + [Verdict.STALE] * (count - 1)
    blocked = make(long, "run_all", runtime=missing_for(names[-1]))
    assert len(blocked.impossible) == count


NAMES = "abcdef"
PASTS = st.sampled_from(["none", "done", "failed", "damaged", "active", "changed"])


@given(
    needs=st.tuples(
        *(st.sets(st.sampled_from(NAMES[:place]), max_size=3) if place else st.just(set()) for place in range(6))
    ),
    pasts=st.tuples(*[PASTS] * 6),
    missing=st.sets(st.sampled_from(NAMES)),
    requested=st.lists(st.sampled_from([*NAMES, "run_all"]), min_size=1),
    force=st.booleans(),
)
def test_no_plan_uses_what_is_old_or_waits_for_what_never_comes(
    needs: tuple[set[str], ...], pasts: tuple[str, ...], missing: set[str], requested: list[str], force: bool
) -> None:
    pipeline = a_pipeline(**{name: " ".join(sorted(wanted)) for name, wanted in zip(NAMES, needs, strict=True)})
    past = {}
    for name, kind in zip(NAMES, pasts, strict=True):
        good = done(pipeline, name)
        assert good.fingerprint is not None
        past[name] = {
            "none": Past(),
            "done": good,
            "failed": Past(failure="It failed."),
            "damaged": replace(good, damage="It was changed."),
            "active": replace(good, active_job=f"active-{name}"),
            "changed": replace(good, fingerprint=replace(good.fingerprint, code="older")),
        }[kind]
    made = make(pipeline, *requested, past=past, force=force, runtime=missing_for(*missing))
    seen: dict[str, plan.Planned] = {}
    for one in made.actions:
        wanted = pipeline.actions[one.action].needs
        assert set(wanted) <= seen.keys(), "needs come first"
        assert one.reason.endswith((".", one.action)), one
        if one.verdict is Verdict.SKIP and one.waits_for is None:
            assert past[one.action].succeeded
            assert past[one.action].damage is None
            assert not any(seen[need].verdict.runs or seen[need].waits_for for need in wanted)
            assert not force
            assert one.action not in requested
        if one.verdict.runs:
            assert one.action not in missing
            for need in wanted:
                assert seen[need].verdict is not Verdict.CANNOT_RUN
        if one.verdict is Verdict.CANNOT_RUN:
            assert one.action in missing or any(seen[need].verdict is Verdict.CANNOT_RUN for need in wanted)
        seen[one.action] = one
    assert len(seen) == len(made.actions)
