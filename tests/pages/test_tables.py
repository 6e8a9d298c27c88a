from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.pages import (
    Table,
    TableQuery,
    page_of,
    read_csv,
    summarise,
    table_document,
    table_page,
)
from tests.helpers import safe_pages


def link(changes: Mapping[str, str]) -> str:
    return "?" + urlencode(changes)


def cells(table: Table, sort: int | None, descending: bool = False) -> list[str]:
    return [row.cells[0] for row in page_of(table, sort, descending, 0, 100).rows]


def one(*values: str) -> Table:
    return Table(("c",), [[value] for value in values])


MIXED = one("b", "10", "", "9", "NA", "A", "-1", "1e1", "*")


def test_numbers_come_first_in_their_order_then_texts_and_the_rest_last() -> None:
    assert cells(MIXED, 0) == ["-1", "9", "10", "1e1", "A", "b", "", "NA", "*"]
    assert cells(MIXED, 0, descending=True) == ["10", "1e1", "9", "-1", "b", "A", "", "NA", "*"]
    assert cells(MIXED, None) == ["b", "10", "", "9", "NA", "A", "-1", "1e1", "*"]


@pytest.mark.parametrize("sort", [-1, 1, 99])
def test_a_column_that_is_not_there_sorts_nothing(sort: int) -> None:
    page = page_of(MIXED, sort, True, 0, 100)
    assert (page.sort, page.descending) == (None, False)
    assert [row.line for row in page.rows] == list(range(1, 10))


@pytest.mark.parametrize(
    ("offset", "limit", "lines"),
    [
        (0, 3, [1, 2, 3]),
        (3, 3, [4, 5, 6]),
        (9, 3, [10]),
        (99, 3, [10]),
        (-5, 3, [1, 2, 3]),
        (2, 0, [3]),
        (0, 10**9, list(range(1, 11))),
    ],
)
def test_pages_are_held_within_the_table(offset: int, limit: int, lines: list[int]) -> None:
    page = page_of(one(*"abcdefghij"), None, False, offset, limit)
    assert [row.line for row in page.rows] == lines
    assert page.total == 10


def test_an_empty_table_has_an_empty_page() -> None:
    page = page_of(Table(("a",), []), 0, True, 5, 10)
    assert (page.rows, page.total, page.offset) == ((), 0, 0)


def test_rows_know_their_line_of_the_file_however_they_are_sorted() -> None:
    table = read_csv('a\n\n"x\ny"\n3\n1\n')
    assert [row.line for row in page_of(table, 0, False, 0, 9).rows] == [6, 5, 3]


@given(st.dictionaries(st.sampled_from("sort descending offset limit hide".split()), st.text()))
def test_any_parameters_make_a_query(parameters: dict[str, str]) -> None:
    query = TableQuery.read(parameters)
    assert query.limit >= 1
    assert query.offset >= 0


def test_a_query_is_read_from_parameters() -> None:
    asked = {"sort": "2", "descending": "1", "offset": "50", "limit": "25", "hide": "0,3,x,-1,"}
    assert TableQuery.read(asked) == TableQuery(2, True, 50, 25, frozenset({0, 3}))
    assert TableQuery.read({"sort": "x", "limit": "0", "offset": "9" * 99}) == TableQuery()


TEXT = "name,count,rate\n" + "".join(f"n{number},{number},{number}.5\n" for number in range(60))


def rendered(text: str = TEXT, linked: bool = True, hidden: Sequence[int] = (), **asked: object) -> safe_pages.Page:
    table = read_csv(text)
    query = TableQuery.read({name: str(value) for name, value in asked.items()})
    page = page_of(table, query.sort, query.descending, query.offset, query.limit)
    given_link = link if linked else None
    html = table_page("t.csv", table, page, summarise(table), link=given_link, hidden=set(hidden))
    return safe_pages.read(html)


def asked_by(page: safe_pages.Page, words: str) -> dict[str, list[str]]:
    found = {
        anchor.attributes["href"].removeprefix("?")
        for anchor in page.all("a")
        if words in anchor.text or words in anchor.attributes.get("aria-label", "")
    }
    assert len(found) == 1, found
    return parse_qs(found.pop(), keep_blank_values=True)


def test_links_sort_turn_pages_and_hide() -> None:
    page = rendered(limit=25, offset=25)
    assert asked_by(page, "Next") == {"offset": ["50"]}
    assert asked_by(page, "Previous") == {"offset": ["0"]}
    assert asked_by(page, "100") == {"limit": ["100"], "offset": [""]}
    assert asked_by(page, "count ") == {"sort": ["1"], "descending": [""], "offset": [""]}
    assert asked_by(page, "Hide column rate") == {"hide": ["2"]}


def test_a_second_click_turns_the_order_and_a_third_ends_it() -> None:
    assert asked_by(rendered(sort=1), "count ")["descending"] == ["1"]
    assert asked_by(rendered(sort=1, descending=1), "count ")["sort"] == [""]


def test_heads_say_how_they_are_sorted() -> None:
    heads = rendered(sort=1, descending=1).all("th")
    states = [head.attributes["aria-sort"] for head in heads if "aria-sort" in head.attributes]
    assert states == ["none", "descending", "none"]


def test_the_first_page_has_no_link_back_and_the_last_none_onward() -> None:
    names = [anchor.text for anchor in rendered(limit=25).all("a", "step")]
    assert not any("Previous" in name for name in names)
    assert any("Next" in name for name in names)
    names = [anchor.text for anchor in rendered(limit=25, offset=50).all("a", "step")]
    assert names
    assert not any("Next" in name for name in names)


def test_hidden_columns_are_named_and_can_be_shown_again() -> None:
    page = rendered(hidden=[1], limit=5)
    assert len(page.all("td", "number")) > 0
    rows = page.text.split("Rows 1 to 5", 1)[1]
    assert "n3" in rows
    assert "3.5" in rows
    heads = [head.text for head in page.all("th") if "aria-sort" in head.attributes]
    assert not any("count" in head for head in heads)
    assert asked_by(page, "Hide column rate") == {"hide": ["1,2"]}
    assert {"hide": [""]} in [asked_by(page, "show all"), asked_by(page, "count")]
    assert "count" in page.text.split("Rows 1 to 5")[0]  # the summary leaves nothing out


def test_without_links_there_is_nothing_to_click_but_the_way_to_the_rows() -> None:
    page = rendered(linked=False)
    assert [anchor.attributes["href"] for anchor in page.all("a")] == ["#rows"]


def test_tables_have_captions_and_their_cells_heads() -> None:
    page = rendered(limit=3)
    assert len(page.all("table")) == len(page.all("caption")) == 2
    assert all(head.attributes["scope"] in ("col", "row") for head in page.all("th"))
    regions = page.all("div", "scroll")
    assert all(region.attributes["tabindex"] == "0" for region in regions)
    ids = {element.attributes["id"] for element in page.elements if "id" in element.attributes}
    assert {region.attributes["aria-labelledby"] for region in regions} <= ids
    assert len(page.all("h1")) == 1


def test_the_summary_says_in_words_what_deserves_a_look() -> None:
    page = rendered("count\n3\n11\n\n")
    assert "the smallest number but 0 is 3, at most 7" in page.text
    assert "whole numbers that are not rounded" in page.text
    assert "1 of 1 columns are worth a look" in page.text
    assert "nothing stands out" in rendered("count\n10\n").text


def test_kinds_of_cells_can_be_told_apart() -> None:
    page = rendered("a,b\n3,x\n30,\n[REDACTED],y\n-7.0,z\n7.5,w\n")
    rows = [element.text for element in page.all("td") if "small" in element.attributes.get("class", "").split()]
    assert rows == ["3", "-7.0"]
    assert [element.text for element in page.all("td", "redacted")] == ["[REDACTED]"]
    assert [element.text for element in page.all("td", "hint")] == ["missing"]


def test_numbers_too_long_for_a_cell_are_shortened_in_the_summary_only() -> None:
    page = rendered(f"a\n{'9' * 60}\n")
    assert "9" * 60 in page.text
    assert "1.000000000000E+60" in page.text


def test_columns_without_names_are_numbered() -> None:
    assert "column 2, without a name" in rendered("a,\n1,2\n").text


def test_the_form_for_programmes_holds_what_the_page_holds() -> None:
    table = read_csv("a,b\n20,x\n10,NA\n")
    page = page_of(table, 0, False, 0, 1)
    document = table_document(table, page, summarise(table))
    assert json.loads(json.dumps(document)) == document
    assert document["columns"] == ["a", "b"]
    assert document["rows"] == [{"line": 3, "cells": ["10", "NA"]}]
    assert document["total_rows"] == 2
    assert document["sort"] == {"column": 0, "descending": False}
    first = document["summary"][0]
    assert (first["name"], first["sum"], first["numeric"], first["rounding"]) == (
        "a",
        "30",
        2,
        "all counts are multiples of 5",
    )
    assert document["summary"][1]["redacted"] == 1
