from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.rules import patterns
from jupyter_pipeline.rules.patterns import PatternIndex, overlap


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("output/a.csv", "output/a.csv", True),
        ("output/a.csv", "output/A.csv", False),
        ("output/*.csv", "output/a.csv", True),
        ("output/*.csv", "output/.csv", True),
        ("output/*", "output/.hidden", True),
        ("output/*.csv", "output/deep/a.csv", False),
        ("output/*/a.csv", "output/deep/a.csv", True),
        ("*/*.csv", "output/a.csv", True),
        ("output/*", "output/", False),
        ("output/a*a", "output/a", False),
        ("output/a*a", "output/aa", True),
        ("output/a*b*c", "output/a-b-b-c", True),
        ("output/a*b*c", "output/acb", False),
        ("output/a*b*b", "output/ab", False),
        ("output/x.csv", "output/xxcsv", False),
        ("output/[a].csv", "output/[a].csv", True),
        ("output/*\n", "output/a\n", True),
    ],
)
def test_star_stays_within_one_folder(pattern: str, path: str, expected: bool) -> None:
    assert patterns.compile(pattern)(path) is expected
    assert (pattern in PatternIndex([pattern, "other/*"]).matching(path)) is expected


def test_matches_what_pathlib_globs(tmp_path: Path) -> None:
    names = ["a.csv", ".csv", "b.csv.gz", "ab", ".hidden", "sub/a.csv", "sub/.x"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for pattern in ("*.csv", "*", "a*", "*/*", "sub/*", "*b*", ".*", "*/*.csv"):
        globbed = {found.relative_to(tmp_path).as_posix() for found in tmp_path.glob(pattern) if found.is_file()}
        matches = patterns.compile(pattern)
        assert {name for name in names if matches(name)} == globbed, pattern


def test_a_pattern_of_many_stars_does_not_backtrack() -> None:
    assert not patterns.compile("a*" * 50 + "b")("a" * 5000)
    assert overlap("a*" * 50 + "b", "*a" * 50 + "c") is None


@pytest.mark.parametrize(
    ("one", "other", "example"),
    [
        ("output/a.csv", "output/a.csv", "output/a.csv"),
        ("output/a.csv", "output/b.csv", None),
        ("output/*.csv", "output/a.csv", "output/a.csv"),
        ("output/input_*", "output/inpu*", "output/input_"),
        ("output/a*.csv", "output/*b.csv", "output/ab.csv"),
        ("output/*.csv", "output/*.txt", None),
        ("output/*", "logs/*", None),
        ("output/*", "output/*/a", None),
        ("*/a", "output/*", "output/a"),
        ("*", "*", "x"),
        ("*.csv", "*.csv", "x.csv"),
        ("a*c", "a*b*c", "abc"),
    ],
)
def test_overlap_gives_an_example(one: str, other: str, example: str | None) -> None:
    assert overlap(one, other) == example
    assert (overlap(other, one) is None) == (example is None)


SEGMENT = st.text("ab.*", min_size=1, max_size=5).filter(lambda text: "**" not in text)
PATTERN = st.lists(SEGMENT, min_size=1, max_size=2).map("/".join)
NAMES = ["".join(each) for size in range(1, 7) for each in itertools.product("ab.", repeat=size)]


@given(one=PATTERN, other=PATTERN)
def test_overlap_examples_match_both(one: str, other: str) -> None:
    example = overlap(one, other)
    if example is not None:
        assert patterns.compile(one)(example)
        assert patterns.compile(other)(example)


@given(one=SEGMENT, other=SEGMENT)
def test_no_example_means_that_no_path_matches_both(one: str, other: str) -> None:
    if overlap(one, other) is None:
        both = [name for name in NAMES if patterns.compile(one)(name) and patterns.compile(other)(name)]
        assert both == []


@given(pattern=SEGMENT, name=st.text("ab.", min_size=1, max_size=8))
def test_compile_agrees_with_a_regular_expression(pattern: str, name: str) -> None:
    expression = re.escape(pattern).replace(r"\*", "[^/]*")
    assert patterns.compile(pattern)(name) == (re.fullmatch(expression, name) is not None)


@given(many=st.lists(PATTERN, max_size=12), path=PATTERN.map(lambda text: text.replace("*", "a")))
def test_the_index_finds_what_trying_all_finds(many: list[str], path: str) -> None:
    assert PatternIndex(many).matching(path) == tuple(dict.fromkeys(p for p in many if patterns.compile(p)(path)))


@given(many=st.lists(PATTERN, max_size=12))
def test_candidate_pairs_hold_every_overlapping_pair_once(many: list[str]) -> None:
    pairs = [frozenset(pair) for pair in PatternIndex(many).candidate_pairs()]
    assert len(pairs) == len(set(pairs))
    every = {frozenset(pair) for pair in itertools.combinations(dict.fromkeys(many), 2) if overlap(*pair) is not None}
    assert every <= set(pairs)


def test_nearest_prefers_the_same_name_elsewhere() -> None:
    paths = ["output/plots_a.png", "figures/plot_1.png", "data/input.csv", "output/table.csv"]
    assert patterns.nearest("output/plot_*.png", paths) == ["figures/plot_1.png", "output/plots_a.png"]
    assert patterns.nearest("output/plot_*.png", paths, limit=1) == ["figures/plot_1.png"]
    assert patterns.nearest("zzz.qqq", paths) == []
    assert patterns.nearest("output/tabel.csv", paths) == ["output/table.csv"]
