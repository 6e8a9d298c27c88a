"""Reads project.yaml into a pipeline, or says everything that is wrong with it.

One action is read in ``action``, all together are looked at in ``checks``, paths in ``paths``. They find
what breaks any rule of any version; a rule set (``rulesets``) says what of that counts, and how much.
No files are opened: whether scripts, images or data exist is not asked here (see ``files``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

from ..errors import InvalidProject
from ..models import (
    RUN_ALL,
    Action,
    Pipeline,
    Problem,
    Severity,
)
from . import checks
from .action import ActionDraft, read_action
from .faults import (
    Fault,
    Reading,
    Suggester,
    is_null,
    kind,
    quote,
    unknown_keys,
)
from .rulesets import (
    HISTORY,
    NATIVE,
    NEWEST,
    OLDEST,
    RuleSet,
)
from .yaml import tree
from .yaml.tree import Node, Scalar

N = TypeVar("N", int, float)

KEYS = ("version", "expectations", "actions")
POPULATION_VERSION, NO_COHORTS_FROM = 3, 4
"""The version that says how many synthetic patients cohortextractor makes up, and the first without it."""
MAX_PROBLEMS = 10_000
"""Most problems looked for; no file that a person could mend has so many, but one made of aliases can."""
WEIGHTLESS = frozenset(
    name for name, rulings in NATIVE.rulings.items() if all(each.severity is not Severity.ERROR for each in rulings)
)
"""Rules whose faults stop nothing here; in a big file of an old version there may be several at every action."""
DEFAULT_POPULATION = 1000
"""What other versions than 3 use, whatever they say (platform: pipeline/models.py)."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was read of a project.yaml, not yet judged by a rule set."""

    version: float | None
    """As the file says it, also one that does not exist; None when it says no number."""
    faults: tuple[Problem, ...]
    """In the file's order, all called errors."""
    drafts: tuple[ActionDraft, ...]
    """The actions as far as they could be read."""
    pipeline: Pipeline | None
    """None when something it is made of is missing."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What project.yaml says: the pipeline, or None when there is an error; and every problem in the file's order."""

    pipeline: Pipeline | None
    problems: tuple[Problem, ...]


def parse(source: str | bytes, rules: RuleSet = NATIVE) -> Parsed:
    """Read the text of a project.yaml and give the pipeline and all problems, in the order of the file.

    Never raises for any text. ``rules`` says which faults count, and how bad they are.
    """
    findings = examine(source)
    problems = judge(findings.faults, findings.version, rules)
    valid = all(each.severity is not Severity.ERROR for each in problems)
    return Parsed(findings.pipeline if valid else None, problems)


def examine(source: str | bytes) -> Findings:
    """Find what breaks any rule of any version in the text of a project.yaml; never raises for any text."""
    document = tree.read(source)
    reading = _Collector(_read_project(document.root))
    # A mapping that aliases repeat can be wrong in the same way at every use; once is enough to mend it.
    faults = sorted(dict.fromkeys((*document.problems, *_bounded(reading))), key=_place)
    version, drafts, pipeline = reading.result
    if version is None and isinstance(document.root, tree.Mapping):  # the reading may have been ended early
        version = _version_of(document.root)
    return Findings(version, tuple(faults), drafts, pipeline)


def _bounded(problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems, as long as they are fewer than anybody could mend; those of no weight here never end it."""
    weighty, weightless = 0, Counter[str]()
    last = 1, 1
    for problem in problems:
        last = max(last, _place(problem))
        if problem.rule in WEIGHTLESS:
            weightless[problem.rule] += 1
            if weightless[problem.rule] <= MAX_PROBLEMS:
                yield problem
            continue
        yield problem
        weighty += 1
        if weighty == MAX_PROBLEMS:
            message = f"There are {MAX_PROBLEMS:,} problems or more, and the rest of the file was not looked at."
            remedy = "Mend those reported, then check again."
            yield Problem("problems-many", message, remedy, line=last[0], column=last[1])
            return


def judge(faults: Iterable[Problem], version: float | None, rules: RuleSet) -> tuple[Problem, ...]:
    """Give the faults that count under a rule set, in their order, each with its severity and history."""
    judged = ((each, rules.severity(each.rule, version)) for each in faults)
    return tuple(
        replace(each, severity=severity, history=HISTORY.get(each.rule, "")) for each, severity in judged if severity
    )


def _place(problem: Problem) -> tuple[int, int]:
    return problem.line or 0, problem.column or 0


def load(source: str | bytes) -> Pipeline:
    """Give the pipeline of a project.yaml; raises InvalidProject with all errors when it cannot be used."""
    parsed = parse(source)
    if parsed.pipeline is None:
        raise InvalidProject([each for each in parsed.problems if each.severity is Severity.ERROR])
    return parsed.pipeline


_Result = tuple[float | None, tuple[ActionDraft, ...], Pipeline | None]
"""Version, drafts and pipeline, as in `Findings`."""


class _Collector:
    """Goes through the problems of a reading and keeps its result."""

    def __init__(self, reading: Reading[_Result]) -> None:
        self._reading = reading
        self.result: _Result = (None, (), None)

    def __iter__(self) -> Iterator[Problem]:
        self.result = yield from self._reading


# -- the top level ---------------------------------------------------------------------------------


def _read_project(root: Node | None) -> Reading[_Result]:
    if root is None:
        return None, (), None
    if not isinstance(root, tree.Mapping):
        remedy = "Begin it with `version:`, and put the actions below `actions:`."
        yield Fault("project-type", f"The file must be a mapping, and is {kind(root)}.", remedy).at(root, "")
        return None, (), None
    suggester = Suggester()
    yield from _unknown_sections(root, suggester)
    version = yield from _read_version(root)
    population = yield from _read_expectations(root, version, suggester)
    drafts = yield from _read_actions(root, suggester)
    yield from _common_problems(drafts, root.get("actions"), suggester)
    if version is None or any(draft.run is None for draft in drafts):
        return version, tuple(drafts), None
    actions = {draft.name: _action(draft) for draft in drafts if draft.name != RUN_ALL}
    return version, tuple(drafts), Pipeline(version, MappingProxyType(actions), population)


def _unknown_sections(root: tree.Mapping, suggester: Suggester) -> Iterator[Problem]:
    for problem in unknown_keys(root, KEYS, suggester, ""):
        section = root.get(problem.key or "")
        if isinstance(section, tree.Mapping) and "run" in section.entries:
            message = f"{quote(problem.key or '')} looks like an action, but stands outside `actions` and is ignored."
            yield replace(problem, message=message, remedy="Indent it like the other actions.")
        else:
            yield problem


def _version_of(root: tree.Mapping) -> float | None:
    node = root.get("version")
    return _number(node, float) if node is not None else None


def _read_version(root: tree.Mapping) -> Reading[float | None]:
    node = root.get("version")
    remedy = f'Write it like `version: "{NEWEST}.0"`; versions {OLDEST} to {NEWEST} are known.'
    if node is None:
        yield Fault("version-missing", "The file does not say its `version`.", remedy).at(root, "version")
        return None
    version = _version_of(root)
    if version is None:
        yield Fault("version-type", f"`version` must be a number, and is {kind(node)}.", remedy).at(node, "version")
        return None
    if version > NEWEST:
        yield Fault("version-unknown", f"The version {version:g} is not known.", remedy).at(node, "version")
    elif not version >= OLDEST:
        yield Fault("version-odd", f"There is no version {version:g}.", remedy).at(node, "version")
    elif version not in range(OLDEST, NEWEST + 1):
        message = f"There is no version {version:g}; it counts as {int(version)}."
        yield Fault("version-fraction", message, remedy).at(node, "version")
    if not version >= NEWEST:
        message = f"The file is of version {version:g}, and the newest is {NEWEST}."
        yield Fault("version-old", message, f'Write `version: "{NEWEST}.0"`.').at(node, "version")
    return version


def _number(node: Node, convert: type[N]) -> N | None:
    """The number a node says, also in quotes, as the platform takes it (platform: pipeline/models.py)."""
    if not isinstance(node, Scalar) or node.value is None:
        return None
    try:
        return convert(node.value)
    except (ValueError, OverflowError):
        return None


def _read_expectations(root: tree.Mapping, version: float | None, suggester: Suggester) -> Reading[int | None]:
    node, key = root.get("expectations"), "expectations"
    remedy = "Write `expectations:`, and below it `population_size: 1000`, indented."
    if node is not None:
        rule = "expectations-empty" if is_null(node) else "expectations-unused"
        message = f"`expectations` only serves cohortextractor, in files of version {POPULATION_VERSION}."
        yield Fault(rule, message, "Take the section out.").at(root.key(key), key)
    if node is None or is_null(node):
        message = f"Version {POPULATION_VERSION} asks for `expectations` with a `population_size`."
        yield Fault("population-missing", message, remedy).at(node or root, "expectations.population_size")
        population = None
    elif not isinstance(node, tree.Mapping):
        yield Fault("expectations-type", f"`expectations` must be a mapping, and is {kind(node)}.", remedy).at(
            node, key
        )
        population = None
    else:
        known = ("population_size",)
        yield from unknown_keys(node, known, suggester, "expectations.", rule="expectations-key-unknown")
        population = yield from _read_population(node)
    if version == POPULATION_VERSION:
        return population
    return None if version is not None and version >= NO_COHORTS_FROM else DEFAULT_POPULATION


def _read_population(section: tree.Mapping) -> Reading[int | None]:
    node, key = section.get("population_size"), "expectations.population_size"
    remedy = "Write a whole number, such as `population_size: 1000`."
    if node is None:
        yield Fault("population-missing", "`expectations` has no `population_size`.", remedy).at(section, key)
        return None
    population = _number(node, int)
    if population is None:
        message = f"`population_size` must be a whole number, and is {kind(node)}."
        yield Fault("population-type", message, remedy).at(node, key)
    elif population < 1:
        yield Fault("population-odd", "`population_size` is less than 1.", remedy).at(node, key)
    return population


# -- actions ---------------------------------------------------------------------------------------


def _read_actions(root: tree.Mapping, suggester: Suggester) -> Reading[list[ActionDraft]]:
    node = root.get("actions")
    remedy = "Write `actions:`, and below it each action's name, indented one step."
    if node is None:
        yield Fault("actions-missing", "The file has no `actions`.", remedy).at(root, "actions")
        return []
    if not isinstance(node, tree.Mapping):
        yield Fault("actions-type", f"`actions` must be a mapping, and is {kind(node)}.", remedy).at(node, "actions")
        return []
    if not node.entries:
        yield Fault("actions-empty", "There are no actions.", remedy).at(node, "actions")
    drafts = []
    for key, value in node.items():
        if key.text == RUN_ALL:
            message = f"`{RUN_ALL}` is built in and stands for all actions; an action of that name never runs."
            fault = Fault("run-all-reserved", message, f"Take it out; asking for `{RUN_ALL}` runs all actions anyway.")
            yield fault.at(key, f"actions.{RUN_ALL}", RUN_ALL)
        draft = yield from read_action(key, value, suggester)
        if draft is not None:
            drafts.append(draft)
    return drafts


def _common_problems(drafts: list[ActionDraft], node: Node | None, suggester: Suggester) -> Generator[Problem]:
    if not isinstance(node, tree.Mapping):
        return
    keys = [key for key, _ in node.items()]
    yield from checks.needs_problems(drafts, {key.text for key in keys}, suggester)
    # A ``run_all`` of one's own must be right, as on the platform, but never runs.
    runs = [draft for draft in drafts if draft.name != RUN_ALL]
    yield from checks.cycle_problems(runs)
    yield from checks.name_problems(keys)
    yield from checks.run_problems(drafts)
    yield from checks.output_problems(drafts)
    yield from checks.overlap_problems(runs)


def _action(draft: ActionDraft) -> Action:
    assert draft.run is not None  # asked for before
    return Action(
        name=draft.name,
        run=draft.run,
        needs=tuple(dict.fromkeys(need.name for need in draft.needs)),
        outputs=tuple(claim.output for claim in draft.claims),
        config=draft.config,
        dummy_data_file=draft.dummy_data_file,
        line=draft.key.line,
    )
