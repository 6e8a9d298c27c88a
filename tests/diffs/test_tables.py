"""Two versions of a table: every row is there once, matched as a person would, and what changed is what is said."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.diffs import tables
from jupyter_pipeline.diffs.tables import TableDifferences
from jupyter_pipeline.pages import Table, compare_tables, read_csv


def compare(left: str, right: str) -> TableDifferences:
    return compare_tables(read_csv(left), read_csv(right))


def told(found: TableDifferences) -> list[tuple[str, int | None, int | None, tuple[int, ...]]]:
    return [(row.kind, row.left, row.right, row.changed) for row in found.rows]


def test_rows_are_matched_by_the_columns_that_name_them() -> None:
    left = "age,sex,count\n18,F,10\n18,M,20\n40,F,30\n40,M,40\n"
    right = "age,sex,count\n18,F,10\n18,M,25\n30,F,1\n40,M,40\n"
    found = compare(left, right)
    assert found.key == ("age", "sex")
    assert told(found) == [("changed", 1, 1, (2,)), ("removed", 2, None, ()), ("added", None, 2, ())]
    assert found.same == 2


def test_rows_in_another_order_are_the_same_rows() -> None:
    found = compare("name,count\na,1\nb,2\nc,3\n", "name,count\nc,3\na,1\nb,5\n")
    assert told(found) == [("changed", 1, 2, (1,))]
    assert found.notes == ("The rows stand in another order.",)


def test_rows_without_names_are_matched_by_their_order() -> None:
    left, right = "count\n1\n2\n2\n3\n", "count\n1\n2\n5\n3\n9\n"
    found = compare(left, right)
    assert found.key == ()
    assert told(found) == [("changed", 2, 2, (0,)), ("added", None, 4, ())]


def test_columns_are_matched_by_their_names() -> None:
    found = compare("name,old,count\na,x,1\n", "name,count,new\na,2,y\n")
    assert [(one.name, one.left, one.right) for one in found.columns] == [
        ("name", 0, 0), ("count", 2, 1), ("new", None, 2), ("old", 1, None)
    ]  # fmt: skip
    assert told(found) == [("changed", 0, 0, (1,))]


def test_columns_of_one_name_and_in_another_order() -> None:
    found = compare("a,b,b\n1,2,3\n", "b,b,a\n2,4,1\n")
    assert [(one.name, one.left, one.right) for one in found.columns] == [("b", 1, 0), ("b", 2, 1), ("a", 0, 2)]
    assert told(found) == [("changed", 0, 0, (1,))]
    assert "The columns stand in another order." in found.notes


def test_tables_with_nothing_in_common() -> None:
    assert told(compare("a\n1\n", "b\n1\n")) == []
    assert told(compare("", "")) == []
    assert told(compare("a\n", "a\n1\n")) == [("added", None, 0, ())]


def test_tables_that_are_too_large_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_CELLS", 3)
    with pytest.raises(ValueError, match="more than 3 cells"):
        compare("a,b\n1,2\n3,4\n", "a\n1\n")


def test_long_tables_of_any_kind_are_compared() -> None:
    chance = random.Random(1)
    for values in (2, 50, 10**9):
        left, right = (
            Table(("a", "b"), [[str(chance.randrange(values)), str(chance.randrange(values))] for _ in range(5000)])
            for _ in "ab"
        )
        found = compare_tables(left, right)
        assert found.same + len(found.rows) >= 5000


CELL = st.sampled_from(["", "1", "2", "x"])
ROWS = st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=8)
NAMES = st.permutations(["a", "b", "c"])


def written(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    text = io.StringIO()
    csv.writer(text).writerows([names, *rows])
    return read_csv(text.getvalue())


@given(NAMES, ROWS, NAMES, ROWS)
def test_every_row_is_there_once_and_only_what_changed_is_said(
    names: list[str], rows: list[list[str]], others: list[str], more: list[list[str]]
) -> None:
    left, right = written(names, rows), written(others, more)
    found = compare_tables(left, right)
    lefts, rights = ([getattr(row, side) for row in found.rows if getattr(row, side) is not None] for side in
                     ("left", "right"))  # fmt: skip
    assert len(lefts) == len(set(lefts)) == len(left.rows) - found.same
    assert len(rights) == len(set(rights)) == len(right.rows) - found.same
    assert rights == sorted(rights)
    for row in found.rows:
        assert bool(row.changed) is (row.kind == "changed")
        if row.left is None or row.right is None:
            continue
        for place, one in enumerate(found.columns):
            if one.left is not None and one.right is not None:
                same = left.rows[row.left][one.left] == right.rows[row.right][one.right]
                assert same is (place not in row.changed)


@given(NAMES, ROWS)
def test_a_table_beside_itself_is_the_same(names: list[str], rows: list[list[str]]) -> None:
    table = written(names, rows)
    found = compare_tables(table, table)
    assert (found.rows, found.same, found.notes) == ((), len(table.rows), ())
