from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from jupyter_pipeline.config import EXPECTATIONS
from jupyter_pipeline.models import Pipeline, Severity
from jupyter_pipeline.rules.command_line import effective
from jupyter_pipeline.spec import parsing, upgrade
from jupyter_pipeline.spec.rulesets import NATIVE
from jupyter_pipeline.spec.yaml import places, tree
from tests.helpers.corpus import CORPUS, shared
from tests.helpers.places import STUDIES


def made_of(source: str) -> upgrade.Upgrade:
    """The upgrade, after what must hold for every text: a second one changes nothing, and all edits are told well."""
    made = upgrade.upgrade(source)
    again = upgrade.upgrade(made.text)
    assert (again.text, again.edits) == (made.text, ())
    assert bool(made.edits) == (made.text != source)
    for edit in (*made.edits, *made.left):
        assert edit.what.endswith(".")
        assert 1 <= edit.line <= len(source.splitlines())
    return made


def done(source: str) -> str:
    return made_of(source).text


def rules(edits: tuple[upgrade.Edit, ...]) -> list[tuple[str, int]]:
    return [(edit.rule, edit.line) for edit in edits]


def project(run: str, *, version: str = "'5.0'", rest: str = "") -> str:
    """A file of one action whose run line is written in some way."""
    outputs = "    outputs:\n      highly_sensitive:\n        x: output/x.csv\n"
    return f"version: {version}\n\nactions:\n  plot:\n    run: {run}\n{outputs}{rest}"


# -- nothing to do ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "",
        "\ufeff",
        "text\n",
        "- a\n",
        "a: [\n",
        "a: *b\n",
        "a: 1\na: 2\n",
        "version: '3.0'\n---\nversion: '3.0'\n",
        "a: \0\n",
        "!odd {}\n",
    ],
)
def test_what_is_no_mapping_comes_back_as_it_is(source: str) -> None:
    assert upgrade.upgrade(source) == upgrade.Upgrade(source, (), ())


@pytest.mark.parametrize(
    "source",
    ["{}", "actions:\n", "version: [3]\n", "version: 4\nactions: text\n", "version: 4\nactions: {a: 1, run_all: 2}\n"],
)
def test_any_mapping_is_taken(source: str) -> None:
    done(source)


def test_a_file_of_today_is_left_alone() -> None:
    source = project("python:v2 a.py  # not python:latest")
    assert upgrade.upgrade(source) == upgrade.Upgrade(source, (), ())


# -- version ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'3.0'", "'5.0'"),
        ('"3"', '"5.0"'),
        ("3.0", "5.0"),
        ("1", "5.0"),
        ("4  # the newest", "5.0  # the newest"),
        ("&v '4.9'", "&v '5.0'"),
        ("!!str 4", "!!str 5.0"),
        ("  4\t", "  5.0\t"),
        ("\n  '2'", "\n  '5.0'"),
    ],
)
def test_version(old: str, new: str) -> None:
    assert done(project("r:v2 a.R", version=old)) == project("r:v2 a.R", version=new)


@pytest.mark.parametrize("version", ["5", "'5.0'", "6", ".inf"])
def test_versions_from_5_on_stay(version: str) -> None:
    source = project("r:v2 a.R", version=version)
    assert upgrade.upgrade(source) == upgrade.Upgrade(source, (), ())


@pytest.mark.parametrize("version", ["0.5", "four", "", "[3]", "-.inf", ".nan", ">\n  3.0", '"\\x33"'])
def test_versions_that_are_left(version: str) -> None:
    source = project("r:latest a.R", version=version, rest="expectations: {}\n")
    made = upgrade.upgrade(source)
    if version != '"\\x33"':
        assert rules(made.left) == [("version-old", 1)]
        assert made.text == source.replace("latest", "v1")
    else:
        assert done(source).startswith('version: "5.0"\n')


def test_a_file_without_version_is_left() -> None:
    source = project("r:v2 a.R", rest="expectations: {population_size: 1}\n").replace("version: '5.0'", "# none")
    made = upgrade.upgrade(source)
    assert (made.text, rules(made.left)) == (source, [("version-old", 1)])


# -- images ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "run",
    [
        "python:latest a.py --like python:latest:latest",
        "'python:latest a.py'",
        '"python:latest a.py"',
        ">\n      python:latest a.py\n      --x\n\n",
        ">-  # not python:latest\n\n      python:latest a.py\n      # no comment",
        "|2\n      python:latest\n        a.py",
        "python:latest\n      a.py\n      --x  # comment",
        "&run python:latest a.py",
        "!!str &run\n      python:latest a.py",
        "'  ''python:latest'' a.py'",
        "\"\n      'python:latest' a.py\"",
        "r-3_x/y:latest",
    ],
)
def test_latest_becomes_v1_in_every_kind_of_scalar(run: str) -> None:
    before, word, after = (
        run.rpartition("python:latest\n")
        if "|" in run
        else re.split(r"((?<!not )(?:python|y):latest)", run, maxsplit=1)
    )
    expected = before + word.replace("latest", "v1") + after
    assert done(project(run)) == project(expected)


def test_latest_elsewhere_stays() -> None:
    for run in ("python:v1 python:latest", "python:latest-1 a.py", ":latest a.py", "python a:latest"):
        assert done(project(run)) == project(run)


@pytest.mark.parametrize("run", ['"\\x70ython:latest a.py"', "pyt'hon:latest' a.py", '"python:\\\n      latest a.py"'])
def test_an_image_written_in_an_odd_way_is_left(run: str) -> None:
    made = upgrade.upgrade(project(run))
    assert (made.text, made.edits, rules(made.left)) == (project(run), (), [("image-latest", 5)])


def test_the_edit_names_line_and_action() -> None:
    (edit,) = upgrade.upgrade(project("\n      >\n\n      r:latest a.R")).edits
    assert edit == upgrade.Edit("image-latest", 8, "`r:latest` of `plot` becomes `r:v1`, which is what it meant.")


def test_anchors_aliases_and_merge_keys() -> None:
    source = (
        "version: 4\n"
        "base: &base\n  run: &run python:latest a.py # c\n  outputs: &out {highly_sensitive: {x: output/x.csv}}\n"
        "actions:\n  a: {<<: *base}\n  b:\n    <<: *base\n    needs: [a]\n  c:\n    run: *run\n    outputs: *out\n"
    )
    made = upgrade.upgrade(source)
    assert done(source) == source.replace("version: 4", "version: 5.0").replace("latest", "v1")
    assert [edit.what[:24] for edit in made.edits if edit.line == 3] == [
        "`python:latest` of `a` b",
        "`python:latest` of `b` b",
        "`python:latest` of `c` b",
    ]
    assert "key-unknown" in [rule for rule, _ in rules(made.left)]


def test_an_alias_that_is_used_for_something_else_keeps_the_image() -> None:
    source = project("&run r:latest a.R", version="4", rest="    config: {command: *run}\n")
    made = upgrade.upgrade(source)
    assert made.text == source.replace("version: 4", "version: 5.0")
    assert rules(made.left) == [("image-latest", 5)]


# -- run_all ---------------------------------------------------------------------------------------

RUN_ALL = (
    "  run_all:\n    needs: [plot]\n    # inside\n    run: r:latest --version\n"
    "    outputs: {moderately_sensitive: {y: y.csv}}"
)
LAST = "  last:\n    run: r:v2 last.R\n    outputs:\n      highly_sensitive: {z: z.csv}\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"{RUN_ALL}\n", ""),
        (f"\n{RUN_ALL}\n\n\n", ""),
        (f"\n{RUN_ALL}\n\n{LAST}", f"\n{LAST}"),
        (f"{RUN_ALL}\n\n{LAST}", f"\n{LAST}"),
        (f"\n{RUN_ALL}\n{LAST}", f"\n{LAST}"),
        (f"\n{RUN_ALL}  # here\n\n  # of last\n{LAST}", f"\n  # of last\n{LAST}"),
        (f"\n{RUN_ALL}\n  # of last\n{LAST}", f"\n  # of last\n{LAST}"),
        (f"\n{RUN_ALL}\n    # of last, deep\n{LAST}", f"\n    # of last, deep\n{LAST}"),
        (f"\n{RUN_ALL}\n    # its own\n\n{LAST}", f"\n{LAST}"),
        (f"\n{RUN_ALL}\n    # its own\n  # of last\n{LAST}", f"\n  # of last\n{LAST}"),
        (f"\n{RUN_ALL}\n    # its own\n", ""),
        (f"\n{RUN_ALL}\n\n    # stays\n", "\n    # stays\n"),
        (f"\n{RUN_ALL}\n# stays\n", "\n# stays\n"),
        (f"\n  # its own\n  # too\n{RUN_ALL}\n", ""),
        (f"\n  # not its own\n\n{RUN_ALL}\n", "\n  # not its own\n"),
        (f"\n  # not its own\n\n  # its own\n{RUN_ALL}\n{LAST}", f"\n  # not its own\n\n{LAST}"),
        (f"# too shallow\n{RUN_ALL}\n", "# too shallow\n"),
        (f"    # too deep\n{RUN_ALL}\n", "    # too deep\n"),
        (f"\n{RUN_ALL}\n...\n", "\n...\n"),
        (f"\n{RUN_ALL}\nother: 1\n", "\nother: 1\n"),
        (f"  \n{RUN_ALL}\n \n{LAST}", f"  \n{LAST}"),
        (RUN_ALL.replace("run_all", '"run_all"') + f"\n{LAST}", LAST),
        (RUN_ALL.replace("run_all", "&all run_all  ") + f"\n{LAST}", LAST),
        (RUN_ALL.replace("[plot]", "[plot,\n plot]") + f"\n{LAST}", LAST),
        (RUN_ALL + "\n    needless: |\n      # text\n\n  # of last\n" + LAST, "\n  # of last\n" + LAST),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("open_end", [False, True])
def test_run_all_is_taken_out(source: str, expected: str, line_end: str, open_end: bool) -> None:
    old, new = (project("r:v2 a.R") + part for part in (source, expected))
    if open_end:
        old, new = old.rstrip("\n"), new.rstrip("\n")
    old, new = (text.replace("\n", line_end) for text in (old, new))
    assert done(old) == new
    assert done("\ufeff" + old) == "\ufeff" + new


def test_run_all_stays_where_it_is_needed() -> None:
    source = project("r:v2 a.R", rest="    needs: [run_all]\n" + RUN_ALL.replace("[plot]", "[]"))
    made = upgrade.upgrade(source)
    assert made.text == source.replace("latest", "v1")
    assert ("run-all-reserved", 10) in rules(made.left)
    assert "`plot` needs it" in made.left[0].what


@pytest.mark.parametrize(
    "source",
    [
        f"version: '5.0'\nactions:\n{RUN_ALL.replace('[plot]', '[]').replace('latest', 'v1')}\n",
        "version: 5\nactions: {a: {run: r:v2 a.R}, run_all: {run: r:v2 b.R}}\n",
        project("r:v2 a.R", rest="  ? run_all\n  : {run: r:v2 b.R, outputs: {highly_sensitive: {y: y.csv}}}\n"),
        project(
            "r:v2 a.R",
            rest="  run_all: {run: r:v2 b.R, outputs: &o {highly_sensitive: {y: y.csv}}}\n  b: {outputs: *o}\n",
        ),
        "version: 5\nbase: &base\n  a: {run: r:v2 a.R}\nactions:\n  <<: *base\n  ? run_all\n  : {}\n",
    ],
)
def test_run_all_stays_where_that_is_not_simple(source: str) -> None:
    made = upgrade.upgrade(source)
    assert (made.text, made.edits) == (source, ())
    assert "run-all-reserved" in [edit.rule for edit in made.left]


def test_a_run_all_that_stays_keeps_a_valid_file_below_version_5() -> None:
    source = (
        "version: 4\nactions: {a: {run: r:v2 a.R, outputs: {highly_sensitive: {x: x.csv}}},\n"
        "  run_all: {run: r:v2 b.R, outputs: {highly_sensitive: {y: y.csv}}}}\n"
    )
    made = upgrade.upgrade(source)
    assert (made.text, made.edits) == (source, ())
    assert rules(made.left) == [("version-old", 1), ("run-all-reserved", 3)]


# -- expectations ----------------------------------------------------------------------------------

COHORT = "cohortextractor:v1 generate_cohort"


@pytest.mark.parametrize(
    ("version", "section", "size"),
    [
        ("3", "expectations:\n  population_size: 70\n", 70),
        ("3", "expectations: {population_size: '70'}\n", 70),
        ("2", "expectations:\n  population_size: 70\n", 1000),
        ("1", "", 1000),
    ],
)
@pytest.mark.parametrize(
    "run",
    [
        "RUN",
        "RUN  # c",
        "'RUN'",
        '"RUN"',
        ">\n      RUN",
        ">-\n      RUN\n      --x\n\n",
        "|\n      RUN\n        --x 'a b'\n\n  # c",
        "RUN\n      --x\n      --y  # c",
        "'RUN\n\n      --x\n      '",
        "&r RUN",
    ],
)
def test_the_population_goes_to_the_commands(version: str, section: str, size: int, run: str) -> None:
    source = project(run.replace("RUN", COHORT), version=version, rest=section)
    text = done(source)
    old, new = parsing.load(source), parsing.load(text)
    assert f" --expectations-population={size}" in text
    assert "population_size" not in text
    assert effective(new.actions["plot"], new, EXPECTATIONS) == effective(old.actions["plot"], old, EXPECTATIONS)
    assert upgrade.upgrade(source).left[0].rule == "cohort-refused"


@pytest.mark.parametrize(
    ("run", "rest"),
    [
        ("cohortextractor:v1 generate_measures", ""),
        (COHORT, "    dummy_data_file: x.csv\n"),
        (f"{COHORT} --expectations-population=70", ""),
        ("r:v2 generate_cohort", ""),
    ],
)
def test_commands_that_do_not_use_the_population_stay(run: str, rest: str) -> None:
    source = project(run, version="3", rest=rest)
    assert done(source + "expectations: {population_size: 70}\n") == source.replace("version: 3", "version: 5.0")


def test_a_command_that_says_another_number_is_told() -> None:
    source = project(f"{COHORT} --expectations-population 5", version="2")
    assert done(source) == source.replace("version: 2", "version: 5.0")
    assert ("expectations-unused", 5) in rules(upgrade.upgrade(source).left)


def test_from_version_4_on_only_the_section_goes() -> None:
    for version in ("4", "5", "5.0"):
        source = project(COHORT, version=version, rest="# size\nexpectations:\n  population_size: 70\n")
        assert done(source) == project(COHORT, version="5" if version == "5" else "5.0")


@pytest.mark.parametrize(
    "source",
    [
        project(COHORT, version="3"),
        project(COHORT, version="3", rest="expectations: {population_size: many}\n"),
        project(COHORT, version="3", rest="    needs: [nobody]\nexpectations: {population_size: 70}\n"),
        project(
            f"&run {COHORT}",
            version="3",
            rest="  b:\n    run: *run\n    dummy_data_file: x.csv\n"
            "    outputs: {highly_sensitive: {y: y.csv}}\nexpectations: {population_size: 70}\n",
        ),
        project(f'"{COHORT} \\\n      "', version="3", rest="expectations: &e {population_size: 70}\nother: *e\n"),
        "{version: '3.0', expectations: {population_size: 70}, actions: {a: {run: 'r:v2 a.R'}}}\n",
        project(
            "r:v2 a.R",
            version="1",
            rest="  b:\n    run: r:v2 b.R\n    outputs: {highly_sensitive: {x: output/x.csv}}\n",
        ),
    ],
)
def test_version_and_expectations_change_together_or_not_at_all(source: str) -> None:
    made = upgrade.upgrade(source)
    assert (made.text, made.edits) == (source, ())
    assert {rule for rule, _ in rules(made.left)} & {"version-old", "expectations-unused"}


def test_a_file_that_is_valid_without_run_all_gets_its_version() -> None:
    source = project(COHORT, version="2", rest=RUN_ALL.replace("plot", "nobody") + "\n")
    assert done(source) == project(f"{COHORT} --expectations-population=1000", version="5.0")


def test_the_section_goes_with_its_comments() -> None:
    text = (
        "# file\n\n# Ignore this block.\nexpectations:\n  # many\n  population_size: 70 # c\n\n\n"
        "# The actions.\n" + project("r:v2 a.R", version="3.0 # old")
    )
    assert done(text) == "# file\n\n# The actions.\n" + project("r:v2 a.R", version="5.0 # old")


# -- what is left for people -----------------------------------------------------------------------


def test_what_only_people_can_mend() -> None:
    source = project("r:latest a.R", version="4", rest=(
        "        y: output/y\n      moderately_sensitive: {w: output/w.xml}\n    runs: 1\n"
        "  b:\n    run: r:v1 a.R\n    outputs: {highly_sensitive: {z: z.csv}}\n"
        "  c:\n    run: cohortextractor:v1 --version\n    outputs: {highly_sensitive: {u: u.csv}}\n"
    ))  # fmt: skip
    assert rules(upgrade.upgrade(source).left) == [
        ("path-extension", 9),
        ("path-file-type", 10),
        ("key-unknown", 11),
        ("run-duplicate", 13),
        ("cohort-refused", 16),
    ]


# -- real files ------------------------------------------------------------------------------------


def corpus() -> list[Path]:
    return sorted((shared(CORPUS) / "project_yaml").rglob("*.yaml"))


def facts(pipeline: Pipeline) -> Iterator[object]:
    for name, action in pipeline.actions.items():
        words = effective(action, pipeline, EXPECTATIONS)
        yield name, action.needs, action.outputs, action.config, action.dummy_data_file, action.run.image
        yield action.run.version.replace("latest", "v1")
        # `config` follows the command; the flag stands before it now.
        yield words if action.config is None else sorted(words)


def takes_out(edit: upgrade.Edit) -> bool:
    return "is taken out" in edit.what


def expected_lines(source: str, edits: tuple[upgrade.Edit, ...]) -> list[str]:
    """The lines that must come out, without the empty ones, computed line by line from what the edits say."""
    lines: list[str | None] = list(source.splitlines())
    for edit in edits:
        at, line = edit.line - 1, lines[edit.line - 1] or ""
        if takes_out(edit):
            indent = re.match(" *", line)
            assert indent
            end = at + 1
            while end < len(lines) and re.match(rf"\s*$|{indent[0]} ", lines[end] or ""):
                end += 1
            while at and re.match(rf"{indent[0]}#", lines[at - 1] or ""):
                at -= 1
            lines[at:end] = [None] * (end - at)
        elif edit.rule == "image-latest":
            lines[at] = line.replace(":latest", ":v1", 1)
        elif edit.rule == "version-old":
            lines[at] = re.sub(r"[0-9.]+", "5.0", line, count=1)
        else:
            end = len(line.rstrip())
            lines[at] = f"{line[:end]} {edit.what.split('`')[1]}{line[end:]}"
    return [line for line in lines if line and line.strip()]


def assert_upgraded(source: str) -> upgrade.Upgrade:
    """Check a file without anchors, quotes around run lines, or comments behind them, as all known ones are."""
    made = made_of(source)
    text = made.text
    assert [line for line in text.splitlines() if line.strip()] == expected_lines(source, made.edits)
    if not any(takes_out(edit) for edit in made.edits):
        assert len(text.splitlines()) == len(source.splitlines())
    assert text.endswith("\n") == source.endswith("\n")
    assert ("\r\n" in text) == ("\r\n" in source)
    old, new = parsing.parse(source).pipeline, parsing.parse(text).pipeline
    assert (old is None) == (new is None)
    if old is not None and new is not None:
        assert list(facts(old)) == list(facts(new))
        assert [edit.rule for edit in made.left if edit.rule in ("image-latest", "run-all-reserved")] == []
    return made


def test_real_files() -> None:
    changed = 0
    for path in corpus():
        source = path.read_bytes().decode()
        root = tree.read(source)
        if root.root is None or any(
            each.severity is Severity.ERROR for each in parsing.judge(root.problems, None, NATIVE)
        ):
            assert done(source) == source
        else:
            changed += bool(assert_upgraded(source).edits)
    assert changed > 500


@pytest.mark.parametrize(
    ("study", "edits", "left"),
    [
        ("non_specific_immunity", 8, ["cohort-refused"]),
        ("pincer_measures", 20, ["cohort-refused"] * 5 + ["path-file-type"]),
    ],
)
def test_the_example_studies(study: str, edits: int, left: list[str]) -> None:
    source = (STUDIES / study / "project.yaml").read_bytes().decode()
    made = assert_upgraded(source)
    assert len(made.edits) == edits
    assert [rule for rule, _ in rules(made.left)] == left
    diff = list(difflib.unified_diff(source.splitlines(), made.text.splitlines(), n=0))
    assert all("latest" not in line for line in diff if line.startswith("+"))


@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
def test_both_parsers_of_pyyaml_give_the_same_places(loader: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_LOADER", loader)
    for run in ("r:latest a.R", ">\n      r:latest\n\n\n", '"r:latest"', "|-\n      r:latest\n      # x\n\n   # y"):
        source = "\ufeff# ä€😀\n" + project(run, version="'4'", rest="expectations: {}\n")
        expected = project(run.replace("latest", "v1"))
        assert done(source) == "\ufeff# ä€😀\n" + expected
