from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_pipeline.errors import InvalidProject
from jupyter_pipeline.graph import traversal
from jupyter_pipeline.models import (
    Action,
    Command,
    Level,
    OutputPattern,
    Pipeline,
    Severity,
)
from jupyter_pipeline.spec import action as spec_action
from jupyter_pipeline.spec import parsing
from tests.helpers.corpus import (
    GOOD,
    facts_of,
    shared,
    verdicts,
)
from tests.helpers.places import SHARED

SEEDS = {"job_request_4382.txt": 14, "job_request_661.txt": 4}


def test_a_good_file_becomes_a_pipeline() -> None:
    parsed = parsing.parse(GOOD)
    assert parsed.problems == ()
    assert (
        parsed.pipeline
        == parsing.load(GOOD.encode())
        == Pipeline(
            3.0,
            {
                "extract": Action(
                    "extract",
                    Command(
                        "ehrql:v1 generate-dataset analysis/dataset.py --output output/dataset.csv.gz",
                        "ehrql",
                        "v1",
                        ("generate-dataset", "analysis/dataset.py", "--output", "output/dataset.csv.gz"),
                    ),
                    outputs=(OutputPattern(Level.HIGHLY, "dataset", "output/dataset.csv.gz"),),
                    line=7,
                ),
                "plot": Action(
                    "plot",
                    Command(
                        'r:latest analysis/plot.R --title "All of it"',
                        "r",
                        "latest",
                        ("analysis/plot.R", "--title", "All of it"),
                    ),
                    ("extract",),
                    (
                        OutputPattern(Level.MODERATELY, "figures", "output/plot_*.png"),
                        OutputPattern(Level.MODERATELY, "table", "output/table.csv"),
                        OutputPattern(Level.HIGHLY, "log", "logs/plot.log"),
                    ),
                    '{"colour": "red", "sizes": [1, 2.5]}',
                    "test/dummy.csv",
                    13,
                ),
            },
            1000,
        )
    )


def found(source: str | bytes) -> list[tuple[str, int | None, int | None]]:
    return [(each.rule, each.line, each.column) for each in parsing.parse(source).problems]


# -- the top level: the text and what is found -----------------------------------------------------

ACTION = "actions: {a: {run: 'r:v1 a.R', outputs: {highly_sensitive: {x: output/x.csv}}}}\n"
TOP: list[tuple[str, list[tuple[str, int, int]]]] = [
    ("- a\n", [("project-type", 1, 1)]),
    ("text\n", [("project-type", 1, 1)]),
    ("{}\n", [("version-missing", 1, 1), ("actions-missing", 1, 1)]),
    ("version: 4\n", [("actions-missing", 1, 1)]),
    ("version: 4\nactions:\n", [("actions-type", 2, 9)]),
    ("version: 4\nactions: []\n", [("actions-type", 2, 10)]),
    ("version: 4\nactions: {}\n", [("actions-empty", 2, 10)]),
    (ACTION, [("version-missing", 1, 1)]),
    ("version:\n" + ACTION, [("version-type", 1, 9)]),
    ("version: four\n" + ACTION, [("version-type", 1, 10)]),
    ("version: true\n" + ACTION, []),  # it counts as 1, as for the platform
    ("version: [4]\n" + ACTION, [("version-type", 1, 10)]),
    ("version: .nan\n" + ACTION, [("version-odd", 1, 10)]),
    ("version: 0\n" + ACTION, [("version-odd", 1, 10)]),
    ("version: 5.1\n" + ACTION, [("version-unknown", 1, 10)]),
    ("version: 6\n" + ACTION, [("version-unknown", 1, 10)]),
    (f"version: {'9' * 299}\n" + ACTION, [("version-unknown", 1, 10)]),
    (f"version: {'9' * 9999}\n" + ACTION, [("version-unknown", 1, 10)]),
    ("version: 4\nacttions: {}\n" + ACTION, [("key-unknown", 2, 1)]),
    ("version: 4\nexpectations: {}\n" + ACTION, [("expectations-unused", 2, 1)]),
    ("version: 3\n" + ACTION, [("population-missing", 1, 1)]),
    ("version: 3\nexpectations:\n" + ACTION, [("population-missing", 2, 14)]),
    ("version: 3\nexpectations: 7\n" + ACTION, [("expectations-type", 2, 15)]),
    ("version: 3\nexpectations: {}\n" + ACTION, [("population-missing", 2, 15)]),
    ("version: 3\nexpectations: {population_size: many}\n" + ACTION, [("population-type", 2, 33)]),
    ("version: 3\nexpectations: {population_size: .inf}\n" + ACTION, [("population-type", 2, 33)]),
    ("version: 3\nexpectations: {population_size: [1]}\n" + ACTION, [("population-type", 2, 33)]),
    ("version: 3\nexpectations: {population_size: -1}\n" + ACTION, [("population-odd", 2, 33)]),
    ("version: 3\nexpectations: {population_size: 1, x: 2}\n" + ACTION, [("expectations-key-unknown", 2, 36)]),
    ("version: 2\nexpectations: {population_size: many, x: 1}\n" + ACTION, []),
    ("version: 4\nexpectations:\n" + ACTION, []),
]


@pytest.mark.parametrize(("source", "expected"), TOP, ids=lambda value: str(value)[:40])
def test_the_top_level(source: str, expected: list[tuple[str, int, int]]) -> None:
    assert found(source) == expected


@pytest.mark.parametrize(
    ("version", "expectations", "number", "population"),
    [
        ("1", "", 1.0, 1000),
        ("2", "expectations: {population_size: 7}\n", 2.0, 1000),
        ('"3.0"', "expectations: {population_size: 7}\n", 3.0, 7),
        ("3.7", "expectations: {population_size: '7'}\n", 3.7, 1000),
        ("4", "", 4.0, None),
        ("5.0", "", 5.0, None),
    ],
)
def test_versions(version: str, expectations: str, number: float, population: int | None) -> None:
    pipeline = parsing.load(f"version: {version}\n{expectations}{ACTION}")
    assert (pipeline.version, pipeline.population_size) == (number, population)


# -- one action: the lines below its name, and what is found ---------------------------------------

OUT = "    outputs: {highly_sensitive: {x: output/x.csv}}\n"
RUN = "    run: r:v1 a.R\n"
ONE: list[tuple[str, list[tuple[str, int, int]]]] = [
    (RUN + OUT, []),
    ("    - a\n", [("action-type", 4, 5)]),
    ("    text\n", [("action-type", 4, 5)]),
    (OUT, [("run-missing", 3, 3)]),
    ("    run: [r:v1]\n" + OUT, [("run-type", 4, 10)]),
    ("    run:\n" + OUT, [("run-type", 4, 9)]),
    ("    run: 3\n" + OUT, [("run-type", 4, 10)]),
    ("    run: ''\n" + OUT, [("run-empty", 4, 10)]),
    ("    run: ' '\n" + OUT, [("run-empty", 4, 10)]),
    ("    run: r:v1 it's\n" + OUT, [("run-quotes", 4, 10)]),
    ("    run: r:v1 a\\\n" + OUT, [("run-quotes", 4, 10)]),
    ("    run: r a.R\n" + OUT, [("run-image", 4, 10)]),
    ("    run: 'r: a.R'\n" + OUT, [("run-image", 4, 10)]),
    ("    run: ':v1 a.R'\n" + OUT, [("run-image-name", 4, 10)]),
    ("    run: --privileged:v1 a.R\n" + OUT, [("run-image-name", 4, 10)]),
    ("    run: ../x:v1 a.R\n" + OUT, [("run-image-name", 4, 10)]),
    ('    run: "r:v1 \\0"\n' + OUT, [("run-character", 4, 10)]),
    ("    run: cohort-joiner:v.0.0.30 --x\n" + OUT, []),
    ("    runs: x\n" + RUN + OUT, [("key-unknown", 4, 5)]),
    (RUN, [("outputs-missing", 3, 3)]),
    (RUN + "    outputs:\n", [("outputs-type", 5, 13)]),
    (RUN + "    outputs: {}\n", [("outputs-level-none", 5, 14)]),
    (RUN + "    outputs: {highly: {x: output/x.csv}}\n", [("outputs-level-none", 5, 14), ("outputs-level", 5, 15)]),
    (RUN + "    outputs: {highly_sensitive: output/x.csv}\n", [("outputs-type", 5, 33)]),
    (RUN + "    outputs: {highly_sensitive: {}}\n", [("outputs-empty", 5, 33)]),
    (RUN + "    outputs: {highly_sensitive: ~}\n", [("outputs-level-none", 5, 14), ("outputs-empty", 5, 33)]),
    (
        RUN + "    outputs: {highly: {x: /x.csv}}\n",
        [("outputs-level-none", 5, 14), ("outputs-level", 5, 15), ("path-absolute", 5, 27)],
    ),
    (RUN + "    outputs: {highly_sensitive: {x: 3}}\n", [("output-type", 5, 37)]),
    (RUN + "    outputs: {highly_sensitive: {x: [output/x.csv]}}\n", [("output-type", 5, 37)]),
    (RUN + "    outputs: {minimally_sensitive: {x: output/x.csv}}\n", []),
    (RUN + OUT + "    needs: b\n", [("needs-type", 6, 12)]),
    (RUN + OUT + "    needs:\n    config: ~\n    dummy_data_file:\n", []),
    (RUN + OUT + "    dummy_data_file: ''\n", [("dummy-empty", 6, 22)]),
    (RUN + OUT + "    needs: ['one ']\n", [("needs-space", 6, 13)]),
    (RUN + OUT + "    needs: [b c]\n", [("needs-space", 6, 13)]),
    (RUN + OUT + "    needs: [[b]]\n", [("needs-entry", 6, 13)]),
    (RUN + OUT + "    needs: [~, true]\n", [("needs-entry", 6, 13), ("needs-entry", 6, 16)]),
    (RUN + OUT + "    needs: [b]\n", [("needs-unknown", 6, 13)]),
    (RUN + OUT + "    needs: [run_all]\n", [("needs-unknown", 6, 13)]),
    (RUN + OUT + "    needs: [one]\n", [("needs-self", 6, 13)]),
    (RUN + OUT + "    config: x\n", [("config-type", 6, 13)]),
    (RUN + OUT + "    config: {x: .nan}\n", [("config-number", 6, 13)]),
    (RUN + OUT + "    dummy_data_file: 3\n", [("dummy-type", 6, 22)]),
    (RUN + OUT + "    dummy_data_file: ../x.csv\n", [("dummy-path", 6, 22)]),
    (RUN + OUT + "    dummy_data_file: C:/x.csv\n", [("dummy-path", 6, 22)]),
    (RUN + OUT + "    dummy_data_file: test data/x.csv\n", []),
    ("    run: cohortextractor:v1 generate_cohort\n" + OUT, []),
    (
        "    run: cohortextractor:v1 generate_cohort\n"
        "    outputs: {highly_sensitive: {x: output/x.csv}, moderately_sensitive: {y: output/y.csv}}\n",
        [("cohort-levels", 5, 5)],
    ),
    (
        "    run: cohortextractor:v1 generate_cohort\n    outputs: {highly_sensitive: {x: a/x.csv, y: b/y.csv}}\n",
        [("cohort-folders", 5, 5)],
    ),
    (
        "    run: cohortextractor:v1 generate_cohort --output-dir=a\n"
        "    outputs: {highly_sensitive: {x: a/x.csv, y: b/y.csv}}\n",
        [],
    ),
]


@pytest.mark.parametrize(("body", "expected"), ONE, ids=lambda value: str(value).strip()[:50])
def test_one_action(body: str, expected: list[tuple[str, int, int]]) -> None:
    parsed = parsing.parse("version: 2\nactions:\n  one:\n" + body)
    assert [(each.rule, each.line, each.column) for each in parsed.problems] == expected
    for problem in parsed.problems:
        assert problem.action == "one"
        assert problem.key is not None
        assert problem.key.startswith("actions.one")
        assert problem.message.endswith(".")
        assert problem.remedy.endswith(".")


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("", "path-empty"),
        ("output\\x.csv", "path-backslash"),
        ("output/**/x.csv", "path-wildcard"),
        ("output/x?.csv", "path-wildcard"),
        ("output/x[1].csv", "path-wildcard"),
        ("/output/x.csv", "path-absolute"),
        ("C:/output/x.csv", "path-absolute"),
        ("c:x.csv", "path-drive"),
        ("output//x.csv", "path-normal"),
        ("output/./x.csv", "path-normal"),
        ("./x.csv", "path-normal"),
        ("output/", "path-normal"),
        ("../x.csv", "path-parent"),
        ("output/../x.csv", "path-normal"),
        ("..", "path-parent"),
        (".", "path-parent"),
        (".git/x.csv", "path-git"),
        ("output/.GIT/x.csv", "path-git"),
        ("metadata/x.csv", "path-metadata"),
        ("Metadata", "path-reserved"),
        (".jupyter_pipeline/x.csv", "path-reserved"),
        ("output/x\ny.csv", "path-character"),
        ("output/x\u202egpj.csv", "path-character"),
        ("output/\0.csv", "path-character"),
        ("o" * 201 + ".csv", "path-long"),
        ("output/x" * 150 + ".csv", "path-long"),
    ],
)
def test_paths_that_are_refused(path: str, rule: str) -> None:
    source = (
        f"version: 4\nactions:\n  a:\n    run: r:v1\n    outputs: {{highly_sensitive: {{x: {json.dumps(path)}}}}}\n"
    )
    parsed = parsing.parse(source)
    assert [each.rule for each in parsed.problems] == [rule]
    assert parsed.pipeline is None


@pytest.mark.parametrize(
    ("path", "level"),
    [
        ("output/x.csv", "moderately_sensitive"),
        ("output/kids/for release/ts_*.csv", "moderately_sensitive"),
        ("output/metadata/x.csv", "highly_sensitive"),
        ("metadata_x.csv", "highly_sensitive"),
        ("output/a..b.csv", "highly_sensitive"),
        ("output/.gitkeep.csv", "highly_sensitive"),
        ("output/été.csv", "highly_sensitive"),
        ("output/x.feather", "highly_sensitive"),
        ("output/x.xml", "moderately_sensitive"),
        ("output/x.CSV", "moderately_sensitive"),
        ("output/x.csv.gz", "moderately_sensitive"),
        ("output/x", "highly_sensitive"),
        ("output/x_*", "moderately_sensitive"),
        ("output/x.*", "moderately_sensitive"),
        ("output/x.feather*", "moderately_sensitive"),
        ("output/.csv", "moderately_sensitive"),
    ],
)
def test_paths_that_are_accepted(path: str, level: str) -> None:
    source = f"version: 4\nactions:\n  a:\n    run: r:v1\n    outputs: {{{level}: {{x: {json.dumps(path)}}}}}\n"
    parsed = parsing.parse(source)
    assert parsed.problems == ()
    assert parsed.pipeline is not None


@pytest.mark.parametrize("name", ["a", "generate_study_population_1", "2020", "an-CASE", "_a", "model.v1", "a" * 128])
def test_names_that_are_accepted(name: str) -> None:
    assert list(parsing.load(pipeline_of(f'"{name}"', "b")).actions) == [name, "b"]


@pytest.mark.parametrize(
    "name",
    ["", " ", "a b", "a/b", "..", ".a", "a..b", "a.", "-a", "a\\tb", "a\\0", "été", "a" * 129, "a\\n", "*", "a:b"],
)
def test_names_that_are_refused(name: str) -> None:
    assert found(pipeline_of("b", f'"{name}"')) == [("action-name", 5, 3)]


def pipeline_of(*names: str, version: str = "4", **needs: str) -> str:
    """A project of actions that differ in all but what is asked for."""
    text = f"version: {version}\nactions:\n"
    for number, name in enumerate(names):
        text += f"  {name}:\n    {{run: 'r:v1 {number}', outputs: {{highly_sensitive: {{x: output/{number}.csv}}}}"
        text += f", needs: [{needs[name]}]}}\n" if name in needs else "}\n"
    return text


# -- all actions together --------------------------------------------------------------------------


def test_needs_that_are_numbers_are_taken_as_written() -> None:
    pipeline = parsing.load(pipeline_of('"2020"', '"1.0"', "c", c="2020, 1.0"))
    assert pipeline.actions["c"].needs == ("2020", "1.0")


def test_unknown_needs_say_what_was_meant() -> None:
    (problem,) = parsing.parse(pipeline_of("extract", "plot", plot="extarct")).problems
    assert (problem.rule, problem.severity, problem.key) == ("needs-unknown", Severity.ERROR, "actions.plot.needs")
    assert "Did you mean `extract`?" in problem.remedy


def test_needs_of_a_broken_action_are_not_unknown() -> None:
    assert found(pipeline_of("b", b="a") + "  a: text\n") == [("action-type", 5, 6)]


def test_needs_twice_is_only_a_warning() -> None:
    parsed = parsing.parse(pipeline_of("a", "b", b="a, a"))
    assert [(each.rule, each.severity) for each in parsed.problems] == [("needs-duplicate", Severity.WARNING)]
    assert parsed.pipeline is not None
    assert parsed.pipeline.actions["b"].needs == ("a",)


def test_cycles_are_named_by_their_path() -> None:
    problems = parsing.parse(pipeline_of("a", "b", "c", "d", a="b", b="c", c="d, a", d="d")).problems
    assert [(each.rule, each.line, each.action) for each in problems] == [
        ("needs-cycle", 4, "a"),
        ("needs-self", 10, "d"),
    ]
    assert "`a` needs `b` needs `c` needs `a`" in problems[0].message


def test_a_run_all_of_ones_own_is_left_out_until_version_4_and_refused_from_5() -> None:
    parsed = parsing.parse(pipeline_of("a", "run_all", run_all="a").replace("output/1.csv", "output/*.csv"))
    assert [(each.rule, each.severity, each.line) for each in parsed.problems] == [
        ("run-all-reserved", Severity.WARNING, 5)
    ]
    assert parsed.pipeline is not None
    assert list(parsed.pipeline.actions) == ["a"]
    assert found(pipeline_of("a", "run_all", version="5")) == [("run-all-reserved", 5, 3)]
    broken = pipeline_of("a", "run_all", a="run_all", run_all="a, nobody")
    assert [rule for rule, _, _ in found(broken)] == ["needs-run-all", "run-all-reserved", "needs-unknown"]


def test_names_that_differ_in_case_only() -> None:
    parsed = parsing.parse(pipeline_of("Plot", "plot"))
    assert [(each.rule, each.severity) for each in parsed.problems] == [("action-name-case", Severity.WARNING)]


def test_the_same_run_line_twice_is_only_a_warning() -> None:
    text = pipeline_of("a", "b").replace("'r:v1 1'", "'r:v1 0'")
    parsed = parsing.parse(text)
    assert [(each.rule, each.severity, each.line) for each in parsed.problems] == [
        ("run-duplicate", Severity.WARNING, 6)
    ]
    assert parsed.pipeline is not None


@pytest.mark.parametrize("version", ["2", "4", "5"])
def test_the_same_output_twice(version: str) -> None:
    text = pipeline_of("a", "b", version=version).replace("output/1.csv", "output/0.csv")
    (problem,) = parsing.parse(text).problems
    assert (problem.rule, problem.severity, problem.line) == ("output-duplicate", Severity.ERROR, 6)
    assert "`a`, on line 4" in problem.message


def test_the_same_output_twice_was_legal_in_version_1() -> None:
    parsed = parsing.parse(pipeline_of("a", "b", version="1").replace("output/1.csv", "output/0.csv"))
    assert [(each.rule, each.severity) for each in parsed.problems] == [("output-duplicate", Severity.WARNING)]
    assert parsed.pipeline is not None


def overlapping(first: str, second: str, needs: str = "") -> str:
    text = pipeline_of("a", "b", b=needs)
    return text.replace("output/0.csv", first).replace("output/1.csv", second)


def test_overlaps_name_a_path_and_its_owner() -> None:
    (problem,) = parsing.parse(overlapping("out/a*.csv", "out/*b.csv", needs="a")).problems
    assert (problem.rule, problem.severity, problem.action) == ("overlap-actions", Severity.HINT, "b")
    assert "`out/ab.csv`" in problem.message
    assert "`b`, which runs later, would own it" in problem.message
    (problem,) = parsing.parse(overlapping("out/a*.csv", "out/abc.csv")).problems
    assert "the one that finishes last would own it" in problem.message
    assert parsing.parse(overlapping("out/a*.csv", "out/b*.csv")).problems == ()


def test_overlapping_levels_of_one_action_are_a_warning_and_the_stricter_holds() -> None:
    outputs = "{moderately_sensitive: {x: out/*.csv}, highly_sensitive: {y: out/a.csv}}"
    (problem,) = parsing.parse(f"version: 4\nactions:\n  a: {{run: r:v1, outputs: {outputs}}}\n").problems
    assert (problem.rule, problem.severity) == ("overlap-levels", Severity.WARNING)
    assert "highly_sensitive, would hold" in problem.message
    same_level = "{moderately_sensitive: {x: out/*.csv, y: out/a.csv}}"
    assert parsing.parse(f"version: 4\nactions:\n  a: {{run: r:v1, outputs: {same_level}}}\n").problems == ()


def test_many_overlaps_are_summed_up() -> None:
    text = pipeline_of(*(f"a{number}" for number in range(300)))
    rules = [each.rule for each in parsing.parse(re.sub(r"output/(\d+)\.csv", r"out/\1*.csv", text)).problems]
    assert rules.count("overlap-actions") == 20
    assert rules.count("overlap-more") == 1


def test_an_action_outside_actions_is_recognised() -> None:
    text = pipeline_of("a") + "b:\n  run: r:v1 b.R\n"
    (problem,) = parsing.parse(text).problems
    assert (problem.rule, problem.severity, problem.line) == ("key-unknown", Severity.WARNING, 5)
    assert "outside `actions`" in problem.message


def test_every_problem_comes_at_once_and_in_the_order_of_the_file() -> None:
    text = """\
version: 9
actions:
  a b:
    run: r
    needs: [nobody, x y]
  c:
    run: 'r:v1 "x'
    outputs: {secret: {x: /y.csv}, highly_sensitive: {x: ../y.csv}}
    outputs: {}
extra: 1
"""
    with pytest.raises(InvalidProject) as caught:
        parsing.load(text)
    assert [each.rule for each in caught.value.problems] == [
        "version-unknown",
        "action-name",
        "outputs-missing",
        "run-image",
        "needs-unknown",
        "needs-space",
        "run-quotes",
        "path-absolute",
        "path-parent",
        "yaml-duplicate-key",
    ]
    assert [each.rule for each in parsing.parse(text).problems][-1] == "key-unknown"


def test_many_faults_that_do_not_count_make_no_file_invalid() -> None:
    names = [f"a{number}" for number in range(parsing.MAX_PROBLEMS + 1)]
    text = pipeline_of(*names).replace("'r:v1 ", "'python:latest ")
    parsed = parsing.parse(text)
    assert parsed.problems == ()
    assert parsed.pipeline is not None


def test_the_version_counts_also_where_reading_was_ended() -> None:
    text = "version: 4\nactions:\n" + "".join(f"  a{number}: x\n" for number in range(parsing.MAX_PROBLEMS + 1))
    assert parsing.examine(text).version == 4


def test_no_suggestions_are_made_for_hopeless_files() -> None:
    count = 5000
    names = [f"action_number_{number}" for number in range(count)]
    problems = parsing.parse(pipeline_of(*names, **dict.fromkeys(names, "actoin_number"))).problems
    assert [each.rule for each in problems] == ["needs-unknown"] * count


def test_a_small_file_that_repeats_its_faults_endlessly_is_answered() -> None:
    outputs = ", ".join(f"o{number}: /{number}" for number in range(300))
    text = f"version: 4\nx: &x {{run: r:v1, outputs: {{highly_sensitive: {{{outputs}}}}}}}\nactions:\n"
    parsed = parsing.parse(text + "".join(f"  a{number}: *x\n" for number in range(160)))
    assert parsed.pipeline is None
    assert parsing.MAX_PROBLEMS - 9 < len(parsed.problems) < parsing.MAX_PROBLEMS + 9
    assert parsed.problems[-1].rule == "problems-many"


def test_a_big_file_of_an_old_version_is_read_to_its_end() -> None:
    outputs = ", ".join(f"o{number}: output/{number}" for number in range(parsing.MAX_PROBLEMS + 9))
    parsed = parsing.parse(f"version: 2\nactions:\n  a: {{run: r:v1, outputs: {{highly_sensitive: {{{outputs}}}}}}}\n")
    assert parsed.problems == ()
    assert parsed.pipeline is not None


@given(text=st.text("ab \t\r\n#$é\x0b\x0c\x85\u2003", max_size=20) | st.text("ab'\"\\ ", max_size=12))
def test_split_is_what_shlex_does(text: str) -> None:
    try:
        expected = shlex.split(text)
    except ValueError:
        with pytest.raises(ValueError, match="No "):
            spec_action.split(text)
    else:
        assert spec_action.split(text) == expected


# -- no input raises anything ----------------------------------------------------------------------

WORDS = st.sampled_from(
    "version: |actions:|expectations:|population_size: |run: |needs: |outputs: |highly_sensitive: |config: |\n|\n  |"
    "\n    |\n      |r:v1 |a|b|run_all|[a, b]|[|]|{|}|, |: |4|~|1.0|- |*a|&a |<<: |'|\"|output/*.csv|../|\\|\0|é".split(
        "|"
    )
)


def check_total(source: str | bytes) -> None:
    parsed = parsing.parse(source)
    errors = [each for each in parsed.problems if each.severity is Severity.ERROR]
    assert (parsed.pipeline is None) == bool(errors)
    places = [(each.line or 0, each.column or 0) for each in parsed.problems]
    assert places == sorted(places)
    assert all(line >= 1 and column >= 1 for line, column in places)


@given(source=st.binary() | st.text() | st.lists(WORDS, max_size=40).map("".join))
def test_any_text_gives_a_pipeline_or_errors(source: str | bytes) -> None:
    check_total(source)


VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(["a", "r:v1 x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*spec_action.KEYS, *spec_action.LEVELS, "a", "run_all"]), inner, max_size=5)
    ),
    max_leaves=15,
)


@given(version=VALUES, expectations=VALUES, actions=st.dictionaries(st.sampled_from("abc"), VALUES) | VALUES)
def test_any_values_give_a_pipeline_or_errors(version: object, expectations: object, actions: object) -> None:
    check_total(json.dumps({"version": version, "expectations": expectations, "actions": actions}))
    check_total(json.dumps({"version": 3, "expectations": {"population_size": 1}, "actions": actions}))


@settings(deadline=None)
@given(data=st.data())
def test_damaged_real_files_give_a_pipeline_or_errors(data: st.DataObject) -> None:
    source = GOOD.encode()
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(source)))
        end = data.draw(st.integers(start, min(len(source), start + 20)))
        piece = data.draw(st.binary(max_size=3) | WORDS.map(str.encode) | st.just(source[start:end] * 2))
        source = source[:start] + piece + source[end:]
    check_total(source)


# -- real files ------------------------------------------------------------------------------------


def test_valid_real_files_load_with_the_same_facts() -> None:
    count = 0
    for record, source in verdicts():
        if record["verdict"] != "valid":
            continue
        count += 1
        pipeline = parsing.load(source)
        facts = record["facts"]
        for action in facts["actions"]:
            del action["database"]  # not a fact of ours
        assert [facts_of(action) for action in pipeline.actions.values()] == facts["actions"], record["sha12"]
        assert (pipeline.version, pipeline.population_size) == (facts["version"], facts["population_size"])
        needs = {name: action.needs for name, action in pipeline.actions.items()}
        assert list(traversal.order(needs)) == record["run_all_jobs"]
    assert count > 400


@pytest.mark.parametrize(("name", "count"), SEEDS.items())
def test_the_seeds_load_as_they_stand(name: str, count: int) -> None:
    text = (shared(SHARED / "seeds") / name).read_text(encoding="utf-8")
    project = text.split("Show project.yaml\n")[1].split("\nTimeline")[0]
    parsed = parsing.parse(project)
    assert [each for each in parsed.problems if each.severity is Severity.ERROR] == []
    assert parsed.pipeline is not None
    assert len(parsed.pipeline.actions) == count
