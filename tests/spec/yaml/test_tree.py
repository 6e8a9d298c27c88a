from __future__ import annotations

import json
import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.models import Severity
from jupyter_pipeline.spec.yaml import syntax, tree
from jupyter_pipeline.spec.yaml.tree import Mapping, Scalar, Sequence

LOADERS = [yaml.SafeLoader] + ([yaml.CSafeLoader] if yaml.__with_libyaml__ else [])


def plain(source: str | bytes, loader: Any = LOADERS[-1]) -> Any:
    document = tree.read(source, loader)
    assert document.problems == ()
    assert document.root is not None
    return as_python(document.root)


def as_python(node: tree.Node) -> Any:
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [as_python(item) for item in node.items]
        case Mapping():
            return {key.text: as_python(value) for key, value in node.items()}


def test_this_python_has_libyaml() -> None:
    assert yaml.__with_libyaml__, "large files would be read ten times slower, and half of these tests not run"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("No", "No"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("tRUE", "tRUE"),
        ("null", None),
        ("~", None),
        ("NULL", None),
        ("nULL", "nULL"),
        ("12", 12),
        ("-7", -7),
        ("+7", 7),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("3.0", 3.0),
        ("3.", 3.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-1.5E-2", -0.015),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        (".", "."),
        ("-a", "-a"),
        ("1.2.3", "1.2.3"),
        ("2020-01-01", "2020-01-01"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ('"3.0"', "3.0"),
        ("'true'", "true"),
        ('""', ""),
        ("=", "="),
        ("!!str 3.0", "3.0"),
        ("! 3.0", "3.0"),
        ('!!int "3"', 3),
        ("9" * 301, "9" * 301),
        ("é 😀", "é 😀"),
    ],
)
@pytest.mark.parametrize("loader", LOADERS)
def test_scalars_follow_the_core_schema(text: str, value: object, loader: Any) -> None:
    found = plain(f"key: {text}\n", loader)["key"]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number() -> None:
    assert math.isnan(plain("[.nan]")[0])


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_key_and_value_knows_its_place(loader: Any, newline: str) -> None:
    text = newline.join(["\ufeffa: 1", "über: {b: x, c: [y, z]}", "d:", "  - e", "  - f: |", "      text"])
    root = tree.read(text, loader).root
    assert isinstance(root, Mapping)
    assert [(key.text, key.line, key.column) for key, _ in root.items()] == [("a", 1, 1), ("über", 2, 1), ("d", 3, 1)]
    inner = root.get("über")
    assert isinstance(inner, Mapping)
    assert [(key.text, key.line, key.column) for key, _ in inner.items()] == [("b", 2, 8), ("c", 2, 14)]
    items = inner.get("c")
    assert isinstance(items, Sequence)
    assert [(item.line, item.column) for item in items.items] == [(2, 18), (2, 21)]
    last = root.get("d")
    assert isinstance(last, Sequence)
    assert (last.line, last.column) == (4, 3)
    block = last.items[1]
    assert isinstance(block, Mapping)
    value = block.get("f")
    assert isinstance(value, Scalar)
    assert (value.value, value.line, value.column) == ("text", 5, 8)


@pytest.mark.parametrize("loader", LOADERS)
def test_anchors_and_merge_keys(loader: Any) -> None:
    text = """
base: &base {run: a, needs: [x]}
more: &more {run: b, config: {k: 1}}
one: *base
two: {<<: *base, run: c}
three:
  own: 1
  <<: [*base, *more]
four: {"<<": 1}
"""
    found = plain(text, loader)
    assert found["one"] == {"run": "a", "needs": ["x"]}
    assert found["two"] == {"run": "c", "needs": ["x"]}
    assert found["three"] == {"run": "a", "needs": ["x"], "config": {"k": 1}, "own": 1}
    assert found["four"] == {"<<": 1}


BAD: list[tuple[str | bytes, str, int, int]] = [
    ("", "yaml-empty", 1, 1),
    ("# nothing\n", "yaml-empty", 1, 1),
    ("---\n", "yaml-empty", 1, 1),
    ("a: b\n\tc: d\n", "yaml-tab", 2, 1),
    ("a:\n\t- b\n", "yaml-tab", 2, 1),
    ("actions:\n  one:\n    run: x\n   two:\n", "yaml-indentation", 4, 4),
    ("a:\n  b: 1\n c: 2\n", "yaml-indentation", 3, 2),
    ("- a\nb: 1\n", "yaml-indentation", 2, 1),
    ("a: |\n  text\n b\n", "yaml-indentation", 3, 2),
    ("one:\n  a: x\ntwo\nthree: 1\n", "yaml-colon", 3, 1),
    ("a\nb: 1\n", "yaml-mapping", 2, 2),
    ("a: b: c\n", "yaml-mapping", 1, 5),
    ('a: "b\nc: d\n', "yaml-quote", 1, 4),
    ("a: 'b\nc: d\n", "yaml-quote", 1, 4),
    ("a: [b, c\nd: e\n", "yaml-bracket", 1, 4),
    ("a: {b: c\nd: e\n", "yaml-bracket", 1, 4),
    ("a: @b\n", "yaml-quote-missing", 1, 4),
    ("a: %b\n", "yaml-quote-missing", 1, 4),
    ("a: !mine b\n", "yaml-tag", 1, 4),
    ("a: !!binary aGk=\n", "yaml-tag", 1, 4),
    ("a: !e!x b\n", "yaml-tag", 1, 4),
    ("a: *b\n", "yaml-alias", 1, 4),
    ("a: &a [*a]\n", "yaml-alias", 1, 8),
    ("a: 1\nb: 2\na: 3\n", "yaml-duplicate-key", 3, 1),
    ("a: {b: 1, b: 2}\n", "yaml-duplicate-key", 1, 11),
    ("? [a]\n: b\n", "yaml-key", 1, 3),
    ("? {a: 1}\n: b\n", "yaml-key", 1, 3),
    ("?\n: b\n", "yaml-key", 1, 2),
    ("~: b\n", "yaml-key", 1, 1),
    ("<<: 3\n", "yaml-merge", 1, 5),
    ("a: 1\n---\nb: 2\n", "yaml-documents", 2, 1),
    ("%YAML 3.0\n---\na: b\n", "yaml-syntax", 1, 1),
    ("[" * 200, "yaml-depth", 1, 101),
    ("- " * 200, "yaml-depth", 1, 201),
    ("a: \x00\n", "yaml-character", 1, 4),
    ("a: b\r\nc: \x07\n", "yaml-character", 2, 4),
    ("a: \ud800\n", "yaml-character", 1, 4),
    (b"a: b\nc: caf\xe9\n", "yaml-encoding", 2, 7),
    ("a: b\n".encode("utf-16"), "yaml-encoding", 1, 1),
    ("x" * (syntax.MAX_SIZE + 1), "yaml-size", 1, 1),
]


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(("source", "rule", "line", "column"), BAD, ids=lambda value: str(value)[:20])
def test_each_fault_has_rule_and_place(source: str | bytes, rule: str, line: int, column: int, loader: Any) -> None:
    problems = tree.read(source, loader).problems
    assert [(each.rule, each.line, each.column) for each in problems] == [(rule, line, column)]
    assert problems[0].severity is Severity.ERROR
    assert problems[0].message.endswith(".")
    assert problems[0].remedy.endswith(".")


def test_a_missing_space_after_the_colon_is_named() -> None:
    (problem,) = tree.read("version:3\nactions:\n  a: 1\n").problems
    assert problem.remedy == "Write `key: value`."


def test_every_repeated_key_is_reported_with_the_first_line() -> None:
    document = tree.read("a: 1\nb: {c: 1, c: 2}\na: 2\na: 3\n")
    assert [(each.line, each.column) for each in document.problems] == [(2, 11), (3, 1), (4, 1)]
    assert "line 1" in document.problems[2].message
    assert document.root is not None
    assert as_python(document.root) == {"a": 1, "b": {"c": 1}}


def test_a_key_that_is_a_number_is_taken_as_written() -> None:
    document = tree.read("2020: x\n1.0: y\ntrue: z\n")
    assert {each.rule for each in document.problems} == {"yaml-key-type"}
    assert {each.severity for each in document.problems} == {Severity.HINT}
    assert document.root is not None
    assert as_python(document.root) == {"2020": "x", "1.0": "y", "true": "z"}


@pytest.mark.parametrize(
    "bomb",
    [
        "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 20)),
        "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{p: *a{i - 1}, q: *a{i - 1}}}\n" for i in range(1, 60)),
        "a0: &a0 {x: 1}\n"
        + "".join(f"a{i}: &a{i} {{<<: [{','.join([f'*a{i - 1}'] * 10)}], k{i}: 1}}\n" for i in range(1, 20)),
    ],
)
def test_alias_bombs_end_at_once(bomb: str) -> None:
    problems = tree.read(bomb).problems
    assert [each.rule for each in problems] == ["yaml-nodes"]


def test_many_repeated_keys_take_linear_time() -> None:
    text = "".join(f"k{i}: 1\n" for i in range(40_000)) * 2
    assert len(tree.read(text).problems) == tree.MAX_TOLD  # quadratic, this would meet the time limit of tests


def test_json_keeps_order_and_refuses_what_json_lacks() -> None:
    root = tree.read("{b: [1, 2.5, true, ~, on], a: {d: 2020-01-01}}").root
    assert root is not None
    assert tree.to_json(root) == '{"b": [1, 2.5, true, null, "on"], "a": {"d": "2020-01-01"}}'
    infinite = tree.read("{a: .inf}").root
    assert infinite is not None
    with pytest.raises(ValueError, match="JSON"):
        tree.to_json(infinite)


PIECES = st.sampled_from(
    "a|b: |- |? |: |  |[|]|{|}|,|&a |*a|<<: |!t |!!int |>-\n|\"|'|\\|\\Uffffffff|\\0|#|%|~|1.0|\n|\t|\r|---\n|...\n"
    "|%YAML 1.1\n|%TAG ".split("|")
)


@pytest.mark.parametrize("loader", LOADERS)
@given(source=st.binary() | st.text() | st.lists(PIECES, max_size=30).map("".join))
def test_reading_never_raises(source: str | bytes, loader: Any) -> None:
    document = tree.read(source, loader)
    assert document.root is not None or document.problems
    for problem in document.problems:
        assert (problem.line or 0) >= 1
        assert (problem.column or 0) >= 1


SIMPLE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text("abc: #-'\"\n[]{}é", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcxyz", min_size=1), inner, max_size=3),
    max_leaves=12,
)


@given(value=st.dictionaries(st.text("kmn", min_size=1), SIMPLE, min_size=1), flow=st.booleans())
def test_what_was_written_is_read_back(value: object, flow: bool) -> None:
    dumper = yaml.SafeDumper
    text = yaml.dump(value, Dumper=dumper, default_flow_style=flow, allow_unicode=True)
    assert plain(text) == value


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a:\tb", [(1, 3)]),
        ("a: b\t# c\td", [(1, 5)]),
        ("a: b # c\td", []),
        ("a: 'b\tc'\nd: >\n  e\tf\t\n", []),
        ("a: 'b'\t\nd: e \t\n", [(1, 7), (2, 6)]),
        ("a: b\n  \tc", [(2, 3)]),
        ("a: >\t\n  b", [(1, 5)]),
    ],
)
def test_tabs_that_only_libyaml_takes(text: str, columns: list[tuple[int, int]]) -> None:
    found = [(each.line, each.column) for each in tree.read(text).problems if each.rule == "yaml-tab-blank"]
    assert found == columns


def test_line_breaks_that_are_none_in_a_file() -> None:
    assert tree.read("a: 1\n\nb\u2028c\u2028: d/e  f\u2028\u2028: [").root is None
    assert tree.read("version: '3.0'\n\na:\n  a:\n    run: x\n    o:\n      h:\n        c\u2028: d  ").root is None


def test_lines_of_tabs_alone_are_empty() -> None:
    document = tree.read("a: 1\n\t\nb: |\n  x\n\n  y\n")
    assert plain_of(document.root) == {"a": 1, "b": "x\n\ny\n"}
    assert [(each.rule, each.line) for each in document.problems] == [("yaml-tab-blank", 2)]
    assert tree.read("a: [1]\n\n \t\nb: 2\n").problems == ()


def plain_of(node: object) -> object:
    assert isinstance(node, tree.Mapping)
    return json.loads(tree.to_json(node))


@pytest.mark.parametrize(
    "text",
    [
        f"a: &a {'x' * 100_000}\nb: [{'*a, ' * 10_000}]",  # a gigabyte
        "".join(f"%TAG !a{number}! b\n" for number in range(50_000)) + "---\na: 1",
    ],
    ids=["repeated text", "directives"],
)
def test_small_files_that_would_take_long_are_refused(text: str) -> None:
    document = tree.read(text)
    assert document.root is None
    assert document.problems[0].rule in {"yaml-nodes", "yaml-syntax"}


def test_two_merges_in_one_mapping_are_a_repeated_key() -> None:
    (problem,) = tree.read("a: &a {x: 1}\nb:\n  <<: *a\n  <<: {y: 2}\n").problems
    assert (problem.rule, problem.line) == ("yaml-duplicate-key", 4)
    assert "the first is on line 3" in problem.message
