"""Texts side by side: the rows rebuild both, marks mark what differs, and no text takes long."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.diffs.texts import (
    MOST_ROWS,
    Row,
    Side,
    compare_texts,
    count,
    lines_of,
    marks_of,
    rows_of,
)

LINE = st.one_of(st.sampled_from(["", "a", "b", "x = 1", "x = 2", "    return x"]), st.text(max_size=8))
TEXT = st.builds(lambda lines, end: "\n".join(lines) + end, st.lists(LINE, max_size=14), st.sampled_from(["", "\n"]))


def told(rows: Sequence[Row]) -> list[str]:
    """Rows as short texts, such as ``2~3 x = [1]|x = [2]``."""
    return [f"... {row.count}" if row.kind == "gap" else _told(row) for row in rows]


def _told(row: Row) -> str:
    sign = {"same": "=", "changed": "~", "added": "+", "removed": "-"}[row.kind]
    sides = [row.left, row.right]
    numbers = sign.join(str(side.line) if side else "" for side in sides)
    texts = [_marked(side) for side in sides if side]
    return f"{numbers} {'|'.join(dict.fromkeys(texts) if row.kind == 'same' else texts)}"


def _marked(side: Side) -> str:
    text = side.text
    for begin, end in reversed(side.marks):
        text = f"{text[:begin]}[{text[begin:end]}]{text[end:]}"
    return text


def sides(rows: Sequence[Row], which: str) -> list[Side]:
    return [side for row in rows if (side := getattr(row, which)) is not None]


@given(TEXT, TEXT)
def test_rows_rebuild_both_texts(left: str, right: str) -> None:
    rows = compare_texts(left, right, context=None).rows
    for text, which in ((left, "left"), (right, "right")):
        found = sides(rows, which)
        assert [side.text for side in found] == lines_of(text)
        assert [side.line for side in found] == list(range(1, len(found) + 1))


@given(TEXT, TEXT)
def test_rows_are_what_they_are_called(left: str, right: str) -> None:
    found = compare_texts(left, right, context=None)
    for row in found.rows:
        there = (row.left is not None, row.right is not None)
        assert there == {"added": (False, True), "removed": (True, False)}.get(row.kind, (True, True))
        if row.left and row.right:
            assert (row.left.text == row.right.text) is (row.kind == "same")
    kinds = [row.kind for row in found.rows]
    assert found.added == kinds.count("added") + kinds.count("changed")
    assert found.removed == kinds.count("removed") + kinds.count("changed")
    assert (found.added, found.removed) == count(left, right)


@given(TEXT, TEXT)
def test_gaps_stand_for_equal_lines_only(left: str, right: str) -> None:
    whole, short = (compare_texts(left, right, context=context).rows for context in (None, 1))
    at = 0
    for row in short:
        if row.kind == "gap":
            assert all(other.kind == "same" for other in whole[at : at + row.count])
            assert row.count > 1
            at += row.count
        else:
            assert row == whole[at]
            at += 1
    assert at == len(whole) if short else all(row.kind == "same" for row in whole)


@given(st.text(max_size=30), st.text(max_size=30))
def test_what_is_not_marked_is_equal(left: str, right: str) -> None:
    rest = []
    for text, marks in zip((left, right), marks_of(left, right), strict=True):
        at, kept = 0, ""
        for begin, end in marks:
            assert at <= begin < end <= len(text)
            kept, at = kept + text[at:begin], end
        rest.append(kept + text[at:])
    assert rest[0].split() == rest[1].split()


def test_an_edit_in_a_long_text() -> None:
    lines = [f"line {number}" for number in range(1, 21)]
    other = [*lines[:9], "line 10 is new", *lines[10:15], "new", *lines[15:]]
    found = compare_texts("\n".join(lines) + "\n", "\n".join(other) + "\n")
    assert told(found.rows) == [
        *("... 6", "7=7 line 7", "8=8 line 8", "9=9 line 9", "10~10 line 10|line 10[ is new]"),
        *(f"{number}={number} line {number}" for number in range(11, 16)),
        *("+16 new", "16=17 line 16", "17=18 line 17", "18=19 line 18", "... 2"),
    ]  # fmt: skip
    assert (found.added, found.removed, found.notes) == (2, 1, ())


def test_lines_that_were_put_in_between_do_not_hide_what_became_of_a_line() -> None:
    left = "def mean(values):\n    return sum(values) / len(values)\n"
    right = (
        "def mean(values, empty=0):\n    if not values:\n        return empty\n    return sum(values) / len(values)\n"
    )
    assert told(compare_texts(left, right).rows) == [
        "1~1 def mean(values):|def mean(values[, empty=0]):",
        "+2     if not values:",
        "+3         return empty",
        "2=4     return sum(values) / len(values)",
    ]


def test_lines_without_a_word_in_common_are_not_beside_one_another() -> None:
    assert told(compare_texts("alpha\n", "beta\n").rows) == ["1- alpha", "+1 beta"]


def test_texts_that_are_the_same_have_no_rows() -> None:
    found = compare_texts("a\nb\n", "a\nb\n")
    assert (found.rows, found.notes) == ((), ())


@pytest.mark.parametrize(
    ("left", "right", "note"),
    [
        ("a\r\nb\r\n", "a\nb\n", "The line ends of the earlier version are those of Windows."),
        ("a\nb\n", "a\r\nb\r\n", "The line ends of the later version are those of Windows."),
        ("a\nb", "a\nb\n", "The last line of the earlier version has no end."),
        ("a\n", "a", "The last line of the later version has no end."),
    ],
)
def test_ends_of_lines_are_told_of(left: str, right: str, note: str) -> None:
    found = compare_texts(left, right)
    assert (found.rows, found.notes) == ((), (note,))


def test_a_new_text_is_added_as_a_whole() -> None:
    assert told(compare_texts("", "a\nb").rows) == ["+1 a", "+2 b"]
    assert rows_of("a\nb", "added") == compare_texts("", "a\nb").rows
    assert rows_of("a\nb", "removed") == compare_texts("a\nb", "").rows


@pytest.mark.parametrize("kind", ["edited", "words", "shuffled", "lines", "long", "empty"])
def test_bounds_hold_whatever_the_text(kind: str) -> None:
    chance = random.Random(kind)
    lines = [f"value {number} = {chance.random()}" for number in range(6000)]
    pairs = {
        "edited": (lines, [line.replace("=", "==") for line in lines]),
        "words": ([chance.choice("ab") for _ in lines], [chance.choice("ab") for _ in lines]),
        "shuffled": (lines, chance.sample(lines, len(lines))),
        "lines": (lines, [chance.choice(lines) for _ in lines]),
        "long": (["x y " * 300_000], ["x z " * 300_000]),
        "empty": ([""] * 500_000, ["a"]),
    }
    left, right = ("\n".join(each) + "\n" for each in pairs[kind])
    found = compare_texts(left, right)
    assert len(found.rows) <= MOST_ROWS
    if kind == "empty":
        assert found.notes == (f"Only the first {MOST_ROWS:,} rows are shown.",)


def test_steps_that_run_out_are_told() -> None:
    chance = random.Random(1)
    left, right = ("\n".join(chance.choice("ab") for _ in range(3000)) for _ in "ab")
    found = compare_texts(left, right, steps=1000)
    assert found.notes == ("The two differ in so many places that some equal lines may be shown as changed.",)
