from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_pipeline.pages import log_page
from jupyter_pipeline.pages.colours import (
    THEMES,
    Style,
    contrast,
    luminance,
    numbered,
    opening,
    readable,
)
from jupyter_pipeline.pages.terminal import terminal_html
from tests.helpers import safe_pages


def text_of(log: str) -> str:
    """What a reader sees of a log, without the break before its end."""
    page = safe_pages.read(log_page("log", log))
    return page.all("pre")[0].text.removeprefix("\n")


def kinds(log: str) -> list[tuple[str, str]]:
    page = safe_pages.read(log_page("log", log))
    return [
        (span.attributes["class"], span.text) for span in page.all("span") if "mark" not in span.attributes["class"]
    ]


@pytest.mark.parametrize(
    ("log", "seen"),
    [
        ("a\nb\n", "a\nb\n"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("10%\r20%\r100%\n", "100%\n"),
        ("100%\r20%\n", "20%%\n"),
        ("abc\rX", "Xbc"),
        ("abc\r\x1b[Kx", "x"),
        ("abcdef\rab\x1b[K", "ab"),
        ("abc\x1b[2K\rx", "x"),
        ("abc\b\bX", "aXc"),
        ("\b\b\ba", "a"),
        ("a\b", "a"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2Ja\x1b[1;1Hb\x1b[?25l", "ab"),
        ("\x1b]0;title\x07a", "a"),
        ("\x1b]8;;https://evil\x1b\\word\x1b]8;;\x1b\\", "word"),
        ("\x1bPpicture\x1b\\a\x1b(Bb\x1b7c\x1b=d", "abcd"),
        ("\x1b[8mhidden\x1b[0m", "hidden"),
        ("\ta", "\ta"),
    ],
)
def test_a_log_is_shown_as_on_a_terminal(log: str, seen: str) -> None:
    assert text_of(log) == seen


@pytest.mark.parametrize(
    ("log", "seen"),
    [
        ("a\x07b", "aU+0007b"),
        ("a\x1b", "aU+001B"),
        ("\x1b[31", "U+001B[31"),
        ("\x1b]0;no end", "U+001B]0;no end"),
        ("\x1b[" + "1;" * 90 + "m", "U+001B[" + "1;" * 90 + "m"),
        ("a\x9b31mb", "aU+009B31mb"),
        ("\u202ea", "U+202Ea"),
    ],
)
def test_what_is_no_whole_sequence_is_shown(log: str, seen: str) -> None:
    assert text_of(log) == seen


def test_what_was_left_out_is_counted() -> None:
    assert "Left out: 3 sequences that steer" in safe_pages.read(log_page("l", "\x1b[2Ja\x1b]0;t\x07\x1b[5A")).text
    assert "Left out: 1 sequence that steers" in safe_pages.read(log_page("l", "a\x1b[1K")).text
    assert "Left out" not in log_page("l", "\x1b[31ma\x1b[K\x1b[0m")


@pytest.mark.parametrize(
    ("log", "found"),
    [
        ("\x1b[1ma\x1b[22mb", [("b", "a")]),
        ("\x1b[3ma\x1b[23mb\x1b[4mc\x1b[24md\x1b[9me\x1b[29mf", [("i", "a"), ("u", "c"), ("s", "e")]),
        ("\x1b[1;31ma\x1b[mb", [("b c", "a")]),
        ("\x1b[7ma\x1b[27mb", [("c", "a")]),
        ("\x1b[2ma\x1b[22mb", [("c", "a")]),
        ("\x1b[1ma\nb\x1b[0m", [("b", "a"), ("b", "b")]),
        ("\x1b[4:3ma\x1b[4:0mb", [("u", "a")]),
        ("\x1b[1mab\r\x1b[0mx", [("b", "b")]),
        ("\x1b[999mb\x1b[38;5ma\x1b[38;5;999mb\x1b[38;2;1;2;999mc", []),
    ],
)
def test_styles_begin_and_end(log: str, found: list[tuple[str, str]]) -> None:
    assert kinds(log) == found


@pytest.mark.parametrize(
    ("code", "same"),
    [
        ("31", "38;5;1"),
        ("97", "38;5;15"),
        ("42", "48;5;2"),
        ("104", "48;5;12"),
        ("38;2;255;0;0", "38;5;196"),
        ("38:5:208", "38;5;208"),
        ("38:2:1:2:3", "38;2;1;2;3"),
        ("38:2::1:2:3", "38;2;1;2;3"),
        ("48;2;8;8;8", "48;5;232"),
    ],
)
def test_a_colour_can_be_named_in_several_ways(code: str, same: str) -> None:
    first, second = (terminal_html(f"\x1b[{which}ma")[0] for which in (code, same))
    assert first == second
    assert "style=" in first
    assert terminal_html(f"\x1b[{code}m\x1b[39;49ma")[0] == "a"


COLOURS = st.tuples(*[st.integers(0, 255)] * 3)


@given(ink=COLOURS, behind=COLOURS)
def test_every_colour_can_be_read_on_every_other(ink: tuple[int, int, int], behind: tuple[int, int, int]) -> None:
    assert contrast(luminance(readable(ink, behind)), luminance(behind)) >= 4.5


@pytest.mark.parametrize("style", [Style((0, 0, 0), (0, 0, 0)), Style(dim=True), Style(inverse=True, dim=True)])
def test_nothing_is_written_in_the_colour_of_what_is_behind_it(style: Style) -> None:
    declared = dict(part.split(": ") for part in opening(style).split('style="')[1].split('"')[0].split("; "))
    for letter, _, page in THEMES:
        ink = tuple(bytes.fromhex(declared[f"--{letter}"][1:]))
        behind = tuple(bytes.fromhex(declared[f"--{letter}b"][1:])) if f"--{letter}b" in declared else page
        assert contrast(luminance((ink[0], ink[1], ink[2])), luminance((behind[0], behind[1], behind[2]))) >= 4.5


def test_there_are_256_numbered_colours() -> None:
    assert [numbered(number) is None for number in (-1, 0, 255, 256)] == [True, False, False, True]
    assert (numbered(16), numbered(231), numbered(255)) == ((0, 0, 0), (255, 255, 255), (238, 238, 238))


def test_the_number_of_colours_is_bounded_and_no_text_is_lost() -> None:
    log = "".join(f"\x1b[38;2;{number % 256};{number // 256};9mx" for number in range(3000))
    html, _ = terminal_html(log)
    assert html.count("x") == 3000
    assert len(set(html.split("x"))) <= 1002


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z", "M"]), max_size=9)))
def test_plain_text_stays_as_it_is(lines: list[str]) -> None:
    log = "x" + "\n".join(lines)
    assert text_of(log) == log


def test_an_empty_log_says_so() -> None:
    assert "Nothing was printed." in safe_pages.read(log_page("l", "\n\n")).text
