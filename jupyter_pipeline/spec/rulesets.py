"""The rules for project.yaml as data: how bad each one's faults are here, on the platform in 2021, and today.

The checks (``spec*``) find every fault and do not know what it means; a rule set judges. A rule that is not named in
``RULES`` is an error in every set: the file cannot be read, or says something that means nothing in any version.

Sources, as named below: P, opensafely-core/pipeline, its head of August 2026; C, the later copy of it in opensafely
2.1.5; J, opensafely-core/job-runner, jobrunner/project.py as of 2021. Only facts were taken from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, nextafter
from types import MappingProxyType

from ..models import Severity

OLDEST, NEWEST = 1, 5
"""The versions of project.yaml."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """How bad a rule's faults are in files of some versions."""

    severity: Severity
    first: float = -inf
    below: float = inf

    def covers(self, version: float) -> bool:
        """Whether it says anything about files of a version; of nan, which no version is, only if it is of all."""
        return (self.first == -inf or self.first <= version) and (self.below == inf or version < self.below)


Rulings = tuple[Ruling, ...]

E: Rulings = (Ruling(Severity.ERROR),)
W: Rulings = (Ruling(Severity.WARNING),)
H: Rulings = (Ruling(Severity.HINT),)
NO: Rulings = ()
"""Not looked at."""
_IN_3: Rulings = (Ruling(Severity.ERROR, 3, nextafter(3, inf)),)
"""Only version 3 itself: 3.1 is judged like 2 (P: features.py)."""
_WARN_IN_3: Rulings = (Ruling(Severity.WARNING, 3, nextafter(3, inf)),)


def _from(version: float, severity: Severity = Severity.ERROR) -> Rulings:
    return (Ruling(severity, version),)


def _below(version: float, severity: Severity = Severity.ERROR) -> Rulings:
    return (Ruling(severity, below=version),)


_RUN_ALL: Rulings = (*_below(5, Severity.WARNING), *_from(5))


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's name, its rulings in each set, since when the platform has it, and where that is to be read."""

    name: str
    native: Rulings
    in_2021: Rulings
    library: Rulings
    cli: Rulings
    history: str = ""
    source: str = ""


def _ours(name: str, native: Rulings, upstream: Rulings = NO) -> Rule:
    """A rule that no upstream validator has; `upstream` warns of what it lets through and then fails on."""
    history = "accepted by its validator, and failed on when it runs" if upstream else ""
    return Rule(name, native, upstream, upstream, upstream, history)


_V2 = "refused since version 2"
_V4 = "refused since version 4 (October 2024)"
_V5 = "refused since version 5 (March 2026)"
_OLD = "versions below 5 are refused since opensafely 2.1.5 (announced for March 2027)"
_MODELS, _CHECKS = "P, C: models.py", "P, C: validation.py"

RULES: tuple[Rule, ...] = (
    # name                       native  2021  pipeline  opensafely-2.1.5
    #
    # The file as a whole
    _ours("yaml-key-type", H),
    Rule("yaml-tab-blank", W, E, E, E, source="P, C: loading.py, with its parser ruyaml; J"),
    Rule("version-unknown", E, NO, E, NO, source="P: features.py"),
    _ours("version-odd", E),
    Rule("version-fraction", NO, (Ruling(Severity.ERROR, 1, 2),), NO, NO, source="J"),
    Rule("version-old", NO, NO, _below(5, Severity.WARNING), _below(5), _OLD, "C: features.py"),
    Rule("expectations-unused", _from(4, Severity.WARNING), NO, _from(4), E, _V4, "P: models.py; C: models.py"),
    Rule("expectations-empty", NO, NO, NO, E, "refused since opensafely 2.1.5", "C: models.py"),
    Rule("expectations-type", _IN_3, _from(3), _IN_3, NO, "asked for in version 3 only", "P: models.py; J"),
    Rule("population-missing", _IN_3, _from(3), _IN_3, NO, "asked for in version 3 only", "P: models.py; J"),
    Rule("population-type", _IN_3, _from(3), _IN_3, NO, "asked for in version 3 only", "P: models.py; J"),
    _ours("population-odd", _WARN_IN_3),
    Rule(
        "expectations-key-unknown",
        _WARN_IN_3,
        NO,
        _IN_3,
        NO,
        "refused since September 2024",
        _MODELS,
    ),
    _ours("actions-empty", W),
    Rule("key-unknown", W, NO, E, E, "refused since September 2024", _CHECKS),
    # Actions and what they run
    _ours("action-name", E),
    _ours("action-name-case", W),
    Rule("run-all-reserved", _RUN_ALL, NO, _RUN_ALL, E, _V5, "P: features.py; C: validation.py"),
    _ours("run-character", E),
    _ours("run-image-name", E),
    Rule("run-tag", NO, NO, E, E, "refused since January 2025", _MODELS),
    Rule("run-duplicate", W, NO, E, E, source=_MODELS),
    Rule("run-duplicate-words", NO, E, NO, NO, "refused until 2022", "J"),
    Rule("image-latest", _from(5, Severity.WARNING), NO, _from(5), E, _V5, "P: features.py; C: validation.py"),
    Rule("image-deprecated", NO, NO, NO, W, "announced in opensafely 2.1.5", "C: features.py"),
    Rule("needs-number", NO, NO, E, E, "refused since some time after August 2023", _MODELS),
    _ours("needs-run-all", E),
    _ours("needs-self", E, W),
    _ours("needs-duplicate", W),
    _ours("needs-cycle", E, W),
    Rule("needs-broken", NO, NO, NO, E, source="C: models.py"),
    Rule("config-type", E, NO, E, E, "refused since July 2021", _MODELS),
    _ours("config-number", E),
    Rule("dummy-type", E, NO, E, E, source=_MODELS),
    _ours("dummy-empty", W),
    _ours("dummy-path", E),
    # cohortextractor and ehrQL
    Rule("cohort-levels", E, E, E, NO, source="P: validation.py; J"),
    Rule("cohort-folders", E, W, E, NO, "refused since February 2021", "P: validation.py; J"),
    Rule("cohort-refused", _from(4, Severity.WARNING), NO, _from(4), E, _V4, "P: features.py; C: validation.py"),
    Rule("dataset-levels", W, NO, E, E, source=_CHECKS),
    Rule("dataset-output", W, NO, E, E, "refused since 2025", _CHECKS),
    Rule("measures-output", W, NO, NO, E, "refused since opensafely 2.1.5", "C: validation.py"),
    # Outputs
    Rule("outputs-level-none", E, NO, E, E, source=_MODELS),
    Rule("outputs-level", W, E, E, E, "refused since some time after August 2023, ignored before", _MODELS),
    _ours("outputs-empty", W),
    Rule(
        *("output-duplicate", (*_below(2, Severity.WARNING), *_from(2)), _from(2), _from(2), E),
        *(_V2, "P: features.py, models.py; C: validation.py"),
    ),
    _ours("output-impossible", W),
    _ours("overlap-levels", W),
    _ours("overlap-actions", H),
    _ours("overlap-more", H),
    _ours("path-character", E),
    _ours("path-parent", E),
    _ours("path-git", E),
    _ours("path-reserved", E),
    _ours("path-drive", E),
    _ours("path-long", E),
    Rule("path-extension", NO, NO, E, E, "refused since November 2023", _CHECKS),
    Rule("path-file-type", NO, NO, E, E, "refused since November 2023", "P, C: constants.py, validation.py"),
    # The files of the study
    _ours("file-script", W),
    _ours("file-dummy", W),
    _ours("input-unneeded", W),
    _ours("input-unmade", W),
    _ours("output-unclaimed", H),
)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One way of judging: whose rules they are, and what each rule means there."""

    name: str
    title: str
    """Whose rules these are, as a phrase."""
    rulings: Mapping[str, Rulings]

    def severity(self, rule: str, version: float | None) -> Severity | None:
        """How bad a fault is in a file of a version (None: not known, judged as the newest); None if not looked at."""
        number = NEWEST if version is None else version
        return next((each.severity for each in self.rulings.get(rule, E) if each.covers(number)), None)


def _named(name: str, title: str, column: str) -> RuleSet:
    return RuleSet(name, title, MappingProxyType({rule.name: getattr(rule, column) for rule in RULES}))


NATIVE = _named("native", "what runs here", "native")
IN_2021 = _named("2021", "the platform as it was in January 2021", "in_2021")
LIBRARY = _named("pipeline", "the platform's library in August 2026, for versions 1 to 5", "library")
CLI = _named("opensafely-2.1.5", "opensafely 2.1.5, the platform's validator today", "cli")
RULESETS: Mapping[str, RuleSet] = MappingProxyType({each.name: each for each in (NATIVE, IN_2021, LIBRARY, CLI)})
UPSTREAM = (CLI, LIBRARY, IN_2021)
"""The platform's own rules, today's first."""
HISTORY: Mapping[str, str] = MappingProxyType({rule.name: rule.history for rule in RULES if rule.history})
"""Since when, or in which versions, the platform refuses what breaks a rule; for rules it has not always had."""
OURS = frozenset(rule.name for rule in RULES if not rule.source)
"""The rules that no validator of the platform has."""
MECHANICAL = frozenset({"version-old", "image-latest", "run-all-reserved", "expectations-unused", "expectations-empty"})
"""The rules whose faults can be mended without a person's thought (``upgrade``)."""
