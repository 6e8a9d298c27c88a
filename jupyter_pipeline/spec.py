"""Reads project.yaml into a pipeline, or says everything that is wrong with it.

The rules are those of versions 1 to 5 as far as they concern what runs here (see ``spec_faults.NATIVE`` for how bad
each is). One action is read in ``spec_action``, all together are looked at in ``spec_checks``, paths in ``spec_paths``.
No files are opened: whether scripts, images or data exist is not asked here.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from types import MappingProxyType
from typing import TypeVar

from . import spec_checks as checks
from . import yamltree
from .errors import InvalidProject
from .models import RUN_ALL, Action, Pipeline, Problem, Severity
from .spec_action import Draft, read_action
from .spec_faults import NATIVE, Fault, Reading, Suggester, kind, quote, unknown_keys
from .yamltree import Node, Scalar

N = TypeVar("N", int, float)

KEYS = ("version", "expectations", "actions")
OLDEST, NEWEST = 1, 5
UNIQUE_OUTPUTS_FROM = 2
POPULATION_FROM, POPULATION_UNTIL = 3, 4
RUN_ALL_RESERVED_FROM = 5
MAX_PROBLEMS = 50_000
"""Most problems looked for; no file that a person could mend has so many, but one made of aliases can."""
DEFAULT_POPULATION = 1000
"""What versions 1 and 2 use, whatever they say (platform: pipeline/models.py)."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What project.yaml says: the pipeline, or None when there is an error; and every problem in the file's order."""

    pipeline: Pipeline | None
    problems: tuple[Problem, ...]


def parse(source: str | bytes, severities: Mapping[str, Severity] = NATIVE) -> Parsed:
    """Read the text of a project.yaml and give the pipeline and all problems, in the order of the file.

    Never raises for any text. ``severities`` says for each rule how bad it is; a rule not named there is an error.
    """
    document = yamltree.read(source)
    reading = _Collector(_read_project(document.root))
    found = [*document.problems, *islice(reading, MAX_PROBLEMS)]
    if len(found) - len(document.problems) == MAX_PROBLEMS:
        message = f"There are {MAX_PROBLEMS:,} problems or more, and the rest of the file was not looked at."
        last = max(found, key=_place)
        remedy = "Mend those reported, then check again."
        found.append(Problem("problems-many", message, remedy, line=last.line, column=last.column))
    # A mapping that aliases repeat can be wrong in the same way at every use; once is enough to mend it.
    problems = [replace(each, severity=severities.get(each.rule, Severity.ERROR)) for each in dict.fromkeys(found)]
    problems.sort(key=_place)
    valid = all(each.severity is not Severity.ERROR for each in problems)
    return Parsed(reading.result if valid else None, tuple(problems))


def _place(problem: Problem) -> tuple[int, int]:
    return problem.line or 0, problem.column or 0


def load(source: str | bytes) -> Pipeline:
    """Give the pipeline of a project.yaml; raises InvalidProject with all errors when it cannot be used."""
    parsed = parse(source)
    if parsed.pipeline is None:
        raise InvalidProject([each for each in parsed.problems if each.severity is Severity.ERROR])
    return parsed.pipeline


class _Collector:
    """Goes through the problems of a reading and keeps its result."""

    def __init__(self, reading: Reading[Pipeline | None]) -> None:
        self._reading = reading
        self.result: Pipeline | None = None

    def __iter__(self) -> Iterator[Problem]:
        self.result = yield from self._reading


# -- the top level ---------------------------------------------------------------------------------


def _read_project(root: Node | None) -> Reading[Pipeline | None]:
    if root is None:
        return None
    if not isinstance(root, yamltree.Mapping):
        remedy = "Begin it with `version:`, and put the actions below `actions:`."
        yield Fault("project-type", f"The file must be a mapping, and is {kind(root)}.", remedy).at(root, "")
        return None
    suggester = Suggester()
    yield from _unknown_sections(root, suggester)
    version = yield from _read_version(root)
    population = yield from _read_expectations(root, version, suggester)
    drafts = yield from _read_actions(root, version, suggester)
    yield from _common_problems(drafts, root.get("actions"), version, suggester)
    if version is None or any(draft.run is None for draft in drafts):
        return None
    actions = {draft.name: _action(draft) for draft in drafts if draft.name != RUN_ALL}
    return Pipeline(version, MappingProxyType(actions), population)


def _unknown_sections(root: yamltree.Mapping, suggester: Suggester) -> Iterator[Problem]:
    for problem in unknown_keys(root, KEYS, suggester, ""):
        section = root.get(problem.key or "")
        if isinstance(section, yamltree.Mapping) and "run" in section.entries:
            message = f"{quote(problem.key or '')} looks like an action, but stands outside `actions` and is ignored."
            yield replace(problem, message=message, remedy="Indent it like the other actions.")
        else:
            yield problem


def _read_version(root: yamltree.Mapping) -> Reading[float | None]:
    node = root.get("version")
    remedy = f'Write it like `version: "4.0"`; versions {OLDEST} to {NEWEST} are known.'
    if node is None:
        yield Fault("version-missing", "The file does not say its `version`.", remedy).at(root, "version")
        return None
    version = _number(node, float)
    if version is None:
        yield Fault("version-type", f"`version` must be a number, and is {kind(node)}.", remedy).at(node, "version")
    elif not OLDEST <= version <= NEWEST:
        yield Fault("version-unknown", f"The version {version:g} is not known.", remedy).at(node, "version")
        version = None
    return version


def _number(node: Node, convert: type[N]) -> N | None:
    """The number a node says, also in quotes, as the platform takes it (platform: pipeline/models.py)."""
    if not isinstance(node, Scalar) or node.value is None or isinstance(node.value, bool):
        return None
    try:
        return convert(node.value)
    except (ValueError, OverflowError):
        return None


def _read_expectations(root: yamltree.Mapping, version: float | None, suggester: Suggester) -> Reading[int | None]:
    node = root.get("expectations")
    if version is not None and version >= POPULATION_UNTIL:
        if node is not None:
            message = f"`expectations` is not used from version {POPULATION_UNTIL} on."
            yield Fault("expectations-unused", message, "Take the section out.").at(
                root.key("expectations"), "expectations"
            )
        return None
    is_required = version is not None and version >= POPULATION_FROM
    remedy = "Write `expectations:`, and below it `population_size: 1000`, indented."
    if node is None:
        if is_required:
            message = f"Version {POPULATION_FROM} asks for `expectations` with a `population_size`."
            yield Fault("population-missing", message, remedy).at(root, "expectations.population_size")
        return DEFAULT_POPULATION
    if not isinstance(node, yamltree.Mapping):
        message = f"`expectations` must be a mapping, and is {kind(node)}."
        yield Fault("expectations-type", message, remedy).at(node, "expectations")
        return None
    yield from unknown_keys(node, ("population_size",), suggester, "expectations.")
    population = yield from _read_population(node, is_required)
    return population if is_required else DEFAULT_POPULATION


def _read_population(section: yamltree.Mapping, is_required: bool) -> Reading[int | None]:
    node, key = section.get("population_size"), "expectations.population_size"
    remedy = "Write a whole number, such as `population_size: 1000`."
    if node is None:
        if is_required:
            yield Fault("population-missing", "`expectations` has no `population_size`.", remedy).at(section, key)
        return None
    population = _number(node, int)
    if population is None:
        message = f"`population_size` must be a whole number, and is {kind(node)}."
        yield Fault("population-type", message, remedy).at(node, key)
        return None
    if population < 1:
        yield Fault("population-odd", "`population_size` is less than 1.", remedy).at(node, key)
    return population


# -- actions ---------------------------------------------------------------------------------------


def _read_actions(root: yamltree.Mapping, version: float | None, suggester: Suggester) -> Reading[list[Draft]]:
    node = root.get("actions")
    remedy = "Write `actions:`, and below it each action's name, indented one step."
    if node is None:
        yield Fault("actions-missing", "The file has no `actions`.", remedy).at(root, "actions")
        return []
    if not isinstance(node, yamltree.Mapping):
        yield Fault("actions-type", f"`actions` must be a mapping, and is {kind(node)}.", remedy).at(node, "actions")
        return []
    if not node.entries:
        yield Fault("actions-empty", "There are no actions.", remedy).at(node, "actions")
    drafts = []
    for key, value in node.items():
        if key.text == RUN_ALL:
            yield _run_all_problem(key, version)
        draft = yield from read_action(key, value, suggester)
        if draft is not None:
            drafts.append(draft)
    return drafts


def _run_all_problem(key: Scalar, version: float | None) -> Problem:
    """A ``run_all`` of one's own: ignored below version 5, refused from it on (platform: pipeline/features.py)."""
    remedy = "Take it out; asking for `run_all` runs all actions anyway."
    if version is not None and version >= RUN_ALL_RESERVED_FROM:
        message = f"`{RUN_ALL}` is built in, and version {RUN_ALL_RESERVED_FROM} allows no action of that name."
        fault = Fault("run-all-reserved", message, remedy)
    else:
        fault = Fault("run-all-ignored", f"`{RUN_ALL}` is built in; the action of that name is ignored.", remedy)
    return fault.at(key, f"actions.{RUN_ALL}", RUN_ALL)


def _common_problems(
    drafts: list[Draft], node: Node | None, version: float | None, suggester: Suggester
) -> Generator[Problem]:
    if not isinstance(node, yamltree.Mapping):
        return
    keys = [key for key, _ in node.items()]
    yield from checks.needs_problems(drafts, {key.text for key in keys} - {RUN_ALL}, suggester)
    # A ``run_all`` of one's own must be right, as on the platform, but never runs.
    runs = [draft for draft in drafts if draft.name != RUN_ALL]
    yield from checks.cycle_problems(runs)
    yield from checks.name_problems(keys)
    yield from checks.run_problems(drafts)
    must_differ = version is None or version >= UNIQUE_OUTPUTS_FROM
    if must_differ:
        yield from checks.output_problems(drafts)
    yield from checks.overlap_problems(runs, same_path=not must_differ)


def _action(draft: Draft) -> Action:
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
