"""Matching two sequences: right, as good as can be where that is cheap, and soon over whatever they hold."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.diffs.alignment import Alignment, align, pairs_by_likeness

FEW = st.lists(st.sampled_from("abcd"), max_size=12)


def checked(left: Sequence[object], right: Sequence[object], found: Alignment) -> int:
    """How many items are matched; fails unless they are equal, in order, and each is matched once."""
    i = j = 0
    for begin, other, size in found.blocks:
        assert begin >= i
        assert other >= j
        assert left[begin : begin + size] == right[other : other + size]
        i, j = begin + size, other + size
    assert (i, j) == (len(left), len(right))
    return sum(size for _, _, size in found.blocks)


def most(left: Sequence[object], right: Sequence[object]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(right) + 1)
    for item in left:
        new = [0]
        for at, other in enumerate(right):
            new.append(row[at] + 1 if item == other else max(row[at + 1], new[at]))
        row = new
    return row[-1]


@given(FEW, FEW)
def test_equal_items_are_matched_in_order(left: list[str], right: list[str]) -> None:
    found = align(left, right)
    assert found.complete
    matched = checked(left, right, found)
    assert matched <= most(left, right)
    assert bool(matched) is bool(most(left, right))


@given(FEW)
def test_items_that_all_occur_twice_are_matched_by_the_fewest_edits(items: list[str]) -> None:
    left, right = [*items, *items], [*items[::-1], *items, *items[::-1]]
    if len(set(items)) * 2 == len(left):  # nothing occurs once, so nothing is an anchor
        assert checked(left, right, align(left, right)) == most(left, right)


@given(FEW)
def test_the_same_is_one_block(items: list[str]) -> None:
    assert align(items, items).blocks == (((0, 0, len(items)),) if items else ()) + ((len(items), len(items), 0),)


@pytest.mark.parametrize("words", [1, 2, 20, 150, 3000, 10**9])
def test_long_sequences_of_any_kind_end_within_their_steps(words: int) -> None:
    chance = random.Random(words)
    left, right = ([chance.randrange(words) for _ in range(4000)] for _ in "ab")
    checked(left, right, align(left, right))
    for steps in (0, 100, 20_000):
        assert checked(left, right, align(left, right, steps)) >= 0


def test_steps_that_run_out_are_told() -> None:
    left, right = "abcabc" * 50, "cbacab" * 50
    assert not align(left, right, 0).complete
    assert align(left, right).complete


def likeness(left: str, right: str) -> float:
    return len(set(left) & set(right)) / len(set(left) | set(right))


def paired(left: list[str], right: list[str]) -> list[tuple[str, str]]:
    found = pairs_by_likeness(
        range(len(left)), range(len(right)), lambda i, j: likeness(left[i], right[j]), 0.5
    )  # fmt: skip
    assert all(a < c and b < d for (a, b), (c, d) in itertools.pairwise(found))
    return [(left[i], right[j]) for i, j in found]


def test_versions_of_one_another_are_paired_wherever_they_stand() -> None:
    assert paired(["abc", "xyz"], ["new", "other", "abcd", "more", "xy"]) == [("abc", "abcd"), ("xyz", "xy")]
    assert paired(["abc"], ["xyz"]) == []
    assert paired([], ["a"]) == []


def test_long_stretches_are_paired_one_by_one() -> None:
    many = ["ab"] * 100
    assert len(paired(many, ["abc"] * 99)) == 99
