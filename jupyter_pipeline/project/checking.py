"""What can be said of a project.yaml before anything runs: by the rules asked for, and by the platform's.

The rules are in ``spec``; what is printed is the surfaces' business.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from ..config import Config
from ..errors import InvalidRequest
from ..models import RUN_ALL, Problem, Severity
from ..spec import parsing, rulesets
from ..spec.rulesets import RuleSet


@dataclass(frozen=True, slots=True)
class Compatibility:
    """What one of the platform's rule sets says of the file."""

    rules: RuleSet
    reasons: tuple[Problem, ...]
    """Why it would be refused, in the file's order; none if it would be accepted."""
    warnings: tuple[Problem, ...] = ()
    """What it would warn of, whether it accepts the file or not."""

    def groups(self) -> Mapping[str, tuple[Problem, ...]]:
        """The reasons by rule, the one that stands first in the file first."""
        return by_rule(self.reasons)


def by_rule(problems: Sequence[Problem]) -> Mapping[str, tuple[Problem, ...]]:
    """Problems by their rule, the rule that comes first in the file first."""
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        found.setdefault(problem.rule, []).append(problem)
    return {rule: tuple(each) for rule, each in found.items()}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer to `check`."""

    rules: RuleSet
    problems: tuple[Problem, ...]
    """In the file's order."""
    actions: int
    """How many actions could be read."""
    platform: tuple[Compatibility, ...]
    """What the platform says, today's rules first."""

    @property
    def valid(self) -> bool:
        """Whether no problem is an error."""
        return all(problem.severity is not Severity.ERROR for problem in self.problems)


def rule_set(name: str) -> RuleSet:
    """The rule set of a name; raises InvalidRequest for an unknown one."""
    if name not in rulesets.RULESETS:
        known = ", ".join(rulesets.RULESETS)
        raise InvalidRequest(f"There are no rules called {name!r}.", f"The rule sets are {known}.")
    return rulesets.RULESETS[name]


def check(
    source: str | bytes,
    rules: RuleSet = rulesets.NATIVE,
    config: Config | None = None,
    published: Collection[str] = (),
    unquoted: Collection[str] = (),
) -> CheckResult:
    """Say everything about the text of a project.yaml.

    With the `config` of its project, also what is wrong with its files: scripts that are missing, inputs that no needed
    action makes. Files at `published` paths are outputs, whatever this text says; `unquoted` ones are not looked into,
    since what they name would be told. Raises SnapshotFailed when these cannot be listed.
    """
    findings = parsing.examine(source)
    faults = findings.faults
    if config is not None:
        from ..spec import files as spec_files  # a text alone needs none of what reads scripts

        found = spec_files.file_problems(findings.drafts, *_files(config, findings, published, unquoted))
        faults = tuple(sorted((*faults, *found), key=lambda each: (each.line or 0, each.column or 0)))
    problems = parsing.judge(faults, findings.version, rules)
    platform = [_compatibility(findings, each) for each in rulesets.UPSTREAM]
    actions = sum(draft.name != RUN_ALL for draft in findings.drafts)
    return CheckResult(rules, problems, actions, tuple(platform))


def _compatibility(findings: parsing.Findings, rules: RuleSet) -> Compatibility:
    judged = parsing.judge(findings.faults, findings.version, rules)
    of = {
        severity: tuple(each for each in judged if each.severity is severity)
        for severity in (Severity.ERROR, Severity.WARNING)
    }
    warnings = tuple(each for each in of[Severity.WARNING] if each.rule not in rulesets.OURS)
    return Compatibility(rules, of[Severity.ERROR], warnings)


def _files(
    config: Config, findings: parsing.Findings, published: Collection[str], unquoted: Collection[str]
) -> tuple[Collection[str], Callable[[str], bytes], Callable[[str], bool]]:
    """The files of the project that are no outputs, how to read one, and whether a path is there all the same."""
    from ..notebooks import commands as notebook_commands
    from ..rules import patterns
    from ..snapshots import pool

    commands = [draft.run for draft in findings.drafts if draft.run is not None]
    code = {draft.dummy_data_file for draft in findings.drafts} | set(notebook_commands.rewritten(commands))
    outputs = patterns.PatternIndex(claim.output.pattern for draft in findings.drafts for claim in draft.claims)
    listed = pool.listed(config.root, config.state)
    files = {
        path
        for path in listed
        if (path in code or not (path in published or outputs.matching(path))) and os.path.lexists(config.root / path)
    }
    root = config.root

    def read(path: str) -> bytes:
        real = os.path.relpath(os.path.realpath(root / path), root)
        if real not in files or real in unquoted:  # a link may lead anywhere
            raise PermissionError(f"{path} is not to be looked into")
        return (root / path).read_bytes()

    return files, read, lambda path: (root / path).is_file()
