"""Pages of two versions: what a reader sees of texts, tables and images, and how long such a page can get."""

from __future__ import annotations

import json

import pytest

from jupyter_pipeline import pages
from jupyter_pipeline.pages import PageHead, comparisons
from jupyter_pipeline.pages.comparisons import MOST_LINES, MOST_ROWS
from tests.helpers import safe_pages

PNG, JPEG = b"\x89PNG\r\n\x1a\n....", b"\xff\xd8\xff...."
HEAD = PageHead("output/a.csv", [("Action", "a")], ["Synthetic data."])


def text_page(left: str, right: str) -> safe_pages.Page:
    return safe_pages.read(pages.text_comparison_page(HEAD, left, right))


def table_page(left: str, right: str) -> safe_pages.Page:
    tables = (pages.read_csv(text) for text in (left, right))
    return safe_pages.read(pages.table_comparison_page(HEAD, *tables))


def texts(page: safe_pages.Page, tag: str, kind: str = "") -> list[str]:
    return [element.text for element in page.all(tag, kind)]


def test_changed_lines_stand_beside_one_another() -> None:
    page = text_page("one\nx = 1\ngone\n", "one\nx = 2\n\tnew\n")
    assert texts(page, "tr", "changed") == ["~changed2x = 12x = 2"]
    assert (texts(page, "del"), texts(page, "ins")) == (["1", "gone"], ["2", "\tnew"])
    assert "2 lines of the earlier file and 2 of the later differ." in page.text
    assert "Synthetic data." in page.text


def test_what_happened_is_told_by_words_too() -> None:
    page = text_page("x = 1\nalpha\n", "x = 2\nbeta\n")
    assert texts(page, "span", "unseen") == ["What happened", "changed", "removed", "added"]
    assert len(page.all("th")) == 5


def test_equal_lines_are_counted() -> None:
    lines = "".join(f"{number}\n" for number in range(100))
    page = text_page(lines, f"{lines}more\n")
    assert texts(page, "tr", "gap") == ["97 equal lines"]
    assert "Both are the same" not in page.text


@pytest.mark.parametrize("page", [text_page("a\n", "a\n"), table_page("a,b\n1,2\n", "a,b\n1,2\n")])
def test_what_is_the_same_is_said_to_be(page: safe_pages.Page) -> None:
    assert "Both are the same." in page.text


def test_only_the_end_of_the_file_differs() -> None:
    page = text_page("a\n", "a")
    assert "The last line of the later version has no end." in page.text
    assert "Both are the same" not in page.text


def test_long_texts_and_lines_are_cut() -> None:
    page = text_page("", "a\n" * (MOST_LINES + 1))
    assert len(page.all("tr", "added")) == MOST_LINES
    assert f"Only the first {MOST_LINES:,} rows are shown." in page.text
    assert "1,000 more characters" in text_page("", "x" * 3000).text


def test_a_page_of_characters_that_cannot_be_seen_is_not_endless() -> None:
    html = pages.text_comparison_page(HEAD, "", ("\x07" * 1900 + "\n") * 1000)
    assert len(html) < 12_000_000


def test_json_in_one_line_is_laid_out() -> None:
    left, right = (
        {"rows": [{"name": f"row {number}", "n": number + 1000 * more} for number in range(50)]} for more in (0, 1)
    )
    html = pages.json_comparison_page(HEAD, json.dumps(left), json.dumps(right))
    page = safe_pages.read(html)
    assert texts(page, "del")[:2] == ["0", "1"]
    assert texts(page, "ins")[:2] == ["1000", "1001"]
    assert "laid out anew" in page.text
    unread = pages.json_comparison_page(HEAD, "[" * 400, "[" * 401)
    assert "laid out anew" not in unread


def test_changed_cells_have_both_values() -> None:
    page = table_page("sex,n,rate\nF,10,0.5\nM,20,\nX,1,1\n", "sex,n,rate\nF,12,0.5\nM,20,0.1\nO,1,1\n")
    assert texts(page, "td", "changed") == ["10 12", "missing 0.1"]
    assert (texts(page, "del"), texts(page, "ins")) == (["10", "missing"], ["12", "0.1"])
    assert texts(page, "tr", "removed") == ["\N{MINUS SIGN}removed4X11"]
    assert texts(page, "tr", "added") == ["+added4O11"]
    assert "Rows: 2 changed, 1 added, 1 removed (2 cells changed), 0 the same. Matched by sex." in page.text


def test_columns_that_came_and_went_are_named() -> None:
    page = table_page("n,old\n1,2\n", "n,new\n1,3\n")
    assert "Columns added: new. Columns removed: old." in " ".join(page.text.split())
    assert "Both are the same" not in page.text


def test_rows_beyond_the_bound_are_counted() -> None:
    rows = "".join(f"{number},0\n" for number in range(MOST_ROWS + 5))
    page = table_page(f"name,n\n{rows}", f"name,n\n{rows.replace(',0', ',1')}")
    assert len(page.all("tr", "changed")) == MOST_ROWS
    assert "5 more rows left out here." in page.text


def test_of_wide_tables_only_what_differs_is_shown() -> None:
    names = ",".join(f"column{number}" for number in range(40))
    left, right = (f"{names}\n" + ",".join(["1"] * 39) + f",{last}\n" for last in (1, 2))
    page = table_page(left, right)
    assert "Only the columns in which something differs are shown." in page.text
    assert texts(page, "th")[-1] == "column39"
    assert len(page.all("th")) < 10


def test_images_stand_beside_one_another() -> None:
    html = pages.image_comparison_page(HEAD, PNG, JPEG, ("image/png", "image/jpeg"))
    page = safe_pages.read(html)
    assert texts(page, "figcaption") == ["Earlier", "Later"]
    assert [image.attributes["alt"] for image in page.all("img")] == [
        "Earlier version of output/a.csv",
        "Later version of output/a.csv",
    ]
    assert "Both are the same" not in html
    assert "Both are the same" in pages.image_comparison_page(HEAD, PNG, PNG, ("image/png", "image/png"))
    with pytest.raises(ValueError, match="does not hold an image"):
        pages.image_comparison_page(HEAD, PNG, PNG, ("image/png", "image/jpeg"))


def test_every_type_that_can_be_compared_can_be_shown() -> None:
    assert comparisons.TYPES == pages.COMPARED
