from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.models import (
    Ending,
    Job,
    Phase,
    RequestStatus,
    Result,
    RuntimeState,
    State,
    StatusCode,
    TaskStatus,
    WrittenFile,
)
from jupyter_pipeline.rules import lifecycle
from jupyter_pipeline.rules.lifecycle import (
    SENTENCES,
    STATE_OF,
    TRANSITIONS,
    Decision,
    Facts,
    Step,
    next_step,
    outcome,
)

SUCCESS = Result(Ending.EXIT, 0, "2021-01-01T00:00:00Z", "2021-01-01T00:00:01Z", 1.0)
FILE = WrittenFile("output/a.csv", "highly_sensitive", 1, 1, 1, "00")


# -- the table -------------------------------------------------------------------------------------


def test_every_code_has_a_state_a_sentence_and_a_place_in_the_table() -> None:
    assert set(STATE_OF) == set(SENTENCES) == set(TRANSITIONS) == set(StatusCode)
    for sentence in SENTENCES.values():
        assert re.fullmatch(r"[A-Z].*\.", sentence)
    assert len(set(SENTENCES.values())) == len(SENTENCES)
    assert set(STATE_OF.values()) == set(State)


def test_only_final_states_have_no_way_out_and_nothing_leads_to_itself() -> None:
    for code, after in TRANSITIONS.items():
        assert bool(after) != STATE_OF[code].is_final, code
        assert code not in after
        assert after <= set(StatusCode)


def test_every_code_can_be_reached_and_every_job_can_end() -> None:
    reached, waiting = {StatusCode.CREATED}, [StatusCode.CREATED]
    while waiting:
        new = TRANSITIONS[waiting.pop()] - reached
        reached |= new
        waiting += new
    assert reached == set(StatusCode)
    for code in StatusCode:
        if not STATE_OF[code].is_final:
            assert any(STATE_OF[after].is_final for after in TRANSITIONS[code]), code


def test_success_comes_only_after_the_outputs_are_published() -> None:
    before = [code for code, after in TRANSITIONS.items() if StatusCode.SUCCEEDED in after]
    assert before == [StatusCode.FINALIZING]
    assert [code for code, after in TRANSITIONS.items() if StatusCode.FINALIZING in after] == [StatusCode.EXECUTING]


def test_nothing_leads_back_to_created() -> None:
    assert not [code for code, after in TRANSITIONS.items() if StatusCode.CREATED in after]


def test_the_diagram_is_drawn_from_the_table() -> None:
    drawn = re.findall(r"^    (\w+) --> (\w+)$", lifecycle.diagram(), re.MULTILINE)
    assert lifecycle.diagram().startswith("stateDiagram-v2\n")
    assert set(drawn) == {(str(code), str(after)) for code in TRANSITIONS for after in TRANSITIONS[code]}
    assert len(drawn) == len(set(drawn))


# -- the next step ---------------------------------------------------------------------------------

RESULTS = [
    SUCCESS,
    replace(SUCCESS, files=(FILE,)),
    replace(SUCCESS, unmatched=("output/*.csv",)),
    replace(SUCCESS, refused=("output/a.csv is a link.",)),
    *(replace(SUCCESS, exit_code=code) for code in (1, 137, 255)),
    *(
        replace(SUCCESS, ending=ending, exit_code=code)
        for ending in Ending
        if ending is not Ending.EXIT
        for code in (0, 137, None)
    ),
]
STATUSES = [
    *(TaskStatus(phase) for phase in (Phase.UNKNOWN, Phase.RUNNING, Phase.LOST)),
    *(TaskStatus(Phase.ENDED, result) for result in RESULTS),
]


def all_facts(publishing: bool) -> Iterator[Facts]:
    """Every combination of facts, possible or not."""
    flags = itertools.product((False, True), repeat=4)
    for (cancelled, waits, worker_free, action_free), failed, runtime, status in itertools.product(
        flags, ((), ("a",)), RuntimeState, STATUSES
    ):
        yield Facts(
            cancelled=cancelled,
            failed_needs=failed,
            waits=waits,
            runtime=runtime,
            runtime_message="It is not here.",
            worker_free=worker_free,
            action_free=action_free,
            publishing=publishing,
            status=status,
        )


@pytest.mark.parametrize("code", [code for code in StatusCode if not STATE_OF[code].is_final])
def test_whatever_the_facts_the_next_code_is_one_that_may_follow(code: StatusCode) -> None:
    """A pending job has no task yet, so that nothing else than that is known of it."""
    state = STATE_OF[code]
    for facts in all_facts(publishing=code is StatusCode.FINALIZING):
        if state is State.PENDING and facts.status.phase is not Phase.UNKNOWN:
            continue
        decision = next_step(state, facts)
        assert decision.code == code or decision.code in TRANSITIONS[code], (facts, decision)


@pytest.mark.parametrize("publishing", [False, True])
@pytest.mark.parametrize("state", [State.PENDING, State.RUNNING])
def test_steps_and_codes_fit_together(state: State, publishing: bool) -> None:
    for facts in all_facts(publishing):
        decision = next_step(state, facts)
        after = STATE_OF[decision.code]
        if decision.step is Step.FAIL:
            assert after is State.FAILED
        else:
            assert not after.is_final, (facts, decision)
        if decision.step is not Step.HOLD and decision.step is not Step.FAIL:
            assert after is State.RUNNING, (facts, decision)
        if decision.step is Step.PUBLISH:
            result = facts.status.result
            assert result is not None
            assert (result.ending, result.exit_code, result.unmatched, result.refused) == (Ending.EXIT, 0, (), ())
            assert publishing or not facts.cancelled
        if decision.step is Step.START:
            assert not facts.cancelled
            assert facts.status.phase is Phase.UNKNOWN


READY = Facts()


@pytest.mark.parametrize(
    ("facts", "step", "code"),
    [
        (READY, Step.START, StatusCode.EXECUTING),
        (replace(READY, worker_free=False), Step.HOLD, StatusCode.WAITING_ON_WORKERS),
        (replace(READY, action_free=False), Step.HOLD, StatusCode.WAITING_ON_WORKERS),
        (replace(READY, runtime=RuntimeState.BUILDABLE), Step.HOLD, StatusCode.WAITING_ON_RUNTIME),
        (replace(READY, waits=True, runtime=RuntimeState.BUILDABLE), Step.HOLD, StatusCode.WAITING_ON_DEPENDENCIES),
        (replace(READY, waits=True), Step.HOLD, StatusCode.WAITING_ON_DEPENDENCIES),
        (replace(READY, waits=True, failed_needs=("a",)), Step.FAIL, StatusCode.DEPENDENCY_FAILED),
        (replace(READY, runtime=RuntimeState.MISSING, waits=True), Step.FAIL, StatusCode.CANNOT_RUN_HERE),
        (replace(READY, cancelled=True, waits=True, failed_needs=("a",)), Step.FAIL, StatusCode.CANCELLED_BY_USER),
    ],
)
def test_before_a_job_begins(facts: Facts, step: Step, code: StatusCode) -> None:
    decision = next_step(State.PENDING, facts)
    assert (decision.step, decision.code) == (step, code)


@pytest.mark.parametrize(
    ("status", "cancelled", "step", "code"),
    [
        (TaskStatus(Phase.RUNNING), False, Step.HOLD, StatusCode.EXECUTING),
        (TaskStatus(Phase.RUNNING), True, Step.STOP, StatusCode.EXECUTING),
        (TaskStatus(Phase.LOST), False, Step.FAIL, StatusCode.INTERRUPTED),
        (TaskStatus(Phase.ENDED, SUCCESS), False, Step.PUBLISH, StatusCode.FINALIZING),
        (TaskStatus(Phase.ENDED, SUCCESS), True, Step.FAIL, StatusCode.CANCELLED_BY_USER),
        (TaskStatus(Phase.UNKNOWN), False, Step.START, StatusCode.EXECUTING),
        (TaskStatus(Phase.UNKNOWN), True, Step.FAIL, StatusCode.CANCELLED_BY_USER),
    ],
)
def test_while_a_job_runs(status: TaskStatus, cancelled: bool, step: Step, code: StatusCode) -> None:
    decision = next_step(State.RUNNING, Facts(cancelled=cancelled, status=status))
    assert (decision.step, decision.code) == (step, code)


def test_it_is_too_late_to_cancel_once_outputs_may_be_published() -> None:
    facts = Facts(cancelled=True, publishing=True, status=TaskStatus(Phase.ENDED, SUCCESS))
    assert next_step(State.RUNNING, facts).step is Step.PUBLISH


def test_a_task_that_never_began_is_begun_whatever_else_runs() -> None:
    """The engine died between saying so and doing so; its worker is its own."""
    facts = Facts(worker_free=False, action_free=True, status=TaskStatus(Phase.UNKNOWN))
    assert next_step(State.RUNNING, facts).step is Step.START


# -- what an end means -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "code", "words"),
    [
        (replace(SUCCESS, exit_code=3), StatusCode.NONZERO_EXIT, "exit code 3"),
        (replace(SUCCESS, exit_code=1, message="The program x is not there."), StatusCode.NONZERO_EXIT, "program x"),
        (replace(SUCCESS, exit_code=None), StatusCode.NONZERO_EXIT, "None"),
        (replace(SUCCESS, ending=Ending.SIGNAL, exit_code=137), StatusCode.KILLED, "SIGKILL"),
        (replace(SUCCESS, ending=Ending.SIGNAL, exit_code=139), StatusCode.KILLED, "SIGSEGV"),
        (replace(SUCCESS, ending=Ending.SIGNAL, exit_code=None), StatusCode.KILLED, "signal"),
        (replace(SUCCESS, ending=Ending.STOPPED, exit_code=143), StatusCode.CANCELLED_BY_USER, "Cancelled"),
        (replace(SUCCESS, ending=Ending.STOPPED, exit_code=0), StatusCode.CANCELLED_BY_USER, "not kept"),
        (replace(SUCCESS, ending=Ending.TIMEOUT, message="Too long."), StatusCode.TIMED_OUT, "Raise `timeout`"),
        (replace(SUCCESS, ending=Ending.MEMORY, message="Too much."), StatusCode.OUT_OF_MEMORY, "Raise `memory`"),
        (replace(SUCCESS, ending=Ending.BROKEN, message="No space."), StatusCode.INTERNAL_ERROR, "No space."),
        (
            replace(SUCCESS, unmatched=("a.csv",)),
            StatusCode.UNMATCHED_PATTERNS,
            "matches a.csv. It wrote no files at all.",
        ),
        (
            replace(SUCCESS, unmatched=("a.csv",), unclaimed=("b.csv",)),
            StatusCode.UNMATCHED_PATTERNS,
            "It did write b.csv; is it meant?",
        ),
        (
            replace(SUCCESS, refused=("a.csv is a link.",), files=(FILE,)),
            StatusCode.UNMATCHED_PATTERNS,
            "a.csv is a link.",
        ),
        (
            replace(SUCCESS, unmatched=tuple("abcdefgh"), files=(FILE,)),
            StatusCode.UNMATCHED_PATTERNS,
            "matches a, b, c, d and 4 more.",
        ),
    ],
)
def test_every_ending_has_its_code_and_says_what_to_do(result: Result, code: StatusCode, words: str) -> None:
    decision = outcome(result)
    assert (decision.step, decision.code) == (Step.FAIL, code)
    assert words in decision.message
    assert code in TRANSITIONS[StatusCode.EXECUTING]


def test_success_is_exit_code_0_and_every_output_written() -> None:
    assert outcome(replace(SUCCESS, files=(FILE,))) == Decision(Step.PUBLISH, StatusCode.FINALIZING)


TEXTS = st.lists(st.text(), max_size=8).map(tuple)


@given(
    ending=st.sampled_from(Ending),
    exit_code=st.one_of(st.none(), st.integers(-300, 300)),
    lists=st.tuples(TEXTS, TEXTS, TEXTS),
    files=st.sampled_from([(), (FILE,)]),
)
def test_no_result_but_a_clean_one_is_published(
    ending: Ending, exit_code: int | None, lists: tuple[tuple[str, ...], ...], files: tuple[WrittenFile, ...]
) -> None:
    unmatched, unclaimed, refused = lists
    result = Result(ending, exit_code, "", "", 0.0, 0.0, 0, "", files, unmatched, unclaimed, refused)
    clean = ending is Ending.EXIT and exit_code == 0 and not unmatched and not refused
    assert (outcome(result).step is Step.PUBLISH) == clean


def test_what_a_succeeded_job_says_counts_what_is_withheld() -> None:
    assert lifecycle.success_message(0) == "Succeeded."
    assert "1 moderately_sensitive file is withheld" in lifecycle.success_message(1)
    assert "2 moderately_sensitive files are withheld" in lifecycle.success_message(2)


# -- requests --------------------------------------------------------------------------------------

CODE_OF = {
    State.PENDING: StatusCode.CREATED,
    State.RUNNING: StatusCode.EXECUTING,
    State.SUCCEEDED: StatusCode.SUCCEEDED,
    State.FAILED: StatusCode.NONZERO_EXIT,
}


def job(state: State) -> Job:
    return Job("j", "r", "a", state, CODE_OF[state], "", "sh:v1 x", "It has not run before.", "", "")


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("", RequestStatus.NOTHING_TO_DO),
        ("P", RequestStatus.PENDING),
        ("PP", RequestStatus.PENDING),
        ("R", RequestStatus.RUNNING),
        ("S", RequestStatus.SUCCEEDED),
        ("F", RequestStatus.FAILED),
        ("PR", RequestStatus.RUNNING),
        ("PS", RequestStatus.RUNNING),
        ("PF", RequestStatus.RUNNING),
        ("RS", RequestStatus.RUNNING),
        ("RF", RequestStatus.RUNNING),
        ("SF", RequestStatus.FAILED),
        ("PSF", RequestStatus.RUNNING),
        ("PRSF", RequestStatus.RUNNING),
    ],
)
def test_the_status_of_a_request(states: str, expected: RequestStatus) -> None:
    by_letter = {str(state)[0].upper(): state for state in State}
    for order in set(itertools.permutations(states)):
        assert lifecycle.request_status(job(by_letter[letter]) for letter in order) is expected


def test_of_many_files_the_most_similar_is_suggested_first() -> None:
    written = (*(f"logs/{n:03}.txt" for n in range(40)), "outputs/summary.csv")
    said = outcome(replace(SUCCESS, unmatched=("output/summary.csv",), unclaimed=written)).message
    assert "It did write outputs/summary.csv, " in said
