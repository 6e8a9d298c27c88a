from __future__ import annotations

import json
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_pipeline.pages import (
    ColumnSummary,
    Table,
    page_of,
    read_csv,
    remarks,
    summarise,
    table_document,
)
from jupyter_pipeline.tables.numbers import OTHER_MARKS, PLATFORM_MARKS

QUICK = settings(deadline=None, max_examples=150)


def column(*cells: str) -> ColumnSummary:
    [summary] = summarise(Table(("c",), [[cell] for cell in cells]))
    return summary


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2", "+3", " 4 "], "integer"),
        (["9" * 5000], "integer"),
        (["1", "2.5"], "float"),
        (["1e3"], "float"),
        (["1.", ".5"], "float"),
        (["5", "[REDACTED]", ""], "integer"),
        (["a", "b"], "text"),
        (["a", "1"], "mixed"),
        (["", " "], "empty"),
        (["redacted", ""], "empty"),
        ([], "empty"),
        (["inf"], "text"),
        (["nan", "NaN", "Infinity", "-inf"], "text"),
        (["1,234"], "text"),
        (["1_000"], "text"),
        (["0x10"], "text"),
        (["١٢"], "text"),
        (["1e9999"], "text"),
        (["1e5", "1e99999999"], "mixed"),
        (["."], "text"),
        (["-"], "text"),
        (["1 2"], "text"),
    ],
)
def test_the_type_of_a_column(cells: list[str], kind: str) -> None:
    assert column(*cells).type == kind


@pytest.mark.parametrize("mark", sorted(PLATFORM_MARKS))
def test_marks_of_the_platform_are_redacted(mark: str) -> None:
    found = column(mark, mark.upper(), f"  {mark.title()} ", "7")
    assert (found.redacted, found.redacted_otherwise, found.numeric, found.type) == (3, 0, 1, "integer")
    assert not any("mark" in remark for remark in remarks(found))


@pytest.mark.parametrize("mark", sorted(OTHER_MARKS))
def test_other_marks_are_told_apart(mark: str) -> None:
    found = column(mark, f" {mark.upper()}", "60")
    assert (found.redacted, found.redacted_otherwise, found.type) == (2, 2, "integer")
    assert any("2 cells redacted with a mark that the platform takes as text" in remark for remark in remarks(found))


def test_the_platforms_list_is_the_platforms() -> None:
    assert {"redacted", "[redacted]", "na", "n/a", "<=7"} == PLATFORM_MARKS
    assert not PLATFORM_MARKS & OTHER_MARKS


def test_the_figures_of_a_column() -> None:
    found = column("10", "0", "25", "", "NA", "10", "x")
    assert found == ColumnSummary(
        name="c",
        type="mixed",
        total=7,
        numeric=4,
        missing=1,
        redacted=1,
        minimum=Decimal(0),
        smallest_nonzero=Decimal(10),
        maximum=Decimal(25),
        sum=Decimal(45),
        divisible_by_5=True,
        divisible_by_6=False,
        midpoint6=False,
        whole=True,
    )
    assert found.texts == 1


@pytest.mark.parametrize(
    ("cells", "smallest"),
    [(["0", "3"], "3"), (["-100", "5"], "5"), (["-3", "3"], "3"), (["-2", "5"], "-2"), (["0.0", "-0"], None)],
)
def test_the_smallest_number_is_the_nearest_to_zero(cells: list[str], smallest: str | None) -> None:
    assert column(*cells).smallest_nonzero == (None if smallest is None else Decimal(smallest))


@pytest.mark.parametrize("zero", ["-0", "-0.0", "0e5", "-0e-999"])
def test_zero_has_no_sign_and_no_exponent(zero: str) -> None:
    found = column(zero)
    assert [str(value) for value in (found.minimum, found.maximum, found.sum)] == ["0", "0", "0"]


@pytest.mark.parametrize(
    ("cells", "rounding"),
    [
        (["5", "10", "0"], "all counts are multiples of 5"),
        (["5.0", "10.0"], "all counts are multiples of 5"),
        (["3", "9", "0", "21"], "all counts are midpoint-6 rounded"),
        (["15", "45"], "all counts are multiples of 5 (and midpoint-6 rounded)"),
        (["30", "60"], "all counts are multiples of 5 (and of 6)"),
        (["6", "12"], "all counts are multiples of 6"),
        (["0", "0"], "all counts are 0"),
        (["5", "11"], ""),
        (["5", "-5"], ""),
        (["5", "10.5"], ""),
        (["a"], ""),
        ([], ""),
    ],
)
def test_rounding_is_told(cells: list[str], rounding: str) -> None:
    assert column(*cells).rounding == rounding


@pytest.mark.parametrize(
    ("cells", "remark"),
    [
        (["7", "10"], "the smallest number but 0 is 7, at most 7"),
        (["3", "9"], "(midpoint-6 rounding makes 3 of 1 to 6)"),
        (["11", "23"], "whole numbers that are not rounded"),
        (["0.5"], "fractions"),
        (["10", ""], "1 missing"),
        (["10", "x"], "1 text among the numbers"),
    ],
)
def test_what_deserves_a_look_is_said(cells: list[str], remark: str) -> None:
    assert any(remark in found for found in remarks(column(*cells)))


@pytest.mark.parametrize("cells", [["10", "20", "0", "[redacted]"], ["a", "b"], ["9", "15"], []])
def test_nothing_is_said_of_what_is_fine(cells: list[str]) -> None:
    assert remarks(column(*cells)) == ()


NUMBERS = st.one_of(
    st.integers().map(str),
    st.integers(-(10**40), 10**40).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9).map(str),
)


@QUICK
@given(cells=st.lists(NUMBERS, min_size=1))
@example(cells=["1e308", "1e-308", "-1e308"])
@example(cells=["0.1"] * 10)
@example(cells=["9" * 5000, "1"])
@example(cells=["1e999", "1e-999", "7"])
def test_sums_and_extremes_are_exact(cells: list[str]) -> None:
    found = column(*cells)
    values = [Fraction(Decimal(cell)) for cell in cells]
    assert found.numeric == len(cells)
    assert found.sum is not None
    assert Fraction(found.sum) == sum(values)
    assert found.minimum == min(map(Decimal, cells))
    assert found.maximum == max(map(Decimal, cells))
    nonzero = [abs(value) for value in values if value]
    assert (found.smallest_nonzero is None) == (not nonzero)
    assert found.smallest_nonzero is None or abs(Fraction(found.smallest_nonzero)) == min(nonzero)
    assert found.whole == all(value.denominator == 1 for value in values)
    assert found.divisible_by_5 == all(value % 5 == 0 for value in values)
    assert found.divisible_by_6 == all(value % 6 == 0 for value in values)
    assert found.midpoint6 == all(value == 0 or value % 6 == 3 for value in values)


def test_sums_do_not_depend_on_the_precision_that_somebody_set() -> None:
    with localcontext() as context:
        context.prec = 3
        assert column("123456789.5", "0.25").sum == Decimal("123456789.75")


ANY_TEXT = st.one_of(
    st.text(st.characters(), max_size=20), NUMBERS, st.sampled_from([*PLATFORM_MARKS, *OTHER_MARKS, "", " ", "1e400"])
)


@QUICK
@given(rows=st.lists(st.tuples(ANY_TEXT, ANY_TEXT)), descending=st.booleans())
def test_no_text_breaks_a_summary_and_counts_add_up(rows: list[tuple[str, str]], descending: bool) -> None:
    table = Table(("a", "b"), rows)
    summary = summarise(table)
    for found in summary:
        assert found.total == len(rows)
        assert found.texts >= 0
        assert found.redacted >= found.redacted_otherwise
        assert (found.sum is None) == (found.numeric == 0)
    page = page_of(table, 1, descending, 0, 5000)
    assert sorted(row.line for row in page.rows) == list(range(1, len(rows) + 1))
    json.dumps(table_document(table, page, summary))


@pytest.mark.parametrize("rows", [[["1"], ["1", "2"]], [["1", "2"], []]])
def test_a_table_has_rows_of_one_length(rows: list[list[str]]) -> None:
    with pytest.raises(ValueError, match="number of cells"):
        Table(("a", "b"), rows)


def test_a_table_has_a_line_for_each_row_or_none() -> None:
    with pytest.raises(ValueError, match="number of lines"):
        Table(("a",), [["1"]], lines=[2, 3])


@pytest.mark.parametrize(
    ("text", "columns", "rows", "lines"),
    [
        ("", (), [], []),
        ("\n\n", (), [], []),
        ("a,b", ("a", "b"), [], []),
        ("\ufeffa,b\n1,2\n", ("a", "b"), [["1", "2"]], [2]),
        ("a,a\r\n1,2\r\n", ("a", "a"), [["1", "2"]], [2]),
        ('a,b\n"1\n2",3\n4,5\n', ("a", "b"), [["1\n2", "3"], ["4", "5"]], [2, 4]),
        ("\na,b\n\n1,2\n", ("a", "b"), [["1", "2"]], [4]),
        ("a,b\n1\n", ("a", "b"), [["1", ""]], [2]),
        ("a,b\n1,2,3\n4,5\n", ("a", "b", ""), [["1", "2", "3"], ["4", "5", ""]], [2, 3]),
        ('a,b\n"x ""y""",<&>\n', ("a", "b"), [['x "y"', "<&>"]], [2]),
    ],
)
def test_reading_csv(text: str, columns: tuple[str, ...], rows: list[list[str]], lines: list[int]) -> None:
    table = read_csv(text)
    assert (table.columns, list(table.rows), list(table.lines)) == (columns, rows, lines)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("", "The file is empty."),
        ("a,b\n1,2\n3\n", "Line 3 has fewer cells"),
        ("a,b\n3\n1\n", "Lines 2 and 3 have fewer cells"),
        ("a\n" + "1,2\n" * 9, "Lines 2, 3, 4, 5, 6 and 4 more have more cells"),
        ("a,b\n1,2,3,4\n", "2 without a name"),
        ("a\n\n1\n", "1 empty line is left out."),
        ("a\n\n\n1\n", "2 empty lines are left out."),
    ],
)
def test_what_was_mended_is_said(text: str, note: str) -> None:
    assert any(note in found for found in read_csv(text).notes)


def test_nothing_is_said_of_a_table_that_was_fine() -> None:
    assert read_csv("a,b\n1,2\n").notes == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('a,b\n1,"never closed\n', "Line 2 cannot be read as CSV"),
        ('a\n"b"c\n', "Line 2 cannot be read as CSV"),
        ("a" + "," * 20_000, "16,384 columns at most"),
        ("a\n" + "1\n" * 20_000 + "," * 10_000, "too much to show"),
        ("x" * (16 * 1024 * 1024 + 1), "field"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as refused:
        read_csv(text)
    assert str(refused.value).endswith(".")


@QUICK
@given(text=st.text(st.sampled_from('ab,"\n\r\0 é1'), max_size=40))
def test_any_text_is_a_table_or_refused(text: str) -> None:
    try:
        table = read_csv(text)
    except ValueError:
        return
    assert len(table.lines) == len(table.rows)
    assert list(table.lines) == sorted(set(table.lines))
