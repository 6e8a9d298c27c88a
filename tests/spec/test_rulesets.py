"""The rule sets against what the platform's own validators said of real files, and version by version."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from jupyter_pipeline.graph import traversal
from jupyter_pipeline.models import Severity
from jupyter_pipeline.spec import parsing, rulesets
from jupyter_pipeline.spec.rulesets import (
    CLI,
    IN_2021,
    LIBRARY,
    NATIVE,
    RULES,
    RULESETS,
)
from tests.helpers.corpus import facts_of, verdicts
from tests.helpers.places import PACKAGE

# -- the table -------------------------------------------------------------------------------------


def test_every_rule_of_the_table_is_one_that_a_check_yields() -> None:
    modules = PACKAGE.rglob("*.py")
    source = "".join(path.read_text(encoding="utf-8") for path in modules if path.stem != "rulesets")
    made = {"dataset-output": 'f"{what}-output"', "measures-output": 'f"{what}-output"'}
    for rule in RULES:
        assert made.get(rule.name, f'"{rule.name}"') in source, rule.name
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_every_rule_that_differs_upstream_cites_its_source() -> None:
    for rule in RULES:
        is_theirs = not rule.in_2021 == rule.library == rule.cli
        is_theirs |= any(ruling.severity is Severity.ERROR for ruling in rule.cli)
        assert bool(rule.source) == is_theirs, rule.name
        assert (rule.name in rulesets.OURS) != is_theirs


def test_a_rule_that_is_not_named_is_an_error_everywhere() -> None:
    for rules in RULESETS.values():
        assert rules.severity("yaml-tab", 3) is Severity.ERROR


# -- real files ------------------------------------------------------------------------------------

KINDS = {
    "action-key-missing": {"run-missing", "outputs-missing"},
    "action-not-mapping": {"action-type"},
    "actions-not-mapping": {"actions-type", "actions-missing"},
    "cohortextractor-unsupported": {"cohort-refused"},
    "ehrql-output-mismatch": {"dataset-output", "measures-output"},
    "expectations-unsupported": {"expectations-unused"},
    "image-latest-unsupported": {"image-latest"},
    "needs-unknown": {"needs-unknown", "needs-broken"},
    "output-not-string": {"output-type"},
    "output-path-not-unique": {"output-duplicate"},
    "outputs-no-level": {"outputs-level-none", "outputs-level"},
    "path-file-type": {"path-file-type"},
    "path-no-extension": {"path-extension"},
    "path-wildcard": {"path-wildcard"},
    "run-not-unique": {"run-duplicate"},
    "unexpected-keys-project": {"key-unknown", "expectations-unused", "expectations-empty"},
    "version-missing": {"version-missing"},
    "version-too-old": {"version-old"},
    "yaml-block-structure": {"yaml-indentation"},
    "yaml-duplicate-key": {"yaml-duplicate-key"},
    "yaml-mapping-value-here": {"yaml-mapping"},
    "yaml-no-colon": {"yaml-colon"},
}
"""The corpus's names for the references' reasons, and the rules that say the same."""

DIFFERENCES: dict[tuple[str, str], str] = {}
"""Files on which we knowingly judge otherwise than a reference, by rule set and SHA12, with the reason. None so far."""

AS_VERSION_5 = "as version 5"


@pytest.mark.parametrize("which", [LIBRARY.name, CLI.name, AS_VERSION_5])
def test_real_files_are_judged_as_by_the_reference(which: str) -> None:
    count = 0
    for record, source in verdicts():
        told = {LIBRARY.name: record, CLI.name: record["cli"], AS_VERSION_5: record["cli_as_v5"]}[which]
        if told is None or (which, record["sha12"]) in DIFFERENCES:
            continue
        count += 1
        text = at_version_5(source) if which == AS_VERSION_5 else source
        parsed = parsing.parse(text, CLI if which == AS_VERSION_5 else RULESETS[which])
        errors = {each.rule for each in parsed.problems if each.severity is Severity.ERROR}
        assert ("invalid" if errors else "valid") == told["verdict"], (record["sha12"], errors)
        for kind in told["error"]["kinds"] if told["error"] else ():
            assert errors & KINDS[kind], (record["sha12"], kind, errors)
        if told["verdict"] == "valid" and record["facts"]:
            assert parsed.pipeline is not None
            assert [facts_of(action) for action in parsed.pipeline.actions.values()] == [
                {key: value for key, value in action.items() if key != "database"}
                for action in record["facts"]["actions"]
            ]
            assert list(parsed.pipeline.actions) == record["run_all"]
            needs = {name: action.needs for name, action in parsed.pipeline.actions.items()}
            assert list(traversal.order(needs)) == record["run_all_jobs"]
    assert count > 600


def at_version_5(source: bytes) -> bytes:
    """The file as the corpus brought it to version 5: the version's line replaced, ``expectations`` taken out."""
    text = re.sub(rb"(?m)^version:.*$", b"version: '5.0'", source, count=1)
    return re.sub(rb"(?m)^expectations:.*\n(?:[ \t#].*\n|\r?\n)*", b"", text, count=1)


# -- version by version ----------------------------------------------------------------------------

COHORT = "run: cohortextractor:latest generate_cohort"
EXTRACT = "run: ehrql:v1 generate-dataset analysis/dataset.py --output "


def project(version: object, run: str = "run: r:v2 a.R", outputs: str = "highly_sensitive: {x: output/x.csv}") -> str:
    expectations = "expectations: {population_size: 10}\n" if version in (3, "3") else ""
    return f"version: {version}\n{expectations}actions:\n  a:\n    {run}\n    outputs:\n      {outputs}\n"


def errors(text: str, rules: Iterable[rulesets.RuleSet] = RULESETS.values()) -> list[set[str]]:
    return [
        {each.rule for each in parsing.parse(text, one).problems if each.severity is Severity.ERROR} for one in rules
    ]


NONE: set[str] = set()


@pytest.mark.parametrize(
    ("text", "native", "in_2021", "library", "cli"),
    [
        (project(5), NONE, NONE | {"population-missing"}, NONE, NONE),
        (project(3), NONE, NONE, NONE, {"version-old", "expectations-unused"}),
        (project(2), NONE, NONE, NONE, {"version-old"}),
        (project("1.5"), NONE, {"version-fraction"}, NONE, {"version-old"}),
        (project(0), {"version-odd"}, NONE, NONE, {"version-old"}),
        (project(".nan"), {"version-odd"}, NONE, NONE, NONE),
        (project(6), {"version-unknown"}, {"population-missing"}, {"version-unknown"}, NONE),
        (project(2, COHORT), NONE, NONE, NONE, {"version-old", "cohort-refused", "image-latest"}),
        (project(4, COHORT), *[NONE, {"population-missing"}, {"cohort-refused"}],
         {"version-old", "cohort-refused", "image-latest"}),
        (project(5, COHORT), *[NONE, {"population-missing"}], *[{"cohort-refused", "image-latest"}] * 2),
        (project(2, "run: r:2 a.R"), NONE, NONE, {"run-tag"}, {"version-old", "run-tag"}),
        (project(2, outputs="moderately_sensitive: {x: output/x.rds}"), NONE, NONE, {"path-file-type"},
         {"version-old", "path-file-type"}),
        (project(2, outputs="highly_sensitive: {x: output/x}"), NONE, NONE, {"path-extension"},
         {"version-old", "path-extension"}),
        (project(2, outputs="highly_sensitive: {x: ../x.csv}"), {"path-parent"}, NONE, NONE, {"version-old"}),
        (project(2, outputs="highly_sensitive: {x: a/../x.csv}"), *[{"path-normal"}] * 3,
         {"version-old", "path-normal"}),
        (project(5, EXTRACT + "output/x.csv"), NONE, {"population-missing"}, NONE, NONE),
        (project(5, EXTRACT + "output/y.csv"), NONE, {"population-missing"}, {"dataset-output"}, {"dataset-output"}),
        (project(5, EXTRACT + "output/:csv"), NONE, {"population-missing"}, NONE, NONE),
        (project(5, EXTRACT + "output/:arrow"), NONE, {"population-missing"}, *[{"dataset-output"}] * 2),
        (project(5, EXTRACT.replace("dataset ", "measures ") + "y.csv"), NONE, {"population-missing"}, NONE,
         {"measures-output"}),
        (project(5, EXTRACT + "output/x.csv", "moderately_sensitive: {x: output/x.csv}"), NONE,
         {"population-missing"}, *[{"dataset-levels", "dataset-output"}] * 2),
        (project(2, "runs: x\n    run: r:v2"), NONE, NONE, {"key-unknown"}, {"version-old", "key-unknown"}),
        (project(2, "needs: [1]\n    run: r:v2") + "  1: {run: r:v1 b.R, outputs: {highly_sensitive: {x: y.csv}}}\n",
         NONE, NONE, {"needs-number"}, {"version-old", "needs-number"}),
        (project(2, "needs: [a]\n    run: r:v2"), {"needs-self"}, NONE, NONE, {"version-old"}),
    ],
)  # fmt: skip
def test_versions_and_years(text: str, native: set[str], in_2021: set[str], library: set[str], cli: set[str]) -> None:
    assert errors(text, (NATIVE, IN_2021, LIBRARY, CLI)) == [native, in_2021, library, cli]


def test_what_the_platform_changed_says_since_when() -> None:
    by_rule = {each.rule: each for each in parsing.parse(project(3, COHORT), CLI).problems}
    assert by_rule["image-latest"].history == "refused since version 5 (March 2026)"
    assert by_rule["cohort-refused"].history == "refused since version 4 (October 2024)"
