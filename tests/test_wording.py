from __future__ import annotations

import pytest

from jupyter_pipeline.wording import clock, duration, listed, moment, plural, size


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1:00"), (3599.6, "1:00:00")],
)
def test_a_duration_never_has_sixty_of_anything(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


def test_long_times_are_shown_as_the_platform_shows_them() -> None:
    assert clock(163_712) == "45:28:32"


def test_a_moment_is_utc_to_the_second() -> None:
    assert moment("2024-05-06T07:08:09.123456+00:00") == "2024-05-06 07:08:09"
    assert moment(None) == ""


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KB"),
        (1024 * 1024 - 1, "1.0 MB"),
        (150 * 1024**2, "150 MB"),
        (5000 * 1024**4, "5000 TB"),
    ],
)
def test_a_size_has_a_unit_that_fits(count: int, words: str) -> None:
    assert size(count) == words


def test_numbers_and_lists_in_words() -> None:
    assert (plural(1, "job"), plural(0, "job")) == ("1 job", "0 jobs")
    assert [listed(names) for names in ((), ("a",), ("a", "b"), ("a", "b", "c"))] == ["", "a", "a and b", "a, b and c"]
    assert listed(("a", "b"), "or") == "a or b"
