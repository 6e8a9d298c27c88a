from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from jupyter_pipeline import config
from jupyter_pipeline.models import Command, Severity
from jupyter_pipeline.runtimes import definitions
from jupyter_pipeline.spec import (
    action as spec_action,
)
from jupyter_pipeline.spec import (
    parsing,
    paths,
)
from jupyter_pipeline.spec import (
    schema as spec_schema,
)
from jupyter_pipeline.spec.yaml import tree
from tests.helpers.corpus import CORPUS, GOOD, shared

SHIPPED = Path(spec_schema.__file__).with_name("project.schema.json")
SCHEMA = spec_schema.schema()
VALIDATOR = Draft7Validator(SCHEMA)
REGENERATE = "run: python -m jupyter_pipeline.spec.schema > jupyter_pipeline/project.schema.json"
STRICTER = {"key-unknown", "outputs-level", "expectations-key-unknown", "run-all-reserved"}
"""What the checker only warns of, as it does nothing, and the schema refuses."""


def plain(node: tree.Node | None) -> Any:
    """The values of a tree, also those that JSON cannot say."""
    match node:
        case tree.Sequence():
            return [plain(item) for item in node.items]
        case tree.Mapping():
            return {key: plain(value) for key, value in node.entries.items()}
        case None:
            return None
    return node.value


def complaints(source: str | bytes) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(plain(tree.read(source).root))]


def is_valid(value: object, *keys: str) -> bool:
    """Whether the part of the schema below some keys accepts a value."""
    part = SCHEMA
    for key in keys:
        part = part[key]
    return Draft7Validator({**part, "definitions": SCHEMA["definitions"]}).is_valid(value)


def walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(item)


# -- the schema itself -----------------------------------------------------------------------------


def test_the_shipped_file_is_what_the_module_says() -> None:
    text = spec_schema.text()
    assert SHIPPED.read_text(encoding="utf-8") == text, REGENERATE
    assert text.endswith("}\n")
    assert json.loads(text) == SCHEMA


def test_it_is_a_json_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)


def test_every_key_is_described() -> None:
    parts = [SCHEMA, *SCHEMA["definitions"].values()]
    for part in parts:
        for key, value in walk_properties(part):
            assert value["description"].endswith("."), key
        assert part["description"].endswith(".")


def walk_properties(part: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key that the schema names, outside of conditions, which describe nothing anew."""
    for key, value in part.get("properties", {}).items():
        yield key, value
        yield from walk_properties(value)


def test_every_key_of_the_checker_is_there() -> None:
    action = SCHEMA["definitions"]["action"]["properties"]
    assert list(SCHEMA["properties"]) == list(parsing.KEYS)
    assert list(action) == list(spec_action.KEYS)
    assert list(action["outputs"]["properties"]) == list(spec_action.LEVELS)
    for extension in paths.VIEWABLE_TYPES:
        assert extension in action["outputs"]["properties"]["moderately_sensitive"]["description"]


def test_patterns_are_such_as_python_and_javascript_read_alike() -> None:
    patterns = [part["pattern"] for part in walk(SCHEMA) if isinstance(part.get("pattern"), str)]
    assert len(patterns) > 15
    for pattern in patterns:
        re.compile(pattern)
        bare = re.sub(r"\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\[tnr*+.?\[\\]|\[\\s\\S\]", "", pattern)
        assert "\\" not in bare, "an escape that not both know, or understand differently"
        assert not re.search(r"\(\?(?![:!])|[*+?}][+]", bare), "a group or a repetition that not both know"


def test_invisible_characters_are_those_of_the_checker() -> None:
    for character in map(chr, range(0x10000)):
        if re.search(f"[{spec_schema.INVISIBLE}]", character):
            assert not character.isprintable(), f"{ord(character):x}"


def test_defaults_and_examples_are_valid() -> None:
    count = 0
    for part in walk(SCHEMA):
        for value in [*part.get("examples", ()), *([part["default"]] if "default" in part else [])]:
            count += 1
            assert Draft7Validator({**part, "definitions": SCHEMA["definitions"]}).is_valid(value), value
    assert count > 15


def test_run_examples_show_the_images_that_come_with_us(tmp_path: Path) -> None:
    commands = [spec_action.parse_run(line) for line in spec_schema.RUN_EXAMPLES]
    images = [command.image for command in commands if isinstance(command, Command)]
    assert sorted(images) == sorted({name.partition(":")[0] for name in definitions.names(config.load(tmp_path))})


@pytest.mark.parametrize("wrap", [False, True])
def test_snippets_become_files_without_problems(wrap: bool) -> None:
    part = SCHEMA["properties"]["actions"] if wrap else SCHEMA
    (snippet,) = part["defaultSnippets"]
    body = {"version": "4.0", "actions": snippet["body"]} if wrap else snippet["body"]
    assert {"${1:describe}"} == set(body["actions"])
    source = re.sub(r"\$\{\d:(\w+)\}", r"\1", json.dumps(body))
    assert parsing.parse(source).problems == ()
    assert complaints(source) == []


# -- what is accepted ------------------------------------------------------------------------------

ACTION = "  a:\n    run: r:v1 a.R\n    outputs: {highly_sensitive: {x: output/x.csv}}\n"
HEAD = 'version: "4.0"\nactions:\n'
ACCEPTED = [
    GOOD,
    HEAD + ACTION,
    HEAD + ACTION + "    needs:\n    config:\n    dummy_data_file:\n",
    HEAD + ACTION.replace("{highly", "{minimally_sensitive: , highly"),
    HEAD + ACTION.replace("{highly", "{minimally_sensitive: {}, highly"),
    HEAD + ACTION + "    dummy_data_file: ''\n",
    HEAD + ACTION + "  2020:\n    {run: r:v1 b.R, needs: [a], outputs: {highly_sensitive: {x: output/y.csv}}}\n"
    "  c:\n    {run: r:v1 c.R, needs: [2020], outputs: {highly_sensitive: {x: output/z.csv}}}\n",
    HEAD + ACTION + "  b:\n    <<: &common {outputs: {highly_sensitive: {x: output/y.csv}}}\n    run: r:v1 b.R\n",
    HEAD + ACTION.replace("run: r:v1 a.R", "run: >\n      r:v1\n      a.R --title 'All of it' \"\\\\\"\n"),
    HEAD + ACTION.replace("r:v1 a.R", "\"'r:v1' a.R\""),
    HEAD + ACTION.replace("r:v1 a.R", "cohortextractor:v1 generate_cohort"),
    HEAD + ACTION.replace("output/x.csv", "output/été/a..b (1)/.x*"),
    "version: 4\nactions: {}\n",
    "expectations: none\n" + HEAD + ACTION,
    "version: 2\nexpectations:\nactions:\n" + ACTION,
    "version: 3.0\nexpectations: {population_size: ' 1_000 '}\nactions:\n" + ACTION,
    "version: 3.0\nexpectations: {population_size: 0}\nactions:\n" + ACTION,
]


@pytest.mark.parametrize("source", ACCEPTED)
def test_what_runs_here_is_accepted(source: str) -> None:
    assert parsing.parse(source).pipeline is not None
    assert complaints(source) == []


def test_real_files_that_run_here_are_accepted() -> None:
    count = 0
    for path in sorted((shared(CORPUS) / "project_yaml").rglob("*.yaml")):
        source = path.read_bytes()
        parsed = parsing.parse(source)
        if parsed.pipeline is not None and not STRICTER & {problem.rule for problem in parsed.problems}:
            count += 1
            assert complaints(source) == [], path
    assert count > 500


# -- what is refused -------------------------------------------------------------------------------


def action(lines: str, name: str = "plot") -> str:
    """A file with one action, which has these lines and whatever it must have besides."""
    if not lines.startswith("run:"):
        lines += "\nrun: python:v2 plot.py"
    if "outputs:" not in lines:
        lines += "\noutputs: {moderately_sensitive: {plot: output/plot.png}}"
    return f"{HEAD}  {name}:\n" + "".join(f"    {line}\n" for line in lines.splitlines())


def output(path: str) -> str:
    return action(f"outputs: {{moderately_sensitive: {{plot: {json.dumps(path)}}}}}")


REFUSED = [
    ("project-type", "- version"),
    ("version-missing", "actions: {}"),
    ("version-type", "version: four\nactions: {}"),
    ("version-unknown", 'version: "9.0"\nactions: {}'),
    ("version-odd", "version: 0.5\nactions: {}"),
    ("expectations-type", 'version: "3.0"\nexpectations: 1000\nactions: {}'),
    ("population-missing", 'version: "3.0"\nactions: {}'),
    ("population-missing", "version: 3\nexpectations: {}\nactions: {}"),
    ("population-type", 'version: "3.0"\nexpectations: {population_size: many}\nactions: {}'),
    ("population-type", 'version: "3.0"\nexpectations: {population_size: }\nactions: {}'),
    ("actions-missing", 'version: "4.0"'),
    ("actions-type", 'version: "4.0"\nactions: [plot, table]'),
    ("key-unknown", 'version: "4.0"\nactions: {}\naction: {}'),
    ("key-unknown", action("need: [first]")),
    ("expectations-key-unknown", "version: 3\nexpectations: {population_size: 1, size: 1}\nactions: {}"),
    ("action-type", f"{HEAD}  plot: python:v2 python plot.py"),
    ("action-name", action("", "my plot")),
    ("action-name", action("", "a" * 129)),
    ("run-all-reserved", action("", "run_all")),
    ("run-missing", f"{HEAD}  plot: {{outputs: {{moderately_sensitive: {{plot: output/plot.png}}}}}}"),
    ("run-type", action("run: [python:v2, plot.py]")),
    ("run-empty", action('run: ""')),
    ("run-quotes", action('run: python:v2 python plot.py --title "Rates')),
    ("run-quotes", action("run: python:v2 python plot.py \\")),
    ("run-image", action("run: python plot.py")),
    ("run-image-name", action("run: -python:v2 plot.py")),
    ("run-character", action('run: "python:v2 \\0"')),
    ("needs-type", action("needs: first")),
    ("needs-entry", action("needs: [first, [second]]")),
    ("needs-entry", action("needs: [true]")),
    ("needs-space", action("needs: [first second]")),
    ("needs-unknown", action("needs: [run_all]")),
    ("config-type", action("config: title")),
    ("config-number", action("config: {limits: [{upper: .inf}]}")),
    ("dummy-type", action("dummy_data_file: [a.csv]")),
    ("dummy-path", action("dummy_data_file: ../cohort.csv")),
    ("dummy-path", action("dummy_data_file: C:\\cohort.csv")),
    ("dummy-path", action('dummy_data_file: "a\\tb.csv"')),
    ("outputs-missing", f"{HEAD}  plot: {{run: python:v2 python plot.py}}"),
    ("outputs-type", action("outputs: output/plot.png")),
    ("outputs-type", action("outputs: {highly_sensitive: output/plot.png}")),
    ("outputs-level-none", action("outputs: {}")),
    ("outputs-level-none", action("outputs: {highly_sensitive: }")),
    ("outputs-level", action("outputs: {moderate: {plot: output/plot.png}}")),
    ("output-type", action("outputs: {moderately_sensitive: {plot: [a.png, b.png]}}")),
    (
        "cohort-levels",
        action(
            "run: cohortextractor:v1 generate_cohort\n"
            "outputs: {highly_sensitive: {cohort: output/input.csv}, moderately_sensitive: {log: output/log.txt}}"
        ),
    ),
    ("path-empty", output("")),
    ("path-absolute", output("/data/plot.png")),
    ("path-absolute", output("C:/plot.png")),
    ("path-drive", output("C:plot.png")),
    ("path-parent", output("../plot.png")),
    ("path-normal", output("output//plot.png")),
    ("path-normal", output("output/../plot.png")),
    ("path-normal", output("output/plot/")),
    ("path-git", output("output/.Git/plot.png")),
    ("path-metadata", output("metadata/plot.png")),
    ("path-reserved", output("Metadata/plot.png")),
    ("path-wildcard", output("output/**/plot.png")),
    ("path-wildcard", output("output/plot?.png")),
    ("path-wildcard", output("output/plot[1].png")),
    ("path-backslash", output("output\\plot.png")),
    ("path-character", output("output/plot\u200b.png")),
    ("path-long", output("output/" * 150 + "plot.png")),
    ("path-long", output("output/" + "o" * 201)),
]
"""Each rule of the checker that a schema can say, and a file that breaks it and no other rule that stops it."""


@pytest.mark.parametrize(("rule", "source"), REFUSED)
def test_what_the_schema_can_say_is_refused(rule: str, source: str) -> None:
    parsed = parsing.parse(source)
    found = [problem for problem in parsed.problems if problem.rule == rule]
    assert found, [problem.rule for problem in parsed.problems]
    assert found[0].severity is Severity.ERROR or rule in STRICTER
    assert complaints(source) != []


# -- the same as the checker -----------------------------------------------------------------------

PIECES = ["output", "x.csv", ".", "..", "/", "//", "\\", "*", "**", "?", "[", ":", "C:", ".git", ".GIT", "metadata"]
PATHS = st.lists(st.sampled_from([*PIECES, ".jupyter_pipeline", " ", "\u200b", "é", "x" * 200]), max_size=6)


@given(path=PATHS.map("".join))
@example(path=".")
def test_paths_are_judged_as_by_the_checker(path: str) -> None:
    faults = {fault.rule for fault in paths.path_faults(path)}
    # `.` is a folder, and no file can have that name, whether or not the checker says so.
    assert is_valid(path, "definitions", "path") == (faults == set() and path != ".")


RUN = st.lists(st.sampled_from(["r", "python", ":", "v1", "/", "-", " ", "\t", "\n", "'", '"', "\\", "\0", "é", "a b"]))


@given(line=RUN.map("".join) | RUN.map(lambda words: "r:v1 " + "".join(words)))
def test_run_lines_are_judged_as_by_the_checker(line: str) -> None:
    parsed = parsing.parse(
        f"version: 4\nactions: {{a: {{run: {json.dumps(line)}, outputs: {{highly_sensitive: {{}}}}}}}}"
    )
    if is_valid(line, "definitions", "action", "properties", "run"):
        quoted = re.match(r"""\s*\S*['"\\]""", line)  # the first word is put together from pieces: not looked into
        assert parsed.pipeline is not None or quoted
    else:
        assert parsed.pipeline is None


NUMBERS = st.lists(
    st.sampled_from(["0", "1", "3", "5", "9", ".", "e", "-", "+", "_", " ", "\n", "\x1f", "\u0663", "a"])
)


@given(text=NUMBERS.map("".join) | st.floats(0, 6).map(str))
def test_versions_and_numbers_that_the_checker_reads_are_accepted(text: str) -> None:
    value = json.dumps(text)
    source = f"version: {value}\nexpectations: {{population_size: 1}}\nactions: {{}}"
    assert parsing.parse(source).pipeline is None or complaints(source) == []
    source = f"version: 3\nexpectations: {{population_size: {value}}}\nactions: {{}}"
    assert parsing.parse(source).pipeline is None or complaints(source) == []
    if text.isascii() and text.isdigit() and len(text) == 1:
        assert (parsing.parse(source).pipeline is None) == (complaints(source) != [])


@given(name=st.text(max_size=4) | st.lists(st.sampled_from(["a", "_", "-", ".", " ", "9", "run_all"])).map("".join))
def test_names_are_judged_as_by_the_checker(name: str) -> None:
    parsed = parsing.parse(
        json.dumps({"version": 4, "actions": {name: {"run": "r:v1", "outputs": {"highly_sensitive": {}}}}})
    )
    strict = parsed.pipeline is not None and not STRICTER & {problem.rule for problem in parsed.problems}
    schema = is_valid({name: {"run": "r:v1", "outputs": {"highly_sensitive": {}}}}, "properties", "actions")
    assert schema == strict or (schema and name == "<<")
