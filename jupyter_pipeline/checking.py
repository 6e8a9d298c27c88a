"""What can be said of a project.yaml before anything runs: by the rules asked for, and by the platform's.

The rules are in ``rulesets`` and ``spec*``; what is printed is the surfaces' business.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import groupby

from . import patterns, rulesets, snapshots, spec, spec_files
from .config import Config
from .errors import InvalidRequest
from .models import RUN_ALL, Problem, Severity
from .rulesets import RuleSet


@dataclass(frozen=True, slots=True)
class Compatibility:
    """What one of the platform's rule sets says of the file."""

    rules: RuleSet
    reasons: tuple[Problem, ...]
    """Why it would be refused, in the file's order; none if it would be accepted."""

    def groups(self) -> Mapping[str, tuple[Problem, ...]]:
        """The reasons by rule, the one that stands first in the file first."""
        order = {rule: number for number, rule in reversed(list(enumerate(each.rule for each in self.reasons)))}
        ordered = sorted(self.reasons, key=lambda each: order[each.rule])
        return {rule: tuple(found) for rule, found in groupby(ordered, key=lambda each: each.rule)}


@dataclass(frozen=True, slots=True)
class Checked:
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


def check(source: str | bytes, rules: RuleSet = rulesets.NATIVE, config: Config | None = None) -> Checked:
    """Say everything about the text of a project.yaml.

    With the `config` of its project, also what is wrong with its files: scripts that are missing, inputs that no needed
    action makes. Raises SnapshotFailed when these cannot be listed.
    """
    findings = spec.examine(source)
    faults = findings.faults
    if config is not None:
        found = spec_files.file_problems(findings.drafts, *_files(config, findings))
        faults = tuple(sorted((*faults, *found), key=lambda each: (each.line or 0, each.column or 0)))
    problems = spec.judge(faults, findings.version, rules)
    platform = [Compatibility(each, _errors(findings, each)) for each in rulesets.UPSTREAM]
    actions = sum(draft.name != RUN_ALL for draft in findings.drafts)
    return Checked(rules, problems, actions, tuple(platform))


def _errors(findings: spec.Findings, rules: RuleSet) -> tuple[Problem, ...]:
    judged = spec.judge(findings.faults, findings.version, rules)
    return tuple(each for each in judged if each.severity is Severity.ERROR)


def _files(config: Config, findings: spec.Findings) -> tuple[Collection[str], Callable[[str], bytes]]:
    """The files of the project that are no outputs, and how to read one."""
    dummies = {draft.dummy_data_file for draft in findings.drafts}
    outputs = patterns.PatternIndex(claim.output.pattern for draft in findings.drafts for claim in draft.claims)
    listed = snapshots.listed(config.root, config.state)
    files = {
        path
        for path in listed
        if (path in dummies or not outputs.matching(path)) and os.path.lexists(config.root / path)
    }
    return files, lambda path: (config.root / path).read_bytes()
