"""No page lets through what a file brings: neither markup nor what cannot be seen, whatever the file holds."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_pipeline import pages
from jupyter_pipeline.pages import PageHead, escaping
from tests.helpers import safe_pages

PNG = b"\x89PNG\r\n\x1a\n...."
ATTACKS = [
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><svg onload=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '" onmouseover="alert(1)',
    "javascript:alert(1)",
    "<a href=javascript:alert(1)>x</a>",
    "<!-- --><iframe src=//evil></iframe>",
    "</pre></bdi></td></table><form action=//evil><input>",
    "&lt;script&gt;&#60;script&#62;",
    "]]><script>",
    "<?php ?><!DOCTYPE x><base href=//evil>",
    "\x1b[31m<script>\x1b[0m\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07",
    "\x00<\x00script>",
    "<\u200bscript>",
]


def link(changes: Mapping[str, str]) -> str:
    return "?" + urlencode(changes)


def table_page(text: str, sort: int | None = 0) -> str:
    try:
        table = pages.read_csv(text)
    except ValueError as error:
        return pages.refusal_page(text, str(error), text)
    page = pages.page_of(table, sort, True, 0, 50)
    summary = pages.summarise(table)
    return pages.table_page(text, table, page, summary, link=link, hidden={1}, notices=[text], facts=[(text, text)])


PAGES: dict[str, Callable[[str], str]] = {
    "table": table_page,
    "cell": lambda text: table_page('a,b\n"' + text.replace('"', '""') + '",1\n'),
    "column": lambda text: table_page('"' + text.replace('"', '""') + '",b,b\n1,2\n'),
    "text": lambda text: pages.text_page(text, text, [text], [(text, text)]),
    "log": lambda text: pages.log_page(text, text, [text], [(text, text)]),
    "json": lambda text: pages.json_page(text, text, [text], [(text, text)]),
    "json string": lambda text: pages.json_page("a", f"{{{escaped(text)}: [{escaped(text)}, {{}}, 1]}}"),
    "image": lambda text: pages.image_page(text, PNG, "image/png", text, [text], [(text, text)]),
    "lines": lambda text: pages.text_comparison_page(PageHead(text, [(text, text)], [text]), f"a\n{text}", f"{text} b"),
    "changed line": lambda text: pages.text_comparison_page(PageHead("a"), f"a = {text} b", f"a = b {text} c"),
    "json lines": lambda text: pages.json_comparison_page(PageHead(text), f"[{escaped(text)}]", escaped(text * 400)),
    "tables": lambda text: tables_page(f"{quoted(text)},b\n1,2\n", f"a,b\n1,{quoted(text)}\n2,3\n"),
    "changed cell": lambda text: tables_page(
        f"n,{quoted(text)},b\n1,2,{quoted(text)}\n", f"n,{quoted(text)},b\n1,3,4\n"
    ),
    "images": lambda text: pages.image_comparison_page(PageHead(text), PNG, PNG + b"1", ("image/png", "image/png")),
    "refusal": lambda text: pages.refusal_page(text, text, text, [text], [(text, text)]),
}


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def tables_page(left: str, right: str) -> str:
    try:
        tables = [pages.read_csv(text) for text in (left, right)]
    except ValueError as error:
        return pages.refusal_page(left, str(error), right)
    return pages.table_comparison_page(PageHead("a"), *tables)


def escaped(text: str) -> str:
    return '"' + "".join(f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else letter for letter in text) + '"'


ANY_TEXT = st.one_of(
    st.text(st.characters(), max_size=60),  # half characters too
    st.lists(st.sampled_from([*ATTACKS, *"\x1b[]m;38\r\n\t\b,\"'<>&{}:0159e.-", "\x1b[", "\u202e", "a"])).map("".join),
)


@pytest.mark.parametrize("kind", PAGES)
@settings(max_examples=60, deadline=None)
@given(text=ANY_TEXT)
@example(text="")
@example(text="\ud800")
def test_no_text_breaks_a_page_or_out_of_it(kind: str, text: str) -> None:
    safe_pages.read(PAGES[kind](text))


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("kind", PAGES)
def test_attacks_are_shown_as_text(kind: str, attack: str) -> None:
    html = PAGES[kind](attack)
    safe_pages.read(html)
    assert "<script" not in html.lower()
    assert "<svg" not in html
    assert 'href="javascript' not in html


def test_the_reader_of_these_tests_finds_what_it_looks_for() -> None:
    good = pages.text_page("a", "MARK")
    safe_pages.read(good)
    for bad in [*ATTACKS[:2], "<b onclick=x>y</b>", "<p style='color: red'>y</p>", "<!-- x -->", "</pre>", "<i>y</i>"]:
        with pytest.raises(AssertionError):
            safe_pages.read(good.replace("MARK", bad))


def test_a_page_asks_for_the_policy_before_anything_else_and_has_no_way_out() -> None:
    html = PAGES["table"]("a,b\n1,2\n")
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'"
    assert policy == pages.POLICY
    metas = safe_pages.read(html).all("meta")
    assert metas[1].attributes == {"http-equiv": "Content-Security-Policy", "content": policy}
    assert html.index("Content-Security-Policy") < html.index("<style>")
    assert "http://" not in html
    assert "https://" not in html


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "JAVASCRIPT:x", " javascript:x", "file:x"])
def test_links_lead_only_to_pages(url: str) -> None:
    table = pages.read_csv("a\n1\n")
    page = pages.page_of(table, None, False, 0, 10)
    with pytest.raises(ValueError, match="cannot lead to"):
        pages.table_page("t", table, page, pages.summarise(table), link=lambda changes: url)


@pytest.mark.parametrize("url", ["?a:b", "/path:x", "https://host/x", "http://host", "#a:b", "x"])
def test_other_links_are_kept(url: str) -> None:
    table = pages.read_csv("a\n1\n")
    page = pages.page_of(table, None, False, 0, 10)
    html = pages.table_page("t", table, page, pages.summarise(table), link=lambda changes: url)
    assert f'href="{url}"' in html


def test_all_that_cannot_be_seen_is_marked() -> None:
    """Every character that Unicode calls a control, a format, a blank, half, or private; and the fillers."""
    blank = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs"}
    letters = [chr(code) for code in range(sys.maxunicode + 1)]
    unseen = [letter for letter in letters if letter != " " and unicodedata.category(letter) in blank]
    for letter in [*unseen, "\u3164", "\u115f", "\u2800", "\u034f", "\ufe00", "\U000e0100"]:
        assert escaping.code_point(letter) in escaping.shown(f"a{letter}b"), escaping.code_point(letter)
        assert letter not in escaping.plain(letter)


@pytest.mark.parametrize("text", ["Größe", "naïve e\u0301", "אבג", "数", "a b", "⚠\ufe0f", "x́̂", "½ ≤ ±"])
def test_what_can_be_seen_is_left_as_it_is(text: str) -> None:
    assert escaping.shown(text) == text
    assert escaping.plain(text) == text


def test_marks_say_which_character_they_stand_for() -> None:
    page = safe_pages.read(pages.text_page("a", "evil\u202egnp.exe"))
    [mark] = page.all("span", "mark")
    assert mark.text == "U+202E"
    assert mark.attributes["title"] == "U+202E RIGHT-TO-LEFT OVERRIDE"


def test_accents_cannot_be_piled_up_into_other_lines() -> None:
    page = safe_pages.read(pages.text_page("a", "e" + "\u0301" * 5))
    assert [mark.text for mark in page.all("span", "mark")] == ["U+0301"] * 2


def test_very_many_marks_get_short_and_none_is_lost() -> None:
    html = pages.text_page("a", "\x07" * 50_000)
    page = safe_pages.read(html)
    marks = page.all("span", "mark")
    assert len(marks) + page.text.count("\u2407") == 50_000
    assert len(html) < 500_000


def test_file_names_and_notices_are_marked_too() -> None:
    page = safe_pages.read(pages.refusal_page("a\u200b.csv", "why\u200b", "do\u200b", ["no\u200b"], [("p", "\u200b")]))
    assert [title.text for title in page.all("title")] == ["a[U+200B].csv"]
    assert len(page.all("span", "mark")) == 5
