"""Checks that look at all actions of a project together: needs, circles, twins and overlapping outputs.

Each check takes what was read and yields problems under its rules' names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice, product

from ..graph import traversal
from ..models import RUN_ALL, STRICTNESS, Problem
from ..rules.patterns import PatternIndex, overlap
from .action import ActionDraft, Claim
from .faults import Fault, Suggester, quote
from .yaml.tree import Scalar

MAX_OVERLAPS = 20
"""Overlaps reported one by one; more are only said to exist."""
MAX_COMPARISONS = 20_000
"""Pairs of patterns compared in one file, so that no file takes long."""


def needs_problems(drafts: Sequence[ActionDraft], names: set[str], suggester: Suggester) -> Iterator[Problem]:
    """Yield entries of ``needs`` that name no action, the action itself, or the same action twice.

    ``names`` are all names in the file, also of actions that could not be read (platform: pipeline/models.py).
    """
    whole = {draft.name for draft in drafts if draft.is_whole}
    for draft in drafts:
        seen: set[str] = set()
        for need in draft.needs:
            fault = None
            if need.name == draft.name:
                message = f"The action {quote(draft.name)} needs itself."
                fault = Fault("needs-self", message, "Take its own name out of `needs`.")
            elif need.name in seen:
                message = f"{quote(need.name)} stands twice in `needs` of {quote(draft.name)}."
                fault = Fault("needs-duplicate", message, "Take one of them out.")
            elif need.name == RUN_ALL and RUN_ALL in names:
                message = f"{quote(draft.name)} needs `{RUN_ALL}`, which never runs itself."
                fault = Fault("needs-run-all", message, "Name the actions whose outputs it uses.")
            elif need.name not in names:
                fault = _unknown_need(draft.name, need.name, names, suggester)
            elif need.name not in whole:
                message = f"{quote(draft.name)} needs {quote(need.name)}, which is no proper action."
                fault = Fault("needs-broken", message, f"Mend {quote(need.name)} first.")
            if fault:
                yield fault.at(need.node, f"actions.{draft.name}.needs", draft.name)
            seen.add(need.name)


def _unknown_need(action: str, need: str, names: set[str], suggester: Suggester) -> Fault:
    if need == RUN_ALL:
        message = f"{quote(action)} needs `{RUN_ALL}`, which stands for all actions and is none itself."
        return Fault("needs-unknown", message, "Name the actions whose outputs it uses.")
    message = f"{quote(action)} needs {quote(need)}, and there is no such action."
    return Fault("needs-unknown", message, f"{suggester.like(need, names)}Name an action of this file.")


def cycle_problems(drafts: Sequence[ActionDraft]) -> Iterator[Problem]:
    """Yield every circle of needs, named by its path, at the entry of ``needs`` where it can be opened."""
    by_name = {draft.name: draft for draft in drafts}
    # An action that needs itself is told by its own rule.
    needs = {draft.name: [need.name for need in draft.needs if need.name != draft.name] for draft in drafts}
    for circle in traversal.cycles(needs):
        first, second = circle[:2]
        node = next(need.node for need in by_name[first].needs if need.name == second)
        path = " needs ".join(quote(name) for name in circle[:12])
        rest = f" needs ... (a circle of {len(circle) - 1:,})" if len(circle) > 12 else ""
        yield Fault(
            "needs-cycle",
            f"These actions need each other in a circle, so none can run first: {path}{rest}.",
            "Take one of these names out of `needs`.",
        ).at(node, f"actions.{first}.needs", first)


def name_problems(keys: Sequence[Scalar]) -> Iterator[Problem]:
    """Yield action names that differ only in upper and lower case: some file systems take them for the same."""
    seen: dict[str, str] = {}
    for key in keys:
        first = seen.setdefault(key.text.casefold(), key.text)
        if first != key.text:
            message = f"The action names {quote(first)} and {quote(key.text)} differ only in upper and lower case."
            remedy = "Rename one of them; some computers keep their files in the same place."
            yield Fault("action-name-case", message, remedy).at(key, f"actions.{key.text}", key.text)


def run_problems(drafts: Sequence[ActionDraft]) -> Iterator[Problem]:
    """Yield run lines that say the same as another action's.

    The platform compares their very text (pipeline/models.py); in 2021 it compared the words, whatever the image's
    version (jobrunner/project.py).
    """
    by_text: dict[str, str] = {}
    by_words: dict[tuple[str, ...], str] = {}
    for draft in drafts:
        if draft.run is None:
            continue
        first = by_text.setdefault(draft.run.raw, draft.name)
        alike = by_words.setdefault((draft.run.image, *draft.run.args), draft.name)
        if first != draft.name:
            yield _same_run("run-duplicate", f"{quote(draft.name)} has the same run line as {quote(first)}.", draft)
        if alike != draft.name:
            message = f"{quote(draft.name)} runs the same words as {quote(alike)}."
            yield _same_run("run-duplicate-words", message, draft)


def _same_run(rule: str, message: str, draft: ActionDraft) -> Problem:
    fault = Fault(rule, message, "Give them different commands, or make them one action.")
    return fault.at(draft.run_node, f"actions.{draft.name}.run", draft.name)


def output_problems(drafts: Sequence[ActionDraft]) -> Iterator[Problem]:
    """Yield outputs whose path is the very text of another one (platform: pipeline/models.py)."""
    seen: dict[str, Claim] = {}
    for draft in drafts:
        for claim in draft.claims:
            first = seen.setdefault(claim.output.pattern, claim)
            if first is not claim:
                message = (
                    f"The output path {quote(claim.output.pattern)} of {quote(claim.action)} is also "
                    f"an output of {quote(first.action)}, on line {first.node.line}."
                )
                remedy = "Give each output a path of its own."
                yield Fault("output-duplicate", message, remedy).at(claim.node, claim.key, claim.action)


# -- overlaps --------------------------------------------------------------------------------------


def overlap_problems(drafts: Sequence[ActionDraft]) -> Iterator[Problem]:
    """Yield outputs of different actions or levels that could be the same file, one for each pair of actions.

    Paths of the very same text are told by `output_problems`.
    """
    claims: dict[str, list[Claim]] = defaultdict(list)
    for draft in drafts:
        for claim in draft.claims:
            claims[claim.output.pattern].append(claim)
    told: set[tuple[str, str]] = set()
    later = _Later(drafts)
    for one, other, example in _meetings(claims):
        pair = one.action, other.action
        if pair in told or (one.action == other.action and one.output.level is other.output.level):
            continue
        if len(told) == MAX_OVERLAPS:
            message = f"More outputs overlap than the {MAX_OVERLAPS} reported."
            fault = Fault("overlap-more", message, "Give every action a folder or a beginning of names of its own.")
            yield fault.at(other.node, other.key, other.action)
            return
        told.add(pair)
        yield _overlap_fault(one, other, example, later).at(other.node, other.key, other.action)


def _meetings(claims: dict[str, list[Claim]]) -> Iterator[tuple[Claim, Claim, str]]:
    """Pairs of outputs that can be the same file, with an example; the one that stands later in the file second."""
    for left, right in islice(PatternIndex(claims).candidate_pairs(), MAX_COMPARISONS):
        example = overlap(left, right)
        if example is not None:
            for one, other in product(claims[left][:MAX_OVERLAPS], claims[right][:MAX_OVERLAPS]):
                in_order = (one.node.line, one.node.column) <= (other.node.line, other.node.column)
                yield (one, other, example) if in_order else (other, one, example)


def _overlap_fault(one: Claim, other: Claim, example: str, later: _Later) -> Fault:
    if one.action == other.action:
        strict = min(one.output.level, other.output.level, key=STRICTNESS.index)
        message = (
            f"A file such as {quote(example)} would match two levels of {quote(one.action)}: "
            f"{quote(one.output.pattern)} and {quote(other.output.pattern)}. The stricter, {strict}, would hold."
        )
        return Fault("overlap-levels", message, "Make the paths so different that no file matches both.")
    last = later.of(one.action, other.action)
    owner = f"{quote(last)}, which runs later," if last else "the one that finishes last"
    message = (
        f"A file such as {quote(example)} would match {quote(one.output.pattern)} of {quote(one.action)} and "
        f"{quote(other.output.pattern)} of {quote(other.action)}; {owner} would own it."
    )
    return Fault("overlap-actions", message, "Give each action a folder or a beginning of names of its own.")


class _Later:
    """Which of two actions must run after the other; remembers what it found out."""

    def __init__(self, drafts: Sequence[ActionDraft]) -> None:
        self._needs = {draft.name: [need.name for need in draft.needs] for draft in drafts}
        self._after: dict[str, frozenset[str]] = {}

    def of(self, one: str, other: str) -> str | None:
        """Give the action that runs later because of its needs, or None."""
        if other in self._descendants(one):
            return other
        return one if one in self._descendants(other) else None

    def _descendants(self, name: str) -> frozenset[str]:
        if name not in self._after:
            self._after[name] = frozenset(traversal.descendants(self._needs, [name]))
        return self._after[name]
