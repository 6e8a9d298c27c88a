from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_pipeline.pages import (
    document,
    image_page,
    json_page,
    refusal_page,
    text_page,
)
from jupyter_pipeline.pages.escaping import Html
from jupyter_pipeline.pages.json_text import (
    Members,
    Number,
    read_json,
    written,
)
from tests.helpers import safe_pages

QUICK = settings(deadline=None, max_examples=80)


def body_of(html: str) -> str:
    return safe_pages.read(html).all("main")[0].text


def test_the_frame_has_title_facts_and_notices_before_the_body() -> None:
    page = safe_pages.read(document("output/a.csv", Html("<p>body</p>"), ["Synthetic data"], [("Size", "3 kB")]))
    assert [heading.text for heading in page.all("h1")] == ["output/a.csv"]
    assert [(name.text, value.text) for name, value in zip(page.all("dt"), page.all("dd"), strict=True)] == [
        ("Size", "3 kB")
    ]
    assert [notice.text for notice in page.all("p", "notice")] == ["Synthetic data"]
    assert page.all("html")[0].attributes == {"lang": "en"}
    assert "body" in page.all("main")[0].text


def test_a_text_is_shown_as_it_is_with_its_lines_apart() -> None:
    page = safe_pages.read(text_page("a.md", "# <b>Title</b>\r\n\n\tx\n"))
    assert [line.text for line in page.all("span", "line")] == ["# <b>Title</b>\n", "\n", "\tx\n"]


@QUICK
@given(st.text(st.characters(exclude_categories=["C", "Z", "M"]), min_size=1))
def test_text_stays_as_it_is(text: str) -> None:
    assert body_of(text_page("a", text)).strip("\n") == text


def test_an_empty_text_says_so() -> None:
    assert "The file is empty." in body_of(text_page("a", ""))


def test_of_very_many_lines_none_is_lost() -> None:
    page = safe_pages.read(text_page("a", "x\n" * 30_000))
    assert page.all("pre")[0].text.count("x\n") == 30_000
    assert not page.all("span", "line")


@pytest.mark.parametrize(("kind", "start"), [("image/png", b"\x89PNG\r\n\x1a\n"), ("image/jpeg", b"\xff\xd8\xff\xe0")])
def test_an_image_stands_in_the_page(kind: str, start: bytes) -> None:
    data = start + bytes(range(256))
    page = safe_pages.read(image_page("a", data, kind, 'A "plot"'))
    [image] = page.all("img")
    assert image.attributes["alt"] == 'A "plot"'
    assert image.attributes["src"] == f"data:{kind};base64,{base64.b64encode(data).decode()}"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"<svg onload=alert(1)>", "image/svg+xml"),
        (b"\x89PNG\r\n\x1a\n", 'image/png" onerror="x'),
        (b"<html>", "image/png"),
        (b"\x89PNG\r\n\x1a\n", "image/jpeg"),
        (b"", "image/png"),
    ],
)
def test_what_is_no_image_of_its_type_is_refused(data: bytes, kind: str) -> None:
    with pytest.raises(ValueError, match=r"image|Images"):
        image_page("a", data, kind, "alt")


def test_a_refusal_gives_reason_and_remedy() -> None:
    page = safe_pages.read(refusal_page("a.rds", "Not <viewable>.", "Write a CSV."))
    assert [heading.text for heading in page.all("h2")] == ["This is not shown", "What you can do"]
    assert "Not <viewable>." in page.text
    assert "Write a CSV." in page.text
    assert len(safe_pages.read(refusal_page("a", "No.")).all("h2")) == 1


@pytest.mark.parametrize(
    "number", ["12345678901234567890123", "1.10", "0.1000000000000000055511151231257827", "1e400", "-0", "9" * 6000]
)
def test_numbers_are_shown_as_they_are_written(number: str) -> None:
    page = safe_pages.read(json_page("a", f'{{"n": {number}, "l": [{number}, {{}}]}}'))
    assert page.all("span", "figure")[0].text == number


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def native(value: Any) -> Any:
    if isinstance(value, Members):
        return {name: native(member) for name, member in value}
    if isinstance(value, list):
        return [native(member) for member in value]
    return int(value) if isinstance(value, Number) else value


@QUICK
@given(JSON)
def test_json_is_read_and_written_without_loss(value: Any) -> None:
    assert native(read_json(json.dumps(value))) == value
    assert json.loads(written(read_json(json.dumps(value)))) == value
    safe_pages.read(json_page("a", json.dumps(value)))


def test_json_is_folded_by_its_structure() -> None:
    page = safe_pages.read(json_page("a", json.dumps({"model": {"n": 1, "ok": True}, "list": list(range(400))})))
    summaries = [summary.text for summary in page.all("summary")]
    assert summaries == ["{2 entries}", '"model": {2 entries}', '"list": [400 items]']
    assert ["open" in details.attributes for details in page.all("details")] == [True, True, False]


def test_short_lists_stand_in_one_line() -> None:
    assert "[1, 2.5, null]" in body_of(json_page("a", '{"ci": [1, 2.5, null]}'))


def test_a_long_string_is_folded_and_whole() -> None:
    assert "x" * 5000 in body_of(json_page("a", json.dumps({"s": "x" * 5000})))


def test_names_that_occur_twice_are_shown_twice_and_told() -> None:
    text = body_of(json_page("a", '{"a": 1, "a": 2}'))
    assert '"a": 1' in text
    assert '"a": 2' in text
    assert "names occur twice" in text


@pytest.mark.parametrize("depth", [99, 101, 300, 900])
def test_deep_nesting_ends_as_text(depth: int) -> None:
    page = safe_pages.read(json_page("a", '{"a": ' * depth + '"deepest"' + "}" * depth))
    assert "deepest" in page.text
    assert len(page.all("details")) <= 102
    assert ("nested too deeply, as text" in page.text) == (depth > 100)


def test_endless_nesting_is_shown_as_text() -> None:
    text = "[" * 100_000 + "]" * 100_000
    body = body_of(json_page("a", text))
    assert "nested too deeply to be folded" in body
    assert text in body


def test_a_large_file_is_drawn_in_part_and_none_of_it_is_lost() -> None:
    html = json_page("a", json.dumps([{"id": f"id{number}"} for number in range(30_000)]))
    page = safe_pages.read(html)
    assert len(page.all("li")) < 25_000
    assert "more, as text" in page.text
    assert all(f'"id{number}"' in page.text for number in (0, 9_000, 29_999))
    assert page.text.count('"id"') == 30_000


@pytest.mark.parametrize(
    ("text", "where"), [('{"a": 1,\n "b": }', "line 2, column 7"), ("", "line 1, column 1"), ("[1] x", "line 1")]
)
def test_what_is_no_json_is_shown_as_text_with_the_place(text: str, where: str) -> None:
    body = body_of(json_page("a", text))
    assert "It is not valid JSON" in body
    assert where in body
    assert text.splitlines()[-1:] == [] or text.splitlines()[-1] in body


def test_a_mark_of_the_encoding_does_not_matter() -> None:
    assert "not valid" not in json_page("a", "\ufeff[1]")
